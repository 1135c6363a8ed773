"""`report`, `rejects` and `trust`: a metric of the registry, asked, printed or written."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import pandas as pd

from pipeline import again, export
from pipeline.cli import briefing, messages
from pipeline.cli.parser import suggestion
from pipeline.cli.values import is_file
from pipeline.errors import NothingFound, UserMistake
from pipeline.intake import digest
from pipeline.metrics import OPTIONS, REGISTRY, Filters, Reader, alerts, elsewhere

FIGURES_DIFFER = 5
"""The exit code where published figures do not come out again."""


def report(chosen: argparse.Namespace) -> int:
    """Print or write a report of the registry."""
    if chosen.again:
        chosen.refuse_unknown()
        return _compare(chosen)
    known_report(chosen.name)
    chosen.refuse_unknown()
    if chosen.settings.remote is not None:
        elsewhere.check(chosen.name)
    if chosen.name == briefing.NAME:
        briefing.refuse_days(chosen)
        return briefing.write(chosen, filters_of(chosen))
    return _answer(chosen, chosen.name, filters_of(chosen))


def rejects(chosen: argparse.Namespace) -> int:
    """The rejected rows, of all files or of one under its own header."""
    return _answer(chosen, "rejects", Filters(file=_file_of(chosen), known_at=chosen.known_at))


def _file_of(chosen: argparse.Namespace) -> str | None:
    """The file that was named; by its content where it lies there as it was loaded: other files may have its name."""
    if chosen.file is None or not is_file(Path(chosen.file)):
        return chosen.file
    content = digest(Path(chosen.file))
    loaded = Reader(chosen.settings).query("files", Filters(known_at=chosen.known_at))
    return content if content in set(loaded["sha256"]) else chosen.file


def trust(chosen: argparse.Namespace) -> int:
    """What the figures rest on."""
    return _answer(chosen, "trust", filters_of(chosen))


def acknowledge(chosen: argparse.Namespace) -> int:
    """Keep that somebody has seen an alert."""
    alerts.acknowledge(Reader(chosen.settings), chosen.alert_id, chosen.name, chosen.remark)
    messages.note(f"{chosen.alert_id}: acknowledged by {chosen.name.strip()}")
    return 0


def known_report(name: str | None) -> None:
    """Raise `UserMistake` for a report that is not there."""
    there = [*(key for key, metric in REGISTRY.items() if metric.is_report), briefing.NAME]
    if name is None:
        raise UserMistake("which report?", f"The reports are {', '.join(there)}.")
    if name in REGISTRY or name == briefing.NAME:
        return
    raise UserMistake(f"{name}: no such report", suggestion(name, there, "The reports are"))


def filters_of(chosen: argparse.Namespace) -> Filters:
    """What was asked, brought to the reference lists' case; raises `UserMistake` for what cannot be asked."""
    name = getattr(chosen, "name", "trust")
    taken = briefing.OPTIONS if name == briefing.NAME else REGISTRY[name].options
    if chosen.count == "unit" and "count_unit" not in taken:
        raise UserMistake(f"--count unit: {name} counts batches", _of(name, "count_unit"))
    for option in OPTIONS:
        if getattr(chosen, option, None) is not None and option not in taken:
            raise UserMistake(f"--{option.replace('_', '-')} does not act on {name}", _of(name, option))
    _refuse_two_windows(chosen)
    if chosen.date_from and chosen.date_to and chosen.date_from > chosen.date_to:
        raise UserMistake(
            f"--from {chosen.date_from} is after --to {chosen.date_to}", "Both days are included; swap them."
        )
    return Filters(
        as_of=chosen.as_of,
        known_at=chosen.known_at,
        date_from=chosen.date_from,
        date_to=chosen.date_to,
        ports=tuple(port.strip().upper() for port in chosen.ports),
        classes=tuple(_class(code) for code in chosen.classes),
        direction=chosen.direction.lower() if chosen.direction else None,
        count=chosen.count,
        by=_listed(getattr(chosen, "by", None)),
        campaign_id=getattr(chosen, "campaign", None),
        consignment_id=getattr(chosen, "consignment", None),
        file=getattr(chosen, "file", None),
        stage=getattr(chosen, "stage", None),
        measure=getattr(chosen, "measure", None),
        part=getattr(chosen, "part", None),
        tau_hours=_hours(getattr(chosen, "tau_days", None)),
        baseline_from=getattr(chosen, "baseline_from", None),
        baseline_to=getattr(chosen, "baseline_to", None),
        weights=getattr(chosen, "weights", None) or (),
    )


