"""A server's own visitor: goes through the screens of a release before others see it, so that they need not wait.

It is a session like any other, without a browser: what it makes is kept (`kept.py`) for whoever comes. First the
opening views, behind which a release is shown; then what is asked for most (`pipeline.metrics.kept.standing`) and the usual
choices, with as long a rest after each as it took, so that visitors find a core free.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime import get_instance

from pages.shared import data, kept
from pages.shared.server import downloads, releases
from pipeline.errors import UserMistake
from pipeline.metrics import Reader, keep_in_background

if TYPE_CHECKING:
    from streamlit.starlette import App

LOOK_SECONDS = 2.0
"""Between two looks whether the lake names another release."""
DOOR_SECONDS = 15.0
"""After so long the door opens, whether the first screen is made or not."""
SCREEN_SECONDS = 60.0
"""After so long the visitor goes on to the next screen."""
OPENING_SECONDS = 90.0
"""After so long a release is shown whatever is not made of it yet."""
FIRST_VISITOR_SECONDS = 4.0
"""How long the first visitor of a server has both cores, for the server and the browser: it often comes at once."""
FIRST_SCREENS_SECONDS = 5.0
"""How long the first visitors of a release have both cores, before what is asked for most is made."""
RARELY = (10_000, 20, 50)
"""How much is allocated before a collection, by generation: a full one stops all visitors for a tenth of a second."""
SWITCH_SECONDS = 0.001
"""How long a thread computes before another may: while a figure is made, each part of a screen waits so long to go."""
ENDED = {ForwardMsg.FINISHED_SUCCESSFULLY, ForwardMsg.FINISHED_WITH_COMPILE_ERROR}
CHOICES = {
    "map": ({"coloured": "verdict"},),
    "backlog": ({"window": "30"}, {"window": "365"}, {"rows": "class"}),
    "clearance": (*({"stage": stage} for stage in data.stages()), {"period": "days"}),
    "dwell": ({"period": "days"},),
    "ports": ({"timed": "dwell"}, {"view": "why"}, {"period": "days"}),
    "safety": tuple({"desk": name} for name in ("plan", "clock", "apart", "heat")),
    "warning": ({"window": "30"}, {"window": "365"}),
    "border": tuple({"window": window} for window in ("30", "365", "all")),
}
"""What is mostly chosen on a screen, as its address says it."""
BY_PORT = ("campaign", "backlog", "clearance", "dwell", "rebound", "trust")
BY_CLASS = ("campaign", "backlog")
"""Screens that are looked at port by port, and class by class."""

logger = logging.getLogger(__name__)
Walk = Sequence[tuple[str, dict[str, str]]]
"""Screens in turn, each with the choices of its address."""


@asynccontextmanager
async def lifespan(app: App, pages: Sequence[str]) -> AsyncIterator[None]:
    """While the server runs: the first screen before its door opens, all else and every later release behind it."""
    gc.set_threshold(*RARELY)
    sys.setswitchinterval(SWITCH_SECONDS)
    downloads.wait_for_browsers(get_instance().media_file_mgr)
    following = asyncio.create_task(_follow(await _begin(pages[0]), pages))
    try:
        yield
    finally:
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following


async def _begin(page: str) -> Reader | None:
    """What every screen needs is imported and made by one of them; the release that is shown then, if any can be."""
    reader = await _newer()
    if reader is not None:
        await _show(reader, [page], DOOR_SECONDS)
    return reader


async def _follow(reader: Reader | None, pages: Sequence[str]) -> None:
    """Makes what is shown, then looks for another release, for good."""
    behind: asyncio.Task[None] | None = None
    await asyncio.sleep(FIRST_VISITOR_SECONDS)
    try:
        while True:
            if reader is not None:
                if behind is not None:
                    behind.cancel()
                await _show(reader, pages, OPENING_SECONDS)
                _settle()
                behind = asyncio.create_task(_make_the_usual(reader))
            await asyncio.sleep(LOOK_SECONDS)
            reader = await _newer()
    finally:
        if behind is not None:
            behind.cancel()


async def _newer() -> Reader | None:
    """Another release than the shown one; none too where the lake cannot be read, which a visitor is told."""
    try:
        return await asyncio.to_thread(releases.newer)
    except UserMistake as mistake:
        logger.warning("the lake cannot be read: %s", mistake)
    except Exception:  # nobody waits for this: what cannot be opened fails where a visitor opens it
        logger.exception("the lake cannot be read")
    return None


async def _show(reader: Reader, pages: Sequence[str], seconds: float) -> None:
    """Make these opening views of a release, as far as the time reaches, and show it."""
    with suppress(TimeoutError):
        await asyncio.wait_for(_go_through(reader, [(page, {}) for page in pages]), seconds)
    releases.show(reader)


def _settle() -> None:
    """What is kept now lives as long as the release: until the next, no collection need look at it."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()


