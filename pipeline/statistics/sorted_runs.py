"""Millions of ages in a few sorted runs, in order without a copy of them all: a stretch of ages after the other.

A stretch and all that is computed of it stay in a processor's cache.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

STRETCH = 2**16
"""About so many ages are looked at together."""
BISECTIONS = 20
"""So often the range of all ages is halved to find where a stretch ends: half a minute, for ages of up to a year."""

Ages: TypeAlias = npt.NDArray[np.int64]
"""Whole microseconds."""


def merged(runs: Sequence[Ages]) -> Ages:
    """Sorted runs of ages as one."""
    filled = [run for run in runs if len(run)]
    if len(filled) < 2:
        return filled[0] if filled else np.empty(0, np.int64)
    whole = np.concatenate(filled)
    whole.sort()
    return whole


def stretches(runs: Sequence[Ages], ends: Ages | None = None) -> Iterator[Ages]:
    """All ages of sorted runs in order, a stretch of them after the other; equal ages are in the same one."""
    ends = ends_of(runs) if ends is None else ends
    return map(merged, zip(*(cut(run, ends) for run in runs), strict=True))


def ends_of(runs: Sequence[Ages]) -> Ages:
    """The ages that stretches end with, but for the last. They depend on the ages alone, not on who is in which run."""
    filled = [run for run in runs if len(run)]
    wanted = np.arange(STRETCH, sum(map(len, filled)), STRETCH)
    if not len(wanted):
        return np.empty(0, np.int64)
    low, high = (np.full(len(wanted), pick(run[at] for run in filled)) for pick, at in ((min, 0), (max, -1)))
    largest = high[0]
    for _ in range(BISECTIONS):
        middle = low + (high - low) // 2
        is_reached = sum(np.searchsorted(run, middle, side="right") for run in filled) >= wanted
        low, high = np.where(is_reached, low, middle), np.where(is_reached, middle, high)
    return np.unique(high[high < largest])


def cut(run: Ages, ends: Ages) -> list[Ages]:
    """A run by stretches."""
    bounds = [0, *np.searchsorted(run, ends, side="right").tolist(), len(run)]
    return [run[begin:end] for begin, end in pairwise(bounds)]
