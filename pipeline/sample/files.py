"""Puts the lines of a feed into files by month, quarter or year, with their faults, in the port's style."""

from __future__ import annotations

import gzip
import io
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa

from pipeline.sample.facts import LOCAL_OFFSET_SECONDS
from pipeline.sample.faults import UNDECODABLE, Patch, Row, faults_of, too_long
from pipeline.sample.feeds import Feed
from pipeline.sample.settings import SampleSettings
from pipeline.sample.streams import Floats, Ints, choose, stream
from pipeline.sample.text import Style, header

MONTHLY_ROWS, QUARTERLY_ROWS = 1_000, 300
"""Rows a month from which a feed gets a file a month, or a quarter; below, one a year."""

TRIES = 6
MIN_BATCHES_FOR_LONG_LINE = 20_000


@dataclass
class Written:
    """What has been written so far. `dirty_rows` counts the clean rows that a fault was put on."""

    files: int = 0
    rows: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)

    @property
    def dirty_rows(self) -> int:
        """Rows with a fault."""
        return sum(count for name, count in self.faults.items() if name != "file_sent_twice")


def _months(at: Ints) -> Ints:
    local = (at + LOCAL_OFFSET_SECONDS).astype("datetime64[s]")
    return local.astype("datetime64[M]").astype(np.int64)


def _label(month: int, size: int) -> str:
    year, of_year = 1970 + month // 12, month % 12
    if size == 1:
        return f"{year}-{of_year + 1:02d}"
    return f"{year}-Q{of_year // 3 + 1}" if size == 3 else str(year)


def _pieces(feed: Feed) -> list[tuple[str, int, int]]:
    """(label, first row, row after the last) of each file of a feed."""
    months = _months(feed.at)
    if not len(months):
        return []
    span = int(months[-1] - months[0]) + 1
    rows = len(months) / span
    size = 1 if rows >= MONTHLY_ROWS else 3 if rows >= QUARTERLY_ROWS else 12
    period = months // size
    starts = np.flatnonzero(np.concatenate(([True], period[1:] != period[:-1])))
    ends = np.concatenate((starts[1:], [len(months)]))
    return [(_label(int(months[a]), size), int(a), int(b)) for a, b in zip(starts, ends, strict=True)]


def _bytes(text: pa.Array, first: int, after: int) -> tuple[bytes, Ints]:
    """The lines of a slice as UTF-8, and where each begins in it (one more at the end)."""
    offsets = np.frombuffer(text.buffers()[1], dtype=np.int32)[text.offset : text.offset + len(text) + 1]
    data = memoryview(text.buffers()[2])
    begin = offsets[first : after + 1].astype(np.int64)
    return bytes(data[begin[0] : begin[-1]]), begin - begin[0]


def _patched(block: bytes, begin: Ints, patches: Mapping[int, Patch], newline: str) -> bytes:
    pieces: list[bytes] = []
    done = 0
    for row in sorted(patches):
        pieces.append(block[done : begin[row]])
        pieces.extend((line + newline).encode() for line in patches[row].here)
        done = int(begin[row + 1])
    pieces.append(block[done:])
    return b"".join(pieces)


def encoded(text: bytes, style: Style) -> bytes:
    """UTF-8 text in the style's encoding, with its byte order mark and its undecodable bytes."""
    if style.encoding != "utf-8":
        text = text.decode().encode(style.encoding)
    text = text.replace(UNDECODABLE.encode(), b"\xff")
    return b"\xef\xbb\xbf" + text if style.bom else text


def _store(path: Path, content: bytes) -> None:
    if path.suffix != ".gz":
        path.write_bytes(content)
        return
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=buffer, mtime=0) as packed:
        packed.write(content)
    path.write_bytes(buffer.getvalue())


class Writer:
    """Writes feeds into a folder and counts what it wrote."""

    def __init__(
        self, out: Path, settings: SampleSettings, chinese_headers: Mapping[tuple[str, str], str],
        aliases: Mapping[str, tuple[str, ...]],
    ) -> None:  # fmt: skip
        self.out, self.settings, self.chinese_headers, self.aliases = out, settings, chinese_headers, aliases
        self.written = Written()

    def write(self, feed: Feed) -> None:
        """Write all files of a feed; rows that come late go to a file of their own, named after the last
        one.
        """
        rng = stream(self.settings.seed, f"faults of {feed.source}", feed.port)
        dirty = np.flatnonzero(rng.random(len(feed.at)) < self.settings.dirty_pct / 100)
        late: list[str] = []
        label = ""
        for label, first, after in _pieces(feed):
            block, begin = _bytes(feed.text, first, after)
            rows = dirty[(dirty >= first) & (dirty < after)] - first
            patches = self._faults(feed, block, begin, rows, rng)
            late += [line for patch in patches.values() for line in patch.later]
            changed = sum(len(patch.here) - 1 for patch in patches.values())
            content = _patched(block, begin, patches, feed.style.newline) if patches else block
            self._put(feed, label, content, after - first + changed)
        if len(dirty) and feed.source == "yard_moves" and not self.written.faults["file_sent_twice"]:
            self._send_again(feed, label)
        if late:
            body = "".join(line + feed.style.newline for line in late).encode()
            self._put(feed, f"{label}_late", body, len(late))

    def _path(self, feed: Feed, label: str) -> Path:
        end = ".csv.gz" if feed.source in feed.style.zipped else ".csv"
        return self.out / f"{feed.source}_{feed.port}_{label}{end}"

    def _send_again(self, feed: Feed, label: str) -> None:
        """The same bytes under a second name: a load that knows them changes nothing and counts no row."""
        self._path(feed, f"{label}_again").write_bytes(self._path(feed, label).read_bytes())
        self.written.files += 1
        self.written.faults["file_sent_twice"] += 1

    def _put(self, feed: Feed, label: str, content: bytes, rows: int) -> None:
        top = header(feed.source, feed.style, self.chinese_headers) + feed.style.newline
        _store(self._path(feed, label), encoded(top.encode() + content, feed.style))
        self.written.files += 1
        self.written.rows[feed.source] += rows

    def _faults(
        self, feed: Feed, block: bytes, begin: Ints, rows: Ints, rng: np.random.Generator
    ) -> dict[int, Patch]:
        known = faults_of(feed.source)
        names = list(known)
        weights: Floats = np.array([known[name][0] for name in names])
        order = choose(rng, weights, len(rows) * TRIES).reshape(len(rows), TRIES)
        patches: dict[int, Patch] = {}
        for row, tries in zip(rows.tolist(), order.tolist(), strict=True):
            line = block[begin[row] : begin[row + 1]].decode().rstrip("\r\n")
            clean = Row(feed.source, line, feed.style, self.aliases.get(feed.port, ()), rng)
            for attempt in tries:
                patch = known[names[attempt]][1](clean)
                if patch is not None:
                    patches[row] = patch
                    self.written.faults[names[attempt]] += 1
                    break
        if self._wants_long_line(feed) and len(rows):
            row = int(rows[0])
            line = block[begin[row] : begin[row + 1]].decode().rstrip("\r\n")
            clean = Row(feed.source, line, feed.style, (), rng)
            patches[row] = too_long()(clean) or patches[row]
            self.written.faults["line_too_long"] += 1
        return patches

    def _wants_long_line(self, feed: Feed) -> bool:
        return (
            feed.source == "dg_items"
            and feed.source in feed.style.zipped
            and self.settings.batches >= MIN_BATCHES_FOR_LONG_LINE
            and not self.written.faults["line_too_long"]
        )
