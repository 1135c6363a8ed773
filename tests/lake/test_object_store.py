"""A lake in an object store: the same figures and the same guarantees as in a folder."""

from __future__ import annotations

import json
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from benchmarks.servers import sail
from lake.buckets import BUCKET, object_store, surroundings
from lake.killing import killed_in
from lake.support import (
    counts,
    day_feeds,
    entries,
    everything,
    figures,
    load_files,
    settings_of,
    table,
    write_feeds,
)
from pipeline.address import Address, Root, address_of
from pipeline.cli import main
from pipeline.errors import UserMistake
from pipeline.lake import lease, object_cache
from pipeline.lake.lake import Draft, Lake
from pipeline.lake.object_store import Objects
from pipeline.loading.build import rebuild
from pipeline.metrics import Filters, Reader
from pipeline.settings import ROOT, from_environment


@pytest.fixture(scope="module", autouse=True)
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A server for these tests alone, and the environment that reaches it."""
    folder = tmp_path_factory.mktemp("server")
    with object_store(folder) as reached, surroundings(reached | {"DGWATCH_CACHE": str(folder / "cache")}):
        yield reached


@pytest.fixture
def address(request: pytest.FixtureRequest) -> Address:
    """Where nothing is yet."""
    return Address(BUCKET, f"lakes/{re.sub(r'[^a-z]', '-', request.node.name)}")


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> list[list[Path]]:
    """The files of three days; the second repeats a file of the first."""
    folder = tmp_path_factory.mktemp("days")
    feeds = [day_feeds(0), [*day_feeds(1), ("consignments-again", day_feeds(0)[0][1])], day_feeds(2)]
    return [write_feeds(folder / f"day-{number}", feed) for number, feed in enumerate(feeds)]


@pytest.fixture(scope="module")
def in_folders(days: list[list[Path]], tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Lakes in folders after one, two and three days: what a lake in a bucket is held against."""
    lakes = []
    for number in range(3):
        lakes.append(tmp_path_factory.mktemp(f"lake-{number}"))
        for paths in days[: number + 1]:
            load_files(lakes[-1], paths)
    return lakes


@pytest.fixture(scope="module")
def shown(in_folders: list[Path]) -> list[dict[str, str]]:
    """All figures of these lakes, and their files' counts."""
    return [_shown(lake) for lake in in_folders]


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], None]:
    """Goes on as on another machine, which has nothing of the lake yet."""

    def moved(name: str) -> None:
        monkeypatch.setenv("DGWATCH_CACHE", str(tmp_path / name))

    return moved


def test_the_same_figures_as_in_a_folder(
    address: Address,
    days: list[list[Path]],
    in_folders: list[Path],
    shown: list[dict[str, str]],
    elsewhere: Callable[[str], None],
) -> None:
    for number, paths in enumerate(days[:2]):
        load_files(address, paths)
        elsewhere(f"reader-{number}")
        assert _shown(address) == shown[number]
    known = Filters(known_at=datetime(2022, 6, 1, 22))
    assert figures(address, known) == figures(in_folders[1], known)
    before = everything(address)
    rebuild(settings_of(address))
    assert everything(address) == before
    assert all(file.already_loaded for file in load_files(address, days[1]).files)


