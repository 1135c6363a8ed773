"""Many visitors at once: each looks at a screen, thinks, makes a choice or goes to another screen."""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.visitors import Visitor

MAIN_FILTER = {
    "campaign": "ports",
    "map": "coloured",
    "backlog": "window",
    "clearance": "stage",
    "dwell": "ports",
    "ports": "timed",
    "pilots": "pilot",
    "rebound": "ports",
    "safety": "desk",
    "warning": "window",
    "border": "window",
    "batch": "form",
    "trust": "ports",
    "methodology": "family",
}
"""Every page and what is mostly chosen on it."""
AS_IT_OPENS = "lang=en"
"""An address that names one choice puts all others at their default, where the navigation takes them along."""
STAYS = 0.7
"""The share of a visitor's acts that are choices on the page; the others go to another page."""
OFTEN = 5
"""Of a long list people take the first options."""


@dataclass(frozen=True)
class Act:
    """One thing that a visitor did: when (seconds from the start), where, what, and how long it took."""

    at: float
    page: str
    what: str
    seconds: float


async def crowd(address: str, visitors: int, think: float, seconds: float, seed: int = 1) -> list[Act]:
    """Everything that so many visitors do in so many seconds, each thinking `think` seconds in the mean."""
    began = time.perf_counter()
    told: list[Act] = []
    chance = random.Random(seed)
    seeds = [chance.randrange(2**31) for _ in range(visitors)]
    await asyncio.gather(
        *(_one(address, random.Random(own), think, began, began + seconds, told) for own in seeds)
    )
    return told


async def _one(
    address: str, chance: random.Random, think: float, began: float, end: float, told: list[Act]
) -> None:
    await asyncio.sleep(chance.random() * min(think, end - began))
    async with Visitor(address) as visitor:
        page = chance.choice(list(MAIN_FILTER))
        what, seconds = "open", await visitor.open(page, AS_IT_OPENS)
        while True:
            told.append(Act(time.perf_counter() - began, page, what, seconds))
            await asyncio.sleep(chance.uniform(0.5, 1.5) * think)
            if time.perf_counter() > end:
                return
            what = MAIN_FILTER[page]
            if what in visitor.screen.widgets and chance.random() < STAYS:
                seconds = await visitor.choose(what, *chance.choice(picks(visitor, what)))
            else:
                page, what = chance.choice(list(MAIN_FILTER)), "open"
                seconds = await visitor.open(page, AS_IT_OPENS)


def picks(visitor: Visitor, name: str) -> list[tuple[str, ...]]:
    """What people choose in a widget of the screen: one of the first options, or in a choice of many nothing."""
    options: list[tuple[str, ...]] = [(one,) for one in visitor.screen.widgets[name].options[:OFTEN]]
    return [(), *options] if name == "ports" else options


async def everything_once(address: str) -> list[Act]:
    """One visitor sees every page with every choice that the crowd makes: what all ask for is held afterwards."""
    told: list[Act] = []
    began = time.perf_counter()
    async with Visitor(address) as visitor:
        for page, name in MAIN_FILTER.items():
            seconds = await visitor.open(page, AS_IT_OPENS)
            told.append(Act(time.perf_counter() - began, page, "open", seconds))
            if name not in visitor.screen.widgets:
                continue
            for picked in picks(visitor, name):
                seconds = await visitor.choose(name, *picked)
                told.append(Act(time.perf_counter() - began, page, name, seconds))
    return told


def quantile(values: Sequence[float], share: float) -> float:
    """The nearest-rank quantile; infinite where there is no value."""
    ordered = sorted(values)
    return ordered[max(math.ceil(share * len(ordered)) - 1, 0)] if ordered else math.inf


def summed(acts: Sequence[Act]) -> dict[str, float]:
    """How many, and median, 95th and 99th percentile in seconds."""
    seconds = [act.seconds for act in acts]
    if not seconds:
        return {"acts": 0}
    return {
        "acts": len(seconds),
        "median": median(seconds),
        "p95": quantile(seconds, 0.95),
        "p99": quantile(seconds, 0.99),
    }
