"""Python and NumPy values as Arrow arrays and tables, and back.

`pyarrow.array`, `pyarrow.scalar`, `to_numpy` and `parquet.read_table` import pandas where it is installed, which costs
a command more than half a second before its first line of work; what is here does not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import parquet

ROW_GROUP_ROWS = 8_192
"""Rows of a row group of landed parts: what is read to find one row. A scan of all of them costs a tenth more than with
groups of four times as many."""


def flat_array(
    values: NDArray[Any], type_: pa.DataType | None = None, missing: NDArray[np.bool_] | None = None
) -> pa.Array:
    """Numbers or truth values as an Arrow array over the same memory; null where `missing`.

    `type_` is one of the same width, such as a timestamp over microseconds; that of the values where None.
    """
    validity = None
    if missing is not None and missing.any():
        validity = pa.py_buffer(np.packbits(~missing, bitorder="little"))
    data = np.packbits(values, bitorder="little") if values.dtype == bool else np.ascontiguousarray(values)
    chosen = type_ or pa.from_numpy_dtype(values.dtype)
    return pa.Array.from_buffers(chosen, len(values), [validity, pa.py_buffer(data)])


def one_array(column: pa.ChunkedArray) -> pa.Array:
    """A column in one piece."""
    if not column.num_chunks:
        return array_of([], column.type)
    return column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks)


def values_of(array: pa.Array, null_as: float | None = None) -> NDArray[Any]:
    """The numbers or truth values of an Arrow array; nulls as given, else as whatever stands there.

    Over the same memory, to be read alone, where nothing has to be put in.
    """
    values = _stored(array)
    if null_as is None or not array.null_count:
        return values
    return np.where(is_null(array), values.dtype.type(null_as), values)


def is_null(array: pa.Array) -> NDArray[np.bool_]:
    """The null mask of an array."""
    return _stored(array.is_null()) if array.null_count else np.zeros(len(array), bool)


def _stored(array: pa.Array) -> NDArray[Any]:
    data = array.buffers()[1]
    if not len(array) or data is None:
        return np.empty(0, array.type.to_pandas_dtype())
    if pa.types.is_boolean(array.type):
        bits = np.frombuffer(data, np.uint8)
        return np.unpackbits(bits, count=array.offset + len(array), bitorder="little")[array.offset :].view(
            bool
        )
    width = array.type.bit_width // 8
    kind = "f" if pa.types.is_floating(array.type) else "i"
    return np.frombuffer(data, f"{kind}{width}", len(array), array.offset * width)


def text_array(texts: Sequence[str | None]) -> pa.StringArray:
    """Texts as an Arrow array; None is null."""
    encoded = [text.encode() if text is not None else b"" for text in texts]
    ends = np.cumsum([0, *map(len, encoded)], dtype=np.int32)
    validity = None
    if None in texts:
        validity = pa.py_buffer(np.packbits([text is not None for text in texts], bitorder="little"))
    buffers = [validity, pa.py_buffer(ends), pa.py_buffer(b"".join(encoded))]
    return pa.Array.from_buffers(pa.string(), len(texts), buffers)


def array_of(values: Sequence[Any], type_: pa.DataType) -> pa.Array:
    """Python values as an Arrow array of that type; None is null.

    Types: text, lists of text, whole numbers, DOUBLE, truth values, dates and timestamps (naive datetimes).
    """
    if pa.types.is_string(type_):
        return text_array(values)
    if pa.types.is_list(type_):
        ends = np.cumsum([0, *map(len, values)], dtype=np.int32)
        return pa.ListArray.from_arrays(
            flat_array(ends), text_array([text for row in values for text in row])
        )
    missing = np.fromiter((value is None for value in values), bool, len(values))
    unit = _UNITS.get(type_)
    if unit is not None:
        numbers = np.array(values, unit).view(np.int64).astype(f"i{type_.bit_width // 8}")
        return flat_array(numbers, type_, missing)
    filled = [0 if value is None else value for value in values]
    return flat_array(np.array(filled, type_.to_pandas_dtype()), type_, missing)


_UNITS = {pa.date32(): "datetime64[D]", pa.timestamp("us"): "datetime64[us]"}


def arrow_table(columns: Mapping[str, Sequence[Any]], schema: pa.Schema) -> pa.Table:
    """The columns as a table of that schema; None is null."""
    arrays = [array_of(columns[field.name], field.type) for field in schema]
    return pa.Table.from_arrays(arrays, schema=schema)


def read_parquet(
    path: Path | str,
    schema: pa.Schema,
    row_groups: Sequence[int] | None = None,
    told: parquet.FileMetaData | None = None,
) -> pa.Table:
    """The rows of a Parquet file, or of some of its row groups, as a table of that schema.

    A column that the file lacks is null; one that the schema lacks is not read. `told` is what the file's end tells
    of it, where that was read already.
    """
    # Of few rows, readers side by side are enough; more threads, and buffers filled ahead, cost more than they gain.
    is_little = row_groups is not None
    with parquet.ParquetFile(path, metadata=told, pre_buffer=not is_little) as file:
        groups = range(file.num_row_groups) if row_groups is None else row_groups
        table = file.read_row_groups(list(groups), columns=schema.names, use_threads=not is_little)
    columns = [
        table.column(field.name).cast(field.type)
        if field.name in table.column_names
        else pa.nulls(table.num_rows, field.type)
        for field in schema
    ]
    return pa.table(columns, schema=schema)
