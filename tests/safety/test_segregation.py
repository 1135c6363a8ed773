"""Segregation alerts against the published table, hand cases of class 1, and every pair compared one by one."""

from __future__ import annotations

import datetime as dt
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from durations.lakes import SmallLake
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.engines.duckdb_engine import Engine
from pipeline.metrics import Filters, Reader, segregation
from pipeline.reference.reading import load_reference
from pipeline.settings import Settings

from .yards import LOADED_AT, Box, Standing, alerts, files

COLUMNS = [
    "1.1",
    "1.3",
    "1.4",
    "2.1",
    "2.2",
    "2.3",
    "3",
    "4.1",
    "4.2",
    "4.3",
    "5.1",
    "5.2",
    "6.1",
    "6.2",
    "7",
    "8",
    "9",
]
TABLE = """
1.1 * * * 4 2 2 4 4 4 4 4 4 2 4 2 4 X
1.2 * * * 4 2 2 4 4 4 4 4 4 2 4 2 4 X
1.5 * * * 4 2 2 4 4 4 4 4 4 2 4 2 4 X
1.3 * * * 4 2 2 4 3 3 4 4 4 2 4 2 2 X
1.6 * * * 4 2 2 4 3 3 4 4 4 2 4 2 2 X
1.4 * * * 2 1 1 2 2 2 2 2 2 X 4 2 2 X
2.1 4 4 2 X X X 2 1 2 2 2 2 X 4 2 1 X
2.2 2 2 1 X X X 1 X 1 X X 1 X 2 1 X X
2.3 2 2 1 X X X 2 X 2 X X 2 X 2 1 X X
3 4 4 2 2 1 2 X X 2 2 2 2 X 3 2 X X
4.1 4 3 2 1 X X X X 1 X 1 2 X 3 2 1 X
4.2 4 3 2 2 1 2 2 1 X 1 2 2 1 3 2 1 X
4.3 4 4 2 2 X X 2 X 1 X 2 2 X 2 2 1 X
5.1 4 4 2 2 X X 2 1 2 2 X 2 1 3 1 2 X
5.2 4 4 2 2 1 2 2 2 2 2 2 X 1 3 2 2 X
6.1 2 2 X X X X X X 1 X 1 1 X 1 X X X
6.2 4 4 4 4 2 2 3 3 3 2 3 3 1 X 3 3 X
7 2 2 2 2 1 1 2 2 2 2 1 2 X 3 X 2 X
8 4 2 2 1 X X X 1 1 1 2 2 X 3 2 X X
9 X X X X X X X X X X X X X X X X X
"""
"""IMDG Code 7.2.4 in the form in which 2.1 and 3 with 4.3 are 2; X: no general rule. Rows 1.1, 1.2 and 1.5, and 1.3 and
1.6, share a column."""
SHARED = {"1.2": "1.1", "1.5": "1.1", "1.6": "1.3"}


def published() -> dict[tuple[str, str], str]:
    """Every cell of the table by its two classes."""
    cells = {}
    for line in TABLE.strip().splitlines():
        row, *codes = line.split()
        for column, code in zip(COLUMNS, codes, strict=True):
            for other in [column, *(name for name, like in SHARED.items() if like == column)]:
                cells[row, other] = "0" if code == "X" else code
    return cells


def listed(lake: SmallLake, *words: str) -> list[dict[str, str]]:
    return lake.report("segregation", *words)


def pair_codes(rows: list[dict[str, str]]) -> dict[str, str]:
    """The code by block: of blocks that hold one pair each."""
    found = {row["block"]: row["code"] for row in rows}
    assert len(found) == len(rows)
    return found


def test_every_cell_of_the_published_table(tmp_path: Path) -> None:
    cells = published()
    classes = list(dict.fromkeys(row for row, _ in cells))
    assert len(cells) == 20 * 20 and all(cells[a, b] == cells[b, a] for a, b in cells)
    boxes, wanted = [], {}
    for number, (a, b) in enumerate(product(classes, classes)):
        boxes += [
            Box(f"U{number}-A", (a,), f"P{number}"),
            Box(f"U{number}-B", (b,), f"P{number}", came="2022-06-01T09:00"),
        ]
        if cells[a, b] != "0":
            wanted[f"P{number}"] = cells[a, b]
    lake = SmallLake(tmp_path / "lake")
    lake.load(LOADED_AT, **files(boxes))
    assert pair_codes(listed(lake)) == wanted


