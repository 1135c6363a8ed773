"""Why a figure changed: stock by what came and went, mean dwell by mix and rate, rows by when they were told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pandas as pd
import pyarrow as pa

from pipeline.errors import UserMistake
from pipeline.metrics.durations import days_of, register_windows
from pipeline.metrics.question import Question, closing
from pipeline.metrics.reduction import windows_of
from pipeline.metrics.registry import Metric, register
from pipeline.statistics.inference import kitagawa

WHY_COLUMNS = ("part", "un_location_code", "lead_class", "measure", "value", "unit", "n")
BATCH_COLUMNS = (
    "window",
    "turn",
    "told",
    "consignment_id",
    "un_location_code",
    "lead_class",
    "arrived_at",
    "left_at",
    "dwell_hours",
    "equipment_reference",
    "event_id",
    "event_type",
    "event_at",
    "recorded_at",
    "known_at",
    "file",
    "line",
)
GROUPINGS = (("all",), ("port",))
PARTS = ("arrival", "exit", "on_time", "late", "corrected", "untold")
TOLD = ("on_time", "late", "corrected", "untold")
FLOWS = ("opening_stock", "arrivals", "exits", "closing_stock")
Row = dict[str, Any]
Sides = dict[str, list[Row]]
"""Rows of the `baseline` and of the `window`."""


def why(question: Question) -> pd.DataFrame:
    """The report `why`: long rows of three parts, `stock`, `dwell` and `records`, each by class and in all."""
    by = question.filters.by or ("all",)
    if by not in GROUPINGS:
        raise UserMistake(f"--by {','.join(by)}", "One of all or port.")
    flows, told = _ask(question, "window_flows", "window_rows")
    rows: list[Row] = []
    for scope in _scopes(flows, by):
        own = {side: _of(scope, found) for side, found in flows.items()}
        rows += [*_stock_rows(scope, own), *_dwell_rows(scope, own)]
        rows += _record_rows(scope, {side: _of(scope, found) for side, found in told.items()})
    return pd.DataFrame(rows, columns=list(WHY_COLUMNS)).astype({"n": "Int64"})


def why_batches(question: Question) -> pd.DataFrame:
    """The rows behind `why`: of the part asked for (`Filters.part`; all of them without), of both windows."""
    part = question.filters.part
    if part is not None and part not in PARTS:
        raise UserMistake(f"{part}: no such part", f"One of {', '.join(PARTS)}.")
    (found,) = _ask(question, "why_batches", part=part)
    rows = [row | {"window": side} for side, behind in found.items() for row in behind]
    limit = question.filters.limit
    return pd.DataFrame(rows[:limit] if limit else rows, columns=list(BATCH_COLUMNS))


def _ask(question: Question, *models: str, part: str | None = None) -> list[Sides]:
    """Each model's rows in the baseline and in the window."""
    asked = replace(question, filters=replace(windows_of(question), count="batch"))
    filters = asked.filters
    windows = {
        "baseline": (filters.baseline_from, filters.baseline_to),
        "window": (filters.date_from, filters.date_to),
    }
    with closing(asked):
        asked.read_within(*days_of(filters))
        register_windows(asked, windows)
        asked.engine.register_arrow("asked_part", pa.table({"part": pa.array([part], pa.string())}))
        return [_by_side(asked.engine.to_arrow(model).to_pylist()) for model in models]


def _by_side(rows: list[Row]) -> Sides:
    sides: Sides = {"baseline": [], "window": []}
    for row in rows:
        sides[row.pop("window_name")].append(row)
    return sides


def _scopes(sides: Sides, by: tuple[str, ...]) -> list[str]:
    ports = {row["un_location_code"] for rows in sides.values() for row in rows}
    return sorted(ports) if by == ("port",) else ["all"]


def _of(scope: str, rows: Iterable[Row]) -> list[Row]:
    return [row for row in rows if scope in ("all", row["un_location_code"])]


def _row(part: str, scope: str, lead_class: str, measure: str, value: float | None, unit: str, n: int) -> Row:
    return dict(zip(WHY_COLUMNS, (part, scope, lead_class, measure, value, unit, n), strict=True))


def _summed(sides: Sides, names: tuple[str, ...]) -> dict[str, dict[str, Row]]:
    """Of each side the sums by class, and of all classes under `all`; a class of one side is there in both."""
    classes = ["all", *sorted({row["lead_class"] for rows in sides.values() for row in rows})]
    found = {}
    for side, rows in sides.items():
        sums: dict[str, Row] = {name: dict.fromkeys(names, 0) for name in classes}
        for row in rows:
            for into in (sums[row["lead_class"]], sums["all"]):
                for name in names:
                    into[name] += row[name] or 0
        found[side] = sums
    return found


def _measure(side: str, name: str) -> str:
    return name if side == "window" else f"baseline_{name}"


def _stock_rows(scope: str, sides: Sides) -> list[Row]:
    found = []
    for side, by_class in _summed(sides, FLOWS).items():
        for lead_class, sums in by_class.items():
            for name in FLOWS:
                cells = (_measure(side, name), sums[name], "batches", sums[name])
                found.append(_row("stock", scope, lead_class, *cells))
            change = sums["arrivals"] - sums["exits"]
            moved = sums["arrivals"] + sums["exits"]
            found.append(
                _row("stock", scope, lead_class, _measure(side, "stock_change"), change, "batches", moved)
            )
    return found


