"""Figures of the world itself, by plain interval arithmetic: what a correct load of the clean files would
show.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.sample.batches import NEVER, TRANSFERRED, Batches
from pipeline.sample.facts import Facts, Window, day_number, day_of
from pipeline.sample.inspections import MISDECLARED, Cases, Inspections
from pipeline.sample.rates import relapse_week
from pipeline.sample.settings import SampleSettings
from pipeline.sample.streams import Bools, Floats, Ints

RMST_TAU_HOURS = 60 * 24.0


@dataclass
class PortTruth:
    """What is kept of a port for the figures."""

    code: str
    ground: Ints
    overdue: Ints
    left: Ints
    exit_type: Ints
    arrived: Ints
    released: Ints
    inspected: Ints
    inspected_batch: Ints
    misdeclared: Bools
    filed: Ints


def keep(batches: Batches, inspections: Inspections, cases: Cases) -> PortTruth:
    """The arrays of a port that the figures need."""
    bad = (inspections.code >= 0) & (inspections.code < len(MISDECLARED))
    return PortTruth(
        batches.port.code, batches.ground, batches.overdue, batches.left, batches.exit_type, batches.arrived,
        batches.released, inspections.inspected, inspections.batch, bad, cases.filed,
    )  # fmt: skip


def period_rmst(start: Ints, end: Ints, window: Window, as_of: int, tau_hours: float) -> tuple[float, float]:
    """Restricted mean (hours) of a window by Kaplan-Meier with delayed entry, and the largest age
    observed.
    """
    opens, closes = window.start_seconds, min(window.end_seconds, as_of)
    inside = (start < closes) & (end > opens)
    entry = np.maximum(0, opens - start[inside]) / 3600
    ended = end[inside] < closes
    leave = (np.minimum(end[inside], closes) - start[inside]) / 3600
    if not len(entry):
        return float("nan"), float("nan")
    ages, counts = np.unique(leave[ended], return_counts=True)
    at_risk = np.searchsorted(np.sort(entry), ages, "left") - np.searchsorted(np.sort(leave), ages, "left")
    survival = np.cumprod(1 - counts / np.maximum(at_risk, 1))
    tau = min(tau_hours, float(leave.max()))
    edges = np.concatenate(([0.0], np.minimum(ages, tau), [tau]))
    return float(np.sum(np.diff(edges) * np.concatenate(([1.0], survival)))), float(leave.max())


def _clearance(ports: list[PortTruth]) -> tuple[Ints, Ints]:
    start = np.concatenate([port.arrived for port in ports])
    end = np.concatenate([np.minimum(port.released, NEVER) for port in ports])
    left = np.concatenate([port.left for port in ports])
    known = end < NEVER
    # A batch that leaves without release is open until it leaves; a plain world has few of them.
    return start[known | (left < NEVER)], np.where(known, end, NEVER)[known | (left < NEVER)]


def _exit_clock(start: Ints, end: Ints, window: Window) -> Floats:
    ended = (end >= window.start_seconds) & (end < window.end_seconds)
    return (end[ended] - start[ended]) / 3600


def _campaign(ports: list[PortTruth], window: Window, as_of: int) -> dict[str, Any]:
    opens, closes = window.start_seconds, min(window.end_seconds, as_of)
    opening = cleared_opening = cleared_new = relocated = remaining = newly = 0
    misdeclared = inspected = cases = 0
    for port in ports:
        was_over = (port.overdue < opens) & (port.left >= opens)
        becomes = (port.overdue >= opens) & (port.overdue < closes) & (port.overdue < port.left)
        gone = port.left < closes
        moved = port.exit_type == TRANSFERRED
        opening += int(was_over.sum())
        newly += int(becomes.sum())
        cleared_opening += int((was_over & gone & ~moved).sum())
        cleared_new += int((becomes & gone & ~moved).sum())
        relocated += int(((was_over | becomes) & gone & moved).sum())
        remaining += int(((was_over | becomes) & ~gone).sum())
        during = (port.inspected >= opens) & (port.inspected < closes)
        inspected += len(np.unique(port.inspected_batch[during]))
        misdeclared += len(np.unique(port.inspected_batch[during & port.misdeclared]))
        cases += int(((port.filed >= opens) & (port.filed < closes)).sum())
    return {
        "opening_backlog": opening, "newly_overdue": newly, "cleared_opening": cleared_opening,
        "cleared_new": cleared_new, "cleared": cleared_opening + cleared_new, "cleared_relocated": relocated,
        "remaining": remaining, "inspected_batches": inspected, "misdeclared_batches": misdeclared,
        "penalty_cases": cases,
    }  # fmt: skip


def _reduction(facts: Facts, ports: list[PortTruth], as_of: int) -> dict[str, Any]:
    if facts.action is None or facts.baseline is None:
        return {}
    start, end = _clearance(ports)
    _, oldest_before = period_rmst(start, end, facts.baseline, as_of, RMST_TAU_HOURS)
    _, oldest_during = period_rmst(start, end, facts.action, as_of, RMST_TAU_HOURS)
    tau = min(RMST_TAU_HOURS, oldest_before, oldest_during)
    before, _ = period_rmst(start, end, facts.baseline, as_of, tau)
    during, _ = period_rmst(start, end, facts.action, as_of, tau)
    exits = _exit_clock(start, end, facts.baseline), _exit_clock(start, end, facts.action)
    if not len(exits[0]) or not len(exits[1]) or not before > 0:
        return {}
    return {
        "rmst_tau_hours": round(tau, 1),
        "clearance_rmst_hours_baseline": round(before, 1),
        "clearance_rmst_hours_action": round(during, 1),
        "reduction_rmst_pct": round(100 * (1 - during / before), 1),
        "clearance_mean_hours_baseline": round(float(exits[0].mean()), 1),
        "clearance_mean_hours_action": round(float(exits[1].mean()), 1),
        "reduction_exit_mean_pct": round(100 * (1 - float(exits[1].mean() / exits[0].mean())), 1),
        "clearance_median_hours_baseline": round(float(np.median(exits[0])), 1),
        "clearance_median_hours_action": round(float(np.median(exits[1])), 1),
    }


def _quiet_weeks(
    facts: Facts, ports: list[PortTruth], relapse_port: str | None, as_of: int
) -> dict[str, Any]:
    monday = relapse_week(facts)
    if facts.action is None or monday is None:
        return {}
    week = 7 * 86_400
    first = facts.action.end_seconds
    onset = Window((monday - day_of(0)).days, 0).start_seconds
    rows: dict[str, Any] = {}
    for port in ports:
        over = port.overdue[(port.overdue < port.left) & (port.overdue < as_of)]
        counts = {
            "first_eight_weeks": (first, first + 8 * week),
            "until_relapse": (first + 8 * week, onset),
            "since_relapse": (onset, as_of),
        }
        rows[port.code] = {
            name: round(float(((over >= a) & (over < b)).sum()) / max((b - a) / week, 1e-9), 2)
            if b > a
            else None
            for name, (a, b) in counts.items()
        }
    return {
        "relapse_port": relapse_port,
        "relapse_week": monday.isoformat() if relapse_port else None,
        "newly_overdue_a_week": rows,
    }


def world_truth(
    settings: SampleSettings, facts: Facts, ports: list[PortTruth], relapse_port: str | None, as_of: int
) -> dict[str, Any]:
    """The figures of `sample.json`: the special action, what came after it, and what was built in on
    purpose.
    """
    truth: dict[str, Any] = {"batches": int(sum(len(port.ground) for port in ports))}
    opens = day_number(settings.start)
    if facts.action is not None and opens <= facts.action.last and facts.action.start_seconds < as_of:
        truth["special_action"] = {
            "starts_on": day_of(facts.action.first).isoformat(),
            "ends_on": day_of(facts.action.last).isoformat(),
            **_campaign(ports, facts.action, as_of),
            **_reduction(facts, ports, as_of),
        }
        truth["rebound"] = _quiet_weeks(facts, ports, relapse_port, as_of)
    if (
        facts.half_year is not None
        and opens <= facts.half_year.last
        and facts.half_year.start_seconds < as_of
    ):
        truth["half_year_action"] = _campaign(ports, facts.half_year, as_of)
    if facts.pilot is not None:
        truth["pilot"] = {
            "ports": [port.code for port in ports if port.code in facts.pilot_ports],
            "starts_on": day_of(facts.pilot.first).isoformat(),
            "factor_on_clearance_hours": settings.pilot_effect,
        }
    return truth
