"""The reference tables: ports, classes, limits, campaigns and vocabularies, read from CSV, checked and typed.

The shipped tables are in `data/reference`; a file of the same name in a user's own folder replaces the whole
shipped table (ruling 39). Everything that depends on a vocabulary, a limit or a time zone joins these tables.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipeline import arrow_tables
from pipeline.arrow_tables import arrow_table
from pipeline.reference import checks as reference_checks
from pipeline.reference import tables as reference_tables
from pipeline.reference import time_zones
from pipeline.reference.checks import CHECKS, Columns, ReferenceMistake, port_codes
from pipeline.reference.kept import KeptTables
from pipeline.reference.tables import TABLES, UNIDENTIFIED, WITHIN, Field, Kind, TableSpec
from pipeline.settings import SHIPPED_REFERENCE

__all__ = ["Reference", "ReferenceMistake", "load_reference"]

DEFAULT_ZONE = "Asia/Shanghai"
TRUTH = {"true": True, "1": True, "y": True, "false": False, "0": False, "n": False}
ARROW_TYPES = {
    Kind.TEXT: pa.string(),
    Kind.INTEGER: pa.int64(),
    Kind.NUMBER: pa.float64(),
    Kind.BOOLEAN: pa.bool_(),
    Kind.DATE: pa.date32(),
}


@dataclass(frozen=True, eq=False)
class Reference:
    """The reference tables of one run. Compared and hashed by identity; `digest` tells contents apart.

    `digest` is the SHA-256 over the names and bytes of the files that the tables were read from.
    """

    tables: Mapping[str, pa.Table]
    digest: str
    digests: Mapping[str, str]
    """The SHA-256 of each table's file."""

    def table(self, name: str) -> pa.Table:
        """The typed table of that name: the columns of its spec in order, then any others as text."""
        return self.tables[name]

    def _columns(self, name: str, *columns: str) -> list[tuple[Any, ...]]:
        table = self.tables[name]
        return list(zip(*(table.column(column).to_pylist() for column in columns), strict=True))

    @cached_property
    def port_of(self) -> dict[str, str]:
        """Every port code and alias, upper case, with the port's own code (ruling 15)."""
        return port_codes(self.tables["ports"].select(["un_location_code", "alias_codes"]).to_pydict())

    @cached_property
    def zone_of(self) -> dict[str, str]:
        """The IANA time zone of every port, by its own code."""
        return dict(self._columns("ports", "un_location_code", "time_zone"))

    @cached_property
    def classes(self) -> frozenset[str]:
        """What a class may be declared as: classes, divisions, and codes with a compatibility group."""
        return frozenset(self.tables["imdg_classes"].column("code").to_pylist()) - {UNIDENTIFIED}

    @cached_property
    def classes_of_un(self) -> dict[str, frozenset[str]]:
        """The classes that the list gives each UN number that it knows."""
        found: dict[str, set[str]] = {}
        for number, imo_class in self._columns("un_numbers", "un_number", "imo_class"):
            found.setdefault(number, set()).add(imo_class)
        return {number: frozenset(classes) for number, classes in found.items()}

    @cached_property
    def _codes(self) -> dict[str, dict[str, str]]:
        lists: dict[str, dict[str, str]] = {}
        for name, code, canonical in self._columns("code_lists", "list", "code", "canonical"):
            lists.setdefault(name, {})[code.upper()] = canonical
        return lists

    def codes(self, list_name: str) -> dict[str, str]:
        """The values of a list of `code_lists`: upper case, with the code that each is stored as."""
        return self._codes[list_name]

    @cached_property
    def _aliases(self) -> dict[str, dict[str, str]]:
        sources: dict[str, dict[str, str]] = {}
        for source, alias, column in self._columns("column_aliases", "source", "alias", "column"):
            sources.setdefault(source, {})[alias.casefold()] = column
        return sources

    def aliases(self, source: str) -> dict[str, str]:
        """Other header names of a source's columns: stripped and casefolded, with the column's name."""
        return self._aliases.get(source, {})

    def zone_offsets(self, default_zone: str = DEFAULT_ZONE, ports: Iterable[str] | None = None) -> pa.Table:
        """Offsets of the zones of these ports, all where None, and of the default zone; see `time_zones.zone_offsets`."""
        codes = self.zone_of if ports is None else self.zone_of.keys() & set(ports)
        return time_zones.zone_offsets(frozenset({default_zone, *(self.zone_of[code] for code in codes)}))


