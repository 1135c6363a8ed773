"""One spoilt file a function: what terminals, spreadsheets and broken transfers do to CSV files.

A function takes the physical lines of a valid file (header first, no line ends) and gives the file's bytes.
What must become of each row is not said here: the oracle's reading of the spoilt bytes says it.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from itertools import cycle
from random import Random

Spoil = Callable[[list[bytes]], bytes]

HEADER = (
    b"event_id,un_location_code,facility_code,equipment_reference,event_type,event_classifier,event_at,"
    b"consignment_id,block,bay,exit_type,recorded_at,voided,note"
)
GOODS_HEADER = (
    b"consignment_id,item_no,equipment_reference,un_number,proper_shipping_name,imo_class,packing_group,"
    b"is_limited_quantity,flashpoint_c,net_weight_kg"
)


def moves(tag: str) -> list[bytes]:
    """A valid file of yard moves; `tag` keeps its records apart from those of other files."""
    row = "{tag}-{n},CNSHG,F1,CSQU3054383,{kind},ACT,2022-06-0{n}T08:05:00+08:00,C1,D3,7,,{recorded},,plain"
    recorded = "2022-06-09T00:00:00Z"
    kinds = ("DISC", "INSP", "PICK", "DROP", "GTOT")
    rows = [row.format(tag=tag, n=n, kind=kind, recorded=recorded) for n, kind in enumerate(kinds, 1)]
    rows[1] = rows[1].replace(",D3,", ',"D ""3"", east",')
    return [HEADER, *(line.encode() for line in rows)]


def goods(tag: str) -> list[bytes]:
    """A valid file of dangerous goods."""
    row = "{tag},{n},CSQU3054383,1203,Petrol,3,II,N,-40,1000.5"
    return [GOODS_HEADER, *(row.format(tag=tag, n=n).encode() for n in range(1, 6))]


def lf(lines: list[bytes]) -> bytes:
    return b"\n".join(lines) + b"\n"


def in_row(old: bytes, new: bytes) -> Spoil:
    """Replaces the first `old` of row 3 (line 4)."""

    def spoil(lines: list[bytes]) -> bytes:
        assert old in lines[3], old
        return lf([*lines[:3], lines[3].replace(old, new, 1), *lines[4:]])

    return spoil


def in_header(old: bytes, new: bytes) -> Spoil:
    return lambda lines: lf([lines[0].replace(old, new, 1), *lines[1:]])


def line_after_row(extra: bytes) -> Spoil:
    """One more physical line after row 3."""
    return lambda lines: lf([*lines[:4], extra, *lines[4:]])


def ends(*marks: bytes) -> Spoil:
    """Line ends in turn."""
    return lambda lines: b"".join(line + marks[n % len(marks)] for n, line in enumerate(lines))


def encoded(encoding: str, block: str = "危险品") -> Spoil:
    """The file in another encoding, with Chinese text in row 3."""
    return lambda lines: in_row(b",D3,", f",{block},".encode())(lines).decode().encode(encoding)


def block(value: bytes) -> Spoil:
    return in_row(b",D3,", b"," + value + b",")


def event_at(value: bytes) -> Spoil:
    return in_row(b"2022-06-03T08:05:00+08:00", value)


OF_MOVES: dict[str, Spoil] = {
    "valid": lf,
    # quoting
    "quote_inside_unquoted_field": block(b'D"3'),
    "quote_at_end_of_unquoted_field": block(b'D3"'),
    "unclosed_quote": block(b'"D3'),
    "unclosed_quote_in_last_row": lambda lines: lf([*lines[:5], lines[5].replace(b",D3,", b',"D3,')]),
    "text_after_closing_quote": block(b'"D3"x'),
    "lone_quote": block(b'"'),
    "three_quotes": block(b'"""'),
    "quoted_separator": block(b'"D,3"'),
    "quoted_line_feed": block(b'"D\n3"'),
    "quoted_crlf": block(b'"D\r\n3"'),
    "quoted_carriage_return": block(b'"D\r3"'),
    "quoted_blank_lines": block(b'"D\n\n3"'),
    "quoted_line_break_then_text_after_quote": block(b'"D\n3"x'),
    "quoted_event_at": event_at(b'"2022-06-03T08:05:00+08:00"'),
    "empty_quotes": block(b'""'),
    "empty_quotes_where_required": event_at(b'""'),
    "single_quotes": block(b"'D3'"),
    "backslash_escape": block(b'"D\\"3"'),
    # separators
    "extra_separator": block(b"D3,"),
    "missing_separator": in_row(b",D3,", b"D3,"),
    "trailing_separator": in_row(b",plain", b",plain,"),
    "trailing_separator_everywhere": lambda lines: ends(b",\n")(lines),
    "other_separator_in_one_row": lambda lines: lf([*lines[:3], lines[3].replace(b",", b";"), *lines[4:]]),
    "semicolons": lambda lines: lf([line.replace(b",", b";") for line in lines]),
    "tabs": lambda lines: lf([line.replace(b",", b"\t") for line in lines]),
    "half_a_row": lambda lines: lf([*lines[:3], lines[3][:40], *lines[4:]]),
    "cut_off_end": lambda lines: lf(lines)[:-60],
    "only_separators": line_after_row(b"," * HEADER.count(b",")),
    # line ends and blank lines
    "crlf": ends(b"\r\n"),
    "cr": ends(b"\r"),
    "mixed_line_ends": ends(b"\r\n", b"\n", b"\r"),
    "no_last_line_end": lambda lines: b"\n".join(lines),
    "blank_line": line_after_row(b""),
    "blank_lines_of_all_ends": lambda lines: lf(lines) + b"\r\n\r\r\n\n",
    "blank_lines_after_every_line": ends(b"\n\n"),
    "line_of_blanks": line_after_row(b"   "),
    # control characters and odd blanks
    "nul_in_text": block(b"D\x003"),
    "nul_in_instant": event_at(b"2022-06-03T08:05\x00"),
    "nul_in_unknown_column": in_row(b"plain", b"pl\x00ain"),
    "bell": block(b"D\x073"),
    "vertical_tab": block(b"D\x0b3"),
    "form_feed": block(b"D\x0c3"),
    "file_separator": block(b"D\x1c3"),
    "delete": block(b"D\x7f3"),
    "next_line": block("D\x853".encode()),
    "line_separator": block("D\u20283".encode()),
    "tab_in_text": block(b"D\t3"),
    "blanks_around": in_row(b",CSQU3054383,PICK,", b",  CSQU3054383 , PICK  ,"),
    "blanks_around_instant": event_at(b"  2022-06-03T08:05:00+08:00 "),
    # encodings
    "bom": lambda lines: b"\xef\xbb\xbf" + lf(lines),
    "bom_and_chinese": lambda lines: b"\xef\xbb\xbf" + encoded("utf-8")(lines),
    "utf_8_chinese": encoded("utf-8"),
    "gb18030": encoded("gb18030"),
    "gb18030_that_is_utf_8_too": encoded("gb18030", "危"),
    "gb18030_four_bytes": encoded("gb18030", "㐀𠀀"),
    "utf_16_le": lambda lines: b"\xff\xfe" + encoded("utf-16-le")(lines),
    "utf_16_be": lambda lines: b"\xfe\xff" + encoded("utf-16-be")(lines),
    "utf_16_without_bom": encoded("utf-16-le"),
    "utf_16_odd_byte": lambda lines: b"\xff\xfe" + lf(lines).decode().encode("utf-16-le") + b"a",
    "half_a_character_of_utf_8": lambda lines: encoded("utf-8", "危险品")(lines).replace(
        "品".encode(), b"\xe5\x93"
    ),
    "half_a_character_with_bom": lambda lines: b"\xef\xbb\xbf" + block(b"\xe5\x93")(lines),
    "half_a_character_of_gb18030": lambda lines: encoded("gb18030")(lines).replace(
        "品".encode("gb18030"), b"\xc6"
    ),
    "latin_1": block("Zürich".encode("latin-1")),
    "emoji": block("D\U0001f4a33".encode()),
    # lengths
    "text_of_1000": block(b"D" * 1000),
    "text_of_1001": block(b"D" * 1001),
    "text_of_1000_chinese": block("危".encode() * 1000),
    "line_of_1_mib": lambda lines: in_row(b"plain", b"x" * ((1 << 20) - len(lines[3]) + 5))(lines),
    "line_over_1_mib": lambda lines: in_row(b"plain", b"x" * ((1 << 20) - len(lines[3]) + 6))(lines),
    "huge_known_field": block(b"D" * 2_000_000),
    "huge_field_over_lines": block(b'"' + b"D\n" * 2_000 + b'"'),
    # rows
    "header_repeated": line_after_row(HEADER),
    "row_repeated": lambda lines: lf([*lines, lines[3]]),
    "row_repeated_in_other_words": lambda lines: lf(
        [*lines, lines[3].replace(b"CNSHG", b"cnsha").replace(b"T08:05:00+08:00", b" 00:05Z")]
    ),
    "version_later_in_the_file": lambda lines: lf([*lines, lines[3].replace(b",D3,", b",D4,")]),
    "words_after_the_end": lambda lines: lf(lines) + b"5 rows selected.\n",
    # values
    "na": event_at(b"NA"),
    "null": event_at(b"null"),
    "dash": event_at(b"-"),
    "na_in_code": in_row(b",PICK,", b",NA,"),
    "null_in_text": block(b"null"),
    "empty_required": in_row(b",CSQU3054383,", b",,"),
    "date_alone": event_at(b"2022-06-03"),
    "american_date": event_at(b"06/03/2022 08:05"),
    "german_date": event_at(b"03.06.2022 08:05"),
    "month_name": event_at(b"3 Jun 2022 08:05"),
    "basic_format": event_at(b"20220603T080500Z"),
    "twenty_four": event_at(b"2022-06-03T24:00:00Z"),
    "second_sixty": event_at(b"2022-06-03T08:05:60Z"),
    "minute_sixty": event_at(b"2022-06-03T08:60:00Z"),
    "hour_only_offset": event_at(b"2022-06-03T08:05:00+08"),
    "thirtieth_of_february": event_at(b"2022-02-30T08:05:00Z"),
    "one_digit_month": event_at(b"2022-6-3 08:05"),
    "two_blanks": event_at(b"2022-06-03  08:05"),
    "epoch_seconds": event_at(b"1654214700"),
    "full_width_digits": event_at("２０２２-06-03 08:05".encode()),
    "fraction": event_at(b"2022-06-03T00:05:00.1234567Z"),
    "slashes": event_at(b"2022/6/3 8:05"),
    "offset_without_colon": event_at(b"2022-06-03 08:05+0800"),
    "zone_name": event_at(b"2022-06-03 08:05 CST"),
    "far_future": event_at(b"2099-06-03T08:05:00Z"),
    "long_ago": event_at(b"1989-12-31T23:59:59Z"),
    "far_future_planned": in_row(b"ACT,2022-06-03", b"PLN,2099-06-03"),
    "unknown_port": in_row(b"CNSHG", b"XXXXX"),
    "alias_of_port": in_row(b"CNSHG", b"cnsha"),
    "unknown_code": in_row(b",PICK,", b",WALK,"),
    "code_in_lower_case": in_row(b",PICK,", b",pick,"),
    "everything_wrong": lambda lines: lf([*lines, b",XXXXX,,,WALK,MAYBE,yesterday,,\x01,,,never,perhaps,"]),
    "bad_boolean": in_row(b",,plain", b",yes,plain"),
    "voided": in_row(b",,plain", b",Y,plain"),
    "voided_with_its_key_alone": lambda lines: lf([*lines, b"spoilt,,,,,,,,,,,,true,"]),
    "formula": block(b"=1+1"),
    # headers and whole files
    "header_in_upper_case": lambda lines: lf([lines[0].upper(), *lines[1:]]),
    "blanks_in_header": lambda lines: lf([lines[0].replace(b",", b" , "), *lines[1:]]),
    "quoted_header": lambda lines: lf([b'"' + lines[0].replace(b",", b'","') + b'"', *lines[1:]]),
    "line_break_in_header": in_header(b",note", b',"no\nte"'),
    "name_twice": in_header(b",note", b",block"),
    "missing_column": in_header(b"event_at", b"when"),
    "empty_file": lambda lines: b"",
    "header_only": lambda lines: lines[0],
    "header_and_line_end": lambda lines: lf(lines[:1]),
    "no_header": lambda lines: lf(lines[1:]),
    "binary": lambda lines: bytes(range(256)) * 20,
}

