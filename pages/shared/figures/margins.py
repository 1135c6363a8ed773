"""The room that words around a figure take, told beforehand.

Where labels do not fit, plotly widens a figure's margins and draws all of it again: half of what it costs a browser.
Margins a little wider than the words need it takes as they are. What cannot be foreseen (a legend that breaks on a
phone, another font) plotly mends as before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

WIDTHS = {
    0.2: " ",
    0.25: "',.:;Iijl|·",
    0.3: "!()-[]f{}",
    0.35: "/\\rt°",
    0.4: "*?sz",
    0.45: '"cvxy',
    0.5: "0123456789#$+<=>FJLVXY^_aegk~–≥−×",
    0.55: "ACEPRSTZ`bdhnopqu",
    0.6: "&BDGK",
    0.65: "HNOQU",
    0.7: "w",
    0.75: "M",
    0.85: "%@Wm",
    0.95: "…",
}
"""How wide letters of the figures' font are, in its size; all others, Chinese ones too, are a square."""
_WIDTH_OF = {letter: width for width, letters in WIDTHS.items() for letter in letters}

NUMBER = "1000"
"""As long as a number beside an axis gets: plotly writes 10k for ten thousand."""
TICK = 17.0
"""From the frame to the end of the labels below it, without a title."""
BESIDE = 20.0
"""What is between the frame, the labels at its left, and the figure's edge."""
TITLE = 16.0
"""A title beside an axis, turned; below one it takes twice as much, with the gap above it."""
HEADING_LINE, ABOVE = 16.0, 14.0
"""A line of labels above the frame, and what is around them."""
LEGEND, LEGEND_GAP = 39.0, 0.02
"""A legend in one row above the frame, and the gap below it, as a share of the frame's height."""
COLOURBAR = 80.0
"""A lying scale of colours above the frame, with its numbers and its title."""


def text_width(text: str, size: float) -> float:
    """About how many pixels a line of text takes in the figures' font, rather more than less."""
    return size * sum(_WIDTH_OF.get(letter, 1.0) for letter in text)


def roomy(form: Mapping[str, Any]) -> dict[str, float]:
    """The margins (pixels) with which nothing has to move, of a figure as plotly takes it; never less than its own."""
    layout = form["layout"]
    size = layout.get("font", {}).get("size", 13)
    own = {side: layout.get("margin", {}).get(side, 0.0) for side in "lrtb"}
    traces = form["data"]
    left = max((_beside(axis, traces, size) for axis in _axes(layout, "y")), default=0.0)
    bottom = max((_below(axis) for axis in _axes(layout, "x")), default=0.0)
    top = max((_headings(axis) for axis in _axes(layout, "x")), default=0.0)
    # A frame whose sides keep their proportion floats in its room: its legend is not at the edge.
    if layout.get("showlegend") and not layout.get("yaxis", {}).get("scaleanchor"):
        gap = LEGEND_GAP * (layout["height"] - bottom)
        top = max(top, (LEGEND + gap) / (1 + LEGEND_GAP))
    if any(trace.get("colorbar") and trace.get("showscale", True) for trace in traces):
        top = max(top, COLOURBAR)
    found = {"l": left, "r": 0.0, "t": top, "b": bottom}
    return {side: max(own[side], round(room)) for side, room in found.items()}


def _axes(layout: Mapping[str, Any], letter: str) -> Iterator[Mapping[str, Any]]:
    for name, axis in layout.items():
        is_axis = name.startswith(f"{letter}axis")
        if is_axis and axis.get("visible", True) and axis.get("showticklabels", True):
            yield axis


def _beside(axis: Mapping[str, Any], traces: Iterable[Mapping[str, Any]], size: float) -> float:
    size = axis.get("tickfont", {}).get("size", size)
    widest = max((text_width(text, size) for text in _texts(axis, traces)), default=0.0)
    return widest + BESIDE + (TITLE if _is_titled(axis) else 0.0)


def _texts(axis: Mapping[str, Any], traces: Iterable[Mapping[str, Any]]) -> list[str]:
    if axis.get("ticktext") is not None:
        return [str(text) for text in axis["ticktext"]]
    if axis.get("type") == "category":
        return list({str(name) for trace in traces for name in trace.get("y", ())})
    return [NUMBER[1:] + "%" if str(axis.get("tickformat", "")).endswith("%") else NUMBER]


def _below(axis: Mapping[str, Any]) -> float:
    if axis.get("side") == "top":
        return 0.0
    return TICK * _lines(axis) + (2 * TITLE if _is_titled(axis) else 0.0)


def _headings(axis: Mapping[str, Any]) -> float:
    return HEADING_LINE * _lines(axis) + ABOVE if axis.get("side") == "top" else 0.0


def _lines(axis: Mapping[str, Any]) -> int:
    texts = [str(axis.get("tickformat", "")).replace("\n", "<br>"), *map(str, axis.get("ticktext", ()))]
    return 1 + max(text.count("<br>") for text in texts)


def _is_titled(axis: Mapping[str, Any]) -> bool:
    return bool(axis.get("title", {}).get("text"))
