"""What a written report is: its question, its instants, its build, its definition."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from typing import TYPE_CHECKING, Any

from pipeline import __version__

if TYPE_CHECKING:
    from pipeline.metrics import Filters, Reader

SAMPLE_NOTE = "Sample data: made up by dgwatch. No real box, batch, firm, port day or case."


def meta(report: str, filters: Filters, reader: Reader, rows: int) -> dict[str, Any]:
    """What a written report is: its question, its instants, the build and the version it was computed with.

    `filters` holds only what was set. `as_of` is the instant that was used, also where it was not asked for.
    """
    from pipeline.metrics import REGISTRY

    release = reader.release
    metric = REGISTRY[report]
    return {
        "report": report,
        "title": metric.title,
        "filters": asked(filters),
        "as_of": instant_text(reader.as_of(filters)),
        "known_at": instant_text(filters.known_at),
        "rows": rows,
        "version": __version__,
        "build": release.build_id if release else None,
        "is_sample": bool(release and release.is_sample),
        "note": SAMPLE_NOTE if release and release.is_sample else "",
        "unit": metric.unit,
        "grain": metric.grain,
        "definition": metric.definition,
        "caveats": metric.caveats,
        "source": metric.source,
        "columns": list(metric.columns),
        "instants": "UTC",
    }


def asked(filters: Filters) -> dict[str, Any]:
    """The filters that differ from their defaults, ready for JSON."""
    given: dict[str, Any] = {}
    for field in dataclasses.fields(filters):
        value = getattr(filters, field.name)
        if value != field.default:
            given[field.name] = _plain(value)
    return given


def meta_bytes(about: dict[str, Any]) -> bytes:
    """`about` as JSON text."""
    return (json.dumps(about, ensure_ascii=False, indent=2) + "\n").encode()


def instant_text(instant: dt.datetime | None) -> str | None:
    """A naive UTC instant as `2022-06-01T08:05:00Z`, with a fraction only where it is not zero."""
    if instant is None:
        return None
    text = instant.replace(tzinfo=None).isoformat(timespec="seconds")
    fraction = f".{instant.microsecond:06d}".rstrip("0") if instant.microsecond else ""
    return f"{text}{fraction}Z"


def _plain(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return instant_text(value)
    if isinstance(value, dt.date):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value
