"""A lake in a folder of this machine: a lock of the system, files flushed to the disk, a release swapped by rename."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from pipeline.errors import UserMistake
from pipeline.lake.place import LOCK_WAIT_SECONDS, Place
from pipeline.lake.release import TABLES_FOLDER, Release, begin, flush, read_release, write_release
from pipeline.lake.sweeping import sweep

LOCK_FILE = "writer.lock"
SPILL_FOLDER = "spill"

_MISREAD_BY_DELTA = re.compile(r"%[0-9A-Fa-f]{2}" if os.name == "nt" else r"%[0-9A-Fa-f]{2}|\\")


class Folder(Place):
    """A folder with a lake in it."""

    def __init__(self, root: Path) -> None:
        self.root: Path = root
        self.scratch = root

    def release(self) -> Release | None:
        """The current release."""
        return read_release(self.root)

    @contextmanager
    def writing(self, waiting: Callable[[str], None]) -> Iterator[Release | None]:
        """The one writer; the lock ends with its process, however that ends."""
        lock = self._locked(waiting)
        try:
            _clear(self.root)
            begin(self.root)
            yield self.release()
        finally:
            lock.release()

    def _locked(self, waiting: Callable[[str], None]) -> FileLock:
        elsewhere = "Choose another folder with --lake or DGWATCH_LAKE."
        if _MISREAD_BY_DELTA.search(str(self.root)):
            raise UserMistake(f"{self.root}: a lake cannot be in a folder with such a name", elsewhere)
        try:
            # The same complaints as a reader's, before anything is written.
            self.release()
            self.root.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.root / LOCK_FILE)
            acquire(lock, waiting)
        except (FileExistsError, NotADirectoryError) as error:
            raise UserMistake(f"{self.root}: not a folder", elsewhere) from error
        except OSError as error:
            raise UserMistake(f"{self.root}: not writable ({error.strerror})", elsewhere) from error
        return lock

    def delta_options(self) -> None:
        """Nothing: a folder is opened as it is."""

    def lost(self, paths: Iterable[str]) -> str | None:
        """One of the parts that is not there."""
        return next((path for path in paths if not os.path.exists(path)), None)

    def clear_log(self, table: str, version: int | None) -> None:
        """Deletes what a killed load had added to a table's log after the released version: nobody has seen it.

        The latest first, so that there is never a gap. A power cut may have left them torn, so they are not read.
        """
        logs = sorted((self.root / TABLES_FOLDER / table).glob("_delta_log/*"), reverse=True)
        for log in logs:
            number = log.name.split(".")[0]
            if version is None or (number.isdigit() and int(number) > version):
                log.unlink()

    def send(self, table: str, parts: Iterable[str]) -> None:
        """Nothing: parts are written where they stay."""

    def settle(self, parts: Iterable[str], logs: Iterable[str]) -> None:
        """Flushes parts and logs to the disk."""
        flush(path for path in map(Path, (*parts, *logs)) if path.exists())

    def list_parts(self, build_id: str, told: Callable[[], str]) -> None:
        """Nothing: the logs of a folder are read at once."""

    def listed_parts(self, build_id: str) -> None:
        """Nothing."""

    def swap(self, release: Release) -> None:
        """Swaps the release."""
        write_release(self.root, release)

    def settled(self, table: str, path: str) -> str:
        """The part itself."""
        return path

    def sweep(self, in_use: Iterable[str]) -> None:
        """Deletes what no release needs any more."""
        sweep(self.root, in_use)

    def drop(self, build_id: str | None) -> None:
        """Deletes what did not fit in memory, and the parts of a build."""
        shutil.rmtree(self.root / SPILL_FOLDER, ignore_errors=True)
        if build_id is not None:
            for folder in (self.root / TABLES_FOLDER).glob(f"*/{build_id}"):
                shutil.rmtree(folder, ignore_errors=True)


def _clear(root: Path) -> None:
    """Deletes what a killed writer had not finished beside the tables."""
    shutil.rmtree(root / SPILL_FOLDER, ignore_errors=True)
    for half in root.glob(".*.json.*"):
        half.unlink(missing_ok=True)


def acquire(lock: FileLock, waiting: Callable[[str], None]) -> None:
    """Takes a lock of this machine, saying so where another process has it."""
    try:
        lock.acquire(timeout=0)
    except Timeout:
        waiting("Another load is writing to this lake; waiting until it is done.")
        try:
            lock.acquire(timeout=LOCK_WAIT_SECONDS)
        except Timeout as error:
            raise UserMistake(
                "Another load has been writing to this lake for an hour.",
                "Wait for it, or end it, and give the same command again.",
            ) from error
