"""DuckDB in this process: instances with their threads, their memory and the portable functions.

Questions of a process share one, with the footers of the Parquet files that it has read, and loads of few rows do; a load
of many has one of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from threading import Lock, Thread

import duckdb
import pyarrow as pa

from pipeline.engines.relations import identifier
from pipeline.errors import UserMistake
from pipeline.settings import private_folder

_MACROS = (
    "CREATE MACRO unix_micros(t) AS epoch_us(t)",
    "CREATE MACRO timestamp_micros(x) AS make_timestamp(CAST(x AS BIGINT))",
    "CREATE MACRO datediff(ends_on, starts_on) AS date_diff('day', CAST(starts_on AS DATE), CAST(ends_on AS DATE))",
    "CREATE MACRO collect_list(x) AS list(x)",
    "CREATE MACRO sort_array(x) AS list_sort(x)",
    "CREATE MACRO array_join(x, separator) AS coalesce(array_to_string(x, separator), '')",
)

_BYTES = {"bytes": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}


def instance_of(
    memory_limit: str, threads: int, spill: Path, keeps_footers: bool
) -> duckdb.DuckDBPyConnection:
    """A DuckDB of its own, with the portable functions. Footers that it keeps come on top of the memory limit."""
    connection = duckdb.connect(":memory:")
    run = connection.execute
    run("SET GLOBAL TimeZone = 'UTC'")
    run("SET GLOBAL memory_limit = $limit", {"limit": memory_limit})
    run("SET GLOBAL threads = $threads", {"threads": threads})
    run("SET GLOBAL preserve_insertion_order = false")
    run("SET GLOBAL parquet_metadata_cache = $keeps", {"keeps": keeps_footers})
    # Rows on their way to files by month stay in the processor's cache: half the work of the default.
    run("SET GLOBAL partitioned_write_flush_threshold = 16384")
    run("SET GLOBAL temp_directory = $folder", {"folder": str(spill)})
    for macro in _MACROS:
        run(macro)
    return connection


@cache
def bytes_of_limit(memory_limit: str) -> int:
    """What a limit comes to, in whatever form DuckDB takes it."""
    with duckdb.connect(":memory:", config={"memory_limit": memory_limit}) as connection:
        told = connection.execute("SELECT memory_limit FROM pragma_database_size()").fetchall()[0][0]
    number, unit = told.split()
    return int(float(number) * _BYTES[unit])


class Shared:
    """The instance that the questions of this process share, and the tables in it that are the same for many of them."""

    def __init__(self, memory_limit: str, threads: int) -> None:
        spill = private_folder("spill")
        self.connection = instance_of(memory_limit, threads, spill, keeps_footers=True)
        self._making = Lock()
        self._made: set[str] = set()

    def schema(self, constants: str) -> str:
        """The schema of some constants, which is made where it is not there."""
        schema = f"memory.{identifier(f'constants_{constants}')}"
        with self._making:
            if schema not in self._made:
                self.connection.cursor().execute(f"CREATE SCHEMA {schema}")
                self._made.add(schema)
        return schema

    def see_to(self, table: str, rows: Callable[[], pa.Table]) -> None:
        """Makes a table unless it is there."""
        with self._making:
            if table not in self._made:
                handed_in = rows()  # noqa: F841
                self.connection.cursor().execute(f"CREATE TABLE {table} AS FROM handed_in")
                self._made.add(table)


_instances = Lock()


def shared_instance(memory_limit: str, threads: int) -> Shared:
    """The one for these limits."""
    with _instances:
        return _shared_instance(memory_limit, threads)


def begin_shared(memory_limit: str, threads: int) -> None:
    """Makes the one for these limits beside what the caller does next.

    A process waits for it before it ends, whatever it ends with: an instance that is half made brings it down.
    """

    def begin() -> None:
        with suppress(UserMistake):  # told to whoever asks for it
            shared_instance(memory_limit, threads)

    Thread(target=begin).start()


@cache
def _shared_instance(memory_limit: str, threads: int) -> Shared:
    return Shared(memory_limit, threads)
