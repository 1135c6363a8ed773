"""How files are read: encodings, separators, line ends, headers, gz, and lines that cannot be rows."""

from __future__ import annotations

import gzip
import io
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from intake.support import LOADED_AT, MOVES, moves, reference, take
from pipeline.intake import FileRefused, IntakeSettings, digest, source_of, take_file
from pipeline.intake.headers import encoding_by_lines

HEADER = MOVES + ",block"
ROW = "e1,CNSHG,MSCU1234566,GTIN,2022-06-01T08:05,危1"
CHINESE = "事件编号,港口代码,箱号,作业类型,作业时间,箱区"


@pytest.mark.parametrize("name", ["yard_moves.csv", "yard_moves_CNSHA_2022-06-01.csv.gz", "yard_moves-x.xlsx",
                                  "yard_moves.2022.parquet", "YARD_MOVES_x.CSV"])  # fmt: skip
def test_the_name_tells_the_source(name: str) -> None:
    assert source_of(name).name == "yard_moves"


@pytest.mark.parametrize(
    "name", ["yard_movesCNSHA.csv", "moves.csv", "my_yard_moves.csv", "yard_moves.txt", "x.csv"]
)
def test_a_name_that_tells_none_is_refused(name: str) -> None:
    with pytest.raises(FileRefused, match=r"sources|not a format"):
        source_of(name)


def test_digest_is_of_the_bytes(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"abc")
    assert digest(tmp_path / "x") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.mark.parametrize(
    ("encoding", "mark", "told"),
    [
        ("utf-8", b"", "utf-8"),
        ("utf-8", b"\xef\xbb\xbf", "utf-8"),
        ("utf-16-le", b"\xff\xfe", "utf-16-le"),
        ("utf-16-be", b"\xfe\xff", "utf-16-be"),
        ("gb18030", b"", "gb18030"),
        ("gb18030", b"\x84\x31\x95\x33", "gb18030"),
    ],
)
@pytest.mark.parametrize("header", [CHINESE, HEADER])
@pytest.mark.parametrize("block_bytes", [3, 1 << 20])
def test_encodings(encoding: str, mark: bytes, told: str, header: str, block_bytes: int) -> None:
    # 区 in GB18030 is not valid UTF-8, so that the lines tell the encoding where the header does not.
    text = f"{header}\n{ROW.replace('危1', '区1')}\n{ROW.replace('危1', 'é€😀㐀')}\n"
    taken = take(mark + text.encode(encoding), block_bytes=block_bytes)
    assert taken.file.encoding == told
    assert taken.values("block") == ["区1", "é€😀㐀"]
    assert taken.values("_line") == [2, 3]


def test_bytes_that_are_valid_in_both_encodings_follow_the_header() -> None:
    # 危 in GB18030 is CE A3, which is Σ in UTF-8.
    taken = take(f"{CHINESE}\n{ROW}\n".encode("gb18030"))
    assert taken.file.encoding == "gb18030"
    assert taken.values("block") == ["危1"]


@pytest.mark.parametrize(("valid", "spoilt", "told"), [(1, 1, "utf-8"), (1, 2, "gb18030"), (0, 1, "gb18030"),
                                                       (2, 0, "utf-8"), (0, 0, "utf-8")])  # fmt: skip
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_an_english_header_leaves_the_encoding_to_the_lines(
    valid: int, spoilt: int, told: str, size: int
) -> None:
    lines = ["x,中".encode()] * valid + ["x,区".encode("gb18030")] * spoilt + [b"plain"] * 5
    text = b"a,b\r" + b"\n".join(lines)
    assert encoding_by_lines(lambda: (text[at : at + size] for at in range(0, len(text), size))) == told


@pytest.mark.parametrize(("separator", "told"), [(",", "comma"), (";", "semicolon"), ("\t", "tab")])
def test_separators(separator: str, told: str) -> None:
    taken = take(f"{HEADER}\n{ROW}\n".replace(",", separator))
    assert taken.file.separator == told
    assert taken.values("event_id") == ["e1"]


@pytest.mark.parametrize("block_bytes", [1, 2, 3, 1 << 20])
def test_line_ends_mixed_and_lines_with_nothing_on_them(block_bytes: int) -> None:
    text = f"\r\n{HEADER}\r{ROW}\r\n\r\n\n{ROW}\n\r{ROW}"
    taken = take(text, block_bytes=block_bytes)
    assert taken.values("_line") == [3, 6, 8]


@pytest.mark.parametrize("block_bytes", [5, 1 << 20])
def test_quoted_line_breaks_become_blanks_and_keep_the_count_of_lines(block_bytes: int) -> None:
    quoted = ROW.replace("危1", '"a\r\nb\rc ""d"""')
    taken = take(f'"event\r\nno",{HEADER}\n' + f"1,{quoted}\n2,{ROW}\n", block_bytes=block_bytes)
    assert taken.values("block") == ['a b c "d"', "危1"]
    assert taken.values("_line") == [3, 6]
    assert taken.file.unknown_columns == ["event no"]


