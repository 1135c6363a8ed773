"""Reference tables that were parsed once are kept beside a lake, and never taken for others."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.reference import reading as reference_module
from pipeline.reference.reading import Reference, load_reference
from pipeline.settings import SHIPPED_REFERENCE


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "reference"


def _read_anew(kept_in: Path | None, overlay: Path | None = None) -> Reference:
    """As a process that has read nothing yet."""
    reference_module._load.cache_clear()
    return load_reference(overlay, kept_in)


def _same(one: Reference, other: Reference) -> bool:
    return one.digest == other.digest and all(
        table.equals(other.table(name), check_metadata=True) for name, table in one.tables.items()
    )


def _parses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise AssertionError("parsed")

    monkeypatch.setattr(reference_module, "_read_table", fail)


def test_what_is_kept_is_what_was_parsed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed = _read_anew(None)
    first = _read_anew(folder)
    _parses_nothing(monkeypatch)
    again = _read_anew(folder)
    assert _same(parsed, first) and _same(parsed, again)
    assert list(again.tables) == list(parsed.tables)
    assert again.port_of == parsed.port_of and again.digests == parsed.digests


@pytest.mark.parametrize("kept_bytes", [0, 1, 4_000, -8])
def test_what_is_torn_is_parsed_again(folder: Path, kept_bytes: int) -> None:
    parsed = _read_anew(folder)
    (kept,) = folder.iterdir()
    kept.write_bytes(kept.read_bytes()[:kept_bytes])
    assert _same(_read_anew(folder), parsed)
    assert [path.name for path in folder.iterdir()] == [kept.name]


def test_a_table_of_ones_own_is_not_taken_for_the_shipped_one(folder: Path, tmp_path: Path) -> None:
    overlay = tmp_path / "own"
    overlay.mkdir()
    lines = (SHIPPED_REFERENCE / "campaigns.csv").read_text(encoding="utf-8").splitlines()
    (overlay / "campaigns.csv").write_text("\n".join(lines[:-1]) + "\n", encoding="utf-8")
    shipped = _read_anew(folder).table("campaigns")
    own = _read_anew(folder, overlay).table("campaigns")
    assert own.equals(shipped.slice(0, shipped.num_rows - 1))
    assert _read_anew(folder).table("campaigns").equals(shipped)


def test_nothing_is_kept_where_there_is_no_lake(tmp_path: Path) -> None:
    missing = tmp_path / "no lake" / "reference"
    assert _same(_read_anew(missing), _read_anew(None))
    assert not missing.parent.exists()
