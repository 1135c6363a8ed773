"""Ports -> a map: circles on an outline of the land that comes with the product. Nothing here knows Streamlit.

The outline is drawn as ordinary filled lines: no border is on it, and nothing is fetched.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pandas as pd
import plotly.graph_objects as go

from pages.shared import kept
from pages.shared.plot import CLICKS, Look, Palette, blank

HEIGHT = 640
LARGEST, SMALLEST = 46.0, 7.0
"""Diameters in pixels: of the largest backlog of the days shown, and of a port without any."""
NAMED = 7
"""Ports whose name stands beside their circle; every port tells its name when pointed at."""
MARGIN_DEGREES = 1.5
NAME_DEGREES = 4.5
"""Room in the east for the names beside the circles."""

SAFE = {
    "alert": "#D55E00",
    "notice": "#F0E442",
    "quiet": "#56B4E9",
    "slower": "#D55E00",
    "not distinguishable": "#C9C9C9",
    "faster": "#0072B2",
    "undefined": "#F7F7F7",
}
"""Colours that every kind of colour vision tells apart (Okabe and Ito 2008)."""
OUTLINED = {"alert", "slower"}
"""What is to be looked at first has a thick outline too."""


@cache
def _outline() -> tuple[list[float | None], list[float | None]]:
    """Longitudes and latitudes of the land's rings, a gap after each."""
    content = json.loads((Path(__file__).parent / "land.json").read_text(encoding="utf-8"))
    longitudes: list[float | None] = []
    latitudes: list[float | None] = []
    for ring in content["rings"]:
        longitudes += [point[0] for point in ring] + [None]
        latitudes += [point[1] for point in ring] + [None]
    return longitudes, latitudes


@kept.by_arguments
def ports(
    places: pd.DataFrame, *, look: Look, states: Mapping[str, str], largest: float, label: Mapping[str, str]
) -> go.Figure:
    """Ports as circles whose area is their backlog.

    `places`: un_location_code, longitude, latitude, backlog, stock, state. `states` maps a state to what it is
    called, in the order of the legend. `largest` is the backlog of the largest circle, so that one day can be
    compared with another. A circle's `customdata` is its port.
    """
    figure = blank(look.palette, HEIGHT)
    _land(figure, look.palette)
    named = set(places.nlargest(NAMED, "backlog")["un_location_code"])
    for state, called in states.items():
        here = places[places["state"] == state].sort_values("backlog", ascending=False, kind="stable")
        _circles(
            figure, here, look, SAFE[state], 2.5 if state in OUTLINED else 1.0, called, largest, label, named
        )
    west, east, south, north = _box(places)
    figure.update_layout(CLICKS, showlegend=True, margin={"l": 0, "r": 0, "t": 44, "b": 0})
    figure.update_xaxes(visible=False, range=[west, east])
    figure.update_yaxes(
        visible=False,
        range=[south, north],
        scaleanchor="x",
        scaleratio=1 / math.cos(math.radians((south + north) / 2)),
    )
    return figure


def _land(figure: go.Figure, palette: Palette) -> None:
    longitudes, latitudes = _outline()
    figure.add_scatter(
        x=longitudes,
        y=latitudes,
        mode="lines",
        fill="toself",
        fillcolor=palette.grid,
        line={"color": palette.soft, "width": 0.6},
        hoverinfo="skip",
        showlegend=False,
        name="land",
    )


def _circles(
    figure: go.Figure,
    here: pd.DataFrame,
    look: Look,
    colour: str,
    outline: float,
    called: str,
    largest: float,
    label: Mapping[str, str],
    named: set[str],
) -> None:
    words = look.words
    codes = here["un_location_code"].astype(str)
    texts = [label.get(code, code).rsplit(" ", 1)[0] if code in named else "" for code in codes]
    hover = [
        f"{label.get(code, code)}<br>{words('measure.backlog')}: {words.count(backlog)} {look.unit}"
        f"<br>{words('measure.stock')}: {words.count(stock)} {look.unit}<br>{called}"
        for code, backlog, stock in zip(codes, here["backlog"], here["stock"], strict=True)
    ]
    figure.add_scatter(
        x=here["longitude"].astype(float),
        y=here["latitude"].astype(float),
        mode="markers+text",
        name=called,
        text=texts,
        textposition="middle right",
        textfont={"size": 12, "color": look.palette.ink},
        customdata=list(codes),
        hovertext=hover,
        hoverinfo="text",
        marker={
            "size": [_diameter(backlog, largest) for backlog in here["backlog"]],
            "color": colour,
            "opacity": 0.85,
            "line": {"width": outline, "color": look.palette.ink},
        },
        selected={"marker": {"opacity": 0.85}},
        unselected={"marker": {"opacity": 0.85}},
    )


def _diameter(backlog: float, largest: float) -> float:
    share = math.sqrt(max(float(backlog), 0.0) / max(largest, 1.0))
    return SMALLEST + (LARGEST - SMALLEST) * min(share, 1.0)


def _box(places: pd.DataFrame) -> tuple[float, float, float, float]:
    if places.empty:
        return 104.0, 124.0, 18.0, 42.0
    longitude, latitude = places["longitude"].astype(float), places["latitude"].astype(float)
    return (
        float(longitude.min()) - MARGIN_DEGREES,
        float(longitude.max()) + NAME_DEGREES,
        float(latitude.min()) - MARGIN_DEGREES,
        float(latitude.max()) + MARGIN_DEGREES,
    )
