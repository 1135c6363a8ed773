"""Whole files of any rows, in blocks of any size, held against the check of single rows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from intake.support import LOADED_AT, reference, rules, take
from pipeline.contract import SOURCES, Column, Source, Type
from pipeline.intake.rows import RowChecker

PLAUSIBLE = {
    Type.TEXT: ["a", "危险2区", " b ", "", "\u3000", "x,y", 'say "so"', "two\nlines", "1" * 18, "\x01", "x" * 1001],
    Type.UNIT: ["CSQU3054383", "csqu3054384", " MSCU1234566", "TRUCK 1", ""],
    Type.PORT: ["CNSHG", "cnsha", "CNNGB", "XX", ""],
    Type.CLASS: ["3", "1.4s", "2.1", "8", "3.0", ""],
    Type.UN_NUMBER: ["1203", "UN 0004", "12", "9999", ""],
    Type.PACKING_GROUP: ["I", "ii", "IV", ""],
    Type.TIMESTAMP: [
        "2022-06-01T08:05", "2022-06-01 08:05:09.5", "2022/6/1 8:05", "2022-06-01T08:05Z", "2022-06-01T08:05:00+0800",
        "2022-08-31T23:00-08:00", "2022-09-03T23:00", "2040-01-01T00:00", "1989-12-31T00:00", "1990-01-01 03:00", "x", "",
    ],
    Type.DATE: ["2022-06-01", "2022/6/1", "2022-02-30", ""],
    Type.NUMBER: ["1", "-90", "+.5", "1e5", "", "200"],
    Type.QUANTITY: ["1", "0", "-1", "12.5", "1e5", "", "90"],
    Type.BOOLEAN: ["true", "N", "0", "Y", "maybe", ""],
}  # fmt: skip


def value_of(column: Column) -> st.SearchStrategy[str]:
    if column.type is Type.CODE:
        assert column.codes is not None
        known = [*reference().codes(column.codes)]
        # Far apart, so that the first codes of a list are not all that is ever seen.
        return st.sampled_from([*known[:4], *known[-4:], "oops", ""])
    return st.sampled_from(PLAUSIBLE[column.type])


@st.composite
def files(draw: st.DrawFn) -> tuple[Source, list[str], list[list[str]]]:
    source = SOURCES[draw(st.sampled_from(sorted(SOURCES)))]
    optional = [column for column in source.columns if not column.required]
    left_out = set(draw(st.lists(st.sampled_from(optional), unique=True)))
    columns = draw(st.permutations([column for column in source.columns if column not in left_out]))
    row = st.tuples(*(value_of(column) for column in columns)).map(list)
    return source, [column.name for column in columns], draw(st.lists(row, max_size=8))


def quoted(text: str, always: bool) -> str:
    if always or any(character in text for character in ',"\n') or not text:
        return '"' + text.replace('"', '""') + '"'
    return text


def microseconds(value: Any) -> Any:
    """An instant read back, as the row check counts it."""
    if isinstance(value, datetime):
        return (value.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    return value


@settings(deadline=None, max_examples=250, suppress_health_check=[HealthCheck.too_slow])
@given(files(), st.booleans(), st.sampled_from([7, 60, 300, 1 << 20]), st.sampled_from([1, 2]))
def test_a_file_lands_what_the_check_of_its_rows_says(
    file: tuple[Source, list[str], list[list[str]]], always: bool, block_bytes: int, threads: int
) -> None:
    source, names, rows = file
    text = "\n".join(",".join(quoted(cell, always) for cell in row) for row in [names, *rows])
    taken = take(text, name=f"{source.name}.csv", block_bytes=block_bytes, threads=threads)
    checker = RowChecker(rules(source))
    line = 2
    landed, rejected = [], []
    for row in rows:
        given_ = dict(zip(names, row, strict=True))
        texts = [given_.get(name) for name in source.column_names]
        checked = checker.check(texts)
        if checked.reasons:
            rejected.append((line, list(dict.fromkeys(code for _, code in checked.reasons)), texts))
        else:
            warnings = " ".join(checked.warnings) or None
            landed.append(checked.values | {"_line": line, "_file_seq": 7, "_warnings": warnings})
        line += 1 + sum(cell.count("\n") for cell in row)
    found = [{name: microseconds(value) for name, value in row.items()} for row in taken.rows]
    for row_found, row_expected in zip(found, landed, strict=True):
        known_at = row_found.pop("_known_at")
        recorded = row_expected["recorded_at"]
        assert known_at == (microseconds(LOADED_AT) if recorded is None else recorded)
        assert row_found == row_expected
    assert [(r["_line"], r["reasons"].split(";"), r["values"]) for r in taken.rejects] == rejected
    assert taken.file.rows_warned == sum(row["_warnings"] is not None for row in landed)


SNIPPETS = [b'"', b",", b"\n", b"\r\n", b"\r", b"", b"e1", b"CNSHG", b"MSCU1234566", b"GTIN", b"2022-06-01T08:05", b"\xff",
            b"\xe4\xb8", "危".encode(), "危".encode("gb18030"), b"\x00", b" ", b"\xef\xbb\xbf", b"\xc2\x85",
            b"e1,CNSHG,MSCU1234566,GTIN,2022-06-01T08:05\n"]  # fmt: skip


@settings(deadline=None, max_examples=300)
@given(st.lists(st.sampled_from(SNIPPETS), max_size=30).map(b"".join), st.integers(1, 60))
def test_any_bytes_give_the_same_in_blocks_of_any_size(body: bytes, block_bytes: int) -> None:
    content = b"\xef\xbb\xbfevent_id,un_location_code,equipment_reference,event_type,event_at\n" + body
    whole, cut = take(content), take(content, block_bytes=block_bytes)
    assert cut.rows == whole.rows
    assert cut.rejects == whole.rejects
    assert cut.file.rejected_by_code == whole.file.rejected_by_code
