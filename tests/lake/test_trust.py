"""What the figures rest on, of a yard that is small enough to count by eye."""

from __future__ import annotations

import datetime as dt

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
BACKWARDS = (
    "consignment_id,milestone,occurred_at\nB1,inspected,2022-06-03T00:00Z\nB1,released,2022-06-02T00:00Z\n"
)


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    files, lake = tmp_path_factory.mktemp("files"), tmp_path_factory.mktemp("lake")
    texts = {"yard_moves": MOVES, "consignments": BATCHES, "clearance_milestones": BACKWARDS}
    for name, text in texts.items():
        (files / f"{name}.csv").write_text(text)
    load_files(lake, sorted(files.iterdir()))
    return Reader(Settings(lake))


def asked(reader: Reader, name: str) -> pd.DataFrame:
    return reader.query(name, Filters(as_of=AS_OF))


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


def test_freshness_is_how_far_each_source_lies_behind(reader: Reader) -> None:
    rows = asked(reader, "freshness")
    told = {(row.un_location_code, row.source): (row.rows, row.hours_behind) for row in rows.itertuples()}
    assert told["CNSHG", "yard_moves"] == (5, 48.0)
    assert told["CNQIN", "yard_moves"] == (1, 24.0)
    assert told["CNSHG", "clearance_milestones"] == (2, 48.0)


def test_the_last_load_is_told(reader: Reader) -> None:
    rows = asked(reader, "trust")
    (detail,) = rows.loc[rows["check"] == "load", "detail"]
    assert detail == "accepted 11, superseded 0, duplicate 0, rejected 0; files 3, refused 0"
