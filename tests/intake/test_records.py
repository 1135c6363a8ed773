"""Records of a text, held against an automaton that reads it byte by byte."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.intake.records import fields_of, split_records
from pipeline.intake.streams import Cutter, with_line_feeds

LONGEST = 12
"""A stand-in for 1 MiB."""


@dataclass(frozen=True)
class Record:
    """A record as the automaton finds it: line, reject code, fields (None where spoilt), text."""

    line: int
    code: str
    fields: tuple[bytes, ...] | None
    raw: bytes


def read_by_byte(text: bytes) -> list[Record]:
    """RFC 4180 with rulings 34 to 38, one byte at a time."""
    records = []
    position, line = 0, 1
    while position < len(text):
        line_end = text.find(b"\n", position)
        line_end = len(text) if line_end < 0 else line_end
        code, end, fields = _one(text, position, line_end)
        if code:
            end, fields = line_end, None
        raw = text[position:end]
        if raw:
            records.append(Record(line, code, fields, raw))
        line += text[position : end + 1].count(b"\n")
        position = end + 1
    return records


def _one(text: bytes, begin: int, line_end: int) -> tuple[str, int, tuple[bytes, ...] | None]:
    if line_end - begin > LONGEST:
        return "line_too_long", 0, None
    fields: list[bytes] = []
    field = bytearray()
    state = "start"
    position = begin
    while True:
        here = text[position : position + 1]
        if state == "start" and position - begin > LONGEST:
            return "line_too_long", 0, None
        if state == "quoted":
            if not here or position >= begin + LONGEST:
                return "bad_quoting", 0, None
            if here == b'"':
                state = "closed"
            else:
                field += here
        elif state == "closed" and here == b'"':
            field += here
            state = "quoted"
        elif here in (b",", b"\n", b""):
            if position - begin > LONGEST:
                return "line_too_long", 0, None
            fields.append(bytes(field))
            field.clear()
            state = "start"
            if here != b",":
                return "", position, tuple(fields)
        elif state == "closed":
            return "bad_quoting", 0, None
        elif state == "start" and here == b'"':
            state = "quoted"
        else:
            field += here
            state = "plain"
        position += 1


def read_in_blocks(text: bytes, size: int) -> list[Record]:
    chunks = (text[start : start + size] for start in range(0, len(text), size))
    cutter = Cutter(with_line_feeds(chunks), longest=LONGEST)
    found = []
    for records in cutter.blocks(b","):
        for index in range(len(records)):
            code = records.spoilt.get(index, "")
            raw = records.raw(index)
            fields = None if code else tuple(fields_of(raw, b","))
            if index in records.restored:
                assert tuple(fields_of(records.restored[index], b",")) == fields
            found.append(Record(int(records.lines[index]), code, fields, raw))
    return found


TEXTS = st.lists(
    st.sampled_from([b'"', b",", b"\n", b"\r\n", b"\r", b"a", b'""', b'"x"', b',"', b'"\n', b"aaaaaaaaaaaaaaa", b"\x00"]),
    max_size=24,
).map(b"".join)  # fmt: skip


@settings(deadline=None, max_examples=1000)
@given(TEXTS, st.integers(1, 40))
@example(b'a,"b\nc",d\ne,f"g,h\n"i', 5)
@example(b',,",",",""\n","', 1)
@example(b'"a""b"\n"c"d\n"e\nf"\n', 3)
def test_blocks_of_any_size_hold_what_the_automaton_reads(text: bytes, size: int) -> None:
    plain = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    expected = read_by_byte(plain)
    found = read_in_blocks(text, size)
    # What is left of a line that is too long depends on where the blocks end; that it is one does not.
    assert [(r.line, r.code, r.fields) for r in found] == [(r.line, r.code, r.fields) for r in expected]
    assert [r.raw for r in found if r.code != "line_too_long"] == [
        r.raw for r in expected if r.code != "line_too_long"
    ]


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        (b'a,b"c,d', (b"a", b'b"c', b"d")),
        (b'"a,b","c""d",""', (b"a,b", b'c"d', b"")),
        (b'"a\nb",c', (b"a\nb", b"c")),
        (b' "a",b', (b' "a"', b"b")),
        (b",", (b"", b"")),
    ],
)
def test_fields(text: bytes, fields: tuple[bytes, ...]) -> None:
    records = split_records(text, b",", final=True)
    assert len(records) == 1 and not records.spoilt
    assert tuple(fields_of(text, b",")) == fields
