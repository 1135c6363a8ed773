"""Where in a table a key may lie: what lets a day's load leave history unread.

Beside the lake lies, for every part of some size, a sorted list of the hashes of its rows' keys, each with the number
of its row group; one list for every kind of key by which a load searches. A row group whose number stands beside none
of the hashes sought holds none of the keys; others are read. A list is made when its part is first searched and holds
as long as the part, which never changes. Lists are no part of the lake: what is lost, or was made by another engine's
hash, is made again.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipeline.arrow_tables import values_of
from pipeline.engine import HASH_NAME, Engine
from pipeline.lake import Part
from pipeline.object_cache import readable
from pipeline.relations import Relations
from pipeline.settings import Settings

LISTED_FROM_ROWS = 2_000
"""A part of fewer rows is read at once instead."""

GROUP_ROWS = 131_072
"""Rows of a row group, as parts are written."""

GROUP_BITS = 14
"""Of an entry: the number of the row group, below the highest bits of the hash."""

Hashes = NDArray[np.uint64]
_GROUP_MASK = np.uint64((1 << GROUP_BITS) - 1)


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
        folder: where they lie, by table and part.
        name_of: tells a part's name in its table from the table and the part's path.
        settings: what the engine that reads keys may use.
    """

    def __init__(self, folder: Path, name_of: Callable[[str, str], str], settings: Settings) -> None:
        self._folder = folder / HASH_NAME
        self._name_of = name_of
        self._settings = settings.with_half_the_memory()

    def holding(
        self, table: str, parts: Sequence[Part], sought: Sequence[tuple[Key, Hashes]]
    ) -> list[Stretch]:
        """Where in the parts of a table one of the keys with these hashes may lie."""
        found = [Stretch(part.path, None, part.rows) for part in parts if part.rows < LISTED_FROM_ROWS]
        listed = [part for part in parts if part.rows >= LISTED_FROM_ROWS]
        asked = [(key, np.unique(hashes) & ~_GROUP_MASK) for key, hashes in sought]
        for key, _ in asked:
            self._make(table, key, listed)
        for part in listed:
            groups = {
                group for key, hashes in asked for group in _groups(self._list_of(table, key, part), hashes)
            }
            if groups:
                rows = min(part.rows, len(groups) * GROUP_ROWS)
                found.append(Stretch(part.path, tuple(sorted(groups)), rows))
        return found

    def _list_of(self, table: str, key: Key, part: Part) -> Path:
        return self._folder / table / f"{self._name_of(table, part.path)}.{key.name}.keys"

    def _make(self, table: str, key: Key, parts: Sequence[Part]) -> None:
        missing = [part for part in parts if not self._list_of(table, key, part).exists()]
        if missing:
            with ThreadPoolExecutor(self._settings.threads) as pool:
                list(pool.map(lambda part: self._make_one(table, key, part), missing))

    def _make_one(self, table: str, key: Key, part: Part) -> None:
        (path,) = readable([part.path])
        with Engine(self._settings) as engine:
            engine.register_numbered("searched_part", path)
            engine.project("listed_keys", "searched_part", {"key_hash": key.held, "row_number": "row_number"})
            rows = engine.to_arrow("listed_keys").combine_chunks()
        groups = np.searchsorted(_group_ends(path), values_of(rows.column(1).chunk(0)), side="right")
        entries = _unsigned(rows, "key_hash") & ~_GROUP_MASK | groups.astype(np.uint64)
        _write(self._list_of(table, key, part), np.unique(entries))

    def sweep(self, in_use: Iterable[tuple[str, str]]) -> None:
        """Deletes the lists of parts other than these, each given by its table and path, and of other hashes."""
        named = {f"{table}/{self._name_of(table, path)}" for table, path in in_use}
        with suppress(OSError):
            for other in self._folder.parent.iterdir():
                if other != self._folder:
                    shutil.rmtree(other, ignore_errors=True)
            for made in self._folder.rglob("*.keys"):
                if made.relative_to(self._folder).as_posix().rsplit(".", 2)[0] not in named:
                    made.unlink()


def sought_hashes(engine: Relations, relation: str, key: Key) -> Hashes:
    """The hashes of the keys that a relation's rows name."""
    engine.forget("hashed_keys")
    engine.project("hashed_keys", relation, {"key_hash": key.sought})
    return _unsigned(engine.to_arrow("hashed_keys").combine_chunks(), "key_hash")


def _unsigned(rows: pa.Table, column: str) -> Hashes:
    chunks = rows.column(column).chunks
    return values_of(chunks[0]).view(np.uint64) if chunks else np.empty(0, np.uint64)


def _group_ends(path: str) -> NDArray[np.int64]:
    """The number of rows up to the end of each row group of a Parquet file."""
    told = pq.read_metadata(path)
    return np.cumsum([told.row_group(number).num_rows for number in range(told.num_row_groups)])


def _write(target: Path, entries: Hashes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    half = target.with_suffix(".half")
    with half.open("wb") as file:
        entries.tofile(file)
    os.replace(half, target)


def _groups(made: Path, sought: Hashes) -> list[int]:
    """The row groups that a list names beside the hashes sought."""
    held = np.memmap(made, np.uint64, "r")
    first = np.searchsorted(held, sought)
    last = np.searchsorted(held, sought | _GROUP_MASK, side="right")
    hits = np.flatnonzero(last > first)
    return [int(entry & _GROUP_MASK) for hit in hits for entry in held[first[hit] : last[hit]]]
