"""The campaign's figures as cards and bars: ours, with the published ones of 2022 beside them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pandas as pd
import streamlit as st

from pages.shared import data, filters, frame, labels

PUBLISHED_TOPIC = "campaign_2022"
_FIGURES = {
    "cleared": "backlogged_batches_cleared",
    "misdeclared": "undeclared_or_spuriously_declared_batches",
    "cases": "administrative_penalty_cases",
    "reduction": "overall_clearance_time_reduction",
}
"""Our figure and the published one that stands beside it."""
METRICS = (
    "campaign",
    "campaign_days",
    "campaign_forecast",
    "misdeclared_by_code",
    "cases_by_status",
    "hit_rates",
    "published_figures",
)
"""What the screen's definitions are of."""
_BALANCE = (
    "opening_backlog",
    "newly_overdue",
    "cleared_opening",
    "cleared_new",
    "cleared_relocated",
    "remaining",
)


def campaigns() -> pd.DataFrame:
    """The campaigns to choose from."""
    return data.metric("campaigns")


@frame.in_words
def campaign_row(campaign_id: str | None) -> Any:
    """The campaign's own row, as a named tuple."""
    return next(row for row in campaigns().itertuples(index=False) if row.campaign_id == campaign_id)


@frame.in_words
def total(scopes: pd.DataFrame) -> pd.Series:
    """The row of all ports."""
    return scopes[scopes["scope"] == "all"].iloc[0]


@frame.in_words
def whole(days: pd.DataFrame) -> pd.DataFrame:
    """The days of all ports together."""
    return days[days["scope"] == "all"]


def progress(row: pd.Series, campaign: Any, instant: datetime | None) -> None:
    """Day n of 100, with the dates of the campaign; its note, where dates or targets are illustrative."""
    words = frame.words()
    day, days = int(row["day"]), int(row["days"])
    first, last = words.day(campaign.starts_on), words.day(campaign.ends_on)
    text = words("campaign.day", day=day, days=days, first=first, last=last)
    if instant is not None and filters.to_wall(instant).date() > campaign.ends_on:
        text += f" · {words('campaign.ended')}"
    elif day == 0:
        text += f" · {words('campaign.not_begun')}"
    st.progress(min(1.0, day / max(days, 1)), text=text)
    note = words.pick(campaign.note, campaign.note_zh)
    if note:
        st.caption(note)


@frame.in_words
def cards(row: pd.Series, published: pd.DataFrame) -> list[tuple[str, str, str]]:
    """The headline card: four figures, each beside the published one."""
    words = frame.words()
    ours = {
        "cleared": words.count(row["cleared_opening"] + row["cleared_new"]),
        "misdeclared": words.count(row["misdeclared_batches"]),
        "cases": words.count(row["penalty_cases"]),
        "reduction": words.percent(row["reduction_pct"]) or words("not_had"),
    }
    below = {name: _published(published, name) for name in ours}
    if _has_reduction(row):
        lower, upper = (words.number(row[f"reduction_{end}_pct"], 1) for end in ("lower", "upper"))
        interval = words("campaign.reduction.interval", lower=lower, upper=upper)
        by_exit = words.percent(row["exit_mean_reduction_pct"]) or words("not_had")
        exits = words("campaign.reduction.exit", value=by_exit)
        below["reduction"] = f"{interval} · {exits} · {below['reduction']}"
    return [(words(f"campaign.card.{name}"), figure, below[name]) for name, figure in ours.items()]


def _has_reduction(row: pd.Series) -> bool:
    """Whether the data gave a clearance-time reduction with its interval."""
    return not row[["reduction_pct", "reduction_lower_pct", "reduction_upper_pct"]].isna().any()


def notes(total: pd.Series) -> None:
    """What the published figures are, and why there is no reduction where none can be told."""
    words = frame.words()
    st.caption(words("campaign.published.note"))
    if not _has_reduction(total):
        st.caption(words("campaign.reduction.none"))


def forecast(rows: pd.DataFrame) -> str:
    """When the opening backlog will be gone at the present pace, in a sentence; empty where there was none."""
    if rows.empty:
        return ""
    words, row = frame.words(), rows.iloc[0]
    code = str(row["verdict"]).replace(" ", "_")
    days = {
        name: words("not_had") if pd.isna(row[column]) else words.day(row[column])
        for name, column in (
            ("day", "cleared_on"),
            ("early", "cleared_on_early"),
            ("late", "cleared_on_late"),
        )
    }
    return words(f"forecast.{code}", **days)


def _published(published: pd.DataFrame, name: str) -> str:
    words = frame.words()
    here = published[(published["topic"] == PUBLISHED_TOPIC) & (published["figure"] == _FIGURES[name])]
    if here.empty:
        return words("campaign.published.none")
    return words(f"campaign.published.{name}", value=words.number(here["value"].iloc[0]))


RATE = ("misdeclared_pct", "lower_pct", "upper_pct")
"""A hit rate and the ends of its interval, in percent."""
RATES_LISTED = (
    "selection_basis",
    "inspected_batches",
    "misdeclared_batches",
    "misdeclared_share",
    "misdeclared_lower_share",
    "misdeclared_upper_share",
)


@frame.in_words
def rates(found: pd.DataFrame) -> pd.DataFrame:
    """Hit rates as dots: a random selection, which says how common misdeclaration is, and all others, which do not."""
    words = frame.words()
    ends = dict(
        zip(RATE, ("misdeclared_share", "misdeclared_lower_share", "misdeclared_upper_share"), strict=True)
    )
    is_random = found["selection_basis"].eq("random")
    told = [
        words("share.of", part=words.number(part), whole=words.counted("batch", whole))
        for part, whole in data.tuples(found, "misdeclared_batches", "inspected_batches")
    ]
    return found.assign(
        **{name: 100 * found[share] for name, share in ends.items()},
        name=labels.labelled(found["selection_basis"], "selection_basis"),
        series=is_random.map({True: words("campaign.random"), False: words("campaign.chosen")}),
        told=told,
    )


@frame.in_words
def balance(row: pd.Series) -> pd.DataFrame:
    """The opening backlog and what grew overdue since, and where both went (name, batches)."""
    words = frame.words()
    return pd.DataFrame(
        {
            "name": [words(f"campaign.{name}") for name in _BALANCE],
            "batches": [int(row[name]) for name in _BALANCE],
        }
    )


@frame.in_words
def named(by_code: pd.DataFrame) -> pd.DataFrame:
    """Misdeclared batches by kind (name, batches), most first."""
    pick = frame.words().pick
    names = [pick(label, label_zh) for label, label_zh in data.tuples(by_code, "label", "label_zh")]
    return by_code.assign(name=names).sort_values("batches", ascending=False, kind="stable")