@pytest.mark.parametrize(
    ("one", "other", "code"),
    [
        ("1.1D", "1.1D", None),
        ("1.1D", "1.1B", "*"),
        ("1.1D", "1.4S", None),
        ("1.1A", "1.4S", "*"),
        ("1.1A", "1.1A", None),
        ("1.3C", "1.4G", None),
        ("1.1F", "1.3G", "*"),
        ("1.2L", "1.2L", None),
        ("1.2L", "1.4S", "*"),
        ("1.1", "1.1D", "*"),
        ("1.1", "1.1", "*"),
        ("1", "1.4S", "*"),
        ("1", "9", None),
        ("1", "6.1", "2"),
        ("1.4S", "3", "2"),
        ("1.4S", "6.1", None),
        ("2", "3", "2"),
        ("6", "3", "3"),
        ("8+5.1", "3", "2"),
        ("3+8", "4.1", "1"),
        ("8+6.1", "3+8", None),
        ("9+5.2", "9+1.1D", "4"),
        ("1.1D+6.1", "1.1D+4.2", "4"),
    ],
)
def test_cases_by_hand(tmp_path: Path, one: str, other: str, code: str | None) -> None:
    """Class 1 by compatibility group, classes without division, subsidiary risks on either side."""
    lake = SmallLake(tmp_path / "lake")
    lake.load(LOADED_AT, **files([Box("ONE", (one,)), Box("OTHER", (other,), came="2022-06-01T09:00")]))
    assert [row["code"] for row in listed(lake)] == ([] if code is None else [code])


@pytest.fixture(scope="module")
def yard(tmp_path_factory: pytest.TempPathFactory) -> SmallLake:
    """3 beside 5.1: apart in time, apart in bays, in another block, still there; and what cannot be compared."""
    lake = SmallLake(tmp_path_factory.mktemp("yard") / "lake")
    boxes = [
        Box("LIQUID", ("3",), bay="1"),
        Box("NEAR", ("5.1",), bay="3", came="2022-06-02T08:00"),
        Box("FAR", ("5.1",), bay="9", came="2022-06-02T09:00"),
        Box("SOMEWHERE", ("5.1",), bay="north", came="2022-06-02T10:00", left="2022-06-03T10:00"),
        Box("BEFORE", ("5.1",), came="2022-05-30T08:00", left="2022-06-01T08:00"),
        Box("ELSEWHERE", ("5.1",), block="B1"),
        Box("OTHER-YARD", ("5.1",), facility="T2"),
        Box("NOBODY-KNOWS"),
        Box("NOWHERE", ("5.1",), block=""),
    ]
    lake.load(LOADED_AT, **files(boxes))
    return lake


def test_in_one_block_at_one_time(yard: SmallLake) -> None:
    rows = listed(yard)
    told = [(row["equipment_reference_a"], row["equipment_reference_b"], row["is_adjacent"]) for row in rows]
    assert told == [
        ("FAR", "LIQUID", "false"),
        ("NEAR", "LIQUID", "true"),
        ("SOMEWHERE", "LIQUID", ""),
    ]
    assert [row["stand_now"] for row in rows] == ["true", "true", "false"]
    ended = rows[-1]
    assert (ended["since_at"], ended["until_at"], ended["hours"]) == (
        "2022-06-02T02:00:00Z",
        "2022-06-03T02:00:00Z",
        "24",
    )
    assert (ended["hazard_a"], ended["hazard_b"], ended["consignment_id_a"]) == ("5.1", "3", "B-SOMEWHERE")
    assert {row["pairs_found"] for row in rows} == {"3"} and {row["complete_from"] for row in rows} == {""}
    assert "4.3" in ended["amendment"]


def test_parts_and_windows(yard: SmallLake) -> None:
    def units(*words: str) -> list[str]:
        return [row["equipment_reference_a"] for row in listed(yard, *words)]

    assert units("--part", "now") == ["FAR", "NEAR"]
    assert units("--part", "adjacent") == ["NEAR", "SOMEWHERE"]
    assert units("--part", "now,adjacent") == ["NEAR"]
    assert units("--to", "2022-06-01") == []
    assert units("--from", "2022-06-03") == ["FAR", "NEAR", "SOMEWHERE"]
    assert units("--from", "2022-06-04") == ["FAR", "NEAR"]
    assert units("--as-of", "2022-06-02T01:30:00Z") == ["FAR", "NEAR"]
    assert units("--class", "5.1", "--part", "now") == ["FAR", "NEAR"]
    assert units("--class", "8") == []
    assert units("--port", "CNNBO") == []


def test_an_earlier_instant_sees_nothing_later(yard: SmallLake) -> None:
    rows = listed(yard, "--as-of", "2022-06-02T02:30:00Z", "--part", "now")
    assert [row["equipment_reference_a"] for row in rows] == ["SOMEWHERE", "FAR", "NEAR"]
    assert rows[0]["hours"] == "0.5"


