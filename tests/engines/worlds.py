"""Files on which two engines are held to one answer: two terminals' realistic ones, and ports of other time zones."""

from __future__ import annotations

import zipfile
from pathlib import Path

from lake.support import Batch, batch_rows, feeds_of, write_feeds

TERMINALS = Path(__file__).resolve().parent.parent / "terminals" / "files.zip"
ABROAD = ("USLAX", "SGSIN", "NLRTM")


def write_world(folder: Path) -> list[Path]:
    """The files, in the order in which they are to be loaded."""
    with zipfile.ZipFile(TERMINALS) as archive:
        archive.extractall(folder)
    feeds = feeds_of([batch_abroad(number) for number in range(24)], "abroad")
    return [folder / "files", *write_feeds(folder / "abroad", feeds)]


def batch_abroad(number: int) -> Batch:
    """A batch at a port outside China; findings, cases and milestones of every other one are told in local time."""
    port = ABROAD[number % len(ABROAD)]
    rows = batch_rows(9000 + number, number / 2, None if number % 4 == 0 else 3.25, None)
    for row in (row for of_source in rows.values() for row in of_source):
        if "un_location_code" in row:
            row["un_location_code"] = port
        for instant in ("occurred_at", "inspected_at", "filed_at"):
            if instant in row and number % 2:
                row[instant] = str(row[instant]).removesuffix("Z")
    return rows
