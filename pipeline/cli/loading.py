"""`load` and `rebuild`: what changes a lake."""

from __future__ import annotations

import argparse
import json
import shlex
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from pipeline import progress
from pipeline.cli import messages
from pipeline.intake.take import FORMATS
from pipeline.loading import build

if TYPE_CHECKING:
    from pipeline.loading.build import FileSummary, LoadSummary

COUNTS = ("read", "accepted", "superseded", "duplicate", "rejected", "warned")
NOTHING_LOADED = 3
NOT_CLEAN = 4


def load(chosen: argparse.Namespace) -> int:
    """Load files and folders; 0 when a file was taken, 3 when none was, 4 by --strict."""
    notices = _notices(chosen)
    with progress.on_terminal() as bars:
        summary = build.load(chosen.settings, chosen.paths, chosen.loaded_at, bars)
    if chosen.json:
        messages.put(json.dumps(summary.as_json(), ensure_ascii=False, indent=1))
    else:
        messages.put(summary_table(summary))
    say_what_to_do(summary.files, chosen.lake)
    notices()
    return exit_code(summary, chosen.strict)


def _notices(chosen: argparse.Namespace) -> Callable[[], None]:
    """What tells others of new alerts once the load is done; a target that cannot be is refused before it."""
    if not chosen.notify:
        return lambda: None
    from pipeline import notify
    from pipeline.lake.lake import Lake

    targets = [notify.target_of(given) for given in chosen.notify]
    release = Lake(chosen.settings.lake).release()
    before = release.as_of if release else None

    def tell() -> None:
        for outcome in notify.after_load(chosen.settings, before, targets):
            shown = outcome.target.shown
            alerts = f"{outcome.alerts:,} new alert{'' if outcome.alerts == 1 else 's'}"
            if outcome.error:
                messages.say(
                    f"{shown}: {alerts} not delivered: {outcome.error}",
                    "The load itself is done. The next load with this --notify tries again.",
                )
            else:
                messages.note(f"{shown}: told {alerts}")

    return tell


def exit_code(summary: LoadSummary, strict: bool) -> int:
    """Ruling 39; that nothing was taken is graver than that something was not clean."""
    refused = [file for file in summary.files if file.error]
    if len(refused) == len(summary.files):
        return NOTHING_LOADED
    return NOT_CLEAN if strict and (refused or summary.totals["rejected"]) else 0


def summary_table(summary: LoadSummary) -> str:
    """One line a file and the totals, in at most 100 columns."""
    rows: list[tuple[str, ...]] = [("file", *COUNTS)]
    for file in summary.files:
        state = "refused" if file.error else "loaded before" if file.already_loaded else ""
        counts = (f"{getattr(file, count):,}" for count in COUNTS)
        rows.append((file.file, state) if state else (file.file, *counts))
    rows.append((f"total of {len(summary.files):,}", *(f"{summary.totals[count]:,}" for count in COUNTS)))
    return messages.aligned(rows)


def say_what_to_do(files: Sequence[FileSummary], lake: str | None) -> None:
    """Refused files with their reason, unknown columns once, and where the rejected rows are."""
    if not files:
        messages.say("no file to load was found", f"Files that are read end in {', '.join(FORMATS)}.")
    for file in files:
        if file.error:
            messages.say(f"{file.file}: refused: {file.error}")
    unknown = sorted({(column, file.source or "") for file in files for column in file.unknown_columns})
    if unknown:
        named = ", ".join(f"{column} ({source})" for column, source in unknown)
        messages.note(f"Unknown columns, carried past: {named}")
    worst = max(files, key=lambda file: file.rejected, default=None)
    if worst is not None and worst.rejected:
        command = ["dgwatch", "rejects", *(["--lake", lake] if lake else []), "--file", worst.file]
        messages.note(f"Rejected rows, to mend and load again: {shlex.join(command)} -o FILE")


def rebuild(chosen: argparse.Namespace) -> int:
    """Compute all tables anew from what was loaded."""
    with progress.on_terminal() as bars:
        release = build.rebuild(chosen.settings, bars)
    messages.put(f"rebuilt {chosen.settings.lake}: build {release.build_id}")
    return 0
