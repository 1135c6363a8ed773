"""The facts set in a page of HTML for A4."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipeline.briefing.burn_down import burn_down
from pipeline.briefing.facts import Facts

NONE = "–"


def page(facts: Facts) -> str:
    """The briefing as HTML that stands alone. Every text is escaped."""
    loader = FileSystemLoader(Path(__file__).parent)
    setting = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    setting.filters |= {"count": _count, "number": _number, "day": _day, "known": _known}
    return setting.get_template("page.html.jinja").render(
        facts=facts,
        rows=facts.ports.to_dict("records"),
        chart=burn_down(facts.days),
        as_of=_instant(facts.as_of, facts.zone),
        known_at=_instant(facts.known_at, facts.zone),
    )


def _known(value: Any) -> bool:
    return not (value is None or pd.isna(value))


def _count(value: Any) -> str:
    return f"{value:,.0f}" if _known(value) else NONE


def _number(value: Any) -> str:
    return f"{value:,.1f}" if _known(value) else NONE


def _day(value: Any) -> str:
    return f"{value:%Y-%m-%d}" if _known(value) else NONE


def _instant(instant: dt.datetime | None, zone: str) -> str:
    """Wall time of the lake's zone with its offset; empty for none."""
    if instant is None:
        return ""
    local = instant.replace(tzinfo=dt.UTC).astimezone(ZoneInfo(zone))
    offset = local.strftime("%z")
    return f"{local:%Y-%m-%d %H:%M} (UTC{offset[:3]}:{offset[3:]})"
