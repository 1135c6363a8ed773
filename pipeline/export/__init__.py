"""What leaves the product as a file: CSV, XLSX, Parquet, JSON, and the sheet that says what it is.

One place, so that a page and a command write the same bytes. A frame's instants are naive UTC, its dates
`datetime.date`; null is null in every format. CSV is guarded against formula injection (OWASP): a cell that
begins with = + - @, their full-width forms, tab or CR and is not a plain number gets a leading apostrophe.
XLSX cells are typed as text, and those that begin so are marked as such, so that nothing in them is run, not
even once somebody has edited the cell; Parquet and JSON hold values as they are.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import math
import os
import zipfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter

from pipeline.errors import UserMistake
from pipeline.export.about import SAMPLE_NOTE, asked, command, instant_text, meta, meta_bytes
from pipeline.export.cells import arrow_table, csv_lines, guarded, instants, quoted, refuse_infinity
from pipeline.export.workbook import write_about, write_sheet
from pipeline.settings import usable_cores

__all__ = [
    "FORMATS",
    "MEDIA_TYPES",
    "SAMPLE_NOTE",
    "XLSX_MAX_ROWS",
    "asked",
    "command",
    "csv_blocks",
    "csv_bytes",
    "instant_text",
    "json_blocks",
    "json_bytes",
    "meta",
    "meta_bytes",
    "packed",
    "packed_ending",
    "parquet_bytes",
    "render",
    "rows_digest",
    "write",
    "write_blocks",
    "xlsx_bytes",
    "zip_with_meta",
]

FORMATS = ("csv", "xlsx", "parquet", "json")
MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
    "json": "application/json",
    "zip": "application/zip",
}
CARRIES_META = ("xlsx", "parquet")
"""Forms with room for what the file is: a sheet of its own, the file's metadata."""
XLSX_MAX_ROWS = 200_000
"""More than that is no spreadsheet: 200,000 rows of 7 columns take 20 s to write."""

_ROWS_A_BLOCK = 100_000
_MAX_THREADS = 4
_NO_DAY = dt.datetime(1980, 1, 1)
"""Stands for the instant of making, so that the same report is the same bytes."""


def csv_blocks(frame: pd.DataFrame) -> Iterator[bytes]:
    """The CSV of a frame, block by block: UTF-8, a header, comma, LF, RFC 4180 quotes where needed.

    Instants are `2022-06-01T08:05:00Z` with a fraction only where it is not zero, numbers the shortest plain
    decimal that is exact, null is empty, booleans `true` and `false`.
    """
    table = arrow_table(frame)
    header = pa.array(table.column_names, pa.large_string())
    yield ",".join(quoted(guarded(header)).to_pylist()).encode() + b"\n"
    blocks = [block for block in table.to_batches(max_chunksize=_ROWS_A_BLOCK) if block.num_columns]
    if len(blocks) < 2:
        yield from map(csv_lines, blocks)
        return
    with ThreadPoolExecutor(min(usable_cores(), _MAX_THREADS)) as pool:
        ahead: deque[Future[bytes]] = deque()
        for block in blocks:
            ahead.append(pool.submit(csv_lines, block))
            if len(ahead) > _MAX_THREADS:
                yield ahead.popleft().result()
        for waiting in ahead:
            yield waiting.result()


def csv_bytes(frame: pd.DataFrame) -> bytes:
    """The CSV of a frame as one value; see `csv_blocks`."""
    return b"".join(csv_blocks(frame))


def json_blocks(frame: pd.DataFrame) -> Iterator[bytes]:
    """A JSON array of one object a row, block by block; instants and dates as text, as in the CSV."""
    table = arrow_table(frame)
    before = "[\n"
    for block in table.to_batches(max_chunksize=_ROWS_A_BLOCK):
        columns = [_json_values(block.column(name), name) for name in table.column_names]
        rows = (dict(zip(table.column_names, row, strict=True)) for row in zip(*columns, strict=True))
        lines = ",\n".join(json.dumps(row, ensure_ascii=False, allow_nan=False) for row in rows)
        if lines:
            yield (before + lines).encode()
            before = ",\n"
    yield b"\n]\n" if before == ",\n" else b"[]\n"


def json_bytes(frame: pd.DataFrame) -> bytes:
    """The JSON of a frame as one value; see `json_blocks`."""
    return b"".join(json_blocks(frame))


def parquet_bytes(frame: pd.DataFrame, about: dict[str, Any] | None = None) -> bytes:
    """Parquet with zstd; instants in UTC; `about` is kept in the file's metadata under `dgwatch`."""
    table = arrow_table(frame)
    if about is not None:
        table = table.replace_schema_metadata({"dgwatch": json.dumps(about, ensure_ascii=False)})
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd")
    return sink.getvalue()


