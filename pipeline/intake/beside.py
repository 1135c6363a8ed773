"""Files taken by a process beside this one: the side that asks (`worker.py` is the side that answers)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from threading import Lock

from pipeline.intake.refusals import FileRefused
from pipeline.intake.taker import Job, Part, Taken
from pipeline.intake.worker import Message, parts_of, take_message, taken_of
from pipeline.settings import ROOT

_KEEP_FREED_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(256 << 20), "MALLOC_TRIM_THRESHOLD_": str(256 << 20)}
"""For glibc: a block's columns take the memory of those before it, which the system need not give and clear anew."""


class WorkerEnded(RuntimeError):
    """A worker ended before it had answered: a bug of ours, or somebody ended it. It has told its error, if any."""


class Worker:
    """A process that takes files, one at a time. It is started with the first line that it is to read."""

    def __init__(self, setup: Message) -> None:
        paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        # Without the folder that it is started in on its path: a file of anybody's there could be taken for one of ours.
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "pipeline.intake.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            env={**_KEEP_FREED_MEMORY, **os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        )
        self._lock = Lock()
        self._send(setup)

    def take(self, job: Job, advance: Callable[[int], None]) -> Taken:
        """Reads and checks a file. Raises `FileRefused`, or `OSError` where it cannot be read."""
        with self._lock:
            self._send(take_message(job))
            return taken_of(self._answer(advance)["taken"])

    def flush(self, table: str | None = None) -> list[Part]:
        """Writes the rows that wait for a part of a table; of every table where None."""
        with self._lock:
            self._send({"flush": table})
            return parts_of(self._answer(lambda _: None)["parts"])

    def close(self) -> None:
        """Ends the process: at once where it has nothing to do."""
        self._process.terminate()
        self._process.communicate()

    def _send(self, message: Message) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(message) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise self._ended() from None

    def _answer(self, advance: Callable[[int], None]) -> Message:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            told: Message = json.loads(line)
            if "advance" in told:
                advance(told["advance"])
            elif "refused" in told:
                raise FileRefused(*told["refused"])
            elif "os_error" in told:
                raise OSError(*told["os_error"])
            else:
                return told
        raise self._ended()

    def _ended(self) -> WorkerEnded:
        return WorkerEnded(
            f"a process that reads files ended with {self._process.wait()} before it had answered"
        )
