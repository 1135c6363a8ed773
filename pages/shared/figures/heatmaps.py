"""Frames -> heatmaps whose cells can be clicked.

One hue with steadily falling (dark theme: rising) lightness, so that a grid reads the same for every kind of
colour vision and in print.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from pages.shared import kept
from pages.shared.figures.plot import CLICKS, TARGETS, Label, Look, Palette, blank, days_across, framed, short
from pages.shared.text import spelled

LEAST_HEIGHT = 210
"""Of which the scale of colours above and the days below take 146 pixels."""
MANY_ROWS = 40
"""Rows beyond which they are lower and their names smaller."""
MAX_GAPS = 4_000
"""Cells up to which a hair of paper is left between them."""
MAX_NAMED = 10_000
"""Cells up to which each carries the name of its row for the hover text; beyond, its code does."""

_SCALE_ABOVE = {
    "thickness": 10,
    "outlinewidth": 0,
    "orientation": "h",
    "x": 0,
    "xanchor": "left",
    "y": 1.0,
    "yanchor": "bottom",
    "len": 220,
    "lenmode": "pixels",
    "tickformat": ",d",
    "nticks": 4,
    "tick0": 0,
}


@kept.by_arguments
def heatmap(
    frame: pd.DataFrame,
    x: str,
    y: str,
    value: str,
    *,
    look: Look,
    label: Label,
    x_label: Label | None = None,
    order: list[str] | None = None,
    x_order: list[str] | None = None,
    marked: Mapping[str, str] | None = None,
    is_clicked: bool = False,
) -> go.Figure:
    """A grid of `value` (a count) over `x` and `y`, with a target on every cell that has a row, to hover or click.

    `frame`: one row a cell. `x` is dates, or codes where `x_label` and `x_order` are given. `y` is codes,
    drawn in `order` from the top, else those with most first. A cell without a row is left open: none is not
    the same as zero. A target's x is the day or the code, its y the code, its `customdata` the count. `marked`
    names a cell ({"x": ..., "y": ...}) to be outlined.
    """
    columns, rows, grid = _grid(frame, x, y, value, order, x_order)
    height = 100 + len(rows) * (24 if len(rows) <= MANY_ROWS else 15)
    figure = blank(look.palette, height=max(height, LEAST_HEIGHT))
    told = f"{look.words(f'measure.{value}')} ({look.unit})"
    _cells(figure, columns, rows, grid, told, look.palette)
    line = f"{look.words(f'measure.{value}')}: %{{customdata:,}} {look.unit}"
    _targets(figure, columns, rows, grid, line, label, x_label)
    if x_label is None:
        days_across(figure, look.words("axis.day"), ticks=8)
        figure.update_xaxes(range=_day_range(columns) if columns else None)
    else:
        _codes_across(figure, columns, [x_label(code) for code in columns], look.words(f"axis.{x}"))
    _rows_down(figure, rows, label, look.palette)
    if is_clicked:
        figure.update_layout(CLICKS)
    if marked:
        _outline(figure, marked, columns, rows, look.palette, is_date=x_label is None)
    return figure


def _cells(
    figure: go.Figure, columns: list[str], rows: list[str], grid: np.ndarray, told: str, palette: Palette
) -> None:
    """The coloured cells, and the scale of their colours above them."""
    gap = 1 if grid.size <= MAX_GAPS else 0
    largest = _largest(grid)
    figure.add_heatmap(
        x=columns,
        y=rows,
        z=grid.astype("float32"),
        xgap=gap,
        ygap=gap,
        hoverinfo="skip",
        zmin=0,
        zmax=max(1.0, largest),
        colorscale=_scale(palette),
        colorbar=_SCALE_ABOVE
        | {
            "title": {"text": told, "side": "right", "font": {"color": palette.muted, "size": 12}},
            "tickfont": {"color": palette.muted},
            "dtick": 1 if largest <= 4 else None,
        },
    )


def _codes_across(figure: go.Figure, codes: list[str], texts: list[str], title: str) -> None:
    figure.update_xaxes(
        type="category",
        tickvals=codes,
        ticktext=texts,
        title_text=title,
        showgrid=False,
        range=[-0.5, len(codes) - 0.5],
        tickangle=0,
    )


def _rows_down(figure: go.Figure, rows: list[str], label: Label, palette: Palette) -> None:
    figure.update_yaxes(
        type="category",
        range=[len(rows) - 0.5, -0.5],
        tickvals=rows,
        ticktext=[spelled(short(label(code))) for code in rows],
        showgrid=False,
        tickfont={"color": palette.ink, "size": 13 if len(rows) <= MANY_ROWS else 10},
    )


def _scale(palette: Palette) -> list[list[float | str]]:
    """The palette's colours, closer together at the low end: one large port leaves the small ones visible."""
    last = len(palette.scale) - 1
    return [[(step / last) ** 1.7, colour] for step, colour in enumerate(palette.scale)]


