"""`cluster`: rebuild and reports by DuckDB in the own process and by Sail on the same cores, on lakes of several sizes.

Run as a module of its own it is one measured process:
`python -m benchmarks.cluster rebuild|report LAKE REMOTE PROCESS ANSWERS`.
"""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from benchmarks.day import slope
from benchmarks.runs import Run, RunFailed, in_turn, measured
from benchmarks.servers import Server, cpu_seconds, sail
from benchmarks.world import sample_folder, settings_of
from pipeline.lake.lake import Lake
from pipeline.loading import build
from pipeline.metrics import Filters, Reader
from pipeline.settings import Settings, from_environment

LOADED_AT = "2026-01-01T00:00:00"
DUCKDB, SAIL = "DuckDB", "Sail"
NOBODY = "-"
"""The address of no server."""

TABLES = ("stays", "unit_stays", "clearances", "flows")
REPORTS: dict[str, Filters] = {
    "stock by port": Filters(by=("port",)),
    "dwell by port": Filters(by=("port",)),
    "clearance by port": Filters(by=("port",)),
    "survival of a port": Filters(ports=("CNSHG",)),
    "milestones": Filters(),
}
TOLERANCE = 1e-9
COSTS = ("seconds", "cpu_seconds")
"""Elapsed, and spent by the processors for command and server together: what others do on the machine is not in it."""


def run(work: Path, sizes: list[int], repeat: int, layout: str = "feeds") -> dict[str, Any]:
    """Builds a lake of each size and has both compute it. Raises `RunFailed` where their answers differ."""
    with _kept(work / "cluster") as folder, sail(_made(folder / "server")) as server:
        points = [_point(work, folder, server, size, layout, repeat) for size in sizes]
    return {"points": points, "exponent": exponents(points)}


def exponents(points: list[dict[str, Any]]) -> dict[str, float | None]:
    """How the processor seconds of each work grow with landed rows; elapsed ones hang on who else uses the machine."""
    return {
        f"{name}, {engine}": slope(
            [{**point, "cost": point[engine][name]["cpu_seconds"]} for point in points], "cost"
        )
        for name in ("rebuild", *REPORTS)
        for engine in (DUCKDB, SAIL)
    }


@contextmanager
def _kept(folder: Path) -> Iterator[Path]:
    shutil.rmtree(folder, ignore_errors=True)
    yield _made(folder)
    shutil.rmtree(folder)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


def _point(work: Path, folder: Path, server: Server, size: int, layout: str, repeat: int) -> dict[str, Any]:
    lakes = {DUCKDB: folder / f"duckdb-{size}", SAIL: folder / f"sail-{size}"}
    files = sample_folder(work, settings_of(size, layout))
    loaded = measured("benchmarks.product", "whole", files, lakes[DUCKDB], LOADED_AT)
    shutil.copytree(lakes[DUCKDB], lakes[SAIL])
    servers = {DUCKDB: (NOBODY, "0"), SAIL: (server.address, str(server.process))}
    runs = {
        what: in_turn(
            {
                engine: ("benchmarks.cluster", what, lakes[engine], *servers[engine], folder / engine)
                for engine in servers
            },
            repeat,
        )
        for what in ("rebuild", "report")
    }
    _refuse_other_tables(lakes)
    _refuse_other_reports(folder)
    release = Lake(lakes[DUCKDB]).release()
    assert release is not None
    return {
        "history_rows": loaded.answer["totals"]["read"],
        "stays": release.rows["stays"],
        "bytes": {table: _bytes(lakes[DUCKDB], table) for table in ("landed_*", *TABLES)},
        "load_seconds": loaded.answer["seconds"],
        **{engine: _costs(runs["rebuild"][engine], runs["report"][engine]) for engine in servers},
    }


def _costs(rebuilds: list[Run], reports: list[Run]) -> dict[str, Any]:
    def middle(runs: list[Run], name: str) -> dict[str, float]:
        return {cost: median(run.answer[name][cost] for run in runs) for cost in COSTS}

    return {
        "rebuild": middle(rebuilds, "rebuild"),
        "rebuild_peak_mib_of_the_command": max(run.peak_bytes for run in rebuilds) / 2**20,
        **{name: middle(reports, name) for name in REPORTS},
    }


