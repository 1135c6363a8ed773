"""Widgets <-> address <-> `Filters`: what the screens can ask, in the sidebar.

`sidebar("window", "ports", ...)` draws the widgets that a page names and gives the `Filters` they make.
Wall times in the widgets are of the lake's own zone; `Filters` and the address hold UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from pages.shared import data, frame, labels, url
from pages.shared.text import plain
from pipeline.metrics import Filters

WINDOW_DAYS = {"30": 30, "90": 90, "365": 365}
WINDOWS = (*WINDOW_DAYS, "all", "custom")
DEFAULT_WINDOW = "90"
FIRST_DAY, LAST_DAY = date(1990, 1, 1), date(2100, 12, 31)
"""The days that can be chosen."""


def sidebar(*names: str) -> Filters:
    """Draw the widgets of `names` in the sidebar; the filters they make, instants in UTC."""
    with st.sidebar:
        parts: dict[str, Any] = {}
        for name in names:
            parts |= _WIDGETS[name]()
        with st.expander(
            frame.words()("filter.point_in_time"), expanded=bool(url.value("as_of") or url.value("known_at"))
        ):
            parts |= _instant("as_of") | _instant("known_at")
        words = frame.words()
        _select("form", list(data.FORMS), lambda code: words(f"form.{code}"), data.FORMS[0])
    window = parts.pop("window", None)
    return _dated(window, Filters(**parts))


def _select(name: str, options: list[str], label: Callable[[str], str], first: str) -> str:
    """A choice of one; what the address holds and the list lacks is named and left aside."""
    wanted = url.value(name) or first
    if wanted not in options:
        not_understood(name, [wanted])
        wanted = first
    url.bind(name, wanted)
    words = frame.words()
    return st.selectbox(
        words(f"filter.{name}"),
        options,
        format_func=label,
        key=url.key(name),
        on_change=url.changed,
        args=(name,),
        help=words(f"filter.{name}.help") if words.has(f"filter.{name}.help") else None,
    )


def _several(
    name: str, options: list[str], label: Callable[[str], str], aliases: Mapping[str, str]
) -> tuple[str, ...]:
    wanted = [aliases.get(code, code) for code in url.values(name)]
    unknown = [code for code in wanted if code not in options]
    if unknown:
        not_understood(name, unknown)
    url.bind(name, [code for code in wanted if code in options])
    words = frame.words()
    picked = st.multiselect(
        words(f"filter.{name}"),
        options,
        format_func=label,
        key=url.key(name),
        on_change=url.changed,
        args=(name,),
        placeholder=words("filter.all"),
    )
    return tuple(picked)


def not_understood(name: str, values: list[str]) -> None:
    """Say that the address asks for what is not there; it is left aside."""
    words = frame.words()
    st.warning(words("filter.not_understood", name=words(f"filter.{name}"), values=plain(", ".join(values))))


def _ports() -> dict[str, Any]:
    return {"ports": _several("ports", data.ports(), labels.labeller("port"), data.port_aliases())}


def _classes() -> dict[str, Any]:
    return {"classes": _several("classes", data.classes(), labels.labeller("class"), {})}


def _direction() -> dict[str, Any]:
    words = frame.words()
    options = ["", *data.codes("direction")]
    label = labels.labeller("direction")
    wanted = _select("direction", options, lambda code: label(code) if code else words("filter.all"), "")
    return {"direction": wanted or None}


def _count() -> dict[str, Any]:
    words = frame.words()
    return {"count": _select("count", ["batch", "unit"], lambda code: words(f"count.{code}"), "batch")}


def _window() -> dict[str, Any]:
    words = frame.words()
    wanted = _select("window", list(WINDOWS), lambda code: words(f"window.{code}"), DEFAULT_WINDOW)
    if wanted == "custom":
        left, right = st.columns(2)
        with left:
            _date("from")
        with right:
            _date("to")
    return {"window": wanted}


def _date(name: str) -> None:
    url.bind(name, _read(name, parse_day))
    st.date_input(
        frame.words()(f"filter.{name}"),
        value=None,
        key=url.key(name),
        on_change=url.changed,
        args=(name,),
        format="YYYY-MM-DD",
        min_value=FIRST_DAY,
        max_value=LAST_DAY,
    )


def _dated(window: str | None, chosen: Filters) -> Filters:
    """The filters with the days of a window; the ready ones end on the local day of as-of."""
    if window == "custom":
        first, last = _read("from", parse_day), _read("to", parse_day)
        return replace(chosen, date_from=first, date_to=last)
    instant = data.as_of(chosen)
    if window not in WINDOW_DAYS or instant is None:
        return chosen
    last = to_wall(instant).date()
    return replace(chosen, date_from=last - timedelta(days=WINDOW_DAYS[window] - 1), date_to=last)


def _instant(name: str) -> dict[str, Any]:
    words = frame.words()
    utc = _read(name, _parse_instant)
    url.bind(name, to_wall(utc) if utc else None)
    st.datetime_input(
        words(f"filter.{name}", offset=words.offset()),
        value=None,
        key=url.key(name),
        on_change=_instant_changed,
        args=(name,),
        format="YYYY-MM-DD",
        step=timedelta(minutes=1),
        help=words(f"filter.{name}.help"),
        min_value=datetime.combine(FIRST_DAY, time()),
        max_value=datetime.combine(LAST_DAY, time()),
    )
    return {name: utc}


def _instant_changed(name: str) -> None:
    wall = st.session_state.get(url.key(name))
    url.put(name, to_utc(wall) if wall else None)


def parse_day(text: str) -> date:
    """A day that can be chosen; raises `ValueError` for any other text."""
    day = date.fromisoformat(text)
    if not FIRST_DAY <= day <= LAST_DAY:
        raise ValueError(f"before {FIRST_DAY} or after {LAST_DAY}")
    return day


def _parse_instant(text: str) -> datetime:
    """An instant that can be chosen, as naive UTC; raises `ValueError` for any other text."""
    instant = datetime.fromisoformat(text)
    parse_day(instant.date().isoformat())
    return instant.astimezone(UTC).replace(tzinfo=None) if instant.tzinfo else instant


def _read(name: str, parse: Callable[[str], Any]) -> Any:
    """What the address holds, understood; None where it holds nothing or what nobody can read."""
    text = url.value(name)
    if not text:
        return None
    try:
        return parse(text)
    except ValueError:
        not_understood(name, [text])
        return None


def to_wall(instant: datetime) -> datetime:
    """Wall time in the lake's zone of an instant in naive UTC."""
    return instant.replace(tzinfo=UTC).astimezone(ZoneInfo(data.zone())).replace(tzinfo=None)


