"""From the records of a block to a table of texts: every cell as given, the spoilt records set apart.

Arrow's CSV reader does the splitting; which records it is given, and how many rows it gives back, is known
beforehand, so that no row can be lost or invented.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import csv

from pipeline.contract import Source, Type
from pipeline.formulas import unguarded
from pipeline.intake.records import Records, fields_of

DICTIONARY_TYPES = frozenset(
    {Type.CODE, Type.PORT, Type.CLASS, Type.UN_NUMBER, Type.PACKING_GROUP, Type.BOOLEAN}
)
"""Types of few distinct texts: read as dictionaries, so that each text is checked once a block."""

TEXTS = pa.dictionary(pa.int32(), pa.string())

_SURROGATES = re.compile("[\ud800-\udfff]")


class LinesDisagree(AssertionError):
    """The reader gave back another number of rows than there are records: a bug of ours, never the file's."""


@dataclass
class SpoiltRecord:
    """A record that cannot be checked as a row: its line, reject code, text, and fields as far as they go."""

    line: int
    code: str
    raw: str
    fields: list[str]


@dataclass
class TextBlock:
    """A block of rows as texts: a column for each column that the file has, one line number a row.

    Empty cells are null. `raw` gives the text of a row as it was read.
    """

    table: pa.Table
    lines: NDArray[np.int64]
    raw: Callable[[int], str]
    spoilt: list[SpoiltRecord] = field(default_factory=list)

    @property
    def rows_read(self) -> int:
        """Rows of the block, the spoilt ones among them."""
        return self.table.num_rows + len(self.spoilt)


def without_guards(block: TextBlock) -> TextBlock:
    """The block of a file that an export wrote: its texts as they were before apostrophes made them harmless."""
    columns = [unguarded(column.combine_chunks()) for column in block.table.columns]
    return replace(block, table=pa.table(columns, block.table.column_names))


def text_type(type_: Type) -> pa.DataType:
    """The Arrow type in which the texts of a column are read."""
    return TEXTS if type_ in DICTIONARY_TYPES else pa.string()


@dataclass(frozen=True)
class BlockParser:
    """Parses blocks of one file: its source, its columns by place (None where unknown), its separator."""

    source: Source
    columns: tuple[str | None, ...]
    separator: bytes

    def parse(self, records: Records) -> TextBlock:
        """The rows of a block as texts, and the records that are none."""
        spoilt = dict(records.spoilt)
        for index in _undecodable(records, 0, len(records)):
            if spoilt.get(index) != "line_too_long":
                spoilt[index] = "undecodable"
        given = np.delete(np.arange(len(records)), list(spoilt)) if spoilt else np.arange(len(records))
        text = _text_of(records, spoilt)
        table, misfits = self._read(text, len(text)) if len(given) else (self._empty(), [])
        for number in misfits:
            spoilt[int(given[number])] = "wrong_field_count"
        if misfits:
            given = np.delete(given, misfits)
        if table.num_rows != len(given):
            raise LinesDisagree(f"{len(given)} records, but {table.num_rows} rows were read")
        found = [self._spoilt(records, index, code) for index, code in sorted(spoilt.items())]
        return TextBlock(
            table, records.lines[given], lambda row: as_text(records.raw(int(given[row]))), found
        )

    def _read(self, text: bytes, size: int) -> tuple[pa.Table, list[int]]:
        misfits: list[int] = []

        def skip(row: csv.InvalidRow) -> str:
            misfits.append(row.number - 1)
            return "skip"

        read, convert = _options(self.source, self.columns)
        table = csv.read_csv(
            pa.py_buffer(text),
            read_options=csv.ReadOptions(use_threads=False, block_size=size + 1, column_names=read),
            parse_options=csv.ParseOptions(
                delimiter=self.separator.decode(), newlines_in_values=True, invalid_row_handler=skip
            ),
            convert_options=convert,
        )
        return table.rename_columns([name for name in self.columns if name]).combine_chunks(), misfits

    def _empty(self) -> pa.Table:
        return pa.table(
            {
                name: pa.nulls(0, text_type(self.source.column_by_name[name].type))
                for name in self.columns
                if name
            }
        )

    def _spoilt(self, records: Records, index: int, code: str) -> SpoiltRecord:
        raw = records.raw(index)
        fields = [as_text(field) for field in fields_of(raw, self.separator)]
        return SpoiltRecord(int(records.lines[index]), code, as_text(raw), fields)


@lru_cache(maxsize=64)
def _options(source: Source, columns: tuple[str | None, ...]) -> tuple[list[str], csv.ConvertOptions]:
    names = [f"f{place}" for place in range(len(columns))]
    types = {
        name: text_type(source.column_by_name[column].type)
        for name, column in zip(names, columns, strict=True)
        if column
    }
    convert = csv.ConvertOptions(
        check_utf8=False,
        include_columns=list(types),
        column_types=types,
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=True,
    )
    return names, convert


def as_text(raw: bytes) -> str:
    """Bytes of a record as text; what was no text in the encoding of the file is U+FFFD."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        pass
    try:
        # Spoilt bytes of the other encodings stand as encoded surrogates: one character each.
        return _SURROGATES.sub("\ufffd", raw.decode("utf-8", "surrogatepass"))
    except UnicodeDecodeError:
        return raw.decode("utf-8", "replace")


def _text_of(records: Records, spoilt: dict[int, str]) -> bytes:
    """The text of the right records for Arrow: as it stands, but for what has to be left out or restored."""
    is_whole = not spoilt and not records.restored
    text = records.text[: records.consumed] if is_whole else b"\n".join(_runs(records, spoilt))
    # Arrow takes a byte order mark off the front of what it reads, which here is a block of its own. The line
    # feed before it is an empty line, which counts for nothing.
    return b"\n" + text if text.startswith(b"\xef\xbb\xbf") else text


def _runs(records: Records, spoilt: dict[int, str]) -> Iterator[bytes]:
    """The text between records that are left out or restored, run by run, and the restored ones."""
    begin = 0
    for index in sorted(spoilt.keys() | records.restored.keys()):
        if index > begin:
            yield records.text[records.starts[begin] : records.ends[index - 1]]
        if index not in spoilt:
            yield records.restored[index]
        begin = index + 1
    if begin < len(records):
        yield records.text[records.starts[begin] : records.ends[-1]]


def _undecodable(records: Records, first: int, end: int) -> Iterator[int]:
    """Those of some records that have bytes which are not valid UTF-8: few, which are found by halving."""
    if first == end or _is_utf8(records.text[int(records.starts[first]) : int(records.ends[end - 1])]):
        return
    if end - first == 1:
        yield first
        return
    middle = (first + end) // 2
    yield from _undecodable(records, first, middle)
    yield from _undecodable(records, middle, end)


def _is_utf8(text: bytes) -> bool:
    """Whether a text is valid UTF-8: without decoding it, and other threads go on meanwhile."""
    if text.isascii():
        return True
    ends = pa.py_buffer(np.array([0, len(text)], np.int32))
    try:
        pa.StringArray.from_buffers(1, ends, pa.py_buffer(text)).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True
