"""Sorted lists of hashes on disk: which row groups of which parts hold a key of one kind.

A run is a file of 64-bit numbers in order, the highest bits of a hash above the number of a piece, and beside it the
names of the parts whose row groups are the pieces. Runs of about one size are merged, so that a search looks into few of
them however long the history is; those of very many entries stay as they are.
"""

from __future__ import annotations

import json
import mmap
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from pipeline.lake.release import flush

Hashes = NDArray[np.uint64]

PIECE_BITS = 24
PIECE_MASK = np.uint64((1 << PIECE_BITS) - 1)

MERGED_FROM = 8
"""So many runs of about one size become one."""

MERGED_UP_TO_ENTRIES = 32_000_000
"""About what a merged run has at most: it is made in memory."""


@dataclass(frozen=True)
class Covered:
    """A part in a run: its name, and its numbers of row groups and of rows."""

    name: str
    groups: int
    rows: int

    def rows_in(self, groups: int) -> int:
        """About how many rows so many of its row groups have."""
        return min(self.rows, -(-self.rows * groups // self.groups))


@dataclass(frozen=True, eq=False)
class Run:
    """One list on disk, of the keys of these parts in this order."""

    path: Path
    parts: tuple[Covered, ...]
    entries: Hashes
    mapped: mmap.mmap | None
    """The file in which the entries stand; None where there are none."""

    @cached_property
    def _first_pieces(self) -> NDArray[np.int64]:
        """The number of each part's first piece, and at the end that of all pieces."""
        return np.cumsum([0, *(part.groups for part in self.parts)])

    def rows_of(self, names: Mapping[str, object]) -> int:
        """The rows of those of its parts that are among these."""
        return sum(part.rows for part in self.parts if part.name in names)

    def groups_with(self, sought: Hashes) -> Iterator[tuple[str, int]]:
        """The parts, by name, and their row groups that may hold a key with one of these hashes (sorted)."""
        held, floor = self.entries, sought & ~PIECE_MASK
        first = np.searchsorted(held, floor)
        last = np.searchsorted(held, floor | PIECE_MASK, side="right")
        hits = np.flatnonzero(last > first)
        places = [np.arange(first[hit], last[hit]) for hit in hits]
        pieces = np.unique(held[np.concatenate(places)] & PIECE_MASK).astype(np.int64) if places else ()
        self.let_go()
        for piece in pieces:
            part = int(np.searchsorted(self._first_pieces, piece, side="right")) - 1
            yield self.parts[part].name, int(piece - self._first_pieces[part])

    def let_go(self) -> None:
        """Gives back the memory of what was looked at, where the system can; it is read again from the file."""
        if self.mapped is not None and hasattr(mmap, "MADV_DONTNEED"):
            self.mapped.madvise(mmap.MADV_DONTNEED)

    def delete(self) -> None:
        """Takes it from the disk; what a system does not delete while it is read goes another time."""
        for path in (self.path, _told(self.path)):
            with suppress(OSError):
                path.unlink()


def runs_in(folder: Path) -> list[Run]:
    """The runs of a folder; one that is deleted meanwhile, or is not what was told of it, is none."""
    found = (_read(told) for told in sorted(folder.glob("*.json")))
    return [run for run in found if run is not None]


def _read(told: Path) -> Run | None:
    try:
        said = json.loads(told.read_text(encoding="utf-8"))
        parts = tuple(Covered(*part) for part in said["parts"])
        run = _run(told.with_suffix(".keys"), parts)
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return run if len(run.entries) == said["entries"] else None


def _run(path: Path, parts: tuple[Covered, ...]) -> Run:
    if not path.stat().st_size:
        return Run(path, parts, np.empty(0, np.uint64), None)
    with path.open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    return Run(path, parts, np.frombuffer(mapped, np.uint64), mapped)


def _told(path: Path) -> Path:
    return path.with_suffix(".json")


def write_run(folder: Path, parts: Iterable[Covered], entries: Hashes) -> Run:
    """Writes entries (hash above piece), which it sorts, as a run, and sees them to the disk before they are told of.

    A list that lacks an entry would hide a row, so whoever reads the folder sees it whole or not at all.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{uuid4().hex[:16]}.keys"
    covered = tuple(parts)
    entries = _sorted_apart(entries)
    with path.open("wb") as file:
        entries.tofile(file)
    told = {"entries": len(entries), "parts": [(part.name, part.groups, part.rows) for part in covered]}
    half = path.with_suffix(".half")
    half.write_text(json.dumps(told), encoding="utf-8")
    flush([path, half])
    os.replace(half, _told(path))
    return _run(path, covered)


def clear_torn(folder: Path, runs: Iterable[Run]) -> None:
    """Deletes what is of none of the runs of a folder: what a writer that was killed left behind."""
    named = {run.path.stem for run in runs}
    for path in folder.glob("*.*"):
        if path.stem not in named:
            with suppress(OSError):
                path.unlink()


def _sorted_apart(entries: Hashes) -> Hashes:
    """Entries in order, each once, sorted where they are; `numpy.unique` takes several times as long for so many."""
    entries.sort()
    return entries[np.concatenate([[True], entries[1:] != entries[:-1]])] if len(entries) else entries


def merged(folder: Path, runs: list[Run]) -> list[Run]:
    """The runs of a folder after those of about one size have been merged."""
    alike: dict[int, list[Run]] = {}
    for run in runs:
        if len(run.entries) < MERGED_UP_TO_ENTRIES // MERGED_FROM:
            alike.setdefault(len(f"{len(run.entries):o}"), []).append(run)
    for lot in chain.from_iterable(map(_lots, alike.values())):
        runs = [run for run in runs if run not in lot] + [_merge(folder, lot)]
    return runs


def _lots(runs: list[Run]) -> Iterator[list[Run]]:
    """Runs of about one size in lots that are merged: enough of them, and not more than fit in memory."""
    largest = max(len(run.entries) for run in runs)
    most = max(MERGED_FROM, MERGED_UP_TO_ENTRIES // max(largest, 1))
    lots = (runs[first : first + most] for first in range(0, len(runs), most))
    return (lot for lot in lots if len(lot) >= MERGED_FROM)


def _merge(folder: Path, runs: list[Run]) -> Run:
    ends = np.cumsum([len(run.entries) for run in runs])
    entries = np.empty(ends[-1], np.uint64)
    first_piece = 0
    for run, end in zip(runs, ends, strict=True):
        np.add(run.entries, np.uint64(first_piece), out=entries[end - len(run.entries) : end])
        run.let_go()
        first_piece += sum(part.groups for part in run.parts)
    made = write_run(folder, (part for run in runs for part in run.parts), entries)
    for run in runs:
        run.delete()
    return made
