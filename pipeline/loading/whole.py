"""The built tables computed anew from all landed rows: at once, or a slice after the other where memory is short.

What a row of theirs says comes from the rows of one unit or one batch. So a share of the units, told by a hash, can be
summed alone, then a share of the batches: joins and sums of a slice stay in memory, where those of everything would
go to the disk again and again or not fit at all. Every slice reads the landed rows once more.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

from pipeline.contract import SOURCES
from pipeline.engines.instances import bytes_of_limit
from pipeline.engines.leftovers import tables_read
from pipeline.engines.relations import Relations, Share
from pipeline.lake.lake import Draft
from pipeline.landed.shape import landed_table
from pipeline.loading.kept_tables import FLOWING, KEPT, OPEN, add_flows, add_months, add_part
from pipeline.question import FOREVER, open_question, set_instants
from pipeline.reference.reading import Reference
from pipeline.settings import Settings

ROWS_A_GIB = 24_000_000
"""Landed rows, of all sources together, whose tables one gibibyte of memory carries."""

TABLES_OF_BATCHES = 2
"""How many times as many slices the tables of batches need as the sums that lead to them: they have more columns."""


def refresh_whole(draft: Draft, settings: Settings, reference: Reference) -> dt.datetime | None:
    """Computes the built tables anew from all landed rows of the draft. Returns the default `as_of`."""
    for table in (*KEPT, "flows"):
        draft.remove(table, draft.lake.files(draft.release, table))
    rows = sum(part.rows for name in SOURCES for part in draft.parts(landed_table(name)))
    slices = 1 if settings.remote else slices_needed(rows, settings.memory_limit)
    if slices == 1:
        return _at_once(draft, settings, reference)
    return _InSlices(draft, settings, reference, slices).refresh()


def slices_needed(rows: int, memory_limit: str) -> int:
    """How many slices a build of so many landed rows takes with a memory limit in whatever form DuckDB takes it."""
    return -(-rows * 2**30 // (ROWS_A_GIB * bytes_of_limit(memory_limit))) or 1


def _at_once(draft: Draft, settings: Settings, reference: Reference) -> dt.datetime | None:
    with open_question(settings, reference, draft.files, None, None, draft.spill_folder()) as engine:
        kept_models = [kept.model for kept in KEPT.values()]
        read = set().union(*map(tables_read, kept_models))
        engine.need_all(*sorted(read.difference(kept_models)), keep_steps=False)
        for place, table in enumerate(KEPT, start=1):
            _write(draft, engine, table)
            engine.forget_unread(KEPT[FLOWING].model, *kept_models[place:])
        engine.alias(KEPT[FLOWING].written, KEPT[FLOWING].model)
        add_flows(draft, engine, "written_ended", "flows")
        as_of: dt.datetime | None = engine.scalar("params")
        return as_of


def _write(draft: Draft, engine: Relations, table: str) -> None:
    """Computes a table and writes its parts; whoever reads it afterwards reads those."""
    kept = KEPT[table]
    engine.alias(kept.written, kept.model)
    _write_parts(draft, engine, table)
    engine.written(kept.model, draft.added(table))


def _write_parts(draft: Draft, engine: Relations, table: str) -> None:
    add_part(draft, engine, table, OPEN, KEPT[table].written_open)
    add_months(draft, engine, table)
    engine.forget(KEPT[table].written)


BATCH, UNIT = "consignment_id", "equipment_reference"
LOSERS, INSTANTS, CLAIMS = ("losers_plain", "losers_held"), "milestone_instants", ("shared_visits", "claims")


class _InSlices:
    """A whole build a slice after the other. What one step tells the next lies in files of the spill folder.

    All but the flows are computed with the end of time as `as_of`: the default one is that of the latest event.
    """

    def __init__(self, draft: Draft, settings: Settings, reference: Reference, slices: int) -> None:
        self._draft, self._settings, self._reference = draft, settings, reference
        self._slices = slices
        self._folder = draft.spill_folder() / "steps"
        self._steps: dict[str, list[str]] = defaultdict(list)
        """By the name of a model, the files that hold it."""

    def refresh(self) -> dt.datetime | None:
        """Writes all tables. Returns the default `as_of`."""
        with self._question() as engine:
            self._keep(engine, *LOSERS)
        for of_batch in _shares(BATCH, self._slices):
            shares = {"landed_consignments": of_batch, "landed_clearance_milestones": of_batch}
            with self._question(*LOSERS, **shares) as engine:
                self._keep(engine, INSTANTS)
        latest = []
        for of_unit in _shares(UNIT, self._slices):
            shares = {"landed_yard_moves": of_unit, "landed_dg_items": of_unit}
            with self._question(*LOSERS, INSTANTS, **shares) as engine:
                latest.append(engine.scalar("default_as_of"))
                self._keep(engine, *CLAIMS)
        for of_batch in _shares(BATCH, self._slices * TABLES_OF_BATCHES):
            self._tell_batches(of_batch)
        as_of: dt.datetime | None = max(filter(None, latest), default=None)
        self._write_rest(as_of)
        return as_of

    def _tell_batches(self, of_batch: Share) -> None:
        """Computes what a slice of the batches tells: all but the visits that carry several."""
        shares = {
            "landed_consignments": of_batch,
            "landed_dg_items": of_batch,
            INSTANTS: of_batch,
            "claims": replace(of_batch, column="batch_id"),
        }
        with self._question(*LOSERS, INSTANTS, *CLAIMS, **shares) as engine:
            engine.need_all("batch_stays", "clearances", keep_steps=False)
            engine.register_arrow("shared_units", engine.schema("lone_units").empty_table())
            self._keep(engine, *(kept.model for kept in KEPT.values()))

    def _write_rest(self, as_of: dt.datetime | None) -> None:
        """Adds the visits that carry several batches, and writes all parts."""
        flowing = KEPT[FLOWING]
        with self._question(*CLAIMS, flowing.model) as engine:
            engine.register_arrow("lone_units", engine.schema("shared_units").empty_table())
            self._keep(engine, KEPT["unit_stays"].model)
            for table, kept in KEPT.items():
                engine.register_files(kept.written, self._steps[kept.model], None)
                _write_parts(self._draft, engine, table)
            set_instants(engine, self._settings, as_of, None)
            engine.register_files(flowing.written, self._steps[flowing.model], None)
            add_flows(self._draft, engine, "written_ended", "flows")

    @contextmanager
    def _question(self, *steps: str, **shares: Share) -> Iterator[Relations]:
        """An engine that reads some steps before from their files, and of some relations a share."""
        with open_question(
            self._settings, self._reference, self._draft.files, None, FOREVER, self._draft.spill_folder()
        ) as engine:
            engine.shares.update(shares)
            for name in steps:
                engine.provide(name, partial(engine.register_files, name, self._steps[name], None))
            yield engine

    def _keep(self, engine: Relations, *models: str) -> None:
        """Writes models to files that the next questions read in their place."""
        for model in models:
            files = self._steps[model]
            path = self._folder / f"{model}-{len(files)}.parquet"
            engine.write_parquet(model, path)
            files.append(str(path))


def _shares(column: str, of: int) -> list[Share]:
    return [Share(column, number, of) for number in range(of)]
