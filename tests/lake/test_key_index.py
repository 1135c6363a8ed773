"""The lists of keys: nothing that is there is missed, little else is read, and a list that is lost is made again."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lake.support import (
    batch_rows,
    built,
    entries,
    everything,
    feeds_of,
    load_files,
    search_every_table,
    settings_of,
    write_feeds,
)
from pipeline.engines.duckdb_engine import Engine
from pipeline.lake.lake import Part
from pipeline.landed import key_index, key_runs
from pipeline.landed.found_rows import FoundRows, Searched
from pipeline.landed.key_index import KeyIndex, key_of
from pipeline.loading.build import rebuild
from pipeline.question import names_table

UNIT = key_of("unit")
SCHEMA = pa.schema([("unit", pa.string()), ("place", pa.int64())])


@pytest.fixture(autouse=True)
def _search(monkeypatch: pytest.MonkeyPatch) -> None:
    search_every_table(monkeypatch)


def written(folder: Path, parts: list[list[str]], group_rows: int) -> list[Part]:
    """Parts of units, numbered on through all of them, with row groups of so many rows."""
    folder.mkdir(parents=True, exist_ok=True)
    made, first = [], 0
    for number, units in enumerate(parts):
        path = folder / f"{number}.parquet"
        rows = {"unit": units, "place": range(first, first + len(units))}
        pq.write_table(pa.table(rows, SCHEMA), path, row_group_size=group_rows)
        made.append(Part(str(path), len(units)))
        first += len(units)
    return made


def index_of(folder: Path) -> KeyIndex:
    return KeyIndex(
        folder / "keys", lambda _, path: "/".join(Path(path).parts[-2:]), settings_of(folder / "lake")
    )


def found_units(folder: Path, parts: list[Part], units: list[str]) -> list[tuple[str, int]]:
    """What a search for units comes to, by place."""
    with Engine(settings_of(folder / "lake")) as engine:
        engine.register_arrow("asked", names_table("unit", units))
        FoundRows(engine, index_of(folder), 2).provide(
            "found", Searched("moves", parts, [], SCHEMA), [(UNIT, "asked")]
        )
        return sorted(engine.rows("found"), key=lambda row: row[1])


@given(
    parts=st.lists(st.lists(st.sampled_from("ABCDEFGH"), min_size=1, max_size=12), min_size=1, max_size=4),
    asked=st.lists(st.sampled_from("ABCDXY"), unique=True, max_size=4),
    group_rows=st.integers(1, 5),
)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_search_finds_every_row_and_no_other(
    parts: list[list[str]], asked: list[str], group_rows: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("found")
    every = [unit for part in parts for unit in part]
    expected = [(unit, place) for place, unit in enumerate(every) if unit in asked]
    assert found_units(folder, written(folder, parts, group_rows), asked) == expected


def test_only_row_groups_that_hold_a_key_are_read(tmp_path: Path) -> None:
    parts = written(
        tmp_path, [[f"U{place}" for place in range(first, first + 100)] for first in (0, 100)], 10
    )
    with Engine(settings_of(tmp_path / "lake")) as engine:
        engine.register_arrow("asked", names_table("unit", ["U7", "U55", "U9999"]))
        sought = key_index.sought_in(engine, "asked", UNIT).hashes
    (stretch,) = index_of(tmp_path).holding("moves", parts, [(UNIT, sought)])
    assert (stretch.path, stretch.groups) == (parts[0].path, (0, 5))


def test_a_lost_list_is_made_again_and_those_of_another_hash_are_swept(tmp_path: Path) -> None:
    parts = written(tmp_path, [["A"] * 10, ["B"] * 10], 5)
    assert found_units(tmp_path, parts, ["B"]) == [("B", place) for place in range(10, 20)]
    for spoil in (
        Path.unlink,
        lambda path: path.write_bytes(path.read_bytes()[:-8]),
        lambda path: path.write_bytes(b""),
    ):
        (made,) = (tmp_path / "keys").rglob("*.keys")
        spoil(made)
        assert len(found_units(tmp_path, parts, ["A"])) == 10
        assert (
            len(list((tmp_path / "keys").rglob("*.*"))) == 3
        )  # the folder of the hash, a list and what it tells
    (tmp_path / "keys" / "another hash").mkdir()
    index_of(tmp_path).sweep()
    assert len(list((tmp_path / "keys").iterdir())) == 1


def test_lists_are_merged_and_those_of_gone_parts_go(tmp_path: Path) -> None:
    parts: list[Part] = []
    for day in range(40):
        parts += written(tmp_path / f"day-{day}", [[f"U{day}"] * 10], 5)
        assert found_units(tmp_path, parts, ["U0", f"U{day}"])[-1] == (f"U{day}", 9)
        assert len(list((tmp_path / "keys").rglob("*.keys"))) <= 2 * key_runs.MERGED_FROM
    assert len(found_units(tmp_path, parts, ["U0", "U39"])) == 20
    assert found_units(tmp_path, parts[-1:], ["U39"]) == [("U39", place) for place in range(10)]
    told = [json.loads(path.read_text()) for path in (tmp_path / "keys").rglob("*.json")]
    assert [part[0] for run in told for part in run["parts"]] == ["day-39/0.parquet"]


def test_days_on_a_lake_of_some_size_equal_everything_computed_anew(tmp_path: Path) -> None:
    """A unit that comes back, batches that share it, a batch told late, a correction of long ago."""
    history = [batch_rows(number, 0.5 + number / 50, 3.0 + number / 40, 30) for number in range(60)]
    load_files(tmp_path / "lake", write_feeds(tmp_path / "history", feeds_of(history, "history")))
    again = batch_rows(3, 45.0, None, 46)
    for moves in again["yard_moves"]:
        moves["event_id"] = f"{moves['event_id']}-again"
    late = batch_rows(77, 2.0, 60.0, 47)
    correction = {"yard_moves": [history[5]["yard_moves"][0] | {"recorded_at": "2022-09-01T00:00:00Z"}]}
    days = [{"yard_moves": again["yard_moves"]}, late, {"consignments": late["consignments"]}, correction]
    for number, rows in enumerate(days):
        feeds = feeds_of([rows], f"day-{number}")
        load_files(tmp_path / "lake", write_feeds(tmp_path / f"day-{number}", feeds))
        shutil.rmtree(tmp_path / "anew", ignore_errors=True)
        shutil.copytree(tmp_path / "lake", tmp_path / "anew")
        rebuild(settings_of(tmp_path / "anew"))
        assert built(tmp_path / "lake") == built(tmp_path / "anew")
        assert entries(tmp_path / "lake") == entries(tmp_path / "anew")
    assert everything(tmp_path / "lake") == everything(tmp_path / "anew")
    kept = tmp_path / "lake" / "keys"
    lists = {path.relative_to(kept).parts[1] for path in kept.rglob("*.keys")}
    assert {"landed_yard_moves", "landed_dg_items", "stays", "unit_stays", "clearances"} <= lists


@pytest.mark.parametrize(("lists", "merged_to"), [(7, 7), (8, 1), (20, 5), (24, 2)])
def test_lists_made_at_once_are_merged_in_lots_that_fit_in_memory(
    lists: int, merged_to: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lists of ten entries, of which lots may have 160: after sixteen lists, eight or more make another one."""
    monkeypatch.setattr(key_runs, "MERGED_UP_TO_ENTRIES", 160)
    place = np.arange(10, dtype=np.uint64)
    runs = [
        key_runs.write_run(
            tmp_path,
            [key_runs.Covered(f"part-{number}", 2, 10)],
            (place * np.uint64(100) + np.uint64(number)) << np.uint64(key_runs.PIECE_BITS)
            | place % np.uint64(2),
        )
        for number in range(lists)
    ]
    merged = key_runs.merged(tmp_path, runs)
    assert len(merged) == merged_to
    for number in range(lists):
        sought = np.array([(300 + number) << key_runs.PIECE_BITS], np.uint64)
        assert [found for run in merged for found in run.groups_with(sought)] == [(f"part-{number}", 1)]
    assert {run.path for run in merged} == set(tmp_path.glob("*.keys"))


def _mapped_bytes() -> int:
    """Of this process, the memory that stands for files."""
    told = Path("/proc/self/status").read_text(encoding="ascii")
    return int(told.split("RssFile:")[1].split()[0]) * 1024


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the system does not tell memory of files")
def test_a_search_gives_back_the_memory_of_its_list(tmp_path: Path) -> None:
    entries = np.arange(2_000_000, dtype=np.uint64) << np.uint64(key_runs.PIECE_BITS)
    run = key_runs.write_run(tmp_path, [key_runs.Covered("part", 1, len(entries))], entries)
    sought = entries[::1_000]
    before = _mapped_bytes()
    assert np.array_equal(np.sort(run.entries), entries)
    assert _mapped_bytes() - before > entries.nbytes / 2
    for _ in range(2):
        assert list(run.groups_with(sought)) == [("part", 0)]
        assert _mapped_bytes() - before < entries.nbytes / 4
