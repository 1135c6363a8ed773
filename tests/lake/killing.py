"""Loads in processes of their own that are killed as a power switch would do it: no handler runs."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from multiprocessing.sharedctypes import SynchronizedArray
from pathlib import Path
from types import FrameType
from typing import Any

from lake.support import LOADED_AT, PROCESSES, load_files
from pipeline import bucket, build, folder, landing, ledger, release, sweeping, table_log
from pipeline import lake as lake_module
from pipeline.address import Root

WATCHED = {
    str(module.__file__)
    for module in (bucket, build, folder, lake_module, landing, ledger, release, sweeping, table_log)
}
"""The modules whose steps are counted: every call that one of them makes or gets is an instant to die at."""

NOTED = ("publish", "write_release")

KILLED = -signal.SIGKILL


Steps = tuple[int, int, int]
"""The steps of a load at which publishing begins, at which the release is swapped, and how many there are."""


def count_steps(lake: Path, paths: list[Path]) -> Steps:
    """Loads in a process of its own, and counts its steps."""
    steps = PROCESSES.Array("i", 3)
    assert _run(_stepping_load, lake, paths, None, steps) == 0
    return steps[0], steps[1], steps[2]


def killed_at(lake: Root, paths: list[Path], step: int | str, processes: Any = PROCESSES) -> None:
    """Begins a load and kills it at a step, or at the beginning of a function.

    Steps differ by a few from run to run: threads wait for one another as it happens.
    """
    steps = processes.Array("i", 3)
    assert _run(_stepping_load, lake, paths, step, steps, processes=processes) == KILLED


def killed_after(lake: Path, paths: list[Path], seconds: float) -> bool:
    """Begins a load and kills it so many seconds later. Returns whether that was in time."""
    process = PROCESSES.Process(target=_plain_load, args=(lake, paths))
    process.start()
    process.join(seconds)
    process.kill()
    process.join()
    assert process.exitcode in (KILLED, 0)
    return process.exitcode == KILLED


def _run(target: Callable[..., None], *arguments: Any, processes: Any = PROCESSES) -> int | None:
    process = processes.Process(target=target, args=arguments)
    process.start()
    process.join()
    code: int | None = process.exitcode
    return code


def _plain_load(lake: Path, paths: list[Path]) -> None:
    load_files(lake, paths, LOADED_AT)


def _stepping_load(
    lake: Root, paths: list[Path], last: int | str | None, steps: SynchronizedArray[int]
) -> None:
    taken = 0

    def step(frame: FrameType, event: str, _argument: object) -> None:
        nonlocal taken
        if event not in ("call", "c_call") or frame.f_code.co_filename not in WATCHED:
            return
        if event == "call" and frame.f_code.co_name in NOTED:
            steps[NOTED.index(frame.f_code.co_name)] = taken
        if last in (taken, frame.f_code.co_name):
            os.kill(os.getpid(), signal.SIGKILL)
        taken += 1

    sys.setprofile(step)
    load_files(lake, paths, LOADED_AT)
    sys.setprofile(None)
    steps[2] = taken
