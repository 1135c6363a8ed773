"""The product's intake as a careful user of pandas would write it: whole columns, no loop over rows.

Reads a folder of source files, checks every row by the contract, tells versions and duplicates apart by key and
writes one Parquet file a source and one of rejected rows. Run as `python -m benchmarks.peers.pandas_intake FOLDER OUT`;
prints the counts of every file as JSON. It takes the contract's columns from `pipeline.contract` and the reference
tables as CSV; all work is done by pandas.

It does less than the product in places, never more: no quoted field over several lines, no Parquet or Excel files,
one sentence a reason is not kept, the whole of a source is held in memory, nothing is loaded step by step.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from pipeline.contract import SOURCES, Column, Source, Type, Zone

REFERENCE = Path(__file__).resolve().parents[2] / "data" / "reference"
BLANKS = " \t\u00a0\u3000"
DEFAULT_ZONE = "Asia/Shanghai"
LONGEST_LINE = 1 << 20
OFFSET = r"(?:Z|[+-]\d\d:?\d\d)$"
TIME = r":\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?"
INSTANT = rf"(?:\d{{4}}-\d\d-\d\d[T ]\d\d|\d{{4}}/\d\d?/\d\d?[T ]\d\d?){TIME}"
DATE = r"\d{4}-\d\d-\d\d|\d{4}/\d\d?/\d\d?"
NUMBER = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)"
CONTROL = r"[\x00-\x08\x0a-\x1f\x7f-\x{9f}]"
BOOLEANS = {"TRUE": True, "FALSE": False, "1": True, "0": False, "Y": True, "N": False}
META = ["_file_seq", "_line"]


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
        name: dict(zip(rows["code"].str.upper(), rows["canonical"], strict=True))
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
        table("un_numbers").groupby("un_number")["imo_class"].agg(list).to_dict(),
        table("plausible_ranges"),
        {
            name: dict(zip(rows["alias"].str.casefold(), rows["column"], strict=True))
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


class Checked:
    """A source's rows on their way: typed columns, a mask of rows for every reject and warning code."""

    def __init__(self, texts: pd.DataFrame, source: Source, rules: Rules) -> None:
        self.source, self.rules = source, rules
        self.typed = texts[[*META]].copy()
        self.rejects: dict[str, pd.Series] = {}
        self.warned: dict[str, pd.Series] = {}
        self.bad_cells: dict[str, pd.Series] = {}
        self.texts: dict[str, pd.Series] = {}
        for column in source.columns:
            if column.name in texts:
                text = texts[column.name].str.strip(BLANKS)
                self.texts[column.name] = text.mask(text == "")
            else:
                self.texts[column.name] = pd.Series(pd.NA, texts.index, dtype="str")

    def _bad(self, name: str, code: str, rows: pd.Series) -> None:
        if rows.any():
            self.rejects[code] = self.rejects[code] | rows if code in self.rejects else rows
            self.bad_cells[name] = self.bad_cells[name] | rows if name in self.bad_cells else rows

    def _warn(self, code: str, rows: pd.Series) -> None:
        if rows.any():
            self.warned[code] = self.warned[code] | rows if code in self.warned else rows

    def check(self) -> None:
        """Every check of the contract, column by column, then those of several columns."""
        instants = []
        for column in self.source.columns:
            if column.type is Type.TIMESTAMP:
                instants.append(column)
            else:
                self.typed[column.name] = self._value(column, self.texts[column.name])
        planned = self._planned()
        for column in instants:
            self._instant(column, planned)
        self._required()
        self._odd(planned)

    def _value(self, column: Column, text: pd.Series) -> pd.Series:
        kind, name = column.type, column.name
        if kind in (Type.TEXT, Type.UNIT):
            self._bad(name, "bad_text", (text.str.len() > 1000) | text.str.contains(CONTROL, na=False))
            return text.str.upper() if kind is Type.UNIT else text
        if kind in (Type.NUMBER, Type.QUANTITY):
            value = pd.to_numeric(text.where(text.str.fullmatch(NUMBER, na=False)), errors="coerce").astype(float)
            self._bad(name, "bad_number", value.isna() & text.notna())
            if kind is Type.QUANTITY:
                self._bad(name, "negative_quantity", value < 0)
            return value
        if kind is Type.DATE:
            dashed = text.where(text.str.fullmatch(DATE, na=False)).str.replace("/", "-", regex=False)
            value = pd.to_datetime(dashed, format="%Y-%m-%d", errors="coerce")
            self._bad(name, "bad_date", value.isna() & text.notna())
            return value
        if kind is Type.UN_NUMBER:
            value = text.str.upper().str.extract(r"^(?:UN ?)?(\d{4})$", expand=False)
            self._bad(name, "bad_un_number", value.isna() & text.notna())
            return value
        value, code = self._listed(column, text)
        self._bad(name, code, value.isna() & text.notna())
        return value

    def _listed(self, column: Column, text: pd.Series) -> tuple[pd.Series, str]:
        rules = self.rules
        if column.type is Type.BOOLEAN:
            return text.str.upper().map(BOOLEANS).astype("boolean"), "bad_boolean"
        if column.type is Type.PORT:
            known, code = rules.ports, "unknown_port"
        elif column.type is Type.CLASS:
            known, code = rules.classes, "unknown_code"
        elif column.type is Type.PACKING_GROUP:
            known, code = {group: group for group in ("I", "II", "III")}, "bad_packing_group"
        else:
            known, code = rules.codes[str(column.codes)], "unknown_code"
        return text.str.upper().map(known).astype("str"), code

    def _planned(self) -> pd.Series | None:
        if not self.source.planned_when:
            return None
        name, values = self.source.planned_when
        return self.typed[name].isin(values)

    def _instant(self, column: Column, planned: pd.Series | None) -> None:
        name, text = column.name, self.texts[column.name]
        shaped = text.str.fullmatch(INSTANT, na=False)
        is_local = shaped & ~text.str.contains(OFFSET, na=False)
        if text.str.contains("/", regex=False, na=False).any():
            text = text.str.replace(r"^(\d+)/(\d+)/(\d+)[T ](\d+):", _dashed, regex=True)
        utc = pd.to_datetime(text.where(shaped & ~is_local), format="ISO8601", utc=True, errors="coerce")
        utc = utc.dt.tz_localize(None).astype("datetime64[us]")
        given = utc
        if is_local.any():
            local = pd.to_datetime(text[is_local], format="ISO8601", errors="coerce").astype("datetime64[us]")
            zones = pd.Series(DEFAULT_ZONE, local.index)
            if column.zone is Zone.PORT:
                zones = self.typed.loc[local.index, "un_location_code"].map(self.rules.zones).fillna(DEFAULT_ZONE)
            given = utc.where(~is_local, local.reindex(utc.index))
            utc = utc.where(~is_local, to_utc(local, zones).reindex(utc.index))
        self._bad(name, "bad_timestamp", utc.isna() & text.notna())
        late = utc > self.rules.loaded_at + pd.Timedelta(hours=48)
        if planned is not None and name == self.source.event_column:
            late &= ~planned
        early = utc < pd.Timestamp("1990-01-01")
        self._bad(name, "implausible_time", early | late if column.bounded_above else early)
        if name in self.source.held_as_given:
            self.typed[f"{name}_given"], self.typed[f"{name}_is_local"] = given, is_local.where(text.notna())
        self.typed[name] = utc

    def _required(self) -> None:
        withdrawn = self.typed["voided"].fillna(False).astype(bool)
        for name in self.source.required:
            missing = self.texts[name].isna()
            self._bad(name, "missing_value", missing if name in self.source.key else missing & ~withdrawn)
        for name, other, value in self.source.required_when:
            missing = (self.typed[other] == value) & self.texts[name].isna()
            self._bad(name, "finding_without_code", missing & ~withdrawn)

    def _odd(self, planned: pd.Series | None) -> None:
        typed, source = self.typed, self.source
        for column in source.columns:
            if column.type is Type.UNIT:
                self._warn("bad_check_digit", wrong_check_digits(typed[column.name]))
        for un_number, class_ in source.class_of_un:
            pairs = typed[[un_number, class_]].dropna().drop_duplicates()
            odd = pairs[[self._is_odd(*pair) for pair in pairs.itertuples(index=False)]]
            found = typed[[un_number, class_]].merge(odd, how="left", indicator=True)["_merge"] == "both"
            self._warn("class_not_of_un_number", found.set_axis(typed.index))
        if source.event_column:
            early = typed["recorded_at"] < typed[source.event_column]
            self._warn("recorded_before_event", early if planned is None else early & ~planned)
        if "declaration_no" in typed:
            number = typed["declaration_no"]
            self._warn("odd_declaration_no", number.notna() & ~number.str.fullmatch(r"\d{18}", na=False))
        limits = self.rules.ranges[self.rules.ranges["source_name"] == source.name]
        for row in limits.itertuples():
            value = typed[row.column]
            if row.numerator_of:
                value = value / typed[row.numerator_of]
            low, high = float(row.minimum or "-inf"), float(row.maximum or "inf")
            self._warn(row.warning, (value < low) | (value > high))

    def _is_odd(self, un_number: str, class_: str) -> bool:
        known = self.rules.classes_of_un.get(un_number, [])
        return bool(known) and not any(class_.startswith(code) or code.startswith(class_) for code in known)


