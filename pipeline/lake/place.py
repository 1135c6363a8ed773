"""What a lake asks of the place where it is: a folder of this machine, or a bucket of an object store."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path

from pipeline.address import Root
from pipeline.lake.release import TABLES_FOLDER, Release

LOCK_WAIT_SECONDS = 3600.0
KEYS_FOLDER = "keys"
REFERENCE_FOLDER = "reference"


class Place(ABC):
    """Where a lake is kept. `scratch` is the folder in which a load writes parts, and what does not fit in memory."""

    root: Root
    scratch: Path

    @cached_property
    def _folders(self) -> dict[str, tuple[str, str]]:
        """The folders of tables' parts, while they are written and then, as text: thousands of parts are named."""
        return {}

    @property
    def keys(self) -> Path:
        """The folder of this machine for lists of the keys that parts hold."""
        return self.scratch / KEYS_FOLDER

    @property
    def reference(self) -> Path:
        """The folder of this machine for reference tables as they were read."""
        return self.scratch / REFERENCE_FOLDER

    @abstractmethod
    def release(self) -> Release | None:
        """The current release; None for an empty lake. Raises `UserMistake` for what is no lake."""

    @abstractmethod
    def writing(self, waiting: Callable[[str], None]) -> AbstractContextManager[Release | None]:
        """The one writer at a time; gives the release on which it builds. Raises `UserMistake`."""

    @abstractmethod
    def delta_options(self) -> dict[str, str] | None:
        """What the Delta client needs to know to open a table here."""

    @abstractmethod
    def lost(self, paths: Iterable[str]) -> str | None:
        """One of the parts that is gone, where that can be told at no cost."""

    @abstractmethod
    def clear_log(self, table: str, version: int | None) -> None:
        """Makes a table's log ready for a commit after a released version."""

    @abstractmethod
    def send(self, table: str, parts: Iterable[str]) -> None:
        """Brings written parts to where the lake is; nobody looks at them yet."""

    @abstractmethod
    def settle(self, parts: Iterable[str], logs: Iterable[str]) -> None:
        """Sees to it that parts and logs outlast the release that is going to name them."""

    @abstractmethod
    def list_parts(self, build_id: str, told: Callable[[], str]) -> None:
        """Keeps the list of a build's parts, where asking the logs of all tables would cost a reader time."""

    @abstractmethod
    def listed_parts(self, build_id: str) -> str | None:
        """That list; None where there is none, and the logs are to be asked."""

    @abstractmethod
    def swap(self, release: Release) -> None:
        """Swaps the release. Raises `UserMistake` where it is no longer the one on which this one was built."""

    @abstractmethod
    def settled(self, table: str, path: str) -> str:
        """What a reader is handed for a part of a published release."""

    @abstractmethod
    def sweep(self, in_use: Iterable[str]) -> None:
        """Deletes what has been out of use for long; `in_use` are the parts of the current release."""

    @abstractmethod
    def drop(self, build_id: str | None) -> None:
        """Deletes what did not fit in memory, and the parts of a build that was not published."""

    def table_folder(self, table: str) -> Root:
        """The folder of a table's parts and log."""
        return self.root / TABLES_FOLDER / table

    def name_of(self, table: str, path: str) -> str:
        """A part's name in its table, which is how the log calls it."""
        if table not in self._folders:
            self._folders[table] = (
                str(self.scratch / TABLES_FOLDER / table),
                str(self.table_folder(table)),
            )
        for folder in self._folders[table]:
            if path.startswith(folder):
                return path[len(folder) + 1 :].replace(os.sep, "/")
        raise ValueError(f"{path} is no part of {table}")
