"""A dozen made-up stays on which the clocks disagree, computed by the product's own models.

Four batches have lain there for two months. In the first ten days four arrive, of which two stay on. In the next
ten days everything old is cleared, and four new ones go through in two days: the port is faster than ever, and the
mean of what left is many times what it was.
"""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pyarrow as pa

from pipeline.engines.duckdb_engine import Engine
from pipeline.metrics.durations import HOUR_MICROS, WINDOWED_MODELS
from pipeline.settings import Settings

PORT = "CNSHG"
TAU_DAYS = 60
STAYS = (
    ("old 1", "2022-04-01", "2022-06-12"),
    ("old 2", "2022-04-03", "2022-06-13"),
    ("old 3", "2022-04-05", "2022-06-15"),
    ("old 4", "2022-04-07", "2022-06-16"),
    ("before 1", "2022-06-01", "2022-06-05"),
    ("before 2", "2022-06-02", "2022-06-08"),
    ("before 3", "2022-06-03", "2022-06-14"),
    ("before 4", "2022-06-04", "2022-06-15"),
    ("since 1", "2022-06-12", "2022-06-14"),
    ("since 2", "2022-06-13", "2022-06-15"),
    ("since 3", "2022-06-14", "2022-06-16"),
    ("since 4", "2022-06-15", "2022-06-17"),
)
"""Batch, arrived_at and left_at, each at 00:00 UTC."""
WINDOWS = {"baseline": ("2022-06-01", "2022-06-11"), "window": ("2022-06-11", "2022-06-21")}
"""First instant, and the instant after the last."""
COLUMNS = ("window", "clock", "n", "n_ended", "n_open", "mean_hours", "median_hours", "rmst_hours", "flags")


def stays() -> pd.DataFrame:
    """The stays: consignment_id, arrived_at, left_at (naive UTC)."""
    frame = pd.DataFrame(STAYS, columns=["consignment_id", "arrived_at", "left_at"])
    return frame.assign(**{name: pd.to_datetime(frame[name]) for name in ("arrived_at", "left_at")})


def clocks(settings: Settings) -> pd.DataFrame:
    """The three clocks of both windows: a row a window and clock, durations in hours."""
    with Engine(settings) as engine:
        _register(engine)
        found = [_of_window(engine, name) for name in WINDOWS]
    return pd.concat(found, ignore_index=True)[list(COLUMNS)]


def _register(engine: Engine) -> None:
    count = len(STAYS)
    counted = {
        "un_location_code": [PORT] * count,
        "lead_class": ["3"] * count,
        "direction": ["import"] * count,
        "arrived_at": _instants(*(arrived for _, arrived, _ in STAYS)),
        "left_at": _instants(*(left for _, _, left in STAYS)),
    }
    asked = {"stage": ["overall"], "tau_micros": pa.array([TAU_DAYS * 24 * HOUR_MICROS], pa.int64())}
    tables = {
        "counted": counted,
        "params": {"as_of": _instants(WINDOWS["window"][1])},
        "asked": {"by_port": [False], "by_class": [False]},
        "asked_duration": asked,
    }
    for name, columns in tables.items():
        engine.register_arrow(name, pa.table(columns))
    engine.alias("spells", "dwell_spells")


def _of_window(engine: Engine, name: str) -> pd.DataFrame:
    first, after = WINDOWS[name]
    engine.forget(*WINDOWED_MODELS)
    window = {"un_location_code": [PORT], "from_at": _instants(first), "until_at": _instants(after)}
    engine.register_arrow("asked_windows", pa.table(window))
    return engine.to_frame("durations").assign(window=name)


def _instants(*days: str) -> pa.Array:
    return pa.array([dt.datetime.fromisoformat(day) for day in days], pa.timestamp("us"))
