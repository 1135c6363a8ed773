"""Codes of places as one text, whatever a source wrote."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.shared import codes

CODES = st.text(alphabet="AB1|\\-_ \n", max_size=6)


@given(st.lists(CODES, min_size=1, max_size=4))
def test_what_was_joined_comes_apart_again(told: list[str]) -> None:
    assert codes.parted(codes.joined(*told)) == told


@given(CODES, CODES)
def test_two_codes_are_never_written_alike(one: str, other: str) -> None:
    assert (codes.written(one) == codes.written(other)) == (one == other)


@pytest.mark.parametrize(
    ("told", "written"),
    [(("T1", "B2"), "T1|B2"), (("T1", None), "T1|-"), (("T1", "-"), r"T1|\-"), (("A|B", "C"), r"A\|B|C")],
)
def test_ordinary_codes_are_written_as_they_are(told: tuple[object, ...], written: str) -> None:
    assert codes.joined(*told) == written
