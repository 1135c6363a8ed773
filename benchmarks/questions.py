"""`questions`: three questions about a year that nobody keeps, and the same by pandas, Polars and chDB."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.kept import ZONE, kept_lake
from benchmarks.peers import plain_stays
from benchmarks.runs import RunFailed
from pipeline.metrics import Filters, Reader
from pipeline.metrics.kept import standing

FIRST_DAY, LAST_DAY = dt.date(2021, 10, 9), dt.date(2022, 10, 8)
PRODUCT, KEPT = "product", "product, what is kept"
PEERS = {
    "pandas": plain_stays.pandas_peers,
    "Polars": plain_stays.polars_peers,
    "chDB": plain_stays.chdb_peers,
}
QUESTIONS = {
    "stock": "stock of every port and day of a year",
    "dwell": "mean, median and p90 of dwell of a year by port",
    "oldest": "the 200 oldest batches of a day",
}
Ask = Callable[[], pd.DataFrame]


def run(work: Path, stays: int, repeat: int) -> dict[str, Any]:
    """Asks every question of all in turn, `repeat` times. Raises `RunFailed` where an answer differs."""
    settings = kept_lake(work, stays)
    reader, plain = Reader(settings), Reader(settings)
    plain.__dict__["answers"] = None
    standing.keep(reader)
    asked = {PRODUCT: _product(plain), KEPT: {name: _product(reader)[name] for name in ("stock", "oldest")}}
    files = reader.lake.files(reader.release, "stays")
    window = plain_stays.Asked(_midnight(FIRST_DAY), _midnight(LAST_DAY + dt.timedelta(days=1)), _ahead())
    for name, peers in PEERS.items():
        if plain_stays.has(name.lower()):
            asked[name] = peers(files, window)
    for name in QUESTIONS:
        own = asked[PRODUCT][name]()
        for who in asked:
            if name in asked[who]:
                refuse_other_figures(f"{name} by {who}", own, asked[who][name]())
    times = {
        name: _in_turn({who: asks[name] for who, asks in asked.items() if name in asks}, repeat)
        for name in QUESTIONS
    }
    return {
        "stays": stays,
        "asked": repeat,
        "lacking": [name for name in PEERS if name not in asked],
        "questions": {
            name: {
                who: {
                    "median": median(seconds),
                    "ratio": median(other / own for other, own in zip(seconds, found[PRODUCT], strict=True)),
                }
                for who, seconds in found.items()
            }
            for name, found in times.items()
        },
    }


def _product(reader: Reader) -> dict[str, Ask]:
    year = Filters(date_from=FIRST_DAY, date_to=LAST_DAY)

    def dwell() -> pd.DataFrame:
        found = reader.query("dwell", year)
        return found[found["clock"] == "exit"]

    return {
        "stock": lambda: reader.query("stock_by_port_day", year),
        "dwell": dwell,
        "oldest": lambda: reader.query("batches_in_yard", Filters(date=LAST_DAY, limit=200)),
    }


def _midnight(day: dt.date) -> dt.datetime:
    """When a local day begins, in naive UTC."""
    return pd.Timestamp(day, tz=ZONE).tz_convert("UTC").tz_localize(None).to_pydatetime()


def _ahead() -> dt.timedelta:
    return dt.datetime.combine(FIRST_DAY, dt.time()) - _midnight(FIRST_DAY)


def _in_turn(asks: dict[str, Ask], repeat: int) -> dict[str, list[float]]:
    """Seconds of every answer, all asked one after the other in each round; each was asked once before."""
    times: dict[str, list[float]] = {who: [] for who in asks}
    for _ in range(repeat):
        for who, ask in asks.items():
            began = time.perf_counter()
            ask()
            times[who].append(time.perf_counter() - began)
    return times


def refuse_other_figures(what: str, own: pd.DataFrame, other: pd.DataFrame) -> None:
    """Raises `RunFailed` unless the columns that both have are the same: hours to one part in a thousand million."""
    own, other = (frame.rename(columns={"date": "day"}).reset_index(drop=True) for frame in (own, other))
    if len(own) != len(other):
        raise RunFailed(f"{what}: {len(other)} rows, and {len(own)} by the product")
    for column in other.columns.intersection(own.columns):
        ours, theirs = own[column], other[column]
        if pd.api.types.is_float_dtype(ours):
            same = np.isclose(ours.astype(float), theirs.astype(float), rtol=1e-9, atol=0, equal_nan=True)
        elif column in ("day", "arrived_at"):
            same = (pd.to_datetime(ours) == pd.to_datetime(theirs).dt.tz_localize(None)).to_numpy()
        else:
            same = ((ours.astype(str) == theirs.astype(str)) | (ours.isna() & theirs.isna())).to_numpy(bool)
        if not same.all():
            place = int(np.flatnonzero(~same)[0])
            raise RunFailed(
                f"{what}: {column}, row {place}: {theirs[place]}, and {ours[place]} by the product"
            )


def lines(found: dict[str, Any]) -> list[str]:
    """The result as lines of text."""
    shown = [
        f"{found['stays']:,} stays; asked {found['asked']} times in turn; all agree in every figure",
        f"{'':50}{'median ms':>11}{'times the product':>20}",
    ]
    for name, who in found["questions"].items():
        shown.append(QUESTIONS[name])
        shown += [
            f"    {one:46}{times['median'] * 1e3:11.0f}{times['ratio']:20.1f}" for one, times in who.items()
        ]
    if found["lacking"]:
        shown.append(f"not installed: {', '.join(found['lacking'])}")
    return shown
