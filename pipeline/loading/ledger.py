"""The ledger: every file that was ever taken, what became of its rows, and every load.

A file's four counts are of now: a row accepted once is superseded when a later version comes, so entries change after
their load. A load reads of earlier ones no more than it has to, and writes anew the parts in which one has changed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.arrow_tables import arrow_table, read_parquet
from pipeline.lake.object_cache import readable

FILES_SCHEMA = pa.schema(
    [
        ("file_seq", pa.int64()),
        ("load_id", pa.string()),
        ("file", pa.string()),
        ("source", pa.string()),
        ("sha256", pa.string()),
        ("bytes", pa.int64()),
        ("loaded_at", pa.timestamp("us")),
        ("encoding", pa.string()),
        ("separator", pa.string()),
        ("rows_read", pa.int64()),
        ("rows_accepted", pa.int64()),
        ("rows_superseded", pa.int64()),
        ("rows_duplicate", pa.int64()),
        ("rows_rejected", pa.int64()),
        ("rows_warned", pa.int64()),
        ("unknown_columns", pa.string()),
        ("rejected_by_code", pa.string()),
        ("warned_by_code", pa.string()),
        ("is_sample", pa.bool_()),
    ]
)
LOADS_SCHEMA = pa.schema(
    [
        ("load_id", pa.string()),
        ("loaded_at", pa.timestamp("us")),
        ("finished_at", pa.timestamp("us")),
        ("seconds", pa.float64()),
        ("files", pa.int64()),
        ("files_already_loaded", pa.int64()),
        ("files_refused", pa.int64()),
        ("rows_read", pa.int64()),
        ("rows_accepted", pa.int64()),
        ("rows_superseded", pa.int64()),
        ("rows_duplicate", pa.int64()),
        ("rows_rejected", pa.int64()),
        ("rows_warned", pa.int64()),
        ("refusals", pa.string()),
        ("product_version", pa.string()),
    ]
)


@dataclass(frozen=True)
class FileEntry:
    """One taken file. Rows accepted, superseded, duplicate and rejected always add up to the rows read."""

    file_seq: int
    load_id: str
    file: str
    source: str
    sha256: str
    bytes: int
    loaded_at: datetime
    encoding: str
    separator: str
    rows_read: int
    rows_accepted: int
    rows_superseded: int
    rows_duplicate: int
    rows_rejected: int
    rows_warned: int
    unknown_columns: str
    rejected_by_code: str
    warned_by_code: str
    is_sample: bool

    def recounted(self, superseded: int, duplicate: int) -> FileEntry:
        """The entry with its counts as they are now."""
        landed = self.rows_read - self.rows_rejected
        return replace(
            self,
            rows_accepted=landed - superseded - duplicate,
            rows_superseded=superseded,
            rows_duplicate=duplicate,
        )


@dataclass(frozen=True)
class FileSummary:
    """What a load says of one file that it was given."""

    file: str
    source: str | None
    sha256: str | None
    read: int = 0
    accepted: int = 0
    superseded: int = 0
    duplicate: int = 0
    rejected: int = 0
    warned: int = 0
    already_loaded: bool = False
    error: str | None = None
    unknown_columns: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, entry: FileEntry) -> FileSummary:
        """The summary of a taken file, its counts as they stand."""
        return cls(
            file=entry.file,
            source=entry.source,
            sha256=entry.sha256,
            read=entry.rows_read,
            accepted=entry.rows_accepted,
            superseded=entry.rows_superseded,
            duplicate=entry.rows_duplicate,
            rejected=entry.rows_rejected,
            warned=entry.rows_warned,
            unknown_columns=json.loads(entry.unknown_columns),
        )


COUNTS = ("read", "accepted", "superseded", "duplicate", "rejected", "warned")


@dataclass(frozen=True)
class LoadSummary:
    """What a load did, file by file."""

    files: list[FileSummary]

    @property
    def totals(self) -> dict[str, int]:
        """The sums of the files' counts."""
        return {name: sum(getattr(file, name) for file in self.files) for name in COUNTS}

    def as_json(self) -> dict[str, Any]:
        """Plain values, as `load --json` prints them."""
        return {"files": [asdict(file) for file in self.files], "totals": self.totals}


class Ledger:
    """The files taken before a load: their numbers and digests; whole entries of those that are asked for.

    Args:
        parts: the Parquet files of the table.
    """

    def __init__(self, parts: Iterable[str]) -> None:
        parts = list(parts)
        here = zip(parts, readable(parts), strict=True)
        self._parts = {path: read_parquet(local, FILES_SCHEMA) for path, local in here}
        self._place: dict[int, tuple[str, int]] = {}
        self._number_of: dict[str, int] = {}
        for path, table in self._parts.items():
            numbers = table.column("file_seq").to_pylist()
            self._place |= {number: (path, place) for place, number in enumerate(numbers)}
            self._number_of |= zip(table.column("sha256").to_pylist(), numbers, strict=True)

    @property
    def last_number(self) -> int:
        """The number of the file that was taken last; 0 where there is none."""
        return max(self._place, default=0)

    @property
    def has_sample(self) -> bool:
        """Whether a file is of a sample world."""
        return any(any(table.column("is_sample").to_pylist()) for table in self._parts.values())

    def with_digest(self, sha256: str) -> FileEntry | None:
        """The entry of a file with this content; None where it was not taken yet."""
        number = self._number_of.get(sha256)
        return None if number is None else self.entry(number)

    def entry(self, number: int) -> FileEntry:
        """The entry of the file of a number."""
        path, place = self._place[number]
        (row,) = self._parts[path].slice(place, 1).to_pylist()
        return FileEntry(**row)

    def entries(self) -> list[FileEntry]:
        """All entries, in the order in which the files were loaded."""
        rows = (row for table in self._parts.values() for row in table.to_pylist())
        return sorted((FileEntry(**row) for row in rows), key=lambda entry: entry.file_seq)

    def with_changes(self, changed: Iterable[FileEntry]) -> dict[str, list[FileEntry]]:
        """The entries, as they are to be, of every part in which one has changed."""
        by_number = {entry.file_seq: entry for entry in changed}
        paths = dict.fromkeys(self._place[number][0] for number in by_number)
        of_part = {path: [FileEntry(**row) for row in self._parts[path].to_pylist()] for path in paths}
        return {
            path: [by_number.get(entry.file_seq, entry) for entry in entries]
            for path, entries in of_part.items()
        }


def write_entries(entries: list[FileEntry], path: Path) -> None:
    """Writes entries to one Parquet file."""
    columns = {name: [getattr(entry, name) for entry in entries] for name in FILES_SCHEMA.names}
    pq.write_table(arrow_table(columns, FILES_SCHEMA), path)
