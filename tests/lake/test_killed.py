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

from lake.killing import count_steps, killed_after, killed_at_step
from lake.support import (
    counts,
    day_feeds,
    everything,
    load_files,
    print_of,
    reports,
    settings_of,
    unnamed_files,
    write_feeds,
)
from pipeline.metrics import Reader

DGWATCH = Path(sys.executable).with_name("dgwatch")


@dataclass(frozen=True)
class Loads:
    """Two loads one after the other, and what a lake shows after the first and after both."""

    first: list[Path]
    second: list[Path]
    lake_after_first: Path
    lake_after_both: Path


@pytest.fixture(scope="module")
def loads(tmp_path_factory: pytest.TempPathFactory) -> Loads:
    folder = tmp_path_factory.mktemp("killed")
    first = write_feeds(folder / "first", day_feeds(0))
    # The second load corrects, repeats and adds.
    second = write_feeds(folder / "second", [*day_feeds(1), ("consignments-again", day_feeds(0)[0][1])])
    load_files(folder / "one", first)
    shutil.copytree(folder / "one", folder / "both")
    load_files(folder / "both", second)
    return Loads(first, second, folder / "one", folder / "both")


def copied(lake: Path, folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(lake, folder)
    return folder


def assert_completes(lake: Path, paths: list[Path], complete: Path) -> None:
    """The same call again makes what one undisturbed call makes; nothing is counted twice."""
    load_files(lake, paths)
    assert everything(lake) == everything(complete)
    assert counts(lake) == counts(complete)
    again = load_files(lake, paths)
    assert all(file.already_loaded for file in again.files)


def test_killed_at_every_step_of_publishing(loads: Loads, tmp_path: Path) -> None:
    steps, published = count_steps(copied(loads.lake_after_first, tmp_path / "counted"), loads.second)
    lake = copied(loads.lake_after_first, tmp_path / "lake")
    shown, before = reports(lake), print_of(lake)
    drawn = random.Random(7)
    instants = sorted({*drawn.sample(range(published), 2), *drawn.sample(range(published, steps), 10)})
    was_complete = False
    for step in instants:
        killed_at_step(lake, loads.second, step)
        if print_of(lake) == before:
            continue
        # Killed after the release was swapped, while sweeping.
        assert reports(lake) == reports(loads.lake_after_both)
        assert all(file.already_loaded for file in load_files(lake, loads.second).files)
        copied(loads.lake_after_first, lake)
        was_complete = True
    assert was_complete
    assert reports(lake) == shown
    assert_completes(lake, loads.second, loads.lake_after_both)


def test_first_load_killed(loads: Loads, tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    steps, published = count_steps(tmp_path / "counted", loads.first)
    for step in (3, published // 2, *range(published + 5, steps, (steps - published) // 4)):
        killed_at_step(lake, loads.first, step)
        if Reader(settings_of(lake)).release is not None:
            assert reports(lake) == reports(loads.lake_after_first)
            shutil.rmtree(lake)
    assert_completes(lake, loads.first, loads.lake_after_first)


def test_killed_at_random_instants(loads: Loads, tmp_path: Path) -> None:
    lake = copied(loads.lake_after_first, tmp_path / "lake")
    before = print_of(lake)
    began = time.monotonic()
    assert not killed_after(copied(loads.lake_after_first, tmp_path / "timed"), loads.second, 60)
    whole = time.monotonic() - began
    drawn = random.Random(11)
    for _ in range(6):
        killed_after(lake, loads.second, drawn.uniform(0, whole))
        if print_of(lake) != before:
            assert reports(lake) == reports(loads.lake_after_both)
            copied(loads.lake_after_first, lake)
    assert_completes(lake, loads.second, loads.lake_after_both)


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
    shown = reports(lake)
    assert shown in (reports(loads.lake_after_first), reports(loads.lake_after_both))
    said = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "waiting" not in said.stderr
    assert everything(lake) == everything(loads.lake_after_both)
    assert counts(lake) == counts(loads.lake_after_both)


def test_leavings_of_killed_loads_are_swept(
    loads: Loads, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = copied(loads.lake_after_first, tmp_path / "lake")
    _, published = count_steps(copied(loads.lake_after_first, tmp_path / "counted"), loads.second)
    killed_at_step(lake, loads.second, published + 40)
    orphans = unnamed_files(lake)
    assert orphans
    monkeypatch.setattr("pipeline.sweeping.KEEP_RETIRED_HOURS", 0.0)
    load_files(lake, loads.second)
    assert unnamed_files(lake) == set()
    assert everything(lake) == everything(loads.lake_after_both)
