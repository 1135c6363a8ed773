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
from benchmarks.crowd import AS_IT_OPENS, MAIN_FILTER, crowd, everything_once, quantile, summed
from benchmarks.dashboards import Dashboard, dashboard
from benchmarks.runs import ROOT, RunFailed
from benchmarks.soak import soak
from benchmarks.visitors import Visitor
from benchmarks.world import sample_folder
from pipeline.loading import build
from pipeline.sample import SampleSettings
from pipeline.settings import Settings

PARTS = ("screens", "painted", "crowd", "loading", "soak")
THINK_SECONDS = 5.0
"""Between what a visitor sees and the next act, in the mean."""
RUNS = 20
"""Of each screen, for what a run costs."""
WITHHELD = 12
"""Files that are loaded while visitors look."""
BETWEEN_LOADS_SECONDS = 5.0


def run(
    work: Path,
    parts: Sequence[str],
    only: Sequence[str] | None,
    visitors: int,
    seconds: float,
    minutes: float,
) -> dict[str, Any]:
    """Measures the parts one after the other, each on a server of its own. Raises `RunFailed`."""
    lake = _lake(work)
    found: dict[str, Any] = {"visitors": visitors, "think_seconds": THINK_SECONDS, "seconds": seconds}
    if "screens" in parts:
        found["screens"] = _screens(lake)
    if "painted" in parts:
        found["painted"] = _painted(lake, only or list(MAIN_FILTER))
    if "crowd" in parts:
        found["crowd"] = _crowd(lake, visitors, seconds)
    if "loading" in parts:
        found["loading"] = _loading(work, visitors, seconds)
    if "soak" in parts:
        with dashboard(lake) as server:
            found["soak"] = soak(server, visitors, THINK_SECONDS, 60 * minutes)
    return found


def _lake(work: Path, withheld: Sequence[Path] = (), name: str = "lake") -> Path:
    """The sample lake that `dgwatch demo` shows, loaded anew: one of an earlier build may hold other tables."""
    lake = work / "pages" / name
    shutil.rmtree(lake, ignore_errors=True)
    files = sample_folder(work, SampleSettings())
    build.load(Settings(lake), [path for path in sorted(files.iterdir()) if path not in withheld])
    return lake


def _screens(lake: Path) -> dict[str, dict[str, float]]:
    """What a run of each screen costs when all that it shows is held: processor time, elements, bytes."""
    with dashboard(lake) as server:
        asyncio.run(everything_once(server.address))
        server.rest()
        return asyncio.run(_runs(server))


async def _runs(server: Dashboard) -> dict[str, dict[str, float]]:
    found = {}
    async with Visitor(server.address) as visitor:
        for page in MAIN_FILTER:
            await visitor.open(page, AS_IT_OPENS)
            before = server.cpu_seconds()
            for _ in range(RUNS):
                await visitor.open(page, AS_IT_OPENS)
            found[page] = {
                "cpu_seconds": (server.cpu_seconds() - before) / RUNS,
                "elements": len(visitor.screen.kinds),
                "bytes": visitor.screen.received,
            }
    return found


