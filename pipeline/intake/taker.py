"""Taking files one after another: each read, checked and written, the rows of small ones together."""

from __future__ import annotations

import itertools
import stat
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from pipeline.contract import SOURCES
from pipeline.intake.checking import Counts
from pipeline.intake.parts import write_part
from pipeline.intake.refusals import FileRefused
from pipeline.intake.take import Intake, told_name

HOLD_ROWS = 100_000
"""Files of fewer rows share a part with others of their source."""

PART_ROWS = 400_000
"""Rows held of a table at most, before they are written."""

Stamp = tuple[int, ...]


@dataclass(frozen=True)
class Part:
    """A Parquet file of rows for a table."""

    table: str
    path: Path
    rows: int


@dataclass(frozen=True)
class Job:
    """A file that is to be taken: its source, its number, what it was before it was read, and where its rows go."""

    path: Path
    source: str
    file_seq: int
    stamp: Stamp
    table: str
    folder: Path


@dataclass
class Taken(Counts):
    """What became of a file. Its rows are in `parts`, or wait with others for a part that comes later."""

    parts: list[Part] = field(default_factory=list)
    unknown_columns: list[str] = field(default_factory=list)
    encoding: str = ""
    separator: str = ""


class Takes(Protocol):
    """Whoever takes files: in this process, or in one beside it."""

    def take(self, job: Job, advance: Callable[[int], None]) -> Taken:
        """Reads and checks a file. Raises `FileRefused`, or `OSError` where it cannot be read."""

    def flush(self, table: str | None = None) -> list[Part]:
        """Writes the rows that wait for a part of a table; of every table where None."""

    def close(self) -> None:
        """Gives everything back."""


def stamp_of(path: Path) -> Stamp:
    """What tells whether a file is still the same. Refuses what is none, such as a pipe, which never ends."""
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        raise FileRefused("not a file", "Hand in plain files.")
    return (found.st_ino, found.st_size, found.st_mtime_ns)


class Taker:
    """Takes files in this process.

    Args:
        intake: reads and checks; it holds rows of small files.
        rejects: the table of rejected rows, and the folder for its parts.
        mark: what the names of this taker's parts begin with; another's begin otherwise.
        lane: the lane of the intake in which files stay; None lets the blocks of a file go through all.
    """

    def __init__(self, intake: Intake, rejects: tuple[str, Path], mark: str, lane: int | None = 0) -> None:
        self._intake, self._rejects, self._lane = intake, rejects, lane
        self._gathered = _Gathered(mark)

    def take(self, job: Job, advance: Callable[[int], None]) -> Taken:
        """Reads and checks a file. Raises `FileRefused`, or `OSError` where it cannot be read."""
        source = SOURCES[job.source]
        found = self._intake.take(
            job.path, told_name(job.path), source, job.file_seq, job.folder, advance, self._lane
        )
        if stamp_of(job.path) != job.stamp:
            for path, _ in (*found.parts, *found.reject_parts):
                path.unlink()
            raise FileRefused("it changed while it was read", "Load it again once it is complete.")
        taken = Taken(
            unknown_columns=found.unknown_columns, encoding=found.encoding, separator=found.separator
        )
        taken.add(found)
        reject_table, reject_folder = self._rejects
        for table, folder, parts, held in (
            (job.table, job.folder, found.parts, found.landed),
            (reject_table, reject_folder, found.reject_parts, found.rejects),
        ):
            taken.parts += [Part(table, path, rows) for path, rows in parts]
            taken.parts += self._gathered.add(table, folder, held)
        return taken

    def flush(self, table: str | None = None) -> list[Part]:
        """Writes the rows that wait for a part of a table; of every table where None."""
        return self._gathered.flush(table)

    def close(self) -> None:
        """There is nothing to give back."""


class _Gathered:
    """The rows of small files, gathered by table: thirty small feeds are one part a day.

    One thread may write a table while another adds to others.
    """

    def __init__(self, mark: str) -> None:
        self._mark, self._numbers = mark, itertools.count(1)
        self._folders: dict[str, Path] = {}
        self._tables: dict[str, list[pa.Table]] = {}
        self._rows: Counter[str] = Counter()

    def add(self, table: str, folder: Path, held: list[pa.Table]) -> list[Part]:
        """Keeps rows for the next part of a table, and writes it when it is large enough."""
        self._folders[table] = folder
        self._tables.setdefault(table, []).extend(held)
        self._rows[table] += sum(rows.num_rows for rows in held)
        return self.flush(table) if self._rows[table] >= PART_ROWS else []

    def flush(self, table: str | None) -> list[Part]:
        """Writes what is held of a table, or of all."""
        tables = list(self._tables) if table is None else [table]
        return [self._write(name) for name in tables if self._tables.get(name)]

    def _write(self, table: str) -> Part:
        path = self._folders[table] / f"{self._mark}-{next(self._numbers)}.parquet"
        rows = write_part(path, self._tables.pop(table))
        self._rows[table] = 0
        return Part(table, path, rows)
