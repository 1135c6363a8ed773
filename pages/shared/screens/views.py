"""The views of the safety desk, one function each: its data, what it shows, its tables with their downloads."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from pages.shared import components, data, filters, frame, labels
from pages.shared.figures import heatmaps, yards
from pages.shared.screens import blocks, desk
from pipeline.metrics import Filters


def first(chosen: Filters) -> None:
    """What to move first, why, and where it lies."""
    words, look = frame.words(), frame.look()
    asked = desk.weights(filters.undated(chosen))
    with components.user_errors():
        ranked = data.metric("risk", desk.first(asked, desk.LISTED_FIRST))
        points = data.metric("risk_points", desk.first(asked, desk.CHARTED_FIRST))
    components.section("safety.why", first=desk.CHARTED_FIRST)
    figure = yards.points(desk.named(points), look=look, parts=desk.parts())
    components.chart(figure, "points", words("alt.points"), wide=True)
    components.section("safety.first", limit=desk.LISTED_FIRST)
    components.table(ranked, "risk", desk.first(asked, desk.LISTED_FIRST), columns=desk.FIRST)
    components.section("safety.places")
    by = desk.places(asked)
    with components.user_errors():
        summed = data.metric("risk_places", by)
    components.table(summed, "risk_places", by)


def plan(chosen: Filters) -> None:
    """The yard by block and bay, and the stack behind a cell."""
    words, look, now = frame.words(), frame.look(), filters.undated(chosen)
    with components.user_errors():
        ports = data.metric("risk_places", now)
    inside = blocks.inside(now, ports)
    with components.user_errors():
        cells = data.metric("yard_cells", inside)
        units = data.metric("yard_plan", inside)
    picked = blocks.stack_chosen()
    components.section("safety.plan")
    if cells.empty:
        components.nothing_found()
    else:
        rows, shade = blocks.shaded(cells)
        figure = yards.plan(rows, look=look, shade=shade, label=blocks.place_label(), marked=picked)
        components.pickable(figure, "plan", blocks.choose_stack, words("alt.plan"), True)
    st.caption(words("safety.without_place", units=words.count(blocks.without_place(units))))
    components.section("safety.stack")
    components.table(blocks.stack(units, picked), "yard_plan", inside, columns=blocks.STACK)


def clock(chosen: Filters) -> None:
    """Who passes the limit next, the stock ahead, and limit rules that end."""
    words, look, now = frame.words(), frame.look(), filters.undated(chosen)
    with components.user_errors():
        horizons = data.metric("limit_horizons", now)
        passing = data.metric("limit_clock", now)
        forecast = data.metric("stock_forecast", now)
        tests = data.metric("stock_forecast_test", now)
        stock = data.metric("stock_by_port_day", desk.past(chosen))
        rules = data.metric("dated_rules", now)
    components.section("safety.clock")
    components.cards(desk.horizon_cards(horizons), "cards_horizons")
    components.table(passing, "limit_clock", now, columns=desk.CLOCK)
    components.section("safety.forecast")
    if forecast.empty:
        st.caption(words("safety.no_forecast"))
    else:
        scope = desk.scope(forecast)
        rows = desk.of(forecast, scope)
        components.chart(
            yards.ahead(rows, desk.past_stock(stock, scope), look=look), "ahead", words("alt.ahead")
        )
        st.caption(desk.coverage(rows.iloc[0]))
        components.table(rows, "stock_forecast", now)
        components.section("safety.tests")
        components.table(tests, "stock_forecast_test", now)
    components.section("safety.rules")
    components.table(rules, "dated_rules", now)


def apart(chosen: Filters) -> None:
    """What should stand apart and does not."""
    words = frame.words()
    asked = desk.near(chosen)
    with components.user_errors():
        summary = data.metric("segregation_summary", filters.undated(chosen)).iloc[0]
        pairs = data.metric("segregation", asked)
        by_block = data.metric("segregation_blocks", chosen)
    components.cards(desk.apart_cards(summary), "cards_apart")
    st.caption(words("safety.amendment", amendment=summary["amendment"]))
    components.section("safety.pairs_now")
    components.table(pairs, "segregation", asked, columns=desk.APART)
    components.section("safety.blocks")
    components.table(by_block, "segregation_blocks", chosen)


def heat(chosen: Filters) -> None:
    """Hot days, and stock against licence."""
    words, look = frame.words(), frame.look()
    with components.user_errors():
        days = data.metric("heat", chosen)
        stored = data.metric("quantity", filters.undated(chosen))
    components.section("safety.hot_days")
    if days.empty:
        components.nothing_found()
    else:
        st.caption(desk.missing(days))
        figure = heatmaps.heatmap(
            desk.told_days(days), "date", "un_location_code", "hot_batches", look=look,
            label=labels.labeller("port"),
        )  # fmt: skip
        components.chart(figure, "hot", words("alt.hot"), wide=True)
        port = filters.pick("hot_port", desk.heat_ports(days), labels.labeller("port"))
        components.chart(
            yards.hot_days(desk.of(days, port), desk.heat_levels(), look=look), "days", words("alt.days")
        )
        components.table(desk.newest(desk.of(days, port)), "heat", chosen)
    components.section("safety.stored")
    components.table(stored, "quantity", filters.undated(chosen))


VIEWS: dict[str, Callable[[Filters], None]] = {
    "first": first,
    "plan": plan,
    "clock": clock,
    "apart": apart,
    "heat": heat,
}
"""Every view by its name in the address, the one that opens first."""
