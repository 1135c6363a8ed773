"""Ports: side by side on the same mix and with limits for their size, and why a figure changed."""

from __future__ import annotations

import streamlit as st

from pages.shared import components, data, frame, labels
from pages.shared.figures import funnels, intervals
from pages.shared.screens import compared, periods

frame.guard(__file__)

words, look = frame.words(), frame.look()
asked = periods.choose("ports", "classes", "direction")
components.heading(words("ports.title"), asked.window)
components.need_data()
st.caption(asked.told())
if compared.view() == "why":
    if asked.both is None:
        st.info(words("period.no_baseline"))
        st.stop()
    with components.user_errors():
        why = data.metric("why", asked.both)
    components.cards(compared.cards(why))
    effects = compared.effects(why)
    components.section("why.effects")
    if effects.empty:
        components.nothing_found()
    else:
        ends = ("value", "lower", "upper")
        first = labels.labeller("measure")("rate_effect")
        figure = intervals.dots(effects, ends, look=look, axis=words("axis.effect"), first=first, bare=True)
        components.chart(figure, "effects", words("alt.effects"))
    components.table(why, "why", asked.both)
    components.section("why.batches", limit=compared.LIMIT)
    behind = compared.behind(asked.both)
    with components.user_errors():
        batches = data.metric("why_batches", behind)
    components.table(batches, "why_batches", behind)
    components.definitions("why", "why_batches")
    st.stop()

chosen = compared.measured(asked.window)
with components.user_errors():
    ports = data.metric("compare", chosen)
if ports.empty:
    components.nothing_found()
    st.stop()
axis = words("axis.restricted_mean")
left, right = st.columns([1, 1], gap="large")
with left:
    components.section("ports.dots")
    figure = intervals.dots(
        compared.dots(ports), compared.ENDS, look=look, axis=axis, first=words("ports.standardised"), at=None
    )
    components.chart(figure, "ports", words("alt.ports"))
with right:
    components.section("ports.funnel")
    figure = funnels.funnel(ports, look=look, label=labels.labeller("port"), y=axis)
    components.chart(figure, "funnel", words("alt.funnel"))
components.section("ports.table")
components.table(ports, "compare", chosen, columns=compared.LISTED)
components.definitions("compare")
