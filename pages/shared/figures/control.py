"""Frames -> CUSUM charts against their threshold."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from pages.shared import kept
from pages.shared.figures.plot import DAY_TICKS, Label, Look, Palette, blank, short

COLUMNS = 4
DRAWN_THRESHOLDS = 4
"""A CUSUM that goes on rising is drawn up to so many thresholds: where it crosses is what matters."""
_ROW_HEIGHT = 96
_HIGHEST = 1.15
"""Of a small chart: a quiet port stays below its threshold."""
_PITCH_ACROSS, _PITCH_DOWN = 1.07, 1.47
"""From a small chart to the next: its own width and height, and room for the name above it."""


@kept.by_arguments
def cusum(weeks: pd.DataFrame, onset: str | None, *, look: Look) -> go.Figure:
    """One port: newly overdue a week as bars, the CUSUM and its threshold; the signal and the likely onset marked.

    `weeks`: week_starts_on, newly_overdue, is_baseline, cusum, threshold, is_signal. `onset`: a date, or None.
    """
    figure = make_subplots(2, 1, shared_xaxes=True, vertical_spacing=0.08, row_heights=[0.4, 0.6])
    figure.update_layout(blank(look.palette, 380).layout)
    _newly_overdue(figure, weeks, look)
    _sums(figure, weeks, look)
    _signals(figure, weeks[weeks["is_signal"].astype(bool)], look)
    if onset is not None:
        _onset(figure, onset, look)
    figure.update_layout(showlegend=True, bargap=0.15)
    _cusum_axes(figure, weeks, look)
    return figure


def _newly_overdue(figure: go.Figure, weeks: pd.DataFrame, look: Look) -> None:
    newly = look.words("rebound.newly_overdue")
    figure.add_bar(
        x=weeks["week_starts_on"].astype(str),
        y=weeks["newly_overdue"].astype(float),
        name=newly,
        marker={"color": look.palette.muted},
        hovertemplate=f"%{{x}}<br>{newly}: %{{y:,}}<extra></extra>",
        row=1,
        col=1,
    )


def _sums(figure: go.Figure, weeks: pd.DataFrame, look: Look) -> None:
    lines = (("cusum", look.palette.accent, "solid"), ("threshold", look.palette.ink, "dash"))
    for column, colour, dash in lines:
        name = look.words.column(column)
        figure.add_scatter(
            x=weeks["week_starts_on"].astype(str),
            y=weeks[column].astype(float),
            mode="lines",
            name=name,
            line={"color": colour, "width": 2, "dash": dash},
            hovertemplate=f"%{{x}}<br>{name}: %{{y:,.1f}}<extra></extra>",
            row=2,
            col=1,
        )


def _signals(figure: go.Figure, signal: pd.DataFrame, look: Look) -> None:
    told = look.words("rebound.signal")
    figure.add_scatter(
        x=signal["week_starts_on"].astype(str),
        y=signal["cusum"].astype(float),
        mode="markers",
        name=told,
        marker={"symbol": "diamond", "size": 13, "color": look.palette.ink},
        hovertemplate=f"%{{x}}<br>{told}<extra></extra>",
        row=2,
        col=1,
    )


def _onset(figure: go.Figure, onset: str, look: Look) -> None:
    figure.add_vline(x=onset, line={"color": look.palette.muted, "width": 1.5, "dash": "dot"})
    figure.add_annotation(
        x=onset,
        y=1,
        yref="y domain",
        text=look.words("rebound.onset"),
        showarrow=False,
        xanchor="right",
        xshift=-4,
    )


def _cusum_axes(figure: go.Figure, weeks: pd.DataFrame, look: Look) -> None:
    """Weeks from the left, batches a week above, sums below: up to what matters of them."""
    words, muted = look.words, look.palette.muted
    axis = {"fixedrange": True, "zeroline": False, "tickfont": {"color": muted}, "automargin": True}
    axis["title"] = {"font": {"size": 12, "color": muted}}
    figure.update_xaxes(type="date", tickformat=DAY_TICKS, nticks=7, showgrid=False, **axis)
    figure.update_xaxes(title_text=words("axis.week"), row=2, col=1)
    figure.update_yaxes(gridcolor=look.palette.grid, nticks=4, **axis)
    figure.update_yaxes(title_text=words("axis.batches_a_week"), rangemode="tozero", row=1, col=1)
    top = DRAWN_THRESHOLDS * float(weeks["threshold"].max())
    highest = 1.05 * max(float(weeks["cusum"].max()), float(weeks["threshold"].max()))
    figure.update_yaxes(title_text=words.column("cusum"), range=[0, min(top, highest)], row=2, col=1)


@kept.by_arguments
def multiples(weeks: pd.DataFrame, ports: Sequence[str], *, look: Look, label: Label) -> go.Figure:
    """Small charts side by side on one scale: each port's CUSUM as a share of its own threshold.

    They share one pair of axes: `Panels` places each. To draw axes of their own takes a browser most of the time.
    """
    palette = look.palette
    panels = Panels.of(weeks["week_starts_on"], len(ports))
    figure = blank(palette, 60 + _ROW_HEIGHT * panels.rows)
    xs: list[float | None] = []
    ys: list[float | None] = []
    told: list[str] = []
    for place, port in enumerate(ports):
        own = weeks[weeks["un_location_code"] == port]
        share = own["cusum"].astype(float) / own["threshold"].astype(float)
        xs += [*panels.x(place, own["week_starts_on"]), None]
        ys += [*(panels.y(place) + share.clip(upper=_HIGHEST)), None]
        hover = zip(own["week_starts_on"].astype(str), share, strict=True)
        told += [*(f"{label(port)}<br>{week}: {one:.0%}" for week, one in hover), ""]
    figure.add_scatter(
        x=xs,
        y=ys,
        mode="lines",
        line={"color": palette.accent, "width": 1.6},
        hovertext=told,
        hovertemplate="%{hovertext}<extra></extra>",
    )
    _thresholds(figure, panels, [short(label(port), 22) for port in ports], palette)
    figure.update_xaxes(range=[0, panels.left(COLUMNS - 1) + 1], showgrid=False, **_written(panels.months()))
    shares = {
        panels.y(COLUMNS * row) + share: f"{share:.0%}" for row in range(panels.rows) for share in (0, 1)
    }
    figure.update_yaxes(
        range=[panels.y(COLUMNS * (panels.rows - 1)), _HIGHEST], showgrid=False, **_written(shares)
    )
    figure.update_layout(margin={"t": 34})
    return figure


def _thresholds(figure: go.Figure, panels: Panels, names: Sequence[str], palette: Palette) -> None:
    """Each small chart's threshold, and its name above it."""
    feet = [(panels.left(place), panels.y(place)) for place in range(len(names))]
    figure.add_scatter(
        x=[x for left, _ in feet for x in (left, left + 1, None)],
        y=[y for _, foot in feet for y in (foot + 1, foot + 1, None)],
        mode="lines",
        line={"color": palette.ink, "width": 1, "dash": "dash"},
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=[left + 0.5 for left, _ in feet],
        y=[foot + 1.02 for _, foot in feet],
        mode="text",
        text=list(names),
        textposition="top center",
        textfont={"size": 12, "color": palette.ink},
        cliponaxis=False,
        hoverinfo="skip",
    )


