"""Texts of dates and instants, and local time as UTC.

Accepted (ISO 8601-1:2019 extended format, and the form that spreadsheets in China write):
`2022-06-01T08:05`, `2022-06-01 08:05:00.25`, `2022/6/1 8:05`, each with or without `Z`, `+08:00` or `+0800`.
Date alone, `24:00`, second 60, the basic format and hour-only offsets are not accepted (ruling 7), nor are
lower-case `t` and `z`. Instants are microseconds from 1970-01-01T00:00:00, without leap seconds.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping
from datetime import date

import numpy as np
from numpy.typing import NDArray

from pipeline.arrow_tables import values_of
from pipeline.reference.time_zones import zone_offsets

MICROSECONDS = 1_000_000
DAY = 86_400 * MICROSECONDS
_EPOCH = date(1970, 1, 1).toordinal()

_TIME = r":(\d\d)(?::(\d\d)(?:\.(\d+))?)?(Z|[+-]\d\d:?\d\d)?"
INSTANT = re.compile(
    rf"(?:(\d{{4}})-(\d\d)-(\d\d)[T ](\d\d)|(\d{{4}})/(\d\d?)/(\d\d?)[T ](\d\d?)){_TIME}", re.ASCII
)
DATE = re.compile(r"(?:(\d{4})-(\d\d)-(\d\d)|(\d{4})/(\d\d?)/(\d\d?))", re.ASCII)


def instant_of(text: str) -> tuple[int, bool] | None:
    """The instant of a text as (microseconds, is_local); None where it is none.

    With an offset the microseconds are UTC; without one they are the local wall clock, and is_local is true.
    """
    found = INSTANT.fullmatch(text)
    if not found:
        return None
    year, month, day, hour = (found[n] or found[n + 4] for n in (1, 2, 3, 4))
    midnight = _day_of(year, month, day)
    seconds = _seconds_of(int(hour), int(found[9]), int(found[10] or 0))
    offset = _offset_of(found[12])
    if midnight is None or seconds is None or offset is None:
        return None
    fraction = int((found[11] or "")[:6].ljust(6, "0"))
    microseconds = midnight * DAY + (seconds - offset) * MICROSECONDS + fraction
    return microseconds, found[12] is None


def date_of(text: str) -> date | None:
    """The date of a text such as `2022-06-01` or `2022/6/1`; None where it is none."""
    found = DATE.fullmatch(text)
    if not found:
        return None
    day = _day_of(*(found[n] or found[n + 3] for n in (1, 2, 3)))
    return None if day is None else date.fromordinal(day + _EPOCH)


def _day_of(year: str, month: str, day: str) -> int | None:
    try:
        return date(int(year), int(month), int(day)).toordinal() - _EPOCH
    except ValueError:
        return None


def _seconds_of(hour: int, minute: int, second: int) -> int | None:
    if hour > 23 or minute > 59 or second > 59:
        return None
    return hour * 3600 + minute * 60 + second


def _offset_of(text: str | None) -> int | None:
    """The seconds of an offset, 0 where there is none; None where the offset cannot be."""
    if text is None or text == "Z":
        return 0
    hours, minutes = int(text[1:3]), int(text[-2:])
    if hours > 23 or minutes > 59:
        return None
    seconds = hours * 3600 + minutes * 60
    return -seconds if text[0] == "-" else seconds


class LocalClock:
    """Local wall clocks of the reference zones as UTC (ruling 6).

    Built on the periods of `time_zones.zone_offsets`, found for a zone when it is first met: a local time that the
    clock skips moves forward, one that it shows twice is the first of the two. Times outside all periods take the
    nearest.
    """

    def __init__(self) -> None:
        self._known: dict[str, tuple[NDArray[np.int64], NDArray[np.int64]]] = {}

    def to_utc(self, local: NDArray[np.int64], zone: str) -> NDArray[np.int64]:
        """The instants of local wall clocks in microseconds, of one zone."""
        starts, offsets = self._periods(zone)
        if not len(local):
            return local
        first, last = (self._period(int(edge), zone) for edge in (local.min(), local.max()))
        if first == last:
            return local - offsets[first]
        periods = np.searchsorted(starts, local, side="right") - 1
        return local - offsets[np.maximum(periods, 0)]

    def instant(self, local: int, zone: str) -> int:
        """The instant of one local wall clock, in microseconds."""
        return local - int(self._periods(zone)[1][self._period(local, zone)])

    def _period(self, local: int, zone: str) -> int:
        return max(bisect_right(self._periods(zone)[0], local) - 1, 0)

    def _periods(self, zone: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """From which local time on which offset holds, both in microseconds, in order."""
        if zone not in self._known:
            periods = zone_offsets(frozenset({zone}))
            starts = values_of(periods["local_from"].combine_chunks())
            offsets = values_of(periods["offset_seconds"].combine_chunks()) * MICROSECONDS
            self._known[zone] = starts, offsets
        return self._known[zone]


def zones_in(zone_of: Mapping[str, str], default_zone: str) -> tuple[str, ...]:
    """Every zone that a row may be in, the default first."""
    return tuple(dict.fromkeys((default_zone, *zone_of.values())))