def test_the_commands(
    address: Address,
    days: list[list[Path]],
    in_folders: list[Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def said(*words: object) -> str:
        assert main([str(word) for word in words]) == 0
        return capsys.readouterr().out

    said("load", *days[0], "--lake", address, "--loaded-at", "2022-09-01")
    for words in (["stays"], ["dwell"], ["stock", "--by", "port"], ["history", "--consignment", "B0001"]):
        assert said("report", *words, "--lake", address) == said("report", *words, "--lake", in_folders[0])
    published = tmp_path / "dwell.csv"
    said("report", "dwell", "--lake", address, "-o", published)
    assert "identical" in said("report", "--again", published, "--lake", address)
    assert "rebuilt s3://nation/lakes/" in said("rebuild", "--lake", address)


def test_acknowledgements_and_their_version(address: Address, days: list[list[Path]]) -> None:
    from pipeline import acknowledgements

    log = acknowledgements.log_of(address)
    assert (log.version(), log.read().num_rows) == (-1, 0)
    writers = [
        threading.Thread(target=acknowledgements.keep, args=(address, f"A{number}", "Li", "seen"))
        for number in range(3)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert sorted(log.read()["alert_id"].to_pylist()) == ["A0", "A1", "A2"]
    assert log.version() == 2


@pytest.mark.parametrize(
    ("method", "calls"),
    [
        ("pipeline.lake.bucket:Bucket.send", 2),
        ("pipeline.lake.table_log:TableLog.commit", 5),
        ("pipeline.lake.bucket:Bucket.swap", 0),
        ("pipeline.lake.bucket:Bucket.sweep", 0),
    ],
)
def test_a_killed_load_leaves_the_lake_as_it_was(
    address: Address,
    method: str,
    calls: int,
    days: list[list[Path]],
    shown: list[dict[str, str]],
    elsewhere: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    load_files(address, days[0])
    killed_in(address, days[1], method, calls)
    assert Objects(address).read(lease.LEASE_FILE) is not None
    waited: list[str] = []
    is_elsewhere, was_swapped = method.endswith("commit"), method.endswith("sweep")
    if is_elsewhere:
        # Another machine cannot know that the holder is dead: it waits for the lease to end.
        elsewhere("another")
        monkeypatch.setattr("pipeline.lake.lease.LEASE_SECONDS", 2.0)
    assert _shown(address) == shown[1 if was_swapped else 0]
    with Lake(address).writing(waited.append):
        assert bool(waited) == is_elsewhere
    load_files(address, days[1])
    assert _shown(address) == shown[1]


def test_what_a_killed_load_had_committed_is_not_in_what_comes_next(
    address: Address, days: list[list[Path]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = tmp_path / "alone"
    for lake in (address, alone):
        load_files(lake, days[0])
    killed_in(address, days[1], "pipeline.lake.bucket:Bucket.swap", 0)
    release = Lake(address).release()
    assert release is not None
    latest = f"tables/stays/_delta_log/{release.versions['stays'] + 1:020d}.json"
    assert Objects(address).read(latest) is not None
    monkeypatch.setattr("pipeline.lake.sweeping.KEEP_RETIRED_HOURS", 0.0)
    for lake in (address, alone):
        load_files(lake, days[2])
    assert everything(address) == everything(alone)
    now = Lake(address).release()
    assert now is not None
    named = {path for table in release.versions for path in _named(address, table)}
    named.add(f"{address}/tables/_parts/{now.build_id}/parts.json")
    there = {f"{address}/{name}" for name in Objects(address).names("tables") if "_delta_log" not in name}
    assert there == named


def test_a_first_load_killed(address: Address, days: list[list[Path]], shown: list[dict[str, str]]) -> None:
    killed_in(address, days[0], "pipeline.lake.bucket:Bucket.swap", 0)
    assert Reader(settings_of(address)).release is None
    load_files(address, days[0])
    assert _shown(address) == shown[0]


def test_a_second_load_waits_and_says_so(
    address: Address,
    days: list[list[Path]],
    shown: list[dict[str, str]],
    elsewhere: Callable[[str], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    load_files(address, days[0])
    ended: list[int] = []
    second = threading.Thread(
        target=lambda: ended.append(
            main(["load", *map(str, days[1]), "--lake", str(address), "--loaded-at", "2022-09-01"])
        )
    )
    with Lake(address).writing(lambda _: None):
        elsewhere("another")
        second.start()
        time.sleep(3)
        assert not ended
    second.join(60)
    assert ended == [0]
    assert "waiting until it is done" in capsys.readouterr().err
    assert _shown(address) == shown[1]


def test_a_lease_lives_as_long_as_its_holder(address: Address, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.lake.lease.LEASE_SECONDS", 1.5)
    monkeypatch.setattr("pipeline.lake.lease.BEAT_SECONDS", 0.3)
    monkeypatch.setattr("pipeline.lake.lease.WAIT_SECONDS", 4.0)
    first, second = (lease.Lease(Objects(address), name) for name in ("first", "second"))
    first.acquire(lambda _: None)
    with pytest.raises(UserMistake, match="for an hour"):
        second.acquire(lambda _: None)
    first.release()
    second.acquire(lambda _: pytest.fail("it is free"))
    second.release()
    assert Objects(address).read(lease.LEASE_FILE) is None


def test_a_writer_that_slept_through_its_lease_publishes_nothing(
    address: Address,
    days: list[list[Path]],
    shown: list[dict[str, str]],
    elsewhere: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It wakes up, and goes on as if it were alone: its commits are taken back, its release is refused."""
    load_files(address, days[0])
    asleep, awake = threading.Event(), threading.Event()
    publish, refused = Draft.publish, []

    def slow(draft: Draft, *told: object) -> object:
        monkeypatch.setattr(Draft, "publish", publish)
        asleep.set()
        awake.wait(60)
        return publish(draft, *told)  # type: ignore[arg-type]

    def load_slowly() -> None:
        with pytest.raises(UserMistake, match="another load was published") as told:
            load_files(address, days[2])
        refused.append(told.value)

    monkeypatch.setattr("pipeline.lake.lease.BEAT_SECONDS", 3600.0)
    monkeypatch.setattr("pipeline.lake.lease.LEASE_SECONDS", 1.5)
    monkeypatch.setattr(Draft, "publish", slow)
    sleeper = threading.Thread(target=load_slowly)
    sleeper.start()
    assert asleep.wait(60)
    elsewhere("another")
    load_files(address, days[1])
    awake.set()
    sleeper.join(60)
    assert len(refused) == 1
    assert _shown(address) == shown[1]
    # Its commits lie on top of the released ones, and count for nothing.
    load_files(address, days[2])
    assert _shown(address) == shown[2]


def test_a_reader_keeps_the_release_that_it_opened(
    address: Address, days: list[list[Path]], in_folders: list[Path], elsewhere: Callable[[str], None]
) -> None:
    load_files(address, days[0])
    elsewhere("reader")
    reader = Reader(settings_of(address))
    load_files(address, days[1])
    rebuild(settings_of(address))
    elsewhere("reader-without-a-file")
    expected = Reader(settings_of(in_folders[0])).query("stays")
    assert reader.query("stays").to_csv() == expected.to_csv()
    assert not reader.is_current()


def test_a_screen(address: Address, days: list[list[Path]], in_folders: list[Path]) -> None:
    load_files(address, days[0])
    shown = []
    for lake in (in_folders[0], address):
        with surroundings({"DGWATCH_LAKE": str(lake)}):
            at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
            at.session_state["_wanted_page"] = ("pages/backlog.py", {})
            at.run()
        assert not at.exception
        shown.append({metric.label: metric.value for metric in at.metric})
    assert len(shown[0]) > 2
    assert shown[1] == shown[0]


def test_a_cluster_reads_the_store_itself(
    address: Address, days: list[list[Path]], in_folders: list[Path], tmp_path: Path
) -> None:
    load_files(address, days[0])
    with surroundings({"AWS_ALLOW_HTTP": "true"}), sail(tmp_path) as server:
        settings = replace(settings_of(address), remote=server.address)
        found = Reader(settings).query("dwell")
        rebuild(settings)
    expected = Reader(settings_of(in_folders[0])).query("dwell")
    pd.testing.assert_frame_equal(found, expected, rtol=1e-9, check_dtype=False)
    for name in ("stays", "unit_stays", "clearances"):
        pd.testing.assert_frame_equal(table(address, name), table(in_folders[0], name), rtol=1e-9)


def test_a_store_that_ignores_conditions_is_refused(
    address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    def overwrites(objects: Objects, name: str, text: str) -> str:
        objects.write(name, text)
        return "made"

    monkeypatch.setattr(Objects, "create", overwrites)
    with pytest.raises(UserMistake, match="ignores conditions"), Lake(address).writing(lambda _: None):
        raise AssertionError("it began to write")


def test_what_is_kept_here_is_bounded_and_never_wrong(
    address: Address, days: list[list[Path]], shown: list[dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    load_files(address, days[0])
    files = [Path(path) for path in object_cache.readable(_named(address, "stays"))]
    old = time.time() - 2 * object_cache.IN_USE_SECONDS
    os.utime(files[0], (old, old))
    monkeypatch.setenv("DGWATCH_CACHE_LIMIT", "1 KiB")
    object_cache.make_room()
    assert [file.exists() for file in files] == [False] + [True] * (len(files) - 1)
    assert _shown(address) == shown[0]
    monkeypatch.setenv("DGWATCH_CACHE_LIMIT", "much")
    with pytest.raises(UserMistake, match="DGWATCH_CACHE_LIMIT=much"):
        object_cache.make_room()
    assert object_cache.readable(["/any/path.parquet"]) == ["/any/path.parquet"]


def test_the_list_of_parts_is_what_the_logs_say(
    address: Address, days: list[list[Path]], shown: list[dict[str, str]], elsewhere: Callable[[str], None]
) -> None:
    for paths in days[:2]:
        load_files(address, paths)
    release = Lake(address).release()
    assert release is not None
    listed = {table: sorted(_named(address, table)) for table in release.versions}
    Objects(address).delete([f"tables/_parts/{release.build_id}/parts.json"])
    elsewhere("reader")
    assert {table: sorted(_named(address, table)) for table in release.versions} == listed
    assert _shown(address) == shown[1]


def test_damage_is_told(
    address: Address,
    days: list[list[Path]],
    elsewhere: Callable[[str], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    load_files(address, days[0])
    elsewhere("reader")
    objects = Objects(address)
    gone = _named(address, "stays")[0].removeprefix(f"{address}/")
    objects.delete([gone])
    assert main(["report", "stays", "--lake", str(address)]) == 2
    assert "the lake is damaged: a file of it is gone" in capsys.readouterr().err
    kept = objects.read("release.json")
    assert kept is not None
    objects.write("release.json", "[]")
    assert main(["rebuild", "--lake", str(address)]) == 2
    assert "release.json is not a release of dgwatch" in capsys.readouterr().err
    objects.delete(["release.json"])
    assert main(["load", *map(str, days[1]), "--lake", str(address)]) == 2
    assert "there are tables, and no release.json" in capsys.readouterr().err
    objects.write("release.json", json.dumps({**json.loads(kept[0]), "layout": 99}))
    assert main(["report", "stays", "--lake", str(address)]) == 2
    assert "newer than this one" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("lake", "variables", "said"),
    [
        ("s3://nobody/lake", {}, "there is no bucket nobody"),
        ("s3://", {}, "no address of a lake"),
        ("s3://nation/a b", {}, "no address of a lake"),
        ("s3://nation/../x", {}, "no address of a lake"),
        ("s3://nation/lake", {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}, "does not do as asked"),
    ],
)
def test_a_store_that_is_not_there(
    lake: str,
    variables: dict[str, str],
    said: str,
    days: list[list[Path]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    for words in (["report", "stays"], ["load", str(days[0][0])]):
        assert main([*words, "--lake", lake]) == 2
        assert said in capsys.readouterr().err


def test_an_empty_lake(address: Address, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "stays", "--lake", str(address)]) == 3
    assert f"{address}" in capsys.readouterr().err
    assert entries(address) == []


def test_addresses() -> None:
    assert address_of("s3://nation/dg/lake/") == Address(BUCKET, "dg/lake")
    assert str(Address(BUCKET)) == "s3://nation"
    assert str(Address(BUCKET) / "tables" / "a/b") == "s3://nation/tables/a/b"
    assert from_environment("s3://nation/dg").lake == Address(BUCKET, "dg")
    assert isinstance(from_environment("s3").lake, Path)


def _shown(lake: Root) -> dict[str, str]:
    return everything(lake) | {"counts": str(counts(lake))}


def _named(address: Address, table: str) -> list[str]:
    kept = Lake(address)
    return kept.files(kept.release(), table)
