"""Runs the SQL models on a Spark Connect server (Apache Spark 4, Sail): the one place that knows Spark.

The server reads the lake's Parquet files itself, by the paths that the release names, and keeps what it computes;
it writes nothing into the lake. Rows come back through Arrow in pieces of bounded size and are written here, by the
lake's one writer: so tables are the same whoever computed them, and a server needs no more than to read.
"""

from __future__ import annotations

import datetime as dt
import re
import socket
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.engines.relations import FILE_NUMBER, Before, ModelFailed, Relations, identifier, projection
from pipeline.errors import UserMistake

try:
    with warnings.catch_warnings():
        # It warns of pandas 3, through which nothing goes here: rows come and go as Arrow.
        warnings.simplefilter("ignore", FutureWarning)
        from pyspark.errors import PySparkException
        from pyspark.sql import DataFrame
        from pyspark.sql.connect.session import SparkSession
except ImportError as error:
    raise UserMistake(
        "--engine spark: the client of Spark is not installed", "Install it: pip install 'dgwatch[cluster]'"
    ) from error

EPOCH = dt.datetime(1970, 1, 1)
DEFAULT_PORT = 15002
ANSWERS_WITHIN_SECONDS = 10.0
FETCHED_ROWS = 1_000_000
"""So many rows come at once where a table is written by label: what bounds the memory used here."""

ROW_GROUP_ROWS = 122_880
"""As DuckDB writes them, so that it reads both alike."""

_TYPES = {
    pa.string(): "STRING",
    pa.int64(): "BIGINT",
    pa.int32(): "INT",
    pa.float64(): "DOUBLE",
    pa.bool_(): "BOOLEAN",
    pa.date32(): "DATE",
    pa.timestamp("us"): "TIMESTAMP",
}
_SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    # Apache Spark 4.2 fails on a union in it (key not found), and spends most of a short query there.
    "spark.sql.constraintPropagation.enabled": "false",
}
_BOUND = re.compile(r"\$([a-z_]+)\b")
_T = TypeVar("_T")