async def _make_the_usual(reader: Reader) -> None:
    """Make what is asked for most of the release that is shown."""
    keeping = keep_in_background(reader, FIRST_SCREENS_SECONDS)
    while keeping is not None and keeping.is_alive():
        await asyncio.sleep(1)
    if reader.release is not None:
        await _go_through(reader, usual(*await asyncio.to_thread(_codes, reader)), rests=True)
    gc.collect()
    gc.freeze()


def _codes(reader: Reader) -> tuple[list[str], list[str]]:
    """Ports and classes, those with most batches in the yard first."""
    stock = reader.query("batches_in_yard")
    return tuple(list(stock[name].value_counts().index) for name in ("un_location_code", "lead_class"))  # type: ignore[return-value]


def usual(ports: Iterable[str], classes: Iterable[str]) -> Walk:
    """The usual choices: those of every screen, then port by port and class by class."""
    of_screens = [(page, choice) for page, choices in CHOICES.items() for choice in choices]
    of_ports = [(page, {"ports": port}) for port in ports for page in BY_PORT]
    of_classes = [(page, {"classes": code}) for code in classes for page in BY_CLASS]
    return [*of_screens, *of_ports, *of_classes]


async def _go_through(reader: Reader, walk: Walk, rests: bool = False) -> None:
    """Visit screens of a release one after the other; what nobody has asked for, while there is room for it."""
    for page, choice in walk:
        if rests and kept.SHELF.is_nearly_full():
            return
        began = time.perf_counter()
        with _visitor(reader) as visitor:
            await visitor.open(page, choice)
        await asyncio.sleep(time.perf_counter() - began if rests else 0)


class _Visitor:
    """A session that takes in what is drawn and drops it (a `SessionClient` of Streamlit)."""

    client_context = None

    def __init__(self) -> None:
        self.session_id = ""
        self._ended = asyncio.Event()

    def write_forward_msg(self, msg: ForwardMsg) -> None:
        """What the session draws; all that matters is when it is done."""
        if msg.WhichOneof("type") == "script_finished" and msg.script_finished in ENDED:
            self._ended.set()

    async def open(self, page: str, choice: dict[str, str]) -> None:
        """Come to a screen by its address and wait until it stands."""
        message = BackMsg()
        message.rerun_script.page_name = page
        # An address with any choice puts all others at their default.
        message.rerun_script.query_string = urlencode({"form": "csv"} | choice)
        message.rerun_script.context_info.color_scheme = "light"
        self._ended.clear()
        get_instance().handle_backmsg(self.session_id, message)
        try:
            await asyncio.wait_for(self._ended.wait(), SCREEN_SECONDS)
        except TimeoutError:
            logger.warning("%s took longer than %.0f s", page, SCREEN_SECONDS)


@contextmanager
def _visitor(reader: Reader) -> Iterator[_Visitor]:
    visitor = _Visitor()
    visitor.session_id = get_instance().connect_session(visitor, user_info={})
    releases.go_ahead(visitor.session_id, reader)
    try:
        yield visitor
    finally:
        releases.come_back(visitor.session_id)
        get_instance().close_session(visitor.session_id)
