"""The dashboard as a user meets it, in headless Chromium."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlparse

import openpyxl
import pyarrow.parquet as pq
import pytest
from playwright.sync_api import Page, expect
from serving import settle

from pages.shared.text import Words, catalog
from pipeline.settings import ROOT

Visit = Callable[..., Page]
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
IN_THE_CAMPAIGN = "as_of=2022-08-01T04:00Z"
HEATMAP = ".st-key-wide_heatmap .js-plotly-plot"

BUSIEST_CELL = """grid => {
  const [cells, targets] = grid.data;
  let best = [0, 0, -1];
  cells.y.forEach((code, row) => cells.x.forEach((day, column) => {
    const count = grid.calcdata[0][0].z[row][column];
    if (count > best[2]) best = [day, code, count];
  }));
  const {xaxis, yaxis} = grid._fullLayout;
  const box = grid.getBoundingClientRect();
  return {
    x: box.left + xaxis._offset + xaxis.d2p(best[0]),
    y: box.top + yaxis._offset + yaxis.l2p(cells.y.indexOf(best[1])),
    cell: best,
  };
}"""
"""Where on the screen the cell with the highest count is, and what it is: day, code, count."""
CUT_OFF = """() => {
  const main = document.querySelector('[data-testid=stMainBlockContainer]');
  return [...main.querySelectorAll('[data-testid=stElementContainer]')]
    .filter(e => !e.closest('[class*=st-key-wide_]') && e.getBoundingClientRect().right > innerWidth + 1)
    .map(e => e.className);
}"""
"""Elements that reach beyond the screen's edge, other than those that scroll inside their own frame."""

GROWN = """() => [...document.querySelectorAll('.js-plotly-plot')]
  .filter(({_fullLayout: {margin, _size}}) => [...'lrtb'].some(side => _size[side] - margin[side] > 1))
  .map(plot => [...plot.closest('[class*=st-key-]').classList].find(name => name.startsWith('st-key-')))"""
"""The figures whose margins had to grow for their words: plotly drew them twice."""
LEGENDS_BREAK = {"st-key-chart_funnel"}
"""Figures whose legend takes two rows where half a screen is wide."""


def query(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlparse(page.url).query)


def report(lake: Path, *arguments: str) -> bytes:
    """What the command prints."""
    command = [sys.executable, "-m", "pipeline.cli", "report", *arguments, "--lake", str(lake)]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout


def downloaded(page: Page, key: str) -> zipfile.ZipFile:
    with page.expect_download() as found:
        page.locator(f".st-key-download_{key} button").click()
    assert found.value.suggested_filename.startswith("dgwatch-sample-")
    return zipfile.ZipFile(io.BytesIO(Path(found.value.path()).read_bytes()))


def test_a_cold_server_takes_the_first_visit_through_the_frame(visit: Visit, cold_server: str) -> None:
    page = visit("backlog?lang=zh&window=365", address=cold_server)
    assert page.locator("h1").inner_text() == catalog("zh")["backlog.title"]
    assert urlparse(page.url).path == "/backlog"
    assert query(page) == {"lang": ["zh"], "window": ["365"]}
    expect(page.locator("[data-testid=stSidebarNavLink]")).to_have_count(len(PAGES))
    expect(page.locator(".dg-sample")).to_have_count(1)


def test_the_bare_address_opens_the_campaign(visit: Visit) -> None:
    page = visit("")
    assert urlparse(page.url).path == "/campaign"
    assert page.locator("h1").inner_text() == "100-day special action 2022"


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_screen_on_a_phone_in_the_dark(visit: Visit, name: str, language: str) -> None:
    page = visit(f"{name}?lang={language}&{IN_THE_CAMPAIGN}", width=390, height=844, theme="dark")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.evaluate(CUT_OFF) == []
    background = page.evaluate(
        "getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor"
    )
    assert background == "rgb(16, 22, 28)"
    expect(page.locator(".dg-sample")).to_contain_text("样例数据" if language == "zh" else "Sample data")


def test_the_heatmap_is_painted(visit: Visit) -> None:
    page = visit(f"backlog?{IN_THE_CAMPAIGN}")
    page.wait_for_selector(f"{HEATMAP} g.heatmaplayer image")
    painted = page.locator(f"{HEATMAP} g.heatmaplayer image").bounding_box()
    assert painted is not None and painted["width"] > 500 and painted["height"] > 60


