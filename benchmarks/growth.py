"""`load --stays`: loads of archives that grow: how the cost of intake and whole load grows, and what memory they take."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks.archive import archive
from benchmarks.day import slope
from benchmarks.load import INTAKE, LOADED_AT, PARSE, WHOLE, refuse_other_answers
from benchmarks.runs import Run, in_turn

FIRST = datetime(2020, 11, 1)
"""Three years of stays."""

COSTS = ("seconds", "cpu_seconds")


def run(work: Path, stays: list[int]) -> dict[str, Any]:
    """Loads an archive of each so many ended stays; an archive is deleted once it was measured."""
    points = []
    for count in stays:
        folder = archive(work, count, FIRST).history
        points.append({"stays": count, **_point(work, folder)})
        shutil.rmtree(folder.parent)
    by_name = {
        name: [{"history_rows": point["rows"], **point["runs"][name]} for point in points]
        for name in (PARSE, INTAKE, WHOLE)
    }
    return {
        "points": points,
        "exponent": {
            name: {cost: slope(of_name, cost) for cost in COSTS} for name, of_name in by_name.items()
        },
    }


def _point(work: Path, folder: Path) -> dict[str, Any]:
    lakes = work / "grown"
    commands: dict[str, list[str | Path]] = {
        PARSE: ["benchmarks.peers.parse_only", folder],
        INTAKE: ["benchmarks.product", "intake", folder, lakes / "intake", LOADED_AT],
        WHOLE: ["benchmarks.product", "whole", folder, lakes / "whole", LOADED_AT],
    }
    runs: dict[str, list[Run]] = {}
    for name, command in commands.items():
        # One lake at a time: the largest are ten gigabytes.
        shutil.rmtree(lakes, ignore_errors=True)
        runs |= in_turn({name: command}, 1)
    shutil.rmtree(lakes)
    refuse_other_answers(runs)
    files = list(folder.glob("*.csv*"))
    return {
        "rows": runs[WHOLE][0].answer["totals"]["read"],
        "files": len(files),
        "megabytes": sum(path.stat().st_size for path in files) / 1e6,
        "runs": {name: _costs(found[0]) for name, found in runs.items()},
        "stage_seconds": runs[WHOLE][0].answer["stages"],
    }


def _costs(run: Run) -> dict[str, float]:
    return {
        "seconds": run.seconds,
        "cpu_seconds": run.cpu_seconds,
        "peak_mib": run.peak_bytes / 2**20,
        "peak_mib_together": run.peak_bytes_together / 2**20,
    }


def lines(found: dict[str, Any]) -> list[str]:
    """The result as lines of text."""
    shown = [
        f"{'rows':>12}{'':2}{'':22}{'seconds':>9}{'cpu s':>9}{'rows/s':>12}{'peak MiB':>10}{'all processes':>15}"
    ]
    for point in found["points"]:
        for name, run in point["runs"].items():
            shown.append(
                f"{point['rows']:12,}  {name:22}{run['seconds']:9.2f}{run['cpu_seconds']:9.2f}"
                f"{point['rows'] / run['seconds']:12,.0f}{run['peak_mib']:10.0f}{run['peak_mib_together']:15.0f}"
            )
        by_intake = point["runs"][WHOLE]["seconds"] / point["runs"][INTAKE]["seconds"]
        shown.append(f"{point['rows']:12,}  whole load / intake alone {by_intake:.1f} elapsed")
    for name, exponents in found["exponent"].items():
        for cost, value in exponents.items():
            if value is not None:
                shown.append(f"{name}: {cost} ~ rows ^ {value:.2f}")
    return shown
