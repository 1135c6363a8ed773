"""Ports side by side, and why a figure changed: the registry's frames as charts and cards want them."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from pages.shared import filters, frame, labels
from pipeline.metrics import Filters

VIEWS = ("compare", "why")
MEASURES = ("clearance", "dwell")
PARTS = ("exit", "arrival", "late", "corrected")
LIMIT = 200
"""Rows listed behind a change."""
ENDS = ("hours", "lower_hours", "upper_hours")
LISTED = (
    "rank",
    "place_from",
    "place_to",
    "un_location_code",
    "n",
    "n_open",
    "standardised_hours",
    "standardised_lower_hours",
    "standardised_upper_hours",
    "crude_hours",
    "crude_lower_hours",
    "crude_upper_hours",
    "coverage_share",
    "funnel",
    "flags",
)


def view() -> str:
    """Draw the switch between the two halves of the page."""
    words = frame.words()
    return filters.switch("view", list(VIEWS), lambda code: words(f"ports.view.{code}"))


def measured(chosen: Filters) -> Filters:
    """Draw the switch between clearance and dwell; the question about it."""
    words = frame.words()
    picked = filters.switch("timed", list(MEASURES), lambda code: words(f"{code}.title"))
    return replace(chosen, measure=picked)


def behind(asked: Filters) -> Filters:
    """Draw the choice of the rows behind a change; the question about them."""
    part = filters.pick("part", list(PARTS), labels.labeller("part"))
    return replace(asked, part=part, limit=LIMIT)


@frame.in_words
def dots(ports: pd.DataFrame) -> pd.DataFrame:
    """Standardised and crude values with their intervals, two rows a port, the fastest first."""
    words = frame.words()
    named = labels.labelled(ports["un_location_code"], "un_location_code")
    ranks = [
        words("ports.rank", rank=rank) if pd.notna(rank) else words("ports.unranked")
        for rank in ports["rank"]
    ]
    found = []
    for kind in ("standardised", "crude"):
        ends = {end: ports[f"{kind}_{end}"] for end in ENDS}
        found.append(ports[[]].assign(**ends, name=named, told=ranks, series=words(f"ports.{kind}")))
    return pd.concat(found, ignore_index=True).dropna(subset=["hours"])


@frame.in_words
def effects(why: pd.DataFrame) -> pd.DataFrame:
    """What the change of the mean dwell owes to the mix and to the rate of every class, in hours."""
    rows = why[(why["part"] == "dwell") & (why["lead_class"] != "all")]
    rows = rows[rows["measure"].isin(["mix_effect", "rate_effect"])]
    size = rows.groupby("lead_class")["value"].transform(lambda values: values.abs().max())
    rows = rows.assign(size=size).sort_values("size", ascending=False, kind="stable")
    return rows.assign(
        name=labels.labelled(rows["lead_class"], "lead_class"),
        series=labels.labelled(rows["measure"], "measure"),
        lower=None,
        upper=None,
    )


@frame.in_words
def cards(why: pd.DataFrame) -> list[tuple[str, str, str]]:
    """The change of stock and of mean dwell, taken apart; what was told late."""
    words = frame.words()
    rows = why[why["lead_class"] == "all"]
    value = dict(zip(rows["measure"], rows["value"], strict=True))
    dwell = {name: words.length(value.get(name)) for name in ("mean_dwell", "baseline_mean_dwell")}
    told = {name: words.count(value.get(name)) for name in ("late_rows", "corrected_rows")}
    flows = {
        name: words.count(value.get(name)) for name in ("arrivals", "exits", "opening_stock", "closing_stock")
    }
    return [
        (words("why.stock"), words.count(value.get("stock_change")), words("why.flows", **flows)),
        (words("why.dwell"), words.length(value.get("mean_dwell_change")), words("why.means", **dwell)),
        (words("why.mix"), words.length(value.get("mix_effect")), words("why.mix.told")),
        (words("why.rate"), words.length(value.get("rate_effect")), words("why.rate.told")),
        (words("why.paper"), told["late_rows"], words("why.corrected", rows=told["corrected_rows"])),
    ]
