"""Workbooks and Parquet files: their values as texts, and the same checks as for CSV."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from intake.support import MOVES, take
from pipeline.contract import Type
from pipeline.intake import FileRefused
from pipeline.intake.typed_files import text_of

HEADER = MOVES.split(",")
ROW = ["e1", "CNSHG", "MSCU1234566", "GTIN"]


def workbook(*rows: list[Any], first_row: int = 1) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for number, row in enumerate(rows, first_row):
        for place, value in enumerate(row, 1):
            sheet.cell(number, place, value)
    book.create_sheet("a second sheet")["A1"] = "not looked at"
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def parquet(**columns: Any) -> bytes:
    content = io.BytesIO()
    pq.write_table(pa.table(columns), content)
    return content.getvalue()


@pytest.mark.parametrize(
    ("value", "type_", "text"),
    [
        (3.0, Type.TEXT, "3"), (2.1, Type.TEXT, "2.1"), (3, Type.TEXT, "3"), (1e21, Type.TEXT, "1" + "0" * 21),
        (1e-7, Type.TEXT, "0.0000001"), (-0.5, Type.TEXT, "-0.5"), (100.0, Type.TEXT, "100"), (True, Type.TEXT, "true"),
        (False, Type.TEXT, "false"), (datetime(2022, 6, 1, 8, 5), Type.TIMESTAMP, "2022-06-01T08:05:00"),
        (datetime(2022, 6, 1), Type.TIMESTAMP, "2022-06-01T00:00:00"), (datetime(2022, 6, 1), Type.DATE, "2022-06-01"),
        (datetime(2022, 6, 1, 8), Type.DATE, "2022-06-01T08:00:00"), (date(2022, 6, 1), Type.DATE, "2022-06-01"),
        (datetime(2022, 6, 1, tzinfo=UTC), Type.TIMESTAMP, "2022-06-01T00:00:00+00:00"), (None, Type.TEXT, None),
        (Decimal("12.50"), Type.NUMBER, "12.5"), (float("nan"), Type.NUMBER, "NaN"), ("3.0", Type.TEXT, "3.0"),
    ],
)  # fmt: skip
def test_values_as_texts(value: Any, type_: Type, text: str | None) -> None:
    assert text_of(value, type_) == text


def test_a_row_of_a_workbook_with_a_cell_beyond_the_header_is_rejected() -> None:
    instant = "2022-06-01T08:05Z"
    content = workbook(HEADER, [*ROW, instant], [*ROW, instant, "lost"], [*ROW, instant, "", None])
    taken = take(content, name="yard_moves.xlsx")
    assert (taken.file.rows_read, taken.file.rows_landed) == (3, 2)
    assert taken.reasons == [(3, "wrong_field_count")]
    assert taken.rejects[0]["raw"] == ",".join([*ROW, instant, "lost"])


def test_a_workbook() -> None:
    instant = datetime(2022, 6, 1, 8, 5, 17)
    content = workbook(
        [*HEADER, "tier", "row", "voided", "note"],
        [*ROW, instant, 2, 3.5, False, "x"],
        [],
        [*ROW, "2022-06-01T08:05Z", "0004", " a ", True],
        [*ROW, 44713.5],
    )
    taken = take(content, name="yard_moves.xlsx")
    assert taken.values("event_at") == [datetime(2022, 6, 1, 0, 5, 17), datetime(2022, 6, 1, 8, 5)]
    assert taken.values("tier") == ["2", "0004"]
    assert taken.values("row") == ["3.5", "a"]
    assert taken.values("voided") == [False, True]
    assert taken.values("_line") == [2, 4]
    assert taken.reasons == [(5, "bad_timestamp")]
    assert taken.rejects[0]["raw"] == "e1,CNSHG,MSCU1234566,GTIN,44713.5,,,"
    assert taken.file.unknown_columns == ["note"]


def test_lines_are_the_rows_of_the_sheet() -> None:
    content = workbook(HEADER, [*ROW, "2022-06-01 08:05"], first_row=4)
    assert take(content, name="yard_moves.xlsx").values("_line") == [5]


def test_an_error_cell_is_text_and_fails(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet()
    for place, name in enumerate([*HEADER, "voided"]):
        sheet.write_string(0, place, name)
    for place, text in enumerate([*ROW, "2022-06-01 08:05"]):
        sheet.write_string(1, place, text)
    sheet.write_formula(1, 5, "=1/0", None, "#DIV/0!")
    book.close()
    taken = take(path.read_bytes(), name="yard_moves.xlsx")
    assert taken.reasons == [(2, "bad_boolean")]


def test_midnights_of_a_date_column() -> None:
    content = workbook(["un_location_code", "date", "max_temp_c"], ["CNSHG", datetime(2022, 6, 1), 35.5])
    assert take(content, name="daily_weather.xlsx").values("date") == [date(2022, 6, 1)]


@pytest.mark.parametrize("name", ["yard_moves.xlsx", "yard_moves.parquet"])
def test_files_that_are_no_such_thing_are_refused(name: str) -> None:
    for content in (b"", b"PK\x03\x04 not a workbook", b"event_id\n"):
        with pytest.raises(FileRefused, match="not a readable"):
            take(content, name=name)


def test_workbooks_without_a_header_or_with_a_wrong_one() -> None:
    with pytest.raises(FileRefused, match="no header line"):
        take(workbook(), name="yard_moves.xlsx")
    with pytest.raises(FileRefused, match="missing: event_at"):
        take(workbook(HEADER[:-1]), name="yard_moves.xlsx")
    with pytest.raises(FileRefused, match="twice"):
        take(workbook([*HEADER, "Event_ID"]), name="yard_moves.xlsx")


def test_a_parquet_file() -> None:
    content = parquet(
        Event_ID=["e1", "e2", None],
        un_location_code=pa.array(["CNSHG", "cnngb", "CNSHG"]).dictionary_encode(),
        equipment_reference=["A", "B", "C"],
        event_type=["GTIN", "DISC", "NO"],
        event_at=pa.array([datetime(2022, 6, 1, 8, 5), datetime(2022, 6, 1), None], pa.timestamp("ns")),
        recorded_at=pa.array([datetime(2022, 6, 2)] * 3, pa.timestamp("ms", "Asia/Shanghai")),
        tier=pa.array([1.0, 2.5, None]),
        bay=pa.array([0.1, 3, None], pa.float32()),
        row=pa.array([1, 2, 3], pa.int8()),
        voided=pa.array([False, None, None]),
        more=[[1], [2], [3]],
    )
    taken = take(content, name="yard_moves.parquet")
    assert taken.values("event_at") == [datetime(2022, 6, 1, 0, 5), datetime(2022, 5, 31, 16)]
    assert taken.values("recorded_at") == [datetime(2022, 6, 2)] * 2
    assert (taken.values("tier"), taken.values("bay"), taken.values("row")) == (
        ["1", "2.5"],
        ["0.1", "3"],
        ["1", "2"],
    )
    assert taken.values("un_location_code") == ["CNSHG", "CNNBO"]
    assert taken.values("_line") == [2, 3]
    assert taken.reasons == [(4, "missing_value;unknown_code")]
    assert taken.file.unknown_columns == ["more"]


def test_a_parquet_file_of_nested_values_is_refused() -> None:
    columns = {name: ["x"] for name in HEADER} | {"event_id": [["x"]]}
    with pytest.raises(FileRefused, match="column event_id holds list"):
        take(parquet(**columns), name="yard_moves.parquet")


def test_bytes_in_parquet_that_are_no_text() -> None:
    columns: dict[str, Any] = dict(
        zip(HEADER, [["e1"], ["CNSHG"], ["A"], ["GTIN"], ["2022-06-01 08:05"]], strict=True)
    )
    taken = take(parquet(**columns | {"block": pa.array([b"\xff"])}), name="yard_moves.parquet")
    assert taken.reasons == [(2, "undecodable")]
    assert taken.rejects[0]["raw"] == "e1,CNSHG,A,GTIN,2022-06-01 08:05,\ufffd"
