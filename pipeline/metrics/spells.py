"""The figures of curves, computed in this process: what the models of `sql/durations` compute on a cluster.

The models say which spells count on which clock, in which group and with which ages. From there on the ages are sorted
and added up here, where the engine is in this process: a year of millions of spells takes an engine several seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, partial
from operator import attrgetter
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.relations import Relations
from pipeline.settings import usable_cores
from pipeline.survival import (
    Ages,
    AtRisk,
    Curve,
    age_at,
    greenwood,
    kaplan_meier,
    last_survival,
    lengths,
    merged,
    outline,
    restricted_mean,
    sort,
)

CLOCKS = ("exit", "cohort", "period")
"""A curve's number is three times its group's and the place of its clock here."""
Columns = dict[str, npt.NDArray[Any]]
LARGE = 100_000
"""From so many spells on curves are computed side by side."""
MAX_THREADS = 4
_NOTHING = np.empty(0, np.int64)

AGES_SCHEMA = pa.schema(
    [
        ("curve_no", pa.int64()),
        ("group_no", pa.int64()),
        ("clock", pa.string()),
        ("n", pa.int64()),
        ("n_ended", pa.int64()),
        ("n_open", pa.int64()),
        ("n_left_out", pa.int64()),
        ("n_from_start", pa.int64()),
        ("largest_micros", pa.int64()),
        ("window_name", pa.string()),
        ("un_location_code", pa.string()),
        ("lead_class", pa.string()),
        ("asked_tau_micros", pa.int64()),
    ]
)
_QUANTILES = [("median_hours", pa.float64()), ("p90_hours", pa.float64())]
EXIT_SCHEMA = pa.schema(
    [("curve_no", pa.int64()), ("mean_hours", pa.float64()), ("sd_hours", pa.float64()), *_QUANTILES]
)
QUANTILE_SCHEMA = pa.schema([("curve_no", pa.int64()), *_QUANTILES])
MEAN_SCHEMA = pa.schema(
    [
        ("curve_no", pa.int64()),
        ("tau_micros", pa.int64()),
        ("rmst_hours", pa.float64()),
        ("rmst_se_hours", pa.float64()),
        ("is_thin", pa.int64()),
    ]
)
END_SCHEMA = pa.schema([("curve_no", pa.int64()), ("last_survival", pa.float64())])
STEP_SCHEMA = pa.schema(
    [
        ("curve_no", pa.int64()),
        ("age_micros", pa.int64()),
        ("at_risk", pa.int64()),
        ("ended", pa.int64()),
        ("greenwood", pa.float64()),
        ("survival", pa.float64()),
    ]
)


def compute_here(engine: Relations) -> None:
    """Lets the figures of curves be computed in this process, unless the engine is in another one."""
    if engine.is_local:
        here = _Here(engine)
        for name, table in here.tables().items():
            engine.provide(name, partial(_register, engine, name, table))


def _register(engine: Relations, name: str, table: Callable[[], pa.Table]) -> None:
    engine.register_arrow(name, table())


@dataclass(frozen=True)
class _Group:
    """A group: its number, window, port and class, and the places whose spells count in it."""

    number: int
    window: str
    port: str | None
    lead_class: str | None
    places: tuple[int, ...]


@dataclass(frozen=True)
class _Clocked:
    """The spells of a group on one clock, and how many were left out."""

    group: _Group
    clock: str
    spells: AtRisk
    left_out: int

    @property
    def number(self) -> int:
        return 3 * self.group.number + CLOCKS.index(self.clock)

    @cached_property
    def curve(self) -> Curve:
        return kaplan_meier(self.spells)


class _Here:
    """The curves of what an engine is asked at the moment; read anew whenever `group_ages` is."""

    def __init__(self, engine: Relations) -> None:
        self.engine = engine
        self.clocked: list[_Clocked] = []

    def tables(self) -> dict[str, Callable[[], pa.Table]]:
        """What is provided, by the name of the model in whose place it is."""
        return {
            "group_ages": self._group_ages,
            "exit_quantiles": self._exit_quantiles,
            "curve_quantiles": self._curve_quantiles,
            "restricted_means": self._restricted_means,
            "curve_ends": self._curve_ends,
            "survival_steps": self._survival_steps,
            "outlined_steps": self._outlined_steps,
        }

    def _group_ages(self) -> pa.Table:
        engine = self.engine
        self.clocked = list(_clocked(engine))
        tau = engine.rows("asked_duration_tau")[0][0]
        return _table(AGES_SCHEMA, [_ages_row(clocked, tau) for clocked in self.clocked])

    def _curves(self) -> list[_Clocked]:
        self.engine.need("group_ages")
        found = [clocked for clocked in self.clocked if clocked.clock != "exit"]
        large = [one for one in found if one.spells.count > LARGE]
        with ThreadPoolExecutor(min(usable_cores(), MAX_THREADS)) as pool:
            list(pool.map(attrgetter("curve"), large))
        return found

    def _exit_quantiles(self) -> pa.Table:
        self.engine.need("group_ages")
        rows = []
        for clocked in self.clocked:
            if clocked.clock == "exit" and clocked.spells.count:
                found = lengths(clocked.spells.ended)
                rows.append((clocked.number, found.mean, found.deviation, found.median, found.ninetieth))
        return _table(EXIT_SCHEMA, rows)

    def _curve_quantiles(self) -> pa.Table:
        curves = self._curves()
        rows = [(one.number, age_at(one.curve, 0.5), age_at(one.curve, 0.1)) for one in curves]
        return _table(QUANTILE_SCHEMA, rows)

    def _restricted_means(self) -> pa.Table:
        curves = {one.number: one for one in self._curves()}
        rows = []
        for number, clock, tau in self.engine.rows("group_taus"):
            if clock == "period" and tau is not None:
                found = restricted_mean(curves[number].curve, tau)
                rows.append((number, tau, found.hours, found.error_hours, int(found.is_thin)))
        return _table(MEAN_SCHEMA, rows)

    def _curve_ends(self) -> pa.Table:
        return _table(END_SCHEMA, [(one.number, last_survival(one.curve)) for one in self._curves()])

    def _survival_steps(self) -> pa.Table:
        return _steps(self._curves(), lambda curve: np.arange(len(curve.ages)))

    def _outlined_steps(self) -> pa.Table:
        """Outlines of the curves of what is told apart by a port or a class, not by both."""
        told = [one for one in self._curves() if None in (one.group.port, one.group.lead_class)]
        return _steps(told, outline)


def _steps(curves: list[_Clocked], chosen: Callable[[Curve], npt.NDArray[np.intp]]) -> pa.Table:
    found = [STEP_SCHEMA.empty_table()]
    for one in curves:
        curve, places = one.curve, chosen(one.curve)
        figures = (curve.ages, curve.at_risk, curve.ended, greenwood(curve), curve.survival)
        columns = [np.full(len(places), one.number), *(column[places] for column in figures)]
        found.append(pa.table([pa.array(column) for column in columns], schema=STEP_SCHEMA))
    return pa.concat_tables(found)


def _table(schema: pa.Schema, rows: list[tuple[Any, ...]]) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else [()] * len(schema)
    return pa.table(
        [pa.array(list(column), field.type) for column, field in zip(columns, schema, strict=True)],
        schema=schema,
    )


def _ages_row(clocked: _Clocked, tau: int) -> tuple[Any, ...]:
    spells, group = clocked.spells, clocked.group
    ended, still = len(spells.ended), len(spells.censored)
    counts = (ended + still, ended, still, clocked.left_out, spells.from_start, spells.largest)
    named = (group.window, group.port, group.lead_class)
    return (clocked.number, group.number, clocked.clock, *counts, *named, tau)


def _clocked(engine: Relations) -> Iterator[_Clocked]:
    """Every group on every clock that counts anything in it."""
    asked = {clock for (clock,) in engine.rows("asked_clocks")} | {"period"}
    spells = _Spells(engine.to_arrays("spell_ages"))
    for group in _groups(engine, spells.places()):
        own = spells.of(group.places)
        for clock in CLOCKS:
            if clock in asked:
                left_out, at_risk = own.left_out(clock), own.on(clock)
                if left_out or at_risk.count:
                    yield _Clocked(group, clock, at_risk, left_out)


def _groups(engine: Relations, places: Ages) -> list[_Group]:
    """The groups that spells of these places count in."""
    told = engine.to_arrow("spell_groups")
    told = told.filter(pc.is_in(told["place_no"], pa.array(places, told["place_no"].type)))
    names = ("group_no", "window_name", "group_port", "group_class")
    members: dict[tuple[int, str, str | None, str | None], list[int]] = {}
    for place, *named in zip(*(told[name].to_pylist() for name in ("place_no", *names)), strict=True):
        members.setdefault(tuple(named), []).append(place)
    return [_Group(*named, tuple(members[named])) for named in sorted(members, key=lambda named: named[0])]


class _Spells:
    """All spells by place. The plain ones, most of all, are held as sorted ages alone."""

    def __init__(self, columns: Columns) -> None:
        is_plain = columns.pop("is_plain")
        odd = np.flatnonzero(~is_plain)
        rest = {name: column[odd] for name, column in columns.items()}
        rest["seen_micros"] = rest.pop("seen_doubled") >> 1
        order = np.argsort(rest["place_no"], kind="stable")
        self._rest = {name: column[order] for name, column in rest.items()}
        entered = np.flatnonzero(is_plain & (columns["entry_micros"] >= 0))
        entered = entered[np.argsort(columns["place_no"][entered], kind="stable")]
        self._entries = columns["entry_micros"][entered]
        self._plain = _Sorted(columns["place_no"], columns["seen_doubled"], odd)
        every = np.arange(int(columns["place_no"].max(initial=0)) + 2)
        self._rest_bounds = np.searchsorted(self._rest["place_no"], every)
        self._entry_bounds = np.searchsorted(columns["place_no"][entered], every)
        self._plain_bounds = self._plain.bounds(every)

    def places(self) -> Ages:
        """The places that have any spell."""
        return np.flatnonzero(np.diff(self._rest_bounds) + np.diff(self._plain_bounds))

    def of(self, places: tuple[int, ...]) -> _GroupSpells:
        """The spells of a group's places."""
        ages = [self._plain.between(*self._plain_bounds[place : place + 2]) for place in places]
        rest = [slice(*self._rest_bounds[place : place + 2]) for place in places]
        entries = [self._entries[slice(*self._entry_bounds[place : place + 2])] for place in places]
        columns = {name: _joined([column[part] for part in rest]) for name, column in self._rest.items()}
        return _GroupSpells(merged(ages), _joined(entries), columns)


