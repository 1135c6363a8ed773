"""`demo`: sample data in a lake of their own, and the dashboard on it."""

from __future__ import annotations

import argparse
import shutil
from dataclasses import replace
from pathlib import Path

from pipeline import progress
from pipeline.cli import messages
from pipeline.cli.dashboard import refuse_taken_port, run_dashboard
from pipeline.errors import UserMistake
from pipeline.loading import build
from pipeline.metrics import Reader
from pipeline.sample import SampleSettings, write_sample
from pipeline.settings import Settings, home


def demo(chosen: argparse.Namespace) -> int:
    """Sample data, loaded into a lake of their own, and the dashboard on it."""
    refuse_taken_port(chosen.port)
    folder = home() / "data" / "demo"
    lake = chosen.settings.lake if chosen.lake else folder / "lake"
    settings = replace(chosen.settings, lake=lake)
    refuse_real_data(settings)
    prepare_demo(folder / "sample", settings)
    return run_dashboard(settings, chosen.port, browser=not chosen.no_browser)


def refuse_real_data(settings: Settings) -> None:
    """Raise `UserMistake` for a lake that holds anything but sample data: the two are never mixed."""
    release = Reader(settings).release
    if release is not None and not release.is_sample:
        raise UserMistake(
            f"{settings.lake}: holds data that are no sample", "Leave --lake out, or name a new folder."
        )


def prepare_demo(files: Path, settings: Settings, world: SampleSettings | None = None) -> None:
    """Make the sample files and load them; what an earlier run finished is not done again.

    The files appear under their name only when all are written, and loading knows the files it has: whatever
    an interrupted run left undone, the next one does.
    """
    with progress.on_terminal() as bars:
        if not files.is_dir():
            messages.note("Making the sample data (once) ...")
            unfinished = files.with_name(files.name + ".unfinished")
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir(parents=True)
            write_sample(unfinished, world or SampleSettings(), progress.shares(bars, "Writing sample files"))
            unfinished.rename(files)
            messages.note("Loading them ...")
        build.load(settings, [files], None, bars)
