"""The limit clock: who passes the limit next, and the chance to leave before; limit rules that end."""

from __future__ import annotations

import pandas as pd

from pipeline.metrics.limit_odds import odds_here
from pipeline.metrics.question import Question
from pipeline.metrics.registry import Metric, register

CLOCK_COLUMNS = (
    "consignment_id",
    "un_location_code",
    "facility_code",
    "direction",
    "lead_class",
    "units",
    "arrived_at",
    "age_hours",
    "limit_hours",
    "overdue_at",
    "hours_to_limit",
    "within_hours",
    "leaves_before_share",
    "lower_share",
    "upper_share",
    "pool",
    "n_at_risk",
    "window_days",
    "limit_rule_id",
    "rule_valid_from",
    "rule_valid_to",
    "is_dated_rule",
    "limit_is_illustrative",
    "equipment_reference",
)
HORIZON_COLUMNS = ("within_hours", "batches", "batches_without_chance", "expected_overdue_batches")
RULE_COLUMNS = (
    "rule_id",
    "un_number",
    "imo_class",
    "un_location_code",
    "facility_code",
    "direction",
    "limit_hours",
    "valid_from",
    "valid_to",
    "state",
    "batches",
    "overdue_batches",
    "is_illustrative",
)


def _prepare_odds(question: Question) -> None:
    """Chances are taken from the last days alone: nothing that left before them is read."""
    values = question.reference.table("safety_values").to_pylist()
    question.read_last(next(row["value"] for row in values if row["name"] == "survival_window_days"))
    odds_here(question.engine)


def limit_clock(question: Question) -> pd.DataFrame:
    """The report `limit_clock`: a row a batch that passes its limit within 168 hours."""
    _prepare_odds(question)
    frame = question.frame("limit_clock")
    frame["n_at_risk"] = frame["n_at_risk"].astype("Int64")
    for name in ("is_dated_rule", "limit_is_illustrative"):
        frame[name] = frame[name].astype(bool)
    return frame[list(CLOCK_COLUMNS)]


def limit_horizons(question: Question) -> pd.DataFrame:
    """The report `limit_horizons`: a row a horizon."""
    _prepare_odds(question)
    return question.frame("limit_horizons")[list(HORIZON_COLUMNS)]


def dated_rules(question: Question) -> pd.DataFrame:
    """The report `dated_rules`: a row a limit rule that holds for some days alone."""
    return question.frame("dated_rules")[list(RULE_COLUMNS)]


_CAVEAT = "Limits that are shipped with the product are illustrative, not law."
_CAVEAT_ZH = "随产品提供的时限仅为示例，并非法规。"

register(
    Metric(
        key="limit_clock",
        title="Limit clock",
        title_zh="时限倒计时",
        unit="hours, chance",
        grain="one row a batch in the yard that is not overdue and passes its limit within 168 hours",
        definition="The batches that pass their limit next, and the chance that each leaves before: 1 - S(limit) / S(age), "
        "Kaplan-Meier with delayed entry over the days before as_of that window_days tells (180), of its lead class at "
        "its port, with a 95 % log-log band. n_at_risk are those of the pool that were seen beyond the age of now: the "
        "batch itself is none of them. With fewer than 20, or fewer than 5 at the limit while the curve is above a tenth, "
        "the pool is the class at all ports (pool class); else too few, and there is no chance. The rule that set the "
        "limit is named, with the days of arrival for which it holds.",
        definition_zh="即将达到时限的批次，及其在此之前离港的概率：1 − S(时限)/S(在港时间)，"
        "为 as_of 前 window_days（180）天内"
        "同港同主要类别的延迟进入 Kaplan-Meier 估计，附 95% log-log 区间。"
        "n_at_risk 为样本中观察超过当前在港时间的数量，不含该批次自身。"
        "不足 20，或在时限处不足 5 而曲线仍高于 0.1 时，改用全国同类（pool 为 class）；仍不足则为样本过少，不给概率。"
        "列出确定时限的规则及其适用的到达日期。",
        sql="limit_clock",
        family="safety",
        columns=CLOCK_COLUMNS,
        compute=limit_clock,
        caveats=f"{_CAVEAT} What left in the past half year did so under its own conditions: a chance is no promise.",
        caveats_zh=f"{_CAVEAT_ZH}过去半年的离港有其当时的条件，概率不是承诺。",
        source="Kaplan and Meier 1958, left truncation as in the period clock; Greenwood log-log band",
        is_report=True,
        unmoved_by=("days",),
    ),
    Metric(
        key="limit_horizons",
        title="Limits passed ahead",
        title_zh="即将超限批次",
        unit="batches",
        grain="one row a horizon: 24, 72 and 168 hours, each with the shorter ones in it",
        definition="How many batches pass their limit within the horizon if nobody moves them, how many of them would "
        "still be there by their chances (the sum of 1 - chance), and how many have no chance to go by.",
        definition_zh="在该时段内若无人移动将达到时限的批次数；按概率届时仍在港的批次数（1 − 概率之和）；"
        "无概率可依的批次数。",
        sql="limit_horizons",
        family="safety",
        columns=HORIZON_COLUMNS,
        compute=limit_horizons,
        caveats=_CAVEAT,
        caveats_zh=_CAVEAT_ZH,
        source="dgwatch definitions",
        is_report=True,
        unmoved_by=("days",),
    ),
    Metric(
        key="dated_rules",
        title="Dated limit rules",
        title_zh="有期限的时限规则",
        unit="batches",
        grain="one row a limit rule with a first or a last day",
        definition="Waivers and tightenings: limit rules that hold only for arrivals of some days, whether they are in "
        "force, when they end, and the batches in the yard whose limit is by them. A batch keeps the limit of the day it "
        "arrived.",
        definition_zh="豁免与收紧：仅适用于特定到达日期的时限规则，其是否生效、何时结束，以及在港批次中依其确定时限者。"
        "批次沿用其到达日的时限。",
        sql="dated_rules",
        family="safety",
        columns=RULE_COLUMNS,
        compute=dated_rules,
        caveats=_CAVEAT,
        caveats_zh=_CAVEAT_ZH,
        source="reference table limit_rules",
        is_report=True,
        unmoved_by=("days",),
    ),
)
