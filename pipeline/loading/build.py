"""From files to a release: what a load does, in which order, and what it makes stale."""

from __future__ import annotations

import datetime as dt
import json
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Self

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline import __version__
from pipeline.arrow_tables import arrow_table
from pipeline.contract import SOURCES
from pipeline.engines.duckdb_engine import Engine
from pipeline.engines.instances import begin_shared
from pipeline.errors import NothingFound
from pipeline.lake.lake import Draft, Lake, Release
from pipeline.landed.found_rows import FoundRows, Searched
from pipeline.landed.key_index import KeyIndex
from pipeline.landed.shape import landed_schema, landed_table
from pipeline.landed.versions import NONE_REPEATED, REPEATED_SCHEMA, find_repeated
from pipeline.loading.landing import discover, land, merge_small, size_of
from pipeline.loading.ledger import LOADS_SCHEMA, FileEntry, FileSummary, Ledger, LoadSummary, write_entries
from pipeline.loading.recount import count_all, recounted
from pipeline.loading.refresh import Refreshed, is_small, refresh_touched
from pipeline.loading.whole import refresh_whole
from pipeline.progress import Progress, Silent
from pipeline.question import computed_with
from pipeline.reference.reading import Reference, load_reference
from pipeline.settings import Settings

__all__ = ["FileSummary", "LoadSummary", "load", "rebuild"]


LITTLE_BYTES = 4 << 20
"""Files of fewer bytes, as they are handed in, are taken for a day's."""

COUNTING_SHARE = 0.25
"""Of the memory limit, for the counts of files; the tables, which are computed beside them, have the rest."""


def load(
    settings: Settings,
    paths: list[Path],
    loaded_at: dt.datetime | None = None,
    progress: Progress | None = None,
) -> LoadSummary:
    """Loads files and folders into the lake and publishes a release of what is now known.

    Args:
        paths: files and folders; those of one call are one load, at one instant.
        loaded_at: that instant (UTC, naive); now where None.

    Raises `UserMistake` where a path does not exist or the lake cannot be written. A refused file does not
    raise: the summary tells it. Nothing can be seen of a load before it is complete.
    """
    progress = progress or Silent()
    started = time.monotonic()
    files = discover(paths)
    is_little = sum(map(size_of, files)) < LITTLE_BYTES
    if is_little:
        begin_shared(settings.memory_limit, 1)
    lake = Lake(settings.lake)
    reference = load_reference(settings.reference, lake.place.reference)
    with lake.writing(progress.waiting) as draft:
        # Now, not before the wait: of two rows without recorded_at the one loaded later counts.
        instant = loaded_at or dt.datetime.now(dt.UTC).replace(tzinfo=None, microsecond=0)
        known = Ledger(lake.files(draft.release, "files"))
        lake.list_ahead(draft.release)
        index = KeyIndex(lake.place.keys, lake.place.name_of, settings)
        progress.stage("Reading and checking", float(sum(map(size_of, files))))
        with _Comparing(draft, settings, index, is_little) as comparing:
            landed = land(
                draft, files, known, instant, reference, settings, progress.advance, comparing.begin
            )
            if not landed.entries:
                return LoadSummary(landed.summaries)
            progress.stage("Comparing versions", None)
            _add_repeated(draft, comparing.found())
        progress.stage("Computing tables", None)
        as_of, entries = _computed(draft, settings, reference, index, known, landed.entries)
        summary = LoadSummary(_as_they_stand(landed.summaries, entries))
        _write_load(draft, summary, instant, time.monotonic() - started)
        merge_small(draft)
        is_sample = known.has_sample or any(entry.is_sample for entry in entries)
        draft.publish(as_of, computed_with(reference), is_sample)
        index.sweep()
    return summary


def _computed(
    draft: Draft,
    settings: Settings,
    reference: Reference,
    index: KeyIndex,
    known: Ledger,
    new: list[FileEntry],
) -> tuple[dt.datetime | None, list[FileEntry]]:
    """Computes tables and counts and writes the ledger. Returns the default `as_of` and the new files' entries."""
    if is_small(draft, reference):
        found = refresh_touched(draft, settings, reference, index, known.last_number)
        if found is not None:
            return found.as_of, _write_changes(draft, known, new, found)
    # The counts read landed rows alone: a table of few rows leaves a core to them.
    with ThreadPoolExecutor(1) as beside:
        counting = beside.submit(count_all, draft, settings.with_memory(COUNTING_SHARE), reference)
        as_of = refresh_whole(draft, settings.with_memory(1 - COUNTING_SHARE), reference)
        counts = counting.result()
    entries = recounted([*known.entries(), *new], counts.not_live, counts.warned, draft.build_id)
    _write_ledger(draft, entries)
    return as_of, entries[-len(new) :]


