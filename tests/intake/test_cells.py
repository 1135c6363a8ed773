"""Each type's accepted and rejected texts, one by one, and whole columns held to the same."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intake.support import reference
from pipeline.contract import SOURCES, Column, Type
from pipeline.intake import columns
from pipeline.intake.cells import cleaner_of, tidy
from pipeline.intake.columns import DictionaryColumn

ITEMS = SOURCES["dg_items"].column_by_name
MOVES = SOURCES["yard_moves"].column_by_name
ITEM_CLASS = ITEMS["imo_class"]

US_OF_2022_06_01_0805 = 1_654_070_700_000_000

ACCEPTED: list[tuple[Column, str, Any]] = [
    *(
        (ITEMS["flashpoint_c"], text, value)
        for text, value in [
            ("0", 0.0),
            ("-12.5", -12.5),
            ("+3", 3.0),
            ("3.", 3.0),
            (".5", 0.5),
            ("-.5", -0.5),
            ("007", 7.0),
            ("0.30000000000000004", 0.30000000000000004),
            ("1" * 30, float("1" * 30)),
        ]
    ),
    *((ITEMS["net_weight_kg"], text, value) for text, value in [("0", 0.0), ("-0", 0.0), ("12.50", 12.5)]),
    *(
        (ITEMS["is_limited_quantity"], text, value)
        for text, value in [
            ("true", True),
            ("TRUE", True),
            ("False", False),
            ("1", True),
            ("0", False),
            ("y", True),
            ("N", False),
        ]
    ),
    *(
        (ITEMS["un_number"], text, value)
        for text, value in [
            ("1203", "1203"),
            ("0004", "0004"),
            ("UN1203", "1203"),
            ("un 1203", "1203"),
            ("Un0004", "0004"),
        ]
    ),
    *((ITEMS["packing_group"], text, value) for text, value in [("I", "I"), ("II", "II"), ("iii", "III")]),
    *((ITEM_CLASS, text, value) for text, value in [("3", "3"), ("2.1", "2.1"), ("1.4s", "1.4S")]),
    *(
        (MOVES["un_location_code"], text, value)
        for text, value in [
            ("CNSHG", "CNSHG"),
            ("cnshg", "CNSHG"),
            ("CNSHA", "CNSHG"),
            ("CNNGB", "CNNBO"),
        ]
    ),
    *((MOVES["event_type"], text, value) for text, value in [("DISC", "DISC"), ("gtin", "GTIN")]),
    (SOURCES["clearance_milestones"].column_by_name["milestone"], "CUSR", "released"),
    (SOURCES["clearance_milestones"].column_by_name["milestone"], "Held", "held"),
    *(
        (MOVES["equipment_reference"], text, value)
        for text, value in [
            ("mscu1234566", "MSCU1234566"),
            ("车厢a", "车厢A"),
            ("NOT A BOX", "NOT A BOX"),
        ]
    ),
    *(
        (MOVES["block"], text, text)
        for text in ["危险2区", "a\tb", "NA", "-", "null", "x" * 1000, "危" * 1000]
    ),
    *(
        (SOURCES["daily_weather"].column_by_name["date"], text, value)
        for text, value in [
            ("2022-06-01", date(2022, 6, 1)),
            ("2022/6/1", date(2022, 6, 1)),
            ("2022/06/01", date(2022, 6, 1)),
            ("2024-02-29", date(2024, 2, 29)),
            ("1850-01-01", date(1850, 1, 1)),
        ]
    ),
    *(
        (MOVES["event_at"], text, (US_OF_2022_06_01_0805 + extra, local))
        for text, extra, local in [
            ("2022-06-01T08:05", 0, True),
            ("2022-06-01 08:05", 0, True),
            ("2022-06-01T08:05:09", 9_000_000, True),
            ("2022-06-01T08:05:00.25", 250_000, True),
            ("2022-06-01T08:05:00.1234567", 123_456, True),
            ("2022-06-01T08:05Z", 0, False),
            ("2022-06-01T08:05:00Z", 0, False),
            ("2022-06-01T16:05:00+08:00", 0, False),
            ("2022-06-01 16:05+0800", 0, False),
            ("2022-05-31T23:35:00.5-08:30", 500_000, False),
            ("2022/6/1 8:05", 0, True),
            ("2022/06/01 08:05:01", 1_000_000, True),
            ("2022/6/01T8:05", 0, True),
            ("2022/6/1 16:05+08:00", 0, False),
        ]
    ),
]

REJECTED: list[tuple[Column, str, str]] = [
    *((ITEMS["flashpoint_c"], text, "bad_number") for text in [
        "NA", "null", "-", "+", ".", "1,000", "1e5", "0x10", "inf", "nan", "1_000", "1 000", "--1", "1.2.3",
        "１２", "٣", "9" * 400, "3-4", "5-",
    ]),
    *((ITEMS["net_weight_kg"], text, "negative_quantity") for text in ["-1", "-.5"]),
    (ITEMS["net_weight_kg"], "-x", "bad_number"),
    *((ITEMS["is_limited_quantity"], text, "bad_boolean") for text in ["yes", "no", "T", "2", "1.0", "是"]),
    *((ITEMS["un_number"], text, "bad_un_number") for text in [
        "4", "12033", "UN  1203", "UN-1203", "NA1203", "1203.0", "１２０３",
    ]),
    *((ITEMS["packing_group"], text, "bad_packing_group") for text in ["IV", "1", "PG II", "Ⅱ", "-"]),
    *((ITEM_CLASS, text, "unknown_code") for text in ["3.0", "10", "NA", "1.4Z", "unidentified", "1.4ſ"]),
    *((MOVES["un_location_code"], text, "unknown_port") for text in ["XXXXX", "CN SHG", "-"]),
    *((MOVES["event_type"], text, "unknown_code") for text in ["GATE", "NA", "DISC,"]),
    *((MOVES["equipment_reference"], text, "bad_text") for text in ["A\x00B", "A" * 1001]),
    *((MOVES["block"], text, "bad_text") for text in ["a\x01b", "a\x7fb", "a\x85b", "\x0ba", "危" * 1001]),
    *((SOURCES["daily_weather"].column_by_name["date"], text, "bad_date") for text in [
        "2022-6-1", "2022-02-29", "20220601", "2022-06-01T00:00", "01/06/2022", "2022-13-01", "0000-01-01", "22/6/1",
    ]),
    *((MOVES["event_at"], text, "bad_timestamp") for text in [
        "2022-06-01", "2022-06-01T24:00", "2022-06-01T08:05:60", "20220601T0805", "2022-06-01T08", "2022-06-01T8:05",
        "2022-06-01T08:05+08", "2022-06-01t08:05", "2022-06-01T08:05z", "2022-06-01  08:05", "2022-02-29T08:05",
        "2022-06-31T08:05", "2022-06-00T08:05", "2022-06-01T08:60", "2022-06-01T08:05 +08:00", "2022-06-01T08:05:",
        "2022-06-01T08:05:00.", "2022-06-01T08:05:00,5", "2022-06-01T08:05+24:00", "2022-06-01T08:05+08:60",
        "2022-6-1 8:05", "2022/6/1", "6/1/2022 8:05", "2022/6/1 8:5", "0000-06-01T08:05", "NA", "-", "1654041900",
        "2022-06-01T08:05:00.5+8:00", "２022-06-01T08:05", "2022-06-01T08:05:00+08:00x",
    ]),
]  # fmt: skip


@pytest.mark.parametrize(("column", "text", "value"), ACCEPTED, ids=lambda value: str(value)[:40])
def test_accepted(column: Column, text: str, value: Any) -> None:
    assert cleaner_of(column, reference())(text) == (value, None)
    assert check_column(column, [text, None, text]) == [(value, False), (None, False), (value, False)]


@pytest.mark.parametrize(("column", "text", "code"), REJECTED, ids=lambda value: str(value)[:40])
def test_rejected(column: Column, text: str, code: str) -> None:
    assert cleaner_of(column, reference())(text)[1] == code
    assert [bad for _, bad in check_column(column, [None, text])] == [False, True]


@pytest.mark.parametrize(
    ("text", "tidied"),
    [
        ("", None), (" \t\u00a0\u3000", None), (" a b ", "a b"), ("\u3000危\u00a0", "危"), ("a\r\nb\rc\nd", "a b c d"),
        ("\n", None), (None, None), ("\u2003a", "\u2003a"), ("\x0ba", "\x0ba"), ("\t=1", "=1"),
    ],
)  # fmt: skip
def test_blanks_are_cut_and_line_breaks_are_blanks(text: str | None, tidied: str | None) -> None:
    assert tidy(text) == tidied
    expected = (tidied, tidied is not None and "\x0b" in tidied)
    assert check_column(MOVES["block"], [text or None]) == [expected if not expected[1] else (None, True)]


def check_column(column: Column, texts: list[str | None]) -> list[tuple[Any, bool]]:
    """(value, is bad) of every text by the check of whole columns."""
    array = pa.array(texts, pa.string())
    if column.type is Type.TIMESTAMP:
        checked = columns.check_instants(array)
    elif column.type is Type.DATE:
        checked = columns.check_dates(array)
    elif column.type in (Type.NUMBER, Type.QUANTITY):
        checked = columns.check_numbers(array, column, reference())
    elif column.type is Type.UNIT:
        checked = columns.check_units(array)
    elif column.type is Type.TEXT:
        checked = columns.check_text(array)
    else:
        checked = DictionaryColumn(column, reference()).check(array.dictionary_encode())
    bad = checked.bad if checked.bad is not None else np.zeros(len(texts), bool)
    values = checked.values.to_pylist()
    if checked.local is not None:
        values = list(zip(values, checked.local.tolist(), strict=True))
    return [
        (None if missing or wrong else value, bool(wrong))
        for value, missing, wrong in zip(values, checked.null, bad, strict=True)
    ]


SNIPPETS = [
    "2022-06-01", "2022/6/1", "T", " ", "08:05", "8:05", ":00", ".5", ".1234567", "Z", "+08:00", "-0830", "24:00",
    "1", "0", "-", "+", ".", "12.5", "99", "危", "\u00a0", "\u3000", "\n", "\t", "\x00", "\x85", "NA", "true", "y",
    "UN1203", "1203", "mscu1234566", "II", "3", "1.4s", "cnshg", "DISC", "é", "x" * 999, "2022-02-29", "1e5",
]  # fmt: skip
ANY_TEXT = st.one_of(st.lists(st.sampled_from(SNIPPETS), max_size=5).map("".join), st.text(max_size=12))


@settings(deadline=None, max_examples=500)
@given(
    st.sampled_from([column for source in SOURCES.values() for column in source.columns]), st.lists(ANY_TEXT)
)
def test_whole_columns_take_what_single_cells_take(column: Column, texts: list[str]) -> None:
    clean = cleaner_of(column, reference())
    expected = []
    for text in texts:
        tidied = tidy(text)
        value, code = clean(tidied) if tidied is not None else (None, None)
        expected.append((None if code else value, code is not None))
    assert check_column(column, [text or None for text in texts]) == expected


@pytest.mark.parametrize("text", ["-0", "-0.00", "0", "+0"])
def test_a_zero_has_no_sign(text: str) -> None:
    column = SOURCES["daily_weather"].column_by_name["max_temp_c"]
    value, _ = cleaner_of(column, reference())(text)
    whole = columns.check_numbers(pa.array([text, "1"]), column, reference()).values[0].as_py()
    assert [math.copysign(1, zero) for zero in (value, whole)] == [1, 1]
