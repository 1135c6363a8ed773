"""Ports -> a map: circles on an outline of the land that comes with the product.

The outline is drawn as ordinary filled lines: no border is on it, and nothing is fetched.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from unicodedata import east_asian_width

import pandas as pd
import plotly.graph_objects as go

from pages.shared import kept
from pages.shared.figures.plot import CLICKS, Look, Palette, blank

HEIGHT = 640
LARGEST, SMALLEST = 46.0, 7.0
"""Diameters in pixels: of the largest backlog of the days shown, and of a port without any."""
NAMED = 7
"""Ports whose name stands beside their circle; every port tells its name when pointed at."""
MARGIN_DEGREES = 1.5
NAME_DEGREES = 4.5
"""Room in the east for the names beside the circles."""
TOP = 44
"""Pixels above the map, where the legend is."""
LETTER, LINE = 7.0, 14.0
"""Pixels that a letter of a name and a line of names take."""
SIDES = {"middle right": (1, 0), "middle left": (-1, 0), "top center": (0, 1), "bottom center": (0, -1)}
"""Where a name may stand, the best first, and in which direction from its circle that is."""

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
    west, east, south, north = _box(places)
    names = {
        code: label.get(code, code).rsplit(" ", 1)[0]
        for code in places.nlargest(NAMED, "backlog")["un_location_code"]
    }
    stretched = 1 / math.cos(math.radians((south + north) / 2))
    sides = _sides(places, names, largest, (HEIGHT - TOP) / (north - south), stretched)
    for state, called in states.items():
        here = places[places["state"] == state].sort_values("backlog", ascending=False, kind="stable")
        _circles(
            figure,
            here,
            look,
            SAFE[state],
            2.5 if state in OUTLINED else 1.0,
            called,
            largest,
            label,
            names,
            sides,
        )
    figure.update_layout(CLICKS, showlegend=True, margin={"l": 0, "r": 0, "t": TOP, "b": 0})
    figure.update_xaxes(visible=False, range=[west, east])
    figure.update_yaxes(
        visible=False,
        range=[south, north],
        scaleanchor="x",
        scaleratio=stretched,
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
    names: Mapping[str, str],
    sides: Mapping[str, str],
) -> None:
    words = look.words
    codes = here["un_location_code"].astype(str)
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
        text=[names.get(code, "") for code in codes],
        textposition=[sides.get(code, next(iter(SIDES))) for code in codes],
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


def _sides(
    places: pd.DataFrame,
    names: Mapping[str, str],
    largest: float,
    pixels_a_latitude: float,
    stretched: float,
) -> dict[str, str]:
    """By port, in the order of `names`, the first side on which its name meets no circle and no name before it.

    A degree of latitude is `stretched` times as long as one of longitude. The map is as high as its frame on all but
    narrow screens.
    """
    taken = {
        code: _Box(x * pixels_a_latitude / stretched, y * pixels_a_latitude, radius, radius)
        for code, x, y, radius in zip(
            places["un_location_code"],
            places["longitude"].astype(float),
            places["latitude"].astype(float),
            (_diameter(backlog, largest) / 2 for backlog in places["backlog"]),
            strict=True,
        )
    }
    sides = {}
    for code, name in names.items():
        boxes = {side: taken[code].beside(towards, name) for side, towards in SIDES.items()}
        free = (side for side, box in boxes.items() if not any(map(box.meets, taken.values())))
        sides[code] = next(free, next(iter(SIDES)))
        taken[f"{code} name"] = boxes[sides[code]]
    return sides


@dataclass(frozen=True)
class _Box:
    """A box by its middle and half of its width and height, in pixels; the north is above."""

    x: float
    y: float
    half_width: float
    half_height: float

    def beside(self, towards: tuple[int, int], name: str) -> _Box:
        """The box of a name in one direction from this one, a pixel apart."""
        letters = sum(2 if east_asian_width(letter) == "W" else 1 for letter in name)
        half_width, half_height = LETTER * letters / 2, LINE / 2
        right, up = towards
        return _Box(
            self.x + right * (self.half_width + half_width + 1),
            self.y + up * (self.half_height + half_height + 1),
            half_width,
            half_height,
        )

    def meets(self, other: _Box) -> bool:
        """Whether the two share more than an edge."""
        return (
            abs(self.x - other.x) < self.half_width + other.half_width
            and abs(self.y - other.y) < self.half_height + other.half_height
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
