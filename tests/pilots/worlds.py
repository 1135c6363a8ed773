"""Panels to put before the estimator: of sample worlds as they are made, and drawn with no effect or a known one."""

from __future__ import annotations

from datetime import date

import numpy as np

from pipeline.sample import SampleSettings
from pipeline.sample.facts import load_facts
from pipeline.sample.world import make_ports
from pipeline.statistics.panels import Panel, two_sided

WEEK_SECONDS = 7 * 86_400


def world_panel(seed: int, effect: float) -> Panel:
    """The panel of a sample world's own batches: half a year before the pilot, nearly half a year of it."""
    facts = load_facts()
    assert facts.pilot is not None
    settings = SampleSettings(
        batches=9_000, ports=12, seed=seed, start=date(2022, 11, 7), days=350, pilot_effect=effect
    )
    ports, weeks, values, treated = [], [], [], []
    for number, world in enumerate(make_ports(settings, facts)):
        batches = world.batches
        hours = np.clip((batches.released - batches.arrived) / 3600, 1, 720)
        week = (batches.arrived - facts.pilot.start_seconds) // WEEK_SECONDS
        for one in range(-25, 22):
            inside = week == one
            if inside.any():
                ports.append(number)
                weeks.append(one)
                values.append(float(np.log(hours[inside]).mean()))
        treated.append(world.profile.port.code in facts.pilot_ports)
    return two_sided(
        Panel(np.array(ports), np.array(weeks), np.array(values), np.array(treated, dtype=np.bool_))
    )


def drawn_panel(
    random: np.random.Generator, ports: int, treated: int, before: int, after: int, effect: float = 0.0
) -> Panel:
    """Ports of unequal noise that lasts from week to week, weeks in common, one cell in twenty missing."""
    weeks = before + after
    noise = np.zeros((ports, weeks))
    noise[:, 0] = random.normal(size=ports)
    for k in range(1, weeks):
        noise[:, k] = 0.5 * noise[:, k - 1] + random.normal(0, 0.75**0.5, ports)
    noise *= 0.3 * random.uniform(0.5, 1.5, ports)[:, None]
    value = random.normal(4, 0.3, ports)[:, None] + random.normal(0, 0.2, weeks)[None, :] + noise
    port, week = np.repeat(np.arange(ports), weeks), np.tile(np.arange(-before, after), ports)
    is_treated = np.arange(ports) < treated
    value = value.ravel() + effect * (is_treated[port] & (week >= 0))
    there = random.random(len(port)) > 0.05
    return two_sided(Panel(port[there], week[there], value[there], is_treated))
