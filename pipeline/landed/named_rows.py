"""Landed rows by the box or batch that they name, and what joins boxes to batches.

What a load touches is found so, and what belongs to one batch's story: round by round, each round asking the landed
tables for the rows of the boxes or batches that the round before has found.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pipeline.contract import SOURCES
from pipeline.engines.relations import Relations
from pipeline.lake.lake import Part
from pipeline.landed.found_rows import FoundRows, Searched
from pipeline.landed.key_index import Key, key_of
from pipeline.landed.shape import landed_schema, landed_table
from pipeline.landed.versions import REPEATED_RECORD, REPEATED_SCHEMA
from pipeline.question import SCOPED_SOURCES

CONSIGNMENT = key_of("consignment_id")
UNIT = key_of("equipment_reference")

LINK = ("consignment_id", "equipment_reference")
"""The columns by which items and moves join units to batches."""

JOINED = {
    CONSIGNMENT: ("known_consignments", "units_of_consignments"),
    UNIT: ("known_units", "consignments_of_units"),
}
"""By the kind of what is known: what the model calls it, and the model of what is joined to it."""

PartsOf = Callable[[str], Sequence[Part]]


class LandedRows:
    """Searches the landed tables on behalf of the models of an engine.

    Args:
        engine: in which `all_<source>` and, at the end, `landed_<source>` become readable.
        found: searches tables by keys.
        old_parts, new_parts: the parts of a table, those that are searched and those whose rows are all found.
    """

    def __init__(
        self, engine: Relations, found: FoundRows, old_parts: PartsOf, new_parts: PartsOf = lambda table: ()
    ) -> None:
        self._engine, self._found = engine, found
        self._old_parts, self._new_parts = old_parts, new_parts

    def begin(self, units: str, consignments: str) -> None:
        """Looks for the old rows that `narrow` makes readable beside what the caller does until then."""
        for name in SCOPED_SOURCES:
            self._found.begin(self._searched(name), [_scoped(name, units, consignments)])

    def _searched(self, source: str) -> Searched:
        table = landed_table(source)
        return Searched(table, self._old_parts(table), self._new_parts(table), landed_schema(SOURCES[source]))

    def find(self, source: str, key: Key, sought: str, columns: Sequence[str] | None = None) -> None:
        """Makes `all_<source>` readable: the rows with keys of the relation `sought`, and all new ones."""
        self._found.provide(f"all_{source}", self._searched(source), [(key, sought)], columns)

    def join(self, known: str, key: Key) -> str:
        """What items and moves join to the units or batches of `known`: the name of a model yet to be computed."""
        engine = self._engine
        known_as, joined = JOINED[key]
        engine.forget(joined)
        if known != known_as:
            engine.alias(known_as, known)
        for source in ("dg_items", "yard_moves"):
            self.find(source, key, known, LINK)
        return joined

    def narrow(self, units: str, consignments: str, records: str) -> None:
        """Lets the core models see only landed rows of the units and batches of two relations.

        `records` names the model of the records whose versions count: `scope_records`, or one with more.
        """
        engine = self._engine
        engine.alias("scope_units", units)
        engine.alias("scope_consignments", consignments)
        for name in SCOPED_SOURCES:
            self.find(name, *_scoped(name, units, consignments))
        engine.use_models(*map(landed_table, SCOPED_SOURCES), "repeated")
        engine.alias("told_records", records)
        repeated = Searched(
            "repeated", self._old_parts("repeated"), self._new_parts("repeated"), REPEATED_SCHEMA
        )
        self._found.provide("all_repeated", repeated, [(REPEATED_RECORD, "told_records")])


def _scoped(source: str, units: str, consignments: str) -> tuple[Key, str]:
    """By which key rows of a source are in the scope, and the relation that names the scope's keys."""
    return (UNIT, units) if source == "yard_moves" else (CONSIGNMENT, consignments)
