"""Where a lake is: a folder of this machine, or an address in an object store that speaks the S3 protocol."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import UserMistake

SCHEME = "s3://"
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]+")
_SEGMENT = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._=+@~-]+")


@dataclass(frozen=True)
class Address:
    """A place in a bucket; `key` is empty for the bucket itself, and never begins or ends with a slash."""

    bucket: str
    key: str = ""

    def __str__(self) -> str:
        return f"{SCHEME}{self.bucket}/{self.key}".rstrip("/")

    def __truediv__(self, name: str) -> Address:
        return Address(self.bucket, f"{self.key}/{name}".lstrip("/"))


Root = Path | Address
"""Where a lake is. Both kinds take `/ name`, and as text are what is shown to people and opened by others."""


def is_remote(text: str) -> bool:
    """Whether a path or address is one of an object store."""
    return text.startswith(SCHEME)


def address_of(text: str) -> Address:
    """The address that somebody gave. Raises `UserMistake` for one that no lake can be at."""
    bucket, _, key = text.removeprefix(SCHEME).partition("/")
    segments = key.rstrip("/").split("/") if key.rstrip("/") else []
    if not _BUCKET.fullmatch(bucket) or not all(map(_SEGMENT.fullmatch, segments)):
        raise UserMistake(
            f"{text}: no address of a lake",
            "Give s3://BUCKET/FOLDER; letters, digits and any of . _ - = + @ ~ make a name.",
        )
    return Address(bucket, "/".join(segments))
