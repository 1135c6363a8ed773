"""What a briefing tells: frames of the registry, asked once."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from pipeline.errors import NothingFound
from pipeline.export import asked
from pipeline.metrics import REGISTRY, Filters, Metric, Reader

DEFINED = ("campaign", "reduction", "compare")
"""The metrics whose definitions are printed."""
PORTS_SHOWN = 20
"""Ports that a page holds: those with most batches."""
TOPIC = "campaign_2022"


@dataclass(frozen=True)
class Facts:
    """The figures of a briefing. Frames have the columns of their metrics."""

    campaign: dict[str, Any]
    total: dict[str, Any]
    days: pd.DataFrame
    ports: pd.DataFrame
    ports_in_all: int
    forecast: dict[str, Any] | None
    published: dict[str, Any]
    metrics: tuple[Metric, ...]
    as_of: dt.datetime | None
    known_at: dt.datetime | None
    zone: str
    build_id: str
    product_version: str
    is_sample: bool
    filters: dict[str, Any]


def gather(reader: Reader, question: Filters, filters: dict[str, Any]) -> Facts:
    """The facts of the campaign that is asked for; `filters` are printed as they were set.

    Raises `UserMistake` for a campaign that is not there, `NothingFound` on an empty lake or where nothing was known.
    """
    scopes = reader.query("campaign", question)
    campaigns = reader.query("campaigns", question)
    if not len(scopes):
        raise NothingFound(
            f"nothing of {question.campaign_id} was known", "Ask for a later known_at, or load files first."
        )
    campaign = _first(campaigns[campaigns["campaign_id"] == question.campaign_id])
    days = reader.query("campaign_days", question)
    compared = reader.query("compare", replace(question, measure="clearance"))
    forecast = reader.query("campaign_forecast", question)
    published = reader.query("published_figures", question)
    release = reader.release
    assert release is not None
    ports = _ports(scopes, compared)
    return Facts(
        campaign=campaign,
        total=_first(scopes[scopes["scope"] == "all"]),
        days=days[days["scope"] == "all"],
        ports=ports.head(PORTS_SHOWN),
        ports_in_all=len(ports),
        forecast=_first(forecast) if len(forecast) else None,
        published=dict(_published(published)),
        metrics=tuple(REGISTRY[key] for key in DEFINED),
        as_of=reader.as_of(question),
        known_at=question.known_at,
        zone=reader.settings.default_zone,
        build_id=release.build_id,
        product_version=release.product_version,
        is_sample=release.is_sample,
        filters=filters,
    )


def narrowed(filters: Filters) -> dict[str, Any]:
    """What narrows the figures, to be printed on them; the campaign and the instants stand elsewhere."""
    return {
        name: ", ".join(value) if isinstance(value, list) else value
        for name, value in asked(filters).items()
        if name not in ("campaign_id", "as_of", "known_at")
    }


def _ports(scopes: pd.DataFrame, compared: pd.DataFrame) -> pd.DataFrame:
    """A row a port: its part of the campaign, and its place beside the others; most batches first."""
    own = scopes[scopes["scope"] != "all"].rename(columns={"scope": "un_location_code"})
    found = own.merge(compared, on="un_location_code", how="outer")
    return found.sort_values(["n", "un_location_code"], ascending=[False, True], ignore_index=True)


def _first(frame: pd.DataFrame) -> dict[str, Any]:
    """The first row by column."""
    return {str(name): value for name, value in frame.iloc[0].items()}


def _published(rows: pd.DataFrame) -> list[tuple[str, Any]]:
    here = rows[rows["topic"] == TOPIC]
    return list(zip(here["figure"], here["value"], strict=True))
