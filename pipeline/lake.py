"""The lake: Delta tables, one release that names the version of each, and one writer at a time.

The one place that knows Delta. Parquet parts are written beside the tables first, where nobody looks; a load then
commits them table by table, and last swaps `release.json`, which readers open first. Whatever a killed load left
behind is put back by the next writer, so a lake is always as its release says.
"""

from __future__ import annotations

import json
import os
import shutil
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable, Schema
from deltalake.transaction import AddAction, RemoveAction, create_table_with_add_actions
from filelock import FileLock, Timeout

from pipeline import __version__
from pipeline.errors import UserMistake

RELEASE_FILE = "release.json"
LOCK_FILE = "writer.lock"
LOCK_WAIT_SECONDS = 3600.0


@dataclass(frozen=True)
class Release:
    """What a reader sees: the version of every table of one build.

    Args:
        build_id: unlike any other.
        created_at: when it was published (UTC, naive).
        as_of: the default `as_of` of the data; None where there is no move and no milestone.
        reference_digest: of the reference tables that the built tables were computed with.
        is_sample: whether any loaded file is sample data.
        versions: the Delta version of each table.
        rows: rows of each table.
    """

    build_id: str
    created_at: datetime
    product_version: str
    as_of: datetime | None
    reference_digest: str
    is_sample: bool
    versions: dict[str, int] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The release as plain values."""
        plain = asdict(self)
        plain["created_at"] = self.created_at.isoformat()
        plain["as_of"] = self.as_of.isoformat() if self.as_of else None
        return plain

    @classmethod
    def of_json(cls, plain: dict[str, Any]) -> Release:
        """The release that `as_json` wrote."""
        as_of = plain["as_of"]
        return cls(
            **{
                **plain,
                "created_at": datetime.fromisoformat(plain["created_at"]),
                "as_of": datetime.fromisoformat(as_of) if as_of else None,
            }
        )


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

    def release(self) -> Release | None:
        """The release that is current now; None for an empty lake."""
        path = self.root / RELEASE_FILE
        try:
            return Release.of_json(json.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None
        except (json.JSONDecodeError, KeyError, TypeError, ValueError) as error:
            raise UserMistake(
                f"{path} is not a release of dgwatch", "Point --lake to a lake, or move this file away."
            ) from error

    def files(self, release: Release | None, table: str) -> list[str]:
        """The Parquet files of a table as of a release; none where the release has no such table."""
        if release is None or table not in release.versions:
            return []
        return DeltaTable(self._folder(table), version=release.versions[table]).file_uris()

    def parts(self, release: Release | None, table: str) -> list[Part]:
        """The files of a table with their labels and rows."""
        if release is None or table not in release.versions:
            return []
        delta = DeltaTable(self._folder(table), version=release.versions[table])
        actions = pa.table(delta.get_add_actions(flatten=True)).to_pylist()
        return [
            Part(str(self._folder(table) / row["path"]), row["num_records"] or 0, _label(row["path"]))
            for row in actions
        ]

    def _folder(self, table: str) -> Path:
        return self.root / "tables" / table

    @contextmanager
    def writing(self, waiting: Callable[[str], None]) -> Iterator[Draft]:
        """The one writer of the lake, once it is alone; a second one waits and says so.

        Raises `UserMistake` where the lake cannot be written or the other load does not end within an hour.
        """
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.root / LOCK_FILE)
            _acquire(lock, waiting)
        except PermissionError as error:
            raise UserMistake(
                f"{self.root}: not writable", "Choose another folder with --lake or DGWATCH_LAKE."
            ) from error
        try:
            release = self.release()
            self._put_back(release)
            yield Draft(self, release)
        finally:
            lock.release()

    def _put_back(self, release: Release | None) -> None:
        """Brings every table to the version of the release: undoes what a killed load had committed."""
        versions = release.versions if release else {}
        tables = self.root / "tables"
        for folder in sorted(tables.iterdir()) if tables.is_dir() else []:
            if folder.name not in versions:
                shutil.rmtree(folder)
                continue
            delta = DeltaTable(folder)
            if delta.version() != versions[folder.name]:
                delta.restore(versions[folder.name])
        shutil.rmtree(self.root / "spill", ignore_errors=True)


class Draft:
    """A release in the making: parts are added and removed, then `publish` makes them the lake's.

    Until `publish` has swapped the release nothing of it can be seen.
    """

    def __init__(self, lake: Lake, release: Release | None) -> None:
        self.lake = lake
        self.release = release
        self.build_id = uuid.uuid4().hex[:16]
        self._added: dict[str, list[Part]] = {}
        self._removed: dict[str, list[str]] = {}
        self._counter = 0

    def new_path(self, table: str, label: str | None = None) -> Path:
        """Where the next part of a table may be written; its folder is there."""
        self._counter += 1
        folder = self.lake._folder(table) / self.build_id
        folder.mkdir(parents=True, exist_ok=True)
        mark = f"{label}~" if label else ""
        return folder / f"{mark}{self._counter:06d}.parquet"

    def folder(self, table: str) -> Path:
        """The folder for parts of a table that others name."""
        return self.new_path(table).parent

    def spill_folder(self) -> Path:
        """A folder for what does not fit in memory; emptied by the next writer."""
        folder = self.lake.root / "spill"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def add(self, table: str, path: Path, rows: int) -> None:
        """Takes a written part into a table, moving it there where it was written elsewhere in the lake."""
        if self.lake._folder(table) not in path.parents:
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
        self._removed.setdefault(table, []).extend(files)

    def files(self, table: str) -> list[str]:
        """The files of a table as it will be."""
        gone = set(self._removed.get(table, ()))
        kept = [path for path in self.lake.files(self.release, table) if path not in gone]
        return kept + [part.path for part in self._added.get(table, ())]

    def added(self, table: str) -> list[str]:
        """The files that this draft adds to a table."""
        return [part.path for part in self._added.get(table, ())]

    def added_parts(self, table: str) -> list[Part]:
        """The parts that this draft adds to a table."""
        return list(self._added.get(table, ()))

    def publish(self, as_of: datetime | None, reference_digest: str, is_sample: bool) -> Release:
        """Commits table by table, then swaps the release. Returns it."""
        old = self.release
        draft = Release(
            build_id=self.build_id,
            created_at=datetime.utcfromtimestamp(time.time()).replace(microsecond=0),
            product_version=__version__,
            as_of=as_of,
            reference_digest=reference_digest,
            is_sample=is_sample,
            versions=dict(old.versions) if old else {},
            rows=dict(old.rows) if old else {},
        )
        for table in sorted(self._added.keys() | self._removed.keys()):
            draft.versions[table], draft.rows[table] = self._commit(table)
        release = replace(draft)
        _swap(self.lake.root / RELEASE_FILE, json.dumps(release.as_json(), indent=1))
        return release

    def _commit(self, table: str) -> tuple[int, int]:
        folder = self.lake._folder(table)
        added = self._added.get(table, [])
        adds = [_add_action(folder, part) for part in added]
        exists = self.release is not None and table in self.release.versions
        if not exists:
            schema = pq.read_schema(added[0].path)
            create_table_with_add_actions(str(folder), Schema.from_arrow(schema), adds, mode="append")
        else:
            gone = set(self._removed.get(table, ()))
            delta = DeltaTable(folder)
            removes = [
                RemoveAction(path=os.path.relpath(path, folder), data_change=True, deletion_timestamp=_millis())
                for path in sorted(gone)
            ]
            if adds or removes:
                delta.create_write_transaction([*removes, *adds], "append", delta.schema())
        delta = DeltaTable(folder)
        actions = pa.table(delta.get_add_actions(flatten=True))
        return delta.version(), sum(actions.column("num_records").to_pylist())


def _add_action(folder: Path, part: Part) -> AddAction:
    return AddAction(
        path=os.path.relpath(part.path, folder),
        size=os.path.getsize(part.path),
        partition_values={},
        modification_time=_millis(),
        data_change=True,
        stats=json.dumps({"numRecords": part.rows}),
    )


def _label(path: str) -> str | None:
    name = os.path.basename(path)
    return name.split("~", 1)[0] if "~" in name else None


def _millis() -> int:
    return int(time.time() * 1000)


def _swap(path: Path, text: str) -> None:
    """Writes a file so that a reader sees the old or the new text, never a part."""
    waiting = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    with waiting.open("w", encoding="utf-8") as handle:
        handle.write(text)
        handle.flush()
        os.fsync(handle.fileno())
    os.replace(waiting, path)


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
