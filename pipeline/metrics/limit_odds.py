"""The odds of the limit clock, computed in this process: what the model `limit_odds` computes on a cluster.

The models say which spells are in which pool and which batches are asked about. Half a year of millions of spells takes
an engine ten seconds of running sums; sorted here it takes less than one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.arrow_tables import one_array, values_of
from pipeline.relations import Relations
from pipeline.survival import Ages, AtRisk, Curve, Floats, greenwood, kaplan_meier

ALL = "all"
ODDS_SCHEMA = pa.schema(
    [
        ("batch_id", pa.string()),
        ("batch_port", pa.string()),
        ("pool", pa.string()),
        ("at_risk_now", pa.int64()),
        ("at_risk_at_limit", pa.int64()),
        ("stays_share", pa.float64()),
        ("greenwood", pa.float64()),
    ]
)
PORT = "un_location_code"
Place = tuple[str, str]
"""A port or a pool, and a lead class."""


def odds_here(engine: Relations) -> None:
    """Lets the odds be computed in this process, unless the engine is in another one."""
    if engine.is_local:
        engine.provide("limit_odds", lambda: engine.register_arrow("limit_odds", _limit_odds(engine)))


@dataclass(frozen=True)
class _Pool:
    """The spells of a class in a pool: how many are at risk after an age, and sums over the ages up to it."""

    entered: Ages
    exits: Ages
    from_start: int
    ages: Ages
    log_survival: Floats
    greenwood: Floats
    ends_all: Ages

    @classmethod
    def of(cls, entry: Ages, exit_at: Ages, has_ended: npt.NDArray[np.bool_]) -> _Pool:
        entered = np.sort(entry[entry >= 0])
        ended, censored = np.sort(exit_at[has_ended]), np.sort(exit_at[~has_ended])
        from_start = len(entry) - len(entered)
        curve = kaplan_meier(AtRisk(ended, censored, entered, from_start))
        exits = np.sort(exit_at)
        return cls(entered, exits, from_start, curve.ages, *map(_from_nothing, _running(curve)))

    def at_risk(self, ages: Ages) -> Ages:
        """How many are at risk just after these ages."""
        come = np.searchsorted(self.entered, ages, side="right")
        return self.from_start + come - np.searchsorted(self.exits, ages, side="right")

    def odds(self, now: Ages, limit: Ages) -> tuple[Ages, Ages, Floats, Floats]:
        """At risk now and at the limit, the share that stays from now to the limit, and Greenwood's sum between them."""
        first, last = (np.searchsorted(self.ages, ages, side="right") for ages in (now, limit))
        share = np.exp(self.log_survival[last] - self.log_survival[first])
        share[self.ends_all[last] > self.ends_all[first]] = 0.0
        return self.at_risk(now), self.at_risk(limit), share, self.greenwood[last] - self.greenwood[first]


def _running(curve: Curve) -> tuple[Floats, Floats, Ages]:
    """Running sums of log (1 - d / n), of Greenwood's terms, and of the ages at which all that were left ended."""
    left = curve.at_risk - curve.ended
    factors = np.zeros(len(left))
    np.log(left / np.maximum(curve.at_risk, 1), out=factors, where=left > 0)
    return np.cumsum(factors), greenwood(curve), np.cumsum(left <= 0)


def _from_nothing(sums: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return np.concatenate([np.zeros(1, sums.dtype), sums])


NOBODY = _Pool.of(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, bool))


def _limit_odds(engine: Relations) -> pa.Table:
    """The rows of the model `limit_odds`, in no order."""
    pools = _pools(engine.to_arrow("pool_spells"))
    batches = engine.to_arrow("limit_batches")
    now, limit = (values_of(one_array(batches[name])) for name in ("age_micros", "limit_micros"))
    found = [ODDS_SCHEMA.empty_table()]
    for (port, lead_class), rows in _by_place(batches).items():
        asked = batches.take(rows)
        for name in {port, ALL} & pools.keys():
            pool = pools[name].get(lead_class, NOBODY)
            columns = [asked["batch_id"], asked[PORT], pa.array([name] * len(rows))]
            odds = map(pa.array, pool.odds(now[rows], limit[rows]))
            found.append(pa.table([*columns, *odds], schema=ODDS_SCHEMA))
    return pa.concat_tables(found)


def _pools(spells: pa.Table) -> dict[str, dict[str, _Pool]]:
    """Every pool by its name, and in it by lead class."""
    columns = [values_of(one_array(spells[name])) for name in ("entry_micros", "exit_micros", "ended")]
    found: dict[str, dict[str, _Pool]] = {}
    for (port, lead_class), rows in _by_place(spells).items():
        entry, exit_at, ended = (column[rows] for column in columns)
        found.setdefault(port, {})[lead_class] = _Pool.of(entry, exit_at, ended > 0)
    return found


def _by_place(table: pa.Table) -> dict[Place, npt.NDArray[np.intp]]:
    """The places of the rows of each port (or pool) and lead class; empty for no class."""
    ports, classes = (
        one_array(table[name].fill_null("")).dictionary_encode() for name in (PORT, "lead_class")
    )
    width = len(classes.dictionary)
    numbers = values_of(ports.indices).astype(np.int64) * width + values_of(classes.indices)
    order = np.argsort(numbers, kind="stable")
    found, firsts = np.unique(numbers[order], return_index=True)
    return {
        (ports.dictionary[number // width].as_py(), classes.dictionary[number % width].as_py()): rows
        for number, rows in zip(found.tolist(), np.split(order, firsts)[1:], strict=True)
    }
