"""The calendar of the sample world: how much arrives on a day, and how fast each port works.

A stage is an amount of work in hours of a port that works as it should. A port's clock says how many such
hours it does in an hour; where it falls behind, all that lies there slows down, and where capacity is added,
old stock and new are done faster at once. So the pile-up, the action that clears it and the relapse are the
ports' capacities.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from pipeline.sample.facts import LOCAL_OFFSET_SECONDS, Facts, day_number, day_of
from pipeline.sample.streams import Floats, Ints

SPRING_FESTIVALS = tuple(
    day_number(date.fromisoformat(day))
    for day in (
        "2019-02-05", "2020-01-25", "2021-02-12", "2022-02-01", "2023-01-22", "2024-02-10", "2025-01-29",
        "2026-02-17", "2027-02-06", "2028-01-26", "2029-02-13", "2030-02-03",
    )
)  # fmt: skip
MARGIN_DAYS = 500
"""The clocks go on after the last day of the calendar, at the rates of that day."""

WARM_UP_DAYS = 30
"""Batches that came in the days before the calendar's first are in the yard when it opens."""

RELEASE_SLOW_FROM, RELEASE_SLOW_TO = 2.25, 3.0
"""Hours of customs and preparation per hour of work as the pile-up begins and at its height."""

RELEASE_RATE_IN_ACTION, RELEASE_RATE_AFTER = 1.18, 1.05
LEFT_BEHIND_FROM, LEFT_BEHIND_TO = 0.16, 0.44
"""Share of released batches that nobody fetches, over all ports, as the pile-up begins and at its height."""

RELAPSE_AFTER_DAYS = 26 * 7
RELAPSE_LEFT_BEHIND = 0.42


@dataclass(frozen=True)
class WorkClock:
    """Cumulative hours of work that can be done by each instant (UTC seconds)."""

    at: Floats
    done: Floats

    def finish(self, start: Ints, work_hours: Floats) -> Ints:
        """The instants at which `work_hours` begun at `start` are done, in whole seconds."""
        begun = np.interp(start, self.at, self.done)
        return np.rint(np.interp(begun + work_hours, self.done, self.at)).astype(np.int64)


@dataclass(frozen=True)
class PortRates:
    """A port's clocks, and by day of the calendar the share of released batches that is left behind."""

    release: WorkClock
    pick_up: WorkClock
    clearing: WorkClock
    first_day: int
    left_behind: Floats

    def left_behind_at(self, instants: Ints) -> Floats:
        """Share left behind at each instant (UTC seconds)."""
        day = (instants + LOCAL_OFFSET_SECONDS) // 86_400 - self.first_day
        return self.left_behind[np.clip(day, 0, len(self.left_behind) - 1)]


def arrival_weights(first_day: int, days: int) -> Floats:
    """Relative number of arrivals by day: Spring Festival dip, autumn peak, quiet Sundays."""
    day = np.arange(first_day, first_day + days)
    year_day = np.array([day_of(int(n)).timetuple().tm_yday for n in day])
    weight = 1 + 0.10 * np.cos(2 * np.pi * (year_day - 285) / 365.25)
    for festival in SPRING_FESTIVALS:
        weight = np.where((day >= festival - 3) & (day <= festival + 12), weight * 0.55, weight)
    national_week = np.array([day_of(int(n)).month == 10 and day_of(int(n)).day <= 7 for n in day])
    weight = np.where(national_week, weight * 0.85, weight)
    return np.where((day + 4) % 7 == 0, weight * 0.85, weight)


def _progress(day: Ints, first: int, last: int) -> Floats:
    """0 at `first`, 1 at `last`, straight between, held outside."""
    return np.clip((day - first) / max(last - first, 1), 0.0, 1.0)


def _clock(first_day: int, rate: Floats) -> WorkClock:
    at = np.asarray((first_day + np.arange(len(rate) + 1)) * 86_400 - LOCAL_OFFSET_SECONDS, dtype=np.float64)
    done = np.concatenate((np.zeros(1), np.cumsum(rate * 24)))
    return WorkClock(at, done)


def pile_up_began(facts: Facts) -> int | None:
    """Local day on which the ports begin to fall behind: with the baseline window, else 100 days before
    the action.
    """
    if facts.action is None:
        return None
    return facts.baseline.first if facts.baseline else facts.action.first - 100


def relapse_week(facts: Facts) -> date | None:
    """Monday of the week in which the relapse begins."""
    if facts.action is None:
        return None
    day = day_of(facts.action.last + 1 + RELAPSE_AFTER_DAYS)
    return day - timedelta(days=day.weekday())


def port_rates(
    facts: Facts, first_day: int, days: int, severity: float, slowness: float, relapses: bool
) -> PortRates:
    """The clocks of one port. `severity` scales what is left behind, `slowness` how slow release becomes."""
    first = first_day - WARM_UP_DAYS
    day = np.arange(first, first_day + days + MARGIN_DAYS)
    release = np.full(len(day), RELEASE_RATE_AFTER)
    pick_up = np.full(len(day), 1.05)
    left = np.full(len(day), 0.003)
    clearing = np.full(len(day), 1 / 6)
    began = pile_up_began(facts)
    if facts.action is not None and began is not None:
        opened, ended = facts.action.first, facts.action.last
        x = _progress(day, began, opened)
        slow = (RELEASE_SLOW_FROM + (RELEASE_SLOW_TO - RELEASE_SLOW_FROM) * x) * slowness
        before, during, after = day < opened, (day >= opened) & (day <= ended), day > ended
        settle = _progress(day, opened - 2, opened + 2)
        release = np.where(before, 1 / slow, release)
        release = np.where(during, RELEASE_RATE_IN_ACTION * settle + (1 - settle) / slow, release)
        pick_up = np.where(before, 1 / (1 + 0.3 * severity * x), 1.3)
        # Two months of let-up when the extra teams go home, then what they taught shows.
        improving = _progress(day, ended + 35, ended + 63)
        pick_up = np.where(after, 1.05 + 0.55 * improving, pick_up)
        share = severity * (LEFT_BEHIND_FROM + (LEFT_BEHIND_TO - LEFT_BEHIND_FROM) * x)
        left = np.where(before, np.minimum(share, 0.9), left)
        left = np.where(
            during, np.minimum(share, 0.9) * (1 - _progress(day, opened, opened + 6)) + 0.003, left
        )
        left = np.where(after, 0.055 * (1 - improving) + 0.001, left)
        clearing = np.where(before, 1 / 150, clearing)
        clearing = np.where(during, 1 / 45 + (1 / 9 - 1 / 45) * _progress(day, opened, ended), clearing)
    monday = relapse_week(facts)
    if relapses and monday is not None:
        since = day >= day_number(monday)
        left = np.where(since, RELAPSE_LEFT_BEHIND, left)
        clearing = np.where(since, 1 / 40, clearing)
        pick_up = np.where(since, 0.8, pick_up)
    return PortRates(
        _clock(first, release), _clock(first, pick_up), _clock(first, clearing / 24), first, left
    )
