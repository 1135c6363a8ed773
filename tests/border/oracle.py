"""Border watch by brute force, from the plain rows, loop by loop. Nothing here shares code with the product."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

DAY = timedelta(days=1)
Hazard = tuple[str, str, str]
"""Type, name, origin; '' for an origin that was not told."""


@dataclass(frozen=True)
class Notice:
    """A row of risk_alerts, in local time."""

    alert_id: str
    line: str
    kind: str
    hazard: Hazard
    at: datetime
    ends: datetime | None = None
    supersedes: str = ""


@dataclass(frozen=True)
class Caught:
    """A row of interceptions, in local time."""

    interception_id: str
    port: str
    channel: str
    hazard: Hazard
    at: datetime


@dataclass(frozen=True)
class Action:
    """A row of domestic_actions, in local time."""

    action_id: str
    linked: str
    at: datetime


@dataclass
class World:
    """All that happened at the border."""

    notices: list[Notice] = field(default_factory=list)
    caught: list[Caught] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)

    def seen(self, as_of: datetime) -> World:
        """What had happened by then."""
        return World(
            [one for one in self.notices if one.at <= as_of],
            [one for one in self.caught if one.at <= as_of],
            [one for one in self.actions if one.at <= as_of],
        )


def _fired(world: World, hazard: Hazard) -> list[tuple[date, str, str]]:
    """Day, line and channel of everything about a hazard."""
    about = {one.alert_id: one.hazard for one in world.notices}
    about |= {one.interception_id: one.hazard for one in world.caught if one.interception_id not in about}
    points = [(one.at.date(), one.line, "") for one in world.notices if one.hazard == hazard]
    points += [(one.at.date(), "port", one.channel) for one in world.caught if one.hazard == hazard]
    return points + [
        (one.at.date(), "domestic", "") for one in world.actions if about.get(one.linked) == hazard
    ]


def _points(fired: list[tuple[date, str, str]], day: date, window: int) -> int:
    recent = [(line, channel) for on, line, channel in fired if 0 <= (day - on).days < window]
    others = {line for line, _ in recent if line != "port"}
    channels = {channel for _, channel in recent if channel}
    at_port = any(line == "port" for line, _ in recent)
    return len(others) + (len(channels) or int(at_port))


def over(world: World, notice: Notice) -> datetime | None:
    """When a notice ended or was superseded, whichever came first."""
    later = [
        one.at
        for one in world.notices
        if one.supersedes == notice.alert_id and one is not notice and one.at >= notice.at
    ]
    ends = [*later, *([notice.ends] if notice.ends else [])]
    return min(ends, default=None)


def _is_escalated(world: World, hazard: Hazard, first: date, last: date, window: int, usual: int) -> bool:
    for notice in world.notices:
        end = over(world, notice)
        in_force = notice.at.date() <= last and (end is None or end.date() >= first)
        if notice.kind == "ban" and notice.hazard == hazard and in_force:
            return True
    for port in {one.port for one in world.caught}:
        here = [one for one in world.caught if one.port == port]
        found = [one for one in here if one.hazard[:2] == hazard[:2]]
        if not found:
            continue
        began = min(one.at.date() for one in here)
        detected = min(one.at.date() for one in found)
        of_origin = any(one.at.date() == detected and one.hazard == hazard for one in found)
        is_new = (detected - began).days >= usual
        if is_new and of_origin and first - DAY * (window - 1) <= detected <= last:
            return True
    return False


Trigger = tuple[Hazard, date, date, bool, int, bool]
"""Hazard, first and last day, whether it is on, most points on a day, whether a ban or first detection escalates it."""


def triggers(
    world: World, as_of: datetime, window: int = 30, least: int = 2, usual: int = 90
) -> set[Trigger]:
    """Runs of days on which enough lines or channels had fired."""
    seen = world.seen(as_of)
    found: set[Trigger] = set()
    for hazard in {one.hazard for one in seen.notices} | {one.hazard for one in seen.caught}:
        fired = _fired(seen, hazard)
        day, run = min(on for on, _, _ in fired), []
        while day <= as_of.date() + DAY:
            points = _points(fired, day, window) if day <= as_of.date() else 0
            if points >= least:
                run.append((day, points))
            elif run:
                first, last = run[0][0], run[-1][0]
                escalated = _is_escalated(seen, hazard, first, last, window, usual)
                most = max(points for _, points in run)
                found.add((hazard, first, last, last == as_of.date(), most, escalated))
                run = []
            day += DAY
    return found


def lags(world: World, as_of: datetime) -> list[tuple[str, float, bool]]:
    """Kind, days and whether reached, of every notice."""
    seen = world.seen(as_of)
    found = []
    for notice in seen.notices:
        end = over(seen, notice)
        reached = [
            one.at
            for one in seen.caught
            if one.hazard == notice.hazard and one.at >= notice.at and (end is None or one.at < end)
        ]
        until = min(reached) if reached else min([as_of, *([end] if end else [])])
        found.append((notice.kind, (until - notice.at) / DAY, bool(reached)))
    return found


def median(spells: list[tuple[float, bool]]) -> float | None:
    """Kaplan-Meier, product by product."""
    survival = 1.0
    for age in sorted({lag for lag, reached in spells if reached}):
        at_risk = sum(lag >= age for lag, _ in spells)
        survival *= 1 - sum(lag == age and reached for lag, reached in spells) / at_risk
        if survival <= 0.5 + 1e-12:
            return age
    return None
