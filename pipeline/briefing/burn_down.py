"""The burn-down as a small SVG of its own: what remains, what is cleared, the line to the target."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd
from markupsafe import Markup, escape

WIDTH, HEIGHT = 680, 250
LEFT, RIGHT, TOP, BOTTOM = 52, 12, 14, 30
LINES = (
    ("remaining", "#0B5C8A", "none", 2.4, "Remaining 剩余"),
    ("cleared", "#5D6B78", "none", 1.6, "Cleared so far 已清理"),
    ("target_line", "#5D6B78", "6 4", 1.4, "Target for cleared 清理目标"),
)
"""Column, colour, dashes, width and name; lines differ in weight and dash too, so that grey print can be read."""


def burn_down(days: pd.DataFrame) -> Markup:
    """An inline SVG of `campaign_days` of one scope; empty where there is no day."""
    if days.empty:
        return Markup("")
    drawn = [line for line in LINES if days[line[0]].notna().any()]
    top = _round_up(max(float(days[line[0]].max()) for line in drawn))
    parts = [*_grid(top), *_dates(days)]
    for place, (column, colour, dashes, width, name) in enumerate(drawn):
        points = _points(days[column].tolist(), top)
        style = f'fill="none" stroke="{colour}" stroke-width="{width}" stroke-dasharray="{dashes}"'
        parts.append(f'<polyline points="{points}" {style}/>')
        x = LEFT + 10 + place * 190
        parts.append(f'<line x1="{x}" x2="{x + 26}" y1="{HEIGHT + 8}" y2="{HEIGHT + 8}" {style}/>')
        parts.append(f'<text x="{x + 32}" y="{HEIGHT + 12}">{escape(name)}</text>')
    return Markup(
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT + 20}" role="img" aria-label="Burn-down 积压消减">{"".join(parts)}</svg>'
    )


def _round_up(value: float) -> float:
    """The next of 1, 2, 5 times a power of ten, quartered into ticks."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return float(next(step * power for step in (1, 2, 4, 5, 8, 10) if step * power >= value))


def _y(value: float, top: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * value / top


def _x(place: int, count: int) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * place / max(1, count - 1)


def _points(values: Sequence[float | None], top: float) -> str:
    count = len(values)
    there = [(place, value) for place, value in enumerate(values) if value is not None and not pd.isna(value)]
    return " ".join(f"{_x(place, count):.1f},{_y(float(value), top):.1f}" for place, value in there)


def _grid(top: float) -> list[str]:
    parts = []
    for quarter in range(5):
        value = top * quarter / 4
        y = _y(value, top)
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#D9E0E6"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:,.4g}</text>')
    return parts


def _dates(days: pd.DataFrame) -> list[str]:
    dates = days["date"].tolist()
    places = sorted({round(step * (len(dates) - 1) / 5) for step in range(6)})
    anchors = {0: "start", len(dates) - 1: "end"}
    parts = []
    for place in places:
        anchor = anchors.get(place, "middle")
        x = _x(place, len(dates))
        parts.append(
            f'<text x="{x:.1f}" y="{HEIGHT - 10}" text-anchor="{anchor}">{dates[place]:%m-%d}</text>'
        )
    return parts
