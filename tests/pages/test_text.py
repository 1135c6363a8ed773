"""The words of the screen: both catalogs say the same things, and nothing is said outside of them."""

from __future__ import annotations

import re
from datetime import date, datetime
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.pofile import read_po

from pages.shared.text import LANGUAGES, Words, catalog, counted
from pipeline.contract import SOURCES
from pipeline.metrics import REGISTRY
from pipeline.settings import ROOT

SHARED = ROOT / "pages" / "shared"
SAME_IN_BOTH = {"none", "column.sha256", "form.csv", "form.xlsx", "form.parquet", "form.json"}
"""Messages that are not words."""
BUILT = re.compile(
    r"(grain|measured_in|safety|pool|heat_basis|level|ended_how|state|warning|border|map|form|forecast|lacking|clocks|ports|pilots|rebound|why|clock|stage|statistic|verdict|flag|funnel|part|turn|told|stages|column|source|family|filter|measure|rows|unit|window|count|axis|history|definition|batch|trust|campaign|backlog)\.|\w+\.nav$|[a-z_.]+\.note$"
)
"""Keys that code puts together from a name; that each is there is shown by the screens themselves."""


def sources() -> str:
    files = [ROOT / "app.py", *(ROOT / "pages").rglob("*.py")]
    return "\n".join(path.read_text(encoding="utf8") for path in files)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalog_is_well_formed(language: str) -> None:
    with (SHARED / "text" / f"{language}.po").open("rb") as file:
        messages = list(read_po(file, abort_invalid=True))
    keys = [message.id for message in messages if message.id]
    assert len(keys) == len(set(keys)) > 200
    assert not [message.id for message in messages if message.fuzzy and message.id]
    assert not [message.id for message in messages if message.id and not str(message.string).strip()]


def test_every_english_word_has_a_chinese_one() -> None:
    assert set(catalog("en")) == set(catalog("zh"))


def test_both_say_it_with_the_same_values() -> None:
    def fields(language: str, key: str) -> set[str]:
        return {name for _, name, _, _ in Formatter().parse(catalog(language)[key]) if name}

    assert not [key for key in catalog("en") if fields("en", key) != fields("zh", key)]


def test_the_chinese_catalog_is_chinese() -> None:
    bare = {key: re.sub(r"\{\w+\}", "", text) for key, text in catalog("zh").items()}
    worded = {key for key, text in bare.items() if re.search(r"[A-Za-z\u4e00-\u9fff]", text)}
    assert not [key for key in worded - SAME_IN_BOTH if not re.search(r"[\u4e00-\u9fff]", bare[key])]


def test_the_english_catalog_is_english() -> None:
    assert not [key for key, text in catalog("en").items() if re.search(r"[\u4e00-\u9fff]", text)]


def test_every_key_that_is_asked_for_is_there() -> None:
    asked = set(re.findall(r"""(?:words|look\.words|section|words\(\))\(\s*"([a-z_.]+)\"""", sources()))
    assert len(asked) > 50
    assert not [key for key in asked if key not in catalog("en")]


