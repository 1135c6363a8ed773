"""What was handed in and what became of it: files, loads, rejected rows, warnings."""

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
OF_FILES = ("ports", "classes", "direction", "days", "as_of")
"""What does not act on whole files, whatever is in them."""
CHANGING_COUNTS = ("accepted", "superseded", "duplicate")
"""What the rows of a file come to changes with later files."""


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
                f"{wanted}: no file of that name was loaded", "`dgwatch report files` lists those that were."
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
    """One row a load, the last first; what became of its rows is told as of now, as it is of files (ruling 33)."""
    frame, known_at = question.engine.to_frame("loads"), question.filters.known_at
    if known_at is not None:
        frame = frame[frame["loaded_at"] <= known_at]
    frame = frame.sort_values(["finished_at", "load_id"], ascending=False, kind="stable", ignore_index=True)
    frame = frame.rename(columns=lambda name: str(name).removeprefix("rows_"))
    stands = dict.fromkeys(CHANGING_COUNTS, 0)
    of_load: dict[str, dict[str, int]] = {}
    for entry in question.engine.to_arrow("files").to_pylist():
        counts = of_load.setdefault(entry["load_id"], dict(stands))
        for name in CHANGING_COUNTS:
            counts[name] += entry[f"rows_{name}"]
    for name in CHANGING_COUNTS:
        frame[name] = [of_load.get(load_id, stands)[name] for load_id in frame["load_id"]]
    return frame


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


def trust_metric(
    key: str, title: str, title_zh: str, definition: str, definition_zh: str, compute: Any, columns: tuple[str, ...],
    unit: str = "rows", sql: str = "", options: tuple[str, ...] = (), unmoved_by: tuple[str, ...] = OF_FILES,
) -> Metric:  # fmt: skip
    """A report about what figures rest on."""
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
        is_report=True,
        options=options,
        unmoved_by=unmoved_by,
    )


register(
    trust_metric(
        "rejects",
        "Rejected rows",
        "被拒行",
        "Rows that were not taken, with file, line, every reason, and their text. They can be mended and handed in again.",
        "未被接收的行，附文件、行号、全部原因与原文；可修正后重新提交。",
        rejects,
        REJECT_COLUMNS,
        options=("file",),
    ),
    trust_metric(
        "loads",
        "Loads",
        "加载",
        "Every load, with what its rows come to now: a row that was accepted once is superseded by a later version.",
        "每次加载及其各行的当前状态：曾被接收的行会被后来的版本取代。",
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
    trust_metric(
        "files",
        "Files",
        "文件",
        "Every file taken. Read = accepted + superseded + duplicate + rejected, always; the counts are of now.",
        "每个已接收文件。读取 = 接收 + 被取代 + 重复 + 拒绝，恒成立；计数为当前值。",
        files,
        tuple(name.removeprefix("rows_") for name in _FILE_FIELDS),
    ),
    trust_metric(
        "rejects_by_reason",
        "Rejects by reason",
        "拒绝原因",
        "Rejected rows by source and reason; a row with two reasons counts in both.",
        "按来源与原因统计被拒行；一行有两个原因时各计一次。",
        rejects_by_reason,
        ("source", "reason", "rows", "sentence", "sentence_zh"),
    ),
    trust_metric(
        "warnings",
        "Warnings",
        "警告",
        "Accepted rows that look wrong. A warning never drops a row.",
        "看似有误但已接收的行。警告不会丢弃任何行。",
        warnings,
        ("source", "warning", "rows", "sentence", "sentence_zh"),
    ),
)
