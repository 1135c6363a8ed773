"""Rebound: whether the pile-up comes back after a campaign, port by port."""

from __future__ import annotations

import streamlit as st

from pages.shared import components, data, filters, frame, labels
from pages.shared.figures import control
from pages.shared.screens import headline, watch

frame.guard(__file__)

words, look = frame.words(), frame.look()
chosen = filters.of_campaign(headline.campaigns, "ports", "classes", "direction")
components.heading(words("rebound.title"), chosen)
components.need_data()
with components.user_errors():
    ports = data.metric("rebound", chosen)
    weeks = data.metric("rebound_weeks", chosen)
if ports.empty:
    st.info(words("rebound.none"))
    components.definitions("rebound", "rebound_weeks")
    st.stop()
components.cards(watch.cards(ports))

components.section("rebound.signals")
found = watch.signalling(ports)
with components.place():
    if not found:
        st.caption(words("rebound.no_signal"))
    for row in found:
        st.markdown(watch.told(row))
        figure = control.cusum(watch.of(weeks, row["un_location_code"]), watch.onset(row), look=look)
        components.chart(figure, f"cusum_{row['un_location_code']}", words("alt.cusum"))

quiet = watch.charted(ports)
with components.place():
    if quiet:
        components.section("rebound.quiet")
        figure = control.multiples(weeks, quiet, look=look, label=labels.labeller("port"))
        components.chart(figure, "quiet", words("alt.quiet"), wide=True)
components.section("rebound.ports")
components.table(ports, "rebound", chosen, columns=watch.LISTED)
components.section("rebound.weeks")
components.table(weeks, "rebound_weeks", chosen)
components.definitions("rebound", "rebound_weeks")
