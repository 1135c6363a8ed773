"""The built tables of a release: stays, visits as units of count, and the flows of ended stays.

`stays` and `unit_stays` lie in one part for the open set and parts labelled with the month (UTC) in which their stays
ended, so that a day touches the open set and one or two months. `flows` is additive and holds ended stays only.
"""

from __future__ import annotations

import datetime as dt


from pipeline.engine import Engine
from pipeline.lake import Draft
from pipeline.question import open_question
from pipeline.reference import Reference
from pipeline.settings import Settings

OPEN = "open"
STAY_TABLES = {"stays": "batch_stays", "unit_stays": "unit_stays"}


def refresh(draft: Draft, settings: Settings, reference: Reference, whole: bool = False) -> dt.datetime | None:
    """Brings the built tables up to date with what the draft's landed tables hold. Returns the default `as_of`."""
    with open_question(settings, reference, draft.files, None, None, draft.spill_folder()) as engine:
        _write_whole(draft, engine)
        return engine.scalar("params")


def _write_whole(draft: Draft, engine: Engine) -> None:
    for table, model in STAY_TABLES.items():
        draft.remove(table, draft.lake.files(draft.release, table))
        engine.alias("written_stays", model)
        _write_stays(draft, engine, table)
        engine.forget("written_stays")
    draft.remove("flows", draft.lake.files(draft.release, "flows"))
    engine.alias("written_stays", "batch_stays")
    _add_flows(draft, engine)


def _write_stays(draft: Draft, engine: Engine, table: str) -> None:
    path = draft.new_path(table, OPEN)
    rows = engine.write_parquet("written_open", path)
    draft.add(table, path, rows)
    for (month,) in engine.rows("written_months"):
        path = draft.new_path(table, f"{month:%Y-%m}")
        rows = engine.write_parquet("written_month", path, {"ended_month": month})
        draft.add(table, path, rows)


def _add_flows(draft: Draft, engine: Engine) -> None:
    engine.forget("flows", "flowing_stays", "flow_buckets")
    engine.alias("flowing_stays", "written_ended")
    engine.alias("flow_buckets", "age_buckets")
    path = draft.new_path("flows")
    rows = engine.write_parquet("flows", path)
    draft.add("flows", path, rows)


