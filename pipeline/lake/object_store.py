"""The one place that knows a client of object stores: small files by condition, large ones in pieces.

Endpoint, region and keys come from the usual variables of the environment (`AWS_ENDPOINT_URL`, `AWS_REGION`,
`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, ...), and are kept nowhere.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from pipeline.address import Address
from pipeline.errors import UserMistake

try:
    import obstore
    from obstore.exceptions import (
        AlreadyExistsError,
        BaseError,
        PermissionDeniedError,
        PreconditionError,
        UnauthenticatedError,
    )
    from obstore.store import S3Store
except ImportError as error:
    raise UserMistake(
        "a lake at s3://: the client of object stores is not installed",
        "Install it: pip install 'dgwatch[s3]'",
    ) from error

THREADS = 4
PIECE_BYTES = 8 * 1024**2
PIECES_AT_ONCE = 4
"""Of one file; with `THREADS` files at once it bounds the memory: 128 MiB."""

ANSWERS_WITHIN = timedelta(seconds=30)
TRIES = 5
_ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")


class Objects:
    """The objects below an address. Threads may share it.

    Names are relative to the address. Every call raises `UserMistake` where the store does not answer, or refuses.
    """

    def __init__(self, address: Address) -> None:
        self.address = address
        self._store = _opened(address, _surroundings())

    def read(self, name: str) -> tuple[str, str] | None:
        """The text of a small object and its tag, which changes with it; None where there is none."""
        with _told(self.address):
            try:
                found = obstore.get(self._store, name)
            except FileNotFoundError:
                return None
            return bytes(found.bytes()).decode("utf-8", "replace"), _tag(found.meta)

    def create(self, name: str, text: str) -> str | None:
        """Writes an object where there is none. Returns its tag; None where there is one already."""
        with _told(self.address):
            try:
                return _tag(obstore.put(self._store, name, text.encode(), mode="create"))
            except AlreadyExistsError:
                return None

    def replace(self, name: str, text: str, tag: str) -> str | None:
        """Writes an object in the place of the one with that tag. Returns the new tag; None where it changed."""
        with _told(self.address):
            try:
                return _tag(obstore.put(self._store, name, text.encode(), mode={"e_tag": tag}))
            except (PreconditionError, FileNotFoundError):
                return None

    def write(self, name: str, text: str) -> None:
        """Writes an object, whatever is there."""
        with _told(self.address):
            obstore.put(self._store, name, text.encode())

    def names(self, prefix: str) -> Iterator[str]:
        """The names of all objects below a prefix."""
        with _told(self.address):
            for some in obstore.list(self._store, prefix):
                yield from (one["path"] for one in some)

    def any(self, prefix: str) -> bool:
        """Whether there is an object below a prefix. Raises `UserMistake` where there is no such bucket."""
        return next(self.names(prefix), None) is not None

    def delete(self, names: Iterable[str]) -> None:
        """Deletes objects; those that are not there are no error."""
        gone = list(names)
        if gone:
            with _told(self.address):
                obstore.delete(self._store, gone)

    def send(self, files: Iterable[tuple[Path, str]]) -> None:
        """Writes local files to objects, some at once."""
        _at_once(self._send, files)

    def fetch(self, wanted: Iterable[tuple[str, Path]]) -> None:
        """Writes objects to local files, some at once. Raises `FileNotFoundError` for an object that is gone."""
        _at_once(self._fetch, wanted)

    def _send(self, path: Path, name: str) -> None:
        with _told(self.address):
            obstore.put(self._store, name, path, chunk_size=PIECE_BYTES, max_concurrency=PIECES_AT_ONCE)

    def _fetch(self, name: str, path: Path) -> None:
        with _told(self.address), path.open("wb") as handle:
            found = obstore.get(self._store, name)
            for piece in found.stream(min_chunk_size=PIECE_BYTES):
                handle.write(piece)
            if handle.tell() != found.meta["size"]:
                raise UserMistake(f"{self.address}/{name}: came in part", "Try again.")


def delta_options() -> dict[str, str]:
    """What the Delta client is told beyond the environment that it reads itself."""
    endpoint = _endpoint()
    return {"allow_http": str(_is_plain(endpoint)).lower()} | ({"endpoint": endpoint} if endpoint else {})


def _at_once(act: Any, arguments: Iterable[tuple[Any, Any]]) -> None:
    with ThreadPoolExecutor(THREADS) as pool:
        running = [pool.submit(act, *given) for given in arguments]
        try:
            for one in running:
                one.result()
        finally:
            for one in running:
                one.cancel()


@lru_cache(maxsize=16)
def _opened(address: Address, surroundings: tuple[tuple[str, str], ...]) -> S3Store:
    """A client; another one where the environment names another store."""
    endpoint = _endpoint()
    config: Any = {"endpoint": endpoint} if endpoint else {}
    with _told(address):
        return S3Store(
            address.bucket,
            prefix=address.key or None,
            config=config,
            client_options={"allow_http": _is_plain(endpoint), "timeout": timedelta(minutes=10)},
            retry_config={"max_retries": TRIES, "retry_timeout": ANSWERS_WITHIN},
        )


def _surroundings() -> tuple[tuple[str, str], ...]:
    return tuple(sorted((name, value) for name, value in os.environ.items() if name.startswith("AWS_")))


def _endpoint() -> str | None:
    return next((os.environ[name] for name in _ENDPOINTS if os.environ.get(name)), None)


def _is_plain(endpoint: str | None) -> bool:
    """Whether whoever named the endpoint asked for no encryption on the way."""
    return (endpoint or "").startswith("http://")


def _tag(told: Any) -> str:
    tag: str | None = told["e_tag"]
    if tag is None:
        raise UserMistake("the object store gives no ETag", "dgwatch needs one that writes by condition.")
    return tag


@contextmanager
def _told(address: Address) -> Iterator[None]:
    """Says what a user can mend about the store."""
    try:
        yield
    except (PermissionDeniedError, UnauthenticatedError) as error:
        raise UserMistake(
            f"{address}: the object store refuses ({first_line(error)})",
            "Check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION and the rights of that key.",
        ) from error
    except (BaseError, FileNotFoundError) as error:
        if "NoSuchBucket" in str(error):
            raise UserMistake(
                f"{address}: there is no bucket {address.bucket}", "Make it, or name another with --lake."
            ) from error
        if isinstance(error, FileNotFoundError):
            raise
        raise UserMistake(
            f"{address}: the object store does not do as asked ({first_line(error)})",
            "Check AWS_ENDPOINT_URL, AWS_REGION and the network, and give the same command again.",
        ) from error


def first_line(error: Exception) -> str:
    """The first line of what a client says; the rest is for whoever mends the client."""
    lines = str(error).strip().splitlines()
    return lines[0][:300] if lines else type(error).__name__
