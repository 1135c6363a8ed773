"""Serves the scripts and styles of the screens compressed: a first visit moves a third of the bytes.

Streamlit sends its own files as they lie and leaves compression to a proxy. Their names carry a hash of what is in
them, so each is compressed once a server and kept.
"""

from __future__ import annotations

import asyncio
import gzip
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

FOLDER = "/static/"
LEVEL = 6
"""Level 9 takes twice as long for one part in a hundred."""
SMALLEST = 1_000
"""Bytes below which compressing gains nothing."""
_TEXT = re.compile(rb"(text/css|text/javascript|application/javascript|application/json|image/svg\+xml)\b")
_DROPPED = {b"content-length", b"etag", b"accept-ranges"}
"""Headers that speak of the bytes as they lie."""


@dataclass(frozen=True)
class _Packed:
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes


class PackedFiles:
    """ASGI middleware: whole files of `/static/` that are text go out as gzip to whoever takes it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._kept: dict[str, _Packed] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if not _is_wanted(scope):
            await self._app(scope, receive, send)
            return
        kept = self._kept.get(scope["path"])
        if kept is not None:
            await _reply(kept, send)
            return
        await self._app(scope, receive, _Packing(self._kept, scope["path"], send))


class _Packing:
    """Holds an answer back until it is whole, then sends it compressed where that is worth it."""

    def __init__(self, kept: dict[str, _Packed], path: str, send: Send) -> None:
        self._kept, self._path, self._send = kept, path, send
        self._start: Message | None = None
        self._body = bytearray()

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_text(message):
            self._start = message
            return
        if self._start is None or message["type"] != "http.response.body":
            await self._send(message)
            return
        self._body += message.get("body", b"")
        if message.get("more_body"):
            return
        if len(self._body) < SMALLEST:
            await self._send(self._start)
            await self._send({"type": "http.response.body", "body": bytes(self._body)})
            return
        body = await asyncio.to_thread(gzip.compress, bytes(self._body), LEVEL, mtime=0)
        headers = [pair for pair in self._start["headers"] if pair[0].lower() not in _DROPPED]
        told = [
            (b"content-encoding", b"gzip"),
            (b"content-length", str(len(body)).encode()),
            (b"vary", b"Accept-Encoding"),
        ]
        kept = self._kept[self._path] = _Packed((*headers, *told), body)
        await _reply(kept, self._send)


def _is_wanted(scope: Scope) -> bool:
    if scope["type"] != "http" or scope["method"] != "GET" or FOLDER not in scope["path"]:
        return False
    headers = dict(scope["headers"])
    return b"gzip" in headers.get(b"accept-encoding", b"") and b"range" not in headers


def _is_text(start: Message) -> bool:
    headers = {name.lower(): value for name, value in start["headers"]}
    is_plain = b"content-encoding" not in headers
    return start["status"] == 200 and is_plain and bool(_TEXT.match(headers.get(b"content-type", b"")))


async def _reply(kept: _Packed, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": list(kept.headers)})
    await send({"type": "http.response.body", "body": kept.body})
