"""Early warning, border watch and the map as screens: the reports' numbers, the one form, the figures."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from pages.shared.figures import maps, months, plot
from pages.shared.text import LANGUAGES, Words, catalog
from pipeline.loading import build
from pipeline.metrics import Filters, Reader
from pipeline.sample import SampleSettings, write_sample
from pipeline.settings import ROOT, Settings

SUMMER = "2022-08-20T04:00Z"
SUMMER_UTC = datetime(2022, 8, 20, 4)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    files, lake = tmp_path_factory.mktemp("files"), tmp_path_factory.mktemp("lake")
    write_sample(files, SampleSettings(batches=900, ports=3, seed=3, days=220))
    build.load(Settings(lake), [files])
    return lake


@pytest.fixture
def open_screen(lake: Path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    def opened(page: str, **query: str) -> AppTest:
        monkeypatch.setenv("DGWATCH_LAKE", str(lake))
        at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
        at.session_state["_wanted_page"] = (f"pages/{page}.py", query)
        at.run()
        assert not at.exception, [error.message for error in at.exception]
        assert not at.error
        return at

    return opened


def figures(at: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in at.metric}


def test_early_warning_shows_what_the_report_says(open_screen, lake: Path) -> None:  # type: ignore[no-untyped-def]
    alerts = Reader(Settings(lake)).query("alerts", Filters(as_of=SUMMER_UTC))
    now = alerts[alerts["is_on"]]
    words = catalog("en")
    at = open_screen("warning", as_of=SUMMER)
    got = figures(at)
    assert got[words["warning.on.alert"]] == str((now["level"] == "alert").sum())
    assert got[words["warning.on.notice"]] == str((now["level"] == "notice").sum())
    assert len(now) > 0 and (alerts["level"] == "alert").any()
    assert len(at.dataframe[0].value) == len(now)
    assert at.selectbox[0].label  # the form is there, with one choice an alert that is on
    options = next(box for box in at.selectbox if box.label == words["warning.which"]).options
    assert len(options) == len(now)


def test_the_form_acknowledges_and_the_history_shows_it(open_screen, lake: Path) -> None:  # type: ignore[no-untyped-def]
    words = catalog("en")
    at = open_screen("warning", as_of=SUMMER)
    at.text_input(key="acknowledge_name").input("Li Wei")
    at.text_area[0].input("<b>moved</b> ![x](http://example.invalid/x.png)")
    at.button[0].click().run()
    assert not at.exception and not at.error
    assert at.success[0].value.startswith("Acknowledged")
    log = Reader(Settings(lake)).query("acknowledgements", Filters())
    assert list(log["acknowledged_by"]) == ["Li Wei"]
    shown = [table.value for table in at.dataframe if "acknowledged_by" in table.value]
    assert any("Li Wei" in set(table["acknowledged_by"].dropna()) for table in shown)
    assert figures(at)[words["warning.seen"]] == "1"
    spoken = [element.value for kind in ("markdown", "caption", "success") for element in at.get(kind)]
    assert not any("example.invalid" in text for text in spoken)  # a remark is data, never text of the page
    assert at.text_area[0].value == ""
    assert at.text_input(key="acknowledge_name").value == "Li Wei"


def test_the_form_says_what_is_missing(open_screen, lake: Path) -> None:  # type: ignore[no-untyped-def]
    before = len(Reader(Settings(lake)).query("acknowledgements", Filters()))
    at = open_screen("warning", as_of=SUMMER)
    at.text_area[0].input("seen")
    at.button[0].click().run()
    assert not at.exception
    assert "the name is empty" in at.error[0].value
    assert at.dataframe  # the rest of the page stays
    assert len(Reader(Settings(lake)).query("acknowledgements", Filters())) == before


def test_border_watch_shows_what_the_reports_say(open_screen, lake: Path) -> None:  # type: ignore[no-untyped-def]
    reader, words = Reader(Settings(lake)), catalog("en")
    at = open_screen("border", window="all")
    got = figures(at)
    caught = reader.query("border_interceptions", Filters(by=("month",)))
    triggers = reader.query("border", Filters())
    notices = reader.query("border_alerts", Filters())
    assert got[words["border.caught"]] == f"{caught['interceptions'].sum():,}"
    assert got[words["border.on"]] == str(triggers["is_on"].sum())
    assert got[words["border.active"]] == str((notices["state"] == "active").sum())
    assert len(at.dataframe[0].value) == len(triggers)


@pytest.mark.parametrize("measure", ["species", "occurrences", "batches"])
def test_one_measure_of_interceptions_at_a_time(open_screen, measure: str) -> None:  # type: ignore[no-untyped-def]
    at = open_screen("border", window="all", counted=measure)
    assert at.query_params["counted"] == measure


def test_the_map_lists_the_ports_of_its_day(open_screen, lake: Path) -> None:  # type: ignore[no-untyped-def]
    at = open_screen("map", day="2022-07-10")
    stock = Reader(Settings(lake)).query(
        "stock_by_port_day", Filters(date_from=date(2022, 7, 10), date_to=date(2022, 7, 10))
    )
    table = at.dataframe[0].value
    assert sorted(table["backlog"]) == sorted(stock["backlog"])
    assert at.slider[0].value == date(2022, 7, 10)
    first = datetime(1970, 1, 1) + timedelta(microseconds=at.slider[0].min)
    assert first.date() == date(2022, 6, 15)


@pytest.mark.parametrize("wrong", ["2021-01-01", "2030-01-01", "yesterday"])
def test_a_day_outside_the_campaign_is_held_to_it(open_screen, wrong: str) -> None:  # type: ignore[no-untyped-def]
    at = open_screen("map", day=wrong)
    assert date(2022, 6, 15) <= at.slider[0].value <= date(2022, 9, 22)


def test_the_map_can_be_coloured_by_verdict(open_screen, lake: Path) -> None:  # type: ignore[no-untyped-def]
    at = open_screen("map", coloured="verdict", lang="zh")
    rows = Reader(Settings(lake)).query("reduction", Filters(campaign_id="special-action-2022"))
    rows = rows[
        (rows["clock"] == "period") & (rows["statistic"] == "rmst") & (rows["un_location_code"] != "all")
    ]
    assert len(at.dataframe[0].value["verdict"]) == len(rows) == 3


PLACES = pd.DataFrame(
    {
        "un_location_code": ["A", "B", "C", "D"],
        "longitude": [122.0, 121.0, 120.0, 113.0],
        "latitude": [30.0, 29.0, 36.0, 22.0],
        "backlog": [400, 100, 0, 25],
        "stock": [500, 100, 3, 25],
        "state": ["alert", "notice", "quiet", "quiet"],
    }
)


@pytest.mark.parametrize("language", LANGUAGES)
def test_circles_have_areas_of_the_backlog_and_colours_of_the_state(language: str) -> None:
    words = Words(language)
    look = plot.Look(words, plot.LIGHT, words("unit.batches"))
    states = {"alert": "Alert", "notice": "Notice", "quiet": "Quiet"}
    figure = maps.ports(PLACES, look=look, states=states, largest=400, label={"A": "Alpha A"})
    land, *circles = figure.data
    assert land.fill == "toself" and land.hoverinfo == "skip"
    assert [trace.name for trace in circles] == list(states.values())
    sizes = {
        port: size
        for trace in circles
        for port, size in zip(trace.customdata, trace.marker.size, strict=True)
    }
    grown = {port: size - maps.SMALLEST for port, size in sizes.items()}
    assert grown["A"] == pytest.approx(maps.LARGEST - maps.SMALLEST)
    assert grown["B"] == pytest.approx(grown["A"] / 2) and grown["D"] == pytest.approx(grown["A"] / 4)
    assert grown["C"] == 0
    assert len({trace.marker.color for trace in circles}) == 3
    assert "Alpha" in circles[0].text[0]


def test_names_stand_where_no_circle_is() -> None:
    """B lies close to the east of A, C to the south of A; D has room all around."""
    places = pd.DataFrame(
        {
            "un_location_code": ["A", "B", "C", "D"],
            "longitude": [121.0, 122.0, 121.0, 113.0],
            "latitude": [31.0, 31.0, 30.0, 22.0],
            "backlog": [400, 300, 200, 100],
            "stock": [400, 300, 200, 100],
            "state": ["alert"] * 4,
        }
    )
    look = plot.Look(Words("en"), plot.LIGHT, "batches")
    names = {code: f"Port {code} {code}" for code in "ABCD"}
    circles = maps.ports(places, look=look, states={"alert": "Alert"}, largest=400, label=names).data[1]
    sides = dict(zip(circles.text, circles.textposition, strict=True))
    assert sides == {
        "Port A": "middle left",
        "Port B": "middle right",
        "Port C": "middle right",
        "Port D": "middle right",
    }


def _luminance(colour: str) -> float:
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    return sum(
        w * (c / 12.92 if c <= 0.04 else ((c + 0.055) / 1.055) ** 2.4)
        for w, c in zip((0.2126, 0.7152, 0.0722), channels, strict=True)
    )


@pytest.mark.parametrize(
    "states", [("alert", "notice", "quiet"), ("slower", "not distinguishable", "faster")]
)
def test_states_differ_in_lightness_or_outline_too(states: tuple[str, ...]) -> None:
    """Without any colour the state to look at first has its outline, and the lightest is told from the darkest."""
    lights = sorted(_luminance(maps.SAFE[state]) for state in states)
    assert lights[-1] - lights[0] > 0.2
    assert [state in maps.OUTLINED for state in states] == [True, False, False]


def test_the_outline_is_land_within_a_box_and_nothing_else() -> None:
    longitudes, latitudes = maps._outline()
    assert len(longitudes) == len(latitudes) > 1_000
    assert all(84 <= x <= 146 for x in longitudes if x is not None)
    assert all(6 <= y <= 54 for y in latitudes if y is not None)


def test_months_are_stacked_by_channel() -> None:
    words = Words("en")
    look = plot.Look(words, plot.LIGHT, "interceptions")
    months_of = [date(2022, 3, 1), date(2022, 3, 1), date(2022, 4, 1)]
    rows = pd.DataFrame(
        {"month_starts_on": months_of, "channel": ["cargo", "mail", "cargo"], "batches": [3, 2, 5]}
    )
    figure = months.stacked(rows, "channel", "batches", {"cargo": "Cargo", "mail": "Mail"}, look=look)
    cargo, mail = figure.data
    assert list(cargo.x) == ["2022-03", "2022-04"] and list(cargo.y) == [3, 5]
    assert mail.y[0] == 2 and pd.isna(mail.y[1])
