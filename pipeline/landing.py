"""Files in: which files a call names, which were taken before, and what intake makes of the rest."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pyarrow as pa

from pipeline.contract import SOURCES
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

GROWING = (REJECTS, "repeated", "loads")


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
) -> Landed:
    """Takes the files one after another into the draft; a file refused or taken before changes nothing."""
    landing = _Landing(draft, known, loaded_at, reference, settings, advance)
    summaries = [landing.take(path) for path in files]
    landing.gathered.write_all()
    return Landed(summaries, landing.entries)


class _Gathered:
    """The rows of small files, gathered by table: thirty small feeds are one part a day."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._tables: dict[str, list[pa.Table]] = {}

    def add(self, table: str, held: list[pa.Table]) -> None:
        """Keeps rows for the next part of a table, and writes it when it is large enough."""
        waiting = self._tables.setdefault(table, [])
        waiting += held
        if sum(rows.num_rows for rows in waiting) >= PART_ROWS:
            self._write(table)

    def write_all(self) -> None:
        """Writes what is left."""
        for table in self._tables:
            self._write(table)

    def _write(self, table: str) -> None:
        waiting = self._tables[table]
        if waiting:
            path = self._draft.new_path(table)
            self._draft.add(table, path, write_part(path, waiting))
            waiting.clear()


class _Landing:
    """The files of one call, as they are taken: entries of the ledger, and rows for the tables."""

    def __init__(
        self,
        draft: Draft,
        known: list[FileEntry],
        loaded_at: datetime,
        reference: Reference,
        settings: Settings,
        advance: Callable[[float], None],
    ) -> None:
        self.entries: list[FileEntry] = []
        self.gathered = _Gathered(draft)
        self._draft, self._loaded_at = draft, loaded_at
        in_use = IntakeSettings(default_zone=settings.default_zone, threads=settings.threads)
        self._intake = Intake(reference, loaded_at, in_use, HOLD_ROWS)
        self._advance = advance
        self._by_digest = {entry.sha256: entry for entry in known}
        self._next_seq = max((entry.file_seq for entry in known), default=0) + 1

    def take(self, path: Path) -> FileSummary:
        """What became of a file."""
        sha256 = None
        try:
            stamp = _stamp(path)
            sha256 = digest(path)
            before = self._by_digest.get(sha256)
            if before is not None:
                self._advance(size_of(path))
                return FileSummary(file=path.name, source=before.source, sha256=sha256, already_loaded=True)
            return FileSummary.of(self._taken(path, sha256, stamp))
        except FileRefused as refusal:
            return FileSummary(file=path.name, source=None, sha256=sha256, error=_sentence(refusal))
        except OSError as error:
            if str(error.filename) != str(path):
                raise
            return FileSummary(
                file=path.name, source=None, sha256=sha256, error=f"not readable: {error.strerror}"
            )

    def _taken(self, path: Path, sha256: str, stamp: tuple[int, ...]) -> FileEntry:
        source = source_of(path.name)
        table = landed_table(source.name)
        taken = self._intake.take(
            path, path.name, source, self._next_seq, self._draft.folder(table), self._advance
        )
        if _stamp(path) != stamp:
            for part, _ in (*taken.parts, *taken.reject_parts):
                part.unlink()
            raise FileRefused("it changed while it was read", "Load it again once it is complete.")
        build_id = self._draft.build_id
        entry = _entry(path, source.name, sha256, self._next_seq, build_id, self._loaded_at, taken)
        self._next_seq += 1
        self._by_digest[sha256] = entry
        self.entries.append(entry)
        for name, parts, held in (
            (table, taken.parts, taken.landed),
            (REJECTS, taken.reject_parts, taken.rejects),
        ):
            for part, rows in parts:
                self._draft.add(name, part, rows)
            self.gathered.add(name, held)
        return entry


def _stamp(path: Path) -> tuple[int, ...]:
    """What tells whether a file is still the same. Refuses what is none, such as a pipe, which never ends."""
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        raise FileRefused("not a file", "Hand in plain files.")
    return (found.st_ino, found.st_size, found.st_mtime_ns)


def _sentence(refusal: FileRefused) -> str:
    return f"{refusal} {refusal.hint}".strip()


def merge_small(draft: Draft) -> None:
    """Keeps the tables that grow by a part a load at few parts; last before a release is published."""
    for table in (*map(landed_table, SOURCES), *GROWING):
        draft.merge_small(table)


def _entry(
    path: Path, source: str, sha256: str, file_seq: int, load_id: str, loaded_at: datetime, taken: TakenFile
) -> FileEntry:
    return FileEntry(
        file_seq=file_seq,
        load_id=load_id,
        file=path.name,
        source=source,
        sha256=sha256,
        bytes=path.stat().st_size,
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
        is_sample=_is_sample(path),
    )


def _is_sample(path: Path) -> bool:
    """Whether a file lies beside the mark that the sample generator leaves."""
    mark = path.parent / SAMPLE_MARK
    if not mark.is_file():
        return False
    try:
        return bool(json.loads(mark.read_text(encoding="utf-8")).get("sample"))
    except (OSError, ValueError, AttributeError):
        return False
