"""`durations`: dwell and clearance of any window of a year on so many stays, and dwell by pandas and lifelines."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.kept import ZONE, kept_lake
from benchmarks.peers import lifelines_durations
from benchmarks.peers.pandas_answers import has_lifelines
from benchmarks.runs import RunFailed
from pipeline.metrics import Filters, Reader

TAU_DAYS = 60
WINDOWS = {
    "the first year": (dt.date(2021, 1, 1), dt.date(2021, 12, 31)),
    "a year in the middle": (dt.date(2021, 10, 9), dt.date(2022, 10, 8)),
    "the last year": (dt.date(2023, 1, 1), dt.date(2023, 12, 31)),
}
PEERED = "a year in the middle"
PEER = "pandas and lifelines, from Parquet"
FIGURES = ("n", "n_ended", "median_hours", "rmst_hours")


def run(work: Path, stays: int, repeat: int) -> dict[str, Any]:
    """Asks every window in turn with the peer, `repeat` times. Raises `RunFailed` where the peer says otherwise."""
    reader = Reader(kept_lake(work, stays))
    asked = _questions(reader)
    if has_lifelines():
        first, after = (_instant(day) for day in _ends(PEERED))
        files = reader.lake.files(reader.release, "stays")
        asked[PEER] = lambda: lifelines_durations.period_by_port(files, first, after, TAU_DAYS * 24.0)
        refuse_other_figures(asked[f"dwell, {PEERED}"](), asked[PEER]())
    times = _in_turn(asked, repeat)
    found: dict[str, Any] = {
        "stays": stays,
        "ports": len(asked[f"dwell, {PEERED}"]()["un_location_code"].unique()),
        "asked": repeat,
        "answers": {
            name: {
                "median": median(run[0] for run in runs),
                "fastest": min(run[0] for run in runs),
                "cpu_median": median(run[1] for run in runs),
            }
            for name, runs in times.items()
        },
    }
    if PEER in times:
        own = times[f"dwell, {PEERED}"]
        for what, place in (("ratio", 0), ("ratio_cpu", 1)):
            found[what] = median(
                peer[place] / mine[place] for peer, mine in zip(times[PEER], own, strict=True)
            )
    return found


def _questions(reader: Reader) -> dict[str, Callable[[], pd.DataFrame]]:
    """What is asked by name: three clocks of every port, in windows at the ends and in the middle of history."""
    asked = {f"dwell, {name}": ("dwell", _of(*days)) for name, days in WINDOWS.items()}
    asked[f"clearance, {PEERED}"] = ("clearance", _of(*WINDOWS[PEERED]))
    first, last = WINDOWS[PEERED]
    year = dt.timedelta(days=365)
    both = _of(first + year, last + year, baseline_from=first, baseline_to=last)
    asked["reduction, a year against the year before"] = ("reduction", both)
    return {name: (lambda view=view: reader.query(*view)) for name, view in asked.items()}  # type: ignore[misc]


def _of(first: dt.date, last: dt.date, **more: Any) -> Filters:
    return Filters(date_from=first, date_to=last, tau_hours=TAU_DAYS * 24.0, **more)


def _ends(window: str) -> tuple[dt.date, dt.date]:
    first, last = WINDOWS[window]
    return first, last + dt.timedelta(days=1)


def _instant(day: dt.date) -> pd.Timestamp:
    """When a local day begins, in naive UTC."""
    return pd.Timestamp(day, tz=ZONE).tz_convert("UTC").tz_localize(None).as_unit("us")


def _in_turn(asked: dict[str, Callable[[], Any]], repeat: int) -> dict[str, list[tuple[float, float]]]:
    """Elapsed and processor seconds of every answer, all asked one after the other in each round."""
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in asked}
    for _ in range(repeat):
        for name, ask in asked.items():
            began, cpu_began = time.perf_counter(), time.process_time()
            ask()
            times[name].append((time.perf_counter() - began, time.process_time() - cpu_began))
    return times


def refuse_other_figures(dwell: pd.DataFrame, peer: pd.DataFrame) -> None:
    """Raises `RunFailed` unless counts are equal and hours within one part in a thousand million."""
    own = dwell[dwell["clock"] == "period"].set_index("un_location_code").sort_index()
    other = peer.set_index("un_location_code").sort_index()
    if list(own.index) != list(other.index):
        raise RunFailed(f"{len(own)} ports by the product, {len(other)} by {PEER}")
    for figure in FIGURES:
        ours, theirs = own[figure].to_numpy(dtype=float), other[figure].to_numpy(dtype=float)
        same = np.isclose(ours, theirs, rtol=1e-9, atol=0, equal_nan=True)
        if not same.all():
            place = int(np.flatnonzero(~same)[0])
            raise RunFailed(
                f"{figure}, {own.index[place]}: {ours[place]} by the product, {theirs[place]} by {PEER}"
            )


def lines(found: dict[str, Any]) -> list[str]:
    """The result as lines of text."""
    shown = [
        f"{found['stays']:,} stays, {found['ports']} ports; asked {found['asked']} times in turn"
        + ("; the peer agrees in every figure" if "ratio" in found else "; without lifelines"),
        f"{'':44}{'median s':>10}{'fastest s':>10}{'cpu s':>8}",
    ]
    for name, times in found["answers"].items():
        shown.append(f"{name:44}{times['median']:10.2f}{times['fastest']:10.2f}{times['cpu_median']:8.2f}")
    if "ratio" in found:
        shown.append(
            f"{PEER} / dwell, {PEERED}: {found['ratio']:.1f} elapsed, {found['ratio_cpu']:.1f} processor time"
        )
    return shown
