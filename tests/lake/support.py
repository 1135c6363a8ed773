"""Small feeds, lakes of them, and everything that can be seen of a lake."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import multiprocessing
import random
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

from pipeline.address import Root
from pipeline.lake.lake import Lake
from pipeline.lake.object_cache import readable
from pipeline.landed import found_rows, key_index
from pipeline.loading.build import load
from pipeline.loading.ledger import FileEntry, Ledger, LoadSummary
from pipeline.metrics import Filters, Reader
from pipeline.settings import Settings

LOADED_AT = dt.datetime(2022, 9, 1)
FIRST_DAY = dt.datetime(2022, 6, 1)
REPORTS = ("stays", "stock", "findings", "cases", "milestones")
BUILT = ("stays", "unit_stays", "clearances", "flows")
FLOW_MEASURES = ("stock_change", "backlog_change", "arrivals", "exits", "newly_overdue")

PROCESSES = multiprocessing.get_context("forkserver")
"""Processes that begin without this one's threads, its locks and its open files."""
PROCESSES.set_forkserver_preload(
    ["pipeline.cli", "pipeline.loading.build", "pipeline.metrics", "lake.support"]
)

Row = dict[str, Any]
Feed = tuple[str, list[Row]]
Batch = dict[str, list[Row]]
"""The rows of one batch by source."""


def settings_of(lake: Root) -> Settings:
    """Settings for a lake at `lake`, with one thread: the runs are small and many."""
    return Settings(lake=lake, threads=1, memory_limit="500MiB")


def text_of(rows: Sequence[Row]) -> str:
    """Rows as CSV; the header has every column that any of them has."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    written = io.StringIO(newline="")
    writer = csv.DictWriter(written, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return written.getvalue()


def write_feeds(folder: Path, feeds: Iterable[Feed]) -> list[Path]:
    """One CSV file a feed, in the order given."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, rows in feeds:
        path = folder / f"{name}.csv"
        path.write_text(text_of(rows), encoding="utf-8")
        paths.append(path)
    return paths


def stamp(day: float) -> str:
    """An instant so many days after `FIRST_DAY`, as a file would have it."""
    return (FIRST_DAY + dt.timedelta(days=day)).isoformat() + "Z"


def batch_rows(
    number: int, came: float, stayed: float | None, recorded: float | None
) -> dict[str, list[Row]]:
    """One batch in one box: its rows by source. Without `stayed` it is still there."""
    known = {"recorded_at": "" if recorded is None else stamp(recorded)}
    batch, port = f"B{number:04d}", ("CNSHG", "CNNBO")[number % 2]
    box = f"MSKU{number:07d}"
    move: Row = {"un_location_code": port, "equipment_reference": box, "consignment_id": batch, **known}
    moves = [{"event_id": f"{batch}-in", **move, "event_type": "DISC", "event_at": stamp(came)}]
    released = []
    if stayed is not None:
        moves.append(
            {"event_id": f"{batch}-out", **move, "event_type": "GTOT", "event_at": stamp(came + stayed)}
        )
        released = [{"milestone": "released", "occurred_at": stamp(came + stayed / 2)}]
    steps = [{"milestone": "lodged", "occurred_at": stamp(came + 0.1)}, *released]
    imo_class = ("3", "8", "5.1", "2.1")[number % 4]
    item: Row = {"item_no": 1, "equipment_reference": box, "imo_class": imo_class}
    finding: Row = {"finding_id": f"F-{batch}", "inspected_at": stamp(came + 0.2), "result": "clean"}
    case: Row = {"case_no": f"C-{batch}", "filed_at": stamp(came + 0.3), "status": "filed"}
    return {
        "consignments": [{"consignment_id": batch, "un_location_code": port, "direction": "import", **known}],
        "dg_items": [{"consignment_id": batch, **item, **known}],
        "yard_moves": moves,
        "clearance_milestones": [{"consignment_id": batch, **step, **known} for step in steps],
        "inspection_findings": [{**finding, "consignment_id": batch, "selection_basis": "random", **known}],
        "penalty_cases": [{**case, "consignment_id": batch, **known}],
    }


def feeds_of(batches: Iterable[Batch], name: str = "") -> list[Feed]:
    """One feed a source, of several batches."""
    by_source: dict[str, list[Row]] = {}
    for batch in batches:
        for source, rows in batch.items():
            by_source.setdefault(source, []).extend(rows)
    return [(f"{source}-{name}" if name else source, rows) for source, rows in by_source.items()]


def day_feeds(day: int, batches: int = 3) -> list[Feed]:
    """What arrives on a day: new batches, all of which but the last have left, recorded on that day."""
    first = day * batches
    return feeds_of(
        [
            batch_rows(first + place, day, None if place == batches - 1 else 1.5 + place, day + 0.9)
            for place in range(batches)
        ],
        f"day-{day:02d}",
    )


