"""Small lakes of source files written on the spot, asked by the command line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from pipeline.cli import main

Table = list[dict[str, str]]


class SmallLake:
    """A lake of its own in a folder; with `reference`, tables laid over the shipped ones."""

    def __init__(self, folder: Path, reference: dict[str, str] | None = None) -> None:
        self.folder = folder
        self.sources: dict[str, list[str]] = {}
        self.loads = 0
        (folder / "reference").mkdir(parents=True)
        for name, text in (reference or {}).items():
            (folder / "reference" / name).write_text(text, encoding="utf-8")

    def run(self, *words: str) -> str:
        """What a command prints; fails on any exit code but 0, with what it said."""
        argv = [*words, "--lake", str(self.folder / "lake"), "--reference", str(self.folder / "reference")]
        out, said = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline=""), io.StringIO()
        with redirect_stdout(out), redirect_stderr(said):
            code = main(argv)
        out.flush()
        assert code == 0, f"exit code {code} of {' '.join(words)}\n{said.getvalue()}"
        return out.buffer.getvalue().decode()

    def report(self, *words: str) -> Table:
        return list(csv.DictReader(io.StringIO(self.run("report", *words), newline="")))

    def load(self, loaded_at: str = "2023-01-01T00:00:00Z", **files: Iterable[str]) -> None:
        """Loads a file a source: its lines, the header first."""
        self.loads += 1
        folder = self.folder / f"load-{self.loads}"
        folder.mkdir()
        for name, lines in files.items():
            (folder / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        self.run("load", str(folder), "--loaded-at", loaded_at)


def consignments(*batches: str, port: str = "CNSHG", direction: str = "import") -> list[str]:
    rows = [f"{batch},{port},{direction}" for batch in batches]
    return ["consignment_id,un_location_code,direction", *rows]


def milestones(text: str) -> list[str]:
    """A line each: `batch milestone 2022-06-01T08:00`, in the port's own time."""
    rows = [",".join(line.split()) for line in text.strip().splitlines()]
    return ["consignment_id,milestone,occurred_at", *rows]


def stays(text: str, port: str = "CNSHG") -> list[str]:
    """Moves of units that name their batch. A line each: `batch in out`, `-` where it did not leave."""
    rows = []
    for number, line in enumerate(text.strip().splitlines()):
        batch, came, left = line.split()
        unit = f"TANK-{number}-{batch}"
        rows.append(f"{unit}-in,{port},{unit},DISC,{came},{batch}")
        if left != "-":
            rows.append(f"{unit}-out,{port},{unit},GTOT,{left},{batch}")
    return ["event_id,un_location_code,equipment_reference,event_type,event_at,consignment_id", *rows]
