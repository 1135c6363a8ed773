"""The safety desk as a screen: the reports' numbers in every view, other weights, the stack of a cell, the figures."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from pages.shared.figures import yards
from pages.shared.figures.plot import LIGHT, Look
from pages.shared.text import LANGUAGES, Words, catalog
from pipeline.loading import build
from pipeline.metrics import Filters, Reader
from pipeline.sample import SampleSettings, write_sample
from pipeline.settings import ROOT, Settings

VIEWS = ("first", "plan", "clock", "apart", "heat")
SUMMER = "2022-06-20T04:00Z"
SUMMER_UTC = datetime(2022, 6, 20, 4)
BEFORE_EVERYTHING = "1995-01-01T00:00Z"
LOOK = Look(Words("en", "Asia/Shanghai"), LIGHT, "batches")
Opened = Callable[..., AppTest]


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    files, lake = tmp_path_factory.mktemp("files"), tmp_path_factory.mktemp("lake")
    write_sample(files, SampleSettings(batches=3000, ports=3, seed=5, days=170))
    build.load(Settings(lake), [files])
    return lake


@pytest.fixture
def desk(lake: Path, monkeypatch: pytest.MonkeyPatch) -> Opened:
    def opened(where: Path = lake, **query: str | list[str]) -> AppTest:
        monkeypatch.setenv("DGWATCH_LAKE", str(where))
        at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=180)
        at.session_state["_wanted_page"] = ("pages/safety.py", {"as_of": SUMMER, **query})
        at.run()
        held(at)
        return at

    return opened


def held(at: AppTest) -> None:
    assert not at.exception, [error.message for error in at.exception]
    assert not at.error, [error.value for error in at.error]


def asked(lake: Path, metric: str, **filters: object) -> pd.DataFrame:
    return Reader(Settings(lake)).query(metric, Filters(as_of=SUMMER_UTC, **filters))  # type: ignore[arg-type]


def shown(at: AppTest, column: str) -> pd.DataFrame:
    """The first table with a column."""
    return next(table.value for table in at.dataframe if column in table.value)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("view", VIEWS)
class TestEveryView:
    def test_on_a_sample(self, desk: Opened, view: str, language: str) -> None:
        at = desk(desk=view, lang=language)
        assert len(at.dataframe) > 0
        assert not at.warning

    def test_on_an_empty_selection(self, desk: Opened, view: str, language: str) -> None:
        at = desk(desk=view, lang=language, as_of=BEFORE_EVERYTHING)
        assert [info.value for info in at.info] == [catalog(language)["empty.selection"]]

    def test_on_an_empty_lake(self, desk: Opened, tmp_path: Path, view: str, language: str) -> None:
        at = desk(tmp_path, desk=view, lang=language)
        assert at.info[0].value == catalog(language)["empty.lake"].format(lake=tmp_path)


def test_the_signs_are_those_of_the_ranking(desk: Opened, lake: Path) -> None:
    risk = asked(lake, "risk")
    words = catalog("en")
    got = {metric.label: metric.value for metric in desk().metric}
    assert got[words["safety.overdue"]] == str(risk["is_overdue"].sum())
    assert got[words["safety.hot"]] == str((risk["heat_margin_c"] < 0).sum())
    assert got[words["safety.apart"]] == str((risk["segregation_alerts"] > 0).sum())
    assert got[words["safety.findings"]] == str((risk["open_findings"] > 0).sum())
    assert got[words["safety.unidentified"]] == str((risk["lead_class"] == "unidentified").sum())
    clock = asked(lake, "limit_clock")
    assert got[words["safety.limits_in_day"]] == str((clock["within_hours"] == 24).sum())
    assert risk["is_overdue"].sum() > 0 and (risk["segregation_alerts"] > 0).sum() > 0


def test_the_ranking_is_the_report_s_and_links_to_its_batches(desk: Opened, lake: Path) -> None:
    table = shown(desk(), "risk_rank")
    risk = asked(lake, "risk", limit=200)
    assert list(table["risk_rank"]) == list(risk["risk_rank"])
    assert list(table["score"].round(6)) == list(risk["score"].round(6))
    first = risk["consignment_id"].dropna().iloc[0]
    assert f"batch?consignment={first}&as_of=2022-06-20T04%3A00Z#{first}" in set(
        table["consignment_id"].dropna()
    )


def test_other_weights_rank_otherwise_and_stay_in_the_address(desk: Opened, lake: Path) -> None:
    at = desk()
    at.slider(key="choice_weight_findings").set_value(10.0).run()
    held(at)
    ranked = asked(lake, "risk", limit=200, weights=("findings=10",))
    assert list(shown(at, "risk_rank")["score"].round(6)) == list(ranked["score"].round(6))
    assert at.session_state["_choices"]["weights"] == ["findings:10"]
    again = desk(weights=["findings:10"])
    assert list(shown(again, "risk_rank")["score"].round(6)) == list(ranked["score"].round(6))
    assert again.slider(key="choice_weight_findings").value == 10.0
    odd = desk(weights=["luck:3"])
    assert "luck:3" in odd.warning[0].value


def test_a_cell_lists_its_stack(desk: Opened, lake: Path) -> None:
    cells = asked(lake, "yard_cells", ports=("CNSHG",))
    cell = cells.sort_values("units").iloc[-1]
    at = desk(desk="plan", yard="CNSHG", stack=f"{cell['facility_code']}|{cell['block']}|{cell['bay']}")
    units = shown(at, "tier")
    assert len(units) == cell["units"] > 1
    assert units["score"].max() == pytest.approx(cell["top_score"])
    everything = desk(desk="plan", yard="CNSHG")
    assert len(shown(everything, "tier")) == len(asked(lake, "yard_plan", ports=("CNSHG",)))


def test_segregation_can_be_narrowed_to_adjacent_bays(desk: Opened, lake: Path) -> None:
    now = asked(lake, "segregation", part="now")
    near = asked(lake, "segregation", part="now,adjacent")
    assert len(near) < len(now)
    assert len(shown(desk(desk="apart"), "is_adjacent")) == len(now)
    assert len(shown(desk(desk="apart", near="adjacent"), "is_adjacent")) == len(near)
    got = {metric.label: metric.value for metric in desk(desk="apart").metric}
    assert got[catalog("en")["safety.pairs"]] == str(len(now))


def test_the_forecast_says_how_it_did(desk: Opened, lake: Path) -> None:
    rows = asked(lake, "stock_forecast")
    row = rows[rows["un_location_code"] == "all"].iloc[0]
    captions = [caption.value for caption in desk(desk="clock").caption]
    assert row["days_tested"] > 0
    assert any(f"({row['days_inside']} of {row['days_tested']})" in caption for caption in captions)


def test_points_leave_open_what_was_not_told() -> None:
    rows = pd.DataFrame(
        [("1  A", "hazard", 30.0), ("1  A", "heat", 0.0), ("2  B", "hazard", 12.0)],
        columns=["name", "part", "score_points"],
    )
    grid = yards.points(rows, look=LOOK, parts={"hazard": "Hazard of the class", "heat": "Heat"}).data[0]
    assert list(grid.y) == ["1  A", "2  B"]
    assert [list(line) for line in grid.text] == [["30", "0"], ["12", ""]]


def test_a_plan_has_its_bays_in_order_and_a_target_on_every_cell() -> None:
    cells = pd.DataFrame(
        {
            "place": ["T1|A1", "T1|A1", "T1|B1", "T1|B1"],
            "bay": ["11", "3", "-", "north"],
            "shade": [1.0, 2.0, 3.0, 4.0],
            "text": ["a", "b", "c", "d"],
            "told": ["A 11", "A 3", "B -", "B north"],
        }
    )
    shade = yards.Shade("shade", "text", 0, 5, "shade")
    figure = yards.plan(cells, look=LOOK, shade=shade, label=str, marked=("T1|A1", "3"))
    grid, targets = figure.data
    assert list(grid.x) == ["3", "11", "north", "-"]
    assert list(zip(targets.x, targets.y, targets.hovertext, strict=True)) == [
        ("11", "T1|A1", "A 11"),
        ("3", "T1|A1", "A 3"),
        ("-", "T1|B1", "B -"),
        ("north", "T1|B1", "B north"),
    ]
    [outline] = figure.layout.shapes
    assert (outline.x0, outline.x1, outline.y0) == (-0.5, 0.5, -0.5)


def test_a_missing_day_is_a_gap_and_a_mark() -> None:
    rows = pd.DataFrame(
        {
            "date": [date(2022, 7, 1), date(2022, 7, 2), date(2022, 7, 3)],
            "max_temp_c": [36.0, None, 33.0],
            "is_missing": [False, True, False],
        }
    )
    levels = pd.DataFrame({"from_temp_c": [35.0], "name": ["Hot day"]})
    line, mark = yards.hot_days(rows, levels, look=LOOK).data
    assert line.connectgaps is False and pd.isna(line.y[1])
    assert list(mark.x) == ["2022-07-02"]
