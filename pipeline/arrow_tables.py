"""Small Python tables as Arrow tables."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.csv


def arrow_table(columns: Mapping[str, Sequence[Any]], schema: pa.Schema) -> pa.Table:
    """The columns as a table of that schema; None is null, and so is an empty text.

    Goes through CSV on purpose: `pyarrow.array` of Python objects imports pandas where it is installed, which
    costs every command more than half a second before its first line of work.
    """
    if not any(columns.values()):
        return pa.Table.from_batches([], schema)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_MINIMAL)
    writer.writerows(zip(*([_cell(value) for value in columns[name]] for name in schema.names), strict=True))
    return pyarrow.csv.read_csv(
        pa.BufferReader(text.getvalue().encode()),
        read_options=pyarrow.csv.ReadOptions(column_names=schema.names, use_threads=False),
        parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=schema,
            null_values=[""],
            true_values=["true"],
            false_values=["false"],
            strings_can_be_null=True,
        ),
    )


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(value)
