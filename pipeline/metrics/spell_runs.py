"""The spells of a question by place, gathered a block at a time; of most of them nothing but their ages is held."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.arrow_tables import values_of
from pipeline.settings import usable_cores
from pipeline.survival import Ages, AtRisk, merged

CLOCKS = ("exit", "cohort", "period")
Columns = dict[str, npt.NDArray[Any]]
_ON_CLOCK = {"exit": "ends_in_window", "cohort": "begins_in_window", "period": "is_in_period"}
_HAS_ENDED = {"exit": "ends_in_window", "cohort": "has_ended", "period": "ends_in_window"}
_AGE = {"exit": "seen_micros", "cohort": "seen_micros", "period": "period_micros"}
_NOTHING = np.empty(0, np.int64)
_LOOKED_BACK = 64


class Spells:
    """All spells by place, from the rows of the model `spell_ages`.

    The plain ones, most of all, are held as sorted ages alone, doubled and one more for those that came before their
    window, with the ages at which those entered it; the rest in columns.
    """

    def __init__(self, blocks: Iterable[pa.RecordBatch], places: int) -> None:
        """Reads the blocks; places are numbered from 1 to `places`."""
        plain, entries = _Gathered(places), _Gathered(places)
        odd: list[Columns] = []
        for block in blocks:
            columns = {name: values_of(block.column(name), null_as=-1) for name in block.schema.names}
            is_plain = columns.pop("is_plain")
            at, entered = columns["place_no"], is_plain & (columns["entry_micros"] >= 0)
            plain.add(at[is_plain], columns["seen_doubled"][is_plain])
            entries.add(at[entered], columns["entry_micros"][entered])
            odd.append({name: column[~is_plain] for name, column in columns.items()})
        self._plain = plain.runs()
        _sort(self._plain)
        self._entries = entries.runs()
        self._odd = {name: _joined([part[name] for part in odd]) for name in (odd[0] if odd else ())}
        self._odd_bounds = self._put_in_order(places)

    def _put_in_order(self, places: int) -> npt.NDArray[np.intp]:
        """Puts the odd spells in the order of places. Returns where those of each place begin."""
        if not self._odd:
            return np.zeros(places + 2, np.intp)
        self._odd["seen_micros"] = self._odd.pop("seen_doubled") >> 1
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
            [self._entries[place] for place in places],
            {name: _joined([column[part] for part in rest]) for name, column in self._odd.items()},
        )


def _joined(parts: list[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


class _Gathered:
    """Numbers of places, added a block at a time."""

    def __init__(self, places: int) -> None:
        self._places = places + 1
        self._kind = (
            np.uint16 if places < 2**16 else np.uint32
        )  # short ones are put in order several times as fast
        self._blocks: list[tuple[Ages, npt.NDArray[np.intp]]] = []

    def add(self, places: Ages, values: Ages) -> None:
        """Adds a block: the place of each value, and the value."""
        order = np.argsort(places.astype(self._kind), kind="stable")
        self._blocks.append((values[order], np.bincount(places, minlength=self._places)))

    def runs(self) -> list[Ages]:
        """The values of each place, all in one stretch of memory."""
        lengths = sum((counts for _, counts in self._blocks), np.zeros(self._places, np.intp))
        bounds = np.concatenate([[0], np.cumsum(lengths)])
        whole = np.empty(bounds[-1], np.int64)
        begins = bounds[:-1].copy()
        for values, counts in self._blocks:
            shift = begins - (np.cumsum(counts) - counts)
            whole[np.arange(len(values)) + np.repeat(shift, counts)] = values
            begins += counts
        self._blocks.clear()
        return [whole[first:after] for first, after in pairwise(bounds)]


def _sort(runs: list[Ages]) -> None:
    """Sorts every run in place, on all cores."""
    cores = usable_cores()

    def sort_some(first: int) -> None:
        for run in runs[first::cores]:
            run.sort()

    with ThreadPoolExecutor(cores) as pool:
        list(pool.map(sort_some, range(cores)))


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

    def __init__(self, plain: list[Ages], entries: list[Ages], odd: Columns) -> None:
        self._runs = plain
        self._entries = entries
        self._odd = odd

    def counts(self, clock: str) -> Counts:
        """How many a clock counts; nothing is merged or sorted for it."""
        counted, has_ended, ages = self._odd_on(clock)
        came_before = sum(map(len, self._entries))
        plain = sum(map(len, self._runs)) - (came_before if clock == "cohort" else 0)
        ended = plain + int(has_ended.sum())
        total = plain + int(counted.sum())
        entered = came_before + int((counted & self._entered()).sum()) if clock == "period" else 0
        largest = max([*self._largest_plain(clock), *([int(ages.max())] if len(ages) else [])], default=None)
        left_out = int((self._on(clock) & self._is_left_out()).sum())
        return Counts(ended, total - ended, left_out, total - entered, largest)

    def on(self, clock: str) -> AtRisk:
        """The spells at risk on a clock."""
        counted, has_ended, ages = self._odd_on(clock)
        plain = self._plain[(self._plain & 1) == 0] if clock == "cohort" else self._plain
        ended = merged([plain >> 1, np.sort(ages[has_ended[counted]])])
        censored = np.sort(ages[~has_ended[counted]])
        entered = _NOTHING
        if clock == "period":
            odd = self._odd_column("entry_micros")[counted & self._entered()]
            entered = np.sort(_joined([*self._entries, odd]))
        return AtRisk(ended, censored, entered, len(ended) + len(censored) - len(entered))

    @cached_property
    def _plain(self) -> Ages:
        return merged(self._runs)

    def _largest_plain(self, clock: str) -> list[int]:
        filled = [run for run in self._runs if len(run)]
        if clock != "cohort":
            return [int(run[-1]) >> 1 for run in filled]
        return [age for age in map(_last_begun, filled) if age is not None]

    def _odd_on(self, clock: str) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_], Ages]:
        """Which of the odd ones a clock counts, which of those had ended, and the ages of those that it counts."""
        counted = self._on(clock) & ~self._is_left_out()
        return counted, counted & self._odd_column(_HAS_ENDED[clock]), self._odd_column(_AGE[clock])[counted]

    def _on(self, clock: str) -> npt.NDArray[np.bool_]:
        return self._odd_column(_ON_CLOCK[clock])

    def _is_left_out(self) -> npt.NDArray[np.bool_]:
        return self._odd_column("is_left_out")

    def _entered(self) -> npt.NDArray[np.bool_]:
        return self._odd_column("entry_micros") >= 0

    def _odd_column(self, name: str) -> npt.NDArray[Any]:
        return self._odd[name] if self._odd else np.empty(0, bool)


def _last_begun(run: Ages) -> int | None:
    """The largest age of a sorted run among those that began in the window: the even ones."""
    length = _LOOKED_BACK
    while True:
        tail = run[-length:]
        begun = tail[(tail & 1) == 0]
        if len(begun):
            return int(begun[-1]) >> 1
        if length >= len(run):
            return None
        length *= _LOOKED_BACK
