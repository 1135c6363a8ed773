"""Inspections of a port, what they find, and the penalty cases that follow.

Hit rates without a campaign are of the order published: about 6 % at random (AQSIQ 2014), 11 % targeted
(World Shipping Council 2024). Those of intelligence and of the campaign's own risk model are invented: they
are what it takes to find what the 2022 action is said to have found.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.sample.batches import NEVER, NEVER_RELEASED_SHARE, Batches
from pipeline.sample.facts import Facts, Window
from pipeline.sample.rates import PortRates
from pipeline.sample.settings import SampleSettings
from pipeline.sample.streams import Bools, Floats, Ints, choose, exponential, lognormal, seconds, stream

BASES = ("random", "targeted", "intelligence", "campaign")
NO_BASIS = -1
REGULAR_SHARES = (0.040, 0.060, 0.008, 0.0)
ACTION_SHARES = (0.040, 0.080, 0.050, 0.380)
HALF_YEAR_SHARES = (0.040, 0.150, 0.020, 0.050)
HIT_RATES = (0.060, 0.115, 0.40, 0.335)
BACKLOG_INSPECTED_SHARE = 0.75

MISDECLARED = (
    ("undeclared", 0.26), ("concealed", 0.13), ("wrong_un_number", 0.18), ("class_understated", 0.14),
    ("packing_group_understated", 0.09), ("subsidiary_risk_omitted", 0.07), ("quantity_understated", 0.13),
)  # fmt: skip
OTHER = (
    ("package_unqualified", 0.20), ("label_placard", 0.26), ("safety_data_sheet", 0.18), ("securing", 0.12),
    ("document", 0.14), ("segregation_in_unit", 0.06), ("stabiliser_missing", 0.04),
)  # fmt: skip
CODES = tuple(code for code, _ in MISDECLARED + OTHER)
MISDECLARED_SHARE = (0.55, 0.65, 0.95, 0.93)
"""Of what is found, the share that is a misdeclaration, by basis of selection."""

CASE_SHARE = 0.345
"""Of misdeclared batches, those that become a penalty case."""

STATUSES = ("filed", "decided", "closed", "criminal_referral")


@dataclass
class Inspections:
    """One row an inspection; `code` is an index of `CODES` or -1 where nothing was found. Instants: UTC
    seconds.

    `on_the_way` are those between declaration and release; the others are of stock that was released already.
    """

    batch: Ints
    basis: Ints
    selected: Ints
    inspected: Ints
    ends: Ints
    code: Ints
    on_the_way: Bools


@dataclass
class Cases:
    """One row a case. `decided` is `NEVER` while nothing is decided; `fine_share` is of the goods' value."""

    batch: Ints
    filed: Ints
    decided: Ints
    status: Ints
    fine_share: Floats


def _in(window: Window | None, instants: Ints) -> Bools:
    if window is None:
        return np.zeros(len(instants), dtype=bool)
    return (instants >= window.start_seconds) & (instants < window.end_seconds)


def _basis(rng: np.random.Generator, facts: Facts, at: Ints) -> Ints:
    draw = rng.random(len(at))
    chosen = np.full(len(at), NO_BASIS)
    for shares, where in (
        (REGULAR_SHARES, np.ones(len(at), dtype=bool)),
        (HALF_YEAR_SHARES, _in(facts.half_year, at)),
        (ACTION_SHARES, _in(facts.action, at)),
    ):
        at_most = np.searchsorted(np.cumsum(shares), draw, side="right")
        chosen = np.where(where, np.where(at_most < len(shares), at_most, NO_BASIS), chosen)
    return chosen


def _codes(rng: np.random.Generator, basis: Ints) -> Ints:
    n = len(basis)
    found = rng.random(n) < np.array(HIT_RATES)[basis]
    misdeclared = rng.random(n) < np.array(MISDECLARED_SHARE)[basis]
    grave = choose(rng, np.array([share for _, share in MISDECLARED]), n)
    light = len(MISDECLARED) + choose(rng, np.array([share for _, share in OTHER]), n)
    return np.where(found, np.where(misdeclared, grave, light), -1)


