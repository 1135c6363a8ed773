"""Backlog: where and since when batches lie beyond their limit, down to the batches behind a cell."""

from __future__ import annotations

import streamlit as st

from pages.shared import charts, components, data, filters, frame, grids

frame.guard(__file__)

words, palette = frame.words(), frame.palette()
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
left, right = st.columns([1, 2])
with left:
    measure = filters.switch("measure", ["backlog", "stock"], lambda code: words(f"measure.{code}"))
with right:
    rows = filters.switch("rows", list(grids.ROWS), lambda code: words(f"rows.{code}"))
grid = grids.ROWS[rows]
inside = chosen
if grid.inside_port:
    inside = filters.inside(chosen, grids.ports_by_backlog(by_port))
with components.user_errors():
    cells = by_port if rows == "port" else data.metric(grid.metric, inside)
cell = filters.cell()
if cells.empty:
    components.nothing_found()
else:
    figure = charts.heatmap(
        grids.placed(cells, rows), "date", grid.y, measure, words=words, palette=palette, label=grids.label(rows),
        marked=grids.marked(cell, "day", grid.part),
    )
    components.clickable(figure, "heatmap", {"x": "day", "y": grid.part}, words("alt.heatmap"), grids.fixed(inside, rows))
    components.download(cells, grid.metric, inside, "heatmap")

left, right = st.columns([1, 1], gap="large")
with left:
    components.section("backlog.ages")
    with components.user_errors():
        ages = data.metric("stock_by_class_age", inside)
    if ages.empty:
        components.nothing_found()
    else:
        figure = charts.heatmap(
            ages, "age_bucket", "lead_class", measure, words=words, palette=palette, label=grids.label("class"),
            x_label=grids.label("age_bucket"), order=grids.classes(ages), marked=grids.marked(cell, "age", "class"),
        )
        components.clickable(figure, "ages", {"x": "age", "y": "class"}, words("alt.ages"), grids.fixed(inside, rows))
        components.download(ages, "stock_by_class_age", inside, "ages")
with right:
    components.section("backlog.trend")
    figure = charts.daily_totals(by_port, words=words, palette=palette, unit=words(f"unit.{chosen.count}"))
    components.chart(figure, "trend", words("alt.trend"))

narrowed = grids.narrowed(chosen, cell, measure)
components.section("backlog.batches", where=grids.where(cell), limit=grids.LIMIT)
if cell:
    st.button(words("backlog.clear"), on_click=filters.forget_cell)
with components.user_errors():
    behind = data.metric("batches_in_yard", narrowed)
components.table(behind, "batches_in_yard", narrowed)
components.definitions("stock_by_port_day", "stock_headline", "stock_by_class_age", "batches_in_yard")
