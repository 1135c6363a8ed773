"""Kaplan-Meier curves, restricted means and quantiles of sorted ages, millions of them at once.

The same figures as the models of `sql/durations` give, which a cluster runs: tests hold the two equal. Ages are whole
microseconds in numpy arrays. Nothing here depends on the order in which rows were read, nor on what a processor can
add at once: sums run over sorted ages, and no logarithm is taken.

A curve is drawn in pieces: all that is computed of a piece stays in a processor's cache, so that tens of millions of
ages take a sixth of the time and next to no memory beside the ages themselves.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from pipeline.statistics import sorted_runs
from pipeline.statistics.sorted_runs import Ages, cut, ends_of, stretches

HOUR_MICROS = 3_600_000_000
TOLERANCE = 1e-12
"""By how much a curve may be above a quantile and count as having come down to it (ruling 22)."""
OUTLINE_STEP = 0.0005
"""Less than a pixel of any curve on a screen."""
THIN_BELOW, THIN_ABOVE_SURVIVAL = 5, 0.1
"""A curve is thin where fewer are at risk while more than this share is still there (ruling 24)."""

Floats: TypeAlias = npt.NDArray[np.float64]


@dataclass(frozen=True)
class AtRisk:
    """The spells of one group on one clock, as sorted ages in microseconds.

    Args:
        ended: runs of ages at which something ended.
        censored: ages at which one that had not ended was last seen.
        entered: ages from which on one is at risk that was not from age 0 on (delayed entry).
        from_start: how many are at risk from age 0 on.
    """

    ended: Sequence[Ages]
    censored: Ages
    entered: Ages
    from_start: int

    @property
    def end(self) -> int | None:
        """The largest age at which something ended."""
        return max((int(run[-1]) for run in self.ended if len(run)), default=None)


class Curve(NamedTuple):
    """A Kaplan-Meier curve or a piece of it, by each age (microseconds) at which something ended.

    Args:
        at_risk: how many were at risk at the age.
        ended: how many of them ended.
        greenwood: Greenwood's sum of d / (n (n - d)) up to it; a term with n = d is 0.
        survival: the share still there after it.
    """

    ages: Ages
    at_risk: Ages
    ended: Ages
    greenwood: Floats
    survival: Floats

    def at(self, places: npt.NDArray[np.intp] | slice) -> Curve:
        """The curve at some of its ages."""
        return Curve._make(column[places] for column in self)


def kaplan_meier(spells: AtRisk) -> Curve:
    """The whole curve of a group (Kaplan and Meier 1958), with delayed entry; at risk at age t: entry < t <= exit."""
    return _joined(curve for _, curve in pieces(spells))


def _joined(curves: Iterable[Curve]) -> Curve:
    """Pieces of a curve as one."""
    found = list(curves)
    if len(found) == 1:
        return found[0]
    nothing = [np.empty(0, kind) for kind in (np.int64, np.int64, np.int64, float, float)]
    return Curve._make(map(np.concatenate, zip(nothing, *found, strict=True)))


def pieces(spells: AtRisk) -> Iterator[tuple[float, Curve]]:
    """The curve of a group stretch by stretch, each with the share still there where it begins."""
    if spells.end is None:
        return
    at_risk, survival, greenwood = spells.from_start, 1.0, 0.0
    ends = ends_of(spells.ended)
    others = (cut(run, ends) for run in (spells.censored, spells.entered))
    for ended, censored, entered in zip(stretches(spells.ended, ends), *others, strict=True):
        curve = _drawn(ended, censored, entered, (at_risk, survival, greenwood))
        yield survival, curve
        at_risk += len(entered) - len(ended) - len(censored)
        survival, greenwood = float(curve.survival[-1]), float(curve.greenwood[-1])


def _drawn(all_ended: Ages, censored: Ages, entered: Ages, before: tuple[int, float, float]) -> Curve:
    """The curve of a stretch, from how many are at risk, still there and Greenwood's sum where it begins."""
    from_start, survival, greenwood = before
    is_first = np.empty(len(all_ended), bool)
    is_first[0] = True
    np.not_equal(all_ended[1:], all_ended[:-1], out=is_first[1:])
    firsts = np.flatnonzero(is_first)
    ages = all_ended[firsts]
    ended = np.diff(firsts, append=len(all_ended))
    at_risk = from_start - firsts + _joined_before(ages, entered)
    at_risk -= _joined_before(ages, censored)
    terms = _greenwood_terms(at_risk, ended)
    terms[0] += greenwood
    return Curve(ages, at_risk, ended, np.cumsum(terms), _product(at_risk, at_risk - ended, survival))


