"""What a small load touches: the landed rows that the models have to see so that they compute it anew.

Batches named by new rows are touched, and those that share a unit with them, since a visit goes to the nearest of all
batches of its unit. History is asked for these alone: the index of keys tells which parts may hold rows of theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import pyarrow as pa

from pipeline.contract import SOURCES
from pipeline.found_rows import FoundRows, Searched
from pipeline.key_index import Key, KeyIndex, key_of
from pipeline.lake import Draft
from pipeline.landed import landed_schema, landed_table
from pipeline.question import SCOPED_SOURCES, provide_files
from pipeline.relations import Relations
from pipeline.versions import REPEATED_RECORD, REPEATED_SCHEMA, record_key

CONSIGNMENT = key_of("consignment_id")
UNIT = key_of("equipment_reference")
LONE_UNIT = Key(
    name="lone_unit",
    column="first_unit",
    held="hash(CASE WHEN consignment_id IS NULL THEN first_unit END)",
    named="equipment_reference",
    sought="hash(equipment_reference)",
)
"""Of a stay that no batch claims."""
EVENT = record_key(SOURCES["yard_moves"])

LINK = ("consignment_id", "equipment_reference")
"""The columns by which items and moves join units to batches."""

JOINED = {
    CONSIGNMENT: ("known_consignments", "units_of_consignments"),
    UNIT: ("known_units", "consignments_of_units"),
}
"""By the kind of what is known: what the model calls it, and the model of what is joined to it."""


class Touched:
    """The rows touched by a draft, in an engine whose core models see no others once `narrow` is done."""

    def __init__(self, draft: Draft, engine: Relations, index: KeyIndex, threads: int) -> None:
        self.draft, self.engine = draft, engine
        self._found = FoundRows(engine, index, threads)

    def narrow(self) -> None:
        """Finds touched units and batches, round by round, and lets the core models see their landed rows alone."""
        engine = self.engine
        self._provide_new()
        self._find("yard_moves", EVENT, "repeated_events", ["event_id", *LINK])
        engine.need("seed_consignments")
        self._find("dg_items", CONSIGNMENT, "seed_consignments", LINK)
        engine.need("seed_units")
        self._join("seed_units", UNIT, "touched_consignments")
        self._join("touched_consignments", CONSIGNMENT, "touched_units")
        self._join("touched_units", UNIT, "needed_consignments")
        engine.alias("scope_units", "touched_units")
        engine.alias("scope_consignments", "told_consignments")
        for name in SCOPED_SOURCES:
            if name == "yard_moves":
                self._find(name, UNIT, "touched_units")
            else:
                self._find(name, CONSIGNMENT, "told_consignments")
        engine.use_models(*map(landed_table, SCOPED_SOURCES), "repeated")
        self.provide("all_repeated", "repeated", REPEATED_SCHEMA, (REPEATED_RECORD, "told_records"))

    def provide(
        self,
        name: str,
        table: str,
        schema: pa.Schema,
        *sought: tuple[Key, str],
        columns: Sequence[str] | None = None,
        added: bool = True,
    ) -> list[str]:
        """Makes rows of a table of the lake readable; see `FoundRows.provide`."""
        old = self.draft.lake.parts(self.draft.release, table)
        new = self.draft.added_parts(table) if added else []
        return self._found.provide(name, Searched(table, old, new, schema), sought, columns)

    def _provide_new(self) -> None:
        for name, source in SOURCES.items():
            files = partial(self.draft.added, landed_table(name))
            provide_files(self.engine, f"new_{name}", files, landed_schema(source))
        provide_files(self.engine, "new_repeated", partial(self.draft.added, "repeated"), REPEATED_SCHEMA)

    def _join(self, known: str, key: Key, found: str) -> None:
        """Computes `found` from what items and moves join to the units or batches of `known`."""
        engine = self.engine
        known_as, joined = JOINED[key]
        engine.forget(joined)
        engine.alias(known_as, known)
        for source in ("dg_items", "yard_moves"):
            self._find(source, key, known, LINK)
        engine.need(found)

    def _find(self, source: str, key: Key, sought: str, columns: Sequence[str] | None = None) -> None:
        """Makes `all_<source>` readable: landed rows with keys of `sought`, and all new ones."""
        schema = landed_schema(SOURCES[source])
        self.provide(f"all_{source}", landed_table(source), schema, (key, sought), columns=columns)