def load_reference(overlay: Path | None = None, kept_in: Path | None = None) -> Reference:
    """The shipped tables, with those that the folder `overlay` has a CSV of replaced as a whole.

    `kept_in` is a folder beside a lake where they are as an earlier process read them, once one did.

    Raises `ReferenceMistake` for a folder, a file or a row that cannot be used. The same files are read once.
    """
    files = {path.stem: path for path in sorted(SHIPPED_REFERENCE.glob("*.csv"))}
    own: tuple[str, ...] = ()
    if overlay is not None:
        given = _overlay_files(Path(overlay), known=set(files))
        own = tuple(given)
        files |= given
    stamps = tuple((name, str(path), *_stamp(path)) for name, path in sorted(files.items()))
    return _load(stamps, own, KeptTables(kept_in))


def _overlay_files(folder: Path, known: set[str]) -> dict[str, Path]:
    if not folder.is_dir():
        raise ReferenceMistake(
            f"{folder} is not a folder", "Name the folder that holds your reference tables as CSV."
        )
    given = {path.stem.lower(): path for path in sorted(folder.iterdir()) if path.suffix.lower() == ".csv"}
    strangers = sorted(set(given) - known)
    if strangers:
        raise ReferenceMistake(
            f"{given[strangers[0]]} is not a reference table", f"The tables are {', '.join(sorted(known))}."
        )
    return given


