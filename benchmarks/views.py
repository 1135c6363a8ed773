"""`views`: how long the opening views and their filters wait on lakes that grow, and any other window; exponents."""

from __future__ import annotations

import datetime as dt
import itertools
import math
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks.kept import kept_lake
from benchmarks.runs import peak_bytes
from pipeline.metrics import Filters, Reader
from pipeline.metrics.kept import standing

CAMPAIGN = Filters(campaign_id="special-action-2022")
CLASS = "3"
PORTS_ASKED = 20
SECONDS_A_VIEW = 3
"""An answer is asked for no longer than that; one that takes as long by itself once."""
ALONE: dict[str, Any] = {"baseline_from": None, "baseline_to": None}
View = tuple[str, Callable[[str], Filters]]
"""A metric, and what is asked of it where a port is looked at."""


def run(work: Path, sizes: list[int], repeat: int) -> dict[str, Any]:
    """Asks every view `repeat` times at each size, one port after the other; each past the pages' cache."""
    points = [_point(work, stays, repeat) for stays in sorted(sizes)]
    names = [name for name in points[0]["views"] if all(name in point["views"] for point in points)]
    return {
        "asked": repeat,
        "points": points,
        "exponent": {name: _exponent(points, name) for name in names} if len(points) > 1 else {},
    }


