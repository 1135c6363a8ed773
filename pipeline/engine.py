"""Runs the SQL models on DuckDB: the one place, beside intake, that knows an engine.

An engine is made for one question or one build and closed after it: its relations are its own, so that threads
and questions never meet. Inputs are registered by name; a model that is needed and not registered is computed
from its `.sql` into a temporary table, its own inputs first.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import duckdb
import pyarrow as pa

from pipeline.models import all_models
from pipeline.settings import Settings

if TYPE_CHECKING:
    import pandas as pd

logger = logging.getLogger(__name__)

_FILE_NUMBER = "_file_seq"
"""The column of a landed row that holds the number of the file it came from."""

_MACROS = (
    "CREATE MACRO unix_micros(t) AS epoch_us(t)",
    "CREATE MACRO timestamp_micros(x) AS make_timestamp(CAST(x AS BIGINT))",
    "CREATE MACRO datediff(ends_on, starts_on) AS date_diff('day', CAST(starts_on AS DATE), CAST(ends_on AS DATE))",
    "CREATE MACRO collect_list(x) AS list(x)",
    "CREATE MACRO sort_array(x) AS list_sort(x)",
    "CREATE MACRO array_join(x, separator) AS coalesce(array_to_string(x, separator), '')",
)


@dataclass(frozen=True)
class Before:
    """The instant (UTC, naive) by which the first of some columns must lie; empty ones do not count."""

    instant: datetime
    columns: tuple[str, ...]


class ModelFailed(Exception):
    """A model did not run: a bug of ours. The message names the model and shows its SQL."""


class Engine:
    """DuckDB with the portable functions, the reference tables, and models on demand.

    Args:
        settings: memory limit and threads.
        spill_dir: where what does not fit in memory goes; a folder of the system's for such where None.
    """

    def __init__(self, settings: Settings, spill_dir: Path | None = None) -> None:
        self._connection = duckdb.connect(":memory:")
        self._registered: dict[str, str] = {}
        """What is readable, and whether it is a TABLE or a VIEW."""
        self._providers: dict[str, Callable[[], None]] = {}
        self.last_file: int | None = None
        """Rows of Parquet files that come from a loaded file after this one are not read, where it is set."""
        run = self._connection.execute
        run("SET TimeZone = 'UTC'")
        run("SET enable_progress_bar = false")
        run("SET memory_limit = $limit", {"limit": settings.memory_limit})
        run("SET threads = $threads", {"threads": settings.threads})
        run("SET preserve_insertion_order = false")
        spill = spill_dir or Path(tempfile.gettempdir()) / "dgwatch-spill"
        run("SET temp_directory = $folder", {"folder": str(spill)})
        for macro in _MACROS:
            run(macro)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Gives everything back."""
        self._connection.close()

    def register_arrow(self, name: str, table: pa.Table) -> None:
        """Makes a small Arrow table readable under `name`."""
        self._connection.register("handed_in", table)
        self._create("TABLE", name, "FROM handed_in")
        self._connection.unregister("handed_in")

    def register_files(
        self, name: str, files: Iterable[str], schema: pa.Schema | None, before: Before | None = None
    ) -> None:
        """Makes Parquet files readable under `name`; without any, an empty relation of `schema`.

        Of rows that lie wholly at or after `before` nothing is read.
        """
        files = list(files)
        if not files:
            if schema is None:
                raise ModelFailed(f"{name} has no files")
            self.register_arrow(name, pa.Table.from_batches([], schema))
            return
        self.forget(name)
        relation = self._connection.read_parquet(files, hive_partitioning=False)
        if self.last_file is not None and _FILE_NUMBER in relation.columns:
            number = duckdb.ColumnExpression(_FILE_NUMBER)
            relation = relation.filter(number <= duckdb.ConstantExpression(self.last_file))
        if before is not None:
            instants = [duckdb.ColumnExpression(column) for column in before.columns]
            first = duckdb.FunctionExpression("least", *instants) if len(instants) > 1 else instants[0]
            relation = relation.filter(first < duckdb.ConstantExpression(before.instant))
        relation.create_view(_identifier(name))
        self._registered[name] = "VIEW"

    def provide(self, name: str, register: Callable[[], None]) -> None:
        """Says how an input comes to be; it is registered when something first reads it."""
        self._providers[name] = register

    def use_models(self, *names: str) -> None:
        """Takes back how inputs come to be, so that the models of these names compute them."""
        for name in names:
            self._providers.pop(name, None)
            self.forget(name)

    def alias(self, name: str, other: str) -> None:
        """Makes the relation `other` readable under `name` too."""
        self.need(other)
        self._create("VIEW", name, f"FROM {_identifier(other)}")

    def project(self, name: str, other: str, columns: Mapping[str, str]) -> None:
        """Makes `other` readable under `name` with computed columns (`{name: expression}` of closed lists)."""
        self.need(other)
        chosen = ", ".join(f"{expression} AS {_identifier(column)}" for column, expression in columns.items())
        self._create("VIEW", name, f"SELECT {chosen} FROM {_identifier(other)}")

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
        self._create("VIEW" if model.is_view else "TABLE", name, model.text)

    def _create(self, kind: str, name: str, select: str) -> None:
        self.forget(name)
        self._execute(name, f"CREATE {kind} {_identifier(name)} AS\n{select}")
        self._registered[name] = kind

    def forget(self, *names: str) -> None:
        """Drops computed relations, so that they are computed anew when needed."""
        for name in names:
            kind = self._registered.pop(name, None)
            if kind is not None:
                self._connection.execute(f"DROP {kind} {_identifier(name)}")

    def to_arrow(self, name: str, values: Mapping[str, Any] | None = None) -> pa.Table:
        """The rows of a model or relation. `values` are bound to its `$names`."""
        return self._relation(name, values).to_arrow_table()

    def to_frame(self, name: str, values: Mapping[str, Any] | None = None) -> pd.DataFrame:
        """The rows of a model or relation as a DataFrame: instants naive UTC, days as `datetime.date`."""
        return self._relation(name, values).to_arrow_table().to_pandas(date_as_object=True)

    def scalar(self, name: str) -> Any:
        """The first cell of a model or relation."""
        rows = self._result(name, None).fetchall()
        return rows[0][0] if rows else None

    def rows(self, name: str, values: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """The rows of a model or relation as tuples."""
        return self._result(name, values).fetchall()

    def write_parquet(self, name: str, path: Path, values: Mapping[str, Any] | None = None) -> int:
        """Writes a model or relation to one Parquet file (zstd). Returns its rows."""
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = self._execute(
            name,
            f"COPY ({self._select(name)}) TO $path (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)",
            {"path": str(path), **(values or {})},
        ).fetchall()
        return int(rows[0][0])

    def write_by_label(self, name: str, folder: Path, label: str) -> list[tuple[str, Path, int]]:
        """Writes a relation to one Parquet file for each value of its column `label`: (value, path, rows).

        The files lie in folders of their own below `folder`, and do not hold the column.
        """
        self.need(name)
        rows = self._execute(
            name,
            f"COPY (FROM {_identifier(name)}) TO $path (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, "
            f"PARTITION_BY ({_identifier(label)}), OVERWRITE_OR_IGNORE, RETURN_STATS)",
            {"path": str(folder)},
        ).fetchall()
        written = [(Path(row[0]), int(row[1])) for row in rows]
        return [(path.parent.name.split("=", 1)[1], path, count) for path, count in written]

    def schema(self, name: str) -> pa.Schema:
        """The Arrow schema of a relation."""
        self.need(name)
        return self._connection.table(_identifier(name)).limit(0).to_arrow_table().schema

    def _result(self, name: str, values: Mapping[str, Any] | None) -> duckdb.DuckDBPyConnection:
        return self._execute(name, self._select(name), values)

    def _relation(self, name: str, values: Mapping[str, Any] | None) -> duckdb.DuckDBPyRelation:
        sql = self._select(name)
        try:
            return self._connection.sql(sql, params=dict(values) if values else None)
        except duckdb.Error as error:
            raise ModelFailed(f"{name} did not run: {error}\n{sql}") from error

    def _select(self, name: str) -> str:
        """SQL for the rows of a relation, or of a model that is run once and not kept; what it reads is there."""
        model = all_models().get(name)
        if name in self._registered or name in self._providers or model is None:
            self.need(name)
            return f"FROM {_identifier(name)}"
        for other in model.reads:
            self.need(other)
        return model.text

    def _execute(
        self, name: str, sql: str, values: Mapping[str, Any] | None = None
    ) -> duckdb.DuckDBPyConnection:
        try:
            return self._connection.execute(sql, dict(values) if values else None)
        except duckdb.Error as error:
            raise ModelFailed(f"{name} did not run: {error}\n{sql}") from error


def _identifier(name: str) -> str:
    """A name from our own closed lists; identifiers cannot be bound."""
    if not name.replace("_", "a").isalnum():
        raise ValueError(f"not a name of ours: {name}")
    return name
