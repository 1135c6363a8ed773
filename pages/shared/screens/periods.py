"""Which days are looked at and which they are compared with: a campaign's, or days of one's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import pandas as pd
import streamlit as st

from pages.shared import data, filters, frame
from pipeline.metrics import Filters

OWN = "days"
"""The choice of days of one's own, in the address."""


@dataclass(frozen=True)
class Period:
    """Filters of the window, of the baseline, and of both at once; the latter two None where there is none."""

    window: Filters
    baseline: Filters | None
    both: Filters | None

    def told(self) -> str:
        """The days in words."""
        words = frame.words()
        if self.both is None:
            return words("period.alone", window=_days(self.window.date_from, self.window.date_to))
        return words(
            "period.against",
            window=_days(self.both.date_from, self.both.date_to),
            baseline=_days(self.both.baseline_from, self.both.baseline_to),
        )


def choose(*names: str) -> Period:
    """Draw the choice of the days and the widgets of `names` in the sidebar; what they make."""
    campaigns = _campaigns()
    pick = frame.words().pick
    called = {row.campaign_id: pick(row.name, row.name_zh) for row in campaigns}
    called[OWN] = frame.words()("period.own")
    with st.sidebar:
        picked = filters.pick("period", list(called), called.__getitem__)
    if picked == OWN:
        return _own(filters.sidebar("window", *names))
    campaign = next(row for row in campaigns if row.campaign_id == picked)
    return _of_campaign(filters.sidebar(*names), campaign)


@frame.in_words
def _campaigns() -> Sequence[Any]:
    """Campaigns with a baseline: special actions first, then the newest."""
    rows = data.table("campaigns").dropna(subset=["baseline_from", "baseline_to"])
    rows = rows.assign(later=rows["kind"].ne("special_action"))
    rows = rows.sort_values(["later", "starts_on"], ascending=[True, False], kind="stable")
    return list(rows.itertuples(index=False))


def _of_campaign(chosen: Filters, campaign: Any) -> Period:
    own = () if str(campaign.ports).lower() == "all" else tuple(str(campaign.ports).split(";"))
    within = replace(chosen, ports=chosen.ports or own)
    return _period(
        within,
        *map(_date, (campaign.starts_on, campaign.ends_on, campaign.baseline_from, campaign.baseline_to)),
    )


def _own(chosen: Filters) -> Period:
    """The window, against as many days just before it."""
    first, last = chosen.date_from, chosen.date_to
    if first is None or last is None or first > last:
        return Period(chosen, None, None)
    before = first - timedelta(days=1)
    return _period(chosen, first, last, before - (last - first), before)


def _period(chosen: Filters, first: date, last: date, from_day: date, to_day: date) -> Period:
    window = replace(chosen, date_from=first, date_to=last)
    return Period(
        window,
        replace(chosen, date_from=from_day, date_to=to_day),
        replace(window, baseline_from=from_day, baseline_to=to_day),
    )


def _date(value: Any) -> date:
    return pd.Timestamp(value).date()


def _days(first: date | None, last: date | None) -> str:
    words = frame.words()
    if first is None and last is None:
        return words("period.all")
    return words("period.days", first=words.day(first), last=words.day(last))
