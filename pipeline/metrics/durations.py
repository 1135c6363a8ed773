"""Dwell and clearance on three clocks, survival, and reductions with their uncertainty."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pandas as pd
import pyarrow as pa

from pipeline.errors import UserMistake
from pipeline.metrics.campaign_choice import campaign_ports, chosen_campaign
from pipeline.metrics.question import Question
from pipeline.metrics.registry import Metric, register
from pipeline.statistics import log_ratio_reduction

STAGES = (
    "overall",
    "customs",
    "arrived_lodged",
    "lodged_inspected",
    "inspected_released",
    "lodged_released",
    "released_left",
)
DEFAULT_TAU_DAYS = {"dwell": 180, "clearance": 60}
HOUR_MICROS = 3_600_000_000
GROUPINGS = (("port",), ("class",), ("port", "class"), ("all",))
DURATION_COLUMNS = (
    "un_location_code",
    "clock",
    "n",
    "n_ended",
    "n_open",
    "n_left_out",
    "mean_hours",
    "median_hours",
    "p90_hours",
    "rmst_hours",
    "rmst_tau_hours",
    "rmst_se_hours",
    "flags",
    "lead_class",
)
SURVIVAL_COLUMNS = (
    "un_location_code",
    "clock",
    "age_hours",
    "at_risk",
    "ended",
    "survival",
    "lower",
    "upper",
)
REDUCTION_COLUMNS = (
    "un_location_code",
    "clock",
    "statistic",
    "baseline_hours",
    "window_hours",
    "reduction_pct",
    "lower_pct",
    "upper_pct",
    "n_baseline",
    "n_window",
    "verdict",
    "flags",
)
STATISTICS = (
    ("exit", "mean"),
    ("exit", "median"),
    ("cohort", "median"),
    ("period", "median"),
    ("period", "rmst"),
)
WINDOWED_MODELS = (
    "asked_windows",
    "clocked_spells",
    "risk_steps",
    "survival_steps",
    "group_ages",
    "group_taus",
    "restricted_means",
    "exit_quantiles",
    "curve_quantiles",
)


def measure_of(question: Question) -> str:
    """`dwell` or `clearance`. Raises `UserMistake` for another measure, or a stage of dwell."""
    asked = question.filters
    measure = asked.measure or "clearance"
    if measure not in DEFAULT_TAU_DAYS:
        raise UserMistake(f"{measure}: no such measure", f"One of {', '.join(DEFAULT_TAU_DAYS)}.")
    if asked.stage is not None and asked.stage not in STAGES:
        raise UserMistake(f"{asked.stage}: no such stage", f"One of {', '.join(STAGES)}.")
    if measure == "dwell" and asked.stage is not None:
        raise UserMistake("dwell has no stages", "Leave out --stage, or ask for clearance.")
    if measure == "clearance" and asked.count == "unit":
        raise UserMistake("clearance is counted per batch", "Leave out --count unit.")
    return measure


def prepare(question: Question, measure: str, by: tuple[str, ...]) -> None:
    """Sets up the spells of a measure, its tau, and the columns that groups are told apart by."""
    engine = question.engine
    tau_hours = question.filters.tau_hours or DEFAULT_TAU_DAYS[measure] * 24
    asked = {
        "stage": pa.array([question.filters.stage or "overall"]),
        "tau_micros": pa.array([round(tau_hours * HOUR_MICROS)], pa.int64()),
    }
    engine.register_arrow("asked_duration", pa.table(asked))
    engine.alias("spells", "dwell_spells" if measure == "dwell" else "clearance_spells")
    cap_nothing(question)


def cap_nothing(question: Question) -> None:
    """No cap on tau but the group's own largest age."""
    question.engine.register_arrow("tau_caps", _caps({}))


def _caps(caps: dict[str, int]) -> pa.Table:
    return pa.table(
        {"scope": pa.array(list(caps), pa.string()), "cap_micros": pa.array(list(caps.values()), pa.int64())}
    )


