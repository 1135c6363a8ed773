"""What a single cell may hold: the definition that every faster path is held to.

A cleaner takes the tidied text of a cell and gives its value and, where the text cannot be taken, a reject
code of `pipeline.contract.REJECT_OF_TYPE`.
"""

from __future__ import annotations

import math
import re
import string
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from pipeline.contract import MAX_TEXT_CHARACTERS, REJECT_OF_TYPE, Column, Type
from pipeline.intake.instants import date_of, instant_of

BLANKS = " \t\u00a0\u3000"
"""Characters that are cut from both ends of a cell: blank, tab, no-break blank, ideographic blank."""

Cleaner = Callable[[str], tuple[Any, str | None]]

_UPPER = str.maketrans(string.ascii_lowercase, string.ascii_uppercase)
NO_SIGN = 0.0
"""Added to a number it takes the sign off a zero: `-0` and `0` are one value."""

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)", re.ASCII)
_UN_NUMBER = re.compile(r"(?:UN ?)?(\d{4})", re.ASCII)
_PACKING_GROUPS = frozenset({"I", "II", "III"})
BOOLEANS = {"TRUE": True, "FALSE": False, "1": True, "0": False, "Y": True, "N": False}


def tidy(text: str | None) -> str | None:
    """The cell as it is checked: line breaks are blanks, blanks around it are cut, nothing left is None."""
    if text is None:
        return None
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.replace("\n", " ").strip(BLANKS) or None


def upper(text: str) -> str:
    """ASCII letters in upper case, every other character as it is."""
    return text.translate(_UPPER)


def is_plain_text(text: str) -> bool:
    """Whether a text is short enough and free of control characters (Unicode Cc) but tab."""
    if len(text) > MAX_TEXT_CHARACTERS:
        return False
    return text.isprintable() or not any(
        unicodedata.category(character) == "Cc" for character in text if character != "\t"
    )


def cleaner_of(column: Column, reference: Any) -> Cleaner:
    """The cleaner of a column. Timestamps give `(microseconds, is_local)`, in UTC unless local."""
    makers: dict[Type, Callable[[], Cleaner]] = {
        Type.TEXT: lambda: _text,
        Type.UNIT: lambda: _unit,
        Type.CODE: lambda: _listed(reference.codes(column.codes), column.type),
        Type.PORT: lambda: _listed(reference.port_of, column.type),
        Type.CLASS: lambda: _listed({code: code for code in reference.classes}, column.type),
        Type.BOOLEAN: lambda: _listed(BOOLEANS, column.type),
        Type.UN_NUMBER: lambda: _un_number,
        Type.PACKING_GROUP: lambda: _listed({group: group for group in _PACKING_GROUPS}, column.type),
        Type.TIMESTAMP: lambda: _timestamp,
        Type.DATE: lambda: _date,
        Type.NUMBER: lambda: _number,
        Type.QUANTITY: lambda: _quantity,
    }
    return makers[column.type]()


def _text(text: str) -> tuple[str, str | None]:
    return text, None if is_plain_text(text) else REJECT_OF_TYPE[Type.TEXT]


def _unit(text: str) -> tuple[str, str | None]:
    return upper(text), None if is_plain_text(text) else REJECT_OF_TYPE[Type.UNIT]


def _listed(values: Mapping[str, Any], type_: Type) -> Cleaner:
    def clean(text: str) -> tuple[Any, str | None]:
        key = upper(text)
        return (values[key], None) if key in values else (None, REJECT_OF_TYPE[type_])

    return clean


def _un_number(text: str) -> tuple[str | None, str | None]:
    found = _UN_NUMBER.fullmatch(upper(text))
    return (found[1], None) if found else (None, REJECT_OF_TYPE[Type.UN_NUMBER])


def _timestamp(text: str) -> tuple[tuple[int, bool] | None, str | None]:
    found = instant_of(text)
    return found, None if found else REJECT_OF_TYPE[Type.TIMESTAMP]


def _date(text: str) -> tuple[date | None, str | None]:
    found = date_of(text)
    return found, None if found else REJECT_OF_TYPE[Type.DATE]


def _number(text: str) -> tuple[float | None, str | None]:
    if not _NUMBER.fullmatch(text):
        return None, REJECT_OF_TYPE[Type.NUMBER]
    value = float(text) + NO_SIGN
    # A number of hundreds of digits is none that DOUBLE can hold.
    return (value, None) if math.isfinite(value) else (None, REJECT_OF_TYPE[Type.NUMBER])


def _quantity(text: str) -> tuple[float | None, str | None]:
    value, code = _number(text)
    if value is not None and value < 0:
        return value, "negative_quantity"
    return value, code