def _dwell_rows(scope: str, sides: Sides) -> list[Row]:
    """Means of both windows and what their difference owes to mix and to rate; nothing where one is empty."""
    means = {
        side: {
            name: (row["exits"], row["exit_dwell_hours"] / row["exits"])
            for name, row in by_class.items()
            if row["exits"]
        }
        for side, by_class in _summed(sides, ("exits", "exit_dwell_hours")).items()
    }
    overall = {side: found.pop("all", (0, None)) for side, found in means.items()}
    effects = kitagawa(means["baseline"], means["window"]) or {}
    found = _mean_rows(scope, "all", overall)
    if effects:
        both = overall["baseline"][0] + overall["window"][0]
        mix = sum(effect.mix for effect in effects.values())
        rate = sum(effect.rate for effect in effects.values())
        found += _effect_rows(scope, "all", mix, rate, both)
    for lead_class, effect in effects.items():
        own = {side: means[side].get(lead_class, (0, None)) for side in means}
        found += _mean_rows(scope, lead_class, own)
        both = own["baseline"][0] + own["window"][0]
        found += _effect_rows(scope, lead_class, effect.mix, effect.rate, both)
    return found


def _mean_rows(scope: str, lead_class: str, sides: dict[str, tuple[int, float | None]]) -> list[Row]:
    return [
        _row("dwell", scope, lead_class, _measure(side, "mean_dwell"), mean, "hours", exits)
        for side, (exits, mean) in sides.items()
    ]


def _effect_rows(scope: str, lead_class: str, mix: float, rate: float, n: int) -> list[Row]:
    total = "mean_dwell_change" if lead_class == "all" else "contribution"
    cells = {"mix_effect": mix, "rate_effect": rate, total: mix + rate}
    return [_row("dwell", scope, lead_class, name, value, "hours", n) for name, value in cells.items()]


def _record_rows(scope: str, sides: Sides) -> list[Row]:
    wide = {
        side: [
            {
                "lead_class": row["lead_class"],
                **{name: row["rows_behind"] * (row["told"] == name) for name in TOLD},
            }
            for row in rows
        ]
        for side, rows in sides.items()
    }
    found = []
    for side, by_class in _summed(wide, TOLD).items():
        for lead_class, sums in by_class.items():
            for name in TOLD:
                cells = (_measure(side, f"{name}_rows"), sums[name], "rows", sum(sums.values()))
                found.append(_row("records", scope, lead_class, *cells))
    return found


_PARTS = (
    "Stock: opening stock plus arrivals less exits is the closing stock, for every class and in all. Dwell: the change of "
    "the mean dwell of exits, taken apart by class into mix (its share changed) and rate (its own mean changed); the "
    "effects add up to the change. Records: the rows by which batches came in and went out, by when they were told: on "
    "time; late (recorded for the first time after the window's end); corrected (an earlier version replaced after it); "
    "untold (the source does not say when). Rows late or corrected are paper, not events."
)
_PARTS_ZH = (
    "在港量：期初 + 到达 − 离港 = 期末，各类别及合计均成立。停留：离港平均停留时间的变化按类别分解为结构效应（占比变化）"
    "与水平效应（本类均值变化），各效应之和等于总变化。记录：批次进出所依据的行，按何时记录分：按时；迟到（窗口结束后首次记录）；"
    "更正（窗口结束后取代了早先版本）；未说明（来源未给出记录时间）。迟到与更正反映单据，而非事件。"
)

register(
    Metric(
        key="why",
        title="Why it changed",
        title_zh="变化原因",
        unit="as named in each row",
        grain="one row a part, scope, lead class and measure",
        definition=_PARTS,
        definition_zh=_PARTS_ZH,
        sql="window_flows",
        family="comparison",
        columns=WHY_COLUMNS,
        compute=why,
        caveats="Mix is by lead class alone; what changed within a class (direction, port, season) is in its rate. "
        "A class with no exits in one of the windows keeps its mean: its effect is all mix.",
        caveats_zh="结构仅按主要类别；类别内部的变化（方向、港口、季节）计入水平效应。某窗口无离港的类别沿用另一窗口均值，其效应全部计为结构效应。",
        source="Kitagawa 1955, Components of a difference between two rates",
        is_report=True,
        options=("by", "campaign", "baseline_from", "baseline_to"),
    ),
    Metric(
        key="why_batches",
        title="The batches behind it",
        title_zh="变化背后的批次",
        unit="rows",
        grain="one row a turn of a batch and the move row behind it",
        definition="The batches that arrived or left in the window and in the baseline, with the move that brought them "
        "in or took them out, when it was recorded, its file and line. Filters take one class, one port, one part.",
        definition_zh="窗口与基准期内到达或离港的批次，附使其进出的作业、记录时间、来源文件与行号；可按类别、港口、部分筛选。",
        sql="why_batches",
        family="comparison",
        columns=BATCH_COLUMNS,
        compute=why_batches,
        caveats="A move seen twice at the same instant shows both rows.",
        caveats_zh="同一时刻重复扫描的作业显示两行。",
        source="the data contract",
        is_report=True,
        options=("part", "campaign", "baseline_from", "baseline_to"),
    ),
)
