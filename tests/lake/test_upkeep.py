"""A lake stays small and fast: what nobody needs goes after its time, and small files become few."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path

import pytest

from lake.support import (
    built,
    counts,
    day_feeds,
    entries,
    everything,
    load_files,
    named_files,
    settings_of,
    unnamed_files,
    write_feeds,
)
from pipeline.lake.lake import Lake
from pipeline.lake.sweeping import KEEP_RETIRED_HOURS
from pipeline.loading.build import rebuild
from pipeline.metrics import Reader

LANDED = "landed_consignments"


@pytest.fixture(scope="module")
def two_days(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake after two loads."""
    folder = tmp_path_factory.mktemp("upkeep")
    for day in range(2):
        load_files(folder / "lake", write_feeds(folder / f"day-{day}", day_feeds(day)))
    return folder / "lake"


@pytest.fixture
def lake(two_days: Path, tmp_path: Path) -> Path:
    """The lake of two loads, for a test alone."""
    shutil.copytree(two_days, tmp_path / "lake")
    return tmp_path / "lake"


def age_retired(lake: Path, hours: float) -> None:
    """Lets the files out of use have been so for longer."""
    path = lake / "retired.json"
    aged = {name: since - hours * 3600 for name, since in json.loads(path.read_text()).items()}
    path.write_text(json.dumps(aged))


def third_day(folder: Path, lake: Path) -> None:
    load_files(lake, write_feeds(folder / "day-2", day_feeds(2)))


def test_files_out_of_use_are_kept_for_a_while(lake: Path, tmp_path: Path) -> None:
    replaced = unnamed_files(lake)
    assert replaced
    assert not any("landed_" in path for path in replaced)
    third_day(tmp_path, lake)
    assert replaced < unnamed_files(lake)
    retired = json.loads((lake / "retired.json").read_text())
    assert {str(lake / "tables" / name) for name in retired} == unnamed_files(lake)
    assert all(time.time() - 600 < since <= time.time() for since in retired.values())


def test_files_out_of_use_are_deleted_after_their_time(lake: Path, tmp_path: Path) -> None:
    replaced = unnamed_files(lake)
    age_retired(lake, KEEP_RETIRED_HOURS + 1)
    third_day(tmp_path, lake)
    left = unnamed_files(lake)
    assert left
    assert not left & replaced
    assert set(map(str, lake.glob("tables/landed_*/*/*.parquet"))) <= named_files(lake)
    assert not [folder for folder in lake.glob("tables/*/[!_]*") if not any(folder.iterdir())]
    assert len(Reader(settings_of(lake)).query("stays")) == 9
    rebuild(settings_of(lake))
    assert len(Reader(settings_of(lake)).query("stays")) == 9


@pytest.mark.parametrize("text", ["", "[]", '{"stays/x": "long ago"}', "{"])
def test_where_the_time_of_files_is_not_known_it_begins_anew(lake: Path, tmp_path: Path, text: str) -> None:
    replaced = unnamed_files(lake)
    (lake / "retired.json").write_text(text)
    third_day(tmp_path, lake)
    assert replaced < unnamed_files(lake)


def test_a_clock_that_was_set_back_keeps_no_file_for_ever(lake: Path, tmp_path: Path) -> None:
    age_retired(lake, -1000 * 24)
    third_day(tmp_path, lake)
    assert max(json.loads((lake / "retired.json").read_text()).values()) <= time.time()


def test_a_load_stands_even_where_sweeping_fails(
    lake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def no_right(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pipeline.lake.folder.sweep", no_right)
    third_day(tmp_path, lake)
    assert "could not be tidied" in caplog.text
    assert len(Reader(settings_of(lake)).query("stays")) == 9


def test_many_small_loads_are_few_files_with_the_same_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.lake.lake.MERGE_FROM_PARTS", 3)
    monkeypatch.setattr("pipeline.lake.lake.CHECKPOINT_EVERY", 4)
    lake, alone = tmp_path / "lake", tmp_path / "alone"
    days = [write_feeds(tmp_path / f"day-{day}", day_feeds(day)) for day in range(8)]
    growth = []
    for paths in days:
        load_files(lake, paths)
        growth.append(len(Lake(lake).files(Lake(lake).release(), LANDED)))
    # Parts of 3 rows: three of one digit become one of two, which waits for its like.
    # 3; 3 3; 9; 9 3; 15; 15 3; 15 3 3; 15 9
    assert growth == [1, 2, 1, 2, 1, 2, 3, 2]
    load_files(alone, [path for paths in days for path in paths])
    assert everything(lake) == everything(alone)
    assert counts(lake) == counts(alone)
    assert len(Reader(settings_of(lake)).query("loads")) == 8
    assert len(named_files(lake)) < 45
    tables = built(lake)
    rebuild(settings_of(lake))
    assert built(lake) == tables


def test_merging_is_no_change_of_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the table's log a merged row is moved, not added: whoever follows the log sees each row once."""
    monkeypatch.setattr("pipeline.lake.lake.MERGE_FROM_PARTS", 3)
    lake = tmp_path / "lake"
    for day in range(3):
        load_files(lake, write_feeds(tmp_path / f"day-{day}", day_feeds(day)[:1]))
    log = lake / "tables" / LANDED / "_delta_log" / f"{2:020d}.json"
    actions = [json.loads(line) for line in log.read_text().splitlines()]
    removed = [action["remove"] for action in actions if "remove" in action]
    added = [action["add"] for action in actions if "add" in action]
    assert [len(removed), len(added)] == [2, 1]
    assert [action["dataChange"] for action in removed] == [False, False]


def test_opening_a_table_does_not_grow_with_its_history(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.lake.lake.CHECKPOINT_EVERY", 2)
    lake = tmp_path / "lake"
    for day in range(3):
        load_files(lake, write_feeds(tmp_path / f"day-{day}", day_feeds(day)[:1]))
    log = lake / "tables" / "files" / "_delta_log"
    assert json.loads((log / "_last_checkpoint").read_text())["version"] == 2
    # What the checkpoint holds is not looked for elsewhere.
    for number in range(2):
        (log / f"{number:020d}.json").unlink()
    assert len(entries(lake)) == 3
    load_files(lake, write_feeds(tmp_path / "day-3", day_feeds(3)[:1]))
    assert len(entries(lake)) == 4


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="tells open files by /proc")
def test_what_a_release_names_is_on_disk_before_it(
    lake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a power cut there may be files without a release, and never a release without its files."""
    flushed: list[str] = []
    at_swap: list[set[str]] = []
    fsync, replace = os.fsync, os.replace

    def noted_fsync(handle: int) -> None:
        flushed.append(os.readlink(f"/proc/self/fd/{handle}"))
        fsync(handle)

    def noted_replace(source: Path, target: Path) -> None:
        if target.name == "release.json":
            at_swap.append(set(flushed))
            assert str(source) in flushed
        replace(source, target)

    before = named_files(lake)
    with monkeypatch.context() as patch:
        patch.setattr("pipeline.lake.release.os.fsync", noted_fsync)
        patch.setattr("pipeline.lake.release.os.replace", noted_replace)
        third_day(tmp_path, lake)
    new = named_files(lake) - before
    release = Lake(lake).release()
    assert release is not None
    logs = {
        str(lake / "tables" / table / "_delta_log" / f"{version:020d}.json")
        for table, version in release.versions.items()
        if version == 2
    }
    assert new
    assert logs
    assert new | logs | {str(Path(path).parent) for path in new | logs} <= at_swap[0]
    assert str(lake) in flushed
