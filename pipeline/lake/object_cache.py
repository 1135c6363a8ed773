"""Files of an object store, kept on this machine for the next question: the lake's files never change.

A question needs some columns of some months over and over; a bucket answers each time in tens of milliseconds, a disk
at once. So a file is fetched whole when it is first read, and stays until room is needed. The name of every file holds
the build that wrote it, so what is kept is never of another time.
"""

from __future__ import annotations

import os
import threading
import time
import uuid
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from pipeline.address import Address, address_of, is_remote
from pipeline.errors import UserMistake
from pipeline.settings import cache_limit_bytes, home

KEPT_FOLDER = "kept"
IN_USE_SECONDS = 3600.0
"""A file that was asked for so lately may be open, and stays whatever the limit says."""

_fetching = threading.Lock()


def cache_folder() -> Path:
    """Where files are kept: `DGWATCH_CACHE`, else `data/.cache` of the home. Its name begins with a dot, so that
    a load of the folder above passes it over."""
    named = os.environ.get("DGWATCH_CACHE")
    return Path(named).expanduser().absolute() if named else home() / "data" / ".cache"


def readable(paths: Iterable[str]) -> list[str]:
    """Paths on this machine of files of a lake: those of an object store are fetched unless they are kept.

    Raises `UserMistake` where one is gone from the store.
    """
    paths = list(paths)
    if not any(map(is_remote, paths)):
        return paths
    places = [_kept(path) if is_remote(path) else Path(path) for path in paths]
    with _fetching:
        missing = [
            (path, place)
            for path, place in dict(zip(paths, places, strict=True)).items()
            if is_remote(path) and not _touched(place)
        ]
        if missing:
            _fetch(missing)
            make_room()
    return [str(place) for place in places]


def keep(path: Path, address: Address) -> None:
    """Takes a file that was written here and sent to an address, as if it had been fetched."""
    place = _kept(str(address))
    place.parent.mkdir(parents=True, exist_ok=True)
    os.replace(path, place)


def make_room() -> None:
    """Deletes the files that were not asked for the longest, until the others fit the limit."""
    found = []
    for folder, _, names in os.walk(cache_folder() / KEPT_FOLDER):
        for name in names:
            with suppress(FileNotFoundError):  # another process makes room too
                path = os.path.join(folder, name)
                told = os.stat(path)
                found.append((told.st_mtime, told.st_size, path))
    room = cache_limit_bytes() - sum(size for _, size, _ in found)
    for asked_at, size, path in sorted(found):
        if room >= 0 or time.time() - asked_at < IN_USE_SECONDS:
            return
        with suppress(OSError):
            os.unlink(path)
        room += size


def _kept(path: str) -> Path:
    address = address_of(path)
    return cache_folder() / KEPT_FOLDER / address.bucket / address.key


def _touched(place: Path) -> bool:
    try:
        os.utime(place)
    except FileNotFoundError:
        return False
    return True


def _fetch(missing: list[tuple[str, Path]]) -> None:
    from pipeline.lake.object_store import Objects  # an extra that few install

    by_bucket: dict[str, list[tuple[str, Path, Path]]] = {}
    for path, place in missing:
        place.parent.mkdir(parents=True, exist_ok=True)
        part = place.with_name(f".{uuid.uuid4().hex}")
        address = address_of(path)
        by_bucket.setdefault(address.bucket, []).append((address.key, part, place))
    for bucket, wanted in by_bucket.items():
        try:
            Objects(Address(bucket)).fetch((key, part) for key, part, _ in wanted)
            for _, part, place in wanted:
                os.replace(part, place)
        except FileNotFoundError as error:
            raise UserMistake(
                f"s3://{bucket}: the lake is damaged: a file of it is gone ({str(error).splitlines()[0]})",
                "Put it back from a copy of the lake, or load the source files into a new one.",
            ) from error
        finally:
            for _, part, _ in wanted:
                part.unlink(missing_ok=True)
