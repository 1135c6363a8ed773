"""Measured runs: each in a process of its own, so that time and peak memory are its own."""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from threading import Event, Thread
from typing import Any, Self

ROOT = Path(__file__).resolve().parents[1]


class RunFailed(Exception):
    """A measured process did not end well, or gave another answer than its peer: the run is void."""


@dataclass(frozen=True)
class Run:
    """One measured process: elapsed and processor seconds, peak memory in bytes, and what it printed (JSON).

    `peak_bytes` is that of the process itself, `peak_bytes_together` of it and those that it started at one time. Both
    are looked at ten times a second, shared pages counted in each process.
    """

    seconds: float
    cpu_seconds: float
    peak_bytes: int
    answer: dict[str, Any]
    peak_bytes_together: int = 0


class _Watched:
    """Looks at the memory of a process and of those that it started, until the block ends; on Linux alone."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._ended = Event()
        self._thread = Thread(target=self._watch, daemon=True)
        self.peak_bytes = self.together = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(0.1):
            self.peak_bytes = max(self.peak_bytes, _memory(self._pid, "VmHWM"))
            self.together = max(
                self.together, sum(_memory(pid, "VmRSS") for pid in _with_children(self._pid))
            )


def _with_children(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    except OSError:
        return [pid]
    return [pid, *(other for child in children for other in _with_children(int(child)))]


def _memory(pid: int, what: str) -> int:
    """Bytes of memory as Linux tells them of a process: VmRSS now, VmHWM at most; 0 where it tells nothing."""
    try:
        told = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return 0
    found = re.search(rf"^{what}:\s+(\d+) kB", told, re.MULTILINE)
    return int(found[1]) * 1024 if found else 0


def measured(module: str, *arguments: str | Path) -> Run:
    """Runs `python -m module arguments` and measures it. Raises `RunFailed` where it does not end with 0."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    # Python keeps compiled modules, unless it is told not to: then every run would compile ours, and not a peer's.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    began = time.perf_counter()
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=said) as process,
    ):
        assert process.stdout is not None
        with _Watched(process.pid) as watched:
            printed = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            told = said.read().decode(errors="replace")
            raise RunFailed(f"{module} ended with {process.returncode}\n{told}")
    # What the system tells at the end is at least what this process takes, which started it.
    peak = watched.peak_bytes or peak_bytes(usage)
    return Run(seconds, usage.ru_utime + usage.ru_stime, peak, json.loads(printed), watched.together or peak)


def peak_bytes(usage: resource.struct_rusage | None = None) -> int:
    """The peak memory of a process that was measured; of this one so far where None is given."""
    told = usage or resource.getrusage(resource.RUSAGE_SELF)
    # Linux tells the peak in KiB, macOS in bytes.
    return told.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def in_turn(commands: Mapping[str, Sequence[str | Path]], repeat: int) -> dict[str, list[Run]]:
    """Runs all commands one after the other, `repeat` times over: what slows the machine slows them alike."""
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    for _ in range(repeat):
        for name, (module, *arguments) in commands.items():
            runs[name].append(measured(str(module), *arguments))
    return runs


def ratio(runs: Mapping[str, list[Run]], upper: str, lower: str, what: str = "seconds") -> float:
    """The median over the rounds of one command's cost by another's of the same round."""
    pairs = zip(runs[upper], runs[lower], strict=True)
    return median(getattr(one, what) / getattr(other, what) for one, other in pairs)
