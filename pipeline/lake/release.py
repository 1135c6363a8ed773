"""The release of a lake: one small file, swapped last, that names the version of every table.

Whoever reads a lake reads this file first and then only the versions that it names. The file is there from
the first load on, empty of tables at first: so tables without it are never taken for the leavings of a load
that was cut off.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from pipeline import __version__
from pipeline.address import Root
from pipeline.errors import UserMistake

RELEASE_FILE = "release.json"
TABLES_FOLDER = "tables"
LAYOUT = 1
"""How a lake is laid out. It counts up when an older product could no longer read what a newer one writes."""

FLUSHING_THREADS = 8


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
        """The release as plain values, with the layout of the lake."""
        plain = asdict(self)
        plain["created_at"] = self.created_at.isoformat()
        plain["as_of"] = self.as_of.isoformat() if self.as_of else None
        return {"layout": LAYOUT, **plain}

    @classmethod
    def of_json(cls, plain: dict[str, Any]) -> Release:
        """The release that `as_json` wrote."""
        as_of = plain["as_of"]
        values = {name: value for name, value in plain.items() if name != "layout"}
        values["created_at"] = datetime.fromisoformat(plain["created_at"])
        values["as_of"] = datetime.fromisoformat(as_of) if as_of else None
        return cls(**values)


def read_release(root: Path) -> Release | None:
    """The current release of the lake at `root`; None where nothing was loaded yet.

    Raises `UserMistake` for a lake of a newer product, and where the folder is none or has lost its release.
    """
    # In this order: a load that begins meanwhile makes the release first.
    has_tables = (root / TABLES_FOLDER).is_dir()
    path = root / RELEASE_FILE
    try:
        return release_of(root, path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if has_tables:
            raise no_release(root) from None
        return None
    except NotADirectoryError as error:
        raise UserMistake(f"{root}: not a folder", "Choose a folder with --lake or DGWATCH_LAKE.") from error
    except PermissionError as error:
        raise UserMistake(f"{path}: not readable", "Ask for the right to read the lake.") from error


def no_release(root: Root) -> UserMistake:
    """What is said of tables without a release: they are never taken for leavings and deleted."""
    return UserMistake(
        f"{root}: there are tables, and no {RELEASE_FILE} that says which of them count",
        f"Put {RELEASE_FILE} back from a copy of the lake, or choose another folder with --lake.",
    )


def release_of(root: Root, text: str) -> Release | None:
    """The release of a lake from its text; None where nothing was loaded yet. Raises `UserMistake` for another text."""
    try:
        plain = json.loads(text)
        layout = plain.get("layout", LAYOUT)
        if layout > LAYOUT:
            raise UserMistake(
                f"{root}: written by dgwatch {plain.get('product_version')}, "
                f"newer than this one ({__version__})",
                "Upgrade dgwatch, or choose another folder with --lake.",
            )
        return Release.of_json(plain) if plain["build_id"] else None
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise UserMistake(
            f"{root / RELEASE_FILE} is not a release of dgwatch",
            "Point --lake to a lake, or put this file back from a copy of the lake.",
        ) from error


def begin(root: Path) -> None:
    """Makes a folder a lake in which nothing is loaded yet, where it is not one."""
    path = root / RELEASE_FILE
    if not path.exists():
        swap(path, empty_release())


def empty_release() -> dict[str, Any]:
    """The content of the release of a lake in which nothing is loaded yet."""
    return {"layout": LAYOUT, "product_version": __version__, "build_id": None}


def write_release(root: Path, release: Release) -> None:
    """Makes a release the current one."""
    swap(root / RELEASE_FILE, release.as_json())


def swap(path: Path, content: dict[str, Any]) -> None:
    """Writes a JSON file so that a reader sees the old or the new one, never a part."""
    waiting = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        with waiting.open("w", encoding="utf-8") as handle:
            handle.write(json.dumps(content, indent=1))
            handle.flush()
            os.fsync(handle.fileno())
        os.replace(waiting, path)
    except BaseException:  # whatever ends it, an interrupt too: no half-written file may stay
        waiting.unlink(missing_ok=True)
        raise
    flush_folder(path.parent)


def flush(files: Iterable[Path]) -> None:
    """Sees files and the folders they are in to the disk: what a release names must outlast it."""
    files = list(files)
    folders = {folder for file in files for folder in (file.parent, file.parent.parent)}
    with ThreadPoolExecutor(FLUSHING_THREADS) as pool:
        list(pool.map(_flush_file, files))
        list(pool.map(flush_folder, folders))


def _flush_file(path: Path) -> None:
    with path.open("r+b") as handle:
        os.fsync(handle.fileno())


def flush_folder(path: Path) -> None:
    """Sees a folder's entries to the disk, where the system can."""
    if os.name == "nt":
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