def _dashed(found: "object") -> str:
    year, month, day, hour = (int(found[n]) for n in range(1, 5))  # type: ignore[index]
    return f"{year:04d}-{month:02d}-{day:02d} {hour:02d}:"


def to_utc(local: pd.Series, zones: pd.Series) -> pd.Series:
    """Local wall clocks of several zones as naive UTC; the first of two equal clocks, an hour on in a gap."""
    parts = [
        clocks.dt.tz_localize(zone, ambiguous=True, nonexistent=pd.Timedelta(hours=1))  # type: ignore[arg-type]
        .dt.tz_convert("UTC")
        .dt.tz_localize(None)
        for zone, clocks in local.groupby(zones)
    ]
    return pd.concat(parts).reindex(local.index)


def wrong_check_digits(units: pd.Series) -> pd.Series:
    """The units shaped like container numbers (ISO 6346) whose check digit is wrong."""
    shaped = units[units.str.fullmatch(r"[A-Z]{4}\d{7}", na=False)]
    values = dict(zip("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", [*range(10), *(n for n in range(10, 39) if n % 11)]))
    total = sum((shaped.str[place].map(values) * 2**place for place in range(10)), start=pd.Series(0, shaped.index))
    wrong = total % 11 % 10 != shaped.str[10].map(values)
    return wrong.reindex(units.index, fill_value=False)