def test_no_message_is_left_over() -> None:
    text = sources()
    assert not [key for key in catalog("en") if f'"{key}"' not in text and not BUILT.match(key)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_column_of_every_metric_on_a_screen_has_a_heading(language: str) -> None:
    text = sources()
    shown = [metric for key, metric in REGISTRY.items() if f'"{key}"' in text or key.startswith("batch_")]
    assert len(shown) > 20
    columns = {column for metric in shown for column in metric.columns}
    assert not [column for column in sorted(columns) if f"column.{column}" not in catalog(language)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_source_and_family_has_a_name(language: str) -> None:
    assert not [name for name in SOURCES if f"source.{name}" not in catalog(language)]
    families = {metric.family for metric in REGISTRY.values()}
    assert not [name for name in families if f"family.{name}" not in catalog(language)]


def test_every_metric_tells_its_unit_and_grain_in_both_languages() -> None:
    for what, field in (("grain", "grain"), ("measured_in", "unit")):
        told = {key: getattr(metric, field) for key, metric in REGISTRY.items() if getattr(metric, field)}
        english = {key: catalog("en").get(f"{what}.{key}") for key in told}
        assert english == told, "the English catalog says what the registry says"
        assert not [key for key in told if f"{what}.{key}" not in catalog("zh")]


def test_no_words_of_the_screen_stand_in_the_code() -> None:
    found = []
    for path in [ROOT / "app.py", *(ROOT / "pages").rglob("*.py")]:
        code = re.sub(r'"""(?:.|\n)*?"""|#.*', "", path.read_text(encoding="utf8"))
        if path != SHARED / "text" / "__init__.py":
            found += re.findall(r"[\u4e00-\u9fff]+", code)
            found += re.findall(
                r'st\.(?:title|header|subheader|caption|info|warning|error)\("[^"]*[A-Za-z]', code
            )
    assert not found


def test_the_guard_and_no_word_of_outside() -> None:
    """No address of another machine in what the browser gets: no font, map or script from outside."""
    for path in [
        *Path(SHARED).rglob("*.css"),
        ROOT / ".streamlit" / "config.toml",
        *(ROOT / "pages").rglob("*.py"),
    ]:
        assert not re.findall(r"https?://", path.read_text(encoding="utf8")), path
    assert ":material/" not in sources()


ENGLISH, CHINESE = Words("en", "Asia/Shanghai"), Words("zh", "Asia/Shanghai")


def test_a_count_goes_with_its_noun() -> None:
    told = [ENGLISH.counted("batch", number) for number in (0, 1, 1200, None)]
    assert told == ["0 batches", "1 batch", "1,200 batches", "–"]
    assert [CHINESE.counted("unit", number) for number in (1, 2)] == ["1 箱", "2 箱"]
    assert counted("en").keys() == counted("zh").keys()


def test_instants_are_wall_time_with_their_offset() -> None:
    assert ENGLISH.instant(datetime(2022, 6, 1, 0, 5)) == "2022-06-01 08:05 (UTC+08:00)"
    assert Words("en", "Europe/Berlin").instant(datetime(2022, 1, 1)) == "2022-01-01 01:00 (UTC+01:00)"
    assert Words("en", "UTC").instant(datetime(2022, 1, 1)) == "2022-01-01 00:00 (UTC)"
    assert ENGLISH.instant(None) == "–"


def test_numbers_and_lengths_carry_their_units() -> None:
    assert ENGLISH.number(1234567.5, 1) == "1,234,567.5"
    assert ENGLISH.length(47.9) == "47.9 h"
    assert ENGLISH.length(48) == "2.0 d"
    assert CHINESE.length(36) == "36.0 小时"
    assert CHINESE.length(240) == "10.0 天"
    assert ENGLISH.length(None) == ENGLISH.length(float("nan")) == "–"
    assert ENGLISH.day(date(2022, 6, 1)) == CHINESE.day(date(2022, 6, 1)) == "2022-06-01"


def test_a_share_carries_numerator_and_denominator() -> None:
    assert ENGLISH.share(1, 8) == "12.5% (1 of 8)"
    assert CHINESE.share(1, 8) == "12.5%（1 / 8）"
    assert ENGLISH.share(0, 0) == "–"


def test_the_other_language_stands_in_where_one_is_missing() -> None:
    assert ENGLISH.pick("Shanghai", "上海") == "Shanghai"
    assert CHINESE.pick("Shanghai", "上海") == "上海"
    assert CHINESE.pick("Huaiyin", None) == "Huaiyin"
    assert ENGLISH.pick(None, None) == ""


def test_a_missing_message_is_an_error() -> None:
    with pytest.raises(KeyError):
        ENGLISH("no.such.message")
