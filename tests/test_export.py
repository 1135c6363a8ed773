"""What leaves the product: every cell as the interface writes it, and none that a spreadsheet would run."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import json
import re
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline import export
from pipeline.errors import UserMistake

FORMULA_STARTS = "=+-@\t\r＝＋－＠"
PLAIN_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?", re.ASCII)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)
RISKY_TEXT = st.builds(str.__add__, st.sampled_from(FORMULA_STARTS), TEXT)
ABOUT = {"report": "stays", "rows": 1, "is_sample": True}


def cells(frame: pd.DataFrame) -> list[list[str]]:
    """The CSV as a reader of RFC 4180 sees it, header first."""
    return list(csv.reader(io.StringIO(export.csv_bytes(frame).decode(), newline="")))


def column(values: list[Any], dtype: Any = None) -> list[str]:
    """One column written and read back, beside a column that keeps its lines from being empty."""
    frame = pd.DataFrame({"value": pd.Series(values, dtype=dtype), "line": range(len(values))})
    return [row[0] for row in cells(frame)[1:]]


@given(st.lists(TEXT | RISKY_TEXT, min_size=1, max_size=20))
@example(["=1+1", "-1.3", "+86 21", "@x", "－1", "-5\n", "\t1", "\r", "-", "+5", "=", "-1e5", "٣", "-٣"])
def test_no_text_cell_starts_as_a_formula_and_every_other_stays(texts: list[str]) -> None:
    for given_text, written in zip(texts, column(list(texts)), strict=True):
        if given_text[0] in FORMULA_STARTS and not PLAIN_NUMBER.fullmatch(given_text):
            assert written == "'" + given_text
        else:
            assert written == given_text
            assert written[0] not in FORMULA_STARTS or Decimal(written).is_finite()


@pytest.mark.parametrize("filled", ["", "a", "c", "ae", "bd", "abcde"])
def test_empty_columns_keep_their_place(filled: str) -> None:
    frame = pd.DataFrame({name: ["x", "y"] if name in filled else [None, None] for name in "abcde"})
    expected = [[value if name in filled else "" for name in "abcde"] for value in "xy"]
    assert cells(frame) == [list("abcde"), *expected]


def test_a_header_from_a_file_is_guarded_too() -> None:
    assert cells(pd.DataFrame({"=cmd": ["a"], "b,c": ["d"]}))[0] == ["'=cmd", "b,c"]


@given(st.lists(st.floats(allow_infinity=False), min_size=1, max_size=20))
@example([1e-05, 3.0, -0.0, 1e21, 0.1, -1.3, 5e-324, 1.7976931348623157e308, 123456789012345680.0])
def test_a_number_is_the_shortest_plain_decimal_that_is_exact(numbers: list[float]) -> None:
    for number, written in zip(numbers, column(list(numbers), "float64"), strict=True):
        if number != number:
            assert written == ""
            continue
        assert re.fullmatch(r"-?[0-9]+(\.[0-9]*[1-9])?", written)
        assert float(written) == number
        assert len(Decimal(written).normalize().as_tuple().digits) <= 17
        assert written != "-0"


def test_numbers_as_a_reader_expects_them() -> None:
    assert column([27.5, 72.0, -1.3, 1e-05, None], "float64") == ["27.5", "72", "-1.3", "0.00001", ""]
    assert column([1, None], "Int64") == ["1", ""]
    decimals = [Decimal("1.500"), Decimal("100.000"), Decimal("0.050"), None]
    assert column(decimals) == ["1.5", "100", "0.05", ""]


def test_an_infinite_figure_is_a_bug_and_raises() -> None:
    with pytest.raises(ValueError, match="share"):
        export.csv_bytes(pd.DataFrame({"share": [float("inf")]}))
    with pytest.raises(ValueError, match="share"):
        export.json_bytes(pd.DataFrame({"share": [float("-inf")]}))


@given(st.lists(st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2200, 1, 1)), min_size=1, max_size=20))
@example([dt.datetime(2022, 6, 1, 8, 5), dt.datetime(1960, 1, 1, 0, 0, 0, 1)])
def test_instants_come_back_as_they_were(instants: list[dt.datetime]) -> None:
    for instant, written in zip(instants, column(list(instants), "datetime64[us]"), strict=True):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d*[1-9])?Z", written)
        assert dt.datetime.fromisoformat(written) == instant.replace(tzinfo=dt.UTC)
        assert export.instant_text(instant) == written


def test_instants_dates_booleans_and_nulls() -> None:
    frame = pd.DataFrame(
        {
            "at": pd.Series([dt.datetime(2022, 6, 1, 8, 5), dt.datetime(2022, 6, 1, 0, 0, 0, 500000), None]),
            "date": [dt.date(2022, 6, 1), None, dt.date(2022, 6, 3)],
            "is_overdue": pd.array([True, None, False], dtype="boolean"),
            "class": ["1.4S", None, ""],
            "nothing": [None, None, None],
        }
    )
    assert export.csv_bytes(frame).decode() == (
        "at,date,is_overdue,class,nothing\n"
        "2022-06-01T08:05:00Z,2022-06-01,true,1.4S,\n"
        "2022-06-01T00:00:00.5Z,,,,\n"
        ",2022-06-03,false,,\n"
    )


def test_an_empty_report_is_a_header() -> None:
    nothing = pd.DataFrame({"date": pd.Series([], dtype=object), "stock": pd.Series([], dtype="int64")})
    assert export.csv_bytes(nothing) == b"date,stock\n"
    assert json.loads(export.json_bytes(nothing)) == []


def test_blocks_join_without_a_seam() -> None:
    many = pd.DataFrame({"event_id": [f"E{number}" for number in range(250_001)], "n": range(250_001)})
    lines = export.csv_bytes(many).decode().splitlines()
    assert len(lines) == 250_002
    assert lines[100_000:100_003] == ["E99999,99999", "E100000,100000", "E100001,100001"]
    assert [row["n"] for row in json.loads(export.json_bytes(many))] == list(range(250_001))


def test_json_holds_values_as_they_are() -> None:
    frame = pd.DataFrame(
        {
            "consignee": ["=HYPERLINK()", None],
            "arrived_at": pd.Series([dt.datetime(2022, 6, 1, 8, 5), None]),
            "dwell_hours": [27.5, float("nan")],
            "units": [3.0, 2.0],
        }
    )
    assert json.loads(export.json_bytes(frame)) == [
        {"consignee": "=HYPERLINK()", "arrived_at": "2022-06-01T08:05:00Z", "dwell_hours": 27.5, "units": 3},
        {"consignee": None, "arrived_at": None, "dwell_hours": None, "units": 2},
    ]


def test_a_workbook_runs_nothing_and_says_what_it_is() -> None:
    texts = ["=1+1", "http://example.org/", "-1.3", "{=SUM(A1)}", "x" * 40_000]
    frame = pd.DataFrame({"text": texts, "at": pd.Series([dt.datetime(2022, 6, 1, 8, 5)] * 5), "hours": 1.5})
    book = openpyxl.load_workbook(io.BytesIO(export.xlsx_bytes(frame, ABOUT)))
    sheet = book["report"]
    assert [sheet.cell(line, 1).value for line in range(2, 6)] == texts[:4]
    assert all(sheet.cell(line, 1).data_type == "s" for line in range(2, 7))
    assert all(sheet.cell(line, 1).hyperlink is None for line in range(2, 7))
    assert str(sheet.cell(6, 1).value).endswith("[cut; whole in CSV]")
    assert (sheet.cell(2, 2).value, sheet.cell(2, 3).value) == (dt.datetime(2022, 6, 1, 8, 5), 1.5)
    assert [cell.value for cell in book["about"]["A"]] == ["report", "rows", "is_sample"]


@settings(deadline=None)  # it writes a workbook
@given(st.sampled_from(FORMULA_STARTS), TEXT)
def test_a_workbook_keeps_what_looks_like_a_formula_text_even_when_it_is_edited(
    start: str, text: str
) -> None:
    frame = pd.DataFrame({"text": [start + text, "plain"]})
    book = openpyxl.load_workbook(io.BytesIO(export.xlsx_bytes(frame)))
    risky, plain = book["report"]["A2"], book["report"]["A3"]
    assert risky.data_type == "s" and not plain.quotePrefix
    assert bool(risky.quotePrefix) != bool(PLAIN_NUMBER.fullmatch(start + text))


@pytest.mark.parametrize("form", export.FORMATS)
def test_what_is_handed_out_says_what_it_is_and_is_the_same_bytes_each_time(form: str) -> None:
    frame = pd.DataFrame({"a": ["=1"], "b": [2]})
    first, second = (export.packed("stays", frame, ABOUT, form) for _ in range(2))
    assert first == second
    assert export.packed_ending(form) == (form if form in ("xlsx", "parquet") else "zip")
    assert zipfile.is_zipfile(io.BytesIO(first)) == (form != "parquet")


def test_too_many_rows_for_a_workbook_are_refused_with_a_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "XLSX_MAX_ROWS", 2)
    with pytest.raises(UserMistake, match="3 rows") as caught:
        export.xlsx_bytes(pd.DataFrame({"a": [1, 2, 3]}))
    assert "parquet" in caught.value.hint


def test_parquet_keeps_types_and_the_question() -> None:
    frame = pd.DataFrame({"at": pd.Series([dt.datetime(2022, 6, 1)]), "class": ["3"], "hours": [1e-05]})
    file = pq.ParquetFile(io.BytesIO(export.parquet_bytes(frame, ABOUT)))
    assert str(file.schema_arrow.field("at").type) == "timestamp[us, tz=UTC]"
    assert file.metadata.row_group(0).column(0).compression == "ZSTD"
    assert json.loads(file.schema_arrow.metadata[b"dgwatch"]) == ABOUT
    assert file.read().to_pylist()[0]["hours"] == 1e-05


def test_a_download_is_the_same_bytes_each_time() -> None:
    frame = pd.DataFrame({"a": ["=1"], "b": [2]})
    first, second = (export.zip_with_meta("stays", frame, ABOUT) for _ in range(2))
    assert first == second
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        assert archive.read("stays.csv") == b"a,b\n'=1,2\n"
        about = json.loads(archive.read("stays.csv.meta.json"))
        assert about == ABOUT | {"rows_sha256": hashlib.sha256(archive.read("stays.csv")).hexdigest()}


@pytest.mark.parametrize("form", export.FORMATS)
def test_a_written_report_has_its_meta_beside_it(form: str, tmp_path: Path) -> None:
    target = tmp_path / f"stays.{form}"
    frame = pd.DataFrame({"a": [1], "b": ["x"]})
    export.write(target, frame, form, ABOUT)
    assert {path.name for path in tmp_path.iterdir()} == {target.name, f"{target.name}.meta.json"}
    told = json.loads(target.with_name(f"{target.name}.meta.json").read_text())
    assert told == ABOUT | {"rows_sha256": export.rows_digest(frame)}
    options = {"engine": "openpyxl"} if form == "xlsx" else {}
    read = getattr(pd, f"read_{'excel' if form == 'xlsx' else form}")
    assert read(target, **options).to_dict("records") == [{"a": 1, "b": "x"}]


def test_a_report_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "stays.csv"
    target.write_text("old")
    with pytest.raises(ValueError, match="infinite"):
        export.write(target, pd.DataFrame({"a": [float("inf")]}), "csv", ABOUT)
    assert [path.name for path in tmp_path.iterdir()] == ["stays.csv"]
    assert target.read_text() == "old"


@pytest.mark.parametrize("target", ["missing/stays.csv", "."])
def test_a_place_that_cannot_be_written_is_a_mistake(target: str, tmp_path: Path) -> None:
    with pytest.raises(UserMistake) as caught:
        export.write(tmp_path / target, pd.DataFrame({"a": [1]}), "csv", ABOUT)
    assert caught.value.exit_code == 2
    assert caught.value.hint
