"""Files in: which files a call names, which were taken before, and what intake makes of the rest."""

from __future__ import annotations

import json
import os
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from queue import SimpleQueue

from pipeline.contract import SOURCES
from pipeline.errors import UserMistake
from pipeline.intake import FileRefused, Intake, IntakeSettings, digest, source_of, told_name
from pipeline.intake.beside import Worker
from pipeline.intake.taker import HOLD_ROWS, Job, Part, Taken, Taker, Takes, stamp_of
from pipeline.intake.worker import setup_message
from pipeline.lake.lake import RELEASE_FILE, Draft
from pipeline.landed.shape import landed_table
from pipeline.loading.ledger import FileEntry, FileSummary, Ledger
from pipeline.reference.reading import Reference
from pipeline.settings import Settings

DATA_SUFFIXES = (".csv", ".csv.gz", ".parquet", ".xlsx")
SAMPLE_MARK = "sample.json"
REJECTS = "rejects"
LARGE_BLOCKS = 16
"""A file of more blocks is read by all threads of this process, and others wait."""

BESIDE_FROM_BYTES = 24 << 20
"""Bytes of files from which further processes read them; each takes a third of a second to start."""

WAITING_FILES = 64
"""Files begun and not told of yet, at most: enough for the others to go on while one is slow, or a process starts."""

GROWING = (REJECTS, "repeated", "files", "loads", "stays", "unit_stays", "clearances")


@dataclass(frozen=True)
class Landed:
    """What the files of one call came to: a summary each, and the ledger's entries of those newly taken."""

    summaries: list[FileSummary]
    entries: list[FileEntry]


def discover(paths: list[Path]) -> list[Path]:
    """The files that a call names: files as given, folders searched for data files, by path.

    A folder's other files (notes, hidden files, a lake) are passed over. Raises `UserMistake` for a path that
    is not there.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found.extend(sorted(_data_files(path), key=str))
        elif path.exists():
            found.append(path)
        else:
            raise UserMistake(f"{path}: no such file or folder", "Check the path.")
    return found


def _data_files(folder: Path) -> Iterator[Path]:
    walked: set[str] = set()
    for name, subfolders, files in os.walk(folder, followlinks=True):
        # A link may lead back to a folder above.
        real = os.path.realpath(name)
        if RELEASE_FILE in files or real in walked:
            subfolders.clear()
            continue
        walked.add(real)
        subfolders[:] = sorted(sub for sub in subfolders if not sub.startswith("."))
        for file in files:
            if not file.startswith(".") and file.lower().endswith(DATA_SUFFIXES):
                yield Path(name) / file


def size_of(path: Path) -> int:
    """The bytes of a file; 0 where that cannot be told."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def land(
    draft: Draft,
    files: list[Path],
    known: Ledger,
    loaded_at: datetime,
    reference: Reference,
    settings: Settings,
    advance: Callable[[float], None],
    landed: Callable[[str], None] = lambda source: None,
) -> Landed:
    """Takes the files one after another into the draft; a file refused or taken before changes nothing.

    `landed` is told the name of a source as soon as the draft holds all that the files have of it.
    """
    landing = _Landing(draft, known, loaded_at, reference, settings, advance, landed)
    landing.take_all(files)
    return Landed(landing.summaries, landing.entries)


@dataclass(frozen=True)
class _Begun:
    """A file that is being taken."""

    job: Job
    sha256: str
    future: Future[Taken]


