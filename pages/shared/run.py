"""What one run of a screen looks up again and again, looked up once: the session's state answers slowly."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar, cast

from streamlit.runtime.scriptrunner import get_script_run_ctx

T = TypeVar("T")


class _Held(threading.local):
    """A run has a thread of its own, and a session one context for all runs of that thread."""

    context: object | None = None
    values: dict[str, Any]


_held = _Held()


def of(name: str, look_up: Callable[[], T]) -> T:
    """What `look_up` gives, held until the run ends or `hold` says otherwise; outside a run looked up each time."""
    values = _values()
    if values is None:
        return look_up()
    if name not in values:
        values[name] = look_up()
    return cast(T, values[name])


def hold(name: str, value: object) -> None:
    """From now on in this run `of(name, ...)` is `value`."""
    values = _values()
    if values is not None:
        values[name] = value


def _values() -> dict[str, Any] | None:
    context = get_script_run_ctx(suppress_warning=True)
    if context is None:
        return None
    if _held.context is not context:
        _held.context, _held.values = context, {}
    return _held.values
