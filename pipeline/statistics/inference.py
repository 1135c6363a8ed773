"""What SQL is not for: intervals, control charts, standardisation, difference in differences."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Z_95 = 1.959964
"""The normal quantile of a two-sided 95 % interval."""
Z_998 = 3.090232
"""The normal quantile of a two-sided 99.8 % interval, the outer limit of a funnel plot (Spiegelhalter 2005)."""


@dataclass(frozen=True)
class Interval:
    """An estimate with its 95 % interval."""

    estimate: float
    lower: float
    upper: float


def wilson(successes: int, trials: int) -> Interval | None:
    """The score interval of a share (Wilson 1927); None without trials."""
    if trials == 0:
        return None
    share = successes / trials
    square = Z_95**2
    centre = (share + square / (2 * trials)) / (1 + square / trials)
    reach = Z_95 / (1 + square / trials) * math.sqrt(share * (1 - share) / trials + square / (4 * trials**2))
    return Interval(share, max(0.0, centre - reach), min(1.0, centre + reach))


def log_ratio_reduction(before: float, now: float, before_se: float, now_se: float) -> Interval:
    """1 - now / before in percent, by the delta method on the log ratio. Both must be above 0."""
    log_ratio = math.log(now / before)
    reach = Z_95 * math.sqrt((now_se / now) ** 2 + (before_se / before) ** 2)
    return Interval(
        100 * (1 - now / before),
        100 * (1 - math.exp(log_ratio + reach)),
        100 * (1 - math.exp(log_ratio - reach)),
    )


@dataclass(frozen=True)
class Cusum:
    """A one-sided CUSUM (Page 1954) of weekly counts against a frozen baseline.

    `path` starts after the baseline. `signal` and `onset` are positions in the whole series (0 the first week): the
    first week above the threshold, and the week after the last zero before it. None where there is no signal.
    """

    mean: float
    sigma: float
    threshold: float
    path: tuple[float, ...]
    signal: int | None
    onset: int | None


MIN_SIGMA = 1.0
"""One batch a week. Eight quiet weeks of a small port have a spread of nearly nothing, in which any batch would signal."""


def cusum(counts: Sequence[float], baseline: int = 8, k: float = 0.5, h: float = 5.0) -> Cusum | None:
    """The CUSUM of counts with allowance `k` and threshold `h` in sigmas of the first `baseline` counts.

    None where there is nothing after the baseline. The sigma is at least `MIN_SIGMA`.
    """
    if len(counts) <= baseline:
        return None
    frozen = counts[:baseline]
    mean = math.fsum(frozen) / baseline
    spread = math.sqrt(math.fsum((count - mean) ** 2 for count in frozen) / (baseline - 1))
    sigma = max(spread, MIN_SIGMA)
    path: list[float] = []
    level, last_zero, signal, onset = 0.0, baseline - 1, None, None
    for week in range(baseline, len(counts)):
        level = max(0.0, level + counts[week] - mean - k * sigma)
        path.append(level)
        if level == 0.0:
            last_zero = week
        if signal is None and level > h * sigma:
            signal, onset = week, last_zero + 1
    return Cusum(mean, sigma, h * sigma, tuple(path), signal, onset)


def cusum_ends(
    weeks: npt.NDArray[np.float64], baseline: int = 8, k: float = 0.5, h: float = 5.0
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Where the CUSUM of each row stands at the row's end, and its threshold: `cusum` of many series at once.

    `weeks`: a row a series, its first `baseline` columns frozen, at least one after them.
    """
    frozen = weeks[:, :baseline]
    mean = frozen.mean(axis=1)
    sigma = np.maximum(frozen.std(axis=1, ddof=1), MIN_SIGMA)
    level = np.zeros(len(weeks))
    for counts in weeks[:, baseline:].T:
        level = np.maximum(0.0, level + counts - mean - k * sigma)
    return level, h * sigma


def first_signals(
    weeks: npt.NDArray[np.float64], baseline: int = 8, k: float = 0.5, h: float = 5.0
) -> npt.NDArray[np.int64]:
    """The column in which the CUSUM of each row first signals, -1 where it does not: `cusum` of many series at once."""
    frozen = weeks[:, :baseline]
    mean = frozen.mean(axis=1)
    sigma = np.maximum(frozen.std(axis=1, ddof=1), MIN_SIGMA)
    level = np.zeros(len(weeks))
    signals = np.full(len(weeks), -1)
    for week in range(baseline, weeks.shape[1]):
        level = np.maximum(0.0, level + weeks[:, week] - mean - k * sigma)
        signals[(signals < 0) & (level > h * sigma)] = week
    return signals


def log_interval(estimate: float, error: float, z: float = Z_95) -> Interval | None:
    """An interval on the log scale by the delta method, so that it stays above 0. None without an error to go by."""
    if not (estimate > 0 and error > 0):
        return None
    reach = math.exp(z * error / estimate)
    return Interval(estimate, estimate / reach, estimate * reach)


