"""One sample world cut by the time rows were recorded: histories of several lengths that end before the same days.

The days after them are the same small files of every port and source for all, and the open set is the same but for
what stays longer than the shortest history.
"""

from __future__ import annotations

import gzip
import os
import shutil
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import pandas as pd

from benchmarks.peers.pandas_checks import Checked
from benchmarks.peers.pandas_reading import Rules, read_file, read_rules
from benchmarks.world import ROWS_A_BATCH, sample_folder
from pipeline.contract import SOURCES, Source
from pipeline.sample import SampleSettings

LAST_DAY = date(2023, 12, 31)
PORTS = 4
ROWS_A_DAY = 1_000
MEASURED_DAYS = 4
LOCAL_OFFSET = timedelta(hours=8)


@dataclass(frozen=True)
class CutWorld:
    """A folder with each history, as asked for, and one with each of the days after them, oldest first."""

    histories: list[Path]
    days: list[Path]


@dataclass(frozen=True)
class _Cut:
    """Where rows go by the instant (naive UTC) they were recorded at: folder, first instant, instant after the last."""

    folder: Path
    first: datetime
    after: datetime


def world_of(rows: int) -> SampleSettings:
    """A world of about that many rows that ends on `LAST_DAY`."""
    days = max(rows // ROWS_A_DAY, 2 * MEASURED_DAYS)
    batches = round(days * ROWS_A_DAY / ROWS_A_BATCH["feeds"])
    return SampleSettings(
        batches=batches, ports=PORTS, days=days, start=LAST_DAY - timedelta(days=days - 1), dirty_pct=0.5
    )


def cut_world(work: Path, rows: list[int]) -> CutWorld:
    """Cuts the world of the longest history into histories of about so many rows and the days after them.

    Kept for the next run. Rows without `recorded_at` and lines that are no rows go with those around them into no
    cut file, so they are in histories only where a whole file is.
    """
    settings = world_of(max(rows))
    whole = sample_folder(work, settings)
    folder = work / "cut" / f"{whole.name}_{'_'.join(map(str, rows))}"
    unfinished = folder.with_name(folder.name + ".unfinished")
    last = _midnight(LAST_DAY + timedelta(days=1 - MEASURED_DAYS))
    histories = [
        _Cut(unfinished / f"history-{count}", last - timedelta(days=world_of(count).days), last)
        for count in rows
    ]
    begins = [last + timedelta(days=number) for number in range(MEASURED_DAYS)]
    days = [
        _Cut(unfinished / f"day-{n + 1}", first, first + timedelta(days=1)) for n, first in enumerate(begins)
    ]
    if not folder.is_dir():
        shutil.rmtree(unfinished, ignore_errors=True)
        _cut_folder(whole, [*histories, *days])
        unfinished.rename(folder)
    return CutWorld(
        [folder / cut.folder.name for cut in histories], [folder / cut.folder.name for cut in days]
    )


def _midnight(day: date) -> datetime:
    """When a local day begins, in UTC."""
    return datetime.combine(day, datetime.min.time()) - LOCAL_OFFSET


def _cut_folder(whole: Path, cuts: list[_Cut]) -> None:
    for cut in cuts:
        cut.folder.mkdir(parents=True)
        shutil.copy(whole / "sample.json", cut.folder)
    rules = read_rules(pd.Timestamp(LAST_DAY) + pd.Timedelta(days=800))
    for path in sorted(whole.iterdir()):
        if path.name.endswith((".csv", ".csv.gz")):
            _cut_file(path, cuts, rules)


def _cut_file(path: Path, cuts: list[_Cut], rules: Rules) -> None:
    source = next(source for name, source in SOURCES.items() if path.name.startswith(name))
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    rows, _ = read_file(content, source, rules.aliases.get(source.name, {}))
    recorded = _recorded_at(rows, source, rules)
    encoding = "utf-8" if _is_utf8(content) else "gb18030"
    lines = content.decode(encoding, "surrogateescape").replace("\r\n", "\n").split("\n")
    for cut in cuts:
        chosen = (recorded >= cut.first) & (recorded < cut.after)
        if (chosen | recorded.isna()).all() and not recorded.isna().all():
            os.link(path, cut.folder / path.name)
        else:
            _write(cut.folder / path.name, lines, rows.loc[chosen, "_line"].tolist(), encoding)


def _recorded_at(rows: pd.DataFrame, source: Source, rules: Rules) -> pd.Series:
    checked = Checked(rows.assign(_file_seq=0), source, rules)
    checked.check()
    return checked.typed["recorded_at"]


def _is_utf8(content: bytes) -> bool:
    try:
        content.split(b"\n", 1)[0].decode()
    except UnicodeDecodeError:
        return False
    return True


def _write(path: Path, lines: list[str], numbers: list[int], encoding: str) -> None:
    chosen = [line for number in numbers if (line := lines[number - 1])]
    if not chosen:
        return
    text = "\n".join([lines[0], *chosen]) + "\n"
    content = text.encode(encoding, "surrogateescape")
    path.write_bytes(gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)
