"""Kaplan-Meier curves, restricted means and quantiles of sorted ages, millions of them at once.

The same figures as the models of `sql/durations` give, which a cluster runs: tests hold the two equal. Ages are whole
microseconds in numpy arrays. Nothing here depends on the order in which rows were read, nor on what a processor can
add at once: sums run over sorted ages, and no logarithm is taken.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

HOUR_MICROS = 3_600_000_000
TOLERANCE = 1e-12
"""By how much a curve may be above a quantile and count as having come down to it (ruling 22)."""
OUTLINE_STEP = 0.0005
"""Less than a pixel of any curve on a screen."""
THIN_BELOW, THIN_ABOVE_SURVIVAL = 5, 0.1
"""A curve is thin where fewer are at risk while more than this share is still there (ruling 24)."""

GRAINS_MICROS = (60_000_000, 1_000_000)
"""Ages are often whole minutes or seconds: many of them are counted sooner than put in order."""
MANY = 30_000
"""From so many ages on it is looked for."""
BINS_AN_AGE = 2
"""At most so many bins are counted into for every age, so that they take no more memory than the ages twice."""
AGES_A_LOT = 100_000
"""About so many are counted at a time, and at least as many as there are bins: few, so that they stay in the cache."""

Ages: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Tally:
    """Ages in order, each once, and how many there are of each; `total` is their sum."""

    ages: Ages
    counts: Ages
    total: int

    def up_to(self, ages: Ages) -> Ages:
        """How many are of each of these ages or below."""
        sums = np.concatenate([[0], np.cumsum(self.counts)])
        return sums[np.searchsorted(self.ages, ages, side="right")]


_NOTHING = np.empty(0, np.int64)
NOBODY = Tally(_NOTHING, _NOTHING, 0)


def merged(runs: Sequence[Ages]) -> Ages:
    """Sorted runs of ages as one."""
    filled = [run for run in runs if len(run)]
    if len(filled) < 2:
        return filled[0] if filled else _NOTHING
    whole = np.concatenate(filled)
    whole.sort(kind="stable")
    return whole


def tallied(runs: Sequence[Ages]) -> Tally:
    """Sorted runs of ages, counted."""
    filled = [run for run in runs if len(run)]
    if not filled:
        return NOBODY
    found = _in_bins(filled) or _in_order(merged(filled))
    return Tally(*found, sum(map(len, filled)))


def summed(tallies: Sequence[Tally]) -> Tally:
    """Tallies as one."""
    filled = [tally for tally in tallies if tally.total]
    if len(filled) < 2:
        return filled[0] if filled else NOBODY
    ages, counts = (
        np.concatenate(parts) for parts in zip(*((one.ages, one.counts) for one in filled), strict=True)
    )
    order = np.argsort(ages, kind="stable")
    ages = ages[order]
    firsts = _firsts(ages)
    return Tally(ages[firsts], np.add.reduceat(counts[order], firsts), sum(one.total for one in filled))


def _in_order(ages: Ages) -> tuple[Ages, Ages]:
    firsts = _firsts(ages)
    return ages[firsts], np.diff(firsts, append=len(ages))


def _firsts(ages: Ages) -> npt.NDArray[np.intp]:
    """Where each age that is there begins, among sorted ages."""
    is_first = np.empty(len(ages), bool)
    is_first[0] = True
    np.not_equal(ages[1:], ages[:-1], out=is_first[1:])
    return np.flatnonzero(is_first)


def _in_bins(runs: Sequence[Ages]) -> tuple[Ages, Ages] | None:
    """The ages of sorted runs counted by the grain of which all of them are multiples; None where few would share a bin."""
    size, largest = sum(map(len, runs)), max(int(run[-1]) for run in runs)
    if size < MANY or min(int(run[0]) for run in runs) < 0:
        return None
    for grain in GRAINS_MICROS:
        bins = largest // grain + 1
        if bins <= BINS_AN_AGE * size and not any((run[:100] % grain).any() for run in runs):
            counts = _bin_counts(runs, grain, bins)
            if counts is not None:
                filled = np.flatnonzero(counts)
                return filled * grain, counts[filled]
    return None


def _bin_counts(runs: Sequence[Ages], grain: int, bins: int) -> Ages | None:
    """How many ages are in each bin; None where one is no multiple of the grain."""
    counts = np.zeros(bins, np.int64)
    ends = np.cumsum([len(run) for run in runs])
    lots = np.searchsorted(ends, np.arange(0, ends[-1], max(AGES_A_LOT, bins)), side="right")
    for first, last in pairwise([*lots.tolist(), len(runs)]):
        if first < last:
            ages = np.concatenate(runs[first:last])
            places = ages // grain
            if not np.array_equal(places * grain, ages):
                return None
            counts += np.bincount(places, minlength=bins)
    return counts


@dataclass(frozen=True)
class AtRisk:
    """The spells of one group on one clock, as sorted ages in microseconds.

    Args:
        ended: how many ended at which age.
        censored: ages at which one that had not ended was last seen.
        entered: ages from which on one is at risk that was not from age 0 on (delayed entry).
        from_start: how many are at risk from age 0 on.
    """

    ended: Tally
    censored: Ages
    entered: Ages
    from_start: int

    @property
    def count(self) -> int:
        """All that are at risk at some age."""
        return self.ended.total + len(self.censored)


@dataclass(frozen=True)
class Curve:
    """A Kaplan-Meier curve: each age (microseconds) at which something ended, and the share still there after it."""

    ages: Ages
    at_risk: Ages
    ended: Ages
    survival: Floats


def kaplan_meier(spells: AtRisk) -> Curve:
    """The curve of a group (Kaplan and Meier 1958), with delayed entry; at risk at age t: entry < t <= exit.

    While nothing enters and nothing is censored the product of (n - d) / n over the ages is left / at risk of the
    whole run, so that only as many factors are multiplied as there are runs.
    """
    ages, ended = spells.ended.ages, spells.ended.counts
    if not len(ages):
        return Curve(_NOTHING, _NOTHING, _NOTHING, np.empty(0))
    at_risk = spells.from_start + ended - np.cumsum(ended)
    at_risk += _joined_before(ages, spells.entered)
    at_risk -= _joined_before(ages, spells.censored)
    return Curve(ages, at_risk, ended, _product(at_risk, at_risk - ended))


def _joined_before(ages: Ages, others: Ages) -> Ages:
    """How many of `others` lie below each age."""
    places = np.searchsorted(ages, others, side="right")
    counts: Ages = np.bincount(places, minlength=len(ages) + 1)[: len(ages)].astype(np.int64, copy=False)
    return np.cumsum(counts, out=counts)


def _product(at_risk: Ages, left: Ages) -> Floats:
    begins = np.empty(len(at_risk), bool)
    begins[0] = True
    np.not_equal(at_risk[1:], left[:-1], out=begins[1:])
    firsts = np.flatnonzero(begins)
    lengths = np.diff(firsts, append=len(at_risk))
    before = np.ones(len(firsts))
    np.cumprod(left[firsts[1:] - 1] / at_risk[firsts[:-1]], out=before[1:])
    survival = np.repeat(before, lengths) * left
    survival /= np.repeat(at_risk[firsts], lengths)
    return survival


def age_at(curve: Curve, share: float) -> float | None:
    """The smallest age (hours) at which the curve is the share or less; None where it does not come down to it."""
    has_fallen = curve.survival <= share + TOLERANCE
    place = int(has_fallen.argmax()) if len(has_fallen) else 0
    return int(curve.ages[place]) / HOUR_MICROS if len(has_fallen) and has_fallen[place] else None


def outline(curve: Curve) -> npt.NDArray[np.intp]:
    """The places on the curve at which it has come down by another `OUTLINE_STEP`, and its end: what an eye can tell."""
    level = np.floor(curve.survival / OUTLINE_STEP)
    is_shown = np.diff(level, prepend=np.nan) != 0
    is_shown[-1:] = True
    return np.flatnonzero(is_shown)


def last_survival(curve: Curve) -> float:
    """Where the curve ends."""
    return float(curve.survival[-1]) if len(curve.survival) else 1.0


def greenwood(curve: Curve) -> Floats:
    """Greenwood's sum of d / (n (n - d)) after each age; a term with n = d is 0."""
    return np.cumsum(_greenwood_terms(curve.at_risk, curve.ended))