def take_source(
    texts: pd.DataFrame, source: Source, rules: Rules, zone_of_batch: pd.Series
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The landed rows with their status, and the rejected ones with their reasons."""
    checked = Checked(texts, source, rules)
    checked.check()
    typed = checked.typed
    bad = pd.Series(False, typed.index)
    for rows in checked.rejects.values():
        bad |= rows
    rejects = texts.loc[bad, [*META, "_raw"]]
    rejects["_reasons"] = joined(checked.rejects, bad)
    warned = pd.Series(False, typed.index)
    for rows in checked.warned.values():
        warned |= rows
    typed["_warnings"] = joined(checked.warned, warned).reindex(typed.index)
    typed["_known_at"] = typed["recorded_at"].fillna(rules.loaded_at)
    landed = typed[~bad]
    return landed.assign(_status=statuses(landed, source, zone_of_batch)), rejects


def joined(masks: dict[str, pd.Series], chosen: pd.Series) -> pd.Series:
    """The codes of the chosen rows, joined by a semicolon."""
    text = pd.Series("", chosen.index[chosen], dtype="str")
    for code, rows in masks.items():
        text = text.mask(rows[chosen], text + ";" + code)
    return text.str.lstrip(";")


def statuses(landed: pd.DataFrame, source: Source, zone_of_batch: pd.Series) -> pd.Series:
    """`accepted`, `superseded` or `duplicate` for every landed row."""
    status = pd.Series("accepted", landed.index, dtype="str")
    coarse = [name for name in source.key if name not in source.held_as_given]
    again = landed[landed.duplicated(coarse, keep=False)].sort_values(META)
    for name in source.held_as_given:
        is_local = again[f"{name}_is_local"].fillna(False).astype(bool)
        zones = again["consignment_id"].map(zone_of_batch).fillna(DEFAULT_ZONE)
        if is_local.any():
            placed = to_utc(again.loc[is_local, f"{name}_given"], zones[is_local])
            again[name] = again[f"{name}_given"].where(~is_local, placed.reindex(again.index))
        else:
            again[name] = again[f"{name}_given"]
    copies = again.duplicated(list(source.column_names), keep="first")
    status[again.index[copies]] = "duplicate"
    versions = again[~copies].sort_values(["_known_at", *META])
    status[versions.index[versions.duplicated(list(source.key), keep="last")]] = "superseded"
    return status


def zones_of_batches(landed: pd.DataFrame, rules: Rules) -> pd.Series:
    """The time zone of every live consignment's port."""
    live = landed[(landed["_status"] == "accepted") & ~landed["voided"].fillna(False).astype(bool)]
    return live.set_index("consignment_id")["un_location_code"].map(rules.zones).dropna()


def take_folder(folder: Path, out: Path, rules: Rules) -> dict[str, dict[str, int]]:
    """Takes every file of a folder, writes the tables, and returns the counts of every file."""
    out.mkdir(parents=True, exist_ok=True)
    files = sorted(path for path in folder.iterdir() if path.name.endswith((".csv", ".csv.gz")))
    counts: dict[str, dict[str, int]] = {}
    seen: set[str] = set()
    rejected: list[pd.DataFrame] = []
    zones = pd.Series(dtype="str")
    for source in SOURCES.values():
        names = {seq: path.name for seq, path in enumerate(files) if path.name.startswith(source.name)}
        frames, spoilt = read_source(folder, names, source, rules, seen)
        if not frames:
            continue
        landed, rejects = take_source(pd.concat(frames, ignore_index=True), source, rules, zones)
        rejects = pd.concat([rejects, *spoilt])
        if source.name == "consignments":
            zones = zones_of_batches(landed, rules)
        written = landed.drop(columns=list(source.held_as_given))
        written.to_parquet(out / f"{source.name}.parquet", compression="zstd", compression_level=1, index=False)
        rejected.append(rejects.assign(source=source.name))
        counts |= count_files(names, landed, rejects)
    pd.concat(rejected).to_parquet(out / "rejects.parquet", compression="zstd", index=False)
    return counts


def read_source(
    folder: Path, names: dict[int, str], source: Source, rules: Rules, seen: set[str]
) -> tuple[list[pd.DataFrame], list[pd.DataFrame]]:
    """The rows and the spoilt lines of every file of a source that was not handed in before."""
    frames, spoilt = [], []
    for seq, name in names.items():
        content = (folder / name).read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        if digest in seen:
            continue
        seen.add(digest)
        if name.endswith(".gz"):
            content = gzip.decompress(content)
        rows, lines = read_file(content, source, rules.aliases.get(source.name, {}))
        frames.append(rows.assign(_file_seq=seq))
        spoilt.append(lines.assign(_file_seq=seq))
    return frames, spoilt


def count_files(names: dict[int, str], landed: pd.DataFrame, rejects: pd.DataFrame) -> dict[str, dict[str, int]]:
    """The counts of every file, zeros for one handed in before."""
    by_status = landed.groupby(["_file_seq", "_status"]).size().unstack(fill_value=0)
    table = pd.DataFrame(index=list(names), columns=["accepted", "superseded", "duplicate"]).fillna(0)
    table = table.add(by_status, fill_value=0).reindex(list(names)).fillna(0)
    table["rejected"] = rejects.groupby("_file_seq").size()
    table["warned"] = landed[landed["_warnings"].notna()].groupby("_file_seq").size()
    table = table.fillna(0).astype(int)
    table["read"] = table[["accepted", "superseded", "duplicate", "rejected"]].sum(axis=1)
    return {names[seq]: {str(name): int(count) for name, count in row.items()} for seq, row in table.iterrows()}


def main(folder: str, out: str, loaded_at: str) -> None:
    """Takes a folder and prints the counts of its files."""
    counts = take_folder(Path(folder), Path(out), read_rules(pd.Timestamp(loaded_at)))
    json.dump({"files": counts}, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:4])
