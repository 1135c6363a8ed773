"""What every figure has in common: the colours of a theme, the font, calm axes."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from pages.shared.figures.margins import roomy
from pages.shared.text import Words

FONT = "'Source Sans', 'Noto Sans CJK SC', 'Noto Sans SC', 'PingFang SC', 'Microsoft YaHei', sans-serif"
DAY_TICKS = "%m-%d\n%Y"
"""Month and day, the year below where it begins: never turned, never cut off on a phone."""
Label = Callable[[str], str]
TARGETS: dict[str, Any] = {"mode": "markers", "marker": {"opacity": 0, "maxdisplayed": 1}}
"""Click targets over the cells of a heatmap, on which itself no click is reported.

They are markers of which plotly draws but one, transparent: it finds and selects them all, and the browser need not
hold an element for each.
"""
CLICKS = {"clickmode": "event+select"}
"""The layout of a figure whose marks can be clicked, as Streamlit's page would set it later, and draw it once more."""


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
    ink="#1C2833",
    muted="#5D6B78",
    grid="#E3E8ED",
    accent="#0B5C8A",
    soft="#A9B4BE",
    scale=("#EEF3F7", "#C3DBEA", "#86B8D6", "#4390BD", "#0B5C8A", "#06304A"),
)
DARK = Palette(
    ink="#E3EAF0",
    muted="#9AA8B5",
    grid="#2A3641",
    accent="#5AB0E0",
    soft="#596876",
    scale=("#1A252F", "#1D4058", "#256489", "#3D8FC0", "#7CC2EA", "#DDF1FC"),
)


@dataclass(frozen=True)
class Look:
    """How a figure is to be drawn: in which words, which colours, and what its counts are counts of."""

    words: Words
    palette: Palette
    unit: str


class Drawing(go.Figure):
    """A figure that hands out its finished form as it is, once it is done, where plotly copies it every time."""

    _done: dict[str, Any] | None = None

    @classmethod
    def finished(cls, figure: go.Figure) -> Drawing:
        """The figure with its finished form: nothing is drawn into it from now on.

        Streamlit's page hands plotly every figure twice, the second time a copy, and plotly draws the copy anew unless
        it finds nothing changed. It takes arrays that are plain lists for the same as long as `datarevision` is,
        packed ones and a template never.
        """
        drawing = figure if isinstance(figure, cls) else cls(figure)
        form = _listed(go.Figure.to_dict(drawing))
        form["layout"].pop("template", None)
        content = drawing.to_json(validate=False).encode()
        form["layout"]["margin"] = roomy(form)
        form["layout"]["datarevision"] = hashlib.blake2b(content, digest_size=8).hexdigest()
        drawing._done = form
        return drawing

    @property
    def length(self) -> int:
        """Characters of what the browser gets."""
        return len(self.to_json(validate=False))

    def to_dict(self) -> dict[str, Any]:
        """What the browser gets; not to be changed."""
        form: dict[str, Any] = self._done or super().to_dict()
        return form


def _listed(part: Any) -> Any:
    """The form of a figure with plain lists in the place of packed arrays, None for what is no number."""
    if isinstance(part, list | tuple):
        return [_listed(one) for one in part]
    if not isinstance(part, dict):
        return part
    if "bdata" not in part:
        return {name: _listed(one) for name, one in part.items()}
    cells = np.frombuffer(base64.b64decode(part["bdata"]), dtype=part["dtype"])
    if "shape" in part:
        cells = cells.reshape([int(length) for length in str(part["shape"]).split(",")])
    if cells.dtype.kind != "f":
        return cells.tolist()
    told = np.isfinite(cells)
    is_whole = bool((cells[told] == np.floor(cells[told])).all())
    listed = np.where(told, cells, 0).astype("int64" if is_whole else "float64").astype(object)
    listed[~told] = None
    return listed.tolist()


def blank(palette: Palette, height: int) -> Drawing:
    """An empty figure in our manner: transparent, calm axes, no drag that would catch a finger's scroll."""
    figure = Drawing()
    figure.update_layout(
        template="none",
        height=height,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        dragmode=False,
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        hovermode="closest",
        font={"family": FONT, "size": 13, "color": palette.ink},
        showlegend=False,
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "xanchor": "left"},
        hoverlabel={"font": {"family": FONT, "size": 13}},
    )
    axis = {
        "automargin": True,
        "fixedrange": True,
        "zeroline": False,
        "showline": False,
        "gridcolor": palette.grid,
        "tickfont": {"color": palette.muted},
        "title": {"font": {"color": palette.muted, "size": 12}, "standoff": 8},
        "ticklen": 4,
        "tickcolor": "rgba(0,0,0,0)",
    }
    figure.update_xaxes(**axis)
    figure.update_yaxes(**axis)
    return figure


def days_across(figure: go.Figure, title: str, ticks: int = 7) -> None:
    """Days from the left."""
    figure.update_xaxes(title_text=title, type="date", tickformat=DAY_TICKS, nticks=ticks, showgrid=False)


def whiskers(
    middle: pd.Series, lower: pd.Series, upper: pd.Series, colour: str, thickness: float
) -> dict[str, Any]:
    """The ends of intervals around dots, as plotly's `error_x` and `error_y` take them; none where an end is null."""
    return {
        "type": "data",
        "symmetric": False,
        "array": (upper.astype(float) - middle).fillna(0.0),
        "arrayminus": (middle - lower.astype(float)).fillna(0.0),
        "color": colour,
        "thickness": thickness,
        "width": 0,
    }


def framed(figure: go.Figure, across: tuple[Any, Any], row: int, palette: Palette) -> None:
    """A frame round one cell of a grid: from where to where it lies across, and in which row from the top."""
    figure.add_shape(
        type="rect",
        x0=across[0],
        x1=across[1],
        y0=row - 0.5,
        y1=row + 0.5,
        line={"color": palette.ink, "width": 2},
    )


def short(text: str, most: int = 30) -> str:
    """A name that leaves room for what is drawn; the whole name is in the hover text."""
    return text if len(text) <= most else text[: most - 1].rstrip(" ,") + "…"


def faded(colour: str, share: float) -> str:
    """A colour as `#RRGGBB`, let through to `share`."""
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red},{green},{blue},{share})"
