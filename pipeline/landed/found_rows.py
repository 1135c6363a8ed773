"""Rows of a table by their keys, read from no more of it than where they may lie."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial, reduce
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.arrow_tables import read_parquet
from pipeline.engines.relations import Relations
from pipeline.lake.lake import Part
from pipeline.lake.object_cache import readable
from pipeline.landed.key_index import LISTED_FROM_ROWS, Key, KeyIndex, Sought, Stretch, sought_in

SEARCHED_FROM_ROWS = 100_000
"""A table of fewer old rows is scanned."""

READ_UP_TO_ROWS = 8_000_000
"""From more rows on, a scan of the files by the engine costs less than to pick rows out."""

SOUGHT_UP_TO = 200_000
"""Of more keys at a time, or with more new rows, files are scanned: nearly every row group has one."""


@dataclass(frozen=True)
class Searched:
    """A table that is searched: its old parts, those that a load adds, and its schema."""

    name: str
    parts: Sequence[Part]
    added: Sequence[Part]
    schema: pa.Schema

    @property
    def added_rows(self) -> int:
        """The number of rows that the load adds."""
        return sum(part.rows for part in self.added)


@dataclass(frozen=True)
class Picked:
    """Old rows that were picked out, and the paths of the parts that may hold some of them."""

    rows: list[pa.Table]
    paths: list[str]


class FoundRows:
    """Searches tables for one load.

    Args:
        engine: has the relations that name what is sought.
        index: of the lake; None where its files are to be scanned.
        threads: that read at a time.
    """

    def __init__(self, engine: Relations, index: KeyIndex | None, threads: int) -> None:
        self._engine, self._index = engine, index
        self._pool = ThreadPoolExecutor(threads)
        self._sought: dict[tuple[str, Key], Sought] = {}
        self._ahead: dict[str, Future[Picked | None]] = {}
        self._told: dict[str, pq.FileMetaData] = {}
        self._whole: dict[str, pa.Table] = {}
        self._groups: dict[tuple[str, int], pa.Table] = {}

    def provide(
        self,
        name: str,
        table: Searched,
        sought: Sequence[tuple[Key, str]],
        columns: Sequence[str] | None = None,
        is_old_alone: bool = False,
        engine: Relations | None = None,
    ) -> list[str]:
        """Makes rows of a table readable under a name: at least those with keys that relations name, and all new ones.

        Args:
            sought: kinds of key, each with the relation that names keys.
            columns: those that are needed, the keys' among them; all of them where None.
            is_old_alone: leaves new rows out.
            engine: where it is made so; the one that has the relations where None.

        Returns the paths of the old parts that may hold some of the rows.
        """
        engine = engine or self._engine
        added = [] if is_old_alone else table.added
        begun = self._ahead.pop(table.name, None)
        picked = begun.result() if begun else self._pick(table, self._asked(table, sought), columns)
        if picked is None:
            every = [part.path for part in table.parts]
            engine.register_files(name, [*every, *(part.path for part in added)], table.schema)
            return every
        wanted = _only(table.schema, columns)
        new = [self._read_whole(part.path, table.schema).select(wanted.names) for part in added]
        old = [rows.cast(wanted) for rows in picked.rows]
        engine.register_arrow(name, pa.concat_tables([pa.Table.from_batches([], wanted), *old, *new]))
        return picked.paths

    def begin(self, table: Searched, sought: Sequence[tuple[Key, str]]) -> None:
        """Picks old rows out beside what the caller does next; the table's next `provide` has them."""
        asked = self._asked(table, sought)
        self._ahead[table.name] = self._pool.submit(self._pick, table, asked, None, map)

    def has_none_of(self, table: Searched, key: Key, relation: str) -> bool:
        """Whether no old row has a key that a relation's rows name, each of them another one; False where only a scan
        of the files tells."""
        asked = self._asked(table, [(key, relation)])
        if asked is None or any(len(np.unique(named.hashes)) < len(named.hashes) for _, named in asked):
            return False
        picked = self._pick(table, asked, [key.column])
        return picked is not None and not any(rows.num_rows for rows in picked.rows)

    def _asked(self, table: Searched, sought: Sequence[tuple[Key, str]]) -> list[tuple[Key, Sought]] | None:
        """What is sought; None where the files are better scanned whatever is sought."""
        old_rows = sum(part.rows for part in table.parts)
        if self._index is None or table.added_rows > SOUGHT_UP_TO or old_rows < SEARCHED_FROM_ROWS:
            return None
        for key, relation in sought:
            if (relation, key) not in self._sought:
                self._sought[relation, key] = sought_in(self._engine, relation, key)
        return [(key, self._sought[relation, key]) for key, relation in sought]

    def _pick(
        self,
        table: Searched,
        asked: Sequence[tuple[Key, Sought]] | None,
        columns: Sequence[str] | None,
        each: Callable[..., Iterable[Any]] | None = None,
    ) -> Picked | None:
        """Old rows with one of the keys; None where the files are better scanned.

        `each` is a `map`; one that reads side by side where None.
        """
        stretches = self._stretches(table, asked)
        if asked is None or stretches is None:
            return None
        named = [(key.column, sought.values) for key, sought in asked]
        pick = partial(self._rows_of, table.schema, _only(table.schema, columns), named, columns is not None)
        paths = [stretch.path for stretch in stretches]
        return Picked(list((each or self._pool.map)(pick, stretches)), paths)

    def _stretches(self, table: Searched, asked: Sequence[tuple[Key, Sought]] | None) -> list[Stretch] | None:
        """Where to read; None where everything is better scanned."""
        if self._index is None or asked is None:
            return None
        if any(len(sought.hashes) > SOUGHT_UP_TO for _, sought in asked):
            return None
        hashes = [(key, sought.hashes) for key, sought in asked]
        found = self._index.holding(table.name, table.parts, hashes)
        is_listed = all(stretch.groups is not None or stretch.rows < LISTED_FROM_ROWS for stretch in found)
        return found if is_listed and sum(stretch.rows for stretch in found) <= READ_UP_TO_ROWS else None

    def _rows_of(
        self,
        schema: pa.Schema,
        wanted: pa.Schema,
        named: Sequence[tuple[str, pa.Array]],
        is_kept: bool,
        stretch: Stretch,
    ) -> pa.Table:
        """The rows of a stretch with one of the values named in a column."""
        if stretch.groups is None:
            rows = self._read_whole(stretch.path, schema).select(wanted.names)
        elif is_kept:
            rows = pa.concat_tables(self._kept_group(stretch.path, group, wanted) for group in stretch.groups)
        else:
            rows = self._read(stretch.path, wanted, stretch.groups)
        return rows.filter(
            reduce(pc.or_, (pc.is_in(rows.column(column), value_set=values) for column, values in named))
        )

    def _kept_group(self, path: str, group: int, wanted: pa.Schema) -> pa.Table:
        """A few columns of a row group, kept for the next search: links are followed to and fro."""
        kept = self._groups.get((path, group))
        if kept is None or not set(wanted.names) <= set(kept.column_names):
            kept = self._groups[path, group] = self._read(path, wanted, [group])
        return kept.select(wanted.names)

    def _read_whole(self, path: str, schema: pa.Schema) -> pa.Table:
        """A short part, kept for the next search."""
        if path not in self._whole:
            self._whole[path] = read_parquet(readable([path])[0], schema)
        return self._whole[path]

    def _read(self, path: str, schema: pa.Schema, groups: Sequence[int]) -> pa.Table:
        """Row groups of a part, of which what its end tells of them is read once."""
        file = readable([path])[0]
        if path not in self._told:
            self._told[path] = pq.read_metadata(file)
        return read_parquet(file, schema, groups, self._told[path])


def _only(schema: pa.Schema, columns: Sequence[str] | None) -> pa.Schema:
    return pa.schema([schema.field(column) for column in columns]) if columns else schema
