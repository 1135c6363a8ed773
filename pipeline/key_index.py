"""Which parts of a table may hold a key: what lets a day's load leave history unread.

Beside the lake lies, for every part of some size, a sorted list of the hashes of its rows' keys, one list for every
kind of key by which a load searches. A part whose list has none of the hashes sought holds none of the keys; a part
that has one may hold it, and is read. A list is made when its part is first searched and is as lasting as the part,
which never changes. Lists are no part of the lake: what is lost, or was made by another engine's hash, is made again.
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
from numpy.typing import NDArray

from pipeline.arrow_tables import values_of
from pipeline.engine import HASH_NAME, Engine
from pipeline.lake import Part
from pipeline.relations import Relations
from pipeline.settings import Settings

INDEXED_FROM_ROWS = 20_000
"""A part of fewer rows is read at once instead."""

SOUGHT_UP_TO = 200_000
"""Of more keys at a time nearly every part has one."""

Hashes = NDArray[np.int64]


@dataclass(frozen=True)
class Key:
    """A kind of key: its name, and SQL from our own closed lists for the hash of a row's key.

    `held` is that of a table's rows, `sought` that of rows that name the keys sought.
    """

    name: str
    held: str
    sought: str


def key_of(column: str) -> Key:
    """The key that is a column, of the same name wherever it is sought."""
    return Key(column, f"hash({column})", f"hash({column})")


class KeyIndex:
    """The lists of one lake.

    Args:
        folder: where they lie, one below the other by table and part.
        name_of: tells a part's name in its table from the table and the part's path.
        settings: what the engine that reads keys may use.
    """

    def __init__(self, folder: Path, name_of: Callable[[str, str], str], settings: Settings) -> None:
        self._folder = folder / HASH_NAME
        self._name_of = name_of
        self._settings = settings.with_half_the_memory()

    def holding(self, table: str, key: Key, parts: Sequence[Part], sought: Hashes) -> list[str]:
        """The paths of those of a table's parts that may hold a key with one of these hashes."""
        if len(sought) > SOUGHT_UP_TO:
            return [part.path for part in parts]
        sought = np.unique(sought)
        lists = {
            part.path: self._list_of(table, key, part) for part in parts if part.rows >= INDEXED_FROM_ROWS
        }
        self._make(key, {path: made for path, made in lists.items() if not made.exists()})
        return [part.path for part in parts if part.path not in lists or _has_any(lists[part.path], sought)]

    def _list_of(self, table: str, key: Key, part: Part) -> Path:
        return self._folder / table / f"{self._name_of(table, part.path)}.{key.name}.npy"

    def _make(self, key: Key, missing: dict[str, Path]) -> None:
        if not missing:
            return
        with ThreadPoolExecutor(self._settings.threads) as pool:
            list(pool.map(lambda path: self._make_one(key, path, missing[path]), missing))

    def _make_one(self, key: Key, path: str, target: Path) -> None:
        with Engine(self._settings) as engine:
            engine.register_files("searched_part", [path], None)
            hashes = np.unique(_hashes(engine, "searched_part", key.held))
        target.parent.mkdir(parents=True, exist_ok=True)
        half = target.with_suffix(".half")
        with half.open("wb") as file:
            np.save(file, hashes)
        os.replace(half, target)

    def sweep(self, in_use: Iterable[tuple[str, str]]) -> None:
        """Deletes the lists of parts other than these, each given by its table and path, and of other hashes."""
        named = {f"{table}/{self._name_of(table, path)}" for table, path in in_use}
        with suppress(OSError):
            for other in self._folder.parent.iterdir():
                if other != self._folder:
                    shutil.rmtree(other, ignore_errors=True)
            for made in self._folder.rglob("*.npy"):
                if made.relative_to(self._folder).as_posix().rsplit(".", 2)[0] not in named:
                    made.unlink()


def sought_hashes(engine: Relations, relation: str, key: Key) -> Hashes:
    """The hashes of the keys that a relation's rows name."""
    return _hashes(engine, relation, key.sought)


def _hashes(engine: Relations, relation: str, expression: str) -> Hashes:
    engine.forget("hashed_keys")
    engine.project("hashed_keys", relation, {"key_hash": expression})
    return values_of(engine.to_arrow("hashed_keys").column("key_hash").combine_chunks())


def _has_any(made: Path, sought: Hashes) -> bool:
    held = np.load(made, mmap_mode="r")
    if not len(held):
        return False
    places = np.searchsorted(held, sought)
    return bool((held[np.minimum(places, len(held) - 1)] == sought).any())
