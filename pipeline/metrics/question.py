"""A question put to one release: filters brought to the reference's codes, and an engine that can answer."""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import pandas as pd
import pyarrow as pa

from pipeline.engines.relations import Before, Relations
from pipeline.errors import UserMistake
from pipeline.lake.lake import Lake, Part, Release
from pipeline.landed.found_rows import FoundRows
from pipeline.landed.key_index import KeyIndex
from pipeline.landed.named_rows import LandedRows
from pipeline.landed.shape import REJECT_SCHEMA
from pipeline.loading.kept_tables import OPEN
from pipeline.loading.ledger import FILES_SCHEMA, LOADS_SCHEMA
from pipeline.metrics.filters import Filters
from pipeline.metrics.kept.answers import KeptAnswers
from pipeline.question import LAST_DAY, computed_with, names_table, narrow, open_question, provide_files
from pipeline.reference.reading import Reference
from pipeline.settings import Settings

UNIDENTIFIED = "unidentified"
NOWHERE = "(nowhere)"
"""Stands among the ports asked for where none is left: no port at all, where an empty list is all of them."""
DIRECTIONS = ("import", "export", "transhipment")
BUILT_TABLES = {"stays": "batch_stays", "unit_stays": "unit_stays", "clearances": "clearances"}
INSTANTS = {
    "stays": ("arrived_at",),
    "unit_stays": ("arrived_at",),
    "clearances": ("arrived_at", "lodged_at", "inspected_at", "released_at", "left_at"),
}
"""The columns of a built table the first of which is the first instant of a row; a clearance's may run backwards."""


