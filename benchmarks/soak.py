"""A crowd that stays: what a dashboard's memory is after everything was seen, and after so much coming and going."""

from __future__ import annotations

import asyncio
from typing import Any

from benchmarks.crowd import crowd, everything_once, summed
from benchmarks.dashboards import Dashboard

WARM_SHARE = 0.25
"""The share of the time that a crowd takes to fill what a server holds for its visitors."""
ROUNDS = 6


def soak(server: Dashboard, visitors: int, think: float, seconds: float) -> dict[str, Any]:
    """Memory by round (MiB, after the visitors have gone) and times; a traceback on any screen is a `RunFailed`."""
    asyncio.run(everything_once(server.address))
    asyncio.run(crowd(server.address, visitors, think, WARM_SHARE * seconds, seed=0))
    memory, acts = [_mib(server)], []
    for seed in range(1, ROUNDS + 1):
        acts += asyncio.run(
            crowd(server.address, visitors, think, (1 - WARM_SHARE) * seconds / ROUNDS, seed=seed)
        )
        memory.append(_mib(server))
    half = ROUNDS // 2
    return {
        **summed(acts),
        "visitors": visitors,
        "think_seconds": think,
        "seconds": seconds,
        "memory_mib": memory,
        # The most of one half against the most of the other: what is freed a little later counts in neither.
        "growth_mib": max(memory[half + 1 :]) - max(memory[: half + 1]),
    }


def _mib(server: Dashboard) -> float:
    return server.memory_bytes() / 2**20
