"""The control chart of the rebound watch: a case by hand, and what must hold of every series."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.metrics import Filters, Reader
from pipeline.settings import Settings
from pipeline.statistics import MIN_SIGMA, cusum

from .lakes import SmallLake, stays

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


CAMPAIGNS = (
    "campaign_id,name,name_zh,kind,starts_on,ends_on,baseline_from,baseline_to,ports,target_cleared,"
    "target_reduction_pct,note,source\n"
    "drawn,Drawn,抽样,special_action,2022-03-01,2022-05-31,,,CNSHG;CNNBO;DEHAM,,,,\n"
)
RULES = (
    "rule_id,un_number,imo_class,un_location_code,facility_code,direction,valid_from,valid_to,limit_hours,"
    "storage_mode,priority,source,is_illustrative\n"
    "all,,,,,,,,24,store,0,hand,true\nnone,,unidentified,,,,,,24,store,0,hand,true\n"
)
WEEKLY = [1, 2, 1, 2, 1, 2, 1, 2, 1, 9, 9, 2]
"""Newly overdue a week from 1 June 2022 on. Mean 1.5, sigma at its floor of 1: the chart goes 0, 7, 14, 14."""


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> SmallLake:
    """At Shanghai so many a week grow overdue a day after they came; at Ningbo none does, each leaves in time."""
    lake = SmallLake(
        tmp_path_factory.mktemp("rebound"), {"campaigns.csv": CAMPAIGNS, "limit_rules.csv": RULES}
    )
    first, lines = date(2022, 5, 31), []
    for week, count in enumerate(WEEKLY):
        for number in range(count):
            came = first + timedelta(weeks=week, days=number % 7)
            left = came + timedelta(days=3)
            lines.append(f"C{week}-{number} {came}T00:00 {left}T00:00")
    quiet = stays(f"N {first}T00:00 {first}T12:00", port="CNNBO")
    moves = [*stays("\n".join(lines)), *quiet[1:]]
    lake.load(yard_moves=moves)
    return lake


def test_weeks_of_a_lake(lake: SmallLake) -> None:
    """Weeks begin the day after the end, in the port's own time; a batch of 31 May is overdue on 1 June at 00:00."""
    reader = Reader(Settings(lake=lake.folder / "lake", reference=lake.folder / "reference"))
    asked = Filters(campaign_id="drawn", as_of=datetime(2022, 8, 26), ports=("CNSHG",))
    frame = reader.query("rebound_weeks", asked)
    assert frame["newly_overdue"].tolist() == WEEKLY
    assert frame["week"].tolist() == list(range(1, 13))
    assert [str(day) for day in frame["week_starts_on"][:2]] == ["2022-06-01", "2022-06-08"]
    assert frame["is_baseline"].tolist() == [True] * 8 + [False] * 4
    assert frame["cusum"].tolist()[8:] == pytest.approx([0, 7, 14, 14])
    assert frame["is_signal"].tolist() == [False] * 9 + [True] + [False] * 2


def test_the_port_that_relapses_and_the_one_that_does_not(lake: SmallLake) -> None:
    table = lake.report("rebound", "--campaign", "drawn", "--as-of", "2022-08-26")
    rows = {row["un_location_code"]: row for row in table}
    assert rows.keys() == {"CNSHG", "CNNBO"}, "a port without a batch has no row"
    assert rows["CNSHG"]["verdict"] == "rebound"
    assert (rows["CNSHG"]["signal_week"], rows["CNSHG"]["signal_week_starts_on"]) == ("10", "2022-08-03")
    assert (rows["CNSHG"]["onset_week"], rows["CNSHG"]["onset_week_starts_on"]) == ("10", "2022-08-03")
    assert (rows["CNNBO"]["verdict"], rows["CNNBO"]["signal_week"]) == ("quiet", "")


def test_a_week_that_is_not_over_does_not_count(lake: SmallLake) -> None:
    """On 3 August at 00:00 in Shanghai nine weeks are over; an instant before, the ninth is not."""
    over = lake.report("rebound", "--campaign", "drawn", "--as-of", "2022-08-03T00:00:00+08:00")
    not_over = lake.report("rebound", "--campaign", "drawn", "--as-of", "2022-08-02T23:59:59+08:00")
    weeks = [{row["un_location_code"]: row["weeks"] for row in table} for table in (over, not_over)]
    assert (weeks[0]["CNSHG"], weeks[1]["CNSHG"]) == ("9", "8")
    assert {row["verdict"] for row in not_over} == {"too few weeks"}
