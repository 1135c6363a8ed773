"""The shape of landed rows: the contract's columns typed, and where each row came from."""

from __future__ import annotations

import pyarrow as pa

from pipeline.contract import Source, Type

META_FIELDS = (
    pa.field("_file_seq", pa.int64()),
    pa.field("_line", pa.int64()),
    pa.field("_known_at", pa.timestamp("us")),
    pa.field("_warnings", pa.string()),
)
"""File and line of a row, the instant from which it counts as known, its warnings (codes joined by a blank)."""

REJECT_SCHEMA = pa.schema(
    [
        ("_file_seq", pa.int64()),
        ("file", pa.string()),
        ("source", pa.string()),
        ("_line", pa.int64()),
        ("reasons", pa.string()),
        ("details", pa.string()),
        ("raw", pa.string()),
        ("values", pa.list_(pa.string())),
    ]
)
"""One row a rejected row: its reasons (codes joined by `;`), what they say, its text, its fields as given."""

_ARROW_OF_TYPE = {
    Type.TIMESTAMP: pa.timestamp("us"),
    Type.DATE: pa.date32(),
    Type.NUMBER: pa.float64(),
    Type.QUANTITY: pa.float64(),
    Type.BOOLEAN: pa.bool_(),
}


def landed_table(source_name: str) -> str:
    """The name of a source's landed table."""
    return f"landed_{source_name}"


def landed_schema(source: Source) -> pa.Schema:
    """The Arrow schema of a source's landed rows, columns in the contract's order.

    A column that is held as given (`Source.held_as_given`) stands as `<name>_given` with `<name>_is_local` beside it.
    """
    fields: list[pa.Field] = []
    for column in source.columns:
        arrow_type = _ARROW_OF_TYPE.get(column.type, pa.string())
        if column.name in source.held_as_given:
            fields += [
                pa.field(f"{column.name}_given", arrow_type),
                pa.field(f"{column.name}_is_local", pa.bool_()),
            ]
        else:
            fields.append(pa.field(column.name, arrow_type))
    return pa.schema([*fields, *META_FIELDS])
