"""Which landed rows are versions or duplicates of one another.

Nearly every record is handed in once. The lake keeps, in the table `repeated`, every landed row of the records that
were handed in more than once; the models `losers_plain` and `losers_held` tell from it, for any `known_at`, which
rows are superseded or duplicates. A landed row that is not there is the only one of its record.
"""

from __future__ import annotations

import pyarrow as pa

from pipeline.contract import SOURCES, Source
from pipeline.engines.duckdb_engine import Engine
from pipeline.landed.found_rows import FoundRows, Searched
from pipeline.landed.key_index import Key

REPEATED_SCHEMA = pa.schema(
    [
        ("source", pa.string()),
        ("record_key", pa.string()),
        ("content", pa.string()),
        ("key_has_instant", pa.bool_()),
        ("is_held_as_given", pa.bool_()),
        ("consignment_id", pa.string()),
        ("first_instant", pa.timestamp("us")),
        ("first_is_local", pa.bool_()),
        ("second_instant", pa.timestamp("us")),
        ("second_is_local", pa.bool_()),
        ("_known_at", pa.timestamp("us")),
        ("_file_seq", pa.int64()),
        ("_line", pa.int64()),
    ]
)
"""One row a landed row of a repeated record. `record_key` leaves out an instant that waits for its port's zone;
`content` is a digest of every other column as typed."""

NONE_REPEATED = pa.Table.from_batches([], REPEATED_SCHEMA)

REPEATED_RECORD = Key(
    name="record",
    column="record_key",
    held="hash(source, record_key)",
    named="record_key",
    sought="hash(source, record_key)",
)
"""The key of a record in the table of repeated rows."""

_SEPARATOR = "chr(31)"


def key_expression(source: Source) -> str:
    """SQL for the text of a landed row's key, without an instant that is held as given."""
    columns = [name for name in source.key if name not in source.held_as_given]
    return f"concat_ws({_SEPARATOR}, {', '.join(f'CAST({name} AS VARCHAR)' for name in columns)})"


def hash_expression(source: Source) -> str:
    """SQL for a number that the rows of one key share: other keys may have it too."""
    return f"hash({', '.join(name for name in source.key if name not in source.held_as_given)})"


def record_key(source: Source) -> Key:
    """The key of a source's records, for looking where they lie."""
    column = source.key[0]
    return Key("record", column, hash_expression(source), column, hash_expression(source))


def repeated_columns(source: Source) -> dict[str, str]:
    """SQL of the columns of `REPEATED_SCHEMA` for a landed row of a source."""
    held = source.held_as_given
    rest = [name for name in source.column_names if name not in held and name not in source.key]
    cells = ", ".join(f"coalesce(CAST({name} AS VARCHAR), chr(30))" for name in rest)
    columns = {
        "source": f"'{source.name}'",
        "record_key": key_expression(source),
        "content": f"md5(concat_ws({_SEPARATOR}, {cells}))",
        "key_has_instant": "true" if set(held) & set(source.key) else "false",
        "is_held_as_given": "true" if held else "false",
        "consignment_id": "consignment_id" if held else "CAST(NULL AS VARCHAR)",
    }
    for position, place in enumerate(("first", "second")):
        name = held[position] if len(held) > position else None
        columns[f"{place}_instant"] = f"{name}_given" if name else "CAST(NULL AS TIMESTAMP)"
        columns[f"{place}_is_local"] = f"{name}_is_local" if name else "CAST(NULL AS BOOLEAN)"
    return columns | {name: name for name in ("_known_at", "_file_seq", "_line")}


def find_repeated(
    engine: Engine, source_name: str, landed: Searched, repeated: Searched, found: FoundRows
) -> pa.Table:
    """The rows of records that a load's new rows repeat, new and old, and that are not known to be repeated yet.

    `repeated` is the table of repeated rows as it was before this load.
    """
    source = SOURCES[source_name]
    engine.forget("repeated_rows", "repeated_hashes", "keyed_hits", "both_landed")
    engine.register_files("new_landed", [part.path for part in landed.added], landed.schema)
    if found.has_none_of(landed, record_key(source), "new_landed"):
        return NONE_REPEATED
    found.provide("old_landed", landed, [(record_key(source), "new_landed")], is_old_alone=True)
    key_hash = {"key_hash": hash_expression(source)}
    engine.project("new_keys", "new_landed", key_hash)
    engine.project("old_keys", "old_landed", key_hash)
    if not engine.rows("any_repeated"):
        return NONE_REPEATED
    engine.project("both_keyed", "both_landed", key_hash | {name: name for name in landed.schema.names})
    engine.project("candidates", "keyed_hits", repeated_columns(source))
    found.provide("repeated", repeated, [(REPEATED_RECORD, "candidates")])
    return engine.to_arrow("repeated_rows").cast(REPEATED_SCHEMA)
