"""One load of the product in a process of its own: `python -m benchmarks.product whole|intake FOLDER LAKE LOADED_AT`.

Prints the counts of every file and the seconds of every stage as JSON.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
import time
from pathlib import Path
from typing import Any

from pipeline.lake.lake import Lake
from pipeline.loading import build
from pipeline.loading.landing import discover, land
from pipeline.loading.ledger import Ledger
from pipeline.progress import Silent
from pipeline.reference.reading import load_reference
from pipeline.settings import Settings, from_environment


class StageClock(Silent):
    """Progress that keeps the seconds between the stages."""

    def __init__(self) -> None:
        self.marks: list[tuple[str, float]] = []

    def stage(self, name: str, total: float | None) -> None:
        """Notes when the stage began."""
        self.marks.append((name, time.perf_counter()))

    def seconds(self) -> dict[str, float]:
        """The seconds of every stage, in order."""
        ends = [began for _, began in self.marks[1:]] + [time.perf_counter()]
        return {name: end - began for (name, began), end in zip(self.marks, ends, strict=True)}


def whole(settings: Settings, folder: Path, loaded_at: dt.datetime) -> dict[str, Any]:
    """`dgwatch load`: reading, checking, versions, tables, publishing."""
    clock = StageClock()
    began, cpu_began = time.perf_counter(), time.process_time()
    summary = build.load(settings, [folder], loaded_at, clock)
    spent = {"seconds": time.perf_counter() - began, "cpu_seconds": time.process_time() - cpu_began}
    return {**summary.as_json(), **spent, "stages": clock.seconds()}


def intake(settings: Settings, folder: Path, loaded_at: dt.datetime) -> dict[str, Any]:
    """Reading, checking and landing alone; nothing is published."""
    reference = load_reference(settings.reference)
    with Lake(settings.lake).writing(lambda _: None) as draft:
        landed = land(draft, discover([folder]), Ledger([]), loaded_at, reference, settings, lambda _: None)
    return {"rows": sum(summary.read for summary in landed.summaries)}


def main(stage: str, folder: str, lake: str, loaded_at: str) -> None:
    """Runs the stage and prints its answer."""
    run = {"whole": whole, "intake": intake}[stage]
    answer = run(from_environment(lake), Path(folder), dt.datetime.fromisoformat(loaded_at))
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:5])
