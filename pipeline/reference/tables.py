"""The reference tables as data: their columns, kinds, keys and what a user's own table may leave out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

UNIDENTIFIED = "unidentified"
"""The class of a batch that nobody declared. It ranks above every class of the IMDG Code."""


class Kind(StrEnum):
    """What a cell of a reference table holds. An empty cell is null, or the column's default."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"


def _upper(text: str) -> str:
    return text.upper()


def _class_code(text: str) -> str:
    return UNIDENTIFIED if text.lower() == UNIDENTIFIED else text.upper()


def _un_number(text: str) -> str:
    return text.upper().removeprefix("UN").strip()


@dataclass(frozen=True)
class Field:
    """One column of a reference table.

    `needed`: the column must be there and filled in every row. `default` stands in for an empty cell, and
    where there is none, the row's value of the column `falls_back_to`. `one_of` closes the list of values;
    `within` is the smallest and the largest, `WITHIN` of the kind where it is None.
    """

    name: str
    kind: Kind = Kind.TEXT
    needed: bool = False
    default: object = None
    falls_back_to: str | None = None
    clean: Callable[[str], str] | None = None
    one_of: frozenset[str] | None = None
    within: tuple[Any, Any] | None = None


WITHIN: dict[Kind, tuple[Any, Any]] = {
    Kind.INTEGER: (-1_000_000_000, 1_000_000_000),
    Kind.NUMBER: (-1e9, 1e9),
}
"""What can be computed with, where a column says nothing narrower."""
CALENDAR = (date(1990, 1, 1), date(2100, 12, 31))
"""The days of a campaign: those that anybody can ask for."""
TEN_YEARS_DAYS = 3_660


@dataclass(frozen=True)
class TableSpec:
    """One reference table: its fields in order, and the columns that tell its rows apart."""

    name: str
    fields: tuple[Field, ...]
    key: tuple[str, ...]


def _text(*names: str) -> tuple[Field, ...]:
    return tuple(Field(name) for name in names)


def _labels(code: str, label: str = "label") -> tuple[Field, Field]:
    return Field(label, falls_back_to=code), Field(f"{label}_zh", falls_back_to=label)


PORTS = TableSpec(
    "ports",
    (
        Field("un_location_code", needed=True, clean=_upper),
        Field("alias_codes", clean=_upper),
        *_labels("un_location_code", "name"),
        Field("country", clean=_upper),
        Field("time_zone", needed=True),
        Field("latitude", Kind.NUMBER),
        Field("longitude", Kind.NUMBER),
        *_text("source"),
    ),
    key=("un_location_code",),
)

IMDG_CLASSES = TableSpec(
    "imdg_classes",
    (
        Field("code", needed=True, clean=_class_code),
        *_labels("code"),
        Field("hazard_rank", Kind.INTEGER, needed=True),
        *_text("description", "source"),
    ),
    key=("code",),
)

UN_NUMBERS = TableSpec(
    "un_numbers",
    (
        Field("un_number", needed=True, clean=_un_number),
        Field("proper_shipping_name"),
        Field("imo_class", needed=True, clean=_class_code),
        Field("subsidiary_risk_1", clean=_class_code),
        Field("subsidiary_risk_2", clean=_class_code),
        Field("packing_group", one_of=frozenset({"I", "II", "III"})),
        *_text("source"),
    ),
    key=("un_number", "imo_class", "subsidiary_risk_1", "subsidiary_risk_2", "packing_group"),
)

SEGREGATION = TableSpec(
    "segregation",
    (
        Field("class_a", needed=True, clean=_class_code),
        Field("class_b", needed=True, clean=_class_code),
        Field("code", needed=True, one_of=frozenset("01234*")),
        *_text("amendment", "source"),
    ),
    key=("class_a", "class_b"),
)

SEGREGATION_CLASS_ONE = TableSpec(
    "segregation_class_one",
    (
        Field("group_a", needed=True, clean=_upper),
        Field("group_b", needed=True, clean=_upper),
        Field("permitted", Kind.BOOLEAN, needed=True),
        *_text("note", "amendment", "source"),
    ),
    key=("group_a", "group_b"),
)

DIRECTIONS = frozenset({"import", "export", "transhipment"})
CAMPAIGN_KINDS = frozenset({"special_action", "half_year_action", "pilot", "regular"})
STORAGE_MODES = frozenset({"direct", "store", "assess"})

