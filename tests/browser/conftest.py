"""A real server on a small real lake, and a real browser that may talk to this machine alone."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from pipeline import build
from pipeline.sample import SampleSettings, write_sample
from pipeline.settings import ROOT, Settings

CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
]
START_SECONDS = 90
DONE = "[data-testid=stApp][data-test-script-state=notRunning]"
Visit = Callable[..., Page]


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(lake: Path) -> Iterator[str]:
    """`dgwatch serve` on a lake, on a free port; its address. Always stopped."""
    port = free_port()
    command = [sys.executable, "-m", "pipeline.cli", "serve", "--port", str(port), "--lake", str(lake)]
    child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        address = f"http://127.0.0.1:{port}"
        wait_for(f"{address}/_stcore/health", child)
        yield address
    finally:
        child.terminate()
        try:
            child.wait(timeout=20)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def wait_for(address: str, child: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        assert child.poll() is None, "the server ended by itself"
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise AssertionError(f"no answer from {address} within {START_SECONDS} s")


@pytest.fixture(scope="session")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    files, lake = tmp_path_factory.mktemp("sample"), tmp_path_factory.mktemp("lake")
    write_sample(files, SampleSettings(batches=600, ports=4, seed=11))
    build.load(Settings(lake), [files])
    return lake


@pytest.fixture(scope="session")
def server(lake: Path) -> Iterator[str]:
    with serving(lake) as address:
        yield address


@pytest.fixture
def cold_server(lake: Path) -> Iterator[str]:
    """A server that nobody has visited."""
    with serving(lake) as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium. Without one the tests are skipped, but on CI (variable CI set) they fail."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        reason = "no chromium on the path (Debian: apt-get install chromium)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def visit(browser: Browser, server: str) -> Iterator[Visit]:
    """Opens an address of the server and waits until the screen stands.

    After the test: no request has left this machine, and the page met no error of its own.
    """
    outside: list[str] = []
    broken: list[str] = []
    contexts = []

    def open_page(
        path: str, width: int = 1440, height: int = 1000, theme: str = "light", address: str = server
    ) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if theme == "dark" else "light",
            accept_downloads=True,
        )
        contexts.append(context)
        context.on("request", lambda request: outside.append(request.url) if leaves(request.url) else None)
        page = context.new_page()
        page.on("pageerror", lambda error: broken.append(str(error)))
        page.goto(f"{address}/{path}")
        settle(page)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not outside
    assert not broken


def leaves(address: str) -> bool:
    """Whether a request goes to another machine."""
    local = ("http://127.0.0.1:", "ws://127.0.0.1:", "http://localhost:", "ws://localhost:", "data:", "blob:")
    return not address.startswith(local)


def settle(page: Page) -> None:
    """Wait until a title stands and the script has run to its end."""
    page.wait_for_selector("[data-testid=stMainBlockContainer] h1", timeout=60_000)
    page.wait_for_selector(DONE, timeout=60_000)
    page.wait_for_timeout(300)
    page.wait_for_selector(DONE, timeout=60_000)
    assert page.query_selector("[data-testid=stException]") is None
