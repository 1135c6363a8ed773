"""After a campaign: whether the pile-up comes back, port by port."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd

from pipeline.metrics.campaign import prepare
from pipeline.metrics.question import Question
from pipeline.metrics.quiet_ports import BASELINE_WEEKS, false_alarm_share
from pipeline.metrics.registry import Metric, register
from pipeline.metrics.yard import prepare_flows
from pipeline.statistics.inference import cusum

WEEK_COLUMNS = (
    "un_location_code",
    "week",
    "week_starts_on",
    "newly_overdue",
    "is_baseline",
    "cusum",
    "threshold",
    "is_signal",
)
REPORT_COLUMNS = (
    "un_location_code",
    "weeks",
    "baseline_mean",
    "baseline_sigma",
    "threshold",
    "largest_cusum",
    "signal_week",
    "signal_week_starts_on",
    "onset_week",
    "onset_week_starts_on",
    "verdict",
    "false_alarm_share",
)


def _weeks(question: Question) -> dict[str, list[dict[str, Any]]]:
    asked = replace(question, filters=replace(question.filters, by=("port",)))
    try:
        prepare(asked)
        prepare_flows(asked)
        ports: dict[str, list[dict[str, Any]]] = {}
        for row in asked.engine.to_arrow("rebound_weeks").to_pylist():
            ports.setdefault(row["un_location_code"], []).append(row)
        return ports
    finally:
        asked.close()


def rebound(question: Question) -> pd.DataFrame:
    """The report `rebound`: a row a port, with the week its CUSUM signals and the likely onset."""
    rows = [_verdict(port, weeks) for port, weeks in sorted(_weeks(question).items())]
    frame = pd.DataFrame(rows, columns=list(REPORT_COLUMNS))
    return frame.astype({"signal_week": "Int64", "onset_week": "Int64", "false_alarm_share": "float64"})


def _verdict(port: str, weeks: list[dict[str, Any]]) -> dict[str, Any]:
    row: dict[str, Any] = {**dict.fromkeys(REPORT_COLUMNS), "un_location_code": port, "weeks": len(weeks)}
    chart = cusum([week["newly_overdue"] for week in weeks], BASELINE_WEEKS)
    if chart is None:
        return row | {"verdict": "too few weeks"}
    row |= {
        "baseline_mean": chart.mean,
        "baseline_sigma": chart.sigma,
        "threshold": chart.threshold,
        "largest_cusum": max(chart.path),
        "false_alarm_share": false_alarm_share(chart.mean, len(chart.path)),
        "verdict": "quiet",
    }
    if chart.signal is None or chart.onset is None:
        return row
    return row | {
        "signal_week": weeks[chart.signal]["week"],
        "signal_week_starts_on": weeks[chart.signal]["week_starts_on"],
        "onset_week": weeks[chart.onset]["week"],
        "onset_week_starts_on": weeks[chart.onset]["week_starts_on"],
        "verdict": "rebound",
    }


def rebound_weeks(question: Question) -> pd.DataFrame:
    """A row a port and week: the count, and the CUSUM after the baseline."""
    rows: list[dict[str, Any]] = []
    for _, weeks in sorted(_weeks(question).items()):
        chart = cusum([week["newly_overdue"] for week in weeks], BASELINE_WEEKS)
        for position, week in enumerate(weeks):
            after = position - BASELINE_WEEKS
            rows.append(
                {
                    **week,
                    "is_baseline": after < 0,
                    "cusum": chart.path[after] if chart and after >= 0 else None,
                    "threshold": chart.threshold if chart else None,
                    "is_signal": bool(chart and chart.signal == position),
                }
            )
    return pd.DataFrame(rows, columns=list(WEEK_COLUMNS))


_DEFINITION = (
    "A one-sided CUSUM on the weekly number of newly overdue batches, per port, from the day after the campaign's end. "
    "The first 8 weeks are a frozen baseline; allowance 0.5 sigma, threshold 5 sigma. The signal is the first week above "
    "the threshold; the likely onset is the week after the chart was last at zero."
)
_DEFINITION_ZH = (
    "自行动结束次日起，对各港每周新增超期批次作单侧 CUSUM。前 8 周为固定基线；允差 0.5σ，界限 5σ。"
    "信号为首个超过界限的周；可能起点为图线最近一次归零的次周。"
)
_CAVEAT = (
    "Sigma is at least one batch a week: eight quiet weeks of a small port have almost no spread. Eight weeks tell the "
    "level only roughly, so a port that stays as it was signals by chance too: in simulation about one in eleven within "
    "ten weeks after the baseline, one in five within half a year, three in ten within a year. false_alarm_share "
    "is that chance for a port of this level watched as long: of 2,000 simulated ports whose weeks never change, those "
    "that signal. A signal is a reason to look, not a finding."
)
_CAVEAT_ZH = (
    "σ 至少取每周 1 批：小港的 8 个平静周几乎没有离散度。8 周只能粗略给出水平，故未反弹的港口也会偶然发出信号："
    "模拟中基线后 10 周内约十一分之一、半年内约五分之一、一年内约十分之三。"
    "false_alarm_share 即同等水平、同样时长下的该概率：2000 个水平不变的模拟港口中发出信号者所占比例。"
    "信号是查看的理由，而非结论。"
)

register(
    Metric(
        key="rebound",
        title="Rebound watch",
        title_zh="反弹监测",
        unit="batches a week",
        grain="one row a port of the campaign",
        definition=_DEFINITION,
        definition_zh=_DEFINITION_ZH,
        sql="rebound_weeks",
        family="after",
        columns=REPORT_COLUMNS,
        compute=rebound,
        caveats=_CAVEAT,
        caveats_zh=_CAVEAT_ZH,
        source="Page 1954, Continuous inspection schemes; Montgomery, Introduction to Statistical Quality Control",
        is_report=True,
        options=("campaign",),
    ),
    Metric(
        key="rebound_weeks",
        title="Rebound watch by week",
        title_zh="反弹监测（按周）",
        unit="batches a week",
        grain="one row a port and whole week after the campaign",
        definition=_DEFINITION,
        definition_zh=_DEFINITION_ZH,
        sql="rebound_weeks",
        family="after",
        columns=WEEK_COLUMNS,
        compute=rebound_weeks,
        source="Page 1954",
        options=("campaign",),
    ),
)
