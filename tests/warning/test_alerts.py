"""Notices and alerts against brute force, and what must hold of them whatever happened."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from durations.lakes import SmallLake
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import UserMistake
from pipeline.metrics import Filters, Reader, watching
from pipeline.reference.reading import load_reference
from pipeline.settings import Settings
from pipeline.statistics.inference import cusum, cusum_ends

from . import oracle
from .worlds import LIMITS, RULES, START, drawn, files, rules_csv

SEEDS = (1, 2, 3, 4)
OFFSET = timedelta(hours=8)


def lake_of(folder: Path, world: oracle.World, rules: str = "") -> SmallLake:
    lake = SmallLake(folder, {"alert_rules.csv": rules or rules_csv(), "limit_rules.csv": LIMITS})
    lake.load("2023-01-01T00:00:00Z", **files(world))
    return lake


def reader(lake: SmallLake) -> Reader:
    return Reader(Settings(lake.folder / "lake", lake.folder / "reference"))


def rows_of(frame: pd.DataFrame) -> list[Any]:
    return list(frame.itertuples(index=False))


def told(reading: Reader, as_of: datetime) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Values of every day, and the alerts, at a local instant."""
    asked = Filters(as_of=as_of - OFFSET)
    question = reading._question(asked)
    try:
        values = watching.watch(question)["warning_values"].to_pandas(date_as_object=True)
    finally:
        question.close()
    return values, reading.query("alerts", asked)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_indicator_and_alert_as_brute_force_has_them(tmp_path: Path, seed: int) -> None:
    world = drawn(seed)
    reading = reader(lake_of(tmp_path, world))
    for as_of in (START + timedelta(days=80, hours=13), START + timedelta(days=131, hours=6)):
        values, alerts = told(reading, as_of)
        expected = oracle.fired(world, RULES, as_of)
        got = {
            (row.un_location_code, row.day, row.indicator): (row.value, row.limit_value, row.has_fired)
            for row in rows_of(values)
            if row.indicator != "ghosts"
        }
        wanted = {
            (port, day, name): value
            for (port, day), found in expected.items()
            for name, value in found.items()
        }
        assert got.keys() == wanted.keys()
        for key, (value, limit, has_fired) in wanted.items():
            assert got[key][:2] == pytest.approx((value, limit), abs=1e-6), key
            assert got[key][2] == has_fired, key
        by_day = oracle.levels(expected, RULES)
        rows = {
            (row.level, row.un_location_code, row.started_on, None if row.is_on else row.ended_on)
            for row in rows_of(alerts)
        }
        assert rows == oracle.episodes(by_day, expected)
        assert len(rows) > 3


def test_the_worlds_are_worth_looking_at() -> None:
    """Every indicator fires in some of them, and there are alerts that ended and alerts that are on."""
    firing: set[str] = set()
    ends: set[tuple[str, bool]] = set()
    for seed in SEEDS:
        world, as_of = drawn(seed), START + timedelta(days=131, hours=6)
        found = oracle.fired(world, RULES, as_of)
        firing |= {name for day in found.values() for name, (_, _, has_fired) in day.items() if has_fired}
        runs = oracle.episodes(oracle.levels(found, RULES), found)
        ends |= {(level, end is None) for level, _, _, end in runs}
    assert firing == set(RULES) - {"alert", "border_trigger", "first_detection", "licensed_stock", "ghosts"}
    assert ends == {("alert", True), ("alert", False), ("notice", True), ("notice", False)}


def test_what_was_on_a_day_is_not_changed_by_what_came_later(tmp_path: Path) -> None:
    reading = reader(lake_of(tmp_path, drawn(7)))
    _, later = told(reading, START + timedelta(days=125))
    for days in (70, 85, 100):
        midnight = START + timedelta(days=days)  # the first instant of a day: the day before is whole
        day = (midnight - timedelta(days=1)).date()
        _, then = told(reading, midnight - timedelta(microseconds=1))
        on_then = set(then.loc[then["is_on"], "alert_id"])
        was_on = (later["started_on"] <= day) & (later["is_on"] | (later["ended_on"].map(str) > str(day)))
        assert on_then == set(later.loc[was_on, "alert_id"])


