"""How many batches will stand in a port: those there now by survival, and those to come by weekday.

Ages and hours are hours; an origin is the instant from which a forecast looks ahead, and sees nothing after it.
Survival: Nelson-Aalen with delayed entry over the days before the origin, S(a + h | a) = exp(H(a) - H(a + h)).
Arrivals: the mean of the same weekday over those days. Both are taken to be independent.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Hours = NDArray[np.float64]
Z_80 = 1.281552
"""The normal quantile of a two-sided 80 % interval."""
DAY = 24.0


@dataclass(frozen=True)
class Stays:
    """Stays of one port in the order of arrival: when they came and left, in hours from any zero.

    `left` is infinite while open. Stays in another order are put in order, unless it is said that they are in it.
    """

    arrived: Hours
    left: Hours
    is_in_order: bool = False

    def __post_init__(self) -> None:
        if not self.is_in_order and (self.arrived[1:] < self.arrived[:-1]).any():
            order = np.argsort(self.arrived)
            object.__setattr__(self, "arrived", self.arrived[order])
            object.__setattr__(self, "left", self.left[order])

    def came_by(self, instant: float) -> Stays:
        """Those that came at or before an instant. Their exits stay: one after the instant is none at it."""
        count = np.searchsorted(self.arrived, instant, side="right")
        return Stays(self.arrived[:count], self.left[:count], is_in_order=True)

    @cached_property
    def _exits(self) -> Hours:
        return np.sort(self.left)

    def standing(self, at: float) -> Hours:
        """Ages of those in the yard at an instant: came at or before it, and did not leave by then."""
        here = (self.arrived <= at) & (self.left > at)
        return at - self.arrived[here]

    def stock(self, instants: Hours) -> NDArray[np.int64]:
        """How many are in the yard just before each of these instants (ruling 1: the end of a day)."""
        came = np.searchsorted(self.arrived, instants, side="left")
        left = np.searchsorted(self._exits, instants, side="left")
        return (came - left).astype(np.int64)


@dataclass(frozen=True)
class Curve:
    """A cumulative hazard: steps at these ages."""

    ages: Hours
    hazards: Hours

    @classmethod
    def of(cls, stays: Stays, since: float, until: float) -> Curve:
        """The Nelson-Aalen estimate from who was in the yard between two instants, each from its age at the first.

        No exit after the second is looked at.
        """
        met = (stays.arrived < until) & (stays.left > since)
        arrived, left = stays.arrived[met], stays.left[met]
        has_ended = left <= until
        ended = np.sort((left - arrived)[has_ended])
        firsts = np.flatnonzero(np.diff(ended, prepend=-np.inf))
        ages = ended[firsts]
        late = arrived[: np.searchsorted(arrived, since, side="right")]
        at_risk = len(arrived) - len(late) - firsts
        at_risk += _below(ages, since - late) - _below(ages, until - arrived[~has_ended])
        counts = np.diff(firsts, append=len(ended))
        return cls(ages, np.concatenate(([0.0], np.cumsum(counts / np.maximum(at_risk, 1)))))

    def hazard(self, ages: Hours) -> Hours:
        """The cumulative hazard up to and at these ages."""
        found: Hours = self.hazards[np.searchsorted(self.ages, ages, side="right")]
        return found

    def stays_on(self, ages: Hours, hours: Hours | float) -> Hours:
        """The chance to be there so many hours later, of what is so old now."""
        found: Hours = np.exp(self.hazard(ages) - self.hazard(ages + hours))
        return found


def _below(ages: Hours, few: Hours) -> NDArray[np.int64]:
    """How many of some few instants lie below each age; only as many are searched for."""
    places = np.searchsorted(ages, few, side="right")
    found: NDArray[np.int64] = np.bincount(places, minlength=len(ages) + 1)[: len(ages)].cumsum()
    return found


@dataclass(frozen=True)
class Outlook:
    """Expected stock at the ends of the days ahead, and how far the 80 % band reaches to either side; in batches."""

    expected: Hours
    reach: Hours

    @property
    def lower(self) -> Hours:
        """Not below 0."""
        found: Hours = np.maximum(0.0, self.expected - self.reach)
        return found

    @property
    def upper(self) -> Hours:
        """The other end."""
        return self.expected + self.reach


@dataclass(frozen=True)
class Days:
    """The local days before and after an origin: their starts in hours, and their weekdays (0 to 6).

    `past` are the starts of whole days before the origin, the last of them ending at or before it; `ends` are the ends
    of the days ahead, the first of which is the first local midnight after the origin that is forecast.
    """

    past: Hours
    past_weekdays: NDArray[np.int64]
    ends: Hours
    weekdays: NDArray[np.int64]


def arrivals_by_weekday(stays: Stays, days: Days) -> tuple[Hours, Hours]:
    """Mean and variance of arrivals a day, by weekday; the variance at least that of a Poisson count."""
    edges = np.append(days.past, days.past[-1] + DAY)
    counts = np.diff(np.searchsorted(stays.arrived, edges, side="left")).astype(float)
    days_of = np.bincount(days.past_weekdays, minlength=7)
    means = np.bincount(days.past_weekdays, counts, minlength=7) / days_of
    residuals = counts - means[days.past_weekdays]
    ratio = max(1.0, float((residuals**2).sum() / max(means[days.past_weekdays].sum(), 1e-9)))
    weeks = max(1.0, len(counts) / 7)
    return means, means * ratio * (1 + 1 / weeks)


def outlook(stays: Stays, origin: float, days: Days) -> Outlook:
    """The forecast from an origin. `stays` may hold later ones: nothing after the origin is looked at."""
    known = stays.came_by(origin)
    curve = Curve.of(known, float(days.past[0]), origin)
    means, variances = arrivals_by_weekday(known, days)
    # A row a day, and the youngest first: ages are searched for in order several times as fast.
    ages = known.standing(origin)[::-1]
    stays_on = curve.stays_on(ages, (days.ends - origin)[:, None])
    starts = np.maximum(np.concatenate(([origin], days.ends[:-1])), origin)
    lengths = days.ends - starts
    # Those of one day come spread over it: four instants stand for the day.
    instants = starts[:, None] + lengths[:, None] * np.array([0.125, 0.375, 0.625, 0.875])
    waits = days.ends[:, None, None] - instants
    there = np.exp(-curve.hazard(np.maximum(waits, 0.0))).mean(axis=2) * (instants[:, 0] < days.ends[:, None])
    coming = means[days.weekdays] * lengths / DAY
    spread = variances[days.weekdays] * lengths / DAY
    expected = stays_on.sum(axis=1) + there @ coming
    variance = (stays_on * (1 - stays_on)).sum(axis=1) + (there * (1 - there)) @ coming + there**2 @ spread
    return Outlook(expected, Z_80 * np.sqrt(variance))


def relative_error(errors: Hours, expected: Hours, days: Hours) -> float:
    """The error, as a share of the stock and of the root of the days ahead, that four of five past errors kept to."""
    if not len(errors):
        return 0.0
    shares = np.sort(np.abs(errors) / (np.maximum(expected, 1.0) * np.sqrt(days)))
    # Between the two nearest, as numpy.quantile does, which takes as long as all else where ports are many.
    below, part = divmod(0.8 * (len(shares) - 1), 1)
    low, high = shares[int(below)], shares[min(int(below) + 1, len(shares) - 1)]
    return float(low + (high - low) * part)


def widened(ahead: Outlook, share: float) -> Outlook:
    """The forecast with a band that reaches at least as far as such a relative error; never narrowed."""
    days = np.arange(1, len(ahead.expected) + 1)
    return Outlook(ahead.expected, np.maximum(ahead.reach, share * ahead.expected * np.sqrt(days)))
