"""The same models on a Spark Connect server: tables and reports are DuckDB's.

Sail runs wherever the tests do. Apache Spark 4 needs Java 17 and some minutes, and runs where it is named: install
`pyspark[connect]>=4.1,<4.3` into an environment of its own (its client and pyspark-client are one package and shut
each other out), and set DGWATCH_TEST_SPARK_HOME to the folder that `python -c "import pyspark;
print(pyspark.__path__[0])"` prints there, or to an unpacked Apache Spark. Then:
`DGWATCH_TEST_SPARK_HOME=... python -m pytest tests/engines --timeout=3000`.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from lake.support import BUILT, day_feeds, entries, write_feeds

from benchmarks.servers import Server, apache_spark, free_port, sail
from engines.worlds import write_world
from pipeline.address import Root
from pipeline.cli import main
from pipeline.engines import spark_engine
from pipeline.engines.duckdb_engine import Engine
from pipeline.engines.relations import Before, ModelFailed, Relations
from pipeline.engines.spark_engine import SparkEngine
from pipeline.lake.lake import Lake, Release
from pipeline.loading import build
from pipeline.metrics import Filters, Reader
from pipeline.metrics.elsewhere import ON_SPARK
from pipeline.sample import SampleSettings, write_sample
from pipeline.settings import Settings

LOADED_AT = dt.datetime(2022, 9, 3)
SPARK_HOME = "DGWATCH_TEST_SPARK_HOME"
ACTION = "special-action-2022"
SUMMER: dict[str, Any] = {"date_from": dt.date(2022, 6, 1), "date_to": dt.date(2022, 7, 31)}

ASKED: dict[str, tuple[Filters, ...]] = {
    "stays": (
        Filters(),
        Filters(count="unit", ports=("CNSHG", "USLAX"), classes=("3",), **SUMMER),
        Filters(known_at=dt.datetime(2022, 7, 1)),
    ),
    "stock": (
        Filters(),
        Filters(by=("date", "port", "facility", "class", "age_bucket", "direction"), **SUMMER),
        Filters(by=("port",), count="unit"),
    ),
    "dwell": (Filters(), Filters(by=("class",), count="unit", **SUMMER)),
    "clearance": (Filters(stage="customs", **SUMMER), Filters(by=("all",), stage="inspected_released")),
    "survival": (Filters(**SUMMER), Filters(stage="overall")),
    "reduction": (Filters(campaign_id=ACTION),),
    "campaign": (Filters(campaign_id=ACTION), Filters(campaign_id=ACTION, by=("date",))),
    "compare": (Filters(campaign_id=ACTION),),
    "why": (Filters(campaign_id=ACTION),),
    "history": (Filters(consignment_id="B9001"),),
}
"""What each report is asked; nothing where it is not here."""

OF_THE_SAMPLE = {
    "why_batches": Filters(campaign_id=ACTION, ports=("CNSHG",)),
    "rebound": Filters(campaign_id=ACTION),
    "pilots": Filters(campaign_id="pilot-2023"),
    "campaign_forecast": Filters(campaign_id=ACTION),
    **dict.fromkeys(
        ("border", "border_alerts", "border_interceptions", "border_actions", "border_lag"), Filters()
    ),
}
"""Reports that the terminals' files have no rows for are asked of the sample port world."""

QUESTIONS = [
    (key, filters) for key in ON_SPARK if key not in OF_THE_SAMPLE for filters in ASKED.get(key, (Filters(),))
]


def _apache_spark(folder: Path) -> AbstractContextManager[Server]:
    home = os.environ.get(SPARK_HOME)
    if not home:
        pytest.skip(
            f"{SPARK_HOME} names no Apache Spark 4: the first lines of {__file__} tell how to run this"
        )
    return apache_spark(Path(home), folder)


SERVERS = {"sail": sail, "apache_spark": _apache_spark}