def test_a_click_on_a_cell_lists_the_batches_behind_it(visit: Visit) -> None:
    page = visit(f"backlog?{IN_THE_CAMPAIGN}")
    page.wait_for_selector(f"{HEATMAP} g.heatmaplayer image")
    target = page.locator(HEATMAP).evaluate(BUSIEST_CELL)
    day, port, count = target["cell"]
    page.mouse.click(target["x"], target["y"])
    expect(page.locator("h3", has_text=day)).to_be_visible(timeout=30_000)
    settle(page)
    assert query(page)["cell_day"] == [day] and query(page)["cell_port"] == [port]
    rows = page.locator(".stDownloadButton", has_text=f"{Words().counted('row', count)} ·")
    expect(rows.last).to_be_visible()
    with downloaded(page, "batches_in_yard") as archive:
        lines = archive.read("batches_in_yard.csv").decode().splitlines()
        about = json.loads(archive.read("batches_in_yard.csv.meta.json"))
    assert len(lines) == count + 1
    assert about["filters"]["date"] == day and about["filters"]["ports"] == [port]

    page.get_by_role("button", name=catalog("en")["backlog.clear"]).click()
    expect(page.locator("h3", has_text=catalog("en")["backlog.everywhere"])).to_be_visible(timeout=30_000)
    settle(page)
    assert "cell_day" not in query(page)


def test_narrow_cells_and_class_codes_can_be_clicked_too(visit: Visit) -> None:
    page = visit("backlog?window=all&rows=class&measure=stock")
    page.wait_for_selector(f"{HEATMAP} g.heatmaplayer image")
    target = page.locator(HEATMAP).evaluate(BUSIEST_CELL)
    page.mouse.click(target["x"], target["y"])
    page.wait_for_function("location.search.includes('cell_day')", timeout=30_000)
    settle(page)
    # A cell is about a pixel wide here, so a neighbouring day may be the one that was hit.
    assert query(page)["cell_class"] == [target["cell"][1]]


def test_a_download_is_what_the_report_prints(visit: Visit, lake: Path) -> None:
    page = visit(f"campaign?{IN_THE_CAMPAIGN}")
    with downloaded(page, "campaign") as archive:
        assert archive.namelist() == ["campaign.csv", "campaign.csv.meta.json"]
        content = archive.read("campaign.csv")
        about = json.loads(archive.read("campaign.csv.meta.json"))
    printed = report(lake, "campaign", "--campaign", "special-action-2022", "--as-of", "2022-08-01T04:00:00Z")
    assert content == printed and content.count(b"\n") > 2
    assert about["filters"] == {"as_of": "2022-08-01T04:00:00Z", "campaign_id": "special-action-2022"}
    assert about["is_sample"] is True


def read_back(file: Path, form: str) -> tuple[list[str], int, dict[str, object]]:
    """Columns, number of rows, and what a downloaded file says it is."""
    if form == "parquet":
        table = pq.read_table(file)
        return table.column_names, table.num_rows, json.loads(table.schema.metadata[b"dgwatch"])
    if form == "xlsx":
        book = openpyxl.load_workbook(io.BytesIO(file.read_bytes()))
        header, *rows = book["report"].iter_rows(values_only=True)
        told = dict(book["about"].iter_rows(values_only=True))
        return [str(name) for name in header], len(rows), told | {"filters": json.loads(str(told["filters"]))}
    with zipfile.ZipFile(file) as archive:
        text, about = (archive.read(name).decode() for name in archive.namelist())
    if form == "json":
        rows = json.loads(text)
        return list(rows[0]), len(rows), json.loads(about)
    header, *lines = text.splitlines()
    return header.split(","), len(lines), json.loads(about)


