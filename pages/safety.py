"""Safety desk: what to move first and why, where it stands, what passes its limit, what should stand apart, heat."""

from __future__ import annotations

import streamlit as st

from pages.shared import components, data, filters, frame
from pages.shared.screens import desk, views

frame.guard(__file__)

words = frame.words()
chosen = filters.sidebar("window", "ports", "classes", "direction")
components.heading(words("safety.title"), chosen)
components.need_data()
with components.user_errors():
    signs = data.metric("safety_headline", filters.undated(chosen)).iloc[0]
if desk.is_empty(signs):
    components.nothing_found()
    st.stop()
components.cards(desk.cards(signs))
view = desk.view(list(views.VIEWS))
views.VIEWS[view](chosen)
components.definitions(*desk.DEFINED[view])
