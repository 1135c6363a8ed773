"""One engine set up for one question: the instants looked at, the reference tables, and where landed rows come from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from functools import partial
from hashlib import sha256
from pathlib import Path

import numpy as np
import pyarrow as pa

from pipeline.arrow_tables import arrow_table, flat_array, text_array
from pipeline.contract import SOURCES
from pipeline.engines.duckdb_engine import Engine
from pipeline.engines.models import models_digest
from pipeline.engines.relations import Relations
from pipeline.landed.shape import landed_schema, landed_table
from pipeline.landed.versions import REPEATED_SCHEMA
from pipeline.reference.reading import Reference
from pipeline.settings import Settings

FOREVER = dt.datetime(9999, 12, 31)
"""The `known_at` of whoever asks for everything recorded, and the `as_of` of whoever looks for the latest event."""

EPOCH_DAY = dt.date(1990, 1, 1)
LAST_DAY = dt.date(2101, 1, 1)
FilesOf = Callable[[str], list[str]]

PARAMS_SCHEMA = pa.schema(
    [("as_of", pa.timestamp("us")), ("known_at", pa.timestamp("us")), ("default_zone", pa.string())]
)

REFERENCE_INPUTS = (
    "ports",
    "imdg_classes",
    "limit_rules",
    "age_buckets",
    "finding_codes",
    "campaigns",
    "alert_rules",
    "segregation",
    "segregation_class_one",
    "safety_values",
    "risk_weights",
    "reference_quantities",
    "licensed_quantities",
    "heat_levels",
)


def computed_with(reference: Reference) -> str:
    """What tells apart tables that were computed with other reference tables or other models."""
    return sha256(f"{reference.digest} {models_digest()}".encode()).hexdigest()


def open_question(
    settings: Settings,
    reference: Reference,
    files_of: FilesOf,
    known_at: dt.datetime | None,
    as_of: dt.datetime | None,
    spill_folder: Path | None = None,
    has_few_rows: bool = False,
) -> Relations:
    """An engine in which every core model can be computed from landed rows.

    Where `as_of` is None the default is computed from what was known at `known_at` (ruling 4). The caller closes it.
    """
    engine = _engine(settings, spill_folder, has_few_rows, reference)
    try:
        register_reference(engine, reference, settings.default_zone)
        for name, source in SOURCES.items():
            provide_files(
                engine, landed_table(name), partial(files_of, landed_table(name)), landed_schema(source)
            )
        provide_files(engine, "repeated", partial(files_of, "repeated"), REPEATED_SCHEMA)
        set_instants(engine, settings, as_of, known_at)
    except BaseException:  # whatever ends it, an interrupt too: nobody else can close the engine
        engine.close()
        raise
    return engine


def _engine(
    settings: Settings, spill_folder: Path | None, has_few_rows: bool, reference: Reference
) -> Relations:
    """The server of the settings, else DuckDB in this process."""
    if settings.remote is None:
        constants = constants_of(reference, settings.default_zone)
        return Engine(settings, spill_folder, has_few_rows, constants)
    from pipeline.engines.spark_engine import SparkEngine  # an extra that few install

    return SparkEngine(settings.remote)


SCOPED_SOURCES = (
    "consignments",
    "dg_items",
    "yard_moves",
    "clearance_milestones",
    "inspection_findings",
    "penalty_cases",
)


def narrow(engine: Relations, files_of: FilesOf) -> None:
    """Lets the core models see only landed rows of `scope_units` and `scope_consignments`.

    All landed rows stay readable as `all_<source>`; the caller registers the two scopes.
    """
    for name in SCOPED_SOURCES:
        files = partial(files_of, landed_table(name))
        provide_files(engine, f"all_{name}", files, landed_schema(SOURCES[name]))
        engine.use_models(landed_table(name))


def provide_files(engine: Relations, name: str, files: Callable[[], list[str]], schema: pa.Schema) -> None:
    """Lets Parquet files be read under a name, listed when first needed."""
    engine.provide(name, lambda: engine.register_files(name, files(), schema))


def set_instants(
    engine: Relations, settings: Settings, as_of: dt.datetime | None, known_at: dt.datetime | None
) -> None:
    """Registers the one-row table `params`; computes the default `as_of` where none is given.

    The default is that of the latest event: what is computed to find it, while `as_of` is the end of time, holds then.
    """
    known = known_at or FOREVER
    engine.register_arrow("params", _params(as_of or FOREVER, known, settings.default_zone))
    if as_of is None:
        engine.need_all("default_as_of")
        found = engine.scalar("default_as_of")
        engine.register_arrow("params", _params(found, known, settings.default_zone))


def _params(as_of: dt.datetime | None, known_at: dt.datetime, default_zone: str) -> pa.Table:
    return arrow_table(
        {"as_of": [as_of], "known_at": [known_at], "default_zone": [default_zone]}, PARAMS_SCHEMA
    )


def constants_of(reference: Reference, default_zone: str) -> str:
    """What tells apart what `register_reference` lets be read."""
    return sha256(f"{reference.digest} {default_zone}".encode()).hexdigest()[:16]


def register_reference(engine: Relations, reference: Reference, default_zone: str) -> None:
    """Lets the models read the reference tables, the zones' offsets and the calendar."""
    for name in REFERENCE_INPUTS:
        engine.provide_constant(name, partial(reference.table, name))
    engine.provide_constant("zone_offsets", partial(reference.zone_offsets, default_zone))
    engine.provide_constant("event_types", partial(_event_types, reference))
    engine.provide_constant("calendar", _calendar)


def register_offsets_of(
    engine: Relations, reference: Reference, default_zone: str, ports: Iterable[str]
) -> None:
    """Lets the models read the offsets of these ports' zones and the default one alone: all of them take time to find."""
    engine.register_arrow("zone_offsets", reference.zone_offsets(default_zone, ports))


def _event_types(reference: Reference) -> pa.Table:
    lists = reference.table("code_lists")
    rows = [
        row for row in lists.to_pylist() if row["list"] == "event_type" and row["code"] == row["canonical"]
    ]
    return pa.table({name: text_array([row[name] for row in rows]) for name in ("code", "flow")})


def _calendar() -> pa.Table:
    days = np.arange(np.datetime64(EPOCH_DAY), np.datetime64(LAST_DAY)).astype(np.int32)
    return pa.table({"day": flat_array(days, pa.date32())})


def names_table(column: str, names: Iterable[str]) -> pa.Table:
    """A one-column table of text, as filters and scopes are handed to SQL."""
    return pa.table({column: text_array(list(names))})
