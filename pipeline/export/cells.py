"""The cells of a frame as text of a CSV, a whole column at a time."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import cache
from itertools import groupby

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.arrow_tables import flat_array, is_null, values_of
from pipeline.formulas import PLAIN_NUMBER, RUNS_AS_FORMULA

_NEEDS_QUOTES = '[",\r\n]'
_QUOTED_MARKS = (b'"', b",", b"\r", b"\n")
_MAY_RUN = np.zeros(256, bool)
_MAY_RUN[list(b"=+-@\t\r") + ["\uff1d".encode()[0]]] = True
"""By its first byte, whether a text may be one that a spreadsheet would run: most columns hold none."""
_TEXT = pa.large_string()
_NULL_IS_EMPTY = {"null_handling": "replace", "null_replacement": ""}
_FEW_OF = 0.25
"""Numbers of which at most this share differ are written once each."""
_SAMPLED = 1000


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


def csv_lines(block: pa.RecordBatch) -> bytes:
    """The rows of a block as lines of a CSV, each with its line feed; null cells are empty."""
    names = block.schema.names
    parts = _without_empty([csv_cells(block.column(name), name) for name in names])
    last = parts.pop()
    if isinstance(last, pa.Scalar):
        ended = pa.scalar(f"{last}\n", _TEXT)
    else:
        ended = pc.binary_join_element_wise(
            last, pa.scalar("\n", _TEXT), pa.scalar("", _TEXT), **_NULL_IS_EMPTY
        )
    lines = pc.binary_join_element_wise(*parts, ended, pa.scalar(",", _TEXT), **_NULL_IS_EMPTY)
    return _data(lines) if isinstance(lines, pa.Array) else lines.as_py().encode() * block.num_rows


def _without_empty(cells: list[pa.Array]) -> list[pa.Array | pa.Scalar]:
    """The cells of the columns, with one text of commas in the place of columns in a row in which all are empty."""
    found: list[pa.Array | pa.Scalar] = []
    for is_empty, run in groupby(cells, key=lambda column: column.null_count == len(column)):
        columns = list(run)
        found += [pa.scalar("," * (len(columns) - 1), _TEXT)] if is_empty else columns
    return found


def csv_cells(column: pa.Array, name: str) -> pa.Array:
    """The cells of a column as they stand in the CSV, null where they are empty."""
    kind = column.type
    if column.null_count == len(column):
        return pa.nulls(len(column), _TEXT)
    if pa.types.is_large_string(kind):
        return quoted(guarded(column))
    if pa.types.is_timestamp(kind):
        return instants(column)
    if pa.types.is_floating(kind):
        return _decimals(column, name)
    if pa.types.is_integer(kind):
        return _each_once(column, lambda numbers: numbers.cast(_TEXT))
    text = column.cast(_TEXT)
    if pa.types.is_decimal(kind):
        text = _without_trailing_zeros(text)
    return text


def _data(text: pa.Array) -> bytes:
    """All characters of an array of text in one, as UTF-8."""
    _, offsets, data = text.buffers()
    if data is None or not len(text):
        return b""
    bounds = np.frombuffer(offsets, np.int64)[text.offset : text.offset + len(text) + 1]
    return bytes(memoryview(data)[bounds[0] : bounds[-1]])


def _begins(text: pa.Array) -> npt.NDArray[np.uint8]:
    """The first byte of every text that has any; those of null ones may be among them."""
    _, offsets, data = text.buffers()
    if data is None or not data.size:
        return np.empty(0, np.uint8)
    bounds = np.frombuffer(offsets, np.int64)[text.offset : text.offset + len(text) + 1]
    starts = bounds[:-1][bounds[1:] > bounds[:-1]]
    return np.frombuffer(data, np.uint8)[starts]


def guarded(text: pa.Array) -> pa.Array:
    """Text cells with an apostrophe before what a spreadsheet would run; numbers stay as they are."""
    text = text.cast(_TEXT)
    if not _MAY_RUN[_begins(text)].any():
        return text
    runs = pc.match_substring_regex(text, RUNS_AS_FORMULA)
    if not pc.any(runs).as_py():
        return text
    harmful = pc.and_not(runs, pc.match_substring_regex(text, PLAIN_NUMBER))
    return pc.if_else(harmful, _joined("'", text), text)


def quoted(text: pa.Array) -> pa.Array:
    """Text cells in RFC 4180 quotes where a comma, a quote or a line break asks for them."""
    text = text.cast(_TEXT)
    data = _data(text)
    if not any(mark in data for mark in _QUOTED_MARKS):
        return text
    needs = pc.match_substring_regex(text, _NEEDS_QUOTES)
    if not pc.any(needs).as_py():
        return text
    return pc.if_else(needs, _joined('"', pc.replace_substring(text, '"', '""'), '"'), text)


def _joined(*parts: str | pa.Array) -> pa.Array:
    cast = [pa.scalar(part, _TEXT) if isinstance(part, str) else part.cast(_TEXT) for part in parts]
    return pc.binary_join_element_wise(*cast, pa.scalar("", _TEXT))


def instants(column: pa.Array) -> pa.Array:
    """`2022-06-01T08:05:00Z`, with the fraction's digits where it is not zero."""
    micros = values_of(column.cast(pa.timestamp("us")), null_as=0)
    seconds, fraction = _divided(micros, 1_000_000)
    whole = _whole_seconds(seconds, column)
    if not fraction.any():
        return whole
    digits = pc.utf8_lpad(pa.array(fraction).cast(_TEXT), 6, padding="0")
    exact = _joined(pc.utf8_slice_codeunits(whole, 0, -1), ".", pc.utf8_rtrim(digits, characters="0"), "Z")
    return pc.if_else(pa.array(fraction == 0), whole, exact)


