"""What a load that changes little does to the built tables.

It computes anew what its rows touch, with the same models over fewer landed rows, and compares: only rows that came out
otherwise are taken out and put in. `rebuild`, and a load that changes much, computes everything.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from pipeline.contract import SOURCES
from pipeline.engines.duckdb_engine import Engine
from pipeline.engines.relations import Relations
from pipeline.lake.lake import Draft
from pipeline.landed.key_index import KeyIndex
from pipeline.landed.named_rows import CONSIGNMENT, UNIT
from pipeline.landed.shape import landed_table
from pipeline.loading.kept_tables import KEPT, OPEN, add_flows, add_months, add_part
from pipeline.loading.recount import count, not_live_before
from pipeline.loading.touched import LONE_UNIT, Touched
from pipeline.question import FOREVER, computed_with, open_question, register_offsets_of, set_instants
from pipeline.reference.reading import Reference
from pipeline.settings import Settings

SOUGHT = {
    "stays": ((CONSIGNMENT, "needed_consignments"), (LONE_UNIT, "touched_units")),
    "unit_stays": ((UNIT, "touched_units"),),
    "clearances": ((CONSIGNMENT, "touched_consignments"),),
}
"""The keys by which a load looks for rows of a table that it touches, and the relations that name them."""

WHOLE_FROM_SHARE = 0.3
"""From this share of new rows on, computing everything costs less than finding out what is touched."""

ROWS_OF_A_DAY = 20_000
"""Of fewer new rows, what is touched is little work for every query."""

MERGE_FLOWS_FROM = 40


def is_small(draft: Draft, reference: Reference) -> bool:
    """Whether the kept tables hold but for what the draft's new rows touch, and those are few."""
    release = draft.release
    if release is None or release.as_of is None or not set(KEPT) <= release.versions.keys():
        return False
    if release.reference_digest != computed_with(reference):
        return False
    before = sum(release.rows.get(landed_table(name), 0) for name in SOURCES)
    return _new_rows(draft) < WHOLE_FROM_SHARE * before


def _new_rows(draft: Draft) -> int:
    return sum(part.rows for name in SOURCES for part in draft.added_parts(landed_table(name)))


@dataclass(frozen=True)
class Refreshed:
    """What a load that changes little came to: the default `as_of`, and how the counts of files are to be taken on."""

    as_of: dt.datetime
    not_live_more: dict[int, tuple[int, int]]
    warned: dict[int, int]


def refresh_touched(
    draft: Draft, settings: Settings, reference: Reference, index: KeyIndex, last_file: int
) -> Refreshed | None:
    """Brings the built tables up to date with what the draft's new rows touch; None where only everything can tell.

    `last_file` is the number of the last file of earlier loads.
    """
    before = draft.release.as_of if draft.release else None
    is_day = _new_rows(draft) < ROWS_OF_A_DAY
    with open_question(
        settings, reference, draft.files, None, FOREVER, draft.spill_folder(), has_few_rows=is_day
    ) as engine:
        touched = Touched(draft, engine, index, settings.threads)
        touched.narrow(SOUGHT)
        ports = (code for (code,) in engine.rows("scope_ports"))
        register_offsets_of(engine, reference, settings.default_zone, ports)
        # No move or milestone is later than what `as_of` will be: all come out as while it is the end of time.
        engine.need_all("batch_stays", "clearances", "default_as_of")
        as_of = _touched_as_of(engine, before)
        if as_of is None:
            return None
        set_instants(engine, settings, as_of, None)
        counted: list[Refreshed] = []

        def recount(counting: Relations) -> None:
            counts = count(counting)
            not_live = not_live_before(counting, last_file, settings, reference)
            counted.append(Refreshed(as_of, counts.changed_from(not_live), counts.warned))

        _replace_all(touched, recount)
        _merge_flows(draft, settings)
        return counted[0]


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


def _replace_all(touch: Touched, *beside: Callable[[Relations], None]) -> None:
    """Brings the kept tables up to date, and does something else beside."""
    engine = touch.engine
    held = touch.provide_old(engine, "old_stays", "stays", engine.schema("batch_stays"), *SOUGHT["stays"])
    engine.need("settled_stays")
    engine.side_by_side(
        [
            partial(_replace_stays, touch, held),
            partial(_replace_clearances, touch),
            partial(_replace_units, touch),
            *beside,
        ]
    )


def _replace_stays(touch: Touched, held: list[str], engine: Relations) -> None:
    engine.alias("old_rows", "old_touched_stays")
    engine.alias("new_rows", "new_touched_stays")
    _replace_rows(touch.draft, engine, "stays", held)
    add_flows(touch.draft, engine, "fresh_ended", "flows")
    add_flows(touch.draft, engine, "gone_ended", "flows_taken_back")


def _replace_clearances(touch: Touched, engine: Relations) -> None:
    schema = engine.schema("clearances")
    held = touch.provide_old(engine, "old_clearances", "clearances", schema, *SOUGHT["clearances"])
    engine.alias("old_rows", "old_touched_clearances")
    engine.alias("new_rows", "new_touched_clearances")
    _replace_rows(touch.draft, engine, "clearances", held)


def _replace_units(touch: Touched, engine: Relations) -> None:
    """Visits carry batches that are not touched themselves: those count as they are kept."""
    engine.forget("batch_stays")
    engine.alias("batch_stays", "settled_stays")
    schema = engine.schema("unit_stays")
    held = touch.provide_old(engine, "old_unit_stays", "unit_stays", schema, *SOUGHT["unit_stays"])
    engine.alias("old_rows", "old_touched_units")
    engine.alias("new_rows", "unit_stays")
    _replace_rows(touch.draft, engine, "unit_stays", held)


def _replace_rows(draft: Draft, engine: Relations, table: str, held: list[str]) -> None:
    """Takes gone rows out of the parts where they lie and adds fresh ones; the open part is always written anew.

    `held` are the parts that may hold rows that were touched: no other can have lost one.
    """
    kept = KEPT[table]
    engine.forget("gone_rows", "fresh_rows", "fresh_ended", "gone_ended")
    gone = {f"{month:%Y-%m}" if month else OPEN: rows for month, rows in engine.rows(kept.gone_months)}
    parts = draft.lake.parts(draft.release, table)
    parts = [part for part in parts if part.label == OPEN or (part.label in gone and part.path in held)]
    of_label = Counter(part.label for part in parts)
    for part in parts:
        engine.forget(kept.kept_of_file)
        engine.register_files("one_file", [part.path], engine.schema("new_rows"))
        # Of several parts of a month any may hold what is gone.
        is_only = of_label[part.label] == 1
        rows = part.rows - gone.get(str(part.label), 0) if is_only else engine.rows(kept.kept_count)[0][0]
        if rows == part.rows and part.label != OPEN:
            continue
        draft.remove(table, [part.path])
        if part.label == OPEN:
            add_part(draft, engine, table, OPEN, kept.kept_and_fresh)
        elif rows:
            add_part(draft, engine, table, part.label, kept.kept_of_file)
    # What is open among them is in the open part already, and has no month.
    engine.alias(kept.written, "fresh_rows")
    add_months(draft, engine, table)


def _merge_flows(draft: Draft, settings: Settings) -> None:
    files = draft.files("flows")
    if len(files) < MERGE_FLOWS_FROM:
        return
    with Engine(settings, draft.spill_folder()) as engine:
        engine.register_files("kept_flows", files, None)
        path = draft.new_path("flows")
        draft.replace_all("flows", path, engine.write_parquet("flows_merged", path))
