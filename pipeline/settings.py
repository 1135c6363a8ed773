"""Where the lake and the reference tables are, and what an engine may use: read once, then a value."""

from __future__ import annotations

import os
import re
import stat
import tempfile
import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from pipeline.address import Root, address_of, is_remote
from pipeline.errors import UserMistake

ROOT = Path(__file__).resolve().parent.parent
"""The folder that holds the rooms: the checkout, or site-packages of a plain install."""

SHIPPED_REFERENCE = ROOT / "data" / "reference"
"""The reference tables that come with the product."""

DEFAULT_CACHE_LIMIT = "50GiB"
_UNITS = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3, "T": 1024**4}
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([KMGT]?)(?:i?B)?", re.IGNORECASE)
_SHARE = re.compile(r"(100|[1-9]?[0-9])(\.[0-9]+)?\s*%")


def usable_cores() -> int:
    """Processors that this process may use, at least 1."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) or 1
    return os.cpu_count() or 1


@dataclass(frozen=True)
class Settings:
    """Everything a run takes from its surroundings. Hashable, so that a reader can be kept for it.

    `lake` is a folder, or an address in an object store. `default_zone` is the IANA
    zone of instants without offset in rows that have no port (rulings 6 and 42).
    `memory_limit` and `threads` bound the engine of this process. `remote` is the address of a Spark Connect server
    (`sc://host:port`) that computes in its place.
    """

    lake: Root
    reference: Path | None = None
    default_zone: str = "Asia/Shanghai"
    memory_limit: str = "2GiB"
    threads: int = field(default_factory=usable_cores)
    remote: str | None = None

    def with_half_the_memory(self) -> Settings:
        """The same, for an engine that runs beside other work of the process."""
        return self.with_memory(0.5)

    def with_memory(self, share: float) -> Settings:
        """The same with a share of the memory, for one of several engines that run at once."""
        told = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(\D+)", self.memory_limit)
        return replace(self, memory_limit=f"{float(told[1]) * share}{told[2]}") if told else self


def is_checkout() -> bool:
    """Whether the product runs from a checkout, and so may keep its data below it."""
    return (ROOT / "pyproject.toml").is_file()


def home() -> Path:
    """The folder below which `data/lake` and `data/demo` are made.

    `DGWATCH_HOME`, else the checkout; a plain install has none and takes the current folder.
    """
    named = os.environ.get("DGWATCH_HOME")
    if named:
        return Path(named).expanduser().absolute()
    return ROOT if is_checkout() else Path.cwd()


def from_environment(lake: Root | str | None = None, reference: Path | str | None = None) -> Settings:
    """Settings of the arguments, else of the environment, else of the product.

    `DGWATCH_LAKE`, `DGWATCH_REFERENCE`, `DGWATCH_DEFAULT_ZONE`, `DGWATCH_MEMORY_LIMIT`, `DGWATCH_THREADS`.
    Raises `UserMistake` where one of them, or `DGWATCH_CACHE_LIMIT`, cannot be.
    """
    environment = os.environ
    chosen_lake = lake or environment.get("DGWATCH_LAKE") or home() / "data" / "lake"
    cache_limit_bytes()
    chosen_reference = reference or environment.get("DGWATCH_REFERENCE") or None
    return Settings(
        lake=_root(chosen_lake),
        reference=_reference_folder(chosen_reference) if chosen_reference else None,
        default_zone=_zone(environment.get("DGWATCH_DEFAULT_ZONE") or Settings.default_zone),
        memory_limit=_memory_limit(environment.get("DGWATCH_MEMORY_LIMIT") or Settings.memory_limit),
        threads=_threads(environment),
    )


def _root(lake: Root | str) -> Root:
    if is_remote(str(lake)):
        return address_of(str(lake))
    return Path(str(lake)).expanduser().absolute()


def _reference_folder(path: Path | str) -> Path:
    folder = Path(path).expanduser().absolute()
    if not folder.is_dir():
        raise UserMistake(
            f"{folder}: no folder of reference tables",
            "Give --reference (or DGWATCH_REFERENCE) a folder of CSV files named as those in data/reference.",
        )
    return folder


def _zone(name: str) -> str:
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UserMistake(
            f"DGWATCH_DEFAULT_ZONE={name}: no such time zone", "Give an IANA name such as Asia/Shanghai."
        ) from error
    return name


def _memory_limit(given: str) -> str:
    """A limit in a form that DuckDB takes: of its sizes, or a share of the machine's memory."""
    text = given.strip()
    if not (_SIZE.fullmatch(text) and not text[-1].isdigit()) and not _SHARE.fullmatch(text):
        raise UserMistake(
            f"DGWATCH_MEMORY_LIMIT={given}: not a size of memory",
            "Give one such as 2GiB, or a share such as 50%.",
        )
    return text


def cache_limit_bytes() -> int:
    """Bytes of an object store's files that may be kept here: `DGWATCH_CACHE_LIMIT`.

    Raises `UserMistake` where that is no size.
    """
    given = os.environ.get("DGWATCH_CACHE_LIMIT") or DEFAULT_CACHE_LIMIT
    size = _SIZE.fullmatch(given.strip())
    if size is None:
        raise UserMistake(f"DGWATCH_CACHE_LIMIT={given}: not a size", "Give one such as 50GiB.")
    return int(float(size[1]) * _UNITS[size[2].upper()])


def private_folder(name: str) -> Path:
    """Where files of this user alone can be made below the system's temporary folder.

    Raises `UserMistake` where somebody else made the folder, or can write there.
    """
    owner = os.getuid() if hasattr(os, "getuid") else None
    folder = Path(tempfile.gettempdir()) / ("dgwatch" if owner is None else f"dgwatch-{owner}")
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    is_ours = owner is None or (found.st_uid == owner and not stat.S_IMODE(found.st_mode) & 0o077)
    if not stat.S_ISDIR(found.st_mode) or not is_ours:
        raise UserMistake(
            f"{folder}: others made it, or can write there",
            "Remove it, or name a temporary folder of your own with TMPDIR.",
        )
    return folder / name


def _threads(environment: Mapping[str, str]) -> int:
    given = environment.get("DGWATCH_THREADS")
    if not given:
        return usable_cores()
    if not given.isascii() or not given.isdigit() or int(given) == 0:
        raise UserMistake(
            f"DGWATCH_THREADS={given}: not a number of threads", "Give a whole number from 1 on."
        )
    return int(given)
