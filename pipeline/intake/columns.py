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

from pipeline.contract import Column, Type
from pipeline.intake.cells import cleaner_of, tidy
from pipeline.intake.instant_columns import parse_dates, parse_instants
from pipeline.intake.texts import Mask, bad_texts, buffers_of, is_null, tidied

MOST_REMEMBERED_TEXTS = 100_000
"""How many distinct texts a column remembers before it starts anew; a bound on memory."""

NULL, BAD = -1, -2


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

    def check(self, array: pa.DictionaryArray) -> CheckedColumn:
        """The values, nulls and bad rows of a column of texts as given."""
        if len(self._index_of_text) > MOST_REMEMBERED_TEXTS:
            self._index_of_text.clear()
            self._index_of_value.clear()
            self.values = []
        table = [self._index(text) for text in array.dictionary.to_pylist()]
        lookup = np.array([*table, NULL], np.int32)
        indices = array.indices
        if indices.null_count:
            indices = pc.fill_null(indices, len(table))
        codes = lookup[indices.to_numpy()]
        null = codes == NULL
        bad = codes == BAD if BAD in table else None
        return CheckedColumn(self._array(codes, null if bad is None else codes < 0), null, bad, codes)

    def _array(self, codes: NDArray[np.int32], missing: Mask) -> pa.Array:
        mask = missing if missing.any() else None
        if self._is_boolean:
            truth = np.array([*self.values, False, False], bool)
            return pa.array(truth[codes], pa.bool_(), mask=mask)
        indices = pa.array(codes, pa.int32(), mask=mask)
        return pa.DictionaryArray.from_arrays(indices, pa.array(self.values, pa.string()))

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
    array = tidied(array)
    null = is_null(array)
    values, local, bad = parse_instants(array)
    return CheckedColumn(pa.array(values), null, bad if bad.any() else None, local=local)


def check_dates(array: pa.StringArray) -> CheckedColumn:
    """A column of dates."""
    array = tidied(array)
    null = is_null(array)
    days, bad = parse_dates(array)
    values = pa.array(days, pa.int32(), mask=null | bad).cast(pa.date32())
    return CheckedColumn(values, null, bad if bad.any() else None)


def check_numbers(array: pa.StringArray, column: Column, reference: Any) -> CheckedColumn:
    """A column of numbers or quantities, as DOUBLE."""
    array = tidied(array)
    null = is_null(array)
    ends, data = buffers_of(array)
    own = data[int(ends[0]) :]
    values = None
    # Only texts of digits, points and minus signs: there Arrow takes what the contract takes, or nothing.
    if (((own - np.uint8(0x30)) < 10) | (own == 0x2E) | (own == 0x2D)).all():
        try:
            values = pc.cast(array, pa.float64())
        except pa.ArrowInvalid:
            values = None
    if values is not None and np.isfinite(values.fill_null(0).to_numpy()).all():
        bad = None
        if column.type is Type.QUANTITY:
            negative = pc.fill_null(pc.less(values, 0.0), False).to_numpy(zero_copy_only=False)
            bad = negative if negative.any() else None
        return CheckedColumn(values, null, bad)
    return _numbers_by_text(array, null, column, reference)


def _numbers_by_text(array: pa.StringArray, null: Mask, column: Column, reference: Any) -> CheckedColumn:
    clean = cleaner_of(column, reference)
    encoded = array.dictionary_encode()
    checked = [clean(text) for text in encoded.dictionary.to_pylist()]
    wrong = np.array([*(code is not None for _, code in checked), False])
    numbers = np.array([*(0.0 if code else value for value, code in checked), 0.0])
    indices = pc.fill_null(encoded.indices, len(checked)).to_numpy()
    bad = wrong[indices]
    values = pa.array(numbers[indices], pa.float64(), mask=null | bad)
    return CheckedColumn(values, null, bad if bad.any() else None)
