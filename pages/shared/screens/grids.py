"""The grids of the backlog: what each can have as rows, and what a click on a cell asks for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import pandas as pd
import streamlit as st

from pages.shared import cell, codes, data, filters, frame, kept, labels
from pipeline.metrics import Filters

LIMIT = 200
"""Batches listed while no cell is chosen."""
PLACE = "place"
LISTED = (
    "consignment_id",
    "un_location_code",
    "lead_class",
    "age_hours",
    "limit_hours",
    "overdue_hours",
    "arrived_at",
    "facility_code",
    "block",
    "direction",
    "units",
    "equipment_reference",
    "limit_rule_id",
    "limit_is_illustrative",
)
"""What a list of batches in the yard shows."""


@dataclass(frozen=True)
class Rows:
    """One way to cut the grid: its metric, the column of its rows, the part of a cell that a row is."""

    metric: str
    y: str
    part: str
    inside_port: bool = False


ROWS = {
    "port": Rows("stock_by_port_day", "un_location_code", "port"),
    "facility": Rows("stock_by_facility_day", "facility_code", "facility", inside_port=True),
    "block": Rows("stock_by_block_day", PLACE, PLACE, inside_port=True),
    "class": Rows("stock_by_class_day", "lead_class", "class"),
}


@kept.by_arguments
def placed(cells: pd.DataFrame, rows: str) -> pd.DataFrame:
    """Facilities and blocks as they are written in the address; a block with its facility, since two can have a block A."""
    if rows == "facility":
        return cells.assign(facility_code=cells["facility_code"].map(codes.written))
    if rows == "block":
        places = map(codes.joined, cells["facility_code"], cells["block"])
        return cells.assign(**{PLACE: list(places)})
    return cells


@frame.in_words
def ports_by_backlog(by_port: pd.DataFrame) -> list[str]:
    """Ports in the order of their latest backlog, most first."""
    latest = by_port[by_port["date"] == by_port["date"].max()]
    order = latest.sort_values(["backlog", "stock"], ascending=False, kind="stable")["un_location_code"]
    return list(dict.fromkeys([*order, *by_port["un_location_code"]]))


@frame.in_words
def classes(ages: pd.DataFrame) -> list[str]:
    """The classes of a frame, the gravest first, as the class table ranks them."""
    ranks = data.table("imdg_classes").set_index("code")["hazard_rank"]
    return sorted(set(ages["lead_class"]), key=lambda code: (ranks.get(code, len(ranks)), code))


@frame.in_words
def age_buckets() -> list[str]:
    """The age buckets by their lower bound in days."""
    return [str(days) for days in data.table("age_buckets")["lower_days"]]


@frame.in_words
def label(rows: str) -> Callable[[str], str]:
    """What a row's code is called."""
    words = frame.words()
    if rows in ("facility", "block"):
        return lambda code: " · ".join(part or words("no_position") for part in codes.parted(code))
    return labels.labeller(rows)


def marked(picked: Mapping[str, str], x: str, y: str) -> dict[str, str] | None:
    """The chosen cell, where it is one of this grid's."""
    return {"x": picked[x], "y": picked[y]} if x in picked and y in picked else None


def fixed(inside: Filters, rows: str) -> dict[str, str]:
    """What a click says besides its row and column: the port that the grid is inside of."""
    return {"port": inside.ports[0]} if ROWS[rows].inside_port else {}


def narrowed(chosen: Filters, picked: Mapping[str, str], measure: str) -> Filters:
    """What lists the batches behind a cell, or the oldest of all while none is chosen."""
    overdue = measure == "backlog"
    if not picked:
        return replace(chosen, overdue_only=overdue, limit=LIMIT)
    return replace(cell.narrowed(chosen, picked), overdue_only=overdue)


def switches(chosen: Filters, by_port: pd.DataFrame) -> tuple[str, str, Filters]:
    """Draw what to look at: the measure, the rows of the grid, and the port where these are inside of one."""
    words = frame.words()
    left, middle, right = st.columns([2, 3, 3])
    with left:
        measure = filters.switch("measure", ["backlog", "stock"], lambda code: words(f"measure.{code}"))
    with middle:
        rows = filters.switch("rows", list(ROWS), lambda code: words(f"rows.{code}"))
    if not ROWS[rows].inside_port:
        return measure, rows, chosen
    with right:
        return measure, rows, filters.inside(chosen, ports_by_backlog(by_port))


def oldest_overdue(chosen: Filters) -> Filters:
    """What lists the batches overdue the longest, whatever the campaign."""
    return replace(chosen, campaign_id=None, overdue_only=True, limit=LIMIT)


def still_there(chosen: Filters) -> Filters:
    """What lists the batches that are still in the yard at as-of, the oldest first, whatever the days shown."""
    return replace(chosen, date_from=None, date_to=None, measure=None, limit=LIMIT)


def where(picked: Mapping[str, str]) -> str:
    """The chosen cell in words."""
    if not picked:
        return frame.words()("backlog.everywhere")
    columns = {"port": "port", "class": "class", "facility": "facility", PLACE: "block", "age": "age_bucket"}
    return " · ".join(
        label(columns[part])(code) if part in columns else code for part, code in picked.items()
    )


@frame.in_words
def headline_cards(row: pd.Series, chosen: Filters) -> list[tuple[str, str, str]]:
    """Stock, backlog, oldest and the last day's flows."""
    words = frame.words()
    return [
        (
            words("measure.backlog"),
            words.counted(chosen.count, row["backlog"]),
            words("backlog.of_stock", share=words.share(row["backlog"], row["stock"])),
        ),
        (words("measure.stock"), words.counted(chosen.count, row["stock"]), ""),
        (
            words("backlog.oldest_overdue"),
            words.length(row["oldest_overdue_hours"]),
            words("backlog.oldest_age", age=words.length(row["oldest_age_hours"])),
        ),
        (
            words("backlog.last_day"),
            words.counted(chosen.count, row["newly_overdue_last_day"]),
            words(
                "backlog.flows",
                arrivals=words.count(row["arrivals_last_day"]),
                exits=words.count(row["exits_last_day"]),
            ),
        ),
    ]
