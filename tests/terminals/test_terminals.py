"""Two terminals' realistic files, mess and all: a load shows what those who made them counted."""

from __future__ import annotations

import datetime as dt
import json
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from streamlit.testing.v1 import AppTest

from pipeline.lake.lake import Lake
from pipeline.loading.build import load
from pipeline.loading.ledger import LoadSummary
from pipeline.metrics import Filters, Reader
from pipeline.settings import ROOT, Settings

HERE = Path(__file__).parent
LOADED_AT = dt.datetime(2022, 9, 3)
EXPECTED: dict[str, Any] = json.loads((HERE / "expected.json").read_text(encoding="utf-8"))
COUNTS = ("read", "accepted", "superseded", "duplicate", "rejected")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("terminals")
    with zipfile.ZipFile(HERE / "files.zip") as archive:
        archive.extractall(target)
    return target


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(tmp_path_factory.mktemp("lake"))


@pytest.fixture(scope="module")
def summary(folder: Path, settings: Settings) -> LoadSummary:
    return load(settings, [folder / "files"], LOADED_AT)


@pytest.fixture(scope="module")
def reader(summary: LoadSummary, settings: Settings) -> Reader:
    return Reader(settings)


def test_every_row_of_every_file_is_where_it_belongs(summary: LoadSummary) -> None:
    found = {file.file: tuple(getattr(file, name) for name in COUNTS) for file in summary.files}
    expected = {file["file"]: tuple(file[name] for name in COUNTS) for file in EXPECTED["files"]}
    assert found == expected
    assert {name: summary.totals[name] for name in COUNTS} == EXPECTED["totals"]


def test_the_same_bytes_and_the_file_that_is_none_are_told(summary: LoadSummary) -> None:
    again = {file.file for file in summary.files if file.already_loaded}
    refused = {file.file: file.error for file in summary.files if file.error}
    assert again == {file["file"] for file in EXPECTED["files"] if file["already_loaded"]}
    assert set(refused) == {file["file"] for file in EXPECTED["files"] if file["refused"]}
    assert all("case_no" in (error or "") for error in refused.values())


def test_reasons_are_those_put_in(reader: Reader) -> None:
    reasons = Counter(reader.query("rejects")["reasons"])
    assert dict(reasons) == EXPECTED["rejected_by_kind"]


@pytest.mark.parametrize("row", EXPECTED["stock"], ids=lambda row: f"{row['port']}-{row['stock_day']}")
def test_the_yard_holds_what_interval_arithmetic_says(reader: Reader, row: dict[str, Any]) -> None:
    day = dt.date.fromisoformat(row["stock_day"])
    asked = Filters(date_from=day, date_to=day, ports=(row["port"],), by=("date", "port"))
    batches = reader.query("stock", asked)["stock"].tolist()
    boxes = reader.query("stock", Filters(**{**asked.__dict__, "count": "unit"}))["stock"].tolist()
    assert (batches, boxes) == ([row["stays_as_loaded"]], [row["boxes_as_loaded"]])


@pytest.mark.parametrize("port", sorted(EXPECTED["per_port"]))
def test_visits_and_orphans_of_a_terminal(reader: Reader, port: str) -> None:
    expected = EXPECTED["per_port"][port]
    visits = reader.query("stays", Filters(count="unit", ports=(port,)))
    orphans = reader.query("orphan_outs")
    assert len(visits) == expected["box_visits_as_loaded"]
    assert int(visits["left_at"].isna().sum()) == expected["open_visits_as_loaded"]
    assert int((orphans["un_location_code"] == port).sum()) == expected["orphan_outs"]


def test_a_week_that_would_also_be_valid_utf_eight_keeps_its_characters(folder: Path, tmp_path: Path) -> None:
    alone = Settings(tmp_path / "lake")
    loaded = load(alone, [folder / "hard"], LOADED_AT)
    assert [loaded.totals[name] for name in COUNTS] == [271, 267, 0, 3, 1]
    lake = Lake(alone.lake)
    landed = pa.concat_tables(pq.read_table(path) for path in lake.files(lake.release(), "landed_yard_moves"))
    rejected = Reader(alone).query("rejects", Filters(file="yard_moves_CNNBO_2022-W17.csv"))
    blocks = Counter([*landed["block"].to_pylist(), *rejected["block"]])
    assert {name: blocks[name] for name in ("危1", "危2", "危3")} == {"危1": 11, "危2": 21, "危3": 19}


def test_the_screen_shows_the_same_yard(
    reader: Reader, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DGWATCH_LAKE", str(settings.lake))
    screen = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    screen.session_state["_wanted_page"] = ("pages/backlog.py", {})
    screen.run()
    assert not screen.exception
    last_day = max(row["stock_day"] for row in EXPECTED["stock"])
    in_yard = sum(row["stays_as_loaded"] for row in EXPECTED["stock"] if row["stock_day"] == last_day)
    shown = " ".join(element.value for element in (*screen.markdown, *screen.metric) if element.value)
    assert f"{in_yard} " in shown or str(in_yard) in [metric.value for metric in screen.metric]
