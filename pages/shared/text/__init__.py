"""All words of the screen, one catalog a language: `en.po` and `zh.po` (GNU gettext) beside this file.

A message is named by a key (`backlog.title`), the same in both catalogs, so that either language can be
mended without touching code. The pipeline brings its own texts in both languages (titles of metrics, labels
of codes): see `labels.py`. Numbers are written as Babel's CLDR data say, dates always year-month-day.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from gettext import c2py
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, format_percent

LANGUAGES = {"en": "English", "zh": "中文"}
"""Code in the URL and its name in its own words. The first is the default."""

_LOCALES = {"en": "en_GB", "zh": "zh_Hans_CN"}
_FOLDER = Path(__file__).parent
_MARKDOWN = re.compile(r"([\\`*_\[\]<>#$~|!&]|:(?=[A-Za-z]))")
_ADDRESS = re.compile(r"(https?|ftp|www)(?=[:.])", re.IGNORECASE)
_WORD_JOINER = "\u2060"


@cache
def _read(language: str) -> Catalog:
    with (_FOLDER / f"{language}.po").open("rb") as file:
        return read_po(file, locale=_LOCALES[language])


@cache
def catalog(language: str) -> dict[str, str]:
    """Every message of `language` by its key; empty translations are left out, so that they are noticed."""
    plain = [message for message in _read(language) if not message.pluralizable]
    return {str(message.id): str(message.string) for message in plain if message.id and message.string}


@cache
def counted(language: str) -> dict[str, tuple[str, ...]]:
    """Messages that go with a count, by their key: a form for each kind of number that the language tells apart."""
    return {message.id[0]: tuple(message.string or ()) for message in _read(language) if message.pluralizable}


@cache
def _form(language: str) -> Callable[[int], int]:
    return c2py(_read(language).plural_expr)


def plain(text: str) -> str:
    """Somebody else's text for an element that takes Markdown: shown as it is, no link, no picture, no heading."""
    told = _ADDRESS.sub(rf"\1{_WORD_JOINER}", " ".join(text.split()))
    return _MARKDOWN.sub(r"\\\1", told)


def spelled(text: str) -> str:
    """Somebody else's text for a figure, whose words may hold tags and links."""
    return text.replace("&", "&amp;").replace("<", "&lt;")


@dataclass(frozen=True)
class Words:
    """The words of one language. Calling it gives a message: `words("backlog.title")`."""

    language: str = "en"
    zone: str = "UTC"
    """Time zone in which instants are written."""

    def __call__(self, key: str, **values: Any) -> str:
        """The message of `key` with `{name}` filled in; KeyError where it is missing."""
        message = catalog(self.language)[key]
        return message.format(**values) if values else message

    def has(self, key: str) -> bool:
        """Whether the catalog has this message."""
        return key in catalog(self.language)

    def under(self, prefix: str) -> dict[str, str]:
        """Every message whose key is `prefix.code`, by its code."""
        return {
            key.removeprefix(f"{prefix}."): text
            for key, text in catalog(self.language).items()
            if key.startswith(f"{prefix}.")
        }

    def pick(self, english: str | None, chinese: str | None) -> str:
        """The fitting one of two texts that came together; the other where one is missing."""
        both = (chinese, english) if self.language == "zh" else (english, chinese)
        return next((text for text in both if isinstance(text, str) and text), "")

    def column(self, name: str) -> str:
        """The heading of a column, with its unit; its own name where no words are kept for it."""
        key = f"column.{name}"
        return self(key, offset=self.offset()) if self.has(key) else name

    def number(self, value: float, decimals: int = 0) -> str:
        """A number with the language's separators."""
        pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
        return str(format_decimal(value, format=pattern, locale=_LOCALES[self.language]))

    def count(self, value: float | None) -> str:
        """A whole number, or the mark for one that cannot be had."""
        return self("none") if value is None or value != value else self.number(value)

    def counted(self, kind: str, value: float | None) -> str:
        """A whole number of something (`counted.<kind>` of the catalogs), or the mark for one that cannot be had."""
        if value is None or value != value:
            return self("none")
        form = _form(self.language)(int(value))
        return counted(self.language)[f"counted.{kind}"][form].format(figure=self.number(value))

    def percent(self, value: float | None) -> str:
        """A percentage that is one already; empty where there is none."""
        return "" if value is None or value != value else self._percent(value / 100)

    def share(self, part: float, whole: float) -> str:
        """`part / whole` as a percentage with both beside it; the mark for nothing where `whole` is 0."""
        if not whole:
            return self("none")
        percent = self._percent(part / whole)
        return self("share", percent=percent, part=self.number(part), whole=self.number(whole))

    def _percent(self, share: float) -> str:
        return str(format_percent(share, format="#,##0.0%", locale=_LOCALES[self.language]))

    def length(self, value: float | None) -> str:
        """A length of time in one unit: hours below two days, else days."""
        if value is None or value != value:
            return self("none")
        if abs(value) < 48:
            return self("hours", hours=self.number(value, 1))
        return self("days", days=self.number(value / 24, 1))

    def day(self, value: date | None) -> str:
        """A date, always year-month-day, so that it sorts and cannot be misread."""
        return self("none") if value is None else str(format_date(value, "yyyy-MM-dd", locale="en_GB"))

    def instant(self, value: datetime | None) -> str:
        """An instant (naive UTC) as wall time of `zone`, with the offset."""
        if value is None or value != value:
            return self("none")
        local = value.replace(tzinfo=UTC).astimezone(ZoneInfo(self.zone))
        return f"{local:%Y-%m-%d %H:%M} ({_offset(local)})"

    def offset(self) -> str:
        """The offset of `zone` from UTC as a heading needs it; of mid-2022 where it changes over a year."""
        return _offset(datetime(2022, 7, 1, tzinfo=ZoneInfo(self.zone)))


def _offset(local: datetime) -> str:
    text = local.strftime("%z")
    return "UTC" if text == "+0000" else f"UTC{text[:3]}:{text[3:]}"
