"""Files that no release needs any more: kept a while for readers of the release before, then deleted.

Rows that were landed are in every release after; only files that were merged into others, built tables that
were computed anew, and what a killed load left behind fall out of use.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Iterator
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
    since = _retired(root)
    retired: dict[str, float] = {}
    deleted: list[str] = []
    for folder, files in _build_folders(tables):
        unused = [path for path in files if path not in in_use]
        for path in unused:
            name = path[len(str(tables)) + 1 :].replace(os.sep, "/")
            # An instant that lies ahead is of a clock that was set back.
            retired[name] = min(since.get(name, now), now)
            if now - retired[name] >= KEEP_RETIRED_HOURS * 3600:
                os.unlink(path)
                del retired[name]
                deleted.append(path)
        if len(unused) == len(files):
            with suppress(OSError):
                os.rmdir(folder)
    if retired != since:
        swap(root / RETIRED_FILE, retired)
    return deleted


def _build_folders(tables: Path) -> Iterator[tuple[str, list[str]]]:
    """The folder of every build in every table, with its files; the tables' own logs are none."""
    for table in _entries(tables):
        for folder in _entries(table.path):
            if folder.is_dir() and not folder.name.startswith("_"):
                yield folder.path, [file.path for file in _entries(folder.path) if file.is_file()]


def _entries(folder: Path | str) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as found:
        return list(found)


def _retired(root: Path) -> dict[str, float]:
    """When each file was first seen out of use. Where that cannot be read, their time begins anew."""
    try:
        plain = json.loads((root / RETIRED_FILE).read_text(encoding="utf-8"))
        return {str(name): float(instant) for name, instant in plain.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}
