"""The numbers: a registry entry a metric, and the reader that answers questions from one release of a lake."""

from pipeline.lake.lake import Release
from pipeline.metrics import (  # noqa: F401  (each fills the registry)
    alerts,
    batch,
    border,
    campaign,
    comparison,
    desk,
    durations,
    durations_stages,
    forecast,
    heat,
    limit_clock,
    pilots,
    rebound,
    reduction,
    risk,
    segregation,
    stock_forecast,
    trust,
    why,
    yard,
)
from pipeline.metrics.filters import Filters
from pipeline.metrics.kept.standing import keep_in_background
from pipeline.metrics.reader import Reader
from pipeline.metrics.registry import OPTIONS, REGISTRY, Metric

__all__ = ["OPTIONS", "REGISTRY", "Filters", "Metric", "Reader", "Release", "keep_in_background"]
