"""The check of whole columns: the values of every row and the rows that cannot be taken.

It does what `cells.py` does for one cell. Texts of few distinct values are checked once a text; the others by
arithmetic on their bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipeline.arrow_tables import flat_array, is_null, text_array, values_of
from pipeline.contract import Column, Type
from pipeline.intake.cells import NO_SIGN, cleaner_of, tidy
from pipeline.intake.instant_columns import parse_dates, parse_instants
from pipeline.intake.texts import Mask, bad_texts, buffers_of, tidied

MOST_REMEMBERED_TEXTS = 100_000
"""How many distinct texts a column remembers before it starts anew; a bound on memory."""

NULL, BAD = -1, -2

_PLAIN_NUMBER = r"^-?[0-9]{1,15}(\.[0-9]{1,15})?\z"
"""Texts that surely are numbers which DOUBLE can hold; `cells.py` decides on all others."""


@dataclass
class CheckedColumn:
    """A column as checked: its values, which rows are bad (None for none) and which are null.

    `codes` are the indices of a dictionary's values (`NULL`, `BAD`); `local` tells instants without offset.
    """

    values: pa.Array
    null: Mask
    bad: Mask | None = None
    codes: NDArray[np.int32] | None = None
    local: Mask | None = None


class DictionaryColumn:
    """Checks a column of few distinct texts. Values keep their index from block to block."""

    def __init__(self, column: Column, reference: Any) -> None:
        self._clean = cleaner_of(column, reference)
        self._is_boolean = column.type is Type.BOOLEAN
        self._index_of_text: dict[str, int] = {}
        self._index_of_value: dict[Any, int] = {}
        self.values: list[Any] = []
        self._dictionary = text_array([])

    def check(self, array: pa.DictionaryArray) -> CheckedColumn:
        """The values, nulls and bad rows of a column of texts as given."""
        if len(self._index_of_text) > MOST_REMEMBERED_TEXTS:
            self._index_of_text.clear()
            self._index_of_value.clear()
            self.values, self._dictionary = [], text_array([])
        table = [self._index(text) for text in array.dictionary.to_pylist()]
        lookup = np.array([*table, NULL], np.int32)
        codes = lookup[values_of(array.indices, len(table))]
        null = codes == NULL
        bad = codes == BAD if BAD in table else None
        return CheckedColumn(self._array(codes, null if bad is None else codes < 0), null, bad, codes)

    def _array(self, codes: NDArray[np.int32], missing: Mask) -> pa.Array:
        mask = missing if missing.any() else None
        if self._is_boolean:
            truth = np.array([*self.values, False, False], bool)
            return flat_array(truth[codes], missing=mask)
        indices = flat_array(np.where(missing, 0, codes) if mask is not None else codes, missing=mask)
        if len(self._dictionary) != len(self.values):
            self._dictionary = text_array(self.values)
        return pa.DictionaryArray.from_arrays(indices, self._dictionary)

    def _index(self, text: str | None) -> int:
        index = self._index_of_text.get(text) if text is not None else NULL
        if index is None:
            index = self._index_of_text[text] = self._index_anew(text)  # type: ignore[index]
        return index

    def _index_anew(self, text: str | None) -> int:
        shown = tidy(text)
        if shown is None:
            return NULL
        value, code = self._clean(shown)
        if code:
            return BAD
        if value not in self._index_of_value:
            self._index_of_value[value] = len(self.values)
            self.values.append(value)
        return self._index_of_value[value]


def check_text(array: pa.StringArray) -> CheckedColumn:
    """A column of texts."""
    array = tidied(array)
    return CheckedColumn(array, is_null(array), bad_texts(array))


def check_units(array: pa.StringArray) -> CheckedColumn:
    """A column of transport units: texts in upper case."""
    checked = check_text(array)
    _, data = buffers_of(checked.values)
    if ((data - np.uint8(0x61)) < 26).any():
        checked.values = pc.ascii_upper(checked.values)
    return checked


def check_instants(array: pa.StringArray) -> CheckedColumn:
    """A column of instants, in microseconds: UTC, or the local clock where the text has no offset."""
    null = is_null(array)
    values, local, bad = parse_instants(array)
    # A text that can be read has nothing to tidy, which is nearly every one.
    rows = np.flatnonzero(bad)
    if len(rows):
        null = null.copy()
        tidy_texts = tidied(array.take(flat_array(rows)))
        null[rows] = is_null(tidy_texts)
        values[rows], local[rows], bad[rows] = parse_instants(tidy_texts)
    return CheckedColumn(flat_array(values), null, bad if bad.any() else None, local=local)


def check_dates(array: pa.StringArray) -> CheckedColumn:
    """A column of dates."""
    array = tidied(array)
    null = is_null(array)
    days, bad = parse_dates(array)
    values = flat_array(days, pa.date32(), null | bad)
    return CheckedColumn(values, null, bad if bad.any() else None)


def check_numbers(array: pa.StringArray, column: Column, reference: Any) -> CheckedColumn:
    """A column of numbers or quantities, as DOUBLE."""
    array = tidied(array)
    null = is_null(array)
    plain = _plain_numbers(array)
    if plain is None:
        return _numbers_by_text(array, null, column, reference)
    bad = None
    if column.type is Type.QUANTITY:
        negative = values_of(plain, 0.0) < 0
        bad = negative if negative.any() else None
    return CheckedColumn(plain, null, bad)


def _plain_numbers(array: pa.StringArray) -> pa.DoubleArray | None:
    """The numbers of texts of digits, points and minus signs alone: there Arrow takes what the contract takes,
    or nothing. None where a text is another one, or too long for DOUBLE."""
    ends, data = buffers_of(array)
    own = data[int(ends[0]) :]
    if not (((own - np.uint8(0x30)) < 10) | (own == 0x2E) | (own == 0x2D)).all():
        return None
    try:
        values = pc.cast(array, pa.float64())
    except pa.ArrowInvalid:
        return None
    if (own == 0x2D).any():
        values = pc.add(values, NO_SIGN)
    return values if np.isfinite(values_of(values, 0.0)).all() else None


def _numbers_by_text(array: pa.StringArray, null: Mask, column: Column, reference: Any) -> CheckedColumn:
    """Every text that is no plain number by itself, the others at once."""
    plain = values_of(pc.match_substring_regex(array, _PLAIN_NUMBER), False)
    rows = np.flatnonzero(~plain & ~null)
    clean = cleaner_of(column, reference)
    checked = [clean(text) for text in array.take(flat_array(rows)).to_pylist()]
    numbers = np.zeros(len(array))
    numbers[plain] = values_of(pc.cast(array.filter(flat_array(plain)), pa.float64()))
    numbers[rows] = [0.0 if code else value for value, code in checked]
    numbers += NO_SIGN
    bad = np.zeros(len(array), bool)
    bad[rows] = [code is not None for _, code in checked]
    if column.type is Type.QUANTITY:
        bad |= numbers < 0
    values = flat_array(numbers, missing=null | bad)
    return CheckedColumn(values, null, bad if bad.any() else None)