def _refuse_two_windows(chosen: argparse.Namespace) -> None:
    """Raise `UserMistake` for a campaign and other days than its own: one of the two would be passed over."""
    campaign = getattr(chosen, "campaign", None)
    days = ("date_from", "date_to", "baseline_from", "baseline_to")
    given = [
        f"--{name.removeprefix('date_').replace('_', '-')}" for name in days if getattr(chosen, name, None)
    ]
    if campaign is not None and given:
        raise UserMistake(
            f"--campaign {campaign} has days and a baseline of its own, and {', '.join(given)} names others",
            f"Leave out {', '.join(given)}, or leave out --campaign and give all the days.",
        )


def _hours(days: float | None) -> float | None:
    return None if days is None else days * 24


def _of(name: str, option: str) -> str:
    """Which reports an option is of."""
    reports = [key for key, metric in REGISTRY.items() if metric.is_report and option in metric.options]
    return f"It is of {', '.join(reports)}."


def _class(code: str) -> str:
    code = code.strip()
    return code.lower() if code.lower() == "unidentified" else code.upper()


def _listed(text: str | None) -> tuple[str, ...]:
    return tuple(part.strip().lower() for part in text.split(",")) if text is not None else ()


def _answer(chosen: argparse.Namespace, name: str, filters: Filters) -> int:
    form = _form(chosen)
    reader = _reader(chosen)
    frame = reader.query(name, filters)
    about = export.meta(name, filters, reader, frame)
    for option in about["without_effect"]:
        messages.note(f"{option} does not act on {name}")
    if about["is_sample"]:
        messages.note(export.SAMPLE_NOTE)
    _deliver(frame, form, about, chosen.output)
    return 0


def _compare(chosen: argparse.Namespace) -> int:
    """Compute published files again; the answer is a table, a row a file."""
    if chosen.name is not None or filters_given(chosen):
        raise UserMistake(
            "--again takes the question from the file",
            "Give the published file or its .meta.json alone, with --lake, --reference, --format and -o at most.",
        )
    form = _form(chosen)
    reader = _reader(chosen)
    frame = again.check(reader, chosen.again)
    if chosen.output is None:
        messages.put_bytes(export.render(frame, form))
    else:
        export.write_blocks(
            chosen.output, export.render(frame, form), {"report": "again", "rows": len(frame)}
        )
    for row in frame.to_dict("records"):
        messages.note(f"{row['file']}: {row['verdict']}" + (f" ({row['why']})" if row["why"] else ""))
    return 0 if (frame["verdict"] == again.IDENTICAL).all() else FIGURES_DIFFER


def filters_given(chosen: argparse.Namespace) -> bool:
    """Whether any option that asks something was given."""
    names = (*OPTIONS, "as_of", "known_at", "date_from", "date_to", "ports", "classes", "direction")
    return chosen.count == "unit" or any(getattr(chosen, name, None) for name in names)


def _reader(chosen: argparse.Namespace) -> Reader:
    reader = Reader(chosen.settings)
    if reader.release is None:
        raise NothingFound(
            f"{chosen.settings.lake}: nothing is loaded here yet",
            "Load files with `dgwatch load PATH`, or see `dgwatch demo`; --lake names another folder.",
        )
    return reader


def _deliver(frame: pd.DataFrame, form: str, about: dict[str, object], output: Path | None) -> None:
    if output is None:
        messages.put_bytes(export.render(frame, form, about))
        return
    export.write(output, frame, form, about)
    messages.note(f"{output}: {len(frame):,} rows; what they are is in {output.name}.meta.json")


def _form(chosen: argparse.Namespace) -> str:
    """The format asked for, else that of the file's ending, else CSV."""
    ending = chosen.output.suffix.lower().removeprefix(".") if chosen.output else ""
    form: str = (chosen.format or (ending if ending in export.FORMATS else "csv")).lower()
    if form not in export.FORMATS:
        raise UserMistake(f"--format {form}: no such format", suggestion(form, export.FORMATS, "They are"))
    if chosen.output is None and form in ("xlsx", "parquet") and sys.stdout.isatty():
        raise UserMistake(f"--format {form}: no text for a terminal", f"Write it to a file: -o report.{form}")
    return form
