"""Pilots: did clearance at the pilot ports change more than at the others, and can that be told at all?"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from pipeline.metrics.campaign_choice import campaign_ports, chosen_campaign
from pipeline.metrics.durations import prepare
from pipeline.metrics.question import Question
from pipeline.metrics.registry import Metric, register
from pipeline.statistics.panels import (
    SEED,
    Coefficient,
    Panel,
    effect,
    event_study,
    permuted_effect,
    permuted_trend,
    placebo,
    trend_before,
    two_sided,
)

NEEDED = {"pilot_ports": 3, "other_ports": 5, "weeks_before": 8, "weeks_after": 1}
"""The least of each, by the column that counts it, from which an effect can be identified."""
_NEEDED_CALLED = {
    "pilot_ports": "pilot ports with arrivals before and after",
    "other_ports": "other ports with arrivals before and after",
    "weeks_before": "weeks before the pilot",
    "weeks_after": "weeks of the pilot that have been followed long enough",
}
FOLLOWED_DAYS = 30
"""A batch is followed for as long; only weeks of arrival that lie as far back count. `tau_hours` sets another."""
LEAST_HOURS = 1.0
"""Shorter clearances count as an hour: the logarithm of no time at all is no number."""
SIGNIFICANT = 0.05

PILOT_COLUMNS = (
    "campaign_id",
    "starts_on",
    "pilot_ports",
    "other_ports",
    "weeks_before",
    "weeks_after",
    "weeks_left_out",
    "n",
    "n_capped",
    "n_unknown",
    "n_left_out",
    "effect_log",
    "effect_se_log",
    "effect_pct",
    "lower_pct",
    "upper_pct",
    "p_clustered",
    "p_permutation",
    "permutations",
    "is_exact",
    "seed",
    "trend_before_pct_a_week",
    "trend_before_p_permutation",
    "placebo_starts_on",
    "placebo_pct",
    "placebo_lower_pct",
    "placebo_upper_pct",
    "placebo_p_permutation",
    "verdict",
    "reason",
    "flags",
    "lacking",
)
WEEK_COLUMNS = (
    "week",
    "week_starts_on",
    "pilot_mean_log_hours",
    "other_mean_log_hours",
    "pilot_ports",
    "other_ports",
    "n_pilot",
    "n_other",
    "difference_pct",
    "lower_pct",
    "upper_pct",
    "is_before",
)
Row = dict[str, Any]


@dataclass(frozen=True)
class Cohorts:
    """The campaign, its cells (a row a port and week), and how many of its weeks are not followed yet."""

    campaign: Row
    pilot_ports: frozenset[str]
    cells: pd.DataFrame
    weeks_left_out: int

    def panel(self) -> tuple[Panel, list[str]]:
        """The panel of ports with weeks both before and after, and their names."""
        cells = self.cells[self.cells["n"] > 0]
        names = sorted(set(cells["un_location_code"]))
        number = {name: place for place, name in enumerate(names)}
        whole = Panel(
            cells["un_location_code"].map(number).to_numpy(np.int64),
            cells["week"].to_numpy(np.int64),
            cells["mean_log_hours"].to_numpy(np.float64),
            np.array([name in self.pilot_ports for name in names], dtype=np.bool_),
        )
        panel = two_sided(whole)
        kept = set(whole.port[whole.week < 0].tolist()) & set(whole.port[whole.week >= 0].tolist())
        return panel, [name for name in names if number[name] in kept]


def _cohorts(question: Question) -> Cohorts:
    campaign = chosen_campaign(question)
    asked = replace(question, filters=replace(question.filters, count="batch", stage="overall"))
    starts_on: dt.date = campaign["starts_on"]
    followed = dt.timedelta(hours=_tau_hours(question))
    weeks_asked = -(-((campaign["ends_on"] - starts_on).days + 1) // 7)
    try:
        asked.read_within(campaign["baseline_from"])
        prepare(asked, "clearance")
        last_week = _last_week(asked.as_of, starts_on, followed)
        pilot = {
            "starts_on": pa.array([starts_on], pa.date32()),
            "first_week": pa.array([_first_week(campaign)], pa.int64()),
            "last_week": pa.array([min(last_week, weeks_asked - 1)], pa.int64()),
            "tau_hours": pa.array([_tau_hours(question)], pa.float64()),
            "least_hours": pa.array([LEAST_HOURS], pa.float64()),
        }
        asked.engine.register_arrow("asked_pilot", pa.table(pilot))
        cells = asked.frame("cohort_weeks")
        begun = _last_week(asked.as_of, starts_on, dt.timedelta(0)) + 1
    finally:
        asked.close()
    left_out = max(0, min(begun, weeks_asked) - max(0, min(last_week + 1, weeks_asked)))
    return Cohorts(campaign, frozenset(campaign_ports(question, campaign)), cells, left_out)


def _tau_hours(question: Question) -> float:
    return question.filters.tau_hours or FOLLOWED_DAYS * 24.0


def _first_week(campaign: Row) -> int:
    """The first whole week of the baseline; all there is where the campaign names none."""
    if campaign["baseline_from"] is None:
        return -10_000
    return -((campaign["starts_on"] - campaign["baseline_from"]).days // 7)


def _last_week(as_of: dt.datetime | None, starts_on: dt.date, followed: dt.timedelta) -> int:
    """The last week whose every arrival, in any time zone, lies `followed` or more before as_of."""
    if as_of is None:
        return -10_000
    zones = dt.timedelta(hours=12)
    seen = as_of - zones - followed - dt.datetime.combine(starts_on, dt.time())
    return math.floor(seen / dt.timedelta(weeks=1)) - 1


def pilots(question: Question) -> pd.DataFrame:
    """The report `pilots`: one row."""
    found = _cohorts(question)
    panel, names = found.panel()
    cells = found.cells[found.cells["un_location_code"].isin(names)]
    row: Row = dict.fromkeys(PILOT_COLUMNS)
    row |= {"campaign_id": found.campaign["campaign_id"], "starts_on": found.campaign["starts_on"]}
    row |= {name: int(cells[name].sum()) for name in ("n", "n_capped", "n_unknown", "n_left_out")}
    row |= _sizes(panel) | {"weeks_left_out": found.weeks_left_out, "flags": ""}
    reason = why_not(row)
    if reason:
        codes = ";".join(f"{name}:{there}:{needed}" for name, (there, needed) in lacking(row).items())
        row |= {"verdict": "cannot be identified", "reason": reason, "lacking": codes}
    else:
        row |= _estimated(panel, found.campaign["starts_on"])
    return pd.DataFrame([row], columns=list(PILOT_COLUMNS)).astype(
        {"permutations": "Int64", "seed": "Int64", "is_exact": "boolean"}
    )


def _sizes(panel: Panel) -> Row:
    treated = int(panel.treated_ports.sum())
    weeks = set(panel.week.tolist())
    return {
        "pilot_ports": treated,
        "other_ports": panel.ports - treated,
        "weeks_before": sum(week < 0 for week in weeks),
        "weeks_after": sum(week >= 0 for week in weeks),
    }


def lacking(row: Row) -> dict[str, tuple[int, int]]:
    """Of what there is too little to identify the effect: code, how many there are, how many are needed."""
    return {name: (row[name], least) for name, least in NEEDED.items() if row[name] < least}


def why_not(row: Row) -> str:
    """Why the effect cannot be identified, in words; empty where it can."""
    return "; ".join(
        f"{there} {_NEEDED_CALLED[name]}, {needed} needed" for name, (there, needed) in lacking(row).items()
    )


def _estimated(panel: Panel, starts_on: dt.date) -> Row:
    found, permuted = effect(panel), permuted_effect(panel)
    trend, trend_permuted = trend_before(panel), permuted_trend(panel)
    middle = -int(panel.week.min()) // 2
    shifted = two_sided(placebo(panel, middle))
    fake, fake_permuted = effect(shifted), permuted_effect(shifted)
    pct = _percent(found)
    doubts = {"trend_before": trend_permuted.p_value, "placebo_effect": fake_permuted.p_value}
    return {
        "effect_log": found.interval.estimate,
        "effect_se_log": found.error,
        "effect_pct": pct[0],
        "lower_pct": pct[1],
        "upper_pct": pct[2],
        "p_clustered": found.p_value,
        "p_permutation": permuted.p_value,
        "permutations": permuted.permutations,
        "is_exact": permuted.is_exact,
        "seed": SEED,
        "trend_before_pct_a_week": _percent(trend)[0],
        "trend_before_p_permutation": trend_permuted.p_value,
        "placebo_starts_on": starts_on - dt.timedelta(weeks=middle),
        **dict(zip(("placebo_pct", "placebo_lower_pct", "placebo_upper_pct"), _percent(fake), strict=True)),
        "placebo_p_permutation": fake_permuted.p_value,
        "verdict": _verdict(found, permuted.p_value),
        "flags": ";".join(name for name, p_value in doubts.items() if p_value <= SIGNIFICANT),
    }


def _percent(found: Coefficient) -> tuple[float, float, float]:
    """A coefficient of log hours as a change of hours in percent, with its interval."""
    ends = (found.interval.estimate, found.interval.lower, found.interval.upper)
    estimate, lower, upper = (100 * math.expm1(min(end, 700.0)) for end in ends)
    return estimate, lower, upper


def _verdict(found: Coefficient, p_permutation: float) -> str:
    if p_permutation > SIGNIFICANT:
        return "not distinguishable"
    return "faster" if found.interval.estimate < 0 else "slower"


def pilot_weeks(question: Question) -> pd.DataFrame:
    """A row a week: both sides' means, and their difference against that of the week before the pilot."""
    found = _cohorts(question)
    panel, names = found.panel()
    cells = found.cells[found.cells["un_location_code"].isin(names) & (found.cells["n"] > 0)]
    can_tell = not why_not(_sizes(panel))
    coefficients = event_study(panel) if can_tell else {}
    rows = [
        _week_row(week, cells[cells["week"] == week], found, coefficients.get(week), can_tell)
        for week in sorted(set(cells["week"].tolist()))
    ]
    return pd.DataFrame(rows, columns=list(WEEK_COLUMNS))


