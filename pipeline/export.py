"""Everything that leaves the product as a file: CSV, XLSX, Parquet, JSON, and the sheet that says what it is.

One place, so that a page and a command write the same bytes. A frame's instants are naive UTC, its dates
`datetime.date`; null is null in every format. CSV is guarded against formula injection (OWASP, "CSV injection"):
a cell that begins with = + - @, their full-width forms, tab or CR and is not a plain number gets a leading
apostrophe. XLSX cells are typed as text, so nothing in them is run; Parquet and JSON hold values as they are.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import io
import json
import math
import os
import tempfile
import zipfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import xlsxwriter

from pipeline import __version__
from pipeline.errors import UserMistake

if TYPE_CHECKING:
    from pipeline.metrics import Filters, Reader

FORMATS = ("csv", "xlsx", "parquet", "json")
MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
    "json": "application/json",
    "zip": "application/zip",
}
XLSX_MAX_ROWS = 200_000
"""More than that is no spreadsheet: 200,000 rows of 7 columns take 20 s to write."""

_ROWS_A_BLOCK = 100_000
_FORMULA_START = "[=+@\\-\uff1d\uff0b\uff0d\uff20\t\r]"
_RUNS_AS_FORMULA = f"^{_FORMULA_START}"
_PLAIN_NUMBER = r"^[+-]?[0-9]+(\.[0-9]+)?$"
_NEEDS_QUOTES = '[",\r\n]'


def csv_blocks(frame: pd.DataFrame) -> Iterator[bytes]:
    """The CSV of a frame, block by block: UTF-8, a header, comma, LF, RFC 4180 quotes where needed.

    Instants are `2022-06-01T08:05:00Z` with a fraction only where it is not zero, numbers the shortest plain
    decimal that is exact, null is empty, booleans `true` and `false`.
    """
    table = _table(frame)
    header = pa.array(table.column_names, pa.large_string())
    yield ",".join(_quoted(_guarded(header)).to_pylist()).encode() + b"\n"
    for block in table.to_batches(max_chunksize=_ROWS_A_BLOCK):
        if block.num_rows and block.num_columns:
            cells = [
                _cells(column, name) for column, name in zip(block.columns, table.column_names, strict=True)
            ]
            lines = pc.binary_join_element_wise(*cells, pa.scalar(",", pa.large_string()))
            yield "\n".join(lines.to_pylist()).encode() + b"\n"


def csv_bytes(frame: pd.DataFrame) -> bytes:
    """The CSV of a frame as one value; see `csv_blocks`."""
    return b"".join(csv_blocks(frame))


def json_bytes(frame: pd.DataFrame) -> bytes:
    """A JSON array of one object a row; instants and dates as in the CSV, numbers as numbers, null as null."""
    table = _table(frame)
    columns = [_json_values(table.column(name), name) for name in table.column_names]
    rows = (dict(zip(table.column_names, row, strict=True)) for row in zip(*columns, strict=True))
    lines = (json.dumps(row, ensure_ascii=False, allow_nan=False) for row in rows)
    return ("[\n" + ",\n".join(lines) + "\n]\n").encode()


def parquet_bytes(frame: pd.DataFrame, about: dict[str, Any] | None = None) -> bytes:
    """Parquet with zstd; instants in UTC; `about` is kept in the file's metadata under `dgwatch`."""
    table = _table(frame)
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
    table = _table(frame)
    sink = io.BytesIO()
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(sink, options) as book:
        _write_sheet(book, "report", table)
        if about is not None:
            _write_about(book, about)
    return sink.getvalue()


def render(frame: pd.DataFrame, form: str, about: dict[str, Any] | None = None) -> Iterator[bytes]:
    """A frame in one of `FORMATS`, as blocks of bytes."""
    if form == "csv":
        yield from csv_blocks(frame)
    elif form == "json":
        yield json_bytes(frame)
    elif form == "parquet":
        yield parquet_bytes(frame, about)
    elif form == "xlsx":
        yield xlsx_bytes(frame, about)
    else:
        raise ValueError(f"no such format: {form}")


def meta(report: str, filters: Filters, reader: Reader, rows: int) -> dict[str, Any]:
    """What a written report is: its question, its instants, the build and the version it was computed with.

    `filters` holds only what was set. `as_of` is the instant that was used, also where it was not asked for.
    """
    from pipeline.metrics import REGISTRY

    release = reader.release
    metric = REGISTRY[report]
    return {
        "report": report,
        "title": metric.title,
        "filters": asked(filters),
        "as_of": instant_text(reader.as_of(filters)),
        "known_at": instant_text(filters.known_at),
        "rows": rows,
        "version": __version__,
        "build": release.build_id if release else None,
        "is_sample": bool(release and release.is_sample),
        "note": SAMPLE_NOTE if release and release.is_sample else "",
        "unit": metric.unit,
        "grain": metric.grain,
        "definition": metric.definition,
        "caveats": metric.caveats,
        "source": metric.source,
        "columns": list(metric.columns),
        "instants": "UTC",
    }


