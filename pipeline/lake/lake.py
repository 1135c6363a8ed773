"""The lake: Delta tables, one release that names the version of each, and one writer at a time.

Parquet parts are written where nobody looks; a load then commits them to the tables' logs, and last swaps
`release.json`, which readers open first. What a killed load left behind is never looked at: the next commit of a table
drops it from the table's log, and files that no release names are swept. Where all that lies, in a folder or in a
bucket of an object store, is the affair of the lake's place.
"""

from __future__ import annotations

import itertools
import json
import logging
import os
import uuid
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pyarrow.parquet as pq

from pipeline import __version__
from pipeline.address import Address, Root
from pipeline.errors import UserMistake
from pipeline.lake.folder import SPILL_FOLDER, Folder
from pipeline.lake.merging import MERGE_BELOW_ROWS, merge_parts
from pipeline.lake.place import Place
from pipeline.lake.release import RELEASE_FILE, TABLES_FOLDER, Release
from pipeline.lake.table_log import Added, LogFailed, TableLog

__all__ = ["RELEASE_FILE", "Draft", "Lake", "Part", "Release"]

MERGE_FROM_PARTS = 16
"""So many parts of about one size become one: a row is rewritten once for every digit of its part's rows."""

COMMITS_AT_A_TIME = 4

CHECKPOINT_EVERY = 32
"""Versions after which a table's log is summed up: opening it costs the same after years of loads."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Part:
    """One Parquet file of a table. `label` is what a file is picked by, such as the month its stays ended.

    `path` is a path, or an address in an object store, which `object_cache.readable` makes a path.
    """

    path: str
    rows: int
    label: str | None = None


class Lake:
    """One folder, or one address in an object store, with everything loaded."""

    def __init__(self, root: Root) -> None:
        self.root = root
        self.place = _place_at(root)
        self._parts: dict[tuple[str, str], list[Part]] = {}
        self._listing: dict[tuple[str, str], Future[None]] = {}
        self._logs: dict[str, TableLog] = {}

    def release(self) -> Release | None:
        """The current release; None for an empty lake. Raises `UserMistake` for what is no lake."""
        return self.place.release()

    def files(self, release: Release | None, table: str) -> list[str]:
        """The Parquet files of a table as of a release; none where the release has no such table."""
        return [part.path for part in self.parts(release, table)]

    def parts(self, release: Release | None, table: str) -> list[Part]:
        """The files of a table with their labels and rows. Raises `UserMistake` where files are gone."""
        if release is None or table not in release.versions:
            return []
        begun = self._listing.get((release.build_id, table))
        if begun is not None:
            begun.result()
        else:
            self._list(release, table)
        return list(self._parts[release.build_id, table])

    def list_ahead(self, release: Release | None) -> None:
        """Lists the files of all tables of a release beside what the caller, its writer, does; who asks for them waits."""
        if release is None:
            return
        self._logs = {table: replace(self.log(table), opened={}) for table in release.versions}
        one_by_one = ThreadPoolExecutor(1)
        for table in release.versions:
            self._listing[release.build_id, table] = one_by_one.submit(self._list, release, table)
        one_by_one.shutdown(wait=False)

    def _list(self, release: Release, table: str) -> None:
        if (release.build_id, table) not in self._parts:
            for name, parts in self._listed_at_once(release).items():
                self.remember(release, name, parts)
        if (release.build_id, table) not in self._parts:
            self.remember(release, table, self._listed(table, release.versions[table]))

    def remember(self, release: Release, table: str, parts: list[Part]) -> None:
        """Takes the files of a table as of a release, which never change, from who knows them."""
        self._parts[release.build_id, table] = parts

    def _listed_at_once(self, release: Release) -> dict[str, list[Part]]:
        """The files of all tables, where the place keeps a list of them."""
        text = self.place.listed_parts(release.build_id)
        return {
            table: self._named(table, files) for table, files in (json.loads(text) if text else {}).items()
        }

    def _named(self, table: str, files: Iterable[tuple[str, int]]) -> list[Part]:
        """Parts by their names in a table and their rows."""
        # As text: a table may have thousands of parts.
        folder = str(self.table_folder(table) / "part").removesuffix("part")
        return [Part(folder + name, rows, _label(name.rsplit("/", 1)[-1])) for name, rows in files]

    def _listed(self, table: str, version: int) -> list[Part]:
        folder = self.table_folder(table)
        try:
            files = self.log(table).files(version)
        except LogFailed as error:
            raise _damaged(folder, str(error)) from error
        parts = self._named(table, ((file.name, file.rows) for file in files))
        gone = self.place.lost(part.path for part in parts)
        if gone is not None:
            raise _damaged(folder, f"{gone} is gone")
        return parts

    def table_folder(self, table: str) -> Root:
        """The folder of a table's parts and log."""
        return self.place.table_folder(table)

    def log(self, table: str) -> TableLog:
        """The log of a table."""
        return self._logs.get(table) or TableLog(str(self.table_folder(table)), self.place.delta_options())

    @contextmanager
    def writing(self, waiting: Callable[[str], None]) -> Iterator[Draft]:
        """The one writer of the lake, once it is alone; a second one waits and says so.

        What the draft has written and not published is deleted at the end. Raises `UserMistake` where the
        lake cannot be written or the other load does not end within an hour.
        """
        with self.place.writing(waiting) as release:
            draft = Draft(self, release)
            try:
                yield draft
            finally:
                draft.close()


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
        self._tables = lake.place.scratch / TABLES_FOLDER

    def new_path(self, table: str, label: str | None = None) -> Path:
        """Where the next part of a table may be written; its folder is there. Threads may ask at once."""
        mark = f"{label}~" if label else ""
        return self.folder(table) / f"{mark}{next(self._numbers):06d}.parquet"

    def folder(self, table: str) -> Path:
        """The folder for parts of a table that others name."""
        folder = self._tables / table / self.build_id
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def spill_folder(self) -> Path:
        """A folder for what does not fit in memory; emptied at the end."""
        folder = self.lake.place.scratch / SPILL_FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def add(self, table: str, path: Path, rows: int) -> None:
        """Takes a written part into a table, moving it there where it was written elsewhere in the lake."""
        if self._tables / table not in path.parents:
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
        """Commits the tables, then swaps the release, then sweeps. Returns the release."""
        old = self.release
        versions = dict(old.versions) if old else {}
        rows = dict(old.rows) if old else {}
        touched = sorted(self._added.keys() | self._removed.keys())
        with ThreadPoolExecutor(COMMITS_AT_A_TIME) as pool:
            committed = dict(zip(touched, pool.map(self._send, touched), strict=True))
        for table, version in committed.items():
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
        there = [table for table in touched if table in versions]
        self.lake.place.settle(
            (path for table in touched for path in self.added(table)),
            (_log_file(self.lake.table_folder(table), versions[table]) for table in there),
        )
        self.lake.place.list_parts(self.build_id, lambda: json.dumps(self._names(versions)))
        self.lake.place.swap(release)
        for table in versions:
            self.lake.remember(release, table, self._settled(table))
        self._tidy(release, touched)
        return release

    def _names(self, tables: Iterable[str]) -> dict[str, list[tuple[str, int]]]:
        """The names and rows of the files of tables as they will be."""
        name_of = self.lake.place.name_of
        return {
            table: [(name_of(table, part.path), part.rows) for part in self.parts(table)] for table in tables
        }

    def _settled(self, table: str) -> list[Part]:
        settled = self.lake.place.settled
        return [replace(part, path=settled(table, part.path)) for part in self.parts(table)]

    def _send(self, table: str) -> int | None:
        self.lake.place.send(table, self.added(table))
        return self._commit(table)

    def _commit(self, table: str) -> int | None:
        """Brings a table to what it will be. Returns its version; None where it never had a part."""
        place = self.lake.place
        before = self.release.versions.get(table) if self.release else None
        wanted = {place.name_of(table, part.path): part for part in self.parts(table)}
        released = {place.name_of(table, path) for path in self.lake.files(self.release, table)}
        place.clear_log(table, before)
        if wanted.keys() == released:
            return before
        moved = {place.name_of(table, path) for path in self._merged_of(table)}
        told = {name: partial(self._told, name, part) for name, part in wanted.items()}
        schema = partial(pq.read_schema, next(iter(wanted.values())).path if wanted else "")
        try:
            return self.lake.log(table).commit(before, released, told, schema, moved)
        except LogFailed as error:
            raise UserMistake(
                f"{self.lake.root}: the object store does not do as asked ({error})",
                "Nothing of this load counts; give the same command again.",
            ) from error

    def _merged_of(self, table: str) -> Iterable[str]:
        theirs = {part.path for part in self.lake.parts(self.release, table)} | set(self.added(table))
        return self._merged & theirs

    def _told(self, name: str, part: Part) -> Added:
        return Added(name, os.path.getsize(part.path), part.rows, part.path in self._merged)

    def _tidy(self, release: Release, touched: list[str]) -> None:
        """Keeps the lake small and fast. The release stands: where this fails, the next load does it."""
        try:
            for table in touched:
                version = release.versions.get(table, 0)
                if version and version % CHECKPOINT_EVERY == 0:
                    self.lake.log(table).sum_up(version)
            in_use = [path for table in release.versions for path in self.lake.files(release, table)]
            self.lake.place.sweep(in_use)
        except (OSError, LogFailed, UserMistake) as error:
            logger.warning("%s could not be tidied: %s", self.lake.root, error)

    def close(self) -> None:
        """Deletes what was written and not published, and what did not fit in memory."""
        unpublished: str | None = self.build_id
        try:
            current = self.lake.release()
            if current is not None and current.build_id == self.build_id:
                unpublished = None
        except UserMistake:
            unpublished = None
        self.lake.place.drop(unpublished)


def _place_at(root: Root) -> Place:
    if isinstance(root, Address):
        from pipeline.lake.bucket import Bucket  # an extra that few install

        return Bucket(root)
    return Folder(root)


def _label(name: str) -> str | None:
    return name.split("~", 1)[0] if "~" in name else None


def _log_file(folder: Root, version: int) -> str:
    return str(folder / "_delta_log" / f"{version:020d}.json")


def _damaged(folder: Root, why: str) -> UserMistake:
    return UserMistake(
        f"{folder}: the lake is damaged: {why}",
        "Put the folder back from a copy of the lake, or load the source files into a new one.",
    )
