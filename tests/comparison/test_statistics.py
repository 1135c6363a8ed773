"""Standardising, ranking, taking a change apart: what must hold of any numbers, and cases by hand."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.metrics.comparison import shared_tau
from pipeline.statistics.inference import (
    Interval,
    days_until_gone,
    kitagawa,
    places,
    shared_ranks,
    standardise,
)

QUICK = settings(max_examples=60, deadline=None, derandomize=True, database=None)
GROUPS = st.dictionaries(
    st.sampled_from("abcde"), st.tuples(st.integers(0, 50), st.floats(0, 500)), max_size=5
)


def mean_of(groups: dict[str, tuple[int, float]]) -> float:
    return sum(n * mean for n, mean in groups.values()) / sum(n for n, _ in groups.values())


@QUICK
@given(before=GROUPS, now=GROUPS)
def test_effects_of_mix_and_rate_add_up_to_the_change(
    before: dict[str, tuple[int, float]], now: dict[str, tuple[int, float]]
) -> None:
    effects = kitagawa(before, now)
    if not sum(n for n, _ in before.values()) or not sum(n for n, _ in now.values()):
        assert effects is None
        return
    assert effects is not None
    total = math.fsum(effect.mix + effect.rate for effect in effects.values())
    assert total == pytest.approx(mean_of(now) - mean_of(before), abs=1e-9)


def test_mix_and_rate_by_hand() -> None:
    """Means 10 and 30; the slow class goes from a quarter to three quarters: 15 to 25, all of it mix.

    Then both classes gain 4 hours and the mix stays: all of it rate, in proportion to the shares.
    """
    mix = kitagawa({"fast": (3, 10), "slow": (1, 30)}, {"fast": (1, 10), "slow": (3, 30)})
    assert mix is not None
    assert {name: (effect.mix, effect.rate) for name, effect in mix.items()} == {
        "fast": (5, 0),
        "slow": (5, 0),
    }
    rate = kitagawa({"fast": (3, 10), "slow": (1, 30)}, {"fast": (6, 14), "slow": (2, 34)})
    assert rate is not None
    assert {name: (effect.mix, effect.rate) for name, effect in rate.items()} == {
        "fast": (0, 3),
        "slow": (0, 1),
    }


def test_a_class_that_is_new_changes_the_mix_alone() -> None:
    effects = kitagawa({"old": (4, 10)}, {"old": (2, 10), "new": (2, 50)})
    assert effects is not None
    assert effects["new"].rate == effects["old"].rate == 0
    assert effects["new"].mix + effects["old"].mix == 20


def test_standardising_by_hand() -> None:
    """Weights 1 : 3 of means 40 and 20; then without the second, which is three quarters of the weights."""
    whole = standardise({"a": 1, "b": 3}, {"a": (40, 4), "b": (20, 2)})
    assert whole is not None
    assert (whole.estimate, whole.coverage) == (25, 1)
    assert whole.error == pytest.approx(math.hypot(1, 1.5))
    part = standardise({"a": 1, "b": 3}, {"a": (40, 4)})
    assert part is not None
    assert (part.estimate, part.error, part.coverage) == (40, 4, 0.25)
    assert standardise({"a": 1}, {}) is None


def test_overlapping_intervals_share_a_rank() -> None:
    """B overlaps A, C overlaps B though not A; D stands apart, fourth. The places tell A from C."""
    intervals = {
        "A": Interval(2, 1, 3),
        "B": Interval(3.5, 2.5, 4.5),
        "C": Interval(5, 4, 6),
        "D": Interval(9, 8, 10),
    }
    assert shared_ranks(intervals) == {"A": 1, "B": 1, "C": 1, "D": 4}
    assert places(intervals) == {"A": (1, 2), "B": (1, 3), "C": (2, 3), "D": (4, 4)}


@QUICK
@given(ends=st.lists(st.tuples(st.integers(0, 30), st.integers(0, 10)), max_size=8))
def test_ranks_of_any_intervals(ends: list[tuple[int, int]]) -> None:
    intervals = {str(k): Interval(low, low, low + width) for k, (low, width) in enumerate(ends)}
    ranks, between = shared_ranks(intervals), places(intervals)
    for one, a in intervals.items():
        assert between[one][0] <= between[one][1]
        for other, b in intervals.items():
            if a.lower <= b.upper and b.lower <= a.upper:
                assert ranks[one] == ranks[other]
            elif a.upper < b.lower:
                assert ranks[one] <= ranks[other]


def port(n: int, known_to: int | None) -> dict[str, int | None]:
    return {"n": n, "known_to_micros": known_to}


def test_one_tau_for_all() -> None:
    """A small port that was followed for 2 hours cuts nothing off; one with more than a tenth of the batches does."""
    assert shared_tau([port(1000, None), port(500, 90), port(20, 2)], 100) == 90
    assert shared_tau([port(1000, None), port(90, 2)], 100) == 100
    assert shared_tau([port(1000, None), port(500, 400)], 100) == 100
    assert shared_tau([port(10, None), port(5, 7)], 100) == 7
    assert shared_tau([], 100) == 100


def test_days_until_the_last_is_gone() -> None:
    """With a hazard known almost for sure (0.1 a day): one is gone by ln 2 / 0.1, ten by -ln(1 - 0.5^0.1) / 0.1."""
    one = days_until_gone(1, 1_000_000, 10_000_000)
    ten = days_until_gone(10, 1_000_000, 10_000_000)
    assert one is not None
    assert ten is not None
    assert one.estimate == pytest.approx(math.log(2) / 0.1, rel=0.01)
    assert one.lower == pytest.approx(-math.log(0.9) / 0.1, rel=0.02)
    assert one.upper == pytest.approx(-math.log(0.1) / 0.1, rel=0.02)
    assert ten.estimate == pytest.approx(-math.log(1 - 0.5**0.1) / 0.1, rel=0.01)
    unsure = days_until_gone(10, 3, 30)
    assert unsure is not None
    assert unsure.upper - unsure.lower > 1.5 * (ten.upper - ten.lower)
    assert days_until_gone(10, 0, 300) is None
    assert days_until_gone(0, 0, 300) == Interval(0, 0, 0)
