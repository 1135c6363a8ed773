"""What a small load touches: the landed rows that the models have to see so that they compute it anew.

Batches named by new rows are touched, and those that share a unit with them, since a visit goes to the nearest of all
batches of its unit. History is asked for these alone: the index of keys tells which parts may hold rows of theirs.
"""

from __future__ import annotations

from functools import partial

from pipeline.contract import SOURCES
from pipeline.key_index import Hashes, Key, KeyIndex, key_of, sought_hashes
from pipeline.lake import Draft
from pipeline.landed import landed_schema, landed_table
from pipeline.question import SCOPED_SOURCES, provide_files
from pipeline.relations import Relations
from pipeline.versions import REPEATED_SCHEMA, record_key

CONSIGNMENT = key_of("consignment_id")
UNIT = key_of("equipment_reference")
LONE_UNIT = Key(
    "lone_unit", "hash(CASE WHEN consignment_id IS NULL THEN first_unit END)", "hash(equipment_reference)"
)
"""Of a stay that no batch claims."""
RECORD = Key("record", "hash(source, record_key)", "hash(source, record_key)")
"""Of a row of `repeated`."""
EVENT = record_key(SOURCES["yard_moves"])

LINKING = ("dg_items", "yard_moves")
"""The sources that join units to batches."""


class Touched:
    """The rows touched by a draft, in an engine whose core models see no others once `narrow` is done."""

    def __init__(self, draft: Draft, engine: Relations, index: KeyIndex) -> None:
        self.draft, self.engine, self._index = draft, engine, index
        self._hashes: dict[tuple[str, Key], Hashes] = {}

    def narrow(self) -> None:
        """Finds touched units and batches, round by round, and lets the core models see their landed rows alone."""
        engine = self.engine
        self._provide_new()
        self._find("yard_moves", EVENT, "repeated_events")
        engine.need("seed_consignments")
        self._find("dg_items", CONSIGNMENT, "seed_consignments")
        engine.need("seed_units")
        self._join("seed_units", UNIT, "touched_consignments")
        self._join("touched_consignments", CONSIGNMENT, "touched_units")
        self._join("touched_units", UNIT, "needed_consignments")
        engine.alias("scope_units", "touched_units")
        engine.alias("scope_consignments", "told_consignments")
        for name in SCOPED_SOURCES:
            if name != "yard_moves":  # those of the touched units were found last
                self._find(name, CONSIGNMENT, "told_consignments")
        engine.use_models(*map(landed_table, SCOPED_SOURCES), "repeated")
        repeated = self.kept("repeated", (RECORD, "told_records"))
        engine.register_files("all_repeated", [*repeated, *self.draft.added("repeated")], REPEATED_SCHEMA)

    def kept(self, table: str, *sought: tuple[Key, str]) -> list[str]:
        """The released parts of a table that may hold the keys of these relations' rows."""
        parts = self.draft.lake.parts(self.draft.release, table)
        found: dict[str, None] = {}
        for key, relation in sought:
            found |= dict.fromkeys(self._index.holding(table, key, parts, self._sought(relation, key)))
        return list(found)

    def _sought(self, relation: str, key: Key) -> Hashes:
        if (relation, key) not in self._hashes:
            self._hashes[relation, key] = sought_hashes(self.engine, relation, key)
        return self._hashes[relation, key]

    def _provide_new(self) -> None:
        for name, source in SOURCES.items():
            files = partial(self.draft.added, landed_table(name))
            provide_files(self.engine, f"new_{name}", files, landed_schema(source))
        provide_files(self.engine, "new_repeated", partial(self.draft.added, "repeated"), REPEATED_SCHEMA)

    def _join(self, known: str, key: Key, found: str) -> None:
        """Computes `found` from what items and moves join to the units or batches of `known`."""
        engine = self.engine
        names = {
            CONSIGNMENT: ("known_consignments", "units_of_consignments"),
            UNIT: ("known_units", "consignments_of_units"),
        }
        known_as, joined = names[key]
        engine.forget(joined)
        engine.alias(known_as, known)
        for source in LINKING:
            self._find(source, key, known)
        engine.need(found)

    def _find(self, source: str, key: Key, sought: str) -> None:
        """Makes `all_<source>` readable: the parts that may hold rows with keys of `sought`, and all new ones."""
        table = landed_table(source)
        old = self.kept(table, (key, sought))
        files = [*old, *self.draft.added(table)]
        self.engine.register_files(f"all_{source}", files, landed_schema(SOURCES[source]))
