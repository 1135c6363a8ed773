"""Frames -> dots with their 95% intervals."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from pages.shared import kept
from pages.shared.figures.plot import Look, blank, short, whiskers

_SYMBOLS = ("circle", "x-thin-open", "diamond-open")
_SHIFT = 0.16
_BARE = "%{x:,.1f}"
_WITH_ENDS = "%{x:,.1f} (%{customdata[1]:,.1f} – %{customdata[2]:,.1f})<br>%{text}"


@kept.by_arguments
def dots(
    frame: pd.DataFrame,
    columns: Sequence[str],
    *,
    look: Look,
    axis: str,
    first: str,
    at: float | None = 0.0,
    bare: bool = False,
) -> go.Figure:
    """A row a `name` in the frame's order from the top, a dot a `series` with its interval.

    `columns`: those of the value and of the ends of its interval. `first` names the series in the accent; the
    others are quieter and have their own symbol. `at` draws the line that divides better from worse.
    `told`, where the frame has it, is said in the hover text. `bare`: the values have no intervals.
    """
    palette = look.palette
    value, lower, upper = columns
    names = list(dict.fromkeys(frame["name"].astype(str)))
    series = sorted(dict.fromkeys(frame["series"]), key=lambda one: one != first)
    shift = _SHIFT if len(frame) > len(names) else 0.0
    figure = blank(palette, height=96 + 26 * max(1, len(names)))
    for place, one in enumerate(series):
        rows = frame[frame["series"] == one]
        middle = rows[value].astype(float)
        colour = palette.accent if place == 0 else palette.muted
        figure.add_scatter(
            x=middle,
            y=[names.index(str(name)) + shift * (2 * place - len(series) + 1) for name in rows["name"]],
            mode="markers",
            name=one,
            text=rows["told"].fillna("") if "told" in rows else None,
            customdata=rows[["name", lower, upper]].astype(object).to_numpy(),
            marker={
                "color": colour,
                "size": 9,
                "symbol": _SYMBOLS[place % 3],
                "line": {"width": 2, "color": colour},
            },
            error_x=whiskers(middle, rows[lower], rows[upper], colour, 1.6),
            hovertemplate=f"%{{customdata[0]}}<br>{one}: {_BARE if bare else _WITH_ENDS}<extra></extra>",
        )
    if at is not None:
        figure.add_vline(x=at, line={"color": palette.ink, "width": 1, "dash": "dot"})
    figure.update_layout(showlegend=True)
    figure.update_xaxes(title_text=axis, nticks=7)
    figure.update_yaxes(
        range=[len(names) - 0.4, -0.6],
        tickvals=list(range(len(names))),
        ticktext=[short(name, 24) for name in names],
        showgrid=False,
        tickfont={"color": palette.ink},
    )
    return figure
