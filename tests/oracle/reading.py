"""Source files by the data contract: bytes in; typed rows, rejected lines and their reasons out. CSV only."""

from __future__ import annotations

import gzip
import hashlib
import re
import unicodedata
import zlib
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import NamedTuple
from zoneinfo import ZoneInfo

from .tables import Tables

DEFAULT_ZONE = ZoneInfo("Asia/Shanghai")
MAX_LINE_BYTES = 1 << 20
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)

# Each source and its columns. `!` marks the key (required too), `*` what is required; after `:` the type
# (text where there is none), after `=` the name of its code list.
_CONTRACT = """
consignments
    consignment_id! un_location_code*:port direction*:code=direction declaration_no
    customs_office_code manifested_at:timestamp consignee goods_value:quantity
    currency:code=currency recorded_at:timestamp voided:boolean
dg_items
    consignment_id! item_no! equipment_reference:unit un_number:un_number proper_shipping_name
    imo_class*:class subsidiary_risk_1:class subsidiary_risk_2:class packing_group:packing_group
    is_marine_pollutant:boolean is_limited_quantity:boolean flashpoint_c:number sadt_c:number
    control_temp_c:number emergency_temp_c:number net_weight_kg:quantity
    net_explosive_content_kg:quantity recorded_at:timestamp voided:boolean
yard_moves
    event_id! un_location_code*:port facility_code equipment_reference*:unit
    event_type*:code=event_type event_classifier:code=event_classifier event_at*:timestamp
    consignment_id block bay row tier exit_type:code=exit_type recorded_at:timestamp voided:boolean
clearance_milestones
    consignment_id! milestone!:code=milestone occurred_at!:timestamp hold_reason responsible_party
    recorded_at:timestamp voided:boolean
inspection_findings
    finding_id! consignment_id* equipment_reference:unit inspected_at*:timestamp
    selection_basis*:code=selection_basis result*:code=result finding_code:code=finding_code
    declared_un_number:un_number found_un_number:un_number declared_class:class found_class:class
    declared_packing_group:packing_group found_packing_group:packing_group
    declared_quantity_kg:quantity found_quantity_kg:quantity recorded_at:timestamp voided:boolean
penalty_cases
    case_no! consignment_id* filed_at*:timestamp decided_at:timestamp legal_basis
    goods_value:quantity fine_amount:quantity currency:code=currency status*:code=case_status
    recorded_at:timestamp voided:boolean
daily_weather
    un_location_code!:port date!:date max_temp_c*:number min_temp_c:number recorded_at:timestamp
    voided:boolean
risk_alerts
    alert_id! line*:code=line alert_type*:code=alert_type hazard_type*:code=hazard_type hazard_name*
    origin_country:code=country commodity issued_at*:timestamp effective_to:timestamp supersedes
    recorded_at:timestamp voided:boolean
interceptions
    interception_id! un_location_code*:port channel*:code=channel detected_at*:timestamp
    hazard_type*:code=hazard_type hazard_name* origin_country:code=country species_count:quantity
    occurrence_count:quantity batch_count:quantity disposal recorded_at:timestamp voided:boolean
domestic_actions
    action_id! agency* action_type*:code=action_type linked_id opened_at*:timestamp
    closed_at:timestamp outcome recorded_at:timestamp voided:boolean
"""


class Column(NamedTuple):
    name: str
    type: str
    required: bool
    is_key: bool
    codes: str


def _columns(text: str) -> dict[str, list[Column]]:
    sources: dict[str, list[Column]] = {}
    current: list[Column] = []
    for line in text.strip("\n").splitlines():
        words = line.split()
        if not line.startswith(" "):
            current = sources[words.pop(0)] = []
        for word in words:
            named, _, typed = word.partition(":")
            kind, _, codes = typed.partition("=")
            name = named.rstrip("!*")
            current.append(Column(name, kind or "text", named != name, named.endswith("!"), codes))
    return sources


SOURCES = _columns(_CONTRACT)
KEYS = {source: tuple(c.name for c in columns if c.is_key) for source, columns in SOURCES.items()}


class Local(NamedTuple):
    """A local time held as given, until the port of its consignment is known."""

    at: datetime


Value = str | float | bool | date | datetime | Local | None


@dataclass
class Row:
    """One row that passed its checks: the contract's columns as typed (None is null) and its line."""

    line: int
    values: dict[str, Value]


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


def to_utc(local: datetime, zone: tzinfo) -> datetime:
    """A local time as UTC: a skipped one moves forward by the gap, a doubled one is the first of the two."""
    # With fold=0 a skipped time takes the offset before the gap, a doubled one the offset before the overlap.
    return local.replace(tzinfo=zone, fold=0).astimezone(UTC)


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


# ------------------------------------------------------------------------------------ fields to values

_ISO = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:[.]([0-9]+))?)?"
    r"(Z|[+-][0-9]{2}:?[0-9]{2})?"
)
_SLASHED = re.compile(
    r"([0-9]{4})/([0-9]{1,2})/([0-9]{1,2}) ([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:[.]([0-9]+))?)?"
    r"(Z|[+-][0-9]{2}:?[0-9]{2})?"
)
_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})|([0-9]{4})/([0-9]{1,2})/([0-9]{1,2})")
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)")
_BOOLEANS = {"TRUE": True, "1": True, "Y": True, "FALSE": False, "0": False, "N": False}


