"""The contract's sources and the typed values of their cells: texts in, values or every reason against them out."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import NamedTuple
from zoneinfo import ZoneInfo

from .tables import Tables

DEFAULT_ZONE = ZoneInfo("Asia/Shanghai")
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


def to_utc(local: datetime, zone: tzinfo) -> datetime:
    """A local time as UTC: a skipped one moves forward by the gap, a doubled one is the first of the two."""
    # With fold=0 a skipped time takes the offset before the gap, a doubled one the offset before the overlap.
    return local.replace(tzinfo=zone, fold=0).astimezone(UTC)


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
