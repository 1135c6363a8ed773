"""What a sample world is asked for, and what it says about itself when it is made."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from pipeline.errors import UserMistake

DEFAULT_BATCHES = 54_000
DEFAULT_DAYS = 671
DEFAULT_START = date(2022, 3, 1)
MAX_BATCHES = 7_000_000
"""More would need container numbers that are not there."""

PILOT_EFFECT = 0.75
"""At the pilot ports clearance hours of batches that arrive from the pilot's start on are multiplied by
this.
"""


@dataclass(frozen=True)
class SampleSettings:
    """Settings of a sample world: how much, where, from when, how dirty. `dirty_pct` is in percent of
    rows.
    """

    batches: int = DEFAULT_BATCHES
    ports: int = 20
    seed: int = 2022
    start: date = DEFAULT_START
    days: int = DEFAULT_DAYS
    dirty_pct: float = 0.5
    pilot_effect: float = PILOT_EFFECT

    def __post_init__(self) -> None:
        if not 1 <= self.batches <= MAX_BATCHES:
            raise UserMistake(f"--batches {self.batches}: not between 1 and {MAX_BATCHES:,}")
        if not 0 <= self.dirty_pct <= 20:
            raise UserMistake(f"--dirty {self.dirty_pct}: not between 0 and 20 percent")
        if not 1 <= self.days <= 3660:
            raise UserMistake(f"--days {self.days}: not between 1 and 3,660")
        if self.seed < 0:
            raise UserMistake(f"--seed {self.seed}: not a whole number from 0 up")
        if not 1990 < self.start.year < 2100:
            raise UserMistake(f"--from {self.start}: not between 1991 and 2099")

    def as_json(self) -> dict[str, Any]:
        """The settings as plain values."""
        return {**asdict(self), "start": self.start.isoformat()}


@dataclass(frozen=True)
class SampleSummary:
    """What was written. `truth` is computed from the world itself, before any fault was put into the
    files.
    """

    files: int
    rows: int
    dirty_rows: int
    rows_by_source: dict[str, int]
    faults: dict[str, int]
    truth: dict[str, Any] = field(default_factory=dict)
