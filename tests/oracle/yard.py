"""Visits, links, stays, classes and limits, as seen at one `as_of` from what was known at one `known_at`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property
from itertools import groupby
from typing import Any

from .records import Known, Values
from .tables import UNIDENTIFIED, Rule

INS, OUTS = ("DISC", "GTIN"), ("GTOT", "LOAD")


def side(move: Values) -> int:
    """0 comes in, 1 happens inside, 2 goes out."""
    return 0 if move["event_type"] in INS else 2 if move["event_type"] in OUTS else 1


def in_order(move: Values) -> tuple[datetime, int, str]:
    """Ruling 8: by instant; at the same instant in, inside, out; then the event_id as text."""
    return move["event_at"], side(move), move["event_id"]


@dataclass(eq=False)
class Visit:
    """One unit at one port, from its first in to its last out."""

    port: str
    unit: str
    moves: list[Values] = field(default_factory=list)
    batches: list[str] = field(default_factory=list)

    @property
    def outs(self) -> list[Values]:
        return [move for move in self.moves if side(move) == 2]

    @property
    def arrived_at(self) -> datetime:
        return self.moves[0]["event_at"]

    @property
    def left_at(self) -> datetime | None:
        return self.outs[-1]["event_at"] if self.outs else None

    @property
    def facility(self) -> str:
        return next((move["facility_code"] for move in self.moves if move["facility_code"]), "")

    @property
    def named(self) -> set[str]:
        return {move["consignment_id"] for move in self.moves if move["consignment_id"]}


@dataclass
class Stay:
    """One batch at one port; with `--count unit` one visit."""

    port: str
    visits: list[Visit]
    consignment_id: str
    direction: str
    lead_class: str
    limit_hours: Decimal
    limit_rule_id: str
    facility: str
    arrived_at: datetime
    left_at: datetime | None
    as_of: datetime

    @property
    def exit_type(self) -> str:
        """Of the last out that names one, over all visits; empty while open."""
        if self.left_at is None:
            return ""
        naming = [move for visit in self.visits for move in visit.outs if move["exit_type"]]
        return max(naming, key=in_order)["exit_type"] if naming else ""

    @property
    def units(self) -> int:
        return len({visit.unit for visit in self.visits})

    @property
    def overdue_at(self) -> datetime:
        return self.arrived_at + timedelta(microseconds=int(self.limit_hours * 3_600_000_000))

    @property
    def ever_overdue(self) -> bool:
        """As far as seen at as_of."""
        return self.overdue_at <= self.as_of and (self.left_at is None or self.overdue_at < self.left_at)

    @property
    def is_overdue(self) -> bool:
        return self.left_at is None and self.overdue_at <= self.as_of


def visits_of(moves: list[Values]) -> tuple[list[Visit], list[Values]]:
    """The visits of one unit at one port, in order, and its orphan outs."""
    visits: list[Visit] = []
    orphans: list[Values] = []
    since_last_out: list[Values] = []  # inside moves that belong to the visit only if another out follows
    for move in sorted(moves, key=in_order):
        visit = visits[-1] if visits else None
        if side(move) == 0:
            if visit is None or visit.outs:
                visits.append(Visit(move["un_location_code"], move["equipment_reference"], [move]))
                since_last_out = []
            else:
                visit.moves.append(move)
        elif side(move) == 1:
            if visit is not None and not visit.outs:
                visit.moves.append(move)
            else:
                since_last_out.append(move)
        elif visit is None:
            orphans.append(move)
        else:
            visit.moves += [*since_last_out, move]
            since_last_out = []
    return visits, orphans


class Yard:
    """Everything in and out of the yards, seen at `as_of`, which is None where nothing has happened."""

    def __init__(self, known: Known, as_of: datetime | None = None) -> None:
        self.known = known
        self.tables = known.tables
        moves = [move for move in known.live["yard_moves"] if move["event_classifier"] in (None, "ACT")]
        milestones = known.live["clearance_milestones"]
        seen = [move["event_at"] for move in moves] + [stone["occurred_at"] for stone in milestones]
        self.as_of = as_of or max(seen, default=None)
        self.visits: list[Visit] = []
        self.orphans: list[Values] = []
        if self.as_of is None:
            return
        moves = [move for move in moves if move["event_at"] <= self.as_of]
        self.milestones = [stone for stone in milestones if stone["occurred_at"] <= self.as_of]
        for _, group in groupby(sorted(moves, key=self._unit), key=self._unit):
            visits, orphans = visits_of(list(group))
            self.visits += visits
            self.orphans += orphans
        self._link()

    @staticmethod
    def _unit(move: Values) -> tuple[str, str]:
        return move["un_location_code"], move["equipment_reference"]

    # ------------------------------------------------------------------------------------------------ batches

    def items(self, batch: str) -> list[Values]:
        return self.known.items.get(batch, [])

    def _link(self) -> None:
        """Fills `batches` of every visit: named first, then inferred from the goods."""
        consignments = self.known.consignments
        claims: list[tuple[Visit, str]] = []
        of_unit: dict[tuple[str, str], list[Visit]] = {}
        for visit in self.visits:
            of_unit.setdefault((visit.port, visit.unit), []).append(visit)
            claims += [(visit, batch) for batch in sorted(visit.named) if batch in consignments]
        for batch, row in consignments.items():
            port = row["un_location_code"]
            for unit in sorted({item["equipment_reference"] for item in self.items(batch)} - {None}):
                here = of_unit.get((port, unit), [])
                if here and not any(batch in visit.named for visit in here):
                    claims.append((self._nearest(here, row), batch))
        for visit, batch in claims:
            visit.batches = sorted({*visit.batches, batch})

    def _nearest(self, visits: list[Visit], consignment: Values) -> Visit:
        """The visit that starts nearest to the manifest, else to the first milestone; else the latest."""
        batch = consignment["consignment_id"]
        wanted = consignment["manifested_at"]
        if wanted is None:
            stones = [stone["occurred_at"] for stone in self.milestones if stone["consignment_id"] == batch]
            wanted = min(stones, default=None)
        if wanted is None:
            return max(visits, key=lambda visit: visit.arrived_at)
        # On a tie the later visit: of the least distance the greatest start.
        least = min(abs(visit.arrived_at - wanted) for visit in visits)
        return max((v for v in visits if abs(v.arrived_at - wanted) == least), key=lambda v: v.arrived_at)

    def lead_class(self, batch: str) -> str:
        """The class of the item with the gravest rank, `unidentified` for a batch without goods."""
        return min((self._gravity(item) for item in self.items(batch)), default=(0, 0, UNIDENTIFIED))[-1]

    def _gravity(self, item: Values) -> tuple[int, int, str]:
        codes = [item["imo_class"], item["subsidiary_risk_1"], item["subsidiary_risk_2"]]
        gravest = min(self.class_rank(code) for code in codes if code)
        return gravest, self.class_rank(item["imo_class"]), item["imo_class"]

    def class_rank(self, code: str) -> int:
        """1 is the gravest class; `unidentified` stands above every class."""
        rank = 0 if code == UNIDENTIFIED else self.tables.rank(code)
        assert rank is not None
        return rank

    # ------------------------------------------------------------------------------------------------- limits

    def limit(
        self, batch: str, port: str, facility: str, direction: str, arrived_at: datetime
    ) -> tuple[Decimal, str]:
        """The smallest limit of the batch's goods, and the smaller rule_id of those that give it."""
        local_day = arrived_at.astimezone(self.tables.zone(port)).date()
        goods = [(item["un_number"] or "", item["imo_class"]) for item in self.items(batch)]
        limits = []
        for un_number, imo_class in goods or [("", UNIDENTIFIED)]:
            wanted = {
                "un_number": un_number,
                "un_location_code": port,
                "facility_code": facility,
                "direction": direction,
            }
            rule = min(
                (r for r in self.tables.rules if fits(r, imo_class, wanted, local_day)), key=precedence
            )
            limits.append((rule.limit_hours, rule.rule_id))
        return min(limits)

    # -------------------------------------------------------------------------------------------------- stays

    @cached_property
    def stays(self) -> list[Stay]:
        """One a (batch, port), and one for each visit that no batch claims."""
        if self.as_of is None:
            return []
        claimed: dict[tuple[str, str], list[Visit]] = {}
        for visit in self.visits:
            for batch in visit.batches:
                claimed.setdefault((batch, visit.port), []).append(visit)
        stays = [self._stay(batch, visits) for (batch, _), visits in claimed.items()]
        return stays + [self._stay("", [visit]) for visit in self.visits if not visit.batches]

    def _stay(self, batch: str, visits: list[Visit]) -> Stay:
        assert self.as_of is not None
        first = min(visits, key=lambda visit: (visit.arrived_at, visit.unit))
        ends = [visit.left_at for visit in visits]
        left_at = None if None in ends else max(end for end in ends if end)
        direction = self.known.consignments[batch]["direction"] if batch else ""
        limit_hours, rule_id = self.limit(batch, first.port, first.facility, direction, first.arrived_at)
        return Stay(
            first.port,
            visits,
            batch,
            direction,
            self.lead_class(batch),
            limit_hours,
            rule_id,
            first.facility,
            first.arrived_at,
            left_at,
            self.as_of,
        )

    @cached_property
    def unit_stays(self) -> list[Stay]:
        """One a visit (ruling 14), with what its batches give it: class and direction, limit."""
        if self.as_of is None:
            return []
        by_batch = {(stay.consignment_id, stay.port): stay for stay in self.stays if stay.consignment_id}
        result = []
        for visit in self.visits:
            carried = [by_batch[batch, visit.port] for batch in visit.batches] or [self._stay("", [visit])]
            gives_class = self.gravest(carried)
            limit_hours, rule_id = min((stay.limit_hours, stay.limit_rule_id) for stay in carried)
            result.append(
                Stay(
                    visit.port,
                    [visit],
                    ";".join(visit.batches),
                    gives_class.direction,
                    gives_class.lead_class,
                    limit_hours,
                    rule_id,
                    visit.facility,
                    visit.arrived_at,
                    visit.left_at,
                    self.as_of,
                )
            )
        return result

    def gravest(self, stays: list[Stay]) -> Stay:
        """The stay with the gravest lead class; on a tie the smaller consignment_id."""
        return min(stays, key=lambda s: (self.class_rank(s.lead_class), s.lead_class, s.consignment_id))

    def counted(self, count: str) -> list[Stay]:
        """The stays by the unit of count, `batch` or `unit`."""
        return self.unit_stays if count == "unit" else self.stays


def class_fits(asked: str, code: str) -> bool:
    """`4` fits `4.1`; `1` and `1.4` fit `1.4S`; `unidentified` fits itself alone."""
    division = code[:-1] if code[-1:].isalpha() and code != UNIDENTIFIED else code
    return asked in (code, division, division.split(".")[0])


def fits(rule: Rule, imo_class: str, wanted: dict[str, Any], local_day: Any) -> bool:
    """Whether each filled field of the rule matches."""
    if any(getattr(rule, name) not in ("", value) for name, value in wanted.items()):
        return False
    if rule.imo_class and not class_fits(rule.imo_class, imo_class):
        return False
    return (rule.valid_from or local_day) <= local_day <= (rule.valid_to or local_day)


def precedence(rule: Rule) -> tuple[Any, ...]:
    """The winner is the smallest: un_number, longer class, facility, port, direction, priority, rule_id."""
    return (
        not rule.un_number,
        -len(rule.imo_class),
        not rule.facility_code,
        not rule.un_location_code,
        not rule.direction,
        -rule.priority,
        rule.rule_id,
    )
