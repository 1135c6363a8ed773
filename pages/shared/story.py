"""One batch over time: its events in lanes, its figures in cards."""

from __future__ import annotations

import pandas as pd

from pages.shared import data, frame, labels

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
            at = rows[instant].dt.tz_localize("UTC").dt.tz_convert(data.zone()).dt.tz_localize(None)
            texts = labels.labelled(rows[what], what).astype(str)
            found.append(pd.DataFrame({"at": at, "lane": words(f"batch.{part}"), "text": texts}))
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=["at", "lane", "text"])


def lanes(found: pd.DataFrame) -> list[str]:
    """The lanes that have anything, in our order."""
    words = frame.words()
    return [name for name in (words(f"batch.{part}") for part in _LANES) if name in set(found["lane"])]


def cards(row: pd.Series) -> list[tuple[str, str, str]]:
    """Where it is, how long, against which limit. Age and dwell never share a card's name."""
    words = frame.words()
    port, lead = labels.labeller("port"), labels.labeller("class")
    is_open = pd.isna(row["left_at"])
    length = ("batch.age", row["age_hours"]) if is_open else ("batch.dwell", row["dwell_hours"])
    overdue = row["is_overdue"] is True or row["is_overdue"] == 1
    return [
        (
            words("column.un_location_code"),
            port(str(row["un_location_code"])),
            str(row["facility_code"] or ""),
        ),
        (
            words("column.lead_class"),
            lead(str(row["lead_class"])),
            labels.labeller("direction")(str(row["direction"] or "")),
        ),
        (
            words(length[0]),
            words.length(length[1]),
            words("batch.arrived", instant=words.instant(row["arrived_at"])),
        ),
        (
            words("batch.limit"),
            words.length(row["limit_hours"]),
            words("batch.overdue" if overdue else "batch.not_overdue"),
        ),
    ]
