"""The careful check of one row: its values, every reason to reject it, its warnings.

This is the definition. `checking.py` does the same for whole blocks; a row that it finds bad comes here for
its reasons, and the tests hold the two against each other.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipeline.contract import REJECT_SENTENCES, WARNING_SENTENCES, Source, Type, Zone
from pipeline.intake.cells import cleaner_of, tidy
from pipeline.intake.standards import ContractRules, check_digit_is_wrong

SHOWN_CHARACTERS = 60
"""How much of a value a reason shows."""

_DECLARATION_NO = re.compile(r"\d{18}", re.ASCII)


@dataclass
class CheckedRow:
    """One row as checked: typed values by column, (column, code) reasons, warning codes."""

    values: dict[str, Any] = field(default_factory=dict)
    is_local: dict[str, bool] = field(default_factory=dict)
    """Whether the text of an instant had no offset, by column."""
    reasons: list[tuple[str, str]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


class RowChecker:
    """Checks rows of one source, given as the texts of its columns in the contract's order."""

    def __init__(self, rules: ContractRules) -> None:
        self.rules = rules
        self.source: Source = rules.source
        self._names, self._required = self.source.column_names, self.source.required
        self._cleaners = [cleaner_of(column, rules.reference) for column in self.source.columns]
        self._instants = [column for column in self.source.columns if column.type is Type.TIMESTAMP]

    def check(self, texts: Sequence[str | None]) -> CheckedRow:
        """The row's values, reasons and warnings. Instants are UTC but for columns held as given."""
        row = CheckedRow()
        bad: dict[str, str] = {}
        for column, clean, text in zip(self.source.columns, self._cleaners, texts, strict=True):
            tidied = tidy(text)
            value, code = (None, None) if tidied is None else clean(tidied)
            if code:
                bad[column.name] = code
            row.values[column.name] = value
        self._place_instants(row, bad)
        self._require(row, bad)
        row.reasons = [(name, bad[name]) for name in self._names if name in bad]
        if not row.reasons:
            row.warnings = self._warnings(row)
            self._hold_as_given(row)
        return row

    def details(self, row: CheckedRow, texts: Sequence[str | None]) -> str:
        """One sentence a reason, with the column and its value, joined by `; `."""
        given = dict(zip(self._names, texts, strict=True))
        return "; ".join(_sentence(name, code, given[name]) for name, code in row.reasons)

    def _place_instants(self, row: CheckedRow, bad: dict[str, str]) -> None:
        planned = self._is_planned(row.values)
        port = row.values.get(self.rules.port_column) if self.rules.port_column else None
        for column in self._instants:
            if row.values[column.name] is None:
                continue
            given, is_local = row.values[column.name]
            zone = self.rules.zone_of_port(port) if column.zone is Zone.PORT else self.rules.default_zone
            instant = self.rules.clock.instant(given, zone) if is_local else given
            open_ended = not column.bounded_above or (planned and column.name == self.source.event_column)
            if not self.rules.is_plausible(instant, open_ended):
                bad[column.name] = "implausible_time"
            row.is_local[column.name] = is_local
            row.values[column.name] = instant
            if column.name in self.source.held_as_given:
                row.values[f"{column.name}_given"] = given

    def _hold_as_given(self, row: CheckedRow) -> None:
        for name in self.source.held_as_given:
            given = row.values.pop(f"{name}_given", None)
            del row.values[name]
            row.values[f"{name}_given"] = given
            row.values[f"{name}_is_local"] = row.is_local.get(name)

    def _is_planned(self, values: Mapping[str, Any]) -> bool:
        if not self.source.planned_when:
            return False
        column, planned = self.source.planned_when
        return values[column] in planned

    def _require(self, row: CheckedRow, bad: dict[str, str]) -> None:
        withdrawn = row.values["voided"] is True
        for name in self.source.key if withdrawn else self._required:
            if row.values[name] is None and name not in bad:
                bad[name] = "missing_value"
        for name, other, value in self.source.required_when:
            if not withdrawn and row.values[other] == value and row.values[name] is None and name not in bad:
                bad[name] = "finding_without_code"

    def _warnings(self, row: CheckedRow) -> list[str]:
        values = row.values
        found = set()
        for column in self.source.columns:
            value = values[column.name]
            if column.type is Type.UNIT and value is not None and check_digit_is_wrong(value):
                found.add("bad_check_digit")
        for un_number, class_ in self.source.class_of_un:
            if self.rules.is_odd_class(values[un_number], values[class_]):
                found.add("class_not_of_un_number")
        event = values[self.source.event_column] if self.source.event_column else None
        recorded = values["recorded_at"]
        if event is not None and recorded is not None and recorded < event and not self._is_planned(values):
            found.add("recorded_before_event")
        declaration_no = values.get("declaration_no")
        if declaration_no is not None and not _DECLARATION_NO.fullmatch(declaration_no):
            found.add("odd_declaration_no")
        found.update(self._out_of_range(values))
        return [code for code in WARNING_SENTENCES if code in found]

    def _out_of_range(self, values: Mapping[str, Any]) -> set[str]:
        found = set()
        for limits in self.rules.ranges:
            value, divisor = values[limits.column], 1.0
            if limits.divisor is not None:
                divisor = values[limits.divisor]
            if value is None or not divisor:
                continue
            if not limits.minimum <= value / divisor <= limits.maximum:
                found.add(limits.warning)
        return found


def _sentence(column: str, code: str, text: str | None) -> str:
    shown = (text or "").strip()
    if not shown:
        return f"{column}: {REJECT_SENTENCES[code]}"
    if len(shown) > SHOWN_CHARACTERS:
        shown = shown[:SHOWN_CHARACTERS] + "…"
    return f"{column} '{shown}': {REJECT_SENTENCES[code]}"
