"""The registry: one entry a metric, with its definition, from which reports, pages and the methodology follow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from pipeline.metrics.filters import Filters
    from pipeline.metrics.question import Question

Compute = Callable[["Question"], pd.DataFrame]


OPTIONS = (
    "by",
    "campaign",
    "consignment",
    "file",
    "stage",
    "measure",
    "part",
    "tau_days",
    "baseline_from",
    "baseline_to",
    "count_unit",
    "weights",
)
"""What some reports can be asked beyond what every report can."""

SLICES = {
    "ports": ("ports",),
    "classes": ("classes",),
    "direction": ("direction",),
    "days": ("date_from", "date_to"),
    "as_of": ("as_of",),
}
"""What every report can be asked, though it does not act on each; the fields of `Filters` that ask it."""


@dataclass(frozen=True)
class Metric:
    """One metric: what it is called, what it means, and what computes it.

    `sql` is the model's file name. `columns` are those of the frame, in order. `source` is the standard or paper.
    """

    key: str
    title: str
    title_zh: str
    unit: str
    grain: str
    definition: str
    definition_zh: str
    sql: str
    family: str
    columns: tuple[str, ...]
    compute: Compute = field(repr=False, compare=False)
    caveats: str = ""
    caveats_zh: str = ""
    source: str = ""
    is_report: bool = False
    options: tuple[str, ...] = ()
    """The options beyond those of every report that act on it: of `OPTIONS`."""
    unmoved_by: tuple[str, ...] = ()
    """What can be asked of every report and does not act on this one: of `SLICES`."""
    follows_log: bool = False
    """Shows what users wrote since the release too: a frame is not kept beyond the next entry of the log."""

    def without_effect(self, filters: Filters) -> tuple[str, ...]:
        """The fields of `filters` that ask for something and do not act on this metric."""
        fields = (field for name in self.unmoved_by for field in SLICES[name])
        return tuple(field for field in fields if getattr(filters, field))


REGISTRY: dict[str, Metric] = {}
"""Every metric by its key, in the order of the methodology page."""


def register(*metrics: Metric) -> None:
    """Adds metrics to the registry; two of one key are a bug."""
    for metric in metrics:
        if metric.key in REGISTRY:
            raise ValueError(f"two metrics are called {metric.key}")
        REGISTRY[metric.key] = metric
