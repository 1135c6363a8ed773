"""One batch's whole story: its stays, visits, moves, papers, and every version of every row with its source."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd
import pyarrow as pa

from pipeline.contract import SOURCES, Source
from pipeline.errors import UserMistake
from pipeline.landed.named_rows import CONSIGNMENT, UNIT
from pipeline.metrics.campaign import prepare_consignments
from pipeline.metrics.question import BUILT_TABLES, Question
from pipeline.metrics.registry import Metric, register
from pipeline.question import names_table

HISTORY_COLUMNS = (
    "source",
    "key",
    "status",
    "recorded_at",
    "known_at",
    "file",
    "line",
    "voided",
    "warnings",
    "values",
)
HISTORY_SOURCES = (
    "consignments",
    "dg_items",
    "yard_moves",
    "clearance_milestones",
    "inspection_findings",
    "penalty_cases",
)
UNKNOWN = "unknown_consignment"
"""The warning that comes and goes with the batch that a row names, and is told of rows as they stand now."""


def tell(question: Question) -> None:
    """Narrows the question to the batch asked for, or to a unit that no batch claims."""
    name = question.filters.consignment_id
    if not name:
        raise UserMistake("which batch?", "Give --consignment and the batch's number.")
    engine, landed = question.engine, question.landed_rows
    engine.register_arrow("known_consignments", names_table("consignment_id", [name]))
    units = [row[0] for row in engine.rows(landed.join("known_consignments", CONSIGNMENT))]
    engine.register_arrow("known_units", names_table("equipment_reference", [name]))
    others = [] if units else [row[0] for row in engine.rows(landed.join("known_units", UNIT))]
    engine.register_arrow("story_units", names_table("equipment_reference", units or [name]))
    engine.register_arrow("story_consignments", names_table("consignment_id", [name, *others]))
    landed.narrow("story_units", "story_consignments", "scope_records")
    engine.use_models(*BUILT_TABLES.values())
    story = {
        "consignment_id": pa.array([name]),
        "equipment_reference": pa.array([None if units else name], pa.string()),
    }
    engine.register_arrow("story", pa.table(story))


def _told(model: str) -> Callable[[Question], pd.DataFrame]:
    def compute(question: Question) -> pd.DataFrame:
        tell(question)
        return (
            question.frame(model)
            .rename(columns={"_line": "line", "_warnings": "warnings"})
            .drop(columns=["_file_seq", "_known_at"], errors="ignore")
        )

    return compute


def history(question: Question) -> pd.DataFrame:
    """The report `history`: a row a landed row about the batch, every version, as known at `known_at`."""
    tell(question)
    engine = question.engine
    losers = {(row[0], row[1], row[2]): row[3] for row in engine.rows("losers")}
    files = {row["file_seq"]: row["file"] for row in engine.to_arrow("files").to_pylist()}
    is_known = _is_known(question)
    found = []
    for source, row in _rows_about(question):
        status = losers.get((source.name, row["_file_seq"], row["_line"]))
        version = _version(source, row, status, files)
        if not is_known and _refers(source, row, question):
            version["warnings"] = " ".join(filter(None, (version["warnings"], UNKNOWN)))
        found.append(version)
    frame = pd.DataFrame(found, columns=list(HISTORY_COLUMNS))
    return frame.sort_values(["source", "key", "known_at", "file", "line"], ignore_index=True)


def _rows_about(question: Question) -> Iterator[tuple[Source, dict[str, Any]]]:
    """Every landed row about the batch asked for that was known, with its source."""
    engine, known_at = question.engine, question.filters.known_at
    name = question.filters.consignment_id
    events = {row[0] for row in engine.rows("batch_event_ids")}
    for source_name in HISTORY_SOURCES:
        for row in engine.to_arrow(f"landed_{source_name}").to_pylist():
            is_of_visit = source_name == "yard_moves" and row["event_id"] in events
            if (is_of_visit or row["consignment_id"] == name) and (
                known_at is None or row["_known_at"] <= known_at
            ):
                yield SOURCES[source_name], row


def _is_known(question: Question) -> bool:
    """Whether the batch asked for has a live row of its own."""
    known = question.engine.to_arrow("consignments")["consignment_id"].to_pylist()
    return question.filters.consignment_id in known


def _refers(source: Source, row: dict[str, Any], question: Question) -> bool:
    """Whether a row names the batch asked for, and is not the batch's own, nor one that withdraws a record."""
    names_it = row["consignment_id"] == question.filters.consignment_id
    return names_it and source.name != "consignments" and not row["voided"]


def _version(
    source: Source, row: dict[str, Any], status: str | None, files: dict[int, str]
) -> dict[str, Any]:
    values = {
        name: _plain(value)
        for name, value in row.items()
        if value is not None and not name.startswith("_") and name != "voided"
    }
    key = [str(_plain(row.get(name, row.get(f"{name}_given")))) for name in source.key]
    return {
        "source": source.name,
        "key": " ".join(key),
        "status": status or ("voided" if row["voided"] else "current"),
        "recorded_at": row["recorded_at"],
        "known_at": row["_known_at"],
        "file": files.get(row["_file_seq"]),
        "line": row["_line"],
        "voided": bool(row["voided"]),
        "warnings": row["_warnings"],
        "values": json.dumps(values, ensure_ascii=False),
    }


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def rows_behind(model: str, columns: tuple[str, ...]) -> Callable[[Question], pd.DataFrame]:
    """A report of rows as loaded, cut by the filters."""

    def compute(question: Question) -> pd.DataFrame:
        asked = question.filters
        prepare_consignments(question)
        any_set = bool(asked.ports or asked.classes or asked.direction)
        question.engine.register_arrow(
            "filters_set",
            pa.table({"any_set": [any_set], "consignment_id": pa.array([asked.consignment_id], pa.string())}),
        )
        return question.frame(model).rename(columns={"_line": "line"})[list(columns)]

    return compute


