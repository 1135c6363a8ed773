"""Frames -> survival curves with their bands."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from pages.shared import kept
from pages.shared.figures.plot import Look, Palette, blank, faded

FINENESS = 0.002
"""Steps of the curve smaller than this share are drawn as one: half of what a pixel is high."""
DECIMALS = 5
"""Of days and shares as they are drawn: a second, and a hundredth of what the hover text tells."""
HOURS_A_DAY = 24.0
_DASHES = ("solid", "dash", "dot")


@kept.by_arguments
def survival(frame: pd.DataFrame, *, look: Look, until_hours: float, first: str) -> go.Figure:
    """The share that is still there by age in days, a line a `series` with its 95% band, up to `until_hours`.

    `frame`: series, age_hours, survival, lower, upper (null where the curve is 0). `first` names the series in
    the accent.
    """
    words, palette = look.words, look.palette
    figure = blank(palette, 340)
    names = sorted(dict.fromkeys(frame["series"]), key=lambda name: name != first)
    for place, name in enumerate(names):
        steps = _drawn(frame[(frame["series"] == name) & (frame["age_hours"] <= until_hours)], until_hours)
        _add(figure, steps, name, _colour(palette, place), _DASHES[place % len(_DASHES)])
    figure.update_layout(showlegend=True)
    figure.update_xaxes(
        title_text=words("axis.age_days"), range=[0, until_hours / HOURS_A_DAY], nticks=8, showgrid=False
    )
    figure.update_yaxes(title_text=words("axis.still_there"), range=[0, 1.02], tickformat=".0%")
    return figure


def _colour(palette: Palette, place: int) -> str:
    return (palette.accent, palette.muted, palette.ink)[place % 3]


def _drawn(steps: pd.DataFrame, until_hours: float) -> pd.DataFrame:
    """The steps that can be told apart by eye, in days, and the last value held to the end."""
    if steps.empty:
        return steps
    level = np.floor(steps["survival"].to_numpy(dtype=float) / FINENESS)
    kept = steps[np.append(True, level[1:] != level[:-1])]
    kept = pd.concat([kept, steps.iloc[-1:].assign(age_hours=until_hours)])
    return kept.assign(age_days=(kept["age_hours"].astype(float) / HOURS_A_DAY).round(DECIMALS))


def _add(figure: go.Figure, steps: pd.DataFrame, name: str, colour: str, dash: str) -> None:
    if steps.empty:
        return
    days = steps["age_days"].to_numpy()
    for column, fill in (("upper", None), ("lower", "tonexty")):
        figure.add_scatter(
            x=days,
            y=steps[column].astype(float).fillna(0.0).round(DECIMALS).to_numpy(),
            mode="lines",
            line={"width": 0, "shape": "hv", "color": colour},
            fill=fill,
            fillcolor=faded(colour, 0.18),
            hoverinfo="skip",
            showlegend=False,
            legendgroup=name,
        )
    figure.add_scatter(
        x=days,
        y=steps["survival"].astype(float).round(DECIMALS).to_numpy(),
        customdata=steps[["at_risk"]].to_numpy(),
        mode="lines",
        name=name,
        legendgroup=name,
        line={"width": 2, "shape": "hv", "color": colour, "dash": dash},
        hovertemplate=f"{name}<br>%{{x:.1f}} d: %{{y:.1%}} (n = %{{customdata[0]:,}})<extra></extra>",
    )
