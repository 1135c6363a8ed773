"""Files in: which files a call names, which were taken before, and what intake makes of the rest."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.errors import UserMistake
from pipeline.intake import FileRefused, IntakeSettings, TakenFile, digest, source_of, take_file
from pipeline.lake import RELEASE_FILE, Draft
from pipeline.landed import REJECT_SCHEMA, landed_schema
from pipeline.ledger import FileEntry, FileSummary
from pipeline.question import landed_table
from pipeline.reference import Reference
from pipeline.settings import Settings

DATA_SUFFIXES = (".csv", ".csv.gz", ".parquet", ".xlsx")
SAMPLE_MARK = "sample.json"
REJECTS = "rejects"
MERGE_BELOW_ROWS = 1_000_000


@dataclass(frozen=True)
class Landed:
    """What the files of one call came to: a summary each, and the ledger's entries of those newly taken."""

    summaries: list[FileSummary]
    entries: list[FileEntry]


def discover(paths: list[Path]) -> list[Path]:
    """The files that a call names: files as given, folders searched for data files, by path.

    A folder's other files (notes, hidden files, a lake) are passed over. Raises `UserMistake` for a path that is not there.
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
    for name, subfolders, files in os.walk(folder, followlinks=True):
        if RELEASE_FILE in files:
            subfolders.clear()
            continue
        subfolders[:] = [sub for sub in subfolders if not sub.startswith(".")]
        for file in files:
            if not file.startswith(".") and file.lower().endswith(DATA_SUFFIXES):
                yield Path(name) / file


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
    by_digest = {entry.sha256: entry for entry in known}
    next_seq = max((entry.file_seq for entry in known), default=0) + 1
    summaries: list[FileSummary] = []
    entries: list[FileEntry] = []
    parts: dict[str, list[tuple[Path, int]]] = {}
    for path in files:
        sha256 = digest(path)
        before = by_digest.get(sha256)
        if before is not None:
            summaries.append(
                FileSummary(file=path.name, source=before.source, sha256=sha256, already_loaded=True)
            )
            advance(path.stat().st_size)
            continue
        try:
            source = source_of(path.name)
            taken = take_file(
                path,
                path.name,
                source,
                next_seq,
                loaded_at,
                reference,
                IntakeSettings(default_zone=settings.default_zone, threads=settings.threads),
                draft.folder(landed_table(source.name)),
                advance,
            )
        except FileRefused as refusal:
            summaries.append(FileSummary(file=path.name, source=None, sha256=sha256, error=_sentence(refusal)))
            continue
        entry = _entry(path, source.name, sha256, next_seq, draft.build_id, loaded_at, taken)
        by_digest[sha256] = entry
        entries.append(entry)
        summaries.append(FileSummary.of(entry))
        parts.setdefault(landed_table(source.name), []).extend(taken.parts)
        parts.setdefault(REJECTS, []).extend(taken.reject_parts)
        next_seq += 1
    for table, written in parts.items():
        _add_parts(draft, table, written)
    return Landed(summaries, entries)


def _sentence(refusal: FileRefused) -> str:
    return f"{refusal} {refusal.hint}".strip()


def _add_parts(draft: Draft, table: str, written: list[tuple[Path, int]]) -> None:
    """Adds parts to a table, the small ones of a call as one file: thirty small feeds are one file a day."""
    small = [(path, rows) for path, rows in written if rows < MERGE_BELOW_ROWS]
    for path, rows in written:
        if rows >= MERGE_BELOW_ROWS:
            draft.add(table, path, rows)
    if len(small) == 1:
        draft.add(table, *small[0])
    elif small:
        merged = draft.new_path(table)
        _merge([path for path, _ in small], merged)
        draft.add(table, merged, sum(rows for _, rows in small))
        for path, _ in small:
            path.unlink()


def _merge(parts: list[Path], target: Path) -> None:
    schema = pq.read_schema(parts[0])
    with pq.ParquetWriter(target, schema, compression="zstd", compression_level=1) as writer:
        waiting: list[pa.Table] = []
        for path in parts:
            waiting.append(pq.read_table(path, schema=schema))
            if sum(table.num_rows for table in waiting) >= MERGE_BELOW_ROWS:
                writer.write_table(pa.concat_tables(waiting))
                waiting.clear()
        if waiting:
            writer.write_table(pa.concat_tables(waiting))


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


__all__ = ["REJECT_SCHEMA", "Landed", "discover", "land", "landed_schema"]
