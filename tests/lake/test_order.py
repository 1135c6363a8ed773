"""The same rows give the same figures, in whatever order and in however many calls they come."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path

import pytest

from lake.support import (
    FIRST_DAY,
    batch_rows,
    counts,
    entries,
    everything,
    feeds_of,
    figures,
    into_feeds,
    load_files,
    mixed_rows,
    search_every_table,
    settings_of,
    totals,
    write_feeds,
)
from pipeline.metrics import Filters, Reader


@pytest.fixture(autouse=True)
def _search(monkeypatch: pytest.MonkeyPatch) -> None:
    search_every_table(monkeypatch)


@pytest.fixture(scope="module")
def at_once(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Path], Path]:
    """Twelve files in one call: the files and the lake."""
    folder = tmp_path_factory.mktemp("order")
    paths = write_feeds(folder / "files", into_feeds(mixed_rows(1, rows=120), files=2, seed=2))
    assert len(paths) == 12
    load_files(folder / "lake", paths)
    return paths, folder / "lake"


def test_the_small_world_has_all_there_is(at_once: tuple[list[Path], Path]) -> None:
    read, accepted, superseded, duplicate, rejected = totals(at_once[1])
    assert read == accepted + superseded + duplicate + rejected
    assert min(accepted, superseded, duplicate, rejected) > 5


def test_any_order_in_one_call(at_once: tuple[list[Path], Path], tmp_path: Path) -> None:
    paths, lake = at_once
    shuffled = random.Random(3).sample(paths, len(paths))
    load_files(tmp_path / "lake", shuffled)
    assert everything(tmp_path / "lake") == everything(lake)
    assert totals(tmp_path / "lake") == totals(lake)


def test_a_call_for_each_file(at_once: tuple[list[Path], Path], tmp_path: Path) -> None:
    paths, lake = at_once
    shuffled = random.Random(5).sample(paths, len(paths))
    for path in shuffled:
        load_files(tmp_path / "lake", [path])
        assert all(
            entry.rows_read == sum(counts(tmp_path / "lake")[entry.file][1:])
            for entry in entries(tmp_path / "lake")
        )
    assert everything(tmp_path / "lake") == everything(lake)
    assert totals(tmp_path / "lake") == totals(lake)
    assert [entry.file for entry in entries(tmp_path / "lake")] == [path.name for path in shuffled]


def test_without_recorded_at_the_instants_of_loading_count_and_not_the_order(tmp_path: Path) -> None:
    """Three states of the same batches, each of its own instant, loaded in two orders."""
    calls = []
    for day, stayed in enumerate([None, 9.0, 2.0]):
        batches = [batch_rows(number, 1.0 + day / 10, stayed, None) for number in range(2)]
        for batch in batches:
            batch["consignments"][0]["consignee"] = batch["dg_items"][0]["proper_shipping_name"] = (
                f"as of {day}"
            )
        paths = write_feeds(tmp_path / f"{day}", feeds_of(batches, f"state-{day}"))
        calls.append((paths, FIRST_DAY + dt.timedelta(days=40 + day)))
    for name, order in (("forth", (0, 1, 2)), ("mixed", (2, 0, 1))):
        for paths, loaded_at in (calls[place] for place in order):
            load_files(tmp_path / name, paths, loaded_at)
    assert everything(tmp_path / "mixed") == everything(tmp_path / "forth")
    assert counts(tmp_path / "mixed") == counts(tmp_path / "forth")
    at_first = Filters(known_at=calls[0][1])
    assert len(Reader(settings_of(tmp_path / "forth")).query("stays", at_first)) == 2
    assert figures(tmp_path / "mixed", at_first) == figures(tmp_path / "forth", at_first)
