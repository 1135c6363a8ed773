"""Frames -> stacked bars of parts that add up."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go

from pages.shared import kept
from pages.shared.figures.plot import Look, blank, short

HOURS_A_DAY = 24.0


@kept.by_arguments
def stacked(frame: pd.DataFrame, parts: Mapping[str, str], *, look: Look) -> go.Figure:
    """A lying bar a `name` in the frame's order from the top, made of its `stage`s in days; its sum at the end.

    `frame`: name, stage, mean_hours. `parts` maps stages to what they are called, in the order of the bar.
    Neighbouring parts differ in lightness, so that they can be told apart without seeing colour.
    """
    palette = look.palette
    names = list(dict.fromkeys(frame["name"].astype(str)))
    days = frame.assign(days=frame["mean_hours"].astype(float) / HOURS_A_DAY)
    wide = days.pivot_table(index="name", columns="stage", values="days", aggfunc="sum").reindex(names)
    figure = blank(palette, height=120 + 30 * max(1, len(names)))
    colours = [palette.scale[place] for place in (1, 3, 2, 5, 4)]
    for place, (stage, called) in enumerate(parts.items()):
        values = wide[stage].fillna(0.0) if stage in wide else pd.Series(0.0, index=names)
        figure.add_bar(
            x=values,
            y=names,
            name=called,
            orientation="h",
            marker={"color": colours[place % len(colours)], "line": {"width": 1, "color": palette.grid}},
            hovertemplate=f"%{{y}}<br>{called}: %{{x:.2f}} d<extra></extra>",
        )
    sums = wide.sum(axis=1)
    for name, total in sums.items():
        figure.add_annotation(
            x=total, y=name, text=f"{total:,.1f}", xanchor="left", xshift=4, showarrow=False
        )
    figure.update_layout(barmode="stack", showlegend=True, bargap=0.3, legend={"traceorder": "normal"})
    largest = float(sums.max()) if len(sums) else 1.0
    figure.update_xaxes(title_text=look.words("axis.mean_days"), range=[0, largest * 1.12], nticks=7)
    figure.update_yaxes(
        type="category",
        autorange="reversed",
        showgrid=False,
        tickfont={"color": palette.ink},
        tickvals=names,
        ticktext=[short(name, 24) for name in names],
    )
    return figure
