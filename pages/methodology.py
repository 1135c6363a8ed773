"""Methodology: what every number means, from the registry; the limits and classes it rests on."""

from __future__ import annotations

import streamlit as st

from pages.shared import components, filters, frame, method

frame.guard(__file__)

words = frame.words()
components.heading(words("methodology.title"))
st.markdown(words("methodology.intro"))
st.warning(words("limits.illustrative"))

family = filters.pick("family", ["", *method.families()], method.family_label)
for name, keys in method.by_family(family).items():
    st.subheader(method.family_label(name), anchor=False)
    for key in keys:
        with st.container(border=True):
            components.definition(key)

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
