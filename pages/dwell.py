"""Dwell: how long batches lie, on three clocks side by side, with those that still lie there."""

from __future__ import annotations

import streamlit as st

from pages.shared import components, data, frame
from pages.shared.figures import curves
from pages.shared.screens import clocks, grids, periods

frame.guard(__file__)

words, look = frame.words(), frame.look()
asked = periods.choose("ports", "classes", "direction", "count")
chosen = clocks.of_dwell(asked.window)
components.heading(words("dwell.title"), asked.window)
components.need_data()
st.caption(asked.told())
still = grids.still_there(asked.window)
with components.user_errors():
    whole = data.metric("dwell", clocks.whole(chosen))
    ports = data.metric("dwell", chosen)
if clocks.is_empty(whole):
    components.nothing_found()
    st.stop()
with components.user_errors():
    found = clocks.curves(chosen)
    reduced = clocks.reductions(asked.both and clocks.of_dwell(asked.both))
    oldest = data.metric("batches_in_yard", still)
clocks.disagreement(reduced)
components.cards(clocks.cards(whole))
st.caption(words("dwell.trap"))

left, right = st.columns([1, 1], gap="large")
with left:
    components.section("dwell.curve")
    figure = curves.survival(
        found, look=look, until_hours=clocks.reach(whole, found), first=words("clock.period")
    )
    components.chart(figure, "survival", words("alt.survival"))
    components.download(found, "survival", chosen, "survival")
with right:
    components.section("clearance.reduction")
    clocks.dots(reduced)

components.section("dwell.per_port")
components.table(ports, "dwell", chosen, columns=clocks.LISTED)
with components.place():
    if not reduced.empty:
        components.section("clearance.verdicts")
        components.table(reduced, "reduction", asked.both or chosen, columns=clocks.REDUCTIONS)
components.section("dwell.still_there", limit=grids.LIMIT)
components.table(oldest, "batches_in_yard", still, columns=grids.LISTED)
components.definitions("dwell", "survival", "reduction", "batches_in_yard")
