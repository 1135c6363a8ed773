"""A crowd on a real server: no screen fails, and its memory does not grow; a new release comes without a stumble."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import pytest

from benchmarks.dashboards import Dashboard, dashboard
from benchmarks.soak import soak
from benchmarks.visitors import Visitor
from pages.shared.server import ahead
from pipeline.loading import build
from pipeline.sample import SampleSettings, write_sample
from pipeline.settings import Settings

Answer = TypeVar("Answer")
SECONDS = 24
VISITORS, THINK_SECONDS = 12, 0.6
MOST_GROWTH_MIB = 40
"""A session that stayed would be about 1 MiB; hundreds come and go."""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    write_sample(folder, SampleSettings(batches=300, ports=3, seed=7))
    return folder


@pytest.fixture(scope="module")
def server(files: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Dashboard, Path]]:
    """A dashboard on a lake of its own, without the last file."""
    lake = tmp_path_factory.mktemp("lake")
    build.load(Settings(lake), [path for path in sorted(files.iterdir()) if path.name != last_of(files).name])
    with dashboard(lake) as running:
        yield running, lake


def apart(work: Callable[[], Answer]) -> Answer:
    """Runs in a thread of its own what begins an event loop: a browser test before may have left one in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(work).result()


def last_of(files: Path) -> Path:
    return sorted(files.glob("yard_moves_*"))[-1]


def test_a_crowd_leaves_no_memory_behind(server: tuple[Dashboard, Path]) -> None:
    found = apart(lambda: soak(server[0], VISITORS, THINK_SECONDS, SECONDS))
    assert found["acts"] > 100
    assert found["growth_mib"] < MOST_GROWTH_MIB, found["memory_mib"]


def test_what_is_asked_for_most_was_kept_meanwhile(server: tuple[Dashboard, Path]) -> None:
    until = time.monotonic() + 60
    while not any((server[1] / "answers").glob("*/*.parquet")) and time.monotonic() < until:
        time.sleep(1)
    assert any((server[1] / "answers").glob("*/*.parquet"))


def test_a_new_release_is_shown_once_its_screens_are_made(
    server: tuple[Dashboard, Path], files: Path
) -> None:
    running, lake = server

    async def read() -> str:
        async with Visitor(running.address) as visitor:
            await visitor.open("trust", "lang=en")
            return next(text for text in visitor.screen.captions if "build" in text)

    def told() -> str:
        return apart(lambda: asyncio.run(read()))

    before = told()
    build.load(Settings(lake), [last_of(files)])
    until = time.monotonic() + 60
    while told() == before and time.monotonic() < until:
        time.sleep(ahead.LOOK_SECONDS / 4)
    assert told() != before
