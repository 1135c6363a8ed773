"""What a source or a link says is shown as it was written: no link, no picture, no colour of its own."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest
from conftest import Visit
from playwright.sync_api import Page, expect
from serving import serving

from pipeline.loading import build
from pipeline.settings import Settings

BATCH = "![seen](https://evil.example/seen.png) [sign in](https://evil.example) :red[now] $x$ https://evil.example"
FACILITY = "<a href='https://evil.example'>T1</a>"
LINK = "[Sign in again](https://evil.example) www.evil.example"
NAMES = ".st-key-wide_heatmap .js-plotly-plot .yaxislayer-above"
FOREIGN = "a[href^='http']:not([href*='127.0.0.1']), img[src^='http']:not([src*='127.0.0.1'])"


@pytest.fixture(scope="module")
def hostile_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server on a lake of one batch, whose source wrote Markdown and tags."""
    files, lake = tmp_path_factory.mktemp("files"), tmp_path_factory.mktemp("lake")
    (files / "consignments.csv").write_text(
        f"consignment_id,un_location_code,direction\n{BATCH},CNSHG,import\n", encoding="utf-8"
    )
    moves = [
        f"{number},CNSHG,MSKU1234565,DISC,2022-06-0{number} 08:00,{BATCH},{facility},{block}"
        for number, facility, block in ((1, FACILITY, "A|1"), (2, "-", "-"))
    ]
    header = (
        "event_id,un_location_code,equipment_reference,event_type,event_at,consignment_id,facility_code,block"
    )
    (files / "yard_moves.csv").write_text("\n".join([header, *moves, ""]), encoding="utf-8")
    (files / "yard_moves_other.csv").write_text(
        f"{header}\n3,CNSHG,TCNU7654327,DISC,2022-06-01 09:00,,,\n4,CNSHG,TGHU1111115,DISC,2022-06-01 09:00,,-,B1\n"
    )
    build.load(Settings(lake), [files])
    with serving(lake) as address:
        yield address


def nothing_foreign(page: Page) -> None:
    expect(page.locator(FOREIGN)).to_have_count(0)
    expect(page.locator("[data-testid=stException]")).to_have_count(0)


def test_the_name_of_a_batch_is_text(visit: Visit, hostile_server: str) -> None:
    page = visit(f"batch?consignment={quote(BATCH)}", address=hostile_server)
    shown = page.locator("[data-testid=stMain] h2").first.inner_text()
    assert shown.replace("\u2060", "") == BATCH
    nothing_foreign(page)


@pytest.mark.parametrize("rows", ["facility", "block"])
def test_the_codes_of_a_yard_are_text(visit: Visit, hostile_server: str, rows: str) -> None:
    page = visit(f"backlog?rows={rows}&measure=stock&window=all", address=hostile_server)
    page.wait_for_selector(f"{NAMES} text")
    assert FACILITY[:20] in " ".join(page.locator(f"{NAMES} text").all_text_contents())
    nothing_foreign(page)


@pytest.mark.parametrize("asked", ["ports", "cell_port"])
def test_what_a_link_asks_for_is_text(visit: Visit, hostile_server: str, asked: str) -> None:
    page = visit(f"backlog?{asked}={quote(LINK)}", address=hostile_server)
    told = page.locator("[data-testid=stAlert]").first.inner_text().replace("\u2060", "")
    assert LINK.split(" www")[0].upper() in told.upper()
    nothing_foreign(page)