def _point(work: Path, stays: int, repeat: int) -> dict[str, Any]:
    reader = Reader(kept_lake(work, stays))
    assert reader.answers is not None
    shutil.rmtree(reader.answers.folder, ignore_errors=True)
    began = time.perf_counter()
    standing.keep(reader)
    kept_seconds = time.perf_counter() - began
    kept_bytes = sum(path.stat().st_size for path in reader.answers.folder.iterdir())
    # The ports of a lake differ in size by the order of their codes: large and small ones alike are asked.
    ports = list(reader.query("stock", Filters(by=("port",)))["un_location_code"])
    ports = ports[:: max(1, len(ports) // PORTS_ASKED)]
    found = {}
    for name, (key, asked) in _views(reader).items():
        found[name] = _seconds(reader, key, (asked(port) for port in itertools.cycle(ports)), repeat)
    return {
        "stays": stays,
        "keep_seconds": kept_seconds,
        "kept_bytes": kept_bytes,
        "peak_mib": peak_bytes() >> 20,
        "views": found,
    }


def _views(reader: Reader) -> dict[str, View]:
    windows = {_days(one): one for one in standing.standing_windows(reader)}
    year, quarter = windows[365], windows[90]
    alone = replace(quarter, **ALONE, measure="dwell")
    heatmap = replace(year, **ALONE)
    # A window that nobody keeps: a year that begins on any day, and a hundred days.
    other_year = replace(alone, date_from=dt.date(2021, 10, 9), date_to=dt.date(2022, 10, 8))
    other_days = replace(alone, date_from=dt.date(2022, 2, 3), date_to=dt.date(2022, 5, 13))
    two_years = replace(
        other_year, date_from=dt.date(2022, 10, 9), date_to=dt.date(2023, 10, 8), measure="clearance"
    )
    two_years = replace(two_years, baseline_from=other_year.date_from, baseline_to=other_year.date_to)
    listed = Filters(limit=200)
    day, long_ago = quarter.date_from, dt.date(2021, 10, 9)
    return {
        "heatmap of a year": ("stock_by_port_day", lambda _: heatmap),
        "heatmap of a year, a port": ("stock_by_port_day", lambda port: replace(heatmap, ports=(port,))),
        "heatmap of a year, a class": ("stock_by_port_day", lambda _: replace(heatmap, classes=(CLASS,))),
        "headline": ("stock_headline", lambda _: Filters()),
        "headline, a port": ("stock_headline", lambda port: Filters(ports=(port,))),
        "classes and ages, a port": ("stock_by_class_age", lambda port: Filters(ports=(port,))),
        "oldest batches": ("batches_in_yard", lambda _: listed),
        "oldest batches, a port": ("batches_in_yard", lambda port: replace(listed, ports=(port,))),
        "oldest batches, a class": ("batches_in_yard", lambda _: replace(listed, classes=(CLASS,))),
        "oldest batches of a day": ("batches_in_yard", lambda _: replace(listed, date=day)),
        "oldest batches of a day, a port": (
            "batches_in_yard",
            lambda port: replace(listed, ports=(port,), date=day),
        ),
        "oldest batches of a day long ago, a class": (
            "batches_in_yard",
            lambda _: replace(listed, classes=(CLASS,), date=long_ago),
        ),
        "oldest batches of a day long ago, a port": (
            "batches_in_yard",
            lambda port: replace(listed, ports=(port,), date=long_ago),
        ),
        "dwell by port": ("dwell", lambda _: alone),
        "dwell, a port": ("dwell", lambda port: replace(alone, ports=(port,))),
        "dwell by port, a class": ("dwell", lambda _: replace(alone, classes=(CLASS,))),
        "curve, all ports": ("survival_outline", lambda _: replace(alone, by=("all",))),
        "curve, a port": ("survival_outline", lambda port: replace(alone, by=("all",), ports=(port,))),
        "reduction": ("reduction", lambda _: quarter),
        "campaign": ("campaign", lambda _: CAMPAIGN),
        "campaign, a port": ("campaign", lambda port: replace(CAMPAIGN, ports=(port,))),
        "computed: dwell of a year by port": ("dwell", lambda _: other_year),
        "computed: clearance of a year by port": (
            "clearance",
            lambda _: replace(other_year, measure="clearance"),
        ),
        "computed: a year against the year before": ("reduction", lambda _: two_years),
        "computed: ports compared over a year": ("compare", lambda _: other_year),
        "computed: campaign, a class": ("campaign", lambda _: replace(CAMPAIGN, classes=(CLASS,))),
        "computed: campaign days, a port": ("campaign_days", lambda port: replace(CAMPAIGN, ports=(port,))),
        "computed: curves of a year by port": ("survival_outline", lambda _: other_year),
        "computed: every step of curves of a year": ("survival", lambda _: other_year),
        "computed: stages of a year": ("stage_means", lambda _: replace(other_year, measure=None)),
        "computed: why dwell changed": ("why", lambda _: replace(two_years, measure=None)),
        "computed: stock of a year by facility": ("stock_by_facility_day", lambda _: other_year),
        "computed: hot days of a year": ("heat", lambda _: replace(other_year, measure=None)),
        "computed: checks of a year": ("trust", lambda _: replace(other_year, measure=None)),
        "computed: limit clock": ("limit_clock", lambda _: Filters()),
        "computed: forecast, a port": ("stock_forecast", lambda port: Filters(ports=(port,))),
        "computed: forecast, a class": ("stock_forecast", lambda _: Filters(classes=(CLASS,))),
        # Of imports, which all of these lakes are: that of everything is kept.
        "computed: forecast, all ports": ("stock_forecast", lambda _: Filters(direction="import")),
        "computed: pilots": ("pilots", lambda _: replace(CAMPAIGN, classes=(CLASS,))),
        "computed: rebound": ("rebound", lambda _: CAMPAIGN),
        "computed: dwell of 100 days by port": ("dwell", lambda _: other_days),
        "computed: curve of 100 days, a port": (
            "survival_outline",
            lambda port: replace(other_days, by=("all",), ports=(port,)),
        ),
    }


def _days(asked: Filters) -> int:
    assert asked.date_from is not None and asked.date_to is not None
    return (asked.date_to - asked.date_from).days + 1


def _seconds(reader: Reader, key: str, asked: Iterator[Filters], repeat: int) -> dict[str, float]:
    """Median and 95th percentile (nearest rank) of the seconds of an answer, and how often it was asked.

    The first does not count, unless it took so long that it is the only one.
    """
    first = _timed(reader, key, next(asked))
    times: list[float] = []
    while first + sum(times) < SECONDS_A_VIEW and len(times) < repeat:
        times.append(_timed(reader, key, next(asked)))
    times = times or [first]
    return {
        "median": median(times),
        "p95": sorted(times)[math.ceil(0.95 * len(times)) - 1],
        "asked": len(times),
    }


def _timed(reader: Reader, key: str, asked: Filters) -> float:
    began = time.perf_counter()
    reader.query(key, asked)
    return time.perf_counter() - began


def _exponent(points: list[dict[str, Any]], name: str) -> float:
    """The slope of log(median) over log(stays)."""
    stays = np.log([point["stays"] for point in points])
    return float(np.polyfit(stays, np.log([point["views"][name]["median"] for point in points]), 1)[0])


def lines(found: dict[str, Any]) -> list[str]:
    """The result as lines of text."""
    points = found["points"]
    shown = [f"median and p95 in ms, asked {found['asked']} times (slow ones less), past the pages' cache"]
    shown.append(
        f"{'stays':42}" + "".join(f"{point['stays']:>20,}" for point in points) + f"{'exponent':>10}"
    )
    for name in points[0]["views"]:
        cells = [point["views"][name] for point in points]
        times = "".join(f"{cell['median'] * 1e3:11.1f}{cell['p95'] * 1e3:9.1f}" for cell in cells)
        slope = found["exponent"].get(name)
        shown.append(f"{name:42}{times}" + ("" if slope is None else f"{slope:10.2f}"))
    keep = "".join(f"{point['keep_seconds']:11.1f} s{point['kept_bytes'] / 1e6:5.0f}MB" for point in points)
    shown.append(f"{'keeping them, after a load':42}{keep}")
    peaks = "".join(f"{point['peak_mib']:16,} MiB" for point in points)
    shown.append(f"{'peak memory of the process so far':42}{peaks}")
    return shown
