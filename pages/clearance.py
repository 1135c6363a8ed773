"""Clearance: which stage the time goes to, on which clock it is measured, and whether it got less."""

from __future__ import annotations

import streamlit as st

from pages.shared import components, data, filters, frame, labels
from pages.shared.figures import curves, stacks
from pages.shared.screens import clocks, periods
from pages.shared.screens import stages as stage_rows

frame.guard(__file__)

words, look = frame.words(), frame.look()
asked = periods.choose("ports", "classes", "direction")
components.heading(words("clearance.title"), asked.window)
components.need_data()
st.caption(asked.told())
stage = filters.pick("stage", list(data.stages()), labels.labeller("stage"))
chosen = clocks.of_stage(asked.window, stage)
with components.user_errors():
    whole = data.metric("clearance", clocks.whole(chosen))
    ports = data.metric("clearance", chosen)
if clocks.is_empty(whole):
    components.nothing_found()
    st.stop()
with components.user_errors():
    reduced = clocks.reductions(asked.both and clocks.of_stage(asked.both, stage))
    found = clocks.curves_of_windows(asked, stage)
    spent = stage_rows.means(asked)
clocks.disagreement(reduced)
components.cards(clocks.cards(whole))

components.section("clearance.stages")
if spent.empty:
    components.nothing_found()
else:
    components.chart(stacks.stacked(spent, stage_rows.called(), look=look), "stages", words("alt.stages"))
    components.download(stage_rows.plain(spent), "stage_means", asked.window, "stage_means")

left, right = st.columns([1, 1], gap="large")
with left:
    components.section("clearance.curve", stage=labels.labeller("stage")(stage))
    figure = curves.survival(
        found, look=look, until_hours=clocks.reach(whole, found), first=words("window.window")
    )
    components.chart(figure, "survival", words("alt.survival"))
    components.download(found, "survival", chosen, "survival")
with right:
    components.section("clearance.reduction")
    clocks.dots(reduced)

with components.place():
    if not reduced.empty:
        components.section("clearance.verdicts")
        components.table(reduced, "reduction", asked.both or chosen, columns=clocks.REDUCTIONS)
components.section("clearance.per_port")
components.table(ports, "clearance", chosen, columns=clocks.LISTED)
components.definitions("clearance", "stage_means", "survival", "reduction")
