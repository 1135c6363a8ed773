"""The yard plan: the port that it is of, what it is coloured by, and the stack behind a clicked cell."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from pages.shared import codes, data, filters, frame, labels, url
from pages.shared.figures import yards
from pages.shared.text import spelled
from pipeline.metrics import Filters

SHADES = ("risk", "dwell", "class")
STACK = (
    "row",
    "tier",
    "equipment_reference",
    "consignment_id",
    "lead_class",
    "score",
    "risk_rank",
    "age_hours",
    "is_overdue",
    "segregation_alerts",
    "arrived_at",
)


def inside(chosen: Filters, ports: pd.DataFrame) -> Filters:
    """Draw the choice of one port; the port of the gravest batch comes first."""
    codes = list(ports["un_location_code"])
    return replace(chosen, ports=(filters.pick("yard", codes, labels.labeller("port")),))


def shaded(cells: pd.DataFrame) -> tuple[pd.DataFrame, yards.Shade]:
    """Draw the switch of the colours; the cells with what they say, and the shade."""
    words = frame.words()
    picked = filters.switch("shade", list(SHADES), lambda code: words(f"safety.shade.{code}"))
    rows = cells.assign(
        place=list(map(codes.joined, cells["facility_code"], cells["block"])),
        bay=cells["bay"].map(codes.written),
        grave=-cells["hazard_rank"].astype(float),
        days=cells["oldest_age_hours"] / 24,
        told=[_told(row) for row in cells.to_dict("records")],
    )
    rows = rows.assign(
        risk_text=rows["top_score"].map("{:.0f}".format, na_action="ignore"),
        days_text=rows["days"].map("{:.0f}".format),
    )
    title = words(f"safety.shade.{picked}")
    ranks = data.table("imdg_classes")["hazard_rank"]
    shades = {
        "risk": yards.Shade("top_score", "risk_text", 0, 100, title),
        "dwell": yards.Shade("days", "days_text", 0, max(1.0, float(rows["days"].max())), title),
        "class": yards.Shade("grave", "lead_class", -float(ranks.max()), 0, title),
    }
    return rows, shades[picked]


def _told(row: dict) -> str:
    words = frame.words()
    score = words.number(row["top_score"], 1) if pd.notna(row["top_score"]) else words("none")
    return words(
        "safety.cell",
        block=spelled(row["block"]),
        bay=spelled(codes.read(codes.written(row["bay"])) or words("no_position")),
        units=words.count(row["units"]),
        score=score,
        oldest=words.length(row["oldest_age_hours"]),
        imo_class=labels.labeller("class")(row["lead_class"]),
        alerts=words.count(row["units_in_alerts"]),
    )


@frame.in_words
def place_label() -> Callable[[str], str]:
    """Facility and block as one name."""
    words = frame.words()
    return lambda code: " · ".join(part or words("no_position") for part in codes.parted(code))


def stack_chosen() -> tuple[str, str] | None:
    """The clicked cell of the plan: its place and its bay, as `codes` writes them."""
    told = codes.parted(url.value("stack") or "")
    return (codes.joined(*told[:2]), codes.written(told[2])) if len(told) == 3 else None


def choose_stack(points: Sequence[Mapping[str, Any]]) -> None:
    """Keep the clicked cell of the plan; a click beside every cell forgets it."""
    url.put("stack", f"{points[0]['y']}{codes.PLACE_MARK}{points[0]['x']}" if points else None)


@frame.in_words
def stack(units: pd.DataFrame, picked: tuple[str, str] | None) -> pd.DataFrame:
    """The units of the clicked cell, from the ground up; all units while none is."""
    if picked is None:
        return units.sort_values("risk_rank", kind="stable")
    place = pd.Series(map(codes.joined, units["facility_code"], units["block"]), units.index, dtype=object)
    here = units[(place == picked[0]) & (units["bay"].map(codes.written) == picked[1])]
    return here.sort_values(["row", "tier"], kind="stable")


@frame.in_words
def without_place(units: pd.DataFrame) -> int:
    """Units whose moves told no block."""
    return int(units["block"].isna().sum())
