"""Kaplan-Meier curves, restricted means and quantiles of sorted ages, millions of them at once.

The same figures as the models of `sql/durations` give, which a cluster runs: tests hold the two equal. Ages are whole
microseconds in numpy arrays. Nothing here depends on the order in which rows were read, nor on what a processor can
add at once: sums run over sorted ages, and no logarithm is taken.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
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

Ages: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float64]


def merged(runs: Sequence[Ages]) -> Ages:
    """Sorted runs of ages as one."""
    filled = [run for run in runs if len(run)]
    if len(filled) < 2:
        return filled[0] if filled else np.empty(0, np.int64)
    whole = np.concatenate(filled)
    whole.sort(kind="stable")
    return whole


@dataclass(frozen=True)
class AtRisk:
    """The spells of one group on one clock, as sorted ages in microseconds.

    Args:
        ended: ages at which something ended.
        censored: ages at which one that had not ended was last seen.
        entered: ages from which on one is at risk that was not from age 0 on (delayed entry).
        from_start: how many are at risk from age 0 on.
    """

    ended: Ages
    censored: Ages
    entered: Ages
    from_start: int

    @property
    def count(self) -> int:
        """All that are at risk at some age."""
        return len(self.ended) + len(self.censored)


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
    if not len(spells.ended):
        nothing = np.empty(0, np.int64)
        return Curve(nothing, nothing, nothing, np.empty(0))
    is_first = np.empty(len(spells.ended), bool)
    is_first[0] = True
    np.not_equal(spells.ended[1:], spells.ended[:-1], out=is_first[1:])
    firsts = np.flatnonzero(is_first)
    ages = spells.ended[firsts]
    ended = np.diff(firsts, append=len(spells.ended))
    at_risk = spells.from_start - firsts + _joined_before(ages, spells.entered)
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


def lengths(ages: Ages) -> Lengths:
    """Mean, standard deviation and linear-interpolated (type 7) quantiles of sorted ages, at least one."""
    count, total = len(ages), _sum(ages)
    deviation = None
    if count > 1:
        apart = (ages - total // count) / HOUR_MICROS
        shift = float(apart.sum())
        apart *= apart
        deviation = math.sqrt(max(float(apart.sum()) - shift * shift / count, 0.0) / (count - 1))
    return Lengths(total / (count * HOUR_MICROS), deviation, _quantile(ages, 0.5), _quantile(ages, 0.9))


def _sum(ages: Ages) -> int:
    """The exact sum, also where it does not fit into 64 bits."""
    low = int((ages & 0xFFFFFFFF).sum())
    return (int((ages >> 32).sum()) << 32) + low


def _quantile(ages: Ages, share: float) -> float:
    place = (len(ages) - 1) * share
    below = math.floor(place)
    low, high = (int(ages[at]) / HOUR_MICROS for at in (below, min(below + 1, len(ages) - 1)))
    return low + (high - low) * (place - below)
