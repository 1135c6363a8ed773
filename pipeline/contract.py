"""The ten sources as data: their columns, types, keys, and the closed lists of reject and warning codes.

Names follow the DCSA event vocabulary, UN/LOCODE, ISO 6346 and the IMDG Code. Everything that reads, checks,
lands or documents a source takes it from here; adding a source is one entry in `SOURCES`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Type(StrEnum):
    """What a cell may hold. The reject code of each type is in `REJECT_OF_TYPE`."""

    TEXT = "text"
    """Up to 1,000 characters, no control characters but tab."""
    CODE = "code"
    """A value of a named list, in any case; brought to the list's case."""
    PORT = "port"
    """A code or alias of the reference table `ports`; brought to the port's own code."""
    UNIT = "unit"
    """A transport unit, shaped like ISO 6346 or not; upper case."""
    CLASS = "class"
    """A class or division of the IMDG Code, with or without compatibility group; upper case."""
    UN_NUMBER = "un_number"
    """Four digits, with or without a leading `UN`; always text."""
    PACKING_GROUP = "packing_group"
    """`I`, `II` or `III`."""
    TIMESTAMP = "timestamp"
    """An instant, stored as UTC in microseconds without zone."""
    DATE = "date"
    NUMBER = "number"
    """A plain decimal with `.` as the point; stored as DOUBLE."""
    QUANTITY = "quantity"
    """A number that cannot be negative."""
    BOOLEAN = "boolean"


class Zone(StrEnum):
    """Whose local time a timestamp without offset is in."""

    PORT = "port"
    """The row's own port; known when the row is read."""
    CONSIGNMENT = "consignment"
    """The port of the row's consignment; held as given and turned to UTC when tables are computed."""
    DEFAULT = "default"
    """The default zone of the settings."""


REJECT_OF_TYPE = {
    Type.TEXT: "bad_text",
    Type.CODE: "unknown_code",
    Type.PORT: "unknown_port",
    Type.UNIT: "bad_text",
    Type.CLASS: "unknown_code",
    Type.UN_NUMBER: "bad_un_number",
    Type.PACKING_GROUP: "bad_packing_group",
    Type.TIMESTAMP: "bad_timestamp",
    Type.DATE: "bad_date",
    Type.NUMBER: "bad_number",
    Type.QUANTITY: "bad_number",
    Type.BOOLEAN: "bad_boolean",
}

REJECT_SENTENCES = {
    "bad_timestamp": "not a date and time such as 2022-06-01T08:05:00+08:00",
    "bad_date": "not a date such as 2022-06-01",
    "bad_number": "not a plain decimal number with a point",
    "bad_boolean": "not one of true, false, 1, 0, Y, N",
    "unknown_code": "not a value of the list of this column",
    "bad_text": "longer than 1,000 characters or with control characters",
    "implausible_time": "before 1990 or more than 48 hours after the load",
    "missing_value": "required and empty",
    "unknown_port": "not a port of the reference list",
    "bad_un_number": "not four digits",
    "bad_packing_group": "not I, II or III",
    "negative_quantity": "a quantity below zero",
    "finding_without_code": "required where the result is a finding",
    "wrong_field_count": "the fields of the line do not match the header",
    "undecodable": "bytes that are not text in the encoding of the file",
    "bad_quoting": "a quoted field that never closes, or text after its closing quote",
    "line_too_long": "longer than 1 MiB",
}
"""Every reject code and what it says of a cell or a line."""

WARNING_SENTENCES = {
    "bad_check_digit": "shaped like an ISO 6346 container number, but its check digit is wrong",
    "unknown_consignment": "refers to a batch that is not there, or not there yet",
    "class_not_of_un_number": "the class is not one that the reference list gives this UN number",
    "recorded_before_event": "recorded before it happened",
    "odd_declaration_no": "a declaration number that does not have 18 digits",
    "temperature_out_of_range": "a temperature outside the range of the reference table",
    "fine_out_of_band": "a fine outside the share of the goods' value that the reference table names",
}
"""Every warning code and its sentence. A warning never drops a row."""

MAX_TEXT_CHARACTERS = 1_000
MAX_LINE_BYTES = 1 << 20
EARLIEST_PLAUSIBLE = "1990-01-01T00:00:00"
LATEST_PLAUSIBLE_HOURS_AFTER_LOAD = 48


@dataclass(frozen=True)
class Column:
    """One column of a source.

    `codes` names a list of the reference table `code_lists`; `zone` says whose local time an instant without
    offset is in; `bounded_above` is false where an instant may lie in the future.
    """

    name: str
    type: Type = Type.TEXT
    required: bool = False
    codes: str | None = None
    zone: Zone | None = None
    bounded_above: bool = True


