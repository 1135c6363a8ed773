"""What the screens are made of: headings, cards, tables with their download, empty states, definitions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.shared import cell, cells, data, filters, frame, url
from pages.shared.text import plain
from pipeline.errors import NothingFound, UserMistake
from pipeline.metrics import Filters

Points = Sequence[Mapping[str, Any]]
"""The clicked marks of a figure as the browser tells them: x, y, customdata."""
FIRST_ROWS = 200
"""Of a list to be looked into, not worked through: the others are in the download, and need not go to every browser."""
CHART_CONFIG = {"displayModeBar": False, "scrollZoom": False, "locale": "en"}


def heading(title: str, chosen: Filters | None = None) -> None:
    """The title of a screen and the line that says of when its figures are."""
    words = frame.words()
    st.title(title, anchor=False)
    release = data.release()
    if release is None:
        return
    with user_errors():
        instant = data.as_of(chosen or Filters())
    known = chosen.known_at if chosen else None
    parts = [words("as_of", instant=words.instant(instant))]
    parts.append(words("known_at", instant=words.instant(known)) if known else words("known_all"))
    parts.append(words("build", build=str(release.build_id)[:12], created=words.instant(release.created_at)))
    if release.is_sample:
        parts.append(words("sample.short"))
    st.caption(" · ".join(parts))


@contextmanager
def user_errors() -> Iterator[None]:
    """Turn what a user can mend into a message with its hint, and end the screen there. Bugs stay bugs."""
    try:
        yield
    except NothingFound as nothing:
        st.info(told(nothing))
        st.stop()
    except UserMistake as mistake:
        st.error(told(mistake))
        st.stop()


def told(mistake: UserMistake) -> str:
    """What a user can mend, and how, for an element that takes Markdown."""
    return "\n\n".join(plain(line) for line in (str(mistake), mistake.hint) if line)


def need_data() -> None:
    """Where the lake is empty, say how to load, and end the screen there."""
    if data.release() is not None:
        return
    words = frame.words()
    st.info(words("empty.lake", lake=str(data.settings().lake)))
    st.markdown(words("empty.how"))
    st.code("dgwatch demo\ndgwatch load FOLDER\ndgwatch serve", language="bash")
    st.stop()


def nothing_found() -> None:
    """In the place of figures that a selection does not have."""
    st.info(frame.words()("empty.selection"))


def section(key: str, **values: object) -> None:
    """A heading inside a screen, with its line of explanation where the words have one."""
    words = frame.words()
    values = {name: plain(value) if isinstance(value, str) else value for name, value in values.items()}
    lines = [words(name, **values) for name in (key, f"{key}.note") if words.has(name)]
    # All but the first line of a heading are ordinary text: one element instead of two.
    told = "\n".join(lines)
    st.subheader(told, anchor=False)


def place() -> DeltaGenerator:
    """Around what a screen has now and then not, or more or less of: what comes below stays where it is.

    What moves a browser draws anew, tables above all. An empty place takes no room.
    """
    return st.container()


def cards(figures: Sequence[tuple[str, str, str]], key: str = "cards") -> None:
    """A row of figures, each (name, figure with its unit, small line below); two in a row on a phone.

    A second row on a screen has a key of its own, `cards_...`.
    """
    with st.container(key=key, horizontal=True, gap="small"):
        for name, figure, below in figures:
            st.metric(
                name,
                figure,
                delta=below or None,
                delta_color="off",
                delta_arrow="off",
                border=True,
                height="stretch",
            )


def chart(figure: go.Figure, key: str, alt: str, wide: bool = False) -> None:
    """A figure to look at; a wide one scrolls inside its own frame on a phone."""
    st.plotly_chart(figure, theme=None, key=_framed(key, wide), config=CHART_CONFIG, alt=alt)


def clickable(
    figure: go.Figure, key: str, parts: Mapping[str, str], alt: str, fixed: Mapping[str, str] | None = None
) -> None:
    """A wide figure whose cells can be clicked; see `cell.choose` for `parts` and `fixed`."""
    pickable(figure, key, lambda points: cell.choose(points, parts, fixed or {}), alt, wide=True)


def pickable(
    figure: go.Figure, key: str, picked: Callable[[Points], None], alt: str, wide: bool = False
) -> None:
    """A figure whose marks can be clicked; `picked` gets those, before the page runs. `wide` as in `chart`."""
    name = _framed(key, wide)
    st.plotly_chart(
        figure,
        theme=None,
        key=name,
        config=CHART_CONFIG,
        alt=alt,
        selection_mode="points",
        on_select=lambda: picked(st.session_state[name]["selection"]["points"]),
    )


def _framed(key: str, wide: bool) -> str:
    """The key of a figure, by which the style sheet tells wide ones."""
    return f"{'wide' if wide else 'chart'}_{key}"


def table(
    rows: pd.DataFrame,
    metric: str,
    chosen: Filters,
    *,
    key: str | None = None,
    columns: Sequence[str] | None = None,
    height: int | None = None,
    most: int | None = None,
) -> None:
    """A frame in words, with its download. `columns`: those to show, in order; the download has the same.

    The screen has the first `most` rows, or all; the download has all, with codes and UTC instants, as the report
    does. A consignment_id links to that batch's page.
    """
    words = frame.words()
    key = key or metric
    if rows.empty:
        st.caption(words("empty.rows"))
        return
    wanted = None if columns is None else tuple(columns)
    _tell_without_effect(metric, chosen)
    view, config = cells.in_words(rows, wanted, link(), most)
    st.dataframe(
        view,
        hide_index=True,
        column_config=config,
        placeholder="–",
        key=f"table_{key}",
        height=height or "auto",
    )
    _download_button(cells.shown(rows, wanted), metric, chosen, key, _count_label(len(rows), most), most or 0)


def _tell_without_effect(metric: str, chosen: Filters) -> None:
    """A line on what was chosen and does not act on a table; days are chosen on most screens, and not told of."""
    words = frame.words()
    fields = [name for name in data.registry()[metric].without_effect(chosen) if not name.startswith("date_")]
    if fields:
        names = " · ".join(words(f"filter.{name}", offset=words.offset()) for name in fields)
        st.caption(words("table.without_effect", names=names))


def _count_label(rows: int, most: int | None) -> str:
    return "download.counted" if most is None or rows <= most else "download.first"


def download(rows: pd.DataFrame, metric: str, chosen: Filters, key: str) -> None:
    """The button for exactly these rows and columns, in the form chosen, with filters and as-of in it."""
    _download_button(rows, metric, chosen, key, "download")


def _download_button(
    rows: pd.DataFrame, metric: str, chosen: Filters, key: str, label: str, shown: int = 0
) -> None:
    words, form = frame.words(), filters.form()
    name, media_type = data.download_name(metric, form)
    holds = data.download_holds(rows, form)
    st.download_button(
        words(
            label,
            form=words(f"form.{form}"),
            rows=words.counted("row", len(rows)),
            shown=words.number(shown),
        ),
        data=lambda: data.download(rows, metric, chosen, form),
        file_name=name,
        mime=media_type,
        key=f"download_{key}",
        on_click="ignore",
        type="tertiary",
        disabled=not holds,
        help=None if holds else words("download.too_many", rows=words.number(len(rows))),
    )


def briefing(chosen: Filters) -> None:
    """The buttons for a campaign's two pages to print; made when they are clicked."""
    words = frame.words()
    with st.container(horizontal=True, horizontal_alignment="right", key="briefing"):
        for form in data.briefing_forms():
            st.download_button(
                words("briefing", form=form.upper()),
                data=partial(data.briefing_of, chosen, form),
                file_name=f"dgwatch-briefing-{chosen.campaign_id}.{form}",
                mime={"html": "text/html", "pdf": "application/pdf"}[form],
                key=f"briefing_{form}",
                on_click="ignore",
                type="tertiary",
            )


