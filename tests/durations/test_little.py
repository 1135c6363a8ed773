"""Little's check: batch-hours present are the integral of stock, to the last digit."""

from __future__ import annotations

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from . import rig
from .clocks import Spell, Window
from .test_clocks import DRAWN, spell_lists, windows


@DRAWN
@given(data=st.data())
def test_batch_hours_equal_the_integral_of_stock(data: st.DataObject) -> None:
    window = data.draw(windows())
    spells = data.draw(spell_lists(window, with_left_out=False))
    ports: dict[str, list[Spell]] = defaultdict(list)
    for spell in spells:
        ports[spell.port].append(spell)
    with rig.new_engine(window.as_of) as engine:
        rig.ask(engine, window, 1)
        rig.stays(engine, spells)
        rows = {row["un_location_code"]: row for row in engine.to_arrow("littles_check").to_pylist()}
    for port, members in ports.items():
        first = window.first if window.first is not None else min(spell.start for spell in members)
        present = [spell for spell in members if is_present(spell, first, window)]
        assert (port in rows) == bool(present)
        if not present:
            continue
        row = rows[port]
        assert row["batch_hours"] == row["stock_hours"]
        assert row["batch_hours"] == sum(
            min(spell.seen_until, window.closes) - max(spell.start, first) for spell in present
        )
        ended = [spell.seen_until - spell.start for spell in present if window.holds(spell.end)]
        assert row["window_hours"] == window.closes - first
        assert (row["arrivals"], row["exits"]) == (
            sum(window.holds(spell.start) for spell in present),
            len(ended),
        )
        assert not rig.unlike(row, {"mean_dwell_hours": sum(ended) / len(ended) if ended else None})


def is_present(spell: Spell, first: int, window: Window) -> bool:
    came = window.after is None or spell.start < window.after
    return came and first <= window.closes and (spell.end is None or spell.end >= first)