def _painted(lake: Path, names: Sequence[str]) -> dict[str, Any]:
    """Every page cold on a server that just began and on one at rest, and its main filter."""
    with painting.browser() as browser:
        with dashboard(lake) as server:
            first = painting.cold(browser, server.address, names[0])
        with dashboard(lake) as server:
            server.rest()
            pages = [painting.cold(browser, server.address, page) for page in names]
            picked = [one for page in names for one in painting.choices(browser, server.address, page)]
            walked = painting.walk(browser, server.address, names)
    return {
        "first of a server": asdict(first),
        "cold": [asdict(page) for page in pages],
        "choices": {
            name: _spread([one.seconds for one in picked if one.is_held is is_held])
            for name, is_held in (("asked before", True), ("asked first", False))
        }
        | {"asked before, from page to page": _spread([one.seconds for one in walked if one.is_held])},
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
        ahead = server.rest()
        first = summed(asyncio.run(everything_once(server.address)))
        warm = _with_crowd(server, visitors, seconds)
        again = _with_crowd(server, visitors, seconds)
    return {
        "made ahead in seconds": ahead,
        "first of each": first,
        "first round": warm,
        "second round": again,
    }


def _with_crowd(server: Dashboard, visitors: int, seconds: float) -> dict[str, Any]:
    before = server.cpu_seconds()
    acts = asyncio.run(crowd(server.address, visitors, THINK_SECONDS, seconds))
    spent = server.cpu_seconds() - before
    return {
        **summed([act for act in acts if act.at > THINK_SECONDS]),
        "cpu_seconds_an_act": spent / len(acts),
        "memory_mib": server.memory_bytes() / 2**20,
    }


def _loading(work: Path, visitors: int, seconds: float) -> dict[str, Any]:
    """The crowd alone, and while files are loaded into the lake that it looks at, a release after the other."""
    files = sample_folder(work, SampleSettings())
    withheld = sorted(files.glob("yard_moves_*"))[-WITHHELD:]
    lake = _lake(work, withheld, "loading")
    with dashboard(lake) as server:
        server.rest()
        asyncio.run(everything_once(server.address))
        alone = _with_crowd(server, visitors, seconds)
        with _loads(lake, withheld) as ended:
            beside = _with_crowd(server, visitors, seconds)
    return {"alone": alone, "beside loads": beside, "loads": len(ended)}


@contextmanager
def _loads(lake: Path, files: Sequence[Path]) -> Iterator[list[Path]]:
    """Loads one after the other, at the lowest priority as the documentation advises, until the end; those done."""
    ended: list[Path] = []
    is_over = threading.Event()

    def loop() -> None:
        for path in files:
            command = ["nice", "-n", "19", sys.executable, "-m", "pipeline.cli", "load", str(path)]
            done = subprocess.run([*command, "--lake", str(lake)], cwd=ROOT, capture_output=True, check=False)
            if done.returncode:
                return
            ended.append(path)
            if is_over.wait(BETWEEN_LOADS_SECONDS):
                return

    worker = threading.Thread(target=loop)
    worker.start()
    try:
        yield ended
    finally:
        is_over.set()
        worker.join()
    if not ended:
        raise RunFailed("no load came to its end while the crowd was there")


def lines(found: dict[str, Any]) -> list[str]:
    """The result as lines of text."""
    shown = []
    if "screens" in found:
        shown.append(f"{'a run of a screen whose figures are held':52}{'CPU ms':>9}{'kB':>7}")
        shown += [
            f"{page:52}{cost['cpu_seconds'] * 1e3:9.1f}{cost['bytes'] / 1e3:7.0f}"
            for page, cost in found["screens"].items()
        ]
    if "painted" in found:
        first = found["painted"]["first of a server"]
        cold = [{**first, "page": f"{first['page']}, of a server that just began"}, *found["painted"]["cold"]]
        shown.append(f"{'a page in a browser that has nothing':52}{'seconds':>9}{'MB':>7}")
        shown += [f"{page['page']:52}{page['seconds']:9.2f}{page['bytes'] / 1e6:7.2f}" for page in cold]
        for name, times in found["painted"]["choices"].items():
            shown.append(f"painted after a choice {name:34}{_ms(times)}")
    for part in ("crowd", "loading"):
        for name, times in found.get(part, {}).items():
            if isinstance(times, dict):
                memory = f", {times['memory_mib']:.0f} MiB" if "memory_mib" in times else ""
                shown.append(f"{part}, {name:43}{_ms(times)} of {times['acts']} acts{memory}")
    if "soak" in found:
        memory = ", ".join(f"{mib:.0f}" for mib in found["soak"]["memory_mib"])
        shown.append(f"{'soak':52}{_ms(found['soak'])} of {found['soak']['acts']} acts, MiB {memory}")
    return shown


def _ms(times: dict[str, float]) -> str:
    return f" median {times['median'] * 1e3:.0f} ms, p95 {times['p95'] * 1e3:.0f} ms"
