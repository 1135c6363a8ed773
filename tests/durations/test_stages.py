"""The stages of a clearance: when a batch is in one, when it is left out, and that their means add up."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import product

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.engines.duckdb_engine import Engine
from pipeline.metrics.durations import STAGES

from . import rig
from .clocks import Window
from .lakes import SmallLake, consignments, milestones, stays
from .test_clocks import DRAWN

AS_OF = 30


@dataclass(frozen=True)
class Batch:
    """What is told of one batch, in hours."""

    arrived: tuple[int, ...] = ()
    lodged: tuple[int, ...] = ()
    inspected: tuple[int, ...] = ()
    released: tuple[int, ...] = ()
    is_selected: bool = False
    stay: tuple[int, int | None] | None = None


def expected_stage(batch: Batch, stage: str) -> tuple[int, int | None, int, bool] | None:
    """From when to when (None: open), until when it is seen, and whether it is left out; None: not in it."""
    arrived = min(batch.arrived) if batch.arrived else batch.stay[0] if batch.stay else None
    if arrived is None:
        return None
    lodged = min(batch.lodged, default=None)
    inspected, released = max(batch.inspected, default=None), max(batch.released, default=None)
    left = batch.stay[1] if batch.stay else None
    backwards = any(
        earlier is not None and later is not None and later < earlier
        for earlier, later in (
            (arrived, inspected), (arrived, released), (lodged, inspected), (lodged, released),
            (inspected, released),
        )
    )  # fmt: skip
    in_port = None if lodged is None else max(lodged, arrived)
    waits = inspected is None and batch.is_selected and released is None
    begins: dict[str, int | None] = {
        "overall": arrived,
        "customs": lodged,
        "arrived_lodged": arrived,
        "lodged_inspected": in_port if inspected is not None or waits else None,
        "inspected_released": inspected,
        "lodged_released": None if inspected is not None or waits else in_port,
        "released_left": released if batch.stay else None,
    }
    ends = {"arrived_lodged": in_port, "lodged_inspected": inspected, "released_left": left}
    start, end = begins[stage], ends.get(stage, released)
    if start is None:
        return None
    seen_until = end if end is not None else min(AS_OF, AS_OF if left is None else left)
    return start, end, seen_until, backwards or seen_until < start


def put(engine: Engine, batches: list[Batch]) -> None:
    """The batches as milestones and stays."""
    names = [f"C{number}" for number in range(len(batches))]
    told = []
    for name, batch in zip(names, batches, strict=True):
        for milestone in ("arrived", "lodged", "inspected", "released"):
            told += [(name, milestone, hour) for hour in getattr(batch, milestone)]
        told += [(name, "selected", 0)] if batch.is_selected else []
    stayed = [(name, batch.stay) for name, batch in zip(names, batches, strict=True) if batch.stay]
    ports, labels = ["CNSHG"] * len(stayed), ["3"] * len(stayed)
    tables = {
        "consignments": {
            "consignment_id": rig.texts(names),
            "un_location_code": rig.texts(["CNSHG"] * len(names)),
            "direction": rig.texts(["import"] * len(names)),
        },
        "milestones": {
            "consignment_id": rig.texts([name for name, _, _ in told]),
            "milestone": rig.texts([milestone for _, milestone, _ in told]),
            "occurred_at": rig.instants([hour for _, _, hour in told]),
        },
        "batch_stays": {
            "consignment_id": rig.texts([name for name, _ in stayed]),
            "un_location_code": rig.texts(ports),
            "lead_class": rig.texts(labels),
            "arrived_at": rig.instants([stay[0] for _, stay in stayed]),
            "left_at": rig.instants([stay[1] for _, stay in stayed]),
        },
        "lead_classes": {"consignment_id": rig.texts(names), "lead_class": rig.texts(["3"] * len(names))},
    }
    for name, columns in tables.items():
        engine.register_arrow(name, pa.table(columns))


HOURS = st.lists(st.sampled_from((0, 4, 8, 8, 12, 20)), max_size=2).map(tuple)


@st.composite
def batches(draw: st.DrawFn) -> Batch:
    stay = None
    if draw(st.booleans()):
        came = draw(st.sampled_from((0, 4, 8)))
        stay = (came, draw(st.one_of(st.none(), st.integers(came, AS_OF))))
    arrived, lodged, inspected, released = (draw(HOURS) for _ in range(4))
    return Batch(arrived, lodged, inspected, released, draw(st.booleans()), stay)


@DRAWN
@given(drawn=st.lists(batches(), min_size=1, max_size=6))
def test_drawn_batches(drawn: list[Batch]) -> None:
    """Every stage of every drawn batch; most milestones of a drawn batch run anyhow."""
    with rig.new_engine(AS_OF) as engine:
        put(engine, drawn)
        for stage in STAGES:
            rig.ask(engine, Window(None, None, AS_OF), 1000, stage=stage)
            rows = engine.to_arrow("clearance_spells").to_pylist()
            actual = Counter(
                (row["began_at"], row["ended_at"], row["seen_until"], row["is_left_out"]) for row in rows
            )
            found = [expected_stage(batch, stage) for batch in drawn]
            expected = Counter(
                (rig.at(one[0]), rig.at(one[1]), rig.at(one[2]), one[3]) for one in found if one is not None
            )
            assert actual == expected, stage


TOLD = """
ADVANCE  lodged    2022-06-01T00:00
ADVANCE  arrived   2022-06-01T10:00
ADVANCE  inspected 2022-06-01T16:00
ADVANCE  released  2022-06-02T00:00
PLAIN    arrived   2022-06-01T00:00
PLAIN    lodged    2022-06-01T08:00
PLAIN    released  2022-06-01T20:00
WAITING  arrived   2022-06-01T00:00
WAITING  lodged    2022-06-01T06:00
WAITING  selected  2022-06-01T07:00
SILENT   arrived   2022-06-02T00:00
BACKWARD arrived   2022-06-01T00:00
BACKWARD lodged    2022-06-01T10:00
BACKWARD released  2022-06-01T05:00
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> SmallLake:
    lake = SmallLake(tmp_path_factory.mktemp("stages"))
    names = ("ADVANCE", "PLAIN", "WAITING", "SILENT", "BACKWARD", "NOWHERE")
    lake.load(
        consignments=consignments(*names),
        clearance_milestones=milestones(TOLD),
        yard_moves=stays("PLAIN 2022-06-01T01:00 2022-06-02T20:00"),
    )
    return lake


