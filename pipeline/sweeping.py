"""Files that no release needs any more: kept a while for readers of the release before, then deleted.

Rows that were landed are in every release after; only files that were merged into others, built tables that
were computed anew, and what a killed load left behind fall out of use.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from pipeline.release import TABLES_FOLDER, swap

RETIRED_FILE = "retired.json"
KEEP_RETIRED_HOURS = 6.0
"""Longer than any question takes, and than a screen goes without asking for the current release."""


def sweep(root: Path, in_use: Iterable[str]) -> list[str]:
    """Deletes the files of tables that have been out of use for `KEEP_RETIRED_HOURS`.

    `in_use` are the paths of the current release. A file's time begins when it is first seen out of use,
    which `retired.json` keeps. Returns what was deleted. Only the writer of a lake may call this.
    """
    now = time.time()
    tables = root / TABLES_FOLDER
    in_use = set(in_use)
    unused = [path for path in _part_files(tables) if str(path) not in in_use]
    since = _retired(root)
    retired: dict[str, float] = {}
    deleted: list[str] = []
    for path in unused:
        name = path.relative_to(tables).as_posix()
        # An instant that lies ahead is of a clock that was set back.
        first_seen = min(since.get(name, now), now)
        if now - first_seen < KEEP_RETIRED_HOURS * 3600:
            retired[name] = first_seen
            continue
        path.unlink(missing_ok=True)
        deleted.append(str(path))
    if retired != since:
        swap(root / RETIRED_FILE, retired)
    _remove_empty(tables)
    return deleted


def _build_folders(tables: Path) -> list[Path]:
    """The folders of builds, in every table; the tables' own logs are none."""
    return [path for path in tables.glob("*/*") if not path.name.startswith("_") and path.is_dir()]


def _remove_empty(tables: Path) -> None:
    for folder in _build_folders(tables):
        if not any(folder.iterdir()):
            with suppress(OSError):
                folder.rmdir()


def _part_files(tables: Path) -> list[Path]:
    return [path for folder in _build_folders(tables) for path in folder.iterdir() if path.is_file()]


def _retired(root: Path) -> dict[str, float]:
    """When each file was first seen out of use. Where that cannot be read, their time begins anew."""
    try:
        plain = json.loads((root / RETIRED_FILE).read_text(encoding="utf-8"))
        return {str(name): float(instant) for name, instant in plain.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}
