"""Engines before another one: each has relations of its own, so that steps with the same names run at once."""

from __future__ import annotations

from functools import partial
from threading import Lock

from pipeline.engines.duckdb_engine import CONSTANT, Engine
from pipeline.engines.relations import Relations


class Apart(Engine):
    """Sees what is readable in the engine behind it, and has relations of its own, which that one does not see."""

    def __init__(self, behind: Engine) -> None:
        Relations.__init__(self)
        self._behind, self._making = behind, Lock()
        self._shared, self._constants = behind._shared, behind._constants
        self._threads, self._threads_of_query = behind._threads, behind._threads_of_query
        self.last_file, self.shares = behind.last_file, behind.shares
        self._providers = {name: partial(self._have_provided, name) for name in behind._providers}
        with behind._making:
            self._registered = dict.fromkeys(behind._registered, CONSTANT)
        self._attach(behind._connection.cursor(), behind._schemas)

    def _have_provided(self, name: str) -> None:
        """Inputs come to be in the engine behind, once for all."""
        with self._behind._making:
            self._behind.need(name)
        self._registered[name] = CONSTANT
