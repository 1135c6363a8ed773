"""Loads in processes of their own that are killed as a power switch would do it: no handler runs."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from importlib import import_module
from multiprocessing.sharedctypes import SynchronizedArray
from pathlib import Path
from types import FrameType
from typing import Any

from lake.support import LOADED_AT, PROCESSES, load_files
from pipeline.address import Root
from pipeline.lake import folder, release, sweeping, table_log
from pipeline.lake import lake as lake_module
from pipeline.loading import build, landing, ledger

WATCHED = {
    str(module.__file__)
    for module in (build, folder, lake_module, landing, ledger, release, sweeping, table_log)
}
"""The modules whose steps are counted: every call that one of them makes or gets is an instant to die at."""

NOTED = ("publish", "write_release")

KILLED = -signal.SIGKILL
SPAWNED = multiprocessing.get_context("spawn")


Steps = tuple[int, int, int]
"""The steps of a load at which publishing begins, at which the release is swapped, and how many there are."""


def count_steps(lake: Path, paths: list[Path]) -> Steps:
    """Loads in a process of its own, and counts its steps."""
    steps = PROCESSES.Array("i", 3)
    assert _run(_stepping_load, lake, paths, None, steps) == 0
    return steps[0], steps[1], steps[2]


def killed_at(lake: Path, paths: list[Path], step: int | str) -> None:
    """Begins a load and kills it at a step, or at the beginning of a function.

    Steps differ by a few from run to run: threads wait for one another as it happens.
    """
    assert _run(_stepping_load, lake, paths, step, PROCESSES.Array("i", 3)) == KILLED


def killed_in(lake: Root, paths: list[Path], method: str, calls: int) -> None:
    """Begins a load and kills it at a call of a method (`module:Class.name`) after so many others of the same.

    The process sees the environment as it is now.
    """
    process = SPAWNED.Process(target=_load_to_death, args=(lake, paths, method, calls))
    process.start()
    process.join()
    assert process.exitcode == KILLED


def _load_to_death(lake: Root, paths: list[Path], method: str, calls: int) -> None:
    module, _, rest = method.partition(":")
    owner, _, name = rest.partition(".")
    class_ = getattr(import_module(module), owner)
    goes_on, left = getattr(class_, name), itertools.count(calls, -1)

    def dies(*told: Any) -> Any:
        if next(left) <= 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return goes_on(*told)

    setattr(class_, name, dies)
    load_files(lake, paths, LOADED_AT)


def killed_after(lake: Path, paths: list[Path], seconds: float) -> bool:
    """Begins a load and kills it so many seconds later. Returns whether that was in time."""
    process = PROCESSES.Process(target=_plain_load, args=(lake, paths))
    process.start()
    process.join(seconds)
    process.kill()
    process.join()
    assert process.exitcode in (KILLED, 0)
    return process.exitcode == KILLED


def _run(target: Callable[..., None], *arguments: Any) -> int | None:
    process = PROCESSES.Process(target=target, args=arguments)
    process.start()
    process.join()
    return process.exitcode


def _plain_load(lake: Path, paths: list[Path]) -> None:
    load_files(lake, paths, LOADED_AT)


def _stepping_load(
    lake: Path, paths: list[Path], last: int | str | None, steps: SynchronizedArray[int]
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
