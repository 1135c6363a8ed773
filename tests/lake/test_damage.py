"""A lake that cannot be written, is damaged, or is none: it is said in a line, and nothing is lost."""

from __future__ import annotations

import io
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from lake.support import PROCESSES, day_feeds, load_files, print_of, reports, settings_of, write_feeds
from pipeline.cli import main
from pipeline.errors import UserMistake
from pipeline.intake import Intake, TakenFile
from pipeline.loading.landing import discover
from pipeline.metrics import Reader

NOBODY = 65534


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a day's files and a lake of them."""
    folder = tmp_path_factory.mktemp("whole")
    load_files(folder / "lake", write_feeds(folder / "files", day_feeds(0)))
    return folder


@pytest.fixture
def lake(whole: Path, tmp_path: Path) -> Path:
    """A lake of a test's own."""
    shutil.copytree(whole / "lake", tmp_path / "lake")
    return tmp_path / "lake"


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """Calls the command line; exit code and what it said on standard error."""

    def called(*words: object) -> tuple[int, str]:
        code = main([str(word) for word in words])
        return code, capsys.readouterr().err

    return called


def every_file(folder: Path) -> dict[str, bytes]:
    """What is in a folder, byte by byte, the writer's lock apart."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != "writer.lock")
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


Said = Callable[..., tuple[int, str]]
BROKEN = ["", "{", "[]", "null", '{"build_id": "x"}', '{"build_id": "x", "as_of": 3}', "\x00"]


@pytest.mark.parametrize("text", BROKEN)
def test_a_broken_release(lake: Path, whole: Path, said: Said, text: str) -> None:
    (lake / "release.json").write_text(text, encoding="utf-8")
    before = every_file(lake)
    for words in (["report", "stays"], ["load", whole / "files"], ["trust"], ["rebuild"]):
        code, err = said(*words, "--lake", lake)
        assert code == 2
        assert "release.json is not a release of dgwatch" in err
    assert every_file(lake) == before


def test_a_lost_release(lake: Path, whole: Path, said: Said) -> None:
    """Tables without a release are never taken for leavings and deleted."""
    kept = (lake / "release.json").read_bytes()
    (lake / "release.json").unlink()
    before = every_file(lake)
    for words in (["report", "stays"], ["load", whole / "files"], ["rebuild"]):
        code, err = said(*words, "--lake", lake)
        assert code == 2
        assert "no release.json" in err
    assert every_file(lake) == before
    (lake / "release.json").write_bytes(kept)
    assert reports(lake) == reports(whole / "lake")


def test_somebody_s_own_folder_of_tables(tmp_path: Path, whole: Path, said: Said) -> None:
    (tmp_path / "tables" / "mine").mkdir(parents=True)
    (tmp_path / "tables" / "mine" / "thesis.parquet").write_text("years of work")
    before = every_file(tmp_path)
    code, err = said("load", whole / "files", "--lake", tmp_path)
    assert (code, every_file(tmp_path)) == (2, before)
    assert "--lake" in err


def test_a_newer_layout(lake: Path, whole: Path, said: Said) -> None:
    plain = json.loads((lake / "release.json").read_text())
    assert plain["layout"] == 1
    later = {**plain, "layout": 2, "product_version": "7.0.0", "tables": {}}
    (lake / "release.json").write_text(json.dumps(later))
    before = every_file(lake)
    for words in (["report", "stays"], ["load", whole / "files"], ["rebuild"]):
        code, err = said(*words, "--lake", lake)
        assert code == 2
        assert "7.0.0" in err
        assert "Upgrade" in err
    assert every_file(lake) == before


def test_a_release_of_before_layouts_were_counted(lake: Path, whole: Path) -> None:
    plain = json.loads((lake / "release.json").read_text())
    del plain["layout"]
    (lake / "release.json").write_text(json.dumps(plain))
    assert reports(lake) == reports(whole / "lake")


@pytest.mark.parametrize("gone", ["tables/stays", "tables/stays/_delta_log", "tables/stays/*/*.parquet"])
def test_a_table_that_is_gone(lake: Path, whole: Path, said: Said, gone: str) -> None:
    for path in lake.glob(gone):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    code, err = said("report", "stays", "--lake", lake)
    assert code == 2
    assert "the lake is damaged" in err
    assert "stays" in err
    before = every_file(lake)
    more = write_feeds(lake.parent / "more", day_feeds(1))
    code, err = said("load", *more, "--lake", lake)
    assert (code, every_file(lake)) == (2, before)
    assert "the lake is damaged" in err


def test_a_lake_that_is_a_file(tmp_path: Path, whole: Path, said: Said) -> None:
    file = tmp_path / "lake"
    file.write_text("mine")
    for place in (file, file / "below"):
        for words in (["report", "stays"], ["load", whole / "files"], ["rebuild"]):
            code, err = said(*words, "--lake", place)
            assert code == 2
            assert f"{place}: not a folder" in err
    assert file.read_text() == "mine"


@pytest.mark.parametrize("name", ["危险品 湖 [1]", "a#b=50% it's x*y?"])
def test_any_folder_name_will_do(tmp_path: Path, whole: Path, name: str) -> None:
    lake = tmp_path / name / "湖 lake"
    days = [write_feeds(tmp_path / name / f"文件 {day}", day_feeds(day)) for day in range(2)]
    load_files(lake, days[0])
    assert reports(lake) == reports(whole / "lake")
    load_files(lake, days[1])
    assert len(Reader(settings_of(lake)).query("stays")) == 6


def test_but_one_that_delta_would_take_for_another(tmp_path: Path, whole: Path, said: Said) -> None:
    code, err = said("load", whole / "files", "--lake", tmp_path / "a%20b")
    assert code == 2
    assert "cannot be in a folder with such a name" in err
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def open_place() -> Iterator[Path]:
    """A folder that every user of the machine may enter."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def without_rights(lake: str, files: str) -> list[tuple[int, str]]:
    """What a report and a load say to somebody who may only read the lake."""
    words = [
        ["report", "stays", "--lake", lake],
        ["load", files, "--lake", lake],
        ["rebuild", "--lake", lake],
    ]
    # Whatever is imported late is imported now: the interpreter may be out of reach later.
    _run(words[0])
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    return [_run(line) for line in words]


