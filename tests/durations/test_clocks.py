"""The models of the three clocks against the same clocks in plain Python: drawn spells, and cases by hand."""

from __future__ import annotations

import os
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pipeline.engines.duckdb_engine import Engine

from . import clocks, rig
from .clocks import Spell, Window

CLOCKS = ("exit", "cohort", "period")
CELLS = (
    "n", "n_ended", "n_open", "n_left_out", "mean_hours", "median_hours", "p90_hours",
    "rmst_hours", "rmst_tau_hours", "rmst_se_hours", "flags",
)  # fmt: skip
BY = (("port",), ("class",), ("port", "class"), ("all",))
DRAWN = settings(
    max_examples=int(os.environ.get("DGWATCH_EXAMPLES", 40)),
    derandomize="DGWATCH_EXAMPLES" not in os.environ,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@st.composite
def windows(draw: st.DrawFn) -> Window:
    """Windows round hours 0 to 20, their ends now and then open, as_of before, in and after them."""
    first = draw(st.sampled_from((None, 0, 0, 0)))
    after = draw(st.sampled_from((None, 20, 20, 20)))
    return Window(first, after, draw(st.sampled_from((-5, 0, 7, 20, 21, 40))))


@st.composite
def spell_lists(draw: st.DrawFn, window: Window, with_left_out: bool) -> list[Spell]:
    """Spells that as_of has seen begin; ties, zero lengths and the window's ends come up often."""
    found = []
    hours = st.one_of(st.sampled_from((-10, 0, 5, 20)), st.integers(-30, 30))
    for _ in range(draw(st.integers(0, 14))):
        start = min(draw(hours), window.as_of)
        length = draw(st.one_of(st.none(), st.sampled_from((0, 5, 10, 20)), st.integers(0, 40)))
        end = None if length is None or start + length > window.as_of else start + length
        seen_until = window.as_of if end is None else end
        left_out = with_left_out and draw(st.integers(0, 5)) == 0
        if with_left_out and end is None and draw(st.booleans()):
            seen_until = min(start + draw(st.integers(-3, 10)), window.as_of)
            left_out = left_out or seen_until < start
        port, lead_class = draw(st.sampled_from(rig.PORTS)), draw(st.sampled_from(("3", "8")))
        found.append(Spell(start, end, seen_until, left_out, port, lead_class))
    return found


def groups(spells: list[Spell], by: tuple[str, ...]) -> dict[tuple[str | None, str | None], list[Spell]]:
    found: dict[tuple[str | None, str | None], list[Spell]] = {}
    for spell in spells:
        key = (spell.port if "port" in by else None, spell.lead_class if "class" in by else None)
        found.setdefault(key, []).append(spell)
    return found


def compare(spells: list[Spell], window: Window, tau: int, by: tuple[str, ...], measure: str) -> None:
    expected = {}
    for key, members in groups(spells, by).items():
        for clock in CLOCKS:
            row = clocks.statistics(clock, members, window, tau)
            if row is not None:
                expected[(*key, clock)] = row
    for in_memory in (True, False):
        compare_figures(spells, window, tau, by, measure, expected, in_memory)


def compare_figures(
    spells: list[Spell],
    window: Window,
    tau: int,
    by: tuple[str, ...],
    measure: str,
    expected: dict[Any, clocks.Cells],
    in_memory: bool,
) -> None:
    with rig.new_engine(window.as_of, in_memory) as engine:
        rig.ask(engine, window, tau, by)
        (rig.stays if measure == "dwell" else rig.clearances)(engine, spells)
        actual = rig.durations(engine)
        assert actual.keys() == expected.keys()
        for cell, row in expected.items():
            assert not rig.unlike(actual[cell], {name: row[name] for name in CELLS}), cell
        if "class" not in by:
            compare_curves(engine, spells, window, by)


def compare_curves(engine: Engine, spells: list[Spell], window: Window, by: tuple[str, ...]) -> None:
    """Every row of the survival report: age 0, and each age at which something ended."""
    expected: list[tuple[Any, ...]] = []
    for (port, _), members in groups(spells, by).items():
        for clock in ("cohort", "period"):
            risks = [risk for risk in clocks.on_clock(clock, members, window) if not risk.left_out]
            if not risks:
                continue
            steps = clocks.curve(risks)
            if not steps or steps[0].age > 0:
                came_in = sum(risk.entry == clocks.CAME_IN for risk in risks)
                expected.append((port, clock, 0.0, came_in, 0, 1.0, 1.0, 1.0))
            expected += [
                (port, clock, float(s.age), s.at_risk, s.ended, float(s.survival), *s.band()) for s in steps
            ]
    columns = ("un_location_code", "clock", "age_hours", "at_risk", "ended", "survival", "lower", "upper")
    rows = engine.to_arrow("survival_report").to_pylist()
    actual = {(row["un_location_code"], row["clock"], row["age_hours"]): row for row in rows}
    assert len(actual) == len(rows) == len(expected)
    for cells in expected:
        row = dict(zip(columns, cells, strict=True))
        assert not rig.unlike(actual[cells[:3]], row), cells


@DRAWN
@given(data=st.data())
def test_dwell(data: st.DataObject) -> None:
    window = data.draw(windows())
    spells = data.draw(spell_lists(window, with_left_out=False))
    tau, by = data.draw(st.sampled_from((3, 10, 1000))), data.draw(st.sampled_from(BY))
    compare(spells, window, tau, by, "dwell")


@DRAWN
@given(data=st.data())
def test_clearance(data: st.DataObject) -> None:
    window = data.draw(windows())
    spells = data.draw(spell_lists(window, with_left_out=True))
    tau, by = data.draw(st.sampled_from((3, 10, 1000))), data.draw(st.sampled_from(BY))
    compare(spells, window, tau, by, "clearance")


@settings(parent=DRAWN, max_examples=10)
@example(ended_each=(3, 2), stay=5)
@given(ended_each=st.tuples(st.integers(1, 6), st.integers(1, 6)), stay=st.integers(1, 9))
def test_a_level_that_is_met_exactly_is_reached(ended_each: tuple[int, int], stay: int) -> None:
    """Half end at one age and the rest later; one tenth is left before the last end."""
    early, late = ended_each
    lengths = [stay] * (5 * early) + [stay + 1] * (4 * early) + [stay + 2] * early
    lengths = lengths * late
    spells = [Spell(0, length, length) for length in lengths]
    compare(spells, Window(0, 100, 100), 1000, ("port",), "dwell")
    with rig.new_engine(100) as engine:
        rig.ask(engine, Window(0, 100, 100), 1000)
        rig.stays(engine, spells)
        row = rig.durations(engine)["CNSHG", None, "cohort"]
        assert (row["median_hours"], row["p90_hours"]) == (stay, stay + 1)


def test_nothing_but_left_out_is_counted_and_has_no_figure() -> None:
    spells = [Spell(0, 5, 5, left_out=True)]
    compare(spells, Window(0, 20, 40), 1000, ("port",), "clearance")


def test_who_leaves_as_the_window_opens_is_in_the_exit_clock_alone() -> None:
    spells = [Spell(-10, 0, 0), Spell(-10, 5, 5)]
    with rig.new_engine(40) as engine:
        rig.ask(engine, Window(0, 20, 40), 1000)
        rig.stays(engine, spells)
        rows = rig.durations(engine)
    assert rows["CNSHG", None, "exit"]["n"] == 2
    assert rows["CNSHG", None, "period"]["n"] == 1
    assert rows["CNSHG", None, "period"]["rmst_hours"] == 15.0, "nobody younger than 10 hours was seen"
