"""What is kept for every session: made once, told apart by what it was made of, bounded, and never shared to be spoilt."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.shared import kept
from pages.shared.figures.charts import bars
from pages.shared.figures.margins import roomy
from pages.shared.figures.plot import DARK, LIGHT, Drawing, Look
from pages.shared.text import Words

KIB = 2**10
CELLS = st.one_of(st.integers(-5, 5), st.booleans(), st.none(), st.text(max_size=2))


def frame_of(kib: int) -> pd.DataFrame:
    return pd.DataFrame({"value": np.zeros(kib * KIB // 8)})


def test_who_asks_while_it_is_made_waits_for_it() -> None:
    shelf = kept.Shelf()
    gate, made = threading.Event(), []

    def make() -> int:
        gate.wait(5)
        made.append(1)
        return 7

    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(shelf.of, "key", make) for _ in range(8)]
        time.sleep(0.05)
        gate.set()
        assert [one.result(5) for one in asked] == [7] * 8
    assert made == [1] and shelf.made == 1


def test_only_so_many_are_made_at_once() -> None:
    shelf = kept.Shelf(at_once=2)
    lock, at_work, most = threading.Lock(), 0, 0

    def make() -> None:
        nonlocal at_work, most
        with lock:
            at_work += 1
            most = max(most, at_work)
        time.sleep(0.02)
        with lock:
            at_work -= 1

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda key: shelf.of(key, make), range(8)))
    assert most == 2


def test_what_is_made_for_another_needs_no_turn_of_its_own() -> None:
    shelf = kept.Shelf(at_once=1)
    assert shelf.of("outer", lambda: shelf.of("inner", lambda: 3) + 1) == 4


def test_who_is_at_work_does_not_wait_for_one_who_waits_for_a_bench() -> None:
    shelf = kept.Shelf(at_once=1)
    is_working, is_asked_for = threading.Event(), threading.Event()

    def part() -> int:
        return 1

    def whole() -> int:
        is_working.set()
        is_asked_for.wait(5)
        time.sleep(0.05)
        return shelf.of("part", part) + 1

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(shelf.of, "whole", whole)
        is_working.wait(5)
        other = pool.submit(shelf.of, "part", part)
        is_asked_for.set()
        assert (first.result(5), other.result(5)) == (2, 1)


def test_the_least_recently_used_goes_first_and_the_bound_holds() -> None:
    shelf = kept.Shelf(max_bytes=100 * KIB)
    for name in ("old", "used", "new"):
        shelf.of(name, lambda: frame_of(30))
    shelf.of("old", lambda: frame_of(30))
    shelf.of("newest", lambda: frame_of(30))
    assert shelf.held_bytes <= 100 * KIB
    made = shelf.made
    shelf.of("old", lambda: frame_of(30))
    assert shelf.made == made
    shelf.of("used", lambda: frame_of(30))
    assert shelf.made == made + 1


def test_what_is_larger_than_everything_is_handed_out_and_not_held() -> None:
    shelf = kept.Shelf(max_bytes=10 * KIB)
    assert len(shelf.of("large", lambda: frame_of(64))) == 64 * KIB // 8
    assert shelf.held_bytes == 0


def test_an_error_is_raised_to_each_and_not_kept() -> None:
    shelf = kept.Shelf()

    def fail() -> int:
        raise ValueError("no")

    for _ in range(2):
        with pytest.raises(ValueError, match="no"):
            shelf.of("key", fail)
    assert shelf.of("key", lambda: 1) == 1


def test_a_frame_is_handed_out_as_it_is() -> None:
    def make() -> pd.DataFrame:
        return pd.DataFrame({"a": [1, 2]})

    assert kept.of("a frame for all", make) is kept.of("a frame for all", make)


def test_a_frame_is_known_by_where_it_came_from_and_a_derived_one_by_what_is_in_it() -> None:
    frame = kept.of("a frame of known origin", lambda: pd.DataFrame({"a": [1, 2]}))
    assert kept.mark(frame) == "a frame of known origin"
    derived = frame.assign(b=1)
    assert kept.mark(derived) != kept.mark(frame)
    assert kept.mark(derived) == kept.mark(frame.assign(b=1)) != kept.mark(frame.assign(b=2))


@given(st.lists(CELLS, max_size=4), st.lists(CELLS, max_size=4))
def test_marks_are_equal_where_values_and_types_are(one: list[object], other: list[object]) -> None:
    same = [(type(cell), cell) for cell in one] == [(type(cell), cell) for cell in other]
    assert (kept.mark(one) == kept.mark(other)) is same


def test_a_figure_is_drawn_once_a_look_and_gives_what_plotly_would() -> None:
    rows = pd.DataFrame({"name": ["a", "b"], "batches": [3, 1]})
    light, dark = (Look(Words(), palette, "batches") for palette in (LIGHT, DARK))
    figure = bars(rows, "name", "batches", look=light)
    assert bars(rows.copy(), "name", "batches", look=light) is figure
    assert bars(rows, "name", "batches", look=dark) is not figure
    assert isinstance(figure, Drawing)
    again = bars.__wrapped__(rows, "name", "batches", look=light)  # type: ignore[attr-defined]
    sent, drawn = figure.to_dict(), again.to_dict()
    assert [*sent["data"][0]["x"], *sent["data"][0]["y"]] == [3, 1, "a", "b"]
    # What is a packed array for plotly is compared above.
    same = [
        {name: part for name, part in form["data"][0].items() if name not in "xy"} for form in (sent, drawn)
    ]
    assert repr(same[0]) == repr(same[1])
    mark = sent["layout"].pop("datarevision")
    drawn["layout"]["margin"] = roomy(sent)
    assert sent["layout"] == {name: part for name, part in drawn["layout"].items() if name != "template"}
    other = bars(rows.assign(batches=[3, 2]), "name", "batches", look=light).to_dict()
    assert mark and other["layout"]["datarevision"] != mark


def test_cells_of_a_figure_that_are_no_numbers_are_sent_as_none() -> None:
    cells = np.array([[1.0, np.nan], [np.inf, 2.0]])
    sent = Drawing.finished(go.Figure(go.Heatmap(z=cells))).to_dict()["data"][0]
    assert sent["z"] == [[1, None], [None, 2]]
    assert Drawing.finished(go.Figure(go.Heatmap(z=cells / 2))).to_dict()["data"][0]["z"][0] == [0.5, None]
