"""The built tables of a release: stays, visits as units of count, clearances, and the flows of ended stays.

All but `flows` lie in one part for what is open and parts labelled with the month (UTC) in which their rows closed (a
stay when it ended), so that a day touches the open set and one or two months. `flows` is additive and holds ended
stays only.

A load computes anew what its rows touch, with the same models over fewer landed rows, and compares: only rows that
came out otherwise are taken out and put in. `rebuild`, and a load that changes much, computes everything.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
from collections import Counter
from dataclasses import dataclass
from functools import partial

from pipeline.contract import SOURCES
from pipeline.engine import Engine
from pipeline.lake import Draft
from pipeline.landed import landed_schema
from pipeline.question import (
    FOREVER,
    computed_with,
    landed_table,
    narrow,
    open_question,
    provide_files,
    set_instants,
)
from pipeline.reference import Reference
from pipeline.relations import Relations
from pipeline.settings import Settings
from pipeline.versions import REPEATED_SCHEMA

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

WHOLE_FROM_SHARE = 0.3
"""From this share of new rows on, computing everything costs less than finding out what is touched."""

MERGE_FLOWS_FROM = 40


def refresh(
    draft: Draft, settings: Settings, reference: Reference, whole: bool = False
) -> dt.datetime | None:
    """Brings the built tables up to date with what the draft's landed tables hold. Returns the default `as_of`."""
    if whole or not _is_small(draft, reference):
        return _refresh_whole(draft, settings, reference)
    return _refresh_touched(draft, settings, reference)


def _is_small(draft: Draft, reference: Reference) -> bool:
    """Whether the kept tables hold but for what the new rows touch, and those are few."""
    release = draft.release
    if release is None or release.as_of is None or not set(KEPT) <= release.versions.keys():
        return False
    if release.reference_digest != computed_with(reference):
        return False
    before = sum(release.rows.get(landed_table(name), 0) for name in SOURCES)
    new = sum(part.rows for name in SOURCES for part in draft.added_parts(landed_table(name)))
    return new < WHOLE_FROM_SHARE * before


def _refresh_whole(draft: Draft, settings: Settings, reference: Reference) -> dt.datetime | None:
    with open_question(settings, reference, draft.files, None, None, draft.spill_folder()) as engine:
        engine.need_all(*(kept.model for kept in KEPT.values()), keep_steps=False)
        # Last the one that is still read.
        for table, kept in sorted(KEPT.items(), key=lambda item: item[0] == FLOWING):
            draft.remove(table, draft.lake.files(draft.release, table))
            engine.alias(kept.written, kept.model)
            _add_part(draft, engine, table, OPEN, kept.written_open)
            _add_months(draft, engine, table)
            if table != FLOWING:
                engine.forget(kept.written, kept.model)
        draft.remove("flows", draft.lake.files(draft.release, "flows"))
        _add_flows(draft, engine, "written_ended", "flows")
        as_of: dt.datetime | None = engine.scalar("params")
        return as_of


def _add_part(draft: Draft, engine: Relations, table: str, label: str | None, model: str) -> None:
    path = draft.new_path(table, label)
    draft.add(table, path, engine.write_parquet(model, path))


def _add_months(draft: Draft, engine: Relations, table: str) -> None:
    folder = draft.new_path(table).with_suffix("")
    for month, written, rows in engine.write_by_label(KEPT[table].written_by_month, folder, "label"):
        path = draft.new_path(table, f"{month:%Y-%m}")
        os.replace(written, path)
        draft.add(table, path, rows)
    shutil.rmtree(folder, ignore_errors=True)


def _add_flows(draft: Draft, engine: Relations, stays: str, model: str) -> None:
    engine.forget("flows")
    engine.alias("flowing_stays", stays)
    engine.alias("flow_buckets", "age_buckets")
    engine.need("flows")
    _add_part(draft, engine, "flows", None, model)


@dataclass(frozen=True)
class _Touch:
    """A load that changes little: the draft and the engine in which the models see only what is touched."""

    draft: Draft
    engine: Relations


def _refresh_touched(draft: Draft, settings: Settings, reference: Reference) -> dt.datetime | None:
    before = draft.release.as_of if draft.release else None
    with open_question(settings, reference, draft.files, None, FOREVER, draft.spill_folder()) as engine:
        _provide_new(draft, engine)
        narrow(engine, draft.files)
        engine.alias("scope_units", "touched_units")
        engine.alias("scope_consignments", "needed_consignments")
        as_of = _touched_as_of(engine, before)
        if as_of is None:
            return _refresh_whole(draft, settings, reference)
        set_instants(engine, settings, as_of, None)
        touch = _Touch(draft, engine)
        _replace_stays(touch)
        _replace_clearances(touch)
        _replace_units(touch)
    _merge_flows(draft, settings)
    return as_of