def durations(measure: str) -> Callable[[Question], pd.DataFrame]:
    """The report `dwell` or `clearance`: a row a group and clock."""

    def compute(question: Question) -> pd.DataFrame:
        by = question.filters.by or ("port",)
        if by not in GROUPINGS:
            raise UserMistake(f"--by {','.join(by)}", "One of port, class, port,class or all.")
        asked = replace(question, filters=replace(question.filters, by=by, measure=measure))
        with _closing(asked):
            prepare(asked, measure_of(asked), by)
            return asked.frame("durations")[list(DURATION_COLUMNS)]

    return compute


@contextmanager
def _closing(question: Question) -> Iterator[None]:
    try:
        yield
    finally:
        question.close()


def survival(question: Question) -> pd.DataFrame:
    """The report `survival`: Kaplan-Meier of dwell, or of a stage of clearance where one is asked for."""
    asked = question.filters
    measure = asked.measure or ("clearance" if asked.stage else "dwell")
    by = asked.by or ("port",)
    if by not in (("port",), ("all",)):
        raise UserMistake(f"--by {','.join(by)}", "One of port or all.")
    narrowed = replace(question, filters=replace(asked, by=by, measure=measure))
    with _closing(narrowed):
        prepare(narrowed, measure_of(narrowed), by)
        return narrowed.frame("survival_report")[list(SURVIVAL_COLUMNS)]


def reduction(question: Question) -> pd.DataFrame:
    """The report `reduction`: five statistics a port and for all, window against baseline."""
    asked = windows_of(question)
    rows: list[dict[str, Any]] = []
    for by in (("port",), ("all",)):
        rows += _reduction_rows(replace(question, filters=replace(asked, by=by)))
    frame = pd.DataFrame(rows, columns=list(REDUCTION_COLUMNS))
    order = frame["un_location_code"].ne("all")
    return frame.assign(_order=order).sort_values(
        ["_order", "un_location_code"], kind="stable", ignore_index=True
    )[list(REDUCTION_COLUMNS)]


def windows_of(question: Question) -> Any:
    """The filters with the window and the baseline, from the campaign where one is named."""
    asked = question.filters
    if asked.campaign_id is not None:
        row = chosen_campaign(question)
        if row["baseline_from"] is None or row["baseline_to"] is None:
            raise UserMistake(
                f"{asked.campaign_id} names no baseline", "Give --from --to --baseline-from --baseline-to."
            )
        ports = asked.ports or (() if row["ports"] == "all" else tuple(campaign_ports(question, row)))
        return replace(
            asked,
            date_from=row["starts_on"],
            date_to=row["ends_on"],
            baseline_from=row["baseline_from"],
            baseline_to=row["baseline_to"],
            ports=ports,
        )
    if asked.baseline_from is None and asked.baseline_to is None:
        raise UserMistake(
            "a reduction needs a baseline", "Give --campaign, or --from --to --baseline-from --baseline-to."
        )
    return asked


def _reduction_rows(question: Question) -> list[dict[str, Any]]:
    """The rows of one grouping. Both windows are restricted to the smaller of their largest ages."""
    measure = measure_of(question)
    with _closing(question):
        prepare(question, measure, question.filters.by)
        asked = question.filters
        baseline = (asked.baseline_from, asked.baseline_to)
        window = (asked.date_from, asked.date_to)
        ages = [_largest_ages(question, *days) for days in (baseline, window)]
        caps = {scope: min(ages[0][scope], ages[1][scope]) for scope in ages[0].keys() & ages[1].keys()}
        question.engine.register_arrow("tau_caps", _caps(caps))
        tables = [_statistics(question, *days) for days in (baseline, window)]
    scopes = sorted(tables[0].keys() | tables[1].keys())
    return [
        row for scope in scopes for row in _compare(scope, tables[0].get(scope, {}), tables[1].get(scope, {}))
    ]


def _set_window(question: Question, first: dt.date | None, last: dt.date | None) -> None:
    question.engine.forget(*WINDOWED_MODELS)
    question.register_asked(replace(question.filters, date_from=first, date_to=last))


