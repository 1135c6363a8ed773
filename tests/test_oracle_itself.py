"""The oracle against answers worked out by hand. What checks the product must itself be checked by eye."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from oracle.cells import Local, Row, check, moment, to_utc
from oracle.reading import read_file, split_bytes
from oracle.records import Lake, check_digit_is_wrong, utc
from oracle.reports import (
    Options,
    Table,
    campaign_report,
    differences,
    same,
    stays_report,
    stock_report,
)
from oracle.tables import SHIPPED, Tables
from oracle.yard import Yard, class_fits

LOADED = utc("2022-12-01")
TABLES = Tables()


def rows_of(text: str) -> list[list[str]]:
    """The cells of a table with bars between them, its header first."""
    lines = [line.strip().split("|") for line in text.strip().splitlines()]
    return [[cell.strip() for cell in line] for line in lines]


def file_of(text: str) -> bytes:
    return "\n".join(",".join(row) for row in rows_of(text)).encode()


def lake_of(*files: tuple[str, str], tables: Tables = TABLES) -> Lake:
    lake = Lake(tables)
    lake.load([(f"{name}.csv", file_of(text)) for name, text in files], LOADED)
    return lake


def moves(text: str) -> tuple[str, str]:
    """Moves as `event_id type unit day time [batch]`, a line each, at CNSHG in local time of June 2022."""
    lines = ["event_id|un_location_code|equipment_reference|event_type|event_at|consignment_id"]
    for line in text.strip().splitlines():
        event, kind, unit, day, clock, *batch = line.split()
        lines.append(f"{event}|CNSHG|{unit}|{kind}|2022-06-{day} {clock}|{''.join(batch)}")
    return "yard_moves", "\n".join(lines)


def columns(table: Table, *names: str) -> Iterator[str]:
    for row in table:
        yield " ".join(row[name] or "-" for name in names)


# ---------------------------------------------------------------------------------- lines and fields


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("A,2022-06-01,1", "ok"),
        ("A,2022-06-01,1\r\nB,x,1\rC,x,1\n\n", "ok bad bad"),
        ('A,2022-06-01,"1"\nB,"2022-06-01",1', "ok ok"),
        ('"A,2022-06-01,1\nB,2022-06-01,1', "quoting ok"),
        ('"A"x,2022-06-01,1\nB,2022-06-01,1', "quoting ok"),
        ('"A\nx"y,2022-06-01,1\nB,2022-06-01,1', "quoting port ok"),
        ("A,2022-06-01,1,\nB,2022-06-01\n,,\n", "count count missing"),
        ("\n\nA,2022-06-01,1\n   \n", "ok count"),
    ],
)
def test_every_line_ends_in_one_place(body: str, expected: str) -> None:
    """Weather of one port; each word is a row in the order of its line (`bad` is a bad date).

    | line                 | ends as                                                     |
    |----------------------|-------------------------------------------------------------|
    | `"A,...` never closes | `bad_quoting`, the next line is read on its own             |
    | `"A\\nx"y,...`         | `bad_quoting` on the line it began, and `x"y,..` for itself |
    """
    data = ("un_location_code,date,max_temp_c\n" + body).replace("A,", "CNSHG,").replace("B,", "CNNBO,")
    data = data.replace('"A', '"CNSHG').replace("C,", "DEHAM,")
    read = read_file("daily_weather.csv", data.encode(), LOADED, TABLES)
    words = {
        "bad_date": "bad",
        "bad_quoting": "quoting",
        "wrong_field_count": "count",
        "missing_value": "missing",
        "unknown_port": "port",
    }
    ends = {row.line: "ok" for row in read.rows}
    ends |= {reject.line: words[next(iter(reject.reasons))] for reject in read.rejects}
    assert " ".join(ends[line] for line in sorted(ends)) == expected
    assert read.read == len(ends)


def test_line_numbers_are_physical() -> None:
    """A header over two lines, a blank line, a field over two lines: the rows begin on lines 4, 6."""
    text = '"finding_id",consignment_id,"odd\nname",inspected_at,selection_basis,result\n\n'
    text += 'F1,"C\r\n1",,2022-06-01T00:00Z,random,clean\nF2,C1,,bad,random,clean\n'
    read = read_file("inspection_findings.csv", text.encode(), LOADED, TABLES)
    assert [(row.line, row.values["consignment_id"]) for row in read.rows] == [(4, "C 1")]
    assert [(reject.line, *reject.reasons) for reject in read.rejects] == [(6, "bad_timestamp")]
    assert read.unknown_columns == ["odd name"]


@pytest.mark.parametrize(
    ("header", "encoding", "expected"),
    [
        ("港口代码;日期;最高气温;备注", "gb18030", "危1"),
        ("港口代码;日期;最高气温;备注", "utf-8", "危1"),
        ("港口代码;日期;最高气温;备注", "utf-16", "危1"),
        ("un_location_code;date;max_temp_c;note", "utf-8-sig", "危1"),
    ],
)
def test_the_header_tells_the_encoding(header: str, encoding: str, expected: str) -> None:
    """危 in GB18030 is CE A3, also valid UTF-8; an unknown column carries it, so any row is accepted."""
    data = f"{header}\nCNSHG;2022-06-01;30;{expected}\n".encode(encoding)
    read = read_file("daily_weather.csv", data, LOADED, TABLES)
    assert (read.error, read.read, len(read.rows)) == ("", 1, 1)
    assert read.unknown_columns == [header.split(";")[3]]


def test_an_english_header_leaves_it_to_the_lines() -> None:
    """Half of the non-ASCII lines are UTF-8: so is the file, the others are undecodable; fewer: GB18030."""
    head = b"un_location_code,date,max_temp_c,note\nCNSHG,2022-06-01,30,\xce\xa3\nCNSHG,2022-06-02,30,\xff\n"
    read = read_file("daily_weather.csv", head, LOADED, TABLES)
    assert [reject.reasons for reject in read.rejects] == [{"undecodable"}]
    read = read_file("daily_weather.csv", head + b"CNSHG,2022-06-03,30,\xff\xff\n", LOADED, TABLES)
    assert [(reject.line, *reject.reasons) for reject in read.rejects] == [
        (3, "undecodable"),
        (4, "undecodable"),
    ]


def test_lines_end_in_three_ways() -> None:
    assert split_bytes(b"a\nb\r\nc\rd") == [b"a", b"b", b"c", b"d"]
    assert split_bytes(b"a\r\r\n\n") == [b"a", b"", b""]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("weather.csv", b"un_location_code,date,max_temp_c\n"),
        ("daily_weather.csv", b""),
        ("daily_weather.csv", b"un_location_code,date\nCNSHG,2022-06-01\n"),
        ("daily_weather.csv", b"un_location_code,date,date,max_temp_c\n"),
        ("daily_weather.csv.gz", b"un_location_code,date,max_temp_c\n"),
    ],
)
def test_refused_as_a_whole(name: str, data: bytes) -> None:
    assert read_file(name, data, LOADED, TABLES).error


def test_a_header_alone_is_taken() -> None:
    read = read_file("daily_weather-x.csv", b"Date ,UN_LOCATION_CODE,max_temp_c", LOADED, TABLES)
    assert (read.error, read.read) == ("", 0)


# ------------------------------------------------------------------------------------------- values


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2022-06-01T08:05:00+08:00", "2022-06-01T00:05:00+00:00"),
        ("2022-06-01 08:05+0800", "2022-06-01T00:05:00+00:00"),
        ("2022-06-01T08:05:06.1234567Z", "2022-06-01T08:05:06.123456+00:00"),
        ("2022/6/1 8:05", "2022-06-01T08:05:00"),
        ("2022-06-01", ""),
        ("2022-06-01T24:00", ""),
        ("2022-06-01T08:05:60Z", ""),
        ("20220601T0805", ""),
        ("2022-06-01T08:05+08", ""),
        ("2022-02-29T08:05", ""),
        ("2022-6-1 8:05", ""),
    ],
)
def test_timestamps(text: str, expected: str) -> None:
    values = {"alert_id": "A", "line": "port", "alert_type": "ban", "hazard_type": "food", "hazard_name": "x"}
    row = check("risk_alerts", values | {"issued_at": text}, LOADED, TABLES)
    assert isinstance(row, Row) == bool(expected)
    assert row == {"bad_timestamp"} if not expected else moment(text).isoformat() == expected


def test_skipped_and_doubled_local_times() -> None:
    """Hamburg: 2022-03-27 02:30 is skipped and becomes 03:30; of 2022-10-30 02:30 it is the first."""
    zone = TABLES.zone("DEHAM")
    assert to_utc(datetime(2022, 3, 27, 2, 30), zone) == utc("2022-03-27T01:30")
    assert to_utc(datetime(2022, 10, 30, 2, 30), zone) == utc("2022-10-30T00:30")


def test_reasons_are_told_all() -> None:
    """
    | cell              | reason           |
    |-------------------|------------------|
    | port XXXXX        | unknown_port     |
    | unit empty        | missing_value    |
    | event_type WALK   | unknown_code     |
    | event_at 1989     | implausible_time |
    | bay with a NUL    | bad_text         |
    """
    texts = {
        "event_id": "E",
        "un_location_code": "XXXXX",
        "event_type": "WALK",
        "event_at": "1989-12-31T00:00Z",
    }
    reasons = {"unknown_port", "missing_value", "unknown_code", "implausible_time", "bad_text"}
    assert check("yard_moves", texts | {"bay": "a\0b"}, LOADED, TABLES) == reasons
    assert isinstance(check("yard_moves", {"event_id": "E", "voided": "y"}, LOADED, TABLES), Row)


def test_times_after_the_load() -> None:
    """48 hours after the load is still accepted, a second more is not; a planned move may lie anywhere."""
    texts = {"event_id": "E", "un_location_code": "cnsha", "equipment_reference": "u", "event_type": "gtin"}
    late = (LOADED + timedelta(hours=48, seconds=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    just = (LOADED + timedelta(hours=48)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert check("yard_moves", texts | {"event_at": late}, LOADED, TABLES) == {"implausible_time"}
    assert isinstance(
        check("yard_moves", texts | {"event_at": late, "event_classifier": "PLN"}, LOADED, TABLES), Row
    )
    row = check("yard_moves", texts | {"event_at": just}, LOADED, TABLES)
    assert isinstance(row, Row)
    assert (row.values["un_location_code"], row.values["equipment_reference"]) == ("CNSHG", "U")
    assert (row.values["event_type"], row.values["event_classifier"]) == ("GTIN", None)


def test_check_digits() -> None:
    """CSQU3054383 is the example of ISO 6346."""
    assert [check_digit_is_wrong(unit) for unit in ("CSQU3054383", "CSQU3054384", "TANK-1")] == [
        False,
        True,
        False,
    ]


# ------------------------------------------------------------------------------------------- records


def test_versions_duplicates_and_what_was_known() -> None:
    """
    | line | key | temp | recorded | ends as                                   |
    |------|-----|------|----------|-------------------------------------------|
    | 2    | 1   | 30   | 10:00    | superseded                                |
    | 3    | 1   | 31   | 12:00    | superseded: line 4 ties and comes later   |
    | 4    | 1   | 32   | 12:00    | accepted                                  |
    | 5    | 1   | 31   | 12:00    | duplicate of line 3, so it changes nothing|
    | 6    | 1   | 33   | 11:00    | superseded at once                        |
    | 7    | 2   | 30   | 10:00    | superseded by its withdrawal              |
    | 8    | 2   | void | 11:00    | accepted, and the day is gone             |
    """
    text = """un_location_code|date|max_temp_c|recorded_at|voided
    CNSHG|2022-06-01|30|2022-06-02T10:00Z|
    CNSHG|2022-06-01|31|2022-06-02T12:00Z|
    CNSHG|2022-06-01|32|2022-06-02T12:00Z|
    CNSHA|2022/6/1|31.0|2022-06-02 20:00|
    CNSHG|2022-06-01|33|2022-06-02T11:00Z|
    CNSHG|2022-06-02|30|2022-06-02T10:00Z|
    CNSHG|2022-06-02||2022-06-02T11:00Z|true"""
    lake = Lake(TABLES)
    counts = lake.load([("daily_weather.csv", file_of(text))], LOADED)[0]
    assert (counts.read, counts.accepted, counts.superseded, counts.duplicate) == (7, 2, 4, 1)
    known = {
        clock: [row["max_temp_c"] for row in lake.known(utc(f"2022-06-02T{clock}")).live["daily_weather"]]
        for clock in ("09:59", "10:00", "11:00", "12:00")
    }
    assert known == {"09:59": [], "10:00": [30, 30], "11:00": [33], "12:00": [32]}


def test_loading_again_and_without_recorded_at() -> None:
    """The instant of loading stands in for a null recorded_at; the same bytes change nothing."""
    lake = Lake(TABLES)
    first = b"un_location_code,date,max_temp_c\nCNSHG,2022-06-01,30\n"
    second = b"un_location_code,date,max_temp_c,note\nCNSHG,2022-06-01,30,\nCNSHG,2022-06-01,31,\n"
    lake.load([("daily_weather.csv", first)], utc("2022-07-01"))
    counts = lake.load([("daily_weather-a.csv", second), ("daily_weather-b.csv", first)], utc("2022-07-02"))
    assert [(c.read, c.accepted, c.duplicate, c.already_loaded) for c in counts] == [
        (2, 1, 1, False),
        (0, 0, 0, True),
    ]
    temps = [lake.known(utc(day)).live["daily_weather"] for day in ("2022-06-30", "2022-07-01", "2022-07-02")]
    assert [[row["max_temp_c"] for row in rows] for rows in temps] == [[], [30], [31]]


def test_local_times_wait_for_their_consignment() -> None:
    """08:05 with and without an offset become one record once the batch, at Hamburg, has come."""
    stones = """consignment_id|milestone|occurred_at
    C1|CUSR|2022-06-01T08:05:00
    C1|released|2022-06-01T08:05:00+02:00"""
    lake = lake_of(("clearance_milestones", stones))
    assert [held.values["occurred_at"] for held in lake.held] == [
        Local(datetime(2022, 6, 1, 8, 5)),
        utc("2022-06-01T06:05"),
    ]
    assert {row["occurred_at"] for row in lake.known().live["clearance_milestones"]} == {
        utc("2022-06-01T00:05"),
        utc("2022-06-01T06:05"),
    }
    batch = "consignment_id|un_location_code|direction\nC1|DEHAM|import"
    lake.load([("consignments.csv", file_of(batch))], LOADED)
    assert [row["occurred_at"] for row in lake.known().live["clearance_milestones"]] == [
        utc("2022-06-01T06:05")
    ]
    assert lake.status() == {0: "accepted", 1: "duplicate", 2: "accepted"}


# ---------------------------------------------------------------------------------------------- yard


def visits_at(text: str, as_of: str | None = None) -> list[str]:
    yard = Yard(lake_of(moves(text)).known(), utc(as_of) if as_of else None)
    shown = []
    for visit in yard.visits:
        ends = [visit.arrived_at, visit.left_at]
        zone = TABLES.zone(visit.port)
        shown.append(" ".join(end.astimezone(zone).strftime("%d/%H") if end else "open" for end in ends))
    return shown + [f"orphan {orphan['event_id']}" for orphan in yard.orphans]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a DISC U 01 08:00", ["01/08 open"]),
        ("a GTOT U 01 08:00", ["orphan a"]),
        (
            "a DISC U 01 08:00\nb DISC U 01 09:00\nc INSP U 01 10:00\nd GTOT U 02 08:00\ne GTOT U 03 08:00",
            ["01/08 03/08"],
        ),
        ("a DISC U 01 08:00\nb GTOT U 02 08:00\nc PICK U 02 09:00\nd GTOT U 03 08:00", ["01/08 03/08"]),
        ("a DISC U 01 08:00\nb GTOT U 02 08:00\nc GTIN U 03 08:00", ["01/08 02/08", "03/08 open"]),
        ("a LOAD U 01 08:00\nb DISC U 01 08:00", ["01/08 01/08"]),
        ("a LOAD U 01 08:00\nb GTIN U 01 09:00\nc LOAD U 01 10:00", ["01/09 01/10", "orphan a"]),
    ],
)
def test_visits(text: str, expected: list[str]) -> None:
    """A visit from its first in to its last out, `day/hour` local; at the same instant the in comes first."""
    assert visits_at(text) == expected


def test_what_lies_after_as_of_is_not_seen() -> None:
    text = "a DISC U 01 08:00\nb GTOT U 02 08:00"
    assert visits_at(text, "2022-06-01T23:59:59Z") == ["01/08 open"]
    assert visits_at(text, "2022-06-02T00:00:00Z") == ["01/08 02/08"]


BATCHES = """consignment_id|un_location_code|direction|manifested_at
C1|CNSHA|import|2022-06-06T00:00Z
C2|CNSHG|export|
C3|DEHAM|import|"""
GOODS = """consignment_id|item_no|equipment_reference|un_number|imo_class|subsidiary_risk_1
C1|1|U||8|
C1|2|V||3|6.1
C2|1|U|1203|3|
C3|1|U||2.1|"""


def test_links() -> None:
    """
    | unit | visit | named | batches | why                                                            |
    |------|-------|-------|---------|----------------------------------------------------------------|
    | U    | 01-02 |       | C1      | C1's manifest (06 08:00) is as near to 01 08:00 as to 11: later |
    | U    | 11-12 |       |         |                                                                |
    | V    | 03-   | C3 C9 | C3      | C9 is not there; C3 counts where its box was, not at Hamburg   |
    """
    text = """a DISC U 01 08:00
    b GTOT U 02 08:00
    c DISC U 11 08:00
    d GTOT U 12 08:00
    e GTIN V 03 08:00 C3
    f PICK V 04 08:00 C9"""
    lake = lake_of(moves(text), ("consignments", BATCHES), ("dg_items", GOODS))
    yard = Yard(lake.known())
    links = {(v.unit, v.arrived_at.day): v.batches for v in yard.visits}
    # C1 takes the later of its two equally near visits, C2 (no manifest, no milestone) the latest; V of C1 is
    # at the port as well, so C1 takes that too.
    assert links == {("U", 1): [], ("U", 11): ["C1", "C2"], ("V", 3): ["C1", "C3"]}
    report = stays_report(lake, Options())
    assert set(columns(report, "consignment_id", "lead_class", "units", "arrived_at", "left_at")) == {
        "C1 3 2 2022-06-03T00:00:00Z -",
        "C2 3 1 2022-06-11T00:00:00Z 2022-06-12T00:00:00Z",
        "C3 2.1 1 2022-06-03T00:00:00Z -",
        "- unidentified 1 2022-06-01T00:00:00Z 2022-06-02T00:00:00Z",
    }
    units = stays_report(lake, Options(count="unit"))
    assert set(columns(units, "equipment_reference", "consignment_id", "lead_class", "direction")) == {
        "U - unidentified -",
        "U C1;C2 3 import",
        "V C1;C3 2.1 import",
    }


def test_first_milestone_stands_in_for_the_manifest() -> None:
    stones = (
        "consignment_id|milestone|occurred_at\nC2|lodged|2022-06-03T00:00Z\nC2|accepted|2022-06-12T00:00Z"
    )
    text = "a DISC U 01 08:00\nb GTOT U 02 08:00\nc DISC U 11 08:00"
    lake = lake_of(
        moves(text), ("consignments", BATCHES), ("dg_items", GOODS), ("clearance_milestones", stones)
    )
    assert [v.batches for v in Yard(lake.known()).visits] == [["C2"], ["C1"]]


def test_lead_class() -> None:
    """6.1 is graver than 8: C1's second item leads through its subsidiary risk, under its own label."""
    rank = {code: TABLES.rank(code) or 0 for code in ("3", "6.1", "8", "1.4S", "1.4D")}
    assert rank["3"] < rank["6.1"] < rank["8"]
    yard = Yard(lake_of(("consignments", BATCHES), ("dg_items", GOODS)).known())
    assert [yard.lead_class(batch) for batch in ("C1", "C2", "C3", "none")] == [
        "3",
        "3",
        "2.1",
        "unidentified",
    ]


