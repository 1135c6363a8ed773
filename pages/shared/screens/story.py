"""One batch over time: its events in lanes, its figures in cards."""

from __future__ import annotations

from datetime import datetime

import pandas as pd

from pages.shared import data, frame, labels
from pages.shared.text import plain, spelled

PARTS = ("items", "visits", "moves", "milestones", "findings", "cases")
"""What is known of a batch; each is the metric `batch_<part>`."""
_LANES = {
    "moves": ("event_at", "event_type"),
    "milestones": ("occurred_at", "milestone"),
    "findings": ("inspected_at", "result"),
    "cases": ("filed_at", "status"),
}
"""Parts with an instant: the column that holds it and the one that says what happened."""


def events(parts: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """at (wall time), lane, text: one row an event that has an instant."""
    words = frame.words()
    found = []
    for part, (instant, what) in _LANES.items():
        rows = parts[part]
        if len(rows):
            texts = labels.labelled(rows[what], what).astype(str)
            found.append(
                pd.DataFrame(
                    {"at": _wall(rows[instant]), "lane": words(f"batch.{part}"), "text": texts.map(spelled)}
                )
            )
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=["at", "lane", "text"])


def spans(visits: pd.DataFrame, until: datetime | None) -> pd.DataFrame:
    """start, end (wall time), text: one row a visit, an open one up to the moment looked at."""
    ends = visits["ended_at"] if until is None else visits["ended_at"].fillna(pd.Timestamp(until))
    texts = visits["equipment_reference"].astype(str) + " · " + visits["facility_code"].fillna("").astype(str)
    return pd.DataFrame(
        {"start": _wall(visits["started_at"]), "end": _wall(ends), "text": texts.map(spelled)}
    )


def shown(rows: pd.DataFrame) -> list[str]:
    """The columns of a part of the story; the batch itself is the page's title."""
    return [name for name in rows.columns if name != "consignment_id"]


def lanes(found: pd.DataFrame) -> list[str]:
    """The lane of the visits, then those that have anything, in our order."""
    words = frame.words()
    present = set(found["lane"])
    names = [words(f"batch.{part}") for part in _LANES]
    return [words("batch.visits"), *(name for name in names if name in present)]


def cards(row: pd.Series) -> list[tuple[str, str, str]]:
    """Where it is, how long, against which limit. Age and dwell never share a card's name."""
    words = frame.words()
    port, lead = labels.labeller("port"), labels.labeller("class")
    lead_class = str(row["lead_class"])
    direction = "" if pd.isna(row["direction"]) else labels.labeller("direction")(str(row["direction"]))
    facility = "" if pd.isna(row["facility_code"]) else plain(str(row["facility_code"]))
    is_open = pd.isna(row["left_at"])
    length = ("batch.age", row["age_hours"]) if is_open else ("batch.dwell", row["dwell_hours"])
    if is_open:
        state = "batch.overdue" if row["is_overdue"] else "batch.not_overdue"
    else:
        state = "batch.left_overdue" if row["overdue_at"] < row["left_at"] else "batch.left_in_time"
    return [
        (
            words("column.un_location_code"),
            port(str(row["un_location_code"])),
            facility,
        ),
        (
            words("column.lead_class"),
            "?" if lead_class == "unidentified" else lead_class,
            f"{lead(lead_class)} · {direction}" if direction else lead(lead_class),
        ),
        (
            words(length[0]),
            words.length(length[1]),
            words("batch.arrived", instant=words.instant(row["arrived_at"])),
        ),
        (
            words("batch.limit"),
            words.length(row["limit_hours"]),
            words(state),
        ),
    ]


def _wall(instants: pd.Series) -> pd.Series:
    return instants.dt.tz_localize("UTC").dt.tz_convert(data.zone()).dt.tz_localize(None)
