"""Frames -> plotly figures. Nothing here knows Streamlit; every figure says its units.

One accent on greys; the sequential scale is one hue with steadily falling (dark: rising) lightness, so that it
reads the same for every kind of colour vision and in print.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from pages.shared.text import Words

FONT = "'Source Sans', 'Noto Sans CJK SC', 'Noto Sans SC', 'PingFang SC', 'Microsoft YaHei', sans-serif"
MAX_SVG_POINTS = 4_000
"""Up to here click targets are drawn as SVG; above, WebGL is many times quicker."""
Label = Callable[[str], str]


@dataclass(frozen=True)
class Palette:
    """Colours of a theme."""

    ink: str
    muted: str
    grid: str
    accent: str
    soft: str
    """The accent's quiet neighbour: the second of two series."""
    scale: tuple[str, ...]
    """From none to most."""


LIGHT = Palette(
    ink="#1C2833", muted="#5D6B78", grid="#E3E8ED", accent="#0B5C8A", soft="#A9B4BE",
    scale=("#EEF3F7", "#C3DBEA", "#86B8D6", "#4390BD", "#0B5C8A", "#06304A"),
)
DARK = Palette(
    ink="#E3EAF0", muted="#9AA8B5", grid="#2A3641", accent="#5AB0E0", soft="#596876",
    scale=("#1A252F", "#1D4058", "#256489", "#3D8FC0", "#7CC2EA", "#DDF1FC"),
)


def _figure(palette: Palette, height: int) -> go.Figure:
    """An empty figure in our manner: transparent, calm axes, no drag that would catch a finger's scroll."""
    figure = go.Figure()
    figure.update_layout(
        template="none", height=height, margin={"l": 8, "r": 8, "t": 8, "b": 8}, dragmode=False,
        paper_bgcolor="rgba(0,0,0,0)", plot_bgcolor="rgba(0,0,0,0)", hovermode="closest",
        font={"family": FONT, "size": 13, "color": palette.ink}, showlegend=False,
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "xanchor": "left"},
        hoverlabel={"font": {"family": FONT, "size": 13}},
    )
    axis = {
        "automargin": True, "fixedrange": True, "zeroline": False, "showline": False,
        "gridcolor": palette.grid, "tickfont": {"color": palette.muted}, "title": {"font": {"color": palette.muted}},
    }
    figure.update_xaxes(**axis)
    figure.update_yaxes(**axis)
    return figure


def heatmap(
    frame: pd.DataFrame, x: str, y: str, value: str, *, words: Words, palette: Palette, label: Label,
    x_label: Label | None = None, order: list[str] | None = None, marked: Mapping[str, str] | None = None,
) -> go.Figure:
    """A grid of `value` (a count) over `x` and `y`, with a click target on every cell that has a row.

    `frame`: one row a cell. `x` is dates, or codes where `x_label` is given. `y` is codes, drawn in `order` from
    the top, else those with most first. A cell without a row is left open: none is not the same as zero.
    Each target's `customdata` is [x, y, value], x as ISO date or code, an empty code as ``-``. `marked` names a
    cell ({"x": ..., "y": ...}) to be outlined.
    """
    columns, rows, grid = _grid(frame, x, y, value, order)
    figure = _figure(palette, height=110 + max(1, len(rows)) * (24 if len(rows) <= 40 else 15))
    unit = words(f"measure.{value}.unit")
    gap = 1 if grid.size <= MAX_SVG_POINTS else 0
    figure.add_heatmap(
        x=columns, y=rows, z=grid, xgap=gap, ygap=gap, hoverinfo="skip", zmin=0, zmax=max(1.0, _largest(grid)),
        colorscale=[[step / (len(palette.scale) - 1), colour] for step, colour in enumerate(palette.scale)],
        colorbar={
            "title": {"text": unit, "side": "top", "font": {"color": palette.muted}}, "thickness": 10, "outlinewidth": 0,
            "orientation": "h", "x": 1, "xanchor": "right", "y": 1.0, "yanchor": "bottom", "len": 220, "lenmode": "pixels",
            "tickfont": {"color": palette.muted}, "nticks": 4,
        },
    )
    _targets(figure, columns, rows, grid, f"{words(f'measure.{value}')}: %{{customdata[2]:,}} {unit}", label, x_label)
    if x_label is None:
        figure.update_xaxes(title_text=words("axis.day"), tickformat="%Y-%m-%d", type="date", nticks=8, showgrid=False)
    else:
        texts = [x_label(code) for code in columns]
        figure.update_xaxes(type="category", tickvals=columns, ticktext=texts, title_text=words(f"axis.{x}"), showgrid=False)
    figure.update_yaxes(
        type="category", autorange="reversed", tickvals=rows, ticktext=[label(code) for code in rows], showgrid=False,
    )
    if marked:
        _outline(figure, marked, columns, rows, palette, is_date=x_label is None)
    return figure


