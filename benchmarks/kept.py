"""Lakes of so many stays whose kept tables are drawn and written as they are, since only questions are to be measured.

Everything is drawn with a seed: equal sizes are equal lakes.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa

from pipeline.engines.duckdb_engine import Engine
from pipeline.lake.lake import Draft, Lake
from pipeline.loading.kept_tables import FLOW_MODELS, KEPT, OPEN
from pipeline.question import computed_with, register_reference
from pipeline.reference.reading import Reference, load_reference
from pipeline.settings import Settings, from_environment

PORTS, ZONE = 120, "Asia/Shanghai"
CLASSES = ("2.1", "3", "4.1", "5.1", "6.1", "8", "9")
FIRST_DAY, YEARS = datetime(2021, 1, 1), 3
AS_OF = datetime(2024, 1, 1)
CHUNK = 1_000_000
LONG_SHARE = 0.02
"""Of the stays so many are of the kind that piles up: months instead of days."""
SEED = 2022
SECOND = 1_000_000


def kept_lake(work: Path, stays: int) -> Settings:
    """A lake with that many stays over three years and `PORTS` ports; one that an earlier run finished is kept."""
    settings = from_environment(work / "durations" / f"{stays}_stays")
    reference = load_reference(settings.reference)
    release = Lake(settings.lake).release()
    if release is None or release.reference_digest != computed_with(reference):
        shutil.rmtree(str(settings.lake), ignore_errors=True)
        _write(settings, reference, stays)
    return settings


def _write(settings: Settings, reference: Reference, stays: int) -> None:
    """A chunk after the other, so that no size needs more memory; parts are then brought together as a load does."""
    still_open: dict[str, list[pa.Table]] = {"stays": [], "clearances": []}
    with Lake(settings.lake).writing(lambda _: None) as draft:
        for drawn in _drawn(reference, stays):
            with Engine(settings, draft.spill_folder()) as engine:
                for table, rows in (("stays", _stays(drawn)), ("clearances", _clearances(drawn))):
                    engine.register_arrow(KEPT[table].written, rows)
                    still_open[table].append(engine.to_arrow(KEPT[table].written_open))
                    _add_months(draft, engine, table)
                _add_flows(draft, engine, reference)
        with Engine(settings, draft.spill_folder()) as engine:
            for table, rows in still_open.items():
                _add_open(draft, engine, table, pa.concat_tables(rows))
                draft.merge_small(table)
        _merge_flows(draft, settings)
        draft.publish(AS_OF, computed_with(reference), True)


def _add_open(draft: Draft, engine: Engine, table: str, rows: pa.Table) -> None:
    kept = KEPT[table]
    engine.register_arrow(kept.written, rows)
    path = draft.new_path(table, OPEN)
    draft.add(table, path, engine.write_parquet(kept.written_open, path))


def _add_months(draft: Draft, engine: Engine, table: str) -> None:
    kept = KEPT[table]
    folder = draft.new_path(table).with_suffix("")
    for month, written, rows in engine.write_by_label(kept.written_by_month, folder, "label"):
        path = draft.new_path(table, f"{month:%Y-%m}")
        written.replace(path)
        draft.add(table, path, rows)
    shutil.rmtree(folder, ignore_errors=True)


def _add_flows(draft: Draft, engine: Engine, reference: Reference) -> None:
    """The flows of the ended stays that were just written."""
    engine.register_arrow("params", pa.table({"as_of": pa.array([AS_OF], pa.timestamp("us"))}))
    register_reference(engine, reference, ZONE)
    engine.forget(*FLOW_MODELS)
    engine.alias("flowing_stays", "written_ended")
    engine.alias("flow_buckets", "age_buckets")
    path = draft.new_path("flows")
    draft.add("flows", path, engine.write_parquet("flows", path))


def _merge_flows(draft: Draft, settings: Settings) -> None:
    with Engine(settings, draft.spill_folder()) as engine:
        engine.register_files("kept_flows", draft.files("flows"), None)
        path = draft.new_path("flows")
        draft.replace_all("flows", path, engine.write_parquet("flows_merged", path))


def _drawn(reference: Reference, stays: int) -> Iterator[dict[str, pa.Array]]:
    """A chunk of arrivals after the other, in no order within it: codes, instants in microseconds, null where open."""
    ports = reference.table("ports").to_pylist()
    codes = sorted(port["un_location_code"] for port in ports if port["time_zone"] == ZONE)[:PORTS]
    random = np.random.default_rng(SEED)
    origin = int(FIRST_DAY.replace(tzinfo=UTC).timestamp()) * SECOND
    as_of = int(AS_OF.replace(tzinfo=UTC).timestamp()) * SECOND
    span = int(timedelta(days=365 * YEARS).total_seconds())
    chunks = max(1, -(-stays // CHUNK))
    for number, rows in enumerate(np.diff(np.linspace(0, stays, chunks + 1).astype(int))):
        between = span * number // chunks, span * (number + 1) // chunks
        arrived = origin + random.integers(*between, rows) * SECOND
        days = random.lognormal(1.1, 0.8, rows)
        days = np.where(random.random(rows) < LONG_SHARE, random.uniform(60, 400, rows), days)
        left = arrived + (days * 86_400).astype(np.int64) * SECOND
        released = arrived + ((left - arrived) * random.uniform(0.2, 0.95, rows)).astype(np.int64)
        names = pa.DictionaryArray.from_arrays(_skewed(random, rows, len(codes)), codes)
        classes = pa.DictionaryArray.from_arrays(_skewed(random, rows, len(CLASSES)), CLASSES)
        first = stays * number // chunks
        yield {
            "batch_id": pa.array(np.char.add("B", np.arange(first, first + rows).astype("U10"))),
            "un_location_code": names.cast(pa.string()),
            "lead_class": classes.cast(pa.string()),
            "arrived_at": _instants(arrived, arrived < 0),
            "lodged_at": _instants(arrived + (released - arrived) // 3, released >= as_of),
            "released_at": _instants(released, released >= as_of),
            "left_at": _instants(left, left >= as_of),
        }


def _skewed(random: np.random.Generator, rows: int, values: int) -> np.ndarray:
    """Numbers below `values`, the small ones several times as often as the large ones."""
    return (random.random(rows) ** 2 * values).astype(np.int32)


def _instants(micros: np.ndarray, is_null: np.ndarray) -> pa.Array:
    return pa.array(micros, pa.int64(), mask=is_null).cast(pa.timestamp("us"))


def _stays(drawn: dict[str, pa.Array]) -> pa.Table:
    rows = len(drawn["batch_id"])
    nothing, none = pa.nulls(rows, pa.string()), pa.nulls(rows, pa.int64())
    limit = pa.compute.add(drawn["arrived_at"], pa.scalar(timedelta(days=5), pa.duration("us")))
    return pa.table(
        {
            "batch_id": drawn["batch_id"],
            "consignment_id": drawn["batch_id"],
            "equipment_reference": nothing,
            "first_unit": nothing,
            "un_location_code": drawn["un_location_code"],
            "facility_code": nothing,
            "block": nothing,
            "direction": pa.repeat("import", rows),
            "lead_class": drawn["lead_class"],
            "hazard_rank": none,
            "class_rank": none,
            "units": pa.repeat(1, rows),
            "arrived_at": drawn["arrived_at"],
            "left_at": drawn["left_at"],
            "limit_hours": pa.repeat(120.0, rows),
            "limit_rule_id": nothing,
            "limit_is_illustrative": pa.repeat(True, rows),
            "overdue_at": limit,
            "exit_type": nothing,
            "time_zone": pa.repeat(ZONE, rows),
        }
    )


def _clearances(drawn: dict[str, pa.Array]) -> pa.Table:
    rows = len(drawn["batch_id"])
    return pa.table(
        {
            "consignment_id": drawn["batch_id"],
            "un_location_code": drawn["un_location_code"],
            "direction": pa.repeat("import", rows),
            "lead_class": drawn["lead_class"],
            "arrived_at": drawn["arrived_at"],
            "lodged_at": drawn["lodged_at"],
            "inspected_at": pa.nulls(rows, pa.timestamp("us")),
            "released_at": drawn["released_at"],
            "is_selected": pa.repeat(False, rows),
            "has_stay": pa.repeat(True, rows),
            "left_at": drawn["left_at"],
            "lodged_in_port_at": drawn["lodged_at"],
            "is_impossible_order": pa.repeat(False, rows),
            "closed_at": drawn["left_at"],
        }
    )
