"""Pilots: whether clearance changed more at the pilot ports than at the others, and whether that can be told."""

from __future__ import annotations

import streamlit as st

from pages.shared import components, data, filters, frame
from pages.shared.figures import funnels
from pages.shared.screens import trial

frame.guard(__file__)

words, look = frame.words(), frame.look()
chosen = filters.of_campaign(trial.campaigns, "classes", "direction", choice="pilot")
components.heading(words("pilots.title"), chosen)
components.need_data()
with components.user_errors():
    pilot = data.metric("pilots", chosen)
    weeks = data.metric("pilot_weeks", chosen)
row = pilot.iloc[0]
if trial.is_known(row):
    components.cards(trial.cards(row))
    if trial.doubts(row):
        st.warning(trial.doubts(row))
    components.section("pilots.weeks_around")
    components.chart(funnels.event_study(weeks, trial.start(row), look=look), "pilots", words("alt.pilots"))
else:
    st.warning(trial.reasons(row))
components.section("pilots.rests_on")
components.table(pilot, "pilots", chosen)
components.section("pilots.by_week")
components.table(weeks, "pilot_weeks", chosen)
components.definitions("pilots", "pilot_weeks")
