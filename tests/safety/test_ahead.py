"""The limit clock by hand and by brute force, and the forecast against lifelines and worlds whose law is known."""

from __future__ import annotations

import datetime as dt
import itertools
import math
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from durations.lakes import SmallLake
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines import NelsonAalenFitter

from pipeline.engines.duckdb_engine import Engine
from pipeline.loading import build
from pipeline.metrics import Filters, Reader
from pipeline.metrics.limit_odds import ODDS_SCHEMA, odds_here
from pipeline.sample import SampleSettings, write_sample
from pipeline.settings import SHIPPED_REFERENCE, Settings
from pipeline.statistics.stock_outlook import Curve, Days, Outlook, Stays, outlook, relative_error, widened

from .yards import LOADED_AT, Box, files

LIMITS = """rule_id,imo_class,valid_from,valid_to,limit_hours
default,,,,35
summer,8,2022-06-01,2022-07-31,40
over,8,2021-06-01,2021-07-31,10
"""


def values_with(**changed: float) -> str:
    """The shipped set values with some of them changed."""
    lines = (SHIPPED_REFERENCE / "safety_values.csv").read_text("utf-8").splitlines()
    for place, line in enumerate(lines):
        name, value = line.split(",")[:2]
        if name in changed:
            lines[place] = line.replace(f"{name},{value},", f"{name},{changed[name]},", 1)
    return "\n".join(lines) + "\n"


