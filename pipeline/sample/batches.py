"""The batches of one port: what arrives, how long each stage takes, when and how it leaves.

Stage means are near those published for Qingdao in 2017 (hours: 8.3 unloading, 81.4 preparation, 5.9
customs, 52.4 pick-up) for goods with the longest limit in a port that works as it should. Goods with a
shorter limit are planned for sooner, as direct delivery is. Dwell comes out lognormal-like, as measured ones
are (Mombasa 2005).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.sample.facts import LOCAL_OFFSET_SECONDS, Facts, SamplePort, limit_hours
from pipeline.sample.goods import CLASS_SHARES, GOODS
from pipeline.sample.rates import WARM_UP_DAYS, PortRates, arrival_weights
from pipeline.sample.settings import SampleSettings
from pipeline.sample.streams import Bools, Floats, Ints, choose, exponential, lognormal, seconds, stream

NEVER = np.int64(1) << 62
"""Stands for an instant that never comes."""

DIRECTIONS = ("import", "export", "transhipment")
IMPORT, EXPORT, TRANSHIPMENT = range(3)
EXIT_TYPES = ("delivered", "loaded", "re_exported", "transferred", "auctioned", "destroyed")
DELIVERED, LOADED, RE_EXPORTED, TRANSFERRED, AUCTIONED, DESTROYED = range(6)

UNLOADING_HOURS = 8.3
PREPARATION_HOURS = 80.0
CUSTOMS_HOURS = 6.4
PICK_UP_HOURS = 50.0
LONG_LIMIT_HOURS = 240.0
PLANNING_POWER = 0.9
"""Work on a batch goes with its limit to this power: who must be gone sooner is planned for sooner."""

SHORTEST_PLAN = 0.3
"""Papers and inspections of direct deliveries cannot be hurried further than this."""

ADVANCE_SHARE = 0.08
NEVER_RELEASED_SHARE = 0.004
SHARED_UNIT_SHARE = 0.015
UNIT_WEIGHTS = np.array([0.80, 0.13, 0.05, 0.02])


@dataclass
class Items:
    """Items of a port's batches: one row an item; `batch`, `unit` (index of the batch's unit) and `good`
    are indices.
    """

    batch: Ints
    number: Ints
    unit: Ints
    good: Ints


@dataclass
class Batches:
    """A port's batches in the order of arrival. Instants are UTC seconds, `NEVER` where they do not come.

    `arrived` is the ship (or the gate, for exports), `ground` the first unit in the yard, `left` the last one
    out. `lead` is the index of the batch that brings the unit, for a batch that shares it; else its own.
    """

    port: SamplePort
    direction: Ints
    facility: Ints
    units: Ints
    items: Items
    lead: Ints
    arrived: Ints
    ground: Ints
    limit_hours: Floats
    advance: Bools
    lodged: Ints
    released: Ints
    left: Ints
    exit_type: Ints
    never_released: Bools
    left_behind: Bools

    def __len__(self) -> int:
        return len(self.arrived)

    @property
    def overdue(self) -> Ints:
        """Instant from which each batch is over its limit if it is still there."""
        return self.ground + seconds(self.limit_hours)

    def local_day(self) -> Ints:
        """Local day number of coming into the yard."""
        return (self.ground + LOCAL_OFFSET_SECONDS) // 86_400


def _goods_weights() -> Floats:
    return np.array([CLASS_SHARES[good.imo_class] * good.share for good in GOODS])


def _draw_arrivals(rng: np.random.Generator, n: int, first_day: int, days: int) -> Ints:
    first = first_day - WARM_UP_DAYS
    weights = arrival_weights(first, days + WARM_UP_DAYS)
    day = first + choose(rng, weights, n)
    # Ships come round the clock; gates are busier by day: two uniform draws make a flat hill round noon.
    second = np.floor((rng.random(n) + rng.random(n)) / 2 * 86_400).astype(np.int64)
    return np.sort(day * 86_400 + second - LOCAL_OFFSET_SECONDS)


def _draw_items(rng: np.random.Generator, units: Ints) -> Items:
    n = len(units)
    wanted = 1 + choose(rng, np.array([0.76, 0.17, 0.07]), n)
    count = np.maximum(wanted, units)
    batch = np.repeat(np.arange(n), count)
    number = np.arange(len(batch)) - np.repeat(np.cumsum(count) - count, count)
    weights = _goods_weights()
    good = choose(rng, weights, len(batch))
    first = np.repeat(good[np.cumsum(count) - count], count)
    # Most further items are of the class of the first: consignees who deal in one line of goods.
    class_of = np.array([list(CLASS_SHARES).index(item.imo_class) for item in GOODS])
    alike = np.zeros(len(batch), dtype=np.int64)
    pick = rng.random(len(batch))
    for code in range(len(CLASS_SHARES)):
        of_class = np.flatnonzero(class_of == code)
        rows = np.flatnonzero(class_of[first] == code)
        edges = np.cumsum(weights[of_class])
        alike[rows] = of_class[
            np.minimum(np.searchsorted(edges, pick[rows] * edges[-1], "right"), len(of_class) - 1)
        ]
    mixed = rng.random(len(batch)) < 0.05
    good = np.where(number == 0, first, np.where(mixed, good, alike))
    return Items(batch, number, number % np.repeat(units, count), good)


def _limits(
    facts: Facts, port: SamplePort, facilities: int, batch: Items, where: tuple[Ints, Ints], day: Ints
) -> Floats:
    direction, facility = where
    places = [
        (port.code, facility_code(port, number), name) for number in range(facilities) for name in DIRECTIONS
    ]
    goods = [(good.un_number, good.imo_class) for good in GOODS]
    place = (facility * len(DIRECTIONS) + direction)[batch.batch]
    of_item = limit_hours(facts.limit_rules, goods, batch.good, place, places, day[batch.batch])
    starts = np.flatnonzero(batch.number == 0)
    return np.minimum.reduceat(of_item, starts)


def facility_code(port: SamplePort, number: int) -> str:
    """Code of a port's facility."""
    return f"{port.code[2:]}-T{number + 1}"


