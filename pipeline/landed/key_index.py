"""Where in a table a key may lie: what lets a day's load leave history unread.

Beside the lake lie sorted lists of the hashes of its rows' keys (`key_runs`), for every kind of key by which a load
searches. A row group that stands beside none of the hashes sought holds none of the keys; others are read. Parts that
no list covers yet are read too, until they are long or many: then a list is made of them. Parts never change, so a list
holds as long as its parts. Lists are no part of the lake: what is lost, or was made by another engine's hash, is made
again.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.arrow_tables import one_array, values_of
from pipeline.engines.duckdb_engine import HASH_NAME, Engine
from pipeline.engines.relations import Relations
from pipeline.lake.lake import Part
from pipeline.lake.object_cache import readable
from pipeline.landed.key_runs import PIECE_MASK, Covered, Hashes, Run, clear_torn, merged, runs_in, write_run
from pipeline.settings import Settings

LISTED_FROM_ROWS = 20_000
"""A part of fewer rows is read at once instead, while there are not many of them: a list a day would cost more."""

READ_AT_ONCE = 16
"""So many short parts that no list covers are read."""

LISTED_ROWS = 2_000_000
"""About so many rows come into one list when it is made."""


@dataclass(frozen=True)
class Key:
    """A kind of key. SQL is of our own closed lists.

    Attributes:
        name: of the lists.
        column: of the table that is searched, by which rows are told apart once they are read.
        held: SQL for the hash of a row's key there.
        named: the column of a relation that names keys sought, with the values of `column`.
        sought: SQL for the hash of the key that a row of such a relation names.
    """

    name: str
    column: str
    held: str
    named: str
    sought: str


def key_of(column: str) -> Key:
    """The key that is a column, of the same name wherever it is sought."""
    return Key(column, column, f"hash({column})", column, f"hash({column})")


@dataclass(frozen=True)
class Stretch:
    """Row groups of a part that may hold what is sought, all of them where None, and about how many rows those are."""

    path: str
    groups: tuple[int, ...] | None
    rows: int


class KeyIndex:
    """The lists of one lake.

    Args:
        folder: where they lie, by table and kind of key.
        name_of: tells a part's name in its table from the table and the part's path.
        settings: what the engine that reads keys may use.
        is_reader: takes the lists as they are; only the lake's writer may make and delete them.
    """

    def __init__(
        self,
        folder: Path,
        name_of: Callable[[str, str], str],
        settings: Settings,
        is_reader: bool = False,
    ) -> None:
        self._folder = folder / HASH_NAME
        self._name_of = name_of
        self._settings = settings.with_half_the_memory()
        self._is_reader = is_reader
        self._known: dict[tuple[str, str], tuple[frozenset[str], list[Run]]] = {}

    def holding(
        self, table: str, parts: Sequence[Part], sought: Sequence[tuple[Key, Hashes]]
    ) -> list[Stretch]:
        """Where in the parts of a table one of the keys with these hashes may lie."""
        by_name = {self._name_of(table, part.path): part for part in parts}
        groups: dict[str, set[int]] = {}
        of_parts: dict[str, Covered] = {}
        unlisted: set[str] = set()
        for key, hashes in sought:
            runs = self._runs(table, key, by_name)
            covered = {part.name: part for run in runs for part in run.parts}
            of_parts |= covered
            unlisted |= by_name.keys() - covered.keys()
            hashes = np.unique(hashes)
            for name, group in (found for run in runs for found in run.groups_with(hashes)):
                groups.setdefault(name, set()).add(group)
        listed = (
            Stretch(by_name[name].path, tuple(sorted(found)), of_parts[name].rows_in(len(found)))
            for name, found in groups.items()
            if name in by_name and name not in unlisted
        )
        return [
            *listed,
            *(Stretch(by_name[name].path, None, by_name[name].rows) for name in sorted(unlisted)),
        ]

    def _runs(self, table: str, key: Key, by_name: dict[str, Part]) -> list[Run]:
        """The lists of a kind of key, looked for once as long as the parts are the same."""
        parts, runs = self._known.get((table, key.name), (frozenset(), []))
        if not runs or by_name.keys() != parts:
            runs = self._brought_up_to(table, key, by_name)
            self._known[table, key.name] = frozenset(by_name), runs
        return runs

    def _brought_up_to(self, table: str, key: Key, by_name: dict[str, Part]) -> list[Run]:
        """The lists of a kind of key, after lists were made of parts that have to have one."""
        folder = self._folder / table / key.name
        there = runs_in(folder)
        if self._is_reader:
            return there
        clear_torn(folder, there)
        runs = []
        for run in there:
            if 2 * run.rows_of(by_name) < sum(part.rows for part in run.parts):
                run.delete()
            else:
                runs.append(run)
        covered = {part.name for run in runs for part in run.parts}
        missing = [name for name in by_name if name not in covered]
        if len(missing) > READ_AT_ONCE or any(by_name[name].rows >= LISTED_FROM_ROWS for name in missing):
            batches = list(_batches({name: by_name[name] for name in missing}))
            with ThreadPoolExecutor(self._settings.threads) as pool:
                runs += pool.map(lambda batch: self._make(folder, key, batch), batches)
            runs = merged(folder, runs)
        return runs

    def _make(self, folder: Path, key: Key, batch: dict[str, Part]) -> Run:
        """Makes a list of parts' keys."""
        paths = readable(part.path for part in batch.values())
        group_rows = [_group_rows(path) for path in paths]
        with Engine(self._settings, self._folder / "spill") as engine:
            engine.register_numbered("searched_parts", paths)
            places = {"part_number": "part_number", "row_number": "row_number"}
            engine.project("listed_keys", "searched_parts", {"key_hash": key.held, **places})
            rows = engine.to_arrow("listed_keys")
        hashes, part_numbers, row_numbers = (values_of(one_array(column)) for column in rows.columns)
        first_rows = np.cumsum([0, *map(sum, group_rows)])[:-1]
        ends = np.cumsum(list(chain.from_iterable(group_rows)))
        pieces = np.searchsorted(ends, first_rows[part_numbers] + row_numbers, side="right")
        covered = [
            Covered(name, len(groups), part.rows)
            for (name, part), groups in zip(batch.items(), group_rows, strict=True)
        ]
        return write_run(folder, covered, hashes.view(np.uint64) & ~PIECE_MASK | pieces.astype(np.uint64))

    def sweep(self) -> None:
        """Deletes the lists that another engine's hash made."""
        with suppress(OSError):
            for other in self._folder.parent.iterdir():
                if other != self._folder:
                    shutil.rmtree(other, ignore_errors=True)


@dataclass(frozen=True)
class Sought:
    """What rows of a relation name, a row each: the hashes by which it is looked for, the values that tell it apart."""

    hashes: Hashes
    values: pa.Array


def sought_in(engine: Relations, relation: str, key: Key) -> Sought:
    """The keys that a relation's rows name."""
    rows = engine.computed(relation, {"key_hash": key.sought, "named": key.named})
    hashes, values = map(one_array, rows.columns)
    return Sought(values_of(hashes).view(np.uint64), values)


def _batches(parts: dict[str, Part]) -> Iterator[dict[str, Part]]:
    """Parts in lots of not many more than `LISTED_ROWS` rows."""
    batch: dict[str, Part] = {}
    for name, part in parts.items():
        batch[name] = part
        if sum(taken.rows for taken in batch.values()) >= LISTED_ROWS:
            yield batch
            batch = {}
    if batch:
        yield batch


def _group_rows(path: str) -> list[int]:
    """The rows of each row group of a Parquet file."""
    told = pq.read_metadata(path)
    return [told.row_group(number).num_rows for number in range(told.num_row_groups)]
