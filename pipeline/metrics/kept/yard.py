"""Who is in the yard at the as-of of a release, oldest first: kept once, and read from its top for any part of it."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.metrics.question import Question
from pipeline.metrics.sought import Sought

KEY = ("yard",)
OLDEST_KEY = ("oldest",)
ROWS_A_GROUP = 10_000
"""Whoever wants the first few hundred reads one group or a few."""


def picked(question: Question) -> pa.Table | None:
    """The kept rows of the model `batches_in_yard` that the filters let through, cut to the limit.

    None where they are not kept, or another day or a block is asked for.
    """
    asked = question.filters
    if question.kept is None or asked.count != "batch" or asked.date is not None or asked.block is not None:
        return None
    wanted: dict[str, tuple[Any, ...]] = {
        "un_location_code": question.ports,
        "lead_class": question.classes,
        "direction": (asked.direction,) if asked.direction else (),
        "facility_code": (asked.facility or None,) if asked.facility is not None else (),
        "age_bucket": (asked.age_bucket,) if asked.age_bucket is not None else (),
        "is_overdue": (True,) if asked.overdue_only else (),
    }
    sought = Sought(codes={name: values for name, values in wanted.items() if values})
    return question.kept.first_rows(asked.limit, sought, *KEY)


def oldest(question: Question) -> pa.Table | None:
    """The kept rows of the model `oldest_open` that the filters let through; None where they are not kept."""
    asked = question.filters
    if question.kept is None or asked.direction is not None or asked.count != "batch":
        return None
    rows = question.kept.table(*OLDEST_KEY)
    if rows is None:
        return None
    for column, codes in (("un_location_code", question.ports), ("lead_class", question.classes)):
        if codes:
            rows = rows.filter(pc.is_in(rows[column], pa.array(codes, rows[column].type)))
    return rows