def _grid(
    frame: pd.DataFrame, x: str, y: str, value: str, order: list[str] | None, x_order: list[str] | None
) -> tuple[list[str], list[str], np.ndarray]:
    """Columns, rows and a float grid with NaN where there is no row; every day between has a column."""
    cells = pd.DataFrame({"x": frame[x].astype(str), "y": frame[y].astype(str), "value": frame[value]})
    wide = cells.pivot(index="y", columns="x", values="value").astype(float)
    rows = list(wide.sum(axis=1).sort_values(ascending=False, kind="stable").index)
    if order is not None:
        rows = [code for code in order if code in wide.index]
    columns = x_order if x_order is not None else _days(cells["x"])
    return columns, rows, wide.reindex(index=rows, columns=columns).to_numpy()


def _days(days: pd.Series) -> list[str]:
    """Every day from the first to the last, as ISO text."""
    return list(pd.date_range(days.min(), days.max(), freq="D").strftime("%Y-%m-%d")) if len(days) else []


def _day_range(days: list[str]) -> tuple[Any, Any]:
    """From the first day's start to the last day's end, so that cells fill the frame."""
    half = pd.Timedelta(hours=12)
    return str(pd.Timestamp(days[0]) - half), str(pd.Timestamp(days[-1]) + half)


def _largest(grid: np.ndarray) -> float:
    return float(np.nanmax(grid)) if grid.size and not np.isnan(grid).all() else 0.0


def _targets(
    figure: go.Figure,
    columns: list[str],
    rows: list[str],
    grid: np.ndarray,
    line: str,
    label: Label,
    x_label: Label | None,
) -> None:
    """Click targets over the cells, each with its line of hover text."""
    down, across = np.nonzero(~np.isnan(grid))
    days = np.asarray(columns, dtype="datetime64[ms]") if x_label is None else None
    xs = np.asarray(columns, dtype=object) if days is None else days.astype("int64").astype(float)
    names = [spelled(label(code)) for code in rows]
    told = None
    if days is None and x_label is not None:
        told = [
            f"{names[row]}<br>{x_label(columns[column])}" for row, column in zip(down, across, strict=True)
        ]
    elif len(down) <= MAX_NAMED:
        told = [names[row] for row in down]
    who = "%{y}" if told is None else "%{hovertext}"
    figure.add_scatter(
        x=xs[across],
        y=np.asarray(rows, dtype=object)[down],
        **TARGETS,
        customdata=grid[down, across].astype("int32"),
        hovertext=told,
        name="",
        hovertemplate=f"<b>{who}</b>{'<br>%{x|%Y-%m-%d}' if days is not None else ''}<br>{line}<extra></extra>",
    )


def _outline(
    figure: go.Figure,
    marked: Mapping[str, str],
    columns: list[str],
    rows: list[str],
    palette: Palette,
    is_date: bool,
) -> None:
    """A frame round one cell."""
    if marked.get("x") not in columns or marked.get("y") not in rows:
        return
    column = columns.index(marked["x"])
    across = _day_range([marked["x"]] * 2) if is_date else (column - 0.5, column + 0.5)
    framed(figure, across, rows.index(marked["y"]), palette)
