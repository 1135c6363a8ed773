"""Early warning, the map and the border as a user meets them, in headless Chromium."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlparse

import pytest
from playwright.sync_api import Page, expect
from serving import settle

from pages.shared.text import catalog
from pipeline.metrics import Filters, Reader
from pipeline.settings import Settings

Visit = Callable[..., Page]
MAP = ".st-key-chart_map .js-plotly-plot"
SUMMER = "as_of=2022-08-20T04:00Z"

LARGEST_CIRCLE = """plot => {
  let best = [0, null, null];
  plot._fullData.forEach(trace => (trace.customdata || []).forEach((port, place) => {
    const size = trace.marker.size[place];
    if (size > best[0]) best = [size, port, [trace.x[place], trace.y[place]]];
  }));
  const {xaxis, yaxis} = plot._fullLayout;
  const box = plot.getBoundingClientRect();
  return {
    x: box.left + xaxis._offset + xaxis.l2p(best[2][0]),
    y: box.top + yaxis._offset + yaxis.l2p(best[2][1]),
    port: best[1],
  };
}"""
"""Where on the screen the largest circle is, and of which port."""


def test_the_map_is_painted_on_land_of_its_own(visit: Visit) -> None:
    page = visit("map?day=2022-07-10")
    land = page.locator(f"{MAP} g.fills path, {MAP} path.js-fill").first
    land.wait_for(state="attached", timeout=30_000)
    box = land.bounding_box()
    assert box is not None and box["width"] > 300 and box["height"] > 300
    assert page.locator(f"{MAP} path.point").count() == 4
    assert page.locator(f"{MAP} g.geolayer path, {MAP} .mapboxgl-map").count() == 0


def test_a_click_on_a_circle_goes_to_the_port(visit: Visit) -> None:
    page = visit("map?day=2022-07-10&lang=zh")
    page.locator(f"{MAP} path.point").first.wait_for(state="attached")
    target = page.locator(MAP).evaluate(LARGEST_CIRCLE)
    page.mouse.click(target["x"], target["y"])
    expect(page.locator("h1")).to_have_text(catalog("zh")["backlog.title"], timeout=30_000)
    settle(page)
    assert urlparse(page.url).path == "/backlog"
    assert parse_qs(urlparse(page.url).query)["ports"] == [target["port"]]
    page.go_back()
    page.get_by_role("link", name=catalog("zh")["map.nav"]).click()
    expect(page.locator("h1")).to_have_text(catalog("zh")["map.title"], timeout=30_000)
    settle(page)
    assert urlparse(page.url).path == "/map"


def test_the_slider_moves_the_day(visit: Visit) -> None:
    page = visit("map")
    thumb = page.locator("[data-testid=stSlider] input[type=range]")
    thumb.focus()
    for _ in range(5):
        page.keyboard.press("ArrowLeft")
    page.wait_for_function("location.search.includes('day=')", timeout=30_000)
    settle(page)
    page.wait_for_timeout(500)
    settle(page)
    day = parse_qs(urlparse(page.url).query)["day"][0]
    assert day == "2022-09-17"  # the last day is the 22nd
    expect(page.locator("h3", has_text=day)).to_be_visible(timeout=30_000)


def test_somebody_acknowledges_an_alert(visit: Visit, lake: Path) -> None:
    words = catalog("en")
    page = visit(f"warning?{SUMMER}")
    before = len(Reader(Settings(lake)).query("acknowledgements", Filters()))
    page.get_by_label(words["warning.name"]).fill("Li Wei")
    page.get_by_label(words["warning.remark"]).fill("Called the terminal; <img src=x> moved on Monday")
    page.get_by_role("button", name=words["warning.acknowledge"]).click()
    expect(page.locator("[data-testid=stAlert]").first).to_contain_text("Acknowledged", timeout=30_000)
    settle(page)
    log = Reader(Settings(lake)).query("acknowledgements", Filters())
    assert len(log) == before + 1
    assert log["remark"].iloc[0] == "Called the terminal; <img src=x> moved on Monday"
    # Another visitor sees it at once.
    other = visit(f"warning?{SUMMER}")
    card = other.locator("[data-testid=stMetric]", has_text=words["warning.seen"])
    expect(card).to_contain_text("1")


@pytest.mark.parametrize("name", ["warning", "border"])
def test_charts_are_painted(visit: Visit, name: str) -> None:
    page = visit(f"{name}?{SUMMER}&window=all")
    drawn = {
        "warning": ".st-key-wide_levels g.heatmaplayer image",
        "border": ".st-key-chart_months g.bars path",
    }
    page.locator(drawn[name]).first.wait_for(state="attached", timeout=30_000)
