"""The header line: encoding, separator, and which column of the contract each name is."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.contract import MAX_LINE_BYTES, Source
from pipeline.intake.cells import BLANKS
from pipeline.intake.records import Records, fields_of
from pipeline.intake.refusals import FileRefused, unreadable_header

SEPARATORS = (b",", b";", b"\t")
SEPARATOR_NAMES = {b",": "comma", b";": "semicolon", b"\t": "tab"}
BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
    b"\x84\x31\x95\x33": "gb18030",
}
SHOWN_NAMES = 40
COLUMNS_OF_REJECTS = {"_line", "_reasons", "_raw"}
"""What an export of rejected rows has beside the source's own columns (ruling 40)."""


@dataclass(frozen=True)
class Header:
    """What the header says: for every field of the file its column in the contract, None where unknown."""

    names: tuple[str, ...]
    columns: tuple[str | None, ...]

    @property
    def unknown(self) -> list[str]:
        """The names of fields that the contract does not know; a field without a name by its place."""
        return [
            name or f"(field {place})"
            for place, (name, column) in enumerate(zip(self.names, self.columns, strict=True), 1)
            if column is None
        ]

    @property
    def is_of_rejects(self) -> bool:
        """Whether the file was written as an export of rejected rows, and comes back mended."""
        return not COLUMNS_OF_REJECTS.isdisjoint(self.names)

    @property
    def positions(self) -> dict[str, int]:
        """The place, from 0, of every column of the contract that the file has."""
        return {column: place for place, column in enumerate(self.columns) if column is not None}


def known_names(source: Source, reference: Any) -> dict[str, str]:
    """Every header name of a source, casefolded, with its column."""
    aliases: Mapping[str, str] = reference.aliases(source.name)
    return {**aliases, **{name.casefold(): name for name in source.column_names}}


def read_header(names: Sequence[str], source: Source, known: Mapping[str, str]) -> Header:
    """The header of these names. Raises `FileRefused` for a name twice or a required column missing."""
    stripped = tuple(_tidy(name) for name in names)
    columns = tuple(known.get(name.casefold()) for name in stripped)
    _refuse_doubles(stripped, columns)
    missing = [name for name in source.required if name not in columns]
    if missing:
        found = ", ".join(name[:60] for name in stripped[:SHOWN_NAMES]) or "nothing"
        if len(stripped) > SHOWN_NAMES:
            found += f" and {len(stripped) - SHOWN_NAMES} more"
        raise FileRefused(
            f"required column{'s' * (len(missing) > 1)} missing: {', '.join(missing)}; found: {found}; "
            f"expected: {', '.join(_starred(source))}",
            "Name the columns as in the data contract (* required), or add an alias to column_aliases.",
        )
    return Header(stripped, columns)


def _starred(source: Source) -> Iterator[str]:
    for column in source.columns:
        yield column.name + "*" * column.required


def _tidy(name: str) -> str:
    return " ".join(name.replace("\ufeff", "").split("\n")).strip(BLANKS)


def _refuse_doubles(names: Sequence[str], columns: Sequence[str | None]) -> None:
    seen: dict[str, str] = {}
    for name, column in zip(names, columns, strict=True):
        key = column or name.casefold()
        if key and key in seen:
            both = f"{seen[key]} and {name}" if seen[key].casefold() != name.casefold() else name
            raise FileRefused(
                f"header name twice: {both}" + (f" (both are {column})" if both != name else ""),
                "Keep one of the two columns.",
            )
        seen[key] = name


def mark_of(start: bytes) -> str | None:
    """The encoding that a byte order mark tells; None where there is none."""
    for mark, encoding in BYTE_ORDER_MARKS.items():
        if start.startswith(mark):
            return encoding
    return None


def names_in(record: Records, separator: bytes) -> list[str]:
    """The names of a header, the first of these records. Raises `FileRefused` where it cannot be read."""
    if not len(record) or 0 in record.spoilt:
        raise unreadable_header()
    return [field.decode("utf-8", "replace") for field in fields_of(record.raw(0), separator)]


def count_known(line: str, separator: bytes, known: Mapping[str, str]) -> int:
    """How many names of a header line are known under this separator."""
    names = {_tidy(name.strip(BLANKS + '"')).casefold() for name in line.split(separator.decode())}
    return len({known[name] for name in names if name in known})


def best_separator(line: str, known: Mapping[str, str]) -> tuple[int, bytes]:
    """(names known, separator) of the separator under which most names are known; comma on a tie."""
    counts = [(count_known(line, separator, known), separator) for separator in SEPARATORS]
    return max(counts, key=lambda found: found[0])


def encoding_by_header(line: bytes, known: Mapping[str, str]) -> str | None:
    """UTF-8 or GB18030: the one under which more names of the line are known; None on a tie (ruling 37)."""
    as_utf8, _ = best_separator(line.decode("utf-8", "replace"), known)
    as_gb18030, _ = best_separator(line.decode("gb18030", "replace"), known)
    if as_utf8 == as_gb18030:
        return None
    return "utf-8" if as_utf8 > as_gb18030 else "gb18030"


def encoding_by_lines(chunks: Callable[[], Iterator[bytes]]) -> str:
    """UTF-8 if at least half of the lines with a non-ASCII byte are valid UTF-8, else GB18030 (ruling 37).

    `chunks` gives the bytes of the file from its beginning, twice where some of them are not UTF-8.
    """
    if _are_utf8(chunks()):
        return "utf-8"
    valid = spoilt = 0
    for lines in _whole_lines(chunks()):
        counted = _count_lines(lines)
        valid, spoilt = valid + counted[0], spoilt + counted[1]
    return "utf-8" if valid >= spoilt else "gb18030"


def _are_utf8(chunks: Iterator[bytes]) -> bool:
    """Whether all bytes together are valid UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for chunk in chunks:
            decoder.decode(chunk)
        decoder.decode(b"", True)
    except UnicodeDecodeError:
        return False
    return True


def _whole_lines(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The bytes cut at ends of lines, or anywhere in a line that is too long to be read."""
    held = b""
    for chunk in chunks:
        text = held + chunk
        cut = max(text.rfind(b"\n"), text.rfind(b"\r")) + 1
        if not cut and len(text) > 2 * MAX_LINE_BYTES:
            cut = len(text)
        held = text[cut:]
        yield text[:cut]
    yield held


def _count_lines(text: bytes) -> tuple[int, int]:
    """Lines with a non-ASCII byte: (valid UTF-8, not)."""
    if text.isascii():
        return 0, 0
    array = np.frombuffer(text, np.uint8)
    breaks = np.flatnonzero((array == 0x0A) | (array == 0x0D))
    starts = np.concatenate(([0], breaks + 1))
    starts = starts[starts < len(array)]
    ends = np.concatenate((breaks, [len(array)]))[: len(starts)]
    lines = np.flatnonzero(np.logical_or.reduceat(array > 0x7F, starts)).tolist()
    if _is_utf8(text):
        return len(lines), 0
    valid = sum(_is_utf8(text[starts[line] : ends[line]]) for line in lines)
    return valid, len(lines) - valid


def _is_utf8(line: bytes) -> bool:
    if line.isascii():
        return True
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
