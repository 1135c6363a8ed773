"""A frame as people read it: headings with units, labels for codes, wall times, links to batches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from pages.shared import data, frame, labels

_LINKED = {"consignment_id", "equipment_reference", "consignment_id_a", "consignment_id_b"}
"""A batch has a page under its number, and so has a unit that no batch claims."""
_NARROW = {"sha256"}
_LABELLED = {"lead_class", "imo_class", "finding_code"}
_LONG = {"message", "points", "remark", "note", "definition", "sentence", "sentence_zh", "value", "raw"}


def in_words(rows: pd.DataFrame, link: Callable[[str], str]) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The frame for the screen and how its columns are shown, by column name."""
    view = pd.DataFrame(index=range(len(rows)))
    config: dict[str, Any] = {}
    for name in rows.columns:
        view[name], config[name] = _column(rows[name].reset_index(drop=True), name, link)
    return view, config


def _column(cells: pd.Series, name: str, link: Callable[[str], str]) -> tuple[pd.Series, Any]:
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
        return cells.astype(float).round(3), st.column_config.NumberColumn(heading, format="percent")
    if pd.api.types.is_numeric_dtype(cells):
        return cells.round(_places(name)), st.column_config.NumberColumn(heading, format="localized")
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


def _links(cells: pd.Series, link: Callable[[str], str]) -> pd.Series:
    """An address a batch, with the batch behind # for the cell to show; several joined by ; stay text."""
    return cells.map(
        lambda batch: f"{link(batch)}#{batch}" if batch and ";" not in batch else batch, na_action="ignore"
    )


def _places(name: str) -> int:
    """Decimals shown: logarithms and p-values need more than hours do."""
    return 3 if "_log" in name or name.startswith("p_") or "_p_" in name else 1


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
