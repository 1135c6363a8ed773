"""How a port's files look, and columns as text: one Arrow string a line, without a Python step a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.contract import SOURCES
from pipeline.sample.facts import LOCAL_OFFSET_SECONDS
from pipeline.sample.streams import Bools, Floats, Ints

Cell: TypeAlias = pa.Array | str


@dataclass(frozen=True)
class Style:
    """The form of a port's files. `offset` tells whether instants carry `+08:00`; without it they are
    local time.
    """

    delimiter: str = ","
    encoding: str = "utf-8"
    bom: bool = False
    newline: str = "\n"
    offset: bool = True
    chinese: bool = False
    dcsa: bool = False
    zipped: tuple[str, ...] = ()
    yes_no: tuple[str, str] = ("true", "false")


def style_of(rank: int) -> Style:
    """The form of the files of the port of that rank: two ports send GB18030 with Chinese headers."""
    if rank in (1, 7):
        return Style(
            delimiter=";" if rank == 1 else ",", encoding="gb18030", offset=False, chinese=True, dcsa=True,
            zipped=("dg_items",), yes_no=("Y", "N"),
        )  # fmt: skip
    return Style(
        bom=rank % 5 == 0,
        newline="\r\n" if rank % 4 == 0 else "\n",
        offset=rank % 2 == 0,
        dcsa=rank % 6 == 3,
        zipped=("yard_moves", "clearance_milestones") if rank % 4 == 2 else (),
    )


def header(source: str, style: Style, chinese_headers: Mapping[tuple[str, str], str]) -> str:
    """The header line of a source in a style, without its line end."""
    names = SOURCES[source].column_names
    if style.chinese:
        names = tuple(chinese_headers.get((source, name), name) for name in names)
    return style.delimiter.join(names)


def instants(at: Ints, style: Style, known: Bools | None = None) -> pa.Array:
    """UTC seconds as text in the style's form; null where not `known`."""
    mask = None if known is None else ~known
    local = pa.array(np.where(known, at, 0) if known is not None else at, type=pa.int64(), mask=mask)
    shifted = pc.cast(pc.add(local, LOCAL_OFFSET_SECONDS), pa.timestamp("s"))
    text = pc.cast(shifted, pa.string())
    if not style.offset:
        return text
    return pc.binary_join_element_wise(pc.utf8_replace_slice(text, 10, 11, "T"), "+08:00", "")


def numbered(prefix: Cell, number: Ints, digits: int, known: Bools | None = None) -> pa.Array:
    """`prefix` and a number with leading zeros; null where not `known`."""
    mask = None if known is None else ~known
    text = pc.cast(pa.array(number, type=pa.int64(), mask=mask), pa.string())
    return pc.binary_join_element_wise(prefix, pc.utf8_lpad(text, digits, "0"), "")


def whole(number: Ints, known: Bools | None = None) -> pa.Array:
    """Whole numbers as text."""
    return pc.cast(pa.array(number, type=pa.int64(), mask=None if known is None else ~known), pa.string())


def decimal(number: Floats, places: int, known: Bools | None = None) -> pa.Array:
    """Numbers as plain decimals with `places` digits behind the point."""
    scaled = np.rint(np.where(known, number, 0.0) * 10**places if known is not None else number * 10**places)
    units = scaled.astype(np.int64)
    sign = pa.array(np.where(units < 0, "-", "").tolist(), type=pa.string())
    size = np.abs(units)
    text = pc.binary_join_element_wise(
        pc.binary_join_element_wise(sign, whole(size // 10**places, known), ""),
        pc.utf8_lpad(whole(size % 10**places, known), places, "0"),
        ".",
    )
    return text


def picked(values: Sequence[str | None], index: Ints, known: Bools | None = None) -> pa.Array:
    """`values[index]`; null where not `known` or the value is empty."""
    table = pa.array([value or None for value in values], type=pa.string())
    mask = None if known is None else ~known
    return table.take(
        pa.array(np.where(known, index, 0) if known is not None else index, type=pa.int64(), mask=mask)
    )


def quoted(value: str) -> str:
    """A text cell, in quotes where a separator or a quote in it asks for them."""
    if any(mark in value for mark in ',;"\t'):
        return '"' + value.replace('"', '""') + '"'
    return value


def lines(source: str, columns: Mapping[str, Cell], style: Style, rows: int) -> pa.Array:
    """The lines of a table with their line ends, the columns in the contract's order; those not given are
    empty.
    """
    cells: list[pa.Array | pa.Scalar] = []
    for name in SOURCES[source].column_names[:-1]:
        cell = columns.get(name, "")
        cells.append(pa.scalar(cell) if isinstance(cell, str) else cell)
    if not rows:
        return pa.array([], type=pa.string())
    end = pa.scalar(style.newline)
    joined = pc.binary_join_element_wise(
        *cells, end, style.delimiter, null_handling="replace", null_replacement=""
    )
    return joined.combine_chunks() if isinstance(joined, pa.ChunkedArray) else joined