def _provide_new(draft: Draft, engine: Relations) -> None:
    for name in ("consignments", "dg_items", "yard_moves", "clearance_milestones"):
        files = partial(draft.added, landed_table(name))
        provide_files(engine, f"new_{name}", files, landed_schema(SOURCES[name]))
    provide_files(engine, "new_repeated", partial(draft.added, "repeated"), REPEATED_SCHEMA)


def _touched_as_of(engine: Relations, before: dt.datetime | None) -> dt.datetime | None:
    """The default `as_of` after the load, from what is touched; None where only everything can tell.

    The latest event of what is touched settles it where it is the latest of all. Otherwise the old one stands, unless
    a touched row told it and may have been withdrawn.
    """
    latest: dt.datetime | None = engine.scalar("default_as_of")
    if before is None or (latest is not None and latest >= before):
        return latest
    was_touched = engine.rows("seen_at", {"instant": before})[0][0]
    return None if was_touched else before


def _replace_stays(touch: _Touch) -> None:
    draft, engine = touch.draft, touch.engine
    engine.register_files("old_stays", draft.lake.files(draft.release, "stays"), engine.schema("batch_stays"))
    engine.alias("old_rows", "old_touched_stays")
    engine.alias("new_rows", "new_touched_stays")
    _replace_rows(touch, "stays")
    _add_flows(draft, engine, "fresh_ended", "flows")
    _add_flows(draft, engine, "gone_ended", "flows_taken_back")


def _replace_clearances(touch: _Touch) -> None:
    draft, engine = touch.draft, touch.engine
    engine.need("clearances")
    old_files = draft.lake.files(draft.release, "clearances")
    engine.register_files("old_clearances", old_files, engine.schema("clearances"))
    engine.alias("old_rows", "old_touched_clearances")
    engine.alias("new_rows", "new_touched_clearances")
    _replace_rows(touch, "clearances")


def _replace_units(touch: _Touch) -> None:
    """Visits carry batches that are not touched themselves: those count as they are kept."""
    draft, engine = touch.draft, touch.engine
    engine.need("settled_stays")
    engine.forget("batch_stays")
    engine.alias("batch_stays", "settled_stays")
    old_files = draft.lake.files(draft.release, "unit_stays")
    engine.register_files("old_unit_stays", old_files, engine.schema("unit_stays"))
    engine.alias("old_rows", "old_touched_units")
    engine.alias("new_rows", "unit_stays")
    _replace_rows(touch, "unit_stays")


def _replace_rows(touch: _Touch, table: str) -> None:
    """Takes gone rows out of the parts where they lie and adds fresh ones; the open part is always written anew."""
    draft, engine, kept = touch.draft, touch.engine, KEPT[table]
    engine.forget("gone_rows", "fresh_rows", "fresh_ended", "gone_ended")
    gone = {f"{month:%Y-%m}" if month else OPEN: rows for month, rows in engine.rows(kept.gone_months)}
    parts = draft.lake.parts(draft.release, table)
    of_label = Counter(part.label for part in parts)
    for part in parts:
        if part.label not in {*gone, OPEN}:
            continue
        engine.forget(kept.kept_of_file)
        engine.register_files("one_file", [part.path], engine.schema("new_rows"))
        # Of several parts of a month any may hold what is gone.
        is_only = of_label[part.label] == 1
        rows = part.rows - gone.get(part.label, 0) if is_only else engine.rows(kept.kept_count)[0][0]
        if rows == part.rows and part.label != OPEN:
            continue
        draft.remove(table, [part.path])
        if part.label == OPEN:
            _add_part(draft, engine, table, OPEN, kept.kept_and_fresh)
        elif rows:
            _add_part(draft, engine, table, part.label, kept.kept_of_file)
    # What is open among them is in the open part already, and has no month.
    engine.alias(kept.written, "fresh_rows")
    _add_months(draft, engine, table)


def _merge_flows(draft: Draft, settings: Settings) -> None:
    files = draft.files("flows")
    if len(files) < MERGE_FLOWS_FROM:
        return
    with Engine(settings, draft.spill_folder()) as engine:
        engine.register_files("kept_flows", files, None)
        path = draft.new_path("flows")
        draft.replace_all("flows", path, engine.write_parquet("flows_merged", path))
