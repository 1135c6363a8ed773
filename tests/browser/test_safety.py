"""The safety desk as a user meets it, in headless Chromium: the yard plan's stacks, other weights, the way to a batch."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlparse

from playwright.sync_api import Page, expect
from serving import settle

from pages.shared.text import catalog
from pipeline.metrics import Filters, Reader
from pipeline.settings import Settings

Visit = Callable[..., Page]
PLAN = ".st-key-wide_plan .js-plotly-plot"
SUMMER = "as_of=2022-06-20T04:00Z"

FULLEST_CELL = """plot => {
  const targets = plot._fullData.find(trace => trace.type === 'scatter');
  const units = targets.hovertext.map(text => Number(/<br>([0-9]+) units/.exec(text)[1]));
  const best = units.indexOf(Math.max(...units));
  const {xaxis, yaxis} = plot._fullLayout;
  const box = plot.getBoundingClientRect();
  return {
    x: box.left + xaxis._offset + xaxis.l2p(xaxis._categories.indexOf(targets.x[best])),
    y: box.top + yaxis._offset + yaxis.l2p(yaxis._categories.indexOf(targets.y[best])),
    stack: targets.y[best] + '|' + targets.x[best],
    units: units[best],
  };
}"""
"""Where on the screen the cell with most units is, what it is and how many they are."""


def query(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlparse(page.url).query)


def test_a_click_on_the_plan_lists_the_stack(visit: Visit) -> None:
    page = visit(f"safety?desk=plan&yard=CNSHG&{SUMMER}", height=2400)
    page.wait_for_selector(f"{PLAN} g.heatmaplayer image")
    target = page.locator(PLAN).evaluate(FULLEST_CELL)
    rows = page.locator(".stDownloadButton", has_text=re.compile(r"\d rows? ·"))
    found = re.compile(rf"\b{target['units']} rows? ·")
    everything = rows.last.inner_text()
    page.mouse.click(target["x"], target["y"])
    page.wait_for_function("location.search.includes('stack=')", timeout=30_000)
    settle(page)
    assert query(page)["stack"] == [target["stack"]]
    expect(rows.last).to_have_text(found, timeout=30_000)
    assert not found.match(everything)
    page.reload()
    settle(page)
    expect(rows.last).to_have_text(found, timeout=30_000)


def test_the_plan_is_there_on_a_phone_and_in_the_dark(visit: Visit) -> None:
    page = visit(f"safety?desk=plan&yard=CNSHG&lang=zh&{SUMMER}", width=390, theme="dark")
    page.wait_for_selector(f"{PLAN} g.heatmaplayer image")
    expect(page.locator("h1")).to_have_text(catalog("zh")["safety.title"])
    assert page.evaluate("document.documentElement.scrollWidth") <= 391


def test_another_weight_is_kept_in_the_address(visit: Visit, lake: Path) -> None:
    page = visit(f"safety?weights=findings:10&weights=overdue:0&{SUMMER}")
    slider = page.get_by_role("slider", name="Open findings")
    expect(slider).to_have_value("10")
    slider.press("ArrowLeft")
    page.wait_for_function("location.search.includes('findings%3A9.5')", timeout=30_000)
    settle(page)
    assert sorted(query(page)["weights"]) == ["findings:9.5", "overdue:0"]
    page.get_by_role("button", name=catalog("en")["safety.weights.back"]).click()
    page.wait_for_function("!location.search.includes('weights')", timeout=30_000)
    settle(page)


def test_every_view_stands(visit: Visit, lake: Path) -> None:
    risk = Reader(Settings(lake)).query("risk", Filters())
    assert len(risk) > 0
    for view in ("first", "clock", "apart", "heat"):
        page = visit(f"safety?desk={view}&{SUMMER}")
        expect(page.locator("h1")).to_have_text(catalog("en")["safety.title"])
        expect(page.locator("[data-testid=stDataFrame]").first).to_be_visible(timeout=30_000)
