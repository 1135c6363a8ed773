"""The command line of the benchmarks: `python -m benchmarks NAME`; `--help` lists them."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import (
    answers,
    cluster,
    day,
    durations,
    exports,
    growth,
    load,
    machine,
    packed,
    pages,
    plot,
    questions,
    views,
    yard,
)
from benchmarks.crowd import MAIN_FILTER
from benchmarks.runs import RunFailed
from benchmarks.world import LAYOUTS


def main(argv: list[str] | None = None) -> int:
    """Runs a benchmark, prints its table and writes its JSON; 1 where the run is void."""
    chosen = _parser().parse_args(argv)
    if threading.current_thread() is threading.main_thread():
        # Whoever ends it ends the servers that it started.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    chosen.work.mkdir(parents=True, exist_ok=True)
    surroundings = machine.described()
    try:
        found, lines = chosen.run(chosen)
    except RunFailed as failure:
        print(f"void: {failure}", file=sys.stderr)
        return 1
    print(*lines, sep="\n")
    print(", ".join(f"{name} {value}" for name, value in surroundings.items()))
    if chosen.json:
        chosen.json.parent.mkdir(parents=True, exist_ok=True)
        chosen.json.write_text(
            json.dumps({"machine": surroundings, **found}, indent=1) + "\n", encoding="utf-8"
        )
    return 0


def _load(chosen: argparse.Namespace) -> tuple[dict[str, Any], list[str]]:
    if chosen.stays:
        grown = growth.run(chosen.work, chosen.stays)
        return grown, growth.lines(grown)
    peers = () if chosen.without_pandas else tuple(load.PEERS)
    found = load.run(chosen.work, chosen.rows, chosen.repeat, chosen.layout, peers)
    return found, load.lines(found)


def _packed(chosen: argparse.Namespace) -> tuple[dict[str, Any], list[str]]:
    found = packed.run(chosen.work, chosen.rows, chosen.repeat, chosen.layout)
    return found, packed.lines(found)


def _day(chosen: argparse.Namespace) -> tuple[dict[str, Any], list[str]]:
    found = (
        day.run_archives(chosen.work, chosen.stays) if chosen.stays else day.run(chosen.work, chosen.history)
    )
    return found, day.lines(found)


def _cluster(chosen: argparse.Namespace) -> tuple[dict[str, Any], list[str]]:
    found = cluster.run(chosen.work, chosen.rows, chosen.repeat)
    return found, cluster.lines(found)


def _answers(chosen: argparse.Namespace) -> tuple[dict[str, Any], list[str]]:
    found = answers.run(chosen.work, chosen.rows, chosen.repeat)
    return found, answers.lines(found)


def _segregation(chosen: argparse.Namespace) -> tuple[dict[str, Any], list[str]]:
    found = yard.run(chosen.work, chosen.units)
    return found, yard.lines(found)


def _durations(chosen: argparse.Namespace) -> tuple[dict[str, Any], list[str]]:
    found = durations.run(chosen.work, chosen.stays, chosen.repeat)
    return found, durations.lines(found)


def _views(chosen: argparse.Namespace) -> tuple[dict[str, Any], list[str]]:
    found = views.run(chosen.work, chosen.stays, chosen.repeat)
    return found, views.lines(found)


def _questions(chosen: argparse.Namespace) -> tuple[dict[str, Any], list[str]]:
    found = questions.run(chosen.work, chosen.stays, chosen.repeat)
    return found, questions.lines(found)


def _export(chosen: argparse.Namespace) -> tuple[dict[str, Any], list[str]]:
    found = exports.run(chosen.work, chosen.rows, chosen.repeat)
    return found, exports.lines(found)


def _pages(chosen: argparse.Namespace) -> tuple[dict[str, Any], list[str]]:
    parts = chosen.part or pages.PARTS
    found = pages.run(chosen.work, parts, chosen.only, chosen.visitors, chosen.seconds, chosen.minutes)
    return found, pages.lines(found)


def _plot(chosen: argparse.Namespace) -> tuple[dict[str, Any], list[str]]:
    picture = plot.run(chosen.results)
    return {"picture": picture.name}, [str(picture)]


def _row_counts(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def _parser() -> argparse.ArgumentParser:
    whole = argparse.ArgumentParser(
        prog="python -m benchmarks", description="What the product costs, against peers."
    )
    commands = whole.add_subparsers(required=True)

    def command(name: str, run: Callable[[argparse.Namespace], Any], about: str) -> argparse.ArgumentParser:
        parser = commands.add_parser(name, help=about, description=about)
        parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "dgwatch-benchmarks")
        parser.add_argument("--json", type=Path, help="write the result to this file too")
        parser.set_defaults(run=run)
        return parser

    parser = command("load", _load, "a load against a bare parse and against pandas")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--layout", choices=LAYOUTS, default="feeds")
    parser.add_argument("--without-pandas", action="store_true", help="leave out the pandas peers")
    parser.add_argument("--stays", type=_row_counts, help="archives of so many ended stays instead")
    parser = command("packed", _packed, "the same rows handed in as .csv and as .csv.gz")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--layout", choices=LAYOUTS, default="bulk")
    parser = command("day", _day, "one more day on a history that grows")
    parser.add_argument("--history", type=_row_counts, default=[100_000, 400_000, 1_600_000])
    parser.add_argument("--stays", type=_row_counts, help="archives of so many ended stays instead")
    parser = command(
        "cluster", _cluster, "rebuild and reports by DuckDB and by a Spark Connect server (Sail)"
    )
    parser.add_argument("--rows", type=_row_counts, default=[100_000, 400_000, 1_600_000])
    parser.add_argument("--repeat", type=int, default=2)
    parser = command("answers", _answers, "the metrics of the opening views, and peers that compute the same")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=20)
    parser = command("segregation", _segregation, "segregation alerts over a yard history of many units")
    parser.add_argument("--units", type=int, default=1_000_000)
    parser = command("durations", _durations, "dwell of a year on so many stays, and lifelines' answer")
    parser.add_argument("--stays", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser = command("views", _views, "the opening views and any other window, on lakes that grow")
    parser.add_argument("--stays", type=_row_counts, default=[100_000, 1_000_000])
    parser.add_argument("--repeat", type=int, default=20)
    parser = command("questions", _questions, "three questions about a year, and pandas, Polars and chDB")
    parser.add_argument("--stays", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=5)
    parser = command("export", _export, "a report of so many rows as CSV, and Polars' of the same cells")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=5)
    parser = command("pages", _pages, "what visitors of the dashboard wait for, in a browser and in a crowd")
    parser.add_argument("--part", choices=pages.PARTS, action="append", help="one part alone; repeatable")
    parser.add_argument(
        "--only", choices=list(MAIN_FILTER), action="append", help="paint this page alone; repeatable"
    )
    parser.add_argument("--visitors", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=30, help="how long a crowd stays")
    parser.add_argument("--minutes", type=float, default=5, help="how long a soak takes")
    parser = command("plot", _plot, "a picture of the kept results")
    parser.add_argument("--results", type=Path, default=plot.RESULTS)
    return whole


if __name__ == "__main__":
    sys.exit(main())
