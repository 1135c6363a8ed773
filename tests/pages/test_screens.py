"""Every screen, run for real: a small lake, an empty lake, an empty selection, in both languages."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
from streamlit.testing.v1 import AppTest

from pages.shared import data, kept
from pages.shared.text import LANGUAGES, Words, catalog
from pipeline import export
from pipeline.cli import main
from pipeline.loading import build
from pipeline.metrics import REGISTRY, Filters, Reader
from pipeline.sample import SampleSettings, write_sample
from pipeline.settings import ROOT, Settings

Screen = Callable[..., AppTest]
PAGES = (
    "campaign",
    "map",
    "backlog",
    "clearance",
    "dwell",
    "ports",
    "pilots",
    "rebound",
    "warning",
    "border",
    "safety",
    "batch",
    "trust",
    "methodology",
)
BEFORE_EVERYTHING = "1995-01-01T00:00Z"
IN_THE_CAMPAIGN = "2022-08-01T04:00Z"


@pytest.fixture(scope="session")
def small_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    write_sample(folder, SampleSettings(batches=400, ports=3, seed=7))
    return folder


@pytest.fixture(scope="session")
def small_lake(small_files: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    lake = tmp_path_factory.mktemp("lake")
    build.load(Settings(lake), [small_files])
    return lake


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    """Opens a screen on a lake, as a visit to its address does: through the guard and the frame.

    AppTest itself cannot open a page of `st.navigation`; the page that the guard keeps can be.
    """

    def open_screen(page: str, lake: Path, **query: str | list[str]) -> AppTest:
        monkeypatch.setenv("DGWATCH_LAKE", str(lake))
        at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
        at.session_state["_wanted_page"] = (f"pages/{page}.py", query)
        return at.run()

    return open_screen


def values(at: AppTest, *kinds: str) -> list[str]:
    """What the elements of these kinds say."""
    found: list[Any] = [element for kind in kinds for element in at.get(kind)]
    return [element.value for element in found]


def held(at: AppTest) -> None:
    assert not at.exception, [error.message for error in at.exception]
    assert not at.error, [error.value for error in at.error]


def said(at: AppTest) -> list[str]:
    """The words and figures of a screen, and its tables as text."""
    cards = [f"{metric.label} {metric.value} {metric.delta}" for metric in at.metric]
    return cards + values(at, "title", "markdown", "caption") + [str(table.value) for table in at.dataframe]


def figures(at: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in at.metric}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("page", PAGES)
class TestEveryScreen:
    def test_on_a_small_lake(self, screen: Screen, small_lake: Path, page: str, language: str) -> None:
        at = screen(page, small_lake, lang=language, as_of=IN_THE_CAMPAIGN)
        held(at)
        words = catalog(language)
        if page != "campaign":
            assert [title.value for title in at.title] == [words[f"{page}.title"]]
        assert any(words["sample.banner"] in html.proto.body for html in at.get("html"))
        assert words["sample.short"] in at.caption[0].value

    def test_is_made_once_for_all(self, screen: Screen, small_lake: Path, page: str, language: str) -> None:
        asked = {"lang": language, "as_of": IN_THE_CAMPAIGN}
        first = screen(page, small_lake, **asked)
        made, contents = kept.SHELF.made, kept.SHELF.contents()
        other = screen(page, small_lake, **asked)
        held(other)
        assert kept.SHELF.made == made
        assert kept.SHELF.contents() == contents, "what is everybody's was changed"
        assert said(other) == said(first)

    def test_on_an_empty_lake(self, screen: Screen, tmp_path: Path, page: str, language: str) -> None:
        at = screen(page, tmp_path, lang=language)
        held(at)
        words = catalog(language)
        if page == "methodology":
            assert "`stock_by_port_day`" in "\n".join(values(at, "markdown"))
            return
        assert at.info[0].value == words["empty.lake"].format(lake=tmp_path)
        assert "dgwatch load" in values(at, "code")[0]

    def test_on_an_empty_selection(self, screen: Screen, small_lake: Path, page: str, language: str) -> None:
        at = screen(page, small_lake, lang=language, as_of=BEFORE_EVERYTHING)
        held(at)
        if page == "backlog":
            assert [info.value for info in at.info] == [catalog(language)["empty.selection"]]

    def test_speaks_one_language(self, screen: Screen, small_lake: Path, page: str, language: str) -> None:
        at = screen(page, small_lake, lang=language, as_of=IN_THE_CAMPAIGN)
        other = catalog(next(code for code in LANGUAGES if code != language))
        own = catalog(language)
        words = values(at, "title", "subheader")
        words += [metric.label for metric in at.metric] + [select.label for select in at.sidebar.selectbox]
        assert not [text for text in words if text in other.values() and text not in own.values()]


def test_campaign_shows_what_the_report_says(screen: Screen, small_lake: Path) -> None:
    at = screen("campaign", small_lake, as_of=IN_THE_CAMPAIGN)
    asked = Filters(as_of=datetime(2022, 8, 1, 4), campaign_id="special-action-2022")
    total = Reader(Settings(small_lake)).query("campaign", asked).iloc[0]
    words = catalog("en")
    got = figures(at)
    assert got[words["campaign.card.cleared"]] == f"{total['cleared_opening'] + total['cleared_new']:,}"
    assert got[words["campaign.card.misdeclared"]] == f"{total['misdeclared_batches']:,}"
    assert got[words["campaign.card.cases"]] == f"{total['penalty_cases']:,}"
    assert total["cleared_opening"] > 0


def test_the_headline_stands_beside_the_published_figures(screen: Screen, small_lake: Path) -> None:
    at = screen("campaign", small_lake, as_of=IN_THE_CAMPAIGN)
    below = [metric.delta.split(" · ")[-1] for metric in at.metric]
    assert below == [
        "Published for 2022: more than 2,400",
        "Published for 2022: more than 1,600",
        "Published for 2022: more than 500",
        "Published for 2022: more than 60%",
    ]


def test_the_reduction_is_the_reports_with_its_interval(screen: Screen, small_lake: Path) -> None:
    at = screen("campaign", small_lake, as_of="2022-09-22T12:00Z")
    asked = Filters(as_of=datetime(2022, 9, 22, 12), campaign_id="special-action-2022")
    total = Reader(Settings(small_lake)).query("campaign", asked).iloc[0]
    assert at.metric[3].value == f"{total['reduction_pct']:.1f}%"
    interval = f"{total['reduction_lower_pct']:.1f} to {total['reduction_upper_pct']:.1f}%"
    assert interval in at.metric[3].delta


def test_a_reduction_that_cannot_be_had_is_said_so(screen: Screen, small_lake: Path) -> None:
    at = screen("campaign", small_lake, as_of=BEFORE_EVERYTHING)
    words = catalog("en")
    assert at.metric[3].value == words["not_had"]
    assert words["campaign.reduction.none"] in values(at, "caption")


def test_campaign_counts_its_days(screen: Screen, small_lake: Path) -> None:
    # Day is the local date of as-of less the first day, plus 1: 15 June is day 1, 1 August day 48.
    at = screen("campaign", small_lake, as_of=IN_THE_CAMPAIGN)
    assert "Day 48 of 100" in at.get("progress")[0].proto.text
    ended = screen("campaign", small_lake)
    assert "Day 100 of 100" in ended.get("progress")[0].proto.text
    assert "ended" in ended.get("progress")[0].proto.text
    early = screen("campaign", small_lake, as_of="2022-05-01T00:00Z")
    assert "Day 0 of 100" in early.get("progress")[0].proto.text
    assert "not begun" in early.get("progress")[0].proto.text


def test_backlog_headline_is_the_readers(screen: Screen, small_lake: Path) -> None:
    at = screen("backlog", small_lake, as_of=IN_THE_CAMPAIGN)
    asked = Filters(as_of=datetime(2022, 8, 1, 4))
    row = Reader(Settings(small_lake)).query("stock_headline", asked).iloc[0]
    assert figures(at)["Backlog"] == Words().counted("batch", row["backlog"])
    assert figures(at)["Stock"] == Words().counted("batch", row["stock"])
    assert row["stock"] > 0


def test_backlog_lists_the_batches_behind_the_cell_of_the_address(screen: Screen, small_lake: Path) -> None:
    reader = Reader(Settings(small_lake))
    days = reader.query("stock_by_port_day", Filters())
    busy = days.sort_values("backlog").iloc[-1]
    cell = {"cell_day": busy["date"].isoformat(), "cell_port": busy["un_location_code"]}
    at = screen("backlog", small_lake, window="all", **cell)
    held(at)
    table = at.dataframe[-1].value
    assert len(table) == busy["backlog"] > 1
    assert cell["cell_day"] in at.subheader[-1].value
    ages = table["age_hours"]
    assert list(ages) == sorted(ages, reverse=True)
    assert table["consignment_id"].dropna().str.contains("consignment=").all()


@pytest.mark.parametrize("rows", ["facility", "block", "class"])
def test_backlog_can_be_cut_another_way(screen: Screen, small_lake: Path, rows: str) -> None:
    at = screen("backlog", small_lake, rows=rows, as_of=IN_THE_CAMPAIGN)
    held(at)
    assert at.query_params["rows"] == rows
    inside = [select.label for select in at.selectbox if select.label == "Inside the port"]
    assert bool(inside) == (rows in ("facility", "block"))


def test_units_are_counted_where_asked(screen: Screen, small_lake: Path) -> None:
    at = screen("backlog", small_lake, count="unit", as_of=IN_THE_CAMPAIGN)
    held(at)
    assert figures(at)["Stock"].endswith(" units")


def test_an_alias_of_a_port_is_understood(screen: Screen, small_lake: Path) -> None:
    at = screen("backlog", small_lake, ports=["CNSHA"])
    held(at)
    assert at.multiselect(key="choice_ports").value == ["CNSHG"]


def test_what_the_address_asks_wrongly_is_named_and_left_aside(screen: Screen, small_lake: Path) -> None:
    at = screen("backlog", small_lake, ports=["NOWHERE"], window="fortnight", as_of="yesterday")
    held(at)
    warned = " ".join(warning.value for warning in at.warning)
    for wrong in ("NOWHERE", "fortnight", "yesterday"):
        assert wrong in warned
    assert at.selectbox(key="choice_window").value == "90"


def test_days_and_instants_that_nobody_can_choose_are_left_aside(screen: Screen, small_lake: Path) -> None:
    far = {"from": "0001-01-01", "to": "9999-12-31", "as_of": "9999-12-31T23:59Z", "cell_day": "9999-12-31"}
    at = screen("backlog", small_lake, window="custom", **far)
    held(at)
    warned = " ".join(warning.value for warning in at.warning)
    for name in ("from", "to", "as_of"):
        assert far[name] in warned


def test_a_batch_that_nobody_named_is_chosen_from_the_oldest(screen: Screen, small_lake: Path) -> None:
    at = screen("batch", small_lake, as_of=IN_THE_CAMPAIGN)
    held(at)
    asked = Filters(as_of=datetime(2022, 8, 1, 4), overdue_only=True, limit=200)
    oldest = Reader(Settings(small_lake)).query("batches_in_yard", asked)
    shown = at.dataframe[0].value
    assert len(shown) == len(oldest) >= 1
    assert not screen("batch", small_lake, search="NOTHING").dataframe


def test_a_batch_tells_its_whole_story(screen: Screen, small_lake: Path) -> None:
    reader = Reader(Settings(small_lake))
    batch = reader.query("findings", Filters())["consignment_id"].iloc[0]
    at = screen("batch", small_lake, consignment=batch)
    held(at)
    assert at.header[0].value == batch
    versions = reader.query("history", Filters(consignment_id=batch))
    assert list(at.dataframe[-1].value["line"]) == list(versions["line"])
    assert set(at.dataframe[-1].value["file"]) == set(versions["file"])


def test_a_unit_that_no_batch_claims_has_a_story_too(screen: Screen, small_lake: Path) -> None:
    stays = Reader(Settings(small_lake)).query("stays", Filters(classes=("unidentified",)))
    unit = stays["equipment_reference"].iloc[0]
    at = screen("batch", small_lake, consignment=unit)
    held(at)
    assert at.header[0].value == unit
    assert at.metric[1].value == "?" and at.metric[1].delta == "Not identified"


def test_an_unknown_batch_is_said_to_be_unknown(screen: Screen, small_lake: Path) -> None:
    at = screen("batch", small_lake, consignment="NO-SUCH-BATCH")
    held(at)
    assert at.info[0].value == catalog("en")["batch.unknown"]


def test_a_search_lists_batches_with_links(screen: Screen, small_lake: Path) -> None:
    at = screen("batch", small_lake, search="SB")
    held(at)
    links = at.dataframe[0].value["consignment_id"]
    assert len(links) and links.str.startswith("batch?consignment=SB").all()


def test_trust_adds_up(screen: Screen, small_lake: Path) -> None:
    at = screen("trust", small_lake)
    files = Reader(Settings(small_lake)).query("files", Filters())
    assert figures(at)["Rows read"] == f"{files['read'].sum():,}"
    assert (files["read"] == files[["accepted", "superseded", "duplicate", "rejected"]].sum(axis=1)).all()


def test_methodology_defines_every_metric(screen: Screen, small_lake: Path) -> None:
    at = screen("methodology", small_lake)
    text = "\n".join(element.value for element in at.markdown)
    for key, metric in REGISTRY.items():
        assert f"`{key}`" in text and metric.definition in text


def test_methodology_in_chinese_has_the_chinese_definitions(screen: Screen, small_lake: Path) -> None:
    text = "\n".join(element.value for element in screen("methodology", small_lake, lang="zh").markdown)
    for metric in REGISTRY.values():
        assert metric.definition_zh in text


def test_a_new_load_shows_at_the_next_run(screen: Screen, small_files: Path, tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    ordered = sorted(small_files.rglob("*.*"))
    build.load(Settings(lake), [path for path in ordered if path.name.startswith("consignments")])
    before = figures(screen("trust", lake))["Rows read"]
    build.load(Settings(lake), [path for path in ordered if path.name.startswith("dg_items")])
    after = figures(screen("trust", lake))["Rows read"]
    read = Reader(Settings(lake)).query("files", Filters())["read"].sum()
    assert before != after == f"{read:,}"


def test_a_download_says_what_it_is(
    screen: Screen, small_lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DGWATCH_LAKE", str(small_lake))
    asked = Filters(ports=("CNSHG",), as_of=datetime(2022, 8, 1, 4))
    rows = Reader(Settings(small_lake)).query("stock_by_port_day", asked)
    with zipfile.ZipFile(io.BytesIO(data.download(rows, "stock_by_port_day", asked))) as archive:
        table = pd.read_csv(archive.open("stock_by_port_day.csv"))
        about = json.load(archive.open("stock_by_port_day.csv.meta.json"))
    assert len(table) == len(rows) == about["rows"]
    assert about["filters"] == {"as_of": "2022-08-01T04:00:00Z", "ports": ["CNSHG"]}
    assert about["as_of"] == "2022-08-01T04:00:00Z"
    assert about["is_sample"] is True and about["build"]


def downloads(at: AppTest) -> list[Any]:
    """The buttons for rows; the briefing is none of them."""
    buttons: list[Any] = list(at.get("download_button"))
    return [button for button in buttons if "briefing_" not in str(button.key)]


def rows_of(content: bytes, form: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    """What is in a download: its rows, and what it says of itself."""
    file = io.BytesIO(content)
    if form == "xlsx":
        book = pd.ExcelFile(file, engine="openpyxl")
        cells = book.parse("about", header=None, dtype=str).itertuples(index=False)
        told = {str(name): str(value) for name, value in cells}
        plain = {name: json.loads(told[name]) for name in ("filters", "rows", "is_composed")}
        return book.parse("report"), told | plain
    if form == "parquet":
        about = json.loads(pq.read_schema(file).metadata[b"dgwatch"])
        return pd.read_parquet(file), about
    with zipfile.ZipFile(file) as archive:
        name, told_in = archive.namelist()
        read = pd.read_csv if form == "csv" else pd.read_json
        return read(archive.open(name)), json.load(archive.open(told_in))


@pytest.mark.parametrize("form", data.FORMS)
def test_every_form_holds_the_rows_on_the_screen(
    screen: Screen, small_lake: Path, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DGWATCH_LAKE", str(small_lake))
    asked = Filters(as_of=datetime(2022, 8, 1, 4), campaign_id="special-action-2022", ports=("CNSHG",))
    shown = Reader(Settings(small_lake)).query("campaign", asked)
    rows, about = rows_of(data.download(shown, "campaign", asked, form), form)
    assert list(rows.columns) == list(shown.columns)
    for name in ("scope", "opening_backlog", "cleared_new", "remaining"):
        assert rows[name].tolist() == shown[name].tolist()
    assert about["rows"] == len(shown) > 0
    assert about["filters"]["ports"] == ["CNSHG"] and about["as_of"] == "2022-08-01T04:00:00Z"
    assert about["known_at"] and about["build"] and about["is_composed"] is False


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_form_of_downloads_is_chosen_once_and_kept_in_the_address(
    screen: Screen, small_lake: Path, language: str
) -> None:
    words = catalog(language)
    at = screen("campaign", small_lake, form="parquet", lang=language, as_of=IN_THE_CAMPAIGN)
    labels = {button.label for button in downloads(at)}
    assert labels and all(label.endswith(words["download"].format(form="Parquet")) for label in labels)
    assert at.query_params["form"] == "parquet"
    at.selectbox(key="choice_form").set_value("xlsx").run()
    labels = {button.label for button in downloads(at)}
    assert labels and all(label.endswith(words["download"].format(form="Excel")) for label in labels)


def test_more_rows_than_a_spreadsheet_takes_are_not_offered_as_one(
    screen: Screen, small_lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "XLSX_MAX_ROWS", 2)
    at = screen("campaign", small_lake, form="xlsx", as_of=IN_THE_CAMPAIGN)
    held(at)
    buttons = downloads(at)
    assert {button.disabled for button in buttons} == {True, False}, "one row of cases, many days"
    assert any("200" not in button.help and "rows" in button.help for button in buttons if button.disabled)


@pytest.mark.parametrize("page", PAGES)
def test_pages_stay_thin(page: str) -> None:
    text = (Path(__file__).parents[2] / "pages" / f"{page}.py").read_text(encoding="utf8")
    assert len(text.splitlines()) < 80
    assert "frame.guard(__file__)" in text
    assert not re.search(
        r"\bselect\b.+\bfrom\b|import duckdb|import plotly|import pandas", text, re.IGNORECASE
    )


def test_methodology_reckons_its_example(screen: Screen, tmp_path: Path) -> None:
    got = {metric.label: (metric.value, metric.delta) for metric in screen("methodology", tmp_path).metric}
    words = catalog("en")
    assert got[words["clocks.exit"]] == ("31.4 d", "before the clear-out: 5.0 d")
    assert got[words["clocks.period"]] == ("2.0 d", "before the clear-out: 32.5 d")


def test_clearance_shows_what_the_reports_say(screen: Screen, small_lake: Path) -> None:
    at = screen("clearance", small_lake)
    held(at)
    reader, words = Reader(Settings(small_lake)), catalog("en")
    asked = Filters(by=("all",), stage="overall", date_from=date(2022, 6, 15), date_to=date(2022, 9, 22))
    rows = reader.query("clearance", asked).set_index("clock")
    mean = f"{float(rows['mean_hours']['exit']) / 24:.1f} d"
    assert figures(at)[words["clocks.exit"]] == mean
    reduced = reader.query("reduction", Filters(campaign_id="special-action-2022"))
    shown = next(
        table.value
        for table in at.dataframe
        if words["column.verdict"] in table.value or "verdict" in table.value
    )
    assert len(shown) == len(reduced) > 5


def test_dwell_of_days_without_a_beginning_has_no_baseline(screen: Screen, small_lake: Path) -> None:
    at = screen("dwell", small_lake, period="days", window="all")
    held(at)
    assert catalog("en")["period.no_baseline"] in values(at, "caption")


def test_rebound_tells_every_port(screen: Screen, small_lake: Path) -> None:
    at = screen("rebound", small_lake)
    held(at)
    verdicts = Reader(Settings(small_lake)).query("rebound", Filters(campaign_id="special-action-2022"))[
        "verdict"
    ]
    words = catalog("en")
    got = figures(at)
    for verdict in ("rebound", "quiet", "too few weeks"):
        assert got[words[f"verdict.{verdict.replace(' ', '_')}"]] == str((verdicts == verdict).sum())
    assert len(verdicts) > 0


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_pilot_of_too_few_ports_cannot_be_identified(
    screen: Screen, small_lake: Path, language: str
) -> None:
    at = screen("pilots", small_lake, lang=language)  # three ports in all
    held(at)
    words = catalog(language)
    what = words["lacking.other_ports"]
    assert what in at.warning[0].value and "5" in at.warning[0].value


def test_why_it_changed_adds_up_on_the_screen(screen: Screen, small_lake: Path) -> None:
    at = screen("ports", small_lake, view="why", part="arrival")
    held(at)
    why = Reader(Settings(small_lake)).query("why", Filters(campaign_id="special-action-2022"))
    rows = why[why["lead_class"] == "all"].set_index("measure")["value"]
    assert figures(at)[catalog("en")["why.stock"]] == f"{rows['stock_change']:,.0f}"
    assert rows["opening_stock"] + rows["arrivals"] - rows["exits"] == rows["closing_stock"]


def test_what_a_screen_puts_together_is_said_so(small_lake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DGWATCH_LAKE", str(small_lake))
    asked = Filters(campaign_id="special-action-2022")
    rows = Reader(Settings(small_lake)).query("rebound", asked)
    for shown, is_composed in ((rows[["un_location_code", "weeks"]], False), (rows.iloc[::-1], True)):
        assert rows_of(data.download(shown, "rebound", asked), "csv")[1]["is_composed"] is is_composed


def test_tables_of_the_methodology_can_be_taken_along(screen: Screen, small_lake: Path) -> None:
    at = screen("methodology", small_lake)
    held(at)
    tables = {"pile_up", "false_alarms", "reference_limit_rules", "reference_campaigns"}
    keys = {button.proto.id.rpartition("-download_")[2] for button in at.get("download_button")}
    assert tables <= keys
    rules = data.plain_csv(data.table("limit_rules")).decode()
    shipped = (ROOT / "data" / "reference" / "limit_rules.csv").read_text(encoding="utf-8")
    assert rules.splitlines()[0] == shipped.splitlines()[0]
    assert len(pd.read_csv(io.StringIO(rules))) == len(pd.read_csv(io.StringIO(shipped)))


def test_hit_rates_stand_with_their_wilson_intervals(screen: Screen, small_lake: Path) -> None:
    at = screen("campaign", small_lake, as_of=IN_THE_CAMPAIGN)
    held(at)
    asked = Filters(as_of=datetime(2022, 8, 1, 4), campaign_id="special-action-2022")
    rates = Reader(Settings(small_lake)).query("hit_rates", asked)
    shown = next(table.value for table in at.dataframe if "misdeclared_lower_share" in table.value)
    ends = ["misdeclared_lower_share", "misdeclared_share", "misdeclared_upper_share"]
    pd.testing.assert_frame_equal(shown[ends], 100 * rates[ends], check_index_type=False)
    assert (rates[ends[0]] < rates[ends[2]]).all() and len(rates) > 1
    assert "no prevalence" in " ".join(values(at, "subheader"))


def test_the_card_of_the_reduction_has_the_mean_by_exit_beside_it(screen: Screen, small_lake: Path) -> None:
    at = screen("campaign", small_lake, as_of="2022-09-22T12:00Z")
    asked = Filters(as_of=datetime(2022, 9, 22, 12), campaign_id="special-action-2022")
    reader = Reader(Settings(small_lake))
    reduced = reader.query("reduction", asked)
    own = reduced[(reduced["un_location_code"] == "all") & (reduced["statistic"] == "mean")].iloc[0]
    assert f"mean by exit {own['reduction_pct']:.1f}%" in at.metric[3].delta
    total = reader.query("campaign", asked).iloc[0]
    assert total["exit_mean_reduction_pct"] == own["reduction_pct"]
    disagreeing = set(reduced.loc[reduced["flags"].str.contains("clocks_disagree"), "un_location_code"])
    assert bool(disagreeing) == any("Clocks disagree" in warning.value for warning in at.warning)


def test_the_opening_and_the_newly_overdue_are_where_they_went(small_lake: Path) -> None:
    asked = Filters(as_of=datetime(2022, 8, 1, 4), campaign_id="special-action-2022")
    rows = Reader(Settings(small_lake)).query("campaign", asked)
    went = rows[["cleared_opening", "cleared_new", "cleared_relocated", "remaining"]].sum(axis=1)
    assert (rows["opening_backlog"] + rows["newly_overdue"] == went).all()
    assert rows["newly_overdue"].iloc[0] > 0


def test_the_briefing_of_a_screen_is_the_commands(
    screen: Screen,
    small_lake: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    at = screen("campaign", small_lake, as_of=IN_THE_CAMPAIGN)
    buttons: list[Any] = list(at.get("download_button"))
    labels = [button.label for button in buttons]
    assert catalog("en")["briefing"].format(form="HTML") in labels
    asked = Filters(as_of=datetime(2022, 8, 1, 4), campaign_id="special-action-2022", ports=("CNSHG",))
    words = ["--campaign", "special-action-2022", "--as-of", "2022-08-01T04:00Z", "--port", "CNSHG"]
    assert main(["report", "briefing", *words, "--lake", str(small_lake)]) == 0
    assert data.briefing_of(asked, "html") == capfdbinary.readouterr().out
