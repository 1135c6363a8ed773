"""The mess of real feeds: what can be wrong with a row, put in after the clean lines are made.

A fault takes one clean row and gives back the lines that stand in its place and those that come in a later
file.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np

from pipeline.contract import SOURCES, Type
from pipeline.sample.streams import check_digit
from pipeline.sample.text import Style, quoted

UNDECODABLE = "@undecodable@"
"""Stands for a byte that no encoding has; put in when the file is encoded."""

MENDED_SHARE = 0.3
"""Of rejected rows, those that come again, mended, in a later file."""

EVENT_COLUMNS = {
    "consignments": "manifested_at", "yard_moves": "event_at", "clearance_milestones": "occurred_at",
    "inspection_findings": "inspected_at", "penalty_cases": "filed_at", "risk_alerts": "issued_at",
    "interceptions": "detected_at", "domestic_actions": "opened_at",
}  # fmt: skip


@dataclass
class Patch:
    """Lines (without their ends) that replace a row, and lines for a later file."""

    here: list[str]
    later: list[str] = field(default_factory=list)


class Row:
    """One clean row as its fields by column name."""

    def __init__(
        self, source: str, line: str, style: Style, aliases: tuple[str, ...], rng: np.random.Generator
    ) -> None:
        self.source, self.style, self.aliases, self.rng = source, style, aliases, rng
        self.line = line
        self.names = SOURCES[source].column_names
        values = next(csv.reader([line], delimiter=style.delimiter))
        self.values = dict(zip(self.names, values, strict=True))

    def with_values(self, **changed: str) -> str:
        """The row's line with some fields changed."""
        return self.style.delimiter.join(quoted(changed.get(name, self.values[name])) for name in self.names)

    def moved(self, name: str, minutes: float) -> str:
        """An instant of the row, moved, in the style's form; empty where it was empty."""
        value = self.values[name]
        if not value:
            return value
        later = datetime.fromisoformat(value) + timedelta(minutes=round(minutes))
        return later.isoformat(sep="T" if self.style.offset else " ")

    def number(self, least: float, most: float) -> float:
        """A number drawn between the two."""
        return least + (most - least) * float(self.rng.random())

    def later_version(self, **changed: str) -> str:
        """The row as recorded some hours or days later, with some fields changed."""
        return self.with_values(recorded_at=self.moved("recorded_at", self.number(300, 6_000)), **changed)

    def columns(self, *types: Type) -> list[str]:
        """Names of columns of these types that the row fills, but for what it is recorded by."""
        return [
            column.name
            for column in SOURCES[self.source].columns
            if column.type in types and self.values[column.name] and column.name != "recorded_at"
        ]

    def one_of(self, names: list[str]) -> str | None:
        """One of the names, or None of none."""
        return names[int(self.rng.random() * len(names))] if names else None


Fault = Callable[[Row], Patch | None]


def _rejected(row: Row, line: str) -> Patch:
    mended = float(row.rng.random()) < MENDED_SHARE
    return Patch([line], [row.later_version()] if mended else [])


def _spoil(value: str, *types: Type) -> Fault:
    def fault(row: Row) -> Patch | None:
        name = row.one_of(row.columns(*types))
        return _rejected(row, row.with_values(**{name: value})) if name else None

    return fault


def _negative(row: Row) -> Patch | None:
    name = row.one_of(row.columns(Type.QUANTITY))
    return _rejected(row, row.with_values(**{name: "-" + row.values[name]})) if name else None


def _missing(row: Row) -> Patch | None:
    required = [name for name in SOURCES[row.source].required if row.values[name]]
    name = row.one_of(required)
    return _rejected(row, row.with_values(**{name: ""})) if name else None


def _field_count(row: Row) -> Patch | None:
    mark = row.style.delimiter
    line = row.line + mark + "7" if row.rng.random() < 0.4 else mark.join(row.line.split(mark)[:-3])
    return _rejected(row, line)


def _bad_quoting(row: Row) -> Patch | None:
    first = row.values[row.names[0]]
    return _rejected(row, f'"{first}"x' + row.line[len(first) :])


def _undecodable(row: Row) -> Patch | None:
    name = row.one_of(
        [
            name
            for name in ("consignee", "facility_code", "responsible_party", "legal_basis")
            if name in row.names
        ]
    )
    return _rejected(row, row.with_values(**{name: UNDECODABLE})) if name else None


def _too_long(row: Row) -> Patch | None:
    return Patch([row.line + "x" * ((1 << 20) + 1)])


def _no_code(row: Row) -> Patch | None:
    if row.values["result"] != "finding":
        return _rejected(row, row.with_values(result="finding", finding_code=""))
    return _rejected(row, row.with_values(finding_code=""))


