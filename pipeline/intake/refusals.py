"""The error that refuses one file as a whole; the other files of a load go on."""

from __future__ import annotations

from pipeline.errors import UserMistake


class FileRefused(UserMistake):
    """A file that cannot be taken. The message names the cause, the hint what to do about it."""

    exit_code = 3
