"""Durations of standing windows: kept for all ports, each port, each class and each pair of them, and picked from there."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.metrics.question import Question
from pipeline.metrics.sought import Sought

SCOPES: tuple[tuple[str, ...], ...] = (("port", "class"), ("port",), ("class",), ())
PORT, CLASS = "un_location_code", "lead_class"
Key = tuple[Any, ...]


def picked(question: Question, key: Key, *scopes: tuple[str, ...]) -> pa.Table | None:
    """The kept rows of some groupings, narrowed by the filters; None where they are not kept or cannot be picked.

    What is asked of one port alone is what is kept of that port, under the name of what was asked.
    """
    asked = question.filters
    if question.kept is None or asked.direction is not None or asked.count != "batch":
        return None
    sought = Sought(codes={PORT: question.ports}) if len(question.ports) == 1 else None
    rows = question.kept.table(*key, sought=sought)
    if rows is None:
        return None
    classes = _fitting(rows, question)
    parts = [_of_scope(rows, scope, question.ports, classes) for scope in scopes]
    found = [part for part in parts if part is not None]
    return pa.concat_tables(found) if len(found) == len(parts) else None


def _fitting(rows: pa.Table, question: Question) -> list[str] | None:
    """The classes asked for that there is any batch of; None where all are asked for."""
    if not question.classes:
        return None
    return sorted(set(rows[CLASS].unique().to_pylist()) & set(question.classes))


def _of_scope(
    rows: pa.Table, scope: tuple[str, ...], ports: tuple[str, ...], classes: list[str] | None
) -> pa.Table | None:
    for column, name, wanted in ((PORT, "port", list(ports) or None), (CLASS, "class", classes)):
        if name in scope:
            rows = rows.filter(_is_in(rows[column], wanted))
        elif wanted is None:
            rows = rows.filter(pc.is_null(rows[column]))
        elif len(wanted) == 1:
            rows = rows.filter(pc.equal(rows[column], wanted[0]))
            nothing = pa.nulls(rows.num_rows, rows[column].type)
            rows = rows.set_column(rows.column_names.index(column), rows.schema.field(column), nothing)
        else:
            return None
    return rows


def _is_in(column: pa.ChunkedArray, wanted: list[str] | None) -> pa.ChunkedArray:
    if wanted is None:
        return pc.is_valid(column)
    return pc.is_in(column, pa.array(wanted, column.type))
