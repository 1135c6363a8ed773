"""Data trust: what was loaded, what was rejected and why, and what the figures should be read with."""

from __future__ import annotations

import json
from pathlib import PurePath
from typing import Any

import pandas as pd

from pipeline.contract import SOURCES
from pipeline.errors import UserMistake
from pipeline.metrics.question import Question
from pipeline.metrics.registry import Metric, register

REJECT_COLUMNS = ("file", "line", "source", "reasons", "details", "raw")
TRUST_COLUMNS = ("check", "un_location_code", "source", "count", "value", "unit", "at", "detail")


def _entries(question: Question) -> list[dict[str, Any]]:
    rows = question.engine.to_arrow("files").to_pylist()
    known_at = question.filters.known_at
    return sorted(
        (row for row in rows if known_at is None or row["loaded_at"] <= known_at),
        key=lambda row: row["file_seq"],
    )


def rejects(question: Question) -> pd.DataFrame:
    """The report `rejects`: of all files, or of one under its source's own header, to mend and hand in again."""
    entries = _entries(question)
    wanted = question.filters.file
    if wanted is not None:
        entries = [row for row in entries if _is_named(row, wanted)]
        if not entries:
            raise UserMistake(
                f"{wanted}: no file of that name was loaded", "See `dgwatch trust` for the files loaded."
            )
    sequences = {row["file_seq"] for row in entries}
    rows = [row for row in question.engine.to_arrow("rejects").to_pylist() if row["_file_seq"] in sequences]
    rows.sort(key=lambda row: (row["_file_seq"], row["_line"]))
    if wanted is None:
        found = [
            (row["file"], row["_line"], row["source"], row["reasons"], row["details"], row["raw"])
            for row in rows
        ]
        return pd.DataFrame(found, columns=list(REJECT_COLUMNS))
    header = SOURCES[entries[0]["source"]].column_names
    mendable = [(*row["values"], row["_line"], row["reasons"], row["raw"]) for row in rows]
    return pd.DataFrame(mendable, columns=[*header, "_line", "_reasons", "_raw"])


def _is_named(entry: dict[str, Any], wanted: str) -> bool:
    return wanted in (entry["file"], entry["sha256"]) or PurePath(wanted).name == entry["file"]


def files(question: Question) -> pd.DataFrame:
    """One row a file that was taken, with its counts of now."""
    columns = {name: name.removeprefix("rows_") for name in _FILE_FIELDS}
    rows = [{new: row[old] for old, new in columns.items()} for row in _entries(question)]
    for row in rows:
        row["unknown_columns"] = ", ".join(json.loads(row["unknown_columns"]))
    return pd.DataFrame(rows, columns=list(columns.values()))


def loads(question: Question) -> pd.DataFrame:
    """One row a load, the last first."""
    frame = question.engine.to_frame("loads").sort_values("finished_at", ascending=False, ignore_index=True)
    return frame.rename(columns=lambda name: str(name).removeprefix("rows_"))


def rejects_by_reason(question: Question) -> pd.DataFrame:
    """Rejected rows by source and reason; a row with two reasons counts in both."""
    return _by_code(question, "rejected_by_code", "reject_codes", "reason")


def warnings(question: Question) -> pd.DataFrame:
    """Warned rows by source and warning, as they were read, and names of batches that are not there now."""
    frame = _by_code(question, "warned_by_code", "warning_codes", "warning")
    unknown = question.frame("unknown_consignments")
    sentences = {row["code"]: row for row in question.reference.table("warning_codes").to_pylist()}
    said = sentences.get("unknown_consignment", {})
    extra = [
        {
            "source": source,
            "warning": "unknown_consignment",
            "rows": int(rows),
            "sentence": said.get("sentence", ""),
            "sentence_zh": said.get("sentence_zh", ""),
        }
        for source, rows in unknown.groupby("source")["rows"].sum().items()
    ]
    return (
        pd.concat([frame, pd.DataFrame(extra, columns=frame.columns)], ignore_index=True) if extra else frame
    )


def _by_code(question: Question, field: str, table: str, column: str) -> pd.DataFrame:
    sentences = {row["code"]: row for row in question.reference.table(table).to_pylist()}
    sums: dict[tuple[str, str], int] = {}
    for entry in _entries(question):
        for code, count in json.loads(entry[field]).items():
            key = (entry["source"], code)
            sums[key] = sums.get(key, 0) + count
    rows = [
        (
            source,
            code,
            count,
            sentences.get(code, {}).get("sentence", ""),
            sentences.get(code, {}).get("sentence_zh", ""),
        )
        for (source, code), count in sorted(sums.items())
    ]
    return pd.DataFrame(rows, columns=["source", column, "rows", "sentence", "sentence_zh"])


