"""What a written report is: its question, its instants, its build, its definition."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import shlex
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pipeline import __version__
from pipeline.engines.models import models_digest

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.metrics import Filters, Reader

SAMPLE_NOTE = "Sample data: made up by dgwatch. No real box, batch, firm, port day or case."


def meta(report: str, filters: Filters, reader: Reader, frame: pd.DataFrame) -> dict[str, Any]:
    """What a written report is: its question, its instants, the build and the version it was computed with.

    `filters` holds only what was set, `without_effect` the options among them that do not act on this report.
    `as_of` and `known_at` are the instants that were used, also where they were not asked for: with them, and with
    `last_file`, the figures come out again after later loads. `reference` has the SHA-256 of every reference table,
    since these are the present ones whatever `known_at` is.
    """
    from pipeline.metrics import REGISTRY

    release = reader.release
    metric = REGISTRY[report]
    held = replace(filters, as_of=reader.as_of(filters), known_at=reader.known_at(report, filters))
    return {
        "report": report,
        "title": metric.title,
        "filters": asked(filters),
        "without_effect": [_OPTION_OF[field] for field in metric.without_effect(filters)],
        "as_of": instant_text(held.as_of),
        "known_at": instant_text(held.known_at),
        "last_file": reader.last_file(filters),
        "command": command(report, held),
        "campaign": _campaign(reader, filters.campaign_id),
        "rows": len(frame),
        "version": __version__,
        "build": release.build_id if release else None,
        "is_sample": bool(release and release.is_sample),
        "note": SAMPLE_NOTE if release and release.is_sample else "",
        "unit": metric.unit,
        "grain": metric.grain,
        "definition": metric.definition,
        "caveats": metric.caveats,
        "source": metric.source,
        "columns": [str(name) for name in frame.columns],
        "instants": "UTC",
        "models": models_digest(),
        "reference": dict(reader.reference.digests),
    }


_OPTION_OF = {
    "as_of": "--as-of",
    "known_at": "--known-at",
    "date_from": "--from",
    "date_to": "--to",
    "ports": "--port",
    "classes": "--class",
    "direction": "--direction",
    "count": "--count",
    "by": "--by",
    "campaign_id": "--campaign",
    "consignment_id": "--consignment",
    "file": "--file",
    "stage": "--stage",
    "measure": "--measure",
    "part": "--part",
    "tau_hours": "--tau-days",
    "baseline_from": "--baseline-from",
    "baseline_to": "--baseline-to",
    "weights": "--weights",
}
"""The option of the command line for each filter; what only a screen can ask has none."""


def command(report: str, filters: Filters) -> str | None:
    """The command that asks this; None where only a screen can ask so."""
    words = ["dgwatch", "report", report]
    for name, value in asked(filters).items():
        if name == "last_file":
            continue
        if name not in _OPTION_OF:
            return None
        for one in _spoken(name, value):
            words += [_OPTION_OF[name], one]
    return shlex.join(words)


def _spoken(name: str, value: Any) -> list[str]:
    if name in ("by", "weights"):
        return [",".join(value)]
    if name == "tau_hours":
        return [repr(value / 24)]
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]


def _campaign(reader: Reader, campaign_id: str | None) -> dict[str, Any] | None:
    """The days, base period and ports of a campaign as the reference table had them."""
    wanted = ("campaign_id", "starts_on", "ends_on", "baseline_from", "baseline_to", "ports")
    rows = reader.reference.table("campaigns").select(wanted).to_pylist()
    found = next((row for row in rows if row["campaign_id"] == campaign_id), None)
    return None if found is None else {name: _plain(value) for name, value in found.items()}


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
