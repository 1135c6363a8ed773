"""Columns of text as buffers: tests and changes that cost little where there is nothing to do."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipeline.arrow_tables import flat_array, values_of
from pipeline.contract import MAX_TEXT_CHARACTERS
from pipeline.intake.cells import BLANKS

FEW_PER_RUN = 16
"""Rows a run below which texts are gathered row by row."""

Bytes = NDArray[np.uint8]
Mask = NDArray[np.bool_]

_FIRST_OF_BLANK = np.zeros(256, bool)
_FIRST_OF_BLANK[[0x20, 0x09, 0x0A, 0x0D, 0xC2, 0xE3]] = True
_LAST_OF_BLANK = np.zeros(256, bool)
_LAST_OF_BLANK[[0x20, 0x09, 0x0A, 0x0D, 0xA0, 0x80]] = True


def buffers_of(array: pa.StringArray) -> tuple[NDArray[np.int32], Bytes]:
    """The offsets (one more than rows) of a text column and the bytes that they point into."""
    _, offsets, data = array.buffers()
    ends = np.frombuffer(offsets, np.int32, len(array) + 1, array.offset * 4)
    data = np.frombuffer(data, np.uint8) if data is not None and data.size else np.empty(0, np.uint8)
    return ends, data[: int(ends[-1])]


def is_spotless(array: pa.StringArray) -> bool:
    """Whether every byte is visible ASCII: nothing to trim and no control character."""
    ends, data = buffers_of(array)
    return bool(((data[int(ends[0]) :] - np.uint8(0x21)) < 0x5E).all())


def tidied(array: pa.StringArray) -> pa.StringArray:
    """The column as `cells.tidy` makes each cell; null where nothing is left. Empty texts must be null."""
    if is_spotless(array):
        return array
    ends, data = buffers_of(array)
    changed = False
    own = data[int(ends[0]) :]
    if ((own == 0x0A) | (own == 0x0D)).any():
        array = pc.replace_substring(array, "\r\n", " ")
        array = pc.replace_substring(pc.replace_substring(array, "\n", " "), "\r", " ")
        changed = True
    if changed or _has_blank_edges(ends, data):
        array = pc.utf8_trim(array, BLANKS)
        empty = values_of(pc.binary_length(array), 1) == 0
        array = pc.if_else(flat_array(empty), pa.nulls(1, pa.string())[0], array)
    return array


def _has_blank_edges(ends: NDArray[np.int32], data: Bytes) -> bool:
    """Whether some text may begin or end with a blank."""
    filled = ends[1:] > ends[:-1]
    firsts, lasts = ends[:-1][filled], ends[1:][filled] - 1
    return bool(_FIRST_OF_BLANK[data[firsts]].any() or _LAST_OF_BLANK[data[lasts]].any())


def bad_texts(array: pa.StringArray) -> Mask | None:
    """The tidied texts that are too long or have control characters (Unicode Cc) but tab; None for none."""
    ends, data = buffers_of(array)
    bad = np.zeros(len(array), bool)
    lengths = np.diff(ends)
    if len(lengths) and lengths.max() > MAX_TEXT_CHARACTERS:
        bad |= values_of(pc.utf8_length(array), 0) > MAX_TEXT_CHARACTERS
    if not is_spotless(array):
        controls = ((data < 0x20) & (data != 0x09)) | (data == 0x7F)
        # U+0080 to U+009F are the bytes C2 80 to C2 9F.
        controls[:-1] |= (data[:-1] == 0xC2) & (data[1:] >= 0x80) & (data[1:] <= 0x9F)
        places = np.flatnonzero(controls)
        places = places[places >= ends[0]]
        bad[np.searchsorted(ends, places, side="right") - 1] = True
    return bad if bad.any() else None


def matrix_of(array: pa.StringArray, rows: NDArray[np.int64], width: int) -> Bytes:
    """The texts of these rows, all `width` bytes long, as a matrix of one row each."""
    ends, data = buffers_of(array)
    starts = ends[:-1][rows]
    firsts = np.flatnonzero(np.diff(starts, prepend=-1 - width) != width)
    if len(firsts) * FEW_PER_RUN >= len(rows):
        return data[starts[:, None] + np.arange(width, dtype=np.int32)]
    # Texts of other widths stand between long runs of these, each of which is copied as it lies.
    sizes = np.diff(firsts, append=len(rows)) * width
    runs = [data[begin : begin + size] for begin, size in zip(starts[firsts], sizes, strict=True)]
    return (runs[0] if len(runs) == 1 else np.concatenate(runs)).reshape(len(rows), width)