@dataclass(frozen=True)
class Source:
    """One source: its columns in the contract's order, its key, and what its event instant is."""

    name: str
    grain: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    event_column: str | None = None
    """The instant that `recorded_at` should not precede."""
    planned_when: tuple[str, frozenset[str]] | None = None
    """A code column and its values whose rows tell of an event that may lie ahead: the event instant has no
    upper bound there, and `recorded_at` may precede it."""
    required_when: tuple[tuple[str, str, str], ...] = ()
    """(column, code column, code): the column is required where the code column holds the code."""
    class_of_un: tuple[tuple[str, str], ...] = ()
    """(UN number column, class column) that the reference list of UN numbers should know as a pair."""
    column_by_name: dict[str, Column] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.column_by_name.update({column.name: column for column in self.columns})

    @property
    def column_names(self) -> tuple[str, ...]:
        """The columns' names in the contract's order."""
        return tuple(column.name for column in self.columns)

    @property
    def required(self) -> tuple[str, ...]:
        """The names of the columns that a file must have."""
        return tuple(column.name for column in self.columns if column.required)

    @property
    def held_as_given(self) -> tuple[str, ...]:
        """Columns whose instants may land as local time, with `<name>_is_local` beside them."""
        return tuple(column.name for column in self.columns if column.zone is Zone.CONSIGNMENT)


def _text(name: str, required: bool = False) -> Column:
    return Column(name, Type.TEXT, required)


def _code(name: str, codes: str, required: bool = False) -> Column:
    return Column(name, Type.CODE, required, codes=codes)


def _instant(name: str, zone: Zone, required: bool = False, bounded_above: bool = True) -> Column:
    return Column(name, Type.TIMESTAMP, required, zone=zone, bounded_above=bounded_above)


def _history(zone: Zone) -> tuple[Column, Column]:
    """The two columns that every source ends with."""
    return _instant("recorded_at", zone), Column("voided", Type.BOOLEAN)


CONSIGNMENTS = Source(
    "consignments",
    "one row a batch (批)",
    (
        _text("consignment_id", required=True),
        Column("un_location_code", Type.PORT, required=True),
        _code("direction", "direction", required=True),
        _text("declaration_no"),
        _text("customs_office_code"),
        _instant("manifested_at", Zone.PORT),
        _text("consignee"),
        Column("goods_value", Type.QUANTITY),
        _code("currency", "currency"),
        *_history(Zone.PORT),
    ),
    key=("consignment_id",),
)

DG_ITEMS = Source(
    "dg_items",
    "one row an item of dangerous goods in a batch",
    (
        _text("consignment_id", required=True),
        _text("item_no", required=True),
        Column("equipment_reference", Type.UNIT),
        Column("un_number", Type.UN_NUMBER),
        _text("proper_shipping_name"),
        Column("imo_class", Type.CLASS, required=True),
        Column("subsidiary_risk_1", Type.CLASS),
        Column("subsidiary_risk_2", Type.CLASS),
        Column("packing_group", Type.PACKING_GROUP),
        Column("is_marine_pollutant", Type.BOOLEAN),
        Column("is_limited_quantity", Type.BOOLEAN),
        Column("flashpoint_c", Type.NUMBER),
        Column("sadt_c", Type.NUMBER),
        Column("control_temp_c", Type.NUMBER),
        Column("emergency_temp_c", Type.NUMBER),
        Column("net_weight_kg", Type.QUANTITY),
        Column("net_explosive_content_kg", Type.QUANTITY),
        *_history(Zone.DEFAULT),
    ),
    key=("consignment_id", "item_no"),
    class_of_un=(("un_number", "imo_class"),),
)

YARD_MOVES = Source(
    "yard_moves",
    "one row a move of a unit that a terminal saw or planned",
    (
        _text("event_id", required=True),
        Column("un_location_code", Type.PORT, required=True),
        _text("facility_code"),
        Column("equipment_reference", Type.UNIT, required=True),
        _code("event_type", "event_type", required=True),
        _code("event_classifier", "event_classifier"),
        _instant("event_at", Zone.PORT, required=True),
        _text("consignment_id"),
        _text("block"),
        _text("bay"),
        _text("row"),
        _text("tier"),
        _code("exit_type", "exit_type"),
        *_history(Zone.PORT),
    ),
    key=("event_id",),
    event_column="event_at",
    planned_when=("event_classifier", frozenset({"EST", "PLN"})),
)

CLEARANCE_MILESTONES = Source(
    "clearance_milestones",
    "one row a milestone of a batch's clearance",
    (
        _text("consignment_id", required=True),
        _code("milestone", "milestone", required=True),
        _instant("occurred_at", Zone.CONSIGNMENT, required=True),
        _text("hold_reason"),
        _text("responsible_party"),
        *_history(Zone.DEFAULT),
    ),
    key=("consignment_id", "milestone", "occurred_at"),
    event_column="occurred_at",
)