def _joined_before(ages: Ages, others: Ages) -> Ages:
    """How many of `others` lie below each age."""
    places = np.searchsorted(ages, others, side="right")
    counts: Ages = np.bincount(places, minlength=len(ages) + 1)[: len(ages)].astype(np.int64, copy=False)
    return np.cumsum(counts, out=counts)


def _product(at_risk: Ages, left: Ages, survival: float) -> Floats:
    """The running product of (n - d) / n, from a share on.

    While nothing enters and nothing is censored it is left / at risk of the whole run, so that only as many factors
    are multiplied as there are runs.
    """
    begins = np.empty(len(at_risk), bool)
    begins[0] = True
    np.not_equal(at_risk[1:], left[:-1], out=begins[1:])
    firsts = np.flatnonzero(begins)
    lengths = np.diff(firsts, append=len(at_risk))
    before = np.full(len(firsts), survival)
    before[1:] = left[firsts[1:] - 1] / at_risk[firsts[:-1]]
    np.cumprod(before, out=before)
    product: Floats = np.repeat(before, lengths) * left
    product /= np.repeat(at_risk[firsts], lengths)
    return product


def _greenwood_terms(at_risk: Ages, ended: Ages) -> Floats:
    left = at_risk - ended
    below = at_risk.astype(float) * left
    return np.divide(ended, below, out=np.zeros(len(below)), where=left > 0)


def age_at(curve: Curve, share: float) -> float | None:
    """The smallest age (hours) at which the curve is the share or less; None where it does not come down to it."""
    has_fallen = curve.survival <= share + TOLERANCE
    place = int(has_fallen.argmax()) if len(has_fallen) else 0
    return int(curve.ages[place]) / HOUR_MICROS if len(has_fallen) and has_fallen[place] else None


@dataclass(frozen=True)
class RestrictedMean:
    """Area under a curve up to tau with its standard error, in hours, and whether the curve is thin below tau."""

    hours: float
    error_hours: float
    is_thin: bool


@dataclass(frozen=True)
class Figures:
    """What is told of a curve: ages (hours) at which it has come down, where it ends, its restricted mean, its outline."""

    median: float | None
    ninetieth: float | None
    end: float
    mean: RestrictedMean | None
    outline: Curve | None


def figures(spells: AtRisk, tau_micros: int | None, with_outline: bool) -> Figures:
    """All that is told of a group's curve, from one look at its pieces; without a tau no restricted mean."""
    median, ninetieth, end = None, None, 1.0
    areas: list[_Area] = []
    outlines: list[Curve] = []
    for before, curve in pieces(spells):
        median = age_at(curve, 0.5) if median is None else median
        ninetieth = age_at(curve, 0.1) if ninetieth is None else ninetieth
        end = float(curve.survival[-1])
        if tau_micros is not None and curve.ages[0] <= tau_micros:
            areas.append(_area(curve, before, tau_micros))
        if with_outline:
            outlines.append(_outline(curve, before, spells.end))
    mean = _restricted_mean(areas, tau_micros) if tau_micros is not None else None
    return Figures(median, ninetieth, end, mean, _joined(outlines) if with_outline else None)


def outline(spells: AtRisk) -> Curve:
    """A group's curve where it has come down by another `OUTLINE_STEP`, and its end: what an eye can tell."""
    return _joined(_outline(curve, before, spells.end) for before, curve in pieces(spells))


def _outline(curve: Curve, before: float, end: int | None) -> Curve:
    level = np.floor(curve.survival / OUTLINE_STEP)
    is_shown = np.diff(level, prepend=np.floor(before / OUTLINE_STEP)) != 0
    is_shown[-1] |= curve.ages[-1] == end
    return curve.at(np.flatnonzero(is_shown))


class _Area(NamedTuple):
    """What a piece of a curve adds to a restricted mean, up to its last age below tau.

    Args:
        first_micros, last_micros: its first and last age.
        survival: the share still there after the last age.
        hours: the area between the two.
        greenwood, times_area, times_square: the sum of Greenwood's terms d / (n (n - d)), and of each times the area
            (and its square) from its age to the last one.
        is_thin: see `RestrictedMean`.
    """

    first_micros: int
    last_micros: int
    survival: float
    hours: float
    greenwood: float
    times_area: float
    times_square: float
    is_thin: bool


