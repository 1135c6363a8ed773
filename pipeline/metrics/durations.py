"""Dwell and clearance on three clocks, and survival."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pandas as pd
import pyarrow as pa

from pipeline.engines.relations import Relations, frame_of
from pipeline.errors import UserMistake
from pipeline.metrics.filters import Filters
from pipeline.metrics.kept.durations import picked
from pipeline.metrics.question import Question, closing
from pipeline.metrics.registry import Metric, register
from pipeline.metrics.spells import compute_here

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
Days = tuple[dt.date | None, dt.date | None]
"""The first and the last local day of a window; None where it is open."""

GROUPED_MODELS = (
    "spell_groups",
    "grouped_spells",
    "clocked_spells",
    "group_ages",
    "group_taus",
    "risk_changes",
    "curve_scales",
    "ended_ages",
    "curve_bounds",
    "stretch_ends",
    "curve_stretches",
    "curve_details",
    "curve_ends",
    "restricted_means",
    "exit_quantiles",
    "curve_quantiles",
    "risk_steps",
    "survival_steps",
    "outlined_steps",
    "reported_steps",
)
"""What is computed anew for another grouping or tau of the same windows."""

WINDOWED_MODELS = (
    "asked_windows",
    "duration_windows",
    "duration_scopes",
    "told_apart",
    "classes_of_spells",
    "spell_classes",
    "spell_kinds",
    "spell_places",
    "met_spells",
    "odd_spells",
    "placed_spells",
    "spell_counts",
    "windowed_spells",
    "told_kinds",
    *GROUPED_MODELS,
)
"""What is computed anew for another window."""


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


def prepare_windows(question: Question, measure: str) -> None:
    """As `prepare`, for the windows asked for alone: what lies wholly outside them is not read."""
    question.read_within(*days_of(question.filters))
    prepare(question, measure)


def prepare(question: Question, measure: str) -> None:
    """Sets up the spells of a measure, of a stage of it where one is asked for, and tau."""
    engine = question.engine
    tau_hours = question.filters.tau_hours or DEFAULT_TAU_DAYS[measure] * 24
    asked = {
        "stage": pa.array([question.filters.stage or "overall"]),
        "tau_micros": pa.array([round(tau_hours * HOUR_MICROS)], pa.int64()),
    }
    engine.register_arrow("asked_duration", pa.table(asked))
    engine.alias("spells", "dwell_spells" if measure == "dwell" else "clearance_spells")
    engine.provide("spell_classes", partial(_register_classes, engine))
    compute_here(engine)


def _register_classes(engine: Relations) -> None:
    """Lead classes are looked for among the spells only where a grouping tells them apart."""
    if engine.scalar("told_apart"):
        engine.alias("spell_classes", "classes_of_spells")
    else:
        engine.register_arrow("spell_classes", pa.table({"kind": pa.array([], pa.string())}))


def days_of(asked: Filters) -> Days:
    """The first and the last day that the windows asked for need; None where one of them is open there."""
    firsts, lasts = [asked.date_from], [asked.date_to]
    if asked.baseline_from is not None or asked.baseline_to is not None:
        firsts.append(asked.baseline_from)
        lasts.append(asked.baseline_to)
    known_firsts = [day for day in firsts if day is not None]
    known_lasts = [day for day in lasts if day is not None]
    return (
        min(known_firsts) if len(known_firsts) == len(firsts) else None,
        max(known_lasts) if len(known_lasts) == len(lasts) else None,
    )


def register_scopes(question: Question, *scopes: tuple[str, ...]) -> None:
    """Groups spells in several ways at once: each scope names the columns (`port`, `class`) it tells apart by."""
    flags = {f"by_{name}": [name in scope for scope in scopes] for name in ("port", "class")}
    question.engine.register_arrow("duration_scopes", pa.table(flags))


def register_windows(question: Question, windows: dict[str, Days]) -> None:
    """Counts spells in several windows at once, by their names; their first and last days as asked for."""
    engine = question.engine
    found = []
    for name, (first, last) in windows.items():
        engine.forget("asked_windows")
        question.register_asked(replace(question.filters, date_from=first, date_to=last))
        rows = engine.to_arrow("asked_windows")
        found.append(rows.append_column("window_name", pa.array([name] * rows.num_rows, pa.string())))
    engine.register_arrow("duration_windows", pa.concat_tables(found))


def durations(measure: str) -> Callable[[Question], pd.DataFrame]:
    """The report `dwell` or `clearance`: a row a group and clock."""

    def compute(question: Question) -> pd.DataFrame:
        by = question.filters.by or ("port",)
        if by not in GROUPINGS:
            raise UserMistake(f"--by {','.join(by)}", "One of port, class, port,class or all.")
        asked = replace(question, filters=replace(question.filters, by=by, measure=measure))
        measure_of(asked)
        kept = picked(asked, durations_key(asked.filters), tuple(name for name in by if name != "all"))
        if kept is not None:
            return frame_of(kept)[list(DURATION_COLUMNS)]
        with closing(asked):
            prepare_windows(asked, measure_of(asked))
            return asked.frame("durations")[list(DURATION_COLUMNS)]

    return compute


def durations_key(asked: Filters) -> tuple[Any, ...]:
    """Under which the durations of a window are kept: the measure, its stage and tau, and the window."""
    measure = asked.measure or "clearance"
    tau_hours = float(asked.tau_hours or DEFAULT_TAU_DAYS[measure] * 24)
    return ("durations", measure, asked.stage or "overall", tau_hours, asked.date_from, asked.date_to)


def pair_key(asked: Filters) -> tuple[Any, ...]:
    """Under which the durations of a window and its baseline are kept, both restricted to one tau."""
    return ("pairs", *durations_key(asked)[1:], asked.baseline_from, asked.baseline_to)


def outline_key(asked: Filters, by_port: bool) -> tuple[Any, ...]:
    """Under which the outlines of the curves of a window are kept: of each port, or of all and each class."""
    return ("outlines", *durations_key(asked)[1:], by_port)


def _survival_asked(question: Question) -> Question:
    asked = question.filters
    measure = asked.measure or ("clearance" if asked.stage else "dwell")
    by = asked.by or ("port",)
    if by not in (("port",), ("all",)):
        raise UserMistake(f"--by {','.join(by)}", "One of port or all.")
    narrowed = replace(question, filters=replace(asked, by=by, measure=measure))
    measure_of(narrowed)
    return narrowed


def survival(question: Question) -> pd.DataFrame:
    """The report `survival`: Kaplan-Meier of dwell, or of a stage of clearance where one is asked for."""
    asked = _survival_asked(question)
    with closing(asked):
        _prepare_curves(asked)
        return _told_curves(asked)


def survival_outline(question: Question) -> pd.DataFrame:
    """The rows of `survival` at which a curve has come down by another step that an eye can tell, and its end."""
    asked = _survival_asked(question)
    by_port = "port" in asked.filters.by or bool(asked.ports)
    if not (by_port and asked.classes):  # of a class at a port no outline is kept
        scope = tuple(name for name in asked.filters.by if name != "all")
        kept = picked(asked, outline_key(asked.filters, by_port), scope)
        if kept is not None:
            return frame_of(kept)[list(SURVIVAL_COLUMNS)]
    with closing(asked):
        _prepare_curves(asked)
        asked.engine.alias("reported_steps", "outlined_steps")
        return _told_curves(asked)


def _told_curves(question: Question) -> pd.DataFrame:
    """The rows of `survival_report`; no frame is made of columns that are not told: that takes as long as the rest."""
    return frame_of(question.engine.to_arrow("survival_report").select(SURVIVAL_COLUMNS))


def _prepare_curves(question: Question) -> None:
    prepare_windows(question, measure_of(question))
    question.engine.register_arrow("asked_clocks", pa.table({"clock": ["cohort", "period"]}))


DURATION_SOURCE = (
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
        source=DURATION_SOURCE,
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
        source=DURATION_SOURCE,
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
        source=DURATION_SOURCE,
        is_report=True,
        options=("by", "stage", "count_unit"),
    ),
    Metric(
        key="survival_outline",
        title="Survival curve, as drawn",
        title_zh="生存曲线（绘图用）",
        unit="share, hours",
        grain="one row a port, clock and age at which the curve has come down by another 0.05%, its beginning and its end",
        definition="The rows of the survival curve that an eye can tell apart; each is exact, and those between them are "
        "in the report.",
        definition_zh="生存曲线中肉眼可分辨的各行；每行均为精确值，其间各行见报表。",
        sql="survival_report",
        family="durations",
        columns=SURVIVAL_COLUMNS,
        compute=survival_outline,
        source=DURATION_SOURCE,
    ),
)
