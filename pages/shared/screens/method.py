"""The registry as the methodology screen lists it."""

from __future__ import annotations

import pandas as pd

from pages.shared import data, frame


def families() -> list[str]:
    """The families of metrics, in the registry's order."""
    return list(dict.fromkeys(metric.family for metric in data.registry().values()))


@frame.in_words
def family_label(name: str) -> str:
    """What a family is called; all of them for the empty name."""
    words = frame.words()
    if not name:
        return words("filter.all")
    key = f"family.{name}"
    return words(key) if words.has(key) else name


@frame.in_words
def by_family(only: str) -> dict[str, list[str]]:
    """Keys of metrics by family, of one family or of all."""
    found: dict[str, list[str]] = {}
    for key, metric in data.registry().items():
        if only in ("", metric.family):
            found.setdefault(metric.family, []).append(key)
    return found


@frame.in_words
def pile_up_cards(rows: pd.DataFrame) -> list[tuple[str, str, str]]:
    """What the example shows: the mean by exit goes up while the headline goes down."""
    words = frame.words()
    found = []
    for clock, statistic in (("exit", "mean_hours"), ("period", "rmst_hours")):
        own = rows[rows["clock"] == clock].set_index("window")[statistic]
        before = words("methodology.pile_up.before", length=words.length(own["baseline"]))
        found.append((words(f"clocks.{clock}"), words.length(own["window"]), before))
    return found
