"""The sample world: same seed same bytes, files by the contract, figures near the published ones."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import os
import subprocess
import sys
from collections import defaultdict
from datetime import date, datetime, timedelta, timezone
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.contract import SOURCES
from pipeline.errors import UserMistake
from pipeline.reference.reading import load_reference
from pipeline.sample import SampleSettings, SampleSummary, sample_truth, write_sample
from pipeline.sample.batches import NEVER
from pipeline.sample.facts import day_number, limit_hours, load_facts
from pipeline.sample.faults import REJECTS
from pipeline.sample.rates import WorkClock, arrival_weights
from pipeline.sample.streams import check_digit, container_numbers, shares
from pipeline.sample.world import make_ports

SMALL = SampleSettings(batches=900, ports=3, seed=5, dirty_pct=5.0)
CLEAN = SampleSettings(batches=2_500, ports=3, seed=11, dirty_pct=0)
CHINA = timezone(timedelta(hours=8))
IN, OUT = ("DISC", "GTIN"), ("GTOT", "LOAD")


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SampleSummary]:
    out = tmp_path_factory.mktemp("clean")
    return out, write_sample(out, CLEAN)


@pytest.fixture(scope="module")
def dirty(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SampleSummary]:
    out = tmp_path_factory.mktemp("dirty")
    return out, write_sample(out, SMALL)


def content_of(path: Path) -> str:
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    content = content.replace(b"\xff", b"?")  # the byte of undecodable rows
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("gb18030")


def data_files(out: Path) -> list[Path]:
    return sorted(path for path in out.iterdir() if path.name.endswith((".csv", ".csv.gz")))


def source_of(path: Path) -> str:
    return next(name for name in SOURCES if path.name.startswith(f"{name}_"))


def rows_of(out: Path, source: str) -> list[dict[str, str]]:
    rows = []
    for path in data_files(out):
        if source_of(path) == source:
            text = content_of(path)
            mark = ";" if ";" in text.splitlines()[0] else ","
            reader = csv.reader(text.splitlines(), delimiter=mark)
            next(reader)
            rows += [dict(zip(SOURCES[source].column_names, row, strict=True)) for row in reader]
    return rows


def utc(text: str) -> int:
    at = datetime.fromisoformat(text)
    return int((at if at.tzinfo else at.replace(tzinfo=CHINA)).timestamp())


def digest(out: Path) -> str:
    sums = [(path.name, hashlib.sha256(path.read_bytes()).hexdigest()) for path in sorted(out.iterdir())]
    return hashlib.sha256(json.dumps(sums).encode()).hexdigest()


def test_same_seed_same_bytes_in_another_process(dirty: tuple[Path, SampleSummary], tmp_path: Path) -> None:
    call = (
        "import sys; from pathlib import Path; from pipeline.sample import *;"
        "write_sample(Path(sys.argv[1]), SampleSettings(batches=900, ports=3, seed=5, dirty_pct=5.0))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "77", "TZ": "America/New_York"}
    subprocess.run([sys.executable, "-c", call, str(tmp_path)], check=True, env=environment)
    assert digest(tmp_path) == digest(dirty[0])


def test_another_seed_is_another_world(dirty: tuple[Path, SampleSummary], tmp_path: Path) -> None:
    write_sample(tmp_path, SampleSettings(batches=900, ports=3, seed=6, dirty_pct=5.0))
    assert digest(tmp_path) != digest(dirty[0])


def test_files_have_the_headers_of_the_contract(dirty: tuple[Path, SampleSummary]) -> None:
    out, summary = dirty
    reference = load_reference()
    paths = data_files(out)
    assert len(paths) == summary.files
    assert {source_of(path) for path in paths} == set(SOURCES)
    chinese = 0
    for path in paths:
        source = source_of(path)
        first = content_of(path).splitlines()[0]
        names = first.split(";" if ";" in first else ",")
        aliases = reference.aliases(source)
        assert tuple(aliases.get(name.casefold(), name) for name in names) == SOURCES[source].column_names
        chinese += not first.isascii()
    assert chinese > 0, "one of three ports sends Chinese headers"


def test_everything_says_that_it_is_a_sample(dirty: tuple[Path, SampleSummary]) -> None:
    out, summary = dirty
    note = (out / "SAMPLE.txt").read_text()
    assert note.startswith("SAMPLE DATA") and "seed: 5" in note
    said = json.loads((out / "sample.json").read_text())
    assert said["sample"] is True
    assert said["settings"]["batches"] == 900
    assert said["truth"] == summary.truth


def test_counts_are_those_of_the_files(clean: tuple[Path, SampleSummary]) -> None:
    out, summary = clean
    counted = {source: len(rows_of(out, source)) for source in SOURCES}
    assert counted == summary.rows_by_source
    assert sum(counted.values()) == summary.rows
    assert counted["consignments"] == summary.truth["batches"]
    assert abs(counted["consignments"] / CLEAN.batches - 1) < 0.05


def test_a_clean_world_has_no_dirty_row(clean: tuple[Path, SampleSummary]) -> None:
    out, summary = clean
    assert summary.dirty_rows == 0 and summary.faults == {}
    assert not list(out.glob("*_late*"))
    reference = load_reference()
    batches = {row["consignment_id"] for row in rows_of(out, "consignments")}
    for name, source in SOURCES.items():
        seen = set()
        for row in rows_of(out, name):
            assert all(row[column] for column in source.required)
            for column in source.columns:
                if column.codes and row[column.name]:
                    assert row[column.name].upper() in reference.codes(column.codes)
            assert not row.get("consignment_id") or row["consignment_id"] in batches
            key = tuple(row[column] for column in source.key) + (row["recorded_at"],)
            assert key not in seen
            seen.add(key)
            event = source.event_column and row.get("event_classifier") not in ("EST", "PLN")
            assert not event or utc(row["recorded_at"]) >= utc(row[str(source.event_column)])
    for item in rows_of(out, "dg_items"):
        assert item["imo_class"] in reference.classes_of_un[item["un_number"]]
    for row in rows_of(out, "consignments"):
        assert len(row["declaration_no"]) in (0, 18)


def test_dirt_is_near_what_is_asked_and_of_many_kinds(dirty: tuple[Path, SampleSummary]) -> None:
    _, summary = dirty
    assert 0.04 < summary.dirty_rows / summary.rows < 0.06
    assert {"duplicate", "late", "scanned_twice", "corrected_time", "alias_port"} <= set(summary.faults)
    rejected = sum(count for name, count in summary.faults.items() if name in REJECTS)
    assert 0.1 < rejected / summary.dirty_rows < 0.4


def letter_value(letter: str) -> int:
    """A is 10; 11, 22 and 33 are left out (ISO 6346)."""
    value = 9
    for _ in range(ord(letter) - ord("A") + 1):
        value += 1
        if value % 11 == 0:
            value += 1
    return value


def oracle_digit(box: str) -> int:
    total = sum(
        (letter_value(sign) if sign.isalpha() else int(sign)) * 2**place
        for place, sign in enumerate(box[:10])
    )
    return total % 11 % 10


@given(first=st.integers(0, 7_000_000), seed=st.integers(0, 2**31))
def test_container_numbers_are_valid_and_distinct(first: int, seed: int) -> None:
    boxes = container_numbers(first, 60, seed)
    assert len(set(boxes)) == 60
    for box in boxes:
        assert len(box) == 11
        assert int(box[-1]) == oracle_digit(box) == check_digit(box[:4], box[4:10])


def test_check_digit_of_a_published_number() -> None:
    assert check_digit("CSQU", "305438") == 3


@given(
    rates=st.lists(st.floats(0.05, 3.0), min_size=3, max_size=20),
    start=st.integers(0, 86_400),
    work=st.floats(0, 100),
    more=st.floats(0, 100),
)
def test_work_takes_its_hours_and_goes_on_where_it_stopped(
    rates: list[float], start: int, work: float, more: float
) -> None:
    at = np.linspace(0.0, len(rates) * 86_400.0, len(rates) + 1)
    done = np.concatenate((np.zeros(1), np.cumsum(np.array(rates) * 24)))
    clock = WorkClock(at, np.asarray(done, dtype=np.float64))
    begin = np.array([start])
    half = clock.finish(begin, np.array([work]))
    whole = clock.finish(begin, np.array([work + more]))
    assert begin[0] <= half[0] <= whole[0] or half[0] == at[-1]
    again = clock.finish(half, np.array([more]))
    assert abs(int(again[0]) - int(whole[0])) <= 1 + 1 / min(rates) * max(rates)


@given(st.lists(st.floats(0.001, 10), min_size=1, max_size=30), st.integers(0, 10_000))
def test_shares_add_up(weights: list[float], total: int) -> None:
    counts = shares(np.array(weights), total)
    assert counts.sum() == total and (counts >= 0).all()


def test_fewer_arrive_at_spring_festival_and_more_in_autumn() -> None:
    weights = arrival_weights(day_number(date(2023, 1, 1)), 365)
    assert weights[21:35].mean() < 0.65 * weights[60:160].mean()
    assert weights[258:268].mean() > 1.05 * weights[60:160].mean()


def test_limits_are_those_of_the_winning_rule() -> None:
    goods = [("1263", "3"), ("1942", "5.1"), ("1789", "8"), ("3105", "5.2")]
    places = [
        ("CNSHG", "SHG-T1", "import"),
        ("CNTXG", "TXG-T1", "export"),
        ("CNSHG", "SHG-T1", "transhipment"),
    ]
    spring, summer = day_number(date(2022, 6, 30)), day_number(date(2022, 7, 1))
    asked = [
        (0, 0, spring),
        (0, 0, summer),
        (0, 1, spring),
        (1, 0, summer),
        (2, 0, spring),
        (2, 2, spring),
        (3, 0, spring),
    ]
    good, place, day = (np.array(column) for column in zip(*asked, strict=True))
    limits = limit_hours(load_facts().limit_rules, goods, good, place, places, day)
    assert limits.tolist() == [168, 120, 120, 24, 240, 240, 24]


def test_a_slot_holds_one_unit_at_a_time(clean: tuple[Path, SampleSummary]) -> None:
    moves: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in rows_of(clean[0], "yard_moves"):
        if row["event_classifier"] in ("ACT", ""):
            moves[row["equipment_reference"]].append(row)
    stands: dict[tuple[str, ...], list[tuple[int, int]]] = defaultdict(list)
    for rows in moves.values():
        rows.sort(key=lambda row: utc(row["event_at"]))
        for now, after in zip(rows, [*rows[1:], None], strict=True):
            if now["bay"]:
                slot = tuple(now[name] for name in ("facility_code", "block", "bay", "row", "tier"))
                stands[slot].append((utc(now["event_at"]), utc(after["event_at"]) if after else 1 << 40))
    assert sum(len(times) for times in stands.values()) > CLEAN.batches
    for times in stands.values():
        times.sort()
        assert all(before[1] <= after[0] for before, after in pairwise(times))


def test_units_come_in_before_they_go_out_and_milestones_run_forward(
    clean: tuple[Path, SampleSummary],
) -> None:
    inside: dict[str, bool] = {}
    moves = [row for row in rows_of(clean[0], "yard_moves") if row["event_classifier"] in ("ACT", "")]
    for row in sorted(moves, key=lambda row: (utc(row["event_at"]), row["event_id"])):
        box, kind = row["equipment_reference"], row["event_type"]
        assert inside.get(box, False) == (kind not in IN)
        inside[box] = kind not in OUT
    instants: dict[str, dict[str, int]] = defaultdict(dict)
    for row in rows_of(clean[0], "clearance_milestones"):
        name = load_reference().codes("milestone")[row["milestone"].upper()]
        instants[row["consignment_id"]][name] = utc(row["occurred_at"])
    advance = 0
    for known in instants.values():
        order = [known[name] for name in ("lodged", "selected", "inspected", "released") if name in known]
        assert order == sorted(order)
        if "released" in known:
            assert known["arrived"] <= known["released"]
        advance += "lodged" in known and "arrived" in known and known["lodged"] < known["arrived"]
    assert advance > 0.03 * len(instants)


def recount(out: Path) -> dict[str, int]:
    """The campaign's backlog figures from the files alone, batch by batch."""
    facts = load_facts()
    batch_of_box: dict[str, list[str]] = defaultdict(list)
    batches = {row["consignment_id"]: row for row in rows_of(out, "consignments")}
    items = rows_of(out, "dg_items")
    for row in items:
        batch_of_box[row["equipment_reference"]].append(row["consignment_id"])
    visits = []
    open_visit: dict[str, list] = {}
    moves = [row for row in rows_of(out, "yard_moves") if row["event_classifier"] in ("ACT", "")]
    for row in sorted(moves, key=lambda row: (utc(row["event_at"]), row["event_id"])):
        box, at = row["equipment_reference"], utc(row["event_at"])
        if row["event_type"] in IN:
            open_visit[box] = [box, at, None, row["consignment_id"], row["facility_code"], ""]
            visits.append(open_visit[box])
        elif row["event_type"] in OUT:
            open_visit[box][2], open_visit[box][5] = at, row["exit_type"]
    stays: dict[str, list[list]] = defaultdict(list)
    for visit in visits:
        named = {visit[3]} - {""}
        nearest = [
            batch
            for batch in set(batch_of_box[visit[0]])
            if abs(utc(batches[batch]["manifested_at"]) - visit[1]) < 12 * 86_400
        ]
        for batch in named | set(nearest):
            stays[batch].append(visit)
    ground = {batch: min(visit[1] for visit in found) for batch, found in stays.items()}
    first_facility = {batch: min(found, key=lambda visit: visit[1])[4] for batch, found in stays.items()}
    goods, places, rows = [], [], []
    for row in items:
        batch = row["consignment_id"]
        if batch in ground:
            goods.append((row["un_number"], row["imo_class"]))
            places.append(
                (batches[batch]["un_location_code"], first_facility[batch], batches[batch]["direction"])
            )
            rows.append((batch, (ground[batch] + 8 * 3600) // 86_400))
    index = np.arange(len(rows))
    limits = limit_hours(facts.limit_rules, goods, index, index, places, np.array([day for _, day in rows]))
    limit: dict[str, float] = {}
    for (batch, _), hours in zip(rows, limits.tolist(), strict=True):
        limit[batch] = min(hours, limit.get(batch, hours))
    window = facts.action
    assert window is not None
    start, end = window.start_seconds, window.end_seconds
    counts = dict.fromkeys(
        ("opening_backlog", "newly_overdue", "cleared", "cleared_relocated", "remaining"), 0
    )
    for batch, found in stays.items():
        ends = [visit[2] for visit in found]
        left = max(ends) if all(ends) else 1 << 40
        over = ground[batch] + round(limit[batch] * 3600)
        opening, newly = over < start <= left, start <= over < end and over < left
        gone = left < end
        moved = max(found, key=lambda visit: visit[2] or 0)[5] == "transferred"
        counts["opening_backlog"] += opening
        counts["newly_overdue"] += newly
        counts["cleared"] += (opening or newly) and gone and not moved
        counts["cleared_relocated"] += (opening or newly) and gone and moved
        counts["remaining"] += (opening or newly) and not gone
    return counts


def test_the_truth_is_what_the_files_show(clean: tuple[Path, SampleSummary]) -> None:
    out, summary = clean
    counted = recount(out)
    truth = summary.truth["special_action"]
    assert counted == {name: truth[name] for name in counted}
    assert counted["opening_backlog"] > 20


def test_the_pieces_of_the_campaign_add_up(clean: tuple[Path, SampleSummary]) -> None:
    action = clean[1].truth["special_action"]
    assert action["opening_backlog"] + action["newly_overdue"] == (
        action["cleared"] + action["cleared_relocated"] + action["remaining"]
    )


@pytest.mark.parametrize("seed", [2022, 41])
def test_the_default_world_is_near_the_published_figures(seed: int) -> None:
    truth = sample_truth(SampleSettings(seed=seed))
    action = truth["special_action"]
    assert action["cleared"] == pytest.approx(2_400, rel=0.15)
    assert action["misdeclared_batches"] == pytest.approx(1_600, rel=0.15)
    assert action["penalty_cases"] == pytest.approx(500, rel=0.18)
    assert action["opening_backlog"] == pytest.approx(2_000, rel=0.15)
    assert 55 <= action["reduction_rmst_pct"] <= 66
    weekly = truth["rebound"]["newly_overdue_a_week"]
    relapsed = weekly.pop(truth["rebound"]["relapse_port"])
    assert relapsed["since_relapse"] > 5 * relapsed["until_relapse"]
    assert all(port["since_relapse"] < max(port["first_eight_weeks"], 1) for port in weekly.values())
    assert len(truth["pilot"]["ports"]) == 5


def test_figures_go_with_the_number_of_batches() -> None:
    action = sample_truth(SampleSettings(batches=108_000))["special_action"]
    assert action["cleared"] == pytest.approx(4_800, rel=0.15)


@pytest.mark.parametrize("start", [date(2019, 5, 1), date(2025, 5, 1)])
def test_a_world_without_any_campaign(start: date) -> None:
    truth = sample_truth(SampleSettings(batches=300, ports=2, start=start, days=40))
    assert "special_action" not in truth and "half_year_action" not in truth
    assert truth["batches"] > 250


def test_a_file_comes_twice_under_two_names(dirty: tuple[Path, SampleSummary]) -> None:
    again = list(dirty[0].glob("*_again.csv*"))
    assert len(again) == dirty[1].faults["file_sent_twice"] == 1
    assert again[0].read_bytes() == Path(str(again[0]).replace("_again", "")).read_bytes()


def test_pilot_ports_are_faster_by_the_factor() -> None:
    """Difference of the mean log hours of clearance, after against before, pilots against the others."""
    facts, settings = load_facts(), SampleSettings(batches=40_000, ports=10, seed=8)
    assert facts.pilot is not None
    changes: dict[bool, list[float]] = {True: [], False: []}
    for world in make_ports(settings, facts):
        batches = world.batches
        hours = (batches.released - batches.arrived) / 3600
        known = (batches.released < NEVER) & (batches.arrived > facts.pilot.start_seconds - 180 * 86_400)
        after = batches.arrived >= facts.pilot.start_seconds
        change = np.log(hours[known & after]).mean() - np.log(hours[known & ~after]).mean()
        changes[world.profile.port.code in facts.pilot_ports].append(float(change))
    effect = np.mean(changes[True]) - np.mean(changes[False])
    assert float(np.exp(effect)) == pytest.approx(settings.pilot_effect, abs=0.04)


@pytest.mark.parametrize(
    "wrong",
    [{"batches": 0}, {"dirty_pct": -1.0}, {"dirty_pct": 50.0}, {"days": 0}, {"seed": -1}, {"batches": 10**9}],
)
def test_impossible_settings_are_the_users_mistake(wrong: dict[str, float]) -> None:
    with pytest.raises(UserMistake):
        SampleSettings(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("ports", [0, 100_000])
def test_ports_that_are_not_there_are_the_users_mistake(ports: int, tmp_path: Path) -> None:
    with pytest.raises(UserMistake, match="ports"):
        write_sample(tmp_path, SampleSettings(batches=10, ports=ports))


def test_progress_goes_from_nothing_to_all(tmp_path: Path) -> None:
    told: list[float] = []
    write_sample(tmp_path, SampleSettings(batches=60, ports=4, days=30), lambda share, _: told.append(share))
    assert told == sorted(told) and told[0] == 0 and told[-1] == 1
