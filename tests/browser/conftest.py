"""A small real lake with a server on it, and a real browser that may talk to this machine alone."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from serving import CHROMIUM_FLAGS, chromium, serving, settle

from pipeline.loading import build
from pipeline.sample import SampleSettings, write_sample
from pipeline.settings import Settings

Visit = Callable[..., Page]


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
    path = chromium()
    if path is None:
        reason = "no chromium on the path (Debian: apt-get install chromium)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
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
