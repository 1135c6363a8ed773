"""Several dashboards behind nginx, with the configuration that is handed out: seats, downloads, and one that ends."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from serving import free_port, settle, wait_for

from benchmarks.dashboards import Dashboard, dashboard
from benchmarks.visitors import Visitor
from pipeline.settings import ROOT

CONFIGURATION = ROOT / "pages" / "serving.conf"
ZONES = ("Asia/Shanghai", "UTC")
"""A dashboard tells instants in its own zone: so it is known by what it shows."""
SEATS = [f"seat-{number}" for number in range(8)]

BEFORE_IT_COMES = """
const click = HTMLAnchorElement.prototype.click;
HTMLAnchorElement.prototype.click = function () { window.others_look().then(() => click.call(this)); };
"""
"""When a file is made, the screen clicks a link to it: by then others may have come and gone."""


@dataclass(frozen=True)
class Served:
    """The address in front, and the dashboards behind it."""

    address: str
    behind: list[Dashboard]


@pytest.fixture(scope="module")
def served(lake: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Two dashboards behind nginx; without one the tests are skipped, but on CI they fail."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        reason = "no nginx on the path (Debian: apt-get install nginx-light)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("nginx")
    port = free_port()
    with ExitStack() as stack:
        behind = [stack.enter_context(in_zone(lake, zone)) for zone in ZONES]
        text = CONFIGURATION.read_text(encoding="utf-8").replace("127.0.0.1:8600", f"127.0.0.1:{port}")
        for number, server in zip(("8601", "8602"), behind, strict=True):
            text = text.replace(f"127.0.0.1:{number}", server.address.removeprefix("http://"))
        (folder / "serving.conf").write_text(text, encoding="utf-8")
        child = subprocess.Popen([program, "-p", str(folder), "-c", str(folder / "serving.conf")])
        try:
            wait_for(f"http://127.0.0.1:{port}/_stcore/health", child)
            yield Served(f"http://127.0.0.1:{port}", behind)
        finally:
            child.terminate()
            child.wait(20)


@contextmanager
def in_zone(lake: Path, zone: str) -> Iterator[Dashboard]:
    """A dashboard whose screens are in this zone."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("DGWATCH_DEFAULT_ZONE", zone)
        with dashboard(lake) as server:
            yield server


def visit_from(address: str, seat: str, times: int) -> set[str]:
    """One session from a seat that opens a page so often; the lines that tell instants.

    In a thread, since the browser has this one's loop.
    """

    async def visits() -> set[str]:
        told = set()
        async with Visitor(address, f"dgwatch_seat={seat}") as visitor:
            for _ in range(times):
                await visitor.open("batch", "lang=en")
                told.add(next(text for text in visitor.screen.captions if "build" in text))
        return told

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, visits()).result(120)


def test_a_visitor_gets_a_seat_and_keeps_it(served: Served) -> None:
    with urllib.request.urlopen(f"{served.address}/backlog", timeout=30) as answer:
        told = answer.headers["Set-Cookie"]
    seat = told.partition(";")[0]
    assert seat.startswith("dgwatch_seat=") and "HttpOnly" in told
    asked = urllib.request.Request(f"{served.address}/backlog", headers={"Cookie": seat})
    with urllib.request.urlopen(asked, timeout=30) as answer:
        assert answer.headers["Set-Cookie"].partition(";")[0] == seat


def test_seats_are_spread_and_each_stays_with_its_dashboard(served: Served) -> None:
    told = [visit_from(served.address, seat, 3) for seat in SEATS]
    assert all(len(of_seat) == 1 for of_seat in told)
    assert len(set().union(*told)) == 2


def test_a_download_comes_through_whoever_else_looks_at_screens(served: Served, browser: Browser) -> None:
    def others_look() -> None:
        for seat in SEATS:
            visit_from(served.address, seat, 1)

    for _ in range(2):
        context = browser.new_context(accept_downloads=True)
        page = context.new_page()
        page.expose_function("others_look", others_look)
        page.add_init_script(BEFORE_IT_COMES)
        page.goto(f"{served.address}/trust?lang=en")
        settle(page)
        with page.expect_download(timeout=60_000) as found:
            page.locator(".st-key-download_freshness button").click()
        assert found.value.suggested_filename == "dgwatch-sample-freshness.zip"
        context.close()


def test_when_one_ends_its_visitors_go_to_the_other(served: Served) -> None:
    os.kill(served.behind[0].pid, 15)
    time.sleep(1)
    for seat in SEATS:
        visit_from(served.address, seat, 1)