def _greenwood_terms(at_risk: Ages, ended: Ages) -> Floats:
    left = at_risk - ended
    below = at_risk.astype(float) * left
    return np.divide(ended, below, out=np.zeros(len(below)), where=left > 0)


@dataclass(frozen=True)
class RestrictedMean:
    """Area under a curve up to tau with its standard error, in hours, and whether the curve is thin below tau."""

    hours: float
    error_hours: float
    is_thin: bool


def restricted_mean(curve: Curve, tau_micros: int) -> RestrictedMean:
    """The restricted mean (Royston and Parmar 2013) with its standard error (ruling 23)."""
    count = int(np.searchsorted(curve.ages, tau_micros, side="right"))
    if not count:
        return RestrictedMean(tau_micros / HOUR_MICROS, 0.0, False)
    ages, at_risk, survival = curve.ages[:count], curve.at_risk[:count], curve.survival[:count]
    after = np.diff(ages, append=tau_micros) / HOUR_MICROS
    after *= survival
    np.cumsum(after[::-1], out=after[::-1])
    hours = int(ages[0]) / HOUR_MICROS + float(after[0])
    after *= after
    after *= _greenwood_terms(at_risk, curve.ended[:count])
    return RestrictedMean(hours, math.sqrt(float(after.sum())), _is_thin(curve, tau_micros))


