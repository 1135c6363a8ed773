"""Rows as the reports print them, and a comparison that says clearly where two tables differ."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from .records import Lake
from .stock import Days, burn_down, campaign_rows, stock
from .yard import Stay, Yard, class_fits

Table = list[dict[str, str]]

STAYS = (
    "consignment_id",
    "un_location_code",
    "facility_code",
    "direction",
    "lead_class",
    "units",
    "arrived_at",
    "left_at",
    "dwell_hours",
    "age_hours",
    "limit_hours",
    "limit_rule_id",
    "overdue_at",
    "is_overdue",
    "exit_type",
)


@dataclass(frozen=True)
class Options:
    """The options every report takes."""

    as_of: datetime | None = None
    known_at: datetime | None = None
    first_day: date | None = None
    last_day: date | None = None
    ports: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    direction: str = ""
    count: str = "batch"

    def arguments(self) -> list[str]:
        """The same as arguments of the command line."""
        words: list[str] = []
        if self.as_of:
            words += ["--as-of", instant(self.as_of)]
        if self.known_at:
            words += ["--known-at", instant(self.known_at)]
        if self.first_day:
            words += ["--from", self.first_day.isoformat()]
        if self.last_day:
            words += ["--to", self.last_day.isoformat()]
        for port in self.ports:
            words += ["--port", port]
        for code in self.classes:
            words += ["--class", code]
        if self.direction:
            words += ["--direction", self.direction]
        if self.count != "batch":
            words += ["--count", self.count]
        return words

    def admit(self, stay: Stay, yard: Yard) -> bool:
        """Whether the filters let the stay through."""
        if self.ports and stay.port not in {yard.tables.port(port) for port in self.ports}:
            return False
        if self.classes and not any(class_fits(code, stay.lead_class) for code in self.classes):
            return False
        return not self.direction or stay.direction == self.direction


def instant(moment: datetime | None) -> str:
    """`2022-06-01T08:05:00Z`; a fraction of a second only when it is not zero."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment else ""


def hours(span: timedelta) -> str:
    return repr(span / timedelta(hours=1))


def stays_report(lake: Lake, options: Options) -> Table:
    """`report stays`: those that arrived before the window's end and did not leave before its start."""
    yard = Yard(lake.known(options.known_at), options.as_of)
    if yard.as_of is None:
        return []
    days = Days(yard.tables, yard.as_of)
    result = []
    for stay in yard.counted(options.count):
        start = days.start(stay.port, options.first_day) if options.first_day else None
        end = days.start(stay.port, options.last_day + timedelta(days=1)) if options.last_day else None
        too_late = end is not None and stay.arrived_at >= end
        too_early = start is not None and stay.left_at is not None and stay.left_at < start
        if options.admit(stay, yard) and not too_late and not too_early:
            result.append(stay_row(stay, options.count))
    return result


_FORMULA = tuple("=+-@\t\r＝＋－＠")


def guarded(text: str) -> str:
    """A text that a spreadsheet would run as a formula gets an apostrophe; a plain number does not."""
    return f"'{text}" if text.startswith(_FORMULA) and not _NUMBER.fullmatch(text) else text


def stay_row(stay: Stay, count: str) -> dict[str, str]:
    row = {
        "consignment_id": guarded(stay.consignment_id),
        "un_location_code": stay.port,
        "facility_code": guarded(stay.facility),
        "direction": stay.direction,
        "lead_class": stay.lead_class,
        "units": str(stay.units),
        "arrived_at": instant(stay.arrived_at),
        "left_at": instant(stay.left_at),
        "dwell_hours": hours(stay.left_at - stay.arrived_at) if stay.left_at is not None else "",
        "age_hours": "" if stay.left_at is not None else hours(stay.as_of - stay.arrived_at),
        "limit_hours": str(stay.limit_hours),
        "limit_rule_id": stay.limit_rule_id,
        "overdue_at": instant(stay.overdue_at),
        "is_overdue": str(stay.is_overdue).lower(),
        "exit_type": stay.exit_type,
    }
    return {"equipment_reference": guarded(stay.visits[0].unit)} | row if count == "unit" else row


def stock_report(lake: Lake, options: Options, by: str = "date,port,class") -> Table:
    """`report stock --by ...`."""
    yard = Yard(lake.known(options.known_at), options.as_of)
    if yard.as_of is None:
        return []
    stays = [stay for stay in yard.counted(options.count) if options.admit(stay, yard)]
    shown = (options.first_day, options.last_day)
    rows = stock(stays, tuple(by.split(",")), Days(yard.tables, yard.as_of), shown)
    return [{name: guarded(text) for name, text in row.items()} for row in rows]


def campaign_report(lake: Lake, options: Options, campaign_id: str, by_date: bool = False) -> Table:
    """`report campaign`, without the reduction; `by_date` gives the burn-down."""
    yard = Yard(lake.known(options.known_at), options.as_of)
    if yard.as_of is None:
        return []
    campaign = lake.tables.campaigns[campaign_id]
    return burn_down(yard, campaign) if by_date else campaign_rows(yard, campaign)


# ---------------------------------------------------------------------------------------- comparison

_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T.*Z")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")


def same(one: str, other: str) -> bool:
    """Whether two cells say the same: instants as instants, numbers to 1e-6, all else as text."""
    if one == other:
        return True
    if _INSTANT.fullmatch(one) and _INSTANT.fullmatch(other):
        return datetime.fromisoformat(one) == datetime.fromisoformat(other)
    if _NUMBER.fullmatch(one) and _NUMBER.fullmatch(other):
        return abs(float(one) - float(other)) <= 1e-6 * max(1.0, abs(float(one)))
    return False


def differences(expected: Table, actual: Table, key: Iterable[str], columns: Iterable[str]) -> list[str]:
    """What differs between two tables, a line each: rows that only one has, and cells that are not the same.

    Rows are paired by `key`; several under one key are paired in the order of their remaining cells.
    """
    key, columns = tuple(key), tuple(columns)
    missing = [c for c in (*key, *columns) if actual and c not in actual[0]]
    if missing:
        return [f"columns missing: {missing}; there are {list(actual[0])}"]
    found: list[str] = []
    ours, theirs = grouped(expected, key, columns), grouped(actual, key, columns)
    for name in sorted({*ours, *theirs}):
        ours_here, theirs_here = ours.get(name, []), theirs.get(name, [])
        said = ", ".join(f"{k}={v}" for k, v in zip(key, name, strict=True))
        for row in ours_here[len(theirs_here) :]:
            found.append(f"missing  {said}: {brief(row, columns)}")
        for row in theirs_here[len(ours_here) :]:
            found.append(f"too much {said}: {brief(row, columns)}")
        for one, other in zip(ours_here, theirs_here, strict=False):
            for column in columns:
                if not same(one[column], other[column]):
                    found.append(f"differs  {said}: {column} expected {one[column]!r}, got {other[column]!r}")
    return found


def grouped(table: Table, key: tuple[str, ...], columns: tuple[str, ...]) -> dict[tuple[str, ...], Table]:
    groups: dict[tuple[str, ...], Table] = {}
    order: Callable[[dict[str, str]], list[str]] = lambda row: [row[column] for column in columns]  # noqa: E731
    for row in sorted(table, key=order):
        groups.setdefault(tuple(row[name] for name in key), []).append(row)
    return groups


def brief(row: dict[str, str], columns: tuple[str, ...]) -> str:
    return ", ".join(f"{column}={row[column]}" for column in columns if row[column])
