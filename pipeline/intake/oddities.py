"""Warnings of whole blocks: rows that are taken but look wrong. `rows.py` says the same of single rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipeline.arrow_tables import flat_array, text_array, values_of
from pipeline.contract import WARNING_SENTENCES, Type
from pipeline.intake.columns import CheckedColumn, DictionaryColumn
from pipeline.intake.standards import CHARACTER_VALUES, ContractRules
from pipeline.intake.texts import Mask, buffers_of, matrix_of

CODES = tuple(WARNING_SENTENCES)

UNSHAPED = 1 << 20
"""Stands for a character that a container number does not have in this place; past every true sum."""


def _weights() -> NDArray[np.int32]:
    """By place and byte: what it adds to the sum of ISO 6346, `UNSHAPED` where it may not stand."""
    weights = np.full((11, 256), UNSHAPED, np.int32)
    for place in range(11):
        allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZ" if place < 4 else "0123456789"
        for character in allowed:
            weights[place, ord(character)] = CHARACTER_VALUES[character] << place if place < 10 else 0
    return weights


_WEIGHTS = _weights()


def wrong_check_digits(units: pa.StringArray) -> Mask:
    """The units shaped like container numbers whose check digit is wrong."""
    wrong = np.zeros(len(units), bool)
    ends, _ = buffers_of(units)
    rows = np.flatnonzero(np.diff(ends) == 11)
    if not len(rows):
        return wrong
    matrix = matrix_of(units, rows, 11)
    total = _WEIGHTS[10][matrix[:, 10]]
    for place in range(10):
        total += _WEIGHTS[place][matrix[:, place]]
    wrong[rows] = (total < UNSHAPED) & (total % 11 % 10 != matrix[:, 10] - np.uint8(48))
    return wrong


class Oddities:
    """Finds the warnings of blocks of one source."""

    def __init__(self, rules: ContractRules, dictionaries: Mapping[str, DictionaryColumn]) -> None:
        self.rules = rules
        self._dictionaries = dictionaries
        self._texts: dict[int, str | None] = {0: None}

    def warnings(
        self,
        columns: Mapping[str, CheckedColumn],
        instants: Mapping[str, NDArray[np.int64]],
        planned: Mask | None,
    ) -> tuple[pa.Array, dict[str, Mask]]:
        """The `_warnings` column of a block, and the rows of every warning found.

        `instants` are the columns in UTC microseconds, `planned` the rows that tell of what may lie ahead.
        """
        found: dict[str, Mask] = {}
        for code, mask in self._all(columns, instants, planned):
            if mask.any():
                found[code] = found[code] | mask if code in found else mask
        rows = len(next(iter(columns.values())).null)
        if not found:
            return pa.nulls(rows, pa.string()), found
        sets = np.zeros(rows, np.int32)
        for code, mask in found.items():
            sets[mask] |= 1 << CODES.index(code)
        distinct, indices = _distinct(sets, 1 << len(CODES))
        return text_array([self._text(number) for number in distinct]).take(flat_array(indices)), found

    def _text(self, number: int) -> str | None:
        if number not in self._texts:
            self._texts[number] = " ".join(code for place, code in enumerate(CODES) if number >> place & 1)
        return self._texts[number]

    def _all(
        self,
        columns: Mapping[str, CheckedColumn],
        instants: Mapping[str, NDArray[np.int64]],
        planned: Mask | None,
    ) -> Iterator[tuple[str, Mask]]:
        source = self.rules.source
        for column in source.columns:
            if column.type is Type.UNIT and column.name in columns:
                yield "bad_check_digit", wrong_check_digits(columns[column.name].values)
        for un_number, class_ in source.class_of_un:
            if un_number in columns and class_ in columns:
                yield "class_not_of_un_number", self._odd_classes(columns, un_number, class_)
        event = source.event_column
        if event is not None and event in instants and "recorded_at" in instants:
            early = instants["recorded_at"] < instants[event]
            early &= ~(columns[event].null | columns["recorded_at"].null)
            yield "recorded_before_event", early if planned is None else early & ~planned
        if "declaration_no" in columns:
            yield "odd_declaration_no", _odd_declaration_numbers(columns["declaration_no"].values)
        yield from self._out_of_range(columns)

    def _odd_classes(self, columns: Mapping[str, CheckedColumn], un_number: str, class_: str) -> Mask:
        numbers, classes = columns[un_number].codes, columns[class_].codes
        assert numbers is not None and classes is not None
        known_numbers = self._dictionaries[un_number].values
        known_classes = self._dictionaries[class_].values
        width = len(known_classes) + 1
        pairs = numbers.astype(np.int32) * width + classes
        nothing = len(known_numbers) * width
        pairs[(numbers < 0) | (classes < 0)] = nothing
        distinct, indices = _distinct(pairs, nothing + 1)
        odd = [
            pair < nothing
            and self.rules.is_odd_class(known_numbers[pair // width], known_classes[pair % width])
            for pair in distinct
        ]
        return np.array(odd, bool)[indices]

    def _out_of_range(self, columns: Mapping[str, CheckedColumn]) -> Iterator[tuple[str, Mask]]:
        for limits in self.rules.ranges:
            if limits.column not in columns or (limits.divisor and limits.divisor not in columns):
                continue
            value = values_of(columns[limits.column].values, np.nan)
            if limits.divisor:
                divisor = values_of(columns[limits.divisor].values, np.nan)
                value = np.divide(value, divisor, out=np.full(len(value), np.nan), where=divisor != 0)
            yield limits.warning, (value < limits.minimum) | (value > limits.maximum)


def _distinct(numbers: NDArray[np.int32], bound: int) -> tuple[list[int], NDArray[np.int32]]:
    """The distinct ones of numbers from 0 up to a small bound, and the place of each row's; without sorting."""
    there = np.zeros(bound, bool)
    there[numbers] = True
    places = (np.cumsum(there) - 1).astype(np.int32)
    return np.flatnonzero(there).tolist(), places[numbers]


def _odd_declaration_numbers(numbers: pa.StringArray) -> Mask:
    return ~values_of(pc.match_substring_regex(numbers, r"^[0-9]{18}\z"), True)
