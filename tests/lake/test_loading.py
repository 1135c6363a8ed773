"""How a load goes: what it imports, and what it may begin before everything has landed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq

from lake.support import LOADED_AT, day_feeds, settings_of, write_feeds
from pipeline.contract import SOURCES
from pipeline.lake import Lake
from pipeline.landing import land
from pipeline.question import landed_table
from pipeline.reference import load_reference

LOAD_TWICE = """
import sys
from pathlib import Path
from pipeline.build import load
from pipeline.settings import from_environment
for folder in sys.argv[2:]:
    load(from_environment(sys.argv[1]), [Path(folder)])
sys.exit("pandas" in sys.modules)
"""


def test_a_load_does_not_import_pandas(tmp_path: Path) -> None:
    for day in (1, 2):
        write_feeds(tmp_path / f"day-{day}", day_feeds(day))
    run: list[str | Path] = [
        sys.executable,
        "-c",
        LOAD_TWICE,
        tmp_path / "lake",
        tmp_path / "day-1",
        tmp_path / "day-2",
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

        found = land(draft, paths, [], LOADED_AT, load_reference(None), settings, lambda _: None, landed)
    rows: dict[str, int] = {}
    for entry in found.entries:
        rows[entry.source] = rows.get(entry.source, 0) + entry.rows_accepted
    assert dict(told) == rows and len(told) == len(rows)
    assert set(rows) <= set(SOURCES)
