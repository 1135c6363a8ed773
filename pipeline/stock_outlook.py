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

    `left` is infinite while open. Stays in another order are put in order.
    """

    arrived: Hours
    left: Hours

    def __post_init__(self) -> None:
        if (self.arrived[1:] < self.arrived[:-1]).any():
            order = np.argsort(self.arrived, kind="stable")
            object.__setattr__(self, "arrived", self.arrived[order])
            object.__setattr__(self, "left", self.left[order])

    def known_at(self, instant: float) -> Stays:
        """As they were known at an instant: what came by then, and of it no exit after it."""
        count = np.searchsorted(self.arrived, instant, side="right")
        left = self.left[:count]
        return Stays(self.arrived[:count], np.where(left <= instant, left, np.inf))

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
        """The Nelson-Aalen estimate from who was in the yard between two instants, each from its age at the first."""
        met = (stays.arrived < until) & (stays.left > since)
        # The latest first: ages at the first instant, and of those that stay on at the second, are in order then.
        arrived, left = stays.arrived[met][::-1], stays.left[met][::-1]
        has_ended = left <= until
        ages, counts = np.unique((left - arrived)[has_ended], return_counts=True)
        entered = np.searchsorted(np.maximum(since - arrived, -1.0), ages, side="left")
        gone = np.cumsum(counts) - counts + np.searchsorted(until - arrived[~has_ended], ages, side="left")
        return cls(ages, np.concatenate(([0.0], np.cumsum(counts / np.maximum(entered - gone, 1)))))

    def hazard(self, ages: Hours) -> Hours:
        """The cumulative hazard up to and at these ages."""
        found: Hours = self.hazards[np.searchsorted(self.ages, ages, side="right")]
        return found

    def stays_on(self, ages: Hours, hours: Hours | float) -> Hours:
        """The chance to be there so many hours later, of what is so old now."""
        found: Hours = np.exp(self.hazard(ages) - self.hazard(ages + hours))
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
    means = np.array([counts[days.past_weekdays == weekday].mean() for weekday in range(7)])
    residuals = counts - means[days.past_weekdays]
    ratio = max(1.0, float((residuals**2).sum() / max(means[days.past_weekdays].sum(), 1e-9)))
    weeks = max(1.0, len(counts) / 7)
    return means, means * ratio * (1 + 1 / weeks)


def outlook(stays: Stays, origin: float, days: Days) -> Outlook:
    """The forecast from an origin. `stays` may hold later ones: nothing after the origin is looked at."""
    known = stays.known_at(origin)
    curve = Curve.of(known, float(days.past[0]), origin)
    means, variances = arrivals_by_weekday(known, days)
    ages = known.standing(origin)
    stays_on = curve.stays_on(ages[:, None], days.ends - origin)
    starts = np.maximum(np.concatenate(([origin], days.ends[:-1])), origin)
    lengths = days.ends - starts
    # Those of one day come spread over it: four instants stand for the day.
    instants = starts[:, None] + lengths[:, None] * np.array([0.125, 0.375, 0.625, 0.875])
    waits = days.ends[:, None, None] - instants
    there = np.exp(-curve.hazard(np.maximum(waits, 0.0))).mean(axis=2) * (instants[:, 0] < days.ends[:, None])
    coming = means[days.weekdays] * lengths / DAY
    spread = variances[days.weekdays] * lengths / DAY
    expected = stays_on.sum(axis=0) + there @ coming
    variance = (stays_on * (1 - stays_on)).sum(axis=0) + (there * (1 - there)) @ coming + there**2 @ spread
    return Outlook(expected, Z_80 * np.sqrt(variance))


def relative_error(errors: Hours, expected: Hours, days: Hours) -> float:
    """The error, as a share of the stock and of the root of the days ahead, that four of five past errors kept to."""
    if not len(errors):
        return 0.0
    return float(np.quantile(np.abs(errors) / (np.maximum(expected, 1.0) * np.sqrt(days)), 0.8))


def widened(ahead: Outlook, share: float) -> Outlook:
    """The forecast with a band that reaches at least as far as such a relative error; never narrowed."""
    days = np.arange(1, len(ahead.expected) + 1)
    return Outlook(ahead.expected, np.maximum(ahead.reach, share * ahead.expected * np.sqrt(days)))