def _implausible(row: Row) -> Patch | None:
    name = EVENT_COLUMNS.get(row.source)
    return _rejected(row, row.with_values(**{name: "1970-01-01 00:00:00"})) if name else None


def _duplicate(row: Row) -> Patch | None:
    return Patch([row.line, row.line])


def _late(row: Row) -> Patch | None:
    return Patch([], [row.later_version()])


def _scanned_twice(row: Row) -> Patch | None:
    again = row.with_values(
        event_id=row.values["event_id"] + "B",
        event_at=row.moved("event_at", row.number(1, 4)),
        recorded_at=row.moved("recorded_at", row.number(1, 9)),
    )
    return Patch([row.line, again])


def _corrected_time(row: Row) -> Patch | None:
    wrong = row.with_values(event_at=row.moved("event_at", row.number(-80, -5)))
    return Patch([wrong], [row.later_version()])


def _wrong_out(row: Row) -> Patch | None:
    """An out keyed on the wrong box and withdrawn later; the withdrawal names nothing but the key now and
    then.
    """
    if row.values["event_type"] not in ("DISC", "GTIN"):
        return None
    key = row.values["event_id"] + "W"
    at = {
        "event_at": row.moved("event_at", row.number(60, 600)),
        "recorded_at": row.moved("recorded_at", 700),
    }
    out = {
        "event_id": key,
        "event_type": "GTOT",
        "exit_type": "delivered",
        "block": "",
        "bay": "",
        "row": "",
        "tier": "",
    }
    wrong = row.with_values(**out, **at)
    taken_back = {**out, **at, "recorded_at": row.moved("recorded_at", 2_000), "voided": row.style.yes_no[0]}
    if row.rng.random() < 0.4:
        keep = ("event_id", "recorded_at", "voided")
        taken_back = {**{name: "" for name in row.names}, **{name: taken_back[name] for name in keep}}
    return Patch([row.line, wrong], [row.with_values(**taken_back)])


def _orphan_out(row: Row) -> Patch | None:
    """An out of a box that nobody saw come in."""
    if row.values["event_type"] not in ("GTOT", "LOAD"):
        return None
    serial = f"{int(row.rng.random() * 1_000_000):06d}"
    box = f"ORPU{serial}{check_digit('ORPU', serial)}"
    stray = row.with_values(event_id=row.values["event_id"] + "O", equipment_reference=box, consignment_id="")
    return Patch([row.line, stray])


def _ghost(row: Row) -> Patch | None:
    """A box that left without its out being reported."""
    return Patch([]) if row.values["event_type"] in ("GTOT", "LOAD") else None


def _alias(row: Row) -> Patch | None:
    if not row.aliases:
        return None
    return Patch([row.with_values(un_location_code=row.aliases[int(row.rng.random() * len(row.aliases))])])


def _unknown_batch(row: Row) -> Patch | None:
    if not row.values["consignment_id"]:
        return None
    return Patch([row.with_values(consignment_id=f"SBNONE{int(row.rng.random() * 1e6):06d}")])


def _untidy_box(row: Row) -> Patch | None:
    box = row.values["equipment_reference"]
    return Patch([row.with_values(equipment_reference=f" {box.lower()} ")]) if box else None


def _wrong_check_digit(row: Row) -> Patch | None:
    """A unit of one row alone: the digit is keyed wrong in an out, which leaves a ghost and an orphan
    behind.
    """
    box = row.values["equipment_reference"]
    if len(box) != 11 or not box[-1].isdigit():
        return None
    return Patch([row.with_values(equipment_reference=box[:-1] + str((int(box[-1]) + 3) % 10))])


def _corrected_milestone(row: Row) -> Patch | None:
    """A wrong instant withdrawn, and the right one added: occurred_at is part of the key."""
    if row.values["milestone"] in ("arrived", "lodged"):
        return None
    wrong_at = row.moved("occurred_at", row.number(2, 9))
    wrong = row.with_values(occurred_at=wrong_at)
    withdrawn = row.later_version(occurred_at=wrong_at, voided=row.style.yes_no[0])
    return Patch([wrong], [withdrawn, row.later_version()])


def _backwards(row: Row) -> Patch | None:
    """A release before anything was there to release."""
    if row.values["milestone"] not in ("released", "CUSR"):
        return None
    return Patch([row.with_values(occurred_at=row.moved("occurred_at", -60 * 24 * 60))])


def _odd_declaration(row: Row) -> Patch | None:
    number = row.values["declaration_no"]
    return Patch([row.with_values(declaration_no=number[:-1])]) if number else None


def _corrected_value(row: Row) -> Patch | None:
    name = row.one_of(row.columns(Type.QUANTITY))
    if not name:
        return None
    return Patch(
        [row.line], [row.later_version(**{name: f"{float(row.values[name]) * row.number(0.9, 1.1):.1f}"})]
    )


