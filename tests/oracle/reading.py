"""Source files by the data contract: bytes in; typed rows, rejected lines and their reasons out. CSV only."""

from __future__ import annotations

import gzip
import hashlib
import re
import zlib
from dataclasses import dataclass, field
from datetime import datetime

from .cells import SOURCES, Row, check
from .tables import Tables

MAX_LINE_BYTES = 1 << 20


@dataclass
class Reject:
    """One rejected line and every reason that applies."""

    line: int
    reasons: frozenset[str]


@dataclass
class FileRead:
    """What one file holds. `error` is set, and all else empty, where the file is refused as a whole."""

    name: str
    sha256: str
    source: str = ""
    error: str = ""
    read: int = 0
    rows: list[Row] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    unknown_columns: list[str] = field(default_factory=list)


class Refused(Exception):
    """The file is refused as a whole."""


def source_of(name: str) -> str | None:
    """The source that a file's name tells, None where it tells none."""
    stem = re.sub(r"\.(csv|csv\.gz)$", "", name)
    if stem == name:
        return None
    fitting = [source for source in SOURCES if stem == source or re.match(re.escape(source) + r"[-_.]", stem)]
    return fitting[0] if fitting else None


# ------------------------------------------------------------------------------------ bytes to lines


def split_bytes(data: bytes) -> list[bytes]:
    """Physical lines without their ends; LF, CRLF and CR each end one."""
    lines = re.split(rb"\r\n|\n|\r", data)
    return lines if lines[-1] else lines[:-1]


def split_utf16(data: bytes, order: str) -> list[bytes]:
    """Physical lines of UTF-16 text without its BOM, as bytes; a last odd byte stays in the last line."""
    units = [data[i : i + 2] for i in range(0, len(data), 2)]
    lf, cr = ("\n".encode(order), "\r".encode(order))
    lines: list[bytes] = []
    current: list[bytes] = []
    i = 0
    while i < len(units):
        if units[i] in (lf, cr):
            if units[i] == cr and i + 1 < len(units) and units[i + 1] == lf:
                i += 1
            lines.append(b"".join(current))
            current = []
        else:
            current.append(units[i])
        i += 1
    if current:
        lines.append(b"".join(current))
    return lines


def decoded(line: bytes, encoding: str) -> str | None:
    """The line's text, None where its bytes are not text in the encoding."""
    try:
        return line.decode(encoding)
    except UnicodeDecodeError:
        return None


def encoding_and_lines(data: bytes, names: set[str]) -> tuple[str, list[bytes]]:
    """The file's encoding and its physical lines. `names` are the known columns and aliases, case-folded."""
    if data.startswith(b"\xef\xbb\xbf"):
        return "utf-8", split_bytes(data[3:])
    for bom, order in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if data.startswith(bom):
            return order, split_utf16(data[2:], order)
    lines = split_bytes(data)
    header = lines[0] if lines else b""
    score = {code: known_names(decoded(header, code) or "", names) for code in ("utf-8", "gb18030")}
    if score["utf-8"] != score["gb18030"]:
        return max(score, key=lambda code: score[code]), lines
    beyond_ascii = [line for line in lines if not line.isascii()]
    valid = [line for line in beyond_ascii if decoded(line, "utf-8") is not None]
    return ("utf-8" if 2 * len(valid) >= len(beyond_ascii) else "gb18030"), lines


# ----------------------------------------------------------------------------------- lines to fields


def known_names(header: str, names: set[str]) -> int:
    """How many names of a header line are known, under the separator that finds most."""
    return max(sum(folded(name) in names for name in fields_of([header], 0, s)[0] or []) for s in ",;\t")


def folded(name: str) -> str:
    """A header name without what does not matter: case, blanks around it, a BOM."""
    return name.replace("\ufeff", "").strip().casefold()


