"""Acknowledging: kept as data, by many writers at once, beside a load that is under way."""

from __future__ import annotations

import io
import subprocess
import sys
import time
from contextlib import redirect_stderr
from pathlib import Path

import pytest
from durations.lakes import SmallLake

from pipeline import acknowledgements
from pipeline.cli import main
from pipeline.errors import UserMistake
from pipeline.lake.lake import Lake
from pipeline.metrics import Filters, Reader
from pipeline.settings import ROOT, Settings

from .worlds import LIMITS, rules_csv

ALERT = "notice-CNSHG-2022-04-10"
WRITERS, ENTRIES = 6, 8
WRITE = """
import sys
from pathlib import Path
from pipeline import acknowledgements
lake, writer, entries = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
for number in range(entries):
    acknowledgements.keep(lake, "some-alert", f"writer {writer}", f"entry {number}")
"""


@pytest.fixture
def lake(tmp_path: Path) -> SmallLake:
    """One batch that lies for 49 days: one notice."""
    small = SmallLake(tmp_path, {"alert_rules.csv": rules_csv(), "limit_rules.csv": LIMITS})
    moves = ["event_id,un_location_code,equipment_reference,event_type,event_at"]
    moves += ["a,CNSHG,UNIT1,DISC,2022-03-01T08:00", "b,CNSHG,UNIT1,INSP,2022-04-19T08:00"]
    small.load(yard_moves=moves)
    return small


def said_by(lake: SmallLake, *words: str) -> tuple[int, str]:
    argv = [*words, "--lake", str(lake.folder / "lake"), "--reference", str(lake.folder / "reference")]
    said = io.StringIO()
    with redirect_stderr(said):
        code = main(argv)
    return code, said.getvalue()


def test_an_acknowledgement_shows_in_the_alerts_and_in_its_own_report(lake: SmallLake) -> None:
    before = lake.report("alerts")
    assert [row["alert_id"] for row in before] == [ALERT]
    assert (before[0]["acknowledgements"], before[0]["acknowledged_by"]) == ("0", "")
    lake.run("acknowledge", ALERT, "--name", " Li Wei ", "--remark", "=cmd|' /C calc'!A0\nsecond line")
    lake.run("acknowledge", ALERT, "--name", "王芳", "--remark", "已移走")
    (row,) = lake.report("alerts")
    assert (row["acknowledgements"], row["acknowledged_by"], row["remark"]) == ("2", "王芳", "已移走")
    latest, first = lake.report("acknowledgements")
    assert (latest["acknowledged_by"], first["acknowledged_by"]) == ("王芳", "Li Wei")
    assert first["remark"] == "'=cmd|' /C calc'!A0 second line"  # a spreadsheet runs nothing of it


def test_what_was_acknowledged_later_was_not_known_then(lake: SmallLake) -> None:
    lake.run("acknowledge", ALERT, "--name", "A", "--remark", "B")
    assert lake.report("alerts", "--known-at", "2023-06-01")[0]["acknowledgements"] == "0"
    assert lake.report("acknowledgements", "--known-at", "2023-06-01") == []


@pytest.mark.parametrize(
    ("name", "remark", "said"),
    [
        (" ", "seen", "the name is empty"),
        ("Li", "\n", "the remark is empty"),
        ("L" * (acknowledgements.NAME_MAX + 1), "seen", "101 characters"),
        ("Li", "s" * (acknowledgements.REMARK_MAX + 1), "501 characters"),
        ("Li", "bell \x07", "control character"),
        ("Li", "half \ud83d", "control character"),
    ],
)
def test_a_text_that_cannot_be_kept_is_a_mistake(lake: SmallLake, name: str, remark: str, said: str) -> None:
    with pytest.raises(UserMistake, match=said):
        acknowledgements.keep(lake.folder / "lake", ALERT, name, remark)
    assert lake.report("acknowledgements") == []


def test_an_alert_that_is_not_there_cannot_be_acknowledged(lake: SmallLake) -> None:
    code, said = said_by(lake, "acknowledge", "notice-CNSHG-2022-04-11", "--name", "Li", "--remark", "seen")
    assert code == 2
    assert "no such alert" in said and ALERT in said
    code, said = said_by(lake, "acknowledge", ALERT, "--remark", "seen")
    assert code == 2 and "--name" in said


def test_an_empty_lake_has_nothing_to_acknowledge(tmp_path: Path) -> None:
    with redirect_stderr(io.StringIO()):
        code = main(["acknowledge", "x", "--name", "a", "--remark", "b", "--lake", str(tmp_path / "none")])
    assert code == 3
    assert not (tmp_path / "none").exists()


def test_many_writers_at_once_lose_nothing(tmp_path: Path) -> None:
    """Processes of their own, none of which finds the log made."""
    lake = tmp_path / "lake"
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITE, str(lake), str(writer), str(ENTRIES)], cwd=ROOT)
        for writer in range(WRITERS)
    ]
    assert [writer.wait(timeout=120) for writer in writers] == [0] * WRITERS
    rows = acknowledgements.log_of(lake).read().to_pylist()
    told = sorted((row["acknowledged_by"], row["remark"]) for row in rows)
    assert told == sorted(
        (f"writer {writer}", f"entry {number}") for writer in range(WRITERS) for number in range(ENTRIES)
    )
    assert len({row["entry_id"] for row in rows}) == WRITERS * ENTRIES
    assert acknowledgements.log_of(lake).version() == WRITERS * ENTRIES - 1


def test_a_load_under_way_keeps_nobody_waiting_and_readers_see_it_at_once(lake: SmallLake) -> None:
    root = lake.folder / "lake"
    reader = Reader(Settings(root, lake.folder / "reference"))
    assert list(reader.query("alerts", Filters())["acknowledgements"]) == [0]
    with Lake(root).writing(lambda message: pytest.fail(message)):
        started = time.monotonic()
        acknowledgements.keep(root, ALERT, "Li", "seen")
        assert time.monotonic() - started < 5
        assert list(reader.query("alerts", Filters())["acknowledgements"]) == [1]


def test_loads_and_rebuilds_leave_the_log_alone(lake: SmallLake) -> None:
    lake.run("acknowledge", ALERT, "--name", "Li", "--remark", "seen")
    moves = ["event_id,un_location_code,equipment_reference,event_type,event_at"]
    lake.load("2023-01-02T00:00:00Z", yard_moves=[*moves, "c,CNNBO,UNIT2,DISC,2022-04-19T09:00"])
    lake.run("rebuild")
    assert [row["remark"] for row in lake.report("acknowledgements")] == ["seen"]


def test_the_log_can_only_be_added_to(lake: SmallLake) -> None:
    lake.run("acknowledge", ALERT, "--name", "Li", "--remark", "seen")
    log = Path(str(acknowledgements.log_of(lake.folder / "lake").folder))
    commits = sorted((log / "_delta_log").glob("*.json"))
    assert "delta.appendOnly" in commits[0].read_text(encoding="utf-8")