def _week_row(
    week: int, cells: pd.DataFrame, found: Cohorts, coefficient: Coefficient | None, can_tell: bool
) -> Row:
    is_pilot = cells["un_location_code"].isin(found.pilot_ports)
    ends: tuple[float | None, ...] = _percent(coefficient) if coefficient else (None, None, None)
    if week == -1 and can_tell:
        ends = (0.0, None, None)
    row: Row = {
        "week": week,
        "week_starts_on": found.campaign["starts_on"] + dt.timedelta(weeks=week),
        "is_before": week < 0,
    }
    for side, own in (("pilot", cells[is_pilot]), ("other", cells[~is_pilot])):
        mean = float(own["mean_log_hours"].mean()) if len(own) else None
        row |= {f"{side}_mean_log_hours": mean, f"{side}_ports": len(own), f"n_{side}": int(own["n"].sum())}
    return row | dict(zip(("difference_pct", "lower_pct", "upper_pct"), ends, strict=True))


_DEFINITION = (
    "Difference in differences of the weekly mean log hours of overall clearance by week of arrival: pilot ports against "
    "the others, with fixed effects of port and week, every port and week one cell of equal weight. Standard errors are "
    "clustered by port; the p-value that the verdict goes by permutes which ports are pilots (seed and number are "
    "shown; exact where every choice was gone through). Hours are cut off at 30 days and count as one where they are "
    "fewer: no time at all has no logarithm. Weeks are whole ones from the pilot's first day on, the one in which it ends "
    "too, and only those whose every arrival has been followed for 30 days count, so the last cohorts bias nothing; they "
    "are counted as left out. The "
    "trend before the pilot and the effect of a placebo date half-way through the weeks before should be near nothing."
)
_DEFINITION_ZH = (
    "按到港周计的整体通关时间对数均值的双重差分：试点港与其他港比较，含港口与周固定效应，每港每周一格、等权。"
    "标准误按港口聚类；判断所依据的 p 值由置换试点港得出（给出种子与次数，穷尽全部组合时为精确值）。"
    "时长截至 30 天，不足 1 小时按 1 小时计（零无对数）。自试点首日起按整周计，试点结束所在周亦整周计入；"
    "仅计入全部到港批次均已跟踪 30 天的周，故末期批次不致偏差；其余周计为剔除。"
    "试点前趋势与以前期中点为假定起点的安慰剂效应应接近零。"
)
_CAVEATS = (
    "cannot be identified: fewer than 3 pilot ports, 5 others or 8 weeks before. With few ports the clustered interval "
    "is somewhat too narrow: go by the permutation. trend_before, placebo_effect: the two sides already moved apart "
    "before the pilot, so the effect may not be the pilot's. unknown: left without a release."
)
_CAVEATS_ZH = (
    "无法识别：试点港少于 3 个、其他港少于 5 个或前期不足 8 周。港口少时聚类区间偏窄，以置换结果为准。"
    "trend_before、placebo_effect：试点前两组已分化，效应未必来自试点。unknown：未放行即离港。"
)
_SOURCE = (
    "Angrist and Pischke 2009, chapter 5; Bertrand, Duflo and Mullainathan 2004 on clustering; MacKinnon and Webb 2020 on "
    "randomization inference with few treated clusters; Roth and others 2023 on pre-trends"
)

