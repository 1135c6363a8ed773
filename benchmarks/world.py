"""The sample files that are measured: made once, kept for the next run."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from pipeline.sample import SampleSettings, write_sample

ROWS_A_BATCH = {"feeds": 9.85, "bulk": 12.0}
"""Rows of all sources that a batch of the sample world comes to."""

LAYOUTS: dict[str, dict[str, Any]] = {
    "feeds": {"ports": 20, "days": 671},
    "bulk": {"ports": 4, "days": 92, "start": date(2022, 6, 1)},
}
"""`feeds`: many small files, as twenty ports send them by month. `bulk`: few large files, as an archive is handed in."""


def settings_of(rows: int, layout: str) -> SampleSettings:
    """The sample world of about that many rows."""
    return SampleSettings(batches=max(round(rows / ROWS_A_BATCH[layout]), 200), **LAYOUTS[layout])


def sample_folder(work: Path, settings: SampleSettings) -> Path:
    """A folder with the world's files; one that an earlier run finished is taken as it is."""
    said = "_".join(f"{name}-{value}" for name, value in asdict(settings).items())
    folder = work / "sample" / said
    if not folder.is_dir():
        unfinished = folder.with_name(folder.name + ".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        write_sample(unfinished, settings)
        # One file is handed in twice; without it every reader reads the same bytes and the same rows.
        for path in unfinished.glob("*_again.csv*"):
            path.unlink()
        unfinished.rename(folder)
    return folder


def described(folder: Path) -> dict[str, int]:
    """Files, rows and bytes (as handed in) of a sample folder."""
    said = json.loads((folder / "sample.json").read_text(encoding="utf-8"))
    data = [path for path in folder.iterdir() if path.name.endswith((".csv", ".csv.gz"))]
    return {"files": len(data), "rows": said["rows"], "bytes": sum(path.stat().st_size for path in data)}