LIMIT_RULES = TableSpec(
    "limit_rules",
    (
        Field("rule_id", needed=True),
        Field("un_number", clean=_un_number),
        Field("imo_class", clean=_class_code),
        Field("un_location_code", clean=_upper),
        Field("facility_code"),
        Field("direction", clean=str.lower, one_of=DIRECTIONS),
        Field("valid_from", Kind.DATE),
        Field("valid_to", Kind.DATE),
        Field("limit_hours", Kind.NUMBER, needed=True, within=(0.0, 876_000.0)),
        Field("storage_mode", default="store", clean=str.lower, one_of=STORAGE_MODES),
        Field("priority", Kind.INTEGER, default=0),
        *_text("source"),
        Field("is_illustrative", Kind.BOOLEAN, default=True),
    ),
    key=("rule_id",),
)

CAMPAIGNS = TableSpec(
    "campaigns",
    (
        Field("campaign_id", needed=True),
        *_labels("campaign_id", "name"),
        Field("kind", default="regular", clean=str.lower, one_of=CAMPAIGN_KINDS),
        Field("starts_on", Kind.DATE, needed=True, within=CALENDAR),
        Field("ends_on", Kind.DATE, needed=True, within=CALENDAR),
        Field("baseline_from", Kind.DATE, within=CALENDAR),
        Field("baseline_to", Kind.DATE, within=CALENDAR),
        Field("ports", default="all"),
        Field("target_cleared", Kind.INTEGER),
        Field("target_reduction_pct", Kind.NUMBER),
        *_text("note", "note_zh", "source"),
    ),
    key=("campaign_id",),
)

COLUMN_ALIASES = TableSpec(
    "column_aliases",
    (
        Field("source", needed=True, clean=str.lower),
        Field("alias", needed=True),
        Field("column", needed=True, clean=str.lower),
        *_text("source_note"),
    ),
    key=("source", "alias"),
)

FINDING_CODES = TableSpec(
    "finding_codes",
    (
        Field("code", needed=True, clean=str.lower),
        *_labels("code"),
        Field("is_misdeclaration", Kind.BOOLEAN, needed=True),
        *_text("source"),
    ),
    key=("code",),
)

CODE_LISTS = TableSpec(
    "code_lists",
    (
        Field("list", needed=True, clean=str.lower),
        Field("code", needed=True),
        Field("canonical", falls_back_to="code"),
        *_labels("code"),
        Field("flow", clean=str.lower, one_of=frozenset({"in", "inside", "out"})),
        *_text("source"),
    ),
    key=("list", "code"),
)

PLAUSIBLE_RANGES = TableSpec(
    "plausible_ranges",
    (
        Field("warning", needed=True),
        Field("source_name", needed=True),
        Field("column", needed=True),
        Field("numerator_of"),
        Field("minimum", Kind.NUMBER),
        Field("maximum", Kind.NUMBER),
        *_text("source"),
    ),
    key=("source_name", "column", "numerator_of"),
)

AGE_BUCKETS = TableSpec(
    "age_buckets",
    (
        Field("lower_days", Kind.INTEGER, needed=True, within=(0, 100 * 366)),
        Field("upper_days", Kind.INTEGER, within=(0, 100 * 366)),
        *_text("label", "label_zh", "source"),
    ),
    key=("lower_days",),
)


def _sentences(name: str) -> TableSpec:
    fields = (Field("code", needed=True), *_labels("code", "sentence"), *_text("source"))
    return TableSpec(name, fields, key=("code",))


PUBLISHED_FIGURES = TableSpec(
    "published_figures",
    (
        Field("topic", needed=True),
        Field("figure", needed=True),
        Field("value", Kind.NUMBER),
        *_text("unit"),
        *_labels("figure"),
        *_text("note", "source"),
    ),
    key=("topic", "figure"),
)

ALERT_GROUPS = TableSpec(
    "alert_groups",
    (Field("points_group", needed=True), *_labels("points_group"), *_text("note", "source")),
    key=("points_group",),
)

INDICATORS = (
    "backlog",
    "newly_overdue",
    "oldest_age",
    "licensed_stock",
    "heat",
    "misdeclaration",
    "missing_gate_outs",
    "ghosts",
    "silence",
)
"""What early warning looks at."""
TRIGGERS = ("alert", "border_trigger", "first_detection")
"""The rules by which points make an alert."""

