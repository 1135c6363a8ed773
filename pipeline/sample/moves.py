"""What the terminal sees: the visits of units, where each stands, and the moves that report it."""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np

from pipeline.sample.batches import EXPORT, IMPORT, NEVER, Batches
from pipeline.sample.goods import GOODS, YARD_GROUPS
from pipeline.sample.inspections import Inspections
from pipeline.sample.settings import SampleSettings
from pipeline.sample.streams import Bools, Ints, container_numbers, exponential, seconds, stream

EVENT_TYPES = ("DISC", "GTIN", "GTOT", "LOAD", "PICK", "DROP", "INSP")
DISC, GTIN, GTOT, LOAD, PICK, DROP, INSP = range(7)
BLOCK_LETTERS = tuple(sorted(set(YARD_GROUPS.values())))
GROUND_SLOTS, BAYS, TIERS = 60, 10, 2
"""Slots on the ground of a block, in so many bays: the bays fill side by side, so that a quiet block has gaps."""
MISPLACED_SHARE = 0.015
REUSED_SHARE = 0.015
NAMED_SHARE = 0.9
NOWHERE = -1


@dataclass
class Visits:
    """One row a visit of a unit, by batch. `first_of_batch` is the row of each batch's first unit (its
    lead's).
    """

    batch: Ints
    number: Ints
    start: Ints
    end: Ints
    equipment: list[str]
    first_of_batch: Ints


@dataclass
class Moves:
    """One row a move in the order of time. `slot` is `NOWHERE` where the move names no position."""

    visit: Ints
    kind: Ints
    at: Ints
    block: Ints
    slot: Ints
    classifier: Ints
    named: Bools


