"""The ledger: every file that was ever taken, what became of its rows, and every load.

A file's four counts are of now: a row accepted once is superseded when a later version comes, so the counts
of all files are written anew with each load.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.arrow_tables import arrow_table, read_parquet

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

    @property
    def any_taken(self) -> bool:
        """Whether at least one file was taken, now or before."""
        return any(file.error is None for file in self.files)

    def as_json(self) -> dict[str, Any]:
        """Plain values, as `load --json` prints them."""
        return {"files": [asdict(file) for file in self.files], "totals": self.totals}


def read_entries(files: list[str]) -> list[FileEntry]:
    """The ledger's entries, in the order in which the files were loaded."""
    rows = [row for path in files for row in read_parquet(path, FILES_SCHEMA).to_pylist()]
    return sorted((FileEntry(**row) for row in rows), key=lambda entry: entry.file_seq)


def write_entries(entries: list[FileEntry], path: Path) -> None:
    """Writes the whole ledger to one Parquet file."""
    columns = {name: [getattr(entry, name) for entry in entries] for name in FILES_SCHEMA.names}
    pq.write_table(arrow_table(columns, FILES_SCHEMA), path)