SAMPLE_NOTE = "Sample data: made up by dgwatch. No real box, batch, firm, port day or case."


def asked(filters: Filters) -> dict[str, Any]:
    """The filters that differ from their defaults, ready for JSON."""
    given: dict[str, Any] = {}
    for field in dataclasses.fields(filters):
        value = getattr(filters, field.name)
        if value != field.default:
            given[field.name] = _plain(value)
    return given


def meta_bytes(about: dict[str, Any]) -> bytes:
    """`about` as JSON text."""
    return (json.dumps(about, ensure_ascii=False, indent=2) + "\n").encode()


def zip_with_meta(name: str, frame: pd.DataFrame, about: dict[str, Any], form: str = "csv") -> bytes:
    """A zip of `<name>.<form>` and its `.meta.json`; the same report gives the same bytes."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        parts = {
            f"{name}.{form}": b"".join(render(frame, form, about)),
            f"{name}.{form}.meta.json": meta_bytes(about),
        }
        for file, content in parts.items():
            archive.writestr(zipfile.ZipInfo(file, (1980, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return sink.getvalue()


def write(path: Path, frame: pd.DataFrame, form: str, about: dict[str, Any]) -> None:
    """Write a report and `<path>.meta.json` beside it; a reader never sees half a file."""
    if not path.parent.is_dir():
        raise UserMistake(f"{path.parent}: no such folder", "Make it first, or choose another with -o.")
    if path.is_dir():
        raise UserMistake(f"{path}: is a folder", "Give -o the name of a file.")
    _replace(path, render(frame, form, about))
    _replace(path.with_name(path.name + ".meta.json"), iter([meta_bytes(about)]))


def instant_text(instant: dt.datetime | None) -> str | None:
    """A naive UTC instant as `2022-06-01T08:05:00Z`, with a fraction only where it is not zero."""
    if instant is None:
        return None
    text = instant.replace(tzinfo=None).isoformat(timespec="seconds")
    fraction = f".{instant.microsecond:06d}".rstrip("0") if instant.microsecond else ""
    return f"{text}{fraction}Z"


def _replace(path: Path, blocks: Iterator[bytes]) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            for block in blocks:
                file.write(block)
        os.chmod(name, 0o666 & ~_umask())
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _plain(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return instant_text(value)
    if isinstance(value, dt.date):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value


def _table(frame: pd.DataFrame) -> pa.Table:
    """The frame in Arrow: text as large_string, instants as microseconds in UTC, a column of nulls as text."""
    table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    fields = []
    for field in table.schema:
        kind = field.type
        if pa.types.is_dictionary(kind):
            kind = kind.value_type
        if pa.types.is_null(kind) or pa.types.is_string(kind):
            kind = pa.large_string()
        elif pa.types.is_timestamp(kind):
            kind = pa.timestamp("us", "UTC")
        fields.append(pa.field(field.name, kind))
    return table.cast(pa.schema(fields))


def _cells(column: pa.Array, name: str) -> pa.Array:
    """The cells of a column as they stand in the CSV."""
    kind = column.type
    if pa.types.is_large_string(kind):
        return _empty_for_null(_quoted(_guarded(column)))
    if pa.types.is_timestamp(kind):
        return _empty_for_null(_instants(column))
    if pa.types.is_floating(kind):
        return _empty_for_null(_decimals(column, name))
    text = column.cast(pa.large_string())
    if pa.types.is_decimal(kind):
        text = _without_trailing_zeros(text)
    return _empty_for_null(text)


def _empty_for_null(text: pa.Array) -> pa.Array:
    return pc.fill_null(text.cast(pa.large_string()), "")


def _guarded(text: pa.Array) -> pa.Array:
    runs = pc.match_substring_regex(text, _RUNS_AS_FORMULA)
    if not pc.any(runs).as_py():
        return text
    harmful = pc.and_not(runs, pc.match_substring_regex(text, _PLAIN_NUMBER))
    return pc.if_else(harmful, _joined("'", text), text)


def _quoted(text: pa.Array) -> pa.Array:
    needs = pc.match_substring_regex(text, _NEEDS_QUOTES)
    if not pc.any(needs).as_py():
        return text
    return pc.if_else(needs, _joined('"', pc.replace_substring(text, '"', '""'), '"'), text)


def _joined(*parts: str | pa.Array) -> pa.Array:
    kind = pa.large_string()
    cast = [pa.scalar(part, kind) if isinstance(part, str) else part.cast(kind) for part in parts]
    return pc.binary_join_element_wise(*cast, pa.scalar("", kind))


def _instants(column: pa.Array) -> pa.Array:
    """`2022-06-01T08:05:00Z`, with the fraction's digits where it is not zero."""
    naive = column.cast(pa.timestamp("us"))
    seconds = pc.floor_temporal(naive, unit="second")
    text = pc.binary_replace_slice(seconds.cast(pa.timestamp("s")).cast(pa.large_string()), 10, 11, "T")
    micros = pc.subtract(naive.cast(pa.int64()), seconds.cast(pa.int64()))
    if not pc.any(pc.not_equal(micros, 0)).as_py():
        return _joined(text, "Z")
    digits = pc.utf8_rtrim(pc.utf8_lpad(micros.cast(pa.large_string()), 6, padding="0"), characters="0")
    return pc.if_else(pc.equal(micros, 0), _joined(text, "Z"), _joined(text, ".", digits, "Z"))


