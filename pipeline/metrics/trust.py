"""Data trust: what the figures should be read with."""

from __future__ import annotations

from typing import Any

import pandas as pd

from pipeline.metrics.handed_in import loads, trust_metric
from pipeline.metrics.question import Question
from pipeline.metrics.registry import register

TRUST_COLUMNS = ("check", "un_location_code", "source", "count", "value", "unit", "at", "detail")


def trust(question: Question) -> pd.DataFrame:
    """The report `trust`: one row a check, port and source."""
    rows = [
        *_freshness_rows(question),
        *_count_rows(
            question, "orphan_out", "orphan_outs_report", "outs with no in before them; in no count"
        ),
        *_count_rows(question, "ghost", "ghosts", "open visits of units that came in elsewhere since"),
        *_count_rows(question, "impossible_order", "impossible_orders", "milestones that run backwards"),
        *_little_rows(question),
        *_load_rows(question),
    ]
    return pd.DataFrame(rows, columns=list(TRUST_COLUMNS))


def _row(check: str, **cells: Any) -> dict[str, Any]:
    return {**dict.fromkeys(TRUST_COLUMNS), "check": check, **cells}


def _freshness_rows(question: Question) -> list[dict[str, Any]]:
    return [
        _row(
            "freshness",
            un_location_code=row.un_location_code,
            source=row.source,
            count=row.rows,
            value=row.hours_behind,
            unit="hours behind as_of",
            at=row.latest_event_at,
        )
        for row in question.frame("freshness").itertuples()
    ]


def _count_rows(question: Question, check: str, model: str, detail: str) -> list[dict[str, Any]]:
    counts = question.frame(model).groupby("un_location_code").size()
    return [
        _row(check, un_location_code=port, count=int(count), detail=detail) for port, count in counts.items()
    ]


def _little_rows(question: Question) -> list[dict[str, Any]]:
    rows = []
    for row in question.engine.to_arrow("littles_check").to_pylist():
        rows.append(
            _row(
                "batch_hours",
                un_location_code=row["un_location_code"],
                value=row["batch_hours"],
                unit="batch-hours",
                detail=f"integral of stock {row['stock_hours']:.6f}; {_compared(row)}",
            )
        )
        if row["window_hours"] > 0 and row["exits"]:
            mean_stock = row["stock_hours"] / row["window_hours"]
            expected = row["arrivals"] / row["window_hours"] * row["mean_dwell_hours"]
            rows.append(
                _row(
                    "littles_law_residual",
                    un_location_code=row["un_location_code"],
                    value=mean_stock - expected,
                    unit="batches",
                    detail=f"mean stock {mean_stock:.3f} less arrivals an hour x mean dwell of exits {expected:.3f}: "
                    "far from 0 where the yard fills, drains, or loses its gate-outs",
                )
            )
    return rows


def _compared(row: dict[str, Any]) -> str:
    """Both are sums of whole microseconds: where they differ, a figure of ours is wrong."""
    is_equal = row["stock_hours"] == row["batch_hours"]
    return "the two are equal" if is_equal else "the two differ, which is a fault of the product"


def _load_rows(question: Question) -> list[dict[str, Any]]:
    return [
        _row(
            "load",
            count=row.read,
            unit="rows read",
            at=row.loaded_at,
            detail=f"accepted {row.accepted}, superseded {row.superseded}, duplicate {row.duplicate}, "
            f"rejected {row.rejected}; files {row.files}, refused {row.files_refused}",
        )
        for row in loads(question).head(20).itertuples()
    ]


def _model(name: str) -> Any:
    def compute(question: Question) -> pd.DataFrame:
        return question.frame(name)

    return compute


register(
    trust_metric(
        "trust",
        "Data trust",
        "数据可信度",
        "Freshness a port and source, outs without an in, units open here and since seen elsewhere, milestones that run "
        "backwards, Little's check, and the last loads.",
        "各港各来源的新鲜度、无进场的出场、在此未离场却已在他港进场的箱、倒序的通关节点、利特尔检验与最近的加载。",
        trust,
        TRUST_COLUMNS,
        unmoved_by=(),
    ),
    trust_metric(
        "warned_rows",
        "Rows with a warning",
        "有警告的行",
        "Every live row that was accepted but looks wrong, with its file and line. A batch that comes later resolves "
        "the warning that it is unknown.",
        "已接收但看似有误的每一有效行，附文件与行号。批次补到后，“未知批次”警告自行消除。",
        _model("warned_rows"),
        ("source", "file", "line", "key", "warnings", "un_location_code"),
        sql="warned_rows",
        unmoved_by=("classes", "direction", "days", "as_of"),
    ),
    trust_metric(
        "freshness",
        "Freshness",
        "新鲜度",
        "The latest event of each port and source, and how many hours it lies behind as_of.",
        "各港各来源的最新事件及其落后 as_of 的小时数。",
        _model("freshness"),
        ("un_location_code", "source", "rows", "latest_event_at", "latest_recorded_at", "hours_behind"),
        unit="hours",
        sql="freshness",
        unmoved_by=("classes", "direction", "days"),
    ),
    trust_metric(
        "orphan_outs",
        "Outs without an in",
        "无进场的出场",
        "Actual outs with no in before them: listed, in no count.",
        "之前没有进场记录的实际出场：列出，不计入任何数字。",
        _model("orphan_outs_report"),
        (
            "event_id",
            "un_location_code",
            "equipment_reference",
            "event_type",
            "event_at",
            "consignment_id",
            "file",
            "line",
        ),
        sql="orphan_outs_report",
        unmoved_by=("classes", "direction", "days"),
    ),
    trust_metric(
        "ghosts",
        "Ghosts",
        "幽灵箱",
        "Open visits whose unit has since come in at another port: the gate-out is missing.",
        "在此未离场、却已在其他港口进场的箱：缺少出场记录。",
        _model("ghosts"),
        (
            "un_location_code",
            "equipment_reference",
            "facility_code",
            "consignment_id",
            "arrived_at",
            "seen_elsewhere_at",
            "seen_elsewhere",
        ),
        sql="ghosts",
        unmoved_by=("days",),
    ),
    trust_metric(
        "impossible_orders",
        "Milestones that run backwards",
        "倒序的通关节点",
        "Batches inspected or released before they arrived or were lodged, or released before they were inspected.",
        "查验或放行早于到港或申报、或放行早于查验的批次。",
        _model("impossible_orders"),
        ("consignment_id", "un_location_code", "arrived_at", "lodged_at", "inspected_at", "released_at"),
        sql="impossible_orders",
        unmoved_by=("days",),
    ),
)
