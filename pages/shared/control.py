"""Frames -> CUSUM charts against their threshold. Nothing here knows Streamlit."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from pages.shared import kept
from pages.shared.plot import DAY_TICKS, Label, Look, blank, short

COLUMNS = 4
DRAWN_THRESHOLDS = 4
"""A CUSUM that goes on rising is drawn up to so many thresholds: where it crosses is what matters."""
_ROW_HEIGHT = 96


@kept.by_arguments
def cusum(weeks: pd.DataFrame, onset: str | None, *, look: Look) -> go.Figure:
    """One port: newly overdue a week as bars, the CUSUM and its threshold; the signal and the likely onset marked.

    `weeks`: week_starts_on, newly_overdue, is_baseline, cusum, threshold, is_signal. `onset`: a date, or None.
    """
    words, palette = look.words, look.palette
    figure = make_subplots(2, 1, shared_xaxes=True, vertical_spacing=0.08, row_heights=[0.4, 0.6])
    figure.update_layout(blank(palette, 380).layout)
    days = weeks["week_starts_on"].astype(str)
    newly = words("rebound.newly_overdue")
    figure.add_bar(
        x=days,
        y=weeks["newly_overdue"].astype(float),
        name=newly,
        marker={"color": palette.muted},
        hovertemplate=f"%{{x}}<br>{newly}: %{{y:,}}<extra></extra>",
        row=1,
        col=1,
    )
    for column, colour, dash in (("cusum", palette.accent, "solid"), ("threshold", palette.ink, "dash")):
        name = words.column(column)
        figure.add_scatter(
            x=days,
            y=weeks[column].astype(float),
            mode="lines",
            name=name,
            line={"color": colour, "width": 2, "dash": dash},
            hovertemplate=f"%{{x}}<br>{name}: %{{y:,.1f}}<extra></extra>",
            row=2,
            col=1,
        )
    signal = weeks[weeks["is_signal"].astype(bool)]
    figure.add_scatter(
        x=signal["week_starts_on"].astype(str),
        y=signal["cusum"].astype(float),
        mode="markers",
        name=words("rebound.signal"),
        marker={"symbol": "diamond", "size": 13, "color": palette.ink},
        hovertemplate=f"%{{x}}<br>{words('rebound.signal')}<extra></extra>",
        row=2,
        col=1,
    )
    if onset is not None:
        figure.add_vline(x=onset, line={"color": palette.muted, "width": 1.5, "dash": "dot"})
        figure.add_annotation(
            x=onset,
            y=1,
            yref="y domain",
            text=words("rebound.onset"),
            showarrow=False,
            xanchor="right",
            xshift=-4,
        )
    figure.update_layout(showlegend=True, bargap=0.15)
    axis = {"fixedrange": True, "zeroline": False, "tickfont": {"color": palette.muted}, "automargin": True}
    axis["title"] = {"font": {"size": 12, "color": palette.muted}}
    figure.update_xaxes(type="date", tickformat=DAY_TICKS, nticks=7, showgrid=False, **axis)
    figure.update_xaxes(title_text=words("axis.week"), row=2, col=1)
    figure.update_yaxes(gridcolor=palette.grid, nticks=4, **axis)
    figure.update_yaxes(title_text=words("axis.batches_a_week"), rangemode="tozero", row=1, col=1)
    top = DRAWN_THRESHOLDS * float(weeks["threshold"].max())
    highest = 1.05 * max(float(weeks["cusum"].max()), float(weeks["threshold"].max()))
    figure.update_yaxes(title_text=words.column("cusum"), range=[0, min(top, highest)], row=2, col=1)
    return figure


@kept.by_arguments
def multiples(weeks: pd.DataFrame, ports: Sequence[str], *, look: Look, label: Label) -> go.Figure:
    """Small charts side by side on one scale: each port's CUSUM as a share of its own threshold."""
    palette = look.palette
    rows = max(1, math.ceil(len(ports) / COLUMNS))
    titles = [short(label(port), 22) for port in ports]
    panels = make_subplots(
        rows,
        COLUMNS,
        shared_xaxes=True,
        shared_yaxes=True,
        subplot_titles=titles,
        vertical_spacing=0.22 / rows,
    )
    panels.update_layout(blank(palette, 60 + _ROW_HEIGHT * rows).layout)
    panels.update_annotations(font={"size": 12, "color": palette.ink})
    for place, port in enumerate(ports):
        own = weeks[weeks["un_location_code"] == port]
        share = own["cusum"].astype(float) / own["threshold"].astype(float)
        where = {"row": place // COLUMNS + 1, "col": place % COLUMNS + 1}
        panels.add_scatter(
            x=own["week_starts_on"].astype(str),
            y=share,
            mode="lines",
            line={"color": palette.accent, "width": 1.6},
            hovertemplate=f"{label(port)}<br>%{{x}}: %{{y:.0%}}<extra></extra>",
            **where,
        )
        panels.add_hline(y=1, line={"color": palette.ink, "width": 1, "dash": "dash"}, **where)
    axis = {"fixedrange": True, "zeroline": False, "showgrid": False, "tickfont": {"color": palette.muted}}
    panels.update_xaxes(type="date", nticks=3, tickformat="%Y-%m", **axis)
    panels.update_yaxes(range=[0, 1.15], tickvals=[0, 1], tickformat=".0%", **axis)
    panels.update_layout(margin={"t": 34})
    return panels
