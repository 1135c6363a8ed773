"""The control chart of the rebound watch: a case by hand, and what must hold of every series."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.statistics import MIN_SIGMA, cusum

BASELINE = [4, 6, 4, 6, 4, 6, 4, 6]
"""Mean 5, standard deviation sqrt(8 / 7)."""
COUNTS = st.lists(st.integers(0, 60), min_size=9, max_size=60)


def test_by_hand() -> None:
    """Sigma 1.069; a week adds its count less 5.535, and more than 5.345 in all is a signal.

    | week  | 8 | 9     | 10    | 11 | 12    | 13    | 14    |
    |-------|---|-------|-------|----|-------|-------|-------|
    | count | 5 | 7     | 6     | 3  | 8     | 8     | 7     |
    | chart | 0 | 1.465 | 1.931 | 0  | 2.465 | 4.931 | 6.396 |
    """
    chart = cusum([*BASELINE, 5, 7, 6, 3, 8, 8, 7, 0])
    assert chart is not None
    sigma = (8 / 7) ** 0.5
    assert (chart.mean, chart.sigma, chart.threshold) == pytest.approx((5, sigma, 5 * sigma))
    step = 5 + sigma / 2
    expected = [0, 7 - step, 13 - 2 * step, 0, 8 - step, 16 - 2 * step, 23 - 3 * step]
    assert chart.path == pytest.approx((*expected, max(0, 23 - 4 * step)))
    assert (chart.onset, chart.signal) == (12, 14)


def test_too_few_weeks_have_no_chart() -> None:
    assert cusum(BASELINE) is None
    assert cusum([*BASELINE, 5]) is not None


def test_quiet_ports_do_not_signal_at_a_single_batch() -> None:
    chart = cusum([0] * 8 + [1, 0, 1, 0, 0, 1])
    assert chart is not None
    assert chart.sigma == MIN_SIGMA
    assert chart.signal is None


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(counts=COUNTS, shift=st.integers(0, 100))
def test_of_every_series(counts: list[int], shift: int) -> None:
    """The onset is not after the signal, both are after the baseline; as many more each week change nothing."""
    chart, shifted = cusum(counts), cusum([count + shift for count in counts])
    assert chart is not None
    assert shifted is not None
    assert len(chart.path) == len(counts) - 8
    assert min(chart.path) >= 0
    assert (chart.signal is None) == (max(chart.path) <= chart.threshold)
    if chart.signal is not None and chart.onset is not None:
        assert 8 <= chart.onset <= chart.signal < len(counts)
        assert all(level > 0 for level in chart.path[chart.onset - 8 : chart.signal - 7])
    assert shifted.path == pytest.approx(chart.path, abs=1e-6)
    assert (shifted.mean - shift, shifted.sigma) == pytest.approx((chart.mean, chart.sigma))


def test_false_alarms_of_quiet_ports_are_as_rare_as_a_short_baseline_lets_them() -> None:
    """400 ports of 8 batches a week, a year long, none of which relapses; and the same with a doubling."""
    random = np.random.default_rng(1954)
    quiet = random.poisson(8, (400, 52))
    relapsed = quiet.copy()
    relapsed[:, 26:] += random.poisson(8, (400, 26))
    found = [[cusum(row.tolist()) for row in ports] for ports in (quiet, relapsed)]
    alarms = [sum(chart is not None and chart.signal is not None for chart in charts) for charts in found]
    assert alarms[0] / 400 < 0.35
    assert alarms[1] / 400 > 0.9
