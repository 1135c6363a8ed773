"""The outside door: what a user types, what comes out where, and with which exit code."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from pipeline import __version__, export
from pipeline.cli import main, messages, values
from pipeline.cli.demo import prepare_demo
from pipeline.cli.parser import SUMMARIES
from pipeline.contract import SOURCES
from pipeline.metrics import REGISTRY
from pipeline.sample import SampleSettings
from pipeline.settings import Settings, from_environment

DGWATCH = str(Path(sys.executable).with_name("dgwatch"))
STAYS = (
    "consignment_id,un_location_code,facility_code,direction,lead_class,units,arrived_at,left_at,dwell_hours,"
    "age_hours,limit_hours,limit_rule_id,overdue_at,is_overdue,exit_type"
)
STOCK = "date,un_location_code,lead_class,stock,backlog,arrivals,exits,newly_overdue"
SUMMARY_FIELDS = (
    "file source sha256 read accepted superseded duplicate rejected warned already_loaded error "
    "unknown_columns"
)
MOVES = "event_id,un_location_code,equipment_reference,event_type,event_at\n"
OF_ACTION = ("--campaign", "special-action-2022")


@dataclass(frozen=True)
class Said:
    """What a call gave back."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[list[str]]:
        """Standard output as CSV."""
        return list(csv.reader(io.StringIO(self.out, newline="")))


Call = Callable[..., Said]


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Call:
    """Calls `main` and returns exit code and both outputs."""

    def called(*arguments: object) -> Said:
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Said(code, captured.out, captured.err)

    return called


