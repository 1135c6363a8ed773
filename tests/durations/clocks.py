"""The three clocks once more, from their definitions: plain Python, exact fractions, no SQL.

Times are whole hours. A spell is what lasts: a stay, a clearance, a stage of one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

Z = 1.959964
CAME_IN = -1
"""The entry of a spell that began while its clock ran: at risk from age 0 on, age 0 included."""


@dataclass(frozen=True)
class Spell:
    """From `start` to `end`, or still open when last seen at `seen_until`."""

    start: int
    end: int | None
    seen_until: int
    left_out: bool = False
    port: str = "CNSHG"
    lead_class: str = "3"


@dataclass(frozen=True)
class Window:
    """[first, after); an end may be open. Nothing after `as_of` is seen."""

    first: int | None
    after: int | None
    as_of: int

    def holds(self, instant: int | None) -> bool:
        if instant is None:
            return False
        return (self.first is None or instant >= self.first) and (self.after is None or instant < self.after)

    @property
    def closes(self) -> int:
        return self.as_of if self.after is None else min(self.after, self.as_of)


@dataclass(frozen=True)
class Risk:
    """One spell on one clock: at risk at ages above `entry` up to `leaves`."""

    entry: int
    leaves: int
    ended: bool
    left_out: bool


def on_clock(clock: str, spells: Iterable[Spell], window: Window) -> list[Risk]:
    """The spells that a clock counts."""
    found = []
    for spell in spells:
        entry, leaves, ended = CAME_IN, spell.seen_until - spell.start, spell.end is not None
        if clock == "exit":
            counted = window.holds(spell.end)
        elif clock == "cohort":
            counted = window.holds(spell.start)
        else:
            until = min(spell.seen_until, window.closes)
            arrived_before = window.first is not None and spell.start < window.first
            if arrived_before:
                assert window.first is not None
                entry = window.first - spell.start
                counted = until > window.first
            else:
                counted = window.holds(spell.start)
            leaves, ended = until - spell.start, window.holds(spell.end)
        if counted:
            found.append(Risk(entry, leaves, ended, spell.left_out))
    return found


@dataclass(frozen=True)
class Step:
    """An age at which something ended, and the curve from it on."""

    age: int
    at_risk: int
    ended: int
    survival: Fraction
    before: Fraction
    greenwood: Fraction
    """The sum up to here of d / (n (n - d)); a term with n = d is 0."""

    @property
    def term(self) -> Fraction:
        if self.at_risk == self.ended:
            return Fraction(0)
        return Fraction(self.ended, self.at_risk * (self.at_risk - self.ended))

    def band(self) -> tuple[float | None, float | None]:
        """The log-log 95 % band."""
        if self.survival in (0, 1):
            return (1.0, 1.0) if self.survival == 1 else (None, None)
        s = float(self.survival)
        reach = Z * math.sqrt(self.greenwood) / abs(math.log(s))
        centre = math.log(-math.log(s))
        return math.exp(-math.exp(centre + reach)), math.exp(-math.exp(centre - reach))


def curve(risks: Sequence[Risk]) -> list[Step]:
    """Kaplan-Meier with delayed entry."""
    steps: list[Step] = []
    survival, greenwood = Fraction(1), Fraction(0)
    for age in sorted({risk.leaves for risk in risks if risk.ended}):
        at_risk = sum(risk.entry < age <= risk.leaves for risk in risks)
        ended = sum(risk.ended and risk.leaves == age for risk in risks)
        before, survival = survival, survival * Fraction(at_risk - ended, at_risk)
        step = Step(age, at_risk, ended, survival, before, greenwood)
        greenwood += step.term
        steps.append(Step(age, at_risk, ended, survival, before, greenwood))
    return steps


def quantile(steps: Sequence[Step], level: Fraction) -> int | None:
    """The smallest age at which the curve is `level` or less."""
    return next((step.age for step in steps if step.survival <= level), None)


def area(steps: Sequence[Step], first: int, last: int) -> Fraction:
    """Area under the curve between two ages."""
    total, at, height = Fraction(0), first, Fraction(1)
    for step in steps:
        if step.age <= first:
            height = step.survival
        elif step.age <= last:
            total += height * (step.age - at)
            at, height = step.age, step.survival
    return total + height * (last - at)


def restricted_mean(steps: Sequence[Step], tau: int) -> tuple[float, float]:
    """RMST and its standard error."""
    variance = sum(
        (area(steps, step.age, tau) ** 2 * step.term for step in steps if step.age <= tau), Fraction(0)
    )
    return float(area(steps, 0, tau)), math.sqrt(variance)


def is_thin(steps: Sequence[Step], tau: int) -> bool:
    return any(step.age < tau and step.at_risk < 5 and step.before > Fraction(1, 10) for step in steps)


def linear_quantile(values: Sequence[int], share: Fraction) -> float:
    """Type 7: between the two order statistics next to 1 + (n - 1) share."""
    ordered = sorted(values)
    place = (len(ordered) - 1) * share
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return float(ordered[below] + (ordered[above] - ordered[below]) * (place - below))


Cells = dict[str, float | int | str | None]


def statistics(clock: str, spells: Iterable[Spell], window: Window, tau: int) -> Cells | None:
    """A row of the report; None where the clock counts nothing."""
    counted = on_clock(clock, spells, window)
    if not counted:
        return None
    risks = [risk for risk in counted if not risk.left_out]
    row: Cells = dict.fromkeys(
        ("mean_hours", "median_hours", "p90_hours", "rmst_hours", "rmst_tau_hours", "rmst_se_hours")
    )
    row |= {
        "n": len(risks),
        "n_ended": sum(risk.ended for risk in risks),
        "n_open": sum(not risk.ended for risk in risks),
        "n_left_out": len(counted) - len(risks),
    }
    flags = []
    if clock == "exit" and risks:
        lengths = [risk.leaves for risk in risks]
        row["mean_hours"] = sum(lengths) / len(lengths)
        row["median_hours"] = linear_quantile(lengths, Fraction(1, 2))
        row["p90_hours"] = linear_quantile(lengths, Fraction(9, 10))
    if clock != "exit" and risks:
        steps = curve(risks)
        row["median_hours"] = quantile(steps, Fraction(1, 2))
        row["p90_hours"] = quantile(steps, Fraction(1, 10))
        flags += [f"not_reached_{name}" for name in ("median", "p90") if row[f"{name}_hours"] is None]
        if clock == "period":
            cut = min(tau, max(risk.leaves for risk in risks))
            row["rmst_tau_hours"] = cut
            row["rmst_hours"], row["rmst_se_hours"] = restricted_mean(steps, cut)
            flags += ["thin"] if is_thin(steps, cut) else []
    return row | {"flags": ";".join(flags)}