def _grid(
    frame: pd.DataFrame, x: str, y: str, value: str, order: list[str] | None
) -> tuple[list[str], list[str], np.ndarray]:
    """Columns, rows and a float grid with NaN where there is no row; days without any row still have a column."""
    cells = pd.DataFrame({"x": frame[x].astype(str), "y": frame[y].fillna("").astype(str), "value": frame[value]})
    cells.loc[cells["y"] == "", "y"] = "-"
    wide = cells.pivot(index="y", columns="x", values="value").astype(float)
    if x == "date" and len(frame):
        days = pd.date_range(cells["x"].min(), cells["x"].max(), freq="D").strftime("%Y-%m-%d")
        wide = wide.reindex(columns=days)
    if order is None:
        rows = list(wide.sum(axis=1).sort_values(ascending=False, kind="stable").index)
    else:
        rows = [code for code in order if code in wide.index]
    columns = list(wide.columns) if x == "date" else sorted(wide.columns, key=_numeric_first)
    return columns, rows, wide.loc[rows, columns].to_numpy()


def _numeric_first(code: str) -> tuple[float, str]:
    return (float(code), code) if code.replace(".", "", 1).isdigit() else (float("inf"), code)


def _largest(grid: np.ndarray) -> float:
    return float(np.nanmax(grid)) if grid.size and not np.isnan(grid).all() else 0.0


def _targets(
    figure: go.Figure, columns: list[str], rows: list[str], grid: np.ndarray, line: str, label: Label,
    x_label: Label | None,
) -> None:
    """Transparent squares over the cells: plotly does not report a click on a bare heatmap."""
    down, across = np.nonzero(~np.isnan(grid))
    xs, ys = np.asarray(columns, dtype=object)[across], np.asarray(rows, dtype=object)[down]
    custom = np.column_stack([xs, ys, grid[down, across].astype(object)]) if len(xs) else np.empty((0, 3), dtype=object)
    kind = go.Scatter if len(xs) <= MAX_SVG_POINTS else go.Scattergl
    names = {code: label(code) for code in rows} | ({code: x_label(code) for code in columns} if x_label else {})
    figure.add_trace(
        kind(
            x=xs, y=ys, mode="markers", customdata=custom, text=[names[code] for code in ys],
            marker={"symbol": "square", "size": 12, "color": "rgba(0,0,0,0)", "line": {"width": 0}},
            selected={"marker": {"opacity": 0}}, unselected={"marker": {"opacity": 0}},
            hovertext=[names.get(code, code) for code in xs], name="",
            hovertemplate="<b>%{text}</b><br>%{hovertext}<br>" + line + "<extra></extra>",
        )
    )


def _outline(
    figure: go.Figure, marked: Mapping[str, str], columns: list[str], rows: list[str], palette: Palette, is_date: bool
) -> None:
    """A frame round one cell."""
    if marked.get("x") not in columns or marked.get("y") not in rows:
        return
    row = rows.index(marked["y"])
    if is_date:
        half, day = pd.Timedelta(hours=12), pd.Timestamp(marked["x"])
        left, right = str(day - half), str(day + half)
    else:
        column = columns.index(marked["x"])
        left, right = column - 0.5, column + 0.5
    figure.add_shape(
        type="rect", x0=left, x1=right, y0=row - 0.5, y1=row + 0.5, line={"color": palette.ink, "width": 2},
    )


