"""`sample`: source files of an invented port world."""

from __future__ import annotations

import argparse
import shlex

from pipeline import progress
from pipeline.cli import messages
from pipeline.sample import SampleSettings, write_sample


def sample(chosen: argparse.Namespace) -> int:
    """Write sample source files."""
    names = ("batches", "ports", "seed", "start", "days", "dirty_pct")
    asked = {name: getattr(chosen, name) for name in names if getattr(chosen, name) is not None}
    with progress.on_terminal() as bars:
        written = write_sample(
            chosen.out, SampleSettings(**asked), progress.shares(bars, "Writing sample files")
        )
    messages.put(
        f"{chosen.out}: {written.files:,} files of an invented port world, {written.rows:,} rows, "
        f"{written.dirty_rows:,} of them faulty on purpose"
    )
    messages.note(f"Load them with: dgwatch load {shlex.quote(str(chosen.out))}")
    return 0
