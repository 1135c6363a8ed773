"""The report of a pilot from source files: cells by hand, weeks not followed yet, and what cannot be identified."""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta

import pytest
from durations.lakes import SmallLake

from pipeline.metrics import Filters, Reader
from pipeline.settings import Settings

PORTS = ("CNSHG", "CNNBO", "CNQIN", "CNTXG", "CNNSA", "CNYTN", "CNXMG", "CNDAG")
STARTS_ON = date(2022, 5, 2)
CAMPAIGNS = (
    "campaign_id,name,name_zh,kind,starts_on,ends_on,baseline_from,baseline_to,ports,target_cleared,"
    "target_reduction_pct,note,source\n"
    "three,Three,三港,pilot,2022-05-02,2022-07-31,2022-03-07,2022-05-01,CNSHG;CNNBO;CNQIN,,,,\n"
    "two,Two,两港,pilot,2022-05-02,2022-07-31,2022-03-07,2022-05-01,CNSHG;CNNBO,,,,\n"
)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> SmallLake:
    """Two batches a port and week, 10 and 40 hours long at the start of it; at the three pilot ports half of that.

    Every port has a pace of its own. The last batches arrive on 20 June; one of them is never released.
    """
    lake = SmallLake(tmp_path_factory.mktemp("pilot"), {"campaigns.csv": CAMPAIGNS})
    batches, told = ["consignment_id,un_location_code,direction"], ["consignment_id,milestone,occurred_at"]
    for number, port in enumerate(PORTS):
        for week in range(-8, 8):
            for hours in (10, 40):
                name = f"{port}{week}-{hours}"
                arrived = datetime.combine(STARTS_ON + timedelta(weeks=week), datetime.min.time())
                pace = (1 + number / 10) * (0.5 if week >= 0 and number < 3 else 1)
                wobble = 1 + 0.01 * ((number * 7 + week * 5) % 11)
                batches.append(f"{name},{port},import")
                told.append(f"{name},arrived,{arrived:%Y-%m-%dT%H:%M}")
                if (port, week, hours) != ("CNDAG", 7, 40):
                    released = arrived + timedelta(hours=hours * pace * wobble)
                    told.append(f"{name},released,{released:%Y-%m-%dT%H:%M:%S}")
    lake.load(consignments=batches, clearance_milestones=told)
    return lake


def ask(lake: SmallLake, *words: str) -> dict[str, str]:
    (row,) = lake.report("pilots", *words)
    return row


def test_an_effect_of_one_half(lake: SmallLake) -> None:
    """Of C(8, 3) = 56 choices of three ports only the true one is as extreme."""
    row = ask(lake, "--campaign", "three", "--as-of", "2022-08-01")
    assert (row["pilot_ports"], row["other_ports"], row["weeks_before"], row["weeks_after"]) == (
        "3",
        "5",
        "8",
        "8",
    )
    assert float(row["lower_pct"]) < -50 < float(row["upper_pct"])
    assert float(row["effect_pct"]) == pytest.approx(-50, abs=2)
    assert (row["permutations"], row["is_exact"], row["verdict"]) == ("56", "true", "faster")
    assert float(row["p_permutation"]) == pytest.approx(1 / 56)
    assert row["placebo_starts_on"] == "2022-04-04"
    assert float(row["placebo_lower_pct"]) < 0 < float(row["placebo_upper_pct"])
    assert (row["n"], row["n_capped"], row["n_unknown"]) == ("256", "1", "0")


def test_weeks_that_were_not_followed_long_enough_are_left_out(lake: SmallLake) -> None:
    """On 6 July nine weeks are over, and five, up to that of 30 May, have been followed for 30 days. For 2 days all have.

    The last week with arrivals is the eighth.
    """
    row = ask(lake, "--campaign", "three", "--as-of", "2022-07-06T16:00:00Z")
    assert (row["weeks_after"], row["weeks_left_out"], row["n_capped"]) == ("5", "4", "0")
    row = ask(lake, "--campaign", "three", "--as-of", "2022-07-06T16:00:00Z", "--tau-days", "2")
    assert (row["weeks_after"], row["weeks_left_out"]) == ("8", "0")
    assert int(row["n_capped"]) > 0


def test_too_few_ports_or_weeks(lake: SmallLake) -> None:
    row = ask(lake, "--campaign", "two", "--as-of", "2022-08-01")
    assert row["verdict"] == "cannot be identified"
    assert "2 pilot ports" in row["reason"]
    assert (row["effect_pct"], row["p_permutation"]) == ("", "")
    row = ask(lake, "--campaign", "three", "--as-of", "2022-05-10")
    assert "0 weeks of the pilot" in row["reason"]


def test_week_by_week(lake: SmallLake) -> None:
    reader = Reader(Settings(lake=lake.folder / "lake", reference=lake.folder / "reference"))
    frame = reader.query("pilot_weeks", Filters(campaign_id="three", as_of=datetime(2022, 8, 1)))
    assert frame["week"].tolist() == list(range(-8, 8))
    assert frame["week_starts_on"].iloc[0] == date(2022, 3, 7)
    assert (frame["pilot_ports"] == 3).all()
    assert (frame["n_pilot"] == 6).all()
    by_week = frame.set_index("week")
    assert by_week.loc[-1, "difference_pct"] == 0
    own = by_week["pilot_mean_log_hours"] - by_week["other_mean_log_hours"]
    for week in (-8, -3, 0, 6):
        expected = 100 * math.expm1(own[week] - own[-1])
        assert by_week.loc[week, "difference_pct"] == pytest.approx(expected)
