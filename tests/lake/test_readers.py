"""Readers and loads at the same time: nobody sees half a load, and two loads are one after the other."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from lake.support import (
    LOADED_AT,
    PROCESSES,
    day_feeds,
    everything,
    load_files,
    print_of,
    reports,
    settings_of,
    write_feeds,
)
from pipeline.lake.lake import Lake
from pipeline.loading import build
from pipeline.metrics import Reader
from pipeline.progress import Silent

DGWATCH = Path(sys.executable).with_name("dgwatch")


@pytest.fixture(scope="module")
def two_days(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake of two days, loaded one after the other and undisturbed."""
    folder = tmp_path_factory.mktemp("readers")
    for day in range(2):
        load_files(folder / "lake", write_feeds(folder / f"day-{day}", day_feeds(day)))
    return folder / "lake"


def seen(lake: Path) -> dict[str, int]:
    """The rows of every table of one release, counted in its files."""
    kept = Lake(lake)
    release = kept.release()
    assert release is not None
    return {
        name: sum(pq.read_metadata(path).num_rows for path in kept.files(release, name))
        for name in release.versions
    }


def read_on(lake: Path, done: Event, found: Any) -> None:
    """Reads until told to stop, and hands back everything it saw: tables, and the reports' lengths."""
    found.put("ready")
    tables, lengths = [], []
    while not done.is_set():
        tables += [seen(lake) for _ in range(5)]
        reader = Reader(settings_of(lake))
        lengths.append((len(reader.query("files")), len(reader.query("stays"))))
    found.put((tables, lengths))


def test_a_reader_sees_whole_loads_alone(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    days = [write_feeds(tmp_path / f"day-{day}", day_feeds(day)) for day in range(3)]
    load_files(lake, days[0])
    whole = [seen(lake)]
    done, found = PROCESSES.Event(), PROCESSES.SimpleQueue()
    reader = PROCESSES.Process(target=read_on, args=(lake, done, found))
    reader.start()
    found.get()
    for paths in days[1:]:
        load_files(lake, paths)
        whole.append(seen(lake))
    done.set()
    tables, lengths = found.get()
    reader.join()
    assert reader.exitcode == 0
    assert len(tables) > 5
    assert all(look in whole for look in tables)
    assert [whole.index(look) for look in tables] == sorted(whole.index(look) for look in tables)
    assert set(lengths) <= {(6 * loads, 3 * loads) for loads in (1, 2, 3)}


def test_a_reader_keeps_the_release_it_opened(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    load_files(lake, write_feeds(tmp_path / "first", day_feeds(0)))
    reader = Reader(settings_of(lake))
    before = reader.query("stays")
    load_files(lake, write_feeds(tmp_path / "second", day_feeds(1)))
    assert not reader.is_current()
    assert reader.query("stays").equals(before)
    assert reader.query("findings").shape[0] == 3
    assert len(Reader(settings_of(lake)).query("stays")) == 6


class Listening(Silent):
    """Progress that keeps what it was told to wait for, and does something at each stage."""

    def __init__(self, at_stage: Callable[[str], None] = lambda _name: None) -> None:
        self.waits: list[str] = []
        self._at_stage = at_stage

    def stage(self, name: str, total: float | None) -> None:
        """Do what was asked for."""
        self._at_stage(name)

    def waiting(self, message: str) -> None:
        """Keep the message."""
        self.waits.append(message)


def test_the_second_of_two_loads_waits_and_says_so(tmp_path: Path) -> None:
    """The second is a command of its own, begun while the first is computing."""
    lake, alone = tmp_path / "lake", tmp_path / "alone"
    first = write_feeds(tmp_path / "first", day_feeds(0))
    second = write_feeds(tmp_path / "second", [*day_feeds(1), *day_feeds(0)[:2]])
    command = [DGWATCH, "load", *second, "--lake", lake, "--loaded-at", "2022-09-01", "--json"]
    started: list[subprocess.Popen[str]] = []

    def begin_the_second(stage: str) -> None:
        if stage == "Computing tables":
            run = subprocess.Popen(
                list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            )
            assert run.stderr is not None
            assert run.stderr.readline() == (
                "Another load is writing to this lake; waiting until it is done.\n"
            )
            started.append(run)

    build.load(settings_of(lake), first, LOADED_AT, Listening(begin_the_second))
    out, _ = started[0].communicate(timeout=120)
    assert started[0].returncode == 0
    summary = json.loads(out)["files"]
    for paths in (first, second):
        load_files(alone, paths)
    assert [file["already_loaded"] for file in summary].count(True) == 2
    assert everything(lake) == everything(alone)


def test_two_loads_at_the_same_instant(tmp_path: Path, two_days: Path) -> None:
    lake = tmp_path / "lake"
    days = [write_feeds(tmp_path / f"day-{day}", day_feeds(day)) for day in range(2)]
    runs = [PROCESSES.Process(target=load_files, args=(lake, paths)) for paths in days]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert [run.exitcode for run in runs] == [0, 0]
    assert everything(lake) == everything(two_days)


def test_rows_without_recorded_at_are_of_the_instant_after_the_wait(tmp_path: Path) -> None:
    """Of two loads the one that comes second by the lock is later by the clock too."""
    lake = tmp_path / "lake"
    (path,) = write_feeds(tmp_path, day_feeds(0)[:1])
    with Lake(lake).writing(Silent().waiting):
        run = PROCESSES.Process(target=load_files, args=(lake, [path], None))
        run.start()
        time.sleep(2.1)
        released = time.time()
    run.join()
    loaded = Reader(settings_of(lake)).query("files")["loaded_at"].iloc[0]
    assert loaded.timestamp() >= int(released)


def test_a_failing_load_changes_nothing_and_leaves_nothing(
    tmp_path: Path, two_days: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = tmp_path / "lake"
    load_files(lake, write_feeds(tmp_path / "first", day_feeds(0)))
    before, files = print_of(lake), sorted(lake.rglob("*.parquet"))
    second = write_feeds(tmp_path / "second", day_feeds(1))

    def no_room(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch, pytest.raises(OSError, match="No space left"):
        patch.setattr("pipeline.lake.folder.flush", no_room)
        load_files(lake, second)
    assert print_of(lake) == before
    assert sorted(lake.rglob("*.parquet")) == files
    load_files(lake, second)
    assert everything(lake) == everything(two_days)


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="tells open files by /proc")
def test_no_file_stays_open(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    opened = []
    for day in range(2):
        load_files(lake, write_feeds(tmp_path / f"day-{day}", day_feeds(day)[:3]))
        reports(lake)
        opened.append(
            sorted(link for link in map(_target, os.listdir("/proc/self/fd")) if str(tmp_path) in link)
        )
    assert opened == [[], []]


def _target(name: str) -> str:
    try:
        return os.readlink(f"/proc/self/fd/{name}")
    except OSError:
        return ""
