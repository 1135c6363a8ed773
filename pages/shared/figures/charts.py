"""Frames -> figures: lines, bars, a batch's story.

One accent on greys. Grids are in `heatmaps`.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go

from pages.shared import kept
from pages.shared.figures.plot import DAY_TICKS, Look, blank, days_across, short

_DAY_MS = 86_400_000
_MOMENT_TICKS = [
    {"dtickrange": [None, _DAY_MS - 1], "value": "%H:%M\n%m-%d"},
    {"dtickrange": [_DAY_MS, None], "value": DAY_TICKS},
]
"""Ticks of a short story tell hours, those of a long one days."""


def lines(
    frame: pd.DataFrame, series: Mapping[str, str], *, look: Look, height: int, target: str | None = None
) -> go.Figure:
    """Lines over days. `series` maps columns to what they are called, the one in the accent first.

    `target` names the column that is drawn dashed. One row a day; a null leaves a gap.
    """
    palette, unit = look.palette, look.unit
    figure = blank(palette, height)
    colours = [palette.accent, palette.soft, palette.muted]
    for place, (column, name) in enumerate(series.items()):
        is_target = column == target
        figure.add_scatter(
            x=frame["date"].astype(str),
            y=frame[column].astype(float),
            mode="lines",
            name=name,
            line={
                "color": palette.muted if is_target else colours[min(place, 2)],
                "width": 1.5 if is_target else 2.2,
                "dash": "dash" if is_target else "solid",
                "shape": "linear",
            },
            hovertemplate=f"%{{x}}<br>{name}: %{{y:,.0f}} {unit}<extra></extra>",
        )
    figure.update_layout(showlegend=True, hovermode="x unified")
    days_across(figure, look.words("axis.day"))
    figure.update_yaxes(title_text=unit, rangemode="tozero")
    return figure


@kept.by_arguments
def burn_down(days: pd.DataFrame, *, look: Look) -> go.Figure:
    """What is left of the backlog a day, and what was cleared against the straight line to the target.

    `days`: one row a day of one scope: date, remaining, cleared, target_line (null where there is no target).
    """
    series = {"remaining": look.words("campaign.remaining"), "cleared": look.words("campaign.cleared")}
    if days["target_line"].notna().any():
        series["target_line"] = look.words("campaign.target_line")
    return lines(days, series, look=look, height=320, target="target_line")


@kept.by_arguments
def daily_totals(stock: pd.DataFrame, *, look: Look) -> go.Figure:
    """Backlog and stock a day, added over the rows of that day: a batch at two ports counts at both."""
    days = stock.groupby("date", as_index=False)[["backlog", "stock"]].sum()
    series = {"backlog": look.words("measure.backlog"), "stock": look.words("measure.stock")}
    return lines(days, series, look=look, height=300)


@kept.by_arguments
def bars(frame: pd.DataFrame, label: str, value: str, *, look: Look, quiet: int = 0) -> go.Figure:
    """Lying bars in the frame's order from the top, each with its number; the first `quiet` rows are grey."""
    palette, unit = look.palette, look.unit
    figure = blank(palette, height=70 + 30 * max(1, len(frame)))
    figure.add_bar(
        x=frame[value].astype(float),
        y=frame[label].astype(str),
        orientation="h",
        text=frame[value].map("{:,}".format),
        textposition="outside",
        cliponaxis=False,
        textfont={"color": palette.ink},
        marker={"color": [palette.soft if row < quiet else palette.accent for row in range(len(frame))]},
        hovertemplate=f"%{{y}}: %{{x:,}} {unit}<extra></extra>",
    )
    largest = float(frame[value].max()) if len(frame) else 1.0
    figure.update_xaxes(title_text=unit, range=[0, max(largest, 1) * 1.18], nticks=5)
    names = [str(name) for name in frame[label]]
    figure.update_yaxes(
        type="category",
        autorange="reversed",
        showgrid=False,
        tickfont={"color": palette.ink},
        tickvals=names,
        ticktext=[short(name) for name in names],
    )
    figure.update_layout(bargap=0.35, margin={"r": 24})
    return figure


@kept.by_arguments
def story(events: pd.DataFrame, spans: pd.DataFrame, *, look: Look, lanes: list[str]) -> go.Figure:
    """One batch over time: its visits as bars in the first lane, its events as marks in the others.

    `events`: at (wall time), lane, text. `spans`: start, end (wall time), text. `lanes` from the top.
    """
    words, palette = look.words, look.palette
    figure = blank(palette, height=96 + 44 * len(lanes))
    for start, end, text in zip(spans["start"], spans["end"], spans["text"], strict=True):
        figure.add_scatter(
            x=[start, end],
            y=[lanes[0]] * 2,
            mode="lines",
            line={"color": palette.soft, "width": 12},
            hovertemplate=f"{text}<br>%{{x|%Y-%m-%d %H:%M}}<extra></extra>",
        )
    for lane in lanes[1:]:
        here = events[events["lane"] == lane]
        figure.add_scatter(
            x=here["at"],
            y=[lane] * len(here),
            mode="markers",
            name=lane,
            text=here["text"],
            marker={
                "size": 11,
                "symbol": "diamond",
                "color": palette.accent,
                "line": {"width": 1, "color": palette.grid},
            },
            hovertemplate="%{x|%Y-%m-%d %H:%M}<br>%{text}<extra></extra>",
        )
    figure.update_xaxes(
        title_text=words("axis.time", offset=words.offset()),
        type="date",
        nticks=6,
        tickformatstops=_MOMENT_TICKS,
    )
    figure.update_yaxes(
        type="category",
        categoryorder="array",
        categoryarray=lanes,
        autorange="reversed",
        tickfont={"color": palette.ink},
    )
    return figure