INSPECTION_FINDINGS = Source(
    "inspection_findings",
    "one row an inspection, also those that found nothing",
    (
        _text("finding_id", required=True),
        _text("consignment_id", required=True),
        Column("equipment_reference", Type.UNIT),
        _instant("inspected_at", Zone.CONSIGNMENT, required=True),
        _code("selection_basis", "selection_basis", required=True),
        _code("result", "result", required=True),
        _code("finding_code", "finding_code"),
        Column("declared_un_number", Type.UN_NUMBER),
        Column("found_un_number", Type.UN_NUMBER),
        Column("declared_class", Type.CLASS),
        Column("found_class", Type.CLASS),
        Column("declared_packing_group", Type.PACKING_GROUP),
        Column("found_packing_group", Type.PACKING_GROUP),
        Column("declared_quantity_kg", Type.QUANTITY),
        Column("found_quantity_kg", Type.QUANTITY),
        *_history(Zone.DEFAULT),
    ),
    key=("finding_id",),
    event_column="inspected_at",
    required_when=(("finding_code", "result", "finding"),),
)

PENALTY_CASES = Source(
    "penalty_cases",
    "one row an administrative penalty case",
    (
        _text("case_no", required=True),
        _text("consignment_id", required=True),
        _instant("filed_at", Zone.CONSIGNMENT, required=True),
        _instant("decided_at", Zone.CONSIGNMENT),
        _text("legal_basis"),
        Column("goods_value", Type.QUANTITY),
        Column("fine_amount", Type.QUANTITY),
        _code("currency", "currency"),
        _code("status", "case_status", required=True),
        *_history(Zone.DEFAULT),
    ),
    key=("case_no",),
    event_column="filed_at",
)

DAILY_WEATHER = Source(
    "daily_weather",
    "one row a port and day",
    (
        Column("un_location_code", Type.PORT, required=True),
        Column("date", Type.DATE, required=True),
        Column("max_temp_c", Type.NUMBER, required=True),
        Column("min_temp_c", Type.NUMBER),
        *_history(Zone.PORT),
    ),
    key=("un_location_code", "date"),
)

RISK_ALERTS = Source(
    "risk_alerts",
    "one row an announcement, warning, alert or ban of border biosecurity",
    (
        _text("alert_id", required=True),
        _code("line", "line", required=True),
        _code("alert_type", "alert_type", required=True),
        _code("hazard_type", "hazard_type", required=True),
        _text("hazard_name", required=True),
        _code("origin_country", "country"),
        _text("commodity"),
        _instant("issued_at", Zone.DEFAULT, required=True),
        _instant("effective_to", Zone.DEFAULT, bounded_above=False),
        _text("supersedes"),
        *_history(Zone.DEFAULT),
    ),
    key=("alert_id",),
    event_column="issued_at",
)

INTERCEPTIONS = Source(
    "interceptions",
    "one row an interception at a port",
    (
        _text("interception_id", required=True),
        Column("un_location_code", Type.PORT, required=True),
        _code("channel", "channel", required=True),
        _instant("detected_at", Zone.PORT, required=True),
        _code("hazard_type", "hazard_type", required=True),
        _text("hazard_name", required=True),
        _code("origin_country", "country"),
        Column("species_count", Type.QUANTITY),
        Column("occurrence_count", Type.QUANTITY),
        Column("batch_count", Type.QUANTITY),
        _text("disposal"),
        *_history(Zone.PORT),
    ),
    key=("interception_id",),
    event_column="detected_at",
)

DOMESTIC_ACTIONS = Source(
    "domestic_actions",
    "one row an action behind the border",
    (
        _text("action_id", required=True),
        _text("agency", required=True),
        _code("action_type", "action_type", required=True),
        _text("linked_id"),
        _instant("opened_at", Zone.DEFAULT, required=True),
        _instant("closed_at", Zone.DEFAULT),
        _text("outcome"),
        *_history(Zone.DEFAULT),
    ),
    key=("action_id",),
    event_column="opened_at",
)

SOURCES: dict[str, Source] = {
    source.name: source
    for source in (
        CONSIGNMENTS,
        DG_ITEMS,
        YARD_MOVES,
        CLEARANCE_MILESTONES,
        INSPECTION_FINDINGS,
        PENALTY_CASES,
        DAILY_WEATHER,
        RISK_ALERTS,
        INTERCEPTIONS,
        DOMESTIC_ACTIONS,
    )
}
"""Every source by its name, in the contract's order."""
