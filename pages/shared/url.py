"""The choices of a session and the address bar, kept equal both ways.

The address holds codes (`ports=CNSHG&direction=import&lang=zh`), never words, so that a link means the same
in every language. (Streamlit's own `bind="query-params"` writes the labels of options as they are shown: a
link made in one language would not open in the other.)

The rule: an address that holds any of our names is the truth, and what it does not name is at its default. An
address without any of them, which is what a click in the navigation leaves, takes the choices along.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime

import streamlit as st

from pages.shared import run

_STORE = "_choices"
_LAST = "_last_address"
_CHOSEN = "_chosen_just_now"

ONLY_ON = {
    "consignment": ("batch",),
    "search": ("batch",),
    "measure": ("backlog",),
    "rows": ("backlog",),
    "inside": ("backlog",),
    "cell_day": ("backlog",),
    "cell_port": ("backlog",),
    "cell_facility": ("backlog",),
    "cell_place": ("backlog",),
    "cell_class": ("backlog",),
    "cell_age": ("backlog",),
    "campaign": ("campaign", "rebound", "map"),
    "day": ("map",),
    "coloured": ("map",),
    "counted": ("border",),
    "desk": ("safety",),
    "weights": ("safety",),
    "places": ("safety",),
    "yard": ("safety",),
    "shade": ("safety",),
    "stack": ("safety",),
    "scope": ("safety",),
    "near": ("safety",),
    "hot_port": ("safety",),
    "pilot": ("pilots",),
    "family": ("methodology",),
    "period": ("clearance", "dwell", "ports"),
    "stage": ("clearance",),
    "timed": ("ports",),
    "view": ("ports",),
    "part": ("ports",),
}
"""Names that mean something on some pages alone, and those pages; other pages' addresses lack them."""

EVERYWHERE = (
    "lang",
    "ports",
    "classes",
    "direction",
    "count",
    "window",
    "from",
    "to",
    "as_of",
    "known_at",
    "form",
)
NAMES = (*EVERYWHERE, *ONLY_ON)


def key(name: str) -> str:
    """The session-state key of the widget of a choice."""
    return f"choice_{name}"


def _store() -> dict[str, list[str]]:
    return run.of(_STORE, lambda: st.session_state.setdefault(_STORE, {}))


def take() -> None:
    """Once at the start of a run: learn from the address what it says anew."""
    address = {name: st.query_params.get_all(name) for name in st.query_params if name in NAMES}
    is_new = address != st.session_state.get(_LAST)
    st.session_state[_LAST] = address
    # A choice that was just made is newer than the address, which the browser may not have caught up with.
    if st.session_state.pop(_CHOSEN, False) or not is_new or not address:
        return
    kept = {"lang": _store()["lang"]} if "lang" in _store() else {}
    st.session_state[_STORE] = store = kept | address
    run.hold(_STORE, store)
    for name in NAMES:
        st.session_state.pop(key(name), None)


def write(page: str) -> None:
    """Once a run, before the page: put the choices that this page knows into the address."""
    shown = here(page)
    if shown != {name: st.query_params.get_all(name) for name in st.query_params}:
        st.query_params.from_dict(shown)
    st.session_state[_LAST] = shown


def here(page: str) -> dict[str, list[str]]:
    """The choices that belong into the address of `page`."""
    store = _store()
    return {name: store[name] for name in NAMES if store.get(name) and page in ONLY_ON.get(name, (page,))}


def value(name: str) -> str | None:
    """The chosen value, or None where nothing was chosen."""
    values_of = _store().get(name)
    return values_of[0] if values_of else None


def values(name: str) -> list[str]:
    """All chosen values of a choice of many."""
    return list(_store().get(name, ()))


def put(name: str, chosen: object) -> None:
    """Keep a choice: text, a number, a date, an instant (naive UTC), or several; None or empty forgets it."""
    texts = _texts(chosen)
    st.session_state[_CHOSEN] = True
    if texts:
        _store()[name] = texts
    else:
        _store().pop(name, None)


def bind(name: str, shown: object) -> None:
    """Before a widget is drawn: give it the value of the address, where it has none of its own yet."""
    if key(name) not in st.session_state:
        st.session_state[key(name)] = shown


def changed(name: str) -> None:
    """A widget's `on_change`: keep what the user chose. Runs before the page does."""
    if key(name) in st.session_state:
        put(name, st.session_state[key(name)])


def _texts(chosen: object) -> list[str]:
    if chosen is None or chosen == "":
        return []
    if isinstance(chosen, datetime):
        return [chosen.replace(tzinfo=UTC).strftime("%Y-%m-%dT%H:%MZ")]
    if isinstance(chosen, date):
        return [chosen.isoformat()]
    if isinstance(chosen, str) or not isinstance(chosen, Iterable):
        return [str(chosen)]
    return [text for one in chosen for text in _texts(one)]