def _share_units(rng: np.random.Generator, batches_units: Ints, direction: Ints, facility: Ints) -> Ints:
    """Which batch's unit each batch travels in: mostly its own, now and then that of the batch before it."""
    n = len(batches_units)
    lead = np.arange(n)
    wanted = rng.random(n) < SHARED_UNIT_SHARE
    before = np.maximum(lead - 1, 0)
    fits = (
        (batches_units == 1)
        & (batches_units[before] == 1)
        & (direction == IMPORT)
        & (direction[before] == IMPORT)
    )
    follows = wanted & fits & (facility == facility[before]) & ~wanted[before] & (lead > 0)
    return np.where(follows, before, lead)


def make_batches(
    settings: SampleSettings,
    facts: Facts,
    port: SamplePort,
    n: int,
    facilities: int,
    rates: PortRates,
    first_day: int,
) -> Batches:
    """Arrivals of a port with all but their stages. Those that left before the calendar opens are not
    dropped yet.
    """
    rng = stream(settings.seed, "arrivals", port.code)
    arrived = _draw_arrivals(rng, n, first_day, settings.days)
    direction = choose(rng, np.array([0.74, 0.17, 0.09]), n)
    facility = choose(rng, np.array([0.5, 0.3, 0.2])[:facilities], n)
    units = 1 + choose(rng, UNIT_WEIGHTS, n)
    lead = _share_units(rng, units, direction, facility)
    arrived = arrived[lead]
    # Unloading is part of the clearance: at a pilot port berth planning takes its share of the effect too.
    unloading = np.minimum(lognormal(rng, UNLOADING_HOURS, 0.6, n), 40.0)[lead]
    unloading *= pilot_factor(settings, facts, port, arrived)
    ground = arrived + np.where(direction == EXPORT, 0, seconds(unloading))
    items = _draw_items(stream(settings.seed, "goods", port.code), units)
    day = (ground + LOCAL_OFFSET_SECONDS) // 86_400
    limits = _limits(facts, port, facilities, items, (direction, facility), day)
    blank = np.full(n, NEVER)
    no = np.zeros(n, dtype=bool)
    return Batches(
        port, direction, facility, units, items, lead, arrived, ground, limits, no, blank, blank, blank,
        np.zeros(n, dtype=np.int64), no, no,
    )  # fmt: skip


