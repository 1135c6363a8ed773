"""A frame as people read it: headings with units, labels for codes, wall times, links to batches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import pandas as pd
import pyarrow as pa
import streamlit as st

from pages.shared import data, frame, kept, labels

_LINKED = {"consignment_id", "equipment_reference", "consignment_id_a", "consignment_id_b"}
"""A batch has a page under its number, and so has a unit that no batch claims."""
_NARROW = {"sha256"}
_LABELLED = {"lead_class", "imo_class", "finding_code"}
_LONG = {"message", "points", "remark", "note", "definition", "sentence", "sentence_zh", "value", "raw"}


@dataclass(frozen=True)
class Link:
    """The way to a batch's page; `kept` are the choices that go along, by name."""

    kept: tuple[tuple[str, str], ...] = ()

    def __call__(self, consignment_id: str) -> str:
        """The address of a batch's page."""
        return "&".join(filter(None, [f"batch?consignment={quote(consignment_id, safe='')}", self._tail]))

    @property
    def _tail(self) -> str:
        return urlencode(self.kept)


@frame.in_words
def in_words(
    rows: pd.DataFrame, columns: tuple[str, ...] | None, link: Link, most: int | None = None
) -> tuple[pa.Table, dict[str, Any]]:
    """The frame for the screen and how its columns are shown, by column name.

    `columns`: those to show. `most`: how many rows, from the first.
    """
    rows = rows.iloc[:most]
    view = pd.DataFrame(index=range(len(rows)))
    config: dict[str, Any] = {}
    for name in shown(rows, columns).columns:
        view[name], config[name] = _column(rows[name].reset_index(drop=True), name, link)
    return pa.Table.from_pandas(view, preserve_index=False), config


@kept.by_arguments
def shown(rows: pd.DataFrame, columns: tuple[str, ...] | None) -> pd.DataFrame:
    """The columns of a frame that are shown, those of `columns` that it has; all where none are named."""
    return rows if columns is None else rows[[name for name in columns if name in rows.columns]]


def _column(cells: pd.Series, name: str, link: Link) -> tuple[pd.Series, Any]:
    heading = frame.words().column(name)
    if name in _LINKED:
        pinned = name == "consignment_id"
        return _links(cells, link), st.column_config.LinkColumn(
            heading, display_text=r"#(.*)$", pinned=pinned
        )
    if pd.api.types.is_datetime64_any_dtype(cells):
        return _wall(cells), st.column_config.DatetimeColumn(heading, format="YYYY-MM-DD HH:mm")
    if pd.api.types.is_bool_dtype(cells.dropna().infer_objects()) and len(cells.dropna()):
        words = frame.words()
        return cells.map({True: words("yes"), False: words("no")}), st.column_config.TextColumn(heading)
    if name.endswith("_part"):
        return cells.astype(float), st.column_config.ProgressColumn(
            heading, format="%.2f", min_value=0, max_value=1
        )
    if name == "score":
        return cells.astype(float), st.column_config.ProgressColumn(
            heading, format="%.0f", min_value=0, max_value=100
        )
    if name.endswith("_share"):
        return 100 * cells.astype(float), st.column_config.NumberColumn(heading, format="%.1f%%")
    if pd.api.types.is_numeric_dtype(cells):
        return cells, st.column_config.NumberColumn(heading, format=_number_format(cells, name))
    if name == "date" or name.endswith(("_on", "_from", "_to")):
        return cells.astype(object), st.column_config.DateColumn(heading, format="YYYY-MM-DD")
    if name == "flags":
        return cells.map(_flags, na_action="ignore"), st.column_config.TextColumn(heading)
    if name == "missing_parts":
        return cells.map(_parts, na_action="ignore"), st.column_config.TextColumn(heading)
    width: Any = (
        "large" if name in _LONG else "medium" if name in _LABELLED else "small" if name in _NARROW else None
    )
    return labels.labelled(cells, name), st.column_config.TextColumn(heading, width=width)


def _links(cells: pd.Series, link: Link) -> pd.Series:
    """An address a batch, with the batch behind # for the cell to show; several joined by ; stay text."""
    return cells.map(
        lambda batch: f"{link(batch)}#{batch}" if batch and ";" not in batch else batch, na_action="ignore"
    )


def _number_format(cells: pd.Series, name: str) -> str:
    """The same decimals in every cell of a column; logarithms and p-values need more than hours do."""
    if (cells.dropna() % 1 == 0).all():
        return "%,d"
    return "%,.3f" if "_log" in name or name.startswith("p_") or "_p_" in name else "%,.1f"


def _flags(text: str) -> str:
    """Marks of a figure, joined by ; in reports, as words."""
    known = frame.words().under("flag")
    return ", ".join(known.get(flag, flag) for flag in text.split(";") if flag)


def _parts(text: str) -> str:
    """Parts of the risk, joined by ; in reports, as words."""
    known = labels.of("risk_part")
    return ", ".join(known.get(part, part) for part in text.split(";"))


def _wall(cells: pd.Series) -> pd.Series:
    return cells.dt.tz_localize("UTC").dt.tz_convert(data.zone()).dt.tz_localize(None)