def trust(question: Question) -> pd.DataFrame:
    """The report `trust`: one row a check, port and source."""
    rows = [
        *_freshness_rows(question),
        *_count_rows(question, "orphan_out", "orphan_outs", "outs with no in before them; in no count"),
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
    frame = question.frame(model)
    counts = frame.groupby("un_location_code").size()
    return [
        _row(check, un_location_code=port, count=int(count), detail=detail)
        for port, count in counts.items()
        if not question.ports or port in question.ports
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
                detail=f"integral of stock {row['stock_hours']:.6f}; the two are equal",
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


_FILE_FIELDS = (
    "file_seq",
    "file",
    "source",
    "sha256",
    "loaded_at",
    "encoding",
    "separator",
    "rows_read",
    "rows_accepted",
    "rows_superseded",
    "rows_duplicate",
    "rows_rejected",
    "rows_warned",
    "unknown_columns",
    "is_sample",
)


def _metric(
    key: str, title: str, title_zh: str, definition: str, definition_zh: str, compute: Any, columns: tuple[str, ...],
    is_report: bool = False, unit: str = "rows", sql: str = "", options: tuple[str, ...] = (),
) -> Metric:  # fmt: skip
    return Metric(
        key=key,
        title=title,
        title_zh=title_zh,
        unit=unit,
        grain="one row as titled",
        definition=definition,
        definition_zh=definition_zh,
        sql=sql,
        family="trust",
        columns=columns,
        compute=compute,
        source="the data contract",
        is_report=is_report,
        options=options,
    )


register(
    _metric(
        "rejects",
        "Rejected rows",
        "被拒行",
        "Rows that were not taken, with file, line, every reason, and their text. They can be mended and handed in again.",
        "未被接收的行，附文件、行号、全部原因与原文；可修正后重新提交。",
        rejects,
        REJECT_COLUMNS,
        is_report=True,
        options=("file",),
    ),
    _metric(
        "trust",
        "Data trust",
        "数据可信度",
        "Freshness a port and source, outs without an in, units open here and since seen elsewhere, milestones that run "
        "backwards, Little's check, and the last loads.",
        "各港各来源的新鲜度、无进场的出场、在此未离场却已在他港进场的箱、倒序的通关节点、利特尔检验与最近的加载。",
        trust,
        TRUST_COLUMNS,
        is_report=True,
    ),
    _metric(
        "loads",
        "Loads",
        "加载",
        "Every load, with what its rows came to at its end.",
        "每次加载及其结束时的行数统计。",
        loads,
        (
            "load_id",
            "loaded_at",
            "finished_at",
            "seconds",
            "files",
            "files_already_loaded",
            "files_refused",
            "read",
            "accepted",
            "superseded",
            "duplicate",
            "rejected",
            "warned",
            "refusals",
            "product_version",
        ),
    ),
    _metric(
        "files",
        "Files",
        "文件",
        "Every file taken. Read = accepted + superseded + duplicate + rejected, always; the counts are of now.",
        "每个已接收文件。读取 = 接收 + 被取代 + 重复 + 拒绝，恒成立；计数为当前值。",
        files,
        tuple(name.removeprefix("rows_") for name in _FILE_FIELDS),
    ),
    _metric(
        "rejects_by_reason",
        "Rejects by reason",
        "拒绝原因",
        "Rejected rows by source and reason; a row with two reasons counts in both.",
        "按来源与原因统计被拒行；一行有两个原因时各计一次。",
        rejects_by_reason,
        ("source", "reason", "rows", "sentence", "sentence_zh"),
    ),
    _metric(
        "warnings",
        "Warnings",
        "警告",
        "Accepted rows that look wrong. A warning never drops a row.",
        "看似有误但已接收的行。警告不会丢弃任何行。",
        warnings,
        ("source", "warning", "rows", "sentence", "sentence_zh"),
    ),
    _metric(
        "warned_rows",
        "Rows with a warning",
        "有警告的行",
        "Every live row that was accepted but looks wrong, with its file and line. A batch that comes later resolves "
        "the warning that it is unknown.",
        "已接收但看似有误的每一有效行，附文件与行号。批次补到后，“未知批次”警告自行消除。",
        _model("warned_rows"),
        ("source", "file", "line", "key", "warnings", "un_location_code"),
        sql="warned_rows",
    ),
    _metric(
        "freshness",
        "Freshness",
        "新鲜度",
        "The latest event of each port and source, and how many hours it lies behind as_of.",
        "各港各来源的最新事件及其落后 as_of 的小时数。",
        _model("freshness"),
        ("un_location_code", "source", "rows", "latest_event_at", "latest_recorded_at", "hours_behind"),
        unit="hours",
        sql="freshness",
    ),
    _metric(
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
    ),
    _metric(
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
    ),
    _metric(
        "impossible_orders",
        "Milestones that run backwards",
        "倒序的通关节点",
        "Batches inspected or released before they arrived or were lodged, or released before they were inspected.",
        "查验或放行早于到港或申报、或放行早于查验的批次。",
        _model("impossible_orders"),
        ("consignment_id", "un_location_code", "arrived_at", "lodged_at", "inspected_at", "released_at"),
        sql="impossible_orders",
    ),
)
