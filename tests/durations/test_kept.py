"""What is kept of a release, and picked from there, against the same questions computed from its tables."""

from __future__ import annotations

import csv
import datetime as dt
import io
import itertools
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from pipeline.loading import build
from pipeline.metrics import Filters, Reader
from pipeline.metrics.kept import long_stays, standing
from pipeline.metrics.kept.answers import ANSWERS_FOLDER
from pipeline.metrics.question import Question
from pipeline.sample import SampleSettings, write_sample
from pipeline.settings import Settings

LOADED_AT = dt.datetime(2024, 3, 1)
SHIPPED = Path(__file__).parents[2] / "data" / "reference"
CAMPAIGN = "special-action-2022"
BY = ((), ("all",), ("class",), ("port", "class"))
STOCK_BY = (
    ("date", "port"),
    ("date", "class"),
    ("class", "age_bucket"),
    ("port",),
    ("date", "port", "class"),
)


def only_campaign() -> str:
    """The table of campaigns with the special action alone: every other one would be kept too."""
    with (SHIPPED / "campaigns.csv").open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    out = io.StringIO()
    csv.writer(out).writerows([header, *(row for row in rows if row[0] == CAMPAIGN)])
    return out.getvalue()


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    folder = tmp_path_factory.mktemp("kept")
    (folder / "reference").mkdir()
    (folder / "reference" / "campaigns.csv").write_text(only_campaign(), encoding="utf-8")
    write_sample(folder / "files", SampleSettings(batches=500, ports=4))
    settings = Settings(lake=folder / "lake", reference=folder / "reference", threads=1)
    build.load(settings, [folder / "files"], LOADED_AT)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(standing, "LAST_DAYS", (90,))
        standing.keep(Reader(settings))
        yield settings


@pytest.fixture(scope="module")
def plain(settings: Settings) -> Reader:
    """A reader that finds nothing kept."""
    reader = Reader(settings)
    reader.__dict__["answers"] = None
    return reader


def same(settings: Settings, plain: Reader, key: str, asked: Filters) -> pd.DataFrame:
    kept, computed = Reader(settings).query(key, asked), plain.query(key, asked)
    pd.testing.assert_frame_equal(kept, computed, check_exact=False, rtol=1e-12)
    return kept


def places(plain: Reader) -> list[dict[str, Any]]:
    """No filter, one port, two, one class, a class that stands for several, and a port and class at once."""
    stock = plain.query("stock", Filters(by=("port", "class")))
    ports, classes = (sorted(set(stock[name])) for name in ("un_location_code", "lead_class"))
    chosen = (
        ((), ()),
        (tuple(ports[:1]), ()),
        (tuple(ports[:2]), ()),
        ((), tuple(classes[-1:])),
        ((), ("2",)),
        (tuple(ports[:1]), tuple(classes[-1:])),
    )
    return [{"ports": first, "classes": then} for first, then in chosen]


def test_durations(settings: Settings, plain: Reader) -> None:
    counted = 0
    for asked, where in itertools.product(standing.standing_windows(plain)[:2], places(plain)):
        pair = replace(asked, **where, measure="dwell")
        alone = replace(pair, baseline_from=None, baseline_to=None)
        for by in BY:
            counted += len(same(settings, plain, "dwell", replace(alone, by=by)))
        same(settings, plain, "reduction", pair)
        same(settings, plain, "survival_outline", replace(alone, by=("all",)))
    assert counted > 100


def test_stock(settings: Settings, plain: Reader) -> None:
    window = standing.standing_windows(plain)[-1]
    for where, by in itertools.product(places(plain), STOCK_BY):
        days = (window.date_from, window.date_to) if "date" in by else (None, None)
        same(settings, plain, "stock", Filters(by=by, date_from=days[0], date_to=days[1], **where))
    for where in places(plain):
        same(settings, plain, "stock_headline", Filters(**where))


