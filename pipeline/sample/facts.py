"""What the world takes from the reference tables: ports, limits, campaigns, Chinese header names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.errors import UserMistake
from pipeline.reference.reading import load_reference
from pipeline.sample.streams import Floats, Ints

Row = Mapping[str, Any]
"""A row of a reference table, typed; None where a cell is empty."""

EPOCH = date(1970, 1, 1)
LOCAL_OFFSET_SECONDS = 8 * 3600
"""All sample ports are in Asia/Shanghai, which has had no summer time since 1991."""

SIZE_ORDER = (
    "CNSHG", "CNNBO", "CNQIN", "CNTXG", "CNYTN", "CNXMG", "CNNSA", "CNDAG", "CNGZG", "CNLYG",
    "CNSHK", "CNTAC", "CNYIK", "CNRZH", "CNFZG", "CNYTG", "CNZOS", "CNQZH", "CNZUH", "CNZNG",
    "CNHIG", "CNNTG", "CNNJG", "CNWHG", "CNCWN", "CNTGS", "CNBIH", "CNFAN", "CNSTG", "CNWZO",
)  # fmt: skip
"""Ports of the sample world from the largest down; further ones follow by code."""


@dataclass(frozen=True)
class Window:
    """Local days since 1970-01-01, both included."""

    first: int
    last: int

    @property
    def start_seconds(self) -> int:
        """UTC second at which the first local day opens."""
        return self.first * 86_400 - LOCAL_OFFSET_SECONDS

    @property
    def end_seconds(self) -> int:
        """UTC second at which the day after the last one opens."""
        return (self.last + 1) * 86_400 - LOCAL_OFFSET_SECONDS


@dataclass(frozen=True)
class SamplePort:
    """A port as the reference table has it."""

    code: str
    aliases: tuple[str, ...]
    latitude: float


@dataclass(frozen=True)
class Facts:
    """Reference facts, as the world needs them. Windows are None where the table has no such campaign."""

    ports: tuple[SamplePort, ...]
    limit_rules: tuple[Row, ...]
    action: Window | None
    baseline: Window | None
    half_year: Window | None
    pilot: Window | None
    pilot_ports: tuple[str, ...]
    chinese_headers: Mapping[tuple[str, str], str]


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - EPOCH).days


def day_of(number: int) -> date:
    """The date of a day number."""
    return EPOCH + timedelta(days=number)


def _window(row: Row | None, first: str, last: str) -> Window | None:
    if row is None or row[first] is None or row[last] is None:
        return None
    return Window(day_number(row[first]), day_number(row[last]))


def _ports(rows: Sequence[Row]) -> tuple[SamplePort, ...]:
    chinese = {row["un_location_code"]: row for row in rows if row["time_zone"] == "Asia/Shanghai"}
    order = [code for code in SIZE_ORDER if code in chinese]
    order += sorted(code for code in chinese if code not in SIZE_ORDER and chinese[code]["country"] == "CN")
    return tuple(
        SamplePort(
            code, tuple((chinese[code]["alias_codes"] or "").split()), chinese[code]["latitude"] or 30.0
        )
        for code in order
    )


def _named_ports(ports: str | None) -> tuple[str, ...]:
    return tuple((ports or "").replace(" ", "").split(";"))


def load_facts(reference: Path | None = None) -> Facts:
    """Facts of the shipped reference tables, or of those that the folder `reference` lays over them."""
    tables = load_reference(reference)

    def rows(name: str) -> list[Row]:
        return tables.table(name).to_pylist()

    campaigns = {row["kind"]: row for row in reversed(rows("campaigns"))}
    action, pilot = campaigns.get("special_action"), campaigns.get("pilot")
    headers: dict[tuple[str, str], str] = {}
    for row in rows("column_aliases"):
        if not row["alias"].isascii():
            headers.setdefault((row["source"], row["column"]), row["alias"])
    return Facts(
        ports=_ports(rows("ports")),
        limit_rules=tuple(rows("limit_rules")),
        action=_window(action, "starts_on", "ends_on"),
        baseline=_window(action, "baseline_from", "baseline_to"),
        half_year=_window(campaigns.get("half_year_action"), "starts_on", "ends_on"),
        pilot=_window(pilot, "starts_on", "ends_on"),
        pilot_ports=_named_ports(pilot["ports"]) if pilot else (),
        chinese_headers=headers,
    )


def choose_ports(facts: Facts, count: int) -> tuple[SamplePort, ...]:
    """The first `count` ports, largest first."""
    if not 1 <= count <= len(facts.ports):
        raise UserMistake(
            f"--ports {count}: the reference table has {len(facts.ports)} ports to draw from",
            f"Give a number from 1 to {len(facts.ports)}.",
        )
    return facts.ports[:count]


def _fits(rule: Row, column: str, value: str) -> bool:
    return not rule[column] or rule[column].upper() == value.upper()


def _class_fits(rule_class: str, imo_class: str) -> bool:
    """Whether a rule's class covers a class: `4` covers `4.1`, `1.4` covers `1.4S`."""
    following = imo_class[len(rule_class) :][:1]
    return not rule_class or (imo_class.startswith(rule_class) and not following.isdigit())


def _holds_on(rule: Row, day: int) -> bool:
    first, last = rule["valid_from"], rule["valid_to"]
    return (first is None or day_number(first) <= day) and (last is None or day <= day_number(last))


def _rank(rule: Row) -> tuple[bool, int, bool, bool, bool, float, str]:
    return (
        not rule["un_number"],
        -len(rule["imo_class"] or ""),
        not rule["facility_code"],
        not rule["un_location_code"],
        not rule["direction"],
        -float(rule["priority"] or 0),
        rule["rule_id"],
    )


def _winner(rules: Sequence[Row], goods: tuple[str, str], place: tuple[str, str, str], day: int) -> float:
    (un_number, imo_class), (port, facility, direction) = goods, place
    fitting = [
        rule
        for rule in rules
        if _fits(rule, "un_number", un_number)
        and _class_fits((rule["imo_class"] or "").upper(), imo_class)
        and _fits(rule, "un_location_code", port)
        and _fits(rule, "facility_code", facility)
        and _fits(rule, "direction", direction)
        and _holds_on(rule, day)
    ]
    return float(min(fitting, key=_rank)["limit_hours"])


def limit_hours(
    rules: Sequence[Row],
    goods: Sequence[tuple[str, str]],
    good: Ints,
    place: Ints,
    places: Sequence[tuple[str, str, str]],
    days: Ints,
) -> Floats:
    """Limit of each item in hours, by the winner of the limit rules at the local day of arrival.

    `goods` are (un_number, imo_class), `places` (port, facility, direction); `good`, `place` and `days` are
    one a row.
    """
    cuts = sorted(
        {day_number(rule["valid_from"]) for rule in rules if rule["valid_from"]}
        | {day_number(rule["valid_to"]) + 1 for rule in rules if rule["valid_to"]}
    )
    era = np.searchsorted(np.array(cuts, dtype=np.int64), days, side="right")
    era_day = [min(cuts, default=1) - 1, *cuts]
    key = (good * len(places) + place) * len(era_day) + era
    distinct, inverse = np.unique(key, return_inverse=True)
    limits = np.empty(len(distinct))
    for i, value in enumerate(distinct.tolist()):
        rest, at = divmod(value, len(era_day))
        which, where = divmod(rest, len(places))
        limits[i] = _winner(rules, goods[which], places[where], era_day[at])
    return limits[inverse]
