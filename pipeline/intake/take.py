"""Taking one file: read, checked and written as Parquet parts of landed and of rejected rows."""

from __future__ import annotations

import hashlib
import itertools
import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipeline.contract import MAX_LINE_BYTES, SOURCES, Source
from pipeline.intake.checking import BlockChecker, CheckedBlock, Counts
from pipeline.intake.headers import (
    SEPARATOR_NAMES,
    Header,
    best_separator,
    encoding_by_header,
    encoding_by_lines,
    known_names,
    mark_of,
    names_in,
    read_header,
)
from pipeline.intake.instants import LocalClock
from pipeline.intake.parsing import BlockParser, TextBlock, without_guards
from pipeline.intake.parts import PartWriter
from pipeline.intake.records import Records
from pipeline.intake.refusals import FileRefused
from pipeline.intake.standards import ContractRules
from pipeline.intake.streams import Advance, Cutter, chunks_of, naming, to_utf8, with_line_feeds

FORMATS = (".csv", ".csv.gz", ".parquet", ".xlsx")


@dataclass(frozen=True)
class IntakeSettings:
    """`block_bytes` of text are read at a time; `threads` check blocks; memory holds a few blocks each."""

    default_zone: str = "Asia/Shanghai"
    block_bytes: int = 8 << 20
    threads: int = 2


@dataclass
class TakenFile(Counts):
    """What became of a file: counts of its rows, and where they are.

    `parts` and `reject_parts` are Parquet files as (path, rows); `landed` and `rejects` are tables still held.
    """

    parts: list[tuple[Path, int]] = field(default_factory=list)
    reject_parts: list[tuple[Path, int]] = field(default_factory=list)
    landed: list[pa.Table] = field(default_factory=list)
    rejects: list[pa.Table] = field(default_factory=list)
    unknown_columns: list[str] = field(default_factory=list)
    encoding: str = ""
    separator: str = ""


@dataclass
class _Reading:
    """A file opened for reading: its header, and its rows as blocks still to be parsed."""

    header: Header
    blocks: Iterator[Any]
    parse: Callable[[Any], TextBlock]
    separator: str = ""
    encoding: Callable[[], str] = str


def source_of(name: str) -> Source:
    """The source that a file's name tells, such as `yard_moves_CNSHA_2022-06-01.csv.gz`.

    Raises `FileRefused` where the name tells none, or ends in no format that is read.
    """
    lowered = Path(name).name.lower()
    suffix = next((suffix for suffix in FORMATS if lowered.endswith(suffix)), None)
    if suffix is None:
        raise FileRefused(f"not a format that is read: {name}", f"Formats are {', '.join(FORMATS)}.")
    stem = lowered.removesuffix(suffix)
    for source in SOURCES.values():
        if stem == source.name or stem.startswith(tuple(source.name + mark for mark in "-_.")):
            return source
    raise FileRefused(
        f"the name tells no source: {name}; the sources are {', '.join(SOURCES)}",
        "Name the file <source>.csv or <source>_<anything>.csv.",
    )


def told_name(path: Path) -> str:
    """A file's name as text: one that is not UTF-8 as GB18030, which archives from Windows leave on other systems."""
    name = os.fsencode(path.name)
    for encoding in ("utf-8", "gb18030"):
        with suppress(UnicodeDecodeError):
            return name.decode(encoding)
    return name.decode("utf-8", "replace")


def digest(path: Path) -> str:
    """The SHA-256 of a file's bytes as handed in, in hexadecimal. Raises `OSError` that names the file."""
    with naming(path), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Intake:
    """Takes the files of one load: what depends on the reference tables and the load alone is made once.

    Args:
        loaded_at: the naive UTC instant of the load.
        hold_rows: files of fewer rows are handed back as tables, so that many small ones can share a part.
    """

    def __init__(
        self, reference: Any, loaded_at: datetime, settings: IntakeSettings, hold_rows: int = 0
    ) -> None:
        self._reference, self._loaded_at, self._settings = reference, loaded_at, settings
        self._hold_rows = hold_rows
        self._clock = LocalClock()
        self._names: dict[str, dict[str, str]] = {}
        self._checkers: dict[tuple[str, int], BlockChecker] = {}

    def take(
        self,
        path: Path,
        name: str,
        source: Source,
        file_seq: int,
        out_dir: Path,
        advance: Advance | None = None,
        lane: int | None = None,
    ) -> TakenFile:
        """Reads and checks a file; its rows are held, or lie in Parquet parts in `out_dir`.

        `name` is the file's name as handed in; `advance` is told bytes read. With a `lane` (0 up to
        the threads of the settings) the file stays in it, so that others may be taken side by side in other lanes;
        without one its blocks go through all of them.

        Raises `FileRefused` for a file that cannot be taken as a whole; no part of it is left then.
        """
        writer = PartWriter(out_dir, file_seq, self._hold_rows)
        try:
            reading = _open(path, name, source, self._known_names(source), self._settings, advance)
            taken = TakenFile(unknown_columns=reading.header.unknown, separator=reading.separator)

            def parse(block: Any) -> TextBlock:
                texts = reading.parse(block)
                return without_guards(texts) if reading.header.is_of_rejects else texts

            def pipeline(lane: int) -> _Pipeline:
                checker = self._checker(source, lane)
                checker.begin(reading.header.positions, file_seq, name)
                return _Pipeline(parse, checker)

            for counts in _run(reading.blocks, pipeline, lane, max(self._settings.threads, 1), writer):
                taken.add(counts)
            writer.close(taken)
        except BaseException:  # whatever ends it, an interrupt too: no part of the file may stay
            writer.discard()
            raise
        taken.encoding = reading.encoding()
        return taken

    def _known_names(self, source: Source) -> dict[str, str]:
        if source.name not in self._names:
            self._names[source.name] = known_names(source, self._reference)
        return self._names[source.name]

    def _checker(self, source: Source, lane: int) -> BlockChecker:
        """The checker of a source and lane; it remembers the codes that it met in earlier files."""
        if (source.name, lane) not in self._checkers:
            rules = ContractRules(
                source, self._reference, self._loaded_at, self._settings.default_zone, self._clock
            )
            self._checkers[source.name, lane] = BlockChecker(rules)
        return self._checkers[source.name, lane]


