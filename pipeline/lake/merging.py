"""Small Parquet files made one."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.arrow_tables import ROW_GROUP_ROWS, read_parquet
from pipeline.lake.object_cache import readable

MERGE_BELOW_ROWS = 200_000
"""A file of that length is left alone; so many rows at most are held in memory."""


def merge_parts(parts: Iterable[Path | str], target: Path) -> None:
    """Writes the rows of several Parquet files to one, in their order, with the columns of the last."""
    parts = readable(map(str, parts))
    schema = pq.read_schema(parts[-1])
    with pq.ParquetWriter(target, schema, compression="zstd", compression_level=1) as writer:
        waiting: list[pa.Table] = []
        rows = 0
        for path in parts:
            waiting.append(read_parquet(path, schema))
            rows += waiting[-1].num_rows
            if rows >= MERGE_BELOW_ROWS:
                writer.write_table(pa.concat_tables(waiting), ROW_GROUP_ROWS)
                waiting, rows = [], 0
        if waiting:
            writer.write_table(pa.concat_tables(waiting), ROW_GROUP_ROWS)