def to_utc(wall: datetime) -> datetime:
    """Naive UTC of a wall time in the lake's zone; the first of two where the clock shows it twice."""
    return wall.replace(tzinfo=ZoneInfo(data.zone())).astimezone(UTC).replace(tzinfo=None)


def campaign(chosen: Filters, campaigns: pd.DataFrame, name: str = "campaign") -> Filters:
    """Draw the choice of a campaign (newest first; the first choice is the newest special action).

    `name` is that of the choice in the address.
    """
    names, first = _newest_first(campaigns)
    with st.sidebar:
        picked = _select(name, list(names), lambda code: names.get(code, code), first)
    return replace(chosen, campaign_id=picked)


@frame.in_words
def _newest_first(campaigns: pd.DataFrame) -> tuple[dict[str, str], str]:
    """The campaigns' names by their codes, and the code of the one that a screen opens with."""
    rows = campaigns.sort_values("starts_on", ascending=False, kind="stable")
    special = rows[rows["kind"] == "special_action"]
    first = (special if len(special) else rows)["campaign_id"].iloc[0]
    pick = frame.words().pick
    named = data.tuples(rows, "campaign_id", "name", "name_zh")
    return {code: pick(english, chinese) for code, english, chinese in named}, str(first)


def form() -> str:
    """The form in which this session downloads rows; the first where none was chosen."""
    chosen = url.value("form")
    return chosen if chosen in data.FORMS else data.FORMS[0]


def of_campaign(campaigns: Callable[[], pd.DataFrame], *names: str, choice: str = "campaign") -> Filters:
    """Draw the choice of a campaign, where the lake has data, and below it the widgets of `names`."""
    if data.release() is None:
        return sidebar(*names)
    picked = campaign(Filters(), campaigns(), choice)
    return replace(sidebar(*names), campaign_id=picked.campaign_id)


def undated(chosen: Filters) -> Filters:
    """The filters without their days: everything up to as-of."""
    return replace(chosen, date_from=None, date_to=None)


def between(chosen: Filters, first: date, last: date) -> Filters:
    """The filters for these days, both included."""
    return replace(chosen, date_from=first, date_to=last)


def everywhere(chosen: Filters) -> Filters:
    """The filters without their ports."""
    return replace(chosen, ports=())


def day(name: str, first: date, last: date) -> date:
    """A slider over days on the page itself; the last day is the default."""
    wanted = _read(name, parse_day) or last
    held = min(max(wanted, first), last)
    if first == last:
        return last
    if not first <= st.session_state.get(url.key(name), held) <= last:
        st.session_state.pop(url.key(name))
    url.bind(name, held)
    picked = st.slider(
        frame.words()(f"filter.{name}"),
        min_value=first,
        max_value=last,
        key=url.key(name),
        on_change=url.changed,
        args=(name,),
        format="YYYY-MM-DD",
    )
    return picked


def switch(name: str, options: list[str], label: Callable[[str], str]) -> str:
    """A small switch on the page itself; the first option is the default. Kept in the address."""
    wanted = url.value(name)
    url.bind(name, wanted if wanted in options else options[0])
    if st.session_state[url.key(name)] not in options:
        st.session_state[url.key(name)] = options[0]
    words = frame.words()
    picked = st.segmented_control(
        words(f"filter.{name}"),
        options,
        format_func=label,
        key=url.key(name),
        required=True,
        on_change=url.changed,
        args=(name,),
        help=words(f"filter.{name}.help") if words.has(f"filter.{name}.help") else None,
    )
    return str(picked)


def pick(name: str, options: list[str], label: Callable[[str], str]) -> str:
    """A choice of one on the page itself; the first option is the default."""
    return _select(name, options, label, options[0])


def search(name: str) -> str:
    """A search field on the page itself."""
    url.bind(name, url.value(name) or "")
    words = frame.words()
    text = st.text_input(
        words(f"filter.{name}"),
        key=url.key(name),
        on_change=url.changed,
        args=(name,),
        placeholder=words(f"filter.{name}.placeholder"),
    )
    return (text or "").strip()


def inside(chosen: Filters, ports: list[str]) -> Filters:
    """Draw the choice of the port to look inside of: the one of the chosen cell first."""
    clicked = url.value("cell_port")
    first = clicked if clicked in ports else ports[0]
    port = _select("inside", ports, labels.labeller("port"), first)
    return replace(chosen, ports=(port,))


def of_batch(chosen: Filters, text: str) -> Filters:
    """The filters about one batch, or about what a search text finds."""
    return replace(chosen, consignment_id=text)


def consignment() -> str | None:
    """The batch that the address names."""
    return url.value("consignment")


_WIDGETS: dict[str, Callable[[], dict[str, Any]]] = {
    "ports": _ports,
    "classes": _classes,
    "direction": _direction,
    "count": _count,
    "window": _window,
}
