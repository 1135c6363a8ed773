"""Ports compared, a change explained and a forecast, on small lakes whose answers are known."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest
from durations.lakes import SmallLake, Table, consignments, milestones

from pipeline.metrics import Filters, Reader
from pipeline.metrics.comparison import tail_corrected
from pipeline.settings import Settings

JUNE = ("--from", "2022-06-01", "--to", "2022-06-30")


def batches(place: str, code: str, lengths: Iterable[int]) -> list[tuple[str, str, str, int]]:
    """Batches of a port and class with their days of clearance."""
    return [(f"{place}{code}-{k}", place, code, days) for k, days in enumerate(lengths)]


def load(lake: SmallLake, rows: list[tuple[str, str, str, int]]) -> None:
    """All arrive on 1 June at noon and are released so many days later."""
    told = [f"{name} arrived 2022-06-01T12:00" for name, _, _, _ in rows]
    told += [f"{name} released 2022-06-{1 + days:02d}T12:00" for name, _, _, days in rows]
    lake.load(
        consignments=[
            *consignments(*(name for name, place, _, _ in rows if place == "CNSHG")),
            *consignments(*(name for name, place, _, _ in rows if place == "CNNBO"), port="CNNBO")[1:],
        ],
        dg_items=[
            "consignment_id,item_number,un_number,imo_class",
            *(f"{name},1,{'1203' if code == '3' else '1824'},{code}" for name, _, code, _ in rows),
        ],
        clearance_milestones=milestones("\n".join(told)),
    )


def by_port(table: Table) -> dict[str, dict[str, str]]:
    return {row["un_location_code"]: row for row in table}


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> SmallLake:
    """Class 3 takes 1 to 3 days and class 8 takes 7 to 9, at both ports; Ningbo has far more of class 8."""
    lake = SmallLake(tmp_path_factory.mktemp("mixed"))
    rows = batches("CNSHG", "3", [1, 2, 3] * 10) + batches("CNSHG", "8", [7, 8, 9] * 4)
    rows += batches("CNNBO", "3", [1, 2, 3] * 2) + batches("CNNBO", "8", [7, 8, 9] * 8)
    load(lake, rows)
    return lake


def test_a_port_is_not_slow_for_what_it_handles(mixed: SmallLake) -> None:
    """Crude: (30 x 2 + 12 x 8) / 42 and (6 x 2 + 24 x 8) / 30 days. Standardised: (36 x 2 + 36 x 8) / 72 at both."""
    rows = by_port(mixed.report("compare", *JUNE))
    crude = {place: float(row["crude_hours"]) / 24 for place, row in rows.items()}
    assert crude == pytest.approx({"CNSHG": 156 / 42, "CNNBO": 204 / 30})
    for row in rows.values():
        assert float(row["standardised_hours"]) / 24 == pytest.approx(5)
        assert float(row["national_hours"]) / 24 == pytest.approx(5)
        assert (row["coverage_share"], row["rank"], row["funnel"]) == ("1", "1", "inside")
        assert (row["n"], row["n_ended"]) == (("42", "42") if row is rows["CNSHG"] else ("30", "30"))
        assert float(row["crude_lower_hours"]) < float(row["crude_hours"]) < float(row["crude_upper_hours"])
    errors = {place: float(row["standardised_se_hours"]) / 24 for place, row in rows.items()}
    spread = (2 / 3) ** 0.5
    assert errors == pytest.approx(
        {
            "CNSHG": spread * (0.25 / 30 + 0.25 / 12) ** 0.5,
            "CNNBO": spread * (0.25 / 6 + 0.25 / 24) ** 0.5,
        }
    )


def test_the_mix_is_national_whichever_port_is_shown(mixed: SmallLake) -> None:
    both, one = mixed.report("compare", *JUNE), mixed.report("compare", *JUNE, "--port", "CNNBO")
    assert one == [row for row in both if row["un_location_code"] == "CNNBO"]


def test_ports_apart_small_ports_and_missing_strata(tmp_path: Path) -> None:
    """Shanghai is fast and Ningbo slow; then one with nothing of class 8, of fewer than 30 batches.

    Of class 8 it is taken to stand to the nation as of class 3: 10 days where the nation takes 330 / 57.
    """
    lake = SmallLake(tmp_path)
    rows = batches("CNSHG", "3", [1, 2, 3] * 10) + batches("CNSHG", "8", [2, 3, 4] * 10)
    load(lake, rows + batches("CNNBO", "3", [9, 10, 11] * 9))
    found = by_port(lake.report("compare", *JUNE))
    assert found["CNSHG"]["rank"] == "1"
    small = found["CNNBO"]
    assert (small["rank"], small["flags"]) == ("", "few")
    assert float(small["coverage_share"]) == pytest.approx(57 / 87)
    nation, of_class_three = (30 * 2 + 27 * 10 + 30 * 3) / 87, (30 * 2 + 27 * 10) / 57
    assert float(small["standardised_hours"]) == pytest.approx(240 * nation / of_class_three)
    assert small["funnel"] == "above_998"
    widths = {
        place: float(row["limit_upper_95_hours"]) - float(row["limit_lower_95_hours"])
        for place, row in found.items()
    }
    assert widths["CNNBO"] > widths["CNSHG"]


def test_a_rare_stratum_goes_into_the_pool(tmp_path: Path) -> None:
    """29 of class 8 and 10 of class 9 are pooled: 39 of 69 batches, in which Shanghai has 5 and Ningbo 34."""
    lake = SmallLake(tmp_path)
    rows = batches("CNSHG", "3", [1, 2, 3] * 10) + batches("CNSHG", "8", [4] * 5)
    rows += batches("CNNBO", "8", [8] * 24) + batches("CNNBO", "9", [12] * 10)
    load(lake, rows)
    found = by_port(lake.report("compare", *JUNE))
    assert float(found["CNSHG"]["coverage_share"]) == 1
    assert float(found["CNSHG"]["standardised_hours"]) / 24 == pytest.approx((30 * 2 + 39 * 4) / 69)
    assert float(found["CNNBO"]["coverage_share"]) == pytest.approx(39 / 69)


def test_a_port_is_held_against_the_nation_of_its_own_goods(tmp_path: Path) -> None:
    """Class 3 takes 2 days everywhere, class 8, which Ningbo has none of, takes 8: Ningbo is as the nation is."""
    lake = SmallLake(tmp_path)
    rows = batches("CNSHG", "3", [2] * 30) + batches("CNSHG", "8", [8] * 60)
    load(lake, rows + batches("CNNBO", "3", [2] * 30))
    found = by_port(lake.report("compare", *JUNE))
    assert float(found["CNNBO"]["coverage_share"]) == pytest.approx(0.5)
    for row in found.values():
        assert float(row["standardised_hours"]) / 24 == float(row["national_hours"]) / 24 == pytest.approx(5)
    assert {row["funnel"] for row in found.values()} == {"inside"}
    assert float(found["CNNBO"]["crude_hours"]) == 48


def test_a_curve_that_ends_above_nothing_goes_on_as_an_exponential() -> None:
    """Half are left at 24 h, so a quarter at 48 h and an eighth at 72 h: 0.5 x 24 / ln 2 x (1 - 1 / 4) beyond 24 h."""
    group = {"rmst_hours": 20 + 0.5 * 48, "rmst_se_hours": 4.4, "rmst_tau_hours": 72.0, "last_survival": 0.5}
    known = {"known_to_micros": 24 * 3_600_000_000}
    beyond = 0.5 * 24 / math.log(2) * 0.75
    hours, error = tail_corrected({**group, **known})
    assert (hours, error) == pytest.approx((20 + beyond, 4.4 * (20 + beyond) / 44))
    assert tail_corrected({**group, "known_to_micros": None}) == (44, 4.4), "it came down to 0"
    assert tail_corrected({**group, "known_to_micros": 72 * 3_600_000_000}) == (44, 4.4), "known to tau"
    assert tail_corrected({**group, **known, "last_survival": 1.0}) == (44, 4.4), "no end tells of no rate"


WINDOWS = (
    "--baseline-from", "2022-06-01", "--baseline-to", "2022-06-10", "--from", "2022-06-11", "--to", "2022-06-20",
)  # fmt: skip
MOVES = """
M1,CNSHG,TANK-1,DISC,2022-05-30T00:00,A,2022-05-30T01:00Z
M2,CNSHG,TANK-1,GTOT,2022-06-03T00:00,A,2022-06-03T01:00Z
M3,CNSHG,TANK-2,DISC,2022-06-02T00:00,B,2022-06-02T01:00Z
M4,CNSHG,TANK-2,GTOT,2022-06-13T00:00,B,2022-06-25T01:00Z
M5,CNSHG,TANK-3,DISC,2022-06-12T00:00,C,2022-06-12T01:00Z
M6,CNSHG,TANK-3,GTOT,2022-06-16T00:00,C,2022-06-16T01:00Z
M6,CNSHG,TANK-3,GTOT,2022-06-18T00:00,C,2022-06-24T01:00Z
M7,CNNBO,TANK-4,DISC,2022-06-15T00:00,D,
"""


@pytest.fixture(scope="module")
def moved(tmp_path_factory: pytest.TempPathFactory) -> SmallLake:
    """A left in the baseline; B and C left in the window, B's exit told late, C's put right after it; D is open."""
    lake = SmallLake(tmp_path_factory.mktemp("moved"))
    head = "event_id,un_location_code,equipment_reference,event_type,event_at,consignment_id,recorded_at"
    lake.load(
        consignments=[*consignments("A", "B", "C"), *consignments("D", port="CNNBO")[1:]],
        dg_items=["consignment_id,item_number,un_number,imo_class", "A,1,1203,3", "B,1,1203,3", "C,1,1824,8"],
        yard_moves=[head, *MOVES.strip().splitlines()],
    )
    return lake


def cells(table: Table, part: str, scope: str = "all") -> dict[tuple[str, str], float]:
    return {
        (row["lead_class"], row["measure"]): float(row["value"])
        for row in table
        if row["part"] == part and row["un_location_code"] == scope and row["value"]
    }


def test_stock_is_what_was_there_and_came_less_what_went(moved: SmallLake) -> None:
    table = moved.report("why", *WINDOWS)
    stock = cells(table, "stock")
    for lead_class in {row["lead_class"] for row in table if row["part"] == "stock"}:
        for side in ("", "baseline_"):
            opening, came, gone, closing, change = (
                stock[lead_class, side + name]
                for name in ("opening_stock", "arrivals", "exits", "closing_stock", "stock_change")
            )
            assert closing - opening == change == came - gone
    assert (stock["all", "baseline_opening_stock"], stock["all", "opening_stock"]) == (1, 1)
    assert (stock["all", "arrivals"], stock["all", "exits"], stock["all", "closing_stock"]) == (2, 2, 1)
    assert stock["unidentified", "closing_stock"] == 1


def test_mean_dwell_is_taken_apart(moved: SmallLake) -> None:
    """Baseline: A, 4 days. Window: B, 11 days, and C, 6 days, of a class that the baseline has none of."""
    dwell = cells(moved.report("why", *WINDOWS), "dwell")
    assert dwell["all", "baseline_mean_dwell"] == 4 * 24
    assert dwell["all", "mean_dwell"] == 8.5 * 24
    assert dwell["all", "mix_effect"] + dwell["all", "rate_effect"] == pytest.approx(4.5 * 24)
    assert dwell["3", "rate_effect"] == pytest.approx(7 * 24 * 0.75)
    assert dwell["8", "rate_effect"] == 0
    assert sum(dwell[name, "contribution"] for name in ("3", "8")) == pytest.approx(4.5 * 24)


def test_paper_is_told_from_events(moved: SmallLake) -> None:
    """Of the four rows of the window one was late, one was put right after it, and of one nobody can say."""
    records = cells(moved.report("why", *WINDOWS), "records")
    window = {name: records["all", f"{name}_rows"] for name in ("on_time", "late", "corrected", "untold")}
    assert window == {"on_time": 1, "late": 1, "corrected": 1, "untold": 1}
    assert records["all", "baseline_on_time_rows"] == 2


def test_down_to_the_file_and_line(moved: SmallLake) -> None:
    table = moved.report("why_batches", *WINDOWS)
    where = {(row["window"], row["turn"], row["consignment_id"]): (row["told"], row["line"]) for row in table}
    assert where == {
        ("baseline", "exit", "A"): ("on_time", "3"),
        ("baseline", "arrival", "B"): ("on_time", "4"),
        ("window", "exit", "B"): ("late", "5"),
        ("window", "arrival", "C"): ("on_time", "6"),
        ("window", "exit", "C"): ("corrected", "8"),
        ("window", "arrival", "D"): ("untold", "9"),
    }
    assert {row["file"] for row in table} == {"yard_moves.csv"}
    late = moved.report("why_batches", *WINDOWS, "--part", "late", "--class", "3")
    assert [row["consignment_id"] for row in late] == ["B"]


def test_ports_add_up_to_all(moved: SmallLake) -> None:
    """`--by port` has the same stock rows a port; summed they are those of all."""
    whole = cells(moved.report("why", *WINDOWS), "stock")
    ports = moved.report("why", *WINDOWS, "--by", "port")
    sums: Counter[tuple[str, str]] = Counter()
    for place in ("CNSHG", "CNNBO"):
        sums.update({key: int(value) for key, value in cells(ports, "stock", place).items()})
    assert {key: value for key, value in whole.items() if value} == {k: v for k, v in sums.items() if v}


CAMPAIGN = (
    "campaign_id,name,name_zh,kind,starts_on,ends_on,baseline_from,baseline_to,ports,target_cleared,"
    "target_reduction_pct,note,source\n"
    "drawn,Drawn,抽样,special_action,2022-06-15,2022-09-22,,,all,,,,\n"
)
RULES = (
    "rule_id,un_number,imo_class,un_location_code,facility_code,direction,valid_from,valid_to,limit_hours,"
    "storage_mode,priority,source,is_illustrative\nall,,,,,,,,24,store,0,hand,true\n"
    "none,,unidentified,,,,,,24,store,0,hand,true\n"
)


def test_forecast_of_the_opening_backlog(tmp_path: Path) -> None:
    """20 lay there at the start. One leaves a day for ten days; nobody leaves after 25 June; then all are gone."""
    lake = SmallLake(tmp_path, {"campaigns.csv": CAMPAIGN, "limit_rules.csv": RULES})
    head = "event_id,un_location_code,equipment_reference,event_type,event_at,consignment_id"
    rows = []
    for k in range(20):
        left = f"2022-06-{15 + k}T18:00" if k < 10 else "2022-10-03T12:00"
        rows.append(f"I{k},CNSHG,TANK-{k},DISC,2022-05-01T00:00,C{k}")
        rows.append(f"O{k},CNSHG,TANK-{k},GTOT,{left},C{k}")
    lake.load(consignments=consignments(*(f"C{k}" for k in range(20))), yard_moves=[head, *rows])
    reader = Reader(Settings(lake=tmp_path / "lake", reference=tmp_path / "reference"))

    def asked(as_of: str) -> dict[str, str]:
        table = lake.report("campaign_forecast", "--campaign", "drawn", "--as-of", as_of)
        assert [row["scope"] for row in table] == ["all", "CNSHG"]
        assert [row | {"scope": ""} for row in table[:1]] == [row | {"scope": ""} for row in table[1:]]
        return table[0]

    assert asked("2022-06-10")["verdict"] == "not begun"
    assert asked("2022-06-18")["verdict"] == "too early to tell"
    running = asked("2022-06-24T16:00:00Z")
    assert (running["remaining_opening"], float(running["pace_per_day"])) == ("10", 1)
    assert "2022-06-25" < running["cleared_on_early"] < running["cleared_on"] < running["cleared_on_late"]
    assert running["verdict"] == "by the end"
    stuck = asked("2022-09-01")
    assert (stuck["verdict"], stuck["cleared_on"], stuck["pace_per_day"]) == ("not at this pace", "", "0")
    done = asked("2022-10-04")
    assert (done["verdict"], done["cleared_on"], done["remaining_opening"]) == ("cleared", "2022-10-03", "0")
    frame = reader.query("campaign_forecast", Filters(campaign_id="drawn"))
    assert list(frame["verdict"]) == ["cleared", "cleared"]
