"""Frames -> funnel plots and the weeks around an event."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from pages.shared import kept
from pages.shared.figures.plot import Label, Look, blank, days_across, whiskers

_LIMITS = {"95": "dash", "998": "dot"}


@kept.by_arguments
def funnel(ports: pd.DataFrame, *, look: Look, label: Label, y: str) -> go.Figure:
    """Ports by their number of batches, with the limits within which chance would leave a port of that size.

    `ports`: un_location_code, n, standardised_hours, national_hours, limit_lower_95_hours ... funnel.
    """
    words, palette = look.words, look.palette
    figure = blank(palette, 380)
    rows = ports.dropna(subset=["national_hours"]).sort_values("n")
    _limits(figure, rows, look)
    outside = rows["funnel"].fillna("inside").ne("inside")
    for is_outside, symbol, colour in (
        (False, "circle-open", palette.muted),
        (True, "diamond", palette.accent),
    ):
        here = rows[outside == is_outside].dropna(subset=["standardised_hours"])
        figure.add_scatter(
            x=here["n"],
            y=here["standardised_hours"].astype(float),
            mode="markers+text" if is_outside else "markers",
            name=words("funnel.outside" if is_outside else "funnel.inside"),
            text=here["un_location_code"].where(here["funnel"].str.endswith("_998", na=False), ""),
            textposition="top center",
            customdata=[[label(code)] for code in here["un_location_code"]],
            marker={"size": 10, "symbol": symbol, "color": colour, "line": {"width": 1.5, "color": colour}},
            hovertemplate="%{customdata[0]}<br>n = %{x:,}: %{y:,.1f} h<extra></extra>",
        )
    figure.update_layout(showlegend=True)
    figure.update_xaxes(title_text=words("axis.batches"), rangemode="tozero", nticks=6)
    figure.update_yaxes(title_text=y, nticks=6)
    return figure


def _limits(figure: go.Figure, rows: pd.DataFrame, look: Look) -> None:
    """The limits on both sides, and the national line between them."""
    for level, dash in _LIMITS.items():
        for end in ("lower", "upper"):
            figure.add_scatter(
                x=rows["n"],
                y=rows[f"limit_{end}_{level}_hours"].astype(float),
                mode="lines",
                name=look.words(f"funnel.limit_{level}"),
                legendgroup=level,
                showlegend=end == "lower",
                line={"color": look.palette.muted, "width": 1.4, "dash": dash},
                hoverinfo="skip",
            )
    figure.add_scatter(
        x=rows["n"],
        y=rows["national_hours"].astype(float),
        mode="lines",
        name=look.words("funnel.national"),
        line={"color": look.palette.ink, "width": 1.2},
        hoverinfo="skip",
    )


@kept.by_arguments
def event_study(weeks: pd.DataFrame, starts_on: str, *, look: Look) -> go.Figure:
    """The difference between pilot ports and others by week, in percent, with 95% intervals; the start marked.

    `weeks`: week_starts_on, difference_pct, lower_pct, upper_pct, is_before.
    """
    words, palette = look.words, look.palette
    figure = blank(palette, 360)
    for is_before, symbol, colour in (
        (True, "circle-open", palette.muted),
        (False, "circle", palette.accent),
    ):
        rows = weeks[weeks["is_before"].astype(bool) == is_before].dropna(subset=["difference_pct"])
        middle = rows["difference_pct"].astype(float)
        figure.add_scatter(
            x=rows["week_starts_on"].astype(str),
            y=middle,
            mode="markers",
            name=words("pilots.before" if is_before else "pilots.after"),
            marker={"size": 8, "symbol": symbol, "color": colour},
            error_y=whiskers(middle, rows["lower_pct"], rows["upper_pct"], colour, 1.2),
            hovertemplate="%{x}: %{y:.1f}%<extra></extra>",
        )
    figure.add_hline(y=0, line={"color": palette.ink, "width": 1, "dash": "dot"})
    figure.add_vline(x=starts_on, line={"color": palette.ink, "width": 1.4})
    figure.update_layout(showlegend=True)
    days_across(figure, words("axis.week"))
    figure.update_yaxes(title_text=words("axis.difference"), nticks=7)
    return figure