def test_what_is_not_compared_is_counted(yard: SmallLake) -> None:
    reader = Reader(Settings(lake=yard.folder / "lake"))
    row = reader.query("segregation_summary").iloc[0]
    assert (row["pairs_now"], row["pairs_now_near"], row["units_in_alerts"]) == (2, 1, 3)
    assert (row["units"], row["units_without_place"], row["units_without_hazards"]) == (7, 1, 1)


def test_blocks_add_up_without_listing_pairs(yard: SmallLake) -> None:
    rows = yard.report("segregation_blocks")
    assert [
        (row["block"], row["code"], row["pairs_now"], row["units_a_now"], row["units_b_now"]) for row in rows
    ] == [("A1", "2", "2", "1", "2")]
    assert rows[0]["first_since_at"] == "2022-06-02T00:00:00Z"


def test_items_count_in_the_box_that_they_name(tmp_path: Path) -> None:
    """A batch of two boxes: the peroxide in one alarms nobody beside the other."""
    lake = SmallLake(tmp_path / "lake")
    boxes = [
        Box("ACID", ("8",), "A1", batch="MIXED"),
        Box("PEROXIDE", ("5.2",), "B1", batch="MIXED"),
        Box("LIQUID", ("3",), "A1"),
    ]
    lake.load(LOADED_AT, **files(boxes))
    assert listed(lake) == []


@pytest.mark.parametrize(("named", "pairs"), [("U1", 0), ("U9", 1)])
def test_an_item_stands_in_one_box_alone(tmp_path: Path, named: str, pairs: int) -> None:
    """Its own two hazards may not stand together; of a box that nobody saw it may be in either."""
    lake = SmallLake(tmp_path / "lake")
    lake.load(
        LOADED_AT,
        dg_items=[
            "consignment_id,item_no,equipment_reference,imo_class,subsidiary_risk_1",
            f"C1,1,{named},6.2,8",
        ],
        consignments=["consignment_id,un_location_code,direction", "C1,CNSHG,import"],
        yard_moves=[
            "event_id,un_location_code,equipment_reference,event_type,event_at,consignment_id,block,bay",
            "a,CNSHG,U1,GTIN,2022-06-01 08:00,C1,A,1",
            "b,CNSHG,U2,GTIN,2022-06-01 08:00,C1,A,3",
        ],
    )
    assert len(listed(lake)) == pairs


