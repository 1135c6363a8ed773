"""The tables that a release keeps built, and how their parts are written.

All but `flows` lie in one part for what is open and parts labelled with the month (UTC) in which their rows closed (a
stay when it ended), so that a day touches the open set and one or two months. `flows` is additive and holds ended
stays only.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass

from pipeline.engines.relations import Relations
from pipeline.lake.lake import Draft

OPEN = "open"


@dataclass(frozen=True)
class Kept:
    """A table with a part for what is open and parts by month: its model, and the models that take it apart."""

    model: str
    written: str = "written_stays"
    written_open: str = "written_open"
    written_by_month: str = "written_by_month"
    gone_months: str = "gone_months"
    kept_of_file: str = "kept_of_file"
    kept_count: str = "kept_count"
    kept_and_fresh: str = "kept_and_fresh"


CLEARANCES = Kept(
    "clearances",
    "written_clearances",
    "clearances_open",
    "clearances_by_month",
    "gone_months_of_clearances",
    "kept_clearances_of_file",
    "kept_clearances_count",
    "kept_and_fresh_clearances",
)
KEPT = {"stays": Kept("batch_stays"), "unit_stays": Kept("unit_stays"), "clearances": CLEARANCES}

FLOWING = "stays"
"""The table of which the flows are made."""

FLOW_MODELS = ("flow_slots", "flow_offsets", "flows")
"""What is computed anew for other stays that flow."""


def add_part(draft: Draft, engine: Relations, table: str, label: str | None, model: str) -> None:
    """Writes a model or relation to a part of a table."""
    path = draft.new_path(table, label)
    draft.add(table, path, engine.write_parquet(model, path))


def add_months(draft: Draft, engine: Relations, table: str) -> None:
    """Writes the closed ones among the rows being written to parts by month."""
    folder = draft.new_path(table).with_suffix("")
    for month, written, rows in engine.write_by_label(KEPT[table].written_by_month, folder, "label"):
        path = draft.new_path(table, f"{month:%Y-%m}")
        os.replace(written, path)
        draft.add(table, path, rows)
    shutil.rmtree(folder, ignore_errors=True)


def add_flows(draft: Draft, engine: Relations, stays: str, model: str) -> None:
    """Writes the flows of some ended stays to a part; `model` is how they count."""
    engine.forget(*FLOW_MODELS)
    engine.alias("flowing_stays", stays)
    engine.alias("flow_buckets", "age_buckets")
    engine.need("flows")
    add_part(draft, engine, "flows", None, model)
