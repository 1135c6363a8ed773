"""DuckDB in this process: models side by side, and parts by label."""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import replace
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from lake.support import day_feeds, load_files, settings_of, write_feeds

from pipeline.engines.duckdb_engine import Engine, ModelFailed
from pipeline.engines.relations import Relations
from pipeline.errors import UserMistake
from pipeline.lake.lake import Lake
from pipeline.question import open_question
from pipeline.reference.reading import load_reference
from pipeline.settings import Settings

MODELS = ("batch_stays", "unit_stays", "clearances")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A lake of two days, and two threads whatever the machine has."""
    lake = tmp_path / "lake"
    for day in (1, 2):
        load_files(lake, write_feeds(tmp_path / f"day-{day}", day_feeds(day)))
    return Settings(settings_of(lake).lake, threads=2)


def _computed(settings: Settings, side_by_side: bool) -> dict[str, list[str]]:
    lake = Lake(settings.lake)
    release = lake.release()
    files = lambda table: lake.files(release, table)  # noqa: E731
    with open_question(settings, load_reference(None), files, None, None) as relations:
        if side_by_side:
            relations.need_all(*MODELS)
        return {name: sorted(map(str, relations.rows(name))) for name in MODELS}


def test_models_side_by_side_are_the_models_one_by_one(settings: Settings) -> None:
    found = _computed(settings, side_by_side=True)
    assert found == _computed(settings, side_by_side=False)
    assert [len(rows) for rows in found.values()] == [6, 6, 6]


def test_steps_that_nothing_waits_for_are_dropped_and_come_again(settings: Settings) -> None:
    expected = _computed(settings, side_by_side=False)
    lake = Lake(settings.lake)
    release = lake.release()
    files = lambda table: lake.files(release, table)  # noqa: E731
    with open_question(settings, load_reference(None), files, None, None) as relations:
        relations.need_all(*MODELS, keep_steps=False)
        # A table, a view over it, and a table that was there before.
        assert not any(map(relations.has, ("claims", "visits", "unit_summaries")))
        assert {name: sorted(map(str, relations.rows(name))) for name in MODELS} == expected
        assert len(relations.rows("visits")) == len(expected["unit_stays"])


def test_a_model_that_fails_beside_others_says_which(settings: Settings) -> None:
    with Engine(settings) as relations:
        relations.register_arrow("moves", pa.table({"flow": ["in"]}))
        relations.register_arrow("consignments", pa.table({"consignment_id": ["C1"]}))
        with pytest.raises(ModelFailed, match="unit_summaries"):
            relations.need_all("unit_summaries")


def test_steps_side_by_side_have_relations_of_their_own(settings: Settings) -> None:
    found: dict[str, list[tuple[int, ...]]] = {}

    def step(name: str, value: int, relations: Relations) -> None:
        relations.register_arrow("own", pa.table({"value": [value]}))
        relations.alias("seen", "own")
        relations.forget("shadowed")
        relations.alias("shadowed", "own")
        found[name] = [row for relation in ("seen", "shadowed", "given") for row in relations.rows(relation)]

    with Engine(settings) as relations:
        relations.register_arrow("shadowed", pa.table({"value": [0]}))
        made: list[int] = []

        def given() -> None:
            made.append(1)
            relations.register_arrow("given", pa.table({"value": [9]}))

        relations.provide("given", given)
        relations.side_by_side([partial(step, str(value), value) for value in range(1, 9)])
        assert found == {str(value): [(value,), (value,), (9,)] for value in range(1, 9)}
        assert made == [1]
        assert relations.rows("shadowed") == [(0,)]
        assert not relations.has("own")


def test_a_step_that_fails_beside_others_says_so(settings: Settings) -> None:
    with Engine(settings) as relations, pytest.raises(ModelFailed, match="nothing is called"):
        relations.side_by_side([lambda apart: apart.need("calendar"), lambda apart: None])


def _come_and_gone(units: int) -> pa.Table:
    """Moves of units that came once, and went a day later."""
    numbers = [*range(units), *range(units)]
    came = dt.datetime(2022, 1, 1)
    same = {"un_location_code": "CNSHG", "facility_code": "F1", "block": "A", "exit_type": "gate"}
    return pa.table(
        {
            "equipment_reference": [f"{number:032d}" for number in numbers],
            "consignment_id": [f"C{number}" for number in numbers],
            "event_id": [f"E{place}" for place in range(2 * units)],
            "flow": ["in"] * units + ["out"] * units,
            "event_at": pa.array([came] * units + [came + dt.timedelta(days=1)] * units, pa.timestamp("us")),
            **{name: [value] * 2 * units for name, value in same.items()},
        }
    )


def test_what_does_not_fit_in_memory_with_many_threads_is_computed_with_one(
    settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A thread that writes a file holds a row group of its own: eight of a kilobyte a row are more than the limit."""
    rows = 1_000_000
    narrow = replace(settings, memory_limit="96MiB", threads=8)
    caplog.set_level(logging.INFO, "pipeline.engines.duckdb_engine")
    with Engine(narrow, tmp_path / "spill") as engine:
        engine.register_arrow("numbers", pa.table({"n": pa.array(range(rows), pa.int64())}))
        engine.project("texts", "numbers", {"n": "n", "text": "repeat(CAST(n AS VARCHAR), 150)"})
        assert engine.write_parquet("texts", tmp_path / "texts.parquet") == rows
    assert "texts does not fit in memory with 8 threads" in caplog.text
    written = pq.read_table(tmp_path / "texts.parquet")
    assert sorted(written["n"].to_pylist()) == list(range(rows))
    by_number = dict(zip(*(written[name].to_pylist() for name in ("n", "text")), strict=True))
    assert by_number[7] == "7" * 150 and by_number[rows - 1] == "999999" * 150


