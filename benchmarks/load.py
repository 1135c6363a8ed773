"""`load`: the whole load against a bare parse, and against its intake written with pandas, plain and tuned."""

from __future__ import annotations

import shutil
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.runs import Run, RunFailed, in_turn, ratio
from benchmarks.world import described, sample_folder, settings_of

LOADED_AT = "2026-01-01T00:00:00"
COUNTS = ("read", "accepted", "superseded", "duplicate", "rejected", "warned")
WHOLE, INTAKE, PARSE = "product, whole load", "product, intake alone", "parse only (DuckDB)"
PANDAS, TUNED = "pandas", "pandas, tuned"
PEERS = {PANDAS: "benchmarks.peers.pandas_plain", TUNED: "benchmarks.peers.pandas_tuned"}
RATIOS = {
    "whole load / parse only": (WHOLE, PARSE),
    "intake alone / parse only": (INTAKE, PARSE),
    "whole load / intake alone": (WHOLE, INTAKE),
    "pandas / product, intake alone": (PANDAS, INTAKE),
    "pandas / product, whole load": (PANDAS, WHOLE),
    "pandas, tuned / product, intake alone": (TUNED, INTAKE),
    "pandas, tuned / product, whole load": (TUNED, WHOLE),
}
"""Both pandas peers do what the intake does: no stays, no flows, no release."""


def run(
    work: Path, rows: int, repeat: int, layout: str, peers: tuple[str, ...] = (PANDAS, TUNED)
) -> dict[str, Any]:
    """Measures a load of about `rows` rows `repeat` times. Raises `RunFailed` where the answers differ.

    `peers` are the pandas peers that take part: they hold everything in memory.
    """
    folder = sample_folder(work, settings_of(rows, layout))
    lakes = {name: work / "loaded" / str(place) for place, name in enumerate((WHOLE, INTAKE, *peers))}
    commands: dict[str, list[str | Path]] = {
        PARSE: ["benchmarks.peers.parse_only", folder],
        INTAKE: ["benchmarks.product", "intake", folder, lakes[INTAKE], LOADED_AT],
        WHOLE: ["benchmarks.product", "whole", folder, lakes[WHOLE], LOADED_AT],
        **{peer: [PEERS[peer], folder, lakes[peer], LOADED_AT] for peer in peers},
    }
    rounds: list[dict[str, list[Run]]] = []
    for _ in range(repeat):
        shutil.rmtree(work / "loaded", ignore_errors=True)
        rounds.append(in_turn(commands, 1))
    runs = {name: [found[name][0] for found in rounds] for name in commands}
    shutil.rmtree(work / "loaded", ignore_errors=True)
    refuse_other_answers(runs)
    return summary(runs, described(folder), layout)


def refuse_other_answers(runs: dict[str, list[Run]]) -> None:
    """Raises `RunFailed` unless all runs of every round agree: product and pandas in every count of every file."""
    for number in range(len(runs[WHOLE])):
        answers = {name: found[number].answer for name, found in runs.items()}
        for peer in answers.keys() & PEERS.keys():
            _refuse_other_counts(answers[WHOLE]["files"], answers[peer]["files"], peer)
        read = answers[WHOLE]["totals"]["read"]
        if answers[INTAKE]["rows"] != read:
            raise RunFailed(
                f"{answers[INTAKE]['rows']} rows read by the intake alone, {read} by the whole load"
            )
        parsed = answers[PARSE]["rows"]
        # The bare parser leaves out spoilt lines, and those that an unclosed quote swallows.
        if not 0.98 * read <= parsed <= read:
            raise RunFailed(f"{parsed} rows parsed, {read} rows read")


def _refuse_other_counts(files: list[dict[str, Any]], found: dict[str, dict[str, int]], peer: str) -> None:
    for file in files:
        own = {count: file[count] for count in COUNTS}
        if found.get(file["file"]) != own:
            raise RunFailed(f"{file['file']}: the product counts {own}, {peer} {found.get(file['file'])}")


def summary(runs: dict[str, list[Run]], files: dict[str, int], layout: str) -> dict[str, Any]:
    """The medians of every command, and the ratios of paired runs."""
    rows = runs[WHOLE][0].answer["totals"]["read"]
    table = {
        name: {
            "seconds": median(run.seconds for run in found),
            "cpu_seconds": median(run.cpu_seconds for run in found),
            "rows_per_second": rows / median(run.seconds for run in found),
            "mb_per_second": files["bytes"] / 1e6 / median(run.seconds for run in found),
            "peak_mib": median(run.peak_bytes for run in found) / 2**20,
            "peak_mib_together": median(run.peak_bytes_together for run in found) / 2**20,
        }
        for name, found in runs.items()
    }
    ratios = {
        name: {"elapsed": ratio(runs, *pair), "cpu": ratio(runs, *pair, "cpu_seconds")}
        for name, pair in RATIOS.items()
        if runs.keys() >= set(pair)
    }
    stages = {
        name: median(run.answer["stages"][name] for run in runs[WHOLE])
        for name in runs[WHOLE][0].answer["stages"]
    }
    return {
        "layout": layout,
        "rounds": len(runs[WHOLE]),
        "rows": rows,
        "files": files["files"],
        "megabytes": files["bytes"] / 1e6,
        "counts": runs[WHOLE][0].answer["totals"],
        "runs": table,
        "ratios": ratios,
        "stage_seconds": stages,
    }


def lines(found: dict[str, Any]) -> list[str]:
    """The result as lines of text."""
    shown = [
        f"{found['rows']:,} rows in {found['files']:,} files ({found['layout']}, {found['megabytes']:.0f} MB), "
        f"median of {found['rounds']}; all agree in every count of every file",
        f"{'':24}{'seconds':>9}{'cpu s':>9}{'rows/s':>12}{'MB/s':>8}{'peak MiB':>10}{'all processes':>15}",
    ]
    for name, run in found["runs"].items():
        shown.append(
            f"{name:24}{run['seconds']:9.2f}{run['cpu_seconds']:9.2f}{run['rows_per_second']:12,.0f}"
            f"{run['mb_per_second']:8.1f}{run['peak_mib']:10.0f}{run['peak_mib_together']:15.0f}"
        )
    shown += [
        f"{name:40}{value['elapsed']:7.1f} elapsed {value['cpu']:7.1f} processor"
        for name, value in found["ratios"].items()
    ]
    shown += [f"  stage {name:30}{seconds:7.2f} s" for name, seconds in found["stage_seconds"].items()]
    return shown