@pytest.mark.parametrize(
    ("form", "shown", "ending"),
    [
        ("csv", "CSV", "zip"),
        ("xlsx", "Excel", "xlsx"),
        ("parquet", "Parquet", "parquet"),
        ("json", "JSON", "zip"),
    ],
)
def test_the_rows_come_in_the_form_that_is_chosen(
    visit: Visit, lake: Path, form: str, shown: str, ending: str
) -> None:
    page = visit(f"campaign?{IN_THE_CAMPAIGN}&ports=CNSHG")
    box = page.locator(".st-key-choice_form [role=combobox]").first
    # A list closes when what it hangs on is scrolled, so that comes first.
    box.scroll_into_view_if_needed()
    settle(page)
    box.click()
    page.get_by_role("option", name=shown).click()
    button = page.locator(".st-key-download_campaign button")
    expect(button).to_contain_text(f"Download {shown}", timeout=30_000)
    settle(page)
    assert query(page).get("form", ["csv"]) == [form]
    with page.expect_download() as found:
        button.click()
    assert found.value.suggested_filename == f"dgwatch-sample-campaign.{ending}"
    columns, rows, about = read_back(Path(found.value.path()), form)
    printed = report(
        lake,
        "campaign",
        "--campaign",
        "special-action-2022",
        "--port",
        "CNSHG",
        "--as-of",
        "2022-08-01T04:00:00Z",
    )
    header, *lines = printed.decode().splitlines()
    assert columns == header.split(",") and rows == len(lines) == 2
    assert about["filters"] == {
        "as_of": "2022-08-01T04:00:00Z",
        "ports": ["CNSHG"],
        "campaign_id": "special-action-2022",
    }
    assert about["as_of"] == "2022-08-01T04:00:00Z" and about["known_at"]


def test_filters_of_the_download_are_those_of_the_screen(visit: Visit, lake: Path) -> None:
    page = visit(f"campaign?{IN_THE_CAMPAIGN}&ports=CNSHG&direction=import")
    with downloaded(page, "campaign") as archive:
        content = archive.read("campaign.csv")
    asked = ["--as-of", "2022-08-01T04:00:00Z", "--port", "CNSHG", "--direction", "import"]
    assert content == report(lake, "campaign", "--campaign", "special-action-2022", *asked)


def test_the_language_is_switched_and_kept(visit: Visit) -> None:
    page = visit("backlog?window=30")
    assert page.locator("h1").inner_text() == "Backlog"
    page.get_by_text("中文", exact=True).click()
    expect(page.locator("h1")).to_have_text(catalog("zh")["backlog.title"], timeout=30_000)
    settle(page)
    assert query(page) == {"lang": ["zh"], "window": ["30"]}
    page.reload()
    settle(page)
    assert page.locator("h1").inner_text() == catalog("zh")["backlog.title"]
    page.get_by_role("link", name=catalog("zh")["trust.nav"]).click()
    expect(page.locator("h1")).to_have_text(catalog("zh")["trust.title"], timeout=30_000)
    settle(page)
    assert query(page)["lang"] == ["zh"]


def test_filters_come_back_from_the_address(visit: Visit) -> None:
    asked = "ports=CNSHG&direction=import&count=unit&window=30&as_of=2022-07-01T00:00Z&measure=stock&lang=zh"
    page = visit(f"backlog?{asked}")
    assert query(page) == parse_qs(asked)
    assert "CNSHG" in page.locator(".st-key-choice_ports").inner_text()
    assert "2022-07-01 08:00" in page.locator("[data-testid=stCaptionContainer]").first.inner_text()
    labels = page.locator(HEATMAP).evaluate("plot => plot.data[0].y")
    assert labels == ["CNSHG"]
    days = page.locator(HEATMAP).evaluate("plot => plot.data[0].x")
    assert (days[0], days[-1], len(days)) == ("2022-06-02", "2022-07-01", 30)


def test_a_choice_goes_to_the_address_and_along_to_the_next_screen(visit: Visit) -> None:
    page = visit("backlog")
    page.locator(".st-key-choice_window [role=combobox], .st-key-choice_window input").first.click()
    page.get_by_role("option", name="Last 30 days").click()
    page.wait_for_function("location.search.includes('window=30')", timeout=30_000)
    settle(page)
    page.get_by_role("link", name="Data trust").click()
    expect(page.locator("h1")).to_have_text("Data trust", timeout=30_000)
    page.get_by_role("link", name="Backlog").click()
    expect(page.locator("h1")).to_have_text("Backlog", timeout=30_000)
    settle(page)
    assert query(page)["window"] == ["30"]
    assert len(page.locator(HEATMAP).evaluate("plot => plot.data[0].x")) == 30


