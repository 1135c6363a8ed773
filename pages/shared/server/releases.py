"""Which release a run shows: the lake's own of now, or where screens are served one whose first screens are made.

A server looks for another release now and then (`ahead.py`), goes through it by itself, and only then shows it to
all. Without a server, as in tests, every run looks for itself.
"""

from __future__ import annotations

import threading

from streamlit.runtime.scriptrunner import get_script_run_ctx

from pipeline.metrics import Reader
from pipeline.settings import Settings, from_environment

MOST_OPEN = 2
"""Readers kept where nothing is served: of the lake in use and the one before it."""

_lock = threading.Lock()
_open: dict[Settings, Reader] = {}
_shown: Reader | None = None
_ahead: dict[str, Reader] = {}
"""By session: what goes ahead of all others looks at a release that is not shown yet."""


def current() -> Reader:
    """The reader that a run which begins now looks through."""
    context = get_script_run_ctx(suppress_warning=True)
    ahead = _ahead.get(context.session_id) if context else None
    return ahead or _shown or _of_now(from_environment())


def newer() -> Reader | None:
    """A reader of what the lake and the reference tables are now, unless that is what is shown."""
    return None if _shown is not None and _shown.is_current() else Reader(from_environment())


def show(reader: Reader) -> None:
    """From now on every run that begins looks at this release."""
    global _shown
    _shown = reader


def go_ahead(session_id: str, reader: Reader) -> None:
    """Let one session look at a release that is not shown yet."""
    _ahead[session_id] = reader


def come_back(session_id: str) -> None:
    """That session sees what all see."""
    _ahead.pop(session_id, None)


def _of_now(settings: Settings) -> Reader:
    with _lock:
        found = _open.pop(settings, None)
        if found is None or not found.is_current():
            found = Reader(settings)
        _open[settings] = found
        while len(_open) > MOST_OPEN:
            _open.pop(next(iter(_open)))
        return found
