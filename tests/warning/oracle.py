"""Early warning by brute force: every port, day and indicator from the plain rows, loop by loop, for small worlds.

All ports are in one zone without summer time (Asia/Shanghai). Nothing here shares code with the product.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

DAY = timedelta(days=1)
LIMIT = timedelta(hours=120)


@dataclass(frozen=True)
class Stay:
    """One unit with one batch at one port, in local time; `left` is None while it is there."""

    batch: str
    port: str
    arrived: datetime
    left: datetime | None


@dataclass(frozen=True)
class Inspection:
    """One inspection of a batch, in local time."""

    batch: str
    port: str
    at: datetime
    basis: str
    is_misdeclared: bool


@dataclass(frozen=True)
class Rule:
    """A row of alert_rules."""

    group: str
    threshold: float
    window: int = 1
    baseline: int = 56
    lag: int = 0
    minimum: int = 0


@dataclass
class World:
    """All that happened, in local time."""

    stays: list[Stay]
    inspections: list[Inspection] = field(default_factory=list)
    weather: dict[tuple[str, date], float] = field(default_factory=dict)


Fired = dict[tuple[str, date], dict[str, tuple[float, float, bool]]]
"""By port and day: indicator -> value, limit, whether it fired."""


def fired(world: World, rules: dict[str, Rule], as_of: datetime) -> Fired:
    """What every indicator says on every day of every port; indicators that cannot be had are left out."""
    found: Fired = {}
    for port in sorted({stay.port for stay in world.stays if stay.arrived <= as_of}):
        days = _days(world, port, as_of)
        for day in days:
            told = {
                "backlog": _backlog(world, port, day, days, rules["backlog"], as_of),
                "newly_overdue": _cusum(world, port, day, days, rules["newly_overdue"], as_of),
                "oldest_age": _oldest(world, port, day, rules["oldest_age"], as_of),
                "heat": _heat(world, port, day, rules["heat"], as_of),
                "misdeclaration": _misdeclared(world, port, day, rules["misdeclaration"], as_of),
                "missing_gate_outs": _gate_outs(world, port, day, days, rules["missing_gate_outs"], as_of),
                "silence": _silence(world, port, day, days, rules["silence"], as_of),
            }
            found[port, day] = {name: value for name, value in told.items() if value is not None}
    return found


def _moves(world: World, port: str, as_of: datetime) -> list[tuple[datetime, str]]:
    ins = [(stay.arrived, "in") for stay in world.stays if stay.port == port]
    outs = [(stay.left, "out") for stay in world.stays if stay.port == port and stay.left is not None]
    return [(at, flow) for at, flow in ins + outs if at <= as_of]


def _days(world: World, port: str, as_of: datetime) -> list[date]:
    first = min(at for at, _ in _moves(world, port, as_of)).date()
    return [first + DAY * number for number in range((as_of.date() - first).days + 1)]


def _present(world: World, port: str, day: date, as_of: datetime) -> list[Stay]:
    midnight = datetime.combine(day + DAY, datetime.min.time())
    here = [stay for stay in world.stays if stay.port == port]
    if midnight > as_of:
        return [s for s in here if s.arrived <= as_of and (s.left is None or s.left > as_of)]
    return [s for s in here if s.arrived < midnight and (s.left is None or s.left >= midnight)]


def _overdue(world: World, port: str, day: date, as_of: datetime) -> int:
    midnight = datetime.combine(day + DAY, datetime.min.time())
    present = _present(world, port, day, as_of)
    if midnight > as_of:
        return sum(stay.arrived + LIMIT <= as_of for stay in present)
    return sum(stay.arrived + LIMIT < midnight for stay in present)


def _backlog(
    world: World, port: str, day: date, days: list[date], rule: Rule, as_of: datetime
) -> tuple[float, float, bool] | None:
    last = days.index(day) - rule.lag
    first = last - rule.baseline + 1
    if first < 0:
        return None
    past = [_overdue(world, port, days[number], as_of) for number in range(first, last + 1)]
    mean = sum(past) / len(past)
    variance = sum((count - mean) ** 2 for count in past) / (len(past) - 1)
    limit = mean + rule.threshold * math.sqrt(max(variance, mean, 1))
    now = _overdue(world, port, day, as_of)
    return now, limit, now > limit


def _newly(world: World, port: str, day: date, as_of: datetime) -> int:
    overdue = [
        stay.arrived + LIMIT
        for stay in world.stays
        if stay.port == port and (stay.left is None or stay.arrived + LIMIT < stay.left)
    ]
    return sum(at.date() == day and at <= as_of for at in overdue)


def _cusum(
    world: World, port: str, day: date, days: list[date], rule: Rule, as_of: datetime
) -> tuple[float, float, bool] | None:
    weeks = rule.baseline // 7 + rule.window // 7
    last = days.index(day)
    if last + 1 < 7 * weeks:
        return None
    counts = [
        sum(_newly(world, port, days[last - 7 * back - number], as_of) for number in range(7))
        for back in range(weeks - 1, -1, -1)
    ]
    frozen = counts[: rule.baseline // 7]
    mean = sum(frozen) / len(frozen)
    sigma = max(1.0, math.sqrt(sum((count - mean) ** 2 for count in frozen) / (len(frozen) - 1)))
    level = 0.0
    for count in counts[len(frozen) :]:
        level = max(0.0, level + count - mean - sigma / 2)
    return level, rule.threshold * sigma, level > rule.threshold * sigma


def _oldest(
    world: World, port: str, day: date, rule: Rule, as_of: datetime
) -> tuple[float, float, bool] | None:
    present = _present(world, port, day, as_of)
    if not present:
        return None
    end = min(datetime.combine(day + DAY, datetime.min.time()), as_of)
    age = (end - min(stay.arrived for stay in present)) / DAY
    return age, rule.threshold, age >= rule.threshold


def _heat(
    world: World, port: str, day: date, rule: Rule, as_of: datetime
) -> tuple[float, float, bool] | None:
    highest = world.weather.get((port, day))
    if highest is None or not _present(world, port, day, as_of):
        return None
    return highest, rule.threshold, highest >= rule.threshold


def _misdeclared(
    world: World, port: str, day: date, rule: Rule, as_of: datetime
) -> tuple[float, float, bool] | None:
    seen = [one for one in world.inspections if one.at <= as_of]
    in_window = [one for one in seen if one.port == port and 0 <= (day - one.at.date()).days < rule.window]
    before = [one for one in seen if rule.window <= (day - one.at.date()).days < rule.window + rule.baseline]
    inspected = misdeclared = 0
    expected = variance = 0.0
    for basis in sorted({one.basis for one in in_window}):
        usual = [one for one in before if one.basis == basis]
        if not usual:
            continue
        rate = sum(one.is_misdeclared for one in usual) / len(usual)
        here = [one for one in in_window if one.basis == basis]
        inspected += len(here)
        misdeclared += sum(one.is_misdeclared for one in here)
        expected += len(here) * rate
        variance += len(here) * rate * (1 - rate)
    if inspected < rule.minimum or variance <= 0:
        return None
    limit = expected + rule.threshold * math.sqrt(variance)
    return 100 * misdeclared / inspected, 100 * limit / inspected, misdeclared > limit


def _gate_outs(
    world: World, port: str, day: date, days: list[date], rule: Rule, as_of: datetime
) -> tuple[float, float, bool] | None:
    moves = _moves(world, port, as_of)
    out_days = {at.date() for at, flow in moves if flow == "out" and at.date() <= day}
    if not out_days:
        return None
    last = max(out_days)
    ins_since = {at.date() for at, flow in moves if flow == "in" and last < at.date() <= day}
    usual = sum(last - out < DAY * rule.window for out in out_days)
    silent = (day - last).days
    has_fired = silent >= rule.threshold and len(ins_since) >= rule.threshold and usual >= rule.minimum
    return silent, rule.threshold, has_fired


def _silence(
    world: World, port: str, day: date, days: list[date], rule: Rule, as_of: datetime
) -> tuple[float, float, bool] | None:
    told = {at.date() for at, _ in _moves(world, port, as_of) if at.date() <= day}
    last = max(told)
    usual = sum(last - one < DAY * rule.window for one in told)
    silent = (day - last).days
    return silent, rule.threshold, silent >= rule.threshold and usual >= rule.minimum


def levels(found: Fired, rules: dict[str, Rule]) -> dict[tuple[str, date], str]:
    """alert or notice of every port and day that has one."""
    trigger = rules["alert"]
    by_day: dict[tuple[str, date], str] = {}
    for port, day in found:
        groups = {
            rules[name].group
            for back in range(trigger.window)
            for name, (_, _, has_fired) in found.get((port, day - DAY * back), {}).items()
            if has_fired
        }
        if groups:
            by_day[port, day] = "alert" if len(groups) >= trigger.threshold else "notice"
    return by_day


Episode = tuple[str, str, date, date | None]
"""Level, port, first day, the day on which it was no longer on (None while it is)."""


def episodes(by_day: dict[tuple[str, date], str], found: Fired) -> set[Episode]:
    """Runs of days of one level."""
    runs: set[Episode] = set()
    for (port, day), level in by_day.items():
        if by_day.get((port, day - DAY)) == level:
            continue
        end = day
        while by_day.get((port, end)) == level:
            end += DAY
        runs.add((level, port, day, end if (port, end) in found else None))
    return runs