def test_more_pairs_than_are_listed_are_told(yard: SmallLake, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = Reader(Settings(lake=yard.folder / "lake"))
    short = reader.query("segregation", Filters(limit=1))
    assert (len(short), int(short["pairs_found"].iloc[0])) == (1, 3)
    monkeypatch.setattr(segregation, "MAX_COMPARISONS", 2)
    cut = reader.query("segregation")
    assert list(cut["equipment_reference_a"]) == ["FAR", "NEAR"]
    assert set(cut["complete_from"]) == {pd.Timestamp("2022-06-09")}, "the week after the one left out"


HAZARDS = ("3", "5.1", "6.1", "8", "1.1D", "1.4S", "1.1B", "9")
CODES = {pair: code for pair, code in published().items() if code not in ("*", "0")}


def codes_of(a: str, b: str) -> str:
    """The published code of two hazards; class 1 by the groups B, D and S, of which only S goes with the others."""
    if a.startswith("1") and b.startswith("1"):
        return "0" if a[-1] == b[-1] or "S" in (a[-1], b[-1]) else "*"
    return CODES.get((a.rstrip("BDS"), b.rstrip("BDS")), "0")


ALL_CODES = {(a, b): codes_of(a, b) for a, b in product(HAZARDS, HAZARDS)}

Visit = tuple[frozenset[str], list[tuple[int, str, str]], int | None]
"""Hazards; where it stood from which hour on (block, bay); when it left."""


@st.composite
def visits(draw: st.DrawFn) -> list[Visit]:
    found: list[Visit] = []
    for _ in range(draw(st.integers(2, 8))):
        hazards = frozenset(draw(st.sets(st.sampled_from(HAZARDS), min_size=1, max_size=2)))
        hours = sorted(draw(st.sets(st.integers(0, 700), min_size=1, max_size=4)))
        left = draw(st.none() | st.integers(hours[-1], 800))
        places = [
            (hour, draw(st.sampled_from("AB")), draw(st.sampled_from(["", "1", "3", "9"]))) for hour in hours
        ]
        found.append((hazards, places, left))
    return found


ORIGIN = dt.datetime(2022, 6, 1)
AS_OF = 900


def at(hour: int | None) -> dt.datetime | None:
    return None if hour is None else ORIGIN + dt.timedelta(hours=hour)


def stood(found: list[Visit]) -> list[Standing]:
    """Each stretch in one place; told twice in a row it is one."""
    standings = []
    for number, (hazards, places, left) in enumerate(found):
        unit = f"U{number}"
        kept: list[tuple[int, str, str]] = []
        for hour, block, bay in places:
            if not kept or kept[-1][1:] != (block, bay):
                kept.append((hour, block, bay))
        ends = [hour for hour, _, _ in kept[1:]] + [left]
        for (hour, block, bay), end in zip(kept, ends, strict=True):
            if end is None or end > hour:
                standings.append(Standing(unit, hazards, block, bay, hour, end))
    return standings


def column(values: list[Any], kind: pa.DataType) -> pa.Array:
    return pa.array(values, kind)


def engine_of(found: list[Visit]) -> Engine:
    """The product's engine with the visits put before it."""
    engine = Engine(Settings(lake=Path("nowhere"), threads=1))
    reference = load_reference()
    for name in ("segregation", "segregation_class_one", "safety_values"):
        engine.register_arrow(name, reference.table(name))
    text, instant = pa.string(), pa.timestamp("us")
    names = [f"U{number}" for number in range(len(found))]
    units = {
        "visit_id": column(names, text),
        "un_location_code": column(["CNSHG"] * len(found), text),
        "equipment_reference": column(names, text),
        "consignment_id": column(names, text),
        "facility_code": column(["T1"] * len(found), text),
        "lead_class": column(["3"] * len(found), text),
        "is_wanted": column([True] * len(found), pa.bool_()),
        "arrived_at": column([at(places[0][0]) for _, places, _ in found], instant),
        "left_at": column([at(left) for _, _, left in found], instant),
    }
    engine.register_arrow("met_units", pa.table(units))
    told = [
        (f"U{number}", at(hour), block, bay or None, f"{number}-{hour}")
        for number, (_, places, _) in enumerate(found)
        for hour, block, bay in places
    ]
    unit, when, block, bay, event = (list(part) for part in zip(*told, strict=True))
    moves = {
        "un_location_code": column(["CNSHG"] * len(told), text),
        "equipment_reference": column(unit, text),
        "facility_code": column([None] * len(told), text),
        "block": column(block, text),
        "bay": column(bay, text),
        "row": column([None] * len(told), text),
        "tier": column([None] * len(told), text),
        "event_at": column(when, instant),
        "event_id": column(event, text),
        "flow": column(["inside"] * len(told), text),
    }
    engine.register_arrow("moves", pa.table(moves))
    hazards = [(f"U{number}", hazard) for number, (told_of, _, _) in enumerate(found) for hazard in told_of]
    engine.register_arrow(
        "unit_hazards",
        pa.table({"visit_id": [name for name, _ in hazards], "hazard": [hazard for _, hazard in hazards]}),
    )
    window = {"from_at": column([None], instant), "until_at": column([None], instant)}
    engine.register_arrow("span_windows", pa.table({"un_location_code": ["CNSHG"]} | window))
    engine.register_arrow("params", pa.table({"as_of": column([at(AS_OF)], instant)}))
    nothing = {"facility_code": column([None], text), "block": column([None], text)}
    engine.register_arrow("asked_place", pa.table(nothing))
    engine.register_arrow("asked_pairs", pa.table({"adjacent_only": [False]}))
    days = pd.date_range("2022-01-01", "2022-12-31").date
    engine.register_arrow("calendar", pa.table({"day": column(list(days), pa.date32())}))
    return engine


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(visits())
def test_every_pair_compared_one_by_one_gives_the_same(found: list[Visit]) -> None:
    with engine_of(found) as engine:
        weeks = [row["week"] for row in engine.to_arrow("pair_weeks").to_pylist()]
        engine.register_arrow("asked_weeks", pa.table({"week": column(weeks, pa.int64())}))
        rows = engine.to_arrow("segregation_listed", {"listed": 10_000}).to_pylist()
        blocks = engine.to_arrow("segregation_blocks").to_pylist()
    got = {
        (
            row["equipment_reference_a"],
            row["equipment_reference_b"],
            row["block"],
            row["since_at"],
            row["until_at"],
            row["code"],
            row["is_adjacent"],
        )
        for row in rows
    }
    assert len(got) == len(rows)
    wanted = {
        (a, b, block, at(since), at(until), code, near)
        for a, b, block, since, until, code, near in alerts(stood(found), ALL_CODES)
    }
    assert got == wanted
    assert {row["block"] for row in blocks} == {row[2] for row in wanted}
    assert sum(row["pairs_now"] for row in blocks) == sum(row[4] is None for row in wanted)
