"""Frames -> the figures of the safety desk: what makes a score, the yard by block and bay, the stock ahead, hot days."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from pages.shared import kept
from pages.shared.codes import NO_CODE
from pages.shared.figures.plot import (
    CLICKS,
    TARGETS,
    Label,
    Look,
    Palette,
    blank,
    days_across,
    faded,
    framed,
    short,
)
from pages.shared.text import spelled

FEWEST_BAYS = 8
"""A yard of fewer bays leaves room beside it instead of drawing them as wide as the screen."""


@dataclass(frozen=True)
class Shade:
    """What a plan is coloured by: its column, how a cell is written, and the ends of the scale."""

    column: str
    text: str
    lowest: float
    highest: float
    title: str


@kept.by_arguments
def points(rows: pd.DataFrame, *, look: Look, parts: Mapping[str, str]) -> go.Figure:
    """Batches from the top by parts: the points of the score that each part makes; a part not told is left open.

    `rows`: risk_rank, name, part, score_points. `parts`: what the parts are called, in order.
    """
    palette, words = look.palette, look.words
    names = [str(name) for name in dict.fromkeys(rows["name"])]
    wide = rows.pivot(index="name", columns="part", values="score_points")
    grid = wide.reindex(index=names, columns=list(parts)).to_numpy(float)
    figure = blank(palette, height=110 + 26 * max(1, len(names)))
    texts = [["" if np.isnan(cell) else f"{cell:.0f}" for cell in line] for line in grid.tolist()]
    figure.add_heatmap(
        x=list(parts),
        y=names,
        z=grid,
        text=texts,
        texttemplate="%{text}",
        xgap=2,
        ygap=2,
        zmin=0,
        zmax=max(1.0, float(np.nanmax(grid)) if grid.size and not np.isnan(grid).all() else 1.0),
        colorscale=_even(palette.scale),
        showscale=False,
        customdata=[[parts[part] for part in parts]] * len(names),
        hovertemplate=f"<b>%{{y}}</b><br>%{{customdata}}: %{{z:.1f}} {words('unit.points')}<extra></extra>",
    )
    figure.update_xaxes(
        type="category",
        side="top",
        tickvals=list(parts),
        ticktext=[_broken(name) for name in parts.values()],
        tickangle=0,
        showgrid=False,
        tickfont={"color": palette.ink, "size": 12},
    )
    figure.update_yaxes(
        type="category", autorange="reversed", showgrid=False, tickfont={"color": palette.ink, "size": 12}
    )
    return figure


def _broken(name: str) -> str:
    """A heading in two lines where it is long; Chinese has no blanks to break at."""
    first, _, rest = name.partition(" ")
    if not rest and len(name) > 4 and not name.isascii():
        first, rest = name[: (len(name) + 1) // 2], name[(len(name) + 1) // 2 :]
    return f"{first}<br>{rest}" if rest and (len(name) > 12 or not name.isascii()) else name


def _even(scale: tuple[str, ...]) -> list[list[float | str]]:
    return [[step / (len(scale) - 1), colour] for step, colour in enumerate(scale)]


@kept.by_arguments
def plan(
    cells: pd.DataFrame, *, look: Look, shade: Shade, label: Label, marked: tuple[str, str] | None
) -> go.Figure:
    """A yard: blocks by bays, each cell with a click target whose x is the bay and whose y is the place.

    `cells`: place (facility and block, as `codes.joined` writes them), bay (as `codes.written` does), units, told (what
    the cell says when pointed at) and the shade's columns.
    """
    bays, places = bay_order(cells["bay"]), sorted(set(cells["place"]))
    wide = cells.pivot(index="place", columns="bay", values=shade.column).reindex(index=places, columns=bays)
    written = cells.pivot(index="place", columns="bay", values=shade.text).reindex(index=places, columns=bays)
    figure = blank(look.palette, height=120 + 30 * max(1, len(places)))
    figure.add_heatmap(
        x=bays,
        y=places,
        z=wide.to_numpy(float),
        text=written.fillna("").to_numpy(),
        texttemplate="%{text}",
        textfont={"size": 12},
        xgap=2,
        ygap=2,
        zmin=shade.lowest,
        zmax=shade.highest,
        colorscale=_even(look.palette.scale),
        hoverinfo="skip",
        showscale=False,
    )
    _cell_targets(figure, cells)
    if marked and marked[0] in places and marked[1] in bays:
        row, column = places.index(marked[0]), bays.index(marked[1])
        framed(figure, (column - 0.5, column + 0.5), row, look.palette)
    _yard_axes(figure, bays, places, look, label)
    return figure


def _cell_targets(figure: go.Figure, cells: pd.DataFrame) -> None:
    """What is hovered and clicked: a click anywhere in a cell finds its target, which is a point in the middle."""
    figure.add_scatter(
        x=cells["bay"],
        y=cells["place"],
        **TARGETS,
        hovertext=cells["told"],
        hovertemplate="%{hovertext}<extra></extra>",
        name="",
    )
    figure.update_layout(CLICKS, hoverdistance=60)


def _yard_axes(figure: go.Figure, bays: list[str], places: list[str], look: Look, label: Label) -> None:
    """Bays from the left, places from the top."""
    figure.update_xaxes(
        type="category",
        categoryorder="array",
        categoryarray=bays,
        range=[-0.5, max(len(bays), FEWEST_BAYS) - 0.5],
        title_text=look.words("axis.bay"),
        showgrid=False,
    )
    figure.update_yaxes(
        type="category",
        categoryorder="array",
        categoryarray=places,
        range=[len(places) - 0.5, -0.5],
        tickvals=places,
        ticktext=[spelled(short(label(place))) for place in places],
        showgrid=False,
        tickfont={"color": look.palette.ink},
    )


def bay_order(bays: pd.Series) -> list[str]:
    """Bays by their number, then those that are no number, the untold last."""

    def key(bay: str) -> tuple[int, int, str]:
        return (0, int(bay), "") if bay.isdigit() else (2 if bay == NO_CODE else 1, 0, bay)

    return sorted(set(bays), key=key)


@kept.by_arguments
def ahead(rows: pd.DataFrame, past: pd.DataFrame, *, look: Look) -> go.Figure:
    """The stock of the last weeks, and of the days ahead with its band.

    `rows`: date, expected_stock, lower_stock, upper_stock. `past`: date, stock.
    """
    palette, words = look.palette, look.words
    figure = blank(palette, 330)
    days = rows["date"].astype(str)
    figure.add_scatter(
        x=pd.concat([days, days[::-1]]),
        y=pd.concat([rows["upper_stock"], rows["lower_stock"][::-1]]),
        fill="toself",
        mode="lines",
        line={"width": 0},
        fillcolor=faded(palette.accent, 0.18),
        name=words("safety.band"),
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=past["date"].astype(str),
        y=past["stock"],
        mode="lines",
        name=words("measure.stock"),
        line={"color": palette.muted, "width": 2},
        hovertemplate=f"%{{x}}: %{{y:,}} {look.unit}<extra></extra>",
    )
    figure.add_scatter(
        x=days,
        y=rows["expected_stock"],
        mode="lines",
        name=words("safety.expected"),
        line={"color": palette.accent, "width": 2.4},
        customdata=rows[["lower_stock", "upper_stock"]].to_numpy(float),
        hovertemplate=f"%{{x}}: %{{y:,.0f}} {look.unit} (%{{customdata[0]:,.0f}}–%{{customdata[1]:,.0f}})<extra></extra>",
    )
    figure.update_layout(showlegend=True)
    days_across(figure, words("axis.day"))
    figure.update_yaxes(title_text=look.unit, rangemode="tozero", nticks=6)
    return figure


@kept.by_arguments
def hot_days(rows: pd.DataFrame, levels: pd.DataFrame, *, look: Look) -> go.Figure:
    """A port's maxima a day with the levels of heat; a day that was not told is a gap and a mark below.

    `rows`: date, max_temp_c, is_missing, one a day. `levels`: from_temp_c, name.
    """
    palette, words = look.palette, look.words
    figure = blank(palette, 300)
    days = rows["date"].astype(str)
    figure.add_scatter(
        x=days,
        y=rows["max_temp_c"].astype(float),
        mode="lines+markers" if len(rows) <= 120 else "lines",
        marker={"size": 4},
        name=words("column.max_temp_c"),
        line={"color": palette.accent, "width": 2},
        connectgaps=False,
        hovertemplate="%{x}: %{y:.1f} °C<extra></extra>",
    )
    _missing_days(figure, rows, look)
    _heat_levels(figure, levels, palette)
    figure.update_layout(showlegend=bool(rows["is_missing"].any()))
    days_across(figure, words("axis.day"))
    figure.update_yaxes(title_text="°C", nticks=6)
    return figure


def _missing_days(figure: go.Figure, rows: pd.DataFrame, look: Look) -> None:
    """A mark at the foot for every day that nobody told."""
    missing = rows[rows["is_missing"]]
    if missing.empty:
        return
    low = float(rows["max_temp_c"].min()) if rows["max_temp_c"].notna().any() else 0.0
    told = look.words("safety.missing_days")
    figure.add_scatter(
        x=missing["date"].astype(str),
        y=[low] * len(missing),
        mode="markers",
        marker={"symbol": "x", "size": 8, "color": look.palette.ink},
        name=told,
        hovertemplate=f"%{{x}}: {told}<extra></extra>",
    )


def _heat_levels(figure: go.Figure, levels: pd.DataFrame, palette: Palette) -> None:
    for value, name in zip(levels["from_temp_c"], levels["name"], strict=True):
        figure.add_hline(
            y=float(value),
            line={"color": palette.muted, "width": 1, "dash": "dot"},
            annotation={"text": f"{name} ≥ {value:g} °C", "font": {"size": 11, "color": palette.muted}},
            annotation_position="top left",
        )
