"""Curves in memory against the models that a cluster runs, over thousands of spells with instants to the microsecond."""

from __future__ import annotations

import datetime as dt
import math
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.engines.duckdb_engine import Engine
from pipeline.metrics.durations import WINDOWED_MODELS
from pipeline.settings import Settings
from pipeline.statistics import sorted_runs
from pipeline.statistics.survival import AtRisk, Curve, figures, kaplan_meier, outline, restricted_mean

from . import rig
from .clocks import Window

SPELLS = 4000
SCOPES = (("port",), ("class",), ("port", "class"), ())
HOUR = 3_600_000_000
DAY = 24 * HOUR
FIGURES = ("durations", "survival_steps", "curve_ends")


def asked(engine: Engine) -> None:
    """Two windows that overlap, one of them open, told apart in every way."""
    engine.forget(*WINDOWED_MODELS)
    windows = [(name, port) for name in ("baseline", "window") for port in rig.PORTS]
    columns = {
        "window_name": rig.texts([name for name, _ in windows]),
        "un_location_code": rig.texts([port for _, port in windows]),
        "from_at": rig.instants([None if name == "baseline" else 240 for name, _ in windows]),
        "until_at": rig.instants([480 if name == "baseline" else 720 for name, _ in windows]),
    }
    engine.register_arrow("duration_windows", pa.table(columns))
    flags = {f"by_{name}": [name in scope for scope in SCOPES] for name in ("port", "class")}
    engine.register_arrow("duration_scopes", pa.table(flags))
    tau = {"stage": rig.texts(["overall"]), "tau_micros": pa.array([9 * DAY], pa.int64())}
    engine.register_arrow("asked_duration", pa.table(tau))


