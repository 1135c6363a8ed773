"""Runs the SQL models on DuckDB: beside intake, the one place that knows how to ask an engine in this process.

An engine is made for one question or one build and closed after it: its relations are its own, so that threads
and questions never meet. A model that is needed is computed from its `.sql` into a temporary table.

Questions of a process share what is costly to make, a DuckDB instance with its threads, its memory and the footers of
the Parquet files that it has read; each has an attached database of its own in it.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import date, timedelta
from functools import partial
from graphlib import TopologicalSorter
from pathlib import Path
from threading import Lock
from typing import Any

import duckdb
import pyarrow as pa

from pipeline.engines.instances import Shared, instance_of, shared_instance
from pipeline.engines.leftovers import Leftovers, tables_read
from pipeline.engines.models import all_models
from pipeline.engines.relations import (
    FILE_NUMBER,
    Before,
    ModelFailed,
    Present,
    Relations,
    Share,
    identifier,
    projection,
)
from pipeline.errors import UserMistake
from pipeline.lake.object_cache import readable
from pipeline.settings import Settings

__all__ = ["Engine", "ModelFailed"]

logger = logging.getLogger(__name__)

HASH_NAME = f"duckdb-{duckdb.__version__}"
"""Whose `hash` it is: another version may give other numbers."""

_PARQUET = "FORMAT parquet, PARQUET_VERSION v2, COMPRESSION lz4_raw, DICTIONARY_SIZE_LIMIT 2000, ROW_GROUP_SIZE 16384"
"""Instants as differences of few bits; a dictionary of names is given up early. Read a third faster than with zstd.
A row is found by reading its row group; a scan of all of them costs a twentieth more than with the usual size."""
ROWS_A_BLOCK = 1_000_000

_SESSION = "SET enable_progress_bar = false; SET enable_caching_operators = false"
"""Operators that gather the rows of small chunks mistake one dictionary for another in DuckDB 2.0.0 ("dict-surviving
cache: global dictionary column changed identity"), which ends the instance for every question of the process."""

CONSTANT = "CONSTANT"
"""What is readable in an engine that does not own it."""

_numbers = itertools.count(1)


class LacksMemory(ModelFailed):
    """A query beside others did not fit in the memory that they share."""


class Engine(Relations):
    """DuckDB with the portable functions, the reference tables, and models on demand.

    Args:
        settings: memory limit and threads.
        spill_dir: where what does not fit in memory goes, in an instance of its own; the questions of a process share
            one where None.
        has_few_rows: each of its queries keeps to one thread: to deal few rows out to several costs more than it gains. It
            has a shared instance whatever `spill_dir` is.
        constants: what tells apart the tables that `provide_constant` is given: questions for which it is the same
            share them. Each engine makes its own where None.
    """

    is_local = True

    def __init__(
        self,
        settings: Settings,
        spill_dir: Path | None = None,
        has_few_rows: bool = False,
        constants: str | None = None,
    ) -> None:
        super().__init__()
        limits = settings.memory_limit, 1 if has_few_rows else settings.threads
        self._shared = None if spill_dir and not has_few_rows else shared_instance(*limits)
        # All of history may have a gigabyte of footers: they are for who reads a few parts again and again.
        instance = (
            self._shared.connection
            if self._shared
            else instance_of(*limits, spill_dir or Path(), keeps_footers=False)
        )
        self._constants = self._shared.schema(constants) if self._shared and constants else None
        self._threads = settings.threads
        self._threads_of_query = limits[1]
        self._making = Lock()
        # Threads ask for engines at once: a connection runs one statement at a time, and a cursor is one of its own.
        self._attach(instance.cursor(), [self._constants] if self._constants else [])

    def _attach(self, cursor: duckdb.DuckDBPyConnection, beside: Sequence[str]) -> None:
        """Gives it a database of its own; what is not there is looked for in these schemas."""
        self._database = f"question_{next(_numbers)}"
        cursor.execute(f"ATTACH ':memory:' AS {self._database}")
        self._schemas = [f"{self._database}.main", *beside]
        self._connection = self._looking_here(cursor)

    def _looking_here(self, cursor: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
        """A cursor that finds relations in this engine's schemas, and the portable functions beside them."""
        return cursor.execute(f"SET search_path = '{','.join(self._schemas)},memory.main'; {_SESSION}")

    def _beside(self) -> duckdb.DuckDBPyConnection:
        """A cursor for another thread; to be closed there."""
        return self._looking_here(self._connection.cursor())

    def close(self) -> None:
        """Gives everything back."""
        self._connection.execute(f"SET search_path = 'memory.main'; DETACH {self._database}")
        self._connection.close()

    def register_arrow(self, name: str, table: pa.Table) -> None:
        """Makes a small Arrow table readable under `name`."""
        self.forget(name)
        handed_in = table  # noqa: F841 - found by its name, which costs half of what registering it does
        self._connection.execute(f"CREATE TABLE {identifier(name)} AS FROM handed_in")
        self._registered[name] = "TABLE"

    def provide_constant(self, name: str, rows: Callable[[], pa.Table]) -> None:
        """As in `Relations`; shared by the questions of this process that have the same constants."""
        if self._shared is None or self._constants is None:
            super().provide_constant(name, rows)
        else:
            self.provide(name, partial(self._share, self._shared, name, rows))

    def _share(self, shared: Shared, name: str, rows: Callable[[], pa.Table]) -> None:
        shared.see_to(f"{self._constants}.{identifier(name)}", rows)
        self._registered[name] = CONSTANT

    def _register_files(self, name: str, files: list[str], before: Before | None) -> None:
        self.forget(name)
        relation = self._connection.read_parquet(readable(files), hive_partitioning=False)
        if self.last_file is not None and FILE_NUMBER in relation.columns:
            number = duckdb.ColumnExpression(FILE_NUMBER)
            relation = relation.filter(number <= duckdb.ConstantExpression(self.last_file))
        if name in self.shares:
            relation = relation.filter(_falls_to(self.shares[name]))
        if before is not None:
            instants = [duckdb.ColumnExpression(column) for column in before.columns]
            first = duckdb.FunctionExpression("least", *instants) if len(instants) > 1 else instants[0]
            relation = relation.filter(first < duckdb.ConstantExpression(before.instant))
        relation.create_view(identifier(name))
        self._registered[name] = "VIEW"

    def first_stays(self, files: list[str], present: Present, count: int) -> pa.Table:
        """The first stays of Parquet files by arrival, of those that were present."""
        conditions, values = _conditions(present)
        sql = (
            "SELECT * FROM read_parquet($files, hive_partitioning = false)\n"
            f"WHERE {' AND '.join(conditions)}\nORDER BY arrived_at\nLIMIT $count"
        )
        return self._table("first_stays", sql, {"files": readable(files), "count": count, **values})

    def register_numbered(self, name: str, paths: list[str]) -> None:
        """Makes Parquet files readable under `name`, each row with its file's place among them (`part_number`) and its
        own in the file (`row_number`), both from 0."""
        self.forget(name)
        relation = self._connection.read_parquet(paths, file_row_number=True, hive_partitioning=False)
        numbered = "* EXCLUDE (file_row_number), file_row_number AS row_number"
        places = "CAST(file_index AS BIGINT) AS part_number"
        relation.project(f"{numbered}, {places}").create_view(identifier(name))
        self._registered[name] = "VIEW"

    def written(self, name: str, files: list[str]) -> None:
        """Reads a computed table from the Parquet files that hold all its rows, and holds it no more."""
        self.register_files(name, files, self.schema(name))

    def forget_unread(self, *models: str) -> None:
        """Drops the computed tables that none of these models reads."""
        read = set().union(*map(tables_read, models))
        computed = (
            name for name, kind in self._registered.items() if kind == "TABLE" and name in all_models()
        )
        self._forget_steps([name for name in computed if name not in read])

    def need_all(self, *names: str, keep_steps: bool = True) -> None:
        """Sees that all these are readable: models that do not wait for each other are computed side by side.

        A table of one row group keeps one core busy; another model has the other. Without `keep_steps` a table that
        only led to others is dropped once they are there.
        """
        missing = self._missing(names)
        leftovers = Leftovers(() if keep_steps else missing, names)
        order = TopologicalSorter(missing)
        order.prepare()
        running: dict[Future[None], str] = {}
        lacked_memory: list[str] = []

        def computed(name: str) -> None:
            self._forget_steps(leftovers.after(name))
            order.done(name)

        with ThreadPoolExecutor(self._threads) as pool:
            while order.is_active():
                for name in order.get_ready():
                    running[pool.submit(self._compute, name)] = name
                if not running:
                    name = lacked_memory.pop()
                    self._compute(name, is_alone=True)
                    computed(name)
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    name = running.pop(future)
                    if isinstance(future.exception(), LacksMemory):
                        lacked_memory.append(name)
                    else:
                        future.result()
                        computed(name)

    def side_by_side(self, steps: Sequence[Callable[[Relations], None]]) -> None:
        """As in `Relations`; each in a database of its own, which is looked into before this engine's."""
        with ThreadPoolExecutor(self._threads) as pool:
            for running in [pool.submit(self._run_apart, step) for step in steps]:
                running.result()

    def _run_apart(self, step: Callable[[Relations], None]) -> None:
        from pipeline.engines.apart import Apart  # which builds on this class

        with Apart(self) as engine:
            step(engine)

    def _forget_steps(self, tables: list[str]) -> None:
        """Drops computed tables, and the views over them."""
        views = [name for name, kind in self._registered.items() if kind == "VIEW" and name in all_models()]
        self.forget(*tables, *(view for view in views if not tables_read(view).isdisjoint(tables)))

    def _compute(self, name: str, is_alone: bool = False) -> None:
        model = all_models()[name]
        kind = "VIEW" if model.is_view else "TABLE"
        sql = f"CREATE {kind} {identifier(name)} AS\n{model.text}"
        if is_alone:
            self._execute(name, sql)
        else:
            with self._beside() as cursor:
                self._execute(name, sql, None, cursor)
        self._registered[name] = kind

    def _create(self, kind: str, name: str, select: str, reads: Iterable[str] = ()) -> None:
        self.forget(name)
        self._execute(name, f"CREATE {kind} {identifier(name)} AS\n{select}")
        self._registered[name] = kind

    def _drop(self, kind: str, name: str) -> None:
        if kind != CONSTANT:
            self._connection.execute(f"DROP {kind} {identifier(name)}")

    def to_arrow(self, name: str, values: Mapping[str, Any] | None = None) -> pa.Table:
        """The rows of a model or relation. `values` are bound to its `$names`."""
        return self._table(name, self._select(name), values)

    def computed(self, name: str, columns: Mapping[str, str]) -> pa.Table:
        """Computed columns (`{name: expression}` of closed lists) of the rows of a relation."""
        self.need(name)
        return self._table(name, projection(name, columns), None)

    def blocks(self, name: str) -> Iterator[pa.RecordBatch]:
        """The rows of a model or relation, a block at a time; nothing else is to be asked before the last."""
        sql = self._select(name)
        try:
            yield from self._connection.sql(sql).to_arrow_reader(ROWS_A_BLOCK)
        except duckdb.Error as error:
            raise ModelFailed(f"{name} did not run: {error}\n{sql}") from error

    def first_rows(self, name: str, count: int) -> pa.Table:
        """The first rows of a model that says in which order its rows are; only they are put in order."""
        return self._table(name, f"{self._select(name)}\nLIMIT {count:d}", None)

    def rows(self, name: str, values: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """The rows of a model or relation as tuples."""
        return self._result(name, values).fetchall()

    def write_parquet(self, name: str, path: Path, values: Mapping[str, Any] | None = None) -> int:
        """Writes a model or relation to one Parquet file. Returns its rows."""
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = self._execute(
            name,
            f"COPY ({self._select(name)}) TO $path ({_PARQUET})",
            {"path": str(path), **(values or {})},
        ).fetchall()
        return int(rows[0][0])

    def write_by_label(self, name: str, folder: Path, label: str) -> list[tuple[date, Path, int]]:
        """Writes a relation to Parquet files by the day in its column `label`: (day, path, rows), by day.

        The files lie below `folder`, and do not hold the column. The rows are dealt out in one pass; of very many days
        one may have several files, since few are kept open at once.
        """
        self.need(name)
        folder.mkdir(parents=True, exist_ok=True)
        written = self._execute(
            name,
            f"COPY (FROM {identifier(name)}) TO $path "
            f"({_PARQUET}, PARTITION_BY ({identifier(label)}), OVERWRITE_OR_IGNORE, RETURN_STATS)",
            {"path": str(folder)},
        ).fetchall()
        parts = [(Path(path), rows) for path, rows, *_ in written]
        return sorted((_day_of(path.parent.name), path, rows) for path, rows in parts)

    def schema(self, name: str) -> pa.Schema:
        """The Arrow schema of a relation."""
        self.need(name)
        return self._connection.table(identifier(name)).limit(0).to_arrow_table().schema

    def _result(self, name: str, values: Mapping[str, Any] | None) -> duckdb.DuckDBPyConnection:
        return self._execute(name, self._select(name), values)

    def _table(self, name: str, sql: str, values: Mapping[str, Any] | None) -> pa.Table:
        try:
            return self._connection.sql(sql, params=dict(values) if values else None).to_arrow_table()
        except duckdb.Error as error:
            raise ModelFailed(f"{name} did not run: {error}\n{sql}") from error

    def _execute(
        self,
        name: str,
        sql: str,
        values: Mapping[str, Any] | None = None,
        connection: duckdb.DuckDBPyConnection | None = None,
    ) -> duckdb.DuckDBPyConnection:
        bound = dict(values) if values else None
        try:
            return (connection or self._connection).execute(sql, bound)
        except duckdb.OutOfMemoryException as error:
            if connection is None and self._shared is None:
                return self._execute_with_one_thread(name, sql, bound)
            raise LacksMemory(f"{name} did not run: {error}\n{sql}") from error
        except duckdb.Error as error:
            raise ModelFailed(f"{name} did not run: {error}\n{sql}") from error

    def _execute_with_one_thread(
        self, name: str, sql: str, values: dict[str, Any] | None
    ) -> duckdb.DuckDBPyConnection:
        """Every thread holds blocks that cannot be spilled: what does not fit in memory with all may fit with one.

        Raises `UserMistake` where it does not.
        """
        logger.info("%s does not fit in memory with %d threads: again with one", name, self._threads_of_query)
        with self._connection.cursor() as other:
            other.execute("SET GLOBAL threads = 1")
            try:
                return self._connection.execute(sql, values)
            except duckdb.OutOfMemoryException as error:
                logger.info("%s lacks memory: %s", name, error)
                raise _lacking(name, str(error)) from error
            except duckdb.Error as error:
                raise ModelFailed(f"{name} did not run: {error}\n{sql}") from error
            finally:
                other.execute("SET GLOBAL threads = $threads", {"threads": self._threads_of_query})


def _day_of(folder: str) -> date:
    """The day in the name of a folder of one label, such as `label=2022-03-01`."""
    return date.fromisoformat(folder.split("=", 1)[1])


def _lacking(name: str, told: str) -> UserMistake:
    """What is to be done where DuckDB lacks memory, or room on the disk for what does not fit in it."""
    if "max_temp_directory_size" in told:
        return UserMistake(f"{name} does not fit in memory, nor on the disk", "Free some space on the disk.")
    hint = "Give it more: DGWATCH_MEMORY_LIMIT, for example 4GiB."
    return UserMistake(f"{name} does not fit in memory", hint)


def _falls_to(share: Share) -> duckdb.Expression:
    hashed = duckdb.FunctionExpression("hash", duckdb.ColumnExpression(share.column))
    of, number = (duckdb.ConstantExpression(count).cast("UBIGINT") for count in (share.of, share.number))
    return duckdb.FunctionExpression("mod", hashed, of) == number


def _conditions(present: Present) -> tuple[list[str], dict[str, Any]]:
    """What has to hold, in SQL, and the values that are bound in it."""
    found = ["arrived_at < $came_before", "(left_at IS NULL OR left_at >= $left_from)"]
    values: dict[str, Any] = {"came_before": present.came_before, "left_from": present.left_from}
    for name, codes in present.codes.items():
        if codes:
            bound = {f"{identifier(name)}_{place}": code for place, code in enumerate(codes)}
            found.append(f"{name} IN ({', '.join(f'${place}' for place in bound)})")
            values |= bound
    if present.shorter_than is not None:
        found.append("epoch_us(left_at) - epoch_us(arrived_at) < $shorter_than")
        values["shorter_than"] = present.shorter_than // timedelta(microseconds=1)
    return found, values
