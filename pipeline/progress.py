"""How far a long run is: bars on a terminal, nothing elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol


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

    def waiting(self, message: str) -> None:
        """Write the message to standard error as a line of its own."""
        print(message, file=sys.stderr, flush=True)


@contextmanager
def on_terminal() -> Iterator[Progress]:
    """Bars on standard error where it is a terminal; elsewhere only that a run waits."""
    if not sys.stderr.isatty():
        yield Plain()
        return
    # Only here: the library for bars takes a seventh of a second to import.
    from pipeline.progress_bars import drawn_bars

    with drawn_bars() as bars:
        yield bars


def shares(progress: Progress, name: str) -> Callable[[float, str], None]:
    """A listener for a run that tells the share it has done, 0 to 1, as one stage."""
    progress.stage(name, 1.0)
    done = 0.0

    def tell(share: float, _what: str) -> None:
        nonlocal done
        progress.advance(share - done)
        done = share

    return tell
