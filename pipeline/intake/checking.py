"""The check of a block of rows: landed rows, rejected rows with their reasons, and what was counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.arrow_tables import arrow_table, flat_array, values_of
from pipeline.contract import REJECT_SENTENCES, Column, Type, Zone
from pipeline.intake import columns as vectorised
from pipeline.intake.columns import CheckedColumn, DictionaryColumn
from pipeline.intake.oddities import Oddities
from pipeline.intake.parsing import DICTIONARY_TYPES, SpoiltRecord, TextBlock
from pipeline.intake.rows import RowChecker
from pipeline.intake.standards import EARLIEST, ContractRules
from pipeline.intake.texts import FEW_PER_RUN, Mask
from pipeline.landed.shape import REJECT_SCHEMA, landed_schema

_INSTANT = pa.timestamp("us")
_NO_REJECTS = pa.Table.from_batches([], REJECT_SCHEMA)


class ChecksDisagree(AssertionError):
    """A row that the block check found bad and the row check found right: a bug of ours, never the file's."""


@dataclass
class Counts:
    """What became of the rows of a block or a file. A row of several reasons counts in each, once."""

    rows_read: int = 0
    rows_landed: int = 0
    rows_rejected: int = 0
    rows_warned: int = 0
    rejected_by_code: Counter[str] = field(default_factory=Counter)
    warned_by_code: Counter[str] = field(default_factory=Counter)

    def add(self, other: Counts) -> None:
        """Counts the other's rows too."""
        self.rows_read += other.rows_read
        self.rows_landed += other.rows_landed
        self.rows_rejected += other.rows_rejected
        self.rows_warned += other.rows_warned
        self.rejected_by_code.update(other.rejected_by_code)
        self.warned_by_code.update(other.warned_by_code)


@dataclass
class CheckedBlock:
    """Landed rows in the schema of the source (codes still as dictionaries), rejects in `REJECT_SCHEMA`."""

    landed: pa.Table
    rejects: pa.Table
    counts: Counts


