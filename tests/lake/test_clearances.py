"""The kept clearances: those of any order of loads are those computed anew, and a day touches few of their parts."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path

import pytest

from lake.support import (
    Row,
    batch_rows,
    built,
    everything,
    feeds_of,
    into_feeds,
    load_files,
    search_every_table,
    settings_of,
    stamp,
    table,
    write_feeds,
)
from pipeline.lake.lake import Lake, Part
from pipeline.loading.build import rebuild
from pipeline.loading.kept_tables import OPEN
from pipeline.metrics import Filters, Reader

LATER = dt.datetime(2023, 2, 1)
MILESTONES = ("arrived", "lodged", "selected", "inspected", "released")


@pytest.fixture(autouse=True)
def _search(monkeypatch: pytest.MonkeyPatch) -> None:
    search_every_table(monkeypatch)


def rows_of(seed: int, versions: int = 90) -> list[tuple[str, Row]]:
    """Milestones of a dozen batches, half of which never move, told, taken back, and told again; ports that change."""
    drawn = random.Random(seed)
    made: list[tuple[str, Row]] = []
    for number in range(12):
        by_source = batch_rows(number, 1.0, drawn.choice([None, 3.0, 40.0]), 15 + number / 100)
        for source in ("consignments", "dg_items", "yard_moves")[: 2 if number % 2 else 3]:
            made += [(source, row) for row in by_source[source]]
    for version in range(versions):
        batch, recorded = f"B{drawn.randrange(12):04d}", {"recorded_at": stamp(20 + version / 100)}
        told: Row = {
            "consignment_id": batch,
            "milestone": drawn.choice(MILESTONES),
            "occurred_at": stamp(drawn.choice([0.5, 1.5, 2.0, 12.0, 35.0])),
            "voided": drawn.choice(["", "", "", "true"]),
            **recorded,
        }
        made.append(("clearance_milestones", told))
        if version % 9 == 0:
            port = drawn.choice(["CNSHG", "CNNBO", "DEHAM"])
            moved: Row = {"consignment_id": batch, "un_location_code": port, "direction": "import"}
            made.append(("consignments", moved | recorded))
    return made


@pytest.mark.parametrize("seed", [1, 2])
def test_any_order_gives_the_same_clearances(seed: int, tmp_path: Path) -> None:
    paths = write_feeds(tmp_path / "files", into_feeds(rows_of(seed), files=3, seed=seed))
    load_files(tmp_path / "at-once", paths)
    for path in random.Random(seed).sample(paths, len(paths)):
        load_files(tmp_path / "one-by-one", [path])
    at_once = everything(tmp_path / "at-once")
    assert everything(tmp_path / "one-by-one") == at_once
    rebuild(settings_of(tmp_path / "one-by-one"))
    assert everything(tmp_path / "one-by-one") == at_once
    kept = table(tmp_path / "at-once", "clearances")
    assert len(kept) > 6
    assert kept["closed_at"].isna().any() and kept["closed_at"].notna().any()
    assert not kept["has_stay"].all() and kept["is_selected"].any()


def test_what_is_kept_is_what_is_computed(tmp_path: Path) -> None:
    """The same instant asked for in two ways: by the kept rows, and from landed rows alone."""
    lake = tmp_path / "lake"
    for path in write_feeds(tmp_path / "files", into_feeds(rows_of(4), files=3, seed=4)):
        load_files(lake, [path])
    reader = Reader(settings_of(lake))
    for metric in ("clearance", "impossible_orders", "survival"):
        stage = "overall" if metric == "survival" else None
        kept = reader.query(metric, Filters(stage=stage))
        computed = reader.query(metric, Filters(stage=stage, known_at=reader.known_at(metric)))
        assert len(kept)
        assert kept.to_csv(index=False) == computed.to_csv(index=False)


def parts(lake: Path) -> dict[str | None, list[Part]]:
    """The parts of the kept clearances by their months."""
    kept = Lake(lake)
    found: dict[str | None, list[Part]] = {}
    for part in kept.parts(kept.release(), "clearances"):
        found.setdefault(part.label, []).append(part)
    return found


def test_a_day_writes_the_open_part_and_its_own_month(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    old = [batch_rows(number, 1.0 + 30 * (number % 6), 2.0, 200.0) for number in range(24)]
    waiting = [batch_rows(90, 170.0, None, 200.0)]
    load_files(lake, write_feeds(tmp_path / "old", feeds_of([*old, *waiting], "old")), LATER)
    before = parts(lake)
    assert set(before) == {OPEN, "2022-06", "2022-07", "2022-08", "2022-09", "2022-10", "2022-11"}
    assert [part.rows for part in before[OPEN]] == [1]
    fresh = feeds_of([batch_rows(90, 170.0, 20.0, 201.0)], "new")
    load_files(lake, write_feeds(tmp_path / "new", fresh), LATER)
    after = parts(lake)
    assert [part.rows for part in after[OPEN]] == [0]
    assert [part.rows for part in after["2022-12"]] == [1]
    assert {month: after[month] for month in before if month != OPEN} == {
        month: held for month, held in before.items() if month != OPEN
    }
    tables = built(lake)
    rebuild(settings_of(lake))
    assert built(lake) == tables