def _write_changes(draft: Draft, known: Ledger, new: list[FileEntry], found: Refreshed) -> list[FileEntry]:
    """Writes new entries to a part of their own, and anew the parts of earlier ones that have changed."""
    changed = []
    for number, (superseded, duplicate) in found.not_live_more.items():
        if number <= known.last_number:
            entry = known.entry(number)
            changed.append(
                entry.recounted(entry.rows_superseded + superseded, entry.rows_duplicate + duplicate)
            )
    written = recounted(new, found.not_live_more, found.warned, draft.build_id)
    for path, entries in known.with_changes(changed).items():
        draft.remove("files", [path])
        _add_entries(draft, entries)
    _add_entries(draft, written)
    return written


def _add_entries(draft: Draft, entries: list[FileEntry]) -> None:
    path = draft.new_path("files")
    write_entries(entries, path)
    draft.add("files", path, len(entries))


def rebuild(settings: Settings, progress: Progress | None = None) -> Release:
    """Computes all tables anew from what was loaded; the same tables as the loads made one by one.

    Raises `NothingFound` on an empty lake.
    """
    progress = progress or Silent()
    lake = Lake(settings.lake)
    reference = load_reference(settings.reference, lake.place.reference)
    with lake.writing(progress.waiting) as draft:
        if draft.release is None:
            raise NothingFound(
                f"{settings.lake}: nothing was loaded yet", "Load files first: dgwatch load PATH"
            )
        progress.stage("Computing tables", None)
        as_of = refresh_whole(draft, settings, reference)
        entries = Ledger(lake.files(draft.release, "files")).entries()
        counts = count_all(draft, settings, reference)
        _write_ledger(draft, recounted(entries, counts.not_live, counts.warned, draft.build_id))
        return draft.publish(as_of, computed_with(reference), draft.release.is_sample)


class _Comparing:
    """Finds the records that new rows repeat, source by source, while other sources are still read.

    It has a thread and an engine of its own, which is made while the first source is read. Of little it shares the
    instance of the engine that computes tables; else both have their part of the memory.
    """

    def __init__(self, draft: Draft, settings: Settings, index: KeyIndex, is_little: bool) -> None:
        self._draft, self._index = draft, index
        self._settings = settings if is_little else settings.with_half_the_memory()
        self._pool = ThreadPoolExecutor(1)
        self._opened = self._pool.submit(Engine, self._settings, draft.spill_folder(), is_little)
        self._begun: list[Future[pa.Table]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)
        if not self._opened.cancelled():
            self._opened.result().close()

    def begin(self, source: str) -> None:
        """Compares the rows of a source, all of which have landed."""
        if self._draft.added(landed_table(source)):
            self._begun.append(self._pool.submit(self._compare, source))

    def found(self) -> pa.Table:
        """The rows of repeated records of all sources, once they are there."""
        return pa.concat_tables([NONE_REPEATED, *(begun.result() for begun in self._begun)])

    def _compare(self, source: str) -> pa.Table:
        draft, table, engine = self._draft, landed_table(source), self._opened.result()
        old, known = (draft.lake.parts(draft.release, name) for name in (table, "repeated"))
        landed = Searched(table, old, draft.added_parts(table), landed_schema(SOURCES[source]))
        repeated = Searched("repeated", known, [], REPEATED_SCHEMA)
        found = FoundRows(engine, self._index, self._settings.threads)
        return find_repeated(engine, source, landed, repeated, found)


def _add_repeated(draft: Draft, rows: pa.Table) -> None:
    """Keeps the rows of records that the new rows repeat; from then on their versions are told apart."""
    if rows.num_rows or draft.release is None:
        path = draft.new_path("repeated")
        pq.write_table(rows, path)
        draft.add("repeated", path, rows.num_rows)


def _as_they_stand(summaries: list[FileSummary], entries: list[FileEntry]) -> list[FileSummary]:
    """The summaries of newly taken files with the counts at the end of the call."""
    by_digest = {entry.sha256: entry for entry in entries}
    return [
        summary
        if summary.error or summary.already_loaded or summary.sha256 is None
        else FileSummary.of(by_digest[summary.sha256])
        for summary in summaries
    ]


def _write_ledger(draft: Draft, entries: list[FileEntry]) -> None:
    path = draft.new_path("files")
    write_entries(entries, path)
    draft.replace_all("files", path, len(entries))


def _write_load(draft: Draft, summary: LoadSummary, loaded_at: dt.datetime, seconds: float) -> None:
    refusals = [{"file": file.file, "error": file.error} for file in summary.files if file.error]
    totals = {f"rows_{name}": count for name, count in summary.totals.items()}
    row = {
        "load_id": draft.build_id,
        "loaded_at": loaded_at,
        "finished_at": dt.datetime.now(dt.UTC).replace(tzinfo=None),
        "seconds": seconds,
        "files": sum(not file.error and not file.already_loaded for file in summary.files),
        "files_already_loaded": sum(file.already_loaded for file in summary.files),
        "files_refused": len(refusals),
        "refusals": json.dumps(refusals, ensure_ascii=False),
        "product_version": __version__,
        **totals,
    }
    path = draft.new_path("loads")
    pq.write_table(arrow_table({name: [value] for name, value in row.items()}, LOADS_SCHEMA), path)
    draft.add("loads", path, 1)