class _Landing:
    """The files of one call, in their order: entries of the ledger, and rows for the tables.

    One thread reads them, and where they are many bytes further processes do: what is done to a block is much work of
    the interpreter, for which threads would wait. A very large file has all threads of this process. What became of
    files is told in order.
    """

    def __init__(
        self,
        draft: Draft,
        known: Ledger,
        loaded_at: datetime,
        reference: Reference,
        settings: Settings,
        advance: Callable[[float], None],
        landed: Callable[[str], None],
    ) -> None:
        self.summaries: list[FileSummary] = []
        self.entries: list[FileEntry] = []
        self._draft, self._loaded_at = draft, loaded_at
        self._reference_folder = settings.reference
        self._in_use = IntakeSettings(default_zone=settings.default_zone, threads=max(settings.threads, 1))
        self._intake = Intake(reference, loaded_at, self._in_use, HOLD_ROWS)
        self._alone = Taker(self._intake, self._rejects(), "alone", lane=None)
        self._advance, self._landed = advance, landed
        self._left: Counter[str] = Counter()
        self._known = known
        self._by_digest: dict[str, FileEntry] = {}
        self._next_seq = known.last_number + 1
        self._takers: list[Takes] = []
        self._free: SimpleQueue[Takes] = SimpleQueue()
        self._running: deque[_Begun] = deque()

    def take_all(self, files: list[Path]) -> None:
        """Takes the files."""
        self._left.update(_sources_of(files))
        self._takers = self._takers_of(sum(map(size_of, files)))
        for taker in self._takers:
            self._free.put(taker)
        with ThreadPoolExecutor(len(self._takers)) as pool:
            try:
                for path in files:
                    if not self._begin(path, pool):
                        self._done_with(path)
                    if len(self._running) > WAITING_FILES:
                        self._settle()
                self._settle_all()
                self._flush(None)
            finally:
                for begun in self._running:
                    begun.future.cancel()
                for taker in self._takers:
                    taker.close()

    def _rejects(self) -> tuple[str, Path]:
        return REJECTS, self._draft.folder(REJECTS)

    def _takers_of(self, total_bytes: int) -> list[Takes]:
        """This process, and for many bytes one beside it for every further core: they start while this one begins."""
        beside = self._in_use.threads - 1 if total_bytes >= BESIDE_FROM_BYTES else 0
        rules = self._reference_folder, self._loaded_at, self._in_use, self._rejects()
        workers = [Worker(setup_message(*rules, f"beside-{number}")) for number in range(beside)]
        return [Taker(self._intake, self._rejects(), "here"), *workers]

    def _flush(self, table: str | None) -> None:
        for taker in (self._alone, *self._takers):
            self._add(taker.flush(table))

    def _add(self, parts: list[Part]) -> None:
        for part in parts:
            self._draft.add(part.table, part.path, part.rows)

    def _begin(self, path: Path, pool: ThreadPoolExecutor) -> bool:
        """Sets a file going (true), or tells at once what became of it."""
        is_going = False
        with self._refusals(path, None, self._settle_all):
            stamp = stamp_of(path)
            sha256 = digest(path)
            if any(begun.sha256 == sha256 for begun in self._running):
                self._settle_all()
            before = self._by_digest.get(sha256) or self._known.with_digest(sha256)
            if before is not None:
                self._settle_all()
                self._advance(size_of(path))
                summary = FileSummary(
                    file=told_name(path), source=before.source, sha256=sha256, already_loaded=True
                )
                self.summaries.append(summary)
                return is_going
            with self._refusals(path, sha256, self._settle_all):
                source = source_of(path.name).name
                table = landed_table(source)
                job = Job(path, source, self._next_seq, stamp, table, self._draft.folder(table))
                self._next_seq += 1
                is_large = stamp[1] > LARGE_BLOCKS * self._in_use.block_bytes
                if is_large:
                    self._settle_all()
                self._running.append(_Begun(job, sha256, pool.submit(self._read, job, is_large)))
                if is_large:
                    self._settle_all()
                is_going = True
        return is_going

    def _done_with(self, path: Path) -> None:
        """Tells the source of a file, where it was the last of it."""
        for source in _sources_of([path]):
            self._left[source] -= 1
            if not self._left[source]:
                self._flush(landed_table(source))
                self._landed(source)

    def _read(self, job: Job, is_alone: bool) -> Taken:
        """Has a file taken by whoever is free, or by all threads of this process where it runs alone."""
        taker = self._free.get()
        try:
            return (self._alone if is_alone else taker).take(job, self._advance)
        finally:
            self._free.put(taker)

    def _settle_all(self) -> None:
        while self._running:
            self._settle()

    def _settle(self) -> None:
        """Tells what became of the file that was begun first."""
        begun = self._running.popleft()
        path = begun.job.path
        with self._refusals(path, begun.sha256):
            self._keep(begun, begun.future.result())
        self._done_with(path)

    def _keep(self, begun: _Begun, taken: Taken) -> None:
        entry = _entry(begun, self._draft.build_id, self._loaded_at, taken)
        self._by_digest[begun.sha256] = entry
        self.entries.append(entry)
        self.summaries.append(FileSummary.of(entry))
        self._add(taken.parts)

    @contextmanager
    def _refusals(
        self, path: Path, sha256: str | None, tell_earlier: Callable[[], None] = lambda: None
    ) -> Iterator[None]:
        """A file that is refused or cannot be read is told in the summary, in its turn; the others go on."""
        try:
            yield
        except FileRefused as refusal:
            tell_earlier()
            self._refuse(path, sha256, _sentence(refusal))
        except OSError as error:
            if str(error.filename) != str(path):
                raise
            tell_earlier()
            self._refuse(path, sha256, f"not readable: {error.strerror}")

    def _refuse(self, path: Path, sha256: str | None, sentence: str) -> None:
        self.summaries.append(FileSummary(file=told_name(path), source=None, sha256=sha256, error=sentence))


def _sources_of(files: Iterable[Path]) -> Iterator[str]:
    """The names of the files' sources, of each file whose name tells one."""
    for path in files:
        with suppress(FileRefused):
            yield source_of(path.name).name


def _sentence(refusal: FileRefused) -> str:
    what = str(refusal)
    return f"{what.rstrip('.')}. {refusal.hint}" if refusal.hint else what


def merge_small(draft: Draft) -> None:
    """Keeps the tables that grow by a part a load at few parts; last before a release is published."""
    for table in (*map(landed_table, SOURCES), *GROWING):
        draft.merge_small(table)


def _entry(begun: _Begun, load_id: str, loaded_at: datetime, taken: Taken) -> FileEntry:
    job = begun.job
    return FileEntry(
        file_seq=job.file_seq,
        load_id=load_id,
        file=told_name(job.path),
        source=job.source,
        sha256=begun.sha256,
        bytes=job.stamp[1],
        loaded_at=loaded_at,
        encoding=taken.encoding or "",
        separator=taken.separator or "",
        rows_read=taken.rows_read,
        rows_accepted=taken.rows_landed,
        rows_superseded=0,
        rows_duplicate=0,
        rows_rejected=taken.rows_rejected,
        rows_warned=taken.rows_warned,
        unknown_columns=json.dumps(list(taken.unknown_columns), ensure_ascii=False),
        rejected_by_code=json.dumps(dict(sorted(taken.rejected_by_code.items()))),
        warned_by_code=json.dumps(dict(sorted(taken.warned_by_code.items()))),
        is_sample=_is_sample(job.path.parent),
    )


def _is_sample(folder: Path) -> bool:
    """Whether a folder has the mark that the sample generator leaves."""
    mark = folder / SAMPLE_MARK
    try:
        return _says_sample(mark, mark.stat().st_mtime_ns)
    except OSError:
        return False


@lru_cache(maxsize=64)
def _says_sample(mark: Path, changed_at: int) -> bool:
    try:
        return bool(json.loads(mark.read_text(encoding="utf-8")).get("sample"))
    except (OSError, ValueError, AttributeError):
        return False
