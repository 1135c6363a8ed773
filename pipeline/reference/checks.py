"""What a reference table must hold to, beyond its kinds: within itself, and against the other tables.

Each check takes the typed columns of one table, mends what is only a matter of writing (an alias of a port,
the mirror of a pair), and raises `ReferenceMistake` with the table's name for what it cannot mend.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from zoneinfo import ZoneInfo

from pipeline.contract import SOURCES
from pipeline.errors import UserMistake
from pipeline.reference.tables import RISK_PARTS, TEN_YEARS_DAYS, TRIGGERS, UNIDENTIFIED

Columns = dict[str, list]
Others = Mapping[str, Columns]

FILTERS_OF_RULES = (
    "un_number",
    "imo_class",
    "un_location_code",
    "facility_code",
    "direction",
    "valid_from",
    "valid_to",
)


class ReferenceMistake(UserMistake):
    """A reference table that cannot be used as it is; the message names the table and the row's value."""


def port_codes(ports: Columns) -> dict[str, str]:
    """Every code and alias of the ports table, upper case, with the port's own code."""
    own = {code: code for code in ports["un_location_code"]}
    for code, aliases in zip(ports["un_location_code"], ports["alias_codes"], strict=True):
        for alias in (aliases or "").split():
            taken_by = own.setdefault(alias, code)
            if taken_by != code:
                raise ReferenceMistake(
                    f"ports: {alias} is an alias of {code} and already stands for {taken_by}",
                    "Let every code and alias stand for one port only.",
                )
    return own


def _some_rows(name: str, key: str, table: Columns) -> None:
    if not table[key]:
        raise ReferenceMistake(
            f"{name}: there is no row",
            "A table handed in replaces the whole shipped table: give at least one row.",
        )


def _check_ports(table: Columns, others: Others) -> None:
    _some_rows("ports", "un_location_code", table)
    port_codes(table)
    for code, zone in zip(table["un_location_code"], table["time_zone"], strict=True):
        try:
            ZoneInfo(zone)
        except (KeyError, ValueError, OSError):
            raise ReferenceMistake(
                f"ports: the time zone {zone!r} of {code} is not known",
                "Name an IANA time zone such as Asia/Shanghai.",
            ) from None
    for column, bound in (("latitude", 90), ("longitude", 180)):
        for code, degrees in zip(table["un_location_code"], table[column], strict=True):
            if degrees is not None and abs(degrees) > bound:
                raise ReferenceMistake(
                    f"ports: {column} {degrees} of {code} is beyond {bound} degrees",
                    "Give coordinates in decimal degrees.",
                )


def _check_imdg_classes(table: Columns, others: Others) -> None:
    if UNIDENTIFIED in table["code"]:
        return
    below_all = min([0, *(rank - 1 for rank in table["hazard_rank"])])
    row = {"code": UNIDENTIFIED, "label": "Not identified", "label_zh": "未查明", "hazard_rank": below_all}
    for column, values in table.items():
        values.append(row.get(column))


def _known(table: str, column: str, values: list, known: Mapping | set | frozenset, kept_in: str) -> None:
    for value in values:
        if value is not None and value not in known:
            raise ReferenceMistake(
                f"{table}: {column} {value} is not in {kept_in}",
                f"Mend the value, or add it to {kept_in}.",
            )


def _check_un_numbers(table: Columns, others: Others) -> None:
    for number in table["un_number"]:
        if not (len(number) == 4 and number.isascii() and number.isdigit()):
            raise ReferenceMistake(
                f"un_numbers: {number!r} is not four digits", "Keep the zeros: 0004, not 4."
            )
    classes = set(others["imdg_classes"]["code"])
    for column in ("imo_class", "subsidiary_risk_1", "subsidiary_risk_2"):
        _known("un_numbers", column, table[column], classes, "imdg_classes")


def _mirror(name: str, first: str, second: str, value: str) -> Callable[[Columns, Others], None]:
    """A check that adds the mirror of every pair that is given in one direction only."""

    def check(table: Columns, others: Others) -> None:
        given = dict(zip(zip(table[first], table[second], strict=True), table[value], strict=True))
        for index, (a, b) in enumerate(list(given)):
            if (b, a) not in given:
                for column, values in table.items():
                    values.append({first: b, second: a}.get(column, values[index]))
            elif given[b, a] != given[a, b]:
                raise ReferenceMistake(
                    f"{name}: {a} with {b} is {given[a, b]}, {b} with {a} is {given[b, a]}",
                    "Give the pair once, or the same in both directions.",
                )

    return check


