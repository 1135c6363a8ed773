"""How a load goes: what it imports, and what it may begin before everything has landed."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from lake.support import (
    LOADED_AT,
    day_feeds,
    everything,
    load_files,
    print_of,
    settings_of,
    write_feeds,
)
from pipeline.contract import SOURCES
from pipeline.intake.beside import Worker, WorkerEnded
from pipeline.intake.taker import stamp_of
from pipeline.intake.worker import Message
from pipeline.lake.lake import Lake
from pipeline.landed.shape import landed_table
from pipeline.loading import landing
from pipeline.loading.build import load
from pipeline.loading.landing import land
from pipeline.loading.ledger import Ledger
from pipeline.reference.reading import load_reference
from pipeline.settings import Settings

LOAD_TWICE = """
import sys
from pathlib import Path
from pipeline.landed import found_rows, key_index
from pipeline.loading.build import load
from pipeline.settings import from_environment
found_rows.SEARCHED_FROM_ROWS = key_index.LISTED_FROM_ROWS = 1  # as in a large lake
for folder in sys.argv[2:]:
    load(from_environment(sys.argv[1]), [Path(folder)])
sys.exit("pandas" in sys.modules)
"""


def test_a_load_does_not_import_pandas(tmp_path: Path) -> None:
    for day, batches in ((1, 20), (30, 2)):
        write_feeds(tmp_path / f"day-{day}", day_feeds(day, batches))
    run: list[str | Path] = [
        sys.executable,
        "-c",
        LOAD_TWICE,
        tmp_path / "lake",
        tmp_path / "day-1",
        tmp_path / "day-30",
    ]
    assert subprocess.run(run, cwd=Path(__file__).parents[2]).returncode == 0


def test_a_source_is_told_once_all_its_rows_have_landed(tmp_path: Path) -> None:
    paths = write_feeds(tmp_path / "one", day_feeds(1)) + write_feeds(tmp_path / "two", day_feeds(2))
    settings = settings_of(tmp_path / "lake")
    told: list[tuple[str, int]] = []
    with Lake(settings.lake).writing(lambda _: None) as draft:

        def landed(source: str) -> None:
            parts = draft.added(landed_table(source))
            told.append((source, sum(pq.read_metadata(part).num_rows for part in parts)))

        found = land(
            draft, paths, Ledger([]), LOADED_AT, load_reference(None), settings, lambda _: None, landed
        )
    rows: dict[str, int] = {}
    for entry in found.entries:
        rows[entry.source] = rows.get(entry.source, 0) + entry.rows_accepted
    assert dict(told) == rows and len(told) == len(rows)
    assert set(rows) <= set(SOURCES)


@pytest.fixture
def beside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are read in processes beside this one, however few bytes they are."""
    monkeypatch.setattr(landing, "BESIDE_FROM_BYTES", 0)


def _two_threads(lake: Path) -> Settings:
    return replace(settings_of(lake), threads=2)


def _mixed(folder: Path) -> list[Path]:
    """Two days, a file of no source, a broken gz, one that is there twice, and rejected rows."""
    paths = write_feeds(folder, [*day_feeds(1), *day_feeds(2)])
    odd = folder / "notes.csv"
    odd.write_text("a,b\n1,2\n")
    broken = folder / "yard_moves-broken.csv.gz"
    broken.write_bytes(b"\x1f\x8b\x08 no gz at all")
    again = folder / "yard_moves-again.csv"
    again.write_bytes(paths[0].read_bytes() if "yard" in paths[0].name else b"")
    rejected = folder / "penalty_cases-危.csv"
    rejected.write_text("case_no,consignment_id,filed_at,status\nC-1,B1,never,filed\n,B1,2022-06-01,filed\n")
    return [*paths, odd, broken, again, rejected]


def _loaded(tmp_path: Path, name: str, paths: list[Path]) -> tuple[list[dict[str, Any]], dict[str, str]]:
    summary = load(_two_threads(tmp_path / name), paths, LOADED_AT)
    return summary.as_json()["files"], everything(tmp_path / name)


def test_files_read_beside_are_files_read_here(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    paths = _mixed(tmp_path / "files")
    here = _loaded(tmp_path, "here", paths)
    request.getfixturevalue("beside")
    told, found = _loaded(tmp_path, "beside", paths)
    assert told == here[0]
    assert found == here[1]
    assert [file["file"] for file in told] == [path.name for path in paths]
    assert sum(bool(file["error"]) for file in told) == 3


@pytest.mark.usefixtures("beside")
def test_a_file_that_changes_while_it_is_read_beside_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (path,) = write_feeds(tmp_path, day_feeds(1)[:1])
    monkeypatch.setattr("pipeline.loading.landing.stamp_of", lambda file: (*stamp_of(file)[:2], 0))
    summary = load(_two_threads(tmp_path / "lake"), [path], LOADED_AT)
    assert "changed while it was read" in (summary.files[0].error or "")


@pytest.mark.usefixtures("beside")
def test_a_worker_that_is_killed_ends_the_load_and_leaves_the_lake(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = tmp_path / "lake"
    load_files(lake, write_feeds(tmp_path / "day-1", day_feeds(1)))
    before = print_of(lake)
    send = Worker._send

    def killed(self: Worker, message: Message) -> None:
        send(self, message)
        if "take" in message:
            self._process.kill()

    monkeypatch.setattr(Worker, "_send", killed)
    with pytest.raises(WorkerEnded):
        load(_two_threads(lake), write_feeds(tmp_path / "day-2", day_feeds(2)))
    assert print_of(lake) == before