def _other_class(row: Row) -> Patch | None:
    return Patch([row.with_values(imo_class="4.2" if row.values["imo_class"] != "4.2" else "9")])


def _cold(row: Row) -> Patch | None:
    return Patch([row.with_values(flashpoint_c="999")]) if row.values["flashpoint_c"] else None


def _heavy_fine(row: Row) -> Patch | None:
    if not row.values["fine_amount"]:
        return None
    return Patch([row.with_values(fine_amount=f"{float(row.values['goods_value']) * 0.42:.2f}")])


ANYWHERE: dict[str, tuple[float, Fault]] = {
    "duplicate": (8.0, _duplicate),
    "late": (6.0, _late),
    "missing_value": (1.2, _missing),
    "wrong_field_count": (1.0, _field_count),
    "bad_timestamp": (1.2, _spoil("2022-13-41 08:05", Type.TIMESTAMP)),
    "implausible_time": (0.4, _implausible),
    "unknown_code": (1.0, _spoil("XXXX", Type.CODE)),
    "unknown_port": (0.4, _spoil("QQXYZ", Type.PORT)),
    "bad_text": (0.25, _spoil("sample\x07text", Type.TEXT)),
    "bad_quoting": (0.25, _bad_quoting),
    "undecodable": (0.2, _undecodable),
}
"""Fault by name: its weight among the dirty rows of a source, and what it does."""

OF_SOURCE: dict[str, dict[str, tuple[float, Fault]]] = {
    "yard_moves": {
        "scanned_twice": (7.0, _scanned_twice),
        "corrected_time": (5.0, _corrected_time),
        "wrong_out_voided": (2.0, _wrong_out),
        "orphan_out": (3.0, _orphan_out),
        "ghost": (3.0, _ghost),
        "alias_port": (5.0, _alias),
        "unknown_batch": (1.0, _unknown_batch),
        "untidy_box": (4.0, _untidy_box),
        "wrong_check_digit": (0.5, _wrong_check_digit),
    },
    "clearance_milestones": {
        "corrected_milestone": (3.0, _corrected_milestone),
        "impossible_order": (1.0, _backwards),
        "unknown_batch": (0.6, _unknown_batch),
    },
    "consignments": {
        "alias_port": (5.0, _alias),
        "odd_declaration_no": (2.0, _odd_declaration),
        "corrected_value": (3.0, _corrected_value),
        "bad_number": (0.6, _spoil("1,250.00", Type.QUANTITY)),
        "negative_quantity": (0.4, _negative),
    },
    "dg_items": {
        "untidy_box": (2.0, _untidy_box),
        "corrected_value": (3.0, _corrected_value),
        "bad_number": (0.8, _spoil("8500 kg", Type.QUANTITY, Type.NUMBER)),
        "negative_quantity": (0.5, _negative),
        "bad_boolean": (0.6, _spoil("maybe", Type.BOOLEAN)),
        "bad_un_number": (0.9, _spoil("12X3", Type.UN_NUMBER)),
        "bad_packing_group": (0.7, _spoil("IV", Type.PACKING_GROUP)),
        "unknown_class": (0.5, _spoil("11", Type.CLASS)),
        "class_not_of_un_number": (1.5, _other_class),
        "temperature_out_of_range": (0.5, _cold),
    },
    "inspection_findings": {
        "finding_without_code": (2.0, _no_code),
        "bad_un_number": (0.8, _spoil("12X3", Type.UN_NUMBER)),
        "unknown_batch": (0.5, _unknown_batch),
    },
    "penalty_cases": {
        "fine_out_of_band": (3.0, _heavy_fine),
        "bad_number": (1.0, _spoil("n/a", Type.QUANTITY)),
    },
    "daily_weather": {
        "bad_date": (2.0, _spoil("2022-02-30", Type.DATE)),
        "bad_number": (2.0, _spoil("NA", Type.NUMBER)),
        "alias_port": (2.0, _alias),
    },
}

REJECTS = frozenset(
    {
        "missing_value",
        "wrong_field_count",
        "bad_timestamp",
        "implausible_time",
        "unknown_code",
        "unknown_port",
        "bad_text",
        "bad_quoting",
        "undecodable",
        "bad_number",
        "negative_quantity",
        "bad_boolean",
        "bad_un_number",
        "bad_packing_group",
        "unknown_class",
        "finding_without_code",
        "bad_date",
        "line_too_long",
    }
)  # fmt: skip """Faults whose row is rejected."""


def faults_of(source: str) -> Mapping[str, tuple[float, Fault]]:
    """What can be wrong with a row of a source."""
    return {**ANYWHERE, **OF_SOURCE.get(source, {})}


def too_long() -> Fault:
    """The line that no reader should take: one in a world is enough."""
    return _too_long
