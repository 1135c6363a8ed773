"""Early warning: what is on and since when, what fired, who has seen it, and which ports are silent."""

from __future__ import annotations

import streamlit as st

from pages.shared import components, data, filters, frame, labels
from pages.shared.figures import heatmaps
from pages.shared.screens import warned

frame.guard(__file__)

words = frame.words()
chosen = filters.sidebar("window", "ports")
components.heading(words("warning.title"), chosen)
components.need_data()
whole = filters.undated(chosen)
with components.user_errors():
    now = warned.on_now(data.metric("alerts", whole))
    points = data.metric("alert_points", whole)
    silent = data.metric("silent_ports", whole)
    indicators = data.metric("indicators", whole)
    history = data.metric("alerts", chosen)
    levels = data.metric("alert_levels", chosen)
    acknowledged = data.metric("acknowledgements", whole)
if indicators.empty:
    components.nothing_found()
    st.stop()
components.cards(warned.cards(now, silent))

components.section("warning.now")
if now.empty:
    st.caption(words("warning.quiet"))
else:
    warned.alerts(now, points)
    components.table(warned.worded(now, points), "alerts", whole, key="on_now", columns=warned.ON_NOW)

left, right = st.columns([3, 2], gap="large")
with left:
    components.section("warning.silent_ports")
    if silent.empty:
        st.caption(words("warning.none_silent"))
    else:
        components.table(silent, "silent_ports", whole)
    components.section("warning.log")
    components.table(acknowledged, "acknowledgements", whole)
with right:
    components.section("warning.form")
    warned.form(now)

if not levels.empty:
    components.section("warning.days")
    look = frame.look("groups")
    figure = heatmaps.heatmap(
        levels, "date", "un_location_code", "groups", look=look, label=labels.labeller("port")
    )
    components.chart(figure, "levels", words("alt.levels"), wide=True)

components.section("warning.indicators")
components.table(warned.fired_first(indicators), "indicators", whole, columns=warned.WATCHED)
components.section("warning.history")
components.table(warned.worded(history, points), "alerts", chosen, key="history", columns=warned.HISTORY)
components.section("warning.rules")
components.plain_table(warned.rules(), "alert_rules")
components.plain_table(warned.groups(), "alert_groups")
components.definitions(*warned.METRICS)
