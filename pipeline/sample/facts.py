"""What the sample world takes from the reference tables: ports, limits, campaigns, header names, code flags."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from pipeline.errors import UserMistake
from pipeline.sample.streams import Floats, Ints
from pipeline.settings import SHIPPED_REFERENCE

Row = Mapping[str, str]

EPOCH = date(1970, 1, 1)
LOCAL_OFFSET_SECONDS = 8 * 3600
"""All sample ports are in Asia/Shanghai, which has had no summer time since 1991."""

SIZE_ORDER = (
    "CNSHG", "CNNBO", "CNQIN", "CNTXG", "CNYTN", "CNXMG", "CNNSA", "CNDAG", "CNGZG", "CNLYG", "CNSHK", "CNTAC",
    "CNYIK", "CNRZH", "CNFZG", "CNYTG", "CNZOS", "CNQZH", "CNZUH", "CNZNG", "CNHIG", "CNNTG", "CNNJG", "CNWHG",
    "CNCWN", "CNTGS", "CNBIH", "CNFAN", "CNSTG", "CNWZO",
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
    misdeclarations: frozenset[str]


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - EPOCH).days


def day_of(number: int) -> date:
    """The date of a day number."""
    return EPOCH + timedelta(days=number)


def _table(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / f"{name}.csv").open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


def _window(row: Row | None, first: str, last: str) -> Window | None:
    if row is None or not row.get(first) or not row.get(last):
        return None
    return Window(day_number(date.fromisoformat(row[first])), day_number(date.fromisoformat(row[last])))


def _ports(rows: Sequence[Row]) -> tuple[SamplePort, ...]:
    chinese = {row["un_location_code"]: row for row in rows if row["time_zone"] == "Asia/Shanghai"}
    order = [code for code in SIZE_ORDER if code in chinese]
    order += sorted(code for code in chinese if code not in SIZE_ORDER and chinese[code]["country"] == "CN")
    return tuple(
        SamplePort(
            code, tuple(chinese[code]["alias_codes"].split()), float(chinese[code]["latitude"] or 30.0)
        )
        for code in order
    )


def load_facts(folder: Path = SHIPPED_REFERENCE) -> Facts:
    """Facts of the reference tables in `folder`."""
    campaigns = {row["kind"]: row for row in reversed(_table(folder, "campaigns"))}
    action, pilot = campaigns.get("special_action"), campaigns.get("pilot")
    headers: dict[tuple[str, str], str] = {}
    for row in _table(folder, "column_aliases"):
        if not row["alias"].isascii():
            headers.setdefault((row["source"], row["column"]), row["alias"])
    return Facts(
        ports=_ports(_table(folder, "ports")),
        limit_rules=tuple(_table(folder, "limit_rules")),
        action=_window(action, "starts_on", "ends_on"),
        baseline=_window(action, "baseline_from", "baseline_to"),
        half_year=_window(campaigns.get("half_year_action"), "starts_on", "ends_on"),
        pilot=_window(pilot, "starts_on", "ends_on"),
        pilot_ports=tuple(pilot["ports"].replace(" ", "").split(";")) if pilot else (),
        chinese_headers=headers,
        misdeclarations=frozenset(
            row["code"]
            for row in _table(folder, "finding_codes")
            if row["is_misdeclaration"].lower() == "true"
        ),
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
    longer = imo_class[len(rule_class) :]
    return imo_class.startswith(rule_class) and not (longer and longer[0].isdigit() and "." in rule_class)


def _winner(
    rules: Sequence[Row], un_number: str, imo_class: str, place: tuple[str, str, str], day: int
) -> float:
    port, facility, direction = place
    fitting = [
        rule
        for rule in rules
        if _fits(rule, "un_number", un_number)
        and _class_fits(rule["imo_class"].upper(), imo_class)
        and _fits(rule, "un_location_code", port)
        and _fits(rule, "facility_code", facility)
        and _fits(rule, "direction", direction)
        and (not rule["valid_from"] or day_number(date.fromisoformat(rule["valid_from"])) <= day)
        and (not rule["valid_to"] or day <= day_number(date.fromisoformat(rule["valid_to"])))
    ]
    best = min(
        fitting,
        key=lambda rule: (
            not rule["un_number"],
            -len(rule["imo_class"]),
            not rule["facility_code"],
            not rule["un_location_code"],
            not rule["direction"],
            -float(rule["priority"] or 0),
            rule["rule_id"],
        ),
    )
    return float(best["limit_hours"])


def limit_hours(
    rules: Sequence[Row],
    goods: Sequence[tuple[str, str]],
    good: Ints,
    place: Ints,
    places: Sequence[tuple[str, str, str]],
    days: Ints,
) -> Floats:
    """Limit of each item in hours, by the winner of the limit rules at the local day of arrival.

    `goods` are (un_number, imo_class), `places` (port, facility, direction); `good`, `place` and `days` are one a row.
    """
    cuts = sorted(
        {day_number(date.fromisoformat(rule["valid_from"])) for rule in rules if rule["valid_from"]}
        | {day_number(date.fromisoformat(rule["valid_to"])) + 1 for rule in rules if rule["valid_to"]}
    )
    era = np.searchsorted(np.array(cuts, dtype=np.int64), days, side="right")
    era_day = [min(cuts, default=1) - 1, *cuts]
    key = (good * len(places) + place) * len(era_day) + era
    distinct, inverse = np.unique(key, return_inverse=True)
    limits = np.empty(len(distinct))
    for i, value in enumerate(distinct.tolist()):
        rest, at = divmod(value, len(era_day))
        which, where = divmod(rest, len(places))
        un_number, imo_class = goods[which]
        limits[i] = _winner(rules, un_number, imo_class, places[where], era_day[at])
    return limits[inverse]
