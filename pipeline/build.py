"""From files to a release: what a load does, in which order, and what it makes stale."""

from __future__ import annotations

import datetime as dt
import json
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Self

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline import __version__
from pipeline.arrow_tables import arrow_table
from pipeline.contract import SOURCES
from pipeline.engine import Engine
from pipeline.errors import NothingFound
from pipeline.lake import Draft, Lake, Release
from pipeline.landed import landed_schema
from pipeline.landing import discover, land, merge_small, size_of
from pipeline.ledger import LOADS_SCHEMA, FileEntry, FileSummary, LoadSummary, read_entries, write_entries
from pipeline.progress import Progress, Silent
from pipeline.question import computed_with, landed_table, open_question, provide_files
from pipeline.reference import Reference, load_reference
from pipeline.refresh import refresh
from pipeline.settings import Settings
from pipeline.versions import NONE_REPEATED, REPEATED_SCHEMA, find_repeated

__all__ = ["FileSummary", "LoadSummary", "load", "rebuild"]


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
    reference = load_reference(settings.reference)
    lake = Lake(settings.lake)
    with lake.writing(progress.waiting) as draft:
        # Now, not before the wait: of two rows without recorded_at the one loaded later counts.
        instant = loaded_at or dt.datetime.now(dt.UTC).replace(tzinfo=None, microsecond=0)
        known = read_entries(lake.files(draft.release, "files"))
        progress.stage("Reading and checking", float(sum(map(size_of, files))))
        with _Comparing(draft, settings) as comparing:
            landed = land(
                draft, files, known, instant, reference, settings, progress.advance, comparing.begin
            )
            if not landed.entries:
                return LoadSummary(landed.summaries)
            progress.stage("Comparing versions", None)
            _add_repeated(draft, comparing.found())
        progress.stage("Computing tables", None)
        as_of = refresh(draft, settings, reference)
        entries = _recounted(draft, settings, reference, [*known, *landed.entries])
        _write_ledger(draft, entries)
        summary = LoadSummary(_as_they_stand(landed.summaries, entries))
        _write_load(draft, summary, instant, time.monotonic() - started)
        merge_small(draft)
        draft.publish(as_of, computed_with(reference), any(entry.is_sample for entry in entries))
    return summary


def rebuild(settings: Settings, progress: Progress | None = None) -> Release:
    """Computes all tables anew from what was loaded; the same tables as the loads made one by one.

    Raises `NothingFound` on an empty lake.
    """
    progress = progress or Silent()
    reference = load_reference(settings.reference)
    lake = Lake(settings.lake)
    with lake.writing(progress.waiting) as draft:
        if draft.release is None:
            raise NothingFound(
                f"{settings.lake}: nothing was loaded yet", "Load files first: dgwatch load PATH"
            )
        progress.stage("Computing tables", None)
        as_of = refresh(draft, settings, reference, whole=True)
        entries = read_entries(lake.files(draft.release, "files"))
        _write_ledger(draft, _recounted(draft, settings, reference, entries))
        return draft.publish(as_of, computed_with(reference), draft.release.is_sample)


class _Comparing:
    """Finds the records that new rows repeat, source by source, while other sources are still read.

    It has a thread and an engine of its own, made when first needed.
    """

    def __init__(self, draft: Draft, settings: Settings) -> None:
        self._draft, self._settings = draft, settings.with_half_the_memory()
        self._pool = ThreadPoolExecutor(1)
        self._engine: Engine | None = None
        self._begun: list[Future[pa.Table]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)
        if self._engine is not None:
            self._engine.close()

    def begin(self, source: str) -> None:
        """Compares the rows of a source, all of which have landed."""
        if self._draft.added(landed_table(source)):
            self._begun.append(self._pool.submit(self._compare, source))

    def found(self) -> pa.Table:
        """The rows of repeated records of all sources, once they are there."""
        return pa.concat_tables([NONE_REPEATED, *(begun.result() for begun in self._begun)])

    def _compare(self, source: str) -> pa.Table:
        if self._engine is None:
            self._engine = Engine(self._settings, self._draft.spill_folder())
            held = partial(self._draft.lake.files, self._draft.release, "repeated")
            provide_files(self._engine, "repeated", held, REPEATED_SCHEMA)
        table = landed_table(source)
        old = self._draft.lake.files(self._draft.release, table)
        return find_repeated(self._engine, source, self._draft.added(table), old)


def _add_repeated(draft: Draft, rows: pa.Table) -> None:
    """Keeps the rows of records that the new rows repeat; from then on their versions are told apart."""
    if rows.num_rows or draft.release is None:
        path = draft.new_path("repeated")
        pq.write_table(rows, path)
        draft.add("repeated", path, rows.num_rows)


def _recounted(
    draft: Draft, settings: Settings, reference: Reference, entries: list[FileEntry]
) -> list[FileEntry]:
    """The ledger with the counts of now: what is superseded or a duplicate today, and the new files' warned rows."""
    whatever = dt.datetime(1990, 1, 1)
    with open_question(settings, reference, draft.files, None, whatever, draft.spill_folder()) as engine:
        for name, source in SOURCES.items():
            files = partial(draft.added, landed_table(name))
            provide_files(engine, f"new_{name}", files, landed_schema(source))
        losers = {
            seq: (superseded, duplicate) for seq, duplicate, superseded in engine.rows("losers_of_file")
        }
        warned = dict(engine.rows("warned_of_file"))
    return [
        replace(
            entry.recounted(*losers.get(entry.file_seq, (0, 0))),
            rows_warned=warned.get(entry.file_seq, 0)
            if entry.load_id == draft.build_id
            else entry.rows_warned,
        )
        for entry in entries
    ]


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
