"""Cutting text into records (RFC 4180): where each begins and ends, on which line, and which are spoilt.

The text is bytes in which `"`, the separator and the line feed stand for themselves (UTF-8), with line feeds
as the only line ends. A block whose quotes are all in order is proved so by arithmetic on their positions;
the rest goes line by line, and only lines with odd quotes are walked through byte by byte.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pipeline.contract import MAX_LINE_BYTES

QUOTE, LINE_FEED = 0x22, 0x0A
Positions = NDArray[np.int64]


@dataclass
class Records:
    """Records of a piece of text: `text[starts[i]:ends[i]]`, beginning on `lines[i]` (0 is the first line).

    `consumed` bytes and `lines_consumed` line ends are done with; what follows is an unfinished record.
    `spoilt` gives the reject code of a record that cannot be read, `restored` the plain RFC 4180 form of a
    record that is right but has quotes inside unquoted fields.
    """

    text: bytes
    starts: Positions
    ends: Positions
    lines: Positions
    consumed: int
    lines_consumed: int
    spoilt: dict[int, str] = field(default_factory=dict)
    restored: dict[int, bytes] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.starts)

    def raw(self, index: int) -> bytes:
        """The bytes of a record as read, without its line end."""
        return self.text[self.starts[index] : self.ends[index]]

    def drop_empty(self) -> None:
        """Forget lines with nothing on them: they are no rows."""
        kept = self.ends > self.starts
        if kept.all():
            return
        renumbered = np.cumsum(kept) - 1
        self.spoilt = {int(renumbered[index]): code for index, code in self.spoilt.items()}
        self.restored = {int(renumbered[index]): text for index, text in self.restored.items()}
        self.starts, self.ends, self.lines = self.starts[kept], self.ends[kept], self.lines[kept]


def split_records(text: bytes, separator: bytes, final: bool, longest: int = MAX_LINE_BYTES) -> Records:
    """The complete records of a text that begins with a record; with `final` the last needs no line end."""
    array = np.frombuffer(text, np.uint8)
    line_feeds = np.flatnonzero(array == LINE_FEED)
    quotes = np.flatnonzero(array == QUOTE) if b'"' in text else line_feeds[:0]
    records = _regular(text, array, line_feeds, quotes, separator[0], final)
    if records is None or (len(quotes) and not len(records)) or _too_long(records, len(text), longest):
        records = _Careful(text, array, line_feeds, quotes, separator, final, longest).records()
    records.drop_empty()
    return records


def _too_long(records: Records, length: int, longest: int) -> bool:
    if length <= longest:
        return False
    if length - records.consumed > longest:
        return True
    return bool(len(records) and (records.ends - records.starts).max() > longest)


def _regular(
    text: bytes,
    array: NDArray[np.uint8],
    line_feeds: Positions,
    quotes: Positions,
    separator: int,
    final: bool,
) -> Records | None:
    """The records of a text whose quotes are all in order; None where one is not."""
    breaks = line_feeds
    numbers: Positions | None = None
    if len(quotes):
        outside = (np.searchsorted(quotes, line_feeds) & 1) == 0
        breaks = line_feeds[outside]
        numbers = np.flatnonzero(outside)
    consumed = len(text) if final else int(breaks[-1]) + 1 if len(breaks) else 0
    inside = quotes[: np.searchsorted(quotes, consumed)]
    if len(inside) and not _in_order(array[:consumed], inside, separator):
        return None
    if final and (not len(breaks) or breaks[-1] != len(text) - 1) and len(text):
        breaks = np.append(breaks, len(text))
        if numbers is not None:
            numbers = np.append(numbers, len(line_feeds))
    if numbers is None:
        numbers = np.arange(len(breaks), dtype=np.int64)
    starts = np.empty(len(breaks), np.int64)
    lines = np.empty(len(breaks), np.int64)
    if len(breaks):
        starts[0] = lines[0] = 0
        starts[1:], lines[1:] = breaks[:-1] + 1, numbers[:-1] + 1
    lines_consumed = int(np.searchsorted(line_feeds, consumed))
    return Records(text, starts, breaks, lines, consumed, lines_consumed)


def _in_order(array: NDArray[np.uint8], quotes: Positions, separator: int) -> bool:
    """Whether quotes open and close fields in turn.

    Each opens after a separator, a line feed or right after one that closed (`""`); each closes before a
    separator, a line feed or right before one that opens.
    """
    if len(quotes) % 2:
        return False
    opening, closing = quotes[0::2], quotes[1::2]
    doubled = closing[:-1] + 1 == opening[1:]
    before = array[np.maximum(opening - 1, 0)]
    opens = (before == separator) | (before == LINE_FEED) | (opening == 0)
    opens[1:] |= doubled
    after = array[np.minimum(closing + 1, len(array) - 1)]
    closes = (after == separator) | (after == LINE_FEED) | (closing == len(array) - 1)
    closes[:-1] |= doubled
    return bool(opens.all() and closes.all())


class _Careful:
    """Line by line: a line whose quotes are in order by itself is a record; others are walked through."""

    def __init__(
        self,
        text: bytes,
        array: NDArray[np.uint8],
        line_feeds: Positions,
        quotes: Positions,
        separator: bytes,
        final: bool,
        longest: int,
    ) -> None:
        self.text, self.array, self.quotes = text, array, quotes
        self.separator, self.final, self.longest = separator, final, longest
        self.line_ends = line_feeds
        if final and len(text) and (not len(line_feeds) or line_feeds[-1] != len(text) - 1):
            self.line_ends = np.append(line_feeds, len(text))
        self.line_starts = np.concatenate(([0], self.line_ends[:-1] + 1))[: len(self.line_ends)]

    def records(self) -> Records:
        """The records, with the spoilt ones and those whose quotes had to be restored."""
        count = len(self.line_ends)
        ends = self.line_ends.astype(np.int64)
        kept = np.ones(count, bool)
        spoilt: dict[int, str] = {}
        restored: dict[int, bytes] = {}
        following = 0
        stopped = count
        for line in self._odd_lines().tolist():
            if line < following:
                continue
            code, end, fields = self.walk(int(self.line_starts[line]), int(self.line_ends[line]))
            if code == "unfinished":
                stopped = line
                break
            if code:
                spoilt[line] = code
                following = line + 1
                continue
            following = int(np.searchsorted(self.line_ends, end)) + 1
            kept[line + 1 : following] = False
            ends[line] = end
            restored[line] = self.separator.join(b'"' + value.replace(b'"', b'""') + b'"' for value in fields)
        return self._gather(ends, kept, stopped, spoilt, restored)

    def _gather(
        self,
        ends: Positions,
        kept: NDArray[np.bool_],
        stopped: int,
        spoilt: dict[int, str],
        restored: dict[int, bytes],
    ) -> Records:
        lines = np.flatnonzero(kept[:stopped])
        renumbered = np.cumsum(kept) - 1
        all_done = stopped == len(self.line_ends)
        consumed = len(self.text) if all_done and self.final else 0
        if not consumed and stopped:
            consumed = int(self.line_starts[stopped]) if not all_done else int(self.line_ends[-1]) + 1
        return Records(
            self.text,
            self.line_starts[lines].astype(np.int64),
            ends[lines],
            lines.astype(np.int64),
            consumed,
            stopped,
            {int(renumbered[line]): code for line, code in spoilt.items()},
            {int(renumbered[line]): text for line, text in restored.items()},
        )

    def _odd_lines(self) -> Positions:
        """Lines that are too long, or whose quotes are not in order within the line."""
        odd = (self.line_ends - self.line_starts) > self.longest
        quotes = self.quotes
        line_of = np.searchsorted(self.line_ends, quotes)
        whole = line_of < len(self.line_ends)
        quotes, line_of = quotes[whole], line_of[whole]
        if not len(quotes):
            return np.flatnonzero(odd)
        first = np.searchsorted(line_of, line_of, side="left")
        is_opening = ((np.arange(len(quotes)) - first) & 1) == 0
        start, end = self.line_starts[line_of], self.line_ends[line_of]
        before = self.array[np.maximum(quotes - 1, 0)]
        after = self.array[np.minimum(quotes + 1, len(self.array) - 1)]
        separator = self.separator[0]
        follows = np.zeros(len(quotes), bool)
        follows[1:] = quotes[:-1] + 1 == quotes[1:]
        precedes = np.zeros(len(quotes), bool)
        precedes[:-1] = follows[1:]
        opens = (quotes == start) | (before == separator) | (follows & (quotes > start))
        closes = (quotes + 1 == end) | (after == separator) | (precedes & (quotes + 1 < end))
        odd[line_of[~np.where(is_opening, opens, closes)]] = True
        odd[np.flatnonzero(np.bincount(line_of, minlength=len(odd)) % 2)] = True
        return np.flatnonzero(odd)

    def walk(self, begin: int, line_end: int) -> tuple[str, int, list[bytes]]:
        """One record from the beginning of a line: (reject code or "", where it ends, its fields)."""
        text = self.text
        if line_end - begin > self.longest:
            return "line_too_long", 0, []
        limit = begin + self.longest
        fields: list[bytes] = []
        position = begin
        while True:
            if position > limit:
                return "line_too_long", 0, []
            if text[position : position + 1] == b'"':
                end = self._closing(position + 1, limit)
                if end < 0:
                    whole = self.final or len(text) > limit
                    return ("bad_quoting" if whole else "unfinished"), 0, fields
                fields.append(text[position + 1 : end].replace(b'""', b'"'))
                position = end + 1
            else:
                end = self._field_end(position)
                fields.append(text[position:end])
                position = end
            if position > limit:
                return "line_too_long", 0, []
            if position == len(text):
                return ("", position, fields) if self.final else ("unfinished", 0, [])
            if text[position : position + 1] == b"\n":
                return "", position, fields
            if text[position : position + 1] != self.separator:
                return "bad_quoting", 0, fields
            position += 1

    def _closing(self, position: int, limit: int) -> int:
        """Where the quoted field that begins at `position` closes; -1 where it does not before `limit`."""
        while True:
            position = self.text.find(b'"', position, limit)
            if position < 0:
                return -1
            if self.text[position + 1 : position + 2] != b'"':
                at_end = position + 1 == len(self.text)
                return -1 if at_end and not self.final else position
            position += 2

    def _field_end(self, position: int) -> int:
        line_feed = self.text.find(b"\n", position)
        end = line_feed if line_feed >= 0 else len(self.text)
        found = self.text.find(self.separator, position, end)
        return found if found >= 0 else end


def fields_of(record: bytes, separator: bytes) -> list[bytes]:
    """The fields of one record that `split_records` has found right."""
    array = np.frombuffer(record, np.uint8)
    nothing = np.empty(0, np.int64)
    walker = _Careful(record, array, nothing, nothing, separator, True, len(record))
    return walker.walk(0, 0)[2]