register(
    Metric(
        key="pilots",
        title="Pilot against the other ports",
        title_zh="试点与其他口岸",
        unit="percent",
        grain="one row",
        definition=_DEFINITION,
        definition_zh=_DEFINITION_ZH,
        sql="cohort_weeks",
        family="pilots",
        columns=PILOT_COLUMNS,
        compute=pilots,
        caveats=_CAVEATS,
        caveats_zh=_CAVEATS_ZH,
        source=_SOURCE,
        is_report=True,
        options=("campaign", "tau_days"),
    ),
    Metric(
        key="pilot_weeks",
        title="Pilot week by week",
        title_zh="试点逐周",
        unit="percent",
        grain="one row a week of arrival, counted from the pilot's start",
        definition="Event study: the difference between pilot ports and others in each week, in percent of clearance "
        "hours, against that of the week before the pilot, with 95% intervals clustered by port. "
        + _DEFINITION,
        definition_zh="事件研究：各周试点港与其他港的差异（通关时长百分比），以试点前一周为基准，附按港口聚类的 95% 区间。"
        + _DEFINITION_ZH,
        sql="cohort_weeks",
        family="pilots",
        columns=WEEK_COLUMNS,
        compute=pilot_weeks,
        caveats=_CAVEATS,
        caveats_zh=_CAVEATS_ZH,
        source=_SOURCE,
        options=("campaign", "tau_days"),
    ),
)