class BlockChecker:
    """Checks the blocks of a source's files, one file after another.

    Not for several threads at once: it remembers the texts of codes from block to block.
    """

    def __init__(self, rules: ContractRules) -> None:
        self.rules, self.source = rules, rules.source
        self._places: Mapping[str, int] = {}
        self._file_seq, self._file = 0, ""
        self._rows = RowChecker(rules)
        self._names = self.source.column_names
        self._schema = landed_schema(self.source)
        self._dictionaries = {
            column.name: DictionaryColumn(column, rules.reference)
            for column in self.source.columns
            if column.type in DICTIONARY_TYPES
        }
        self._oddities = Oddities(rules, self._dictionaries)

    def begin(self, places: Mapping[str, int], file_seq: int, file: str) -> None:
        """The blocks that follow are of this file; `places` gives the place of each column that it has."""
        self._places, self._file_seq, self._file = places, file_seq, file

    def check(self, block: TextBlock) -> CheckedBlock:
        """The landed and the rejected rows of a block, in the order of the file."""
        rows = block.table.num_rows
        columns = {
            column.name: self._column(column, block.table.column(column.name))
            for column in self.source.columns
            if column.name in block.table.column_names
        }
        bad = np.zeros(rows, bool)
        for checked in columns.values():
            if checked.bad is not None:
                bad |= checked.bad
        planned = self._planned(columns, rows)
        instants = self._place_instants(columns, planned, bad)
        self._require(columns, bad)
        warnings, found = self._oddities.warnings(columns, instants, planned) if rows else (None, {})
        landed = self._landed(columns, instants, block.lines, warnings)
        good = ~bad
        counts = Counts(block.rows_read)
        if bad.any():
            landed = _without(landed, bad)
            found = {code: mask & good for code, mask in found.items()}
        counts.warned_by_code.update({code: int(mask.sum()) for code, mask in found.items() if mask.any()})
        counts.rows_warned = int(np.logical_or.reduce(list(found.values())).sum()) if found else 0
        rejects = self._rejects(block, np.flatnonzero(bad), counts)
        counts.rows_landed, counts.rows_rejected = landed.num_rows, rejects.num_rows
        return CheckedBlock(landed, rejects, counts)

    def _column(self, column: Column, texts: pa.ChunkedArray) -> CheckedColumn:
        array = texts.chunk(0) if texts.num_chunks else pa.nulls(0, texts.type)
        if column.type in DICTIONARY_TYPES:
            return self._dictionaries[column.name].check(array)
        if column.type is Type.TIMESTAMP:
            return vectorised.check_instants(array)
        if column.type is Type.DATE:
            return vectorised.check_dates(array)
        if column.type in (Type.NUMBER, Type.QUANTITY):
            return vectorised.check_numbers(array, column, self.rules.reference)
        return vectorised.check_units(array) if column.type is Type.UNIT else vectorised.check_text(array)

    def _planned(self, columns: Mapping[str, CheckedColumn], rows: int) -> Mask | None:
        """The rows that tell of what may lie ahead; None for none."""
        if not self.source.planned_when or self.source.planned_when[0] not in columns:
            return None
        name, values = self.source.planned_when
        lookup = np.array([*(value in values for value in self._dictionaries[name].values), False, False])
        planned = lookup[columns[name].codes]
        return planned if planned.any() else None

    def _place_instants(
        self, columns: Mapping[str, CheckedColumn], planned: Mask | None, bad: Mask
    ) -> dict[str, NDArray[np.int64]]:
        """The instants in UTC; marks the rows whose instants are implausible."""
        placed = {}
        for column in self.source.columns:
            if column.type is not Type.TIMESTAMP or column.name not in columns:
                continue
            checked = columns[column.name]
            instants = self._to_utc(column, checked, columns)
            placed[column.name] = instants
            implausible = instants < EARLIEST
            if column.bounded_above:
                late = instants > self.rules.latest
                if planned is not None and column.name == self.source.event_column:
                    late &= ~planned
                implausible |= late
            bad |= implausible & ~checked.null
        return placed

    def _to_utc(
        self, column: Column, checked: CheckedColumn, columns: Mapping[str, CheckedColumn]
    ) -> NDArray[np.int64]:
        given = values_of(checked.values)
        assert checked.local is not None
        if not checked.local.any():
            return given
        instants = given.copy()
        for zone, rows in self._zones(column, columns, checked.local):
            instants[rows] = self.rules.clock.to_utc(given[rows], zone)
        return instants

    def _zones(
        self, column: Column, columns: Mapping[str, CheckedColumn], local: Mask
    ) -> list[tuple[str, Mask]]:
        """The rows with a local clock, by zone."""
        port_column = self.rules.port_column
        if column.zone is not Zone.PORT or port_column is None or port_column not in columns:
            return [(self.rules.default_zone, local)]
        ports = columns[port_column].codes
        assert ports is not None
        zones = [self.rules.zone_of_port(port) for port in self._dictionaries[port_column].values]
        zones += [self.rules.default_zone] * 2
        names = list(dict.fromkeys(zones))
        if len(names) == 1:
            return [(names[0], local)]
        of_row = np.array([names.index(zone) for zone in zones])[ports]
        return [(name, local & (of_row == number)) for number, name in enumerate(names)]

    def _require(self, columns: Mapping[str, CheckedColumn], bad: Mask) -> None:
        """Marks the rows that lack a required value; a withdrawn row needs only its key."""
        withdrawn = self._rows_holding(columns, "voided", True)
        for name in dict.fromkeys((*self.source.required, *self.source.key)):
            missing = columns[name].null
            if name not in self.source.key and withdrawn is not None:
                missing = missing & ~withdrawn
            bad |= missing
        for name, other, value in self.source.required_when:
            holding = self._rows_holding(columns, other, value)
            if holding is None:
                continue
            if name in columns:
                holding &= columns[name].null
            bad |= holding if withdrawn is None else holding & ~withdrawn

    def _rows_holding(self, columns: Mapping[str, CheckedColumn], name: str, value: object) -> Mask | None:
        values = self._dictionaries[name].values
        if name not in columns or value not in values:
            return None
        codes = columns[name].codes
        assert codes is not None
        rows: Mask = np.equal(codes, values.index(value))
        return rows if rows.any() else None

    def _landed(
        self,
        columns: Mapping[str, CheckedColumn],
        instants: Mapping[str, NDArray[np.int64]],
        lines: NDArray[np.int64],
        warnings: pa.Array | None,
    ) -> pa.Table:
        rows = len(lines)
        arrays: list[pa.Array] = []
        for column in self.source.columns:
            checked = columns.get(column.name)
            held = column.name in self.source.held_as_given
            if checked is None:
                arrays.append(pa.nulls(rows, self._schema.field(len(arrays)).type))
            elif column.type is Type.TIMESTAMP:
                given = values_of(checked.values) if held else instants[column.name]
                arrays.append(_instants(given, checked.null))
            else:
                arrays.append(checked.values)
            if held:
                local = pa.nulls(rows, pa.bool_())
                if checked is not None and checked.local is not None:
                    local = flat_array(checked.local, missing=checked.null)
                arrays.append(local)
        arrays += [
            flat_array(np.full(rows, self._file_seq)),
            flat_array(lines),
            self._known_at(columns, instants, rows),
        ]
        arrays.append(warnings if warnings is not None else pa.nulls(rows, pa.string()))
        return pa.table(arrays, names=self._schema.names)

    def _known_at(
        self, columns: Mapping[str, CheckedColumn], instants: Mapping[str, NDArray[np.int64]], rows: int
    ) -> pa.Array:
        if "recorded_at" not in columns:
            return _instants(np.full(rows, self.rules.loaded), None)
        null = columns["recorded_at"].null
        return _instants(np.where(null, self.rules.loaded, instants["recorded_at"]), None)

    def _rejects(self, block: TextBlock, bad: NDArray[np.int64], counts: Counts) -> pa.Table:
        found = [self._spoilt(record, counts) for record in block.spoilt]
        if len(bad):
            texts = block.table.take(flat_array(bad)).to_pydict()
            found += [self._reject(block, int(row), texts, place, counts) for place, row in enumerate(bad)]
        if not found:
            return _NO_REJECTS
        found.sort(key=lambda reject: reject[0])
        rows = [(self._file_seq, self._file, self.source.name, *reject) for reject in found]
        columns = dict(zip(REJECT_SCHEMA.names, zip(*rows, strict=True), strict=True))
        return arrow_table(columns, REJECT_SCHEMA)

    def _spoilt(self, record: SpoiltRecord, counts: Counts) -> tuple[int, str, str, str, list[str | None]]:
        counts.rejected_by_code[record.code] += 1
        fields = record.fields
        values = [
            fields[self._places[name]] if self._places.get(name, len(fields)) < len(fields) else None
            for name in self._names
        ]
        return record.line, record.code, REJECT_SENTENCES[record.code], record.raw, values

    def _reject(
        self,
        block: TextBlock,
        row: int,
        texts: Mapping[str, Sequence[str | None]],
        place: int,
        counts: Counts,
    ) -> tuple[int, str, str, str, list[str | None]]:
        given = [texts[name][place] if name in texts else None for name in self._names]
        checked = self._rows.check(given)
        codes = list(dict.fromkeys(code for _, code in checked.reasons))
        if not codes:
            raise ChecksDisagree(f"{self._file}, line {block.lines[row]}: {given}")
        counts.rejected_by_code.update(codes)
        # An empty cell was there and empty; only a column that the file does not have was not there.
        values = [
            text if text is not None or name not in texts else ""
            for name, text in zip(self._names, given, strict=True)
        ]
        details = self._rows.details(checked, given)
        return int(block.lines[row]), ";".join(codes), details, block.raw(row), values


def _without(table: pa.Table, rows: Mask) -> pa.Table:
    """The table without some rows: what lies between few of them is copied as it lies."""
    left_out = np.flatnonzero(rows)
    if len(left_out) * FEW_PER_RUN > len(rows):
        return table.filter(flat_array(~rows))
    begins, ends = [0, *(left_out + 1).tolist()], [*left_out.tolist(), len(rows)]
    runs = [table.slice(begin, end - begin) for begin, end in zip(begins, ends, strict=True) if end > begin]
    return pa.concat_tables(runs).combine_chunks()


def _instants(values: NDArray[np.int64], null: Mask | None) -> pa.Array:
    return flat_array(values, _INSTANT, null)