def make_visits(settings: SampleSettings, batches: Batches, first_number: int) -> Visits:
    """Visits of a port's units, with container numbers from `first_number` on; some come back weeks later."""
    rng = stream(settings.seed, "visits", batches.port.code)
    own = np.flatnonzero(batches.lead == np.arange(len(batches)))
    batch = np.repeat(own, batches.units[own])
    starts = np.cumsum(batches.units[own]) - batches.units[own]
    number = np.arange(len(batch)) - np.repeat(starts, batches.units[own])
    length = batches.left[batch] - batches.ground[batch]
    later = np.minimum(seconds(exponential(rng, 1.5, len(batch))), length * 3 // 10)
    earlier = np.minimum(seconds(exponential(rng, 3.0, len(batch))), length * 3 // 10)
    start = batches.ground[batch] + np.where(number == 0, 0, later)
    end = batches.left[batch] - np.where(number == 0, 0, earlier)
    names = container_numbers(first_number, len(batch), settings.seed)
    for again, before in _reused(rng, start, end):
        names[again] = names[before]
    first = np.zeros(len(batches), dtype=np.int64)
    first[own] = starts
    return Visits(batch, number, start, end, names, first[batches.lead])


def _reused(rng: np.random.Generator, start: Ints, end: Ints) -> list[tuple[int, int]]:
    """Pairs (visit, earlier visit) of one container: at least two weeks apart, each visit in one pair at
    most.
    """
    n = len(start)
    draws = rng.random((n, 2))
    again = np.flatnonzero(draws[:, 0] < REUSED_SHARE)
    before = (draws[again, 1] * again * 0.7).astype(np.int64)
    apart = end[before] + 14 * 86_400 < start[again]
    pairs: list[tuple[int, int]] = []
    used: set[int] = set()
    for one, other in zip(again[apart].tolist(), before[apart].tolist(), strict=True):
        if one not in used and other not in used:
            used.update((one, other))
            pairs.append((one, other))
    return pairs


def _blocks(rng: np.random.Generator, batches: Batches, visits: Visits) -> Ints:
    """The block letter of each visit by the first goods of its batch, now and then the wrong one."""
    letter = np.array([BLOCK_LETTERS.index(YARD_GROUPS[good.imo_class]) for good in GOODS])
    items = batches.items
    first_good = items.good[items.number == 0]
    proper = letter[first_good[visits.batch]]
    wrong = np.floor(rng.random(len(proper)) * len(BLOCK_LETTERS)).astype(np.int64)
    return np.where(rng.random(len(proper)) < MISPLACED_SHARE, wrong, proper)


def _slots(group: Ints, start: Ints, end: Ints) -> Ints:
    """The smallest free slot of its group for each stretch of standing; one unit a slot at any time."""
    free: dict[int, list[int]] = {}
    busy: dict[int, list[tuple[int, int]]] = {}
    opened: dict[int, int] = {}
    slots = np.empty(len(group), dtype=np.int64)
    order = np.argsort(start, kind="stable")
    rows = zip(order.tolist(), group[order].tolist(), start[order].tolist(), end[order].tolist(), strict=True)
    for row, where, since, until in rows:
        standing, empty = busy.setdefault(where, []), free.setdefault(where, [])
        while standing and standing[0][0] <= since:
            heapq.heappush(empty, heapq.heappop(standing)[1])
        if empty:
            slot = heapq.heappop(empty)
        else:
            slot = opened.get(where, 0)
            opened[where] = slot + 1
        heapq.heappush(standing, (until, slot))
        slots[row] = slot
    return slots


@dataclass
class _Inside:
    """Second positions: the visit, when it was picked up, inspected (`NEVER`: only moved) and put down
    again.
    """

    visit: Ints
    picked: Ints
    inspected: Ints
    dropped: Ints


def _inside(rng: np.random.Generator, visits: Visits, inspections: Inspections) -> _Inside:
    taken = inspections.on_the_way & (rng.random(len(inspections.batch)) < 0.5)
    visit = visits.first_of_batch[inspections.batch[taken]]
    at = inspections.inspected[taken]
    fits = (at > visits.start[visit] + 7_200) & (at + 4 * 3600 < visits.end[visit])
    visit, at = visit[fits], at[fits]
    restowed = np.flatnonzero((rng.random(len(visits.start)) < 0.03) & (visits.end - visits.start > 86_400))
    restowed = np.setdiff1d(restowed, visit)
    moved = visits.start[restowed] + (
        (visits.end - visits.start)[restowed] * (0.2 + 0.6 * rng.random(len(restowed)))
    )
    moved = moved.astype(np.int64)
    return _Inside(
        np.concatenate((visit, restowed)),
        np.concatenate((at - 2_700, moved - 600)),
        np.concatenate((at, np.full(len(restowed), NEVER))),
        np.concatenate((at + 5_400, moved)),
    )


def make_moves(
    settings: SampleSettings, batches: Batches, visits: Visits, inspections: Inspections, as_of: int
) -> Moves:
    """All moves of a port that happened before `as_of`, and a few that were only expected."""
    rng = stream(settings.seed, "moves", batches.port.code)
    n = len(visits.start)
    block = _blocks(rng, batches, visits)
    inside = _inside(rng, visits, inspections)
    until = visits.end.copy()
    # A unit keeps its place while it is looked at: its pick-up still names it.
    until[inside.visit] = inside.dropped
    group = batches.facility[visits.batch] * len(BLOCK_LETTERS) + block
    slots = _slots(
        np.concatenate((group, group[inside.visit])),
        np.concatenate((visits.start, inside.dropped)),
        np.concatenate((until, visits.end[inside.visit])),
    )
    first_slot, second_slot = slots[:n], slots[n:]
    last_slot = first_slot.copy()
    last_slot[inside.visit] = second_slot
    direction = batches.direction[visits.batch]
    way_in = np.where(direction == EXPORT, GTIN, DISC)
    way_out = np.where(direction == IMPORT, GTOT, LOAD)
    way_out = np.where((direction == IMPORT) & (batches.exit_type[visits.batch] == 2), LOAD, way_out)
    looked = inside.inspected < NEVER
    expected = np.flatnonzero(rng.random(n) < 0.006)
    every = np.arange(n)
    nowhere = np.full(n, NOWHERE)
    parts = [
        (every, way_in, visits.start, first_slot),
        (every, way_out, visits.end, nowhere),
        (inside.visit, np.full(len(inside.visit), PICK), inside.picked, first_slot[inside.visit]),
        (
            inside.visit[looked],
            np.full(int(looked.sum()), INSP),
            inside.inspected[looked],
            nowhere[inside.visit[looked]],
        ),
        (inside.visit, np.full(len(inside.visit), DROP), inside.dropped, second_slot),
        (
            expected,
            way_out[expected],
            visits.end[expected] - seconds(24 * rng.random(len(expected))),
            nowhere[expected],
        ),
    ]
    visit, kind, at, slot = (np.concatenate([part[i] for part in parts]) for i in range(4))
    classifier = np.zeros(len(visit), dtype=np.int64)
    classifier[len(visit) - len(expected) :] = 1 + (np.arange(len(expected)) % 2)
    named = (rng.random(n) < NAMED_SHARE) | (visits.number > 0)
    came_in = np.zeros(len(visit), dtype=bool)
    came_in[:n] = True
    happened = np.flatnonzero(at < as_of)
    order = happened[np.argsort(at[happened], kind="stable")]
    return Moves(
        visit[order], kind[order], at[order], block[visit[order]], slot[order], classifier[order],
        (came_in & named[visit])[order],
    )  # fmt: skip