@pytest.mark.parametrize(
    ("stage", "n", "n_open", "n_left_out", "mean"),
    [
        ("overall", 4, 2, 1, (14 + 20) / 2),
        ("customs", 3, 1, 1, (24 + 12) / 2),
        ("arrived_lodged", 4, 1, 1, (0 + 8 + 6) / 3),
        ("lodged_inspected", 2, 1, 0, 6),
        ("inspected_released", 1, 0, 0, 8),
        ("lodged_released", 1, 0, 1, 12),
        ("released_left", 1, 0, 0, 24),
    ],
)
def test_stages_from_files(
    told: SmallLake, stage: str, n: int, n_open: int, n_left_out: int, mean: float
) -> None:
    """ADVANCE was lodged before it arrived and keeps its day in customs; WAITING is selected, not inspected.

    SILENT was never lodged; BACKWARD is left out and counted; NOWHERE has no arrival and is in nothing.
    """
    rows = {row["clock"]: row for row in told.report("clearance", "--stage", stage)}
    cohort, exits = rows["cohort"], rows["exit"]
    counts = [int(cohort[name]) for name in ("n", "n_open", "n_left_out")]
    assert counts == [n, n_open, n_left_out]
    assert float(exits["mean_hours"]) == pytest.approx(mean)


def test_stage_means_over_the_same_batches_add_up(told: SmallLake) -> None:
    """Of ADVANCE, the one that was inspected and released: 0 + 6 + 8 = 14 hours."""
    with rig.new_engine(AS_OF) as engine:
        members = [
            Batch((2 * k,), (3 * k,), (5 * k + 1, 4 * k), (7 * k + 2,), True, (2 * k, None)) for k in range(4)
        ]
        put(engine, members)
        means = {}
        for stage in ("overall", "arrived_lodged", "lodged_inspected", "inspected_released"):
            rig.ask(engine, Window(None, None, AS_OF), 1000, stage=stage)
            engine.alias("spells", "clearance_spells")
            row = rig.durations(engine)["CNSHG", None, "exit"]
            assert (row["n"], row["n_left_out"]) == (4, 0)
            means[stage] = row["mean_hours"]
    assert sum(means.values()) == pytest.approx(2 * means["overall"])


@pytest.fixture(scope="module")
def every_kind(tmp_path_factory: pytest.TempPathFactory) -> SmallLake:
    """A batch of June of every kind: with or without each milestone, and without a stay, with an open or an ended one."""
    hours = {"arrived": "05", "lodged": "06", "inspected": "07", "released": "08"}
    told, moved, names = [], [], []
    for kinds in product((False, True), repeat=5):
        for stay in ("none", "open", "ended"):
            name = f"{''.join('yn'[not has] for has in kinds)}-{stay}"
            names.append(name)
            told += [
                f"{name} {milestone} 2022-06-{day}T00:00"
                for has, (milestone, day) in zip(kinds, hours.items(), strict=False)
                if has
            ]
            told += [f"{name} selected 2022-06-06T12:00"] if kinds[-1] else []
            left = "2022-06-09T00:00" if stay == "ended" else "-"
            moved += [f"{name} 2022-06-05T00:00 {left}"] if stay != "none" else []
    lake = SmallLake(tmp_path_factory.mktemp("kinds"))
    # The last one arrives late: as_of is two months after all others.
    late = stays("\n".join([*moved, "LATE 2022-08-15T00:00 -"]))
    lake.load(
        consignments=consignments(*names, "LATE"),
        clearance_milestones=milestones("\n".join(told)),
        yard_moves=late,
    )
    return lake


@pytest.mark.parametrize("first", ["2022-06-07", "2022-07-09", "2022-08-01"])
@pytest.mark.parametrize("stage", STAGES)
def test_the_built_tables_hold_whatever_a_stage_still_has_in_a_later_window(
    every_kind: SmallLake, stage: str, first: str
) -> None:
    asked = ("clearance", "--stage", stage, "--from", first)
    # What was known at the end of time are the same facts, and nothing is built for it.
    assert every_kind.report(*asked) == every_kind.report(*asked, "--known-at", "2030-01-01T00:00:00Z")


def test_a_batch_that_was_released_and_never_lodged_waits_for_its_lodgement(every_kind: SmallLake) -> None:
    rows = every_kind.report("clearance", "--stage", "arrived_lodged", "--from", "2022-07-09")
    (period,) = [row for row in rows if row["clock"] == "period"]
    # Those that never were lodged and have not left; and LATE.
    expected = sum(
        expected_stage(
            Batch(
                arrived=(0,) if arrived else (),
                inspected=(48,) if inspected else (),
                released=(72,) if released else (),
                is_selected=selected,
                stay=(0, None) if is_in_yard else None,
            ),
            "arrived_lodged",
        )
        is not None
        for arrived, inspected, released, selected, is_in_yard in product((False, True), repeat=5)
    )
    assert int(period["n"]) == int(period["n_open"]) == expected + 1
