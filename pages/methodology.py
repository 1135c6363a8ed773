"""Methodology: what every number means, from the registry; the limits and classes it rests on."""

from __future__ import annotations

import streamlit as st

from pages.shared import components, data, filters, frame
from pages.shared.screens import method

frame.guard(__file__)

words = frame.words()
components.heading(words("methodology.title"))
st.markdown(words("methodology.intro"))
st.warning(words("limits.illustrative"))

components.section("methodology.pile_up")
pile_up = data.pile_up()
components.cards(method.pile_up_cards(pile_up))
components.plain_table(pile_up, "pile_up")
with st.expander(words("methodology.pile_up.stays")):
    components.plain_table(data.pile_up_stays(), "pile_up_stays")

components.section("methodology.false_alarms")
components.plain_table(data.false_alarms(), "false_alarms")

family = filters.pick("family", ["", *method.families()], method.family_label)
with components.place():
    for name, keys in method.by_family(family).items():
        st.subheader(method.family_label(name), anchor=False)
        with st.container(border=True):
            st.markdown(components.defined(*keys))

components.section("methodology.limits")
components.reference_table("limit_rules")
components.section("methodology.classes")
components.reference_table("imdg_classes")
components.section("methodology.ages")
components.reference_table("age_buckets")
components.section("methodology.campaigns")
components.reference_table("campaigns")
components.section("methodology.published")
components.reference_table("published_figures")