def find_batches(question: Question) -> pd.DataFrame:
    """Batches whose number, box or declaration begins with the text; none for an empty text."""
    text = (question.filters.consignment_id or "").strip()
    question.engine.register_arrow("searched", names_table("text", [text or "\x1f"]))
    return question.frame("find_batches")


def _source_columns(source_name: str) -> tuple[str, ...]:
    return tuple(name for name in SOURCES[source_name].column_names if name != "voided")


_AS_LOADED = "The live rows as loaded, with the port of their batch, their file and line."
_AS_LOADED_ZH = "按加载原样列出的有效行，附批次港口、文件与行号。"


def _rows_metric(
    key: str, title: str, title_zh: str, source_name: str, first: tuple[str, ...] = ()
) -> Metric:
    columns = (*_source_columns(source_name), "un_location_code", "file", "line", "warnings")
    return Metric(
        key=key,
        title=title,
        title_zh=title_zh,
        unit="rows",
        grain=f"one row a live row of {source_name}",
        definition=_AS_LOADED,
        definition_zh=_AS_LOADED_ZH,
        sql=f"{key}_report",
        family="rows",
        columns=columns,
        compute=rows_behind(f"{key}_report", columns),
        source="the data contract",
        is_report=True,
        options=("consignment",),
    )


def _story_metric(key: str, title: str, title_zh: str, columns: tuple[str, ...]) -> Metric:
    return Metric(
        key=key,
        title=title,
        title_zh=title_zh,
        unit="rows",
        grain=f"one row of the batch's {title.lower()}",
        definition="Part of one batch's story, as of the instants asked for.",
        definition_zh="单个批次全貌的一部分（按所选时点）。",
        sql=key,
        family="batch",
        columns=columns,
        compute=_told(key),
        source="the data contract",
    )


_LOADED = ("file", "line", "warnings")

register(
    _rows_metric("findings", "Inspections and findings", "查验与发现", "inspection_findings"),
    _rows_metric("cases", "Penalty cases", "处罚案件", "penalty_cases"),
    _rows_metric("milestones", "Clearance milestones", "通关节点", "clearance_milestones"),
    Metric(
        key="history",
        title="History of a batch",
        title_zh="批次历史",
        unit="rows",
        grain="one row a version of a row about the batch",
        definition="Every version of every row about one batch: current, superseded, duplicate or voided, with the file "
        "and line it came from.",
        definition_zh="关于某批次的每一行的每个版本：有效、被取代、重复或撤销，附来源文件与行号。",
        sql="losers",
        family="rows",
        columns=HISTORY_COLUMNS,
        compute=history,
        source="the data contract",
        is_report=True,
        options=("consignment",),
        unmoved_by=("ports", "classes", "direction", "days", "as_of"),
    ),
    _story_metric(
        "batch_summary",
        "Summary",
        "概要",
        (
            "consignment_id",
            "un_location_code",
            "facility_code",
            "direction",
            "lead_class",
            "units",
            "arrived_at",
            "left_at",
            "dwell_hours",
            "age_hours",
            "limit_hours",
            "limit_rule_id",
            "limit_is_illustrative",
            "overdue_at",
            "is_overdue",
            "overdue_hours",
            "exit_type",
            "equipment_reference",
            "declaration_no",
            "customs_office_code",
            "manifested_at",
            "consignee",
            "goods_value",
            "currency",
        ),
    ),
    _story_metric("batch_items", "Items", "货物", (*_source_columns("dg_items"), *_LOADED)),
    _story_metric(
        "batch_visits",
        "Visits",
        "在港记录",
        (
            "equipment_reference",
            "un_location_code",
            "visit_no",
            "facility_code",
            "started_at",
            "ended_at",
            "dwell_hours",
            "exit_type",
            "block",
            "bay",
            "row",
            "tier",
            "is_named",
        ),
    ),
    _story_metric(
        "batch_moves",
        "Moves",
        "作业",
        (
            "event_at",
            "equipment_reference",
            "un_location_code",
            "facility_code",
            "event_type",
            "block",
            "bay",
            "row",
            "tier",
            "exit_type",
            "consignment_id",
            "event_id",
            "recorded_at",
            "file",
            "line",
            "warnings",
        ),
    ),
    _story_metric(
        "batch_milestones", "Milestones", "通关节点", (*_source_columns("clearance_milestones"), *_LOADED)
    ),
    _story_metric("batch_findings", "Findings", "查验", (*_source_columns("inspection_findings"), *_LOADED)),
    _story_metric("batch_cases", "Cases", "案件", (*_source_columns("penalty_cases"), *_LOADED)),
    Metric(
        key="find_batches",
        title="Find batches",
        title_zh="查找批次",
        unit="batches",
        grain="one row a stay found",
        definition="Batches whose number, box or declaration begins with the text.",
        definition_zh="编号、箱号或报关单号以所输文字开头的批次。",
        sql="find_batches",
        family="batch",
        columns=(
            "consignment_id",
            "un_location_code",
            "lead_class",
            "arrived_at",
            "left_at",
            "equipment_reference",
        ),
        compute=find_batches,
        source="the data contract",
    ),
)
