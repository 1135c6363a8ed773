"""Rules of whole rows: required values, withdrawn rows, plausible instants, zones, warnings."""

from __future__ import annotations

from datetime import datetime

import pytest

from intake.support import LOADED_AT, MOVES, moves, take

ROW = "e1,CNSHG,MSCU1234566,GTIN,2022-06-01T08:05"


def test_all_reasons_of_a_row_are_kept_in_the_order_of_columns() -> None:
    taken = moves(",XX,A\x01,NO,2022-13-01")
    assert taken.reasons == [(2, "missing_value;unknown_port;bad_text;unknown_code;bad_timestamp")]
    assert taken.file.rejected_by_code == dict.fromkeys(
        ["missing_value", "unknown_port", "bad_text", "unknown_code", "bad_timestamp"], 1
    )


def test_a_code_that_two_columns_have_is_named_once_and_counted_once() -> None:
    taken = moves(",,A,GTIN,2022-06-01T08:05")
    assert taken.reasons == [(2, "missing_value")]
    assert taken.file.rejected_by_code == {"missing_value": 1}
    assert taken.rejects[0]["details"].count("required and empty") == 2


def test_a_withdrawn_row_needs_only_its_key() -> None:
    header = MOVES + ",voided"
    taken = moves(
        "e1,,,,,true", ",CNSHG,A,GTIN,2022-06-01T08:05,Y", "e3,,,,,N", "e4,,,,oops,1", header=header
    )
    assert taken.values("event_id") == ["e1"]
    assert taken.reasons == [(3, "missing_value"), (4, "missing_value"), (5, "bad_timestamp")]


@pytest.mark.parametrize(
    ("instant", "taken"),
    [
        ("1990-01-01T00:00:00Z", True),
        ("1989-12-31T23:59:59.999999Z", False),
        ("1990-01-01T07:59:59", False),  # local time of Shanghai, an hour ahead in no winter
        ("2022-09-03T12:00:00Z", True),
        ("2022-09-03T12:00:00.000001Z", False),
        ("2022-09-03T20:00:00", True),
        ("2022-09-03T20:00:01", False),
    ],
)
def test_implausible_instants(instant: str, taken: bool) -> None:
    found = moves(f"e1,CNSHG,A,GTIN,{instant}")
    assert found.reasons == ([] if taken else [(2, "implausible_time")])


def test_planned_moves_may_lie_ahead_but_not_be_recorded_ahead() -> None:
    header = MOVES + ",event_classifier,recorded_at"
    rows = [
        f"{number},CNSHG,A,GTIN,2030-01-01T00:00,{classifier},{recorded}"
        for number, (classifier, recorded) in enumerate(
            [("EST", ""), ("pln", ""), ("ACT", ""), ("", ""), ("EST", "2029-01-01T00:00")]
        )
    ]
    taken = moves(*rows, header=header)
    assert taken.values("event_id") == ["0", "1"]
    assert taken.reasons == [(line, "implausible_time") for line in (4, 5, 6)]


def test_the_end_of_an_alert_may_lie_ahead() -> None:
    header = "alert_id,line,alert_type,hazard_type,hazard_name,issued_at,effective_to"
    row = "a,port,ban,plant_pest,x,{},{}"
    text = "\n".join(
        [header, row.format("2022-06-01 08:05", "2099-01-01 00:00"), row.format("2099-01-01 00:00", "")]
    )
    taken = take(text, name="risk_alerts.csv")
    assert taken.values("effective_to") == [datetime(2098, 12, 31, 16)]
    assert taken.reasons == [(3, "implausible_time")]


def test_local_times_are_of_the_port_or_of_the_default_zone() -> None:
    header = MOVES + ",recorded_at"
    taken = moves(
        "e1,CNSHG,A,GTIN,2022-06-01T08:05,2022-06-01T09:00",
        "e2,NLRTM,A,GTIN,2022-06-01T08:05,2022-06-01T09:00",
        "e3,CNNGB,A,GTIN,2022-06-01T08:05+00:00,",
        header=header,
    )
    hours = [datetime(2022, 6, 1, hour, 5) for hour in (0, 6, 8)]
    assert taken.values("event_at") == hours
    assert taken.values("un_location_code") == ["CNSHG", "NLRTM", "CNNBO"]
    assert taken.values("recorded_at") == [datetime(2022, 6, 1, 1), datetime(2022, 6, 1, 7), None]
    assert taken.values("_known_at") == [datetime(2022, 6, 1, 1), datetime(2022, 6, 1, 7), LOADED_AT]


def test_instants_of_the_batchs_port_are_held_as_given() -> None:
    header = "consignment_id,milestone,occurred_at,recorded_at"
    rows = ["c,CUSR,2022-06-01T08:05,2022-06-01T09:00", "c,held,2022-06-01T08:05+08:00,", "d,held,,"]
    taken = take("\n".join([header, *rows]), name="clearance_milestones.csv")
    first, second = taken.rows
    assert (first["occurred_at_given"], first["occurred_at_is_local"]) == (datetime(2022, 6, 1, 8, 5), True)
    assert (second["occurred_at_given"], second["occurred_at_is_local"]) == (
        datetime(2022, 6, 1, 0, 5),
        False,
    )
    assert first["recorded_at"] == datetime(2022, 6, 1, 1)
    assert (first["milestone"], "occurred_at" in first) == ("released", False)
    assert taken.reasons == [(4, "missing_value")]


