"""Puts a port together: its profile among the ports, its batches, inspections and cases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pipeline.sample.batches import Batches, Items, lodge, make_batches, release
from pipeline.sample.facts import LOCAL_OFFSET_SECONDS, Facts, SamplePort, choose_ports, day_number
from pipeline.sample.inspections import Cases, Inspections, inspect_backlog, inspect_on_the_way, make_cases
from pipeline.sample.rates import WARM_UP_DAYS, arrival_weights, port_rates
from pipeline.sample.settings import SampleSettings
from pipeline.sample.streams import Floats, Ints, shares, stream

USUAL_STAY_DAYS = 7

SIZE_POWER = 0.8
"""Ports fall off in size like rank to this power."""


@dataclass(frozen=True)
class Profile:
    """What makes one port of the world different from another."""

    rank: int
    port: SamplePort
    batches: int
    facilities: int
    severity: float
    slowness: float
    relapses: bool


@dataclass
class PortWorld:
    """One port with all that happened there."""

    profile: Profile
    batches: Batches
    inspections: Inspections
    cases: Cases


def calendar(settings: SampleSettings) -> tuple[int, int]:
    """First local day of the calendar, and the UTC second at which its last day ends."""
    first = day_number(settings.start)
    return first, (first + settings.days) * 86_400 - LOCAL_OFFSET_SECONDS


def _relapsing(facts: Facts, ports: tuple[SamplePort, ...]) -> int | None:
    """Rank of the port that relapses: the largest after the first two that is no pilot."""
    others = [rank for rank, port in enumerate(ports) if port.code not in facts.pilot_ports]
    return next((rank for rank in others if rank >= 2), others[0] if others else None)


def profiles(settings: SampleSettings, facts: Facts) -> list[Profile]:
    """The ports of the world. Severities are drawn so that their mean over all batches is 1."""
    ports = choose_ports(facts, settings.ports)
    size = 1 / np.arange(1, len(ports) + 1) ** SIZE_POWER
    first, _ = calendar(settings)
    with_warm_up = settings.batches * (1 + _warm_up_share(first, settings.days))
    counts = shares(size, round(with_warm_up))
    rng = stream(settings.seed, "severity")
    severity = np.where(rng.random(len(ports)) < 0.55, 1.3, 0.35) * np.exp(
        0.25 * rng.standard_normal(len(ports))
    )
    severity *= size.sum() / (severity * size).sum()
    slowness = np.exp(0.08 * rng.standard_normal(len(ports)))
    slowness *= size.sum() / (slowness * size).sum()
    relapsing = _relapsing(facts, ports)
    facilities = [3 if rank < 3 else 2 if rank < 9 else 1 for rank in range(len(ports))]
    return [
        Profile(
            rank, port, int(counts[rank]), facilities[rank], float(severity[rank]), float(slowness[rank]),
            rank == relapsing,
        )
        for rank, port in enumerate(ports)
    ]  # fmt: skip


def _warm_up_share(first_day: int, days: int) -> float:
    """What to draw beyond the batches asked for: those of the warm-up that will have left."""
    weights: Floats = arrival_weights(first_day - WARM_UP_DAYS, days + WARM_UP_DAYS)
    gone = WARM_UP_DAYS - USUAL_STAY_DAYS
    return float(weights[:gone].sum() / weights[gone:].sum())


def make_port(settings: SampleSettings, facts: Facts, profile: Profile) -> PortWorld:
    """All of one port, without what left before the calendar opens."""
    first_day, _ = calendar(settings)
    rates = port_rates(facts, first_day, settings.days, profile.severity, profile.slowness, profile.relapses)
    batches = make_batches(
        settings, facts, profile.port, profile.batches, profile.facilities, rates, first_day
    )
    factor = lodge(settings, facts, batches, rates)
    inspections, ends, refused = inspect_on_the_way(settings, facts, batches, rates, factor)
    release(settings, batches, rates, factor, ends, refused)
    inspections = inspect_backlog(settings, facts, batches, inspections)
    cases = make_cases(settings, batches, inspections)
    return _from_opening(PortWorld(profile, batches, inspections, cases), first_day)


def _from_opening(world: PortWorld, first_day: int) -> PortWorld:
    """Drop batches that had left before the first day, and whatever is about them."""
    batches = world.batches
    stays = batches.left > first_day * 86_400 - LOCAL_OFFSET_SECONDS
    stays &= stays[batches.lead]
    place: Ints = np.cumsum(stays) - 1
    items = batches.items
    kept = stays[items.batch]
    batches.items = Items(place[items.batch[kept]], items.number[kept], items.unit[kept], items.good[kept])
    batches.lead = place[batches.lead]
    for name in Batches.__dataclass_fields__:
        if name not in ("port", "items"):
            setattr(batches, name, getattr(batches, name)[stays])
    for made in (world.inspections, world.cases):
        rows = stays[made.batch]
        made.batch = place[made.batch]
        for name in type(made).__dataclass_fields__:
            setattr(made, name, getattr(made, name)[rows])
    return world


def make_ports(settings: SampleSettings, facts: Facts) -> Iterator[PortWorld]:
    """The ports one after the other, the largest first; only one is in memory at a time."""
    for profile in profiles(settings, facts):
        yield make_port(settings, facts, profile)
