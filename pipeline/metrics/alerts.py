"""Early warning: notices and alerts of every port, their points, silent ports, and who acknowledged what."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

import pandas as pd

from pipeline import acknowledgements
from pipeline.errors import UserMistake
from pipeline.metrics import watching
from pipeline.metrics.filters import Filters
from pipeline.metrics.question import Question
from pipeline.metrics.registry import Metric, register

if TYPE_CHECKING:
    from pipeline.metrics.reader import Reader

ALERT_COLUMNS = (
    "alert_id",
    "level",
    "un_location_code",
    "started_on",
    "ended_on",
    "is_on",
    "ended_how",
    "days_on",
    "groups",
    "points",
    "acknowledgements",
    "acknowledged_at",
    "acknowledged_by",
    "remark",
)
POINT_COLUMNS = (
    "alert_id",
    "level",
    "un_location_code",
    "started_on",
    "indicator",
    "points_group",
    "first_fired_on",
    "last_fired_on",
    "days_fired",
    "worst_value",
    "limit_value",
    "unit",
    "counts_now",
    "limit_is_illustrative",
)
INDICATOR_COLUMNS = (
    "un_location_code",
    "indicator",
    "points_group",
    "date",
    "value",
    "limit_value",
    "unit",
    "has_fired",
    "limit_is_illustrative",
)


def refuse_slices(question: Question, what: str) -> None:
    """Raise `UserMistake` where a class or direction is asked of what has none."""
    asked = question.filters
    if asked.classes or asked.direction:
        raise UserMistake(f"{what}: no class and no direction act on it", "Ask for ports and days.")


def alerts(question: Question) -> pd.DataFrame:
    """The report `alerts`: a row a notice or alert, the latest first, with its latest acknowledgement."""
    refuse_slices(question, "alerts are of whole ports")
    watching.provide(question)
    log = acknowledgements.log_of(question.lake.root)
    question.engine.register_arrow("acknowledgements", log.read())
    return question.frame("alerts_report")


def alert_points(question: Question) -> pd.DataFrame:
    """The report `alert_points`: what fired for each notice and alert."""
    return _answered(question, "alert_points_report")


def indicators(question: Question) -> pd.DataFrame:
    """The report `indicators`: what every indicator of every port says at as_of."""
    return _answered(question, "indicators_now")


def silent_ports(question: Question) -> pd.DataFrame:
    """Ports that used to report and are silent."""
    return _answered(question, "silent_ports")


def alert_levels(question: Question) -> pd.DataFrame:
    """The level of every port and day that had one."""
    return _answered(question, "alert_levels_report")


def _answered(question: Question, model: str) -> pd.DataFrame:
    refuse_slices(question, "alerts are of whole ports")
    watching.provide(question)
    return question.frame(model)


def acknowledged(question: Question) -> pd.DataFrame:
    """The report `acknowledgements`: every entry of the log, the latest first."""
    log = acknowledgements.log_of(question.lake.root)
    question.engine.register_arrow("acknowledgements", log.read())
    return question.frame("acknowledgements_report")


def acknowledge(reader: Reader, alert_id: str, name: str, remark: str) -> None:
    """Keeps that somebody has seen a notice or alert. Every reader of the lake sees it from then on.

    Raises `UserMistake` for an alert that is not there and for a text that cannot be kept; `NothingFound` on an
    empty lake.
    """
    known = list(reader.query("alerts", Filters())["alert_id"])
    if alert_id not in known:
        near = difflib.get_close_matches(alert_id, known, n=3)
        hint = f"Did you mean {', '.join(near)}?" if near else "`dgwatch report alerts` lists them."
        raise UserMistake(f"{alert_id}: no such alert", hint)
    acknowledgements.keep(reader.lake.root, alert_id, name, remark)


_SOURCE = "dgwatch definitions; Page 1954; Montgomery, Introduction to Statistical Quality Control; Spiegelhalter 2005"
_CAVEAT = (
    "All limits, windows and groups are rows of `alert_rules` and `alert_groups`, and illustrative unless their row "
    "says otherwise. A day looks back only: nothing that happened later changes what was on that day, but rows that "
    "come late do, and so does a box that is first seen later under the batch that an earlier visit of it was taken for "
    "(links are those of as_of). The day of as_of is not over: what fires on it may be gone by its end. An alert is of a "
    "whole port: no class and no direction act on it."
)
_CAVEAT_ZH = (
    "所有限值、窗口与分组均为 `alert_rules` 和 `alert_groups` 的行，除非该行另有说明，均为示例。每日只回看："
    "其后发生之事不改变当日状态，但迟到的数据行会，"
    "箱货关联随 as_of 变化（某箱后来才见到所属批次）也会；as_of 当日尚未结束，其触发至日终可能消失。"
    "预警针对整个港口：类别和方向筛选不起作用。"
)

register(
    Metric(
        key="alerts",
        title="Notices and alerts",
        title_zh="提示与预警",
        unit="alerts",
        grain="one row a run of days at one level at one port, the latest first",
        definition="Each port and local day is looked at by nine indicators: backlog above its control limit, newly "
        "overdue rising, oldest age, stock near the licensed quantity, heat, misdeclaration rate, missing gate-outs, "
        "units seen elsewhere, silence. One that fires is a point and counts for seven days. Points of one group are "
        "not independent and count once. Points of one group make a notice, of two or more an alert. It ends on the "
        "first day without enough of them: faded, one group left, or the notice became an alert.",
        definition_zh="对各港每个当地日以九项指标监测：积压超控制上限、新增超期上升、最久在港、在港量接近许可量、高温、伪瞒报率、"
        "有进无出、未出闸现身他港、报数中断。触发即为一点，七日内有效。同组各点并非相互独立，只计一次。"
        "一组有点为提示，两组及以上为预警。不再满足之首日即结束：消退、只剩一组，或提示升为预警。",
        sql="alerts_report",
        family="warning",
        columns=ALERT_COLUMNS,
        compute=alerts,
        caveats=_CAVEAT,
        caveats_zh=_CAVEAT_ZH,
        source=_SOURCE,
        is_report=True,
        follows_log=True,
    ),
    Metric(
        key="alert_points",
        title="Points of notices and alerts",
        title_zh="预警点",
        unit="points",
        grain="one row a notice or alert and indicator that fired for it",
        definition="When an indicator first and last fired within the windows of the alert's days, on how many days, "
        "its worst value there and the limit that day. counts_now: it fired within the last seven days of an alert "
        "that is still on.",
        definition_zh="指标在预警各日窗口内首次和最近一次触发之日、触发天数、最差值及当日限值。"
        "counts_now：仍在持续的预警中，该点于最近七日内触发。",
        sql="alert_points_report",
        family="warning",
        columns=POINT_COLUMNS,
        compute=alert_points,
        source=_SOURCE,
        is_report=True,
    ),
    Metric(
        key="indicators",
        title="Indicators now",
        title_zh="当前指标",
        unit="as each row says",
        grain="one row a port and indicator",
        definition="The latest value that can be had, the day it is of, and its limit. Backlog: mean of 56 days that "
        "ended a week before, plus 3 sigma (at least that of a count). Newly overdue: CUSUM of 4 weeks against the 8 "
        "before them. Misdeclaration: percent of batches inspected in 28 days, against what the rates of all ports in "
        "the 182 days before would give at the same selection bases, plus 3 sigma. Empty where there is too little to "
        "go by: a whole baseline, 20 inspected batches, a day's temperature.",
        definition_zh="最近可得之值、所属日期及限值。积压：截至一周前的 56 日均值加 3σ（不小于计数的 σ）。"
        "新增超期：4 周对其前 8 周的 CUSUM。伪瞒报：28 日内查验批次的百分比，对照全部港口此前 182 日同选查方式之率加 3σ。"
        "依据不足（完整基线、20 批查验、当日气温）则为空。",
        sql="indicators_now",
        family="warning",
        columns=INDICATOR_COLUMNS,
        compute=indicators,
        caveats="Each rule's numbers are those of `alert_rules`; the ones named here are the shipped ones.",
        caveats_zh="各规则的数值以 `alert_rules` 为准；此处为随产品提供者。",
        source=_SOURCE,
        is_report=True,
        unmoved_by=("days",),
    ),
    Metric(
        key="silent_ports",
        title="Silent ports",
        title_zh="报数中断的港口",
        unit="days",
        grain="one row a port that used to report and does not",
        definition="No actual move for three whole local days or more at a port that had reported on at least 14 of "
        "the 28 days up to its last row.",
        definition_zh="至最后一行为止的 28 日中至少 14 日有报数的港口，连续三个完整当地日及以上无实际作业。",
        sql="silent_ports",
        family="warning",
        columns=("un_location_code", "last_row_on", "days_silent", "limit_days"),
        compute=silent_ports,
        source="dgwatch definitions",
        is_report=True,
        unmoved_by=("days",),
    ),
    Metric(
        key="alert_levels",
        title="Level of a port and day",
        title_zh="各港每日级别",
        unit="groups",
        grain="one row a port and local day with a point within seven days",
        definition="alert where points of two or more groups fired within the seven days that end with it, else notice.",
        definition_zh="截至当日的七日内有两组及以上触发为预警，否则为提示。",
        sql="alert_levels_report",
        family="warning",
        columns=("date", "un_location_code", "level", "groups", "indicators"),
        compute=alert_levels,
        source=_SOURCE,
    ),
    Metric(
        key="acknowledgements",
        title="Acknowledgements",
        title_zh="确认记录",
        unit="entries",
        grain="one row an acknowledgement, the latest first",
        definition="Who acknowledged which notice or alert, when, and with which remark. Entries are only ever added.",
        definition_zh="何人于何时以何备注确认了哪条提示或预警。记录只增不改。",
        sql="acknowledgements_report",
        family="warning",
        columns=("acknowledged_at", "alert_id", "acknowledged_by", "remark"),
        compute=acknowledged,
        source="dgwatch definitions",
        is_report=True,
        follows_log=True,
        unmoved_by=("ports", "classes", "direction", "days", "as_of"),
    ),
)