def _written(texts: Mapping[float, str]) -> dict[str, list]:
    return {"tickvals": list(texts), "ticktext": list(texts.values())}


@dataclass(frozen=True)
class Panels:
    """Where small charts stand on one pair of axes, from the left and from the top; each is one wide."""

    first: pd.Timestamp
    last: pd.Timestamp
    rows: int

    @classmethod
    def of(cls, days: pd.Series, count: int) -> Panels:
        """For so many charts over these days."""
        stamps = pd.to_datetime(days)
        return cls(stamps.min(), stamps.max(), max(1, math.ceil(count / COLUMNS)))

    def left(self, place: int) -> float:
        """Where a chart begins."""
        return place % COLUMNS * _PITCH_ACROSS

    def x(self, place: int, days: pd.Series) -> list[float]:
        """Days within a chart."""
        span = max((self.last - self.first).days, 1)
        return list(self.left(place) + (pd.to_datetime(days) - self.first).dt.days / span)

    def y(self, place: int) -> float:
        """Where a chart's zero is; its threshold is one above."""
        return -(place // COLUMNS) * _PITCH_DOWN

    def months(self) -> dict[float, str]:
        """Two months below every chart of a row."""
        begins = pd.Series(pd.date_range(self.first, self.last, freq="MS"))
        some = begins.iloc[[len(begins) // 5, (4 * len(begins)) // 5]] if len(begins) > 1 else begins
        texts = list(some.dt.strftime("%Y-%m"))
        return {
            x: text for place in range(COLUMNS) for x, text in zip(self.x(place, some), texts, strict=True)
        }
