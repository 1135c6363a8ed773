"""What was made once is kept for every session: frames, labels, figures, by what they were made of.

A hundred people look at the same release. `by_arguments` makes a function of nothing but its arguments compute once
for all of them. Frames are told apart by where they came from, or by what is in them; the least recently used goes
when more is held than `MAX_BYTES`, and whoever asks for what another is just making waits for it.
"""

from __future__ import annotations

import hashlib
import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pyarrow as pa

from pages.shared.figures.plot import Drawing

P = ParamSpec("P")
T = TypeVar("T")

MAX_BYTES = 192 * 2**20
"""Held at most over all sessions, as far as the sizes of the parts can be told."""
NEARLY_FULL = 0.7
"""The share of it beyond which nothing is made that nobody has asked for."""
AT_ONCE = 2
"""Made at a time: more would not be done sooner, and would slow down all who find theirs held."""
LEAST_BYTES = 2_000
"""What anything costs, with its key."""
OBJECT_BYTES = 64
"""What a cell costs, about, that is an object of its own: to count every one would take longer than to make it."""


class Shelf:
    """Values by key, bounded in bytes, shared between threads."""

    def __init__(self, max_bytes: int = MAX_BYTES, at_once: int = AT_ONCE) -> None:
        self.made = 0
        self.held_bytes = 0
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._held: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._making: dict[Hashable, threading.Lock] = {}
        self._benches = threading.BoundedSemaphore(at_once)
        self._mine = threading.local()

    def of(self, key: Hashable, make: Callable[[], T]) -> T:
        """The value of `key`, made where it is not held. What `make` raises is raised and nothing is kept."""
        found, turn = self._find(key)
        if turn is None:
            return cast(T, found)
        # Who is at work holds a bench and must not wait for somebody who waits for a bench: makes its own.
        if not turn.acquire(blocking=not self._is_at_work()):
            return make()
        try:
            found, again = self._find(key)
            if again is None:
                return cast(T, found)
            value = self._made(make)
            if isinstance(value, go.Figure):
                value = cast(T, Drawing.finished(value))
            self._keep(key, value)
            return value
        finally:
            with self._lock:
                self._making.pop(key, None)
            turn.release()

    def _made(self, make: Callable[[], T]) -> T:
        """What `make` gives, in its turn; what is made for something that is being made has its turn already."""
        if self._is_at_work():
            return make()
        with self._benches:
            self._mine.is_at_work = True
            try:
                return make()
            finally:
                self._mine.is_at_work = False

    def _is_at_work(self) -> bool:
        return getattr(self._mine, "is_at_work", False)

    def contents(self) -> dict[Hashable, Hashable]:
        """What is in the frames that are held now, by their keys: they are everybody's, so it must not change."""
        with self._lock:
            frames = [
                (key, value) for key, (value, _) in self._held.items() if isinstance(value, pd.DataFrame)
            ]
        return {key: _content(frame) for key, frame in frames}

    def is_nearly_full(self) -> bool:
        """Whether what comes next soon pushes out what was asked for."""
        return self.held_bytes > NEARLY_FULL * self._max_bytes

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._held.clear()
            self.held_bytes = 0

    def _find(self, key: Hashable) -> tuple[Any, threading.Lock | None]:
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
                return self._held[key][0], None
            return None, self._making.setdefault(key, threading.Lock())

    def _keep(self, key: Hashable, value: Any) -> None:
        size = _size(value)
        with self._lock:
            self.made += 1
            if size > self._max_bytes:
                return
            self.held_bytes += size - self._held.pop(key, (None, 0))[1]
            self._held[key] = (value, size)
            while self.held_bytes > self._max_bytes:
                self.held_bytes -= self._held.popitem(last=False)[1][1]


SHELF = Shelf()
"""The one of this process."""

_sources: dict[int, tuple[weakref.ref[pd.DataFrame], Hashable]] = {}


def of(key: Hashable, make: Callable[[], T]) -> T:
    """As `Shelf.of`; a frame is known by where it came from. What is handed out is everybody's: nobody changes it."""
    value = SHELF.of(key, make)
    if isinstance(value, pd.DataFrame) and _source(value) is None:
        place = id(value)
        _sources[place] = (weakref.ref(value, lambda _: _sources.pop(place, None)), key)
    return value


def by_arguments(function: Callable[P, T]) -> Callable[P, T]:
    """Make a function that depends on nothing but its arguments compute once for equal ones."""

    @wraps(function)
    def ask(*args: P.args, **kwargs: P.kwargs) -> T:
        key = (function.__module__, function.__qualname__, mark(args), mark(kwargs))
        return of(key, lambda: function(*args, **kwargs))

    return ask


def mark(value: Any) -> Hashable:
    """What tells a value from others: itself, or for what cannot be a key, what it is made of."""
    if isinstance(value, pd.DataFrame):
        return _source(value) or _content(value)
    if isinstance(value, pd.Series):
        return _content(value.to_frame())
    if isinstance(value, Mapping):
        return tuple((key, mark(one)) for key, one in value.items())
    if isinstance(value, (list, tuple)):
        return (type(value).__name__, *map(mark, value))
    if isinstance(value, (bool, int, float)):
        return type(value).__name__, value
    return cast(Hashable, value)


def _source(frame: pd.DataFrame) -> Hashable | None:
    reference, key = _sources.get(id(frame), (None, None))
    return key if reference is not None and reference() is frame else None


def _content(frame: pd.DataFrame) -> Hashable:
    rows = pd.util.hash_pandas_object(frame).to_numpy()
    named = repr([(name, str(dtype)) for name, dtype in frame.dtypes.items()])
    return hashlib.blake2b(rows.tobytes() + named.encode(), digest_size=16).digest()


def _size(value: Any) -> int:
    if isinstance(value, pd.DataFrame):
        objects = sum(isinstance(dtype, np.dtype) and dtype.kind == "O" for dtype in value.dtypes)
        return LEAST_BYTES + int(value.memory_usage(deep=False).sum()) + OBJECT_BYTES * objects * len(value)
    if isinstance(value, Drawing):
        return LEAST_BYTES + 4 * value.length
    if isinstance(value, pa.Table):
        return LEAST_BYTES + int(value.nbytes)
    if isinstance(value, tuple):
        return sum(map(_size, value))
    return LEAST_BYTES