@pytest.fixture(scope="module", params=SERVERS)
def remote(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server that runs for as long as these tests."""
    with SERVERS[request.param](tmp_path_factory.mktemp("server")) as server:
        yield server.address


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A lake that DuckDB built."""
    settings = Settings(tmp_path_factory.mktemp("lake"))
    build.load(settings, write_world(tmp_path_factory.mktemp("world")), LOADED_AT)
    return settings


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A lake of the sample port world that DuckDB built."""
    settings, files = Settings(tmp_path_factory.mktemp("sample")), tmp_path_factory.mktemp("files")
    write_sample(files, SampleSettings(batches=600, ports=4, seed=11))
    build.load(settings, [files], dt.datetime(2024, 9, 3))
    return settings


@pytest.fixture(scope="module")
def rebuilt(settings: Settings, remote: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same lake, built anew by the server: few rows at a time, as a large table would come."""
    lake = tmp_path_factory.mktemp("rebuilt") / "lake"
    shutil.copytree(str(settings.lake), lake)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(spark_engine, "FETCHED_ROWS", 500)
        assert main(["rebuild", "--lake", str(lake), "--engine", "spark", "--remote", remote]) == 0
    return lake


def release_of(lake: Root) -> Release:
    found = Lake(lake).release()
    assert found is not None
    return found


def table(lake: Root, name: str) -> pd.DataFrame:
    """All rows of a table in one order, with the label of their part."""
    pieces = []
    for part in Lake(lake).parts(release_of(lake), name):
        rows = pq.ParquetFile(part.path).read()
        pieces.append(rows.append_column("part", pa.array([part.label] * rows.num_rows, pa.string())))
    names = sorted(pieces[0].column_names)
    frame = pa.concat_tables([_bare(piece.select(names)) for piece in pieces]).to_pandas(date_as_object=True)
    return frame.sort_values([name for name in names if name in KEYS], ignore_index=True)


KEYS = {
    "batch_id", "consignment_id", "equipment_reference", "first_unit", "un_location_code", "arrived_at",
    "flow_day", "facility_code", "lead_class", "direction", "age_bucket",
}  # fmt: skip


def _bare(rows: pa.Table) -> pa.Table:
    """Without the word of some writers that a column is never null."""
    return rows.cast(pa.schema([pa.field(field.name, field.type) for field in rows.schema]))


def is_equal(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    """Counts and texts exactly, floats to 1e-9."""
    pd.testing.assert_frame_equal(found, expected, check_dtype=False, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", BUILT)
def test_a_table_built_on_the_server_is_the_one_that_duckdb_builds(
    settings: Settings, rebuilt: Path, name: str
) -> None:
    found, expected = table(rebuilt, name), table(settings.lake, name)
    assert len(expected) > 1000
    is_equal(found, expected)
    assert dict(found.dtypes) == dict(expected.dtypes)


def test_parts_and_release_and_ledger_are_those_of_duckdb(settings: Settings, rebuilt: Path) -> None:
    before, after = release_of(settings.lake), release_of(rebuilt)
    assert (after.as_of, after.rows, after.reference_digest) == (
        before.as_of,
        before.rows,
        before.reference_digest,
    )
    for name in BUILT:
        parts = [Lake(lake).parts(release_of(lake), name) for lake in (settings.lake, rebuilt)]
        expected, found = (sorted((part.label or "", part.rows) for part in parts) for parts in parts)
        assert found == expected
    assert entries(rebuilt) == entries(settings.lake)


def test_ports_of_several_time_zones_are_among_the_rows(settings: Settings) -> None:
    assert table(settings.lake, "stays")["time_zone"].nunique() == 4


def test_a_day_loads_on_top_of_what_the_server_built(
    settings: Settings, rebuilt: Path, tmp_path: Path
) -> None:
    paths = write_feeds(tmp_path / "day", day_feeds(40))
    lakes = []
    for number, lake in enumerate((settings.lake, rebuilt)):
        lakes.append(tmp_path / f"lake-{number}")
        shutil.copytree(str(lake), lakes[-1])
        build.load(replace(settings, lake=lakes[-1]), paths, LOADED_AT)
    for name in ("stays", "unit_stays", "clearances"):
        is_equal(table(lakes[1], name), table(lakes[0], name))


@pytest.mark.parametrize(
    ("key", "filters"), QUESTIONS, ids=[f"{key}-{n}" for n, (key, _) in enumerate(QUESTIONS)]
)
def test_a_report_of_the_server_is_the_one_of_duckdb(
    settings: Settings, remote: str, key: str, filters: Filters
) -> None:
    expected = Reader(settings).query(key, filters)
    found = Reader(replace(settings, remote=remote)).query(key, filters)
    assert len(expected) > 0
    assert list(found.columns) == list(expected.columns)
    is_equal(found, expected)


@pytest.mark.parametrize("key", OF_THE_SAMPLE)
def test_a_report_of_the_sample_is_the_one_of_duckdb(sample: Settings, remote: str, key: str) -> None:
    expected = Reader(sample).query(key, OF_THE_SAMPLE[key])
    found = Reader(replace(sample, remote=remote)).query(key, OF_THE_SAMPLE[key])
    assert len(expected) > 0
    is_equal(found, expected)


def test_a_report_of_the_command_line_is_the_same_text(
    settings: Settings, remote: str, capfd: pytest.CaptureFixture[str]
) -> None:
    said = []
    for server in ([], ["--engine", "spark", "--remote", remote]):
        assert main(["report", "stock", "--port", "USLAX", "--lake", str(settings.lake), *server]) == 0
        said.append(capfd.readouterr())
    assert said[0].out.count("\n") > 2
    assert said[1].out == said[0].out
    assert said[1].err == said[0].err


@pytest.mark.parametrize("name", ["silent_ports", "briefing"])
def test_a_report_that_was_never_held_equal_is_refused(
    settings: Settings, remote: str, capfd: pytest.CaptureFixture[str], name: str
) -> None:
    arguments = ["report", name, "--lake", str(settings.lake)]
    assert main([*arguments, "--engine", "spark", "--remote", remote]) == 2
    said = capfd.readouterr()
    assert said.out == ""
    assert f"{name}: not with --engine spark" in said.err


@pytest.fixture(params=["duckdb", "server"])
def relations(request: pytest.FixtureRequest, settings: Settings, remote: str) -> Iterator[Relations]:
    with Engine(settings) if request.param == "duckdb" else SparkEngine(remote) as found:
        yield found


def test_a_view_follows_what_it_reads(relations: Relations) -> None:
    relations.register_arrow("one", pa.table({"n": pa.array([1, 2], pa.int64())}))
    relations.alias("two", "one")
    relations.project("three", "two", {"m": "n + 1"})
    assert sorted(relations.rows("three")) == [(2,), (3,)]
    relations.register_arrow("one", pa.table({"n": pa.array([10], pa.int64())}))
    assert relations.rows("three") == [(11,)]
    relations.forget("three")
    assert not relations.has("three")
    with pytest.raises(ModelFailed, match="three"):
        relations.need("three")


VALUES = pa.table(
    {
        "at": pa.array(
            [dt.datetime(2022, 3, 27, 1, 30, 0, 5), None, dt.datetime(1969, 12, 31)], pa.timestamp("us")
        ),
        "day": pa.array([dt.date(2022, 2, 28), None, dt.date(1990, 1, 1)], pa.date32()),
        "text": pa.array(["it's; -- =危 \\ \n", None, ""], pa.string()),
        "share": pa.array([0.1, None, -1e300], pa.float64()),
        "is_so": pa.array([True, None, False], pa.bool_()),
        "number": pa.array([2**62, None, -1], pa.int64()),
    }
)


@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai", "Europe/Berlin"])
def test_values_come_back_as_they_went_wherever_the_command_runs(
    relations: Relations, monkeypatch: pytest.MonkeyPatch, zone: str
) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        relations.register_arrow("given", VALUES)
        found = relations.to_arrow("given").sort_by([("number", "descending")])
        assert found.sort_by("number").to_pylist() == VALUES.sort_by("number").to_pylist()
        relations.register_arrow("none_given", VALUES.schema.empty_table())
        assert relations.schema("none_given") == VALUES.schema
        assert relations.rows("none_given") == []
    finally:
        monkeypatch.undo()
        time.tzset()


def test_files_are_read_up_to_a_loaded_file(relations: Relations, tmp_path: Path) -> None:
    rows = pa.table({"_file_seq": pa.array([1, 2, 3], pa.int64()), "text": ["a", "b", "c"]})
    pq.write_table(rows, tmp_path / "rows of a part.parquet")
    relations.last_file = 2
    relations.register_files("landed", [str(tmp_path / "rows of a part.parquet")], None)
    assert sorted(relations.rows("landed")) == [(1, "a"), (2, "b")]


def test_rows_that_lie_after_an_instant_are_not_read(relations: Relations, tmp_path: Path) -> None:
    noon = dt.datetime(2022, 6, 1, 12)
    later = noon + dt.timedelta(microseconds=1)
    rows = {
        "n": pa.array([1, 2, 3], pa.int64()),
        "first_at": pa.array([noon, later, None], pa.timestamp("us")),
        "second_at": pa.array([None, noon, later], pa.timestamp("us")),
    }
    pq.write_table(pa.table(rows), tmp_path / "part.parquet")
    for columns, kept in ((("first_at",), [1]), (("first_at", "second_at"), [1, 2])):
        before = Before(later, columns)
        relations.register_files("kept", [str(tmp_path / "part.parquet")], None, before)
        assert sorted(row[0] for row in relations.rows("kept")) == kept


def test_a_relation_is_written_by_its_labels(
    relations: Relations, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spark_engine, "FETCHED_ROWS", 3)
    march, december, january = dt.date(2022, 3, 1), dt.date(2021, 12, 1), dt.date(2022, 1, 1)
    labels = pa.array([march] * 2 + [december] * 4 + [january], pa.date32())
    relations.register_arrow("given", pa.table({"n": pa.array(range(7), pa.int64()), "label": labels}))
    written = relations.write_by_label("given", tmp_path / "out", "label")
    assert [(label, rows) for label, _, rows in written] == [(december, 4), (january, 1), (march, 2)]
    found = {label: sorted(pq.ParquetFile(path).read().to_pydict()["n"]) for label, path, _ in written}
    assert found == {march: [0, 1], december: [2, 3, 4, 5], january: [6]}


def test_a_server_without_a_place_for_tables_in_between_says_so(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with sail(tmp_path, keeps=False) as server:
        code = main(
            ["rebuild", "--lake", str(settings.lake), "--engine", "spark", "--remote", server.address]
        )
    assert code == 2
    assert "SAIL_EXECUTION__CHECKPOINT__PATH" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--engine", "spark"], "on which server?"),
        (["--remote", "sc://127.0.0.1:15002"], "Give --engine spark too"),
        (["--engine", "spark", "--remote", "127.0.0.1:15002"], "sc://HOST:PORT"),
        (["--engine", "spark", "--remote", "sc://127.0.0.1:99999"], "sc://HOST:PORT"),
        (["--engine", "spark", "--remote", "sc://127.0.0.1:{nobody}"], "no server answers"),
    ],
)
@pytest.mark.parametrize("command", [["rebuild"], ["report", "stock"]])
def test_a_server_that_cannot_be_asked_is_told(
    settings: Settings, capfd: pytest.CaptureFixture[str], command: list[str], arguments: list[str], said: str
) -> None:
    given = [word.format(nobody=free_port()) for word in arguments]
    assert main([*command, "--lake", str(settings.lake), *given]) == 2
    told = capfd.readouterr()
    assert told.out == ""
    assert said in told.err