def test_a_quote_inside_an_unquoted_field_is_plain_text() -> None:
    inches = ROW.replace("危1", '5" 6')
    taken = take(f"{HEADER}\n{inches}\n{ROW}\n")
    assert taken.values("block") == ['5" 6', "危1"]


def test_bad_quoting_rejects_the_line_and_reading_resumes_on_the_next() -> None:
    unclosed = ROW.replace("危1", '"abc')
    taken = take(f'{HEADER}\n{unclosed}\n{ROW}\n"e2"x,CNSHG,A,GTIN,2022-06-01T08:05,\n{ROW}\n')
    assert taken.reasons == [(2, "bad_quoting"), (4, "bad_quoting")]
    assert taken.values("_line") == [3, 5]
    assert taken.rejects[0]["raw"] == 'e1,CNSHG,MSCU1234566,GTIN,2022-06-01T08:05,"abc'
    assert taken.rejects[0]["values"][:2] == ["e1", "CNSHG"]


def test_a_quoted_field_that_closes_past_a_mebibyte_never_closes() -> None:
    far = "\n".join([ROW] * 30_000)
    taken = take(f'{HEADER}\n"{ROW}\n{far}\n"\n{ROW}\n')
    # The last quote too opens a field that never closes.
    assert taken.reasons == [(2, "bad_quoting"), (30_003, "bad_quoting")]
    assert taken.file.rows_landed == 30_001


@pytest.mark.parametrize("block_bytes", [1 << 16, 1 << 23])
def test_a_line_longer_than_a_mebibyte(block_bytes: int) -> None:
    long = ROW + "x" * (3 << 20)
    taken = take(f"{HEADER}\n{ROW}\n{long}\n{ROW}\n{long}", block_bytes=block_bytes)
    assert taken.reasons == [(3, "line_too_long"), (5, "line_too_long")]
    assert taken.values("_line") == [2, 4]


def test_field_counts_that_do_not_fit() -> None:
    taken = take(f"{HEADER}\na,b\n{ROW}\n{ROW},x\n   \n{ROW}\n")
    assert taken.reasons == [(2, "wrong_field_count"), (4, "wrong_field_count"), (5, "wrong_field_count")]
    assert taken.rejects[0]["values"][:4] == ["a", "b", None, None]
    assert taken.rejects[1]["raw"] == ROW + ",x"
    assert taken.values("_line") == [3, 6]


@pytest.mark.parametrize("block_bytes", [4, 1 << 20])
def test_lines_that_do_not_decode_are_rejected_one_by_one(block_bytes: int) -> None:
    good, bad = ROW.encode(), ROW.encode() + b"\xff"
    taken = take(b"\n".join([HEADER.encode(), good, bad, good, b"\xc3\x28", good]), block_bytes=block_bytes)
    assert taken.file.encoding == "utf-8"
    assert taken.reasons == [(3, "undecodable"), (5, "undecodable")]
    assert taken.rejects[0]["raw"] == ROW + "\ufffd"
    assert taken.values("_line") == [2, 4, 6]


@pytest.mark.parametrize("block_bytes", [4, 1 << 20])
def test_undecodable_lines_of_the_other_encodings(block_bytes: int) -> None:
    lines = (
        f"{CHINESE}\n{ROW}\n".encode("gb18030") + ROW.encode("gb18030") + b"\x81\n" + ROW.encode("gb18030")
    )
    taken = take(lines, block_bytes=block_bytes)
    assert (taken.reasons, taken.values("_line")) == ([(3, "undecodable")], [2, 4])
    utf16 = b"\xff\xfe" + f"{HEADER}\n{ROW}".encode("utf-16-le")
    rest = b"\x00\xd8" + f"\n{ROW}\n{ROW}".encode("utf-16-le") + b"x"
    taken = take(utf16 + rest, block_bytes=block_bytes)
    assert (taken.reasons, taken.values("_line")) == ([(2, "undecodable"), (4, "undecodable")], [3])


def test_bytes_of_zero_are_control_characters_and_nothing_worse() -> None:
    taken = take(f"{HEADER}\n{ROW}\x00\n{ROW}\n")
    assert taken.reasons == [(2, "bad_text")]
    assert take(f"{HEADER},x\n{ROW},\x00\n").file.rows_landed == 1


