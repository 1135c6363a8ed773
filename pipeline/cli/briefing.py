"""`report briefing`: two pages on a campaign, as HTML or PDF."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from typing import Any

import pandas as pd

from pipeline import briefing, export
from pipeline.cli import messages
from pipeline.cli.parser import suggestion
from pipeline.errors import NothingFound, UserMistake
from pipeline.metrics import Filters, Reader

NAME = "briefing"
FORMATS = ("html", "pdf")
OPTIONS = ("campaign",)


def write(chosen: argparse.Namespace, filters: Filters) -> int:
    """Print or write the briefing of the campaign asked for."""
    form = _form(chosen)
    reader = Reader(chosen.settings)
    if reader.release is None:
        raise NothingFound(
            f"{chosen.settings.lake}: nothing is loaded here yet",
            "Load files with `dgwatch load PATH`, or see `dgwatch demo`; --lake names another folder.",
        )
    html = briefing.page(briefing.gather(reader, filters, briefing.narrowed(filters)))
    content = html.encode() if form == "html" else briefing.as_pdf(html)
    about = _about(reader, filters)
    if about["is_sample"]:
        messages.note(export.SAMPLE_NOTE)
    if chosen.output is None:
        messages.put_bytes([content])
        return 0
    export.write_blocks(chosen.output, [content], about)
    messages.note(f"{chosen.output}: two pages on {filters.campaign_id}")
    return 0


def refuse_days(chosen: argparse.Namespace) -> None:
    """Raise `UserMistake` for days: the campaign has its own."""
    if chosen.date_from or chosen.date_to:
        raise UserMistake(f"{NAME} is of a campaign's own days", "Leave out --from and --to.")


def _about(reader: Reader, filters: Filters) -> dict[str, Any]:
    about = export.meta("campaign", filters, reader, pd.DataFrame())
    of_rows = ("title", "command", "rows", "unit", "grain", "definition", "caveats", "columns")
    held = replace(filters, as_of=reader.as_of(filters), known_at=reader.known_at("campaign", filters))
    told = {"report": NAME, "title": "Briefing on a campaign", "command": export.command(NAME, held)}
    return told | {name: value for name, value in about.items() if name not in ("report", *of_rows)}


def _form(chosen: argparse.Namespace) -> str:
    ending = chosen.output.suffix.lower().removeprefix(".") if chosen.output else ""
    form: str = (chosen.format or (ending if ending in FORMATS else "html")).lower()
    if form not in FORMATS:
        raise UserMistake(f"--format {form}: no format of {NAME}", suggestion(form, FORMATS, "They are"))
    if chosen.output is None and form == "pdf" and sys.stdout.isatty():
        raise UserMistake("--format pdf: no text for a terminal", "Write it to a file: -o briefing.pdf")
    return form
