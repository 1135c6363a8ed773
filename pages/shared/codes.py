"""Codes of places as one text: in the address, and as the categories of a grid. Nothing here knows Streamlit.

A source may write any text as a facility, a block or a bay, also the marks used here: those are escaped.
"""

from __future__ import annotations

import re

NO_CODE = "-"
"""Stands for a code that nobody told."""
PLACE_MARK = "|"
"""Between the codes of a place."""
_ESCAPE = "\\"
_MARKS = re.compile(r"[\\|]")
_MARKED = re.compile(r"((?:\\.|[^\\|])*)\|", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def written(code: object) -> str:
    """One code as text, `NO_CODE` where it is null or empty."""
    text = code if isinstance(code, str) else ""
    if text == NO_CODE:
        return _ESCAPE + text
    return _MARKS.sub(lambda mark: _ESCAPE + mark[0], text) or NO_CODE


def read(text: str) -> str:
    """The code that was written so; empty for `NO_CODE`."""
    return "" if text in ("", NO_CODE) else _ESCAPED.sub(r"\1", text)


def joined(*codes: object) -> str:
    """Several codes as one text."""
    return PLACE_MARK.join(map(written, codes))


def parted(text: str) -> list[str]:
    """The codes that were joined so."""
    return [read(part) for part in _MARKED.findall(text + PLACE_MARK)]