def fields_of(
    lines: list[str | None] | list[str], start: int, separator: str
) -> tuple[list[str] | None, int]:
    """The fields of the record that begins on line `start`, and the line after it; None for bad quoting."""
    fields: list[str] = []
    at, text, pos = start, lines[start] or "", 0
    while True:
        if text[pos : pos + 1] == '"':
            pos += 1
            value = ""
            while True:  # to the closing quote, over line ends if need be
                quote = text.find('"', pos)
                if quote >= 0 and text[quote + 1 : quote + 2] == '"':
                    value += text[pos:quote] + '"'
                    pos = quote + 2
                elif quote >= 0:
                    value += text[pos:quote]
                    pos = quote + 1
                    break
                else:
                    following = lines[at + 1] if at + 1 < len(lines) else None
                    if following is None:
                        return None, start + 1
                    value += text[pos:] + " "  # a line break inside a quoted text becomes one blank
                    at, text, pos = at + 1, following, 0
            if pos < len(text) and text[pos] != separator:
                return None, start + 1
        else:
            end = text.find(separator, pos)
            end = len(text) if end < 0 else end
            value = text[pos:end]
            pos = end
        fields.append(value)
        if pos == len(text):
            return fields, at + 1
        pos += 1


# -------------------------------------------------------------------------------------------- a file


def unpacked(name: str, data: bytes) -> bytes:
    if not name.endswith(".gz"):
        return data
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error):
        raise Refused("the gz does not unpack") from None


def header_of(source: str, lines: list[str | None], tables: Tables) -> tuple[str, list[str], list[str], int]:
    """Separator, the column (or "") of each field, the unknown names, and the line after the header."""
    if not lines or not lines[0]:
        raise Refused("no header line")
    columns = {column.name.casefold(): column.name for column in SOURCES[source]}
    for of, alias, column in tables.aliases:
        if of in (source, ""):
            columns.setdefault(alias, column)
    best: tuple[int, str, list[str], int] | None = None
    for separator in ",;\t":
        fields, after = fields_of(lines, 0, separator)
        found = sum(folded(name) in columns for name in fields or [])
        if fields is not None and (best is None or found > best[0]):
            best = (found, separator, fields, after)
    if best is None:
        raise Refused("the header's quoting is bad")
    _, separator, fields, after = best
    names = [columns.get(folded(name), "") for name in fields]
    unknown = [name.strip() for name, column in zip(fields, names, strict=True) if not column]
    known = [name for name in names if name]
    if len(set(known)) < len(known) or len({folded(n) for n in unknown}) < len(unknown):
        raise Refused("a name twice")
    missing = [column.name for column in SOURCES[source] if column.required and column.name not in known]
    if missing:
        raise Refused(f"missing {missing}")
    return separator, names, unknown, after


def read_file(name: str, data: bytes, loaded_at: datetime, tables: Tables) -> FileRead:
    """Everything a file holds by the contract."""
    result = FileRead(name, hashlib.sha256(data).hexdigest())
    source = source_of(name)
    if source is None:
        result.error = "the name tells no source"
        return result
    result.source = source
    try:
        names = {column.name.casefold() for column in SOURCES[source]}
        names |= {alias for of, alias, _ in tables.aliases if of in (source, "")}
        encoding, raw = encoding_and_lines(unpacked(name, data), names)
        lines: list[str | None] = [decoded(line, encoding) for line in raw]
        too_long = {i for i, line in enumerate(raw) if len(line) > MAX_LINE_BYTES}
        for i in too_long:
            lines[i] = None
        separator, columns, result.unknown_columns, at = header_of(source, lines, tables)
    except Refused as refused:
        result.error = str(refused)
        return result
    while at < len(lines):
        line, number = lines[at], at + 1
        if line == "":
            at += 1
            continue
        result.read += 1
        if line is None:
            reason = "line_too_long" if at in too_long else "undecodable"
            result.rejects.append(Reject(number, frozenset({reason})))
            at += 1
            continue
        fields, at = fields_of(lines, at, separator)
        if fields is None:
            result.rejects.append(Reject(number, frozenset({"bad_quoting"})))
        elif len(fields) != len(columns):
            result.rejects.append(Reject(number, frozenset({"wrong_field_count"})))
        else:
            texts = {column: text for column, text in zip(columns, fields, strict=True) if column}
            row = check(source, texts, loaded_at, tables)
            if isinstance(row, Row):
                row.line = number
                result.rows.append(row)
            else:
                result.rejects.append(Reject(number, frozenset(row)))
    return result