class Bad(Exception):
    """A cell that fails its check; the argument is the reason's code."""


def moment(text: str) -> datetime:
    """An instant with its offset, or a naive local time."""
    match = _ISO.fullmatch(text) or _SLASHED.fullmatch(text)
    if not match:
        raise Bad("bad_timestamp")
    year, month, day, hour, minute, second, fraction, offset = match.groups()
    microsecond = int(((fraction or "") + "000000")[:6])  # digits beyond microseconds are cut
    try:
        local = datetime(
            int(year), int(month), int(day), int(hour), int(minute), int(second or 0), microsecond
        )
        if not offset:
            return local
        if offset == "Z":
            return local.replace(tzinfo=UTC)
        if int(offset[-2:]) > 59:
            raise Bad("bad_timestamp")
        shift = timedelta(hours=int(offset[1:3]), minutes=int(offset[-2:]))
        return local.replace(tzinfo=timezone(-shift if offset[0] == "-" else shift)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Bad("bad_timestamp") from None


def day(text: str) -> date:
    match = _DAY.fullmatch(text)
    if not match:
        raise Bad("bad_date")
    try:
        return date(*(int(part) for part in match.groups() if part))
    except ValueError:
        raise Bad("bad_date") from None


def cell(text: str, column: Column, tables: Tables) -> Value:
    """The typed value of a cell that is not null; instants are still naive where they have no offset."""
    if column.type == "timestamp":
        return moment(text)
    if column.type == "date":
        return day(text)
    if column.type in ("number", "quantity"):
        if not _NUMBER.fullmatch(text):
            raise Bad("bad_number")
        if column.type == "quantity" and float(text) < 0:
            raise Bad("negative_quantity")
        return float(text)
    if column.type == "boolean":
        if text.upper() not in _BOOLEANS:
            raise Bad("bad_boolean")
        return _BOOLEANS[text.upper()]
    if column.type == "un_number":
        digits = re.sub(r"^UN ?", "", text.upper())
        if not re.fullmatch(r"[0-9]{4}", digits):
            raise Bad("bad_un_number")
        return digits
    if column.type == "packing_group":
        if text.upper() not in ("I", "II", "III"):
            raise Bad("bad_packing_group")
        return text.upper()
    if column.type == "code":
        canonical = tables.codes[column.codes].get(text.upper())
        if canonical is None:
            raise Bad("unknown_code")
        return canonical
    if column.type == "class":
        if tables.rank(text.upper()) is None:
            raise Bad("unknown_code")
        return text.upper()
    if column.type == "port":
        port = tables.port(text)
        if port is None:
            raise Bad("unknown_port")
        return port
    if len(text) > 1000 or any(unicodedata.category(c) == "Cc" and c != "\t" for c in text):
        raise Bad("bad_text")
    return text.upper() if column.type == "unit" else text


def zoned(source: str, column: str, local: datetime, port: Value, tables: Tables) -> datetime | Local:
    """A naive local time as UTC where its zone is known, else held as given."""
    names = {c.name for c in SOURCES[source]}
    if "un_location_code" in names:
        return to_utc(local, tables.zone(str(port)) if port else DEFAULT_ZONE)
    if "consignment_id" in names and column != "recorded_at":
        return Local(local)
    return to_utc(local, DEFAULT_ZONE)


def check(source: str, texts: dict[str, str], loaded_at: datetime, tables: Tables) -> Row | set[str]:
    """The typed values of one row (its line is set by the caller), or every reason why it is rejected."""
    reasons: set[str] = set()
    values: dict[str, Value] = {}
    for column in SOURCES[source]:
        text = texts.get(column.name, "").strip(" \t")
        try:
            values[column.name] = cell(text, column, tables) if text else None
        except Bad as bad:
            reasons.add(str(bad))
            values[column.name] = None
    given = {name for name, text in texts.items() if text.strip(" \t")}
    voided = values["voided"] is True
    for column in SOURCES[source]:
        if column.name not in given and (column.is_key or (column.required and not voided)):
            reasons.add("missing_value")
    # Other sources have no column `result`.
    if values.get("result") == "finding" and "finding_code" not in given and not voided:
        reasons.add("finding_without_code")
    for column in SOURCES[source]:
        value = values[column.name]
        if not isinstance(value, datetime):
            continue
        if value.tzinfo is None:
            values[column.name] = zoned(source, column.name, value, values.get("un_location_code"), tables)
        held = values[column.name]
        instant = to_utc(held.at, DEFAULT_ZONE) if isinstance(held, Local) else held
        assert isinstance(instant, datetime)
        planned = source == "yard_moves" and values["event_classifier"] in ("EST", "PLN")
        bounded = column.name != "effective_to" and not planned
        if instant < EARLIEST or (bounded and instant > loaded_at + timedelta(hours=48)):
            reasons.add("implausible_time")
    return reasons or Row(0, values)


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