@dataclass
class Question:
    """Filters, a release and the reference tables; opens an engine when something is asked.

    The built tables of the release answer where they are the truth: everything known, an `as_of` not before the
    release's, and the same reference tables. Otherwise the core models are computed from landed rows.
    """

    settings: Settings
    lake: Lake
    release: Release
    reference: Reference
    filters: Filters
    answers: KeptAnswers | None = None

    def __post_init__(self) -> None:
        self._check()

    @cached_property
    def is_built(self) -> bool:
        """Whether the built tables hold for these instants and reference tables."""
        asked = self.filters
        return (
            asked.known_at is None
            and asked.last_file is None
            and self.release.reference_digest == computed_with(self.reference)
            and (
                asked.as_of is None or (self.release.as_of is not None and asked.as_of >= self.release.as_of)
            )
        )

    @property
    def kept(self) -> KeptAnswers | None:
        """The answers that are kept of this release; None where it is looked at from another instant."""
        is_now = self.is_built and self.filters.as_of in (None, self.release.as_of)
        return self.answers if is_now else None

    @cached_property
    def as_of(self) -> dt.datetime | None:
        """The instant looked at; None where there is no move and no milestone."""
        if self.filters.as_of is not None:
            return self.filters.as_of
        if self.filters.known_at is None:
            return self.release.as_of
        found: dt.datetime | None = self.engine.to_frame("params")["as_of"].iloc[0]
        return None if pd.isna(found) else pd.Timestamp(found).to_pydatetime()

    @cached_property
    def engine(self) -> Relations:
        """The engine of this question; closed by `close`."""
        asked = self.filters
        default = self.release.as_of if asked.known_at is None else None
        engine = open_question(
            self.settings, self.reference, self._files, asked.known_at, asked.as_of or default
        )
        engine.last_file = asked.last_file
        if self.is_built:
            self._provide_built(engine)
        provide_files(engine, "rejects", lambda: self._files("rejects"), REJECT_SCHEMA)
        provide_files(engine, "files", lambda: self._files("files"), FILES_SCHEMA)
        provide_files(engine, "loads", lambda: self._files("loads"), LOADS_SCHEMA)
        self._register_filters(engine)
        return engine

    def close(self) -> None:
        """Gives the engine back."""
        if "engine" in self.__dict__:
            self.engine.close()

    def frame(self, model: str, **values: Any) -> pd.DataFrame:
        """The rows of a model; `values` are bound to its `$names`."""
        return self.engine.to_frame(model, values)

    @cached_property
    def landed_rows(self) -> LandedRows:
        """The landed rows of the release by box and batch, for a question about few of them."""
        is_searched = self.engine.is_local and self.filters.last_file is None
        place = self.lake.place
        index = KeyIndex(place.keys, place.name_of, self.settings, is_reader=True) if is_searched else None
        found = FoundRows(self.engine, index, self.settings.threads)
        return LandedRows(self.engine, found, partial(self.lake.parts, self.release))

    def narrow_by(self, units: str, consignments: str) -> None:
        """Lets the core models see only landed rows of the units and batches that two relations name.

        The relations are computed first and built tables stay, so that what stands in a yard now is told without
        reading history twice. Where the built tables do not hold, everything was computed already, and stays.
        """
        if not self.is_built:
            return
        engine = self.engine
        for scope, names in (("scope_units", units), ("scope_consignments", consignments)):
            engine.need(names)
            engine.alias(scope, names)
        narrow(engine, self._files)

    def _files(self, table: str) -> list[str]:
        return _largest_first(self.lake.parts(self.release, table))

    def _provide_built(self, engine: Relations) -> None:
        for table, model in BUILT_TABLES.items():
            files = self._files(table)
            if files:
                engine.provide(model, partial(engine.register_files, model, files, None))

    def _check(self) -> None:
        as_of = self.filters.as_of
        if as_of is not None and as_of.date() >= LAST_DAY:
            raise UserMistake(
                f"as_of {as_of:%Y-%m-%d} lies beyond the calendar", f"Days are counted before {LAST_DAY}."
            )
        asked = self.filters
        if asked.direction is not None and asked.direction not in DIRECTIONS:
            raise UserMistake(f"{asked.direction}: no such direction", f"One of {', '.join(DIRECTIONS)}.")
        if asked.count not in ("batch", "unit"):
            raise UserMistake(f"{asked.count}: nothing to count by", "Count batch or unit.")

    @cached_property
    def ports(self) -> tuple[str, ...]:
        """The ports asked for, by their own codes. Raises `UserMistake` for a port that is not in the list."""
        known = self.reference.port_of
        own = []
        for code in self.filters.ports:
            if code == NOWHERE:
                own.append(code)
                continue
            if code.upper() not in known:
                raise UserMistake(f"{code}: no such port", _near(code, known))
            own.append(known[code.upper()])
        return tuple(dict.fromkeys(own))

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """Every class code that the classes asked for fit. Raises `UserMistake` for one that is not in the list."""
        known = [*sorted(self.reference.classes), UNIDENTIFIED]
        fitting: dict[str, None] = {}
        for asked in self.filters.classes:
            found = [code for code in known if code.upper().startswith(asked.upper())]
            if asked.upper() not in {code.upper() for code in known}:
                raise UserMistake(f"{asked}: no such class", _near(asked, known))
            fitting.update(dict.fromkeys(found))
        return tuple(fitting)

    def _register_filters(self, engine: Relations) -> None:
        asked = self.filters
        directions = [asked.direction] if asked.direction else []
        wanted = {
            "wanted_ports": names_table("un_location_code", self.ports),
            "wanted_classes": names_table("code", self.classes),
            "wanted_directions": names_table("direction", directions),
        }
        for name, table in wanted.items():
            engine.provide(name, partial(engine.register_arrow, name, table))
        engine.provide(
            "stays", lambda: engine.alias("stays", "unit_stays" if asked.count == "unit" else "batch_stays")
        )
        if not (self.ports or self.classes or directions):
            # The same rows, without the cost of asking each one.
            engine.provide("counted", lambda: engine.alias("counted", "stays"))
            engine.provide("wanted_clearances", lambda: engine.alias("wanted_clearances", "clearances"))
        engine.provide("asked", partial(self.register_asked, asked, engine))

    def read_within(self, first: dt.date | None, last: dt.date | None = None) -> None:
        """Reads of the built tables only what durations from one local day to another need.

        That is neither what had closed before the first day nor what lies after the last.
        """
        if not self.is_built or (first is None and last is None):
            return
        # A day's midnight in any zone may lie in the UTC month before, and in the UTC day after.
        day = dt.timedelta(days=1)
        after = dt.datetime.combine(last + 3 * day, dt.time()) if last else None
        for table, model in BUILT_TABLES.items():
            kept = self.files_between(table, first - day if first else dt.date.min, None)
            before = Before(after, INSTANTS[table]) if after else None
            if kept:
                register = partial(self.engine.register_files, model, kept, None, before)
                self.engine.provide(model, register)

    def read_last(self, days: float) -> None:
        """Reads of the built tables only what was open at some instant of so many days before as_of."""
        if self.is_built and self.as_of is not None:
            self.read_within((self.as_of - dt.timedelta(days=days)).date())

    def read_open(self) -> None:
        """Reads of the built tables only what is open: nothing else is in a yard at the release's as-of, or after it."""
        if not self.is_built:
            return
        for table, model in BUILT_TABLES.items():
            files = self.files_between(table, None, None)
            if files:
                self.engine.provide(model, partial(self.engine.register_files, model, files, None))

    def files_between(
        self, table: str, first: dt.date | None, last: dt.date | None, with_open: bool = True
    ) -> list[str]:
        """The files of a built table with what is open, and with what closed in the UTC months of two days.

        Nothing that closed where `first` is None; all from its month on where `last` is.
        """
        parts = self.lake.parts(self.release, table)
        months = ("", "") if first is None else (first.isoformat()[:7], (last or dt.date.max).isoformat()[:7])
        return _largest_first(
            part
            for part in parts
            if part.label is None
            or (with_open if part.label == OPEN else months[0] <= part.label <= months[1])
        )

    def rows_since(self, table: str, first: dt.date) -> int:
        """How many rows a built table has that are open or closed in the UTC month of a day or later."""
        month = first.isoformat()[:7]
        parts = self.lake.parts(self.release, table)
        return sum(part.rows for part in parts if part.label in (None, OPEN) or part.label >= month)

    def register_asked(self, asked: Filters, engine: Relations | None = None) -> None:
        """Registers the columns and days asked for; a metric of two windows does so for one after the other."""
        (engine or self.engine).register_arrow("asked", _asked(asked))


