"""Which computed tables nothing waits for any more, so that a build need not hold all of its steps at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from pipeline.engines.models import all_models

_FOR_GOOD = ""
"""Stands among those that wait for a table that is wanted itself."""


def tables_read(name: str) -> set[str]:
    """The computed tables that a model reads, itself or through views."""
    models = all_models()
    found: set[str] = set()
    for other in models[name].reads:
        if other in models:
            found |= tables_read(other) if models[other].is_view else {other}
    return found


class Leftovers:
    """The tables of one build that lead to others.

    Args:
        to_compute: the models that are still to be computed.
        wanted: those of which the build is for; they are never left over.
    """

    def __init__(self, to_compute: Iterable[str], wanted: Iterable[str]) -> None:
        self._waiting: dict[str, set[str]] = defaultdict(set)
        for name in to_compute:
            if not all_models()[name].is_view:
                self._wait(name, tables_read(name))
        for name in wanted:
            self._wait(_FOR_GOOD, tables_read(name) if all_models()[name].is_view else {name})

    def _wait(self, name: str, tables: set[str]) -> None:
        for table in tables:
            self._waiting[table].add(name)

    def after(self, name: str) -> list[str]:
        """The tables that nothing waits for any more, now that this model is computed."""
        ended = []
        for table, waiting in self._waiting.items():
            if name in waiting:
                waiting.discard(name)
                if not waiting:
                    ended.append(table)
        return ended