OF_GOODS: dict[str, Spoil] = {
    "goods": lf,
    "thousands_comma": in_row(b"1000.5", b'"1,000.5"'),
    "thousands_comma_unquoted": in_row(b"1000.5", b"1,000.5"),
    "decimal_comma": in_row(b"1000.5", b'"1000,5"'),
    "thousands_blank": in_row(b"1000.5", b"1 000.5"),
    "underscore": in_row(b"1000.5", b"1_000"),
    "exponent": in_row(b"1000.5", b"1e3"),
    "hexadecimal": in_row(b"1000.5", b"0x10"),
    "not_a_number": in_row(b"1000.5", b"NaN"),
    "infinity": in_row(b"1000.5", b"inf"),
    "unit_of_measure": in_row(b"1000.5", b"1000 kg"),
    "two_points": in_row(b"1000.5", b"1.000.5"),
    "arabic_digits": in_row(b"1000.5", "١٢".encode()),
    "negative_quantity": in_row(b"1000.5", b"-1000.5"),
    "negative_temperature": in_row(b"-40", b"-196.5"),
    "class_as_a_number": in_row(b",3,II", b",3.0,II"),
    "class_with_a_zero": in_row(b",3,II", b",03,II"),
    "class_with_group": in_row(b",3,II", b",1.4s,II"),
    "class_unknown": in_row(b",3,II", b",10,II"),
    "un_with_letters": in_row(b"1203", b"UN 1203"),
    "un_of_three_digits": in_row(b"1203", b"4"),
    "un_as_a_number": in_row(b"1203", b"1203.0"),
    "no_un_number": in_row(b"1203", b""),
    "packing_group_in_digits": in_row(b",II,", b",2,"),
    "packing_group_iv": in_row(b",II,", b",IV,"),
}

