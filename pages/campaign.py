"""Campaign: how far a special action is, beside what the one of 2022 published."""

from __future__ import annotations

import streamlit as st

from pages.shared import components, data, filters, frame
from pages.shared.figures import charts, intervals
from pages.shared.screens import clocks, grids, headline

frame.guard(__file__)

words, look = frame.words(), frame.look()
chosen = filters.of_campaign(headline.campaigns, "ports", "classes", "direction")
if data.release() is None:
    components.heading(words("campaign.title"))
    components.need_data()
overdue = grids.oldest_overdue(chosen)
with components.user_errors():
    scopes = data.metric("campaign", chosen)
    days = data.metric("campaign_days", chosen)
    forecast = data.metric("campaign_forecast", chosen)
    misdeclared = data.metric("misdeclared_by_code", chosen)
    cases = data.metric("cases_by_status", chosen)
    rates = data.metric("hit_rates", chosen)
    published = data.metric("published_figures")
    oldest = data.metric("batches_in_yard", overdue)
this = headline.campaign_row(chosen.campaign_id)

components.heading(words.pick(this.name, this.name_zh), chosen)
if scopes.empty:
    components.nothing_found()
    st.stop()
total = headline.total(scopes)
headline.progress(total, this, data.as_of(chosen))
components.cards(headline.cards(total, published))
headline.notes(total)
clocks.disagreement(scopes, "scope")
components.briefing(chosen)

left, right = st.columns([3, 2], gap="large")
with left:
    components.section("campaign.burn_down")
    figure = charts.burn_down(headline.whole(days), look=look)
    components.chart(figure, "burn_down", words("alt.burn_down"))
    st.caption(headline.forecast(forecast))
    components.download(days, "campaign_days", chosen, "campaign_days")
with right:
    components.section("campaign.balance")
    figure = charts.bars(headline.balance(total), "name", "batches", look=look, quiet=2)
    components.chart(figure, "balance", words("alt.balance"))

left, right = st.columns([3, 2], gap="large")
with left:
    components.section("campaign.misdeclared")
    if misdeclared.empty:
        components.nothing_found()
    else:
        figure = charts.bars(headline.named(misdeclared), "name", "batches", look=look)
        components.chart(figure, "misdeclared", words("alt.misdeclared"))
    components.download(misdeclared, "misdeclared_by_code", chosen, "misdeclared")
with right:
    components.section("campaign.cases")
    components.table(cases, "cases_by_status", chosen)

components.section("campaign.hit_rates")
if rates.empty:
    components.nothing_found()
else:
    first, axis = words("campaign.random"), words("axis.hit_rate")
    figure = intervals.dots(headline.rates(rates), headline.RATE, look=look, axis=axis, first=first, at=None)
    components.chart(figure, "hit_rates", words("alt.hit_rates"))
    components.table(rates, "hit_rates", chosen, columns=headline.RATES_LISTED)

components.section("campaign.per_port")
components.table(scopes, "campaign", chosen)
components.section("campaign.oldest", limit=grids.LIMIT)
components.table(oldest, "batches_in_yard", overdue, columns=grids.LISTED)
components.definitions(*headline.METRICS)
