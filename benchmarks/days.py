"""A sample world cut by the day: a history, and the days after it as small files of every port and source.

Worlds of different length end on the same day and have as many batches a day, so that history grows and the day
does not.
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
MEASURED_DAYS = 3
LOCAL_OFFSET = timedelta(hours=8)


@dataclass(frozen=True)
class CutWorld:
    """A folder with the history, and one for each of the days after it, oldest first."""

    history: Path
    days: list[Path]


def world_of(rows: int) -> SampleSettings:
    """A world of about that many rows that ends on `LAST_DAY`."""
    days = max(rows // ROWS_A_DAY, 2 * MEASURED_DAYS)
    batches = round(days * ROWS_A_DAY / ROWS_A_BATCH["feeds"])
    return SampleSettings(
        batches=batches, ports=PORTS, days=days, start=LAST_DAY - timedelta(days=days - 1), dirty_pct=0.5
    )


def cut_world(work: Path, settings: SampleSettings) -> CutWorld:
    """The world's files with the rows recorded in its last days taken out and put into files of those days.

    Kept for the next run. Rows without `recorded_at`, and lines that are no rows, stay in the history.
    """
    whole = sample_folder(work, settings)
    folder = work / "cut" / whole.name
    days = [settings.start + timedelta(days=settings.days - left) for left in range(MEASURED_DAYS, 0, -1)]
    if not folder.is_dir():
        unfinished = folder.with_name(folder.name + ".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        for name in ("history", *map(str, days)):
            (unfinished / name).mkdir(parents=True)
            shutil.copy(whole / "sample.json", unfinished / name)
        rules = read_rules(pd.Timestamp(LAST_DAY) + pd.Timedelta(days=800))
        for path in sorted(whole.iterdir()):
            if path.name.endswith((".csv", ".csv.gz")):
                _cut_file(path, unfinished, days, rules)
        unfinished.rename(folder)
    return CutWorld(folder / "history", [folder / str(day) for day in days])


def _cut_file(path: Path, folder: Path, days: list[date], rules: Rules) -> None:
    source = next(source for name, source in SOURCES.items() if path.name.startswith(name))
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    rows, _ = read_file(content, source, rules.aliases.get(source.name, {}))
    recorded = _recorded_at(rows, source, rules)
    ends = [datetime.combine(day, datetime.min.time()) - LOCAL_OFFSET for day in days]
    if not (recorded >= ends[0]).any():
        os.link(path, folder / "history" / path.name)
        return
    encoding = "utf-8" if _is_utf8(content) else "gb18030"
    lines = content.decode(encoding, "surrogateescape").replace("\r\n", "\n").split("\n")
    late: set[int] = set()
    for day, begins in zip(days, ends, strict=True):
        chosen = (recorded >= begins) & (recorded < begins + timedelta(days=1))
        _write(folder / str(day) / path.name, lines, rows.loc[chosen, "_line"].tolist(), encoding)
    late.update(rows.loc[recorded >= ends[0], "_line"].tolist())
    kept = [number for number in range(2, len(lines) + 1) if number not in late]
    _write(folder / "history" / path.name, lines, kept, encoding)


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
