"""What a small load touches: the landed rows that the models have to see so that they compute it anew.

Batches named by new rows are touched, and those that share a unit with them, since a visit goes to the nearest of all
batches of its unit. History is asked for these alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import pyarrow as pa
from pyarrow.parquet import read_schema

from pipeline.contract import SOURCES
from pipeline.engines.relations import Relations
from pipeline.lake.lake import Draft, Part
from pipeline.lake.object_cache import readable
from pipeline.landed.found_rows import FoundRows, Searched
from pipeline.landed.key_index import Key, KeyIndex
from pipeline.landed.named_rows import CONSIGNMENT, LINK, UNIT, LandedRows
from pipeline.landed.shape import landed_schema, landed_table
from pipeline.landed.versions import REPEATED_SCHEMA, record_key
from pipeline.question import provide_files

LONE_UNIT = Key(
    name="lone_unit",
    column="first_unit",
    held="hash(CASE WHEN consignment_id IS NULL THEN first_unit END)",
    named="equipment_reference",
    sought="hash(equipment_reference)",
)
"""Of a stay that no batch claims."""

EVENT = record_key(SOURCES["yard_moves"])


class Touched:
    """The rows touched by a draft, in an engine whose core models see no others once `narrow` is done."""

    def __init__(self, draft: Draft, engine: Relations, index: KeyIndex, threads: int) -> None:
        self.draft, self.engine = draft, engine
        self._found = FoundRows(engine, index, threads)
        self._landed = LandedRows(engine, self._found, self._old_parts, draft.added_parts)

    def narrow(self, built: Mapping[str, Sequence[tuple[Key, str]]]) -> None:
        """Finds touched units and batches, round by round, and lets the core models see their landed rows alone.

        Begins to look for released rows of built tables, those with keys that relations name, beside what the engine
        does until they are provided.
        """
        engine, landed = self.engine, self._landed
        self._provide_new()
        landed.find("yard_moves", EVENT, "repeated_events", ["event_id", *LINK])
        engine.need("seed_consignments")
        landed.find("dg_items", CONSIGNMENT, "seed_consignments", LINK)
        engine.need("seed_units")
        for known, key, found in (
            ("seed_units", UNIT, "touched_consignments"),
            ("touched_consignments", CONSIGNMENT, "touched_units"),
            ("touched_units", UNIT, "needed_consignments"),
        ):
            landed.join(known, key)
            engine.need(found)
        engine.need("told_consignments")
        landed.begin("touched_units", "told_consignments")
        for table, sought in built.items():
            self._begin_old(table, sought)
        landed.narrow("touched_units", "told_consignments", "touched_records")

    def _begin_old(self, table: str, sought: Sequence[tuple[Key, str]]) -> None:
        parts = self._old_parts(table)
        if parts:
            schema = read_schema(readable([parts[0].path])[0])
            self._found.begin(Searched(table, parts, self.draft.added_parts(table), schema), sought)

    def provide_old(
        self, engine: Relations, name: str, table: str, schema: pa.Schema, *sought: tuple[Key, str]
    ) -> list[str]:
        """Makes released rows of a built table readable in an engine, those with keys that relations name.

        Returns the paths of the parts that may hold some of them.
        """
        searched = Searched(table, self._old_parts(table), self.draft.added_parts(table), schema)
        return self._found.provide(name, searched, sought, is_old_alone=True, engine=engine)

    def _old_parts(self, table: str) -> list[Part]:
        return self.draft.lake.parts(self.draft.release, table)

    def _provide_new(self) -> None:
        for name, source in SOURCES.items():
            files = partial(self.draft.added, landed_table(name))
            provide_files(self.engine, f"new_{name}", files, landed_schema(source))
        provide_files(self.engine, "new_repeated", partial(self.draft.added, "repeated"), REPEATED_SCHEMA)
