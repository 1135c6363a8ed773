"""A whole build in slices: the same tables as at once, whatever joins boxes, batches and ports."""

from __future__ import annotations

from pathlib import Path

import pytest

from lake.support import (
    Batch,
    batch_rows,
    built,
    day_feeds,
    everything,
    feeds_of,
    into_feeds,
    load_files,
    mixed_rows,
    settings_of,
    table,
    write_feeds,
)
from pipeline.lake.lake import Lake
from pipeline.loading import whole
from pipeline.loading.build import rebuild
from pipeline.loading.kept_tables import OPEN


def _rebuilt(monkeypatch: pytest.MonkeyPatch, lake: Path, slices: int) -> dict[str, str]:
    with monkeypatch.context() as patch:
        patch.setattr(whole, "slices_needed", lambda rows, memory_limit: slices)
        release = rebuild(settings_of(lake))
    return {"as_of": str(release.as_of), **built(lake)}


def _told_apart() -> list[Batch]:
    """Batches of which each is joined to boxes in another way."""
    apart = [batch_rows(number, 1 + number / 4, None if number % 3 == 0 else 2.5, 30) for number in range(20)]
    # Two batches share a box: moves name the one, items alone tell the other.
    apart[4]["dg_items"][0]["equipment_reference"] = apart[2]["dg_items"][0]["equipment_reference"]
    apart[4]["yard_moves"] = []
    # No move tells the batch; another is told at a port that is not its own; one has a box that no batch claims.
    for move in apart[7]["yard_moves"]:
        move["consignment_id"] = ""
    for move in apart[8]["yard_moves"]:
        move["un_location_code"] = "CNQIN"
    apart[10] = {"yard_moves": [{**move, "consignment_id": ""} for move in apart[10]["yard_moves"]]}
    # A box comes back with another batch, and is told by the nearest milestone where there is no manifest.
    back = batch_rows(41, 9, 1, 30)
    box = apart[11]["dg_items"][0]["equipment_reference"]
    for row in (*back["dg_items"], *back["yard_moves"]):
        row["equipment_reference"] = box
    for move in back["yard_moves"]:
        move["consignment_id"] = ""
    return [*apart, back]


@pytest.mark.parametrize("slices", [2, 5])
def test_a_build_in_slices_is_the_build_at_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, slices: int
) -> None:
    lake = tmp_path / "lake"
    load_files(lake, write_feeds(tmp_path / "files", feeds_of(_told_apart())))
    at_once = _rebuilt(monkeypatch, lake, 1)
    units = table(lake, "unit_stays")
    assert "B0002;B0004" in set(units["consignment_id"])
    assert units["consignment_id"].isna().sum() == 1
    assert units["equipment_reference"].duplicated().sum() == 1
    assert _rebuilt(monkeypatch, lake, slices) == at_once


@pytest.mark.parametrize("seed", range(4))
def test_versions_and_copies_are_told_apart_in_slices_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, seed: int
) -> None:
    lake = tmp_path / "lake"
    rows = mixed_rows(seed, keys=12, rows=150)
    load_files(lake, write_feeds(tmp_path / "files", into_feeds(rows, 2, seed)))
    at_once = _rebuilt(monkeypatch, lake, 1)
    assert at_once["stays"].count("\n") > 3
    assert _rebuilt(monkeypatch, lake, 4) == at_once


def test_days_after_a_load_in_slices_are_taken_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    days = [write_feeds(tmp_path / f"day-{day}", day_feeds(day, 8)) for day in range(1, 5)]
    with monkeypatch.context() as patch:
        patch.setattr(whole, "slices_needed", lambda rows, memory_limit: 3)
        load_files(tmp_path / "lake", [path for paths in days[:3] for path in paths])
    parts = Lake(tmp_path / "lake").parts(Lake(tmp_path / "lake").release(), "stays")
    assert [part.label for part in parts].count(OPEN) == 1
    load_files(tmp_path / "lake", days[3])
    load_files(tmp_path / "at-once", [path for paths in days for path in paths])
    assert everything(tmp_path / "lake") == everything(tmp_path / "at-once")


def test_slices_of_a_lake_without_any_event(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    batch = {"consignments": batch_rows(1, 1, None, 2)["consignments"]}
    load_files(tmp_path / "lake", write_feeds(tmp_path / "files", feeds_of([batch])))
    found = _rebuilt(monkeypatch, tmp_path / "lake", 3)
    assert found == _rebuilt(monkeypatch, tmp_path / "lake", 1)
    assert found["as_of"] == "None"


def test_what_memory_carries_is_built_at_once() -> None:
    carried = whole.ROWS_A_GIB
    assert [whole.slices_needed(rows, "1GiB") for rows in (0, 1, carried, carried + 1, 5 * carried)] == [
        1,
        1,
        1,
        2,
        5,
    ]
    assert whole.slices_needed(6 * carried, "1.5GiB") == whole.slices_needed(6 * carried, "1536MiB") == 4