def test_class_filters() -> None:
    fitting = [
        (a, c)
        for a in ("1", "1.4", "1.4S", "unidentified")
        for c in ("1.4S", "1.4", "1.1D")
        if class_fits(a, c)
    ]
    assert fitting == [
        ("1", "1.4S"),
        ("1", "1.4"),
        ("1", "1.1D"),
        ("1.4", "1.4S"),
        ("1.4", "1.4"),
        ("1.4S", "1.4S"),
    ]
    assert class_fits("unidentified", "unidentified") and not class_fits("2", "unidentified")


# -------------------------------------------------------------------------------------------- limits

RULE_COLUMNS = "rule_id|un_number|imo_class|un_location_code|facility_code|direction|valid_from|valid_to|"
RULE_COLUMNS += "limit_hours|priority"


def with_tables(folder: Path, rules: str = "", campaigns: str = "") -> Tables:
    if rules:
        (folder / "limit_rules.csv").write_bytes(file_of(rules))
    if campaigns:
        (folder / "campaigns.csv").write_bytes(file_of(campaigns))
    return Tables(SHIPPED, folder)


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ("d||||||||99|", "d"),
        ("d||||||||99|\nc||3||||||1|", "c"),
        ("u|1203|||||||99|\nc||3||||||1|\nd||||||||5|", "u"),
        ("f||||F||||1|\np|||CNSHA|||||2|\nd||||||||5|", "p"),
        ("i|||||import|||1|\ne|||||export|||2|\nd||||||||5|", "e"),
        ("a||||||||1|\nb||||||||2|1\nd||||||||5|-1", "b"),
        ("b||||||||1|\na||||||||2|0", "a"),
        ("o||3||||2022-06-02||1|\nl||3|||||2022-05-31|2|\nd||||||||5|", "d"),
        ("o||3||||2022-06-01|2022-06-01|1|\nd||||||||5|", "o"),
    ],
)
def test_which_limit_rule_wins(rules: str, expected: str, tmp_path: Path) -> None:
    """One batch of UN 1203, class 3, export, that came at 2022-06-01 00:00 of Shanghai, facility unnamed."""
    tables = with_tables(tmp_path, f"{RULE_COLUMNS}\n{rules}")
    goods = "consignment_id|item_no|equipment_reference|un_number|imo_class\nC2|1|U|UN 1203|3"
    lake = lake_of(moves("a DISC U 01 00:00"), ("consignments", BATCHES), ("dg_items", goods), tables=tables)
    assert [row["limit_rule_id"] for row in stays_report(lake, Options())] == [expected]


