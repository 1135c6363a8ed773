"""The cells of a frame as text of a CSV, a whole column at a time."""

from __future__ import annotations

import re
from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

_RUNS_AS_FORMULA = "^[=+@\\-\uff1d\uff0b\uff0d\uff20\t\r]"
"""How a cell begins that a spreadsheet would run; the full-width forms count in East Asia (ruling 50)."""
_PLAIN_NUMBER = r"^[+-]?[0-9]+(\.[0-9]+)?$"
_NEEDS_QUOTES = '[",\r\n]'


def runs_as_formula(text: str) -> bool:
    """Whether a spreadsheet would run this text, were it typed into a cell."""
    return re.match(_RUNS_AS_FORMULA, text) is not None and re.fullmatch(_PLAIN_NUMBER, text) is None


def arrow_table(frame: pd.DataFrame) -> pa.Table:
    """The frame in Arrow: text as large_string, instants in microseconds of UTC, nulls alone as text."""
    table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    fields = []
    for field in table.schema:
        kind = field.type
        if pa.types.is_dictionary(kind):
            kind = kind.value_type
        if pa.types.is_null(kind) or pa.types.is_string(kind):
            kind = pa.large_string()
        elif pa.types.is_timestamp(kind):
            kind = pa.timestamp("us", "UTC")
        fields.append(pa.field(field.name, kind))
    return table.cast(pa.schema(fields))


def csv_cells(column: pa.Array, name: str) -> pa.Array:
    """The cells of a column as they stand in the CSV."""
    kind = column.type
    if pa.types.is_large_string(kind):
        return _empty_for_null(quoted(guarded(column)))
    if pa.types.is_timestamp(kind):
        return _empty_for_null(instants(column))
    if pa.types.is_floating(kind):
        return _empty_for_null(_decimals(column, name))
    text = column.cast(pa.large_string())
    if pa.types.is_decimal(kind):
        text = _without_trailing_zeros(text)
    return _empty_for_null(text)


def _empty_for_null(text: pa.Array) -> pa.Array:
    return pc.fill_null(text.cast(pa.large_string()), "")


def guarded(text: pa.Array) -> pa.Array:
    """Text cells with an apostrophe before what a spreadsheet would run; numbers stay as they are."""
    runs = pc.match_substring_regex(text, _RUNS_AS_FORMULA)
    if not pc.any(runs).as_py():
        return text
    harmful = pc.and_not(runs, pc.match_substring_regex(text, _PLAIN_NUMBER))
    return pc.if_else(harmful, _joined("'", text), text)


def quoted(text: pa.Array) -> pa.Array:
    """Text cells in RFC 4180 quotes where a comma, a quote or a line break asks for them."""
    needs = pc.match_substring_regex(text, _NEEDS_QUOTES)
    if not pc.any(needs).as_py():
        return text
    return pc.if_else(needs, _joined('"', pc.replace_substring(text, '"', '""'), '"'), text)


def _joined(*parts: str | pa.Array) -> pa.Array:
    kind = pa.large_string()
    cast = [pa.scalar(part, kind) if isinstance(part, str) else part.cast(kind) for part in parts]
    return pc.binary_join_element_wise(*cast, pa.scalar("", kind))


def instants(column: pa.Array) -> pa.Array:
    """`2022-06-01T08:05:00Z`, with the fraction's digits where it is not zero."""
    naive = column.cast(pa.timestamp("us"))
    seconds = pc.floor_temporal(naive, unit="second")
    text = pc.binary_replace_slice(seconds.cast(pa.timestamp("s")).cast(pa.large_string()), 10, 11, "T")
    micros = pc.subtract(naive.cast(pa.int64()), seconds.cast(pa.int64()))
    if not pc.any(pc.not_equal(micros, 0)).as_py():
        return _joined(text, "Z")
    digits = pc.utf8_rtrim(pc.utf8_lpad(micros.cast(pa.large_string()), 6, padding="0"), characters="0")
    return pc.if_else(pc.equal(micros, 0), _joined(text, "Z"), _joined(text, ".", digits, "Z"))


def _decimals(column: pa.Array, name: str) -> pa.Array:
    """The shortest plain decimal of each double; not-a-number is null, infinity raises `ValueError`."""
    column = pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)
    refuse_infinity(column, name)
    column = pc.if_else(pc.equal(column, 0), pa.scalar(0, column.type), column)
    text = column.cast(pa.large_string())
    odd = pc.fill_null(pc.match_substring(text, "e"), False)
    if not pc.any(odd).as_py():
        return text
    plain = [f"{Decimal(cell):f}" for cell in text.filter(odd).to_pylist()]
    return pc.replace_with_mask(text, odd, pa.array(plain, text.type))


def refuse_infinity(column: pa.Array, name: str) -> None:
    """Raise `ValueError`: no figure is infinite, a query that says so is wrong."""
    if pc.any(pc.is_inf(column)).as_py():
        raise ValueError(f"column {name} holds an infinite number: a division by zero in its query")


def _without_trailing_zeros(text: pa.Array) -> pa.Array:
    return pc.replace_substring_regex(text, r"\.0+$|(\.[0-9]*[1-9])0+$", r"\1")
