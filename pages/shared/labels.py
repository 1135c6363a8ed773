"""What codes are called: labels of ports, classes, findings and vocabularies, from the reference tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pandas as pd

from pages.shared import data, frame

# Columns whose cells are codes, and the code list or the table that names them.
_LIST_OF_COLUMN = {
    "exit_type": "exit_type",
    "direction": "direction",
    "milestone": "milestone",
    "event_type": "event_type",
    "event_classifier": "event_classifier",
    "selection_basis": "selection_basis",
    "result": "result",
    "case_status": "case_status",
    "defence_line": "line",
    "alert_type": "alert_type",
    "hazard_type": "hazard_type",
    "origin_country": "country",
    "channel": "channel",
    "action_type": "action_type",
}
_TABLE_OF_COLUMN = {
    "finding_code": ("finding_codes", "code", "label", "label_zh"),
    "reason": ("reject_codes", "code", "sentence", "sentence_zh"),
    "warning": ("warning_codes", "code", "sentence", "sentence_zh"),
    "indicator": ("alert_rules", "indicator", "label", "label_zh"),
    "points_group": ("alert_groups", "points_group", "label", "label_zh"),
    "value_unit": ("alert_rules", "value_unit", "value_unit", "value_unit_zh"),
}
_BARE = {"finding_code", "indicator", "points_group", "value_unit"}
"""Columns that show the label without the code."""
_WORDED = {
    "clock",
    "stage",
    "statistic",
    "verdict",
    "funnel",
    "measure",
    "part",
    "turn",
    "told",
    "window",
    "level",
    "ended_how",
    "state",
    "pool",
    "heat_basis",
}
"""Columns whose codes the catalogs name, each under the column's own name."""


@frame.in_words
def of(column: str) -> Mapping[str, str]:
    """Label by code for the cells of a column; empty where its cells are no codes."""
    pick = frame.words().pick
    if column in ("un_location_code", "port"):
        rows = data.tuples(data.table("ports"), "un_location_code", "name", "name_zh")
        named = {code: f"{pick(name, name_zh)} {code}" for code, name, name_zh in rows}
        return named | {"all": frame.words()("scope.all")}
    if column in ("lead_class", "imo_class", "class"):
        rows = data.tuples(data.table("imdg_classes"), "code", "label", "label_zh")
        named = {code: _class_label(code, pick(label, label_zh)) for code, label, label_zh in rows}
        return named | {"all": frame.words()("filter.all")}
    if column == "age_bucket":
        rows = data.tuples(data.table("age_buckets"), "lower_days", "label", "label_zh")
        return {str(days): pick(label, label_zh) for days, label, label_zh in rows}
    if column == "age_days":
        rows = data.tuples(data.table("age_buckets"), "lower_days", "upper_days")
        return {str(lower): _days(lower, upper) for lower, upper in rows}
    if column in _TABLE_OF_COLUMN:
        table, *names = _TABLE_OF_COLUMN[column]
        rows = data.tuples(data.table(table), *names)
        shown = {code: pick(label, label_zh) for code, label, label_zh in rows}
        # Files and reports name a reason by its code: the sentence alone would not find it there.
        return shown if column in _BARE else {code: f"{text} ({code})" for code, text in shown.items()}
    if column == "risk_part":
        rows = data.tuples(data.table("risk_weights"), "part", "label", "label_zh")
        return {part: pick(label, label_zh) for part, label, label_zh in rows}
    if column == "heat_level":
        rows = data.tuples(data.table("heat_levels"), "level", "label", "label_zh")
        return {level: pick(label, label_zh) for level, label, label_zh in rows}
    if column == "scope":
        return of("un_location_code")
    if column in _LIST_OF_COLUMN:
        lists = data.tuples(data.table("code_lists"), "list", "canonical", "label", "label_zh")
        wanted = _LIST_OF_COLUMN[column]
        named = {code: pick(label, label_zh) for name, code, label, label_zh in lists if name == wanted}
        return named | {"all": frame.words()("filter.all")}
    if column == "status":
        words = frame.words()
        states = {name: words(f"history.{name}") for name in ("current", "superseded", "duplicate", "voided")}
        return states | dict(of("case_status"))
    if column in _WORDED:
        # Verdicts are written with blanks, keys of the catalogs without.
        return {
            form: text
            for code, text in frame.words().under(column).items()
            for form in (code, code.replace("_", " "))
        }
    if column == "source":
        words = frame.words()
        return {name: words(f"source.{name}") for name in data.sources()}
    return {}


@frame.in_words
def labeller(column: str) -> Callable[[str], str]:
    """A function from a code of `column` to its label; an unknown code is its own label."""
    known = of(column)
    return lambda code: known.get(code, code)


def labelled(values: pd.Series, column: str) -> pd.Series:
    """The cells of a column in words; nulls stay null."""
    known = of(column)
    return values.map(lambda code: known.get(str(code), code), na_action="ignore") if known else values


def _class_label(code: str, label: str) -> str:
    return label if code == "unidentified" else f"{code} {label}"


def _days(lower: int, upper: float | None) -> str:
    return f"≥ {lower}" if upper is None or pd.isna(upper) else f"{lower}–{int(upper)}"