def take_file(
    path: Path,
    name: str,
    source: Source,
    file_seq: int,
    loaded_at: datetime,
    reference: Any,
    settings: IntakeSettings,
    out_dir: Path,
    advance: Advance | None = None,
) -> TakenFile:
    """Takes one file alone, its rows in Parquet parts in `out_dir`; see `Intake`."""
    return Intake(reference, loaded_at, settings).take(path, name, source, file_seq, out_dir, advance)


@dataclass
class _Pipeline:
    """What one thread does with a block."""

    parse: Callable[[Any], TextBlock]
    checker: BlockChecker

    def run(self, block: Any, lane: int, writer: PartWriter) -> Counts:
        """Parses, checks and writes a block; its counts."""
        checked: CheckedBlock = self.checker.check(self.parse(block))
        writer.write(lane, checked.landed, checked.rejects)
        return checked.counts


def _run(
    blocks: Iterator[Any],
    pipeline: Callable[[int], _Pipeline],
    lane: int | None,
    threads: int,
    writer: PartWriter,
) -> Iterator[Counts]:
    """Runs the blocks in turn: in the lane given, else through one thread a lane; a single block needs no thread."""
    first = list(itertools.islice(blocks, 2))
    blocks = itertools.chain(first, blocks)
    if lane is not None or len(first) < 2 or threads < 2:
        lane = lane or 0
        only = pipeline(lane)
        for block in blocks:
            yield only.run(block, lane, writer)
        return
    del first
    pipelines = [pipeline(lane) for lane in range(threads)]
    lanes = [ThreadPoolExecutor(1) for _ in pipelines]
    waiting: deque[Future[Counts]] = deque()
    try:
        for number, block in enumerate(blocks):
            lane = number % len(lanes)
            waiting.append(lanes[lane].submit(pipelines[lane].run, block, lane, writer))
            del block
            if len(waiting) > len(lanes):
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for pool in lanes:
            pool.shutdown(wait=True, cancel_futures=True)


def _open(
    path: Path,
    name: str,
    source: Source,
    known: dict[str, str],
    settings: IntakeSettings,
    advance: Advance | None,
) -> _Reading:
    lowered = name.lower()
    if lowered.endswith((".xlsx", ".parquet")):
        # The library for workbooks takes a third of a second to import.
        from pipeline.intake.typed_files import parquet_blocks, workbook_blocks

        blocks_of = workbook_blocks if lowered.endswith(".xlsx") else parquet_blocks
        header, blocks = blocks_of(path, source, known, advance)
        return _Reading(header, blocks, lambda block: block)
    return _open_csv(path, lowered.endswith(".gz"), source, known, settings, advance)


def _open_csv(
    path: Path,
    is_gz: bool,
    source: Source,
    known: dict[str, str],
    settings: IntakeSettings,
    advance: Advance | None,
) -> _Reading:
    chunks = chunks_of(path, settings.block_bytes, is_gz, advance)
    encoding = _Encoding(lambda: chunks_of(path, settings.block_bytes, is_gz))
    cutter = Cutter(with_line_feeds(encoding.decoded(chunks, known)))
    line = cutter.first_line()
    if line is None:
        raise FileRefused("there is no header line", "Begin the file with the column names.")
    _, separator = best_separator(line.decode("utf-8", "replace"), known)
    header = read_header(names_in(cutter.take_record(separator), separator), source, known)
    parser = BlockParser(source, header.columns, separator)
    blocks: Iterator[Records] = cutter.blocks(separator)
    return _Reading(header, blocks, parser.parse, SEPARATOR_NAMES[separator], lambda: encoding.name)


class _Encoding:
    """The encoding of a file, decided as late as it may be: where all bytes are ASCII it does not matter."""

    def __init__(self, again: Callable[[], Iterator[bytes]]) -> None:
        self._again = again
        self.name = "utf-8"

    def decoded(self, chunks: Iterator[bytes], known: dict[str, str]) -> Iterator[bytes]:
        """The file's text as UTF-8 (rulings 37)."""
        held = b""
        for chunk in chunks:
            held += chunk
            if _first_line(held) is not None or len(held) > MAX_LINE_BYTES:
                break
        line = _first_line(held + b"\n") or b""
        rest = itertools.chain([held] if held else [], chunks)
        told = mark_of(held) or encoding_by_header(line, known)
        if told is None:
            yield from self._undecided(rest)
        else:
            self.name = told
            yield from to_utf8(rest, told)

    def _undecided(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            if not chunk.isascii():
                self.name = encoding_by_lines(self._again)
                yield from to_utf8(itertools.chain([chunk], chunks), self.name)
                return
            yield chunk


def _first_line(text: bytes) -> bytes | None:
    """The first line with something on it; None where its end is not there."""
    stripped = text.lstrip(b"\r\n")
    ends = [end for end in (stripped.find(b"\n"), stripped.find(b"\r")) if end >= 0]
    return stripped[: min(ends)] if ends else None
