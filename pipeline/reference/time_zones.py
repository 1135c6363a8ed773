"""Offsets of time zones as a table, so that SQL turns local times into instants by a join.

Source of the offsets: the IANA time zone database, through `zoneinfo`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import repeat
from zoneinfo import ZoneInfo

import pyarrow as pa

from pipeline.arrow_tables import arrow_table

FIRST = datetime(1900, 1, 1)
LAST = datetime(2200, 1, 1)
_SEARCH_FROM = 0
_SEARCH_TO = int(datetime(2101, 1, 1, tzinfo=UTC).timestamp())
_STEP = 6 * 86_400
"""Seconds; less than the shortest time that an offset has lasted since 1970 (Recife in 2000: a week)."""

SCHEMA = pa.schema(
    [
        ("time_zone", pa.string()),
        ("utc_from", pa.timestamp("us")),
        ("utc_until", pa.timestamp("us")),
        ("local_from", pa.timestamp("us")),
        ("local_until", pa.timestamp("us")),
        ("offset_seconds", pa.int64()),
    ]
)


def _offset(zone: ZoneInfo, second: int) -> timedelta:
    """The zone's offset at a second since 1970 (UTC)."""
    offset = datetime.fromtimestamp(second, zone).utcoffset()
    assert offset is not None
    return offset


def _transition(zone: ZoneInfo, low: int, high: int) -> int:
    """The first second in (low, high] at which the offset is no longer that of `low`."""
    before = _offset(zone, low)
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(zone, middle) == before:
            low = middle
        else:
            high = middle
    return high


def _transitions(zone: ZoneInfo) -> Iterator[tuple[datetime, timedelta, timedelta]]:
    """Every change of offset: the instant (naive UTC), the offset before and the offset after."""
    seconds = range(_SEARCH_FROM, _SEARCH_TO, _STEP)
    offsets = list(map(datetime.utcoffset, map(datetime.fromtimestamp, seconds, repeat(zone))))
    for low, before, after in zip(seconds, offsets, offsets[1:], strict=False):
        if before != after:
            assert before is not None and after is not None
            found = _transition(zone, low, low + _STEP)
            yield datetime(1970, 1, 1) + timedelta(seconds=found), before, after


@lru_cache(maxsize=256)
def _periods(name: str) -> tuple[tuple[str, datetime, datetime, datetime, datetime, int], ...]:
    """The zone's periods of one offset each, without gaps from `FIRST` to `LAST`; see `SCHEMA`."""
    zone = ZoneInfo(name)
    rows = []
    utc_from = local_from = FIRST
    offset = _offset(zone, _SEARCH_FROM)
    for instant, before, after in _transitions(zone):
        # The offset before holds up to here in local time: a skipped time then moves on by the gap,
        # and of a time shown twice the first is meant.
        local_until = instant + max(before, after)
        rows.append((name, utc_from, instant, local_from, local_until, int(before.total_seconds())))
        utc_from, local_from, offset = instant, local_until, after
    rows.append((name, utc_from, LAST, local_from, LAST, int(offset.total_seconds())))
    return tuple(rows)


@lru_cache(maxsize=16)
def zone_offsets(names: frozenset[str]) -> pa.Table:
    """The offsets of the zones named: one row a zone and period of equal offset, sorted by zone and time.

    Columns as in `SCHEMA`: half-open intervals in naive UTC and in naive local time, and the seconds to add
    to UTC. Offsets are exact from 1970 to 2100; before and after, those of the nearest period stand.
    A local time L is the instant L - offset_seconds of the row with local_from <= L < local_until.
    """
    rows = [row for name in sorted(names) for row in _periods(name)]
    columns = zip(*rows, strict=True)
    return arrow_table(dict(zip(SCHEMA.names, columns, strict=True)), SCHEMA)