def _area(curve: Curve, before: float, tau_micros: int) -> _Area:
    """Of a piece that begins with a share still there, at an age of tau at most."""
    below = curve.at(slice(int(np.searchsorted(curve.ages, tau_micros, side="right"))))
    after = np.zeros(len(below.ages))
    np.multiply(np.diff(below.ages) / HOUR_MICROS, below.survival[:-1], out=after[:-1])
    np.cumsum(after[::-1], out=after[::-1])
    terms = _greenwood_terms(below.at_risk, below.ended)
    first = terms * after
    return _Area(
        int(below.ages[0]),
        int(below.ages[-1]),
        float(below.survival[-1]),
        float(after[0]),
        float(terms.sum()),
        float(first.sum()),
        float((first * after).sum()),
        _is_thin(curve, before, tau_micros),
    )


def _is_thin(curve: Curve, before: float, tau_micros: int) -> bool:
    below = int(np.searchsorted(curve.ages, tau_micros, side="left"))
    places = np.flatnonzero(curve.at_risk[:below] < THIN_BELOW)
    survival = np.where(places > 0, curve.survival[places - 1], before)
    return bool((survival > THIN_ABOVE_SURVIVAL + TOLERANCE).any())


def restricted_mean(spells: AtRisk, tau_micros: int) -> RestrictedMean:
    """The restricted mean (Royston and Parmar 2013) with its standard error (ruling 23)."""
    below = takewhile(lambda piece: piece[1].ages[0] <= tau_micros, pieces(spells))
    return _restricted_mean([_area(curve, before, tau_micros) for before, curve in below], tau_micros)


def _restricted_mean(areas: Sequence[_Area], tau_micros: int) -> RestrictedMean:
    hours, variance, until = 0.0, 0.0, tau_micros
    for area in reversed(areas):
        hours += area.survival * ((until - area.last_micros) / HOUR_MICROS)
        variance += area.times_square + 2 * hours * area.times_area + hours * hours * area.greenwood
        hours += area.hours
        until = area.first_micros
    return RestrictedMean(
        hours + until / HOUR_MICROS, math.sqrt(variance), any(area.is_thin for area in areas)
    )


@dataclass(frozen=True)
class Lengths:
    """What is told of durations that ended, in hours; the deviation is None of a single one."""

    mean: float
    deviation: float | None
    median: float
    ninetieth: float


def lengths(runs: Sequence[Ages]) -> Lengths:
    """Mean, standard deviation and linear-interpolated (type 7) quantiles of sorted runs of ages, at least one in all."""
    count = sum(map(len, runs))
    total = sum(
        _sum(run[first : first + sorted_runs.STRETCH])
        for run in runs
        for first in range(0, len(run), sorted_runs.STRETCH)
    )
    at = {place: 0 for share in (0.5, 0.9) for place in _around(count, share)}
    shift, squares, begin = 0.0, 0.0, 0
    for ages in stretches(runs):
        apart = (ages - total // count) / HOUR_MICROS
        shift += float(apart.sum())
        apart *= apart
        squares += float(apart.sum())
        at |= {place: int(ages[place - begin]) for place in at if begin <= place < begin + len(ages)}
        begin += len(ages)
    deviation = math.sqrt(max(squares - shift * shift / count, 0.0) / (count - 1)) if count > 1 else None
    median, ninetieth = (_quantile(at, count, share) for share in (0.5, 0.9))
    return Lengths(total / (count * HOUR_MICROS), deviation, median, ninetieth)


def _around(count: int, share: float) -> tuple[int, int]:
    """The places of so many ages that a quantile lies between."""
    below = math.floor((count - 1) * share)
    return below, min(below + 1, count - 1)


def _quantile(at: dict[int, int], count: int, share: float) -> float:
    low, high = (at[place] / HOUR_MICROS for place in _around(count, share))
    place = (count - 1) * share
    return low + (high - low) * (place - math.floor(place))


def _sum(ages: Ages) -> int:
    """The exact sum, also where it does not fit into 64 bits."""
    low = int((ages & 0xFFFFFFFF).sum())
    return (int((ages >> 32).sum()) << 32) + low