@pytest.fixture(scope="session")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake with a small sample world."""
    folder = tmp_path_factory.mktemp("cli")
    assert main(["sample", str(folder / "files"), "--batches", "600", "--ports", "3", "--days", "150"]) == 0
    assert main(["load", str(folder / "files"), "--lake", str(folder / "lake")]) == 0
    return folder / "lake"


@pytest.fixture
def moves(tmp_path: Path) -> Path:
    """A file of three moves, one of them with two faults."""
    file = tmp_path / "yard_moves_hand.csv"
    file.write_text(
        "event_id,un_location_code,equipment_reference,event_type,event_at,note\n"
        "1,CNSHG,MSKU1234565,DISC,2022-06-01 08:00,=danger\n"
        "2,CNSHG,MSKU1234565,GTOT,2022-06-04 08:00,\n"
        "3,CNXXX,MSKU1234565,FLY,2022-06-05 08:00,-1.3\n"
    )
    return file


def test_version_and_help_go_to_standard_output(call: Call) -> None:
    assert call("--version") == Said(0, f"dgwatch {__version__}\n", "")
    said = call("--help")
    assert said.code == 0
    assert all(command in said.out for command in SUMMARIES)


@pytest.mark.parametrize("command", SUMMARIES)
def test_every_command_tells_its_options(call: Call, command: str) -> None:
    said = call(command, "--help")
    assert (said.code, said.err) == (0, "")
    assert "--lake" in said.out
    assert "--format" not in said.out or all(form in said.out for form in export.FORMATS)
    assert call("--help", command) == said


@pytest.mark.parametrize(
    ("arguments", "what", "hint"),
    [
        ([], "no command", "dgwatch demo"),
        (["lod"], "lod", "load"),
        (["load"], "PATH", "dgwatch load --help"),
        (["load", "x", "--strct"], "--strct", "--strict"),
        (["trust", "more"], "more", "dgwatch trust --help"),
        (["report"], "which report", "stays"),
        (["report", "stey"], "stey", "stays"),
        (["report", "stays", "--prot", "CNSHG"], "--prot", "--port"),
        (["report", "stays", "--format", "pdf"], "pdf", "xlsx"),
        (["report", "stays", "--as-of", "June"], "June", "--help"),
        (["report", "stays", "--as-of", "2022-06-31"], "2022-06-31", "--help"),
        (["report", "stays", "--from", "2022-06-02", "--to", "2022-06-01"], "2022-06-02", "swap"),
        (["report", "findings", "--count", "unit"], "--count unit", "stays"),
        (["report", "findings", "--by", "port"], "--by does not act on findings", "stock"),
        (["report", "stock", "--consignment", "X"], "--consignment", "history"),
        (["report", "stock", "--stage", "customs"], "--stage does not act on stock", "clearance"),
        (["report", "campaign"], "which campaign", "--campaign"),
        (["report", "campaign", "--campaign", "X"], "X: no such campaign", "special-action-2022"),
        (["report", "reduction", *OF_ACTION, "--from", "2022-06-01"], "has days", "Leave out --from"),
        (["report", "compare", *OF_ACTION, "--to", "2022-06-02"], "--to names others", "all the days"),
        (
            ["report", "why", *OF_ACTION, "--baseline-to", "2022-06-01"],
            "--baseline-to",
            "Leave out --baseline-to",
        ),
        (["report", "history"], "which batch", "--consignment"),
        (["report", "stock", "--by", "port,colour"], "colour", "facility"),
        (["rebuild", "--engine", "spark"], "on which server?", "--remote"),
        (["serve", "--port", "0"], "0", "--help"),
        (["sample", "out", "--dirty", "101"], "101", "--help"),
        (["load", "no/such/path"], "no/such/path", ""),
        (["load", "x", "--reference", "no/such/folder"], "no/such/folder", "--reference"),
    ],
)
def test_a_mistake_in_the_call_says_what_and_what_to_do(
    call: Call, lake: Path, arguments: list[str], what: str, hint: str
) -> None:
    said = call(*arguments, *(["--lake", lake] if arguments else []))
    assert said.code == 2
    assert said.out == ""
    assert what in said.err
    assert hint in said.err
    assert "Traceback" not in said.err


@pytest.mark.parametrize(
    ("arguments", "near"),
    [(["--port", "CNNB0"], "CNNB"), (["--class", "2.9"], "2."), (["--direction", "imprt"], "import")],
)
def test_a_code_that_cannot_be_is_no_empty_report(
    call: Call, lake: Path, arguments: list[str], near: str
) -> None:
    said = call("report", "stays", "--lake", lake, *arguments)
    assert (said.code, said.out) == (2, "")
    assert arguments[1] in said.err
    assert near in said.err


@pytest.mark.parametrize("name", [key for key, metric in REGISTRY.items() if metric.is_report])
def test_every_report_answers_with_its_columns(call: Call, lake: Path, name: str) -> None:
    metric = REGISTRY[name]
    batch = call("report", "stays", "--lake", lake).rows[1][0]
    asked = {"campaign": "special-action-2022", "consignment": batch}
    options = [
        part for option in asked if option in metric.options for part in (f"--{option}", asked[option])
    ]
    said = call("report", name, "--lake", lake, *options)
    assert said.code == 0, said.err
    assert said.rows[0][: len(metric.columns)] == list(metric.columns)


def test_options_stand_before_or_after_the_command_alike(call: Call, lake: Path) -> None:
    after = call("report", "stock", "--lake", lake, "--by", "port", "--format", "json")
    assert after.code == 0
    assert json.loads(after.out)
    assert call("--lake", lake, "--format", "json", "report", "--by", "port", "stock") == after
    assert call(f"--lake={lake}", "--by=port", "--format=json", "report", "stock") == after


def test_an_empty_lake_is_nothing_found(call: Call, tmp_path: Path) -> None:
    for arguments in (["report", "stays"], ["rejects"], ["trust"], ["rebuild"]):
        said = call(*arguments, "--lake", tmp_path / "lake")
        assert (said.code, said.out) == (3, ""), arguments
        assert "dgwatch load" in said.err


def test_reports_have_the_columns_of_the_interface_first(call: Call, lake: Path) -> None:
    stays = call("report", "stays", "--lake", lake)
    assert stays.out.startswith(STAYS)
    assert len(stays.rows) > 500
    assert call("report", "stock", "--lake", lake).out.splitlines()[0] == STOCK
    by = call("report", "stock", "--by", "age_bucket,port", "--lake", lake).out.splitlines()[0]
    assert by == "age_bucket,un_location_code,stock,backlog,arrivals,exits,newly_overdue"
    assert call("report", "stays", "--count", "unit", "--lake", lake).out.startswith(
        f"equipment_reference,{STAYS}"
    )


def test_sample_data_is_called_sample_data(call: Call, lake: Path, tmp_path: Path) -> None:
    said = call("report", "stays", "--lake", lake, "-o", tmp_path / "stays.csv")
    assert "Sample data" in said.err
    assert json.loads((tmp_path / "stays.csv.meta.json").read_text())["is_sample"] is True


def test_a_report_that_selects_nothing_is_a_header(call: Call, lake: Path) -> None:
    said = call("report", "stays", "--lake", lake, "--from", "1999-01-01", "--to", "1999-01-02")
    assert said.code == 0
    assert len(said.rows) == 1
    assert said.out.startswith(STAYS)


def test_cells_are_as_the_interface_writes_them(call: Call, lake: Path) -> None:
    header, *rows = call("report", "stays", "--lake", lake).rows
    stays = [dict(zip(header, row, strict=True)) for row in rows]
    ended = [stay for stay in stays if stay["left_at"]]
    assert ended
    for stay in ended:
        span = dt.datetime.fromisoformat(stay["left_at"]) - dt.datetime.fromisoformat(stay["arrived_at"])
        assert stay["arrived_at"].endswith("Z")
        assert float(stay["dwell_hours"]) == pytest.approx(span / dt.timedelta(hours=1))
        assert not stay["dwell_hours"].endswith(".0")
        assert (stay["age_hours"], stay["is_overdue"]) == ("", "false")


def test_one_instant_can_be_written_in_several_ways(call: Call, lake: Path) -> None:
    ways = ["2022-05-01T08:00:00+08:00", "2022-05-01T00:00Z", "2022-05-01 00:00", "2022-05-01", "2022/5/1"]
    answers = {call("report", "stock", "--lake", lake, "--as-of", way).out for way in ways}
    assert len(answers) == 1
    assert answers != {call("report", "stock", "--lake", lake).out}


def test_codes_can_be_in_any_case_and_repeated(call: Call, lake: Path) -> None:
    every = call("report", "stays", "--lake", lake).rows
    ports = sorted({row[1] for row in every[1:]})
    assert len(ports) == 3
    some = call(
        "report", "stays", "--lake", lake, "--port", ports[0].lower(), "--port", ports[1], "--class", "3"
    )
    expected = [row for row in every[1:] if row[1] in ports[:2] and row[4] == "3"]
    assert sorted(some.rows[1:]) == sorted(expected)
    nobody = call("report", "stays", "--lake", lake, "--class", "Unidentified", "--direction", "IMPORT")
    assert nobody.code == 0


@pytest.mark.parametrize("form", ["csv", "xlsx", "parquet", "json"])
def test_a_written_report_follows_its_ending_and_says_what_it_is(
    call: Call, lake: Path, tmp_path: Path, form: str
) -> None:
    target = tmp_path / f"stays.{form}"
    said = call("report", "stays", "--lake", lake, "-o", target, "--as-of", "2022-05-01T00:00Z")
    assert (said.code, said.out) == (0, "")
    about = json.loads((tmp_path / f"stays.{form}.meta.json").read_text())
    read: dict[str, Callable[[Path], int]] = {
        "csv": lambda path: len(pd.read_csv(path)),
        "json": lambda path: len(json.loads(path.read_text())),
        "parquet": lambda path: len(pd.read_parquet(path)),
        "xlsx": lambda path: openpyxl.load_workbook(path)["report"].max_row - 1,
    }
    assert read[form](target) == about["rows"] > 0
    assert about["report"] == "stays"
    assert about["as_of"] == "2022-05-01T00:00:00Z"
    assert about["filters"] == {"as_of": "2022-05-01T00:00:00Z"}
    assert dt.datetime.fromisoformat(about["known_at"]) and about["version"] == __version__
    assert about["build"]
    assert about["definition"]


def test_the_meta_names_the_instant_that_nobody_asked_for(call: Call, lake: Path, tmp_path: Path) -> None:
    call("report", "stays", "--lake", lake, "-o", tmp_path / "stays.csv")
    about = json.loads((tmp_path / "stays.csv.meta.json").read_text())
    assert about["filters"] == {}
    assert dt.datetime.fromisoformat(about["as_of"]).year == 2022


def test_binary_formats_pass_through_a_pipe(lake: Path) -> None:
    piped = subprocess.run(
        [DGWATCH, "report", "stock", "--lake", str(lake), "--format", "parquet"],
        capture_output=True,
        check=True,
    )
    assert list(pd.read_parquet(io.BytesIO(piped.stdout)).columns) == STOCK.split(",")


def test_a_load_prints_a_line_a_file_and_the_totals(call: Call, moves: Path, tmp_path: Path) -> None:
    said = call("load", moves, "--lake", tmp_path / "lake")
    assert said.code == 0
    lines = said.out.splitlines()
    assert lines[0].split() == ["file", "read", "accepted", "superseded", "duplicate", "rejected", "warned"]
    assert lines[1].split()[:6] == ["yard_moves_hand.csv", "3", "2", "0", "0", "1"]
    assert lines[-1].split()[:3] == ["total", "of", "1"]
    assert "note (yard_moves)" in said.err
    assert f"dgwatch rejects --lake {tmp_path / 'lake'} --file yard_moves_hand.csv -o FILE" in said.err
    again = call("load", moves, "--lake", tmp_path / "lake")
    assert again.code == 0
    assert "loaded before" in again.out


def test_a_load_as_json_has_the_fields_of_the_rulings(call: Call, moves: Path, tmp_path: Path) -> None:
    other = tmp_path / "vessels.csv"
    other.write_text("name\nX\n")
    said = call(
        "load", moves, other, "--json", "--lake", tmp_path / "lake", "--loaded-at", "2022-07-01T00:00:00Z"
    )
    summary = json.loads(said.out)
    assert [list(file) for file in summary["files"]] == [SUMMARY_FIELDS.split()] * 2
    hand, refused = summary["files"]
    assert (hand["source"], hand["read"], hand["accepted"], hand["rejected"]) == ("yard_moves", 3, 2, 1)
    assert hand["unknown_columns"] == ["note"]
    assert refused["error"]
    assert refused["read"] == 0
    assert summary["totals"]["read"] == 3
    assert (said.code, "vessels.csv" in said.err) == (0, True)


def test_strict_and_nothing_loaded_have_their_exit_codes(call: Call, moves: Path, tmp_path: Path) -> None:
    other = tmp_path / "vessels.csv"
    other.write_text("name\nX\n")
    clean = tmp_path / "yard_moves_clean.csv"
    clean.write_text(MOVES + "9,CNSHG,MSKU1234565,DISC,2022-06-09 08:00\n")
    assert call("load", other, "--lake", tmp_path / "a").code == 3
    assert call("load", moves, "--strict", "--lake", tmp_path / "b").code == 4
    assert call("load", clean, "--strict", "--lake", tmp_path / "c").code == 0
    assert call("--strict", "load", clean, other, "--lake", tmp_path / "d").code == 4
    assert call("load", tmp_path / "none", "--lake", tmp_path / "e").code == 2


def test_rejected_rows_can_be_mended_and_loaded(call: Call, moves: Path, tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    call("load", moves, "--lake", lake)
    every = call("rejects", "--lake", lake)
    assert every.code == 0
    assert len(every.rows) == 2
    header, row = call("rejects", "--file", "yard_moves_hand.csv", "--lake", lake).rows
    assert header == [*SOURCES["yard_moves"].column_names, "_line", "_reasons", "_raw"]
    rejected = dict(zip(header, row, strict=True))
    assert (rejected["un_location_code"], rejected["event_type"], rejected["_line"]) == ("CNXXX", "FLY", "4")
    assert "unknown_port" in rejected["_reasons"]
    assert "unknown_code" in rejected["_reasons"]
    assert "-1.3" in rejected["_raw"]
    mended = tmp_path / "yard_moves_mended.csv"
    with mended.open("w", newline="") as file:
        writer = csv.DictWriter(file, header)
        writer.writeheader()
        writer.writerow({**rejected, "un_location_code": "CNSHG", "event_type": "DISC"})
    totals = json.loads(call("load", mended, "--json", "--lake", lake).out)["totals"]
    assert (totals["read"], totals["accepted"]) == (1, 1)
    assert call("rejects", "--file", "nowhere.csv", "--lake", lake).code == 2


def test_two_files_of_one_name_are_told_apart_by_their_content(call: Call, tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    files = [tmp_path / folder / "daily_weather.csv" for folder in "ab"]
    for file, port in zip(files, ("CNAAA", "CNBBB"), strict=True):
        file.parent.mkdir()
        file.write_text(f"un_location_code,date,max_temp_c\n{port},2022-06-01,30\n")
        call("load", file, "--lake", lake)
        rows = call("rejects", "--file", file, "--lake", lake).rows[1:]
        assert [row[0] for row in rows] == [port]
    assert len(call("rejects", "--file", "daily_weather.csv", "--lake", lake).rows) == 3


def test_a_rejected_formula_is_harmless(call: Call, tmp_path: Path) -> None:
    file = tmp_path / "yard_moves_bad.csv"
    file.write_text(MOVES + '1,CNSHG,"=HYPERLINK(""x"")",FLY,2022-06-01 08:00\n2,CNSHG,＝1,FLY,x\n')
    call("load", file, "--lake", tmp_path / "lake")
    for arguments in (["rejects"], ["rejects", "--file", file.name]):
        said = call(*arguments, "--lake", tmp_path / "lake")
        assert said.code == 0
        assert "HYPERLINK" in said.out
        assert [cell for row in said.rows for cell in row if cell[:1] in "=+-@\t\r＝＋－＠" and cell] == []


def test_a_mended_row_has_the_values_that_were_handed_in(call: Call, tmp_path: Path) -> None:
    lake, given = tmp_path / "lake", tmp_path / "yard_moves_given.csv"
    given.write_text(MOVES + "+E5,CNSHG,@x,DISC,nope\n'+E6,CNSHG,＝y,DISC,2022-06-01 08:00\n")
    call("load", given, "--lake", lake)
    mended = tmp_path / "yard_moves_mended.csv"
    call("rejects", "--file", given.name, "--lake", lake, "-o", mended)
    text = mended.read_text(encoding="utf-8")
    assert "'+E5" in text and "'@x" in text
    mended.write_text(text.replace(",nope,", ",2022-06-01 08:00,"), encoding="utf-8")
    assert call("load", mended, "--strict", "--lake", lake).code == 0
    out = tmp_path / "moves.parquet"
    call("report", "stays", "--count", "unit", "--lake", lake, "-o", out)
    # What came beside it was no export: its apostrophe is its own.
    assert sorted(pd.read_parquet(out)["equipment_reference"]) == ["@X", "＝Y"]
    known = [row[3] for row in call("report", "warned_rows", "--lake", lake).rows[1:]]
    assert known == []


def test_a_warning_of_an_unknown_batch_stands_on_its_rows_until_the_batch_comes(
    call: Call, tmp_path: Path
) -> None:
    lake, milestones = tmp_path / "lake", tmp_path / "clearance_milestones.csv"
    milestones.write_text("consignment_id,milestone,occurred_at\nC9,lodged,2022-06-02 08:05\n")
    call("load", milestones, "--lake", lake)

    def told() -> tuple[list[str], list[str], list[str]]:
        rows = call("report", "milestones", "--format", "json", "--lake", lake)
        versions = call("report", "history", "--consignment", "C9", "--format", "json", "--lake", lake)
        warned = call("report", "warned_rows", "--format", "json", "--lake", lake)
        return (
            [row["warnings"] or "" for row in json.loads(rows.out)],
            [row["warnings"] or "" for row in json.loads(versions.out) if row["source"] != "consignments"],
            [row["warnings"] for row in json.loads(warned.out)],
        )

    assert told() == (["unknown_consignment"],) * 3
    batch = tmp_path / "consignments.csv"
    batch.write_text("consignment_id,un_location_code,direction\nC9,CNSHG,import\n")
    call("load", batch, "--lake", lake)
    assert told() == ([""], [""], [])


def test_what_loads_came_to_is_told_as_of_now(call: Call, tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    for number in (1, 2):
        file = tmp_path / f"daily_weather_{number}.csv"
        file.write_text(f"un_location_code,date,max_temp_c\nCNSHG,2022-06-01,{30 + number}\n")
        call("load", file, "--loaded-at", f"2022-06-0{number}T00:00Z", "--lake", lake)
    loads = json.loads(call("report", "loads", "--format", "json", "--lake", lake).out)
    files = json.loads(call("report", "files", "--format", "json", "--lake", lake).out)
    counts = ("read", "accepted", "superseded", "duplicate", "rejected")
    assert [tuple(load[name] for name in counts) for load in loads] == [(1, 1, 0, 0, 0), (1, 0, 1, 0, 0)]
    assert [tuple(file[name] for name in counts) for file in files] == [(1, 0, 1, 0, 0), (1, 1, 0, 0, 0)]
    details = [row[-1] for row in call("trust", "--lake", lake).rows if row[0] == "load"]
    assert details[1].startswith("accepted 0, superseded 1,")


@pytest.mark.parametrize("name", ["stays", "stock", "dwell", "survival", "compare", "heat", "alerts"])
def test_days_far_off_are_open_ends(call: Call, lake: Path, name: str) -> None:
    open_ends = call("report", name, "--from", "0001-01-01", "--to", "9999-12-31", "--lake", lake)
    assert (open_ends.code, open_ends.out) == (
        0,
        call("report", name, "--from", "1900-01-01", "--to", "2500-01-01", "--lake", lake).out,
    )
    nothing = call("report", name, "--from", "9999-12-31", "--to", "9999-12-31", "--lake", lake)
    assert nothing.code == 0, nothing.err


def test_an_as_of_is_answered_up_to_the_end_of_the_calendar(call: Call, lake: Path) -> None:
    for asked in (["trust"], ["report", "alerts"], ["report", "stock"]):
        assert call(*asked, "--as-of", "2100-12-31T23:59:59Z", "--lake", lake).code == 0
    beyond = call("report", "stock", "--as-of", "2101-01-01T00:00:00Z", "--lake", lake)
    assert (beyond.code, beyond.out) == (2, "")
    assert "2101-01-01" in beyond.err


@pytest.mark.parametrize("name", ["hit_rates", "misdeclared_by_code", "cases_by_status"])
def test_figures_of_a_campaign_are_told_of_any_days(call: Call, lake: Path, name: str) -> None:
    campaign = call("report", name, *OF_ACTION, "--lake", lake)
    days = call("report", name, "--from", "2022-06-15", "--to", "2022-09-22", "--lake", lake)
    assert (days.code, days.out) == (0, campaign.out)
    assert call("report", name, "--lake", lake).code == 0


def test_a_briefing_before_anything_was_known_says_so(call: Call, lake: Path) -> None:
    said = call(
        "report", "briefing", *OF_ACTION, "--format", "html", "--known-at", "2010-01-01", "--lake", lake
    )
    assert said.code == 3
    assert "nothing of special-action-2022 was known" in said.err


def test_a_load_that_is_a_mistake_ends_as_one(moves: Path, tmp_path: Path) -> None:
    reference = tmp_path / "reference"
    reference.mkdir()
    (reference / "limit_rules.csv").write_text("rule_id\nx\n")
    # A process of its own: how it ends beside what it had begun is what is asked.
    for _ in range(3):
        ended = subprocess.run(
            [DGWATCH, "load", moves, "--reference", reference, "--lake", tmp_path / "lake"],
            capture_output=True,
            text=True,
        )
        assert (ended.returncode, ended.stdout) == (2, "")
        assert ended.stderr.startswith("dgwatch: limit_rules.csv: there is no column limit_hours")
        assert "terminate" not in ended.stderr


def test_a_folder_without_files_says_so(call: Call, tmp_path: Path) -> None:
    said = call("load", tmp_path, "--lake", tmp_path / "lake")
    assert said.code == 3
    assert "no file to load was found" in said.err


def test_trust_and_rebuild_answer(call: Call, lake: Path) -> None:
    before = call("report", "stays", "--lake", lake).out
    assert len(call("trust", "--lake", lake).rows) > 1
    assert call("rebuild", "--lake", lake).code == 0
    assert call("report", "stays", "--lake", lake).out == before


def test_the_lake_can_be_named_by_the_environment(
    call: Call, lake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = call("report", "stock", "--lake", lake)
    monkeypatch.setenv("DGWATCH_LAKE", str(lake))
    assert call("report", "stock") == named
    assert call("report", "stock", "--lake", tmp_path / "empty").code == 3


def test_settings_that_cannot_be_are_mistakes(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (
        ("DGWATCH_DEFAULT_ZONE", "Asia/Nowhere"),
        ("DGWATCH_THREADS", "many"),
        ("DGWATCH_MEMORY_LIMIT", "lots"),
        ("DGWATCH_MEMORY_LIMIT", "2000"),
        ("DGWATCH_MEMORY_LIMIT", "150%"),
        ("DGWATCH_CACHE_LIMIT", "much"),
    ):
        with monkeypatch.context() as patched:
            patched.setenv(name, value)
            said = call("report", "stays")
            assert (said.code, value in said.err) == (2, True)


def test_a_home_of_ones_own_holds_the_lake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("DGWATCH_LAKE", raising=False)
    monkeypatch.setenv("DGWATCH_HOME", str(tmp_path))
    assert from_environment().lake == tmp_path / "data" / "lake"


def test_a_bug_shows_its_traceback(tmp_path: Path) -> None:
    broken = "import pipeline.cli as c, pipeline.cli.reports as r; r.Reader = None; c.main()"
    ended = subprocess.run(
        [sys.executable, "-c", broken, "trust", "--lake", str(tmp_path)], capture_output=True, text=True
    )
    assert ended.returncode == 1
    assert "Traceback" in ended.stderr


def test_a_reader_that_goes_away_is_no_complaint(lake: Path) -> None:
    piped = subprocess.run(
        ["bash", "-o", "pipefail", "-c", '"$0" report stays --lake "$1" | head -n 1', DGWATCH, str(lake)],
        capture_output=True,
        text=True,
    )
    assert piped.returncode == 0, piped.stderr
    assert piped.stdout.startswith(STAYS)
    assert "Sample data" in piped.stderr
    assert len(piped.stderr.splitlines()) == 1


def test_an_interrupted_run_ends_with_a_line_and_130(tmp_path: Path) -> None:
    running = subprocess.Popen(
        [DGWATCH, "sample", str(tmp_path / "out"), "--batches", "400000"], stderr=subprocess.PIPE, text=True
    )
    while not (tmp_path / "out").exists():
        assert running.poll() is None
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=30)
    assert running.returncode == 130
    assert "Interrupted" in said
    assert "Traceback" not in said


def test_same_seed_same_bytes(call: Call, tmp_path: Path) -> None:
    for name in ("a", "b"):
        said = call(
            "sample", tmp_path / name, "--batches", "60", "--ports", "2", "--days", "40", "--seed", "7"
        )
        assert said.code == 0
    files = sorted(path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*") if path.is_file())
    assert files
    assert all((tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes() for name in files)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    """Whether a dashboard answers on the port."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=2) as reply:
            return bool(reply.status == 200)
    except (urllib.error.URLError, OSError):
        return False


