"""Rows of a table by their keys, read from no more of it than where they may lie."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial, reduce

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.arrow_tables import one_array, read_parquet
from pipeline.key_index import LISTED_FROM_ROWS, Key, KeyIndex, Stretch, sought_hashes
from pipeline.key_runs import Hashes
from pipeline.lake import Part
from pipeline.object_cache import readable
from pipeline.relations import Relations

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


class FoundRows:
    """Searches tables for one load.

    Args:
        engine: has the relations that name what is sought.
        index: of the lake; None where its files are to be scanned.
        threads: that read at a time.
    """

    def __init__(self, engine: Relations, index: KeyIndex | None, threads: int) -> None:
        self._engine, self._index = engine, index
        self._threads = threads
        self._hashes: dict[tuple[str, Key], Hashes] = {}
        self._values: dict[tuple[str, str], pa.Array] = {}
        self._whole: dict[str, pa.Table] = {}
        self._groups: dict[tuple[str, int], pa.Table] = {}

    def provide(
        self,
        name: str,
        table: Searched,
        sought: Sequence[tuple[Key, str]],
        columns: Sequence[str] | None = None,
        is_old_alone: bool = False,
    ) -> list[str]:
        """Makes rows of a table readable under a name: at least those with keys that relations name, and all new ones.

        Args:
            sought: kinds of key, each with the relation that names keys.
            columns: those that are needed, the keys' among them; all of them where None.
            is_old_alone: leaves new rows out.

        Returns the paths of the old parts that may hold some of the rows.
        """
        added = [] if is_old_alone else table.added
        stretches = self._stretches(table, sought)
        if stretches is None:
            every = [part.path for part in table.parts]
            self._engine.register_files(name, [*every, *(part.path for part in added)], table.schema)
            return every
        wanted = pa.schema([table.schema.field(column) for column in columns]) if columns else table.schema
        named = [(key.column, self._named(relation, key.named)) for key, relation in sought]
        pick = partial(self._picked, table.schema, wanted, named, columns is not None)
        with ThreadPoolExecutor(self._threads) as pool:
            picked = list(pool.map(pick, stretches))
        new = [self._read_whole(part.path, table.schema).select(wanted.names) for part in added]
        self._engine.register_arrow(
            name, pa.concat_tables([pa.Table.from_batches([], wanted), *picked, *new])
        )
        return [stretch.path for stretch in stretches]

    def _stretches(self, table: Searched, sought: Sequence[tuple[Key, str]]) -> list[Stretch] | None:
        """Where to read; None where everything is better scanned."""
        old_rows = sum(part.rows for part in table.parts)
        if self._index is None or table.added_rows > SOUGHT_UP_TO or old_rows < SEARCHED_FROM_ROWS:
            return None
        asked = [(key, self._sought(relation, key)) for key, relation in sought]
        if any(len(hashes) > SOUGHT_UP_TO for _, hashes in asked):
            return None
        found = self._index.holding(table.name, table.parts, asked)
        is_listed = all(stretch.groups is not None or stretch.rows < LISTED_FROM_ROWS for stretch in found)
        return found if is_listed and sum(stretch.rows for stretch in found) <= READ_UP_TO_ROWS else None

    def _sought(self, relation: str, key: Key) -> Hashes:
        if (relation, key) not in self._hashes:
            self._hashes[relation, key] = sought_hashes(self._engine, relation, key)
        return self._hashes[relation, key]

    def _named(self, relation: str, column: str) -> pa.Array:
        """The values that a relation names."""
        if (relation, column) not in self._values:
            self._engine.forget("named_keys")
            self._engine.project("named_keys", relation, {"named": column})
            self._values[relation, column] = one_array(self._engine.to_arrow("named_keys").column("named"))
        return self._values[relation, column]

    def _picked(
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
            rows = read_parquet(readable([stretch.path])[0], wanted, stretch.groups)
        return rows.filter(
            reduce(pc.or_, (pc.is_in(rows.column(column), value_set=values) for column, values in named))
        )

    def _kept_group(self, path: str, group: int, wanted: pa.Schema) -> pa.Table:
        """A few columns of a row group, kept for the next search: links are followed to and fro."""
        kept = self._groups.get((path, group))
        if kept is None or not set(wanted.names) <= set(kept.column_names):
            kept = self._groups[path, group] = read_parquet(readable([path])[0], wanted, [group])
        return kept.select(wanted.names)

    def _read_whole(self, path: str, schema: pa.Schema) -> pa.Table:
        """A short part, kept for the next search."""
        if path not in self._whole:
            self._whole[path] = read_parquet(readable([path])[0], schema)
        return self._whole[path]
