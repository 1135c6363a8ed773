"""What is asked for most is kept ahead by whoever asks for that, in a thread of its own."""

from __future__ import annotations

from pathlib import Path

from lake.support import day_feeds, load_files, settings_of, write_feeds
from pipeline.metrics import Reader, keep_in_background


def test_answers_are_kept_ahead(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    assert keep_in_background(Reader(settings_of(lake))) is None
    load_files(lake, write_feeds(tmp_path / "files", day_feeds(1)))
    reader = Reader(settings_of(lake))
    assert not (lake / "answers").exists()
    thread = keep_in_background(reader)
    assert thread is not None
    thread.join(60)
    assert any((lake / "answers").glob("*/*.parquet"))
