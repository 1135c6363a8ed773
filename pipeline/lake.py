"""The lake: Delta tables, one release that names the version of each, and one writer at a time.

The one place that knows Delta. Parquet parts are written into the tables' folders, where nobody looks; a
load then commits them table by table, and last swaps `release.json`, which readers open first. What a killed
load left behind is never looked at: the next commit of a table drops it from the table's log, and files that
no release names are swept.
"""

from __future__ import annotations

import itertools
import json
import logging
import os
import re
import shutil
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable, PostCommitHookProperties, Schema
from deltalake.exceptions import DeltaError
from deltalake.transaction import AddAction, RemoveAction, create_table_with_add_actions
from filelock import FileLock, Timeout

from pipeline import __version__
from pipeline.errors import UserMistake
from pipeline.merging import MERGE_BELOW_ROWS, merge_parts
from pipeline.release import RELEASE_FILE, TABLES_FOLDER, Release, begin, flush, read_release, write_release
from pipeline.sweeping import sweep

__all__ = ["RELEASE_FILE", "Draft", "Lake", "Part", "Release"]

LOCK_FILE = "writer.lock"
LOCK_WAIT_SECONDS = 3600.0
SPILL_FOLDER = "spill"

MERGE_FROM_PARTS = 16
"""So many parts of about one size become one: a row is rewritten once for every digit of its part's rows."""

CHECKPOINT_EVERY = 32
"""Versions after which a table's log is summed up: opening it costs the same after years of loads."""

_NO_HOOKS = PostCommitHookProperties(create_checkpoint=False, cleanup_expired_logs=False)
_MISREAD_BY_DELTA = re.compile(r"%[0-9A-Fa-f]{2}" if os.name == "nt" else r"%[0-9A-Fa-f]{2}|\\")

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Part:
    """One Parquet file of a table. `label` is what a file is picked by, such as the month its stays ended."""

    path: str
    rows: int
    label: str | None = None


class Lake:
    """One folder with everything loaded."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._parts: dict[tuple[str, str], list[Part]] = {}

    def release(self) -> Release | None:
        """The current release; None for an empty lake. Raises `UserMistake` for what is no lake."""
        return read_release(self.root)

    def files(self, release: Release | None, table: str) -> list[str]:
        """The Parquet files of a table as of a release; none where the release has no such table."""
        return [part.path for part in self.parts(release, table)]

    def parts(self, release: Release | None, table: str) -> list[Part]:
        """The files of a table with their labels and rows. Raises `UserMistake` where files are gone."""
        if release is None or table not in release.versions:
            return []
        if (release.build_id, table) not in self._parts:
            self.remember(release, table, self._listed(table, release.versions[table]))
        return list(self._parts[release.build_id, table])

    def remember(self, release: Release, table: str, parts: list[Part]) -> None:
        """Takes the files of a table as of a release, which never change, from who knows them."""
        self._parts[release.build_id, table] = parts

    def _listed(self, table: str, version: int) -> list[Part]:
        folder = self.table_folder(table)
        try:
            parts = _parts_of(folder, DeltaTable(folder, version=version))
        except (DeltaError, OSError) as error:
            raise _damaged(folder, str(error)) from error
        gone = next((part.path for part in parts if not os.path.exists(part.path)), None)
        if gone is not None:
            raise _damaged(folder, f"{gone} is gone")
        return parts

    def table_folder(self, table: str) -> Path:
        """The folder of a table's parts and log."""
        return self.root / TABLES_FOLDER / table

    @contextmanager
    def writing(self, waiting: Callable[[str], None]) -> Iterator[Draft]:
        """The one writer of the lake, once it is alone; a second one waits and says so.

        What the draft has written and not published is deleted at the end. Raises `UserMistake` where the
        lake cannot be written or the other load does not end within an hour.
        """
        lock = self._locked(waiting)
        try:
            _clear(self.root)
            begin(self.root)
            draft = Draft(self, self.release())
            try:
                yield draft
            finally:
                draft.close()
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
            _acquire(lock, waiting)
        except (FileExistsError, NotADirectoryError) as error:
            raise UserMistake(f"{self.root}: not a folder", elsewhere) from error
        except OSError as error:
            raise UserMistake(f"{self.root}: not writable ({error.strerror})", elsewhere) from error
        return lock


