"""`pages`: how long visitors wait for the dashboard, in a real browser and a hundred at a time."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks import painting
from benchmarks.crowd import MAIN_FILTER, crowd, everything_once, quantile, summed
from benchmarks.dashboards import Dashboard, dashboard
from benchmarks.runs import ROOT, RunFailed
from benchmarks.world import sample_folder
from pipeline import build
from pipeline.sample import SampleSettings
from pipeline.settings import Settings

PARTS = ("painted", "crowd", "loading")
THINK_SECONDS = 5.0
"""Between what a visitor sees and the next act, in the mean."""


def run(
    work: Path, parts: Sequence[str], only: Sequence[str] | None, visitors: int, seconds: float
) -> dict[str, Any]:
    """Measures the parts one after the other, each on a server of its own. Raises `RunFailed`."""
    lake = _lake(work)
    found: dict[str, Any] = {"visitors": visitors, "think_seconds": THINK_SECONDS, "seconds": seconds}
    if "painted" in parts:
        found["painted"] = _painted(lake, only or list(MAIN_FILTER))
    if "crowd" in parts:
        found["crowd"] = _crowd(lake, visitors, seconds)
    if "loading" in parts:
        found["loading"] = _loading(lake, work, visitors, seconds)
    return found


def _lake(work: Path) -> Path:
    """The sample lake that `dgwatch demo` shows, loaded anew: one of an earlier build may hold other tables."""
    lake = work / "pages" / "lake"
    shutil.rmtree(lake, ignore_errors=True)
    build.load(Settings(lake), [sample_folder(work, SampleSettings())])
    return lake


def _painted(lake: Path, names: Sequence[str]) -> dict[str, Any]:
    """Every page cold on a server that has been visited, and its main filter."""
    with dashboard(lake) as server, painting.browser() as browser:
        for page in names:
            painting.cold(browser, server.address, page)
        pages = [painting.cold(browser, server.address, page) for page in names]
        picked = [one for page in names for one in painting.choices(browser, server.address, page)]
    return {
        "cold": [asdict(page) for page in pages],
        "choices": {
            name: _spread([one.seconds for one in picked if one.is_held is is_held])
            for name, is_held in (("asked before", True), ("asked first", False))
        },
        "slowest": {
            page: max(one.seconds for one in picked if one.page == page and one.is_held)
            for page in dict.fromkeys(one.page for one in picked)
        },
    }


def _spread(seconds: Sequence[float]) -> dict[str, float]:
    return {name: quantile(seconds, share) for name, share in (("median", 0.5), ("p95", 0.95))}


def _crowd(lake: Path, visitors: int, seconds: float) -> dict[str, Any]:
    """So many visitors in one process: after everything was seen once, and what their going leaves in memory."""
    with dashboard(lake) as server:
        first = summed(asyncio.run(everything_once(server.address)))
        warm = _with_crowd(server, visitors, seconds)
        again = _with_crowd(server, visitors, seconds)
    return {"first of each": first, "first round": warm, "second round": again}


def _with_crowd(server: Dashboard, visitors: int, seconds: float) -> dict[str, Any]:
    before = server.cpu_seconds()
    acts = asyncio.run(crowd(server.address, visitors, THINK_SECONDS, seconds))
    spent = server.cpu_seconds() - before
    return {
        **summed([act for act in acts if act.at > THINK_SECONDS]),
        "cpu_seconds_an_act": spent / len(acts),
        "memory_mib": server.memory_bytes() / 2**20,
    }


def _loading(lake: Path, work: Path, visitors: int, seconds: float) -> dict[str, Any]:
    """The crowd alone and beside a load into another lake: the processor is shared, the release stays."""
    with dashboard(lake) as server:
        asyncio.run(everything_once(server.address))
        alone = _with_crowd(server, visitors, seconds)
        with _loads(work, sample_folder(work, SampleSettings())) as loads:
            beside = _with_crowd(server, visitors, seconds)
    return {"alone": alone, "beside loads": beside, "loads": len(loads)}


@contextmanager
def _loads(work: Path, files: Path) -> Iterator[list[int]]:
    """Loads one after the other, at the lowest priority as the documentation advises, until the end."""
    ended: list[int] = []
    is_over = threading.Event()

    def loop() -> None:
        while not is_over.is_set():
            lake = work / "pages" / "beside"
            shutil.rmtree(lake, ignore_errors=True)
            command = ["nice", "-n", "19", sys.executable, "-m", "pipeline.cli", "load", str(files)]
            with subprocess.Popen(
                [*command, "--lake", str(lake)],
                cwd=ROOT,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            ) as child:
                while child.poll() is None:
                    if is_over.wait(0.1):
                        child.terminate()
                        child.wait()
                        return
                if child.returncode:
                    return
            ended.append(1)

    worker = threading.Thread(target=loop)
    worker.start()
    try:
        yield ended
    finally:
        is_over.set()
        worker.join()
    if not ended:
        raise RunFailed("no load came to its end while the crowd was there: give it more seconds")


def lines(found: dict[str, Any]) -> list[str]:
    """The result as lines of text."""
    shown = []
    if "painted" in found:
        cold = found["painted"]["cold"]
        shown.append(f"{'a page in a browser that has nothing':52}{'seconds':>9}{'MB':>7}")
        shown += [f"{page['page']:52}{page['seconds']:9.2f}{page['bytes'] / 1e6:7.2f}" for page in cold]
        for name, times in found["painted"]["choices"].items():
            shown.append(f"painted after a choice {name:28}{_ms(times)}")
    for part in ("crowd", "loading"):
        for name, times in found.get(part, {}).items():
            if isinstance(times, dict):
                memory = f", {times['memory_mib']:.0f} MiB" if "memory_mib" in times else ""
                shown.append(f"{part}, {name:43}{_ms(times)} of {times['acts']} acts{memory}")
    return shown


def _ms(times: dict[str, float]) -> str:
    return f" median {times['median'] * 1e3:.0f} ms, p95 {times['p95'] * 1e3:.0f} ms"
