"""Logs in the lake that are only ever added to: small Delta tables beside the releases.

A release does not name them and a load does not lock them: whoever writes adds a commit of its own, and a reader
sees it at once. Delta lets one of several writers through and the others try again on top, so nothing is lost.
"""

from __future__ import annotations

import random
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable, write_deltalake
from deltalake.exceptions import DeltaError, TableNotFoundError

from pipeline.address import Root
from pipeline.errors import UserMistake
from pipeline.lake.object_cache import readable

LOGS_FOLDER = "logs"
ENTRY_ID = "entry_id"
GIVE_UP_SECONDS = 30.0
_LONGEST_PAUSE_SECONDS = 0.5
_APPEND_ONLY = {"delta.appendOnly": "true"}


@dataclass(frozen=True)
class AppendLog:
    """One log: its folder below the lake and the schema of its entries, without the `entry_id` that each gets."""

    root: Root
    name: str
    schema: pa.Schema

    @property
    def folder(self) -> Root:
        """Where the table is."""
        return self.root / LOGS_FOLDER / self.name

    @property
    def full_schema(self) -> pa.Schema:
        """The schema of what `read` gives."""
        return pa.schema([pa.field(ENTRY_ID, pa.string()), *self.schema])

    def append(self, rows: list[dict[str, Any]]) -> None:
        """Adds entries, all of them or none. Waits for nobody; another writer's commit makes it try again.

        Raises `UserMistake` where the lake cannot be written.
        """
        if not rows:
            return
        told = [{ENTRY_ID: uuid.uuid4().hex, **row} for row in rows]
        table = pa.Table.from_pylist(told, self.full_schema)
        until = time.monotonic() + GIVE_UP_SECONDS
        while True:
            try:
                self._write(table)
                return
            except (DeltaError, OSError) as error:
                # Two that make the table at once: one of them finds it made. Entries have ids, so a
                # commit that went through after all is read once.
                if isinstance(error, PermissionError) or time.monotonic() > until:
                    raise _not_writable(self.folder, error) from error
                time.sleep(random.uniform(0.01, _LONGEST_PAUSE_SECONDS))

    def _write(self, table: pa.Table) -> None:
        folder = self.folder
        if isinstance(folder, Path):
            folder.mkdir(parents=True, exist_ok=True)
        write_deltalake(
            str(folder), table, mode="append", configuration=_APPEND_ONLY, storage_options=self._options
        )

    @property
    def _options(self) -> dict[str, str] | None:
        """What the Delta client needs to know beyond the address."""
        if isinstance(self.root, Path):
            return None
        from pipeline.lake.object_store import delta_options  # an extra that few install

        return delta_options()

    def read(self) -> pa.Table:
        """Every entry, as it stands now; `full_schema`."""
        table = self._open()
        if table is None:
            return self.full_schema.empty_table()
        # Not file_uris(): those are percent-encoded, and no file has such a name.
        paths = pa.table(table.get_add_actions(flatten=True)).column("path").to_pylist()
        files = readable(str(self.folder / path) for path in paths)
        parts = [pq.read_table(path, schema=self.full_schema) for path in files]
        entries = pa.concat_tables(parts) if parts else self.full_schema.empty_table()
        first = {
            entry: place for place, entry in reversed(list(enumerate(entries.column(ENTRY_ID).to_pylist())))
        }
        return entries.take(pa.array(sorted(first.values()), pa.int64()))

    def version(self) -> int:
        """How often it was added to; -1 for a log that nobody has written to."""
        table = self._open()
        return -1 if table is None else table.version()

    def _open(self) -> DeltaTable | None:
        folder = self.folder
        if isinstance(folder, Path) and not folder.is_dir():
            return None
        try:
            return DeltaTable(str(folder), storage_options=self._options)
        except TableNotFoundError:
            return None


def _not_writable(folder: Root, error: Exception) -> UserMistake:
    return UserMistake(
        f"{folder}: cannot be written: {error}", "Ask for the right to write to the lake, or try again."
    )