def test_what_does_not_fit_in_memory_at_all_says_what_to_do(settings: Settings, tmp_path: Path) -> None:
    narrow = replace(settings, memory_limit="9MiB", threads=2)
    with Engine(narrow, tmp_path / "spill") as engine:
        engine.register_arrow(
            "consignments", pa.table({"consignment_id": ["C7"], "un_location_code": ["CNSHG"]})
        )
        engine.register_arrow("moves", _come_and_gone(60_000))
        with pytest.raises(UserMistake, match="unit_summaries does not fit in memory") as told:
            engine.need_all("unit_summaries")
    assert "DGWATCH_MEMORY_LIMIT" in told.value.hint


def test_parts_by_label_hold_the_rows_of_their_day(settings: Settings, tmp_path: Path) -> None:
    march, june = dt.date(2022, 3, 1), dt.date(2022, 6, 1)
    with Engine(settings) as relations:
        given = {"n": [1, 2, 3], "label": pa.array([june, march, june], pa.date32())}
        relations.register_arrow("given", pa.table(given))
        written = relations.write_by_label("given", tmp_path / "out", "label")
    assert [(label, rows) for label, _, rows in written] == [(march, 1), (june, 2)]
    found = {label: sorted(pq.ParquetFile(path).read().to_pydict()["n"]) for label, path, _ in written}
    assert found == {march: [2], june: [1, 3]}


def test_parts_of_more_days_than_files_are_open_lose_nothing(settings: Settings, tmp_path: Path) -> None:
    rows, days = 400_000, 40
    with Engine(settings, tmp_path) as relations:
        relations.register_arrow("numbers", pa.table({"n": pa.array(range(rows), pa.int64())}))
        relations._connection.execute(
            "SET GLOBAL partitioned_write_max_open_files = 3; SET GLOBAL partitioned_write_flush_threshold = 4096"
        )
        relations.project(
            "given", "numbers", {"n": "n", "label": f"DATE '2022-01-01' + CAST(n % {days} AS INTEGER)"}
        )
        written = relations.write_by_label("given", tmp_path / "out", "label")
    assert len(written) > days
    assert sum(rows for *_, rows in written) == rows


def test_no_engine_gathers_small_chunks(settings: Settings, tmp_path: Path) -> None:
    """DuckDB 2.0.0 mistakes one dictionary for another there, and the instance is lost."""
    for spill in (None, tmp_path):
        with Engine(settings, spill) as relations:
            found = relations._connection.execute("SELECT current_setting('enable_caching_operators')")
            assert found.fetchall() == [(False,)]


def test_constants_are_made_once_for_those_that_share_them(settings: Settings) -> None:
    made: list[str] = []

    def ask(constants: str, value: int) -> int:
        def rows() -> pa.Table:
            made.append(constants)
            return pa.table({"n": [value]})

        with Engine(settings, constants=constants) as relations:
            relations.provide_constant("of_all", rows)
            relations.alias("seen", "of_all")
            found: int = relations.scalar("seen")
            relations.register_arrow("of_all", pa.table({"n": [-1]}))
            assert relations.scalar("of_all") == -1
            relations.forget("of_all")
            return found

    assert [ask("first", 1), ask("first", 2), ask("second", 3)] == [1, 1, 3]
    assert made == ["first", "second"]
