"""How far a long run is: bars on a terminal, nothing elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    SpinnerColumn,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.progress import Progress as RichProgress


class Progress(Protocol):
    """What a long run tells of itself."""

    def stage(self, name: str, total: float | None) -> None:
        """End the stage before, begin one of `total` steps (files, rows, bytes; None: unknown)."""

    def advance(self, amount: float) -> None:
        """Report `amount` further steps of the stage."""

    def waiting(self, message: str) -> None:
        """Say what the run waits for, another load for instance."""


class Silent:
    """Progress that nobody looks at."""

    def stage(self, name: str, total: float | None) -> None:
        """Say nothing."""

    def advance(self, amount: float) -> None:
        """Say nothing."""

    def waiting(self, message: str) -> None:
        """Say nothing."""


class Plain(Silent):
    """No bars; only what a reader of a log must know: that the run waits."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def waiting(self, message: str) -> None:
        """Write the message as a line of its own."""
        self._console.print(message, markup=False, highlight=False, soft_wrap=True)


class Bars:
    """One bar a stage; a stage that ended keeps its line."""

    def __init__(self, bars: RichProgress) -> None:
        self._bars = bars
        self._task: TaskID | None = None

    def stage(self, name: str, total: float | None) -> None:
        """Fill the bar before and draw a new one."""
        self.finish()
        self._task = self._bars.add_task(name, total=total)

    def advance(self, amount: float) -> None:
        """Move the present bar."""
        if self._task is not None:
            self._bars.advance(self._task, amount)

    def waiting(self, message: str) -> None:
        """Write the message above the bars."""
        self._bars.console.print(message, markup=False, highlight=False)

    def finish(self) -> None:
        """Fill the present bar, whatever its total was."""
        if self._task is None:
            return
        task = next(task for task in self._bars.tasks if task.id == self._task)
        total = task.total if task.total is not None else max(task.completed, 1)
        self._bars.update(self._task, total=total, completed=total)
        self._task = None


@contextmanager
def on_terminal() -> Iterator[Progress]:
    """Bars on standard error where it is a terminal; elsewhere only that a run waits."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield Plain(console)
        return
    columns = (
        SpinnerColumn(finished_text=" "),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=30),
        TaskProgressColumn(),
        TimeElapsedColumn(),
    )
    with RichProgress(*columns, console=console) as drawn:
        bars = Bars(drawn)
        yield bars
        bars.finish()


def shares(progress: Progress, name: str) -> Callable[[float, str], None]:
    """A listener for a run that tells the share it has done, 0 to 1, as one stage."""
    progress.stage(name, 1.0)
    done = 0.0

    def tell(share: float, _what: str) -> None:
        nonlocal done
        progress.advance(share - done)
        done = share

    return tell
