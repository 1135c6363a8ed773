"""How far a long run is, as bars on a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
)


class Bars:
    """One bar a stage; a stage that ended keeps its line."""

    def __init__(self, bars: Progress) -> None:
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
def drawn_bars() -> Iterator[Bars]:
    """Bars on standard error, drawn until the block ends."""
    columns = (
        SpinnerColumn(finished_text=" "),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=30),
        TaskProgressColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as drawn:
        bars = Bars(drawn)
        yield bars
        bars.finish()
