"""What the contract, the reference tables and the standards ask of a row, ready for checking.

Sources: ISO 6346:2022 (check digit of container numbers), the contract's bounds of plausible instants, the
reference tables `un_numbers` and `plausible_ranges`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pipeline.contract import (
    EARLIEST_PLAUSIBLE,
    LATEST_PLAUSIBLE_HOURS_AFTER_LOAD,
    WARNING_SENTENCES,
    Source,
    Type,
)
from pipeline.intake.instants import MICROSECONDS, LocalClock

CONTAINER_NUMBER = re.compile(r"[A-Z]{4}\d{7}", re.ASCII)


def _letter_values() -> dict[str, int]:
    """ISO 6346: letters count 10, 12, 13 and on, leaving out the multiples of 11."""
    numbers = [number for number in range(10, 39) if number % 11]
    return dict(zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", numbers, strict=True))


CHARACTER_VALUES = {**{str(digit): digit for digit in range(10)}, **_letter_values()}


def check_digit_is_wrong(unit: str) -> bool:
    """Whether a unit is shaped like a container number and its check digit is not that of ISO 6346."""
    if not CONTAINER_NUMBER.fullmatch(unit):
        return False
    total = sum(CHARACTER_VALUES[character] << place for place, character in enumerate(unit[:10]))
    return total % 11 % 10 != int(unit[10])


def microseconds_of(instant: datetime) -> int:
    """Microseconds from 1970-01-01 of a naive UTC instant."""
    exact = instant.replace(tzinfo=UTC)
    return int(exact.replace(microsecond=0).timestamp()) * MICROSECONDS + exact.microsecond


EARLIEST = microseconds_of(datetime.fromisoformat(EARLIEST_PLAUSIBLE))


@dataclass(frozen=True)
class PlausibleRange:
    """A warning where `column` (divided by `divisor`, where named) lies outside [minimum, maximum]."""

    warning: str
    column: str
    divisor: str | None
    minimum: float
    maximum: float


@dataclass
class ContractRules:
    """A source with what checking its rows needs. `loaded_at` is a naive UTC instant."""

    source: Source
    reference: Any
    loaded_at: datetime
    default_zone: str
    clock: LocalClock
    loaded: int = field(init=False)
    latest: int = field(init=False)
    port_column: str | None = field(init=False)
    ranges: tuple[PlausibleRange, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.loaded = microseconds_of(self.loaded_at)
        self.latest = self.loaded + LATEST_PLAUSIBLE_HOURS_AFTER_LOAD * 3600 * MICROSECONDS
        ports = [column.name for column in self.source.columns if column.type is Type.PORT]
        self.port_column = ports[0] if ports else None
        self.ranges = tuple(_ranges(self.reference, self.source.name))

    def zone_of_port(self, port: str | None) -> str:
        """The zone of a port, the default zone where there is none."""
        return self.default_zone if port is None else self.reference.zone_of[port]

    def is_plausible(self, instant: int, open_ended: bool) -> bool:
        """Whether an instant lies between 1990 and 48 hours after the load (or later, where open-ended)."""
        return instant >= EARLIEST and (open_ended or instant <= self.latest)

    def is_odd_class(self, un_number: str | None, class_: str | None) -> bool:
        """Whether the list knows the UN number, and under no class that this one begins with or begins."""
        known = self.reference.classes_of_un.get(un_number)
        if not known or class_ is None:
            return False
        return not any(class_.startswith(other) or other.startswith(class_) for other in known)


def _ranges(reference: Any, source_name: str) -> list[PlausibleRange]:
    rows = reference.table("plausible_ranges").to_pylist()
    return [
        PlausibleRange(
            row["warning"],
            row["column"],
            row["numerator_of"] or None,
            float("-inf") if row["minimum"] is None else float(row["minimum"]),
            float("inf") if row["maximum"] is None else float(row["maximum"]),
        )
        for row in rows
        if row["source_name"] == source_name and row["warning"] in WARNING_SENTENCES
    ]
