"""The benchmarks on worlds of a few hundred rows: they run, their peers agree, and one that does not is told."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from benchmarks import (
    answers,
    cluster,
    day,
    days,
    durations,
    growth,
    kept,
    load,
    packed,
    plot,
    questions,
    views,
    world,
    yard,
)
from benchmarks.__main__ import main
from benchmarks.runs import Run, RunFailed, measured, ratio
from pipeline.metrics import Reader
from pipeline.settings import Settings

TINY = {"ports": 1, "days": 40}


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> str:
    """A layout of one port and forty days."""
    monkeypatch.setitem(world.LAYOUTS, "tiny", TINY)
    monkeypatch.setitem(world.ROWS_A_BATCH, "tiny", 10.0)
    return "tiny"


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("benchmarks")


def test_a_load_agrees_with_its_peers_in_every_count(work: Path, tiny: str) -> None:
    found = load.run(work, 2_000, 1, tiny)
    counts = found["counts"]
    assert found["rows"] == counts["read"] > 1_500
    assert counts["rejected"] > 0 and counts["superseded"] > 0
    assert set(found["runs"]) == {load.WHOLE, load.INTAKE, load.PARSE, load.PANDAS, load.TUNED}
    assert all(run["peak_mib"] > 10 and run["cpu_seconds"] > 0 for run in found["runs"].values())
    assert f"{found['rows']:,} rows in" in load.lines(found)[0]


def test_loads_that_grow_tell_an_exponent_and_the_memory_of_all_processes(
    work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmarks.archive.PACKED_FROM", 2_000)
    found = growth.run(work, [100, 2_000])
    small, large = found["points"]
    # The open set and what comes after it are the same; the large one comes packed.
    assert large["megabytes"] / large["rows"] < 0.8 * small["megabytes"] / small["rows"]
    assert large["rows"] - small["rows"] == pytest.approx(1_900 * 6.75, rel=0.02)
    for run in large["runs"].values():
        # Looked at now and then: on a busy machine the very peak may fall between two looks.
        assert run["peak_mib_together"] >= 0.5 * run["peak_mib"] > 10
    assert found["exponent"][load.WHOLE]["cpu_seconds"] < 1.5
    assert f"{large['rows']:,}" in "\n".join(growth.lines(found))
    assert not (work / "grown").exists()


def test_packed_files_count_as_plain_ones(work: Path, tiny: str) -> None:
    found = packed.run(work, 2_000, 1, tiny)
    assert found["megabytes"]["packed"] < 0.5 * found["megabytes"]["plain"]
    assert set(found["ratios"]) == {"intake", "whole"}
    assert "packed / plain" in packed.lines(found)[-1]


def _runs(own: int, plain: int, tuned: int) -> dict[str, list[Run]]:
    def counts(accepted: int) -> dict[str, int]:
        return dict.fromkeys(load.COUNTS, 0) | {"read": 5, "accepted": accepted}

    def run(answer: dict[str, Any]) -> list[Run]:
        return [Run(1.0, 1.0, 1, answer)]

    product = {"files": [{"file": "a.csv", **counts(own)}], "totals": {"read": 5}}
    return {
        load.WHOLE: run(product),
        load.INTAKE: run({"rows": 5}),
        load.PARSE: run({"rows": 5}),
        load.PANDAS: run({"files": {"a.csv": counts(plain)}}),
        load.TUNED: run({"files": {"a.csv": counts(tuned)}}),
    }


def test_a_load_is_void_where_a_peer_counts_otherwise() -> None:
    load.refuse_other_answers(_runs(5, 5, 5))
    with pytest.raises(RunFailed, match=r"a\.csv: the product counts .*, pandas, tuned"):
        load.refuse_other_answers(_runs(5, 5, 4))
    with pytest.raises(RunFailed, match=r"a\.csv: the product counts"):
        load.refuse_other_answers(_runs(4, 5, 4))


def test_a_ratio_is_the_median_of_paired_runs() -> None:
    runs = {
        "a": [Run(seconds, 1, 1, {}) for seconds in (2, 30, 4)],
        "b": [Run(seconds, 1, 1, {}) for seconds in (1, 10, 4)],
    }
    assert ratio(runs, "a", "b") == 2


def test_a_process_that_fails_voids_the_run() -> None:
    with pytest.raises(RunFailed, match="ended with"):
        measured("benchmarks.peers.parse_only", "nowhere")


def _lines(folder: Path) -> int:
    """Lines but for headers, over the files of a folder; they end in LF or CRLF."""
    count = 0
    for path in folder.iterdir():
        if path.name.endswith((".csv", ".csv.gz")):
            content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            count += len([line for line in content.split(b"\n")[1:] if line.strip()])
    return count


def test_a_world_is_cut_by_the_day(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(days, "PORTS", 1)
    monkeypatch.setattr(days, "ROWS_A_DAY", 100)
    cut = days.cut_world(work, [1_000, 2_000])
    short, long = map(_lines, cut.histories)
    of_days = [_lines(folder) for folder in cut.days]
    whole = _lines(world.sample_folder(work, days.world_of(2_000)))
    assert len(of_days) == 4 and min(of_days) > 0
    assert 0.3 * long < short < 0.8 * long
    # Lines that are no rows, and rows recorded before the history or after the days, are in neither.
    assert 0.8 * whole < long + sum(of_days) < whole


def test_a_day_is_loaded_onto_its_history(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(days, "PORTS", 1)
    monkeypatch.setattr(days, "ROWS_A_DAY", 50)
    monkeypatch.setattr(days, "MEASURED_DAYS", 2)
    found = day.run(work, [1_500])
    (point,) = found["points"]
    assert point["history_rows"] > 500 > point["rows"] > 0
    assert len(point["days"]) == 1 and point["first_day"]["rows"] > 0
    assert point["open_rows"]["stays"] > 0
    assert point["bytes_written"] > 1_000
    assert found["exponent"]["seconds"] is None
    assert f"{point['history_rows']:14,}" in "\n".join(day.lines(found))


def test_an_exponent_is_that_of_a_power_law() -> None:
    points = [{"history_rows": rows, "seconds": 3 * rows**0.5} for rows in (100, 400, 1_600)]
    assert day.slope(points, "seconds") == pytest.approx(0.5)


@pytest.fixture(scope="module")
def answered(work: Path) -> tuple[dict[str, Any], Path]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(
            world.LAYOUTS, "feeds", TINY | {"start": days.LAST_DAY.replace(year=2022, month=6, day=1)}
        )
        found = answers.run(work, 2_000, 2)
    return found, next((work / "answers").iterdir())


def test_answers_are_timed_and_the_same_as_the_peers(answered: tuple[dict[str, Any], Path]) -> None:
    found, _ = answered
    assert set(found["metrics"]) == set(answers.VIEWS)
    assert all(0 < times["median"] <= times["p95"] for times in found["metrics"].values())
    assert {"pandas, stays in memory", "pandas, from Parquet"} <= set(found["peers"])
    assert "peers agree" in answers.lines(found)[0]


def test_answers_are_void_where_a_peer_says_otherwise(answered: tuple[dict[str, Any], Path]) -> None:
    reader = Reader(Settings(lake=answered[1]))
    stock = reader.query(answers.STOCK)
    answers.refuse_other_figures(reader, {"a peer": stock.assign(date=pd.to_datetime(stock["date"]))})
    other = stock.assign(
        date=pd.to_datetime(stock["date"]), backlog=stock["backlog"].where(stock.index != 3, -1)
    )
    with pytest.raises(RunFailed, match=r"backlog, row 3: \d+ by the product, -1 by a peer"):
        answers.refuse_other_figures(reader, {"a peer": other})
    with pytest.raises(RunFailed, match="rows by the product"):
        answers.refuse_other_figures(reader, {"a peer": stock.iloc[:-1]})


def test_a_picture_needs_results(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plot", "--results", str(tmp_path), "--work", str(tmp_path)]) == 1
    assert "no results" in capsys.readouterr().err


def test_a_picture_without_matplotlib_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(plot, "import_module", missing)
    with pytest.raises(RunFailed, match="pip install matplotlib"):
        plot.run()


def test_kept_results_are_whole() -> None:
    kept = {path.stem: json.loads(path.read_text("utf-8")) for path in plot.RESULTS.glob("*.json")}
    assert {"load_feeds", "load_bulk", "day", "answers"} <= set(kept)
    for found in kept.values():
        assert {"date", "cores", "memory_gib"} <= set(found["machine"])
    for name, found in kept.items():
        if name.startswith("load_"):
            assert {"whole load / parse only"} <= set(found["ratios"]) <= set(load.RATIOS)
    assert (plot.RESULTS / plot.PICTURE).read_text("utf-8").startswith("<?xml")


@pytest.fixture(scope="module")
def timed(work: Path) -> dict[str, Any]:
    return durations.run(work, 20_000, 1)


def test_views_are_timed_on_lakes_that_grow(work: Path) -> None:
    found = views.run(work, [2_000, 20_000], 1)
    assert [point["stays"] for point in found["points"]] == [2_000, 20_000]
    for point in found["points"]:
        assert point["kept_bytes"] > 0
        assert all(0 < times["median"] <= times["p95"] for times in point["views"].values())
    assert found["exponent"].keys() == found["points"][0]["views"].keys()
    assert "exponent" in views.lines(found)[1]


def test_questions_are_answered_by_every_peer_that_is_installed(work: Path) -> None:
    found = questions.run(work, 20_000, 1)
    assert set(found["questions"]) == set(questions.QUESTIONS)
    for times in found["questions"].values():
        assert {questions.PRODUCT, "pandas"} <= set(times)
        assert set(times).isdisjoint(found["lacking"])
        assert times[questions.PRODUCT]["ratio"] == 1
    assert "all agree in every figure" in questions.lines(found)[0]


def test_questions_are_void_where_a_peer_says_otherwise() -> None:
    own = pd.DataFrame({"un_location_code": ["CNSHG", "CNNGB"], "n": [3, 4], "mean_hours": [1.5, None]})
    questions.refuse_other_figures("dwell", own, own.drop(columns="mean_hours"))
    for other in (own.assign(n=[3, 5]), own.assign(mean_hours=[1.5, 2.0]), own.iloc[:1]):
        with pytest.raises(RunFailed):
            questions.refuse_other_figures("dwell", own, other)


def test_durations_are_timed_and_the_same_as_the_peer_s(timed: dict[str, Any]) -> None:
    assert {durations.PEER, *(f"dwell, {window}" for window in durations.WINDOWS)} <= set(timed["answers"])
    assert all(0 < times["fastest"] <= times["median"] for times in timed["answers"].values())
    assert timed["ratio"] > 0 and timed["ratio_cpu"] > 0
    assert "the peer agrees in every figure" in durations.lines(timed)[0]


def test_kept_tables_are_drawn_as_asked_and_kept(work: Path, timed: dict[str, Any]) -> None:
    settings = kept.kept_lake(work, timed["stays"])
    reader = Reader(settings)
    assert reader.release is not None
    rows = dict(reader.release.rows)
    assert rows.pop("flows") > 0 and rows == {"stays": 20_000, "clearances": 20_000}
    assert kept.kept_lake(work, timed["stays"]) == settings
    assert Reader(settings).release == reader.release
    stays = reader.query("stays")
    assert stays["un_location_code"].nunique() == timed["ports"] == kept.PORTS
    assert 0 < stays["left_at"].isna().sum() < 600


def test_durations_are_void_where_the_peer_says_otherwise() -> None:
    row = {"un_location_code": "CNSHG", "n": 4, "n_ended": 3, "median_hours": 5.0, "rmst_hours": 6.0}
    dwell, peer = pd.DataFrame([row | {"clock": "period"}]), pd.DataFrame([row])
    durations.refuse_other_figures(dwell, peer)
    with pytest.raises(RunFailed, match=r"rmst_hours, CNSHG: 6\.0 by the product, 6\.1"):
        durations.refuse_other_figures(dwell, peer.assign(rmst_hours=6.1))
    with pytest.raises(RunFailed, match="1 ports by the product, 0"):
        durations.refuse_other_figures(dwell, peer.iloc[:0])


def test_two_engines_give_the_same_tables_and_reports(work: Path, tiny: str) -> None:
    found = cluster.run(work, [2_000], 1, tiny)
    (point,) = found["points"]
    assert point["stays"] > 100
    for engine in (cluster.DUCKDB, cluster.SAIL):
        for name in ("rebuild", *cluster.REPORTS):
            assert point[engine][name]["cpu_seconds"] > 0
    assert set(found["exponent"]) >= {"rebuild, DuckDB", "rebuild, Sail"}
    assert len(cluster.lines(found)) > 8
    assert not (work / "cluster").exists()


def test_two_engines_are_void_where_they_differ() -> None:
    one = pd.DataFrame({"n": [1, 2], "hours": [1.0, 2.0]})
    cluster.refuse_other("dwell", one, one.assign(hours=[1.0, 2.0 + 1e-12]))
    for other in (one.assign(n=[1, 3]), one.assign(hours=[1.0, 2.00001])):
        with pytest.raises(RunFailed, match="dwell: DuckDB and Sail differ"):
            cluster.refuse_other("dwell", one, other)


def test_segregation_is_void_where_the_sweep_counts_otherwise(
    work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = yard.run(work, 3_000)
    assert found["pairs"] == found["pairs_listed"] > 0
    assert "the sweep counts the same" in yard.lines(found)[0]
    monkeypatch.setattr(yard, "_conflicts", lambda reader: set())
    with pytest.raises(RunFailed, match="0 by the sweep"):
        yard.run(work, 3_000)
