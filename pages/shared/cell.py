"""The cell of a grid that was clicked, kept in the address: what the list below the grids is of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pages.shared import codes, filters, url
from pipeline.metrics import Filters

PARTS = ("day", "port", "facility", "place", "class", "age")
"""Parts that a clicked cell can have, in the order in which they are named."""


def choose(points: Sequence[Mapping[str, Any]], parts: Mapping[str, str], fixed: Mapping[str, str]) -> None:
    """Keep the clicked cell of a chart; a click beside every cell, which has no points, forgets it.

    `parts` says what x and y are, e.g. {"x": "day", "y": "port"}; `fixed` what the whole chart is of.
    """
    forget()
    if points:
        clicked = {part: _told(part, points[0][axis]) for axis, part in parts.items()}
        for part, code in {**fixed, **clicked}.items():
            url.put(f"cell_{part}", code)


def _told(part: str, value: object) -> str:
    """The browser tells a day with or without its midnight."""
    return str(value)[:10] if part == "day" else str(value)


def forget() -> None:
    """Back to no cell chosen."""
    for part in PARTS:
        url.put(f"cell_{part}", None)


def chosen() -> dict[str, str]:
    """The chosen cell: its parts as text; empty where none is chosen."""
    found = {part: url.value(f"cell_{part}") for part in PARTS}
    return {part: text for part, text in found.items() if text is not None}


def narrowed(question: Filters, picked: Mapping[str, str]) -> Filters:
    """The filters narrowed to a cell; what cannot be read in it is named and left aside."""
    try:
        fields: dict[str, Any] = {}
        for part, text in picked.items():
            fields |= _FIELDS[part](text)
        return replace(question, **fields)
    except ValueError:
        filters.not_understood("cell", list(picked.values()))
        return question


def _place(text: str) -> dict[str, Any]:
    facility, block = codes.parted(text)
    return {"facility": facility, "block": block}


_FIELDS: dict[str, Callable[[str], dict[str, Any]]] = {
    "day": lambda text: {"date": filters.parse_day(text)},
    "port": lambda text: {"ports": (text,)},
    "facility": lambda text: {"facility": codes.read(text)},
    "place": _place,
    "class": lambda text: {"classes": (text,)},
    "age": lambda text: {"age_bucket": int(text)},
}
