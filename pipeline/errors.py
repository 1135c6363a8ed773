"""Errors that a user can mend. Anything else is a bug of ours and keeps its traceback."""

from __future__ import annotations


class UserMistake(Exception):
    """A mistake in the call or in what was handed in.

    The message says what is wrong and where; `hint` says what to do; `exit_code` is the command's.
    """

    exit_code = 2

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class NothingFound(UserMistake):
    """Nothing could be loaded, or there is nothing to show yet."""

    exit_code = 3
