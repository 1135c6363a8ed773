"""When a campaign's opening backlog will be gone, at the pace of the last weeks."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd
import pyarrow as pa

from pipeline.metrics.campaign import prepare
from pipeline.metrics.question import Question
from pipeline.metrics.registry import Metric, register
from pipeline.statistics.inference import Interval, days_until_gone

LOOK_BACK_DAYS = 28
"""Four weeks: long enough for every weekday to count four times, short enough to be the present pace."""
MIN_DAYS = 7
"""With less than a week behind it a pace is that of some weekdays."""
HORIZON_DAYS = 730
"""Two years. Beyond it the answer is that the backlog will not be cleared at this pace."""

FORECAST_COLUMNS = (
    "scope",
    "remaining_opening",
    "pace_per_day",
    "cleared_on",
    "cleared_on_early",
    "cleared_on_late",
    "verdict",
)
Row = dict[str, Any]


def campaign_forecast(question: Question) -> pd.DataFrame:
    """A row for all ports together and one a port that had an opening backlog."""
    campaign = prepare(question)
    look_back = pa.array([LOOK_BACK_DAYS * 86_400_000_000], pa.int64())
    question.engine.register_arrow("asked_forecast", pa.table({"look_back_micros": look_back}))
    ports = question.engine.to_arrow("opening_pace").to_pylist()
    scopes = [("all", ports)] if ports else []
    scopes += [(port["un_location_code"], [port]) for port in ports]
    rows = [_row(scope, _together(members), campaign["ends_on"]) for scope, members in scopes]
    return pd.DataFrame(rows, columns=list(FORECAST_COLUMNS))


def _together(ports: list[Row]) -> Row:
    """Several ports as one."""
    added = ("remaining_opening", "late_exits", "late_batch_days")
    left = [port["last_left_on"] for port in ports if port["last_left_on"] is not None]
    return {
        **{name: sum(port[name] for port in ports) for name in added},
        "late_days": max(port["late_days"] for port in ports),
        "as_of_day": max(port["as_of_day"] for port in ports),
        "has_begun": any(port["has_begun"] for port in ports),
        "last_left_on": max(left, default=None),
    }


def _row(scope: str, found: Row, ends_on: dt.date) -> Row:
    remaining, days = found["remaining_opening"], found["late_days"]
    row: Row = dict.fromkeys(FORECAST_COLUMNS)
    row |= {"scope": scope, "remaining_opening": remaining}
    if not found["has_begun"]:
        return row | {"verdict": "not begun"}
    row["pace_per_day"] = found["late_exits"] / days if days else None
    if not remaining:
        gone_on = found["last_left_on"]
        on_that_day = dict.fromkeys(("cleared_on", "cleared_on_early", "cleared_on_late"), gone_on)
        return row | on_that_day | {"verdict": "cleared"}
    if days < MIN_DAYS:
        return row | {"verdict": "too early to tell"}
    wait = days_until_gone(remaining, found["late_exits"], found["late_batch_days"])
    if wait is None or wait.estimate > HORIZON_DAYS:
        return row | {"verdict": "not at this pace"}
    return row | _dates(wait, found["as_of_day"], ends_on)


def _dates(wait: Interval, today: dt.date, ends_on: dt.date) -> Row:
    cleared_on = today + dt.timedelta(days=round(wait.estimate))
    late = today + dt.timedelta(days=round(wait.upper)) if wait.upper <= HORIZON_DAYS else None
    return {
        "cleared_on": cleared_on,
        "cleared_on_early": today + dt.timedelta(days=round(wait.lower)),
        "cleared_on_late": late,
        "verdict": "by the end" if cleared_on <= ends_on else "after the end",
    }


register(
    Metric(
        key="campaign_forecast",
        title="When the opening backlog is cleared",
        title_zh="期初积压清零预测",
        unit="days",
        grain="one row all ports, then one row a port with an opening backlog",
        definition="Each batch of the opening backlog that remains leaves with the hazard of the last 28 days: exits of "
        "opening batches over the days that they were there. cleared_on is the day by which the last is gone with a "
        "chance of one half; the band holds four of five outcomes, the chance of the exits and that of the hazard (a "
        "gamma distribution of exits and days) together. Nobody left in 28 days, or beyond two years: not at this pace.",
        definition_zh="剩余的期初积压批次按最近 28 天的风险率离港：期初批次离港数 / 其在港天数。"
        "cleared_on 为最后一批离港概率达一半之日；区间含五分之四的结果，同时计入离港的随机性与风险率的不确定性（伽马分布）。"
        "28 天内无离港，或超过两年：按此进度无法清零。",
        sql="opening_pace",
        family="campaign",
        columns=FORECAST_COLUMNS,
        compute=campaign_forecast,
        caveats="All that remain are taken to be alike. The longest stuck are slower, so the day is rather too early. "
        "Boxes moved to another depot have left. Dates are the port's own; pace_per_day is exits a day, not the hazard.",
        caveats_zh="假定剩余批次同质；滞留最久者更慢，故日期偏早。移至其他场站视为已离开。"
        "日期为港口当地日；pace_per_day 为日均离港数。",
        source="Exponential waiting times with a gamma rate (Jeffreys prior); the largest of n, as in reliability",
        is_report=True,
        options=("campaign",),
    ),
)
