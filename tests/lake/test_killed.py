"""A load that is killed at any instant leaves the lake as it was, and the same call completes it."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from lake.killing import Steps, count_steps, killed_after, killed_at
from lake.support import (
    counts,
    day_feeds,
    everything,
    load_files,
    print_of,
    settings_of,
    unnamed_files,
    write_feeds,
)
from pipeline.metrics import Reader

DGWATCH = Path(sys.executable).with_name("dgwatch")


@dataclass(frozen=True)
class Loads:
    """Two loads one after the other, how long they take, and what a lake shows after each."""

    first: list[Path]
    second: list[Path]
    steps_of_first: Steps
    steps_of_second: Steps
    seconds: float
    lake_after_first: Path
    lake_after_both: Path
    shown_after_first: dict[str, str]
    shown_after_both: dict[str, str]


@pytest.fixture(scope="module")
def loads(tmp_path_factory: pytest.TempPathFactory) -> Loads:
    folder = tmp_path_factory.mktemp("killed")
    first = write_feeds(folder / "first", day_feeds(0))
    # The second load adds and repeats.
    second = write_feeds(folder / "second", [*day_feeds(1), ("consignments-again", day_feeds(0)[0][1])])
    steps_of_first = count_steps(folder / "one", first)
    shutil.copytree(folder / "one", folder / "both")
    began = time.monotonic()
    steps_of_second = count_steps(folder / "both", second)
    seconds = time.monotonic() - began
    return Loads(
        first,
        second,
        steps_of_first,
        steps_of_second,
        seconds,
        folder / "one",
        folder / "both",
        everything(folder / "one"),
        everything(folder / "both"),
    )


def copied(lake: Path, folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(lake, folder)
    return folder


def assert_completes(lake: Path, loads: Loads) -> None:
    """The same call again makes what one undisturbed call makes; nothing is counted twice."""
    load_files(lake, loads.second)
    assert_complete(lake, loads)


def assert_complete(lake: Path, loads: Loads) -> None:
    assert everything(lake) == loads.shown_after_both
    assert counts(lake) == counts(loads.lake_after_both)


def test_killed_at_every_step_of_publishing(loads: Loads, tmp_path: Path) -> None:
    lake = copied(loads.lake_after_first, tmp_path / "lake")
    before = print_of(lake)
    published, swapped, end = loads.steps_of_second
    drawn = random.Random(7)
    early, late = drawn.sample(range(published), 2), drawn.sample(range(published, swapped), 7)
    # The swap itself is a few steps: written, on disk, in place.
    late += [swapped + 1, swapped + 6, swapped + 12]
    was_complete = False
    # The latest first: what the others leave behind is in the way of all that follow.
    for step in sorted([*early, *late, (swapped + end) // 2], reverse=True):
        killed_at(lake, loads.second, step)
        if print_of(lake) == before:
            continue
        # Killed after the release was swapped, while sweeping.
        assert_complete(lake, loads)
        assert all(file.already_loaded for file in load_files(lake, loads.second).files)
        copied(loads.lake_after_first, lake)
        was_complete = True
    assert was_complete
    assert len(list(lake.glob("tables/*/_delta_log/*1.json"))) > 1
    assert everything(lake) == loads.shown_after_first
    assert_completes(lake, loads)


def test_first_load_killed(loads: Loads, tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    published, swapped, _ = loads.steps_of_first
    for step in (3, published // 2, (published + swapped) // 2, "write_release"):
        killed_at(lake, loads.first, step)
        assert Reader(settings_of(lake)).release is None
    load_files(lake, loads.first)
    assert everything(lake) == loads.shown_after_first
    assert counts(lake) == counts(loads.lake_after_first)


def test_another_load_after_a_killed_one(loads: Loads, tmp_path: Path) -> None:
    """Whatever the killed one had committed is not in what comes next."""
    lake, alone = (copied(loads.lake_after_first, tmp_path / name) for name in ("lake", "alone"))
    killed_at(lake, loads.second, "write_release")
    assert len(list(lake.glob("tables/*/_delta_log/*1.json"))) > 1
    third = write_feeds(tmp_path / "third", day_feeds(2))
    for folder in (lake, alone):
        load_files(folder, third)
    assert everything(lake) == everything(alone)
    assert counts(lake) == counts(alone)


def test_killed_at_random_instants(loads: Loads, tmp_path: Path) -> None:
    lake = copied(loads.lake_after_first, tmp_path / "lake")
    before = print_of(lake)
    drawn = random.Random(11)
    for _ in range(5):
        killed_after(lake, loads.second, drawn.uniform(0, loads.seconds))
        if print_of(lake) != before:
            assert_complete(lake, loads)
            copied(loads.lake_after_first, lake)
    assert_completes(lake, loads)


def test_the_command_killed(loads: Loads, tmp_path: Path) -> None:
    """The command itself, killed while it has the lock: the lock is not left behind."""
    lake = copied(loads.lake_after_first, tmp_path / "lake")
    command = [
        str(DGWATCH),
        "load",
        *map(str, loads.second),
        "--lake",
        str(lake),
        "--loaded-at",
        "2022-09-01",
    ]
    run = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not any(lake.glob("tables/*/*/*-0.parquet")) and run.poll() is None and time.monotonic() < deadline:
        time.sleep(0.002)
    run.send_signal(signal.SIGKILL)
    run.wait()
    assert everything(lake) in (loads.shown_after_first, loads.shown_after_both)
    said = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "waiting" not in said.stderr
    assert_complete(lake, loads)


def test_leavings_of_killed_loads_are_swept(
    loads: Loads, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = copied(loads.lake_after_first, tmp_path / "lake")
    killed_at(lake, loads.second, loads.steps_of_second[0] + 40)
    orphans = unnamed_files(lake)
    assert orphans
    monkeypatch.setattr("pipeline.lake.sweeping.KEEP_RETIRED_HOURS", 0.0)
    load_files(lake, loads.second)
    assert unnamed_files(lake) == set()
    assert everything(lake) == loads.shown_after_both