def link() -> cells.Link:
    """The way to a batch's page, which keeps language, as-of and known-at."""
    kept = ((name, url.value(name)) for name in ("lang", "as_of", "known_at"))
    return cells.Link(tuple((name, value) for name, value in kept if value))


def definitions(*keys: str) -> None:
    """What the figures of the screen mean, from the registry."""
    words = frame.words()
    with st.expander(words("definitions")):
        st.markdown(defined(*keys))


@frame.in_words
def defined(*keys: str) -> str:
    """Metrics one below the other: title, unit, definition and caveats, in the session's language."""
    return "\n\n---\n\n".join(map(_defined, keys))


def _defined(key: str) -> str:
    words = frame.words()
    metric = data.registry()[key]
    pick = words.pick
    lines = [
        f"**{pick(metric.title, metric.title_zh)}** · `{key}`",
        pick(metric.definition, metric.definition_zh),
    ]
    caveats = pick(metric.caveats, metric.caveats_zh)
    if caveats:
        lines.append(words("definition.caveats", caveats=caveats))
    facts = {
        "unit": _of_metric("measured_in", key, metric.unit),
        "grain": _of_metric("grain", key, metric.grain),
        "source": metric.source,
        "sql": metric.sql,
    }
    told = [words(f"definition.{name}", **{name: fact}) for name, fact in facts.items() if fact]
    lines.append(f":gray[{' · '.join(told)}]")
    return "\n\n".join(lines)


def _of_metric(what: str, key: str, otherwise: str) -> str:
    """What the catalogs call a metric's unit or grain, else what the registry does."""
    words = frame.words()
    return words(f"{what}.{key}") if words.has(f"{what}.{key}") else otherwise


def reference_table(name: str) -> None:
    """A reference table as it is in force, each row with its source."""
    plain_table(data.table(name), f"reference_{name}")


def plain_table(rows: pd.DataFrame, key: str) -> None:
    """Rows that no report has: as CSV alone, since there are no filters and instants to tell with them."""
    words = frame.words()
    view, config = cells.in_words(rows, None, link())
    st.dataframe(view, hide_index=True, column_config=config, placeholder="–", key=key)
    st.download_button(
        words("download.counted", form=words("form.csv"), rows=words.counted("row", len(rows))),
        data=lambda: data.plain_csv(rows),
        file_name=f"dgwatch-{key.replace('_', '-')}.csv",
        mime="text/csv",
        key=f"download_{key}",
        on_click="ignore",
        type="tertiary",
    )
