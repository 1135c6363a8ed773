"""Frames -> stacked bars a month."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go

from pages.shared import kept
from pages.shared.figures.plot import Look, blank


@kept.by_arguments
def stacked(frame: pd.DataFrame, part: str, value: str, parts: Mapping[str, str], *, look: Look) -> go.Figure:
    """A bar a month made of its parts. `frame`: month_starts_on, `part`, `value`; a month may lack parts.

    `parts` maps the codes of `part` to what they are called, from the bottom up. Neighbours differ in lightness.
    """
    palette = look.palette
    figure = blank(palette, 320)
    colours = [palette.scale[place] for place in (4, 2, 3, 1, 5)]
    months = sorted(set(frame["month_starts_on"]))
    for place, (code, called) in enumerate(parts.items()):
        own = frame[frame[part] == code].set_index("month_starts_on")[value].reindex(months)
        figure.add_bar(
            x=[month.strftime("%Y-%m") for month in months],
            y=own.astype(float),
            name=called,
            marker={"color": colours[place % len(colours)], "line": {"width": 1, "color": palette.grid}},
            hovertemplate=f"%{{x}}<br>{called}: %{{y:,.0f}} {look.unit}<extra></extra>",
        )
    figure.update_layout(barmode="stack", showlegend=True, bargap=0.25, legend={"traceorder": "normal"})
    figure.update_xaxes(title_text=look.words("axis.month"), type="category", nticks=12, showgrid=False)
    figure.update_yaxes(title_text=look.unit, rangemode="tozero")
    return figure
