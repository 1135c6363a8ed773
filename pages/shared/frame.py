"""The frame of every screen: the guard, the language, the palette, the banner for sample data."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable
from copy import copy
from functools import cache, wraps
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import streamlit as st

from pages.shared import data, kept, url
from pages.shared.figures.plot import DARK, LIGHT, Look, Palette
from pages.shared.text import LANGUAGES, Words

if TYPE_CHECKING:
    from streamlit.navigation.page import StreamlitPage

P = ParamSpec("P")
T = TypeVar("T")

_FLAG = "_app_has_run"
_WANTED = "_wanted_page"


def mark() -> None:
    """Called by app.py: this session went through the frame."""
    st.session_state[_FLAG] = True


def guard(file: str) -> None:
    """First line of every page: send a visit that bypassed app.py through it, and come back afterwards.

    A server that nobody has visited yet serves `/backlog` by running `pages/backlog.py` alone, without
    anything that app.py does first.
    """
    if st.session_state.get(_FLAG):
        return
    st.session_state[_WANTED] = (f"pages/{Path(file).name}", st.query_params.to_dict())
    st.switch_page("app.py")


def return_to_wanted() -> None:
    """Called by app.py once the navigation stands: go to the page that `guard` kept."""
    wanted = st.session_state.pop(_WANTED, None)
    if wanted:
        page, query = wanted
        st.switch_page(page, query_params=query)


@cache
def icon() -> str:
    """The product's mark, as an address that holds it: a file would be read and stored anew in every run."""
    content = Path(__file__).with_name("icon.png").read_bytes()
    return f"data:image/png;base64,{base64.b64encode(content).decode()}"


def screens(names: Iterable[str]) -> list[StreamlitPage]:
    """The screens for the navigation of this run; each is pages/<name>.py, served as /<name>."""
    return [copy(_screen(name, language())) for name in names]


@cache
def _screen(name: str, language: str) -> StreamlitPage:
    """A screen before a navigation has taken it: to make one, its file is looked for."""
    return st.Page(f"pages/{name}.py", title=Words(language)(f"{name}.nav"), url_path=name)


def language() -> str:
    """The language of this session: of the URL, else of the switch, else the first."""
    chosen = url.value("lang")
    return chosen if chosen in LANGUAGES else next(iter(LANGUAGES))


def words() -> Words:
    """The words of this session's language, in the lake's own time zone."""
    return Words(language(), data.zone())


def in_words(function: Callable[P, T]) -> Callable[P, T]:
    """Make a function of its arguments, the language, the zone and the release compute once for all sessions."""

    @wraps(function)
    def ask(*args: P.args, **kwargs: P.kwargs) -> T:
        key = (function.__module__, function.__qualname__, words(), data.mark())
        return kept.of((*key, kept.mark(args), kept.mark(kwargs)), lambda: function(*args, **kwargs))

    return ask


def palette() -> Palette:
    """Colours for what the browser shows: light or dark."""
    return DARK if st.context.theme.type == "dark" else LIGHT


def look(unit: str = "batches") -> Look:
    """How figures of this run are drawn; `unit` names what is counted: batches, unit, rows."""
    return Look(words(), palette(), words()(f"unit.{unit}"))


def language_switch() -> None:
    """The switch between the languages; the URL keeps it."""
    url.bind("lang", language())
    st.segmented_control(
        words()("language"),
        list(LANGUAGES),
        format_func=LANGUAGES.__getitem__,
        key=url.key("lang"),
        required=True,
        label_visibility="collapsed",
        on_change=url.changed,
        args=("lang",),
    )


def sample_banner() -> None:
    """Says on every screen that the data are invented, where they are."""
    release = data.release()
    if release is not None and release.is_sample:
        st.html(f'<div class="dg-sample" role="note">{words()("sample.banner")}</div>')


def style() -> None:
    """The few rules that the theme cannot say: print, phones, the banner."""
    st.html(_rules())


@cache
def _rules() -> str:
    return f"<style>{Path(__file__).with_name('style.css').read_text(encoding='utf-8')}</style>"