def _bytes(lake: Path, table: str) -> int:
    """Bytes of the parts of a table that the newest build wrote; of landed tables, of all."""
    found = Lake(lake)
    release = found.release()
    assert release is not None
    names = [name for name in release.versions if Path(name).match(table)]
    return sum(Path(path).stat().st_size for name in names for path in found.files(release, name))


def _refuse_other_tables(lakes: dict[str, Path]) -> None:
    for table in TABLES:
        found = {engine: _sorted(_table(lake, table)) for engine, lake in lakes.items()}
        refuse_other(table, found[DUCKDB], found[SAIL])


def _refuse_other_reports(folder: Path) -> None:
    for name in REPORTS:
        found = [pd.read_parquet(folder / engine / f"{name}.parquet") for engine in (DUCKDB, SAIL)]
        refuse_other(name, *found)


def refuse_other(name: str, one: pd.DataFrame, other: pd.DataFrame) -> None:
    """Raises `RunFailed` where two answers are not the same."""
    try:
        pd.testing.assert_frame_equal(one, other, rtol=TOLERANCE, atol=TOLERANCE, check_dtype=False)
    except AssertionError as error:
        raise RunFailed(f"{name}: {DUCKDB} and {SAIL} differ: {error}") from error


def _table(lake: Path, name: str) -> pd.DataFrame:
    found = Lake(lake)
    paths = found.files(found.release(), name)
    return pd.concat([pq.read_table(path, partitioning=None).to_pandas() for path in paths])


def _sorted(frame: pd.DataFrame) -> pd.DataFrame:
    columns = sorted(frame.columns)
    return frame[columns].sort_values(columns, ignore_index=True)


def lines(found: dict[str, Any]) -> list[str]:
    """The result as lines of text."""
    works = ["rebuild", *REPORTS]
    shown = [
        "on the same cores; equal answers, counts exactly and floats to 1e-9",
        f"{'rows':>12}{'stays':>10}  {'':20}{'seconds':>9}{'':9}{'':8}{'cpu s':>9}",
        f"{'':24}{'':20}{DUCKDB:>9}{SAIL:>9}{'ratio':>8}{DUCKDB:>9}{SAIL:>9}{'ratio':>8}",
    ]
    for point in found["points"]:
        for place, name in enumerate(works):
            head = f"{point['history_rows']:12,}{point['stays']:10,}" if not place else " " * 22
            pairs = [(point[DUCKDB][name][cost], point[SAIL][name][cost]) for cost in COSTS]
            told = "".join(f"{own:9.2f}{other:9.2f}{other / own:8.1f}" for own, other in pairs)
            shown.append(f"{head}  {name:20}{told}")
    for name, value in found["exponent"].items():
        if value is not None:
            shown.append(f"cpu seconds of {name} ~ rows ^ {value:.2f}")
    return shown


class _Clock:
    """What passes from its making on, for this process and a server's."""

    def __init__(self, server: int) -> None:
        self._server = server
        self._began = self._now()

    def _now(self) -> tuple[float, float]:
        spent = cpu_seconds(self._server) if self._server else 0.0
        return time.perf_counter(), time.process_time() + spent

    def read(self) -> dict[str, float]:
        """Both costs so far."""
        return {cost: now - then for cost, now, then in zip(COSTS, self._now(), self._began, strict=True)}


def _rebuild(settings: Settings, server: int, _answers: Path) -> dict[str, Any]:
    clock = _Clock(server)
    build.rebuild(settings)
    return {"rebuild": clock.read()}


def _report(settings: Settings, server: int, answers: Path) -> dict[str, Any]:
    """Every report asked twice in one process; the second counts."""
    reader = Reader(settings)
    answers.mkdir(exist_ok=True)
    told = {}
    for name, filters in REPORTS.items():
        for _ in range(2):
            clock = _Clock(server)
            frame = reader.query(name.split()[0], filters)
            told[name] = clock.read()
        frame.to_parquet(answers / f"{name}.parquet")
    return told


WORKS: dict[str, Callable[[Settings, int, Path], dict[str, Any]]] = {"rebuild": _rebuild, "report": _report}


def main(what: str, lake: str, remote: str, server: str, answers: str) -> None:
    """Does one of the works and prints its costs."""
    settings = replace(from_environment(lake), remote=None if remote == NOBODY else remote)
    json.dump(WORKS[what](settings, int(server), Path(answers)), sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:6])
