"""A lake in an object store that speaks the S3 protocol.

Objects are written once and never again, but for three small ones. `release.json` is swapped by condition: only for
the very release on which a load was built, so a load that lost its turn, for whatever reason, publishes nothing.
`writer.json` is the lease that makes a second load wait, and `retired.json` what is to be deleted and when. Tables' logs
grow by condition too (a version is written where there is none): what a killed load left in one is never looked at, and
the next commit takes it out again.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock

from pipeline.address import Address
from pipeline.errors import UserMistake
from pipeline.lake.folder import LOCK_FILE, SPILL_FOLDER, acquire
from pipeline.lake.lease import Lease
from pipeline.lake.object_cache import cache_folder, keep, readable
from pipeline.lake.object_store import Objects, delta_options
from pipeline.lake.place import Place
from pipeline.lake.release import RELEASE_FILE, TABLES_FOLDER, Release, empty_release, no_release, release_of
from pipeline.lake.sweeping import RETIRED_FILE, retire, retired_of

HOLDER_FILE = "holder"
PARTS_FILE = "parts.json"


class Bucket(Place):
    """A lake at an address. What a load writes lies in a folder of this machine until it is sent."""

    def __init__(self, root: Address) -> None:
        self.root: Address = root
        self.scratch = cache_folder() / "writing" / hashlib.sha256(str(root).encode()).hexdigest()[:16]
        self._objects = Objects(root)
        self._tag = ""
        """Of the release on which this writer builds."""
        self._build_id = ""
        """Of the release that this writer has published."""

    def release(self) -> Release | None:
        """The current release."""
        return self._read()[0]

    def _read(self) -> tuple[Release | None, str]:
        found = self._objects.read(RELEASE_FILE)
        if found is None and self._objects.any(TABLES_FOLDER):
            # Again: a load that begins meanwhile makes the release first.
            found = self._objects.read(RELEASE_FILE)
            if found is None:
                raise no_release(self.root)
        return (release_of(self.root, found[0]), found[1]) if found else (None, "")

    @contextmanager
    def writing(self, waiting: Callable[[str], None]) -> Iterator[Release | None]:
        """The one writer, first on this machine, then of all: what it left behind here is then of the dead."""
        self.release()
        here = self._locked_here(waiting)
        try:
            lease = Lease(self._objects, self._holder())
            lease.acquire(waiting)
            try:
                shutil.rmtree(self.scratch / TABLES_FOLDER, ignore_errors=True)
                shutil.rmtree(self.scratch / SPILL_FOLDER, ignore_errors=True)
                self._objects.create(RELEASE_FILE, json.dumps(empty_release()))
                release, self._tag = self._read()
                yield release
            finally:
                lease.release()
        finally:
            here.release()

    def _locked_here(self, waiting: Callable[[str], None]) -> FileLock:
        try:
            self.scratch.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.scratch / LOCK_FILE)
            acquire(lock, waiting)
        except OSError as error:
            raise UserMistake(
                f"{self.scratch}: not writable ({error.strerror})", "Name another folder with DGWATCH_CACHE."
            ) from error
        return lock

    def _holder(self) -> str:
        """The name under which this folder takes leases: one that it left behind is free again at once."""
        path = self.scratch / HOLDER_FILE
        if not path.exists():
            path.write_text(uuid.uuid4().hex, encoding="utf-8")
        return path.read_text(encoding="utf-8")

    def delta_options(self) -> dict[str, str]:
        """The endpoint; the rest the client takes from the environment itself."""
        return delta_options()

    def lost(self, paths: Iterable[str]) -> str | None:
        """None: it would cost a request each, and a part that is gone is told when it is read."""

    def clear_log(self, table: str, version: int | None) -> None:
        """Nothing: a commit here takes back what the log has after the released version."""

    def send(self, table: str, parts: Iterable[str]) -> None:
        """Uploads written parts."""
        named = [(Path(path), f"{TABLES_FOLDER}/{table}/{self.name_of(table, path)}") for path in parts]
        self._objects.send(named)

    def settle(self, parts: Iterable[str], logs: Iterable[str]) -> None:
        """Nothing: what an object store has acknowledged stays."""

    def list_parts(self, build_id: str, told: Callable[[], str]) -> None:
        """Writes the list, under a name of the build alone: it never changes."""
        self._objects.write(f"{TABLES_FOLDER}/{_list_of(build_id)}", told())

    def listed_parts(self, build_id: str) -> str | None:
        """Reads the list, once on this machine."""
        try:
            (path,) = readable([f"{self.root}/{TABLES_FOLDER}/{_list_of(build_id)}"])
            return Path(path).read_text(encoding="utf-8")
        except (UserMistake, OSError):
            return None  # whatever it was, the logs tell it, or say why they cannot

    def swap(self, release: Release) -> None:
        """Swaps the release, if it is still the one on which this one was built."""
        tag = self._objects.replace(RELEASE_FILE, json.dumps(release.as_json(), indent=1), self._tag)
        # A request that was repeated because its answer got lost finds its own work.
        if tag is None and (now := self.release()) is not None and now.build_id == release.build_id:
            tag = self._read()[1]
        if tag is None:
            raise UserMistake(
                f"{self.root}: another load was published while this one was computed",
                "Nothing of this one counts; give the same command again.",
            )
        self._tag = tag
        self._build_id = release.build_id

    def settled(self, table: str, path: str) -> str:
        """The address of a part; a part that was written here is kept as if it had been fetched."""
        address = self.table_folder(table) / self.name_of(table, path)
        if path != str(address):
            with suppress(OSError):  # then it is fetched when it is needed
                keep(Path(path), address)
        return str(address)

    def table_folder(self, table: str) -> Address:
        """The address of a table's parts and log."""
        return self.root / TABLES_FOLDER / table

    def sweep(self, in_use: Iterable[str]) -> None:
        """Deletes what no release needs any more."""
        prefix = f"{self.root}/{TABLES_FOLDER}/"
        named = {path[len(prefix) :] for path in in_use} | {_list_of(self._build_id)}
        there = (name.removeprefix(f"{TABLES_FOLDER}/") for name in self._objects.names(TABLES_FOLDER))
        unused = [name for name in there if name not in named and "/_delta_log/" not in name]
        found = self._objects.read(RETIRED_FILE)
        since = retired_of(found[0] if found else "")
        retired, overdue = retire(unused, since, time.time())
        self._objects.delete(f"{TABLES_FOLDER}/{name}" for name in overdue)
        if retired != since:
            self._objects.write(RETIRED_FILE, json.dumps(retired, indent=1))

    def drop(self, build_id: str | None) -> None:
        """Deletes what did not fit in memory and what was not sent, and the parts of a build."""
        for folder in (SPILL_FOLDER, TABLES_FOLDER):
            shutil.rmtree(self.scratch / folder, ignore_errors=True)
        if build_id is not None:
            # What cannot be deleted now is swept one day.
            with suppress(UserMistake):
                there = self._objects.names(TABLES_FOLDER)
                self._objects.delete([name for name in there if f"/{build_id}/" in name])


def _list_of(build_id: str) -> str:
    """Beside the tables' folders, and swept as their files are."""
    return f"_parts/{build_id}/{PARTS_FILE}"
