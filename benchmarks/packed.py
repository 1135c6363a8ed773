"""`packed`: the same rows handed in as `.csv` and as `.csv.gz`."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.load import LOADED_AT
from benchmarks.runs import RunFailed, in_turn, ratio
from benchmarks.world import sample_folder, settings_of

PLAIN, PACKED = "plain", "packed"
STAGES = ("intake", "whole")
LEVEL = 6


def run(work: Path, rows: int, repeat: int, layout: str) -> dict[str, Any]:
    """Measures intake and whole load of both forms. Raises `RunFailed` where they count other rows."""
    folders = _both_forms(sample_folder(work, settings_of(rows, layout)), work / "packed")
    lakes = work / "loaded"
    commands: dict[str, list[str | Path]] = {
        f"{stage}, {form}": ["benchmarks.product", stage, folder, lakes / f"{stage}-{form}", LOADED_AT]
        for stage in STAGES
        for form, folder in folders.items()
    }
    rounds = []
    for _ in range(repeat):
        shutil.rmtree(lakes, ignore_errors=True)
        rounds.append(in_turn(commands, 1))
    runs = {name: [found[name][0] for found in rounds] for name in commands}
    shutil.rmtree(lakes)
    counts = {
        str(found.answer["totals"]) for name in runs if name.startswith("whole") for found in runs[name]
    }
    if len(counts) != 1:
        raise RunFailed(f"plain and packed files count otherwise: {counts}")
    return {
        "layout": layout,
        "rounds": repeat,
        "rows": runs["whole, plain"][0].answer["totals"]["read"],
        "megabytes": {form: _bytes(folder) / 1e6 for form, folder in folders.items()},
        "seconds": {name: median(run.seconds for run in found) for name, found in runs.items()},
        "cpu_seconds": {name: median(run.cpu_seconds for run in found) for name, found in runs.items()},
        "ratios": {
            stage: {
                "elapsed": ratio(runs, f"{stage}, {PACKED}", f"{stage}, {PLAIN}"),
                "cpu": ratio(runs, f"{stage}, {PACKED}", f"{stage}, {PLAIN}", "cpu_seconds"),
            }
            for stage in STAGES
        },
    }


def _both_forms(folder: Path, target: Path) -> dict[str, Path]:
    """The folder's files all plain, and all packed."""
    shutil.rmtree(target, ignore_errors=True)
    forms = {PLAIN: target / PLAIN, PACKED: target / PACKED}
    for form in forms.values():
        form.mkdir(parents=True)
    for path in sorted(folder.glob("*.csv*")):
        is_packed = path.suffix == ".gz"
        text = gzip.decompress(path.read_bytes()) if is_packed else path.read_bytes()
        name = path.name.removesuffix(".gz")
        (forms[PLAIN] / name).write_bytes(text)
        (forms[PACKED] / f"{name}.gz").write_bytes(gzip.compress(text, LEVEL, mtime=0))
    return forms


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())


def lines(found: dict[str, Any]) -> list[str]:
    """The result as lines of text."""
    sizes = ", ".join(f"{form} {size:.0f} MB" for form, size in found["megabytes"].items())
    return [
        f"{found['rows']:,} rows ({found['layout']}), {sizes}, median of {found['rounds']}",
        *(
            f"{name:16}{seconds:8.2f} s{found['cpu_seconds'][name]:8.2f} cpu s"
            for name, seconds in found["seconds"].items()
        ),
        *(
            f"{stage}: packed / plain {value['elapsed']:.2f} elapsed, {value['cpu']:.2f} processor"
            for stage, value in found["ratios"].items()
        ),
    ]