ALERT_RULES = TableSpec(
    "alert_rules",
    (
        Field("indicator", needed=True, clean=str.lower, one_of=frozenset((*INDICATORS, *TRIGGERS))),
        *_labels("indicator"),
        Field("points_group", needed=True),
        Field("threshold", Kind.NUMBER, needed=True),
        *_text("unit", "value_unit", "value_unit_zh"),
        Field("window_days", Kind.INTEGER, default=1, within=(1, TEN_YEARS_DAYS)),
        Field("baseline_days", Kind.INTEGER, default=56, within=(1, TEN_YEARS_DAYS)),
        Field("lag_days", Kind.INTEGER, default=0, within=(0, TEN_YEARS_DAYS)),
        Field("minimum", Kind.INTEGER, default=0),
        Field("is_illustrative", Kind.BOOLEAN, default=True),
        *_text("source"),
    ),
    key=("indicator",),
)

SAFETY_VALUES = TableSpec(
    "safety_values",
    (
        Field("name", needed=True, clean=str.lower),
        Field("value", Kind.NUMBER, needed=True),
        *_text("unit", "note", "source"),
        Field("is_illustrative", Kind.BOOLEAN, default=True),
    ),
    key=("name",),
)

RISK_PARTS = ("hazard", "overdue", "heat_margin", "degree_days", "quantity", "findings", "segregation")
"""The parts of a batch's risk, in the order in which they are shown."""

RISK_WEIGHTS = TableSpec(
    "risk_weights",
    (
        Field("part", needed=True, clean=str.lower, one_of=frozenset(RISK_PARTS)),
        Field("weight", Kind.NUMBER, needed=True),
        Field("zero_at", Kind.NUMBER, needed=True),
        Field("full_at", Kind.NUMBER, needed=True),
        *_text("unit"),
        *_labels("part"),
        *_text("source"),
        Field("is_illustrative", Kind.BOOLEAN, default=True),
    ),
    key=("part",),
)

REFERENCE_QUANTITIES = TableSpec(
    "reference_quantities",
    (
        Field("imo_class", needed=True, clean=_class_code),
        Field("reference_kg", Kind.NUMBER, needed=True),
        Field("of_net_explosive", Kind.BOOLEAN, default=False),
        *_text("source"),
        Field("is_illustrative", Kind.BOOLEAN, default=True),
    ),
    key=("imo_class",),
)

LICENSED_QUANTITIES = TableSpec(
    "licensed_quantities",
    (
        Field("licence_id", needed=True),
        Field("un_location_code", clean=_upper),
        Field("facility_code"),
        Field("imo_class", needed=True, clean=_class_code),
        Field("licensed_kg", Kind.NUMBER),
        Field("licensed_net_explosive_kg", Kind.NUMBER),
        *_text("source"),
        Field("is_illustrative", Kind.BOOLEAN, default=True),
    ),
    key=("licence_id",),
)

HEAT_LEVELS = TableSpec(
    "heat_levels",
    (
        Field("level", needed=True, clean=str.lower),
        Field("un_location_code", clean=_upper),
        Field("from_temp_c", Kind.NUMBER, needed=True),
        *_labels("level"),
        *_text("source"),
        Field("is_illustrative", Kind.BOOLEAN, default=True),
    ),
    key=("level", "un_location_code"),
)

TABLES: dict[str, TableSpec] = {
    spec.name: spec
    for spec in (
        PORTS,
        IMDG_CLASSES,
        UN_NUMBERS,
        SEGREGATION,
        SEGREGATION_CLASS_ONE,
        LIMIT_RULES,
        CAMPAIGNS,
        COLUMN_ALIASES,
        FINDING_CODES,
        CODE_LISTS,
        PLAUSIBLE_RANGES,
        AGE_BUCKETS,
        _sentences("reject_codes"),
        _sentences("warning_codes"),
        PUBLISHED_FIGURES,
        ALERT_GROUPS,
        ALERT_RULES,
        SAFETY_VALUES,
        RISK_WEIGHTS,
        REFERENCE_QUANTITIES,
        LICENSED_QUANTITIES,
        HEAT_LEVELS,
    )
}
"""Every typed reference table by name. A shipped CSV that is not here is served as text."""