def inspect_on_the_way(
    settings: SampleSettings, facts: Facts, batches: Batches, rates: PortRates, factor: Floats
) -> tuple[Inspections, Ints, Bools]:
    """Inspections between declaration and release; when each batch's ends (`NEVER`: none), and who is
    refused.
    """
    rng = stream(settings.seed, "inspection", batches.port.code)
    n = len(batches)
    there = np.where(batches.advance, batches.ground, batches.lodged)
    basis = _basis(rng, facts, there)
    basis = np.where(batches.lead == np.arange(n), basis, NO_BASIS)
    rows = np.flatnonzero(basis != NO_BASIS)
    code = _codes(rng, basis[rows])
    work = factor[rows]
    selected = there[rows] + seconds((0.5 + 1.5 * rng.random(len(rows))) * work)
    inspected = rates.release.finish(selected, lognormal(rng, 16.0, 0.6, len(rows)) * work)
    after = np.where(code >= 0, lognormal(rng, 40.0, 0.6, len(rows)), lognormal(rng, 4.0, 0.6, len(rows)))
    ends_of_row = rates.release.finish(inspected, after * work)
    ends = np.full(n, NEVER)
    ends[rows] = ends_of_row
    found = np.zeros(n, dtype=bool)
    found[rows] = code >= 0
    refused = rng.random(n) < np.where(found, 0.03, NEVER_RELEASED_SHARE)
    refused &= (batches.lead == np.arange(n)) & (batches.direction == 0)
    made = Inspections(
        rows, basis[rows], selected, inspected, ends_of_row, code, np.ones(len(rows), dtype=bool)
    )
    return made, ends, refused


def inspect_backlog(
    settings: SampleSettings, facts: Facts, batches: Batches, made: Inspections
) -> Inspections:
    """Add the action's inspections of stock that was over its limit when it began and had been released
    already.
    """
    if facts.action is None:
        return made
    rng = stream(settings.seed, "backlog inspection", batches.port.code)
    opened = facts.action.start_seconds
    seen = np.zeros(len(batches), dtype=bool)
    seen[made.batch] = True
    stock = (batches.overdue < opened) & (batches.left > opened + 3600) & (batches.released < opened) & ~seen
    stock &= batches.lead == np.arange(len(batches))
    rows = np.flatnonzero(stock & (rng.random(len(batches)) < BACKLOG_INSPECTED_SHARE))
    until = np.minimum(batches.left[rows], opened + 45 * 86_400)
    inspected = opened + ((until - opened) * rng.random(len(rows))).astype(np.int64)
    basis = np.full(len(rows), BASES.index("campaign"))
    more = Inspections(
        rows, basis, inspected, inspected, inspected, _codes(rng, basis), np.zeros(len(rows), dtype=bool)
    )
    joined = {
        name: np.concatenate((getattr(made, name), getattr(more, name)))
        for name in Inspections.__dataclass_fields__
    }
    order = np.argsort(joined["inspected"], kind="stable")
    return Inspections(**{name: values[order] for name, values in joined.items()})


def make_cases(settings: SampleSettings, batches: Batches, made: Inspections) -> Cases:
    """Penalty cases of the misdeclared batches, in the order of filing."""
    rng = stream(settings.seed, "cases", batches.port.code)
    n = len(made.batch)
    misdeclared = (made.code >= 0) & (made.code < len(MISDECLARED))
    rows = np.flatnonzero(misdeclared & (rng.random(n) < CASE_SHARE))
    filed = made.inspected[rows] + seconds(24 * (1 + exponential(rng, 7.0, len(rows))))
    status = choose(rng, np.array([0.12, 0.50, 0.34, 0.04]), len(rows))
    decided = filed + seconds(24 * (5 + exponential(rng, 25.0, len(rows))))
    decided = np.where((status == 0) | (status == 3), NEVER, decided)
    fine = 0.051 + 0.247 * np.power(rng.random(len(rows)), 1.6)
    order = np.argsort(filed, kind="stable")
    return Cases(
        made.batch[rows][order], filed[order], decided[order], status[order], np.round(fine, 4)[order]
    )
