"""Versions, duplicates, withdrawn records: what is held after a sequence of loads, and what was known when.

Everything is worked out anew from all rows ever read, so no state can go stale: a local time that is held as
given becomes an instant as soon as its consignment is there, and falls back when that is withdrawn.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from .cells import DEFAULT_ZONE, KEYS, SOURCES, Local, to_utc
from .reading import FileRead, read_file
from .tables import Tables

Values = dict[str, Any]


@dataclass
class Held:
    """One row that passed its checks, and where it stands among all rows ever read."""

    source: str
    file: FileRead
    line: int
    place: int
    """Counts up over all loads: a file loaded later, then a later line, has the higher place."""
    loaded_at: datetime
    values: Values

    @property
    def recorded_at(self) -> datetime:
        """As given, else the instant of loading."""
        given = self.values["recorded_at"]
        return given if given is not None else self.loaded_at


@dataclass
class Counts:
    """What `load` says of one file."""

    file: str
    source: str
    read: int = 0
    accepted: int = 0
    superseded: int = 0
    duplicate: int = 0
    rejected: int = 0
    already_loaded: bool = False
    error: str = ""
    reads: FileRead | None = field(default=None, repr=False)


@dataclass
class Known:
    """The live rows of every source at one `known_at`, with all instants in UTC."""

    tables: Tables
    live: dict[str, list[Values]]
    zone_of: Callable[[str], ZoneInfo]

    @cached_property
    def consignments(self) -> dict[str, Values]:
        return {row["consignment_id"]: row for row in self.live["consignments"]}

    @cached_property
    def items(self) -> dict[str, list[Values]]:
        """The live goods of every batch that has any."""
        items: dict[str, list[Values]] = {}
        for item in self.live["dg_items"]:
            items.setdefault(item["consignment_id"], []).append(item)
        return items


class Lake:
    """All that was loaded, in order."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self.held: list[Held] = []
        self.taken: dict[str, FileRead] = {}

    def load(self, files: Iterable[tuple[str, bytes]], loaded_at: datetime) -> list[Counts]:
        """One call of `load`: the files in order, one instant. The counts are of the end of the call."""
        summaries = [self._take(name, data, loaded_at) for name, data in files]
        status = self.status()
        for summary in summaries:
            states = [status[held.place] for held in self.held if held.file is summary.reads]
            summary.accepted = states.count("accepted")
            summary.superseded = states.count("superseded")
            summary.duplicate = states.count("duplicate")
        return summaries

    def _take(self, name: str, data: bytes, loaded_at: datetime) -> Counts:
        file = read_file(name, data, loaded_at, self.tables)
        if file.sha256 in self.taken:
            return Counts(name, self.taken[file.sha256].source, already_loaded=True)
        if file.error:
            return Counts(name, file.source, error=file.error)
        self.taken[file.sha256] = file
        for row in file.rows:
            self.held.append(Held(file.source, file, row.line, len(self.held), loaded_at, row.values))
        return Counts(name, file.source, file.read, rejected=len(file.rejects), reads=file)

    def status(self) -> dict[int, str]:
        """`accepted`, `superseded` or `duplicate` of every held row by its place, as of now."""
        zone_of = self._zones(None)
        states: dict[int, str] = {}
        for source in SOURCES:
            rows = [held for held in self.held if held.source == source]
            firsts, winners = versions(rows, zone_of, None)
            states.update({held.place: "duplicate" for held in rows})
            states.update({held.place: "superseded" for held in firsts})
            states.update({held.place: "accepted" for held in winners})
        return states

    def known(self, known_at: datetime | None = None) -> Known:
        """What is live when only versions recorded at or before `known_at` count."""
        zone_of = self._zones(known_at)
        live: dict[str, list[Values]] = {}
        for source in SOURCES:
            rows = [held for held in self.held if held.source == source]
            _, winners = versions(rows, zone_of, known_at)
            live[source] = [in_utc(held, zone_of) for held in winners if not held.values["voided"]]
        return Known(self.tables, live, lambda batch: zone_of(batch) or DEFAULT_ZONE)

    def _zones(self, known_at: datetime | None) -> Callable[[Any], ZoneInfo | None]:
        """The zone of a consignment's port, None where no live row tells its port."""
        rows = [held for held in self.held if held.source == "consignments"]
        _, winners = versions(rows, lambda _: None, known_at)
        zones = {
            held.values["consignment_id"]: self.tables.zone(held.values["un_location_code"])
            for held in winners
            if not held.values["voided"]
        }
        return zones.get


