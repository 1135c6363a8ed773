"""What an argument may hold: instants, dates, ports of this machine, counts."""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import re
from pathlib import Path

_DAY = r"\d{4}(?:-\d{2}-\d{2}|/\d{1,2}/\d{1,2})"
_INSTANT = re.compile(
    rf"(?P<day>{_DAY})"
    r"(?:[T ](?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.(?P<fraction>\d+))?)?"
    r"(?P<offset>Z|z|[+-]\d{2}:?\d{2})?)?"
)

FIRST_DAY, LAST_DAY = dt.date(1000, 1, 1), dt.date(9000, 1, 1)
"""What lies before or after is taken for these: no row lies there, and days around them can be counted."""


def day(text: str) -> dt.date:
    """A date: `2022-06-01` or `2022/6/1`."""
    if not re.fullmatch(_DAY, text.strip(), re.ASCII):
        raise argparse.ArgumentTypeError(f"{text!r} is not a date such as 2022-06-01")
    try:
        told = dt.date(*(int(part) for part in re.split("[-/]", text.strip())))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day of the calendar") from error
    return min(max(told, FIRST_DAY), LAST_DAY)


def instant(text: str) -> dt.datetime:
    """An instant as naive UTC. Without an offset it is UTC (ruling 6); a date alone is its 00:00 UTC."""
    match = re.fullmatch(_INSTANT, text.strip())
    if match is None or not text.isascii():
        raise argparse.ArgumentTypeError(f"{text!r} is not an instant such as 2022-06-01T08:05:00Z")
    date, hour, minute, second, fraction, offset = match.groups()
    try:
        clock = dt.time(
            int(hour or 0), int(minute or 0), int(second or 0), int((fraction or "0")[:6].ljust(6, "0"))
        )
        return dt.datetime.combine(day(date), clock) - _offset(offset)
    except (ValueError, OverflowError) as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not an instant that exists") from error


def _offset(text: str | None) -> dt.timedelta:
    if text is None or text in "Zz":
        return dt.timedelta()
    hours, minutes = int(text[1:3]), int(text[-2:])
    if hours > 23 or minutes > 59:
        raise ValueError(f"no such offset: {text}")
    length = dt.timedelta(hours=hours, minutes=minutes)
    return -length if text[0] == "-" else length


def count(text: str) -> int:
    """A whole number from 1 on."""
    if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 on")
    return int(text)


def seed(text: str) -> int:
    """A whole number from 0 on."""
    if not re.fullmatch(r"[0-9]{1,18}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 on")
    return int(text)


def percent(text: str) -> float:
    """A share in percent, 0 to 100."""
    if not re.fullmatch(r"[0-9]{1,3}(\.[0-9]+)?", text) or float(text) > 100:
        raise argparse.ArgumentTypeError(f"{text!r} is not a share from 0 to 100")
    return float(text)


def days(text: str) -> float:
    """A number of days above 0."""
    if not re.fullmatch(r"[0-9]{1,5}(\.[0-9]+)?", text) or float(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of days above 0")
    return float(text)


def network_port(text: str) -> int:
    """A TCP port, 1 to 65535."""
    if not re.fullmatch(r"[0-9]{1,5}", text) or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a network port from 1 to 65535")
    return int(text)


def is_file(path: Path) -> bool:
    """Whether a file is there; a text that is no name of any is none."""
    try:
        return path.is_file()
    except OSError:
        return False


def weights(text: str) -> tuple[str, ...]:
    """Weights of parts as `part=number`: told so with commas between, or in a CSV file of part and weight."""
    path = Path(text)
    pairs = text.split(",") if "=" in text and not is_file(path) else _weights_in(path)
    return tuple("=".join(word.strip().lower() for word in pair.split("=", 1)) for pair in pairs)


def _weights_in(path: Path) -> list[str]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise argparse.ArgumentTypeError(f"{path} is neither PART=NUMBER,... nor a file to read") from error
    if not rows or not {"part", "weight"} <= set(rows[0]):
        raise argparse.ArgumentTypeError(f"{path} has no rows with the columns part and weight")
    return [f"{row['part']}={row['weight']}" for row in rows]
