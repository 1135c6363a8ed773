"""The control chart of the rebound watch: a case by hand, and what must hold of every series."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.metrics import REGISTRY, Filters, Reader, quiet_ports
from pipeline.sample import SampleSettings
from pipeline.sample.facts import day_of, load_facts
from pipeline.sample.rates import relapse_week
from pipeline.sample.truth import keep
from pipeline.sample.world import calendar, make_port, profiles
from pipeline.settings import Settings
from pipeline.statistics.inference import MIN_SIGMA, cusum, first_signals

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


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(ports=st.lists(st.lists(st.integers(0, 60), min_size=20, max_size=20), min_size=1, max_size=8))
def test_many_series_at_once_signal_where_each_does(ports: list[list[int]]) -> None:
    found = first_signals(np.array(ports, dtype=float))
    charts = [cusum(counts) for counts in ports]
    assert found.tolist() == [
        -1 if chart is None or chart.signal is None else chart.signal for chart in charts
    ]


class TestFalseAlarms:
    """What is told of ports that stay as they were, held to worlds drawn with other seeds."""

    @pytest.mark.parametrize("weeks", quiet_ports.WEEKS)
    @pytest.mark.parametrize("mean", quiet_ports.MEANS)
    def test_the_told_share_is_that_of_other_seeds(self, mean: int, weeks: int) -> None:
        """Sixty worlds of fifty ports, each chart drawn by `cusum`; the difference is within three standard errors."""
        alarms, ports = 0, 0
        for seed in range(60):
            drawn = np.random.default_rng(seed).poisson(mean, (50, quiet_ports.BASELINE_WEEKS + weeks))
            charts = [cusum(counts) for counts in drawn.tolist()]
            alarms += sum(chart is not None and chart.signal is not None for chart in charts)
            ports += len(charts)
        told = quiet_ports.false_alarm_share(mean, weeks)
        error = (told * (1 - told) * (1 / ports + 1 / quiet_ports.PORTS)) ** 0.5
        assert abs(alarms / ports - told) < 3 * error

    def test_the_caveat_says_what_the_run_says(self) -> None:
        """One in eleven within ten weeks, one in five within half a year, three in ten within a year."""
        told = [quiet_ports.false_alarm_share(8, weeks) for weeks in (10, 26, 52)]
        assert told == pytest.approx([1 / 11, 1 / 5, 3 / 10], abs=0.015)
        assert (
            "one in eleven" in REGISTRY["rebound"].caveats and "three in ten" in REGISTRY["rebound"].caveats
        )

    def test_the_table_is_the_same_each_time_and_has_its_intervals(self) -> None:
        table = quiet_ports.table()
        quiet_ports.false_alarms.cache_clear()
        assert quiet_ports.table().equals(table) and len(table) == 12
        assert (table["false_alarms"] == table["false_alarm_share"] * table["simulated_ports"]).all()
        between = table["false_alarm_share"].between(table["lower_share"], table["upper_share"])
        assert between.all() and (table["upper_share"] - table["lower_share"]).max() < 0.05

    def test_a_doubling_is_found_nearly_always(self) -> None:
        drawn = np.random.default_rng(7).poisson(8, (400, 52))
        drawn[:, 26:] += np.random.default_rng(8).poisson(8, (400, 26))
        assert (first_signals(drawn.astype(float)) >= 0).mean() > 0.9


def weekly(world: SampleSettings) -> dict[str, tuple[list[int], bool]]:
    """Newly overdue a week after the special action, by port of a sample world, and whether the port relapses."""
    facts = load_facts()
    assert facts.action is not None
    _, as_of = calendar(world)
    found = {}
    for profile in profiles(world, facts):
        made = make_port(world, facts, profile)
        port = keep(made.batches, made.inspections, made.cases)
        over = port.overdue[(port.overdue < port.left) & (port.overdue < as_of)]
        weeks = (over - facts.action.end_seconds) // (7 * 86_400)
        whole = (as_of - facts.action.end_seconds) // (7 * 86_400)
        counts = np.bincount(weeks[(weeks >= 0) & (weeks < whole)], minlength=whole)
        found[port.code] = counts.tolist(), profile.relapses
    return found


def test_in_sample_worlds_of_many_seeds_the_relapse_is_found_and_the_others_stay_quiet() -> None:
    """Forty worlds of six ports: forty relapses, all found, none long before; 200 quiet ports, none signals."""
    facts, found, alarms, quiet = load_facts(), [], 0, 0
    relapse = relapse_week(facts)
    assert facts.action is not None and relapse is not None
    begins = (relapse - day_of(facts.action.last + 1)).days // 7
    for seed in range(40):
        for counts, relapses in weekly(SampleSettings(batches=4000, ports=6, seed=seed)).values():
            chart = cusum(counts)
            assert chart is not None
            if relapses:
                found.append(chart.onset)
            else:
                quiet += 1
                alarms += chart.signal is not None
    assert len(found) == 40 and all(onset is not None and onset >= begins - 2 for onset in found)
    assert (quiet, alarms) == (200, 0)


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
