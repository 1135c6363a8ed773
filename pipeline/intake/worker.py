"""A process that takes files for another, so that two do not wait for one interpreter: `python -m` this module.

It reads a JSON line a request and answers each with a JSON line, after any lines that tell how far it is. The first
line sets it up. It ends with its input, so that it does not outlive whoever asked.
"""

from __future__ import annotations

import gc
import json
import sys
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from pipeline.intake.refusals import FileRefused
from pipeline.intake.take import Intake, IntakeSettings
from pipeline.intake.taker import HOLD_ROWS, Job, Part, Taken, Taker
from pipeline.reference.reading import load_reference

Message = dict[str, Any]


def setup_message(
    reference: Path | None,
    loaded_at: datetime,
    settings: IntakeSettings,
    rejects: tuple[str, Path],
    mark: str,
) -> Message:
    """The first line: with what rules files are taken, and where rejected rows go."""
    return {
        "reference": None if reference is None else str(reference),
        "loaded_at": loaded_at.isoformat(),
        "default_zone": settings.default_zone,
        "block_bytes": settings.block_bytes,
        "rejects": [rejects[0], str(rejects[1])],
        "mark": mark,
    }


def take_message(job: Job) -> Message:
    """The request to take a file."""
    return {"take": {**vars(job), "path": str(job.path), "folder": str(job.folder)}}


def parts_of(told: list[list[Any]]) -> list[Part]:
    """The parts that a worker tells."""
    return [Part(table, Path(path), rows) for table, path, rows in told]


def taken_of(told: Message) -> Taken:
    """What became of a file, as a worker tells it."""
    counters: Message = {name: Counter(told[name]) for name in ("rejected_by_code", "warned_by_code")}
    return Taken(**{**told, **counters, "parts": parts_of(told["parts"])})


def _taker(setup: Message) -> Taker:
    reference = load_reference(Path(setup["reference"]) if setup["reference"] else None)
    settings = IntakeSettings(setup["default_zone"], setup["block_bytes"], threads=1)
    intake = Intake(reference, datetime.fromisoformat(setup["loaded_at"]), settings, HOLD_ROWS)
    table, folder = setup["rejects"]
    return Taker(intake, (table, Path(folder)), setup["mark"])


def _answer(taker: Taker, request: Message, say: Callable[[Message], None]) -> Message:
    try:
        if "flush" in request:
            return {"parts": _told(taker.flush(request["flush"]))}
        asked = request["take"]
        job = Job(
            Path(asked["path"]),
            asked["source"],
            asked["file_seq"],
            tuple(asked["stamp"]),
            asked["table"],
            Path(asked["folder"]),
        )
        taken = taker.take(job, lambda read: say({"advance": read}))
        return {"taken": {**vars(taken), "parts": _told(taken.parts)}}
    except FileRefused as refusal:
        return {"refused": [str(refusal), refusal.hint]}
    except OSError as error:
        return {"os_error": [error.errno, error.strerror, error.filename and str(error.filename)]}


def _told(parts: list[Part]) -> list[list[Any]]:
    return [[part.table, str(part.path), part.rows] for part in parts]


def main() -> None:
    """Takes files until the input ends."""
    answers, sys.stdout = sys.stdout, sys.stderr

    def say(message: Message) -> None:
        answers.write(json.dumps(message) + "\n")
        answers.flush()

    taker = _taker(json.loads(sys.stdin.readline()))
    # What is there by now stays: the collector need not look at it again.
    gc.freeze()
    for line in sys.stdin:
        say(_answer(taker, json.loads(line), say))


if __name__ == "__main__":
    main()
