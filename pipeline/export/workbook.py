"""A workbook of a report: the rows, and a sheet that says what they are."""

from __future__ import annotations

import datetime as dt
import json
import math
from typing import Any

import pyarrow as pa
import xlsxwriter

from pipeline.formulas import runs_as_formula

_ROWS_A_BLOCK = 100_000
_CELL_CHARACTERS = 32_767
_CUT = " … [cut; whole in CSV]"


def write_sheet(book: xlsxwriter.Workbook, name: str, table: pa.Table) -> None:
    """The rows under a frozen header; instants and dates as spreadsheet dates, text as text.

    A text that begins like a formula has the mark of a leading apostrophe: it stays text when somebody edits it."""
    sheet = book.add_worksheet(name)
    head = book.add_format({"bold": True, "bottom": 1, "quote_prefix": True})
    as_text = book.add_format({"quote_prefix": True})
    forms = [_cell_format(book, field.type) for field in table.schema]
    sheet.freeze_panes(1, 0)
    for position, column in enumerate(table.column_names):
        sheet.set_column(position, position, max(10, min(30, len(column) + 2)))
        sheet.write_string(0, position, column, head)
    line = 1
    for block in table.to_batches(max_chunksize=_ROWS_A_BLOCK):
        columns = [column.to_pylist() for column in block.columns]
        for row in zip(*columns, strict=True):
            for position, value in enumerate(row):
                harmful = isinstance(value, str) and runs_as_formula(value)
                _write_cell(sheet, line, position, value, as_text if harmful else forms[position])
            line += 1


def _cell_format(book: xlsxwriter.Workbook, kind: pa.DataType) -> Any:
    if pa.types.is_timestamp(kind):
        return book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    return book.add_format({"num_format": "yyyy-mm-dd"}) if pa.types.is_date(kind) else None


def _fitting(text: str) -> str:
    """A cell of a spreadsheet takes 32,767 characters; a longer text ends with a mark that it was cut."""
    return text if len(text) <= _CELL_CHARACTERS else text[: _CELL_CHARACTERS - len(_CUT)] + _CUT


def _write_cell(sheet: Any, line: int, position: int, value: Any, form: Any) -> None:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return
    if isinstance(value, str):
        sheet.write_string(line, position, _fitting(value), form)
    elif isinstance(value, bool):
        sheet.write_boolean(line, position, value)
    elif isinstance(value, dt.datetime):
        sheet.write_datetime(line, position, value.replace(tzinfo=None), form)
    elif isinstance(value, dt.date):
        sheet.write_datetime(line, position, value, form)
    else:
        sheet.write_number(line, position, value)


def write_about(book: xlsxwriter.Workbook, about: dict[str, Any]) -> None:
    """A sheet of names and values beside the report."""
    sheet = book.add_worksheet("about")
    sheet.set_column(0, 0, 14)
    sheet.set_column(1, 1, 100)
    as_text = book.add_format({"quote_prefix": True, "text_wrap": True, "valign": "top"})
    for line, (key, value) in enumerate(about.items()):
        sheet.write_string(line, 0, key)
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        sheet.write_string(line, 1, _fitting(text), as_text)
