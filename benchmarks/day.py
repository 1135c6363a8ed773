"""`day`: what one more day costs on a history that grows, the day and the open set staying what they are."""

from __future__ import annotations

import math
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.archive import archive
from benchmarks.days import cut_world
from benchmarks.runs import RunFailed, measured
from pipeline.lake.lake import Lake, Part
from pipeline.loading.kept_tables import KEPT, OPEN

LOADED_AT = "2026-01-01T00:00:00"


@dataclass(frozen=True)
class Day:
    """One day's load. `seconds` and `cpu_seconds` are the load alone, without the start of Python (`process_seconds`)."""

    rows: int
    seconds: float
    cpu_seconds: float
    process_seconds: float
    peak_mib: float
    bytes_written: int
    parts_rewritten: int
    rows_rewritten: int
    stages: dict[str, float]


def run(work: Path, histories: list[int]) -> dict[str, Any]:
    """Loads the days onto each history of about so many rows, one after the other."""
    world = cut_world(work, histories)
    return _grown([_point(work, history, world.days) for history in world.histories])


def run_archives(work: Path, stays: list[int]) -> dict[str, Any]:
    """Loads the days onto an archive of each so many ended stays; an archive is deleted once it was measured."""
    points = []
    for count in stays:
        world = archive(work, count)
        points.append(_point(work, world.history, world.days))
        shutil.rmtree(world.history.parent)
    return _grown(points)


def _grown(points: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "points": points,
        "exponent": {name: slope(points, name) for name in ("seconds", "cpu_seconds", "bytes_written")},
    }


def _point(work: Path, folder: Path, days_after: list[Path]) -> dict[str, Any]:
    lake = work / "day"
    shutil.rmtree(lake, ignore_errors=True)
    history = measured("benchmarks.product", "whole", folder, lake, LOADED_AT)
    # The first day makes the lists of keys by which every later one searches: it is none of those that are compared.
    first, *days = (_day(day, lake) for day in days_after)
    open_rows = {table: _rows_of_open(Lake(lake), table) for table in KEPT}
    shutil.rmtree(lake)
    names = ("rows", "seconds", "cpu_seconds", "process_seconds", "peak_mib", "bytes_written")
    return {
        "history_rows": history.answer["totals"]["read"],
        "history_seconds": history.answer["seconds"],
        "history_peak_mib": history.peak_bytes / 2**20,
        "history_peak_mib_together": history.peak_bytes_together / 2**20,
        "open_rows": open_rows,
        "files_a_day": median(len(list(day.glob("*.csv*"))) for day in days_after[1:]),
        "first_day": asdict(first),
        "days": [asdict(day) for day in days],
        **{name: median(getattr(day, name) for day in days) for name in names},
        "parts_rewritten": max(day.parts_rewritten for day in days),
        "rows_rewritten": max(day.rows_rewritten for day in days),
        "stages": {name: median(day.stages[name] for day in days) for name in days[0].stages},
    }


def _day(folder: Path, root: Path) -> Day:
    files_before, parts_before = _files(root), _history_parts(root)
    found = measured("benchmarks.product", "whole", folder, root, LOADED_AT)
    totals = found.answer["totals"]
    if not totals["accepted"]:
        raise RunFailed(f"{folder.name}: no row was accepted")
    written = [size for path, (size, at) in _files(root).items() if files_before.get(path) != (size, at)]
    after = {part.path for part in _history_parts(root)}
    gone = [part for part in parts_before if part.path not in after]
    return Day(
        rows=totals["read"],
        seconds=found.answer["seconds"],
        cpu_seconds=found.answer["cpu_seconds"],
        process_seconds=found.seconds,
        peak_mib=found.peak_bytes / 2**20,
        bytes_written=sum(written),
        parts_rewritten=len(gone),
        rows_rewritten=sum(part.rows for part in gone),
        stages=found.answer["stages"],
    )


def _files(root: Path) -> dict[Path, tuple[int, int]]:
    found = ((path, path.stat()) for path in root.rglob("*") if path.is_file())
    return {path: (stat.st_size, stat.st_mtime_ns) for path, stat in found}


def _history_parts(root: Path) -> list[Part]:
    """The parts of ended stays as of the current release."""
    lake = Lake(root)
    release = lake.release()
    return [part for table in KEPT for part in lake.parts(release, table) if part.label != OPEN]


def _rows_of_open(lake: Lake, table: str) -> int:
    return sum(part.rows for part in lake.parts(lake.release(), table) if part.label == OPEN)


def slope(points: list[dict[str, Any]], name: str) -> float | None:
    """The exponent k of cost ~ history^k, by least squares on logarithms; None for a single history."""
    x = [math.log(point["history_rows"]) for point in points]
    y = [math.log(point[name]) for point in points]
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    spread = sum((value - mean_x) ** 2 for value in x)
    if not spread:
        return None
    return sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True)) / spread


def lines(found: dict[str, Any]) -> list[str]:
    """The result as lines of text."""
    shown = [
        "median of three days, each loaded after the one before, the first of them after another day",
        f"{'history rows':>14}{'open stays':>12}{'day rows':>10}{'files':>7}{'seconds':>9}{'cpu s':>8}"
        f"{'MB written':>12}{'old parts':>11}{'old rows':>10}{'peak MiB':>10}",
    ]
    for point in found["points"]:
        shown.append(
            f"{point['history_rows']:14,}{point['open_rows']['stays']:12,}{point['rows']:10,}"
            f"{point['files_a_day']:7,.0f}{point['seconds']:9.2f}{point['cpu_seconds']:8.2f}"
            f"{point['bytes_written'] / 1e6:12.2f}{point['parts_rewritten']:11}{point['rows_rewritten']:10,}"
            f"{point['peak_mib']:10.0f}"
        )
    for name, value in found["exponent"].items():
        if value is not None:
            shown.append(f"{name} ~ history rows ^ {value:.2f}")
    for point in found["points"]:
        parts = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in point["stages"].items())
        first = point["first_day"]
        shown.append(
            f"  {point['history_rows']:,}: {parts}; the day before them, which makes the lists of keys, "
            f"{first['seconds']:.2f} s and {first['peak_mib']:.0f} MiB; the history itself "
            f"{point['history_seconds']:,.0f} s and {point['history_peak_mib_together']:,.0f} MiB, all processes"
        )
    return shown
