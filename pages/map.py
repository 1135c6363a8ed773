"""Map: the ports of a campaign by backlog, day by day, coloured by alerts or by whether clearance became faster."""

from __future__ import annotations

import streamlit as st

from pages.shared import components, data, filters, frame, labels
from pages.shared.figures import maps
from pages.shared.screens import headline, mapped

frame.guard(__file__)
mapped.go_on()

words, look = frame.words(), frame.look()
chosen = filters.of_campaign(headline.campaigns)
components.heading(words("map.title"), chosen)
components.need_data()
days = mapped.campaign_days(chosen)
if days is None:
    components.nothing_found()
    st.stop()
shown = filters.between(chosen, *days)
left, right = st.columns([3, 2], gap="large", vertical_alignment="bottom")
with left:
    day = filters.day("day", *days)
with right:
    coloured = mapped.coloured()
with components.user_errors():
    stock = data.metric("stock_by_port_day", shown)
    if coloured == "level":
        states = mapped.level_states(data.metric("alert_levels", shown), day)
    else:
        states = mapped.verdict_states(data.metric("reduction", filters.undated(chosen)))
if stock.empty:
    components.nothing_found()
    st.stop()
places = mapped.placed(stock, states, day, "quiet" if coloured == "level" else "undefined")

figure = maps.ports(
    places.dropna(subset=["longitude", "latitude"]),
    look=look,
    states=mapped.states(coloured),
    largest=float(stock["backlog"].max()),
    label=labels.of("port"),
)
components.pickable(figure, "map", mapped.keep_clicked, words("alt.map"))
st.caption(words("map.note"))
if mapped.nowhere(places):
    st.caption(words("map.nowhere", ports=", ".join(mapped.nowhere(places))))
components.section("map.ports", day=words.day(day))
components.table(mapped.listed(places, coloured), "stock_by_port_day", shown)
components.definitions("stock_by_port_day", "alert_levels", "reduction")
