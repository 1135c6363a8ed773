"""The early-warning screen in words: what is on, its points, and the form that acknowledges."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.shared import components, data, frame, labels
from pipeline.errors import UserMistake

METRICS = ("alerts", "alert_points", "indicators", "silent_ports", "alert_levels", "acknowledgements")
ON_NOW = (
    "level",
    "un_location_code",
    "started_on",
    "days_on",
    "groups",
    "points",
    "acknowledged_by",
    "remark",
)
HISTORY = (
    "started_on",
    "ended_on",
    "level",
    "un_location_code",
    "ended_how",
    "days_on",
    "groups",
    "points",
    "acknowledgements",
    "acknowledged_by",
    "remark",
    "alert_id",
)
WATCHED = (
    "un_location_code",
    "indicator",
    "points_group",
    "has_fired",
    "value",
    "limit_value",
    "value_unit",
    "date",
)
RULES = (
    "indicator",
    "points_group",
    "threshold",
    "unit",
    "value_unit",
    "window_days",
    "baseline_days",
    "lag_days",
    "minimum",
    "is_illustrative",
    "source",
)
SHOWN_ALERTS = 12
"""More than that are in the table below alone."""
_DONE, _ROUND = "_acknowledged", "_acknowledge_round"


@frame.in_words
def on_now(alerts: pd.DataFrame) -> pd.DataFrame:
    """What is on, alerts before notices, the longest first."""
    rows = alerts[alerts["is_on"].astype(bool)]
    return rows.sort_values(["level", "started_on"], kind="stable").reset_index(drop=True)


@frame.in_words
def cards(now: pd.DataFrame, silent: pd.DataFrame) -> list[tuple[str, str, str]]:
    """Alerts and notices that are on, silent ports, and how many of those on somebody has seen."""
    words = frame.words()
    counts = now["level"].value_counts()
    ports = now.groupby("level")["un_location_code"].nunique()
    seen = int((now["acknowledgements"] > 0).sum())
    return [
        *(
            (
                words(f"warning.on.{level}"),
                words.count(int(counts.get(level, 0))),
                words("warning.at_ports", ports=words.counted("port", int(ports.get(level, 0)))),
            )
            for level in ("alert", "notice")
        ),
        (words("warning.silent"), words.count(len(silent)), ""),
        (words("warning.seen"), words.count(seen), words("warning.of_on", alerts=words.count(len(now)))),
    ]


def alerts(now: pd.DataFrame, points: pd.DataFrame) -> None:
    """The alerts that are on, each with its points one below the other; remarks of people stay in the tables."""
    columns = st.columns(2, gap="small")
    for place, text in enumerate(_told_alerts(now, points)):
        with columns[place % 2].container(border=True):
            st.markdown(text)


@frame.in_words
def _told_alerts(now: pd.DataFrame, points: pd.DataFrame) -> list[str]:
    words = frame.words()
    rows = [row for row in now.itertuples(index=False) if row.level == "alert"][:SHOWN_ALERTS]
    newest = points.sort_values("last_fired_on", ascending=False, kind="stable")
    found = []
    for row in rows:
        own = newest[newest["alert_id"] == row.alert_id]
        lines = [f"- {_sentence(point)}" for point in own.itertuples(index=False)]
        heading = words("warning.alert", named=_named(row), days=words.count(int(str(row.days_on))))
        found.append("\n".join([f"**{heading}**", "", *lines]))
    return found


def told(points: pd.DataFrame) -> pd.DataFrame:
    """Points with the unit of their values as a column that the screen puts into words."""
    return points.rename(columns={"unit": "value_unit"})


@frame.in_words
def worded(alerts: pd.DataFrame, points: pd.DataFrame) -> pd.DataFrame:
    """Alerts whose points are told in words: which indicator, how bad, against which limit."""
    sentences: dict[str, list[str]] = {}
    for row in points.itertuples(index=False):
        sentences.setdefault(str(row.alert_id), []).append(_sentence(row))
    told_points = alerts["alert_id"].map(lambda alert: " · ".join(sentences.get(alert, [])))
    return alerts.assign(points=told_points)


def _sentence(row: object) -> str:
    words = frame.words()
    worst, limit, unit = (getattr(row, name) for name in ("worst_value", "limit_value", "unit"))
    days = dict.fromkeys(words.day(getattr(row, name)) for name in ("first_fired_on", "last_fired_on"))
    return words(
        "warning.point",
        indicator=labels.labeller("indicator")(str(getattr(row, "indicator", ""))),
        value=words.number(worst, 0 if float(worst).is_integer() else 1),
        limit=words.number(limit, 0 if float(limit).is_integer() else 1),
        unit=labels.labeller("value_unit")(unit) if isinstance(unit, str) else "",
        fired="–".join(days),
    )


@frame.in_words
def fired_first(indicators: pd.DataFrame) -> pd.DataFrame:
    """The indicators with those that fire on top."""
    return told(indicators.sort_values("has_fired", ascending=False, kind="stable").reset_index(drop=True))


@frame.in_words
def rules() -> pd.DataFrame:
    """The rules in force, without the names that the screen's own language does not need."""
    return data.table("alert_rules")[list(RULES)]


@frame.in_words
def groups() -> pd.DataFrame:
    """The groups of points and why they are apart."""
    return data.table("alert_groups")[["points_group", "note"]]


def form(now: pd.DataFrame) -> None:
    """The form that acknowledges one of the alerts that are on; what was kept is told in the next run."""
    words = frame.words()
    if _DONE in st.session_state:
        st.success(st.session_state.pop(_DONE))
    if now.empty:
        st.caption(words("warning.nothing_to_acknowledge"))
        return
    names = _names(now)
    turn = st.session_state.setdefault(_ROUND, 0)
    longest_name, longest_remark = data.acknowledgement_lengths()
    with st.form("acknowledge"):
        alert = st.selectbox(
            words("warning.which"), list(names), format_func=lambda code: names.get(code, code)
        )
        name = st.text_input(words("warning.name"), max_chars=longest_name, key="acknowledge_name")
        remark = st.text_area(
            words("warning.remark"), max_chars=longest_remark, key=f"acknowledge_remark_{turn}"
        )
        is_sent = st.form_submit_button(words("warning.acknowledge"))
    if not is_sent:
        return
    try:
        data.acknowledge(alert, name, remark)
    except UserMistake as mistake:
        st.error(components.told(mistake))
        return
    st.session_state[_DONE] = words("warning.acknowledged", alert=names[alert])
    st.session_state[_ROUND] = turn + 1
    st.rerun()


@frame.in_words
def _names(now: pd.DataFrame) -> dict[str, str]:
    return {str(row.alert_id): _named(row) for row in now.itertuples(index=False)}


def _named(row: object) -> str:
    words = frame.words()
    level, port, since = (getattr(row, name) for name in ("level", "un_location_code", "started_on"))
    return words(
        "warning.named",
        level=words(f"level.{level}"),
        port=labels.labeller("port")(port),
        since=words.day(since),
    )
