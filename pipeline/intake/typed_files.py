"""Workbooks and Parquet files as blocks of texts, held to the same checks as CSV (ruling 43).

Numbers become the shortest decimal, date cells ISO local time without offset, booleans `true` and `false`.
"""

from __future__ import annotations

import csv
import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.compute as pc
from openpyxl.utils.exceptions import InvalidFileException
from pyarrow import parquet

from pipeline.arrow_tables import flat_array, text_array, values_of
from pipeline.contract import Source, Type
from pipeline.intake.headers import Header, read_header
from pipeline.intake.parsing import SpoiltRecord, TextBlock, text_type
from pipeline.intake.refusals import FileRefused
from pipeline.intake.streams import Advance
from pipeline.intake.texts import Mask

ROWS_A_BLOCK = 50_000
UNREADABLE = (
    InvalidFileException,
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    KeyError,
    ValueError,
    IndexError,
    TypeError,
    SyntaxError,
)
"""What openpyxl raises over a file that is no workbook or a damaged one."""

LARGEST_WORKBOOK = 2 << 30
"""Bytes of a workbook when unpacked; past this it is refused before it is read."""
SHARED_TEXTS = "xl/sharedstrings.xml"
LARGEST_TEXTS = 128 << 20
"""Bytes of its texts: they are held in memory, where they take eight times as much; its rows pass through."""


def text_of(value: object, type_: Type | None) -> str | None:
    """A value of a cell as text. `type_` is the contract's, by which midnight is a date or an instant."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return _instant_text(value, type_)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return _decimal_text(Decimal(repr(value)))
    if isinstance(value, Decimal):
        return _decimal_text(value)
    if isinstance(value, time):
        return value.isoformat()
    return str(value)


def _instant_text(value: datetime, type_: Type | None) -> str:
    midnight = value.tzinfo is None and (value.hour, value.minute, value.second, value.microsecond) == (
        0,
        0,
        0,
        0,
    )
    return value.date().isoformat() if type_ is Type.DATE and midnight else value.isoformat()


def _decimal_text(value: Decimal) -> str:
    if not value.is_finite():
        return str(value)
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def workbook_blocks(
    path: Path, source: Source, known: Mapping[str, str], advance: Advance | None
) -> tuple[Header, Iterator[TextBlock]]:
    """The header and the rows of a workbook's first sheet. Raises `FileRefused` where it cannot be read."""
    _refuse_bomb(path)
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        sheet = book.worksheets[0]
        # The size that a workbook states for its sheet is often wrong.
        sheet.reset_dimensions()
        rows = enumerate(sheet.iter_rows(values_only=True), 1)
        first = next(((number, row) for number, row in rows if any(_filled(cell) for cell in row)), None)
    except UNREADABLE as error:
        raise _unreadable("xlsx", error) from error
    if first is None:
        raise FileRefused("there is no header line", "Begin the first sheet with the column names.")
    names = ["" if cell is None else str(cell) for cell in first[1]]
    while names and not names[-1]:
        names.pop()
    header = read_header(names, source, known)
    return header, _workbook_rows(path, rows, source, header, advance)


def _filled(cell: object) -> bool:
    return cell is not None and cell != ""


def _workbook_rows(
    path: Path,
    rows: Iterator[tuple[int, Sequence[object]]],
    source: Source,
    header: Header,
    advance: Advance | None,
) -> Iterator[TextBlock]:
    filled = ((number, row) for number, row in _readable(rows) if any(map(_filled, row)))
    while held := list(islice(filled, ROWS_A_BLOCK)):
        yield _workbook_block(held, source, header)
    if advance is not None:
        advance(path.stat().st_size)


def _readable(rows: Iterator[tuple[int, Sequence[object]]]) -> Iterator[tuple[int, Sequence[object]]]:
    while True:
        try:
            found = next(rows, None)
        except UNREADABLE as error:
            raise _unreadable("xlsx", error) from error
        if found is None:
            return
        yield found


def _workbook_block(
    rows: Sequence[tuple[int, Sequence[object]]], source: Source, header: Header
) -> TextBlock:
    """Rows by their numbers as a block; those with a cell beyond the header are spoilt records."""
    width = len(header.columns)
    fitting, spoilt = [], []
    for number, row in rows:
        if any(map(_filled, row[width:])):
            spoilt.append(_misfit(number, row))
        else:
            fitting.append((number, row))
    columns = {}
    for column, place in header.positions.items():
        type_ = source.column_by_name[column].type
        columns[column] = text_array(
            [text_of(row[place], type_) if place < len(row) else None for _, row in fitting]
        )
    block = _text_block(source, columns, np.array([number for number, _ in fitting], np.int64))
    return replace(block, spoilt=spoilt)


def _misfit(number: int, row: Sequence[object]) -> SpoiltRecord:
    cells = [text_of(cell, None) or "" for cell in row]
    return SpoiltRecord(number, "wrong_field_count", _line_of(cells), cells)


def _text_block(source: Source, columns: Mapping[str, pa.Array], lines: np.ndarray[Any, Any]) -> TextBlock:
    arrays = {}
    for name, texts in columns.items():
        empty = values_of(pc.binary_length(texts), 1) == 0
        filled = pc.if_else(flat_array(empty), pa.nulls(1, pa.string())[0], texts)
        dictionary = pa.types.is_dictionary(text_type(source.column_by_name[name].type))
        arrays[name] = filled.dictionary_encode() if dictionary else filled
    table = pa.table(arrays)

    return TextBlock(table, lines, lambda row: _line_of(column[row].as_py() for column in table.columns))


