"""What a command meets on a machine: names of files, disks that fail, terminals, other users, arguments of any length."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from pipeline.errors import UserMistake
from pipeline.settings import private_folder

MOVES = (
    "event_id,un_location_code,equipment_reference,event_type,event_at\n"
    "{0},CNSHG,MSKU1234565,DISC,2022-06-01 08:00\n"
)
LONG = "x" * 300


def run(*words: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """A command in a process of its own; what it writes as UTF-8 or as the environment says."""
    return subprocess.run(
        [sys.executable, "-m", "pipeline.cli", *map(str, words)],
        capture_output=True,
        encoding=environment.get("PYTHONIOENCODING", "utf-8"),
        env={**os.environ, **environment},
        timeout=120,
    )


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    """A folder with one good file."""
    folder = tmp_path / "inbox"
    folder.mkdir()
    (folder / "yard_moves_good.csv").write_text(MOVES.format(1))
    return folder


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no names that are no text")
def test_a_name_from_a_windows_archive_is_read_and_told(inbox: Path, tmp_path: Path) -> None:
    with open(os.fsencode(inbox) + "/yard_moves_\u4e0a\u6d77.csv".encode("gb18030"), "w") as file:
        file.write(MOVES.format(2) + "3,CNXXX,,,\n")
    lake = tmp_path / "lake"
    said = run("load", inbox, "--lake", lake)
    assert said.returncode == 0, said.stderr
    assert "yard_moves_\u4e0a\u6d77.csv" in said.stdout and "yard_moves_good.csv" in said.stdout
    rejected = run("rejects", "--file", "yard_moves_\u4e0a\u6d77.csv", "--lake", lake)
    assert "CNXXX" in rejected.stdout
    assert run("report", "stays", "--lake", lake).stdout.count("\n") == 1 + 1


def test_what_a_terminal_cannot_show_ends_no_load(inbox: Path, tmp_path: Path) -> None:
    (inbox / "yard_moves_\u4e0a\u6d77.csv").write_text(MOVES.format(2))
    said = run("load", inbox, "--lake", tmp_path / "lake", PYTHONIOENCODING="cp1252")
    assert said.returncode == 0, said.stderr
    assert "\\u4e0a\\u6d77" in said.stdout


@pytest.mark.skipif(not os.path.exists("/proc/self/mem"), reason="no file here fails while it is read")
def test_a_file_that_fails_while_it_is_read_is_refused_alone(inbox: Path, tmp_path: Path) -> None:
    (inbox / "yard_moves_broken.csv").symlink_to("/proc/self/mem")
    said = run("load", inbox, "--lake", tmp_path / "lake", "--json")
    assert said.returncode == 0, said.stderr
    assert "not readable: Input/output error" in said.stdout
    assert run("report", "stays", "--lake", tmp_path / "lake").stdout.count("\n") == 1 + 1


@pytest.mark.parametrize(
    "words",
    [
        ["report", "stays", "-o", f"{LONG}.csv"],
        ["report", "risk", "--weights", f"hazard={LONG}"],
        ["report", "--again", LONG],
        ["load", LONG],
    ],
)
def test_an_argument_that_is_too_long_for_a_name_is_a_mistake(
    inbox: Path, tmp_path: Path, words: list[str]
) -> None:
    run("load", inbox, "--lake", tmp_path / "lake")
    said = run(*words, "--lake", tmp_path / "lake")
    assert (said.returncode, said.stdout) == (2, ""), said.stderr
    assert "Traceback" not in said.stderr


def test_rejects_of_a_name_that_no_file_can_have_are_none(inbox: Path, tmp_path: Path) -> None:
    run("load", inbox, "--lake", tmp_path / "lake")
    said = run("rejects", "--file", LONG, "--lake", tmp_path / "lake")
    assert "Traceback" not in said.stderr


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="temporary folders are each user's own here")
def test_a_folder_that_others_can_write_to_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    folder = private_folder("spill").parent
    assert folder.stat().st_mode & 0o777 == 0o700
    folder.chmod(0o777)
    with pytest.raises(UserMistake, match="others made it, or can write there"):
        private_folder("spill")
    folder.rmdir()
    folder.symlink_to(tmp_path)
    with pytest.raises(UserMistake):
        private_folder("spill")