FINDINGS = "finding_id,consignment_id,inspected_at,selection_basis,result,finding_code,voided"


def test_a_finding_needs_its_code() -> None:
    rows = [
        "f1,c,2022-06-01 08:05,random,finding,,",
        "f2,c,2022-06-01 08:05,random,Finding,undeclared,",
        "f3,c,2022-06-01 08:05,random,clean,,",
        "f4,c,2022-06-01 08:05,random,finding,,true",
        "f5,c,2022-06-01 08:05,random,finding,oops,",
    ]
    taken = take("\n".join([FINDINGS, *rows]), name="inspection_findings.csv")
    assert taken.reasons == [(2, "finding_without_code"), (6, "unknown_code")]
    assert taken.values("finding_id") == ["f2", "f3", "f4"]


def test_without_the_column_every_finding_lacks_its_code() -> None:
    text = (
        "finding_id,consignment_id,inspected_at,selection_basis,result\nf,c,2022-06-01 08:05,random,finding\n"
    )
    assert take(text, name="inspection_findings.csv").reasons == [(2, "finding_without_code")]


@pytest.mark.parametrize(
    ("unit", "warned"),
    [
        ("CSQU3054383", False),  # the example of ISO 6346
        ("CSQU3054384", True),
        ("csqu3054384", True),
        ("MSCU6639871", True),
        ("CSQU305438", False),
        ("TRUCK 12345", False),
        ("ABC12345678", False),
    ],
)
def test_check_digits(unit: str, warned: bool) -> None:
    taken = moves(f"e1,CNSHG,{unit},GTIN,2022-06-01T08:05")
    assert taken.values("_warnings") == ["bad_check_digit" if warned else None]
    assert (taken.file.rows_warned, taken.file.warned_by_code) == (
        (1, {"bad_check_digit": 1}) if warned else (0, {})
    )


def test_a_remainder_of_ten_is_the_digit_zero() -> None:
    # 4*10 + ... the sum of this number leaves 10, which ISO 6346 writes as 0.
    from pipeline.intake.standards import CHARACTER_VALUES

    prefix = next(
        f"TEXU{number:06}"
        for number in range(10**6)
        if sum(CHARACTER_VALUES[c] << place for place, c in enumerate(f"TEXU{number:06}")) % 11 == 10
    )
    taken = moves(f"e1,CNSHG,{prefix}0,GTIN,2022-06-01T08:05", f"e2,CNSHG,{prefix}1,GTIN,2022-06-01T08:05")
    assert taken.values("_warnings") == [None, "bad_check_digit"]


def test_recorded_before_event() -> None:
    header = MOVES + ",event_classifier,recorded_at"
    early = "2022-06-01T08:05,{},2022-06-01T00:04:59Z"
    taken = moves(
        "e1,CNSHG,A,GTIN," + early.format(""),
        "e2,CNSHG,A,GTIN," + early.format("EST"),
        "e3,CNSHG,A,GTIN,2022-06-01T08:05,,2022-06-01T00:05Z",
        header=header,
    )
    assert taken.values("_warnings") == ["recorded_before_event", None, None]


def test_odd_declaration_numbers() -> None:
    header = "consignment_id,un_location_code,direction,declaration_no"
    numbers = ["1" * 18, "1" * 17, "１" * 18, "", "1" * 17 + "A", "1" * 19]
    taken = take(
        "\n".join([header, *(f"c,CNSHG,import,{number}" for number in numbers)]), name="consignments.csv"
    )
    odd = "odd_declaration_no"
    assert taken.values("_warnings") == [None, odd, odd, None, odd, odd]


def test_classes_that_the_list_does_not_give_a_un_number() -> None:
    header = "consignment_id,item_no,un_number,imo_class"
    pairs = [("1203", "3"), ("1203", "8"), ("", "8"), ("9999", "8"), ("0004", "1.1D"), ("0004", "1.1")]
    taken = take(
        "\n".join([header, *(f"c,{i},{un},{class_}" for i, (un, class_) in enumerate(pairs))]),
        name="dg_items.csv",
    )
    odd = "class_not_of_un_number"
    assert taken.values("_warnings") == [None, odd, None, None, None, None]


def test_ranges_of_the_reference_table() -> None:
    weather = take(
        "un_location_code,date,max_temp_c,min_temp_c\nCNSHG,2022-08-01,40,20\nCNSHG,2022-08-02,70,-80\n",
        name="daily_weather.csv",
    )
    assert weather.values("_warnings") == [None, "temperature_out_of_range"]
    header = "case_no,consignment_id,filed_at,goods_value,fine_amount,status"
    amounts = [("100", "10"), ("100", "90"), ("0", "90"), ("", "90"), ("100", "")]
    rows = [f"{i},c,2022-06-01 08:05,{value},{fine},filed" for i, (value, fine) in enumerate(amounts)]
    cases = take("\n".join([header, *rows]), name="penalty_cases.csv")
    assert cases.values("_warnings") == [None, "fine_out_of_band", None, None, None]


def test_several_warnings_of_a_row() -> None:
    taken = moves(
        "e1,CNSHG,CSQU3054384,GTIN,2022-06-01T08:05,2022-05-01T08:05", header=MOVES + ",recorded_at"
    )
    assert taken.values("_warnings") == ["bad_check_digit recorded_before_event"]
    assert taken.file.rows_warned == 1
