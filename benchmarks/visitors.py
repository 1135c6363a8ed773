"""Visitors without a browser: sessions that speak to a dashboard as Streamlit's own page does.

A session is a websocket; the visitor sends what was chosen (`BackMsg`) and takes in everything that the screen is
made of (`ForwardMsg`) up to the end of the run. Nothing is drawn, so what is measured is the server's part.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

from benchmarks.runs import RunFailed

ANSWER_SECONDS = 120
DONE = ForwardMsg.FINISHED_SUCCESSFULLY
LISTS = {"multiselect", "button_group"}
"""Widgets that take several; a switch is one of them for Streamlit."""
COMPILE = ForwardMsg.FINISHED_WITH_COMPILE_ERROR


@dataclass(frozen=True)
class Widget:
    """A widget of the screen: its id, what it offers, and whether it takes several."""

    identity: str
    options: tuple[str, ...]
    is_list: bool


@dataclass
class Screen:
    """What the last run drew: widgets by the name of their choice, kinds of elements, small print, bytes received."""

    widgets: dict[str, Widget] = field(default_factory=dict)
    kinds: list[str] = field(default_factory=list)
    captions: list[str] = field(default_factory=list)
    received: int = 0


class Visitor:
    """One session: visits pages and makes choices on them, as `async with Visitor(address) as visitor`."""

    def __init__(self, address: str, cookie: str | None = None) -> None:
        self.screen = Screen()
        self.pages: dict[str, str] = {}
        self._address = address
        self._cookie = cookie
        self._socket: ClientConnection | None = None
        self._query = ""
        self._page_hash = ""
        self._chosen: dict[str, Any] = {}

    async def __aenter__(self) -> Self:
        await self._connect()
        return self

    async def _connect(self) -> None:
        stream = self._address.replace("http", "ws", 1) + "/_stcore/stream"
        headers = {"Cookie": self._cookie} if self._cookie else None
        self._socket = await connect(
            stream,
            subprotocols=["streamlit"],  # type: ignore[list-item]
            max_size=None,
            compression=None,
            open_timeout=ANSWER_SECONDS,
            ping_interval=None,
            additional_headers=headers,
        )

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._socket is not None
        await self._socket.close()

    async def open(self, page: str, query: str = "") -> float:
        """Come to a page by its address, as a session of its own where choices were made; seconds until it stood."""
        if self._chosen and self._socket is not None:
            await self._socket.close()
            await self._connect()
        self._query, self._page_hash, self._chosen = query, "", {}
        return await self._run(page)

    async def go(self, page: str) -> float:
        """Go to another page by the navigation, which leaves no query; seconds until it stood."""
        self._query, self._page_hash = "", self.pages[page]
        return await self._run("")

    async def choose(self, name: str, *shown: str) -> float:
        """Choose in the widget `name` what it offers as `shown`, nothing where that is empty; seconds."""
        widget = self.screen.widgets.get(name)
        if widget is None:
            raise RunFailed(f"no widget {name} on the screen")
        self._chosen[widget.identity] = list(shown) if widget.is_list else shown[0]
        return await self._run("")

    async def _run(self, page: str) -> float:
        message = BackMsg()
        client = message.rerun_script
        client.query_string, client.page_script_hash, client.page_name = self._query, self._page_hash, page
        client.context_info.url = f"{self._address}/{page}"
        client.context_info.color_scheme = "light"
        for identity, value in self._chosen.items():
            state = client.widget_states.widgets.add()
            state.id = identity
            if isinstance(value, list):
                state.string_array_value.data.extend(value)
            else:
                state.string_value = value
        assert self._socket is not None
        began = time.perf_counter()
        await self._socket.send(message.SerializeToString())
        async with asyncio.timeout(ANSWER_SECONDS):
            await self._until_done()
        return time.perf_counter() - began

    async def _until_done(self) -> None:
        assert self._socket is not None
        self.screen = Screen()
        while True:
            payload = await self._socket.recv(decode=False)
            self.screen.received += len(payload)
            message = ForwardMsg.FromString(payload)
            kind = message.WhichOneof("type")
            if kind == "new_session":
                self.screen.widgets, self.screen.kinds, self.screen.captions = {}, [], []
            elif kind == "navigation":
                self._page_hash = message.navigation.page_script_hash
                self.pages = {
                    page.url_pathname: page.page_script_hash for page in message.navigation.app_pages
                }
            elif kind == "page_info_changed":
                self._query = message.page_info_changed.query_string
            elif kind == "delta":
                self._drawn(message)
            elif kind == "script_finished" and message.script_finished in (DONE, COMPILE):
                return

    def _drawn(self, message: ForwardMsg) -> None:
        element = message.delta.new_element
        kind = element.WhichOneof("type")
        if kind is None:
            return
        self.screen.kinds.append(kind)
        if kind == "exception":
            raise RunFailed(f"a traceback on the screen: {element.exception.message}")
        drawn = getattr(element, kind)
        if kind == "markdown" and drawn.element_type == drawn.CAPTION:
            self.screen.captions.append(drawn.body)
        identity = getattr(drawn, "id", "")
        if "-choice_" in identity:
            options = getattr(drawn, "options", ())
            shown = tuple(option if isinstance(option, str) else option.content for option in options)
            name = identity.rpartition("-choice_")[2]
            self.screen.widgets[name] = Widget(identity, shown, kind in LISTS)
