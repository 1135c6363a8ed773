"""`export`: a report of many rows as CSV, cell by cell the same as Polars writes it, and with formulas guarded."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from benchmarks.kept import kept_lake
from benchmarks.peers import polars_csv
from benchmarks.runs import RunFailed
from pipeline import export
from pipeline.metrics import Reader

REPORT = "stays"
PRODUCT, PEER = "product, CSV", "Polars, write_csv"


def run(work: Path, rows: int, repeat: int) -> dict[str, Any]:
    """Writes the report in turn with the peer, `repeat` times. Raises `RunFailed` where a cell differs."""
    frame = Reader(kept_lake(work, rows)).query(REPORT)
    writers: dict[str, Callable[[Path], None]] = {PRODUCT: lambda path: _write(frame, path)}
    if polars_csv.has_polars():
        writers[PEER] = polars_csv.writer(frame)
    paths = {name: work / f"export_{number}.csv" for number, name in enumerate(writers)}
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in writers}
    for _ in range(repeat + 1):
        for name, write in writers.items():
            began, cpu_began = time.perf_counter(), time.process_time()
            write(paths[name])
            times[name].append((time.perf_counter() - began, time.process_time() - cpu_began))
    if PEER in writers:
        refuse_other_cells(paths[PRODUCT], paths[PEER])
    found = {
        "rows": len(frame),
        "columns": len(frame.columns),
        "bytes": paths[PRODUCT].stat().st_size,
        "written": repeat,
        "seconds": {name: median(one[0] for one in runs[1:]) for name, runs in times.items()},
        "cpu_seconds": {name: median(one[1] for one in runs[1:]) for name, runs in times.items()},
    }
    if PEER in writers:
        pairs = zip(times[PRODUCT][1:], times[PEER][1:], strict=True)
        found["ratio"] = median(own[0] / other[0] for own, other in pairs)
    for path in paths.values():
        path.unlink()
    return found


def _write(frame: pd.DataFrame, path: Path) -> None:
    with path.open("wb") as file:
        file.writelines(export.csv_blocks(frame))


def refuse_other_cells(own: Path, other: Path) -> None:
    """Raises `RunFailed` unless every cell is the same text, or the same number written otherwise."""
    cells, theirs = (_cells(path) for path in (own, other))
    if cells.keys() != theirs.keys():
        raise RunFailed(f"columns {list(cells)} by the product, {list(theirs)} by {PEER}")
    for name, column in cells.items():
        if len(column) != len(theirs[name]):
            raise RunFailed(f"{len(column)} rows by the product, {len(theirs[name])} by {PEER}")
        for place in np.flatnonzero(column != theirs[name]):
            ours, told = str(column[place]), str(theirs[name][place])
            if not _is_same_number(ours, told):
                raise RunFailed(f"{name}, row {place}: {ours} by the product, {told} by {PEER}")


def _is_same_number(one: str, other: str) -> bool:
    try:
        return float(one) == float(other)
    except ValueError:
        return False


def _cells(path: Path) -> dict[str, np.ndarray]:
    """The cells of a CSV as text by column; empty ones are empty text."""
    with duckdb.connect() as connection:
        found = connection.read_csv(str(path), header=True, all_varchar=True, delimiter=",", quotechar='"')
        columns = found.to_arrow_table()
    return {name: columns[name].fill_null("").to_numpy() for name in columns.column_names}


def lines(found: dict[str, Any]) -> list[str]:
    """The result as lines of text."""
    shown = [
        f"{found['rows']:,} rows of {found['columns']} columns, {found['bytes'] / 1e6:.0f} MB; "
        f"written {found['written']} times in turn"
        + ("; the peer writes the same cells" if "ratio" in found else "; Polars is not installed"),
        f"{'':24}{'seconds':>9}{'cpu s':>8}",
    ]
    for name, seconds in found["seconds"].items():
        shown.append(f"{name:24}{seconds:9.2f}{found['cpu_seconds'][name]:8.2f}")
    if "ratio" in found:
        shown.append(f"{PRODUCT} / {PEER}: {found['ratio']:.2f}")
    return shown
