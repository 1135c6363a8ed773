"""The command line, the outside door: whatever a page shows, a command can print.

Only a report (or a load's summary, or an address) goes to standard output; everything said goes to standard
error: what, where, what to do. A user's mistake never shows a traceback; a bug of ours always does.
"""

from __future__ import annotations

import argparse
import errno
import importlib
import os
import sys
from collections.abc import Callable
from dataclasses import replace

from pipeline.cli import messages
from pipeline.cli.parser import command_parsers, parse, refuse_unknown, split
from pipeline.errors import UserMistake
from pipeline.settings import from_environment

INTERRUPTED = 130

_THE_MACHINE_SAYS_NO = (
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.ENOSPC,
    errno.EDQUOT,
    errno.ENOTDIR,
    errno.ENAMETOOLONG,
    errno.ELOOP,
)
"""Errors of files that are no bug: no right to them, no room for them, no folder where one was named, no such name."""

_COMMANDS = {
    "demo": "pipeline.cli.demo",
    "serve": "pipeline.cli.dashboard",
    "sample": "pipeline.cli.sampling",
    "load": "pipeline.cli.loading",
    "rebuild": "pipeline.cli.loading",
    "report": "pipeline.cli.reports",
    "rejects": "pipeline.cli.reports",
    "trust": "pipeline.cli.reports",
    "acknowledge": "pipeline.cli.reports",
}
"""Where each command is; imported when it is called, so that --help answers at once."""


def main(argv: list[str] | None = None) -> int:
    """Run a command and return its exit code (0, 2, 3, 4, or 130 when interrupted); a bug raises."""
    arguments = sys.argv[1:] if argv is None else list(argv)
    messages.survive_any_text()
    try:
        code = _run(arguments)
        sys.stdout.flush()
        return code
    except UserMistake as mistake:
        messages.say(str(mistake), mistake.hint)
        return mistake.exit_code
    except BrokenPipeError:
        _forget_standard_output()
        return 0
    except OSError as error:
        if error.errno not in _THE_MACHINE_SAYS_NO:
            raise
        messages.say(f"{error.filename or 'a file'}: {error.strerror}", "Choose another place, or make room.")
        return UserMistake.exit_code
    except KeyboardInterrupt:
        messages.say("Interrupted.", "What was finished before stays; run the command again to go on.")
        return INTERRUPTED
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0


def _run(arguments: list[str]) -> int:
    whole, parsers = command_parsers()
    command, rest = split(arguments, parsers)
    if command is None:
        whole.parse_args([word for word in rest if word in ("-h", "--help", "--version")])
        whole.print_help(sys.stderr)
        raise UserMistake("no command given", "Begin with `dgwatch demo`.")
    parser = parsers[command]
    chosen = parse(parser, rest)
    if command != "report":
        refuse_unknown(parser, chosen.unknown)
    chosen.refuse_unknown = lambda: refuse_unknown(parser, chosen.unknown)
    module = importlib.import_module(_COMMANDS[command])
    run: Callable[[argparse.Namespace], int] = getattr(module, command)
    chosen.settings = replace(from_environment(chosen.lake, chosen.reference), remote=_remote(chosen))
    return run(chosen)


def _remote(chosen: argparse.Namespace) -> str | None:
    """The server that computes; None where DuckDB does, in this process."""
    remote: str | None = getattr(chosen, "remote", None)
    is_spark = getattr(chosen, "engine", "duckdb") == "spark"
    if is_spark and not remote:
        raise UserMistake("--engine spark: on which server?", "Give its address: --remote sc://HOST:PORT.")
    if remote and not is_spark:
        raise UserMistake(f"--remote {remote}: DuckDB computes in this process", "Give --engine spark too.")
    return remote


def _forget_standard_output() -> None:
    """The reader went away (`| head`): keep the interpreter from complaining when it flushes at its end."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115
