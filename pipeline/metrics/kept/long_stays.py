"""The long stays of a release, kept in the order of arrival, so that the oldest batches of any day are found among few.

Whoever was in the yard at the end of a day and had come a month before it stayed for a month or longer, or is there
still: where there are as many of those as are asked for, nothing else is read. Else the shorter stays are read too,
which left within a month of that day. They are kept once in the order of arrival, and once more by port.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.engines.duckdb_engine import Engine
from pipeline.engines.relations import Present, Relations
from pipeline.metrics.question import Question
from pipeline.metrics.sought import Sought

KEY, BY_PORT_KEY = ("long_stays",), ("long_stays_by_port",)
MODELS = {KEY: "long_stays_by_arrival", BY_PORT_KEY: "long_stays_by_port"}
ROWS_A_GROUP = 10_000
"""Whoever wants the first few hundred that were there on a day reads a few groups."""
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
    if question.kept is None or asked.date is None or asked.block is not None or asked.count != "batch":
        return None
    # In every zone a day ends after its midnight in UTC.
    if as_of is None or as_of < _midnight(asked.date) or not isinstance(engine, Engine):
        return None
    if question.rows_since("stays", asked.date - DAY) < FEW_ROWS:
        return None
    found = _oldest_of_day(question, engine, limit)
    if found is None:
        engine.forget("counted")
    return found


def _oldest_of_day(question: Question, engine: Engine, limit: int) -> pa.Table | None:
    day, direction = question.filters.date, question.filters.direction
    assert day is not None
    # Three days later the day is over in every zone.
    over = _midnight(day + 3 * DAY)
    codes = {
        "un_location_code": question.ports,
        "lead_class": question.classes,
        "direction": (direction,) if direction else (),
    }
    present, count = Present(over, _midnight(day), codes), LOOKED_AT * limit
    first = _first_long(question, present, count)
    if first is None:
        return None
    long_ago = _midnight(day) - LONG
    found = _fitting(engine, [first], limit, [long_ago, *_cut(first, count)])
    if found is not None:
        return found
    around = question.files_between("stays", day - DAY, day + 3 * DAY + LONG, with_open=False)
    short = engine.first_stays(around, replace(present, shorter_than=LONG), count)
    return _fitting(engine, [first, short], limit, [*_cut(first, count), *_cut(short, count)])


def _first_long(question: Question, present: Present, count: int) -> pa.Table | None:
    """The first of the kept stays that were present; None where they are not kept."""
    assert question.kept is not None
    sought = Sought(
        codes={name: codes for name, codes in present.codes.items() if codes},
        from_on={"left_at": present.left_from},
        below={"arrived_at": present.came_before},
    )
    return question.kept.first_rows(count, sought, *(BY_PORT_KEY if len(question.ports) == 1 else KEY))


def _cut(stays: pa.Table, count: int) -> list[dt.datetime]:
    """When the last of the first `count` stays arrived; nothing where there are no more."""
    return [stays["arrived_at"][-1].as_py()] if stays.num_rows == count else []


def _fitting(
    engine: Engine, stays: list[pa.Table], limit: int, known_before: list[dt.datetime]
) -> pa.Table | None:
    """The first rows of the model over some stays, which are all that arrived before the first of some instants.

    None where the stays that are not known could be among them.
    """
    known = pa.concat_tables(stays, promote_options="permissive")
    until = min(known_before, default=None)
    if until is not None and (pc.sum(pc.less(known["arrived_at"], until)).as_py() or 0) < limit:
        return None
    engine.register_arrow("counted", known)
    found = engine.first_rows("batches_in_yard", limit)
    if until is not None and (found.num_rows < limit or found["arrived_at"][-1].as_py() >= until):
        return None
    return found


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time())
