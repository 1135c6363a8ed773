"""Parquet parts of one file: landed rows one part a thread, rejected rows in one part."""

from __future__ import annotations

from pathlib import Path
from threading import Lock
from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from pipeline.arrow_tables import ROW_GROUP_ROWS
from pipeline.landed.shape import REJECT_SCHEMA

COMPRESSION = "lz4"
"""Written and read twice as fast as with zstd; with differences in place of numbers the parts are hardly larger."""

LOOKED_AT = 1_000
"""Rows of the first block by which a text column is written with a dictionary or without."""


def _plain(field: pa.Field) -> pa.Field:
    return field.with_type(field.type.value_type) if pa.types.is_dictionary(field.type) else field


class PartWriter:
    """Writes the blocks of a file: `<file_seq>-<lane>.parquet` and `<file_seq>-rejects.parquet`.

    The first `hold_rows` rows are held; a file that has no more is handed back as tables and writes no part.
    A lane is written by one thread at a time, the rejects by any.
    """

    def __init__(self, out_dir: Path, file_seq: int, hold_rows: int = 0) -> None:
        self._out_dir, self._file_seq = out_dir, file_seq
        self._may_hold = hold_rows
        self._held: list[pa.Table] = []
        self._held_rejects: list[pa.Table] = []
        self._lanes: dict[int, _Part] = {}
        self._rejects: _Part | None = None
        self._lock = Lock()

    def write(self, lane: int, landed: pa.Table, rejects: pa.Table) -> None:
        """Writes or holds one block's rows."""
        if self._hold(landed, rejects):
            return
        if landed.num_rows:
            self._lane(lane, landed).write(landed)
        if rejects.num_rows:
            with self._lock:
                self._write_rejects(rejects)

    def _hold(self, landed: pa.Table, rejects: pa.Table) -> bool:
        with self._lock:
            rows = landed.num_rows + rejects.num_rows
            if rows > self._may_hold:
                self._may_hold = 0
                return False
            self._may_hold -= rows
            self._held += [landed] if landed.num_rows else []
            self._held_rejects += [rejects] if rejects.num_rows else []
            return True

    def _lane(self, lane: int, first: pa.Table) -> _Part:
        with self._lock:
            if lane not in self._lanes:
                path = self._out_dir / f"{self._file_seq}-{len(self._lanes)}.parquet"
                self._lanes[lane] = _Part(path, first.schema, *_encodings(first))
            return self._lanes[lane]

    def _write_rejects(self, rejects: pa.Table) -> None:
        if self._rejects is None:
            path = self._out_dir / f"{self._file_seq}-rejects.parquet"
            self._rejects = _Part(path, REJECT_SCHEMA, ["file", "source", "reasons"], [])
        self._rejects.write(rejects)

    def close(self, taken: WrittenRows) -> None:
        """Ends the parts, and tells where the file's rows are."""
        taken.landed, taken.rejects = self._held, self._held_rejects
        taken.parts = [part.close() for part in self._lanes.values()]
        taken.reject_parts = [self._rejects.close()] if self._rejects else []

    def discard(self) -> None:
        """Ends the parts and deletes them."""
        for part in [*self._lanes.values(), *([self._rejects] if self._rejects else [])]:
            path, _ = part.close()
            path.unlink(missing_ok=True)


class WrittenRows(Protocol):
    """Where the rows of a file are: in parts as (path, rows), or held as tables."""

    parts: list[tuple[Path, int]]
    reject_parts: list[tuple[Path, int]]
    landed: list[pa.Table]
    rejects: list[pa.Table]


def write_part(path: Path, tables: list[pa.Table]) -> int:
    """Writes the rows of several files of one source to one Parquet part. Returns their number."""
    schema = tables[0].schema
    if any(table.schema != schema for table in tables):
        # A column that one file lacks is plain there, and a dictionary of codes in another.
        schema = pa.schema([_plain(field) for field in schema])
        tables = [table.cast(schema) for table in tables]
    table = pa.concat_tables(tables).unify_dictionaries()
    part = _Part(path, table.schema, *_encodings(table))
    part.write(table)
    return part.close()[1]


class _Part:
    def __init__(self, path: Path, schema: pa.Schema, dictionaries: list[str], ordered: list[str]) -> None:
        self._path, self._rows = path, 0
        # Without Arrow's own schema in the file, columns of codes come back as plain text. Least and largest
        # values of texts are left out: no reader skips a part by them, and they cost a third of the writing.
        # Instants and line numbers lie close together: their differences take few bits.
        self._writer = parquet.ParquetWriter(
            path,
            schema,
            compression=COMPRESSION,
            use_dictionary=dictionaries,
            column_encoding={name: "DELTA_BINARY_PACKED" for name in ordered if name not in dictionaries},
            write_statistics=ordered,
            store_schema=False,
        )

    def write(self, table: pa.Table) -> None:
        self._writer.write_table(table, row_group_size=ROW_GROUP_ROWS)
        self._rows += table.num_rows

    def close(self) -> tuple[Path, int]:
        self._writer.close()
        return self._path, self._rows


def _encodings(first: pa.Table) -> tuple[list[str], list[str]]:
    """(columns to write with a dictionary, columns to write with statistics), told by a first block."""
    dictionaries, ordered = [], []
    for field in first.schema:
        if pa.types.is_temporal(field.type) or pa.types.is_integer(field.type):
            ordered.append(field.name)
        elif pa.types.is_dictionary(field.type):
            dictionaries.append(field.name)
        elif pa.types.is_string(field.type):
            looked_at = first.column(field.name).slice(0, LOOKED_AT)
            if pc.count_distinct(looked_at).as_py() <= LOOKED_AT // 8:
                dictionaries.append(field.name)
    return [*dictionaries, "_file_seq"], ordered