class Draft:
    """A release in the making: parts are added and removed, then `publish` makes them the lake's.

    Until `publish` has swapped the release nothing of it can be seen.
    """

    def __init__(self, lake: Lake, release: Release | None) -> None:
        self.lake = lake
        self.release = release
        self.build_id = uuid.uuid4().hex[:16]
        self._added: dict[str, list[Part]] = {}
        self._removed: dict[str, set[str]] = {}
        self._merged: set[str] = set()
        self._numbers = itertools.count(1)

    def new_path(self, table: str, label: str | None = None) -> Path:
        """Where the next part of a table may be written; its folder is there. Threads may ask at once."""
        mark = f"{label}~" if label else ""
        return self.folder(table) / f"{mark}{next(self._numbers):06d}.parquet"

    def folder(self, table: str) -> Path:
        """The folder for parts of a table that others name."""
        folder = self.lake.table_folder(table) / self.build_id
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def spill_folder(self) -> Path:
        """A folder for what does not fit in memory; emptied at the end."""
        folder = self.lake.root / SPILL_FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def add(self, table: str, path: Path, rows: int) -> None:
        """Takes a written part into a table, moving it there where it was written elsewhere in the lake."""
        if self.lake.table_folder(table) not in path.parents:
            target = self.new_path(table)
            os.replace(path, target)
            path = target
        self._added.setdefault(table, []).append(Part(str(path), rows, _label(path.name)))

    def replace_all(self, table: str, path: Path, rows: int) -> None:
        """Makes a part the only one of its table."""
        self.remove(table, self.lake.files(self.release, table))
        self._added[table] = [Part(str(path), rows, _label(path.name))]

    def remove(self, table: str, files: Iterable[str]) -> None:
        """Takes files out of a table."""
        self._removed.setdefault(table, set()).update(files)

    def parts(self, table: str) -> list[Part]:
        """The files of a table as it will be, with their labels and rows."""
        gone = self._removed.get(table, set())
        kept = [part for part in self.lake.parts(self.release, table) if part.path not in gone]
        return kept + self._added.get(table, [])

    def files(self, table: str) -> list[str]:
        """The files of a table as it will be."""
        return [part.path for part in self.parts(table)]

    def added(self, table: str) -> list[str]:
        """The files that this draft adds to a table."""
        return [part.path for part in self._added.get(table, ())]

    def added_parts(self, table: str) -> list[Part]:
        """The parts that this draft adds to a table."""
        return list(self._added.get(table, ()))

    def merge_small(self, table: str) -> None:
        """Brings many small parts of one label and about one size together, so that many small loads stay fast.

        To be called last before `publish`: the merged part counts as added. Rows stay as they are.
        """
        alike: dict[tuple[str | None, int], list[Part]] = {}
        for part in self.parts(table):
            if part.rows < MERGE_BELOW_ROWS:
                alike.setdefault((part.label, len(str(part.rows))), []).append(part)
        for (label, _), small in alike.items():
            if len(small) >= MERGE_FROM_PARTS:
                self._merge(table, label, small)

    def _merge(self, table: str, label: str | None, small: list[Part]) -> None:
        path = self.new_path(table, label)
        merge_parts([part.path for part in small], path)
        old = {part.path for part in small}
        added = self._added.get(table, [])
        self._merged |= {*(old - {part.path for part in added}), str(path)}
        self.remove(table, old)
        self._added[table] = [part for part in added if part.path not in old]
        self.add(table, path, sum(part.rows for part in small))

    def publish(self, as_of: datetime | None, reference_digest: str, is_sample: bool) -> Release:
        """Commits table by table, then swaps the release, then sweeps. Returns the release."""
        old = self.release
        versions = dict(old.versions) if old else {}
        rows = dict(old.rows) if old else {}
        touched = sorted(self._added.keys() | self._removed.keys())
        for table in touched:
            version = self._commit(table)
            if version is not None:
                versions[table] = version
                rows[table] = sum(part.rows for part in self.parts(table))
        release = Release(
            build_id=self.build_id,
            created_at=datetime.now(UTC).replace(tzinfo=None, microsecond=0),
            product_version=__version__,
            as_of=as_of,
            reference_digest=reference_digest,
            is_sample=is_sample,
            versions=versions,
            rows=rows,
        )
        flush(self._written(touched, versions))
        write_release(self.lake.root, release)
        for table in versions:
            self.lake.remember(release, table, self.parts(table))
        self._tidy(release, touched)
        return release

    def _written(self, tables: list[str], versions: dict[str, int]) -> list[Path]:
        there = [table for table in tables if table in versions]
        logs = [_log_file(self.lake.table_folder(table), versions[table]) for table in there]
        parts = [Path(part.path) for table in tables for part in self._added.get(table, ())]
        return [path for path in (*parts, *logs) if path.exists()]

    def _commit(self, table: str) -> int | None:
        """Brings a table to what it will be. Returns its version; None where it never had a part."""
        folder = self.lake.table_folder(table)
        wanted = {part.path: part for part in self.parts(table)}
        there = set(self.lake.files(self.release, table))
        before = self.release.versions.get(table) if self.release else None
        _drop_unpublished(folder, before)
        adds = [self._add_action(folder, part) for path, part in wanted.items() if path not in there]
        if before is None:
            if not wanted:
                return None
            schema = Schema.from_arrow(pq.read_schema(next(iter(wanted))))
            create_table_with_add_actions(str(folder), schema, adds, mode="error")
            return 0
        removes = [self._remove_action(folder, path) for path in sorted(there - wanted.keys())]
        if not adds and not removes:
            return before
        delta = DeltaTable(folder)
        delta.create_write_transaction(
            [*removes, *adds], "append", delta.schema(), post_commithook_properties=_NO_HOOKS
        )
        return before + 1

    def _add_action(self, folder: Path, part: Part) -> AddAction:
        return AddAction(
            path=Path(part.path).relative_to(folder).as_posix(),
            size=os.path.getsize(part.path),
            partition_values={},
            modification_time=_millis(),
            data_change=part.path not in self._merged,
            stats=json.dumps({"numRecords": part.rows}),
        )

    def _remove_action(self, folder: Path, path: str) -> RemoveAction:
        return RemoveAction(
            path=Path(path).relative_to(folder).as_posix(),
            data_change=path not in self._merged,
            deletion_timestamp=_millis(),
        )

    def _tidy(self, release: Release, touched: list[str]) -> None:
        """Keeps the lake small and fast. The release stands: where this fails, the next load does it."""
        try:
            for table in touched:
                version = release.versions.get(table, 0)
                if version and version % CHECKPOINT_EVERY == 0:
                    delta = DeltaTable(self.lake.table_folder(table), version=version)
                    delta.create_checkpoint()
                    delta.cleanup_metadata()
            in_use = [path for table in release.versions for path in self.lake.files(release, table)]
            sweep(self.lake.root, in_use)
        except (OSError, DeltaError, UserMistake) as error:
            logger.warning("%s could not be tidied: %s", self.lake.root, error)

    def close(self) -> None:
        """Deletes what was written and not published, and what did not fit in memory."""
        shutil.rmtree(self.lake.root / SPILL_FOLDER, ignore_errors=True)
        try:
            current = self.lake.release()
        except UserMistake:
            return
        if current is None or current.build_id != self.build_id:
            for folder in (self.lake.root / TABLES_FOLDER).glob(f"*/{self.build_id}"):
                shutil.rmtree(folder, ignore_errors=True)