def _check_limit_rules(table: Columns, others: Others) -> None:
    own = port_codes(others["ports"])
    table["un_location_code"] = [_own_port("limit_rules", code, own) for code in table["un_location_code"]]
    classes = set(others["imdg_classes"]["code"])
    _known("limit_rules", "imo_class", table["imo_class"], classes, "imdg_classes")
    for rule, number in zip(table["rule_id"], table["un_number"], strict=True):
        if number is not None and not (len(number) == 4 and number.isascii() and number.isdigit()):
            raise ReferenceMistake(
                f"limit_rules: un_number {number!r} of {rule} is not four digits",
                "Keep the zeros: 0004, not 4.",
            )
    for rule, hours in zip(table["rule_id"], table["limit_hours"], strict=True):
        if hours < 0:
            raise ReferenceMistake(
                f"limit_rules: limit_hours {hours:g} of {rule} is below zero", "A limit may be 0, not less."
            )
    _check_span("limit_rules", table, "rule_id", "valid_from", "valid_to")
    filters = zip(*(table[name] for name in FILTERS_OF_RULES), strict=True)
    if not any(all(cell is None for cell in cells) for cells in filters):
        raise ReferenceMistake(
            "limit_rules: there is no default rule",
            f"Add a row in which {', '.join(FILTERS_OF_RULES)} are empty.",
        )


def _own_port(table: str, code: str | None, own: Mapping[str, str]) -> str | None:
    if code is not None and code not in own:
        raise ReferenceMistake(
            f"{table}: {code} is not a port of the ports table",
            "Mend the code, or add the port to ports.csv.",
        )
    return own[code] if code else None


def _own_ports(ports: str, own: Mapping[str, str]) -> str:
    """`all`, or the ports' own codes joined by `;` as they were, each once."""
    if ports.lower() == "all":
        return "all"
    codes = [code.strip().upper() for code in ports.split(";") if code.strip()]
    return ";".join(dict.fromkeys(str(_own_port("campaigns", code, own)) for code in codes))


def _check_span(table: str, columns: Columns, key: str, first: str, last: str) -> None:
    for name, start, end in zip(columns[key], columns[first], columns[last], strict=True):
        if start is not None and end is not None and start > end:
            raise ReferenceMistake(
                f"{table}: {first} {start} of {name} is after {last} {end}",
                "Swap the two dates, or mend one.",
            )


def _check_campaigns(table: Columns, others: Others) -> None:
    _some_rows("campaigns", "campaign_id", table)
    _check_span("campaigns", table, "campaign_id", "starts_on", "ends_on")
    _check_span("campaigns", table, "campaign_id", "baseline_from", "baseline_to")
    own = port_codes(others["ports"])
    table["ports"] = [_own_ports(ports, own) for ports in table["ports"]]


def _check_column_aliases(table: Columns, others: Others) -> None:
    seen: dict[tuple[str, str], str] = {}
    for source, alias, column in zip(table["source"], table["alias"], table["column"], strict=True):
        if source not in SOURCES:
            raise ReferenceMistake(
                f"column_aliases: {source} is not a source", f"The sources are {', '.join(SOURCES)}."
            )
        known = SOURCES[source].column_by_name
        if column not in known:
            raise ReferenceMistake(
                f"column_aliases: {source} has no column {column}", f"Its columns are {', '.join(known)}."
            )
        folded = alias.casefold()
        taken_by = folded if folded in known else seen.setdefault((source, folded), column)
        if taken_by != column:
            raise ReferenceMistake(
                f"column_aliases: {alias} of {source} stands for two columns",
                "Let every alias name one column.",
            )


def _check_code_lists(table: Columns, others: Others) -> None:
    wanted = {c.codes for source in SOURCES.values() for c in source.columns if c.codes} - {"finding_code"}
    missing = sorted(wanted - set(table["list"]))
    if missing:
        raise ReferenceMistake(
            f"code_lists: no codes of {', '.join(missing)}",
            "A table handed in replaces the whole shipped table: copy the lists that stay as they are.",
        )
    codes = set(zip(table["list"], table["code"], strict=True))
    for name, code, canonical, flow in zip(
        table["list"], table["code"], table["canonical"], table["flow"], strict=True
    ):
        if (name, canonical) not in codes:
            raise ReferenceMistake(
                f"code_lists: {code} of {name} stands for {canonical}, which is not in the list",
                f"Add {canonical} to {name}, or leave canonical empty.",
            )
        if name == "event_type" and flow is None:
            raise ReferenceMistake(
                f"code_lists: the event type {code} has no flow", "Fill flow with in, inside or out."
            )


def _check_age_buckets(table: Columns, others: Others) -> None:
    if 0 not in table["lower_days"]:
        raise ReferenceMistake(
            "age_buckets: no bucket starts at 0 days", "Add one: every age needs a bucket."
        )


