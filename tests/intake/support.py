"""Loads small files through the real intake and reads back what it wrote."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from pipeline.contract import Source
from pipeline.intake import IntakeSettings, TakenFile, source_of, take_file
from pipeline.intake.instants import LocalClock
from pipeline.intake.standards import ContractRules
from pipeline.reference.reading import Reference, load_reference

LOADED_AT = datetime(2022, 9, 1, 12, 0)

MOVES = "event_id,un_location_code,equipment_reference,event_type,event_at"
"""A header of yard_moves with the required columns alone."""


@cache
def reference() -> Reference:
    return load_reference(None)


def rules(source: Source) -> ContractRules:
    clock = LocalClock()
    return ContractRules(source, reference(), LOADED_AT, "Asia/Shanghai", clock)


@dataclass
class Taken:
    """A file as taken, with its landed and rejected rows in the order of lines."""

    file: TakenFile
    rows: list[dict[str, Any]]
    rejects: list[dict[str, Any]]

    @property
    def reasons(self) -> list[tuple[int, str]]:
        return [(reject["_line"], reject["reasons"]) for reject in self.rejects]

    def values(self, column: str) -> list[Any]:
        return [row[column] for row in self.rows]


def take(
    content: bytes | str, name: str = "yard_moves.csv", block_bytes: int = 1 << 20, threads: int = 2
) -> Taken:
    """Takes a file of this content (text as UTF-8)."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "in" / name
        out = Path(folder) / "out"
        path.parent.mkdir()
        out.mkdir()
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        settings = IntakeSettings(block_bytes=block_bytes, threads=threads)
        try:
            file = take_file(path, name, source_of(name), 7, LOADED_AT, reference(), settings, out)
        except Exception:  # of whatever kind: a refused file leaves nothing behind
            assert list(out.iterdir()) == []
            raise
        rows = _rows(file.parts)
        rejects = _rows(file.reject_parts)
    assert file.rows_read == file.rows_landed + file.rows_rejected
    assert (file.rows_landed, file.rows_rejected) == (len(rows), len(rejects))
    return Taken(file, rows, rejects)


def moves(*lines: str, header: str = MOVES, **settings: Any) -> Taken:
    """Takes yard_moves of these lines."""
    return take("\n".join([header, *lines]) + "\n", **settings)


def _rows(parts: list[tuple[Path, int]]) -> list[dict[str, Any]]:
    rows = []
    for path, count in parts:
        table = pq.read_table(path)
        assert table.num_rows == count
        rows += table.to_pylist()
    return sorted(rows, key=lambda row: row["_line"])
