"""A process that serves screens computes ahead what is asked for most; one that does not, does not."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from lake.support import day_feeds, load_files, settings_of, write_feeds
from pages.shared import data


@pytest.mark.parametrize("serves", [True, False])
def test_answers_are_kept_ahead_where_screens_are_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, serves: bool
) -> None:
    load_files(tmp_path / "lake", write_feeds(tmp_path / "files", day_feeds(1)))
    monkeypatch.setattr(data, "FIRST_SCREENS_SECONDS", 0.0)
    monkeypatch.setattr(data, "_serving", type(data._serving)())
    if serves:
        data.serve()
    data._open(settings_of(tmp_path / "lake"))
    answers = tmp_path / "lake" / "answers"
    until = time.monotonic() + (60 if serves else 1)
    while not any(answers.glob("*/*.parquet")) and time.monotonic() < until:
        time.sleep(0.05)
    assert any(answers.glob("*/*.parquet")) is serves
