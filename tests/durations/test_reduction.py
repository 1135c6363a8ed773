"""Reductions: intervals worked out by hand, clocks that disagree, and what has no reduction."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from .lakes import SmallLake, Table, consignments, milestones, stays

WINDOWS = (
    "--baseline-from", "2022-06-01", "--baseline-to", "2022-06-10", "--from", "2022-07-01", "--to", "2022-07-10",
)  # fmt: skip


def clearances(text: str) -> tuple[list[str], list[str]]:
    """A line each: `batch arrived released`, `-` where it was not released. Days may carry hours."""
    told, names = [], []
    for line in text.strip().splitlines():
        batch, arrived, released = line.split()
        names.append(batch)
        told.append(f"{batch} arrived {arrived}")
        if released != "-":
            told.append(f"{batch} released {released}")
    return consignments(*names), milestones("\n".join(told))


def reduction(folder: Path, text: str, *words: str) -> Table:
    lake = SmallLake(folder)
    batches, told = clearances(text)
    lake.load(consignments=batches, clearance_milestones=told)
    return lake.report("reduction", *WINDOWS, *words)


def of(table: Table, clock: str, statistic: str, port: str = "CNSHG") -> dict[str, str]:
    found = [
        row
        for row in table
        if (row["un_location_code"], row["clock"], row["statistic"]) == (port, clock, statistic)
    ]
    assert len(found) == 1
    return found[0]


HALVED = """
A1 2022-06-02T00:00 2022-06-03T00:00
A2 2022-06-02T00:00 2022-06-04T00:00
A3 2022-06-02T00:00 2022-06-05T00:00
B1 2022-07-02T00:00 2022-07-02T12:00
B2 2022-07-02T00:00 2022-07-03T00:00
B3 2022-07-02T00:00 2022-07-03T12:00
"""


def test_intervals_by_hand(tmp_path: Path) -> None:
    """24, 48, 72 hours against 12, 24, 36.

    Exits: means 48 and 24 with standard errors 24 / sqrt 3 and 12 / sqrt 3, so the log ratio has sqrt(1 / 6).
    Period: three ends, none censored. tau is 36, the smaller of the largest ages. Baseline: 24 + 12 x 2/3 = 32, its
    error 8 sqrt(1 / 6); window: 24, its error sqrt((2/3 x 12 + 1/3 x 12)^2 / 6 + (1/3 x 12)^2 / 2).
    """
    table = reduction(tmp_path, HALVED)
    assert [row["un_location_code"] for row in table] == ["all"] * 5 + ["CNSHG"] * 5
    mean = of(table, "exit", "mean")
    reach = 1.959964 * math.sqrt(1 / 6)
    ends = [100 * (1 - 0.5 * math.exp(reach)), 100 * (1 - 0.5 * math.exp(-reach))]
    assert [float(mean[name]) for name in ("reduction_pct", "lower_pct", "upper_pct")] == pytest.approx(
        [50, *ends]
    )
    assert mean["verdict"] == "not distinguishable"
    rmst = of(table, "period", "rmst")
    errors = 8 * math.sqrt(1 / 6), math.sqrt(12**2 / 6 + 4**2 / 2)
    reach = 1.959964 * math.hypot(errors[0] / 32, errors[1] / 24)
    ends = [100 * (1 - 0.75 * math.exp(reach)), 100 * (1 - 0.75 * math.exp(-reach))]
    assert [float(rmst[name]) for name in ("baseline_hours", "window_hours")] == pytest.approx([32, 24])
    assert [float(rmst[name]) for name in ("reduction_pct", "lower_pct", "upper_pct")] == pytest.approx(
        [25, *ends]
    )
    assert (rmst["n_baseline"], rmst["n_window"]) == ("3", "3")


def test_medians_carry_no_interval_and_no_verdict(tmp_path: Path) -> None:
    table = reduction(tmp_path, HALVED)
    for clock in ("exit", "cohort", "period"):
        row = of(table, clock, "median")
        assert float(row["reduction_pct"]) == pytest.approx(50)
        assert (row["lower_pct"], row["upper_pct"], row["verdict"]) == ("", "", "")


PILE_UP = "\n".join(
    [f"Q{k} 2022-06-02T00:00 2022-06-04T00:00" for k in range(8)]
    + [f"OLD{k} 2022-06-03T00:00 2022-07-0{k + 2}T00:00" for k in range(8)]
    + [f"NEW{k} 2022-07-01T12:00 2022-07-02T12:00" for k in range(8)]
)


def test_a_pile_up_that_is_cleared(tmp_path: Path) -> None:
    """In June half are stuck. In July they are cleared, a month old, and what comes in is done in a day.

    By exit the port looks five times slower; by period it is faster.
    """
    table = reduction(tmp_path, PILE_UP)
    mean, rmst = of(table, "exit", "mean"), of(table, "period", "rmst")
    assert float(mean["reduction_pct"]) < -400
    assert mean["verdict"] == "slower"
    assert float(rmst["reduction_pct"]) > 50
    assert rmst["verdict"] == "faster"
    assert mean["flags"] == rmst["flags"] == "clocks_disagree"
    assert all("clocks_disagree" not in row["flags"] for row in table if row["statistic"] == "median")


def test_nothing_to_compare_with_is_undefined(tmp_path: Path) -> None:
    """No batch in the baseline, and clearances of no time at all."""
    table = reduction(tmp_path / "empty", "A1 2022-07-02T00:00 2022-07-03T00:00")
    zero = "A1 2022-06-02T00:00 2022-06-02T00:00\nB1 2022-07-02T00:00 2022-07-03T00:00"
    table += reduction(tmp_path / "zero", zero)
    assert len(table) == 20
    for row in table:
        assert (row["reduction_pct"], row["lower_pct"], row["upper_pct"]) == ("", "", "")
        assert row["verdict"] == "undefined"


def test_a_median_that_was_not_reached_gives_no_reduction(tmp_path: Path) -> None:
    stuck = "A4 2022-06-02T00:00 -\nA5 2022-06-02T00:00 -\nA6 2022-06-02T00:00 -\nA7 2022-06-02T00:00 -"
    row = of(reduction(tmp_path, HALVED + stuck), "cohort", "median")
    assert (row["reduction_pct"], row["verdict"], row["flags"]) == ("", "undefined", "not_reached_median")


def test_dwell_and_a_tau_of_ones_own(tmp_path: Path) -> None:
    lake = SmallLake(tmp_path)
    stayed = "A 2022-06-02T00:00 2022-06-06T00:00\nB 2022-07-02T00:00 2022-07-04T00:00"
    lake.load(consignments=consignments("A", "B"), yard_moves=stays(stayed))
    table = lake.report("reduction", *WINDOWS, "--measure", "dwell", "--tau-days", "1")
    rmst = of(table, "period", "rmst")
    assert (float(rmst["baseline_hours"]), float(rmst["window_hours"])) == (24, 24)
    assert float(of(table, "exit", "mean")["reduction_pct"]) == pytest.approx(50)


def test_a_campaign_narrowed_to_ports_is_reduced_at_those_ports_alone(tmp_path: Path) -> None:
    lake = SmallLake(
        tmp_path,
        {
            "campaigns.csv": "campaign_id,name,name_zh,starts_on,ends_on,baseline_from,baseline_to,ports,"
            "target_cleared,source\n"
            "two,Two ports,两港,2022-07-01,2022-07-10,2022-06-01,2022-06-10,CNSHG;CNNBO,,made up\n"
        },
    )
    batches, told = clearances(HALVED)
    others = [*consignments(*(f"N{number}" for number in range(1, 5)), port="CNQIN")[1:]]
    elsewhere = milestones(
        """
        N1 arrived 2022-06-02T00:00
        N1 released 2022-06-03T00:00
        N2 arrived 2022-06-02T00:00
        N2 released 2022-06-04T00:00
        N3 arrived 2022-07-02T00:00
        N3 released 2022-07-06T00:00
        N4 arrived 2022-07-02T00:00
        N4 released 2022-07-07T00:00
        """
    )[1:]
    lake.load(consignments=batches + others, clearance_milestones=told + elsewhere)
    asked = ("campaign", "--campaign", "two")
    (own,) = [row for row in lake.report(*asked, "--port", "CNSHG") if row["scope"] == "all"]
    assert own["exit_mean_reduction_pct"] == "50"
    (both,) = [
        row for row in lake.report(*asked, "--port", "CNSHG", "--port", "CNQIN") if row["scope"] == "all"
    ]
    assert both == own
    (none,) = lake.report(*asked, "--port", "CNQIN")
    assert (none["scope"], none["remaining"], none["reduction_pct"], none["exit_mean_reduction_pct"]) == (
        "all", "0", "", "",
    )  # fmt: skip


def test_the_day_of_a_campaign_is_that_of_the_ports_that_have_a_batch(tmp_path: Path) -> None:
    lake = SmallLake(tmp_path)
    lake.load(yard_moves=stays("C1 2022-06-01T00:00 -\nC2 2022-06-20T22:30 -"))
    asked = ("campaign", "--campaign", "special-action-2022")
    # 22:30 at Shanghai is the next day already in Auckland, which has no batch.
    assert [(row["scope"], row["day"]) for row in lake.report(*asked)] == [("all", "6"), ("CNSHG", "6")]
    before = lake.report(*asked, "--as-of", "2022-06-14T14:30:00Z")
    assert [(row["scope"], row["day"]) for row in before] == [("all", "0"), ("CNSHG", "0")]
