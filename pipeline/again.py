"""A published figure computed again from what its `.meta.json` says, and held against what was published.

The meta carries the question, both instants and the number of the last file that had been loaded: rows that came
later do not count, not even where they say that they were recorded long ago. Only the reference tables are the
present ones (as they are whatever `known_at` is); the meta has their digests, so what changed can be named.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import json
import types
import typing
import zipfile
import zlib
from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline import __version__, export
from pipeline.engines.models import models_digest
from pipeline.errors import UserMistake
from pipeline.metrics import REGISTRY, Filters, Reader

META_ENDING = ".meta.json"
COLUMNS = (
    "file",
    "report",
    "verdict",
    "as_of",
    "known_at",
    "rows",
    "rows_again",
    "lines_only_published",
    "lines_only_again",
    "published_file",
    "why",
)
IDENTICAL = "identical"
DIFFERS = "differs"

_NEEDED = {"report": str, "filters": dict}
_INSTANTS = ("as_of", "known_at")
_DAYS = ("date_from", "date_to", "baseline_from", "baseline_to", "date")


def check(reader: Reader, paths: list[Path]) -> pd.DataFrame:
    """One row a published file: whether its figures come out again to the digit, and what may have made a difference.

    Each path is a published file, its `.meta.json`, or a zip as a screen hands it out. Raises `UserMistake`
    for what is no meta of dgwatch.
    """
    rows = [_checked(reader, _meta_path(path)) for path in paths]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    whole = ("rows", "rows_again", "lines_only_published", "lines_only_again")
    return frame.astype(dict.fromkeys(whole, "Int64"))


def read_meta(path: Path) -> dict[str, Any]:
    """What a `.meta.json` says. Raises `UserMistake` where there is none, or none of dgwatch."""
    try:
        about = json.loads(_meta_text(path))
    except FileNotFoundError as error:
        raise UserMistake(f"{path}: no such file", "Name a published file, or its .meta.json.") from error
    except (OSError, ValueError, StopIteration, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        raise UserMistake(f"{path}: cannot be read as JSON", "Name the .meta.json of a report.") from error
    if not isinstance(about, dict) or not all(
        isinstance(about.get(name), kind) for name, kind in _NEEDED.items()
    ):
        raise UserMistake(f"{path}: not the meta of a report", "Name the .meta.json of a report.")
    if about.get("is_composed"):
        raise UserMistake(
            f"{path}: a screen put these rows together from several answers",
            f"Each comes again from its own report; of {about['report']}: {about.get('command')}",
        )
    if "rows_sha256" not in about:
        raise UserMistake(
            f"{path}: does not say what its figures were",
            "Briefings and reports of older versions do not; "
            + (f"print it anew: {about['command']}" if about.get("command") else "write the report anew."),
        )
    if not isinstance(about.get("columns"), list) or not isinstance(about.get("reference") or {}, dict):
        raise UserMistake(f"{path}: its columns or reference tables cannot be read", "The meta was changed.")
    return about


def _meta_text(path: Path) -> str:
    if path.suffix != ".zip":
        return path.read_text(encoding="utf-8")
    with zipfile.ZipFile(path) as archive:
        inside = next(name for name in archive.namelist() if name.endswith(META_ENDING))
        return archive.read(inside).decode()


def filters_of(about: dict[str, Any]) -> Filters:
    """The question of a meta, with the instants that were used. Raises `UserMistake` for what cannot be asked."""
    given = {**about["filters"], **{name: about.get(name) for name in (*_INSTANTS, "last_file")}}
    known = {field.name for field in dataclasses.fields(Filters)}
    strange = sorted(set(given) - known)
    if strange:
        raise UserMistake(
            f"{', '.join(strange)}: no such filter in dgwatch {__version__}",
            f"It was written by dgwatch {about.get('version')}.",
        )
    try:
        asked = {name: _typed(name, value) for name, value in given.items()}
        for name, hint in typing.get_type_hints(Filters).items():
            if name in asked and not _fits(asked[name], hint):
                raise ValueError(f"{name} is {asked[name]!r}")
        return Filters(**asked)
    except (TypeError, ValueError) as error:
        raise UserMistake(
            f"the filters of {about['report']} cannot be read: {error}", "The meta was changed."
        ) from error


def _fits(value: Any, hint: Any) -> bool:
    """Whether a value is of an annotated kind; a whole number is a number."""
    kinds = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    return any(isinstance(value, typing.get_origin(kind) or kind) for kind in kinds) or (
        float in kinds and isinstance(value, int)
    )


def _typed(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name in _INSTANTS:
        instant = dt.datetime.fromisoformat(value)
        return instant.astimezone(dt.UTC).replace(tzinfo=None) if instant.tzinfo else instant
    if name in _DAYS:
        return dt.date.fromisoformat(value)
    return tuple(str(one) for one in value) if isinstance(value, list) else value


def _meta_path(path: Path) -> Path:
    return path if path.name.endswith((META_ENDING, ".zip")) else path.with_name(f"{path.name}{META_ENDING}")


def _checked(reader: Reader, path: Path) -> dict[str, Any]:
    about = read_meta(path)
    if about["report"] not in REGISTRY:
        raise UserMistake(
            f"{about['report']}: no such report in dgwatch {__version__}",
            "It was written by another version.",
        )
    frame = _again(reader, about)
    published = path.with_name(path.name.removesuffix(META_ENDING))
    digest = export.rows_digest(frame)
    same = digest == about["rows_sha256"]
    only_then, only_now = (0, 0) if same else _lines(published, frame)
    return {
        "file": published.name,
        "report": about["report"],
        "verdict": IDENTICAL if same else DIFFERS,
        "as_of": about.get("as_of"),
        "known_at": about.get("known_at"),
        "rows": about.get("rows"),
        "rows_again": len(frame),
        "lines_only_published": only_then,
        "lines_only_again": only_now,
        "published_file": _state(published, about["rows_sha256"]),
        "why": "" if same else _why(reader, about),
    }


def _again(reader: Reader, about: dict[str, Any]) -> pd.DataFrame:
    asked = filters_of(about)
    release = reader.release
    if release is not None and release.build_id == about.get("build"):
        # Nothing was loaded since: the lake answers as it did.
        asked = dataclasses.replace(asked, known_at=_asked_known_at(about), last_file=None)
    frame = reader.query(about["report"], asked)
    columns = [name for name in about["columns"] if name in frame.columns]
    return frame[columns]


def _asked_known_at(about: dict[str, Any]) -> dt.datetime | None:
    known: dt.datetime | None = _typed("known_at", about["filters"].get("known_at"))
    return known


def _state(published: Path, digest: str) -> str:
    """Whether the file that was published still is what its meta says; only a CSV can be told."""
    if not published.is_file():
        return "not there"
    if published.suffix != ".csv":
        return "not looked at"
    own = hashlib.sha256(published.read_bytes()).hexdigest()
    return "as written" if own == digest else "changed since"


def _lines(published: Path, frame: pd.DataFrame) -> tuple[int | None, int | None]:
    """Lines that only the published CSV has, and that only the one of now has; None without such a file."""
    if published.suffix != ".csv" or not published.is_file():
        return None, None
    then, now = (
        Counter(content.splitlines()) for content in (published.read_bytes(), export.csv_bytes(frame))
    )
    return sum((then - now).values()), sum((now - then).values())


def _why(reader: Reader, about: dict[str, Any]) -> str:
    """What is not as it was: reference tables, the queries, the version; where all are, the lake itself."""
    then, now = about.get("reference") or {}, reader.reference.digests
    tables = sorted(name for name in {*then, *now} if then.get(name) != now.get(name))
    found = [f"reference tables changed: {' '.join(tables)}"] if tables else []
    if about.get("models") != models_digest():
        found.append(f"queries changed: dgwatch {about.get('version')} then, {__version__} now")
    if REGISTRY[about["report"]].family == "trust":
        found.append("what is told of loads is of now")
    return "; ".join(found) or "another lake, or the meta was changed"