def test_points_are_those_that_fired_for_the_alert(tmp_path: Path) -> None:
    world = drawn(2)
    reading = reader(lake_of(tmp_path, world))
    as_of = START + timedelta(days=131, hours=6)
    found = oracle.fired(world, RULES, as_of)
    _, alerts = told(reading, as_of)
    points = reading.query("alert_points", Filters(as_of=as_of - OFFSET))
    window = timedelta(days=RULES["alert"].window - 1)
    for alert in rows_of(alerts):
        last = as_of.date() if alert.is_on else alert.ended_on - timedelta(days=1)
        day: date = alert.started_on - window
        fired_on: dict[str, list[date]] = {}
        while day <= last:
            for name, (_, _, has_fired) in found.get((alert.un_location_code, day), {}).items():
                if has_fired:
                    fired_on.setdefault(name, []).append(day)
            day += timedelta(days=1)
        own = points[points["alert_id"] == alert.alert_id]
        got = {row.indicator: (row.first_fired_on, row.last_fired_on, row.days_fired) for row in rows_of(own)}
        assert got == {name: (min(days), max(days), len(days)) for name, days in fired_on.items()}
        assert alert.points.count(";") == len(got) - 1
        assert alert.days_on == (last - alert.started_on).days + 1


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(rows=st.lists(st.lists(st.integers(0, 40), min_size=12, max_size=12), min_size=1, max_size=6))
def test_many_series_at_once_end_where_one_by_one_they_do(rows: list[list[int]]) -> None:
    levels, limits = cusum_ends(np.array(rows, dtype=np.float64), baseline=8)
    for counts, level, limit in zip(rows, levels, limits, strict=True):
        chart = cusum(counts)
        assert chart is not None
        assert (level, limit) == pytest.approx((chart.path[-1], chart.threshold))


@pytest.mark.parametrize("words", [("--class", "3"), ("--direction", "import")])
def test_an_alert_is_of_a_whole_port(tmp_path: Path, words: tuple[str, str]) -> None:
    lake = lake_of(tmp_path, one_port(("2022-03-01T08:00", None)))
    with pytest.raises(AssertionError, match="exit code 2"):
        lake.report("alerts", *words)


def one_port(*lines: tuple[str, str | None]) -> oracle.World:
    stays = [
        oracle.Stay(
            f"B{number}",
            "CNSHG",
            datetime.fromisoformat(came),
            datetime.fromisoformat(left) if left else None,
        )
        for number, (came, left) in enumerate(lines)
    ]
    return oracle.World(stays)


def test_a_silent_port_by_hand(tmp_path: Path) -> None:
    """In and out every day until 14 March, nothing after: silent on the 17th, told as of the 20th."""
    daily = [(f"2022-03-{day:02}T08:00", f"2022-03-{day:02}T20:00") for day in range(1, 15)]
    lake = lake_of(
        tmp_path,
        one_port(*daily),
        rules_csv({**RULES, "silence": oracle.Rule("reporting", 3, 14, minimum=7)}),
    )
    assert lake.report("silent_ports", "--as-of", "2022-03-16T12:00:00+08:00") == []
    (row,) = lake.report("silent_ports", "--as-of", "2022-03-20T12:00:00+08:00")
    assert row == {
        "un_location_code": "CNSHG",
        "last_row_on": "2022-03-14",
        "days_silent": "6",
        "limit_days": "3",
    }
    (notice,) = lake.report("alerts", "--as-of", "2022-03-20T12:00:00+08:00")
    assert (notice["alert_id"], notice["points"]) == (
        "notice-CNSHG-2022-03-17",
        "silence 2022-03-17 to 2022-03-20",
    )
    assert (notice["is_on"], notice["ended_on"], notice["groups"]) == ("true", "", "1")
    assert lake.report("silent_ports", "--port", "CNNBO", "--as-of", "2022-03-20T12:00:00+08:00") == []


def test_two_groups_make_an_alert_and_two_points_of_one_do_not(tmp_path: Path) -> None:
    """A batch that lies 41 days is one point, whatever else of its group says so; a hot day makes it two."""
    world = one_port(("2022-03-01T08:00", None), ("2022-04-20T08:00", "2022-04-20T12:00"))
    rules = rules_csv({**RULES, "silence": oracle.Rule("reporting", 500)})
    lake = lake_of(tmp_path / "cool", world, rules)
    (row,) = lake.report("alerts")
    assert (row["level"], row["started_on"], row["points"]) == (
        "notice",
        "2022-04-10",
        "oldest_age 2022-04-10 to 2022-04-20",
    )
    hot = oracle.World(world.stays, weather={("CNSHG", date(2022, 4, 12)): 35.0})
    rows = lake_of(tmp_path / "hot", hot, rules).report("alerts")
    assert [(row["level"], row["started_on"], row["ended_on"], row["ended_how"]) for row in rows] == [
        ("notice", "2022-04-19", "", ""),
        ("alert", "2022-04-12", "2022-04-19", "one group left"),
        ("notice", "2022-04-10", "2022-04-12", "became an alert"),
    ]
    (alert,) = [row for row in rows if row["level"] == "alert"]
    late = lake_of(tmp_path / "late", hot, rules)
    assert [row["started_on"] for row in late.report("alerts", "--from", "2022-04-20")] == ["2022-04-19"]
    assert [row["level"] for row in late.report("alerts", "--to", "2022-04-11")] == ["notice"]
    assert alert["points"] == "heat 2022-04-12; oldest_age 2022-04-10 to 2022-04-18"


