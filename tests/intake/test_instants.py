"""Local wall clocks as UTC, held against `zoneinfo`, and texts of instants against `datetime`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.intake.instants import LocalClock, instant_of
from pipeline.intake.standards import microseconds_of

ZONES = ("Asia/Shanghai", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Africa/Casablanca")
CLOCK = LocalClock()


def by_zoneinfo(local: datetime, zone: str) -> datetime:
    """The first of two; a skipped time with the offset before the gap, which moves it on by the gap."""
    return local.replace(tzinfo=ZoneInfo(zone), fold=0).astimezone(UTC).replace(tzinfo=None)


@settings(deadline=None)
@given(
    st.sampled_from(ZONES),
    st.lists(st.datetimes(datetime(1990, 1, 1), datetime(2037, 12, 31)), min_size=1, max_size=20),
)
def test_local_times_are_those_of_zoneinfo(zone: str, locals_: list[datetime]) -> None:
    given_ = np.array([microseconds_of(local) for local in locals_])
    expected = [microseconds_of(by_zoneinfo(local, zone)) for local in locals_]
    assert CLOCK.to_utc(given_, zone).tolist() == expected
    assert [CLOCK.instant(int(local), zone) for local in given_] == expected


def test_skipped_and_doubled_hours() -> None:
    skipped = microseconds_of(datetime(2022, 3, 27, 2, 30))
    doubled = microseconds_of(datetime(2022, 10, 30, 2, 30))
    # 02:30 becomes 03:30 summer time; 02:30 shown twice is the first, in summer time still.
    assert CLOCK.instant(skipped, "Europe/Berlin") == microseconds_of(datetime(2022, 3, 27, 1, 30))
    assert CLOCK.instant(doubled, "Europe/Berlin") == microseconds_of(datetime(2022, 10, 30, 0, 30))


@settings(deadline=None)
@given(st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)), st.integers(-1439, 1439), st.booleans())
def test_texts_of_instants_are_those_of_datetime(instant: datetime, minutes: int, colon: bool) -> None:
    offset = timedelta(minutes=minutes)
    aware = instant.replace(tzinfo=timezone(offset))
    text = aware.isoformat() if colon else aware.strftime("%Y-%m-%dT%H:%M:%S.%f%z").zfill(31)
    assert instant_of(text) == (microseconds_of(instant) - minutes * 60_000_000, False)
    assert instant_of(instant.isoformat(" ")) == (microseconds_of(instant), True)
