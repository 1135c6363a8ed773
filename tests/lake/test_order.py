"""The same rows give the same figures, in whatever order and in however many calls they come."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from lake.support import counts, entries, everything, into_feeds, load_files, mixed_rows, totals, write_feeds


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
