"""Instants and dates of whole columns: texts of one shape are read at once, digit column by digit column.

The shape of a text is the text with every digit as `0`. Each shape is held against the pattern that single
cells are held against, so both accept the same texts.
"""

from __future__ import annotations

import re
from functools import lru_cache

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.arrow_tables import is_null
from pipeline.intake.instants import DATE, DAY, INSTANT, MICROSECONDS, date_of, instant_of
from pipeline.intake.texts import Bytes, Mask, buffers_of, matrix_of

MANY_SHAPES = 24
"""Shapes of one length that are read at once; texts of further shapes are read one by one."""

LONGEST_SHAPE = 40

Span = tuple[int, int] | None
Int64s = NDArray[np.int64]


def _calendar() -> tuple[Int64s, NDArray[np.int8]]:
    """Days from 1970-01-01 of the first of every month, and its length, by 12 * year + month - 1."""
    months = np.arange("0000-01", "10000-02", dtype="datetime64[M]")
    firsts = months.astype("datetime64[D]").astype(np.int64)
    lengths = np.diff(firsts).astype(np.int8)
    lengths[:12] = 0  # There is no year 0.
    return firsts[:-1], lengths


_MONTH_STARTS, _MONTH_LENGTHS = _calendar()


def parse_instants(array: pa.StringArray) -> tuple[Int64s, Mask, Mask]:
    """(microseconds, is_local, is bad) of every text; null texts are neither."""
    values = np.zeros(len(array), np.int64)
    local = np.zeros(len(array), bool)
    bad = np.zeros(len(array), bool)
    for rows, matrix, spans in _groups(array, INSTANT):
        if matrix is None or spans is None:
            for row in rows.tolist():
                found = instant_of(array[row].as_py()) if matrix is None else None
                bad[row] = found is None
                if found:
                    values[row], local[row] = found
            continue
        values[rows], bad[rows] = _instants_of(matrix, spans)
        local[rows] = spans[11] is None
    return values, local, bad


def parse_dates(array: pa.StringArray) -> tuple[NDArray[np.int32], Mask]:
    """(days from 1970-01-01, is bad) of every text; null texts are not bad."""
    values = np.zeros(len(array), np.int64)
    bad = np.zeros(len(array), bool)
    for rows, matrix, spans in _groups(array, DATE):
        if matrix is None or spans is None:
            for row in rows.tolist():
                found = date_of(array[row].as_py()) if matrix is None else None
                bad[row] = found is None
                if found:
                    values[row] = found.toordinal() - 719163
            continue
        columns = _digits(matrix)
        values[rows], bad[rows] = _days(columns, [spans[n] or spans[n + 3] for n in range(3)])
    return values.astype(np.int32), bad


@lru_cache(maxsize=1024)
def _spans(shape: bytes, pattern: re.Pattern[str]) -> tuple[Span, ...] | None:
    """Where each group of the pattern lies in a shape; None where the shape does not fit."""
    found = pattern.fullmatch(shape.decode("latin-1"))
    if not found:
        return None
    return tuple(found.span(n) if found[n] is not None else None for n in range(1, pattern.groups + 1))


def _groups(
    array: pa.StringArray, pattern: re.Pattern[str]
) -> list[tuple[Int64s, Bytes | None, tuple[Span, ...] | None]]:
    """Rows of equal shape: (rows, matrix, spans). Without a matrix: one by one; without spans: all bad."""
    ends, _ = buffers_of(array)
    lengths = np.diff(ends)
    filled = ~is_null(array) if array.null_count else np.ones(len(array), bool)
    groups: list[tuple[Int64s, Bytes | None, tuple[Span, ...] | None]] = []
    for length in _distinct(lengths[filled] if array.null_count else lengths):
        rows = np.flatnonzero(filled & (lengths == length))
        if length > LONGEST_SHAPE:
            groups.append((rows, None, None))
            continue
        matrix = matrix_of(array, rows, length)
        groups.extend(_by_shape(rows, matrix, pattern))
    return groups


def _distinct(lengths: NDArray[np.int32]) -> list[int]:
    if not len(lengths):
        return []
    if lengths.max() == lengths.min():
        return [int(lengths[0])]
    return np.unique(lengths).tolist()


def _by_shape(
    rows: Int64s, matrix: Bytes, pattern: re.Pattern[str]
) -> list[tuple[Int64s, Bytes | None, tuple[Span, ...] | None]]:
    groups: list[tuple[Int64s, Bytes | None, tuple[Span, ...] | None]] = []
    shapes = np.where((matrix - np.uint8(48)) < 10, np.uint8(48), matrix)
    for _ in range(MANY_SHAPES):
        first = shapes[0]
        same = (shapes == first).reshape(-1)
        spans = _spans(first.tobytes(), pattern)
        if same.all():
            groups.append((rows, matrix, spans))
            return groups
        fits = same.reshape(shapes.shape).all(axis=1)
        groups.append((rows[fits], matrix[fits], spans))
        rows, matrix, shapes = rows[~fits], matrix[~fits], shapes[~fits]
    groups.append((rows, None, None))
    return groups


def _digits(matrix: Bytes) -> Bytes:
    """The matrix by place: one contiguous row of digit values for every place of the texts."""
    return np.ascontiguousarray(matrix.T) - np.uint8(48)


def _number(columns: Bytes, span: Span, type_: type = np.int32) -> NDArray[np.int32]:
    if span is None:
        return np.zeros(columns.shape[1], type_)
    total = columns[span[0]].astype(type_)
    for place in range(span[0] + 1, span[1]):
        total *= 10
        total += columns[place]
    return total


def _days(columns: Bytes, spans: list[Span]) -> tuple[Int64s, Mask]:
    year, month, day = (_number(columns, span) for span in spans)
    bad = (month < 1) | (month > 12)
    index = year * 12 + month - 1
    index[bad] = 0
    bad |= (day < 1) | (day > _MONTH_LENGTHS[index])
    return _MONTH_STARTS[index] + (day - 1), bad


def _instants_of(matrix: Bytes, spans: tuple[Span, ...]) -> tuple[Int64s, Mask]:
    columns = _digits(matrix)
    days, bad = _days(columns, [spans[n] or spans[n + 4] for n in range(3)])
    hour = _number(columns, spans[3] or spans[7])
    minute, second = _number(columns, spans[8]), _number(columns, spans[9])
    bad |= (hour > 23) | (minute > 59) | (second > 59)
    seconds = (hour * 60 + minute) * 60 + second
    offset = spans[11]
    if offset is not None and offset[1] - offset[0] > 1:
        hours = _number(columns, (offset[0] + 1, offset[0] + 3))
        minutes = _number(columns, (offset[1] - 2, offset[1]))
        bad |= (hours > 23) | (minutes > 59)
        behind = matrix[0, offset[0]] == ord("-")
        seconds += (hours * 60 + minutes) * (60 if behind else -60)
    instants = days * DAY + seconds.astype(np.int64) * MICROSECONDS
    if spans[10] is not None:
        begin, end = spans[10][0], min(spans[10][1], spans[10][0] + 6)
        instants += _number(columns, (begin, end)) * 10 ** (6 - (end - begin))
    return instants, bad