def _whole_seconds(seconds: npt.NDArray[np.int64], column: pa.Array) -> pa.Array:
    """The text of whole seconds: its day and its time of day are each looked up in a table of texts."""
    days, times = _divided(seconds, 86_400)
    first, last = int(days.min(initial=0)), int(days.max(initial=0))
    if first < _FIRST_PLAIN_DAY or last > _LAST_PLAIN_DAY:
        raise ValueError("an instant before the year 0 or after the year 9999")
    if first >= 0 and last < _USUAL_DAYS:
        names, places = _usual_days(), days
    else:
        told, places = np.unique(days, return_inverse=True)
        names = _names(told)
    text = np.empty(len(seconds), [("day", "V10"), ("time", "V10")])
    text["day"] = names[places]
    text["time"] = _times_of_day()[times]
    offsets = pa.py_buffer(np.arange(0, 20 * len(seconds) + 1, 20))
    known = flat_array(~is_null(column)).buffers()[1] if column.null_count else None
    return pa.Array.from_buffers(
        _TEXT, len(seconds), [known, offsets, pa.py_buffer(text)], null_count=column.null_count
    )


def _divided(numbers: npt.NDArray[np.int64], by: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """As `numpy.divmod` by one number, several times as fast."""
    whole = numbers // by
    return whole, numbers - whole * by


_FIRST_PLAIN_DAY, _LAST_PLAIN_DAY = -719_528, 2_932_896
"""1 January of the year 0 and 31 December 9999, in days from 1970: ten letters each."""
_USUAL_DAYS = 48_000
"""Days from 1970 that are written once a process: 131 years."""


def _names(days: npt.NDArray[np.int64]) -> npt.NDArray[np.void]:
    """Days from 1970 as ten letters each."""
    return days.astype("datetime64[D]").astype("S10").view("V10")


@cache
def _usual_days() -> npt.NDArray[np.void]:
    return _names(np.arange(_USUAL_DAYS))


@cache
def _times_of_day() -> npt.NDArray[np.void]:
    """`T08:05:00Z` of every second of a day, ten bytes each."""
    seconds = np.arange(86_400).astype("datetime64[s]").astype("S19")
    letters = seconds.view(np.uint8).reshape(-1, 19)[:, 10:]
    return np.concatenate([letters, np.full((86_400, 1), ord("Z"), np.uint8)], axis=1).view("V10").ravel()


def _decimals(column: pa.Array, name: str) -> pa.Array:
    """The shortest plain decimal of each double; not-a-number is null, infinity raises `ValueError`."""
    column = pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)
    refuse_infinity(column, name)
    column = pc.if_else(pc.equal(column, 0), pa.scalar(0, column.type), column)
    return _each_once(column, _plain)


def _each_once(column: pa.Array, told: Callable[[pa.Array], pa.Array]) -> pa.Array:
    """The text of numbers; where few differ each is written once."""
    sample = column.slice(0, _SAMPLED)
    if pc.count_distinct(sample).as_py() <= _FEW_OF * len(sample):
        coded = column.dictionary_encode()
        return told(coded.dictionary).take(coded.indices)
    return told(column)


def _plain(column: pa.Array) -> pa.Array:
    text = column.cast(_TEXT)
    if b"e" not in _data(text):
        return text
    odd = pc.fill_null(pc.match_substring(text, "e"), False)
    plain = [f"{Decimal(cell):f}" for cell in text.filter(odd).to_pylist()]
    return pc.replace_with_mask(text, odd, pa.array(plain, text.type))


def refuse_infinity(column: pa.Array, name: str) -> None:
    """Raise `ValueError`: no figure is infinite, a query that says so is wrong."""
    if pc.any(pc.is_inf(column)).as_py():
        raise ValueError(f"column {name} holds an infinite number: a division by zero in its query")


def _without_trailing_zeros(text: pa.Array) -> pa.Array:
    return pc.replace_substring_regex(text, r"\.0+$|(\.[0-9]*[1-9])0+$", r"\1")