def drawn_clearances() -> pa.Table:
    """Some open, some left out, many with equal ages; the as-of is hour 700."""
    random = np.random.default_rng(7)
    origin, as_of = (np.datetime64(rig.at(hour), "us").astype(np.int64) for hour in (0, 700))
    began = origin + random.integers(-20 * DAY, 29 * DAY, SPELLS)
    length = random.integers(0, 12 * DAY, SPELLS)
    length = np.where(random.random(SPELLS) < 0.4, length // DAY * DAY, length)
    ended = began + length
    is_open = ended > as_of
    left = np.minimum(ended, as_of)

    def instants(micros: np.ndarray, is_null: np.ndarray) -> pa.Array:
        return pa.array(micros, pa.int64(), mask=is_null).cast(pa.timestamp("us"))

    chosen = {"un_location_code": rig.PORTS, "lead_class": ("3", "8", "2.1"), "direction": ("import",)}
    columns: dict[str, Any] = {
        name: rig.texts(list(random.choice(values, SPELLS))) for name, values in chosen.items()
    }
    return pa.table(
        columns
        | {
            "stage": rig.texts(["overall"] * SPELLS),
            "began_at": instants(began, began > as_of),
            "ended_at": instants(ended, is_open),
            "left_at": instants(left, ~is_open | (random.random(SPELLS) < 0.5)),
            "is_impossible_order": pa.array(random.random(SPELLS) < 0.02),
        }
    ).filter(pa.array(began <= as_of))


@pytest.mark.parametrize("stretch", [16, sorted_runs.STRETCH])
def test_both_give_the_same_figures(stretch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sorted_runs, "STRETCH", stretch)
    found: dict[bool, dict[str, list[dict[str, Any]]]] = {}
    for in_memory in (True, False):
        with rig.new_engine(700, in_memory) as engine:
            engine.register_arrow("clearance_stages", drawn_clearances())
            engine.alias("spells", "clearance_spells")
            asked(engine)
            tables = {name: engine.to_arrow(name) for name in FIGURES}
        found[in_memory] = {
            name: table.sort_by([(column, "ascending") for column in table.column_names[:4]]).to_pylist()
            for name, table in tables.items()
        }
    for name in FIGURES:
        here, there = found[True][name], found[False][name]
        assert len(here) == len(there) > 20
        for row, other in zip(here, there, strict=True):
            assert row.keys() == other.keys()
            assert not rig.unlike(row, other), name


Runs = list[np.ndarray]
RUNS = st.lists(
    st.lists(st.integers(0, 40) | st.integers(0, 2**62), max_size=30).map(sorted), max_size=5
).map(lambda runs: [np.array(run, np.int64) for run in runs])


@given(RUNS, st.integers(1, 40))
def test_stretches_hold_every_age_once_in_order(runs: Runs, stretch: int) -> None:
    whole = np.sort(np.concatenate([np.empty(0, np.int64), *runs]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sorted_runs, "STRETCH", stretch)
        found = [ages for ages in sorted_runs.stretches(runs) if len(ages)]
        of_one = [ages for ages in sorted_runs.stretches([whole]) if len(ages)]
    assert np.concatenate([np.empty(0, np.int64), *found]).tolist() == whole.tolist()
    assert all(before[-1] < after[0] for before, after in pairwise(found)), "equal ages lie apart"
    assert list(map(list, found)) == list(map(list, of_one)), "where they end depends on the runs"


AGES = st.lists(st.integers(1, 60), max_size=60).map(lambda ages: np.sort(np.array(ages, np.int64)))


@given(AGES, AGES, AGES, st.integers(0, 70), st.integers(1, 20))
def test_a_curve_in_stretches_is_the_whole_curve(
    ended: np.ndarray, censored: np.ndarray, entered: np.ndarray, tau: int, stretch: int
) -> None:
    """Those that enter late do so at age 0 to 59, one before each age at which one leaves."""
    late = np.sort(np.concatenate([ended, censored]))[: len(entered)]
    entered = np.sort(np.minimum(entered[: len(late)], late) - 1)
    from_start = len(ended) + len(censored) - len(entered)
    spells = AtRisk(
        [run * HOUR for run in (ended[::2], ended[1::2])], censored * HOUR, entered * HOUR, from_start
    )
    whole, mean = kaplan_meier(spells), restricted_mean(spells, tau * HOUR)
    told = figures(spells, tau * HOUR, with_outline=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sorted_runs, "STRETCH", stretch)
        parted = kaplan_meier(spells), figures(spells, tau * HOUR, with_outline=True), outline(spells)
        means = parted[1].mean, restricted_mean(spells, tau * HOUR)
    assert_alike(parted[0], whole)
    assert_alike(parted[1].outline, told.outline)
    assert_alike(parted[2], told.outline)
    assert (parted[1].median, parted[1].ninetieth) == (told.median, told.ninetieth)
    assert math.isclose(parted[1].end, told.end, rel_tol=1e-12)
    for other in means:
        assert other is not None
        assert math.isclose(other.hours, mean.hours, rel_tol=1e-12)
        assert math.isclose(other.error_hours, mean.error_hours, rel_tol=1e-9, abs_tol=1e-9)
        assert other.is_thin == mean.is_thin


def assert_alike(curve: Curve | None, other: Curve | None) -> None:
    assert curve is not None and other is not None
    for column, expected in zip(curve, other, strict=True):
        assert len(column) == len(expected)
        assert np.allclose(column, expected, rtol=1e-12, atol=0)


def test_ages_of_thousands_of_years() -> None:
    """An instant of the year 1 among those of today: over two thousand years in microseconds."""
    with rig.new_engine(100) as engine:
        rig.ask(engine, Window(None, None, 100), 10)
        began = [dt.datetime(1, 1, 2), rig.at(10), rig.at(20)]
        columns = {
            "un_location_code": rig.texts(["CNSHG"] * 3),
            "lead_class": rig.texts(["3"] * 3),
            "direction": rig.texts(["import"] * 3),
            "arrived_at": pa.array(began, pa.timestamp("us")),
            "left_at": rig.instants([30, 30, 30]),
        }
        engine.register_arrow("counted", pa.table(columns))
        engine.alias("spells", "dwell_spells")
        row = rig.durations(engine)["CNSHG", None, "exit"]
    longest = (rig.ORIGIN + dt.timedelta(hours=30) - began[0]) / dt.timedelta(hours=1)  # type: ignore[operator]
    assert (row["n"], row["median_hours"]) == (3, 20.0)
    assert math.isclose(row["mean_hours"], (longest + 30) / 3, rel_tol=1e-12)


def test_engines_of_many_threads_share_an_instance_and_never_meet() -> None:
    def ask(number: int) -> None:
        for _ in range(20):
            with Engine(Settings(lake=Path("nowhere"), threads=2)) as engine:
                engine.register_arrow("params", pa.table({"as_of": [number]}))
                assert engine.rows("params") == [(number,)]

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(ask, range(8)))