def test_a_batch_opens_from_a_list(visit: Visit) -> None:
    page = visit(f"batch?search=SB&lang=zh&{IN_THE_CAMPAIGN}")
    table = page.locator("[data-testid=stDataFrame]").first
    table.locator("[role=gridcell]").first.wait_for(state="attached")
    first_cell = {"x": 50.0, "y": 52.0}
    table.hover(position=first_cell)  # type: ignore[arg-type]
    page.wait_for_timeout(500)
    with page.context.expect_page() as opened:
        table.click(position=first_cell)  # type: ignore[arg-type]
    story = opened.value
    settle(story)
    assert urlparse(story.url).path == "/batch"
    asked = query(story)
    assert asked["lang"] == ["zh"] and asked["as_of"] == ["2022-08-01T04:00Z"]
    assert story.locator("h2").first.inner_text() == asked["consignment"][0]


def test_dark_and_light_have_their_own_scale(visit: Visit) -> None:
    scales = {
        theme: visit(f"backlog?{IN_THE_CAMPAIGN}", theme=theme)
        .locator(HEATMAP)
        .evaluate("plot => plot.data[0].colorscale.map(step => step[1])")
        for theme in ("light", "dark")
    }
    assert scales["light"] != scales["dark"]
    assert scales["light"][0].upper() == "#EEF3F7" and scales["dark"][0].upper() == "#1A252F"


def test_figures_are_set_in_a_font_with_chinese(visit: Visit) -> None:
    page = visit(f"backlog?{IN_THE_CAMPAIGN}&lang=zh")
    names = page.locator(f"{HEATMAP} .ytick text").filter(has_text="上海")
    expect(names.first).to_be_visible(timeout=30_000)
    assert "Noto Sans CJK SC" in names.first.evaluate("e => getComputedStyle(e).fontFamily")


def test_print_leaves_out_what_paper_does_not_need(visit: Visit) -> None:
    page = visit(f"campaign?{IN_THE_CAMPAIGN}")
    page.emulate_media(media="print")
    expect(page.locator("[data-testid=stSidebar]")).to_be_hidden()
    expect(page.locator("h1")).to_be_visible()
    expect(page.locator(".dg-sample")).to_be_visible()
    sizes = "found => ['p', 'strong'].map(part => getComputedStyle(found.querySelector(part)).fontSize)"
    table = page.locator(".stDownloadButton", has=page.locator("strong")).first
    offer, count = table.evaluate(sizes)
    assert offer == "0px" and count != "0px"


@pytest.mark.parametrize(
    ("name", "drawn"),
    [
        ("clearance", {"stages": "g.bars path", "survival": "g.lines path", "reduction": "g.points path"}),
        ("dwell", {"survival": "g.lines path", "reduction": "g.points path"}),
        ("ports", {"ports": "g.points path", "funnel": "g.lines path"}),
    ],
)
def test_charts_of_durations_are_painted(visit: Visit, name: str, drawn: dict[str, str]) -> None:
    page = visit(name)
    for key, mark in drawn.items():
        marks = page.locator(f".st-key-chart_{key} {mark}")
        marks.first.wait_for(state="attached", timeout=30_000)
        assert marks.count() > 0
    assert set(page.evaluate(GROWN)) <= LEGENDS_BREAK


@pytest.mark.parametrize("language", ["en", "zh"])
def test_margins_are_told_before_a_figure_is_drawn(visit: Visit, language: str) -> None:
    for name in (f"backlog?{IN_THE_CAMPAIGN}", "safety?desk=clock"):
        page = visit(f"{name}&lang={language}")
        page.locator(".js-plotly-plot .main-svg").first.wait_for(timeout=30_000)
        assert page.evaluate(GROWN) == []


def test_the_rebound_watch_and_a_pilot_say_what_they_found(visit: Visit) -> None:
    page = visit("rebound")
    expect(page.locator("[data-testid=stMetric]")).to_have_count(4)
    pilot = visit("pilots?lang=zh")
    expect(pilot.locator("[data-testid=stAlert]").first).to_contain_text("无法识别")