def _check_alert_rules(table: Columns, others: Others) -> None:
    # An indicator that an own table leaves out is off; without the triggers nothing would ever be an alert.
    _known(
        "alert_rules", "points_group", table["points_group"], set(others["alert_groups"]["points_group"]),
        "alert_groups",
    )  # fmt: skip
    missing = [name for name in TRIGGERS if name not in table["indicator"]]
    if missing:
        raise ReferenceMistake(
            f"alert_rules: there is no rule {', '.join(missing)}",
            "Copy it from the shipped table: without it no point makes an alert.",
        )


SAFETY_VALUES_NEEDED = {
    "heat_uplift_c": (0, 100),
    "heat_max_days_old": (0, TEN_YEARS_DAYS),
    "degree_day_base_c": (0, 100),
    "flashpoint_share": (0, 1),
    "adjacent_bays": (0, 10_000),
    "survival_window_days": (1, TEN_YEARS_DAYS),
    "survival_min_at_risk": (0, 1_000_000),
    "forecast_window_days": (7, TEN_YEARS_DAYS),
    "forecast_origins": (1, 520),
}
"""What the safety desk takes, and between which bounds it can."""


def _needs(name: str, column: str, needed: Iterable[str], table: Columns) -> None:
    missing = [value for value in needed if value not in table[column]]
    if missing:
        raise ReferenceMistake(
            f"{name}: there is no {column} {', '.join(missing)}",
            "A table handed in replaces the whole shipped table: copy the rows that stay as they are.",
        )


def _not_below_zero(name: str, key: str, column: str, table: Columns) -> None:
    for code, number in zip(table[key], table[column], strict=True):
        if number is not None and number < 0:
            raise ReferenceMistake(
                f"{name}: {column} {number:g} of {code} is below zero", "Give a number from 0 on."
            )


def _above_zero(name: str, key: str, column: str, table: Columns) -> None:
    for code, number in zip(table[key], table[column], strict=True):
        if number <= 0:
            raise ReferenceMistake(
                f"{name}: {column} {number:g} of {code} is not above zero", "Give a number above 0."
            )


def _check_safety_values(table: Columns, others: Others) -> None:
    _needs("safety_values", "name", SAFETY_VALUES_NEEDED, table)
    for name, value in zip(table["name"], table["value"], strict=True):
        least, most = SAFETY_VALUES_NEEDED.get(name, (value, value))
        if not least <= value <= most:
            raise ReferenceMistake(
                f"safety_values: {value:g} of {name} is not between {least} and {most}", "Mend the value."
            )


def _check_risk_weights(table: Columns, others: Others) -> None:
    _needs("risk_weights", "part", RISK_PARTS, table)
    _not_below_zero("risk_weights", "part", "weight", table)
    for part, zero, full in zip(table["part"], table["zero_at"], table["full_at"], strict=True):
        if zero == full:
            raise ReferenceMistake(
                f"risk_weights: zero_at and full_at of {part} are both {zero:g}", "Let them differ."
            )


def _check_reference_quantities(table: Columns, others: Others) -> None:
    classes = set(others["imdg_classes"]["code"])
    _known("reference_quantities", "imo_class", table["imo_class"], classes, "imdg_classes")
    _above_zero("reference_quantities", "imo_class", "reference_kg", table)


def _check_licensed_quantities(table: Columns, others: Others) -> None:
    own = port_codes(others["ports"])
    name = "licensed_quantities"
    table["un_location_code"] = [_own_port(name, code, own) for code in table["un_location_code"]]
    classes = set(others["imdg_classes"]["code"])
    _known(name, "imo_class", table["imo_class"], classes, "imdg_classes")
    for column in ("licensed_kg", "licensed_net_explosive_kg"):
        _not_below_zero(name, "licence_id", column, table)


def _check_heat_levels(table: Columns, others: Others) -> None:
    own = port_codes(others["ports"])
    table["un_location_code"] = [_own_port("heat_levels", code, own) for code in table["un_location_code"]]


CHECKS: dict[str, Callable[[Columns, Others], None]] = {
    "ports": _check_ports,
    "imdg_classes": _check_imdg_classes,
    "un_numbers": _check_un_numbers,
    "segregation": _mirror("segregation", "class_a", "class_b", "code"),
    "segregation_class_one": _mirror("segregation_class_one", "group_a", "group_b", "permitted"),
    "limit_rules": _check_limit_rules,
    "campaigns": _check_campaigns,
    "column_aliases": _check_column_aliases,
    "code_lists": _check_code_lists,
    "age_buckets": _check_age_buckets,
    "alert_rules": _check_alert_rules,
    "safety_values": _check_safety_values,
    "risk_weights": _check_risk_weights,
    "reference_quantities": _check_reference_quantities,
    "licensed_quantities": _check_licensed_quantities,
    "heat_levels": _check_heat_levels,
}
"""In the order in which they run: a table comes after those it refers to."""
