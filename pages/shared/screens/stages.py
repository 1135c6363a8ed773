"""The means of the stages: of the window beside the baseline, then port by port, the slowest first."""

from __future__ import annotations

import pandas as pd

from pages.shared import data, frame, labels
from pages.shared.screens import clocks
from pages.shared.screens.periods import Period

STAGES = ("arrived_lodged", "lodged_inspected", "inspected_released", "lodged_released", "released_left")


@frame.in_words
def means(asked: Period) -> pd.DataFrame:
    """The rows of `stage_means`, each with the `name` of its bar and the `window` it is of."""
    words = frame.words()
    found = []
    for window, chosen in (("baseline", asked.baseline), ("window", asked.window)):
        if chosen is not None:
            rows = data.metric("stage_means", clocks.whole(chosen))
            found.append(rows.assign(name=words(f"stages.{window}"), window=window))
    ports = data.metric("stage_means", asked.window)
    if ports["un_location_code"].nunique() > 1:
        order = ports.groupby("un_location_code")["mean_hours"].transform("sum")
        ports = ports.assign(order=order).sort_values("order", ascending=False, kind="stable")
        named = labels.labelled(ports["un_location_code"], "un_location_code")
        found.append(ports.drop(columns="order").assign(name=named, window="window"))
    return pd.concat(found, ignore_index=True)


@frame.in_words
def called() -> dict[str, str]:
    """What the stages are called, in their order."""
    label = labels.labeller("stage")
    return {stage: label(stage) for stage in STAGES}


@frame.in_words
def plain(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows as they are downloaded: codes alone."""
    return rows.drop(columns="name")
