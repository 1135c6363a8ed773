"""Border watch: the three lines of defence of biosecurity, apart from every figure about dangerous goods."""

from __future__ import annotations

import streamlit as st

from pages.shared import components, data, filters, frame
from pages.shared.figures import months
from pages.shared.screens import bordered

frame.guard(__file__)

words = frame.words()
asked = filters.sidebar("window", "ports")
chosen = filters.everywhere(asked)
components.heading(words("border.title"), chosen)
components.need_data()
with components.user_errors():
    triggers = data.metric("border", chosen)
    notices = data.metric("border_alerts", chosen)
    by_month = data.metric("border_interceptions", bordered.by(asked, "month", "channel"))
    caught = data.metric("border_interceptions", bordered.by(asked, "port", "channel", "hazard_type"))
    actions = data.metric("border_actions", chosen)
    lags = data.metric("border_lag", filters.undated(chosen))
if notices.empty and caught.empty and actions.empty:
    components.nothing_found()
    st.stop()
st.caption(words("border.apart"))
components.cards(bordered.cards(triggers, notices, by_month, actions))

components.section("border.triggers")
components.table(bordered.on_first(triggers), "border", chosen, columns=bordered.TRIGGERS)

components.section("border.notices")
components.table(notices, "border_alerts", chosen, columns=bordered.NOTICES)
left, right = st.columns(2, gap="large")
with left:
    components.section("border.lag")
    components.table(lags, "border_lag", filters.undated(chosen), columns=bordered.LAGS)
with right:
    components.section("border.published")
    components.plain_table(bordered.published(), "published")

components.section("border.interceptions")
counted = bordered.counted()
if by_month.empty:
    st.caption(words("empty.rows"))
else:
    look = frame.look(counted)
    figure = months.stacked(by_month, "channel", counted, bordered.channels(), look=look)
    components.chart(figure, "months", words("alt.months"))
components.table(
    caught, "border_interceptions", bordered.by(asked, "port", "channel", "hazard_type"), key="caught"
)

components.section("border.actions")
components.table(actions, "border_actions", chosen, columns=bordered.ACTIONS)
components.definitions(*bordered.METRICS)