def test_smallest_limit_of_the_items(tmp_path: Path) -> None:
    rules = f"{RULE_COLUMNS}\nd||||||||9|\nb||8||||||1.5|\na||3||||||1.5|"
    lake = lake_of(
        moves("a DISC U 01 00:00 C1"),
        ("consignments", BATCHES),
        ("dg_items", GOODS),
        tables=with_tables(tmp_path, rules),
    )
    row = stays_report(lake, Options())[0]
    assert (row["limit_rule_id"], row["overdue_at"], row["is_overdue"]) == (
        "a",
        "2022-05-31T17:30:00Z",
        "false",
    )


# --------------------------------------------------------------------------------------------- stock


def test_stock_by_day(tmp_path: Path) -> None:
    """Limit 24 hours, as_of the last move, 05 12:00 local; all of no known batch.

        day    01        02        03        04        05
        U    08:00 in ---------------- 00:00 out (of day 03: midnight opens a day)
        V              00:00 in and out at once
        W                                  00:00 in -- 12:00 PICK, overdue since 05 00:00

    | day | stock | backlog | arrivals | exits | newly_overdue |
    |-----|-------|---------|----------|-------|---------------|
    | 01  | 1     | 0       | 1        | 0     | 0             |
    | 02  | 1     | 1       | 1        | 1     | 1             |
    | 03  | 0     | 0       | 0        | 1     | 0             |
    | 04  | 1     | 0       | 1        | 0     | 0             |
    | 05  | 1     | 1       | 0        | 0     | 1             |
    """
    text = """a DISC U 01 08:00
    b GTOT U 03 00:00
    c DISC V 02 00:00
    d GTOT V 02 00:00
    e DISC W 04 00:00
    f PICK W 05 12:00"""
    tables = with_tables(tmp_path, f"{RULE_COLUMNS}\nd||||||||24|")
    lake = lake_of(moves(text), tables=tables)
    measures = ("stock", "backlog", "arrivals", "exits", "newly_overdue")
    expected = ["01 1 0 1 0 0", "02 1 1 1 1 1", "03 0 0 0 1 0", "04 1 0 1 0 0", "05 1 1 0 0 1"]
    assert list(columns(stock_report(lake, Options()), "date", *measures)) == [
        f"2022-06-{row}" for row in expected
    ]
    now = stock_report(lake, Options(), "port,class")
    assert list(columns(now, "un_location_code", "lead_class", *measures)) == ["CNSHG unidentified 1 1 0 0 1"]
    buckets = stock_report(lake, Options(as_of=utc("2022-06-07T00:00+08:00")), "age_bucket")
    assert list(columns(buckets, "age_bucket", *measures)) == ["3 1 1 0 0 0"]
    just_before = stock_report(lake, Options(as_of=utc("2022-06-06T23:59+08:00")), "age_bucket")
    assert list(columns(just_before, "age_bucket", *measures)) == ["0 1 1 0 0 0"]


