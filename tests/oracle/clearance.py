"""`report clearance` by port, its exit and cohort clocks: counts and the mean, batch by batch."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from .records import Lake, Values
from .reports import Options, Table, hours
from .stock import Days
from .yard import Stay, Yard, class_fits

STAGES = (
    "overall", "customs", "arrived_lodged", "lodged_inspected", "inspected_released", "lodged_released",
    "released_left",
)  # fmt: skip
COUNTS = ("n", "n_ended", "n_open", "n_left_out")


@dataclass(frozen=True)
class Batch:
    """A live batch whose arrival is known: its milestones, and its stay at its port."""

    port: str
    arrived: datetime
    lodged: datetime | None
    inspected: datetime | None
    released: datetime | None
    is_selected: bool
    stay: Stay | None
    as_of: datetime

    @property
    def is_backwards(self) -> bool:
        """Inspected or released before arrived or lodged, or released before inspected."""
        pairs = [(first, self.inspected) for first in (self.arrived, self.lodged)]
        pairs += [(first, self.released) for first in (self.arrived, self.lodged, self.inspected)]
        return any(first and then and then < first for first, then in pairs)

    def spell(self, stage: str) -> tuple[datetime, datetime | None] | None:
        """When the stage began and ended; None where the batch has not begun it."""
        in_port = max(self.lodged, self.arrived) if self.lodged else None
        waits = self.is_selected and not self.released
        began = {
            "overall": self.arrived,
            "customs": self.lodged,
            "arrived_lodged": self.arrived,
            "lodged_inspected": in_port if self.inspected or waits else None,
            "inspected_released": self.inspected,
            "lodged_released": None if self.inspected or waits else in_port,
            "released_left": self.released if self.stay else None,
        }[stage]
        ended = {"arrived_lodged": in_port, "lodged_inspected": self.inspected}.get(stage, self.released)
        if stage == "released_left":
            ended = self.stay.left_at if self.stay else None
        return (began, ended) if began else None

    def seen_until(self, ended: datetime | None) -> datetime:
        """The end, or where an open stage is censored."""
        left = self.stay.left_at if self.stay else None
        return ended or (left if left and left < self.as_of else self.as_of)


def batches(yard: Yard) -> list[tuple[str, Batch]]:
    """The batches by their names."""
    assert yard.as_of is not None
    stays = {(stay.consignment_id, stay.port): stay for stay in yard.stays if stay.consignment_id}
    found = []
    for name, row in yard.known.consignments.items():
        stay = stays.get((name, row["un_location_code"]))
        told = [stone for stone in yard.milestones if stone["consignment_id"] == name]
        arrived = min(_at(told, "arrived"), default=stay.arrived_at if stay else None)
        if arrived is None:
            continue
        inspected, released = (max(_at(told, kind), default=None) for kind in ("inspected", "released"))
        lodged = min(_at(told, "lodged"), default=None)
        selected = bool(_at(told, "selected"))
        found.append(
            (
                name,
                Batch(
                    row["un_location_code"], arrived, lodged, inspected, released, selected, stay, yard.as_of
                ),
            )
        )
    return found


def _at(told: list[Values], kind: str) -> list[datetime]:
    return [stone["occurred_at"] for stone in told if stone["milestone"] == kind]


def clearance_report(lake: Lake, options: Options, stage: str) -> Table:
    """The rows of both clocks that count or leave out anything."""
    yard = Yard(lake.known(options.known_at), options.as_of)
    if yard.as_of is None:
        return []
    days = Days(yard.tables, yard.as_of)
    groups: dict[tuple[str, str], list[tuple[datetime, datetime, bool, bool]]] = {}
    for name, batch in batches(yard):
        spell = batch.spell(stage)
        if spell is None or not _admitted(options, yard, name, batch.port):
            continue
        began, ended = spell
        until = batch.seen_until(ended)
        row = (began, until, ended is not None, batch.is_backwards or until < began)
        for clock, moment in (("exit", ended), ("cohort", began)):
            if moment is not None and _in_window(options, days, batch.port, moment):
                groups.setdefault((batch.port, clock), []).append(row)
    return [_row(port, clock, rows) for (port, clock), rows in groups.items()]


def _admitted(options: Options, yard: Yard, name: str, port: str) -> bool:
    if options.ports and port not in {yard.tables.port(code) for code in options.ports}:
        return False
    if options.classes and not any(class_fits(code, yard.lead_class(name)) for code in options.classes):
        return False
    return not options.direction or yard.known.consignments[name]["direction"] == options.direction


def _in_window(options: Options, days: Days, port: str, moment: datetime) -> bool:
    if options.first_day and moment < days.start(port, options.first_day):
        return False
    return not options.last_day or moment < days.start(port, options.last_day + timedelta(days=1))


def _row(port: str, clock: str, rows: list[tuple[datetime, datetime, bool, bool]]) -> dict[str, str]:
    kept = [(until - began, ended) for began, until, ended, is_left_out in rows if not is_left_out]
    ended = sum(has_ended for _, has_ended in kept)
    mean = sum((length for length, _ in kept), timedelta()) / len(kept) if kept else None
    cells = (len(kept), ended, len(kept) - ended, len(rows) - len(kept))
    return {
        "un_location_code": port,
        "clock": clock,
        **dict(zip(COUNTS, map(str, cells), strict=True)),
        "mean_hours": hours(mean) if mean is not None and clock == "exit" else "",
    }
