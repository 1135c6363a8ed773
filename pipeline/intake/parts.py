"""Parquet parts of one file: landed rows one part a thread, rejected rows in one part."""

from __future__ import annotations

from pathlib import Path
from threading import Lock

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from pipeline.landed import REJECT_SCHEMA

COMPRESSION = "zstd"
COMPRESSION_LEVEL = 1

LOOKED_AT = 1_000
"""Rows of the first block by which a text column is written with a dictionary or without."""


class PartWriter:
    """Writes the blocks of a file: `<file_seq>-<lane>.parquet` and `<file_seq>-rejects.parquet`.

    A lane is written by one thread at a time, the rejects by any.
    """

    def __init__(self, out_dir: Path, file_seq: int) -> None:
        self._out_dir, self._file_seq = out_dir, file_seq
        self._lanes: dict[int, _Part] = {}
        self._rejects: _Part | None = None
        self._lock = Lock()

    def write(self, lane: int, landed: pa.Table, rejects: pa.Table) -> None:
        """Writes one block's rows."""
        if landed.num_rows:
            with self._lock:
                part = self._lanes.get(lane)
                if part is None:
                    path = self._out_dir / f"{self._file_seq}-{len(self._lanes)}.parquet"
                    part = self._lanes[lane] = _Part(path, landed.schema, *_encodings(landed))
            part.write(landed)
        if rejects.num_rows:
            with self._lock:
                if self._rejects is None:
                    path = self._out_dir / f"{self._file_seq}-rejects.parquet"
                    self._rejects = _Part(path, REJECT_SCHEMA, ["file", "source", "reasons"], [])
                self._rejects.write(rejects)

    def close(self) -> tuple[list[tuple[Path, int]], list[tuple[Path, int]]]:
        """Ends the parts; those of landed and those of rejected rows, as (path, rows)."""
        rejects = [self._rejects] if self._rejects else []
        return [part.close() for part in self._lanes.values()], [part.close() for part in rejects]

    def discard(self) -> None:
        """Ends the parts and deletes them."""
        for part in [*self._lanes.values(), *([self._rejects] if self._rejects else [])]:
            path, _ = part.close()
            path.unlink(missing_ok=True)


class _Part:
    def __init__(self, path: Path, schema: pa.Schema, dictionaries: list[str], ordered: list[str]) -> None:
        self._path, self._rows = path, 0
        # Without Arrow's own schema in the file, columns of codes come back as plain text. Least and largest
        # values of texts are left out: no reader skips a part by them, and they cost a third of the writing.
        self._writer = parquet.ParquetWriter(
            path,
            schema,
            compression=COMPRESSION,
            compression_level=COMPRESSION_LEVEL,
            use_dictionary=dictionaries,
            write_statistics=ordered,
            store_schema=False,
        )

    def write(self, table: pa.Table) -> None:
        self._writer.write_table(table, row_group_size=max(table.num_rows, 1))
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