def pilot_factor(settings: SampleSettings, facts: Facts, port: SamplePort, arrived: Ints) -> Floats:
    """Factor on the hours of clearance: the pilot's effect for those that arrive at its ports once it has
    begun.
    """
    if facts.pilot is None or port.code not in facts.pilot_ports:
        return np.ones(len(arrived))
    return np.where(arrived >= facts.pilot.start_seconds, settings.pilot_effect, 1.0)


def lodge(settings: SampleSettings, facts: Facts, batches: Batches, rates: PortRates) -> Floats:
    """Set when each batch is declared; returns the factor on the work of customs and inspection on it."""
    rng = stream(settings.seed, "declaration", batches.port.code)
    n = len(batches)
    plan = np.power(np.minimum(batches.limit_hours, LONG_LIMIT_HOURS) / LONG_LIMIT_HOURS, PLANNING_POWER)
    pilot = pilot_factor(settings, facts, batches.port, batches.arrived)
    preparation = lognormal(rng, PREPARATION_HOURS, 0.42, n) * plan * pilot
    lodged = rates.release.finish(batches.ground, preparation)
    batches.advance = (rng.random(n) < ADVANCE_SHARE) & (batches.direction == IMPORT)
    ahead = batches.arrived - seconds(6 + 30 * rng.random(n))
    batches.lodged = np.where(batches.advance, ahead, lodged)
    return np.maximum(plan, SHORTEST_PLAN) * pilot


def release(
    settings: SampleSettings,
    batches: Batches,
    rates: PortRates,
    factor: Floats,
    inspection_ends: Ints,
    held: Bools,
) -> None:
    """Set release and leaving. `inspection_ends` is `NEVER` where there is none; `held` never get
    released.
    """
    rng = stream(settings.seed, "release", batches.port.code)
    n = len(batches)
    customs = lognormal(rng, CUSTOMS_HOURS, 0.8, n) * factor
    ready = np.where(batches.advance, batches.ground, batches.lodged)
    inspected = inspection_ends < NEVER
    ready = np.where(inspected, np.maximum(ready, inspection_ends), ready)
    batches.released = rates.release.finish(ready, np.where(inspected, 0.6 * customs, customs))
    batches.never_released = held
    _leave(stream(settings.seed, "pick-up", batches.port.code), batches, rates)
    batches.released = np.where(held, NEVER, batches.released)


def _leave(rng: np.random.Generator, batches: Batches, rates: PortRates) -> None:
    n = len(batches)
    plan = np.power(np.minimum(batches.limit_hours, LONG_LIMIT_HOURS) / LONG_LIMIT_HOURS, PLANNING_POWER)
    fetched = rates.pick_up.finish(batches.released, lognormal(rng, PICK_UP_HOURS, 0.5, n) * plan)
    batches.left_behind = rng.random(n) < rates.left_behind_at(batches.released)
    cleared = rates.clearing.finish(batches.released, exponential(rng, 1.0, n))
    refused = batches.released + seconds(24 * (5 + exponential(rng, 15.0, n)))
    left = np.where(batches.left_behind, np.maximum(cleared, fetched), fetched)
    left = np.where(batches.never_released, refused, left)
    left = np.maximum(left, batches.ground + seconds(1 + 3 * rng.random(n)))
    # Two batches in one unit leave together, with the later of the two.
    together = left.copy()
    np.maximum.at(together, batches.lead, left)
    batches.left = together[batches.lead]
    batches.exit_type = _exits(rng, batches)


def _exits(rng: np.random.Generator, batches: Batches) -> Ints:
    n = len(batches)
    usual = np.where(batches.direction == IMPORT, DELIVERED, LOADED)
    draw = rng.random(n)
    refused = np.where(draw < 0.55, RE_EXPORTED, np.where(draw < 0.85, TRANSFERRED, DESTROYED))
    stuck = np.where(draw < 0.05, TRANSFERRED, np.where(draw < 0.065, AUCTIONED, usual))
    stuck = np.where(batches.direction == IMPORT, stuck, usual)
    exits = np.where(batches.never_released, refused, np.where(batches.left_behind, stuck, usual))
    return np.where(batches.lead != np.arange(n), exits[batches.lead], exits).astype(np.int64)
