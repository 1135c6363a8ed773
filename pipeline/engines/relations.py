"""Relations by name, each computed when something first reads it: what every engine has in common.

Inputs are registered by name; a model that is needed and not registered is computed from its `.sql`, its own inputs
first. Which engine computes is the affair of the classes that build on this one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import pyarrow as pa

from pipeline.engines.models import all_models

if TYPE_CHECKING:
    import pandas as pd

FILE_NUMBER = "_file_seq"
"""The column of a landed row that holds the number of the file it came from."""


@dataclass(frozen=True)
class Before:
    """The instant (UTC, naive) by which the first of some columns must lie; empty ones do not count."""

    instant: datetime
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Present:
    """Stays that arrived before an instant (UTC, naive) and did not leave before another one.

    Args:
        codes: columns, and the codes one of which must stand there; any where there are none.
        shorter_than: those that ended and were shorter, alone.
    """

    came_before: datetime
    left_from: datetime
    codes: Mapping[str, tuple[str, ...]]
    shorter_than: timedelta | None = None


@dataclass(frozen=True)
class Share:
    """Of the rows of a relation those whose `column` falls to `number` (from 0) when its values are dealt out to `of`.

    The same value always falls to the same number; rows without one stay together.
    """

    column: str
    number: int
    of: int


class ModelFailed(Exception):
    """A model did not run: a bug of ours. The message names the model and shows its SQL."""


class Relations(ABC):
    """What is readable by name in one engine, made for one question or one build and closed after it."""

    is_local = False
    """Whether the engine is in this process, so that many rows can be handed over."""

    def __init__(self) -> None:
        self._registered: dict[str, str] = {}
        """What is readable, and whether it is a TABLE, a VIEW or the engine's own affair."""
        self._providers: dict[str, Callable[[], None]] = {}
        self.last_file: int | None = None
        """Rows of Parquet files that come from a loaded file after this one are not read, where it is set."""
        self.shares: dict[str, Share] = {}
        """By the name under which Parquet files are readable: the share of their rows that is read."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @abstractmethod
    def close(self) -> None:
        """Gives everything back."""

    @abstractmethod
    def register_arrow(self, name: str, table: pa.Table) -> None:
        """Makes a small Arrow table readable under `name`."""

    def register_files(
        self, name: str, files: Iterable[str], schema: pa.Schema | None, before: Before | None = None
    ) -> None:
        """Makes Parquet files readable under `name`; without any, an empty relation of `schema`.

        Of rows that lie wholly at or after `before` nothing is read.
        """
        files = list(files)
        if files:
            self._register_files(name, files, before)
        elif schema is None:
            raise ModelFailed(f"{name} has no files")
        else:
            self.register_arrow(name, pa.Table.from_batches([], schema))

    @abstractmethod
    def _register_files(self, name: str, files: list[str], before: Before | None) -> None:
        """Makes Parquet files, at least one, readable under `name`."""

    def provide(self, name: str, register: Callable[[], None]) -> None:
        """Says how an input comes to be; it is registered when something first reads it."""
        self._providers[name] = register

    def provide_constant(self, name: str, rows: Callable[[], pa.Table]) -> None:
        """Says how a small input comes to be that is the same for other questions too."""
        self.provide(name, lambda: self.register_arrow(name, rows()))

    def use_models(self, *names: str) -> None:
        """Takes back how inputs come to be, so that the models of these names compute them."""
        for name in names:
            self._providers.pop(name, None)
            self.forget(name)

    def alias(self, name: str, other: str) -> None:
        """Makes the relation `other` readable under `name` too."""
        self.need(other)
        self._create("VIEW", name, f"SELECT * FROM {identifier(other)}", [other])

    def project(self, name: str, other: str, columns: Mapping[str, str]) -> None:
        """Makes `other` readable under `name` with computed columns (`{name: expression}` of closed lists)."""
        self.need(other)
        self._create("VIEW", name, projection(other, columns), [other])

    def has(self, name: str) -> bool:
        """Whether `name` is readable already."""
        return name in self._registered

    def need(self, name: str) -> None:
        """Sees that `name` is readable, computing it and what it reads where it is not."""
        if name in self._registered:
            return
        if name in self._providers:
            self._providers[name]()
            return
        model = all_models().get(name)
        if model is None:
            raise ModelFailed(f"nothing is called {name}: neither a registered input nor a model")
        for other in model.reads:
            self.need(other)
        self._create("VIEW" if model.is_view else "TABLE", name, model.text, model.reads)

    @abstractmethod
    def written(self, name: str, files: list[str]) -> None:
        """Says which Parquet files hold all rows of a computed table: an engine may read those in its place."""

    @abstractmethod
    def forget_unread(self, *models: str) -> None:
        """An engine that holds what it computed may drop what none of these models reads."""

    def need_all(self, *names: str, keep_steps: bool = True) -> None:
        """Sees that all these are readable; an engine may compute side by side what does not wait for each other.

        Without `keep_steps` it may drop the tables that only led to them: a later question computes those anew.
        """
        for name in names:
            self.need(name)

    def side_by_side(self, steps: Sequence[Callable[[Relations], None]]) -> None:
        """Runs steps, each of which computes relations of its own that no other needs; they may have the same names.

        A step is handed the engine to ask. An engine may run them at once, each apart from what others come to.
        """
        for step in steps:
            step(self)

    def _missing(self, names: Iterable[str]) -> dict[str, set[str]]:
        """The models that have to be computed for these to be readable, each with those of them that it reads.

        Inputs are registered on the way.
        """
        found: dict[str, set[str]] = {}

        def look(name: str) -> None:
            if name in self._registered or name in found:
                return
            model = all_models().get(name)
            if name in self._providers or model is None:
                self.need(name)
                return
            for other in model.reads:
                look(other)
            found[name] = {other for other in model.reads if other in found}

        for name in names:
            look(name)
        return found

    @abstractmethod
    def _create(self, kind: str, name: str, select: str, reads: Iterable[str]) -> None:
        """Makes `name` readable: a TABLE computed now, or a VIEW that is computed where it is read."""

    def forget(self, *names: str) -> None:
        """Drops computed relations, so that they are computed anew when needed."""
        for name in names:
            kind = self._registered.pop(name, None)
            if kind is not None:
                self._drop(kind, name)

    @abstractmethod
    def _drop(self, kind: str, name: str) -> None:
        """Makes `name` unreadable."""

    @abstractmethod
    def to_arrow(self, name: str, values: Mapping[str, Any] | None = None) -> pa.Table:
        """The rows of a model or relation. `values` are bound to its `$names`."""

    @abstractmethod
    def computed(self, name: str, columns: Mapping[str, str]) -> pa.Table:
        """Computed columns (`{name: expression}` of closed lists) of the rows of a relation."""

    def to_frame(self, name: str, values: Mapping[str, Any] | None = None) -> pd.DataFrame:
        """The rows of a model or relation as a DataFrame: instants naive UTC, days as `datetime.date`."""
        return frame_of(self.to_arrow(name, values))

    def first_rows(self, name: str, count: int) -> pa.Table:
        """The first rows of a model that says in which order its rows are."""
        return self.to_arrow(name).slice(0, count)

    def blocks(self, name: str) -> Iterator[pa.RecordBatch]:
        """The rows of a model or relation, a block at a time; nothing else is to be asked before the last."""
        yield from self.to_arrow(name).to_batches()

    def scalar(self, name: str) -> Any:
        """The first cell of a model or relation."""
        rows = self.rows(name)
        return rows[0][0] if rows else None

    @abstractmethod
    def rows(self, name: str, values: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """The rows of a model or relation as tuples."""

    @abstractmethod
    def write_parquet(self, name: str, path: Path, values: Mapping[str, Any] | None = None) -> int:
        """Writes a model or relation to one Parquet file. Returns its rows."""

    @abstractmethod
    def write_by_label(self, name: str, folder: Path, label: str) -> list[tuple[date, Path, int]]:
        """Writes a relation to Parquet files by the day in its column `label`: (day, path, rows), by day.

        The files lie below `folder`, and do not hold the column. A day may have several.
        """

    @abstractmethod
    def schema(self, name: str) -> pa.Schema:
        """The Arrow schema of a relation."""

    def _select(self, name: str) -> str:
        """SQL for the rows of a relation, or of a model that is run once and not kept; what it reads is there."""
        model = all_models().get(name)
        if name in self._registered or name in self._providers or model is None:
            self.need(name)
            return f"SELECT * FROM {identifier(name)}"
        for other in model.reads:
            self.need(other)
        return model.text


def projection(name: str, columns: Mapping[str, str]) -> str:
    """SQL for computed columns (`{name: expression}` of closed lists) of the rows of a relation."""
    chosen = ", ".join(f"{expression} AS {identifier(column)}" for column, expression in columns.items())
    return f"SELECT {chosen} FROM {identifier(name)}"


def frame_of(table: pa.Table) -> pd.DataFrame:
    """The rows of a table as a DataFrame: instants naive UTC, days as `datetime.date`."""
    frame: pd.DataFrame = table.to_pandas(date_as_object=True)
    return frame


def identifier(name: str) -> str:
    """A name from our own closed lists; identifiers cannot be bound."""
    if not name.replace("_", "a").isalnum():
        raise ValueError(f"not a name of ours: {name}")
    return name
