"""Stock by port and day, dwell by port and the oldest batches of a day, straight from Parquet files of stays.

Each as who knows the tool writes it at first: by pandas, by Polars' lazy frames, by chDB's SQL. They know the one time
zone of all ports, which has no summer time; the product looks it up for each. Every function takes the files and gives
a frame, whose rows are ordered as the product orders them.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import pandas as pd

HOUR_MICROS = 3_600_000_000
PORT = "un_location_code"
QUANTILES = {"median_hours": 0.5, "p90_hours": 0.9}


@dataclass(frozen=True)
class Asked:
    """A window of local days from one instant (UTC, naive) to before another, and how many batches are listed."""

    from_at: dt.datetime
    until_at: dt.datetime
    ahead: dt.timedelta
    """How far local time is ahead of UTC."""
    limit: int = 200


def pandas_peers(files: list[str], asked: Asked) -> dict[str, Callable[[], pd.DataFrame]]:
    """By question: the columns that it needs are read, the rest is in memory."""
    return {
        "stock": partial(_pandas_stock, files, asked),
        "dwell": partial(_pandas_dwell, files, asked),
        "oldest": partial(_pandas_oldest, files, asked),
    }


def _read(files: list[str], *columns: str) -> pd.DataFrame:
    return pd.concat([pd.read_parquet(path, columns=list(columns)) for path in files], ignore_index=True)


def _pandas_stock(files: list[str], asked: Asked) -> pd.DataFrame:
    stays = _read(files, PORT, "arrived_at", "left_at")
    came, left = (
        stays.groupby([(stays[name] + asked.ahead).dt.floor("D").rename("day"), PORT]).size().unstack(PORT)
        for name in ("arrived_at", "left_at")
    )
    last = asked.until_at + asked.ahead - dt.timedelta(days=1)
    days = pd.date_range(came.index.min(), last, name="day")
    stock = (came.reindex(days).fillna(0) - left.reindex(days).fillna(0)).cumsum().astype(int)
    stock = stock[stock.index >= asked.from_at + asked.ahead]
    return stock.reset_index().melt("day", value_name="stock").sort_values(["day", PORT])


def _pandas_dwell(files: list[str], asked: Asked) -> pd.DataFrame:
    stays = _read(files, PORT, "arrived_at", "left_at")
    left = stays[(stays["left_at"] >= asked.from_at) & (stays["left_at"] < asked.until_at)]
    hours = (left["left_at"] - left["arrived_at"]).dt.total_seconds() / 3600
    by_port = hours.groupby(left[PORT])
    told = {"n": by_port.size(), "mean_hours": by_port.mean()}
    told |= {name: by_port.quantile(share) for name, share in QUANTILES.items()}
    return pd.DataFrame(told).sort_index().reset_index()


def _pandas_oldest(files: list[str], asked: Asked) -> pd.DataFrame:
    stays = _read(files, "consignment_id", PORT, "arrived_at", "left_at")
    is_there = (stays["arrived_at"] < asked.until_at) & ~(stays["left_at"] < asked.until_at)
    return _listed(stays[is_there].sort_values(["arrived_at", PORT, "consignment_id"]).head(asked.limit))


def _listed(stays: pd.DataFrame) -> pd.DataFrame:
    return stays[["consignment_id", PORT, "arrived_at"]]


def has(package: str) -> bool:
    """Whether an optional peer is installed; the product does not ask for it."""
    try:
        import_module(package)
    except ImportError:
        return False
    return True


def polars_peers(files: list[str], asked: Asked) -> dict[str, Callable[[], pd.DataFrame]]:
    """By question, over lazy frames: Polars reads the columns and rows that it needs."""
    pl = import_module("polars")
    return {
        "stock": lambda: _polars_stock(pl, pl.scan_parquet(files), asked).to_pandas(),
        "dwell": lambda: _polars_dwell(pl, pl.scan_parquet(files), asked).to_pandas(),
        "oldest": lambda: _polars_oldest(pl, pl.scan_parquet(files), asked).to_pandas(),
    }


def _polars_stock(pl: Any, stays: Any, asked: Asked) -> Any:
    def turns(column: str, change: int) -> Any:
        day = (pl.col(column) + asked.ahead).dt.date().alias("day")
        return (
            stays.filter(pl.col(column).is_not_null())
            .group_by(PORT, day)
            .agg(pl.len().cast(pl.Int64) * change)
        )

    flows = pl.concat([turns("arrived_at", 1), turns("left_at", -1)])
    flows = flows.group_by(PORT, "day").agg(pl.col("len").sum()).collect()
    last = (asked.until_at + asked.ahead).date() - dt.timedelta(days=1)
    days = pl.DataFrame({"day": pl.date_range(flows["day"].min(), last, eager=True)})
    whole = flows.select(pl.col(PORT).unique()).join(days, how="cross")
    stock = (
        whole.join(flows, on=[PORT, "day"], how="left")
        .sort(PORT, "day")
        .with_columns(pl.col("len").fill_null(0).cum_sum().over(PORT).alias("stock"))
    )
    first = (asked.from_at + asked.ahead).date()
    return stock.filter(pl.col("day") >= first).sort("day", PORT).select("day", PORT, "stock")


def _polars_dwell(pl: Any, stays: Any, asked: Asked) -> Any:
    left = stays.filter((pl.col("left_at") >= asked.from_at) & (pl.col("left_at") < asked.until_at))
    hours = (pl.col("left_at") - pl.col("arrived_at")).dt.total_microseconds() / HOUR_MICROS
    quantiles = [hours.quantile(share, "linear").alias(name) for name, share in QUANTILES.items()]
    told = left.group_by(PORT).agg(pl.len().alias("n"), hours.mean().alias("mean_hours"), *quantiles)
    return told.sort(PORT).collect()


def _polars_oldest(pl: Any, stays: Any, asked: Asked) -> Any:
    is_there = (pl.col("arrived_at") < asked.until_at) & (
        pl.col("left_at").is_null() | (pl.col("left_at") >= asked.until_at)
    )
    listed = stays.filter(is_there).select("consignment_id", PORT, "arrived_at")
    return listed.sort("arrived_at", PORT, "consignment_id").head(asked.limit).collect()


CHDB_STOCK = """
WITH flows AS (
    SELECT un_location_code, toDate(turned_at + INTERVAL {ahead} SECOND) AS day, sum(change) AS change
    FROM (
        SELECT un_location_code, arrived_at AS turned_at, 1 AS change FROM {stays}
        UNION ALL
        SELECT un_location_code, left_at AS turned_at, -1 AS change FROM {stays} WHERE left_at IS NOT NULL
    )
    GROUP BY un_location_code, day
),
days AS (
    SELECT arrayJoin(range(toUInt32(min(day)), toUInt32(toDate('{after_day}')))) AS number FROM flows
),
whole AS (
    SELECT p.un_location_code AS un_location_code, toDate(d.number) AS day
    FROM (SELECT DISTINCT un_location_code FROM flows) AS p CROSS JOIN days AS d
),
running AS (
    SELECT
        w.un_location_code AS un_location_code,
        w.day AS day,
        sum(f.change) OVER (PARTITION BY w.un_location_code ORDER BY w.day) AS stock
    FROM whole AS w LEFT JOIN flows AS f ON f.un_location_code = w.un_location_code AND f.day = w.day
)
SELECT day, un_location_code, stock FROM running WHERE day >= toDate('{first_day}') ORDER BY day, un_location_code
"""
CHDB_DWELL = """
SELECT
    un_location_code,
    count() AS n,
    avg(hours) AS mean_hours,
    quantileExactInclusive(0.5)(hours) AS median_hours,
    quantileExactInclusive(0.9)(hours) AS p90_hours
