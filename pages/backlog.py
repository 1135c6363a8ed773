"""Backlog: where and since when batches lie beyond their limit, down to the batches behind a cell."""

from __future__ import annotations

import streamlit as st

from pages.shared import cell, components, data, filters, frame
from pages.shared.figures import charts, heatmaps
from pages.shared.screens import grids

frame.guard(__file__)

words = frame.words()
chosen = filters.sidebar("window", "ports", "classes", "direction", "count")
components.heading(words("backlog.title"), chosen)
components.need_data()
with components.user_errors():
    headline = data.metric("stock_headline", chosen)
    by_port = data.metric("stock_by_port_day", chosen)
if by_port.empty:
    components.nothing_found()
    st.stop()
components.cards(grids.headline_cards(headline.iloc[0], chosen))

components.section("backlog.map")
measure, rows, inside = grids.switches(chosen, by_port)
grid, picked = grids.ROWS[rows], cell.chosen()
with components.user_errors():
    days = by_port if rows == "port" else data.metric(grid.metric, inside)
    ages = data.metric("stock_by_class_age", inside)
    behind = data.metric("batches_in_yard", grids.narrowed(chosen, picked, measure))
look = frame.look(chosen.count)

placed, marked = grids.placed(days, rows), grids.marked(picked, "day", grid.part)
figure = heatmaps.heatmap(
    placed, "date", grid.y, measure, look=look, label=grids.label(rows), marked=marked, is_clicked=True
)
parts = {"x": "day", "y": grid.part}
components.clickable(figure, "heatmap", parts, words("alt.heatmap"), grids.fixed(inside, rows))
components.download(days, grid.metric, inside, "heatmap")

left, right = st.columns([3, 2], gap="large")
with left:
    components.section("backlog.ages")
    figure = heatmaps.heatmap(
        ages,
        "age_bucket",
        "lead_class",
        measure,
        look=look,
        label=grids.label("class"),
        order=grids.classes(ages),
        x_label=grids.label("age_days"),
        x_order=grids.age_buckets(),
        marked=grids.marked(picked, "age", "class"),
        is_clicked=True,
    )
    parts = {"x": "age", "y": "class"}
    components.clickable(figure, "ages", parts, words("alt.ages"), grids.fixed(inside, rows))
    components.download(ages, "stock_by_class_age", inside, "ages")
with right:
    components.section("backlog.trend")
    components.chart(charts.daily_totals(by_port, look=look), "trend", words("alt.trend"))

components.section("backlog.batches", where=grids.where(picked), limit=grids.LIMIT)
with components.place():
    if picked:
        st.button(words("backlog.clear"), on_click=cell.forget)
components.table(behind, "batches_in_yard", grids.narrowed(chosen, picked, measure), columns=grids.LISTED)
components.definitions("stock_by_port_day", "stock_headline", "stock_by_class_age", "batches_in_yard")