def _stamp(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_mtime_ns, status.st_size


@lru_cache(maxsize=8)
def _load(files: tuple[tuple[str, str, int, int], ...], own: tuple[str, ...], kept: KeptTables) -> Reference:
    digest = hashlib.sha256()
    digests: dict[str, str] = {}
    contents: dict[Path, bytes] = {}
    for name, path, _, _ in files:
        content = contents[Path(path)] = Path(path).read_bytes()
        own_digest = hashlib.sha256(content)
        digests[name] = own_digest.hexdigest()
        digest.update(name.encode() + b"\0" + own_digest.digest())
    key = hashlib.sha256(f"{digest.hexdigest()} {own} {_reading_digest()}".encode()).hexdigest()
    tables = kept.read(key, digests)
    if tables is None:
        tables = _parsed(dict(zip(digests, contents.items(), strict=True)), own)
        kept.keep(key, tables)
    return Reference(tables, digest.hexdigest(), digests)


def _reading_digest() -> str:
    """What tells apart tables that another version of these modules would read otherwise."""
    modules = (__file__, arrow_tables.__file__, reference_checks.__file__, reference_tables.__file__)
    return hashlib.sha256(b"".join(Path(module).read_bytes() for module in modules)).hexdigest()


def _parsed(files: Mapping[str, tuple[Path, bytes]], own: tuple[str, ...]) -> dict[str, pa.Table]:
    """The tables of these files, checked and typed; `own` are a user's."""
    columns = {name: _read_table(name, path, content) for name, (path, content) in files.items()}
    # A user's table may leave out what a shipped one refers to: such a row never fits, and is no mistake.
    for name, check in CHECKS.items():
        if not own or name in own:
            check(columns[name], columns)
    _follow_finding_codes(columns)
    return {name: _to_arrow(name, table) for name, table in columns.items()}


def _follow_finding_codes(columns: dict[str, Columns]) -> None:
    """Fill the list `finding_code` from the table `finding_codes`: a code is added in one place."""
    lists, findings = columns["code_lists"], columns["finding_codes"]
    kept = [index for index, name in enumerate(lists["list"]) if name != "finding_code"]
    count = len(findings["code"])
    fixed = {"list": ["finding_code"] * count, "canonical": findings["code"]}
    for column, values in lists.items():
        added = fixed.get(column) or findings.get(column) or [None] * count
        lists[column] = [values[index] for index in kept] + list(added)


def _to_arrow(name: str, columns: Columns) -> pa.Table:
    spec = TABLES.get(name)
    kinds = {field.name: field.kind for field in spec.fields} if spec else {}
    schema = pa.schema([(column, ARROW_TYPES[kinds.get(column, Kind.TEXT)]) for column in columns])
    return arrow_table(columns, schema)


def _read_table(name: str, path: Path, content: bytes) -> Columns:
    header, rows, lines = _read_rows(path, content)
    raw = {column: [row[index].strip() for row in rows] for index, column in enumerate(header)}
    spec = TABLES.get(name)
    if spec is None:
        return {column: [cell or None for cell in cells] for column, cells in raw.items()}
    _require_columns(spec, path, header)
    columns: Columns = {}
    for field in spec.fields:
        cells = raw.pop(field.name, None) or [""] * len(rows)
        columns[field.name] = _typed(field, cells, path, lines)
        if field.falls_back_to:
            spare = columns[field.falls_back_to]
            columns[field.name] = [
                value if value is not None else str(other)
                for value, other in zip(columns[field.name], spare, strict=True)
            ]
    _require_unique(spec, path, columns, lines)
    return columns | {column: [cell or None for cell in cells] for column, cells in raw.items()}


def _read_rows(path: Path, content: bytes) -> tuple[list[str], list[list[str]], list[int]]:
    """Header names in lower case, the rows, and the line on which each row ends."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ReferenceMistake(
            f"{path.name}: not UTF-8 text at byte {error.start}", "Save the table as CSV in UTF-8."
        ) from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows, lines = [], []
    try:
        for row in reader:
            if row and any(cell.strip() for cell in row):
                rows.append(row)
                lines.append(reader.line_num)
    except csv.Error as error:
        raise ReferenceMistake(f"{path.name}, line {reader.line_num}: {error}", "Mend the quoting.") from None
    if not rows:
        raise ReferenceMistake(f"{path.name}: there is no header line", "Begin with the column names.")
    header = [cell.strip().lower() for cell in rows.pop(0)]
    if len(set(header)) < len(header):
        raise ReferenceMistake(f"{path.name}: a column name comes twice", "Name every column once.")
    lines = lines[1:]
    for row, line in zip(rows, lines, strict=True):
        if len(row) != len(header):
            raise ReferenceMistake(
                f"{path.name}, line {line}: {len(row)} fields, the header has {len(header)}",
                "Quote the fields that hold a comma.",
            )
    return header, rows, lines


def _require_columns(spec: TableSpec, path: Path, header: list[str]) -> None:
    missing = [field.name for field in spec.fields if field.needed and field.name not in header]
    if missing:
        raise ReferenceMistake(
            f"{path.name}: there is no column {', '.join(missing)}", f"Found were {', '.join(header)}."
        )


def _require_unique(spec: TableSpec, path: Path, columns: Columns, lines: list[int]) -> None:
    seen: dict[tuple[str, ...], int] = {}
    for line, *values in zip(lines, *(columns[column] for column in spec.key), strict=True):
        key = tuple(str(value).casefold() for value in values)
        if key in seen:
            raise ReferenceMistake(
                f"{path.name}, line {line}: the same {', '.join(spec.key)} as in line {seen[key]}",
                "Keep one of the two.",
            )
        seen[key] = line


def _typed(field: Field, cells: list[str], path: Path, lines: list[int]) -> list[Any]:
    """The cells as values of the field's kind, each distinct text parsed once."""
    parse = _PARSERS[field.kind]
    known: dict[str, Any] = {"": field.default}
    values = []
    for cell, line in zip(cells, lines, strict=True):
        if cell not in known:
            known[cell] = _value(field, parse, cell, f"{path.name}, line {line}")
        value = known[cell]
        if value is None and field.needed:
            raise ReferenceMistake(f"{path.name}, line {line}: {field.name} is empty", "Fill it in.")
        values.append(value)
    return values


def _value(field: Field, parse: Callable[[str], Any], cell: str, where: str) -> Any:
    text = field.clean(cell) if field.clean else cell
    try:
        value = parse(text)
    except (ValueError, KeyError):
        raise ReferenceMistake(
            f"{where}: {field.name} {cell!r} is not {_WORDS[field.kind]}", "Mend the cell."
        ) from None
    if field.one_of is not None and value not in field.one_of:
        raise ReferenceMistake(
            f"{where}: {field.name} {cell!r} is not known", f"It is one of {', '.join(sorted(field.one_of))}."
        )
    _require_within(field, value, cell, where)
    return value


def _require_within(field: Field, value: Any, cell: str, where: str) -> None:
    least, most = field.within or WITHIN.get(field.kind, (value, value))
    if not least <= value <= most:
        raise ReferenceMistake(
            f"{where}: {field.name} {cell!r} is not between {_told(least)} and {_told(most)}",
            "Mend the cell.",
        )


def _told(bound: Any) -> str:
    return f"{bound:.0f}" if isinstance(bound, float) else str(bound)


def _whole(text: str) -> int:
    if not _WHOLE.fullmatch(text):
        raise ValueError(text)
    return int(text)


def _number(text: str) -> float:
    if not _DECIMAL.fullmatch(text):
        raise ValueError(text)
    return float(text)


def _date(text: str) -> date:
    year, month, day = text.replace("/", "-").split("-")
    return date(int(year), int(month), int(day))


_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")
_DECIMAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_PARSERS: dict[Kind, Callable[[str], Any]] = {
    Kind.TEXT: str,
    Kind.INTEGER: _whole,
    Kind.NUMBER: _number,
    Kind.BOOLEAN: lambda text: TRUTH[text.lower()],
    Kind.DATE: _date,
}
_WORDS = {
    Kind.TEXT: "text",
    Kind.INTEGER: "a whole number",
    Kind.NUMBER: "a number",
    Kind.BOOLEAN: "true or false",
    Kind.DATE: "a date such as 2022-06-01",
}
