"""Texts that a spreadsheet would run: told apart, and the apostrophe that makes them harmless taken off again."""

from __future__ import annotations

import re

import pyarrow as pa
import pyarrow.compute as pc

FIRST_CHARACTERS = "[=+@\\-\uff1d\uff0b\uff0d\uff20\t\r]"
"""What such a text begins with, as a regular expression; the full-width forms count in East Asia (ruling 50)."""

RUNS_AS_FORMULA = f"^{FIRST_CHARACTERS}"
PLAIN_NUMBER = r"^[+-]?[0-9]+(\.[0-9]+)?$"


def runs_as_formula(text: str) -> bool:
    """Whether a spreadsheet would run this text, were it typed into a cell."""
    return re.match(RUNS_AS_FORMULA, text) is not None and re.fullmatch(PLAIN_NUMBER, text) is None


def unguarded(texts: pa.Array) -> pa.Array:
    """Texts, or a dictionary of them, without the apostrophe that an export put before what a spreadsheet would run."""
    if pa.types.is_dictionary(texts.type):
        return pa.DictionaryArray.from_arrays(texts.indices, unguarded(texts.dictionary))
    return pc.replace_substring_regex(texts, f"^'({FIRST_CHARACTERS})", r"\1")
