"""Lakes for the screens: a small real one, made from sample files, and an empty one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pipeline import build
from pipeline.sample import SampleSettings, write_sample
from pipeline.settings import ROOT, Settings

Screen = Callable[..., AppTest]


@pytest.fixture(scope="session")
def small_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    write_sample(folder, SampleSettings(batches=400, ports=3, seed=7))
    return folder


@pytest.fixture(scope="session")
def small_lake(small_files: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    lake = tmp_path_factory.mktemp("lake")
    build.load(Settings(lake), [small_files])
    return lake


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    """Opens a screen on a lake, as a visit to its address does: through the guard and the frame.

    AppTest itself cannot open a page of `st.navigation`; the page that the guard keeps can be.
    """

    def open_screen(page: str, lake: Path, **query: str | list[str]) -> AppTest:
        monkeypatch.setenv("DGWATCH_LAKE", str(lake))
        at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
        at.session_state["_wanted_page"] = (f"pages/{page}.py", query)
        return at.run()

    return open_screen
