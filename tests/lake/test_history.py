"""What was known when: counts that always add up, copies that change nothing, answers that stay."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lake.support import (
    FIRST_DAY,
    Row,
    batch_rows,
    built,
    counts,
    day_feeds,
    everything,
    feeds_of,
    figures,
    into_feeds,
    load_files,
    mixed_rows,
    print_of,
    reports,
    search_every_table,
    settings_of,
    stamp,
    text_of,
    totals,
    write_feeds,
)
from pipeline.loading.build import rebuild
from pipeline.metrics import Filters, Reader
from pipeline.sample import SampleSettings, write_sample

Counted = tuple[int, int, int, int, int]


@pytest.fixture(autouse=True)
def _search(monkeypatch: pytest.MonkeyPatch) -> None:
    search_every_table(monkeypatch)


def consignment(**cells: object) -> Row:
    return {"consignment_id": "B1", "un_location_code": "CNSHG", "direction": "import", **cells}


def load_text(lake: Path, name: str, text: str, loaded_at: dt.datetime = dt.datetime(2022, 9, 1)) -> Counted:
    """Loads one file; its counts now, and that the summary says the same."""
    path = lake.parent / f"{name}.csv"
    path.write_text(text, encoding="utf-8")
    (summary,) = load_files(lake, [path], loaded_at).files
    said = (summary.read, summary.accepted, summary.superseded, summary.duplicate, summary.rejected)
    assert said == counts(lake)[path.name]
    return said


def test_the_same_content_under_any_name_changes_nothing(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    paths = write_feeds(tmp_path / "files", day_feeds(0))
    load_files(lake, paths)
    before = print_of(lake)
    other = tmp_path / "anything at all.txt"
    other.write_bytes(paths[0].read_bytes())
    again = load_files(lake, [*paths, other])
    assert [file.already_loaded for file in again.files] == [True] * 7
    assert set(again.totals.values()) == {0}
    assert [file.error for file in again.files] == [None] * 7
    assert print_of(lake) == before


def test_one_file_given_twice_in_a_call_counts_once(tmp_path: Path) -> None:
    path, *_ = write_feeds(tmp_path, day_feeds(0))
    first, second = load_files(tmp_path / "lake", [path, path]).files
    assert (first.read, first.already_loaded) == (3, False)
    assert (second.read, second.already_loaded) == (0, True)


def test_a_refused_file_is_not_remembered(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    good = text_of([consignment()])
    path = tmp_path / "consignments.csv"
    path.write_text(good.replace("direction", "directions"), encoding="utf-8")
    for _ in range(2):
        (refused,) = load_files(lake, [path]).files
        assert refused.error
        assert not refused.already_loaded
    assert Reader(settings_of(lake)).release is None
    path.write_text(good, encoding="utf-8")
    (taken,) = load_files(lake, [path]).files
    assert (taken.error, taken.accepted) == (None, 1)
    assert list(counts(lake)) == ["consignments.csv"]


def test_a_file_that_was_refused_by_its_name_loads_under_a_better_one(tmp_path: Path) -> None:
    nameless = tmp_path / "batches.csv"
    nameless.write_text(text_of([consignment()]), encoding="utf-8")
    (refused,) = load_files(tmp_path / "lake", [nameless]).files
    assert refused.error
    (taken,) = load_files(tmp_path / "lake", [nameless.rename(tmp_path / "consignments_b.csv")]).files
    assert taken.accepted == 1


def test_counts_of_an_earlier_file_change_as_later_ones_come(tmp_path: Path) -> None:
    """Versions, a copy, a withdrawal and a return of one record, one file a load."""
    lake = tmp_path / "lake"
    first = text_of([consignment(recorded_at=stamp(1))])
    assert load_text(lake, "consignments_1", first) == (1, 1, 0, 0, 0)
    later = text_of([consignment(recorded_at=stamp(2), consignee="A")])
    assert load_text(lake, "consignments_2", later) == (1, 1, 0, 0, 0)
    copy = text_of([consignment(recorded_at=stamp(1)), consignment(un_location_code="XXXXX")])
    assert load_text(lake, "consignments_3", copy) == (2, 0, 0, 1, 1)
    withdrawn = text_of([{"consignment_id": "B1", "voided": "true", "recorded_at": stamp(3)}])
    header = text_of([consignment(voided="")]).splitlines()[0]
    assert header.startswith("consignment_id,un_location_code,direction")
    void = withdrawn.replace("consignment_id,", "consignment_id,un_location_code,direction,", 1)
    void = void.replace("B1,", "B1,,,", 1)
    assert load_text(lake, "consignments_4", void) == (1, 1, 0, 0, 0)
    assert Reader(settings_of(lake)).query("find_batches", Filters(consignment_id="B1")).empty
    late = text_of([consignment(recorded_at=stamp(1.5), consignee="B")])
    assert load_text(lake, "consignments_5", late) == (1, 0, 1, 0, 0)
    back = text_of([consignment(recorded_at=stamp(4), consignee="A")])
    assert load_text(lake, "consignments_6", back) == (1, 1, 0, 0, 0)
    assert counts(lake) == {
        "consignments_1.csv": (1, 0, 1, 0, 0),
        "consignments_2.csv": (1, 0, 1, 0, 0),
        "consignments_3.csv": (2, 0, 0, 1, 1),
        "consignments_4.csv": (1, 0, 1, 0, 0),
        "consignments_5.csv": (1, 0, 1, 0, 0),
        "consignments_6.csv": (1, 1, 0, 0, 0),
    }


def test_without_recorded_at_the_instant_of_loading_orders_versions(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    day = dt.datetime(2022, 9, 1)
    ours = text_of([consignment(consignee="ours")])
    theirs = text_of([consignment(consignee="theirs")])
    assert load_text(lake, "consignments_late", ours, day + dt.timedelta(days=1)) == (1, 1, 0, 0, 0)
    assert load_text(lake, "consignments_early", theirs, day) == (1, 0, 1, 0, 0)
    assert load_text(lake, "consignments_copy", ours + "\n", day + dt.timedelta(days=2)) == (1, 0, 0, 1, 0)
    same = text_of([consignment(consignee="same instant")])
    assert load_text(lake, "consignments_same", same, day + dt.timedelta(days=1)) == (1, 1, 0, 0, 0)
    assert counts(lake)["consignments_late.csv"] == (1, 0, 1, 0, 0)


Drawn = st.lists(
    st.lists(
        st.tuples(
            st.sampled_from(["B1", "B2", ""]),
            st.sampled_from(["", "A", "B"]),
            st.sampled_from(["", "1", "2", "3"]),
            st.sampled_from(["", "", "true"]),
        ),
        min_size=1,
        max_size=6,
    ),
    min_size=3,
    max_size=5,
)


@settings(max_examples=4, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(drawn=Drawn)
def test_the_counts_are_those_of_plain_reasoning(
    drawn: list[list[tuple[str, str, str, str]]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """After every load the counts of all files are those of a few lines that go through all rows anew."""
    folder = tmp_path_factory.mktemp("drawn")
    held: list[tuple[str, str, tuple[str, ...], tuple[str, int]]] = []
    read: dict[str, int] = {}
    for number, rows in enumerate(drawn):
        # A first column that only tells files apart: equal content would not load twice.
        cells = [
            consignment(
                consignment_id=key, consignee=name, recorded_at=day and stamp(float(day)), voided=void
            )
            for key, name, day, void in rows
        ]
        file = f"consignments_{number}.csv"
        (path,) = write_feeds(folder, [(file.removesuffix(".csv"), cells)])
        # Lines without anything are no rows, and make equal rows another file.
        path.write_text(path.read_text() + "\n" * number)
        loaded_at = FIRST_DAY + dt.timedelta(days=30 + number)
        if load_files(folder / "lake", [path], loaded_at).files[0].already_loaded:
            continue
        read[file] = len(rows)
        for line, (key, name, day, void) in enumerate(rows):
            known = recorded(day) or loaded_at.isoformat() + "Z"
            if key:
                held.append((file, key, (name, day, void), (known, number * 100 + line)))
        assert counts(folder / "lake") == reasoned(held, read)


def recorded(day: str) -> str:
    return stamp(float(day)) if day else ""


def reasoned(
    held: list[tuple[str, str, tuple[str, ...], tuple[str, int]]], read: dict[str, int]
) -> dict[str, Counted]:
    """The counts of every file, from the rows held as (file, key, content, (known at, place))."""
    fates: dict[str, list[str]] = {file: [] for file in read}
    first_of: dict[tuple[str, tuple[str, ...]], int] = {}
    for place, (_, key, content, _) in enumerate(held):
        first_of.setdefault((key, content), place)
    firsts = set(first_of.values())
    latest: dict[str, tuple[str, int]] = {}
    for place in firsts:
        _, key, _, known = held[place]
        latest[key] = max(latest.get(key, known), known)
    for place, (file, key, _, known) in enumerate(held):
        fate = "duplicate" if place not in firsts else "accepted" if latest[key] == known else "superseded"
        fates[file].append(fate)
    return {
        file: (
            rows,
            fates[file].count("accepted"),
            fates[file].count("superseded"),
            fates[file].count("duplicate"),
            rows - len(fates[file]),
        )
        for file, rows in read.items()
    }


def test_an_answer_of_then_stays(tmp_path: Path) -> None:
    """What the lake knew on a day is the same on every later day, and what a lake of that day would say."""
    lake = tmp_path / "lake"
    corrected = batch_rows(0, 0.5, 9.0, 2.5)
    corrected["yard_moves"][1]["exit_type"] = "auctioned"
    withdrawn = {
        source: [{**row, "voided": "true"} for row in rows]
        for source, rows in batch_rows(1, 0, 2.5, 2.6).items()
    }
    days = [
        day_feeds(0),
        day_feeds(1),
        [*feeds_of([corrected], "corrected"), *feeds_of([withdrawn], "withdrawn")],
    ]
    then: dict[int, dict[str, str]] = {}
    for day, feeds in enumerate(days):
        load_files(lake, write_feeds(tmp_path / f"day-{day}", feeds))
        asked = {known: figures(lake, known_on(known)) for known in range(day + 1)}
        assert all(asked[known] == then[known] for known in then)
        then = asked
        assert then[day] == figures(lake)
    assert len({tuple(answer.values()) for answer in then.values()}) == 3
    looked_at = Filters(as_of=FIRST_DAY + dt.timedelta(days=1.7), known_at=known_on(1).known_at)
    alone = tmp_path / "alone"
    for day in range(2):
        load_files(alone, write_feeds(tmp_path / f"day-{day}", days[day]))
    assert figures(lake, looked_at) == figures(alone, Filters(as_of=looked_at.as_of))
    assert figures(lake, known_on(1)) == figures(alone)


def known_on(day: int) -> Filters:
    """The filters that show what was recorded by the end of a day."""
    return Filters(known_at=FIRST_DAY + dt.timedelta(days=day + 0.95))


def test_rebuilt_tables_are_those_of_loads_one_by_one(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    paths = write_feeds(tmp_path / "files", into_feeds(mixed_rows(21, rows=80), files=2, seed=22))
    for start in range(0, len(paths), 2):
        load_files(lake, paths[start : start + 2])
    tables, shown, counted = built(lake), reports(lake), counts(lake)
    rebuild(settings_of(lake))
    assert built(lake) == tables
    assert reports(lake) == shown
    assert counts(lake) == counted


def test_a_sample_world_in_four_loads_and_in_one(tmp_path: Path) -> None:
    """With late rows, corrections and copies as the sample has them; backwards, for good measure."""
    write_sample(tmp_path / "files", SampleSettings(batches=150, ports=2, days=45))
    files = sorted((tmp_path / "files").glob("*.csv*"))
    load_files(tmp_path / "at-once", files)
    for start in range(4):
        load_files(tmp_path / "lake", files[::-1][start::4])
    assert everything(tmp_path / "lake") == everything(tmp_path / "at-once")
    assert totals(tmp_path / "lake") == totals(tmp_path / "at-once")
    tables = built(tmp_path / "lake")
    rebuild(settings_of(tmp_path / "lake"))
    assert built(tmp_path / "lake") == tables