FROM (
    SELECT
        un_location_code,
        (toUnixTimestamp64Micro(assumeNotNull(left_at)) - toUnixTimestamp64Micro(arrived_at)) / 3600000000 AS hours
    FROM {stays}
    WHERE left_at >= toDateTime64('{from_at}', 6, 'UTC') AND left_at < toDateTime64('{until_at}', 6, 'UTC')
)
GROUP BY un_location_code
ORDER BY un_location_code
"""
CHDB_OLDEST = """
SELECT consignment_id, un_location_code, arrived_at
FROM {stays}
WHERE
    arrived_at < toDateTime64('{until_at}', 6, 'UTC')
    AND (left_at IS NULL OR left_at >= toDateTime64('{until_at}', 6, 'UTC'))
ORDER BY arrived_at, un_location_code, consignment_id
LIMIT {limit}
"""


def chdb_peers(files: list[str], asked: Asked) -> dict[str, Callable[[], pd.DataFrame]]:
    """By question: one statement over the files, whose answer comes back as Parquet."""
    query = import_module("chdb").query
    (folder,) = {Path(path).parent for path in files}
    names = ",".join(Path(path).name for path in files)
    values = {
        "stays": f"file('{folder}/{{{names}}}', Parquet)",
        "ahead": int(asked.ahead.total_seconds()),
        "first_day": (asked.from_at + asked.ahead).date(),
        "after_day": (asked.until_at + asked.ahead).date(),
        "from_at": asked.from_at,
        "until_at": asked.until_at,
        "limit": asked.limit,
    }
    texts = {"stock": CHDB_STOCK, "dwell": CHDB_DWELL, "oldest": CHDB_OLDEST}

    def ask(text: str) -> pd.DataFrame:
        return pd.read_parquet(io.BytesIO(query(text.format(**values), "Parquet").bytes()))

    return {name: partial(ask, text) for name, text in texts.items()}
