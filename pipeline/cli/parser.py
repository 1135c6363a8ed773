"""The commands and their options, as argparse knows them."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn

from pipeline import __version__
from pipeline.cli import values
from pipeline.errors import UserMistake

SUMMARIES = {
    "demo": "sample data, loaded and shown in a browser: the main job on a fresh machine",
    "sample": "write sample source files by the data contract",
    "load": "load files and folders, refresh the tables, print what became of every row",
    "report": "print or write a report",
    "rejects": "the rejected rows, with file, line, reasons and raw text",
    "trust": "data trust: freshness, orphan outs, ghosts, impossible orders, Little's check, loads",
    "rebuild": "compute all tables anew from what was loaded",
    "serve": "the dashboard on what is loaded",
    "acknowledge": "say that somebody has seen an alert, with a name and a remark",
}

_INSTANTS = (
    "an instant, e.g. 2022-06-01T08:05:00+08:00; without offset it is UTC, a date alone is its 00:00 UTC"
)


class Parser(argparse.ArgumentParser):
    """An argument parser whose complaints are mistakes of the user, with the way to the help."""

    def error(self, message: str) -> NoReturn:
        """Raise instead of ending the program."""
        raise UserMistake(message, f"See `{self.prog} --help`.")


def command_parsers() -> tuple[Parser, dict[str, Parser]]:
    """The parser of the whole, for its help, and one parser a command."""
    whole = Parser(
        prog="dgwatch",
        description="Dangerous goods that lie too long in ports: from source files to figures with evidence.",
        epilog="Options may stand before or after the command. `dgwatch COMMAND --help` tells its options. "
        "Exit codes: 0 done, 1 a bug, 2 a mistake in the call, 3 nothing loaded or found, "
        "4 --strict and rows were rejected, 5 --again and figures differ.",
        allow_abbrev=False,
    )
    whole.add_argument("--version", action="version", version=f"dgwatch {__version__}")
    commands = whole.add_subparsers(metavar="COMMAND", title="commands")
    fill = {
        "demo": _demo,
        "sample": _sample,
        "load": _load,
        "report": _report,
        "rejects": _rejects,
        "trust": _trust,
        "rebuild": _rebuild,
        "serve": _serve,
        "acknowledge": _acknowledge,
    }
    parsers: dict[str, Parser] = {}
    for name, summary in SUMMARIES.items():
        parser = commands.add_parser(name, help=summary, description=summary, allow_abbrev=False)
        _lake(parser)
        fill[name](parser)
        parsers[name] = parser
    return whole, parsers


def split(argv: list[str], parsers: dict[str, Parser]) -> tuple[str | None, list[str]]:
    """The command and everything else: options before the command go behind it.

    Raises `UserMistake` for a word that is no command.
    """
    takes_value = {
        option: action.nargs != 0
        for parser in parsers.values()
        for action in parser._actions
        for option in action.option_strings
    }
    position = 0
    while position < len(argv):
        word = argv[position]
        if not word.startswith("-") or word == "-":
            break
        position += 2 if takes_value.get(word, False) else 1
    else:
        return None, argv
    if word not in parsers:
        raise UserMistake(f"{word}: no such command", suggestion(word, parsers, "The commands are"))
    return word, argv[:position] + argv[position + 1 :]


def parse(parser: Parser, arguments: list[str]) -> argparse.Namespace:
    """The namespace of a command; positionals and options in any order. Unknown options raise."""
    known, unknown = parser.parse_known_intermixed_args(arguments)
    known.unknown = unknown
    return known


def refuse_unknown(parser: Parser, unknown: list[str]) -> None:
    """Raise `UserMistake` for what the command does not take."""
    if not unknown:
        return
    word = unknown[0].split("=")[0]
    if not word.startswith("-"):
        raise UserMistake(f"{word}: one argument too many", f"See `{parser.prog} --help`.")
    options = [option for action in parser._actions for option in action.option_strings]
    raise UserMistake(
        f"{word}: `{parser.prog}` has no such option",
        suggestion(word, options, "Its options are"),
    )


def suggestion(word: str, known: Iterable[str], otherwise: str) -> str:
    """What was probably meant, else the whole list."""
    names = list(known)
    folded = {name.casefold(): name for name in names}
    near = difflib.get_close_matches(word.casefold(), folded, n=3, cutoff=0.6)
    if near:
        return f"Did you mean {' or '.join(folded[name] for name in near)}?"
    return f"{otherwise} {', '.join(names)}."


def _lake(parser: Parser) -> None:
    parser.add_argument(
        "--lake",
        metavar="DIR",
        help="folder with everything loaded, or s3://BUCKET/FOLDER (default: DGWATCH_LAKE, else data/lake)",
    )
    parser.add_argument(
        "--reference",
        metavar="DIR",
        help="folder of your own reference tables; each file replaces the shipped table of its name",
    )


def _demo(parser: Parser) -> None:
    _address(parser)
    parser.add_argument("--no-browser", action="store_true", help="print the address, open nothing")


def _serve(parser: Parser) -> None:
    _address(parser)


def _address(parser: Parser) -> None:
    parser.add_argument(
        "--port", metavar="N", type=values.network_port, default=8501, help="network port (default 8501)"
    )


def _sample(parser: Parser) -> None:
    parser.add_argument(
        "out", metavar="OUT", type=Path, help="folder to write to; made where it is not there"
    )
    parser.add_argument("--batches", metavar="N", type=values.count, help="batches over the whole time")
    parser.add_argument("--ports", metavar="N", type=values.count, help="ports")
    parser.add_argument("--seed", metavar="N", type=values.seed, help="same seed, same bytes")
    parser.add_argument("--from", dest="start", metavar="DATE", type=values.day, help="first day")
    parser.add_argument("--days", metavar="N", type=values.count, help="days")
    parser.add_argument(
        "--dirty",
        dest="dirty_pct",
        metavar="PCT",
        type=values.percent,
        help="share of faulty rows, in percent",
    )


def _load(parser: Parser) -> None:
    parser.add_argument("paths", metavar="PATH", nargs="+", type=Path, help="file or folder")
    parser.add_argument(
        "--loaded-at",
        metavar="INSTANT",
        type=values.instant,
        help=f"instant of loading (default: now); {_INSTANTS}",
    )
    parser.add_argument("--json", action="store_true", help="print the summary as JSON")
    parser.add_argument(
        "--notify",
        metavar="FILE|URL",
        action="append",
        default=[],
        help="tell new alerts: JSON lines appended to a file, or JSON posted to a webhook; repeatable",
    )
    parser.add_argument(
        "--strict", action="store_true", help="exit 4 when a row was rejected or a file refused"
    )


def _acknowledge(parser: Parser) -> None:
    parser.add_argument("alert_id", metavar="ALERT_ID", help="as the report `alerts` lists it")
    parser.add_argument("--name", metavar="NAME", required=True, help="who saw it")
    parser.add_argument("--remark", metavar="TEXT", required=True, help="what was found or done")


def _rebuild(parser: Parser) -> None:
    _engine(parser)


def _engine(parser: Parser) -> None:
    parser.add_argument(
        "--engine", choices=("duckdb", "spark"), default="duckdb", help="what computes (default duckdb)"
    )
    parser.add_argument(
        "--remote",
        metavar="URL",
        help="the Spark Connect server of --engine spark, e.g. sc://127.0.0.1:15002; it must see the lake's files",
    )


def _report(parser: Parser) -> None:
    parser.add_argument("name", metavar="NAME", nargs="?", help="report; none: the list of reports")
    _slice(parser)
    _engine(parser)
    only = parser.add_argument_group("options of some reports")
    only.add_argument("--by", metavar="LIST", help="columns to group by, comma between")
    only.add_argument(
        "--campaign",
        metavar="ID",
        help="a campaign of the reference table: its days and its baseline, in place of --from, --to and --baseline-*",
    )
    only.add_argument("--consignment", metavar="ID", help="a batch (history)")
    only.add_argument("--file", metavar="FILE", help="a loaded file (rejects)")
    only.add_argument("--stage", metavar="STAGE", help="overall, customs, arrived_lodged ... (clearance)")
    only.add_argument(
        "--measure", metavar="MEASURE", help="clearance (default) or dwell (reduction, compare)"
    )
    only.add_argument(
        "--part", metavar="PART", help="arrival, exit, late ... (why_batches); now, adjacent (segregation)"
    )
    only.add_argument(
        "--tau-days",
        metavar="DAYS",
        type=values.days,
        help="restricts the mean; 180 for dwell, 60 for clearance",
    )
    only.add_argument(
        "--weights",
        metavar="WEIGHTS",
        type=values.weights,
        help="PART=NUMBER,... or a CSV file of part,weight (risk, risk_places, yard_plan)",
    )
    for end, what in (("from", "first"), ("to", "last")):
        only.add_argument(
            f"--baseline-{end}", metavar="DATE", type=values.day, help=f"{what} local day to compare with"
        )
    only.add_argument(
        "--again",
        metavar="FILE",
        nargs="+",
        type=Path,
        help="compute published files again from their .meta.json, and say whether they are identical",
    )
    _output(parser)


def _rejects(parser: Parser) -> None:
    parser.add_argument(
        "--file", metavar="FILE", help="of this file alone, under its own header: mend and load it"
    )
    _known_at(parser)
    _output(parser)


def _trust(parser: Parser) -> None:
    _slice(parser)
    _output(parser)


def _known_at(parser: Parser) -> None:
    parser.add_argument(
        "--known-at", metavar="INSTANT", type=values.instant, help="count only what was recorded by then"
    )


def _slice(parser: Parser) -> None:
    parser.add_argument(
        "--as-of", metavar="INSTANT", type=values.instant, help=f"the moment looked at; {_INSTANTS}"
    )
    _known_at(parser)
    parser.add_argument(
        "--from", dest="date_from", metavar="DATE", type=values.day, help="first local day, included"
    )
    parser.add_argument(
        "--to", dest="date_to", metavar="DATE", type=values.day, help="last local day, included"
    )
    parser.add_argument(
        "--port",
        dest="ports",
        metavar="CODE",
        action="append",
        default=[],
        help="UN/LOCODE or alias; repeatable",
    )
    parser.add_argument(
        "--class",
        dest="classes",
        metavar="CODE",
        action="append",
        default=[],
        help="class, division or unidentified; repeatable",
    )
    parser.add_argument("--direction", metavar="D", help="import, export or transhipment")
    parser.add_argument(
        "--count", choices=("batch", "unit"), default="batch", help="count batches (default) or units"
    )


def _output(parser: Parser) -> None:
    parser.add_argument(
        "--format",
        metavar="FORMAT",
        help="csv, xlsx, parquet or json (default: by the ending of -o, else csv); briefing: html or pdf",
    )
    parser.add_argument(
        "-o", dest="output", metavar="FILE", type=Path, help="write to FILE, with FILE.meta.json beside it"
    )
