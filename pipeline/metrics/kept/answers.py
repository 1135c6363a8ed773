"""Answers to what is asked most, kept as files for as long as their release is the current one.

A folder of `answers/` holds those of one release, one set of reference tables and one version of the product: whoever
reads another looks into another folder, so that nothing kept can be out of date. Without the folder every answer is
the same, computed from the tables.
"""

from __future__ import annotations

import logging
import os
import shutil
import uuid
from collections.abc import Callable, Iterable
from functools import partial
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline import __version__
from pipeline.address import Root
from pipeline.lake.release import Release
from pipeline.metrics.sought import Footer, Sought
from pipeline.question import computed_with
from pipeline.reference.reading import Reference
from pipeline.settings import private_folder

ANSWERS_FOLDER = "answers"
IN_MEMORY_ROWS = 200_000
"""Tables of at most so many rows stay in memory once they were read."""
ROWS_A_GROUP = 50_000

logger = logging.getLogger(__name__)


def _home_of(lake: Root) -> Path:
    """Where answers of a lake are kept: beside its tables, or on this machine where the lake is in an object store."""
    if isinstance(lake, Path):
        return lake / ANSWERS_FOLDER
    digest = sha256(str(lake).encode()).hexdigest()[:16]
    return private_folder("answers") / digest


class KeptAnswers:
    """The kept answers of one release. Threads and processes may share the folder: a file is there whole or not."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._tables: dict[str, pa.Table] = {}
        self._footers: dict[str, Footer] = {}

    @classmethod
    def of(cls, lake: Root, release: Release, reference: Reference) -> KeptAnswers:
        """Those of a release as it is read with these reference tables by this version of the product."""
        mark = sha256(f"{computed_with(reference)} {__version__}".encode()).hexdigest()[:16]
        return cls(_home_of(lake) / f"{release.build_id}-{mark}")

    def holds(self, *key: Any) -> bool:
        """Whether an answer is kept."""
        return self._path(key).is_file()

    def table(self, *key: Any, sought: Sought | None = None) -> pa.Table | None:
        """A kept answer; None where it is not kept. Of a large one only the rows are read that are sought.

        A small one is given whole: `sought` saves reading, and does not narrow.
        """
        path = self._path(key)
        if path.name in self._tables:
            return self._tables[path.name]
        return _unless_lost(path, partial(self._table, path, sought))

    def _table(self, path: Path, sought: Sought | None) -> pa.Table:
        if self._footer(path).num_rows <= IN_MEMORY_ROWS:
            self._tables[path.name] = pq.read_table(path)
            return self._tables[path.name]
        return self._found(path, sought, None) if sought else pq.read_table(path)

    def first_rows(self, count: int | None, sought: Sought, *key: Any) -> pa.Table | None:
        """The first rows of a kept answer that are sought; all such where None.

        Only as much of the file is read as they need. None where the answer is not kept.
        """
        path = self._path(key)
        return _unless_lost(path, partial(self._found, path, sought, count))

    def _footer(self, path: Path) -> Footer:
        """What a file tells of its rows; read once, since it never changes."""
        if path.name not in self._footers:
            self._footers[path.name] = Footer(pq.read_metadata(path))
        return self._footers[path.name]

    def _found(self, path: Path, sought: Sought, count: int | None) -> pa.Table:
        footer = self._footer(path)
        with pq.ParquetFile(path, metadata=footer.metadata) as file:
            return _rows_of(file, footer.groups(sought), sought, count)

    def keep(self, table: pa.Table, *key: Any, rows_a_group: int = ROWS_A_GROUP) -> None:
        """Keeps an answer. Where the folder cannot be written nothing is kept."""
        self._write(table.schema, [table], key, rows_a_group)

    def keep_blocks(self, blocks: Iterable[pa.RecordBatch], *key: Any, rows_a_group: int) -> None:
        """Keeps an answer a block of rows at a time. Nothing is kept of no rows, or where it cannot be written."""
        rest = iter(blocks)
        first = next(rest, None)
        if first is None:
            return
        tables = (pa.Table.from_batches([block]) for block in chain([first], rest))
        self._write(first.schema, tables, key, rows_a_group)

    def _write(
        self, schema: pa.Schema, tables: Iterable[pa.Table], key: tuple[Any, ...], rows_a_group: int
    ) -> None:
        path = self._path(key)
        unfinished = path.with_name(f".{uuid.uuid4().hex}")
        # Hardly a number comes twice: codes alone are worth a dictionary.
        codes = [field.name for field in schema if pa.types.is_string(field.type)]
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with pq.ParquetWriter(
                unfinished, schema, compression="zstd", compression_level=1, use_dictionary=codes
            ) as file:
                for table in tables:
                    file.write_table(table, rows_a_group)
            os.replace(unfinished, path)
        except OSError as error:
            logger.warning("%s: answers cannot be kept: %s", path.parent, error)
        finally:
            unfinished.unlink(missing_ok=True)

    def sweep(self) -> None:
        """Deletes the answers of every other release; whoever still reads one of them computes its answers."""
        for other in self.folder.parent.glob("*"):
            if other != self.folder:
                shutil.rmtree(other, ignore_errors=True)

    def _path(self, key: tuple[Any, ...]) -> Path:
        digest = sha256(repr(key).encode()).hexdigest()[:24]
        return self.folder / f"{key[0]}-{digest}.parquet"


def _unless_lost(path: Path, read: Callable[[], pa.Table]) -> pa.Table | None:
    """What was read of an answer; None where it is not kept or cannot be read."""
    try:
        return read()
    except FileNotFoundError:
        return None
    except (OSError, pa.ArrowException) as error:
        logger.warning("%s could not be read, and is computed again: %s", path, error)
        return None


def _rows_of(file: pq.ParquetFile, groups: list[int], sought: Sought, count: int | None) -> pa.Table:
    if count is None:
        return file.read_row_groups(groups).filter(sought.condition())
    found, rows = [file.schema_arrow.empty_table()], 0
    for group in groups:
        if rows >= count:
            break
        found.append(file.read_row_group(group).filter(sought.condition()))
        rows += found[-1].num_rows
    return pa.concat_tables(found).slice(0, count)
