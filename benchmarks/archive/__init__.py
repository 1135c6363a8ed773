"""An archive of so many stays, and the days after it: history of any length, the open set and the days always the same.

Every stay of the archive has ended. It comes as CSV, a file a source and a stretch of stays. The open set is what came
in the last weeks before the days and stays on; a day has new batches and lets some of the open ones go. One new batch
in ten comes in a box that was in the archive once before, at any time of it.
"""

from __future__ import annotations

import json
import random
import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count, islice
from pathlib import Path
from string import ascii_uppercase

import duckdb
import pyarrow as pa

from pipeline.sample.streams import check_digit

FIRST, LAST = datetime(1990, 2, 1), datetime(2023, 11, 1)
"""When the archive's stays begin; the open set and the days come after `LAST`."""

OPEN_SINCE, DAYS_FROM = datetime(2023, 12, 1), datetime(2023, 12, 28)
DAYS = 4
OPEN, NEW_A_DAY, LEAVING_A_DAY, SEEN_BEFORE = 2_000, 125, 125, 0.1
PORTS = ("CNSHG", "CNNBO", "CNQIN", "CNTXG", "CNXMG", "CNDAG", "CNLYG", "CNFZG")
CLASSES = ("3", "8", "9", "6.1", "2.1", "4.1", "5.1")
STAYS_A_FILE = 250_000
PACKED_FROM = 20_000_000
"""Stays whose archive comes packed: fifty million would take 33 GB of disk as they are."""
SOURCES = ("consignments", "dg_items", "yard_moves", "clearance_milestones")
FOLDER = Path(__file__).parent
_LETTER_VALUES = dict(zip(ascii_uppercase, (value for value in count(10) if value % 11), strict=False))


@dataclass(frozen=True)
class Archive:
    """A folder with the archive and its open set, and one with each of the days after it."""

    history: Path
    days: list[Path]


def archive(work: Path, stays: int, first: datetime = FIRST) -> Archive:
    """Writes the archive of stays that begin from `first` on, unless an earlier run has finished it.

    A packed one comes as `.csv.gz`: it takes a ninth of the disk, and far longer to write.
    """
    is_packed = stays >= PACKED_FROM
    form = "-packed" if is_packed else ""
    folder = work / "archive" / f"{stays}-stays-from-{first:%Y-%m}-{DAYS}-days{form}"
    if not folder.is_dir():
        unfinished = folder.with_name(folder.name + ".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        with duckdb.connect() as connection:
            connection.register("owners", _owners(stays // 1_000_000 + 1))
            _write_history(connection, unfinished / "history", stays, first, is_packed)
            _write_days(connection, unfinished, stays)
        unfinished.rename(folder)
    return Archive(folder / "history", [folder / f"day-{number + 1}" for number in range(DAYS)])


def _owners(wanted: int) -> pa.Table:
    """Owner codes of a million boxes each, with what their letters add to the sum of the check digit (ISO 6346)."""
    codes = list(
        islice((f"{a}{b}{c}U" for a in "TRSQ" for b in ascii_uppercase for c in ascii_uppercase), wanted)
    )
    weights = [sum(_LETTER_VALUES[letter] << place for place, letter in enumerate(code)) for code in codes]
    return pa.table({"number": range(wanted), "letters": codes, "weight": weights})


def _write_history(
    connection: duckdb.DuckDBPyConnection, folder: Path, stays: int, first: datetime, is_packed: bool
) -> None:
    text = (FOLDER / "ended_stays.sql").read_text(encoding="utf-8")
    folder.mkdir(parents=True)
    values = {
        "first": first,
        "seconds": (LAST - first).total_seconds(),
        "stays": stays,
        "ports": list(PORTS),
        "classes": list(CLASSES),
    }
    for number, start in enumerate(range(0, stays, STAYS_A_FILE)):
        bounds = {"from_stay": start, "until_stay": min(start + STAYS_A_FILE, stays)}
        connection.execute(f"CREATE OR REPLACE TEMP TABLE stays AS {text}", values | bounds)
        _write_sources(connection, folder, f"{number:04d}", (first, OPEN_SINCE), is_packed)


def _write_days(connection: duckdb.DuckDBPyConnection, folder: Path, stays: int) -> None:
    """The open set, told with the archive, and each day's rows by the instant they were recorded at."""
    connection.register("recent", _recent(connection, stays))
    connection.execute("CREATE OR REPLACE TEMP TABLE stays AS FROM recent")
    _write_sources(connection, folder / "history", "open", (OPEN_SINCE, DAYS_FROM))
    for day in range(DAYS):
        began = DAYS_FROM + timedelta(days=day)
        _write_sources(connection, folder / f"day-{day + 1}", "day", (began, began + timedelta(days=1)))


def _write_sources(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    name: str,
    recorded: tuple[datetime, datetime],
    is_packed: bool = False,
) -> None:
    folder.mkdir(exist_ok=True)
    ending, options = ("csv.gz", ", COMPRESSION gzip") if is_packed else ("csv", "")
    for source in SOURCES:
        rows = (FOLDER / f"{source}.sql").read_text(encoding="utf-8")
        connection.execute(
            f"COPY (FROM ({rows}) WHERE recorded_at >= $since AND recorded_at < $until ORDER BY recorded_at) "
            f"TO $path (HEADER, TIMESTAMPFORMAT '%Y-%m-%dT%H:%M:%SZ'{options})",
            {"path": str(folder / f"{source}_{name}.{ending}"), "since": recorded[0], "until": recorded[1]},
        )
    (folder / "sample.json").write_text(json.dumps({"sample": True}), encoding="utf-8")


def _recent(connection: duckdb.DuckDBPyConnection, stays: int) -> pa.Table:
    """The open set and the batches of the days."""
    drawn = random.Random(2022)
    weeks = (DAYS_FROM - OPEN_SINCE).total_seconds() - 86_400
    arrivals = [OPEN_SINCE + timedelta(seconds=drawn.randrange(int(weeks))) for _ in range(OPEN)]
    new = NEW_A_DAY * DAYS
    arrivals += [DAYS_FROM + timedelta(seconds=86_400 * number // NEW_A_DAY) for number in range(new)]
    leaving = {
        number: DAYS_FROM + timedelta(seconds=7200 + 86_400 * number // LEAVING_A_DAY)
        for number in range(LEAVING_A_DAY * DAYS)
    }
    boxes = [f"ORPU{number:06d}{check_digit('ORPU', f'{number:06d}')}" for number in range(len(arrivals))]
    for number in range(OPEN, len(arrivals)):
        if drawn.random() < SEEN_BEFORE:
            boxes[number] = _box_of(connection, drawn.randrange(stays))
    return pa.table(
        {
            "consignment_id": [f"R{number:06d}" for number in range(len(arrivals))],
            "un_location_code": [PORTS[number % len(PORTS)] for number in range(len(arrivals))],
            "equipment_reference": boxes,
            "imo_class": [CLASSES[number % len(CLASSES)] for number in range(len(arrivals))],
            "arrived_at": pa.array(arrivals, pa.timestamp("us")),
            "left_at": pa.array([leaving.get(number) for number in range(len(arrivals))], pa.timestamp("us")),
            "is_inspected": [number % 4 < 3 for number in range(len(arrivals))],
        }
    )


def _box_of(connection: duckdb.DuckDBPyConnection, number: int) -> str:
    letters = connection.execute(
        "SELECT letters FROM owners WHERE number = $number", {"number": number // 1_000_000}
    ).fetchall()[0][0]
    serial = f"{number % 1_000_000:06d}"
    return f"{letters}{serial}{check_digit(letters, serial)}"
