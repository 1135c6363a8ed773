"""The one door to the pipeline.

A run of a screen looks at one release: `refresh` picks it at the start, and every figure of the run comes
from it. Frames are kept (`kept.py`) by release, reference tables, metric and filters.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pandas as pd
import streamlit as st

from pages.shared import kept, run
from pages.shared.server import releases
from pipeline import acknowledgements, export
from pipeline.contract import SOURCES
from pipeline.metrics import (
    REGISTRY,
    Filters,
    Metric,
    Reader,
    Release,
    alerts,
    example,
    quiet_ports,
    risk,
)
from pipeline.metrics.durations import STAGES
from pipeline.settings import Settings

_READER = "_reader"


def refresh() -> None:
    """Once at the start of a run: take the release that is shown now."""
    current = releases.current()
    st.session_state[_READER] = current
    run.hold(_READER, current)


def reader() -> Reader:
    """The reader of this run."""
    current: Reader = run.of(_READER, _of_session)
    return current


def _of_session() -> Reader:
    """The reader of the session's last run: a file is made for the screen that its button stands on."""
    if _READER not in st.session_state:
        st.session_state[_READER] = releases.current()
    return st.session_state[_READER]


def release() -> Release | None:
    """The release that this run shows; None for an empty lake."""
    return reader().release


def settings() -> Settings:
    """Where the lake is and how it is read."""
    return reader().settings


def zone() -> str:
    """The IANA zone in which the screens write instants."""
    return reader().settings.default_zone


def pile_up() -> pd.DataFrame:
    """The example of the methodology: three clocks of a dozen made-up stays, before and after a clear-out."""
    return kept.of(("pile_up",), lambda: example.clocks(settings()))


def pile_up_stays() -> pd.DataFrame:
    """The stays of that example."""
    return kept.of(("pile_up_stays",), example.stays)


def false_alarms() -> pd.DataFrame:
    """How often the rebound watch signals at simulated ports that stay as they were."""
    return kept.of(("false_alarms",), quiet_ports.table)


def registry() -> dict[str, Metric]:
    """Every metric by its key."""
    return REGISTRY


def as_of(chosen: Filters) -> datetime | None:
    """The instant that the filters look at, naive UTC; None where nothing has happened yet."""
    current = reader()
    if current.release is None:
        return None
    asked = Filters(as_of=chosen.as_of, known_at=chosen.known_at)
    return kept.of(("as_of", mark(), asked), lambda: current.as_of(asked))


def mark() -> tuple[str, str, str]:
    """What tells the release of this run, and the reference tables in force, from others."""
    current = reader()
    build = current.release.build_id if current.release else ""
    return str(current.settings.lake), build, current.reference.digest


def metric(key: str, chosen: Filters | None = None) -> pd.DataFrame:
    """The frame of a metric: columns as the registry documents them, instants in naive UTC.

    Raises `UserMistake` for filters that make no sense, and `NothingFound` on an empty lake.
    """
    current, asked = reader(), chosen or Filters()
    follows_log = key in REGISTRY and REGISTRY[key].follows_log
    log = current.log_version() if follows_log else None
    return kept.of(("metric", mark(), log, key, asked), lambda: current.query(key, asked))


def acknowledgement_lengths() -> tuple[int, int]:
    """The most characters of the name and of the remark of who acknowledges."""
    return acknowledgements.NAME_MAX, acknowledgements.REMARK_MAX


def acknowledge(alert_id: str, name: str, remark: str) -> None:
    """Keep that somebody has seen an alert: the one thing that a screen writes.

    Raises `UserMistake` for what cannot be kept.
    """
    alerts.acknowledge(reader(), alert_id, name, remark)


FORMS = export.FORMATS
"""The forms in which rows can be downloaded, the first unless another was chosen."""


