"""What the command line says, and where: messages to standard error, results to standard output."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable, Sequence

from rich.cells import cell_len


def survive_any_text() -> None:
    """Where a terminal or a pipe is not of UTF-8, what it lacks is told by its number: a name never ends a command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def say(message: str, hint: str = "") -> None:
    """A message to standard error; the hint, what to do, on the next line."""
    print(f"dgwatch: {message}", file=sys.stderr)
    if hint:
        print(f"  {hint}", file=sys.stderr)


def note(message: str) -> None:
    """A line to standard error that is no complaint."""
    print(message, file=sys.stderr)


def put(text: str) -> None:
    """A result to standard output."""
    print(text, flush=True)


def put_bytes(blocks: Iterable[bytes]) -> None:
    """A report to standard output, block by block, byte for byte."""
    buffer = getattr(sys.stdout, "buffer", None)
    for block in blocks:
        if buffer is None:
            sys.stdout.write(block.decode())
        else:
            buffer.write(block)
    sys.stdout.flush() if buffer is None else buffer.flush()


def aligned(rows: Sequence[Sequence[str]], width: int = 100) -> str:
    """Rows as a table of at most `width` columns of a terminal: the first cell to the left, the others to the
    right. A first cell that is too long loses its middle; a row of two cells holds a name and a remark.
    """
    full = [row for row in rows if len(row) == len(rows[0])]
    widths = [max(cell_len(row[column]) for row in full) for column in range(len(rows[0]))]
    longest = max(cell_len(row[0]) for row in rows)
    widths[0] = min(longest, width - sum(widths[1:]) - 2 * (len(widths) - 1))
    return "\n".join(_line(row, widths) for row in rows)


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    first = _shortened(row[0], widths[0])
    others = (
        [row[1]] if len(row) != len(widths) else [cell.rjust(space) for cell, space in _paired(row, widths)]
    )
    return "  ".join([first + " " * (widths[0] - cell_len(first)), *others]).rstrip()


def _paired(row: Sequence[str], widths: Sequence[int]) -> Iterable[tuple[str, int]]:
    return zip(row[1:], widths[1:], strict=True)


def _shortened(text: str, space: int) -> str:
    if cell_len(text) <= space:
        return text
    head, tail = text[: space // 3], text[space // 3 :]
    while cell_len(head) + 1 + cell_len(tail) > space:
        tail = tail[1:]
    return f"{head}…{tail}"