def wall(hours: float) -> str:
    """Local time so many hours after 1 June, 00:00."""
    return (dt.datetime(2022, 6, 1) + dt.timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M")


@pytest.fixture(scope="module")
def clock(tmp_path_factory: pytest.TempPathFactory) -> SmallLake:
    """13 of class 3 at Shanghai stayed 20, 30, 40 and ten times 100 hours; now one is 15 hours old, its limit 35."""
    tables = {"limit_rules.csv": LIMITS, "safety_values.csv": values_with(survival_min_at_risk=12)}
    lake = SmallLake(tmp_path_factory.mktemp("clock") / "lake", tables)
    lengths = [20, 30, 40, *[100] * 10]
    boxes = [Box(f"P{k}", ("3",), came=wall(k), left=wall(k + stayed)) for k, stayed in enumerate(lengths)]
    boxes += [
        Box("NOW", ("3",), came=wall(185)),
        Box("RARE", ("8",), came=wall(185)),
        Box("LATE", ("3",), came=wall(150)),
        Box("END", ("3",), came=wall(150), left=wall(200)),
    ]
    lake.load(LOADED_AT, **files(boxes))
    lake.load(LOADED_AT, **files([Box("OTHER", ("3",), came=wall(185))], port="CNNBO"))
    return lake


AS_OF = ("--as-of", "2022-06-09T00:00:00Z")
"""200 hours after 1 June, 00:00, in Shanghai."""


def test_the_chance_to_leave_before_the_limit_by_hand(clock: SmallLake) -> None:
    """Of 15 at risk at 15 hours one left at 20 and one at 30, before 35: 1 - 14/15 x 13/14 = 2/15.

    END left at 50 hours and LATE is 50 hours old: both were at risk between.
    """
    rows = {row["equipment_reference"]: row for row in clock.report("limit_clock", *AS_OF)}
    assert set(rows) == {"NOW", "RARE", "OTHER"}, "LATE is past its limit"
    now = rows["NOW"]
    assert (now["age_hours"], now["hours_to_limit"], now["within_hours"]) == ("15", "20", "24")
    assert (now["pool"], now["n_at_risk"], now["window_days"]) == ("class_and_port", "15", "180")
    assert float(now["leaves_before_share"]) == pytest.approx(2 / 15)
    assert float(now["lower_share"]) < 2 / 15 < float(now["upper_share"])
    assert (rows["OTHER"]["pool"], rows["OTHER"]["n_at_risk"]) == ("class", "15")
    rare = rows["RARE"]
    assert (rare["pool"], rare["leaves_before_share"], rare["n_at_risk"]) == ("too_few", "", "")
    assert (rare["limit_rule_id"], rare["is_dated_rule"], rare["rule_valid_to"]) == (
        "summer",
        "true",
        "2022-07-31",
    )
    assert (now["is_dated_rule"], now["limit_is_illustrative"]) == ("false", "true")


def test_horizons_sum_up(clock: SmallLake) -> None:
    rows = clock.report("limit_horizons", *AS_OF)
    assert [(row["within_hours"], row["batches"], row["batches_without_chance"]) for row in rows] == [
        ("24", "2", "0"),
        ("72", "3", "1"),
        ("168", "3", "1"),
    ]
    assert float(rows[0]["expected_overdue_batches"]) == pytest.approx(2 * 13 / 15)


def test_pools_are_the_same_whatever_is_shown(clock: SmallLake) -> None:
    [row] = clock.report("limit_clock", *AS_OF, "--port", "CNNBO")
    assert (row["pool"], row["n_at_risk"]) == ("class", "15")


def test_dated_rules_say_when_they_end(clock: SmallLake) -> None:
    rows = clock.report("dated_rules", *AS_OF)
    assert [(row["rule_id"], row["state"], row["batches"]) for row in rows] == [
        ("summer", "in_force", "1"),
        ("over", "ended", "0"),
    ]
    assert clock.report("dated_rules", "--as-of", "2022-08-01T00:00:00Z")[0]["state"] == "ended"
    assert clock.report("dated_rules", "--as-of", "2022-05-30T00:00:00Z")[0]["state"] == "ahead"


HOUR = 3_600_000_000
ORIGIN = dt.datetime(2022, 1, 1)
NOW_HOURS = 1000
WINDOW_DAYS = 30
Spell = tuple[str, int, int | None]
"""Port, when it came, when it left (hours)."""

spells = st.lists(
    st.tuples(st.sampled_from(["CNSHG", "CNNBO"]), st.integers(0, 990), st.none() | st.integers(0, 400)).map(
        lambda drawn: (drawn[0], drawn[1], None if drawn[2] is None else min(drawn[1] + drawn[2], NOW_HOURS))
    ),
    min_size=1,
    max_size=25,
)


def brute(found: list[Spell], pool: str, age: int, limit: int) -> tuple[int, float]:
    """At risk just after `age`, and survival from there through `limit`."""
    start = NOW_HOURS - 24 * WINDOW_DAYS
    at_risk, survival = 0, 1.0
    known = []
    for port, came, left in found:
        if pool in (port, "all") and (left is None or left > start):
            known.append(
                (max(start - came, -1), (NOW_HOURS if left is None else left) - came, left is not None)
            )
    at_risk = sum(entry <= age < leaves for entry, leaves, _ in known)
    for t in sorted({leaves for _, leaves, ended in known if ended and age < leaves <= limit}):
        here = sum(entry < t <= leaves for entry, leaves, _ in known)
        survival *= 1 - sum(ended and leaves == t for _, leaves, ended in known) / here
    return at_risk, survival


def instants(hours: list[int | None]) -> pa.Array:
    told = [None if hour is None else ORIGIN + dt.timedelta(hours=hour) for hour in hours]
    return pa.array(told, pa.timestamp("us"))


@settings(max_examples=60, deadline=None)
@given(spells, st.integers(0, 300), st.integers(1, 200))
def test_survival_between_two_ages_by_brute_force(found: list[Spell], age: int, ahead: int) -> None:
    with Engine(Settings(lake=Path("nowhere"), threads=1)) as engine:
        stays: dict[str, Any] = {
            "un_location_code": [port for port, _, _ in found],
            "lead_class": ["3"] * len(found),
            "arrived_at": instants([came for _, came, _ in found]),
            "left_at": instants([left for _, _, left in found]),
        }
        engine.register_arrow("batch_stays", pa.table(stays))
        engine.register_arrow("params", pa.table({"as_of": instants([NOW_HOURS])}))
        engine.register_arrow("safety_set", pa.table({"survival_window_days": [float(WINDOW_DAYS)]}))
        batch = {
            "batch_id": ["B"],
            "un_location_code": ["CNSHG"],
            "lead_class": ["3"],
            "age_micros": [age * HOUR],
            "limit_micros": [(age + ahead) * HOUR],
        }
        engine.register_arrow("limit_batches", pa.table(batch))
        rows = engine.to_arrow("limit_odds").to_pylist()
        odds_here(engine)
        here = engine.to_arrow("limit_odds").to_pylist()
    by_pool = {row["pool"]: row for row in here}
    assert len(here) == len(rows)
    for row, name in itertools.product(rows, ODDS_SCHEMA.names[3:]):
        assert by_pool[row["pool"]][name] == pytest.approx(row[name], rel=1e-9, abs=1e-9)
    for row in rows:
        pool = row["pool"]
        at_risk, survival = brute(found, pool, age, age + ahead)
        assert row["at_risk_now"] == at_risk
        assert row["stays_share"] == pytest.approx(survival, abs=1e-9)


def test_the_curve_is_that_of_lifelines() -> None:
    rng = np.random.default_rng(5)
    arrived = rng.uniform(0, 2000, 400)
    left = arrived + rng.lognormal(4, 1, 400)
    left[left > 2000] = np.inf
    since, until = 1200.0, 2000.0
    curve = Curve.of(Stays(arrived, left), since, until)
    met = left > since
    entry, leaves = np.maximum(since - arrived[met], 0), np.minimum(left[met], until) - arrived[met]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        peer = NelsonAalenFitter(nelson_aalen_smoothing=False).fit(leaves, left[met] <= until, entry=entry)
    for age in (10.0, 50.0, 200.0, 500.0):
        wanted = float(peer.cumulative_hazard_at_times(age).iloc[0])
        assert float(curve.hazard(np.array([age]))[0]) == pytest.approx(wanted, rel=1e-9)


def calendar(past: int, ahead: int, today: int) -> Days:
    """Whole days before hour `24 * today`, and the days from there on; day 0 is a Monday."""
    days = np.arange(today - past, today)
    coming = np.arange(today, today + ahead)
    ends = (24.0 * (coming + 1)).astype(np.float64)
    return Days((24.0 * days).astype(np.float64), days % 7, ends, coming % 7)


def world(seed: int, days: int = 200, mean_a_day: float = 12, mean_hours: float = 96) -> Stays:
    """Poisson arrivals, half as many at weekends, and exponential stays."""
    rng = np.random.default_rng(seed)
    arrived = []
    for day in range(days):
        many = rng.poisson(mean_a_day * (0.5 if day % 7 >= 5 else 1.2))
        arrived.append(24 * day + rng.uniform(0, 24, many))
    came = np.concatenate(arrived)
    return Stays(came, came + rng.exponential(mean_hours, len(came)))


def test_a_forecast_does_not_see_what_comes_after_it() -> None:
    stays = world(1)
    origin, days = 24.0 * 120, calendar(56, 14, 120)
    seen = stays.arrived <= origin
    cut = Stays(stays.arrived[seen], np.where(stays.left[seen] <= origin, stays.left[seen], np.inf))
    whole, part = outlook(stays, origin, days), outlook(cut, origin, days)
    assert np.array_equal(whole.expected, part.expected) and np.array_equal(whole.reach, part.reach)


def test_bands_hold_what_they_say_in_a_world_whose_law_they_share() -> None:
    inside = tested = 0
    error = []
    for seed in range(40):
        stays = world(seed)
        days = calendar(56, 14, 120)
        found = outlook(stays, np.nextafter(24.0 * 120, 0), days)
        actual = stays.stock(days.ends)
        inside += int(((actual >= found.lower) & (actual <= found.upper)).sum())
        tested += len(actual)
        error.append(found.expected[-1] - actual[-1])
    assert 0.72 < inside / tested < 0.9
    assert abs(np.mean(error)) < 3 * np.std(error) / math.sqrt(len(error)), "no drift"


def test_bands_are_widened_by_what_went_wrong() -> None:
    """Ten errors of 1 to 10 per cent a day ahead: four of five kept to 8.2 per cent."""
    assert relative_error(np.zeros(0), np.zeros(0), np.zeros(0)) == 0
    errors, expected = np.linspace(1, 10, 10), np.full(10, 100.0)
    share = relative_error(errors, expected, np.ones(10))
    assert share == pytest.approx(0.082)
    narrow = Outlook(np.array([100.0, 50.0]), np.array([3.0, 9.0]))
    assert list(widened(narrow, share).reach) == pytest.approx([8.2, 9.0])
    assert list(widened(narrow, 0.0).reach) == [3.0, 9.0]


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, lake = tmp_path_factory.mktemp("files"), tmp_path_factory.mktemp("lake")
    write_sample(folder, SampleSettings(batches=1500, ports=3, seed=3))
    build.load(Settings(lake, threads=1), [folder])
    return lake


def test_the_coverage_is_counted_on_the_days_of_the_stock_report(sample: Path) -> None:
    reader = Reader(Settings(sample, threads=1))
    as_of = dt.datetime(2023, 9, 30, 8)
    rows = reader.query("stock_forecast", Filters(as_of=as_of))
    tests = (
        reader.query("stock_forecast_test", Filters(as_of=as_of))
        .set_index("un_location_code")
        .to_dict("index")
    )
    scopes = list(dict.fromkeys(rows["un_location_code"]))
    assert scopes[0] == "all" and len(scopes) == 4 and len(rows) == 4 * 14
    assert rows["date"].iloc[0] == dt.date(2023, 10, 1)
    assert (rows["lower_stock"] <= rows["expected_stock"]).all()
    stock = (
        reader.query("stock", Filters(by=("port",), as_of=as_of))
        .set_index("un_location_code")["stock"]
        .to_dict()
    )
    for code, here in rows.groupby("un_location_code"):
        assert set(here["days_tested"]) == {tests[str(code)]["days_tested"]} == {168}
        assert set(here["days_inside"]) == {tests[str(code)]["days_inside"]}
        if code != "all":
            assert set(here["stock_now"]) == {stock[str(code)]}
    days = reader.query("stock", Filters(by=("date", "port"), as_of=as_of))
    last = days[(days["date"] >= dt.date(2023, 7, 1)) & (days["date"] <= dt.date(2023, 9, 29))]
    for code, here in last.groupby("un_location_code"):
        tested = here[here["date"] >= dt.date(2023, 9, 30) - dt.timedelta(days=14 + 77)]
        assert tests[str(code)]["mean_stock"] == pytest.approx(
            sum(
                tested[
                    (tested["date"] >= dt.date(2023, 9, 16) - dt.timedelta(days=7 * back))
                    & (tested["date"] < dt.date(2023, 9, 30) - dt.timedelta(days=7 * back))
                ]["stock"].sum()
                for back in range(12)
            )
            / 168
        )


def test_without_history_there_is_no_forecast(clock: SmallLake) -> None:
    assert clock.report("stock_forecast") == []
    assert clock.report("stock_forecast_test") == []
