"""The border screen in words: its cards, the measure that is looked at, and what the tables list."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from pages.shared import data, filters, frame, labels
from pipeline.metrics import Filters

METRICS = ("border", "border_alerts", "border_interceptions", "border_actions", "border_lag")
COUNTED = ("interceptions", "species", "occurrences", "batches")
"""Measures of their own: a screen shows one of them at a time."""
LAGS = ("alert_type", "median_days", "notices", "reached", "not_reached")
TRIGGERS = (
    "is_escalated",
    "hazard_type",
    "hazard_name",
    "origin_country",
    "started_on",
    "last_on",
    "is_on",
    "most_points",
    "points",
    "bans",
    "first_detections",
)
NOTICES = (
    "state",
    "alert_type",
    "hazard_type",
    "hazard_name",
    "origin_country",
    "commodity",
    "issued_at",
    "effective_to",
    "ends_in_days",
    "supersedes",
    "superseded_by",
    "defence_line",
    "alert_id",
)
ACTIONS = (
    "is_open",
    "action_type",
    "agency",
    "open_days",
    "took_days",
    "opened_at",
    "closed_at",
    "outcome",
    "hazard_name",
    "origin_country",
    "linked_id",
    "action_id",
)


def by(chosen: Filters, *columns: str) -> Filters:
    """The question about interceptions, cut by these columns."""
    return replace(chosen, by=columns)


@frame.in_words
def cards(
    triggers: pd.DataFrame, notices: pd.DataFrame, caught: pd.DataFrame, actions: pd.DataFrame
) -> list[tuple[str, str, str]]:
    """Triggers that are on, active notices, interceptions, open actions: four figures that are never added."""
    words = frame.words()
    on = triggers[triggers["is_on"].astype(bool)]
    active = notices[notices["state"] == "active"]
    still = actions[actions["is_open"].astype(bool)]
    longest = still["open_days"].max() if len(still) else None
    return [
        (
            words("border.on"),
            words.count(len(on)),
            words("border.escalated", triggers=words.count(int(on["is_escalated"].sum()))),
        ),
        (
            words("border.active"),
            words.count(len(active)),
            words("border.bans", bans=words.count(int((active["alert_type"] == "ban").sum()))),
        ),
        (
            words("border.caught"),
            words.count(int(caught["interceptions"].sum())),
            words(
                "border.occurrences",
                occurrences=words.counted("occurrence", float(caught["occurrences"].sum())),
            ),
        ),
        (
            words("border.open"),
            words.count(len(still)),
            words("border.longest", length=words.length(None if longest is None else longest * 24)),
        ),
    ]


@frame.in_words
def on_first(triggers: pd.DataFrame) -> pd.DataFrame:
    """Triggers with those that are on at the top, escalated ones first; points told in words."""
    rows = triggers.sort_values(["is_on", "is_escalated", "started_on"], ascending=False, kind="stable")
    return rows.assign(points=rows["points"].map(_points)).reset_index(drop=True)


def _points(text: str) -> str:
    lines, channels = labels.of("defence_line"), labels.of("channel")
    return " · ".join(
        " ".join(lines.get(word, channels.get(word, word)) for word in point.split(" "))
        for point in text.replace(" to ", "–").split("; ")
    )


def counted() -> str:
    """Draw the choice of the one measure to look at."""
    words = frame.words()
    return filters.switch("counted", list(COUNTED), lambda code: words.column(code))


@frame.in_words
def channels() -> dict[str, str]:
    """The channels and what they are called, in the order of the vocabulary."""
    return {code: labels.labeller("channel")(code) for code in data.codes("channel")}


@frame.in_words
def published() -> pd.DataFrame:
    """The published figures that the sample season is scaled to, to read beside one's own."""
    rows = data.metric("published_figures")
    rows = rows[rows["topic"].str.startswith("biosecurity")].reset_index(drop=True)
    pick = frame.words().pick
    names = [pick(label, label_zh) for label, label_zh in data.tuples(rows, "label", "label_zh")]
    return rows.assign(figure=names)[["figure", "value", "unit", "note", "source"]]