def test_header_names_are_matched_without_case_blanks_or_mark() -> None:
    taken = take("\ufeff" + HEADER.upper().replace(",", " ,\u3000") + ",Extra,,\n" + ROW + ",1,2,3\n")
    assert taken.values("event_id") == ["e1"]
    assert taken.file.unknown_columns == ["Extra", "(field 8)", "(field 9)"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "no header line"),
        ("\n\r\n", "no header line"),
        (
            "event_id,block\nx,y\n",
            "missing: un_location_code, equipment_reference, event_type, event_at; found: ",
        ),
        (f"{HEADER},Block\n", "header name twice: Block"),
        (f"{HEADER},箱区\n", r"header name twice: block and 箱区 \(both are block\)"),
        (f"{HEADER},remark,REMARK\n", "header name twice"),
        (f'{HEADER},"abc\n', "header line cannot be read"),
        (f"{'x' * (2 << 20)}\n{HEADER}\n", "header line cannot be read"),
    ],
)
def test_files_refused_as_a_whole(content: str, message: str) -> None:
    with pytest.raises(FileRefused, match=message):
        take(content)


def test_a_header_alone_loads_with_no_rows() -> None:
    for content in (HEADER, HEADER + "\n", HEADER + "\n\n\n"):
        taken = take(content)
        assert (taken.file.rows_read, taken.file.parts) == (0, [])


def test_a_line_that_repeats_the_header_is_a_row() -> None:
    assert moves(MOVES).reasons == [(2, "unknown_port;unknown_code;bad_timestamp")]


def test_gz_of_one_member_and_of_several() -> None:
    first, second = gzip.compress(f"{HEADER}\n{ROW}\n".encode()), gzip.compress(f"{ROW}\n".encode())
    assert take(first + second, name="yard_moves.csv.gz").values("_line") == [2, 3]


@pytest.mark.parametrize("spoil", [lambda b: b[:-9], lambda b: b[: len(b) // 2], lambda b: b"no gz", lambda b: b + b"x",
                                   lambda b: b[:-6] + b"\x00" * 6])  # fmt: skip
def test_a_damaged_gz_leaves_nothing(spoil) -> None:  # type: ignore[no-untyped-def]
    rows = "\n".join(f"{ROW}{number}" for number in range(5000))
    with pytest.raises(FileRefused, match="gz file"):
        take(
            spoil(gzip.compress(f"{HEADER}\n{rows}\n".encode())),
            name="yard_moves.csv.gz",
            block_bytes=1 << 14,
        )


@pytest.mark.parametrize("content", [b"a" * (8 << 20), b'"' + b"a,\n" * (8 << 20)], ids=["a line", "a name"])
def test_a_header_without_end_is_refused_before_it_fills_the_memory(content: bytes) -> None:
    tracemalloc.start()
    with pytest.raises(FileRefused, match="the header line cannot be read"):
        take(gzip.compress(content, 1), name="yard_moves.csv.gz", block_bytes=1 << 16)
    assert tracemalloc.get_traced_memory()[1] - len(content) < 60 << 20
    tracemalloc.stop()


def test_blank_lines_before_the_header_are_let_go(tmp_path: Path) -> None:
    blank = 3 << 20
    taken = take(gzip.compress(b"\n" * blank + f"{HEADER}\n{ROW}\n".encode()), name="yard_moves.csv.gz")
    assert taken.values("_line") == [blank + 2]


def test_a_workbook_whose_texts_would_fill_the_memory_is_refused() -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
        packed.writestr("xl/sharedStrings.xml", bytes(130 << 20))
    assert len(content.getvalue()) < 1 << 20
    with pytest.raises(FileRefused, match="the text of the workbook unpacks to 130 MiB, more than 128 MiB"):
        take(content.getvalue(), name="yard_moves.xlsx")


def test_what_a_landed_and_a_rejected_row_carry() -> None:
    taken = take(f"{HEADER}\n{ROW}\n e2 ,XX,, disc,,\n")
    (row,), (reject,) = taken.rows, taken.rejects
    assert (row["_file_seq"], row["_line"], row["_known_at"], row["_warnings"]) == (7, 2, LOADED_AT, None)
    assert row["recorded_at"] is None and row["voided"] is None
    assert reject | {"values": None} == {
        "_file_seq": 7,
        "file": "yard_moves.csv",
        "source": "yard_moves",
        "_line": 3,
        "reasons": "unknown_port;missing_value",
        "details": "un_location_code 'XX': not a port of the reference list; "
        "equipment_reference: required and empty; event_at: required and empty",
        "raw": " e2 ,XX,, disc,,",
        "values": None,
    }
    assert reject["values"] == [" e2 ", "XX", None, "", " disc", None, "", None, "", *[None] * 6]


def test_the_bytes_read_are_told() -> None:
    told: list[int] = []
    path = Path(__file__).with_name("support.py")
    assert path.stat().st_size > 100
    with pytest.raises(FileRefused):
        take_file(
            path, "yard_moves.csv", source_of("yard_moves.csv"), 1, LOADED_AT, reference(),
            IntakeSettings(block_bytes=64), path.parent, told.append,
        )  # fmt: skip
    assert 0 < sum(told) <= path.stat().st_size
