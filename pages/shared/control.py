"""Frames -> CUSUM charts against their threshold. Nothing here knows Streamlit."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from pages.shared.plot import DAY_TICKS, Label, Look, blank, short

COLUMNS = 4
_ROW_HEIGHT = 96


def cusum(weeks: pd.DataFrame, onset: str | None, *, look: Look) -> go.Figure:
    """One port: newly overdue a week as bars, the CUSUM and its threshold; the signal and the likely onset marked.

    `weeks`: week_starts_on, newly_overdue, is_baseline, cusum, threshold, is_signal. `onset`: a date, or None.
    """
    words, palette = look.words, look.palette
    figure = blank(palette, 320)
    days = weeks["week_starts_on"].astype(str)
    figure.add_bar(
        x=days,
        y=weeks["newly_overdue"].astype(float),
        name=words("rebound.newly_overdue"),
        marker={"color": palette.soft},
        hovertemplate=f"%{{x}}<br>{words('rebound.newly_overdue')}: %{{y:,}}<extra></extra>",
    )
    series = {"cusum": (palette.accent, "solid"), "threshold": (palette.ink, "dash")}
    for column, (colour, dash) in series.items():
        name = words.column(column)
        figure.add_scatter(
            x=days,
            y=weeks[column].astype(float),
            mode="lines",
            name=name,
            line={"color": colour, "width": 2, "dash": dash},
            hovertemplate=f"%{{x}}<br>{name}: %{{y:,.1f}}<extra></extra>",
        )
    signal = weeks[weeks["is_signal"].astype(bool)]
    figure.add_scatter(
        x=signal["week_starts_on"].astype(str),
        y=signal["cusum"].astype(float),
        mode="markers",
        name=words("rebound.signal"),
        marker={"symbol": "diamond", "size": 13, "color": palette.ink},
        hovertemplate=f"%{{x}}<br>{words('rebound.signal')}<extra></extra>",
    )
    if onset is not None:
        figure.add_vline(x=onset, line={"color": palette.muted, "width": 1.5, "dash": "dot"})
        figure.add_annotation(
            x=onset,
            y=1,
            yref="paper",
            text=words("rebound.onset"),
            showarrow=False,
            xanchor="right",
            xshift=-4,
        )
    figure.update_layout(showlegend=True, bargap=0.15)
    figure.update_xaxes(
        title_text=words("axis.week"), type="date", tickformat=DAY_TICKS, nticks=7, showgrid=False
    )
    figure.update_yaxes(title_text=words("axis.batches_a_week"), rangemode="tozero")
    return figure


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
