"""The product's models on small tables put before them: the real engine, without files."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipeline.engines.duckdb_engine import Engine
from pipeline.metrics.durations import WINDOWED_MODELS
from pipeline.metrics.spells import compute_here
from pipeline.settings import Settings

from .clocks import Spell, Window

ORIGIN = dt.datetime(2022, 6, 1)
"""Hour 0."""
HOUR = 3_600_000_000
PORTS = ("CNSHG", "DEHAM")


def at(hour: int | None) -> dt.datetime | None:
    return None if hour is None else ORIGIN + dt.timedelta(hours=hour)


def instants(hours: Sequence[int | None]) -> pa.Array:
    return pa.array([at(hour) for hour in hours], pa.timestamp("us"))


def texts(values: Sequence[str | None]) -> pa.Array:
    return pa.array(list(values), pa.string())


def new_engine(as_of: int, in_memory: bool = True) -> Engine:
    """An engine that looks at hour `as_of`, with no filter set; curves in memory, else by their models."""
    engine = Engine(Settings(lake=Path("nowhere"), threads=1))
    engine.register_arrow("params", pa.table({"as_of": instants([as_of])}))
    for name, column in (("ports", "un_location_code"), ("classes", "code"), ("directions", "direction")):
        engine.register_arrow(f"wanted_{name}", pa.table({column: texts([])}))
    if in_memory:
        compute_here(engine)
    return engine


def ask(
    engine: Engine, window: Window, tau: int, by: tuple[str, ...] = ("port",), stage: str = "overall"
) -> None:
    """What the report would be asked: the window, tau in hours, the columns to group by."""
    engine.forget(*WINDOWED_MODELS, "spells", "clearance_spells")
    windows = {
        "un_location_code": texts(PORTS),
        "from_at": instants([window.first] * len(PORTS)),
        "until_at": instants([window.after] * len(PORTS)),
    }
    engine.register_arrow("asked_windows", pa.table(windows))
    engine.register_arrow("asked", pa.table({"by_port": ["port" in by], "by_class": ["class" in by]}))
    asked = {"stage": texts([stage]), "tau_micros": pa.array([tau * HOUR], pa.int64())}
    engine.register_arrow("asked_duration", pa.table(asked))


def stays(engine: Engine, spells: Sequence[Spell]) -> None:
    """Spells as stays: an open one is open at as_of."""
    columns = {
        "un_location_code": texts([spell.port for spell in spells]),
        "lead_class": texts([spell.lead_class for spell in spells]),
        "direction": texts(["import"] * len(spells)),
        "arrived_at": instants([spell.start for spell in spells]),
        "left_at": instants([spell.end for spell in spells]),
    }
    engine.register_arrow("counted", pa.table(columns))
    engine.alias("spells", "dwell_spells")


def clearances(engine: Engine, spells: Sequence[Spell]) -> None:
    """Spells as clearances: an open one that is not seen until as_of had left by then."""
    open_until = [spell.seen_until if spell.end is None else None for spell in spells]
    columns = {
        "un_location_code": texts([spell.port for spell in spells]),
        "lead_class": texts([spell.lead_class for spell in spells]),
        "direction": texts(["import"] * len(spells)),
        "stage": texts(["overall"] * len(spells)),
        "began_at": instants([spell.start for spell in spells]),
        "ended_at": instants([spell.end for spell in spells]),
        "left_at": instants(open_until),
        "is_impossible_order": pa.array([spell.left_out for spell in spells], pa.bool_()),
    }
    engine.register_arrow("clearance_stages", pa.table(columns))
    engine.alias("spells", "clearance_spells")


Row = dict[str, Any]


def durations(engine: Engine) -> dict[tuple[str | None, str | None, str], Row]:
    """The rows of the report by (port, class, clock)."""
    rows = engine.to_arrow("durations").to_pylist()
    found = {(row["un_location_code"], row["lead_class"], row["clock"]): row for row in rows}
    assert len(found) == len(rows)
    return found


def unlike(actual: Mapping[str, Any], expected: Mapping[str, Any]) -> list[str]:
    """What differs between two rows; figures to one part in a thousand million."""
    found = []
    for name, wanted in expected.items():
        shown = actual[name]
        numbers = isinstance(shown, int | float) and isinstance(wanted, int | float)
        if not (math.isclose(shown, wanted, rel_tol=1e-9, abs_tol=1e-9) if numbers else shown == wanted):
            found.append(f"{name}: expected {wanted!r}, got {shown!r}")
    return found