def resolved(held: Held, zone_of: Callable[[Any], ZoneInfo | None]) -> Values:
    """The row with each local time as an instant where the port of its consignment is known."""
    zone = zone_of(held.values.get("consignment_id"))
    return {
        name: to_utc(value.at, zone) if isinstance(value, Local) and zone else value
        for name, value in held.values.items()
    }


def in_utc(held: Held, zone_of: Callable[[Any], ZoneInfo | None]) -> Values:
    """The row with every local time as an instant; the default zone where the consignment has not come."""
    return {
        name: to_utc(value.at, DEFAULT_ZONE) if isinstance(value, Local) else value
        for name, value in resolved(held, zone_of).items()
    }


def versions(
    rows: list[Held], zone_of: Callable[[Any], ZoneInfo | None], known_at: datetime | None
) -> tuple[list[Held], list[Held]]:
    """The rows of one source that are no duplicates, and of each key the version that wins at `known_at`."""
    seen: set[tuple[Any, ...]] = set()
    firsts: list[Held] = []
    winners: dict[tuple[Any, ...], Held] = {}
    for held in sorted(rows, key=lambda h: h.place):
        values = resolved(held, zone_of)
        whole = tuple((name, value) for name, value in sorted(values.items()))
        if whole in seen:
            continue
        seen.add(whole)
        firsts.append(held)
        if known_at is not None and held.recorded_at > known_at:
            continue
        key = tuple(values[name] for name in KEYS[held.source])
        best = winners.get(key)
        # Rows come in the order of their places, so on a tie the later one takes over.
        if best is None or held.recorded_at >= best.recorded_at:
            winners[key] = held
    return firsts, list(winners.values())


_LETTERS = {
    c: v for c, v in zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", [n for n in range(10, 39) if n % 11], strict=True)
}


def check_digit_is_wrong(unit: str) -> bool:
    """Whether a number shaped like ISO 6346 (four letters, seven digits) carries the wrong check digit."""
    if not re.fullmatch(r"[A-Z]{4}[0-9]{7}", unit):
        return False
    total = sum((_LETTERS[c] if c.isalpha() else int(c)) * 2**i for i, c in enumerate(unit[:10]))
    return total % 11 % 10 != int(unit[10])


def warnings(held: Held, lake: Lake) -> set[str]:
    """The warnings of an accepted row, as far as the contract says when to give them."""
    values = in_utc(held, lake._zones(None))
    found: set[str] = set()
    if values["voided"]:
        return found
    batch, unit = values.get("consignment_id"), values.get("equipment_reference")
    if unit and check_digit_is_wrong(unit):
        found.add("bad_check_digit")
    if held.source != "consignments" and batch and batch not in lake.known().consignments:
        found.add("unknown_consignment")
    declaration = values.get("declaration_no")
    if declaration and not re.fullmatch(r"[0-9]{18}", declaration):
        found.add("odd_declaration_no")
    if held.source == "dg_items":
        listed = lake.tables.classes_of_un_number.get(values["un_number"] or "")
        if listed and values["imo_class"] not in listed:
            found.add("class_not_of_un_number")
    return found


def utc(text: str) -> datetime:
    """An instant as the command line takes it: without an offset it is UTC."""
    instant = datetime.fromisoformat(text)
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
