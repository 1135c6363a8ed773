"""The rebound watch in words: which ports signal, since when, and which are quiet."""

from __future__ import annotations

import pandas as pd

from pages.shared import frame, labels

REBOUND = "rebound"
LISTED = (
    "un_location_code",
    "verdict",
    "signal_week_starts_on",
    "onset_week_starts_on",
    "largest_cusum",
    "threshold",
    "baseline_mean",
    "baseline_sigma",
    "weeks",
    "false_alarm_share",
)


@frame.in_words
def signalling(ports: pd.DataFrame) -> list[pd.Series]:
    """The ports that signal, the earliest first."""
    rows = ports[ports["verdict"] == REBOUND].sort_values("signal_week", kind="stable")
    return [row for _, row in rows.iterrows()]


@frame.in_words
def charted(ports: pd.DataFrame) -> list[str]:
    """The ports that have a chart and do not signal."""
    return list(ports.loc[ports["verdict"] == "quiet", "un_location_code"])


@frame.in_words
def cards(ports: pd.DataFrame) -> list[tuple[str, str, str]]:
    """How many ports signal, are quiet, or cannot be told yet; how many would signal by chance."""
    words = frame.words()
    verdicts = ports["verdict"].value_counts()
    told = words("rebound.of", ports=words.counted("port", len(ports)))
    names = {code: text for code, text in words.under("verdict").items()}
    found = [
        (names[code.replace(" ", "_")], words.count(int(verdicts.get(code, 0))), told)
        for code in (REBOUND, "quiet", "too few weeks")
    ]
    chance = words.number(float(ports["false_alarm_share"].sum()), 1)
    return [*found, (words("rebound.by_chance"), chance, words("rebound.by_chance.told"))]


@frame.in_words
def of(weeks: pd.DataFrame, port: str) -> pd.DataFrame:
    """The weeks of one port."""
    return weeks[weeks["un_location_code"] == port]


def onset(row: pd.Series) -> str | None:
    """The day on which the likely onset's week begins, as text."""
    day = row["onset_week_starts_on"]
    return None if pd.isna(day) else str(day)


def told(row: pd.Series) -> str:
    """One port's signal in a sentence."""
    words = frame.words()
    return words(
        "rebound.told",
        port=labels.labeller("port")(str(row["un_location_code"])),
        signal=words.day(row["signal_week_starts_on"]),
        onset=words.day(row["onset_week_starts_on"]),
    )
