"""The stock of a release by day, port and class: kept once, and picked from there for any of them and any days."""

from __future__ import annotations

import datetime as dt

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.metrics.question import STOCK_COLUMNS, Question
from pipeline.metrics.sought import Sought

STANDING: tuple[tuple[str, ...], ...] = (
    ("date", "port"),
    ("date", "class"),
    ("date", "port", "class"),
    ("class", "age_bucket"),
    ("port", "class", "age_bucket"),
    ("port", "class"),
    ("port",),
)
"""What is kept of all goods, by what it is told apart by."""
BY_CLASS_FIRST = ("date", "port", "class")
"""The largest: kept in the order of classes, so that one class is read alone; the others are in the model's order."""
ROWS_A_GROUP = 10_000
"""A year of a class at 120 ports is five groups."""
COLUMNS = STOCK_COLUMNS | {"date": "day"}


def key(by: tuple[str, ...]) -> tuple[str, ...]:
    """Under which the stock told apart so is kept."""
    return ("stock", *sorted(by))


def picked(question: Question, by: tuple[str, ...]) -> pa.Table | None:
    """The kept rows of the model `stock`, narrowed by the filters; None where they are not kept or cannot be picked.

    The stock of one port, or of one class, is what is kept of it told apart from others. That of several together is
    no sum of kept rows: the days of their lives differ.
    """
    asked = question.filters
    if question.kept is None or asked.direction is not None or asked.count != "batch":
        return None
    wanted = {"port": question.ports, "class": question.classes}
    alone = tuple(name for name, codes in wanted.items() if codes and name not in by)
    rows = _rows(question, (*by, *alone), wanted)
    if rows is None:
        return None
    for name in alone:
        column = COLUMNS[name]
        if pc.count_distinct(rows[column]).as_py() > 1:
            return None
        nothing = pa.nulls(rows.num_rows, rows[column].type)
        rows = rows.set_column(rows.column_names.index(column), rows.schema.field(column), nothing)
    return _between(rows, asked.date_from, asked.date_to) if "date" in by else rows


def _rows(question: Question, by: tuple[str, ...], wanted: dict[str, tuple[str, ...]]) -> pa.Table | None:
    """The kept rows with the codes wanted, in the order of the model."""
    assert question.kept is not None
    is_one_class = len(wanted["class"]) == 1 and "class" in by
    rows = question.kept.table(*key(by), sought=_sought(question, by, wanted) if is_one_class else None)
    if rows is None:
        return None
    for name, codes in wanted.items():
        if codes:
            column = rows[COLUMNS[name]]
            rows = rows.filter(pc.is_in(column, pa.array(codes, column.type)))
    if set(by) == set(BY_CLASS_FIRST) and not is_one_class:
        rows = rows.sort_by([(column, "ascending") for column in ("day", "un_location_code", "lead_class")])
    return rows


def _sought(question: Question, by: tuple[str, ...], wanted: dict[str, tuple[str, ...]]) -> Sought:
    asked = question.filters
    first = asked.date_from if "date" in by else None
    last = asked.date_to if "date" in by else None
    return Sought(
        codes={COLUMNS[name]: codes for name, codes in wanted.items() if codes},
        from_on={"day": first} if first else {},
        below={"day": last + dt.timedelta(days=1)} if last else {},
    )


def _between(rows: pa.Table, first: dt.date | None, last: dt.date | None) -> pa.Table:
    days = rows["day"]
    if first is not None:
        rows = rows.filter(pc.greater_equal(days, pa.scalar(first, pa.date32())))
    if last is not None:
        rows = rows.filter(pc.less_equal(rows["day"], pa.scalar(last, pa.date32())))
    return rows
