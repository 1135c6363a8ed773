"""The means of the stages are over the same batches, and add up to the mean from arrival to exit."""

from __future__ import annotations

from statistics import mean
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.engines.duckdb_engine import Engine
from pipeline.metrics.durations_stages import STAGE_COLUMNS

from . import rig
from .clocks import Window
from .test_clocks import DRAWN
from .test_stages import AS_OF, Batch, batches, put

WINDOW = Window(8, 24, AS_OF)


def asked(engine: Engine, drawn: list[Batch], window: Window = WINDOW) -> list[dict[str, Any]]:
    put(engine, drawn)
    rig.ask(engine, window, 1000)
    return engine.to_arrow("stage_means").to_pylist()


def hours_of(batch: Batch) -> dict[str, int] | None:
    """Hours that a batch spent in each stage; None where one of them has no end or runs backwards."""
    assert batch.stay is not None
    arrived, left = min(batch.arrived, default=batch.stay[0]), batch.stay[1]
    if not batch.lodged or not batch.released or left is None:
        return None
    lodged, released = max(min(batch.lodged), arrived), max(batch.released)
    inspected = max(batch.inspected, default=None)
    order = [min(batch.lodged), *([] if inspected is None else [inspected]), released, left]
    if order != sorted(order) or released < arrived or (inspected is not None and inspected < arrived):
        return None
    if inspected is None:
        middle = {"lodged_released": released - lodged}
    else:
        middle = {"lodged_inspected": inspected - lodged, "inspected_released": released - inspected}
    return {"arrived_lodged": lodged - arrived, **middle, "released_left": left - released}


@DRAWN
@given(drawn=st.lists(batches(), min_size=1, max_size=8))
def test_drawn_batches(drawn: list[Batch]) -> None:
    gone = [batch for batch in drawn if batch.stay and WINDOW.holds(batch.stay[1])]
    spent = [hours for hours in map(hours_of, gone) if hours is not None]
    with rig.new_engine(AS_OF) as engine:
        rows = asked(engine, drawn)
    if not spent:
        assert rows == []
        return
    for row in rows:
        own = [hours.get(str(row["stage"])) for hours in spent]
        passed = [hours for hours in own if hours is not None]
        assert row["mean_hours"] == pytest.approx(sum(passed) / len(spent))
        assert (row["n"], row["n_passed"]) == (len(spent), len(passed))
        assert row["n_left_out"] == len(gone) - len(spent)
    assert sum(row["mean_hours"] for row in rows) == pytest.approx(mean(sum(one.values()) for one in spent))


def test_by_hand() -> None:
    """A: 2 + 3 + 4 + 6 = 15 hours. B, without inspection: 1 + 7 + 1 = 9. C was never released: left out."""
    drawn = [
        Batch((0,), (2,), (5,), (9,), True, (0, 15)),
        Batch((0,), (1,), (), (8,), False, (0, 9)),
        Batch((0,), (1,), (), (), False, (0, 9)),
    ]
    with rig.new_engine(AS_OF) as engine:
        rows = asked(engine, drawn)
    got = {row["stage"]: (row["mean_hours"], row["n"], row["n_passed"], row["n_left_out"]) for row in rows}
    assert got == {
        "arrived_lodged": (1.5, 2, 2, 1),
        "lodged_inspected": (1.5, 2, 1, 1),
        "inspected_released": (2.0, 2, 1, 1),
        "lodged_released": (3.5, 2, 1, 1),
        "released_left": (3.5, 2, 2, 1),
    }
    assert sum(mean_hours for mean_hours, *_ in got.values()) == (15 + 9) / 2
    assert list(rows[0]) == list(STAGE_COLUMNS)