def test_who_is_in_the_yard(settings: Settings, plain: Reader) -> None:
    counted = 0
    cells: tuple[dict[str, Any], ...] = (
        {},
        {"overdue_only": True},
        {"age_bucket": 7},
        {"facility": ""},
        {"direction": "import"},
    )
    for where, cell in itertools.product(places(plain), cells):
        whole = same(settings, plain, "batches_in_yard", Filters(**where, **cell))
        listed = same(settings, plain, "batches_in_yard", Filters(limit=5, **where, **cell))
        pd.testing.assert_frame_equal(listed, whole.head(5))
        counted += len(whole)
    assert counted > 20


def test_the_oldest_of_any_day(settings: Settings, plain: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the long stays are enough, where shorter ones are needed too, and where too few fit."""
    monkeypatch.setattr(long_stays, "FEW_ROWS", 0)
    ways: list[bool | None] = []
    oldest = long_stays.oldest_of_day

    def noted(question: Question, limit: int) -> pa.Table | None:
        found = oldest(question, limit)
        ways.append(None if found is None else found.num_rows == limit)
        return found

    monkeypatch.setattr(long_stays, "oldest_of_day", noted)
    as_of = plain.release.as_of if plain.release else None
    assert as_of is not None
    days = [as_of.date() - dt.timedelta(days=back) for back in (-2, 0, 1, 20, 45, 90)]
    cells: tuple[dict[str, Any], ...] = ({}, {"overdue_only": True}, {"direction": "import"})
    for where, day, limit in itertools.product(places(plain)[:4:3], days, (1, 3, 200)):
        for cell in cells if limit == 3 else cells[:1]:
            same(settings, plain, "batches_in_yard", Filters(limit=limit, date=day, **where, **cell))
    assert {None, True, False} <= set(ways)


def test_a_campaign(settings: Settings, plain: Reader) -> None:
    for where in places(plain)[:3]:
        for key in standing.OF_CAMPAIGNS:
            same(settings, plain, key, Filters(campaign_id=CAMPAIGN, **where))


def test_the_outline_is_of_the_curve(plain: Reader) -> None:
    """Every row of the outline is one of the curve, and between two of them the curve falls by less than a pixel."""
    asked = replace(standing.standing_windows(plain)[0], measure="dwell", by=("all",))
    outline, curve = plain.query("survival_outline", asked), plain.query("survival", asked)
    merged = curve.merge(outline, how="left", indicator=True)
    assert (merged["_merge"] == "both").sum() == len(outline)
    merged["drawn"] = merged["survival"].where(merged["_merge"] == "both").ffill()
    assert (merged["drawn"] - merged["survival"]).max() < 0.0005


def test_other_instants_and_loads_find_nothing_kept(settings: Settings) -> None:
    reader = Reader(settings)
    assert reader.release is not None and reader.release.as_of is not None
    for asked in (
        Filters(known_at=LOADED_AT),
        Filters(as_of=reader.release.as_of - dt.timedelta(days=1)),
        Filters(as_of=reader.release.as_of + dt.timedelta(days=1)),
        Filters(last_file=1),
    ):
        assert reader.question(asked).kept is None
    assert reader.question(Filters()).kept is not None


def test_answers_go_with_their_release(settings: Settings, tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    shutil.copytree(str(settings.lake), lake)
    build.rebuild(replace(settings, lake=lake))
    reader = Reader(replace(settings, lake=lake))
    assert reader.answers is not None and not reader.answers.folder.exists()
    thread = standing.keep_in_background(reader)
    assert thread is not None
    thread.join(120)
    assert [folder.name for folder in (lake / ANSWERS_FOLDER).iterdir()] == [reader.answers.folder.name]
    assert any(reader.answers.folder.glob("pairs-*.parquet"))


def test_a_torn_answer_is_computed_again(settings: Settings, tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    shutil.copytree(str(settings.lake), lake)
    reader = Reader(replace(settings, lake=lake))
    assert reader.answers is not None
    for path in reader.answers.folder.glob("*.parquet"):
        path.write_bytes(path.read_bytes()[:100])
    pd.testing.assert_frame_equal(
        reader.query("campaign", Filters(campaign_id=CAMPAIGN)),
        Reader(settings).query("campaign", Filters(campaign_id=CAMPAIGN)),
    )
