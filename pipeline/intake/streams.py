"""A file as a stream of blocks: inflated, as UTF-8, with line feeds alone, cut at the end of a record.

Memory holds a few blocks, whatever the size of the file. Bytes that are no text in the encoding of the file
become encoded surrogates, which are not valid UTF-8, so that one later test finds every such line.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
from isal import igzip, isal_zlib

from pipeline.contract import MAX_LINE_BYTES
from pipeline.intake import chinese
from pipeline.intake.records import LINE_FEED, Records, split_records
from pipeline.intake.refusals import FileRefused, unreadable_header

Advance = Callable[[int], None]
CARRIAGE_RETURN = 0x0D


@contextmanager
def opened(path: Path, is_gz: bool) -> Iterator[tuple[BinaryIO, BinaryIO]]:
    """The file as (stream of its text's bytes, the file itself, to tell how far it has been read)."""
    with path.open("rb") as file:
        if is_gz:
            with igzip.GzipFile(fileobj=file, mode="rb") as inflated:
                yield inflated, file  # type: ignore[misc]
        else:
            yield file, file


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Errors of reading name the file, as those of opening do."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            error.filename = str(path)
        raise


def chunks_of(path: Path, size: int, is_gz: bool, advance: Advance | None = None) -> Iterator[bytes]:
    """The bytes of a file, inflated where it is gz, in pieces of about `size`.

    `advance` is told the bytes read of the file as handed in. Raises `FileRefused` for a damaged gz.
    """
    told = 0
    try:
        with naming(path), opened(path, is_gz) as (stream, file):
            while chunk := stream.read(size):
                if advance is not None:
                    here = file.tell()
                    advance(here - told)
                    told = here
                yield chunk
    except EOFError:
        raise FileRefused(
            "the gz file ends early, or other bytes follow its end",
            "Send it again, whole and as it was packed.",
        ) from None
    except (igzip.BadGzipFile, isal_zlib.IsalError) as error:  # type: ignore[misc]
        raise FileRefused(
            f"not a gz file, or a damaged one ({error})", "Pack it again, or hand in the plain .csv."
        ) from None


def to_utf8(chunks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """The same text as UTF-8, without its byte order mark; spoilt bytes become encoded surrogates."""
    texts = chunks if encoding == "utf-8" else _decoded(chunks, encoding)
    begun = False
    held = b""
    for text in texts:
        if not begun:
            held += text
            if len(held) < len(codecs.BOM_UTF8):
                continue
            text, begun = held.removeprefix(codecs.BOM_UTF8), True
        yield text
    if not begun and held:
        yield held


def _decoded(chunks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    if encoding == "gb18030":
        return _gb18030_to_utf8(chunks)
    return _utf16_to_utf8(chunks, encoding)


def _utf16_to_utf8(chunks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    held = b""
    high = b"\xd8\xd9\xda\xdb"
    for chunk in chunks:
        units = held + chunk
        cut = len(units) & ~1
        # A pair of surrogates is not torn apart: its first half waits for the second.
        if cut >= 2 and units[cut - 1 if encoding == "utf-16-le" else cut - 2] in high:
            cut -= 2
        held = units[cut:]
        yield units[:cut].decode(encoding, "surrogatepass").encode("utf-8", "surrogatepass")
    if held:
        whole = held[: len(held) & ~1].decode(encoding, "surrogatepass").encode("utf-8", "surrogatepass")
        yield whole + (b"\xff" if len(held) % 2 else b"")


def _gb18030_to_utf8(chunks: Iterator[bytes]) -> Iterator[bytes]:
    # In GB18030 the bytes of CR and LF are part of no other character: lines can be cut before decoding.
    held = b""
    for chunk in chunks:
        text = held + chunk
        cut = max(text.rfind(b"\n"), text.rfind(b"\r")) + 1
        if not cut and len(text) > 2 * MAX_LINE_BYTES:
            cut = len(text)
        held = text[cut:]
        if cut:
            yield chinese.to_utf8(text[:cut])
    if held:
        yield chinese.to_utf8(held)


def with_line_feeds(texts: Iterator[bytes]) -> Iterator[bytes]:
    """The same text with CRLF and CR as line feeds."""
    held = b""
    for text in texts:
        if held:
            text = held + text
            held = b""
        if b"\r" in text:
            if text.endswith(b"\r"):
                text, held = text[:-1], b"\r"
            text = _without_returns(text)
        yield text
    if held:
        yield b"\n"


def _without_returns(text: bytes) -> bytes:
    """The text with CRLF and CR as line feeds."""
    array = np.frombuffer(text, np.uint8)
    returns = np.flatnonzero(array == CARRIAGE_RETURN)
    if not text.endswith(b"\r") and (array[returns + 1] == LINE_FEED).all():
        # A third of the time of `replace`, and other threads go on meanwhile.
        return array[array != CARRIAGE_RETURN].tobytes()
    return text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


class Cutter:
    """Cuts a stream of UTF-8 text with line feeds into blocks of whole records.

    `line` is the physical line on which the next record begins; `records` counts those given out.
    """

    def __init__(self, texts: Iterator[bytes], line: int = 1, longest: int = MAX_LINE_BYTES) -> None:
        self._texts = texts
        self._held = b""
        self._longest = longest
        self._overlong = b""
        self.line = line

    def first_line(self) -> bytes | None:
        """The first line with something on it, not yet consumed; None where there is none.

        Raises `FileRefused` for one that is too long.
        """
        while True:
            stripped = self._held.lstrip(b"\n")
            self.line += len(self._held) - len(stripped)
            self._held = stripped
            end = stripped.find(b"\n")
            if end >= 0:
                return stripped[:end]
            self._refuse_endless(self._longest)
            text = next(self._texts, None)
            if text is None:
                return stripped or None
            self._held += text

    def take_record(self, separator: bytes) -> Records:
        """Consumes the first record: the header, over several lines where a name has a line break in it."""
        final = False
        while True:
            records = split_records(self._held[: 4 * self._longest], separator, final, self._longest)
            if len(records) or final:
                break
            self._refuse_endless(4 * self._longest)
            text = next(self._texts, None)
            final = text is None
            self._held += text or b""
        if len(records):
            end = int(records.ends[0])
            self.line += self._held.count(b"\n", 0, end + 1)
            self._held = self._held[end + 1 :]
        return records

    def _refuse_endless(self, most: int) -> None:
        """The header is held in memory until its end is there."""
        if len(self._held) > most:
            raise unreadable_header()

    def blocks(self, separator: bytes) -> Iterator[Records]:
        """The records block by block; their `lines` are physical line numbers of the file."""
        if self._held:
            yield from self._cut(b"", separator, final=False)
        for text in self._texts:
            yield from self._cut(text, separator, final=False)
        yield from self._cut(b"", separator, final=True)

    def _cut(self, text: bytes, separator: bytes, final: bool) -> Iterator[Records]:
        if self._overlong:
            end = text.find(b"\n")
            if end < 0 and not final:
                return
            yield self._end_overlong()
            text = text[end + 1 :] if end >= 0 else b""
        held = self._held + text if self._held else text
        records = split_records(held, separator, final, self._longest)
        records.lines += self.line
        self.line += records.lines_consumed
        self._held = held[records.consumed :]
        if len(self._held) > self._longest and b"\n" not in self._held:
            # The rest of the line is let go as it comes, so that it never has to fit into memory.
            self._overlong, self._held = self._held[: self._longest], b""
        if len(records):
            yield records

    def _end_overlong(self) -> Records:
        text, self._overlong = self._overlong, b""
        line, self.line = self.line, self.line + 1
        starts, ends, lines = (np.array([number], np.int64) for number in (0, len(text), line))
        return Records(text, starts, ends, lines, len(text), 1, {0: "line_too_long"})