def _parts_of(folder: Path, delta: DeltaTable) -> list[Part]:
    # Not file_uris(): those are percent-encoded, and no file has such a name.
    actions = pa.RecordBatchReader.from_stream(delta.get_add_actions(flatten=True)).read_all().to_pylist()
    return [
        Part(str(folder / row["path"]), row["num_records"] or 0, _label(os.path.basename(row["path"])))
        for row in actions
    ]


def _label(name: str) -> str | None:
    return name.split("~", 1)[0] if "~" in name else None


def _log_file(folder: Path, version: int) -> Path:
    return folder / "_delta_log" / f"{version:020d}.json"


def _drop_unpublished(folder: Path, version: int | None) -> None:
    """Deletes what a killed load had added to a table's log after the released version: nobody has seen it.

    The latest first, so that there is never a gap. A power cut may have left them torn, so they are not read.
    """
    logs = sorted(folder.glob("_delta_log/*"), reverse=True)
    for log in logs:
        number = log.name.split(".")[0]
        if version is None or (number.isdigit() and int(number) > version):
            log.unlink()


def _millis() -> int:
    return int(time.time() * 1000)


def _damaged(folder: Path, why: str) -> UserMistake:
    return UserMistake(
        f"{folder}: the lake is damaged: {why}",
        "Put the folder back from a copy of the lake, or load the source files into a new one.",
    )


def _clear(root: Path) -> None:
    """Deletes what a killed writer had not finished beside the tables."""
    shutil.rmtree(root / SPILL_FOLDER, ignore_errors=True)
    for half in root.glob(".*.json.*"):
        half.unlink(missing_ok=True)


def _acquire(lock: FileLock, waiting: Callable[[str], None]) -> None:
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
