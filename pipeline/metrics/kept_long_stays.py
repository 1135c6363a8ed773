"""The long stays of a release, kept in the order of arrival, so that the oldest batches of any day are found among few.

Whoever was in the yard at the end of a day and had come a month before it stayed for a month or longer: where there are
as many of those as are asked for, nothing else is read. Else the shorter stays are read too, which left within a
month of that day.
"""

from __future__ import annotations

import datetime as dt

import pyarrow as pa

from pipeline.metrics.question import Question
from pipeline.relations import Before, ModelFailed, Relations

KEY = ("long_stays",)
LONG = dt.timedelta(days=30)
DAY = dt.timedelta(days=1)


def register_length(engine: Relations) -> None:
    """Registers how long a long stay lasts."""
    micros = LONG // dt.timedelta(microseconds=1)
    engine.register_arrow("asked_length", pa.table({"long_micros": pa.array([micros], pa.int64())}))


def oldest_of_day(question: Question, limit: int) -> pa.Table | None:
    """The first rows of the model `batches_in_yard` at the end of the day asked for.

    None where long stays are not kept, a block is asked for, or the day is not over before as_of.
    """
    asked, as_of = question.filters, question.as_of
    path = question.kept.file(*KEY) if question.kept else None
    if path is None or asked.date is None or asked.block is not None or asked.count != "batch":
        return None
    # In every zone a day ends after its midnight in UTC.
    midnight = dt.datetime.combine(asked.date, dt.time())
    if as_of is None or as_of < midnight or not question.engine.is_local:
        return None
    try:
        found = _of_long_stays(question, str(path), midnight - LONG, limit)
        return found if found.num_rows >= limit else _of_all(question, str(path), asked.date, limit)
    except ModelFailed:
        if path.is_file():
            raise
        question.engine.forget("batch_stays")
        return None  # swept meanwhile: another release has come


def _of_long_stays(question: Question, kept: str, before: dt.datetime, limit: int) -> pa.Table:
    files = [kept, *question.files_between("stays", None, None)]
    question.engine.register_files("batch_stays", files, None, Before(before, ("arrived_at",)))
    return question.engine.first_rows("batches_in_yard", limit)


def _of_all(question: Question, kept: str, day: dt.date, limit: int) -> pa.Table:
    engine = question.engine
    before = Before(dt.datetime.combine(day + 3 * DAY, dt.time()), ("arrived_at",))
    engine.register_files("kept_long_stays", [kept], None, before)
    files = question.files_between("stays", day - DAY, day + 3 * DAY + LONG)
    engine.register_files("stays_around", files, None, before)
    register_length(engine)
    engine.alias("batch_stays", "stays_then")
    return engine.first_rows("batches_in_yard", limit)
