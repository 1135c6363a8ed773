"""Files in: which files a call names, which were taken before, and what intake makes of the rest."""

from __future__ import annotations

import json
import os
import stat
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from queue import SimpleQueue

import pyarrow as pa

from pipeline.contract import SOURCES, Source
from pipeline.errors import UserMistake
from pipeline.intake import FileRefused, Intake, IntakeSettings, TakenFile, digest, source_of, write_part
from pipeline.lake import RELEASE_FILE, Draft
from pipeline.ledger import FileEntry, FileSummary
from pipeline.question import landed_table
from pipeline.reference import Reference
from pipeline.settings import Settings

DATA_SUFFIXES = (".csv", ".csv.gz", ".parquet", ".xlsx")
SAMPLE_MARK = "sample.json"
REJECTS = "rejects"
HOLD_ROWS = 100_000
"""Files of fewer rows share a part with others of their source."""

PART_ROWS = 400_000
"""Rows held of a source at most, before they are written."""

LARGE_BLOCKS = 16
"""A file of more blocks is read by all threads, one of fewer by one beside others: nothing waits for its end."""

SPARE_LANES = 1
"""Lanes beside one a core: while two wait for the interpreter's lock, a core would stand idle."""

GROWING = (REJECTS, "repeated", "loads", "stays", "unit_stays", "clearances")


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
    known: list[FileEntry],
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


