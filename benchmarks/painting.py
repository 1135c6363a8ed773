"""What a visitor waits for in a real browser: a page opened for the first time, and a choice made on it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.crowd import AS_IT_OPENS, MAIN_FILTER
from benchmarks.runs import RunFailed

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
PICKS = 3
INSTEAD = {"ports": "direction"}
"""A choice of many takes two clicks and a key; the choice of one beside it asks as much of the page."""
UNSEEN = ("batch",)
"""Pages whose main choice changes nothing that can be seen as they open."""
QUIET_MS = 300
"""After so long without a change the screen is taken as done; the time is that of its last change."""
WATCH = """
window.lastChange = 0;
window.clickedAt = 0;
const isOther = change => change.type !== 'attributes'
  || change.oldValue !== change.target.getAttribute(change.attributeName);
const isShown = ({target}) => target.closest?.('[data-testid=stMain]') && !target.closest('canvas');
const watched = new MutationObserver(changes => {
  if (changes.some(change => isShown(change) && isOther(change))) lastChange = performance.now();
});
const written = new WeakMap();
const write = CanvasRenderingContext2D.prototype.fillText;
CanvasRenderingContext2D.prototype.fillText = function(text, x, y, ...given) {
  if (this.canvas.closest('[data-testid=stMain]')) {
    if (!written.has(this.canvas)) written.set(this.canvas, new Map());
    const words = written.get(this.canvas);
    const place = `${x} ${y}`;
    const word = `${text} ${this.fillStyle} ${this.font}`;
    if (words.get(place) !== word) lastChange = performance.now();
    words.set(place, word);
  }
  return write.call(this, text, x, y, ...given);
};
watched.observe(document, {subtree: true, childList: true, attributes: true, attributeOldValue: true});
document.addEventListener('pointerup', () => { clickedAt = performance.now(); }, true);
"""
"""Runs before the page: when the part of the screen beside the sidebar last changed, and when it was clicked.

What is written where it stands already is no change: plotly sets many an attribute to what it is, and a table paints
all its words again some time after they stood. A table is a canvas: what is written on it counts; the elements inside
it, made a fifth of a second later, are not seen: they tell assistive technology of its cells.
"""
IS_DONE = """quiet => {
  const app = document.querySelector('[data-testid=stApp]');
  return app?.dataset.testScriptState === 'notRunning' && lastChange > clickedAt
    && document.querySelector('[data-testid=stMainBlockContainer] h1')
    && !document.querySelector('[data-testid=stSkeleton]') && performance.now() - lastChange > quiet;
}"""
CHOSEN = """options => options.findIndex(one => /active/i.test(one.getAttribute('kind') ?? '')
  || ['aria-checked', 'aria-selected'].some(name => one.getAttribute(name) === 'true'))"""
"""The place of the option that is chosen, -1 where none is."""
SINCE_CLICK = "new Promise(done => requestAnimationFrame(() => done(lastChange - clickedAt)))"


@dataclass(frozen=True)
class Cold:
    """A page opened by a browser that has nothing: seconds until it stood, bytes over the network."""

    page: str
    seconds: float
    bytes: int


@dataclass(frozen=True)
class Choice:
    """A choice on a page: seconds from the click to the last change of the screen; whether it was asked before."""

    page: str
    seconds: float
    is_held: bool


@contextmanager
def browser() -> Iterator[Browser]:
    """Headless Chromium. Raises `RunFailed` where the machine has none."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        raise RunFailed("no chromium on the path")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield found
        found.close()


def cold(browser: Browser, address: str, page_name: str) -> Cold:
    """A page opened with an empty cache."""
    page = _page(browser)
    received: list[float] = []
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    network.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))
    network.on("Network.webSocketFrameReceived", lambda event: received.append(_length(event["response"])))
    page.goto(f"{address}/{page_name}?{AS_IT_OPENS}")
    _until_done(page)
    found = Cold(page_name, page.evaluate("lastChange") / 1e3, round(sum(received)))
    page.context.close()
    return found


def choices(browser: Browser, address: str, page_name: str) -> list[Choice]:
    """The first options of a page's main filter, one after the other, twice over, each time in a new browser."""
    found: list[Choice] = []
    for is_held in (False, True):
        page = _page(browser)
        page.goto(f"{address}/{page_name}?{AS_IT_OPENS}")
        found += _choices(page, page_name, is_held)
        page.context.close()
    return found


def walk(browser: Browser, address: str, page_names: Sequence[str]) -> list[Choice]:
    """The same choices by one visitor who goes from page to page by the navigation, twice round, in one tab."""
    page = _page(browser)
    page.goto(f"{address}/{page_names[-1]}?{AS_IT_OPENS}")
    _until_done(page)
    found: list[Choice] = []
    for is_held in (False, True):
        for name in page_names:
            page.locator(f"[data-testid=stSidebarNavLink][href*='/{name}']").first.click()
            found += _choices(page, name, is_held)
    page.context.close()
    return found


def _choices(page: Page, page_name: str, is_held: bool) -> list[Choice]:
    """So many choices in the main filter of the page that the browser comes to."""
    _until_done(page)
    name = INSTEAD.get(MAIN_FILTER[page_name], MAIN_FILTER[page_name])
    found: list[Choice] = []
    while page_name not in UNSEEN and len(found) < PICKS and _pick(page, name, len(found)):
        _until_done(page)
        found.append(Choice(page_name, page.evaluate(SINCE_CLICK) / 1e3, is_held))
    return found


def _pick(page: Page, name: str, place: int) -> bool:
    """Click the next option, never the one that is chosen; False where there is none."""
    widget = page.locator(f".st-key-choice_{name}").first
    if widget.count() == 0:
        return False
    widget.scroll_into_view_if_needed()
    options = widget.locator("[role=radio], button[kind^=segmented]")
    if not options.count():
        widget.locator("[role=combobox], input").first.click()
        options = page.get_by_role("option")
        options.first.wait_for()
    count = options.count()
    if count < 2:
        return False
    options.nth(_next(place, count, options.evaluate_all(CHOSEN))).click()
    return True


def _next(place: int, count: int, chosen: int) -> int:
    """One of the first three after the other, but for the one that is chosen."""
    among = min(count, PICKS)
    wanted = (place + among - 1) % among
    return wanted if wanted != chosen else (wanted + 1) % among


def _page(browser: Browser) -> Page:
    context = browser.new_context(viewport={"width": 1440, "height": 1000})
    context.add_init_script(WATCH)
    return context.new_page()


def _until_done(page: Page) -> None:
    page.wait_for_function(IS_DONE, arg=QUIET_MS, timeout=120_000, polling=50)
    if page.query_selector("[data-testid=stException]"):
        raise RunFailed("a traceback on the screen")


def _length(frame: dict[str, Any]) -> int:
    """Bytes of a websocket frame as the browser tells it: base64 unless it is text."""
    size = len(frame["payloadData"])
    return size if frame["opcode"] == 1 else size * 3 // 4
