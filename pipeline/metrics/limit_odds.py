"""The odds of the limit clock, computed in this process: what the model `limit_odds` computes on a cluster.

The models say which spells are in which pool and which batches are asked about. Half a year of millions of spells takes
an engine ten seconds of running sums; sorted here it takes less than one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.arrow_tables import one_array, values_of
from pipeline.engines.relations import Relations
from pipeline.statistics.sorted_runs import Ages, merged
from pipeline.statistics.survival import AtRisk, Curve, Floats, kaplan_meier

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
    """The spells of a class in a pool, the ages at which some of them ended, and sums over those ages."""

    spells: AtRisk
    ages: Ages
    log_survival: Floats
    greenwood: Floats
    ends_all: Ages
    ended: Ages

    @classmethod
    def of(cls, spells: AtRisk) -> _Pool:
        curve = kaplan_meier(spells)
        return cls(spells, curve.ages, *map(_from_nothing, _running(curve)))

    def odds(self, now: Ages, limit: Ages) -> tuple[Ages, Ages, Floats, Floats]:
        """At risk now and at the limit, the share that stays from now to the limit, and Greenwood's sum between them."""
        first, last = (np.searchsorted(self.ages, ages, side="right") for ages in (now, limit))
        share = np.exp(self.log_survival[last] - self.log_survival[first])
        share[self.ends_all[last] > self.ends_all[first]] = 0.0
        between = self.greenwood[last] - self.greenwood[first]
        return self._at_risk(now, first), self._at_risk(limit, last), share, between

    def _at_risk(self, ages: Ages, places: npt.NDArray[np.intp]) -> Ages:
        """How many are at risk just after these ages, which lie at these places among those of the pool."""
        come, seen = (
            np.searchsorted(run, ages, side="right") for run in (self.spells.entered, self.spells.censored)
        )
        return self.spells.from_start + come - seen - self.ended[places]


def _running(curve: Curve) -> tuple[Floats, Floats, Ages, Ages]:
    """Running sums of log (1 - d / n), of Greenwood's terms, of the ages at which all that were left ended, and of d."""
    left = curve.at_risk - curve.ended
    factors = np.zeros(len(left))
    np.log(left / np.maximum(curve.at_risk, 1), out=factors, where=left > 0)
    return np.cumsum(factors), curve.greenwood, np.cumsum(left <= 0), np.cumsum(curve.ended)


def _from_nothing(sums: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return np.concatenate([np.zeros(1, sums.dtype), sums])


_NOTHING = np.empty(0, np.int64)
NOBODY = _Pool.of(AtRisk([], _NOTHING, _NOTHING, 0))


def _limit_odds(engine: Relations) -> pa.Table:
    """The rows of the model `limit_odds`, in no order."""
    spells = _spells(engine.to_arrow("seen_spells"))
    batches = engine.to_arrow("limit_batches")
    here = {port for port, _ in spells}
    own = batches.filter(pc.is_in(batches[PORT], pa.array(sorted(here), pa.string())))
    everywhere = batches if spells else batches.slice(0, 0)
    pools = {place: _Pool.of(found) for place, found in spells.items()}
    of_class = {name: _Pool.of(found) for name, found in _by_class(spells).items()}
    return pa.concat_tables(
        [
            _odds(own, own[PORT], pools.get),
            _odds(
                everywhere,
                pa.array([ALL] * everywhere.num_rows, pa.string()),
                lambda place: of_class.get(place[1]),
            ),
        ]
    )


def _odds(
    batches: pa.Table, pool_names: pa.Array | pa.ChunkedArray, pool_of: Callable[[Place], _Pool | None]
) -> pa.Table:
    """The odds of batches, each in the pool of its port and lead class."""
    now, limit = (values_of(one_array(batches[name])) for name in ("age_micros", "limit_micros"))
    figures = [np.empty(len(now), kind) for kind in (np.int64, np.int64, float, float)]
    for place, rows in _by_place(batches).items():
        pool = pool_of(place) or NOBODY
        for column, values in zip(figures, pool.odds(now[rows], limit[rows]), strict=True):
            column[rows] = values
    return pa.table(
        [batches["batch_id"], batches[PORT], pool_names, *map(pa.array, figures)], schema=ODDS_SCHEMA
    )


def _spells(seen: pa.Table) -> dict[Place, AtRisk]:
    """The spells of every port and lead class."""
    entries, exits, has_ended = (
        values_of(one_array(seen[name])) for name in ("entry_micros", "exit_micros", "ended")
    )
    found = {}
    for place, rows in _by_place(seen).items():
        entry, exit_at, is_end = entries[rows], exits[rows], has_ended[rows] > 0
        entered = np.sort(entry[entry >= 0])
        from_start = len(rows) - len(entered)
        found[place] = AtRisk([np.sort(exit_at[is_end])], np.sort(exit_at[~is_end]), entered, from_start)
    return found


def _by_class(spells: dict[Place, AtRisk]) -> dict[str, AtRisk]:
    """The spells of every lead class at all ports."""
    members: dict[str, list[AtRisk]] = {}
    for (_, lead_class), found in spells.items():
        members.setdefault(lead_class, []).append(found)
    return {name: _together(found) for name, found in members.items()}


def _together(parts: list[AtRisk]) -> AtRisk:
    return AtRisk(
        [run for part in parts for run in part.ended],
        merged([part.censored for part in parts]),
        merged([part.entered for part in parts]),
        sum(part.from_start for part in parts),
    )


def _by_place(table: pa.Table) -> dict[Place, npt.NDArray[np.intp]]:
    """The places of the rows of each port (or pool) and lead class; empty for no class."""
    ports, classes = (
        one_array(table[name].fill_null("")).dictionary_encode() for name in (PORT, "lead_class")
    )
    width = len(classes.dictionary)
    numbers = values_of(ports.indices).astype(np.int64) * width + values_of(classes.indices)
    counts = np.bincount(numbers)
    # Short numbers are put in order several times as fast.
    order = np.argsort(numbers.astype(np.uint16 if len(counts) < 2**16 else np.uint32), kind="stable")
    found = np.flatnonzero(counts).tolist()
    ends = np.cumsum(counts)[found]
    return {
        (ports.dictionary[number // width].as_py(), classes.dictionary[number % width].as_py()): rows
        for number, rows in zip(found, np.split(order, ends)[:-1], strict=True)
    }
