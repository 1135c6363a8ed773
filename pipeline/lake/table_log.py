"""The Delta log of one table: which files each of its versions has."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, PostCommitHookProperties, Schema
from deltalake.exceptions import DeltaError, TableNotFoundError
from deltalake.transaction import AddAction, RemoveAction, create_table_with_add_actions

_NO_HOOKS = PostCommitHookProperties(create_checkpoint=False, cleanup_expired_logs=False)
_AS_WAS_READ = CommitProperties(max_commit_retries=0)
"""A commit goes onto the version that was read, or fails: by itself the client would put it onto another's."""

TRIES = 5


class LogFailed(Exception):
    """A log could not be read or written. The message is the client's."""


@dataclass(frozen=True)
class Added:
    """A file as a log has it: its name in the table, bytes and rows; `is_moved` where its rows came from others."""

    name: str
    size: int
    rows: int
    is_moved: bool = False


@dataclass(frozen=True)
class TableLog:
    """The log of the table in a folder, or at an address, that is opened with some options.

    `opened` keeps the table as it was opened to tell its files, for the one writer of a folder to commit to.
    """

    folder: str
    options: dict[str, str] | None = None
    opened: dict[int, DeltaTable] | None = field(default=None, compare=False)

    def files(self, version: int) -> list[Added]:
        """The files of a version. Raises `LogFailed`."""
        try:
            delta = self._open(version)
            if self.opened is not None:
                self.opened[version] = delta
            return _files_of(delta)
        except (DeltaError, OSError) as error:
            raise LogFailed(str(error)) from error

    def commit(
        self,
        version: int | None,
        released: Collection[str],
        wanted: Mapping[str, Callable[[], Added]],
        schema: Callable[[], pa.Schema],
        moved: Collection[str],
    ) -> int:
        """Brings the table to the wanted files, and returns the version that has them.

        Args:
            version: the released one, with the files `released`; None for a table that no release has.
            wanted: the files by name; those that are new are asked for what a log has of them.
            schema: of the files; asked for where the table is made.
            moved: names of files whose rows are in other files before or after: no change of data.

        What others have put into the log after the released version counts for nothing and is taken back.
        Raises `LogFailed` for a log at an address.
        """
        for attempt in range(TRIES):
            try:
                return self._committed(version, released, wanted, schema, moved)
            except (DeltaError, OSError) as error:
                if self.options is None:
                    raise  # there is one writer, and what fails is no user's affair
                if attempt == TRIES - 1:
                    raise LogFailed(str(error)) from error
        raise AssertionError("unreachable")

    def _committed(
        self,
        version: int | None,
        released: Collection[str],
        wanted: Mapping[str, Callable[[], Added]],
        schema: Callable[[], pa.Schema],
        moved: Collection[str],
    ) -> int:
        delta = self._latest(version)
        if delta is None:
            adds = [_add(told()) for told in wanted.values()]
            create_table_with_add_actions(
                self.folder, Schema.from_arrow(schema()), adds, mode="error", storage_options=self.options
            )
            return 0
        before: dict[str, Added] = {}
        there = set(released)
        if delta.version() != version:
            there = {file.name for file in _files_of(delta)}
            before = {file.name: file for file in self.files(version)} if version is not None else {}
        removes = [_remove(name, name not in moved) for name in sorted(there - wanted.keys())]
        adds = [_add(before.get(name) or told()) for name, told in wanted.items() if name not in there]
        delta.create_write_transaction(
            [*removes, *adds],
            "append",
            delta.schema(),
            commit_properties=_AS_WAS_READ,
            post_commithook_properties=_NO_HOOKS,
        )
        return delta.version() + 1

    def _latest(self, version: int | None) -> DeltaTable | None:
        """The table as it stands; None where there is none. A folder was cleared of what no release has."""
        if version is None and self.options is None:
            return None
        if version is not None and self.opened and self.options is None and version in self.opened:
            return self.opened.pop(version)
        try:
            return self._open()
        except TableNotFoundError:
            if version is not None:
                raise
            return None

    def sum_up(self, version: int) -> None:
        """Writes what a version has into one file: opening it costs the same after years. Raises `LogFailed`."""
        try:
            delta = self._open(version)
            delta.create_checkpoint()
            delta.cleanup_metadata()
        except (DeltaError, OSError) as error:
            raise LogFailed(str(error)) from error

    def _open(self, version: int | None = None) -> DeltaTable:
        return DeltaTable(self.folder, version=version, storage_options=self.options)


def _files_of(delta: DeltaTable) -> list[Added]:
    # Not file_uris(): those are percent-encoded, and no file has such a name.
    actions: list[dict[str, Any]] = (
        pa.RecordBatchReader.from_stream(delta.get_add_actions(flatten=True)).read_all().to_pylist()
    )
    return [Added(row["path"], row["size_bytes"], row["num_records"] or 0) for row in actions]


def _add(told: Added) -> AddAction:
    return AddAction(
        path=told.name,
        size=told.size,
        partition_values={},
        modification_time=_millis(),
        data_change=not told.is_moved,
        stats=json.dumps({"numRecords": told.rows}),
    )


def _remove(name: str, is_change: bool) -> RemoveAction:
    return RemoveAction(path=name, data_change=is_change, deletion_timestamp=_millis())


def _millis() -> int:
    return int(time.time() * 1000)
