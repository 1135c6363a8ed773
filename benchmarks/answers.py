"""`answers`: how long the opening views wait for their metrics, and the same figures by pandas and lifelines."""

from __future__ import annotations

import datetime as dt
import math
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.peers import pandas_answers
from benchmarks.runs import RunFailed
from benchmarks.world import sample_folder, settings_of
from pipeline.loading import build
from pipeline.metrics import Filters, Reader
from pipeline.settings import from_environment

LOADED_AT = dt.datetime(2026, 1, 1)
CAMPAIGN = "special-action-2022"
VIEWS: dict[str, tuple[str, Filters]] = {
    "stock_headline": ("stock_headline", Filters()),
    "stock_by_port_day": ("stock_by_port_day", Filters()),
    "stock_by_class_age": ("stock_by_class_age", Filters()),
    "batches_in_yard": ("batches_in_yard", Filters(limit=100)),
    "campaign": ("campaign", Filters(campaign_id=CAMPAIGN)),
    "dwell": ("dwell", Filters()),
    "survival": ("survival", Filters()),
    "reduction": ("reduction", Filters(campaign_id=CAMPAIGN)),
}
"""The metrics of the opening views, with the filters that they open with."""

STOCK, CURVES = "stock_by_port_day", "survival"


def run(work: Path, rows: int, repeat: int) -> dict[str, Any]:
    """Asks each metric `repeat` times in one warm process. Raises `RunFailed` where a peer says otherwise."""
    reader = Reader(from_environment(_lake(work, rows)))
    assert reader.release is not None and reader.release.as_of is not None
    as_of = pd.Timestamp(reader.release.as_of)
    stays = reader.query("stays")
    kept = work / "stays.parquet"
    stays.to_parquet(kept, index=False)
    ports = reader.reference.tables["ports"].to_pandas()
    zones = dict(zip(ports["un_location_code"], ports["time_zone"], strict=True))
    asked: dict[str, Callable[[], pd.DataFrame]] = {
        name: (lambda view=view: reader.query(*view))  # type: ignore[misc]
        for name, view in VIEWS.items()
    }
    peers: dict[str, tuple[str, Callable[[], pd.DataFrame]]] = {
        "pandas, stays in memory": (
            STOCK,
            lambda: pandas_answers.stock_by_port_day(stays, zones, as_of),
        ),
        "pandas, from Parquet": (
            STOCK,
            lambda: pandas_answers.stock_by_port_day(pd.read_parquet(kept), zones, as_of),
        ),
    }
    if pandas_answers.has_lifelines():
        fit = pandas_answers.survival_by_port
        peers["lifelines, stays in memory"] = (CURVES, lambda: fit(stays, as_of))
    refuse_other_figures(reader, {name: ask() for name, (_, ask) in peers.items()})
    times = {name: _seconds(ask, repeat) for name, ask in asked.items()}
    peer_times = {name: _seconds(ask, max(repeat // 4, 3)) for name, (_, ask) in peers.items()}
    return {
        "rows": sum(count for name, count in reader.release.rows.items() if name.startswith("landed_")),
        "stays": len(stays),
        "asked": repeat,
        "metrics": times,
        "peers": {
            name: {
                **peer_times[name],
                "metric": of,
                "ratio": peer_times[name]["median"] / times[of]["median"],
            }
            for name, (of, _) in peers.items()
        },
    }


def _lake(work: Path, rows: int) -> Path:
    """A lake with the world of `load` in it, loaded anew: one of an earlier build may hold other tables."""
    folder = sample_folder(work, settings_of(rows, "feeds"))
    lake = work / "answers" / folder.name
    shutil.rmtree(lake, ignore_errors=True)
    build.load(from_environment(lake), [folder], LOADED_AT)
    return lake


def _seconds(ask: Callable[[], pd.DataFrame], repeat: int) -> dict[str, float]:
    """Median and 95th percentile (nearest rank) of the seconds of an answer, after one that does not count."""
    ask()
    times = []
    for _ in range(repeat):
        began = time.perf_counter()
        ask()
        times.append(time.perf_counter() - began)
    return {"median": median(times), "p95": sorted(times)[math.ceil(0.95 * repeat) - 1]}


def refuse_other_figures(reader: Reader, peers: dict[str, pd.DataFrame]) -> None:
    """Raises `RunFailed` unless the peers give the product's figures: counts equal, curves to 1e-6."""
    own_stock = reader.query(STOCK)
    own_stock["date"] = pd.to_datetime(own_stock["date"])
    curves = reader.query(CURVES)
    own_curves = curves[(curves["clock"] == "cohort") & (curves["ended"] > 0)]
    for name, found in peers.items():
        of_curves = "survival" in found
        own, keys = (own_curves, ["un_location_code", "age_hours"]) if of_curves else (own_stock, [])
        measures = ["survival", "lower", "upper"] if of_curves else list(own_stock.columns)
        _refuse(name, _values(own, keys, measures), _values(found, keys, measures))


def _values(frame: pd.DataFrame, keys: list[str], measures: list[str]) -> pd.DataFrame:
    ordered = frame.sort_values(keys) if keys else frame
    return ordered[measures].reset_index(drop=True)


def _refuse(name: str, own: pd.DataFrame, found: pd.DataFrame) -> None:
    if len(own) != len(found):
        raise RunFailed(f"{len(own)} rows by the product, {len(found)} by {name}")
    for column in own:
        values, others = own[column], found[column]
        if pd.api.types.is_float_dtype(values):
            # The end of a curve that reaches 0 has no band here, and one of 0 there.
            same = np.isclose(values, others, atol=1e-6) | values.isna()
        else:
            same = (values == others.astype(values.dtype)).to_numpy()
        if not same.all():
            place = int(np.flatnonzero(~same)[0])
            raise RunFailed(
                f"{column}, row {place}: {values[place]} by the product, {others[place]} by {name}"
            )


def lines(found: dict[str, Any]) -> list[str]:
    """The result as lines of text."""
    shown = [
        f"{found['rows']:,} landed rows, {found['stays']:,} stays; asked {found['asked']} times, warm; "
        "peers agree in every figure",
        f"{'':28}{'median ms':>11}{'p95 ms':>9}",
    ]
    for name, times in found["metrics"].items():
        shown.append(f"{name:28}{times['median'] * 1e3:11.0f}{times['p95'] * 1e3:9.0f}")
    for name, times in found["peers"].items():
        shown.append(
            f"{name:28}{times['median'] * 1e3:11.0f}{times['p95'] * 1e3:9.0f}"
            f"  {times['ratio']:.1f} times {times['metric']}"
        )
    return shown
