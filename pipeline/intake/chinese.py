"""GB18030 (so GBK and GB2312) as UTF-8.

Bytes that are no character become encoded surrogates, which are not valid UTF-8: one later test finds every
such line, whatever the encoding was.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np
from numpy.typing import NDArray

SHORT = 4_096
"""Bytes; a text that is not longer goes line by line."""

PAIRED = 65_536
"""Bytes of the pieces in which pairs are tried again, so that one odd character holds up its piece alone."""


def to_utf8(text: bytes) -> bytes:
    """The same text as UTF-8. The text must not end within a character."""
    return b"".join(_pieces(text))


def _pieces(text: bytes) -> Iterator[bytes]:
    """The text as UTF-8, in pieces cut at line ends, each by the fastest way that fits it."""
    fast = _by_pairs(text)
    if fast is not None:
        yield fast
        return
    begin = 0
    while begin < len(text):
        end = text.find(b"\n", begin + PAIRED) + 1 or len(text)
        piece = text[begin:end]
        fast = _by_pairs(piece)
        if fast is not None:
            yield fast
        else:
            yield from _by_codec(piece)
        begin = end


def _by_pairs(text: bytes) -> bytes | None:
    return text if text.isascii() else _pairs_to_utf8(np.frombuffer(text, np.uint8))


def _by_codec(text: bytes) -> Iterator[bytes]:
    """The text as UTF-8, halved at line ends until a spoilt character holds up its own line alone."""
    try:
        yield text.decode("gb18030").encode("utf-8")
        return
    except UnicodeDecodeError:
        pass  # A spoilt character must not swallow the end of its line.
    cut = max(text.rfind(b"\n", 0, len(text) // 2), text.rfind(b"\r", 0, len(text) // 2)) + 1
    if cut and len(text) > SHORT:
        yield from _by_codec(text[:cut])
        yield from _by_codec(text[cut:])
    else:
        yield from map(_line_to_utf8, text.splitlines(keepends=True))


def _line_to_utf8(line: bytes) -> bytes:
    try:
        return line.decode("gb18030").encode("utf-8")
    except UnicodeDecodeError:
        return line.decode("gb18030", "surrogateescape").encode("utf-8", "surrogatepass")


def _pairs_to_utf8(array: NDArray[np.uint8]) -> bytes | None:
    """The text where all its characters past ASCII are two high bytes in GB18030 and three in UTF-8.

    Chinese characters and punctuation are; None where some may not be. Several times faster than the codec.
    """
    high = np.flatnonzero(array > 0x7F)
    first, second = high[0::2], high[1::2]
    if len(high) % 2 or (first + 1 != second).any():
        return None
    known, triples = _characters()
    codes = array[first].astype(np.int32) << 8 | array[second]
    if not known[codes].all():
        return None
    encoded = triples[codes]
    # Every character grows by one byte: those before a place move it on by their number.
    wider = np.insert(array, second + 1, encoded[:, 2])
    moved = first + np.arange(len(first))
    wider[moved], wider[moved + 1] = encoded[:, 0], encoded[:, 1]
    return wider.tobytes()


@cache
def _characters() -> tuple[NDArray[np.bool_], NDArray[np.uint8]]:
    """By two-byte code: whether it is a character of three bytes in UTF-8, and these bytes."""
    known = np.zeros(1 << 16, bool)
    triples = np.zeros((1 << 16, 3), np.uint8)
    for code in range(0x8180, 0xFF00):
        if code & 0xFF < 0x80:
            continue
        character = code.to_bytes(2, "big").decode("gb18030", "ignore").encode("utf-8")
        if len(character) == 3:
            known[code], triples[code] = True, list(character)
    return known, triples
