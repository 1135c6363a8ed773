"""Batch: one batch's whole story, down to every version of every row and the line it came from."""

from __future__ import annotations

import streamlit as st

from pages.shared import components, data, filters, frame
from pages.shared.figures import charts
from pages.shared.screens import grids, story
from pages.shared.text import plain

frame.guard(__file__)

words = frame.words()
chosen = filters.sidebar()
components.heading(words("batch.title"), chosen)
components.need_data()
sought = filters.search("search")
if sought:
    with components.user_errors():
        found = data.metric("find_batches", filters.of_batch(chosen, sought))
    components.table(found, "find_batches", filters.of_batch(chosen, sought))
consignment_id = filters.consignment()
if consignment_id is None:
    st.caption(words("batch.how"))
    if not sought:
        overdue = grids.oldest_overdue(chosen)
        with components.user_errors():
            oldest = data.metric("batches_in_yard", overdue)
        components.section("campaign.oldest", limit=grids.LIMIT)
        components.table(oldest, "batches_in_yard", overdue, columns=grids.LISTED)
    components.definitions("batch_summary", "history")
    st.stop()

chosen = filters.of_batch(chosen, consignment_id)
with components.user_errors():
    summary = data.metric("batch_summary", chosen)
if summary.empty:
    st.info(words("batch.unknown"))
    st.stop()
st.header(plain(consignment_id), anchor=False)
components.cards(story.cards(summary.iloc[0]))
components.table(summary, "batch_summary", chosen)

with components.user_errors():
    parts = {name: data.metric(f"batch_{name}", chosen) for name in story.PARTS}
    history = data.metric("history", chosen)
components.section("batch.timeline")
events = story.events(parts)
if events.empty:
    components.nothing_found()
else:
    spans = story.spans(parts["visits"], data.as_of(chosen))
    figure = charts.story(events, spans, look=frame.look(), lanes=story.lanes(events))
    components.chart(figure, "story", words("alt.story"))
for name, rows in parts.items():
    components.section(f"batch.{name}")
    components.table(rows, f"batch_{name}", chosen, columns=story.shown(rows))
components.section("batch.history")
components.table(history, "history", chosen)
components.definitions("batch_summary", "batch_visits", "batch_milestones", "batch_findings", "history")
