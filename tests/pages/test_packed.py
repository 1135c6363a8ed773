"""Scripts and styles go out compressed, once packed a server; everything else as it was."""

from __future__ import annotations

import asyncio
import gzip
from dataclasses import dataclass

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Message

from pages.shared.server.packed import PackedFiles

SCRIPT = "const answer = 42;\n" * 500
SMALL = "let x;"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        is_packed = self.headers.get("content-encoding") == "gzip"
        return (gzip.decompress(self.body) if is_packed else self.body).decode()


class Files:
    """A few files as Streamlit serves its own."""

    def __init__(self) -> None:
        self.read: list[str] = []
        served = [Route("/static/{name:path}", self.one), Route("/media/{name:path}", self.one)]
        self.app = Starlette(routes=served, middleware=[Middleware(PackedFiles)])

    def get(self, path: str, **headers: str) -> Answer:
        """What the application sends for a GET; a visitor takes gzip unless it says otherwise."""
        asked = {"accept_encoding": "gzip, br"} | headers
        sent: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": b""}

        async def send(message: Message) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "method": "GET",
            "path": path,
            "query_string": b"",
            "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in asked.items()],
        }
        asyncio.run(self.app(scope, receive, send))
        start = sent[0]
        told = {name.decode(): value.decode() for name, value in start["headers"]}
        return Answer(start["status"], told, b"".join(message.get("body", b"") for message in sent[1:]))

    def one(self, request: Request) -> Response:
        name = request.path_params["name"]
        self.read.append(name)
        if name == "gone.js":
            return PlainTextResponse("no " * 1000, status_code=404, media_type="text/javascript")
        kind = "text/javascript" if name.endswith(".js") else "font/woff2"
        headers = {"Cache-Control": "public, immutable", "ETag": '"of the plain bytes"'}
        return Response(SMALL if name == "small.js" else SCRIPT, media_type=kind, headers=headers)


@pytest.fixture
def files() -> Files:
    return Files()


def test_a_script_is_packed_once(files: Files) -> None:
    for _ in range(2):
        answer = files.get("/static/js/index.js")
        assert answer.text == SCRIPT
        assert answer.headers["content-encoding"] == "gzip"
        assert int(answer.headers["content-length"]) < len(SCRIPT) / 5
        assert answer.headers["cache-control"] == "public, immutable"
        assert answer.headers["vary"] == "Accept-Encoding" and "etag" not in answer.headers
    assert files.read == ["js/index.js"]


def test_who_takes_no_gzip_gets_it_as_it_lies(files: Files) -> None:
    files.get("/static/js/index.js")
    answer = files.get("/static/js/index.js", accept_encoding="identity")
    assert answer.text == SCRIPT and "content-encoding" not in answer.headers


@pytest.mark.parametrize(
    "path", ["/static/font.woff2", "/static/small.js", "/static/gone.js", "/media/own.js"]
)
def test_everything_else_is_left_alone(files: Files, path: str) -> None:
    for _ in range(2):
        answer = files.get(path)
        assert "content-encoding" not in answer.headers
    assert len(files.read) == 2


def test_a_part_of_a_file_is_a_part_of_the_plain_one(files: Files) -> None:
    answer = files.get("/static/js/index.js", range="bytes=0-9")
    assert "content-encoding" not in answer.headers
