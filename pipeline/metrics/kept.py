"""Answers to what is asked most, kept as files for as long as their release is the current one.

A folder of `answers/` holds those of one release, one set of reference tables and one version of the product: whoever
reads another looks into another folder, so that nothing kept can be out of date. Without the folder every answer is
the same, computed from the tables.
"""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Collection, Mapping
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline import __version__
from pipeline.address import Root
from pipeline.question import computed_with
from pipeline.reference import Reference
from pipeline.release import Release

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
    return Path(tempfile.gettempdir()) / "dgwatch-answers" / digest


class KeptAnswers:
    """The kept answers of one release. Threads and processes may share the folder: a file is there whole or not."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._tables: dict[str, pa.Table] = {}

    @classmethod
    def of(cls, lake: Root, release: Release, reference: Reference) -> KeptAnswers:
        """Those of a release as it is read with these reference tables by this version of the product."""
        mark = sha256(f"{computed_with(reference)} {__version__}".encode()).hexdigest()[:16]
        return cls(_home_of(lake) / f"{release.build_id}-{mark}")

    def holds(self, *key: Any) -> bool:
        """Whether an answer is kept."""
        return self._path(key).is_file()

    def table(self, *key: Any, where: tuple[str, str] | None = None) -> pa.Table | None:
        """A kept answer; None where it is not kept. Of a large one only the rows are read in which a column has a value.

        A small one is given whole: `where` saves reading, and does not narrow.
        """
        path = self._path(key)
        if path.name in self._tables:
            return self._tables[path.name]
        try:
            if pq.read_metadata(path).num_rows <= IN_MEMORY_ROWS:
                self._tables[path.name] = pq.read_table(path)
                return self._tables[path.name]
            return pq.read_table(path, filters=[(where[0], "==", where[1])] if where else None)
        except FileNotFoundError:
            return None
        except (OSError, pa.ArrowException) as error:
            logger.warning("%s could not be read, and is computed again: %s", path, error)
            return None

    def first_rows(
        self, count: int | None, wanted: Mapping[str, Collection[Any]], *key: Any
    ) -> pa.Table | None:
        """The first rows of a kept answer in whose columns one of the values wanted stands; all such where None.

        Only as much of the file is read as they need. None where the answer is not kept.
        """
        path = self._path(key)
        try:
            with pq.ParquetFile(path) as file:
                return _first_rows(file, count, wanted)
        except FileNotFoundError:
            return None
        except (OSError, pa.ArrowException) as error:
            logger.warning("%s could not be read, and is computed again: %s", path, error)
            return None

    def file(self, *key: Any) -> Path | None:
        """The file of a kept answer, for an engine to read; None where it is not kept."""
        path = self._path(key)
        return path if path.is_file() else None

    def keep(self, table: pa.Table, *key: Any, rows_a_group: int = ROWS_A_GROUP) -> None:
        """Keeps an answer. Where the folder cannot be written nothing is kept."""
        # Hardly a number comes twice: codes alone are worth a dictionary.
        codes = [field.name for field in table.schema if pa.types.is_string(field.type)]
        write = partial(pq.write_table, table, compression="zstd", compression_level=1)
        self.keep_file(partial(write, row_group_size=rows_a_group, use_dictionary=codes), *key)

    def keep_file(self, write: Callable[[Path], Any], *key: Any) -> None:
        """Keeps an answer that is written to the Parquet file it is given. As `keep`, where it cannot be written."""
        path = self._path(key)
        unfinished = path.with_name(f".{uuid.uuid4().hex}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write(unfinished)
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


def _first_rows(file: pq.ParquetFile, count: int | None, wanted: Mapping[str, Collection[Any]]) -> pa.Table:
    found, rows = [file.schema_arrow.empty_table()], 0
    for group in range(file.num_row_groups):
        if count is not None and rows >= count:
            break
        chosen = _is_wanted(file.read_row_group(group, columns=list(wanted)), wanted)
        if chosen is None or pc.any(chosen).as_py():
            whole = file.read_row_group(group)
            found.append(whole if chosen is None else whole.filter(chosen))
            rows += found[-1].num_rows
    return pa.concat_tables(found).slice(0, count)


def _is_wanted(rows: pa.Table, wanted: Mapping[str, Collection[Any]]) -> pa.ChunkedArray | None:
    """Whether each row holds one of the values wanted in every column; None where nothing is asked of them."""
    found = None
    for name, values in wanted.items():
        column = rows[name]
        has_one = pc.is_in(column, pa.array(list(values), column.type))
        found = has_one if found is None else pc.and_(found, has_one)
    return found
