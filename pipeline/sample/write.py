"""Writes a sample world: every source by port and period, what is true of it, and a note that it is
invented.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.sample import feeds, surroundings
from pipeline.sample.facts import LOCAL_OFFSET_SECONDS, Facts, load_facts
from pipeline.sample.files import Writer
from pipeline.sample.moves import make_moves, make_visits
from pipeline.sample.settings import SampleSettings, SampleSummary
from pipeline.sample.text import style_of
from pipeline.sample.truth import PortTruth, keep, world_truth
from pipeline.sample.world import PortWorld, Profile, calendar, make_port, profiles

NOTE = """SAMPLE DATA, INVENTED.

Nothing in this folder is real: no unit, batch, firm, inspection, case, temperature or hazard. Everything was
drawn by `dgwatch sample` from a model of ports, so that the dashboard has something to show and tests have a
known truth. Only port codes, UN numbers and shipping names are those of the public lists; campaign dates and
limits are the illustrative ones of the reference tables. sample.json holds the settings and what is true of
this world.

"""


def write_sample(
    out: Path,
    settings: SampleSettings,
    progress: Callable[[float, str], None] | None = None,
    reference: Path | None = None,
) -> SampleSummary:
    """Write source files of an invented port world into `out`; equal settings write equal bytes.

    `progress` is called with the share done (0 to 1) and what is being done; `reference` is a folder of
    reference tables that replace the shipped ones. Raises `UserMistake` for settings that no world can have.
    """
    facts = load_facts(reference)
    chosen = profiles(settings, facts)
    out.mkdir(parents=True, exist_ok=True)
    writer = Writer(out, settings, facts.chinese_headers, {p.port.code: p.port.aliases for p in chosen})
    total = sum(profile.batches for profile in chosen) or 1
    kept: list[PortTruth] = []
    done = numbers = 0
    for profile in chosen:
        if progress:
            progress(done / total, profile.port.code)
        world = make_port(settings, facts, profile)
        numbers += _write_port(writer, settings, world, numbers)
        kept.append(keep(world.batches, world.inspections, world.cases))
        done += profile.batches
    _write_border(writer, settings, chosen)
    summary = _summary(writer, settings, facts, chosen, kept)
    _write_notes(out, settings, summary)
    if progress:
        progress(1.0, "done")
    return summary


def sample_truth(settings: SampleSettings, reference: Path | None = None) -> dict[str, Any]:
    """What is true of a world, without writing it; the same as `SampleSummary.truth` of `write_sample`."""
    facts = load_facts(reference)
    chosen = profiles(settings, facts)
    worlds = (make_port(settings, facts, profile) for profile in chosen)
    kept = [keep(world.batches, world.inspections, world.cases) for world in worlds]
    return world_truth(settings, facts, kept, _relapsing(chosen), calendar(settings)[1])


def _relapsing(chosen: list[Profile]) -> str | None:
    return next((profile.port.code for profile in chosen if profile.relapses), None)


def _write_port(writer: Writer, settings: SampleSettings, world: PortWorld, first_number: int) -> int:
    """Write the feeds of one port; returns how many container numbers it took."""
    style = style_of(world.profile.rank)
    first_day, as_of = calendar(settings)
    visits = make_visits(settings, world.batches, first_number)
    feed, value, manifested = feeds.consignments(settings, world, style, as_of)
    writer.write(feed)
    feed, weight = feeds.dg_items(settings, world, style, visits, manifested)
    writer.write(feed)
    moves = make_moves(settings, world.batches, visits, world.inspections, as_of)
    writer.write(feeds.yard_moves(settings, world, style, visits, moves))
    writer.write(feeds.clearance_milestones(settings, world, style, as_of))
    writer.write(feeds.inspection_findings(settings, world, style, visits, weight, as_of))
    writer.write(feeds.penalty_cases(settings, world, style, value, as_of))
    writer.write(surroundings.weather(settings, world.profile.port, style, first_day))
    return len(visits.equipment)


def _write_border(writer: Writer, settings: SampleSettings, chosen: list[Profile]) -> None:
    first_day, until = calendar(settings)
    first = first_day * 86_400 - LOCAL_OFFSET_SECONDS
    alerts = surroundings.risk_alerts(settings, style_of(0), first, until)
    writer.write(alerts)
    size = np.array([profile.batches for profile in chosen], dtype=float)
    size /= size.sum() or 1.0
    for profile, share in zip(chosen, size.tolist(), strict=True):
        tells = np.array(
            [
                profile.rank in (story % len(chosen), (story + 4) % len(chosen))
                for story in range(len(surroundings.STORIES))
            ]
        )
        style = style_of(profile.rank)
        writer.write(surroundings.interceptions(settings, profile.port, style, share, (first, until), tells))
    writer.write(surroundings.domestic_actions(settings, style_of(0), first, until, alerts.at))


def _summary(
    writer: Writer, settings: SampleSettings, facts: Facts, chosen: list[Profile], kept: list[PortTruth]
) -> SampleSummary:
    relapsing = _relapsing(chosen)
    _, as_of = calendar(settings)
    written = writer.written
    return SampleSummary(
        files=written.files,
        rows=sum(written.rows.values()),
        dirty_rows=written.dirty_rows,
        rows_by_source=dict(sorted(written.rows.items())),
        faults=dict(sorted(written.faults.items())),
        truth=world_truth(settings, facts, kept, relapsing, as_of),
    )


def _write_notes(out: Path, settings: SampleSettings, summary: SampleSummary) -> None:
    said = settings.as_json()
    note = NOTE + "".join(f"{name}: {value}\n" for name, value in said.items())
    (out / "SAMPLE.txt").write_bytes(note.encode())
    content = {
        "sample": True,
        "seed": settings.seed,
        "settings": said,
        "files": summary.files,
        "rows": summary.rows,
        "dirty_rows": summary.dirty_rows,
        "rows_by_source": summary.rows_by_source,
        "faults": summary.faults,
        "truth": summary.truth,
    }
    (out / "sample.json").write_bytes((json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode())