def _joined(parts: list[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


class _Sorted:
    """Values by place, each place's in order: sorted as one number of place and value, where they fit into one."""

    def __init__(self, places: Ages, values: Ages, without: npt.NDArray[np.intp]) -> None:
        self._bits = int(values.max(initial=1)).bit_length()
        if self._bits + int(places.max(initial=0)).bit_length() < 63:
            keys = (places << self._bits) | values
            keys[without] = np.iinfo(np.int64).max
            self._keys = sort(keys)[: len(keys) - len(without)]
        else:
            places, values = np.delete(places, without), np.delete(values, without)
            order = np.lexsort((values, places))
            self._bits, self._keys, self._apart = 0, places[order], values[order]

    def bounds(self, places: Ages) -> npt.NDArray[np.intp]:
        """Where the values of each place begin."""
        return np.searchsorted(self._keys, places << self._bits)

    def between(self, first: int, after: int) -> Ages:
        """The values between two bounds of one place, in order."""
        if not self._bits:
            return self._apart[first:after]
        return self._keys[first:after] & ((1 << self._bits) - 1)


class _GroupSpells:
    """The spells of one group: the plain ones as sorted ages, doubled and one more for those that came before the
    window, with the ages at which those entered; the rest in columns."""

    def __init__(self, plain: Ages, entries: Ages, rest: Columns) -> None:
        self._plain = plain
        self._entries = entries
        self._rest = rest
        self._counts = ~rest["is_left_out"]

    def left_out(self, clock: str) -> int:
        """How many would be on the clock and are left out."""
        return int((self._on(clock) & ~self._counts).sum())

    def _on(self, clock: str) -> npt.NDArray[np.bool_]:
        flag = {"exit": "ends_in_window", "cohort": "begins_in_window", "period": "is_in_period"}[clock]
        found: npt.NDArray[np.bool_] = self._rest[flag]
        return found

    def on(self, clock: str) -> AtRisk:
        """The spells at risk on a clock."""
        return {"exit": self._exit, "cohort": self._cohort, "period": self._period}[clock]()

    def _exit(self) -> AtRisk:
        odd = self._rest["seen_micros"][self._on("exit") & self._counts]
        ended = merged([self._plain >> 1, np.sort(odd)])
        return AtRisk(ended, _NOTHING, _NOTHING, len(ended))

    def _cohort(self) -> AtRisk:
        began = self._on("cohort") & self._counts
        has_ended = self._rest["has_ended"]
        plain = self._plain[(self._plain & 1) == 0] >> 1
        ended = merged([plain, np.sort(self._rest["seen_micros"][began & has_ended])])
        censored = self._rest["seen_micros"][began & ~has_ended]
        return AtRisk(ended, np.sort(censored), _NOTHING, len(ended) + len(censored))

    def _period(self) -> AtRisk:
        counted = self._on("period") & self._counts
        ends, ages = self._rest["ends_in_window"], self._rest["period_micros"]
        ended = merged([self._plain >> 1, np.sort(ages[counted & ends])])
        censored = np.sort(ages[counted & ~ends])
        odd = self._rest["entry_micros"][counted]
        entered = np.concatenate([self._entries, odd[odd >= 0]])
        return AtRisk(ended, censored, entered, len(ended) + len(censored) - len(entered))