def _line_of(cells: Iterable[str | None]) -> str:
    """Cells as a line of a CSV."""
    written = io.StringIO()
    csv.writer(written, lineterminator="").writerow(cells)
    return written.getvalue()


def parquet_blocks(
    path: Path, source: Source, known: Mapping[str, str], advance: Advance | None
) -> tuple[Header, Iterator[TextBlock]]:
    """The header and the rows of a Parquet file. Raises `FileRefused` where it cannot be read."""
    try:
        file = parquet.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        raise _unreadable("parquet", error) from error
    header = read_header(file.schema_arrow.names, source, known)
    for name, column in zip(file.schema_arrow.names, header.columns, strict=True):
        type_ = file.schema_arrow.field(name).type
        if column and pa.types.is_nested(type_):
            raise FileRefused(f"column {name} holds {type_}", "Write one plain value a cell.")
    return header, _parquet_rows(path, file, source, header, advance)


def _parquet_rows(
    path: Path, file: parquet.ParquetFile, source: Source, header: Header, advance: Advance | None
) -> Iterator[TextBlock]:
    wanted = {
        name: column for name, column in zip(file.schema_arrow.names, header.columns, strict=True) if column
    }
    line = 2
    try:
        for batch in file.iter_batches(ROWS_A_BLOCK, columns=list(wanted)):
            columns = {}
            undecodable = np.zeros(batch.num_rows, bool)
            for name, column in wanted.items():
                array, spoilt = _decoded(batch.column(name))
                columns[column] = _texts(array, source.column_by_name[column].type)
                undecodable |= spoilt
            lines = np.arange(line, line + batch.num_rows, dtype=np.int64)
            block = _text_block(source, columns, lines)
            yield _set_apart(block, undecodable, header) if undecodable.any() else block
            line += batch.num_rows
    except (pa.ArrowException, OSError) as error:
        raise _unreadable("parquet", error) from error
    if advance is not None:
        advance(path.stat().st_size)


def _decoded(array: pa.Array) -> tuple[pa.Array, Mask]:
    """A column with its bytes as text, and the rows whose bytes are none."""
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    undecodable = np.zeros(len(array), bool)
    if not (_is_text(array.type) or _is_bytes(array.type)):
        return array, undecodable
    as_bytes = array.cast(pa.large_binary())
    try:
        return as_bytes.cast(pa.large_string()).cast(pa.string()), undecodable
    except pa.ArrowInvalid:
        values = as_bytes.to_pylist()
    texts = [None if value is None else value.decode("utf-8", "replace") for value in values]
    for row, (value, text) in enumerate(zip(values, texts, strict=True)):
        undecodable[row] = text is not None and text.encode() != value
    return text_array(texts), undecodable


def _is_text(type_: pa.DataType) -> bool:
    return pa.types.is_string(type_) or pa.types.is_large_string(type_) or pa.types.is_string_view(type_)


def _is_bytes(type_: pa.DataType) -> bool:
    return (
        pa.types.is_binary(type_) or pa.types.is_large_binary(type_) or pa.types.is_fixed_size_binary(type_)
    )


def _set_apart(block: TextBlock, undecodable: Mask, header: Header) -> TextBlock:
    """The block without the rows that are no text; they are spoilt records."""
    spoilt, kept = np.flatnonzero(undecodable), np.flatnonzero(~undecodable)
    named = block.table.column_names
    records = []
    for row in spoilt.tolist():
        cells = [
            (block.table.column(column)[row].as_py() or "") if column in named else ""
            for column in header.columns
        ]
        records.append(SpoiltRecord(int(block.lines[row]), "undecodable", block.raw(row), cells))
    table = block.table.take(flat_array(kept)).combine_chunks()
    return TextBlock(table, block.lines[kept], lambda row: block.raw(int(kept[row])), records)


def _texts(array: pa.Array, type_: Type) -> pa.StringArray:
    """A column of any plain type as texts."""
    if pa.types.is_string(array.type):
        return array
    if pa.types.is_integer(array.type) or pa.types.is_boolean(array.type):
        return array.cast(pa.string())
    if pa.types.is_timestamp(array.type):
        # Digits beyond microseconds are cut, as in a text.
        array = array.cast(pa.timestamp("us", "UTC" if array.type.tz else None), safe=False)
    if pa.types.is_float32(array.type) or pa.types.is_float16(array.type):
        return text_array(
            [text_of(_shortest(value), type_) for value in array.to_numpy(zero_copy_only=False)]
        )
    return text_array([text_of(value, type_) for value in array.to_pylist()])


def _shortest(value: Any) -> Decimal | None:
    """A float of fewer bits as the decimal that stands for it: 0.1 stays 0.1."""
    return None if np.isnan(value) else Decimal(str(value))


def _refuse_bomb(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as packed:
            members = packed.infolist()
    except (zipfile.BadZipFile, OSError) as error:
        raise _unreadable("xlsx", error) from error
    for what, unpacked, most in (
        ("the workbook", members, LARGEST_WORKBOOK),
        (
            "the text of the workbook",
            [one for one in members if one.filename.lower() == SHARED_TEXTS],
            LARGEST_TEXTS,
        ),
    ):
        size = sum(member.file_size for member in unpacked)
        if size > most:
            raise FileRefused(
                f"{what} unpacks to {size >> 20} MiB, more than {most >> 20} MiB",
                "Save the first sheet as CSV.",
            )


def _unreadable(format_: str, error: Exception) -> FileRefused:
    return FileRefused(f"not a readable .{format_} file ({error})", "Write it again, or hand it in as CSV.")