def _largest_ages(question: Question, first: dt.date | None, last: dt.date | None) -> dict[str, int]:
    _set_window(question, first, last)
    return {
        row["un_location_code"] or "all": row["largest_micros"]
        for row in question.engine.to_arrow("group_ages").to_pylist()
        if row["clock"] == "period" and row["largest_micros"] is not None
    }


def _statistics(question: Question, first: dt.date | None, last: dt.date | None) -> dict[str, dict[str, Any]]:
    _set_window(question, first, last)
    found: dict[str, dict[str, Any]] = {}
    for row in question.engine.to_arrow("durations").to_pylist():
        found.setdefault(row["un_location_code"] or "all", {})[row["clock"]] = row
    return found


def _compare(scope: str, baseline: dict[str, Any], window: dict[str, Any]) -> list[dict[str, Any]]:
    rows = [
        _compared(scope, clock, statistic, baseline.get(clock), window.get(clock))
        for clock, statistic in STATISTICS
    ]
    mean, rmst = rows[0]["reduction_pct"], rows[-1]["reduction_pct"]
    if mean is not None and rmst is not None and mean * rmst < 0:
        for row in (rows[0], rows[-1]):
            row["flags"] = ";".join(filter(None, (row["flags"], "clocks_disagree")))
    return rows


def _compared(
    scope: str, clock: str, statistic: str, baseline: dict[str, Any] | None, window: dict[str, Any] | None
) -> dict[str, Any]:
    before, now = _value(baseline, statistic), _value(window, statistic)
    row: dict[str, Any] = {
        "un_location_code": scope,
        "clock": clock,
        "statistic": statistic,
        "baseline_hours": before,
        "window_hours": now,
        "reduction_pct": None,
        "lower_pct": None,
        "upper_pct": None,
        "n_baseline": int(baseline["n"]) if baseline else 0,
        "n_window": int(window["n"]) if window else 0,
        "verdict": "undefined",
        "flags": _flags(statistic, baseline, window),
    }
    if not before or not now:
        return row
    row["reduction_pct"] = 100 * (1 - now / before)
    if statistic == "median":
        return row | {"verdict": None}
    errors = _standard_error(baseline, statistic), _standard_error(window, statistic)
    if None in errors:
        return row
    return row | _interval(before, now, *errors)  # type: ignore[arg-type]


def _interval(before: float, now: float, before_se: float, now_se: float) -> dict[str, Any]:
    """Ends of the reduction's interval, and the verdict that follows from them."""
    found = log_ratio_reduction(before, now, before_se, now_se)
    verdict = "faster" if found.lower > 0 else "slower" if found.upper < 0 else "not distinguishable"
    return {"lower_pct": found.lower, "upper_pct": found.upper, "verdict": verdict}


def _value(row: dict[str, Any] | None, statistic: str) -> float | None:
    value = row[f"{statistic}_hours"] if row else None
    return None if value is None else float(value)


def _standard_error(row: dict[str, Any] | None, statistic: str) -> float | None:
    if row is None:
        return None
    if statistic == "rmst":
        return float(row["rmst_se_hours"])
    deviation = row["sd_hours"]
    if deviation is None:
        return None
    return float(deviation) / math.sqrt(row["n"])


def _flags(statistic: str, *rows: dict[str, Any] | None) -> str:
    wanted = {"median": "not_reached_median", "rmst": "thin"}.get(statistic)
    given = {flag for row in rows if row for flag in (row["flags"] or "").split(";")}
    return wanted if wanted in given and wanted else ""


