"""Small worlds of a few ports, drawn anew from a seed, as files for a lake and as rows for the oracle."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np

from .oracle import DAY, Inspection, Rule, Stay, World

START = datetime(2022, 3, 1)
PORTS = ("CNSHG", "CNNBO", "CNQIN")
RULES = {
    "backlog": Rule("congestion", 3, baseline=21, lag=3),
    "newly_overdue": Rule("congestion", 3, window=14, baseline=28),
    "oldest_age": Rule("congestion", 40),
    "licensed_stock": Rule("capacity", 90),
    "heat": Rule("weather", 35),
    "misdeclaration": Rule("declaration", 2, window=14, baseline=42, minimum=5),
    "missing_gate_outs": Rule("reporting", 2, window=14, minimum=5),
    "ghosts": Rule("reporting", 3, window=7),
    "silence": Rule("reporting", 2, window=14, minimum=7),
    "alert": Rule("trigger", 2, window=7),
    "border_trigger": Rule("trigger", 2, window=30),
    "first_detection": Rule("trigger", 90),
}
LIMITS = "rule_id,limit_hours\ndefault,120\n"


def rules_csv(rules: dict[str, Rule] = RULES) -> str:
    """The rules as an own table of alert rules."""
    header = "indicator,points_group,threshold,window_days,baseline_days,lag_days,minimum"
    rows = [
        f"{name},{rule.group},{rule.threshold},{rule.window},{rule.baseline},{rule.lag},{rule.minimum}"
        for name, rule in rules.items()
    ]
    return "\n".join([header, *rows]) + "\n"


def drawn(seed: int, days: int = 120) -> World:
    """Arrivals, a stretch in which nothing is fetched, a port that falls silent, hot days, inspections."""
    random = np.random.default_rng(seed)
    stays: list[Stay] = []
    for place, port in enumerate(PORTS):
        stuck_from, stuck_to = sorted(random.integers(30, days, 2))
        silent_from = int(random.integers(40, days + 40))
        for number in range(int(random.integers(60, 110))):
            arrived = START + timedelta(minutes=int(random.integers(0, days * 1440)))
            if silent_from <= (arrived - START).days < silent_from + 9:
                continue
            hours = float(random.exponential(70)) + 5
            if stuck_from <= (arrived - START).days <= stuck_to:
                hours += float(random.exponential(500))
            left = arrived + timedelta(hours=round(hours, 2))
            gone = left if left < START + DAY * days and random.random() > 0.03 else None
            if gone is not None and silent_from <= (gone - START).days < silent_from + 9:
                gone = None
            stays.append(Stay(f"B{place}-{number}", port, arrived, gone))
    return World(stays, _inspections(random, stays), _weather(random, days))


def _inspections(random: np.random.Generator, stays: list[Stay]) -> list[Inspection]:
    found = []
    for stay in stays:
        if random.random() < 0.8:
            basis = "random" if random.random() < 0.5 else "targeted"
            is_bad = random.random() < (0.45 if basis == "targeted" else 0.15)
            at = stay.arrived + timedelta(hours=float(random.integers(1, 60)))
            found.append(Inspection(stay.batch, stay.port, at, basis, bool(is_bad)))
    return found


def _weather(random: np.random.Generator, days: int) -> dict:
    return {
        (port, (START + DAY * day).date()): round(float(random.normal(28, 5)), 1)
        for port in PORTS
        for day in range(days + 40)
        if random.random() > 0.1
    }


def files(world: World) -> dict[str, list[str]]:
    """The world as lines of source files."""
    moves = ["event_id,un_location_code,equipment_reference,event_type,event_at,consignment_id"]
    batches = ["consignment_id,un_location_code,direction"]
    for stay in world.stays:
        batches.append(f"{stay.batch},{stay.port},import")
        moves.append(
            f"{stay.batch}-in,{stay.port},U{stay.batch},DISC,{stay.arrived.isoformat()},{stay.batch}"
        )
        if stay.left is not None:
            moves.append(
                f"{stay.batch}-out,{stay.port},U{stay.batch},GTOT,{stay.left.isoformat()},{stay.batch}"
            )
    found = ["finding_id,consignment_id,inspected_at,selection_basis,result,finding_code"]
    for number, one in enumerate(world.inspections):
        result = "finding,undeclared" if one.is_misdeclared else "clean,"
        found.append(f"F{number},{one.batch},{one.at.isoformat()},{one.basis},{result}")
    weather = ["un_location_code,date,max_temp_c"]
    weather += [f"{port},{day},{highest}" for (port, day), highest in world.weather.items()]
    return {
        "consignments": batches,
        "yard_moves": moves,
        "inspection_findings": found,
        "daily_weather": weather,
    }
