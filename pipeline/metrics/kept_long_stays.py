"""The long stays of a release, kept in the order of arrival, so that the oldest batches of any day are found among few.

Whoever was in the yard at the end of a day and had come a month before it stayed for a month or longer: where there are
as many of those as are asked for, nothing else is read. Else the shorter stays are read too, which left within a
month of that day.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pyarrow as pa

from pipeline.engine import Engine
from pipeline.metrics.question import Question
from pipeline.relations import ModelFailed, Present, Relations

KEY = ("long_stays",)
LONG = dt.timedelta(days=30)
DAY = dt.timedelta(days=1)
FEW_ROWS = 250_000
"""So many stays are looked through as fast."""
LOOKED_AT = 2
"""So many times as many stays as are asked for are looked at: some of them left before the day was over."""


def register_length(engine: Relations) -> None:
    """Registers how long a long stay lasts."""
    micros = LONG // dt.timedelta(microseconds=1)
    engine.register_arrow("asked_length", pa.table({"long_micros": pa.array([micros], pa.int64())}))


def oldest_of_day(question: Question, limit: int) -> pa.Table | None:
    """The first rows of the model `batches_in_yard` at the end of the day asked for.

    None where long stays are not kept, a block is asked for, the day is not over before as_of, too few of the oldest
    fit what is asked for, or few stays left since.
    """
    asked, as_of, engine = question.filters, question.as_of, question.engine
    kept = question.kept.file(*KEY) if question.kept else None
    if kept is None or asked.date is None or asked.block is not None or asked.count != "batch":
        return None
    # In every zone a day ends after its midnight in UTC.
    if as_of is None or as_of < _midnight(asked.date) or not isinstance(engine, Engine):
        return None
    if question.rows_since("stays", asked.date - DAY) < FEW_ROWS:
        return None
    try:
        found = _oldest_of_day(question, engine, str(kept), limit)
    except ModelFailed:
        if kept.is_file():
            raise
        found = None  # swept meanwhile: another release has come
    if found is None:
        engine.forget("counted")
    return found


def _oldest_of_day(question: Question, engine: Engine, kept: str, limit: int) -> pa.Table | None:
    day = question.filters.date
    assert day is not None
    # Three days later the day is over in every zone.
    over = _midnight(day + 3 * DAY)
    places = {"un_location_code": question.ports, "lead_class": question.classes}
    present, count = Present(over, _midnight(day), places), LOOKED_AT * limit
    first = engine.first_stays([kept, *question.files_between("stays", None, None)], present, count)
    long_ago = _midnight(day) - LONG
    found = _fitting(engine, [first], limit, [long_ago, *_cut(first, count)])
    if found is not None:
        return found
    around = question.files_between("stays", day - DAY, day + 3 * DAY + LONG)
    short = engine.first_stays(around, replace(present, shorter_than=LONG), count)
    return _fitting(engine, [first, short], limit, [*_cut(first, count), *_cut(short, count)])


def _cut(stays: pa.Table, count: int) -> list[dt.datetime]:
    """When the last of the first `count` stays arrived; nothing where there are no more."""
    return [stays["arrived_at"][-1].as_py()] if stays.num_rows == count else []


def _fitting(
    engine: Engine, stays: list[pa.Table], limit: int, known_before: list[dt.datetime]
) -> pa.Table | None:
    """The first rows of the model over some stays, which are all that arrived before the first of some instants.

    None where the stays that are not known could be among them.
    """
    if known_before and sum(rows.num_rows for rows in stays) < limit:
        return None
    engine.register_arrow("counted", pa.concat_tables(stays, promote_options="permissive"))
    found = engine.first_rows("batches_in_yard", limit)
    if known_before and (found.num_rows < limit or found["arrived_at"][-1].as_py() >= min(known_before)):
        return None
    return found


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time())
