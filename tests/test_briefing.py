"""The briefing tells what the reports tell, on two pages, and no text of the data becomes markup."""

from __future__ import annotations

import datetime as dt
import json
import re
import shutil
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from pipeline import briefing
from pipeline.briefing import facts as facts_module
from pipeline.briefing.burn_down import burn_down
from pipeline.briefing.printing import BROWSERS
from pipeline.cli import main
from pipeline.errors import UserMistake
from pipeline.loading import build
from pipeline.metrics import Filters, Reader
from pipeline.sample import SampleSettings, write_sample
from pipeline.settings import Settings

CAMPAIGN = "special-action-2022"
ASKED = Filters(campaign_id=CAMPAIGN, as_of=dt.datetime(2022, 8, 1, 4))


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    files, lake = tmp_path_factory.mktemp("sample"), tmp_path_factory.mktemp("lake")
    write_sample(files, SampleSettings(batches=400, ports=3, seed=7))
    build.load(Settings(lake), [files])
    return lake


@pytest.fixture(scope="module")
def html(lake: Path) -> str:
    return briefing.page(briefing.gather(Reader(Settings(lake)), ASKED, {}))


def test_it_tells_the_figures_of_the_reports(lake: Path, html: str) -> None:
    reader = Reader(Settings(lake))
    total = reader.query("campaign", ASKED).iloc[0]
    cards = re.findall(r"<b>([^<]+)</b><span", html)
    cleared = total["cleared_opening"] + total["cleared_new"]
    assert cards[:3] == [
        f"{cleared:,}", f"{total['misdeclared_batches']:,}", f"{total['penalty_cases']:,}"
    ]  # fmt: skip
    assert cards[3] == f"{total['reduction_pct']:.1f} %"
    assert "<h1>100-day special action 2022<br>" in html and "day 48 of 100" in html
    assert "as of 截至 2022-08-01 12:00 (UTC+08:00)" in html
    for code in reader.query("compare", ASKED)["un_location_code"]:
        assert f"<td>{code}</td>" in html


def test_sample_data_are_called_so_and_nothing_is_fetched(html: str) -> None:
    assert "Sample data 样例数据" in html
    assert "illustrative" in html.lower()
    assert not re.findall(r"https?://|src=|<script|<link|url\(", html)


DAYS = pd.DataFrame(
    {
        "date": [dt.date(2022, 6, 15), dt.date(2022, 6, 16), dt.date(2022, 6, 17)],
        "remaining": [10, 8, 4],
        "cleared": [0, 2, 6],
        "target_line": [None, None, None],
    }
)


def test_the_burn_down_draws_each_day_at_its_height() -> None:
    lines = ElementTree.fromstring(str(burn_down(DAYS))).findall("polyline")
    assert len(lines) == 2  # no target, no line to it
    remaining = [tuple(map(float, point.split(","))) for point in lines[0].attrib["points"].split()]
    (x0, y0), (x1, y1), (x2, y2) = remaining
    assert x1 - x0 == pytest.approx(x2 - x1)
    assert (y1 - y0) * 2 == pytest.approx(y2 - y1)  # down by 2, then by 4
    assert burn_down(DAYS.iloc[:0]) == ""


def test_names_are_text_whatever_they_hold(lake: Path) -> None:
    facts = briefing.gather(Reader(Settings(lake)), ASKED, {"ports": "<script>alert(1)</script>"})
    facts.campaign["name"] = "<img onerror=x>"
    written = briefing.page(facts)
    assert "<script>" not in written and "<img" not in written
    assert "&lt;script&gt;" in written and "&lt;img" in written


@pytest.mark.skipif(not any(map(shutil.which, BROWSERS)), reason="no Chromium or Chrome on the path")
def test_the_command_prints_two_pages(lake: Path, tmp_path: Path) -> None:
    target = tmp_path / "briefing.pdf"
    words = ["report", "briefing", "--campaign", CAMPAIGN, "--lake", str(lake), "-o", str(target)]
    assert main(words) == 0
    content = target.read_bytes()
    assert content.startswith(b"%PDF-") and len(re.findall(rb"/Type\s*/Page\b", content)) == 2
    about = json.loads((tmp_path / "briefing.pdf.meta.json").read_text(encoding="utf8"))
    assert about["report"] == "briefing" and about["is_sample"] is True


@pytest.mark.skipif(not any(map(shutil.which, BROWSERS)), reason="no Chromium or Chrome on the path")
def test_as_many_ports_as_it_holds_still_are_two_pages(lake: Path) -> None:
    facts = briefing.gather(Reader(Settings(lake)), ASKED, {})
    shown = facts_module.PORTS_SHOWN
    ports = pd.concat([facts.ports] * shown, ignore_index=True).head(shown)
    content = briefing.as_pdf(briefing.page(replace(facts, ports=ports, ports_in_all=120)))
    assert len(ports) == 20 and len(re.findall(rb"/Type\s*/Page\b", content)) == 2


def test_the_mean_by_exit_and_what_grew_overdue_stand_in_it(lake: Path, html: str) -> None:
    total = Reader(Settings(lake)).query("campaign", ASKED).iloc[0]
    assert f"Mean by exit 按离港均值: {total['exit_mean_reduction_pct']:,.1f} %" in html
    assert f"newly overdue since 其后新增超期 {total['newly_overdue']:,}" in html
    assert ("The clocks disagree" in html) == ("clocks_disagree" in total["flags"])
    assert "日期为示例" in html


def test_without_a_browser_there_is_a_way_out(
    html: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserMistake) as told:
        briefing.as_pdf(html)
    assert "--format html" in told.value.hint


@pytest.mark.parametrize(
    "words",
    [
        ["--campaign", "no-such"],
        [],
        ["--campaign", CAMPAIGN, "--format", "xlsx"],
        ["--campaign", CAMPAIGN, "--from", "2022-06-01"],
        ["--campaign", CAMPAIGN, "--stage", "overall"],
        ["--campaign", CAMPAIGN, "--count", "unit"],
    ],
)
def test_what_cannot_be_asked_is_said(
    lake: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", "briefing", *words, "--lake", str(lake)]) == 2
    assert capsys.readouterr().err.strip()


def test_an_empty_lake_has_nothing_to_tell(tmp_path: Path) -> None:
    assert main(["report", "briefing", "--campaign", CAMPAIGN, "--lake", str(tmp_path)]) == 3
