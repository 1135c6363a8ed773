"""What the figures rest on, of a yard that is small enough to count by eye."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from lake.support import load_files
from pipeline.metrics import Filters, Reader
from pipeline.settings import Settings

AS_OF = dt.datetime(2022, 6, 5)
HEADER = "event_id,un_location_code,equipment_reference,event_type,event_at,consignment_id"
LEFT, OPEN, TIED, OUT_ALONE = "MSKU1234565", "TCNU7654327", "TGHU1111115", "CSQU3054383"
MOVES = f"""{HEADER}
1,CNSHG,{LEFT},DISC,2022-06-01T00:00Z,B1
2,CNSHG,{LEFT},GTOT,2022-06-03T00:00Z,B1
3,CNSHG,{OPEN},DISC,2022-06-02T00:00Z,
4,CNSHG,{TIED},DISC,2022-06-02T00:00Z,
5,CNNBO,{OPEN},DISC,2022-06-04T00:00Z,
6,CNQIN,{TIED},DISC,2022-06-04T00:00Z,
7,CNNBO,{TIED},DISC,2022-06-04T00:00Z,
8,CNSHG,{OUT_ALONE},GTOT,2022-06-03T00:00Z,
"""
BATCHES = "consignment_id,un_location_code,direction\nB1,CNSHG,import\n"
WEATHER = """un_location_code,date,max_temp_c,recorded_at
CNSHG,2022-06-02,30,2022-06-03T00:00Z
CNSHG,2022-06-02,31,2022-06-04T00:00Z
CNSHG,2022-06-03,32,2022-06-04T00:00Z
CNSHG,2022-06-09,33,2022-06-04T00:00Z
CNNBO,2022-06-03,33,2022-06-04T00:00Z
"""
CAUGHT_HEADER = (
    "interception_id,un_location_code,channel,detected_at,hazard_type,hazard_name,recorded_at,voided"
)
CAUGHT = f"""{CAUGHT_HEADER}
I1,CNSHG,mail,2022-06-01T00:00Z,food,beef,2022-06-01T00:00Z,
I2,CNSHG,mail,2022-06-02T00:00Z,food,beef,2022-06-02T00:00Z,
I2,CNSHG,mail,2022-06-02T00:00Z,food,beef,2022-06-04T00:00Z,true
I3,CNSHG,mail,2022-06-08T00:00Z,food,beef,2022-06-04T00:00Z,
"""
BACKWARDS = (
    "consignment_id,milestone,occurred_at\nB1,inspected,2022-06-03T00:00Z\nB1,released,2022-06-02T00:00Z\n"
)


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    files, lake = tmp_path_factory.mktemp("files"), tmp_path_factory.mktemp("lake")
    texts = {
        "yard_moves": MOVES,
        "consignments": BATCHES,
        "clearance_milestones": BACKWARDS,
        "daily_weather": WEATHER,
        "interceptions": CAUGHT,
    }
    for name, text in texts.items():
        (files / f"{name}.csv").write_text(text)
    load_files(lake, sorted(files.iterdir()))
    return Reader(Settings(lake))


def asked(reader: Reader, name: str, **others: Any) -> pd.DataFrame:
    return reader.query(name, Filters(**{"as_of": AS_OF, **others}))


def of_check(reader: Reader, check: str, column: str) -> dict[str, object]:
    rows = asked(reader, "trust")
    rows = rows[rows["check"] == check]
    return dict(zip(rows["un_location_code"], rows[column], strict=True))


def test_an_out_alone_is_listed_and_counted(reader: Reader) -> None:
    assert asked(reader, "orphan_outs")[["event_id", "equipment_reference", "line"]].values.tolist() == [
        ["8", OUT_ALONE, 9]
    ]
    assert of_check(reader, "orphan_out", "count") == {"CNSHG": 1}


def test_a_box_in_two_ports_is_a_ghost_in_the_first(reader: Reader) -> None:
    """Two came at one instant, and one of them was next seen in two ports at once: order and place are fixed."""
    found = asked(reader, "ghosts")[["un_location_code", "equipment_reference", "seen_elsewhere"]]
    assert found.values.tolist() == [["CNSHG", OPEN, "CNNBO"], ["CNSHG", TIED, "CNNBO"]]
    assert set(asked(reader, "ghosts")["seen_elsewhere_at"]) == {pd.Timestamp("2022-06-04")}
    assert of_check(reader, "ghost", "count") == {"CNSHG": 2}


def test_milestones_that_run_backwards_are_told(reader: Reader) -> None:
    assert asked(reader, "impossible_orders")["consignment_id"].tolist() == ["B1"]
    assert of_check(reader, "impossible_order", "count") == {"CNSHG": 1}


def test_batch_hours_are_the_integral_of_stock(reader: Reader) -> None:
    """CNSHG: 48 hours of one that left, and 72 of each of two that have not."""
    assert of_check(reader, "batch_hours", "value") == {"CNSHG": 192.0, "CNNBO": 48.0, "CNQIN": 24.0}
    told = of_check(reader, "batch_hours", "detail")
    assert told["CNSHG"] == "integral of stock 192.000000; the two are equal"


def test_littles_law_tells_a_yard_that_fills(reader: Reader) -> None:
    """192 hours in 96 are 2 on average; three arrivals in 96 hours that stayed 48 would make 1.5."""
    assert of_check(reader, "littles_law_residual", "value") == {"CNSHG": pytest.approx(0.5)}


def fresh(reader: Reader, **asked_for: Any) -> dict[tuple[str, str], tuple[int, float]]:
    rows = asked(reader, "freshness", **asked_for)
    of, found = rows[["un_location_code", "source"]].values, rows[["rows", "hours_behind"]].values
    return {
        (port, source): (int(count), hours) for (port, source), (count, hours) in zip(of, found, strict=True)
    }


def test_freshness_is_how_far_each_source_lies_behind(reader: Reader) -> None:
    """The weather of 3 June is that of a day which began in China at 16:00 UTC on the day before."""
    told = fresh(reader)
    assert told["CNSHG", "yard_moves"] == (5, 48.0)
    assert told["CNQIN", "yard_moves"] == (1, 24.0)
    assert told["CNSHG", "clearance_milestones"] == (2, 48.0)
    assert told["CNSHG", "daily_weather"] == (2, 56.0)
    assert told["CNSHG", "interceptions"] == (1, 96.0)


def test_freshness_counts_what_was_known_by_then(reader: Reader) -> None:
    """Of the weather one day, and an interception that was withdrawn later."""
    told = fresh(reader, known_at=dt.datetime(2022, 6, 3))
    assert told == {("CNSHG", "daily_weather"): (1, 80.0), ("CNSHG", "interceptions"): (2, 72.0)}


def test_freshness_sees_nothing_after_as_of(reader: Reader) -> None:
    """Batches have no instant of their own."""
    told = fresh(reader, as_of=dt.datetime(2022, 6, 2))
    assert {of: rows for of, (rows, _) in told.items()} == {
        ("CNSHG", "yard_moves"): 3,
        ("CNSHG", "consignments"): 1,
        ("CNSHG", "clearance_milestones"): 1,
        ("CNSHG", "daily_weather"): 1,
        ("CNSHG", "interceptions"): 1,
    }


def test_the_last_load_is_told(reader: Reader) -> None:
    rows = asked(reader, "trust")
    (detail,) = rows.loc[rows["check"] == "load", "detail"]
    assert detail == "accepted 18, superseded 2, duplicate 0, rejected 0; files 5, refused 0"


def test_a_load_that_came_later_was_not_known(reader: Reader) -> None:
    (loaded_at,) = asked(reader, "loads")["loaded_at"]
    assert asked(reader, "loads", known_at=loaded_at).shape[0] == 1
    assert asked(reader, "loads", known_at=loaded_at - dt.timedelta(seconds=1)).empty


def test_every_warned_row_is_listed_planned_ones_and_those_of_any_day_too(tmp_path: Path) -> None:
    texts = {
        "yard_moves": "event_id,un_location_code,equipment_reference,event_type,event_classifier,event_at,consignment_id\n"
        "1,CNSHG,MSKU1234560,DISC,PLN,2022-06-05T00:00Z,GONE\n"
        "2,CNSHG,MSKU1234565,DISC,ACT,2022-06-05T00:00Z,\n",
        "inspection_findings": "finding_id,consignment_id,inspected_at,selection_basis,result\n"
        "F1,GONE,2022-06-09T00:00Z,random,clean\n",
        "penalty_cases": "case_no,consignment_id,filed_at,status\nK1,GONE,2022-06-09T00:00Z,filed\n",
    }
    for name, text in texts.items():
        (tmp_path / f"{name}.csv").write_text(text)
    lake = tmp_path / "lake"
    load_files(lake, sorted(tmp_path.glob("*.csv")))
    reader = Reader(Settings(lake))
    listed = reader.query("warned_rows", Filters())
    assert listed[["key", "warnings"]].values.tolist() == [
        ["F1", "unknown_consignment"],
        ["K1", "unknown_consignment"],
        ["1", "bad_check_digit unknown_consignment"],
    ]
    assert reader.query("files", Filters())["warned"].sum() == len(listed)
    assert reader.query("warnings", Filters())["rows"].sum() == 4


def test_a_port_s_checks_are_of_that_port(reader: Reader) -> None:
    """What is said of a box elsewhere stays where it is: of CNNBO nothing is wrong."""
    for name in ("ghosts", "orphan_outs", "impossible_orders"):
        assert set(asked(reader, name, ports=("CNSHG",))["un_location_code"]) == {"CNSHG"}
        assert asked(reader, name, ports=("CNNBO",)).empty
    checks = asked(reader, "trust", ports=("CNNBO",))["check"]
    assert set(checks) == {"freshness", "batch_hours", "load"}