def _run(words: list[str]) -> tuple[int, str]:
    out, err = io.TextIOWrapper(io.BytesIO(), encoding="utf-8"), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main(words)
    out.seek(0)
    return code, out.read() if code == 0 else err.getvalue()


@pytest.mark.skipif(os.name == "nt", reason="rights are set in the POSIX way")
def test_a_lake_that_may_only_be_read(whole: Path, open_place: Path) -> None:
    lake = open_place / "lake"
    shutil.copytree(whole / "lake", lake)
    shutil.copytree(whole / "files", open_place / "files")
    before, times = every_file(lake), [path.stat().st_mtime_ns for path in lake.rglob("*")]
    for path in (lake, *lake.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    with PROCESSES.Pool(1) as pool:
        report, load, rebuild = pool.apply(without_rights, (str(lake), str(open_place / "files")))
    assert report[0] == 0
    assert len(report[1].splitlines()) == 4
    for code, err in (load, rebuild):
        assert code == 2
        assert f"{lake}: not writable" in err
        assert "--lake" in err
    assert every_file(lake) == before
    assert [path.stat().st_mtime_ns for path in lake.rglob("*")] == times


def test_reports_write_nothing_into_a_lake(lake: Path) -> None:
    reports(lake)
    before = {str(path): path.stat().st_mtime_ns for path in lake.rglob("*")}
    reports(lake)
    assert {str(path): path.stat().st_mtime_ns for path in lake.rglob("*")} == before


def test_a_path_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UserMistake, match="no such file or folder"):
        load_files(tmp_path / "lake", [tmp_path / "nothing.csv"])
    assert not (tmp_path / "lake").exists()


def test_a_file_that_cannot_be_read_does_not_hinder_the_others(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    write_feeds(folder, day_feeds(0)[:1])
    (folder / "yard_moves_dangling.csv").symlink_to(tmp_path / "nothing.csv")
    os.mkfifo(folder / "yard_moves_pipe.csv")
    summary = load_files(tmp_path / "lake", [folder])
    assert {file.file: file.error for file in summary.files} == {
        "consignments-day-00.csv": None,
        "yard_moves_dangling.csv": "not readable: No such file or directory",
        "yard_moves_pipe.csv": "not a file. Hand in plain files.",
    }
    assert summary.totals["accepted"] == 3


def test_a_file_that_grows_while_it_is_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    grown, still = write_feeds(tmp_path, day_feeds(0)[:2])

    take = Intake.take

    def take_and_grow(self: Intake, path: Path, *rest: Any) -> TakenFile:
        taken = take(self, path, *rest)
        if path == grown:
            path.write_text(path.read_text() + "\n")
        return taken

    with monkeypatch.context() as patch:
        patch.setattr(Intake, "take", take_and_grow)
        summary = load_files(tmp_path / "lake", [grown, still])
    assert [bool(file.error) for file in summary.files] == [True, False]
    assert "changed while it was read" in (summary.files[0].error or "")
    again = load_files(tmp_path / "lake", [grown, still])
    assert [file.already_loaded for file in again.files] == [False, True]
    assert again.totals["accepted"] == 3


def test_a_folder_with_a_way_back_into_itself(tmp_path: Path, lake: Path) -> None:
    """Links, hidden files, notes and a lake inside: each data file is found once, by path."""
    files = tmp_path / "files"
    write_feeds(files / "b", day_feeds(0)[:1])
    write_feeds(files / "a", day_feeds(0)[1:2])
    (files / "b" / "round").symlink_to(files)
    (files / "notes.txt").write_text("notes")
    (files / ".hidden.csv").write_text("hidden")
    shutil.copytree(lake, files / "lake")
    found = [path.relative_to(files).as_posix() for path in discover([files])]
    assert found == ["a/dg_items-day-00.csv", "b/consignments-day-00.csv"]


def test_what_was_begun_and_not_published_is_taken_away(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    load_files(lake, write_feeds(tmp_path, day_feeds(0)))
    before = print_of(lake), every_file(lake)
    for name in (".release.json.0123", ".retired.json.4567"):
        (lake / name).write_text("half")
    (lake / "spill").mkdir()
    (lake / "spill" / "much.tmp").write_text("much")
    load_files(lake, write_feeds(tmp_path, day_feeds(0)))
    assert (print_of(lake), every_file(lake)) == before
    assert not (lake / "spill").exists()