def test_a_port_whose_day_has_not_begun(tmp_path: Path) -> None:
    """At 2022-06-01 20:00 UTC it is the 2nd in Shanghai and the 1st in Hamburg (on the 2nd: no flows)."""
    text = """event_id|un_location_code|equipment_reference|event_type|event_at
    a|CNSHG|U|DISC|2022-06-01T10:00Z
    b|DEHAM|V|DISC|2022-06-01T11:00Z
    c|CNSHG|W|DISC|2022-06-01T20:00Z"""
    lake = lake_of(("yard_moves", text), tables=with_tables(tmp_path, f"{RULE_COLUMNS}\nd||||||||24|"))
    shown = list(columns(stock_report(lake, Options(), "date"), "date", "stock", "arrivals"))
    assert shown == ["2022-06-01 2 2", "2022-06-02 3 1"]
    assert list(columns(stock_report(lake, Options(), "class"), "stock", "arrivals")) == ["3 1"]
    assert list(columns(stock_report(lake, Options(), "port"), "un_location_code", "arrivals")) == [
        "CNSHG 1",
        "DEHAM 1",
    ]


# ----------------------------------------------------------------------------------------- campaigns


def test_campaign(tmp_path: Path) -> None:
    """Limit 24 hours; the campaign is 03 to 05 June; as_of 05 12:00.

    day   01     02     03     04     05
    A     in -------------- out delivered        opening, cleared
    B     in ------------------- out transferred opening, relocated
    C     in ------------------------------      opening, remaining
    D            12:00 in ---------- out         new on 03, cleared
    E                   00:00 in ----------      new on 04, remaining
    F     in ---- 00:00 of 02 out                never overdue
    G     in ------------ 00:00 of 03 out        opening: it left in the campaign, cleared
    """
    text = """event_id|un_location_code|equipment_reference|event_type|event_at|exit_type
    a1|CNSHG|A|DISC|2022-06-01 08:00|
    a2|CNSHG|A|GTOT|2022-06-03 08:00|delivered
    b1|CNSHG|B|DISC|2022-06-01 08:00|
    b2|CNSHG|B|GTOT|2022-06-04 08:00|transferred
    c1|CNSHG|C|DISC|2022-06-01 08:00|
    d1|CNSHG|D|DISC|2022-06-02 12:00|
    d2|CNSHG|D|GTOT|2022-06-05 08:00|
    e1|CNSHG|E|DISC|2022-06-03 00:00|
    e2|CNSHG|E|INSP|2022-06-05 12:00|
    f1|CNSHG|F|DISC|2022-06-01 00:00|
    f2|CNSHG|F|GTOT|2022-06-02 00:00|
    g1|CNSHG|G|DISC|2022-06-01 08:00|
    g2|CNSHG|G|GTOT|2022-06-03 00:00|"""
    campaigns = """campaign_id|starts_on|ends_on|ports|target_cleared
    K|2022-06-03|2022-06-05|CNSHA;DEHAM|30"""
    tables = with_tables(tmp_path, f"{RULE_COLUMNS}\nd||||||||24|", campaigns)
    lake = lake_of(("yard_moves", text), tables=tables)
    names = "scope day days opening_backlog cleared_opening cleared_new cleared_relocated remaining "
    names += "target_cleared"
    shown = list(columns(campaign_report(lake, Options(), "K"), *names.split()))
    assert shown == ["all 3 3 4 2 1 1 2 30", "CNSHG 3 3 4 2 1 1 2 -"]
    shown = list(columns(campaign_report(lake, Options(as_of=utc("2022-06-01T20:00Z")), "K"), *names.split()))
    assert shown == ["all 0 3 0 0 0 0 0 30", "CNSHG 0 3 0 0 0 0 0 -"]
    days = campaign_report(lake, Options(), "K", by_date=True)
    assert list(columns(days, "scope", "date", "day", "remaining", "cleared", "target_line")) == [
        "all 2022-06-03 1 3 2 10.0",
        "all 2022-06-04 2 3 2 20.0",
        "all 2022-06-05 3 2 3 30.0",
        "CNSHG 2022-06-03 1 3 2 -",
        "CNSHG 2022-06-04 2 3 2 -",
        "CNSHG 2022-06-05 3 2 3 -",
    ]


# ---------------------------------------------------------------------------------------- comparison


def test_comparison_says_where_two_tables_differ() -> None:
    ours = [{"k": "a", "n": "1.0000000001"}, {"k": "b", "n": ""}]
    assert differences(ours, [{"k": "b", "n": ""}, {"k": "a", "n": "1"}], ["k"], ["n"]) == []
    assert differences(ours, [{"k": "a", "n": "2"}, {"k": "c", "n": "3"}], ["k"], ["n"]) == [
        "differs  k=a: n expected '1.0000000001', got '2'",
        "missing  k=b: ",
        "too much k=c: n=3",
    ]
    assert same("2022-06-01T00:00:00Z", "2022-06-01T00:00:00.000Z") and not same("1", "1.4S")
