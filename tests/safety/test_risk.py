"""Risk, heat and quantity on a yard of a few boxes, every figure by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from durations.lakes import SmallLake

from .yards import LOADED_AT, Box, files

AS_OF = ("--as-of", "2022-07-10T04:00:00Z")
"""Noon of 10 July in Shanghai."""

LIMITS = """rule_id,imo_class,un_location_code,valid_from,valid_to,limit_hours
default,,,,,100
peroxide,5.2,,,,24
none,7,,,,0
unidentified,unidentified,,,,24
"""
QUANTITIES = """imo_class,reference_kg,of_net_explosive
3,10000,false
5,5000,false
1,1000,true
8,100000,false
"""
LICENCES = """licence_id,un_location_code,facility_code,imo_class,licensed_kg,licensed_net_explosive_kg
any-3,,,3,20000,
port-3,CNSHG,,3,40000,
yard-5,,T1,5,10000,
any-5.1,,,5.1,1,
blast,,,1,5000,400
"""
WEATHER = ["un_location_code,date,max_temp_c,min_temp_c"] + [
    f"CNSHG,2022-07-{day:02d},{temperature},25" for day, temperature in ((6, 34), (7, 36), (8, 29), (10, 38))
]
"""9 July was not told."""

BOXES = [
    Box(
        "PEROXIDE",
        ("5.2",),
        "P1",
        came="2022-07-06T12:00",
        extra={"sadt_c": "45", "control_temp_c": "40", "net_weight_kg": "2500"},
    ),
    Box(
        "LIQUID",
        ("3",),
        "L1",
        "1",
        came="2022-07-08T12:00",
        extra={"flashpoint_c": "50", "net_weight_kg": "20000"},
    ),
    Box("OXIDISER", ("5.1",), "L1", "3", came="2022-07-09T12:00"),
    Box("ACID", ("8",), "C1", came="2022-07-10T02:00", extra={"net_weight_kg": "10000"}),
    Box(
        "CARTRIDGES",
        ("1.4S",),
        "E1",
        came="2022-07-10T02:00",
        extra={"net_weight_kg": "4000", "net_explosive_content_kg": "500"},
    ),
    Box("SOURCE", ("7",), "R1", came="2022-07-10T11:00"),
    Box("NOBODY-KNOWS", came="2022-07-10T11:30"),
    Box("GONE", ("3",), "L1", came="2022-07-01T12:00", left="2022-07-07T00:00", extra={"flashpoint_c": "0"}),
]
FINDINGS = [
    "finding_id,consignment_id,inspected_at,selection_basis,result,finding_code",
    "F1,B-ACID,2022-07-10T06:00,random,finding,label_placard",
    "F2,B-ACID,2022-07-10T07:00,random,clean,",
    "F3,B-LIQUID,2022-07-09T06:00,random,finding,document",
]
RELEASES = ["consignment_id,milestone,occurred_at", "B-LIQUID,released,2022-07-09T18:00"]


@pytest.fixture(scope="module")
def yard(tmp_path_factory: pytest.TempPathFactory) -> SmallLake:
    tables = {
        "limit_rules.csv": LIMITS,
        "reference_quantities.csv": QUANTITIES,
        "licensed_quantities.csv": LICENCES,
    }
    lake = SmallLake(tmp_path_factory.mktemp("risk") / "lake", tables)
    lake.load(
        LOADED_AT,
        **files(BOXES),
        daily_weather=WEATHER,
        inspection_findings=FINDINGS,
        clearance_milestones=RELEASES,
    )
    return lake


def by_unit(rows: list[dict[str, str]]) -> dict[str, dict[str, str]]:
    return {row["equipment_reference"]: row for row in rows}


@pytest.fixture(scope="module")
def ranked(yard: SmallLake) -> dict[str, dict[str, str]]:
    return by_unit(yard.report("risk", *AS_OF))


def test_who_is_in_the_yard_what_nobody_knows_first(ranked: dict[str, dict[str, str]]) -> None:
    units = list(ranked)
    assert units[0] == "NOBODY-KNOWS"
    assert set(units) == {box.unit for box in BOXES} - {"GONE"}
    scores = [float(row["score"]) for row in ranked.values()][1:]
    assert scores == sorted(scores, reverse=True)
    assert [row["risk_rank"] for row in ranked.values()] == [str(n + 1) for n in range(7)]


def test_overdue_by_hand(ranked: dict[str, dict[str, str]]) -> None:
    peroxide = ranked["PEROXIDE"]
    assert (peroxide["age_hours"], peroxide["overdue_ratio"], peroxide["hours_to_limit"]) == (
        "96",
        "4",
        "-72",
    )
    assert (peroxide["overdue_part"], peroxide["is_overdue"]) == ("1", "true")
    liquid = ranked["LIQUID"]
    assert (liquid["hours_to_limit"], liquid["is_overdue"]) == ("52", "false")
    assert float(liquid["overdue_part"]) == pytest.approx(48 / 100 / 3)
    limit_of_nothing = ranked["SOURCE"]
    assert (limit_of_nothing["overdue_ratio"], limit_of_nothing["overdue_part"]) == ("", "1")


def test_heat_by_hand(ranked: dict[str, dict[str, str]]) -> None:
    """38 C and the uplift of 10: the control temperature of 40 is passed by 8, the flashpoint of 50 is 2 away."""
    peroxide, liquid = ranked["PEROXIDE"], ranked["LIQUID"]
    assert (peroxide["heat_limit_c"], peroxide["heat_basis"], peroxide["heat_margin_c"]) == (
        "40",
        "control_temperature",
        "-8",
    )
    assert peroxide["heat_margin_part"] == "1"
    assert (liquid["heat_margin_c"], liquid["heat_basis"], liquid["max_temp_on"]) == (
        "2",
        "flashpoint",
        "2022-07-10",
    )
    assert float(liquid["heat_margin_part"]) == pytest.approx(0.5 * 18 / 20)
    assert (peroxide["degree_days"], peroxide["heat_days_missing"]) == ("18", "1"), "4 + 6 + 0 + ? + 8"
    assert (liquid["degree_days"], liquid["heat_days_missing"]) == ("8", "1")
    assert (ranked["ACID"]["degree_days"], ranked["ACID"]["heat_days_missing"]) == ("8", "0")
    assert (ranked["ACID"]["heat_margin_c"], ranked["ACID"]["heat_margin_part"]) == ("", "")


def test_quantities_by_hand(ranked: dict[str, dict[str, str]]) -> None:
    assert (ranked["LIQUID"]["quantity_ratio"], ranked["LIQUID"]["quantity_part"]) == ("2", "1")
    assert ranked["CARTRIDGES"]["quantity_ratio"] == "0.5", "the net explosive content, not the weight"
    assert ranked["ACID"]["quantity_ratio"] == "0.1"
    oxidiser = ranked["OXIDISER"]
    assert (oxidiser["quantity_ratio"], oxidiser["items_without_quantity"], oxidiser["net_kilograms"]) == (
        "",
        "1",
        "",
    )


def test_findings_and_alerts_by_hand(ranked: dict[str, dict[str, str]]) -> None:
    assert ranked["ACID"]["open_findings"] == "1" and ranked["ACID"]["findings_part"] == "0.5"
    assert ranked["LIQUID"]["open_findings"] == "0", "released since"
    for unit in ("LIQUID", "OXIDISER"):
        assert (ranked[unit]["segregation_alerts"], ranked[unit]["segregation_code"]) == ("1", "2")
        assert ranked[unit]["segregation_part"] == "0.5"
    assert (ranked["PEROXIDE"]["segregation_alerts"], ranked["PEROXIDE"]["segregation_code"]) == ("0", "")
    assert ranked["NOBODY-KNOWS"]["segregation_alerts"] == ""


def test_what_is_not_told_is_named_and_weighs_nothing(ranked: dict[str, dict[str, str]]) -> None:
    unknown = ranked["NOBODY-KNOWS"]
    assert unknown["missing_parts"] == "heat_margin;quantity;segregation"
    assert float(unknown["told_share"]) == pytest.approx(9 / 14)
    acid = ranked["ACID"]
    assert acid["missing_parts"] == "heat_margin"
    parts = {
        "hazard": (3, (60 - 57) / 60),
        "overdue": (3, 10 / 100 / 3),
        "degree_days": (1, 8 / 150),
        "quantity": (1, 0.1),
        "findings": (2, 0.5),
        "segregation": (2, 0),
    }
    for name, (_, part) in parts.items():
        assert float(acid[f"{name}_part"]) == pytest.approx(part)
    total = sum(weight for weight, _ in parts.values())
    assert float(acid["score"]) == pytest.approx(100 * sum(w * part for w, part in parts.values()) / total)


def test_other_weights_rank_otherwise(yard: SmallLake, tmp_path: Path) -> None:
    only = "hazard=0,overdue=0,heat_margin=0,degree_days=0,quantity=0,findings=1,segregation=0"
    ranked = yard.report("risk", *AS_OF, "--weights", only)
    assert [row["equipment_reference"] for row in ranked[:2]] == ["NOBODY-KNOWS", "ACID"]
    assert {row["score"] for row in ranked[2:]} == {"0"}
    kept = tmp_path / "weights.csv"
    rows = [pair.split("=") for pair in only.split(",")]
    kept.write_text(
        "part,weight\n" + "".join(f"{part},{weight}\n" for part, weight in rows), encoding="utf-8"
    )
    assert yard.report("risk", *AS_OF, "--weights", str(kept)) == ranked


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        ("hazzard=1", "no such part of the risk"),
        ("hazard=-1", "is not a number from 0 on"),
        ("hazard=nan", "is not a number from 0 on"),
        ("hazard", "nor a file to read"),
        (
            "hazard=0,overdue=0,heat_margin=0,degree_days=0,quantity=0,findings=0,segregation=0",
            "are all 0",
        ),
        ("nowhere.csv", "nor a file to read"),
    ],
)
def test_weights_that_make_no_sense(yard: SmallLake, weights: str, said: str) -> None:
    with pytest.raises(AssertionError, match=f"exit code 2.*\n(.*\n)*.*{said}"):
        yard.report("risk", "--weights", weights)


def test_the_last_told_day_stands_in_for_a_morning_without_one(yard: SmallLake) -> None:
    morning = by_unit(yard.report("risk", "--as-of", "2022-07-08T23:00:00Z"))["PEROXIDE"]
    assert (morning["max_temp_on"], morning["heat_margin_c"]) == ("2022-07-08", "1")
    assert morning["heat_days_missing"] == "1"
    later = by_unit(yard.report("risk", "--as-of", "2022-07-12T04:00:00Z"))["PEROXIDE"]
    assert (later["max_temp_on"], later["heat_margin_c"], later["missing_parts"]) == ("", "", "heat_margin")


def test_places_sum_up(yard: SmallLake) -> None:
    [port] = yard.report("risk_places", *AS_OF)
    assert (port["batches"], port["unidentified_batches"], port["overdue_batches"]) == ("7", "1", "2")
    assert (port["hot_batches"], port["batches_without_heat_margin"]) == ("1", "5")
    assert (port["batches_in_segregation_alerts"], port["batches_not_compared"]) == ("2", "1")
    assert (port["net_kilograms"], port["batches_without_quantity"]) == ("36500", "3")
    blocks = {row["block"]: row["batches"] for row in yard.report("risk_places", "--by", "block", *AS_OF)}
    assert blocks == {"P1": "1", "L1": "2", "C1": "1", "E1": "1", "R1": "1", "A1": "1"}


def test_the_plan_has_every_unit_with_its_rank(yard: SmallLake, ranked: dict[str, dict[str, str]]) -> None:
    plan = by_unit(yard.report("yard_plan", *AS_OF))
    assert set(plan) == set(ranked)
    for unit, row in plan.items():
        assert (row["risk_rank"], row["score"]) == (ranked[unit]["risk_rank"], ranked[unit]["score"])
    assert (plan["OXIDISER"]["block"], plan["OXIDISER"]["bay"]) == ("L1", "3")


def test_hot_days_by_hand(yard: SmallLake) -> None:
    rows = {row["date"]: row for row in yard.report("heat", "--from", "2022-07-06", *AS_OF)}
    assert list(rows) == [f"2022-07-{day:02d}" for day in range(6, 11)]
    assert [row["heat_level"] for row in rows.values()] == ["", "hot", "", "", "very_hot"]
    assert [row["is_missing"] for row in rows.values()] == ["false", "false", "false", "true", "false"]
    assert [row["hot_batches"] for row in rows.values()] == ["2", "1", "0", "", "1"]
    assert [row["batches"] for row in rows.values()] == ["2", "1", "2", "3", "7"], (
        "who left at midnight was not there"
    )
    assert [row["smallest_margin_c"] for row in rows.values()] == ["-44", "-6", "1", "", "-8"]
    assert rows["2022-07-10"]["batches_without_limit"] == "5"
    assert rows["2022-07-06"]["hot_decomposing_batches"] == "1"


def test_licences_by_hand(yard: SmallLake) -> None:
    rows = {row["imo_class"]: row for row in yard.report("quantity", *AS_OF)}
    assert set(rows) == {"5.2", "5.1", "3", "8", "1.4S", "7", "unidentified"}
    assert (rows["3"]["licence_id"], rows["3"]["licensed_share"]) == ("port-3", "0.5")
    peroxide, oxidiser = rows["5.2"], rows["5.1"]
    assert (oxidiser["licence_id"], oxidiser["net_kilograms"], oxidiser["unknown_batches"]) == (
        "yard-5",
        "",
        "1",
    )
    assert (peroxide["licence_kilograms"], peroxide["licensed_share"], peroxide["is_at_least"]) == (
        "2500",
        "0.25",
        "true",
    )
    assert (rows["1.4S"]["explosive_share"], rows["1.4S"]["licensed_share"]) == ("1.25", "0.8")
    assert rows["1.4S"]["is_at_least"] == "false"
    assert (rows["8"]["licence_id"], rows["8"]["licensed_share"], rows["8"]["is_at_least"]) == ("", "", "")
    assert (rows["unidentified"]["net_kilograms"], rows["unidentified"]["unknown_batches"]) == ("", "1")


def test_a_day_before_everything_has_nothing(yard: SmallLake) -> None:
    for name in ("risk", "risk_places", "yard_plan", "quantity", "segregation", "heat"):
        assert yard.report(name, "--as-of", "1995-01-01T00:00:00Z") == []
