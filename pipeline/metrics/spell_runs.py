"""The spells of a question by place, gathered a block at a time; of most of them nothing but their ages is held."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.arrow_tables import one_array, values_of
from pipeline.settings import usable_cores
from pipeline.statistics.sorted_runs import Ages
from pipeline.statistics.survival import AtRisk

CLOCKS = ("exit", "cohort", "period")
Columns = dict[str, npt.NDArray[Any]]
_ON_CLOCK = {"exit": "ends_in_window", "cohort": "begins_in_window", "period": "is_in_period"}
_HAS_ENDED = {"exit": "ends_in_window", "cohort": "has_ended", "period": "ends_in_window"}
_AGE = {"exit": "seen_micros", "cohort": "seen_micros", "period": "period_micros"}
_NOTHING = np.empty(0, np.int64)
MET_SCHEMA = pa.schema(
    [
        ("place_no", pa.int32()),
        ("is_plain", pa.bool_()),
        ("is_left_out", pa.bool_()),
        ("has_ended", pa.bool_()),
        ("began_at", pa.timestamp("us")),
        ("seen_until", pa.timestamp("us")),
    ]
)
"""The columns of the model `met_spells`."""
_ODD = 0
"""Where those are put that are not plain: places are numbered from 1."""


class Gathered(NamedTuple):
    """The plain spells as sorted ages by the number of their place, and the rows of the others."""

    plain: list[Ages]
    odd: pa.Table


def gathered(blocks: Iterable[pa.RecordBatch], places: int) -> Gathered:
    """Takes apart the rows of the model `met_spells`, whose places are numbered from 1 to `places`.

    A block is put in order while the engine makes the next ones.
    """
    kind = np.uint16 if places < 2**16 else np.uint32  # short ones are put in order several times as fast
    cores = usable_cores()
    with ThreadPoolExecutor(cores) as pool:
        found = list(_side_by_side(pool, blocks, kind, places))
        parts = [pool.submit(_sorted_runs, found, range(first, places + 1, cores)) for first in range(cores)]
        plain = [_NOTHING] * (places + 1)
        for first, part in enumerate(parts):
            plain[first::cores] = part.result()
    plain[_ODD] = _NOTHING
    odd = pa.Table.from_batches([block.odd for block in found], None if found else MET_SCHEMA)
    return Gathered(plain, odd)


class _Block(NamedTuple):
    """The ages of the plain spells of a block in the order of places, where those of each place begin, and the rest."""

    ages: Ages
    bounds: npt.NDArray[np.intp]
    odd: pa.RecordBatch


def _side_by_side(
    pool: ThreadPoolExecutor, blocks: Iterable[pa.RecordBatch], kind: npt.DTypeLike, places: int
) -> Iterator[_Block]:
    """Every block in order; no more are read ahead than are worked on."""
    ahead: deque[Future[_Block]] = deque()
    for block in blocks:
        ahead.append(pool.submit(_in_order, block, kind, places))
        if len(ahead) > usable_cores():
            yield ahead.popleft().result()
    for waiting in ahead:
        yield waiting.result()


def _in_order(block: pa.RecordBatch, kind: npt.DTypeLike, places: int) -> _Block:
    columns = {
        name: values_of(block.column(name)) for name in ("place_no", "is_plain", "began_at", "seen_until")
    }
    at = np.where(columns["is_plain"], columns["place_no"], _ODD).astype(kind)
    order = np.argsort(at, kind="stable")
    counts = np.bincount(at, minlength=places + 1)
    bounds = np.concatenate([[0], np.cumsum(counts)])
    ages = (columns["seen_until"] - columns["began_at"])[order]
    return _Block(ages, bounds, block.take(pa.array(order[: counts[_ODD]])))


def _sorted_runs(blocks: list[_Block], places: Iterable[int]) -> list[Ages]:
    """The ages at some places."""
    runs = []
    for place in places:
        run = np.concatenate(
            [_NOTHING, *(block.ages[slice(*block.bounds[place : place + 2])] for block in blocks)]
        )
        run.sort()
        runs.append(run)
    return runs


class Spells:
    """All spells by place: of the plain ones their ages, of the odd ones the columns of the model `placed_spells`."""

    def __init__(self, plain: list[Ages], odd: pa.Table) -> None:
        self._plain = plain
        places = len(plain) - 1
        self._odd = {name: values_of(one_array(odd[name]), null_as=-1) for name in odd.column_names}
        self._odd_bounds = self._put_in_order(places)

    def _put_in_order(self, places: int) -> npt.NDArray[np.intp]:
        """Puts the odd spells in the order of places. Returns where those of each place begin."""
        at = self._odd.pop("place_no")
        order = np.argsort(at, kind="stable")
        self._odd = {name: column[order] for name, column in self._odd.items()}
        return np.searchsorted(at[order], np.arange(places + 2))

    def counts(self) -> npt.NDArray[np.intp]:
        """How many spells each place has, by its number."""
        plain = np.array([len(run) for run in self._plain], np.intp)
        return plain + np.diff(self._odd_bounds)

    def of(self, places: Iterable[int]) -> GroupSpells:
        """The spells of a group's places."""
        places = list(places)
        rest = [slice(*self._odd_bounds[place : place + 2]) for place in places]
        return GroupSpells(
            [self._plain[place] for place in places],
            {name: _joined([column[part] for part in rest]) for name, column in self._odd.items()},
        )


def _joined(parts: list[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


@dataclass(frozen=True)
class Counts:
    """How many spells of a group a clock counts: ended, not ended, left out, at risk from age 0 on; the largest age."""

    ended: int
    still: int
    left_out: int
    from_start: int
    largest: int | None


class GroupSpells:
    """The spells of one group, as `Spells` holds them."""

    def __init__(self, plain: list[Ages], odd: Columns) -> None:
        self._runs = plain
        self._odd = odd

    def counts(self, clock: str) -> Counts:
        """How many a clock counts; nothing is merged or sorted for it."""
        counted, has_ended, ages = self._odd_on(clock)
        plain = sum(map(len, self._runs))
        ended = plain + int(has_ended.sum())
        total = plain + int(counted.sum())
        entered = int((counted & self._entered()).sum()) if clock == "period" else 0
        largest = max(
            [*(int(run[-1]) for run in self._runs if len(run)), *([int(ages.max())] if len(ages) else [])],
            default=None,
        )
        left_out = int((self._on(clock) & self._odd["is_left_out"]).sum())
        return Counts(ended, total - ended, left_out, total - entered, largest)

    def on(self, clock: str) -> AtRisk:
        """The spells at risk on a clock."""
        counted, has_ended, ages = self._odd_on(clock)
        ended = [*self._runs, np.sort(ages[has_ended[counted]])]
        censored = np.sort(ages[~has_ended[counted]])
        entered = _NOTHING
        if clock == "period":
            entered = np.sort(self._odd["entry_micros"][counted & self._entered()])
        return AtRisk(ended, censored, entered, sum(map(len, ended)) + len(censored) - len(entered))

    def _odd_on(self, clock: str) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_], Ages]:
        """Which of the odd ones a clock counts, which of those had ended, and the ages of those that it counts."""
        counted = self._on(clock) & ~self._odd["is_left_out"]
        return counted, counted & self._odd[_HAS_ENDED[clock]], self._odd[_AGE[clock]][counted]

    def _on(self, clock: str) -> npt.NDArray[np.bool_]:
        return self._odd[_ON_CLOCK[clock]]

    def _entered(self) -> npt.NDArray[np.bool_]:
        return self._odd["entry_micros"] >= 0