def _is_thin(curve: Curve, tau_micros: int) -> bool:
    below = int(np.searchsorted(curve.ages, tau_micros, side="left"))
    places = np.flatnonzero(curve.at_risk[:below] < THIN_BELOW)
    before = np.where(places > 0, curve.survival[places - 1], 1.0)
    return bool((before > THIN_ABOVE_SURVIVAL + TOLERANCE).any())


@dataclass(frozen=True)
class Lengths:
    """What is told of durations that ended, in hours; the deviation is None of a single one."""

    mean: float
    deviation: float | None
    median: float
    ninetieth: float


def lengths(tally: Tally) -> Lengths:
    """Mean, standard deviation and linear-interpolated (type 7) quantiles of ages, at least one."""
    count, total = tally.total, _sum(tally)
    deviation = None
    if count > 1:
        apart = (tally.ages - total // count) / HOUR_MICROS
        weighed = apart * tally.counts
        shift = float(weighed.sum())
        weighed *= apart
        deviation = math.sqrt(max(float(weighed.sum()) - shift * shift / count, 0.0) / (count - 1))
    median, ninetieth = _quantiles(tally, 0.5, 0.9)
    return Lengths(total / (count * HOUR_MICROS), deviation, median, ninetieth)


def _sum(tally: Tally) -> int:
    """The exact sum, also where it does not fit into 64 bits."""
    low = int(((tally.ages & 0xFFFFFFFF) * tally.counts).sum())
    return (int(((tally.ages >> 32) * tally.counts).sum()) << 32) + low


def _quantiles(tally: Tally, *shares: float) -> list[float]:
    ends, last = np.cumsum(tally.counts), tally.total - 1

    def hours(place: int) -> float:
        return int(tally.ages[np.searchsorted(ends, place, side="right")]) / HOUR_MICROS

    found = []
    for share in shares:
        place = last * share
        below = math.floor(place)
        low, high = hours(below), hours(min(below + 1, last))
        found.append(low + (high - low) * (place - below))
    return found