_SOURCE = (
    "WCO Time Release Study; Kaplan and Meier 1958; Greenwood 1926; Kalbfleisch and Prentice on log-log bands; "
    "Royston and Parmar 2013 on restricted means"
)
_CLOCKS = (
    "By exit: what ended in the window, as official statistics do it. By arrival cohort: what arrived in it, followed to "
    "as_of. By period: what was there in it, each from its age when the window opened, until it ended or the window did; "
    "the restricted mean of this clock is the headline. In a campaign that clears old stock the mean by exit goes up "
    "while the port gets faster. The number ended can differ between the exit and the period clock by design: what left "
    "at the window's first instant is in the first only."
)
_CLOCKS_ZH = (
    "按离港：窗口内结束者，与官方统计一致。按到港批次：窗口内到达者，跟踪至 as_of。按时段：窗口内在港者，"
    "自窗口开始时的在港时长起计，至其结束或窗口结束；该口径的限制均值为主要指标。在清理陈货的行动中，按离港均值会上升，而港口实际变快。"
    "两口径的已结束数可因定义而不同：恰在窗口起点离港者仅计入按离港口径。"
)

register(
    Metric(
        key="dwell",
        title="Dwell",
        title_zh="停留时间",
        unit="hours",
        grain="one row a group and clock",
        definition="From arrival to exit of a stay. " + _CLOCKS,
        definition_zh="自到达至离港。" + _CLOCKS_ZH,
        sql="durations",
        family="durations",
        columns=DURATION_COLUMNS,
        compute=durations("dwell"),
        caveats="A quantile that the curve does not reach is not reached, never a number; thin: fewer than 5 at risk.",
        caveats_zh="曲线未达到的分位数为“未达到”，不给数字；thin 表示风险集少于 5。",
        source=_SOURCE,
        is_report=True,
        options=("by", "tau_days", "count_unit"),
    ),
    Metric(
        key="clearance",
        title="Clearance",
        title_zh="通关时间",
        unit="hours",
        grain="one row a group and clock",
        definition="Overall: from arrival to release (the last release). Customs: from lodgement to release. Stages: "
        "arrived to lodged, lodged to inspected (last), inspected to released, lodged to released where there was no "
        "inspection, released to left. " + _CLOCKS,
        definition_zh="整体通关时间：到港至放行（末次）。海关通关时间：申报至放行。各阶段：到港—申报、申报—查验（末次）、查验—放行、"
        "无查验时申报—放行、放行—离港。" + _CLOCKS_ZH,
        sql="durations",
        family="durations",
        columns=DURATION_COLUMNS,
        compute=durations("clearance"),
        caveats="Stage means over the same batches add up; medians do not. Milestones that run backwards are left out "
        "and counted.",
        caveats_zh="同一批次的阶段均值可相加，中位数不可。节点倒序的批次剔除并计数。",
        source=_SOURCE,
        is_report=True,
        options=("by", "stage", "tau_days"),
    ),
    Metric(
        key="survival",
        title="Survival curve",
        title_zh="生存曲线",
        unit="share, hours",
        grain="one row a port, clock and age at which something ended, and age 0",
        definition="Kaplan-Meier: the share still there at each age, with Greenwood's log-log 95% band.",
        definition_zh="Kaplan-Meier：各时长仍在的比例，附 Greenwood 对数-对数 95% 区间。",
        sql="survival_report",
        family="durations",
        columns=SURVIVAL_COLUMNS,
        compute=survival,
        source=_SOURCE,
        is_report=True,
        options=("by", "stage", "count_unit"),
    ),
    Metric(
        key="reduction",
        title="Reduction",
        title_zh="压缩率",
        unit="percent",
        grain="one row a port (and all), clock and statistic",
        definition="1 less the statistic in the window over that in the baseline, with a 95% interval by the delta method "
        "on the log ratio, and a verdict. Both windows are restricted to the same tau.",
        definition_zh="1 减去窗口统计量与基准统计量之比，附对数比的 delta 法 95% 区间与判断。两窗口使用同一 tau。",
        sql="durations",
        family="durations",
        columns=REDUCTION_COLUMNS,
        compute=reduction,
        caveats="Where the mean by exit and the restricted mean have opposite signs the clocks disagree: trust the latter.",
        caveats_zh="按离港均值与限制均值方向相反时标注“口径不一致”：以后者为准。",
        source=_SOURCE,
        is_report=True,
        options=("campaign", "stage", "measure", "tau_days", "baseline_from", "baseline_to"),
    ),
)
