"""What SQL is not for: intervals, control charts, standardisation, difference in differences."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

Z_95 = 1.959964
"""The normal quantile of a two-sided 95 % interval."""


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