@pytest.fixture
def served(lake: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """`dgwatch serve` on the small lake, its address printed."""
    port = free_port()
    running = subprocess.Popen(
        [DGWATCH, "serve", "--lake", str(lake), "--port", str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "http_proxy": "http://127.0.0.1:9"},  # which is not asked for this machine
    )
    assert running.stdout is not None
    assert f"http://127.0.0.1:{port}" in running.stdout.readline()
    yield running, port
    running.kill()
    running.wait()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_stops_cleanly_and_leaves_no_child(
    served: tuple[subprocess.Popen[str], int], number: signal.Signals
) -> None:
    running, port = served
    assert answers(port)
    running.send_signal(number)
    _, said = running.communicate(timeout=30)
    assert running.returncode == 0, said
    assert "Traceback" not in said
    assert not answers(port)


def test_a_taken_port_names_a_free_one(call: Call, lake: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        for arguments in (["serve"], ["demo", "--no-browser"]):
            said = call(*arguments, "--port", port, "--lake", lake)
            assert (said.code, said.out) == (2, "")
            assert f"port {port} is taken" in said.err
            assert "--port " in said.err


def test_a_demo_is_never_mixed_into_real_data(call: Call, moves: Path, tmp_path: Path) -> None:
    call("load", moves, "--lake", tmp_path / "lake")
    said = call("demo", "--no-browser", "--lake", tmp_path / "lake", "--port", free_port())
    assert (said.code, said.out) == (2, "")
    assert "no sample" in said.err


def test_an_interrupted_demo_is_completed_by_the_next_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: Call
) -> None:
    files, lake = tmp_path / "sample", tmp_path / "lake"
    world = SampleSettings(batches=80, ports=2, days=60)

    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("pipeline.cli.demo.build.load", stopped)
        with pytest.raises(KeyboardInterrupt):
            prepare_demo(files, Settings(lake), world)
    unfinished = tmp_path / "sample.unfinished"
    files.rename(unfinished)
    (unfinished / "yard_moves_half.csv").write_text("half a")
    prepare_demo(files, Settings(lake), world)
    stays = call("report", "stays", "--lake", lake)
    assert (stays.code, unfinished.exists()) == (0, False)
    assert len(stays.rows) > 50
    made = {path: path.stat().st_mtime_ns for path in files.rglob("*")}
    prepare_demo(files, Settings(lake), world)
    assert {path: path.stat().st_mtime_ns for path in files.rglob("*")} == made
    assert call("report", "stays", "--lake", lake).out == stays.out


@given(
    st.datetimes(dt.datetime(1990, 1, 1), dt.datetime(2100, 1, 1)),
    st.integers(-14 * 60, 14 * 60).map(lambda minutes: dt.timezone(dt.timedelta(minutes=minutes))),
)
def test_any_instant_with_an_offset_is_read_as_utc(instant: dt.datetime, zone: dt.timezone) -> None:
    utc = instant.replace(tzinfo=dt.UTC)
    assert values.instant(utc.astimezone(zone).isoformat()) == instant
    assert values.instant(instant.isoformat(sep=" ")) == instant
    assert values.day(instant.date().isoformat()) == instant.date()


@given(st.lists(st.tuples(st.text(max_size=80), st.integers(0, 10**7)), min_size=1, max_size=8))
def test_a_summary_fits_a_hundred_columns(files: list[tuple[str, int]]) -> None:
    rows: list[tuple[str, ...]] = [("file", *["rejected"] * 6)]
    rows += [(name.replace("\n", ""), *[f"{count:,}"] * 6) for name, count in files]
    rows += [(files[0][0].replace("\n", "") * 3, "loaded before")]
    lines = messages.aligned(rows).split("\n")
    assert all(cell_len(line) <= 100 for line in lines)
    assert lines[-1].endswith("  loaded before")


def test_the_console_script_is_main() -> None:
    assert shutil.which(DGWATCH), "the product is not installed"
    ended = subprocess.run([DGWATCH, "--version"], capture_output=True, text=True, env=os.environ)
    assert (ended.returncode, ended.stdout.strip()) == (0, f"dgwatch {__version__}")
