"""Difference in differences: against numbers by hand, on worlds whose effect is known, and on panels without any."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pipeline.metrics.pilots import why_not
from pipeline.statistics.panels import (
    Panel,
    effect,
    event_study,
    permuted_effect,
    permuted_trend,
    placebo,
    trend_before,
    two_sided,
)

from .worlds import drawn_panel, world_panel

WORLDS, PANELS = 12, 200


def table(rows: list[list[float]], treated: list[bool], first_week: int) -> Panel:
    """A panel from a row a port; NaN where a cell is missing."""
    values = np.array(rows, dtype=np.float64)
    port, place = np.nonzero(~np.isnan(values))
    return Panel(port, place + first_week, values[port, place], np.array(treated, dtype=np.bool_))


def test_two_by_two_by_hand() -> None:
    """The treated fall by 3 and 5, the others rise by 1 on average: an effect of -4 - 1 = -5."""
    panel = table([[10, 7], [8, 3], [4, 5], [6, 7]], [True, True, False, False], -1)
    assert effect(panel).interval.estimate == pytest.approx(-5)
    assert event_study(panel)[0].interval.estimate == pytest.approx(-5)


def test_the_permutation_by_hand() -> None:
    """Of the six choices of two ports out of four none but the own and its mirror image is as extreme."""
    panel = table([[10, 7], [8, 3], [4, 5], [6, 7]], [True, True, False, False], -1)
    found = permuted_effect(panel)
    assert found.p_value == pytest.approx(2 / 6)
    assert (found.permutations, found.is_exact) == (6, True)


def test_the_same_seed_gives_the_same_answer() -> None:
    panel = drawn_panel(np.random.default_rng(5), 14, 7, 10, 6)
    first, again, other = (permuted_effect(panel, 199, seed) for seed in (1, 1, 2))
    assert first == again
    assert (first.permutations, first.is_exact) == (199, False)
    assert abs(first.p_value - other.p_value) < 0.15


def test_ports_of_one_side_alone_are_left_out() -> None:
    nan = math.nan
    panel = two_sided(table([[1, 2], [nan, 3], [4, nan], [5, 6]], [True, True, False, False], -1))
    assert panel.ports == 2
    assert panel.value.tolist() == [1, 2, 5, 6]
    assert panel.treated_ports.tolist() == [True, False]


def test_a_constant_a_port_and_a_shock_a_week_change_nothing() -> None:
    random = np.random.default_rng(11)
    panel = drawn_panel(random, 10, 4, 12, 8, effect=-0.2)
    ports, weeks = random.normal(size=10), random.normal(size=20)
    shifted = Panel(
        panel.port,
        panel.week,
        panel.value + ports[panel.port] + weeks[panel.week + 12],
        panel.treated_ports,
    )
    assert effect(shifted).interval.estimate == pytest.approx(effect(panel).interval.estimate)
    assert permuted_effect(shifted).p_value == permuted_effect(panel).p_value


def test_a_trend_before_is_seen() -> None:
    """The treated ports fall by a tenth a week from long before the start on."""
    panel = drawn_panel(np.random.default_rng(3), 12, 5, 16, 10)
    drifting = Panel(
        panel.port,
        panel.week,
        panel.value - 0.1 * panel.week * panel.treated_ports[panel.port],
        panel.treated_ports,
    )
    assert trend_before(drifting).interval.estimate == pytest.approx(
        trend_before(panel).interval.estimate - 0.1
    )
    assert permuted_trend(drifting).p_value < 0.05
    earlier = two_sided(placebo(drifting, 8))
    assert set(earlier.week.tolist()) == set(range(-8, 8))
    assert permuted_effect(earlier).p_value < 0.05


@pytest.mark.parametrize("built_in", [0.75, 1.0])
def test_the_built_in_effect_of_sample_worlds_lies_in_the_interval(built_in: float) -> None:
    """Intervals of 95 % miss one world in twenty: of twelve, three or more misses come once in fifty times."""
    inside, significant = 0, 0
    for seed in range(1, WORLDS + 1):
        panel = world_panel(seed, built_in)
        interval = effect(panel).interval
        inside += interval.lower <= math.log(built_in) <= interval.upper
        significant += permuted_effect(panel, 199).p_value <= 0.05
    assert inside >= WORLDS - 2
    assert significant == WORLDS if built_in < 1 else significant <= 2


def test_without_an_effect_few_panels_find_one() -> None:
    """200 panels of 10 ports, 4 of them treated: the permutation keeps its word, the clustered error nearly does."""
    random = np.random.default_rng(2004)
    by_permutation, by_cluster, inside = 0, 0, 0
    for _ in range(PANELS):
        panel = drawn_panel(random, 10, 4, 10, 6)
        found = effect(panel)
        by_permutation += permuted_effect(panel, 210).p_value <= 0.05
        by_cluster += found.p_value <= 0.05
        inside += found.interval.lower <= 0 <= found.interval.upper
    assert by_permutation / PANELS <= 0.09, "0.05 and two and a half standard errors of 200 panels"
    assert 0.01 <= by_cluster / PANELS <= 0.13
    assert inside == PANELS - by_cluster


def test_the_weeks_before_of_an_event_study_stay_near_nothing() -> None:
    panel = world_panel(2, 0.75)
    weeks = event_study(panel)
    before = [found for week, found in weeks.items() if week < 0]
    after = [found for week, found in weeks.items() if week >= 0]
    assert len(before) == 24
    assert sum(found.interval.lower <= 0 <= found.interval.upper for found in before) >= 20
    assert np.mean([found.interval.estimate for found in after]) < -0.15


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({}, ""),
        ({"pilot_ports": 2}, "2 pilot ports with arrivals before and after, 3 needed"),
        ({"other_ports": 4}, "4 other ports with arrivals before and after, 5 needed"),
        ({"weeks_before": 7}, "7 weeks before the pilot, 8 needed"),
        ({"weeks_after": 0}, "0 weeks of the pilot that have been followed long enough, 1 needed"),
    ],
)
def test_what_cannot_be_identified_says_why(changed: dict[str, int], reason: str) -> None:
    enough = {"pilot_ports": 3, "other_ports": 5, "weeks_before": 8, "weeks_after": 1}
    assert why_not(enough | changed) == reason
