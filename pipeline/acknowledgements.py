"""Acknowledging an alert: who has seen it and what they did, kept as data in a log that is only added to."""

from __future__ import annotations

import datetime as dt
import unicodedata

import pyarrow as pa

from pipeline.address import Root
from pipeline.errors import UserMistake
from pipeline.lake.append_log import AppendLog

NAME_MAX = 100
REMARK_MAX = 500

SCHEMA = pa.schema(
    [
        ("alert_id", pa.string()),
        ("acknowledged_by", pa.string()),
        ("remark", pa.string()),
        ("acknowledged_at", pa.timestamp("us")),
    ]
)


def log_of(lake: Root) -> AppendLog:
    """The log of a lake's acknowledgements."""
    return AppendLog(lake, "acknowledgements", SCHEMA)


def keep(lake: Root, alert_id: str, name: str, remark: str) -> None:
    """Adds an acknowledgement of an alert that is known to be there.

    Raises `UserMistake` for a name or remark that is empty, too long, or no text.
    """
    row = {
        "alert_id": alert_id,
        "acknowledged_by": _checked("name", name, NAME_MAX),
        "remark": _checked("remark", remark, REMARK_MAX),
        "acknowledged_at": dt.datetime.now(dt.UTC).replace(tzinfo=None),
    }
    log_of(lake).append([row])


def _checked(what: str, text: str, most: int) -> str:
    """The text without blanks around it, line breaks as blanks; what it says is nobody's business."""
    told = " ".join(text.splitlines()).strip()
    if not told:
        raise UserMistake(
            f"the {what} is empty", "An acknowledgement says who saw the alert and what was done."
        )
    if len(told) > most:
        raise UserMistake(f"the {what} has {len(told):,} characters", f"At most {most:,} are kept.")
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in told if character != "\t"):
        raise UserMistake(f"the {what} holds a control character", "Write plain text.")
    return told
