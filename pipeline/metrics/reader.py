"""The reader of one release of a lake: whatever a page shows or a report prints comes through here."""

from __future__ import annotations

import datetime as dt
from functools import cached_property
from typing import Any

import pandas as pd

from pipeline import acknowledgements
from pipeline.engines.relations import frame_of
from pipeline.errors import NothingFound, UserMistake
from pipeline.lake.lake import Lake, Release
from pipeline.metrics import elsewhere
from pipeline.metrics.filters import Filters
from pipeline.metrics.kept.answers import KeptAnswers
from pipeline.metrics.question import Question, closing
from pipeline.metrics.registry import REGISTRY
from pipeline.reference.reading import Reference, load_reference
from pipeline.settings import Settings


def frame_key(key: str, asked: Filters) -> tuple[Any, ...]:
    """Under which the rows of a metric are kept for what was asked."""
    return (key, asked)


class Reader:
    """One consistent release of a lake. Threads may share it: every question has an engine of its own.

    `release` is None for an empty lake.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.lake = Lake(settings.lake)
        self.release: Release | None = self.lake.release()
        self.reference: Reference = load_reference(settings.reference)

    def is_current(self) -> bool:
        """Whether the lake and the reference tables still are what this reader opened."""
        now = self.lake.release()
        before = self.release
        same_build = (now and now.build_id) == (before and before.build_id)
        return same_build and load_reference(self.settings.reference).digest == self.reference.digest

    def query(self, key: str, filters: Filters | None = None) -> pd.DataFrame:
        """The frame of a metric.

        Columns are those of its registry entry (and, for `stock`, as asked); instants are naive UTC.
        Raises `UserMistake` for a metric or filter that makes no sense, `NothingFound` on an empty lake.
        """
        metric = REGISTRY.get(key)
        if metric is None:
            raise UserMistake(f"{key}: no such metric", "See the methodology for those there are.")
        if self.settings.remote is not None:
            elsewhere.check(key)
        with closing(self._question(filters or Filters())) as question:
            kept = question.kept.table(*frame_key(key, question.filters)) if question.kept else None
            return metric.compute(question) if kept is None else frame_of(kept)

    def as_of(self, filters: Filters | None = None) -> dt.datetime | None:
        """The instant that the filters look at: as asked, else the latest event known. None without any event."""
        question = self._question(filters or Filters())
        try:
            return question.as_of
        finally:
            question.close()

    @cached_property
    def _latest(self) -> dict[str, Any]:
        question = self._question(Filters())
        try:
            found = question.engine.to_arrow("latest_known").to_pylist()[0]
            loaded = question.engine.to_arrow("files")["loaded_at"].to_pylist()
            return found | {"loaded_at": max(loaded, default=None)}
        finally:
            question.close()

    def known_at(self, key: str, filters: Filters | None = None) -> dt.datetime | None:
        """The `known_at` that gives a metric's figures of now again: as asked, else the latest in the lake.

        Of what tells of loads, that of the last load; of what shows the log, its latest entry too; of all else, the
        latest instant of any landed row.
        """
        if filters is not None and filters.known_at is not None:
            return filters.known_at
        latest = [self._latest["known_at"]]
        if REGISTRY[key].family == "trust":
            latest.append(self._latest["loaded_at"])
        if REGISTRY[key].follows_log:
            latest += acknowledgements.log_of(self.settings.lake).read()["acknowledged_at"].to_pylist()
        return max((instant for instant in latest if instant is not None), default=None)

    def last_file(self, filters: Filters | None = None) -> int | None:
        """The number of the last loaded file whose rows count."""
        asked = filters.last_file if filters is not None else None
        last: int | None = self._latest["last_file"] if asked is None else asked
        return last

    def log_version(self) -> int:
        """How often the log of acknowledgements was added to, at this moment: what some metrics show follows it."""
        return acknowledgements.log_of(self.settings.lake).version()

    def question(self, filters: Filters) -> Question:
        """A question to the release; whoever asks for it closes it. Raises `NothingFound` on an empty lake."""
        return self._question(filters)

    def _question(self, filters: Filters) -> Question:
        if self.release is None:
            raise NothingFound(
                f"{self.settings.lake}: nothing was loaded yet", "Load files first: dgwatch load PATH"
            )
        return Question(self.settings, self.lake, self.release, self.reference, filters, self.answers)

    @cached_property
    def answers(self) -> KeptAnswers | None:
        """The answers that are kept of the release; None for an empty lake."""
        return KeptAnswers.of(self.settings.lake, self.release, self.reference) if self.release else None
