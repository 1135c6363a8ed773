"""Files and reference tables read with pandas: what both pandas peers begin with."""

from __future__ import annotations

import gzip
import hashlib
import io
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from pipeline.contract import Source

REFERENCE = Path(__file__).resolve().parents[2] / "data" / "reference"
BLANKS = " \t\u00a0\u3000"
LONGEST_LINE = 1 << 20


@dataclass
class Rules:
    """The reference tables as the checks need them."""

    ports: dict[str, str]
    zones: dict[str, str]
    codes: dict[str, dict[str, str]]
    classes: dict[str, str]
    classes_of_un: dict[str, list[str]]
    ranges: pd.DataFrame
    aliases: dict[str, dict[str, str]]
    loaded_at: pd.Timestamp


def read_rules(loaded_at: pd.Timestamp) -> Rules:
    """The rules from the shipped reference tables."""

    def table(name: str) -> pd.DataFrame:
        return pd.read_csv(REFERENCE / f"{name}.csv", dtype="str", keep_default_na=False)

    ports = table("ports")
    own = dict(zip(ports["un_location_code"], ports["un_location_code"], strict=True))
    listed = ports.assign(alias=ports["alias_codes"].str.split()).explode("alias").dropna(subset="alias")
    lists = table("code_lists")
    lists = lists[lists["list"] != "finding_code"]
    findings = table("finding_codes")["code"]
    codes = {
        str(name): dict(zip(rows["code"].str.upper(), rows["canonical"], strict=True))
        for name, rows in lists.groupby("list")
    }
    codes["finding_code"] = dict(zip(findings.str.upper(), findings, strict=True))
    aliases = table("column_aliases")
    classes = [code for code in table("imdg_classes")["code"] if code != "unidentified"]
    return Rules(
        own | dict(zip(listed["alias"], listed["un_location_code"], strict=True)),
        dict(zip(ports["un_location_code"], ports["time_zone"], strict=True)),
        codes,
        dict(zip(classes, classes, strict=True)),
        {str(number): list(rows["imo_class"]) for number, rows in table("un_numbers").groupby("un_number")},
        table("plausible_ranges"),
        {
            str(name): dict(zip(rows["alias"].str.casefold(), rows["column"], strict=True))
            for name, rows in aliases.groupby("source")
        },
        loaded_at,
    )


def read_file(content: bytes, source: Source, aliases: dict[str, str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows of a file as text, with their line numbers and lines, and the lines that are none."""
    text, names, separator = _decoded(content, source, aliases)
    lines = pd.Series(text.split("\n"), dtype="str")
    lines.index += 1
    lines = lines.iloc[1:]
    lines = lines[lines != ""]
    code = _spoilt_lines(lines, separator, len(names))
    good = lines[code.isna()]
    if good.empty:
        rows = pd.DataFrame(columns=names, dtype="str")
    else:
        rows = pd.read_csv(
            io.BytesIO(("\n".join(good) + "\n").encode()),
            sep=separator,
            header=None,
            names=names,
            dtype="str",
            keep_default_na=False,
            na_values=[""],
            engine="pyarrow",
        )
    rows["_line"], rows["_raw"] = good.index.to_numpy(), good.to_numpy()
    spoilt = lines[code.notna()]
    return rows, pd.DataFrame({"_line": spoilt.index, "_raw": spoilt, "_reasons": code[code.notna()]})


def _decoded(content: bytes, source: Source, aliases: dict[str, str]) -> tuple[str, list[str], str]:
    known = aliases | {name: name for name in source.column_names}
    for encoding in ("utf-8-sig", "gb18030"):
        top = content.split(b"\n", 1)[0].decode(encoding, "replace").strip()
        separator = max(",;\t", key=top.count)
        names = [known.get(name.strip(BLANKS + '"').casefold(), name) for name in top.split(separator)]
        if set(names) <= set(source.column_names):
            break
    text = content.decode(encoding, "replace")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text, names, separator


def _spoilt_lines(lines: pd.Series, separator: str, fields: int) -> pd.Series:
    """The reject code of every line that cannot be read as a row."""
    code = pd.Series(pd.NA, lines.index, dtype="str")
    quoted = lines[lines.str.contains('"', regex=False)]
    bare = lines
    if len(quoted):
        field = f'(?:"(?:[^"]|"")*"|[^"{separator}]*)'
        in_order = quoted.str.fullmatch(f"{field}(?:{separator}{field})*")
        bare = lines.copy()
        bare[quoted.index] = quoted.str.replace(r'"(?:[^"]|"")*"', "", regex=True)
        code[quoted.index[~in_order]] = "bad_quoting"
    code[(bare.str.count(separator) != fields - 1) & code.isna()] = "wrong_field_count"
    code[lines.str.contains("\ufffd", regex=False)] = "undecodable"
    code[lines.str.len() > LONGEST_LINE] = "line_too_long"
    return code


def files_of(folder: Path, source: Source) -> dict[int, Path]:
    """The files of a source by their number in the folder's order; of equal bytes the first alone."""
    files = sorted(path for path in folder.iterdir() if path.name.endswith((".csv", ".csv.gz")))
    by_digest: dict[str, tuple[int, Path]] = {}
    for number, path in enumerate(files):
        if path.name.startswith(source.name):
            by_digest.setdefault(hashlib.sha256(path.read_bytes()).hexdigest(), (number, path))
    return dict(by_digest.values())


def rows_of(path: Path, number: int, source: Source, rules: Rules) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows of a file and its lines that are none, both with the file's number."""
    content = path.read_bytes()
    if path.suffix == ".gz":
        content = gzip.decompress(content)
    rows, spoilt = read_file(content, source, rules.aliases.get(source.name, {}))
    return rows.assign(_file_seq=number), spoilt.assign(_file_seq=number)
