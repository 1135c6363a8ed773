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
    "risk_part": ("risk_weights", "part", "label", "label_zh"),
    "heat_level": ("heat_levels", "level", "label", "label_zh"),
    "age_bucket": ("age_buckets", "lower_days", "label", "label_zh"),
}
_WITH_CODE = {"reason", "warning"}
"""Columns that show the code too: files and reports name it, the sentence alone would not be found there."""
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
    for columns, named in (
        (_OWN_WAY, lambda name: _OWN_WAY[name]()),
        (_TABLE_OF_COLUMN, _of_table),
        (_LIST_OF_COLUMN, _of_list),
        (_WORDED, _of_words),
    ):
        if column in columns:
            return named(column)
    return {}


def _ports() -> dict[str, str]:
    words = frame.words()
    rows = data.tuples(data.table("ports"), "un_location_code", "name", "name_zh")
    named = {code: f"{words.pick(name, name_zh)} {code}" for code, name, name_zh in rows}
    return named | {"all": words("scope.all")}


def _classes() -> dict[str, str]:
    words = frame.words()
    rows = data.tuples(data.table("imdg_classes"), "code", "label", "label_zh")
    named = {code: _class_label(code, words.pick(label, label_zh)) for code, label, label_zh in rows}
    return named | {"all": words("filter.all")}


def _ages() -> dict[str, str]:
    rows = data.tuples(data.table("age_buckets"), "lower_days", "upper_days")
    return {str(lower): _days(lower, upper) for lower, upper in rows}


def _statuses() -> dict[str, str]:
    words = frame.words()
    states = {name: words(f"history.{name}") for name in ("current", "superseded", "duplicate", "voided")}
    return states | _of_list("case_status")


def _sources() -> dict[str, str]:
    words = frame.words()
    return {name: words(f"source.{name}") for name in data.sources()}


_OWN_WAY: dict[str, Callable[[], dict[str, str]]] = {
    "un_location_code": _ports,
    "port": _ports,
    "scope": _ports,
    "lead_class": _classes,
    "imo_class": _classes,
    "class": _classes,
    "age_days": _ages,
    "status": _statuses,
    "source": _sources,
}


def _of_table(column: str) -> dict[str, str]:
    """Labels of a reference table."""
    table, *names = _TABLE_OF_COLUMN[column]
    pick = frame.words().pick
    rows = data.tuples(data.table(table), *names)
    shown = {str(code): pick(label, label_zh) for code, label, label_zh in rows}
    return {code: f"{text} ({code})" for code, text in shown.items()} if column in _WITH_CODE else shown


def _of_list(column: str) -> dict[str, str]:
    """Labels of a code list."""
    words, wanted = frame.words(), _LIST_OF_COLUMN[column]
    lists = data.tuples(data.table("code_lists"), "list", "canonical", "label", "label_zh")
    named = {code: words.pick(label, label_zh) for name, code, label, label_zh in lists if name == wanted}
    return named | {"all": words("filter.all")}


def _of_words(column: str) -> dict[str, str]:
    """Labels of the catalogs. Verdicts are written with blanks, keys of the catalogs without."""
    return {
        form: text
        for code, text in frame.words().under(column).items()
        for form in (code, code.replace("_", " "))
    }


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