def xlsx_bytes(frame: pd.DataFrame, about: dict[str, Any] | None = None) -> bytes:
    """A workbook: the report, and a sheet that says what it is. Text is text: no formula, no link.

    Raises `UserMistake` beyond `XLSX_MAX_ROWS` rows.
    """
    if len(frame) > XLSX_MAX_ROWS:
        raise UserMistake(
            f"{len(frame):,} rows are more than a spreadsheet takes ({XLSX_MAX_ROWS:,})",
            "Narrow the report (--from, --to, --port, --class), or choose csv or parquet.",
        )
    table = arrow_table(frame)
    sink = io.BytesIO()
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(sink, options) as book:
        book.set_properties({"created": _NO_DAY})
        write_sheet(book, "report", table)
        if about is not None:
            write_about(book, about)
    return sink.getvalue()


def render(frame: pd.DataFrame, form: str, about: dict[str, Any] | None = None) -> Iterator[bytes]:
    """A frame in one of `FORMATS`, as blocks of bytes."""
    if form == "csv":
        yield from csv_blocks(frame)
    elif form == "json":
        yield from json_blocks(frame)
    elif form == "parquet":
        yield parquet_bytes(frame, about)
    elif form == "xlsx":
        yield xlsx_bytes(frame, about)
    else:
        raise ValueError(f"no such format: {form}")


def rows_digest(frame: pd.DataFrame) -> str:
    """SHA-256 of the frame's CSV: the same for the same figures, in whatever form they were written."""
    digest = hashlib.sha256()
    for block in csv_blocks(frame):
        digest.update(block)
    return digest.hexdigest()


def zip_with_meta(name: str, frame: pd.DataFrame, about: dict[str, Any], form: str = "csv") -> bytes:
    """A zip of `<name>.<form>` and its `.meta.json`; the same report gives the same bytes."""
    sink = io.BytesIO()
    about = about | {"rows_sha256": rows_digest(frame)}
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        report = b"".join(render(frame, form, about))
        for file, content in ((f"{name}.{form}", report), (f"{name}.{form}.meta.json", meta_bytes(about))):
            archive.writestr(zipfile.ZipInfo(file, _NO_DAY.timetuple()[:6]), content, zipfile.ZIP_DEFLATED)
    return sink.getvalue()


def packed(name: str, frame: pd.DataFrame, about: dict[str, Any], form: str) -> bytes:
    """One file to hand out that says what it is: XLSX and Parquet themselves, CSV and JSON zipped with their meta.

    The same report gives the same bytes. Raises `UserMistake` where the form does not hold so many rows.
    """
    if form in CARRIES_META:
        return b"".join(render(frame, form, about | {"rows_sha256": rows_digest(frame)}))
    return zip_with_meta(name, frame, about, form)


def packed_ending(form: str) -> str:
    """The ending of the file that `packed` gives."""
    return form if form in CARRIES_META else "zip"


def write(path: Path, frame: pd.DataFrame, form: str, about: dict[str, Any]) -> None:
    """Write a report and `<path>.meta.json` beside it; see `write_blocks`. The meta has `rows_sha256` too."""
    if form == "csv":
        written = Digested(csv_blocks(frame))
        write_blocks(path, written, about, lambda: {"rows_sha256": written.digest.hexdigest()})
    else:
        about = about | {"rows_sha256": rows_digest(frame)}
        write_blocks(path, render(frame, form, about), about)


class Digested:
    """Blocks of bytes, with the SHA-256 of those that went by in `digest`."""

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self.blocks = blocks
        self.digest = hashlib.sha256()

    def __iter__(self) -> Iterator[bytes]:
        for block in self.blocks:
            self.digest.update(block)
            yield block


def write_blocks(
    path: Path,
    content: Iterable[bytes],
    about: dict[str, Any],
    learnt: Callable[[], dict[str, Any]] = dict,
) -> None:
    """Write a file and `<path>.meta.json` beside it; a reader never sees half a file.

    `learnt` gives what is to be added to `about` once the content has been written.
    Raises `UserMistake` where nothing can be written there.
    """
    try:
        if not path.parent.is_dir():
            raise UserMistake(f"{path.parent}: no such folder", "Make it first, or choose another with -o.")
        if path.exists() and not path.is_file():
            raise UserMistake(f"{path}: is no ordinary file", "Give -o the name of a file to make.")
        _replace(path, content)
        _replace(path.with_name(f"{path.name}.meta.json"), [meta_bytes(about | learnt())])
    except OSError as error:
        raise UserMistake(
            f"{path}: cannot be written: {error.strerror}", "Choose another with -o."
        ) from error


def _replace(path: Path, blocks: Iterable[bytes]) -> None:
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with unfinished.open("wb") as file:
            file.writelines(blocks)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _json_values(column: pa.Array, name: str) -> list[Any]:
    kind = column.type
    if pa.types.is_floating(kind):
        refuse_infinity(column, name)
        return [_json_number(value) for value in column.to_pylist()]
    if pa.types.is_timestamp(kind):
        return list(instants(column).to_pylist())
    if pa.types.is_date(kind):
        return list(column.cast(pa.large_string()).to_pylist())
    if pa.types.is_decimal(kind):
        return [_json_number(None if value is None else float(value)) for value in column.to_pylist()]
    return list(column.to_pylist())


def _json_number(value: float | None) -> float | int | None:
    if value is None or math.isnan(value):
        return None
    return int(value) if value == int(value) and abs(value) < 2**53 else value
