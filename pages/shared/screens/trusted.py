"""The figures of the data-trust screen."""

from __future__ import annotations

from typing import Any

import pandas as pd

from pages.shared import frame, labels

METRICS = (
    "freshness",
    "rejects_by_reason",
    "rejects",
    "warnings",
    "warned_rows",
    "loads",
    "files",
    "orphan_outs",
    "ghosts",
    "impossible_orders",
    "trust",
)


@frame.in_words
def cards(frames: dict[str, pd.DataFrame]) -> list[tuple[str, str, str]]:
    """Rows read, rejected, warned, and the last load."""
    words = frame.words()
    files, loads = frames["files"], frames["loads"]
    read = int(files["read"].sum())
    last: Any = loads["loaded_at"].max() if len(loads) else None
    day, _, time = words.instant(last).partition(" ")
    return [
        (words("trust.read"), words.count(read), words("trust.in_files", files=words.count(len(files)))),
        (
            words("trust.rejected"),
            words.count(files["rejected"].sum()),
            words.share(files["rejected"].sum(), read),
        ),
        (words("trust.warned"), words.count(files["warned"].sum()), words.share(files["warned"].sum(), read)),
        (words("trust.last_load"), day, words("trust.of_loads", time=time, loads=words.count(len(loads)))),
    ]


@frame.in_words
def by_reason(rejects: pd.DataFrame) -> pd.DataFrame:
    """Rejected rows by reason and source (name, rows), most first, at most 12."""
    source = labels.labelled(rejects["source"], "source").astype(str)
    names = rejects["reason"].astype(str) + " · " + source
    return rejects.assign(name=names).sort_values("rows", ascending=False, kind="stable").head(12)