def test_a_unit_seen_elsewhere_without_a_gate_out(tmp_path: Path) -> None:
    """Three units come to Shanghai, never leave, and come in at Ningbo on three days of one week."""
    moves = ["event_id,un_location_code,equipment_reference,event_type,event_at"]
    for number in range(3):
        moves.append(f"a{number},CNSHG,U{number},DISC,2022-03-0{number + 1}T08:00")
        moves.append(f"b{number},CNNBO,U{number},DISC,2022-03-1{2 * number}T08:00")
    lake = SmallLake(tmp_path, {"alert_rules.csv": rules_csv(), "limit_rules.csv": LIMITS})
    lake.load(yard_moves=moves)
    rows = lake.report("alert_points")
    ghosts = [row for row in rows if row["indicator"] == "ghosts"]
    assert [(row["un_location_code"], row["first_fired_on"], row["worst_value"]) for row in ghosts] == [
        ("CNSHG", "2022-03-14", "3")
    ]


def test_known_at_brings_back_what_was_known(tmp_path: Path) -> None:
    """The hot day is told a week late: at the time there was no alert."""
    world = one_port(("2022-03-01T08:00", None), ("2022-04-13T08:00", "2022-04-13T12:00"))
    lake = SmallLake(tmp_path, {"alert_rules.csv": rules_csv(), "limit_rules.csv": LIMITS})
    told_first = {name: lines for name, lines in files(world).items() if len(lines) > 1}
    lake.load("2022-04-13T12:00:00Z", **told_first)
    lake.load(
        "2022-04-20T12:00:00Z", daily_weather=["un_location_code,date,max_temp_c", "CNSHG,2022-04-12,36"]
    )
    as_of = ("--as-of", "2022-04-13T20:00:00+08:00")
    now = {row["level"] for row in lake.report("alerts", *as_of)}
    then = {row["level"] for row in lake.report("alerts", *as_of, "--known-at", "2022-04-14T00:00:00Z")}
    assert ("alert" in now, "alert" in then) == (True, False)


def test_an_indicator_without_a_rule_is_off(tmp_path: Path) -> None:
    rules = {name: rule for name, rule in RULES.items() if name not in ("oldest_age", "newly_overdue")}
    lake = lake_of(tmp_path, drawn(1), rules_csv(rules))
    indicators = {row["indicator"] for row in lake.report("indicators")}
    assert indicators == set(rules) - {"alert", "border_trigger", "first_detection"}
    assert "oldest_age" not in {row["indicator"] for row in lake.report("alert_points")}


def test_stock_near_the_licensed_quantity_by_hand(tmp_path: Path) -> None:
    """The yard may hold 1,000 kg of class 3: 600 kg from 1 March, 950 from the 3rd, 350 after the 5th.

    The day's end counts, so the 5th, on which 600 kg leave, is at 35 %. Explosives are held to their net content.
    """
    world = one_port(
        ("2022-03-01T08:00", "2022-03-05T08:00"), ("2022-03-03T08:00", None), ("2022-03-08T08:00", None)
    )
    items = [
        "consignment_id,item_no,equipment_reference,un_number,imo_class,net_weight_kg,net_explosive_content_kg"
    ]
    items += ["B0,1,,1203,3,400,", "B0,2,,1203,3,200,", "B1,1,,1203,3,350,", "B2,1,,0081,1.1D,10,4.6"]
    licences = "licence_id,un_location_code,facility_code,imo_class,licensed_kg,licensed_net_explosive_kg\n"
    licences += "a,,,3,1000,\nb,CNSHG,,1.1,5000,5\nc,,,1,1,1\n"
    tables = {"alert_rules.csv": rules_csv(), "limit_rules.csv": LIMITS, "licensed_quantities.csv": licences}
    lake = SmallLake(tmp_path, tables)
    told_first = {name: lines for name, lines in files(world).items() if len(lines) > 1}
    lake.load("2023-01-01T00:00:00Z", dg_items=items, **told_first)
    values, _ = told(reader(lake), datetime(2022, 3, 8, 12))
    found = values[values["indicator"] == "licensed_stock"].sort_values("day")
    assert list(found["value"]) == pytest.approx([60, 60, 95, 95, 35, 35, 35, 92])
    assert list(found["has_fired"]) == [False, False, True, True, False, False, False, True]
    quantity = lake.report("quantity", "--as-of", "2022-03-04T04:00:00Z")
    assert max(float(row["licensed_share"] or 0) for row in quantity) == pytest.approx(0.95)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (rules_csv().replace("ghosts", "gosts"), "indicator 'gosts' is not known"),
        (rules_csv().replace("weather", "wether"), "wether is not in alert_groups"),
        (
            "\n".join(line for line in rules_csv().splitlines() if not line.startswith("alert,")),
            "no rule alert",
        ),
        (rules_csv().replace("reporting,3,7", "reporting,3,0"), "window_days '0' is not between 1 and 3660"),
    ],
)
def test_rules_that_cannot_be_are_a_mistake(tmp_path: Path, text: str, said: str) -> None:
    assert text != rules_csv()
    with pytest.raises(UserMistake, match=said):
        (tmp_path / "alert_rules.csv").write_text(text, encoding="utf-8")
        load_reference(tmp_path)