def mixed_rows(seed: int, keys: int = 6, rows: int = 60) -> list[tuple[str, Row]]:
    """Rows of few records in many versions, copies, withdrawals and faults, as (source, row).

    Every row has recorded_at, and no two versions of a record the same, so that their order does not matter.
    """
    drawn = random.Random(seed)
    made: list[tuple[str, Row]] = []
    for version in range(rows):
        number = drawn.randrange(keys)
        came = drawn.choice([1.0, 2.5, 4.0])
        stayed = drawn.choice([None, 1.0, 9.0])
        by_source = batch_rows(number, came, stayed, 20 + version / 100)
        source = drawn.choice(sorted(by_source))
        row = dict(drawn.choice(by_source[source]))
        if drawn.random() < 0.12:
            row["voided"] = "true"
        if drawn.random() < 0.08:
            row[next(iter(row))] = ""
        made.append((source, row))
        if drawn.random() < 0.2:
            made.append(drawn.choice(made))
    return made


def into_feeds(rows: Sequence[tuple[str, Row]], files: int, seed: int) -> list[Feed]:
    """Rows dealt into files by chance."""
    drawn = random.Random(seed)
    feeds: dict[tuple[str, int], list[Row]] = {}
    for source, row in rows:
        feeds.setdefault((source, drawn.randrange(files)), []).append(row)
    return [(f"{source}_{number}", dealt) for (source, number), dealt in sorted(feeds.items())]


def load_files(lake: Root, paths: Sequence[Path], loaded_at: dt.datetime | None = LOADED_AT) -> LoadSummary:
    """One call of load."""
    return load(settings_of(lake), list(paths), loaded_at)


def reports(lake: Root, filters: Filters | None = None) -> dict[str, str]:
    """The reports of a lake as CSV, byte by byte."""
    reader = Reader(settings_of(lake))
    return {name: reader.query(name, filters).to_csv(index=False) for name in REPORTS}


def named_files(lake: Path) -> set[str]:
    """The files that the current release of a lake names."""
    kept = Lake(lake)
    release = kept.release()
    return {path for table in (release.versions if release else ()) for path in kept.files(release, table)}


def unnamed_files(lake: Path) -> set[str]:
    """The other files in the tables' folders, their logs apart."""
    return {str(path) for path in lake.glob("tables/*/[!_]*/*")} - named_files(lake)


def print_of(lake: Path) -> dict[str, str]:
    """The release and a digest of every file that it names: all that any report is made of."""
    digests = {path: hashlib.sha256(Path(path).read_bytes()).hexdigest() for path in named_files(lake)}
    return {"release": (lake / "release.json").read_text(), **digests}


def entries(lake: Root) -> list[FileEntry]:
    """The ledger as it stands."""
    kept = Lake(lake)
    return Ledger(kept.files(kept.release(), "files")).entries()


def counts(lake: Root) -> dict[str, tuple[int, int, int, int, int]]:
    """(read, accepted, superseded, duplicate, rejected) of every file ever taken."""
    return {
        entry.file: (
            entry.rows_read,
            entry.rows_accepted,
            entry.rows_superseded,
            entry.rows_duplicate,
            entry.rows_rejected,
        )
        for entry in entries(lake)
    }


def totals(lake: Root) -> tuple[int, ...]:
    """The counts of all files together."""
    return tuple(map(sum, zip(*counts(lake).values(), strict=True)))


def table(lake: Root, name: str) -> pd.DataFrame:
    """All rows of a table of the current release, in an order of their own; flows summed to their grain."""
    kept = Lake(lake)
    files = readable(kept.files(kept.release(), name))
    parts = [pq.read_table(path, partitioning=None).to_pandas() for path in files]
    frame = pd.concat(parts, ignore_index=True)
    if name == "flows":
        keys = [column for column in frame.columns if column not in FLOW_MEASURES]
        frame = frame.groupby(keys, dropna=False, as_index=False)[list(FLOW_MEASURES)].sum()
        frame = frame[(frame[list(FLOW_MEASURES)] != 0).any(axis=1)]
    columns = sorted(frame.columns)
    return frame[columns].sort_values(columns, ignore_index=True)


def built(lake: Root) -> dict[str, str]:
    """The built tables of the current release, row by row."""
    return {name: table(lake, name).to_csv(index=False) for name in BUILT}


def figures(lake: Root, filters: Filters | None = None) -> dict[str, str]:
    """The reports without file and line: of two equal rows those of the one that came first are told."""
    reader = Reader(settings_of(lake))
    frames = {name: reader.query(name, filters) for name in REPORTS}
    return {
        name: frame.drop(columns=["file", "line"], errors="ignore").to_csv(index=False)
        for name, frame in frames.items()
    }


def everything(lake: Root) -> dict[str, str]:
    """All figures of a lake, asked for and as its tables hold them."""
    return {**figures(lake), **{f"table {name}": text for name, text in built(lake).items()}}


def search_every_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets loads look up keys in tables of any size, as they do in large ones."""
    monkeypatch.setattr(found_rows, "SEARCHED_FROM_ROWS", 1)
    monkeypatch.setattr(key_index, "LISTED_FROM_ROWS", 5)
