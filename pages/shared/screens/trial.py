"""A pilot's effect in cards and words, or why there is none to be told."""

from __future__ import annotations

import pandas as pd

from pages.shared import data, frame, labels

TINY = 0.0005
"""Below it a p-value would be written as 0.000."""
UNKNOWN = "cannot be identified"


def campaigns() -> pd.DataFrame:
    """Pilots first, so that one is the first choice."""
    rows = data.metric("campaigns")
    pilots = rows[rows["kind"] == "pilot"]
    return pilots if len(pilots) else rows


def is_known(row: pd.Series) -> bool:
    """Whether the effect can be identified."""
    return bool(row["verdict"] != UNKNOWN)


@frame.in_words
def reasons(row: pd.Series) -> str:
    """Why it cannot: what there is of each thing that is lacking, and how much is needed."""
    words = frame.words()
    called = words.under("lacking")
    found = []
    for code in str(row["lacking"] or "").split(";"):
        name, have, needed = code.split(":")
        found.append(words("pilots.lacking", have=have, what=called[name], needed=needed))
    return words("pilots.unknown", reasons="; ".join(found))


@frame.in_words
def cards(row: pd.Series) -> list[tuple[str, str, str]]:
    """The effect with its interval and p-values, the trend before, the placebo, what it rests on."""
    words = frame.words()
    verdict = labels.labeller("verdict")(str(row["verdict"]))
    return [
        (words("pilots.effect"), words.percent(row["effect_pct"]), f"{_between(row, '')} · {verdict}"),
        (words("pilots.p"), _p(row["p_permutation"]), words("pilots.clustered", p=_p(row["p_clustered"]))),
        (
            words("pilots.trend"),
            words("pilots.a_week", pct=words.percent(row["trend_before_pct_a_week"])),
            words("pilots.permuted", p=_p(row["trend_before_p_permutation"])),
        ),
        (
            words("pilots.placebo"),
            words.percent(row["placebo_pct"]),
            f"{_between(row, 'placebo_')} · {words('pilots.permuted', p=_p(row['placebo_p_permutation']))}",
        ),
        (
            words("pilots.basis"),
            words(
                "pilots.ports",
                pilot=words.count(row["pilot_ports"]),
                other=words.counted("port", row["other_ports"]),
            ),
            words(
                "pilots.weeks", before=words.count(row["weeks_before"]), after=words.count(row["weeks_after"])
            ),
        ),
    ]


@frame.in_words
def doubts(row: pd.Series) -> str:
    """What speaks against reading the effect as the pilot's; empty where nothing does."""
    known = frame.words().under("flag")
    return " ".join(known.get(flag, flag) for flag in str(row["flags"] or "").split(";") if flag)


def start(row: pd.Series) -> str:
    """The first day of the pilot, as text."""
    return str(row["starts_on"])


def _between(row: pd.Series, prefix: str) -> str:
    words = frame.words()
    lower, upper = (words.number(row[f"{prefix}{end}_pct"], 1) for end in ("lower", "upper"))
    return words("campaign.reduction.interval", lower=lower, upper=upper)


def _p(value: float) -> str:
    words = frame.words()
    return words("pilots.tiny") if value < TINY else words.number(value, 3)
