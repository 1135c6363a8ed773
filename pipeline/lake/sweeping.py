"""Files that no release needs any more: kept a while for readers of the release before, then deleted.

Rows that were landed are in every release after; only files that were merged into others, built tables that
were computed anew, and what a killed load left behind fall out of use.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from pipeline.lake.release import TABLES_FOLDER, swap

RETIRED_FILE = "retired.json"
KEEP_RETIRED_HOURS = 6.0
"""Longer than any question takes, and than a screen goes without asking for the current release."""


def sweep(root: Path, in_use: Iterable[str]) -> list[str]:
    """Deletes the files of tables that have been out of use for `KEEP_RETIRED_HOURS`.

    `in_use` are the paths of the current release. A file's time begins when it is first seen out of use,
    which `retired.json` keeps. Returns what was deleted. Only the writer of a lake may call this.
    """
    tables = root / TABLES_FOLDER
    in_use = set(in_use)
    since = _retired(root)
    paths: dict[str, str] = {}
    emptied: list[str] = []
    for folder, files in _build_folders(tables):
        unused = [path for path in files if path not in in_use]
        paths |= {path[len(str(tables)) + 1 :].replace(os.sep, "/"): path for path in unused}
        if len(unused) == len(files):
            emptied.append(folder)
    retired, overdue = retire(paths, since, time.time())
    for name in overdue:
        os.unlink(paths[name])
    for folder in emptied:
        with suppress(OSError):
            os.rmdir(folder)
    if retired != since:
        swap(root / RETIRED_FILE, retired)
    return [paths[name] for name in overdue]


def retire(
    unused: Iterable[str], since: Mapping[str, float], now: float
) -> tuple[dict[str, float], list[str]]:
    """Since when each unused file is out of use, and those whose time is over.

    `since` is what was found before, by name; all in seconds of the clock.
    """
    # An instant that lies ahead is of a clock that was set back.
    retired = {name: min(since.get(name, now), now) for name in unused}
    overdue = [name for name, instant in retired.items() if now - instant >= KEEP_RETIRED_HOURS * 3600]
    return {name: retired[name] for name in retired.keys() - set(overdue)}, overdue


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
    try:
        return retired_of((root / RETIRED_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def retired_of(text: str) -> dict[str, float]:
    """When each file was first seen out of use. Where that cannot be read, their time begins anew."""
    try:
        return {str(name): float(instant) for name, instant in json.loads(text).items()}
    except (ValueError, AttributeError, TypeError):
        return {}