@dataclass(frozen=True)
class Standardised:
    """A mean over strata with weights from elsewhere, its standard error, and the share of the weights it covers."""

    estimate: float
    error: float
    coverage: float


def standardise(
    weights: Mapping[str, float], means: Mapping[str, tuple[float, float]]
) -> Standardised | None:
    """Direct standardisation: `means` (mean, standard error) by stratum, weighted by `weights`.

    Strata without a mean are left out and the weights of the rest scaled up; `coverage` tells how much is left. None
    where nothing is. Raises `KeyError` for a mean of a stratum without a weight.
    """
    covered = math.fsum(weights[stratum] for stratum in means)
    if covered <= 0:
        return None
    shares = {stratum: weights[stratum] / covered for stratum in means}
    estimate = math.fsum(shares[stratum] * mean for stratum, (mean, _) in means.items())
    variance = math.fsum((shares[stratum] * error) ** 2 for stratum, (_, error) in means.items())
    return Standardised(estimate, math.sqrt(variance), covered / math.fsum(weights.values()))


def shared_ranks(intervals: Mapping[str, Interval]) -> dict[str, int]:
    """Ranks from the lowest up; those whose intervals overlap, directly or through others between, share one."""
    ranks: dict[str, int] = {}
    reached, rank = -math.inf, 0
    ordered = sorted(intervals, key=lambda name: (intervals[name].lower, intervals[name].upper, name))
    for position, name in enumerate(ordered, start=1):
        if intervals[name].lower > reached:
            rank = position
        ranks[name] = rank
        reached = max(reached, intervals[name].upper)
    return ranks


def places(intervals: Mapping[str, Interval]) -> dict[str, tuple[int, int]]:
    """The places that each could have: after all that lie wholly below it, before all that lie wholly above."""
    found = {}
    for name, own in intervals.items():
        below = sum(other.upper < own.lower for other in intervals.values())
        above = sum(other.lower > own.upper for other in intervals.values())
        found[name] = (1 + below, len(intervals) - above)
    return found


@dataclass(frozen=True)
class Effects:
    """What a change of an overall mean owes to one group: to its share, and to its own mean."""

    mix: float
    rate: float


def kitagawa(
    before: Mapping[str, tuple[int, float]], now: Mapping[str, tuple[int, float]]
) -> dict[str, Effects] | None:
    """The change of an overall mean, now less before, taken apart by group (Kitagawa 1955).

    `before` and `now` map a group to (count, mean). Mix: change of the group's share x (its mean of both, averaged,
    less the overall mean of both, averaged). Rate: change of its mean x its share of both, averaged. The effects of
    all groups add up to the change. A group that is missing in one of the two keeps its mean: all of its effect is
    mix. None where one of the two is empty.
    """
    totals = [math.fsum(count for count, _ in side.values()) for side in (before, now)]
    if not all(totals):
        return None
    overall = [
        math.fsum(count * mean for count, mean in side.values() if count) / total
        for side, total in zip((before, now), totals, strict=True)
    ]
    level = sum(overall) / 2
    effects = {}
    for group in sorted({*before, *now}):
        (old_count, old_mean), (new_count, new_mean) = (side.get(group, (0, 0.0)) for side in (before, now))
        if not old_count and not new_count:
            continue
        old_mean = old_mean if old_count else new_mean
        new_mean = new_mean if new_count else old_mean
        old_share, new_share = old_count / totals[0], new_count / totals[1]
        effects[group] = Effects(
            mix=(new_share - old_share) * ((old_mean + new_mean) / 2 - level),
            rate=(new_mean - old_mean) * (old_share + new_share) / 2,
        )
    return effects


BAND = 0.8
"""How much of the outcomes a forecast's band holds: four of five."""
_JEFFREYS = 0.5
_GRID = 400


def days_until_gone(remaining: int, exits: int, batch_days: float) -> Interval | None:
    """Days until the last of `remaining` has left: median and band. None where nobody left to tell a pace by.

    Each leaves with the same hazard, of which `exits` in `batch_days` at risk tell (gamma, Jeffreys prior). The last
    of n is gone by t with probability (1 - exp(-hazard t))^n. Quantiles of the two together, on an even grid of both.
    """
    if remaining == 0:
        return Interval(0.0, 0.0, 0.0)
    if exits == 0 or batch_days <= 0:
        return None
    from scipy.special import gammaincinv

    shares = (np.arange(_GRID) + 0.5) / _GRID
    hazards = gammaincinv(exits + _JEFFREYS, shares) / batch_days
    waits = -np.log(-np.expm1(np.log(shares) / remaining))
    days = np.outer(waits, 1 / hazards).ravel()
    lower, middle, upper = np.quantile(days, [(1 - BAND) / 2, 0.5, (1 + BAND) / 2])
    return Interval(float(middle), float(lower), float(upper))
