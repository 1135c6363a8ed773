"""How many rows of each file are live versions now, and how many of the new files carry a warning."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial

import pyarrow as pa

from pipeline.arrow_tables import flat_array, one_array, values_of
from pipeline.contract import SOURCES
from pipeline.engines.duckdb_engine import Engine
from pipeline.engines.relations import Relations
from pipeline.lake.lake import Draft
from pipeline.landed.shape import landed_schema, landed_table
from pipeline.loading.ledger import FileEntry
from pipeline.question import FOREVER, open_question, provide_files, register_reference, set_instants
from pipeline.reference.reading import Reference
from pipeline.settings import Settings

WHENEVER = dt.datetime(1990, 1, 1)
"""The `as_of` of counts, which do not depend on one."""


@dataclass(frozen=True)
class Counts:
    """By the number of a file: its rows that are (superseded, duplicates), and its warned rows."""

    not_live: dict[int, tuple[int, int]]
    warned: dict[int, int]

    def changed_from(self, before: dict[int, tuple[int, int]]) -> dict[int, tuple[int, int]]:
        """By how much the first count of every file has grown, where it has changed."""
        none = (0, 0)
        grown = {}
        for number in self.not_live.keys() | before.keys():
            now, then = self.not_live.get(number, none), before.get(number, none)
            if now != then:
                grown[number] = now[0] - then[0], now[1] - then[1]
        return grown


def count_all(draft: Draft, settings: Settings, reference: Reference) -> Counts:
    """The counts of all files, from all landed rows."""
    with open_question(settings, reference, draft.files, None, WHENEVER, draft.spill_folder()) as engine:
        for name, source in SOURCES.items():
            files = partial(draft.added, landed_table(name))
            provide_files(engine, f"new_{name}", files, landed_schema(source))
        return count(engine)


def count(engine: Relations) -> Counts:
    """The counts over the landed rows that an engine sees; new rows are `new_<source>`."""
    return Counts(_not_live(engine), dict(engine.rows("warned_of_file")))


def _not_live(engine: Relations) -> dict[int, tuple[int, int]]:
    return {
        number: (superseded, duplicate) for number, duplicate, superseded in engine.rows("losers_of_file")
    }


def not_live_before(
    engine: Relations, last_file: int, settings: Settings, reference: Reference
) -> dict[int, tuple[int, int]]:
    """Of the rows that an engine sees, those of files up to a number alone: which were live when these were all.

    Whether a row whose instants wait for a port's zone repeats another may change with its batch's own row.
    """
    repeated = _up_to(engine.to_arrow("repeated"), last_file)
    if not repeated.num_rows:
        return {}
    with Engine(settings) as before:
        register_reference(before, reference, settings.default_zone)
        before.register_arrow("zone_offsets", engine.to_arrow("zone_offsets"))
        before.register_arrow("repeated", repeated)
        consignments = engine.to_arrow(landed_table("consignments"))
        before.register_arrow(landed_table("consignments"), _up_to(consignments, last_file))
        set_instants(before, settings, WHENEVER, FOREVER)
        return _not_live(before)


def _up_to(rows: pa.Table, last_file: int) -> pa.Table:
    numbers = values_of(one_array(rows.column("_file_seq")))
    return rows.filter(flat_array(numbers <= last_file))


def recounted(
    entries: Iterable[FileEntry], not_live: dict[int, tuple[int, int]], warned: dict[int, int], load_id: str
) -> list[FileEntry]:
    """Entries with the counts of now; warned rows are those at the end of a file's own load."""
    return [
        replace(
            entry.recounted(*not_live.get(entry.file_seq, (0, 0))),
            rows_warned=warned.get(entry.file_seq, 0) if entry.load_id == load_id else entry.rows_warned,
        )
        for entry in entries
    ]