def lines(
    frame: pd.DataFrame, x: str, series: Mapping[str, str], *, words: Words, palette: Palette, unit: str,
    height: int = 300, target: str | None = None,
) -> go.Figure:
    """Lines over days. `series` maps columns to what they are called, the one in the accent first.

    `target` names the column that is drawn dashed. One row a day; a null leaves a gap.
    """
    figure = _figure(palette, height)
    colours = [palette.accent, palette.soft, palette.muted]
    for place, (column, name) in enumerate(series.items()):
        is_target = column == target
        figure.add_scatter(
            x=frame[x].astype(str), y=frame[column].astype(float), mode="lines", name=name,
            line={
                "color": palette.muted if is_target else colours[min(place, 2)], "width": 1.5 if is_target else 2.2,
                "dash": "dash" if is_target else "solid", "shape": "linear",
            },
            hovertemplate=f"%{{x}}<br>{name}: %{{y:,.0f}} {unit}<extra></extra>",
        )
    figure.update_layout(showlegend=True, hovermode="x unified")
    figure.update_xaxes(title_text=words("axis.day"), type="date", tickformat="%Y-%m-%d", nticks=7, showgrid=False)
    figure.update_yaxes(title_text=unit, rangemode="tozero")
    return figure


def burn_down(days: pd.DataFrame, *, words: Words, palette: Palette) -> go.Figure:
    """What is left of the backlog per day against the straight line to the target.

    `days`: one row a day of one scope: date, remaining, target_line (null where no target is set).
    """
    series = {"remaining": words("campaign.remaining")}
    if days["target_line"].notna().any():
        series["target_line"] = words("campaign.target_line")
    return lines(
        days, "date", series, words=words, palette=palette, unit=words("unit.batches"), height=320, target="target_line"
    )


def daily_totals(stock: pd.DataFrame, *, words: Words, palette: Palette, unit: str) -> go.Figure:
    """Backlog and stock a day, added over the rows of that day (each batch is at one port at a time)."""
    days = stock.groupby("date", as_index=False)[["backlog", "stock"]].sum()
    series = {"backlog": words("measure.backlog"), "stock": words("measure.stock")}
    return lines(days, "date", series, words=words, palette=palette, unit=unit, height=260)


def bars(
    frame: pd.DataFrame, label: str, value: str, *, palette: Palette, unit: str, highlight: int | None = None
) -> go.Figure:
    """Lying bars in the frame's order from the top, each with its number. `highlight`: the rows in the accent."""
    figure = _figure(palette, height=70 + 30 * max(1, len(frame)))
    accent = len(frame) if highlight is None else highlight
    figure.add_bar(
        x=frame[value].astype(float), y=frame[label].astype(str), orientation="h", text=frame[value].map("{:,}".format),
        textposition="outside", cliponaxis=False, textfont={"color": palette.ink},
        marker={"color": [palette.accent if row < accent else palette.soft for row in range(len(frame))]},
        hovertemplate=f"%{{y}}: %{{x:,}} {unit}<extra></extra>",
    )
    largest = float(frame[value].max()) if len(frame) else 1.0
    figure.update_xaxes(title_text=unit, range=[0, max(largest, 1) * 1.18], nticks=5)
    figure.update_yaxes(type="category", autorange="reversed", showgrid=False, tickfont={"color": palette.ink})
    figure.update_layout(bargap=0.35, margin={"r": 24})
    return figure


def story(events: pd.DataFrame, *, words: Words, palette: Palette, lanes: list[str]) -> go.Figure:
    """One batch over time. `events`: at (wall time), lane, text; `lanes` from the top."""
    figure = _figure(palette, height=96 + 44 * len(lanes))
    for lane in lanes:
        here = events[events["lane"] == lane]
        figure.add_scatter(
            x=here["at"], y=[lane] * len(here), mode="markers", name=lane, text=here["text"],
            marker={"size": 11, "symbol": "diamond", "color": palette.accent, "line": {"width": 1, "color": palette.grid}},
            hovertemplate="%{x|%Y-%m-%d %H:%M}<br>%{text}<extra></extra>",
        )
    figure.update_xaxes(title_text=words("axis.time", offset=words.offset()), type="date", nticks=7)
    figure.update_yaxes(
        type="category", categoryorder="array", categoryarray=lanes, autorange="reversed", tickfont={"color": palette.ink}
    )
    return figure