def download(frame: pd.DataFrame, key: str, chosen: Filters, form: str = FORMS[0]) -> bytes:
    """The frame as a report writes it, with what it is: metric, filters, as-of, known-at, build.

    XLSX and Parquet hold that themselves; CSV and JSON come with it in a zip. Raises `UserMistake` where a
    spreadsheet does not hold so many rows.
    """
    about = export.meta(key, chosen, reader(), frame)
    about["is_composed"] = not _is_answer(frame, metric(key, chosen))
    return export.packed(key, frame, about, form)


def plain_csv(frame: pd.DataFrame) -> bytes:
    """A frame that no report has, as the CSV of a report."""
    return export.csv_bytes(frame)


def briefing_forms() -> tuple[str, ...]:
    """The forms in which this machine can print a campaign's two pages."""
    from pipeline import briefing

    return ("html", "pdf") if briefing.finds_browser() else ("html",)


def briefing_of(chosen: Filters, form: str) -> bytes:
    """Two pages on a campaign, as the command prints them."""
    from pipeline import briefing

    html = briefing.page(briefing.gather(reader(), chosen, briefing.narrowed(chosen)))
    return html.encode() if form == "html" else briefing.as_pdf(html)


def _is_answer(shown: pd.DataFrame, answer: pd.DataFrame) -> bool:
    """Whether what is shown are the rows of the metric itself, all or some of its columns."""
    columns = [name for name in shown.columns if name in answer.columns]
    return len(columns) == len(shown.columns) and shown.reset_index(drop=True).equals(answer[columns])


def download_holds(frame: pd.DataFrame, form: str) -> bool:
    """Whether a file of this form holds so many rows."""
    return form != "xlsx" or len(frame) <= export.XLSX_MAX_ROWS


def download_name(key: str, form: str) -> tuple[str, str]:
    """What the file of a download is called, and its media type. Sample data are called so in the name too."""
    current = release()
    sample = "sample-" if current is not None and current.is_sample else ""
    ending = export.packed_ending(form)
    return f"dgwatch-{sample}{key}.{ending}", export.MEDIA_TYPES[ending]


def tuples(rows: pd.DataFrame, *columns: str) -> Iterator[tuple[Any, ...]]:
    """The named columns row by row."""
    return zip(*(rows[column] for column in columns), strict=True)


def ports() -> list[str]:
    """Codes of the ports that the lake has rows of, in order."""
    if release() is None:
        return []
    codes: list[str] = kept.of(("ports", mark()), _ports)
    return codes


def _ports() -> list[str]:
    return sorted(set(metric("freshness")["un_location_code"].dropna()))


def table(name: str) -> pd.DataFrame:
    """A reference table as a frame."""
    tables = reader().reference.tables
    return kept.of(("table", reader().reference.digest, name), lambda: tables[name].to_pandas())


def port_aliases() -> dict[str, str]:
    """Every code that a port goes by, each with the port's own."""
    return reader().reference.port_of


def classes() -> list[str]:
    """Classes and divisions that a filter offers, in order; groups like 1.4S are left out."""
    found: list[str] = kept.of(("classes", reader().reference.digest), _classes)
    return found


def _classes() -> list[str]:
    codes = table("imdg_classes")["code"].astype(str)
    return sorted(code for code in codes if not code[-1:].isalpha() or code == "unidentified")


def codes(name: str) -> list[str]:
    """The canonical codes of a vocabulary, in the order of its table."""
    found: list[str] = kept.of(("codes", reader().reference.digest, name), lambda: _codes(name))
    return found


def _codes(name: str) -> list[str]:
    rows = table("code_lists")
    return list(dict.fromkeys(rows.loc[rows["list"] == name, "canonical"]))


def sources() -> tuple[str, ...]:
    """The names of the sources, in the contract's order."""
    return tuple(SOURCES)


def stages() -> tuple[str, ...]:
    """The stages that a clearance can be asked for, the whole first."""
    return STAGES


def places() -> tuple[str, ...]:
    """What the yard's stock can be told by, the widest first."""
    return tuple(risk.PLACES)
