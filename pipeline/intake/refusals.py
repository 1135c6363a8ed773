"""The error that refuses one file as a whole; the other files of a load go on."""

from __future__ import annotations

from pipeline.errors import UserMistake


class FileRefused(UserMistake):
    """A file that cannot be taken. The message names the cause, the hint what to do about it."""

    exit_code = 3


def unreadable_header() -> FileRefused:
    """The refusal of a file that does not begin with a record."""
    return FileRefused(
        "the header line cannot be read: it is longer than 1 MiB, has a quote that never closes, or text "
        "after a closing quote",
        "Begin the file with the column names, quoted as in RFC 4180 or not at all.",
    )
