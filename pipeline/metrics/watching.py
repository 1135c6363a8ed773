"""Early warning computed once: the indicators of every port and day, and the alerts that they make.

The models are in `sql/warning`; the one step that SQL is not for, the CUSUM of newly overdue batches, is between
them. What comes out is kept for a few pairs of instants, since several tables of one screen ask for the same.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa

from pipeline.metrics.filters import Filters
from pipeline.metrics.question import Question
from pipeline.metrics.yard import prepare_flows
from pipeline.statistics.inference import cusum_ends

TABLES = ("warning_values", "warning_levels", "warning_episodes", "episode_points", "watched_days")
KEPT = 4
"""Pairs of instants of which the computed tables are kept."""
WEEK_DAYS = 7

CUSUM_SCHEMA = pa.schema(
    [
        ("un_location_code", pa.string()),
        ("day", pa.date32()),
        ("cusum", pa.float64()),
        ("threshold", pa.float64()),
    ]
)

_kept: OrderedDict[tuple[Any, ...], dict[str, pa.Table]] = OrderedDict()
_lock = threading.Lock()


def watch(question: Question) -> Mapping[str, pa.Table]:
    """The tables of `TABLES` at the question's instants, of all ports and all days, whatever else it asks."""
    key = (
        question.settings,
        question.release.build_id,
        question.reference.digest,
        question.filters.as_of,
        question.filters.known_at,
        question.filters.last_file,
    )
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
    tables = _computed(question)
    with _lock:
        _kept[key] = tables
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
    return tables


def provide(question: Question) -> None:
    """Lets the question's models read the kept tables under their own names."""
    for name, table in watch(question).items():
        question.engine.register_arrow(name, table)


def _computed(question: Question) -> dict[str, pa.Table]:
    asked = question.filters
    whole = Filters(
        as_of=asked.as_of, known_at=asked.known_at, last_file=asked.last_file, by=("date", "port")
    )
    asking = replace(question, filters=whole)
    try:
        prepare_flows(asking)
        asking.engine.alias("licensed_places", "stood_places")
        asking.engine.need("watched_days")
        asking.engine.register_arrow("newly_overdue_cusum", _newly_overdue(asking))
        return {name: asking.engine.to_arrow(name) for name in TABLES}
    finally:
        asking.close()


def _newly_overdue(asking: Question) -> pa.Table:
    """The CUSUM of the last weeks before each watched day against the weeks before them, port by port."""
    rules = [row for row in _rules(asking) if row["indicator"] == "newly_overdue"]
    days = asking.engine.to_arrow("watched_days").select(
        ["un_location_code", "day_no", "day", "newly_overdue"]
    )
    days = days.sort_by([("un_location_code", "ascending"), ("day_no", "ascending")])
    if not rules or not days.num_rows:
        return CUSUM_SCHEMA.empty_table()
    baseline, watched = (rules[0][name] // WEEK_DAYS for name in ("baseline_days", "window_days"))
    ports = np.asarray(days.column("un_location_code").to_pylist())
    starts = np.flatnonzero(np.concatenate(([True], ports[1:] != ports[:-1])))
    parts = [
        _of_port(days.slice(start, end - start), baseline, watched, rules[0]["threshold"])
        for start, end in zip(starts, [*starts[1:], len(ports)], strict=True)
    ]
    return pa.concat_tables(parts)


def _of_port(days: pa.Table, baseline: int, watched: int, h: float) -> pa.Table:
    counts = days.column("newly_overdue").to_numpy()
    weeks = baseline + watched
    if baseline < 2 or watched < 1 or len(counts) < weeks * WEEK_DAYS:
        return CUSUM_SCHEMA.empty_table()
    running = np.concatenate(([0], np.cumsum(counts)))
    ends = np.arange(weeks * WEEK_DAYS, len(counts) + 1)
    back = np.arange(weeks, 0, -1) * WEEK_DAYS
    weekly = running[ends[:, None] - back + WEEK_DAYS] - running[ends[:, None] - back]
    levels, limits = cusum_ends(weekly.astype(np.float64), baseline, h=h)
    told = days.slice(weeks * WEEK_DAYS - 1)
    columns = [told.column("un_location_code"), told.column("day"), pa.array(levels), pa.array(limits)]
    return pa.table(columns, schema=CUSUM_SCHEMA)


def _rules(asking: Question) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = asking.reference.table("alert_rules").to_pylist()
    return rows