WHOLE_GZ: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "gz_cut_off": lambda data: gzip.compress(data)[:-20],
    "gz_in_two_members": lambda data: gzip.compress(data[:200]) + gzip.compress(data[200:]),
    "gz_of_nothing": lambda data: gzip.compress(b""),
    "gz_that_is_not": lambda data: data,
    "gz_with_a_wrong_byte": lambda data: gzip.compress(data)[:-6] + b"\x00" + gzip.compress(data)[-5:],
}


def spoilt_files() -> list[tuple[str, bytes]]:
    """Every spoilt file once, as (name, bytes); the name tells the source and what was done."""
    files = [(f"yard_moves-{name}.csv", spoil(moves(name))) for name, spoil in OF_MOVES.items()]
    files += [(f"dg_items-{name}.csv", spoil(goods(name))) for name, spoil in OF_GOODS.items()]
    files += [(f"yard_moves-{name}.csv.gz", pack(lf(moves(name)))) for name, pack in WHOLE_GZ.items()]
    return files


PIECES = (
    *(b'"', b'"', b'""', b",", b";", b"\t", b"\r", b"\n", b"\r\n", b" ", b"-", b"/", b":", b"Z", b"0", b"1"),
    *(b"\x00", b"\x0b", b"\x1c", b"\x1f", b"\x7f", b"\xc2\x85", b"\xff", b"\xce", b"\xa3", b"\xce\xa3"),
    *(b"\xe5\x8d\xb1", b"\xef\xbb\xbf"),
)


def mutated(lines: list[bytes], random: Random) -> bytes:
    """A file with one to four accidents at random places behind its header: bytes put in, taken out, replaced."""
    body = bytearray(lf(lines[1:]))
    for _ in range(random.randint(1, 4)):
        at = random.randrange(len(body))
        taken = random.choice((0, 0, 1, random.randint(1, 6)))
        body[at : at + taken] = random.choice(PIECES) if taken < 2 else b""
    return lines[0] + b"\n" + bytes(body)


def mutated_files(seed: int, count: int) -> list[tuple[str, bytes]]:
    """Many spoilt files of two sources; the same seed gives the same bytes."""
    random = Random(seed)
    made = [("yard_moves", moves), ("yard_moves", moves), ("dg_items", goods)]
    return [
        (f"{source}-{n}.csv", mutated(make(f"m{n:03}"), random))
        for n, (source, make) in zip(range(count), cycle(made), strict=False)
    ]