class SparkEngine(Relations):
    """A session of its own on a Spark Connect server, with models on demand.

    Args:
        remote: the server's address, `sc://host:port`.

    Raises `UserMistake` where no server answers there.
    """

    def __init__(self, remote: str) -> None:
        super().__init__()
        self._remote = remote
        self._views: dict[str, tuple[str, dict[str, int]]] = {}
        """A view's SQL, and which making of what it reads it was made of."""
        self._makings: dict[str, int] = {}
        self._held: dict[str, DataFrame] = {}
        """What the server computed and keeps for as long as somebody here holds it."""
        self._session = _session(remote)

    def close(self) -> None:
        """Gives everything back; the server stays."""
        self._session.stop()
        # Only now: what is held while the session is open is given back piece by piece, by a call each.
        self._held.clear()

    def register_arrow(self, name: str, table: pa.Table) -> None:
        """Makes a small Arrow table readable under `name`."""
        plain = _plain(table)
        columns = ", ".join(f"{identifier(field.name)} {_type(field.type)}" for field in plain.schema)
        self._put(name, lambda: self._session.createDataFrame(plain, columns))

    def _register_files(self, name: str, files: list[str], before: Before | None) -> None:
        def read() -> DataFrame:
            found = _with_instants(self._session.read.parquet(*files))
            if self.last_file is not None and FILE_NUMBER in found.columns:
                found = found.filter(found[FILE_NUMBER] <= self.last_file)
            return found.filter(_lies(before)) if before else found

        self._put(name, read)

    def need(self, name: str) -> None:
        """Sees that `name` is readable; a view is made again where what it reads was made again since.

        A view here holds what it read when it was made, not the names.
        """
        super().need(name)
        if name not in self._views:
            return
        select, made_of = self._views[name]
        for other in made_of:
            self.need(other)
        if made_of != {other: self._makings[other] for other in made_of}:
            self._create("VIEW", name, select, made_of)

    def written(self, name: str, files: list[str]) -> None:
        """The server holds what it computed, and may not see files that are not published yet."""

    def forget_unread(self, *models: str) -> None:
        """The server drops all at the end."""

    def _create(self, kind: str, name: str, select: str, reads: Iterable[str]) -> None:
        def made() -> DataFrame:
            found = self._session.sql(select)
            # Without it a relation that two others read is computed twice, and so on down.
            return self._kept(found) if kind == "TABLE" else found

        self._put(name, made, select)
        if kind == "VIEW":
            self._views[name] = (select, {other: self._makings[other] for other in reads})

    def _kept(self, found: DataFrame) -> DataFrame:
        # The client takes what comes back to be of the thread's active session: another question's, where two are open.
        SparkSession._active_session.session = self._session
        return found.localCheckpoint(eager=True)

    def _put(self, name: str, made: Callable[[], DataFrame], select: str = "") -> None:
        def put() -> DataFrame:
            found = made()
            found.createOrReplaceTempView(identifier(name))
            return found

        self._held[name] = self._run(name, select, put)
        self._views.pop(name, None)
        self._makings[name] = self._makings.get(name, 0) + 1
        self._registered[name] = "VIEW"

    def _drop(self, kind: str, name: str) -> None:
        self._views.pop(name, None)
        self._session.catalog.dropTempView(identifier(name))
        del self._held[name]

    def to_arrow(self, name: str, values: Mapping[str, Any] | None = None) -> pa.Table:
        """The rows of a model or relation. `values` are bound to its `$names`."""
        select = self._select(name)
        if values:
            select = _BOUND.sub(r":\1", select)
        return self._fetched(name, select, values)

    def computed(self, name: str, columns: Mapping[str, str]) -> pa.Table:
        """Computed columns (`{name: expression}` of closed lists) of the rows of a relation."""
        self.need(name)
        return self._fetched(name, projection(name, columns), None)

    def rows(self, name: str, values: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """The rows of a model or relation as tuples."""
        columns = [column.to_pylist() for column in self.to_arrow(name, values).columns]
        return list(zip(*columns, strict=True))

    def write_parquet(self, name: str, path: Path, values: Mapping[str, Any] | None = None) -> int:
        """Writes a model or relation to one Parquet file. Returns its rows."""
        return _written(self.to_arrow(name, values), path)

    def write_by_label(self, name: str, folder: Path, label: str) -> list[tuple[dt.date, Path, int]]:
        """Writes a relation to one Parquet file for each day in its column `label`: (day, path, rows), by day.

        The files lie below `folder`, and do not hold the column.
        """
        self.need(name)
        column = identifier(label)
        counted = self._fetched(
            name,
            f"SELECT {column}, count(*) AS n FROM {identifier(name)} GROUP BY {column} ORDER BY {column}",
        ).to_pylist()
        written = []
        for values in _pieces([(row[label], row["n"]) for row in counted]):
            for value, rows in self._by_label(name, column, values):
                path = folder / f"{value}.parquet"
                written.append((value, path, _written(rows, path)))
        return written

    def _by_label(self, name: str, column: str, values: list[dt.date]) -> Iterator[tuple[dt.date, pa.Table]]:
        """The rows of some days that follow each other, a table a day."""
        found = self._fetched(
            name,
            f"SELECT * FROM {identifier(name)} WHERE {column} BETWEEN :first AND :last ORDER BY {column}",
            {"first": values[0], "last": values[-1]},
        )
        labels = found.column(column)
        for value in values:
            chosen = found.filter(pc.equal(labels, value))
            yield value, chosen.drop_columns([column])

    def schema(self, name: str) -> pa.Schema:
        """The Arrow schema of a relation."""
        self.need(name)
        return self._fetched(name, f"SELECT * FROM {identifier(name)} LIMIT 0").schema

    def _fetched(self, name: str, select: str, values: Mapping[str, Any] | None = None) -> pa.Table:
        bound = dict(values) if values else None
        return _plain(self._run(name, select, lambda: self._session.sql(select, bound).toArrow()))

    def _run(self, name: str, select: str, act: Callable[[], _T]) -> _T:
        try:
            return act()
        except PySparkException as error:
            raise _told(error, name, select, self._remote) from error


def _session(remote: str) -> SparkSession:
    """A new session on a server that answers."""
    address = urlsplit(remote)
    try:
        port = address.port or DEFAULT_PORT
        if address.scheme != "sc" or not address.hostname:
            raise ValueError
    except ValueError:
        raise UserMistake(f"--remote {remote}: no address of a server", "Give sc://HOST:PORT.") from None
    try:
        # The client itself tries for minutes.
        socket.create_connection((address.hostname, port), ANSWERS_WITHIN_SECONDS).close()
    except OSError as error:
        raise UserMistake(
            f"{remote}: no server answers ({error.strerror or error})",
            "Start one, for example: sail spark server --ip 127.0.0.1 --port 15002",
        ) from error
    try:
        session = SparkSession.builder.remote(remote).create()
        for name, value in _SETTINGS.items():
            session.conf.set(name, value)
    except PySparkException as error:
        raise UserMistake(
            f"{remote}: what answers there is no Spark Connect server of version 4 ({_first_line(error)})",
            "Give the address of Sail, or of Apache Spark 4's start-connect-server.",
        ) from error
    return session


def _with_instants(found: DataFrame) -> DataFrame:
    """The columns of files with instants as the models have them: without a zone they are UTC, as the session is."""
    without_zone = {
        column: found[column].cast("timestamp") for column, kind in found.dtypes if kind == "timestamp_ntz"
    }
    return found.withColumns(without_zone) if without_zone else found


def _lies(before: Before) -> str:
    """A condition in SQL; a value of Python would be taken to be in the zone of this machine."""
    micros = (before.instant - EPOCH) // dt.timedelta(microseconds=1)
    columns = ", ".join(map(identifier, before.columns))
    first = f"least({columns})" if len(before.columns) > 1 else columns
    return f"{first} < timestamp_micros({micros})"


def _told(error: PySparkException, name: str, select: str, remote: str) -> Exception:
    """What a user can mend about the server, else the bug that it is."""
    said = str(error)
    if "execution.checkpoint.path" in said:
        return UserMistake(
            f"{remote}: the server has no place for tables in between",
            "Start it with one: SAIL_EXECUTION__CHECKPOINT__PATH=file:///FOLDER sail spark server ...",
        )
    if "PATH_NOT_FOUND" in said or "No such file" in said:
        return UserMistake(
            f"{remote}: the server does not see the lake's files ({_first_line(error)})",
            "The lake must lie where server and command see it under one path.",
        )
    return ModelFailed(f"{name} did not run on {remote}: {said}\n{select}")


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__


def _type(type_: pa.DataType) -> str:
    if pa.types.is_list(type_):
        return f"ARRAY<{_type(type_.value_type)}>"
    return _TYPES[type_]


def _plain(table: pa.Table) -> pa.Table:
    """Columns as every engine gives them: instants naive UTC in microseconds, any column may be null."""
    fields = [pa.field(field.name, _plain_type(field.type)) for field in table.schema]
    return table.cast(pa.schema(fields))


def _plain_type(type_: pa.DataType) -> pa.DataType:
    if pa.types.is_timestamp(type_):
        return pa.timestamp("us")
    if pa.types.is_null(type_):
        return pa.string()
    if pa.types.is_list(type_):
        return pa.list_(_plain_type(type_.value_type))
    if pa.types.is_large_string(type_):
        return pa.string()
    return type_


def _pieces(counted: list[tuple[dt.date, int]]) -> Iterator[list[dt.date]]:
    """Days that follow each other, together as many rows as may come at once, or one day alone."""
    piece: list[dt.date] = []
    rows = 0
    for label, count in counted:
        if piece and rows + count > FETCHED_ROWS:
            yield piece
            piece, rows = [], 0
        piece.append(label)
        rows += count
    if piece:
        yield piece


def _written(table: pa.Table, path: Path) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, compression="zstd", compression_level=1, row_group_size=ROW_GROUP_ROWS)
    return int(table.num_rows)