def _largest_first(parts: Iterable[Part]) -> list[str]:
    """The files of parts. An engine guesses the rows of all from the first: a small one would mislead its joins."""
    return [part.path for part in sorted(parts, key=lambda part: -part.rows)]


@contextmanager
def closing(question: Question) -> Iterator[Question]:
    """Gives the question's engine back, whatever happens."""
    try:
        yield question
    finally:
        question.close()


STOCK_COLUMNS = {
    "date": "date",
    "port": "un_location_code",
    "facility": "facility_code",
    "class": "lead_class",
    "age_bucket": "age_bucket",
    "direction": "direction",
}
"""What `stock --by` takes, and the columns that follow it."""


def _asked(asked: Filters) -> pa.Table:
    day = dt.timedelta(days=1)
    flags = {f"by_{name}": [name in asked.by] for name in STOCK_COLUMNS}
    dates = {
        "date_from": asked.date_from,
        "date_to": asked.date_to,
        "day_after_to": asked.date_to + day if asked.date_to else None,
    }
    return pa.table(flags | {name: pa.array([value], pa.date32()) for name, value in dates.items()})


def _near(text: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(text.upper(), [code.upper() for code in known], n=3)
    return (
        f"Did you mean {', '.join(close)}?" if close else "See the reference tables for the codes there are."
    )