def _decimals(column: pa.Array, name: str) -> pa.Array:
    """The shortest plain decimal of each double; not-a-number is null. Infinity is nobody's figure and raises."""
    column = pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)
    _refuse_infinity(column, name)
    column = pc.if_else(pc.equal(column, 0), pa.scalar(0, column.type), column)
    text = column.cast(pa.large_string())
    odd = pc.fill_null(pc.match_substring(text, "e"), False)
    if not pc.any(odd).as_py():
        return text
    plain = [f"{Decimal(cell):f}" for cell in text.filter(odd).to_pylist()]
    return pc.replace_with_mask(text, odd, pa.array(plain, text.type))


def _refuse_infinity(column: pa.Array, name: str) -> None:
    if pc.any(pc.is_inf(column)).as_py():
        raise ValueError(f"column {name} holds an infinite number: a division by zero in its query")


def _without_trailing_zeros(text: pa.Array) -> pa.Array:
    return pc.replace_substring_regex(text, r"\.0+$|(\.[0-9]*[1-9])0+$", r"\1")


def _json_values(column: pa.ChunkedArray, name: str) -> list[Any]:
    column = column.combine_chunks()
    kind = column.type
    if pa.types.is_floating(kind):
        _refuse_infinity(column, name)
        return [_json_number(value) for value in column.to_pylist()]
    if pa.types.is_timestamp(kind):
        return list(_instants(column).to_pylist())
    if pa.types.is_date(kind):
        return list(column.cast(pa.large_string()).to_pylist())
    if pa.types.is_decimal(kind):
        return [_json_number(None if value is None else float(value)) for value in column.to_pylist()]
    return list(column.to_pylist())


def _json_number(value: float | None) -> float | int | None:
    if value is None or math.isnan(value):
        return None
    return int(value) if value == int(value) and abs(value) < 2**53 else value


def _write_sheet(book: xlsxwriter.Workbook, name: str, table: pa.Table) -> None:
    sheet = book.add_worksheet(name)
    head = book.add_format({"bold": True, "bottom": 1})
    forms = [_cell_format(book, field.type) for field in table.schema]
    sheet.freeze_panes(1, 0)
    for position, column in enumerate(table.column_names):
        sheet.set_column(position, position, max(10, min(30, len(column) + 2)))
        sheet.write_string(0, position, column, head)
    line = 1
    for block in table.to_batches(max_chunksize=_ROWS_A_BLOCK):
        columns = [column.to_pylist() for column in block.columns]
        for row in zip(*columns, strict=True):
            for position, value in enumerate(row):
                _write_cell(sheet, line, position, value, forms[position])
            line += 1


def _cell_format(book: xlsxwriter.Workbook, kind: pa.DataType) -> Any:
    if pa.types.is_timestamp(kind):
        return book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    return book.add_format({"num_format": "yyyy-mm-dd"}) if pa.types.is_date(kind) else None


def _write_cell(sheet: Any, line: int, position: int, value: Any, form: Any) -> None:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return
    if isinstance(value, str):
        sheet.write_string(line, position, value)
    elif isinstance(value, bool):
        sheet.write_boolean(line, position, value)
    elif isinstance(value, dt.datetime):
        sheet.write_datetime(line, position, value.replace(tzinfo=None), form)
    elif isinstance(value, dt.date):
        sheet.write_datetime(line, position, value, form)
    else:
        sheet.write_number(line, position, value)


def _write_about(book: xlsxwriter.Workbook, about: dict[str, Any]) -> None:
    sheet = book.add_worksheet("about")
    sheet.set_column(0, 0, 14)
    sheet.set_column(1, 1, 100)
    for line, (key, value) in enumerate(about.items()):
        sheet.write_string(line, 0, key)
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        sheet.write_string(line, 1, text)
