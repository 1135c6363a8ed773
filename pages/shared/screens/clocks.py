"""The three clocks in cards and words, and what is asked of the registry for them."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import streamlit as st

from pages.shared import components, data, frame, labels
from pages.shared.figures import intervals
from pages.shared.screens.periods import Period
from pipeline.metrics import Filters

CLOCKS = ("exit", "cohort", "period")
LISTED = tuple(name for name in data.registry()["dwell"].columns if name != "lead_class")
"""Columns of durations by port."""
REDUCTIONS = (
    "un_location_code",
    "clock",
    "statistic",
    "reduction_pct",
    "lower_pct",
    "upper_pct",
    "verdict",
    "flags",
    "baseline_hours",
    "window_hours",
    "n_baseline",
    "n_window",
)
DRAWN_DOWN_TO = 0.01
"""A curve is drawn until this share is left; its tail says nothing to the eye."""
REDUCTION = ("reduction_pct", "lower_pct", "upper_pct")
"""A reduction and the ends of its interval."""


def whole(chosen: Filters) -> Filters:
    """The same question of all ports together."""
    return replace(chosen, by=("all",))


def of_dwell(chosen: Filters) -> Filters:
    """The question about dwell, for metrics that know both durations."""
    return replace(chosen, measure="dwell")


def of_stage(chosen: Filters, stage: str) -> Filters:
    """The question about a stage of clearance."""
    return replace(chosen, measure="clearance", stage=stage)


def reductions(asked: Filters | None) -> pd.DataFrame:
    """The reductions asked for; no rows where there is no baseline."""
    if asked is None:
        return pd.DataFrame(columns=list(data.registry()["reduction"].columns))
    return data.metric("reduction", asked)


@frame.in_words
def curves(chosen: Filters) -> pd.DataFrame:
    """The survival curves of both clocks over all ports, each named."""
    words = frame.words()
    rows = data.metric("survival", whole(chosen))
    return rows.assign(series=rows["clock"].map({clock: words(f"clock.{clock}") for clock in CLOCKS}))


@frame.in_words
def curves_of_windows(asked: Period, stage: str) -> pd.DataFrame:
    """The period curve of the window and, where there is one, of the baseline, each named."""
    words = frame.words()
    windows = {"window.window": asked.window, "window.baseline": asked.baseline}
    found = []
    for name, chosen in windows.items():
        if chosen is not None:
            rows = data.metric("survival", whole(of_stage(chosen, stage)))
            found.append(rows[rows["clock"] == "period"].assign(series=words(name)))
    return pd.concat(found, ignore_index=True)


@frame.in_words
def reach(rows: pd.DataFrame, steps: pd.DataFrame) -> float:
    """Up to which age in hours the curves are drawn: until 1% is left, at most to the headline's tau."""
    tau = rows["rmst_tau_hours"].max()
    left = steps.loc[steps["survival"] > DRAWN_DOWN_TO, "age_hours"].max()
    longest = max(steps["age_hours"].max() if pd.isna(left) else left, 1.0)
    return float(longest if pd.isna(tau) else min(tau, longest))


@frame.in_words
def is_empty(rows: pd.DataFrame) -> bool:
    """Whether nothing at all is counted on any clock."""
    return rows.empty or not int(rows["n"].sum())


@frame.in_words
def cards(rows: pd.DataFrame) -> list[tuple[str, str, str]]:
    """The clocks side by side, of one group: the mean by exit, the cohort's median, the headline, what is open."""
    words = frame.words()
    by_clock = {row["clock"]: row for _, row in rows.iterrows()}
    found = [_card(by_clock[clock]) for clock in CLOCKS if clock in by_clock]
    period = by_clock.get("period")
    if period is not None:
        share = words.share(period["n_open"], period["n"])
        left_out = words("clocks.left_out", n=words.count(period["n_left_out"]))
        found.append((words("clocks.open"), words.count(period["n_open"]), f"{share} · {left_out}"))
    return found


def _card(row: pd.Series) -> tuple[str, str, str]:
    words = frame.words()
    median, p90 = (_quantile(row, name) for name in ("median", "p90"))
    counts = words("clocks.ended", ended=words.count(row["n_ended"]), n=words.count(row["n"]))
    if row["clock"] == "exit":
        below = words("clocks.quantiles", median=median, p90=p90)
        return words("clocks.exit"), words.length(row["mean_hours"]), f"{below} · {counts}"
    if row["clock"] == "cohort":
        below = words("clocks.ninetieth", p90=p90)
        return words("clocks.cohort"), median, f"{below} · {counts}"
    below = words("clocks.quantiles", median=median, p90=p90)
    return words("clocks.period"), words.length(row["rmst_hours"]), f"{_restricted(row)} · {below} · {counts}"


def _restricted(row: pd.Series) -> str:
    words = frame.words()
    text = words(
        "clocks.restricted",
        error=words.length(row["rmst_se_hours"]),
        tau=words.length(row["rmst_tau_hours"]),
    )
    return f"{text} · {words('flag.thin')}" if "thin" in _flags(row) else text


def _quantile(row: pd.Series, name: str) -> str:
    words = frame.words()
    if f"not_reached_{name}" in _flags(row):
        return words("clocks.not_reached")
    return words.length(row[f"{name}_hours"])


def _flags(row: pd.Series) -> list[str]:
    return str(row["flags"] or "").split(";")


def disagreement(reduced: pd.DataFrame, column: str = "un_location_code") -> None:
    """The banner where the mean by exit and the headline point opposite ways; `column` holds the port."""
    rows = reduced[reduced["flags"].fillna("").str.contains("clocks_disagree")]
    with components.place():
        if rows.empty:
            return
        scope = labels.labeller("scope")
        names = ", ".join(scope(code) for code in dict.fromkeys(rows[column]))
        st.warning(frame.words()("clocks.disagree", ports=names))


def dots(reduced: pd.DataFrame) -> None:
    """Draw the reductions as dots with their intervals; where there is no baseline, say so."""
    words = frame.words()
    if reduced.empty:
        st.caption(words("period.no_baseline"))
        return
    axis, first = words("axis.reduction"), words("statistic.rmst")
    figure = intervals.dots(compared(reduced), REDUCTION, look=frame.look(), axis=axis, first=first)
    components.chart(figure, "reduction", words("alt.reduction"))


@frame.in_words
def compared(reduced: pd.DataFrame) -> pd.DataFrame:
    """What the dots show: the headline and the mean by exit of all and of every port, named."""
    shown = reduced["statistic"].isin(["rmst", "mean"]) & reduced["reduction_pct"].notna()
    rows = reduced[shown]
    return rows.assign(
        name=labels.labelled(rows["un_location_code"], "scope"),
        series=labels.labelled(rows["statistic"], "statistic"),
        told=labels.labelled(rows["verdict"], "verdict"),
    )
