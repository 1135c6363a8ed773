"""What the map shows: the days of a campaign, each port's backlog on one of them, and how it is coloured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pandas as pd
import streamlit as st

from pages.shared import data, filters, frame, labels, url
from pages.shared.screens import headline
from pipeline.metrics import Filters

COLOURED = ("level", "verdict")
LEVELS = ("alert", "notice", "quiet")
VERDICTS = ("slower", "not distinguishable", "faster", "undefined")
COUNTS = ("backlog", "stock", "arrivals", "exits", "newly_overdue")
_GOING = "_map_going_to"


def campaign_days(chosen: Filters) -> tuple[date, date] | None:
    """First and last day of the campaign that as-of has seen; None before it begins."""
    this = headline.campaign_row(chosen.campaign_id)
    instant = data.as_of(chosen)
    if instant is None:
        return None
    last = min(this.ends_on, filters.to_wall(instant).date())
    return (this.starts_on, last) if last >= this.starts_on else None


@frame.in_words
def placed(stock: pd.DataFrame, states: pd.Series, day: date, default: str) -> pd.DataFrame:
    """The ports of a day with their place and state; without a row they hold nothing."""
    known = data.table("ports").set_index("un_location_code")[["longitude", "latitude"]]
    today = stock[stock["date"] == day].set_index("un_location_code")
    codes = sorted(set(stock["un_location_code"]))
    places = today[list(COUNTS)].reindex(codes).fillna(0).astype(int).join(known)
    places["state"] = states.reindex(codes).fillna(default)
    return places.rename_axis("un_location_code").reset_index()


@frame.in_words
def level_states(levels: pd.DataFrame, day: date) -> pd.Series:
    """The level of each port that had one on a day."""
    today = levels[levels["date"] == day]
    return today.set_index("un_location_code")["level"]


@frame.in_words
def verdict_states(reduction: pd.DataFrame) -> pd.Series:
    """Each port's verdict on the headline clock: whether clearance became faster."""
    rows = reduction[(reduction["clock"] == "period") & (reduction["statistic"] == "rmst")]
    return rows.set_index("un_location_code")["verdict"]


@frame.in_words
def states(coloured: str) -> dict[str, str]:
    """What each state is called, in the order of the legend."""
    words = frame.words()
    if coloured == "level":
        return {code: words(f"level.{code}") for code in LEVELS}
    return {code: labels.labeller("verdict")(code) for code in VERDICTS}


def coloured() -> str:
    """Draw the choice of what colours the circles."""
    words = frame.words()
    return filters.switch("coloured", list(COLOURED), lambda code: words(f"map.coloured.{code}"))


@frame.in_words
def listed(places: pd.DataFrame, coloured: str) -> pd.DataFrame:
    """The ports of the day, those with most backlog first, their state under the name of what colours them."""
    rows = places.rename(columns={"state": coloured}).sort_values("backlog", ascending=False, kind="stable")
    return rows[["un_location_code", coloured, *COUNTS]].reset_index(drop=True)


@frame.in_words
def nowhere(places: pd.DataFrame) -> list[str]:
    """Ports whose place the reference table does not give."""
    return list(places.loc[places["longitude"].isna(), "un_location_code"])


def keep_clicked(points: Sequence[Mapping[str, Any]]) -> None:
    """A click on a circle: remember the port, to go there once the page runs."""
    if points and points[0].get("customdata"):
        clicked = points[0]["customdata"]
        st.session_state[_GOING] = clicked if isinstance(clicked, str) else clicked[0]


def go_on() -> None:
    """Where a port was clicked: to the backlog page of that port."""
    port = st.session_state.pop(_GOING, None)
    if port is None:
        return
    url.put("ports", [port])
    st.session_state.pop(url.key("ports"), None)
    st.switch_page("pages/backlog.py", query_params=url.here("backlog"))
