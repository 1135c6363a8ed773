"""Which metrics a Spark Connect server may answer: those that tests hold equal to what DuckDB answers."""

from __future__ import annotations

from pipeline.errors import UserMistake

ON_SPARK = (
    "stays",
    "stock",
    "dwell",
    "clearance",
    "survival",
    "reduction",
    "campaign",
    "findings",
    "cases",
    "milestones",
    "history",
    "compare",
    "why",
    "why_batches",
    "rebound",
    "pilots",
    "campaign_forecast",
    "stock_forecast",
    "alerts",
    "alert_points",
    "indicators",
    "heat",
    "limit_clock",
    "limit_horizons",
    "dated_rules",
    "quantity",
    "segregation",
    "segregation_blocks",
    "risk",
    "risk_places",
    "yard_plan",
    "border",
    "border_alerts",
    "border_interceptions",
    "border_actions",
    "border_lag",
    "rejects",
    "trust",
)
"""A server's optimizer can lose a condition and answer all the same: what is not tried is not asked."""


def check(key: str) -> None:
    """Raise `UserMistake` for a metric that is not known to come out the same on a Spark Connect server."""
    if key not in ON_SPARK:
        raise UserMistake(
            f"{key}: not with --engine spark; it is not known to come out the same there",
            f"Leave --engine and --remote out, or ask for one of {', '.join(ON_SPARK)}.",
        )