class _Gathered:
    """The rows of small files, gathered by table: thirty small feeds are one part a day."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._tables: dict[str, list[pa.Table]] = {}
        self._rows: Counter[str] = Counter()

    def add(self, table: str, held: list[pa.Table]) -> None:
        """Keeps rows for the next part of a table, and writes it when it is large enough."""
        self._tables.setdefault(table, []).extend(held)
        self._rows[table] += sum(rows.num_rows for rows in held)
        if self._rows[table] >= PART_ROWS:
            self.write(table)

    def write_all(self) -> None:
        """Writes what is left."""
        for table in self._tables:
            self.write(table)

    def write(self, table: str) -> None:
        """Writes what is held of a table."""
        waiting = self._tables.get(table)
        if waiting:
            path = self._draft.new_path(table)
            self._draft.add(table, path, write_part(path, waiting))
            waiting.clear()
            self._rows[table] = 0


@dataclass(frozen=True)
class _Job:
    """A file that is to be taken: what is known of it before it is read."""

    path: Path
    sha256: str
    stamp: tuple[int, ...]
    source: Source
    file_seq: int


class _Landing:
    """The files of one call, in their order: entries of the ledger, and rows for the tables.

    Small files are read side by side, a large one by all threads; what became of them is told in order.
    """

    def __init__(
        self,
        draft: Draft,
        known: list[FileEntry],
        loaded_at: datetime,
        reference: Reference,
        settings: Settings,
        advance: Callable[[float], None],
        landed: Callable[[str], None],
    ) -> None:
        self.summaries: list[FileSummary] = []
        self.entries: list[FileEntry] = []
        self._gathered = _Gathered(draft)
        self._draft, self._loaded_at = draft, loaded_at
        lanes = settings.threads + SPARE_LANES if settings.threads > 1 else 1
        self._in_use = IntakeSettings(default_zone=settings.default_zone, threads=lanes)
        self._intake = Intake(reference, loaded_at, self._in_use, HOLD_ROWS)
        self._advance, self._landed = advance, landed
        self._left: Counter[str] = Counter()
        self._by_digest = {entry.sha256: entry for entry in known}
        self._next_seq = max((entry.file_seq for entry in known), default=0) + 1
        self._lanes: SimpleQueue[int] = SimpleQueue()
        self._running: deque[tuple[_Job, Future[TakenFile]]] = deque()

    def take_all(self, files: list[Path]) -> None:
        """Takes the files."""
        threads = max(self._in_use.threads, 1)
        for lane in range(threads):
            self._lanes.put(lane)
        self._left.update(_sources_of(files))
        with ThreadPoolExecutor(threads) as pool:
            try:
                for path in files:
                    if not self._begin(path, pool):
                        self._done_with(path)
                    if len(self._running) > 2 * threads:
                        self._settle()
                self._settle_all()
            finally:
                for _, future in self._running:
                    future.cancel()
        self._gathered.write_all()

    def _begin(self, path: Path, pool: ThreadPoolExecutor) -> bool:
        """Sets a file going (true), or tells at once what became of it."""
        is_going = False
        with self._refusals(path, None, self._settle_all):
            stamp = _stamp(path)
            sha256 = digest(path)
            if any(job.sha256 == sha256 for job, _ in self._running):
                self._settle_all()
            before = self._by_digest.get(sha256)
            if before is not None:
                self._settle_all()
                self._advance(size_of(path))
                summary = FileSummary(
                    file=path.name, source=before.source, sha256=sha256, already_loaded=True
                )
                self.summaries.append(summary)
                return is_going
            with self._refusals(path, sha256, self._settle_all):
                job = _Job(path, sha256, stamp, source_of(path.name), self._next_seq)
                self._next_seq += 1
                is_large = stamp[1] > LARGE_BLOCKS * self._in_use.block_bytes
                if is_large:
                    self._settle_all()
                self._running.append((job, pool.submit(self._read, job, is_large)))
                if is_large:
                    self._settle_all()
                is_going = True
        return is_going

    def _done_with(self, path: Path) -> None:
        """Tells the source of a file, where it was the last of it."""
        for source in _sources_of([path]):
            self._left[source] -= 1
            if not self._left[source]:
                self._gathered.write(landed_table(source))
                self._landed(source)

    def _read(self, job: _Job, is_alone: bool) -> TakenFile:
        """Reads a file in a thread of the pool: in a lane of its own, or in all of them where it runs alone."""
        lane = self._lanes.get()
        try:
            folder = self._draft.folder(landed_table(job.source.name))
            return self._intake.take(
                job.path,
                job.path.name,
                job.source,
                job.file_seq,
                folder,
                self._advance,
                None if is_alone else lane,
            )
        finally:
            self._lanes.put(lane)

    def _settle_all(self) -> None:
        while self._running:
            self._settle()

    def _settle(self) -> None:
        """Tells what became of the file that was begun first."""
        job, future = self._running.popleft()
        with self._refusals(job.path, job.sha256):
            taken = future.result()
            if _stamp(job.path) != job.stamp:
                for part, _ in (*taken.parts, *taken.reject_parts):
                    part.unlink()
                raise FileRefused("it changed while it was read", "Load it again once it is complete.")
            self._keep(job, taken)
        self._done_with(job.path)

    def _keep(self, job: _Job, taken: TakenFile) -> None:
        entry = _entry(job, self._draft.build_id, self._loaded_at, taken)
        self._by_digest[job.sha256] = entry
        self.entries.append(entry)
        self.summaries.append(FileSummary.of(entry))
        for name, parts, held in (
            (landed_table(job.source.name), taken.parts, taken.landed),
            (REJECTS, taken.reject_parts, taken.rejects),
        ):
            for part, rows in parts:
                self._draft.add(name, part, rows)
            self._gathered.add(name, held)

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
        self.summaries.append(FileSummary(file=path.name, source=None, sha256=sha256, error=sentence))


def _sources_of(files: Iterable[Path]) -> Iterator[str]:
    """The names of the files' sources, of each file whose name tells one."""
    for path in files:
        with suppress(FileRefused):
            yield source_of(path.name).name


def _stamp(path: Path) -> tuple[int, ...]:
    """What tells whether a file is still the same. Refuses what is none, such as a pipe, which never ends."""
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        raise FileRefused("not a file", "Hand in plain files.")
    return (found.st_ino, found.st_size, found.st_mtime_ns)


def _sentence(refusal: FileRefused) -> str:
    what = str(refusal)
    return f"{what.rstrip('.')}. {refusal.hint}" if refusal.hint else what


def merge_small(draft: Draft) -> None:
    """Keeps the tables that grow by a part a load at few parts; last before a release is published."""
    for table in (*map(landed_table, SOURCES), *GROWING):
        draft.merge_small(table)


def _entry(job: _Job, load_id: str, loaded_at: datetime, taken: TakenFile) -> FileEntry:
    return FileEntry(
        file_seq=job.file_seq,
        load_id=load_id,
        file=job.path.name,
        source=job.source.name,
        sha256=job.sha256,
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
