"""The figures of curves, computed in this process: what the models of `sql/durations` compute on a cluster.

The models say which spells count on which clock, in which group and with which ages. From there on the ages are sorted
and added up here, where the engine is in this process: a year of millions of spells takes an engine several seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.engines.relations import Relations
from pipeline.metrics.spell_runs import CLOCKS, Counts, Spells, gathered
from pipeline.settings import usable_cores
from pipeline.statistics.survival import (
    AtRisk,
    Curve,
    Figures,
    Lengths,
    RestrictedMean,
    figures,
    kaplan_meier,
    lengths,
    outline,
    restricted_mean,
)

LARGE = 30_000
"""From so many spells on groups are looked at side by side."""

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
PLACE_SCHEMA = pa.schema([("place_no", pa.int64()), ("n", pa.int64())])
Found = TypeVar("Found")


def compute_here(engine: Relations, with_outlines: bool = False) -> None:
    """Lets the figures of curves be computed in this process, unless the engine is in another one.

    Whoever wants outlines beside other figures says so, and they come from one look at every curve.
    """
    if engine.is_local:
        here = _Here(engine, with_outlines)
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
    """A group on one clock, and how many count there. Its number is three times its group's and its clock's place."""

    group: _Group
    clock: str
    counts: Counts

    @property
    def number(self) -> int:
        return 3 * self.group.number + CLOCKS.index(self.clock)

    @property
    def size(self) -> int:
        return self.counts.ended + self.counts.still

    @property
    def is_outlined(self) -> bool:
        """Outlines are of what is told apart by a port or a class, not by both."""
        return self.clock != "exit" and None in (self.group.port, self.group.lead_class)


class _Here:
    """The curves of what an engine is asked at the moment.

    Spells are read where `spell_counts` is forgotten, and grouped anew where `group_ages` is. Each curve is drawn for
    its figures and given up again: the largest takes as much memory as all spells do.
    """

    def __init__(self, engine: Relations, with_outlines: bool) -> None:
        self._engine = engine
        self._with_outlines = with_outlines
        self._spells: Spells
        self._clocked: list[_Clocked] = []
        self._lengths: dict[int, Lengths] = {}
        self._figures: dict[int, Figures] = {}
        self._means: dict[tuple[int, int], RestrictedMean] = {}
        """By the number of the curve and tau."""

    def tables(self) -> dict[str, Callable[[], pa.Table]]:
        """What is provided, by the name of the model in whose place it is."""
        return {
            "spell_counts": self._spell_counts,
            "group_ages": self._group_ages,
            "exit_quantiles": self._exit_quantiles,
            "curve_quantiles": self._curve_quantiles,
            "restricted_means": self._restricted_means,
            "curve_ends": self._curve_ends,
            "survival_steps": self._survival_steps,
            "outlined_steps": self._outlined_steps,
        }

    def _spell_counts(self) -> pa.Table:
        """Reads the spells. A row a place that has any."""
        engine = self._engine
        places = engine.to_arrow("spell_places").num_rows
        plain, odd = gathered(engine.blocks("met_spells"), places)
        engine.register_arrow("odd_spells", odd)
        self._spells = Spells(plain, engine.to_arrow("placed_spells"))
        counts = self._spells.counts()
        filled = np.flatnonzero(counts)
        return pa.table([pa.array(filled), pa.array(counts[filled])], schema=PLACE_SCHEMA)

    def _group_ages(self) -> pa.Table:
        engine = self._engine
        asked = {clock for (clock,) in engine.rows("asked_clocks")} | {"period"}
        filled = engine.to_arrow("spell_counts")["place_no"]
        self._clocked = [
            clocked
            for group in _groups(engine.to_arrow("spell_groups"), filled)
            for clocked in self._on_clocks(group, asked)
        ]
        self._lengths, self._figures, self._means = {}, {}, {}
        tau = engine.rows("asked_duration_tau")[0][0]
        return _table(AGES_SCHEMA, [_ages_row(clocked, tau) for clocked in self._clocked])

    def _on_clocks(self, group: _Group, asked: Collection[str]) -> Iterable[_Clocked]:
        """The group on every clock that counts anything in it."""
        own = self._spells.of(group.places)
        for clock in CLOCKS:
            if clock in asked:
                found = _Clocked(group, clock, own.counts(clock))
                if found.size or found.counts.left_out:
                    yield found

    def _each(self, numbers: Collection[int], look: Callable[[int, AtRisk], Found]) -> dict[int, Found]:
        """Looks at the curves of some numbers: at those of large groups side by side, and then at the others.

        A thread that does many small things would keep the others waiting for the interpreter.
        """
        by_group: dict[_Group, list[_Clocked]] = {}
        for one in self._clocked:
            if one.number in numbers:
                by_group.setdefault(one.group, []).append(one)

        def of_group(group: _Group) -> list[tuple[int, Found]]:
            own = self._spells.of(group.places)
            return [(one.number, look(one.number, own.on(one.clock))) for one in by_group[group]]

        sizes = {group: max(one.size for one in clocked) for group, clocked in by_group.items()}
        falling = sorted(by_group, key=sizes.__getitem__, reverse=True)
        with ThreadPoolExecutor(usable_cores()) as pool:
            found = list(pool.map(of_group, (group for group in falling if sizes[group] > LARGE)))
        found += [of_group(group) for group in falling if sizes[group] <= LARGE]
        return dict(chain.from_iterable(found))

    def _taus(self) -> dict[int, int]:
        """The tau of each curve of the period clock that has one."""
        rows = self._engine.rows("group_taus")
        return {number: tau for number, clock, tau in rows if clock == "period" and tau is not None}

    def _look(self) -> None:
        """Looks at all curves once, restricted to the tau of the moment."""
        self._engine.need("group_ages")
        if not self._figures:
            taus = self._taus()
            lengths_of = {one.number for one in self._clocked if one.clock == "exit"}
            outlined = {one.number for one in self._clocked if self._with_outlines and one.is_outlined}

            def look(number: int, at_risk: AtRisk) -> Figures | Lengths:
                if number in lengths_of:
                    return lengths(at_risk.ended)
                return figures(at_risk, taus.get(number), number in outlined)

            found = self._each({one.number for one in self._clocked if one.size}, look)
            self._lengths = {number: one for number, one in found.items() if isinstance(one, Lengths)}
            self._figures = {number: one for number, one in found.items() if isinstance(one, Figures)}
            self._means = {
                (number, taus[number]): one.mean
                for number, one in self._figures.items()
                if one.mean is not None
            }

    def _exit_quantiles(self) -> pa.Table:
        self._look()
        found = self._lengths.items()
        return _table(
            EXIT_SCHEMA,
            [(number, one.mean, one.deviation, one.median, one.ninetieth) for number, one in found],
        )

    def _curve_quantiles(self) -> pa.Table:
        self._look()
        found = self._figures.items()
        return _table(QUANTILE_SCHEMA, [(number, one.median, one.ninetieth) for number, one in found])

    def _curve_ends(self) -> pa.Table:
        self._look()
        return _table(END_SCHEMA, [(number, one.end) for number, one in self._figures.items()])

    def _restricted_means(self) -> pa.Table:
        self._look()
        taus = self._taus()
        lacking = {number: tau for number, tau in taus.items() if (number, tau) not in self._means}
        found = self._each(lacking, lambda number, at_risk: restricted_mean(at_risk, lacking[number]))
        self._means |= {(number, lacking[number]): mean for number, mean in found.items()}
        told = ((number, tau, self._means[number, tau]) for number, tau in taus.items())
        return _table(
            MEAN_SCHEMA,
            [(number, tau, mean.hours, mean.error_hours, int(mean.is_thin)) for number, tau, mean in told],
        )

    def _survival_steps(self) -> pa.Table:
        self._engine.need("group_ages")
        numbers = {one.number for one in self._clocked if one.clock != "exit"}
        return _steps(self._each(numbers, lambda _, at_risk: kaplan_meier(at_risk)))

    def _outlined_steps(self) -> pa.Table:
        self._engine.need("group_ages")
        numbers = {one.number for one in self._clocked if one.is_outlined}
        if not self._with_outlines:
            return _steps(self._each(numbers, lambda _, at_risk: outline(at_risk)))
        self._look()
        kept = ((number, one.outline) for number, one in self._figures.items())
        return _steps({number: curve for number, curve in kept if curve is not None})


def _steps(curves: dict[int, Curve]) -> pa.Table:
    """The points of some curves, in the order of their numbers."""
    tables = [
        pa.table([np.full(len(curve.ages), number), *curve], schema=STEP_SCHEMA)
        for number, curve in sorted(curves.items())
    ]
    return pa.concat_tables([STEP_SCHEMA.empty_table(), *tables])


def _table(schema: pa.Schema, rows: list[tuple[Any, ...]]) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else [()] * len(schema)
    return pa.table(
        [pa.array(list(column), field.type) for column, field in zip(columns, schema, strict=True)],
        schema=schema,
    )


def _ages_row(clocked: _Clocked, tau: int) -> tuple[Any, ...]:
    counts, group = clocked.counts, clocked.group
    told = (clocked.size, counts.ended, counts.still, counts.left_out, counts.from_start, counts.largest)
    return (
        clocked.number,
        group.number,
        clocked.clock,
        *told,
        group.window,
        group.port,
        group.lead_class,
        tau,
    )


def _groups(told: pa.Table, places: pa.ChunkedArray) -> list[_Group]:
    """The groups that spells of these places count in."""
    told = told.filter(pc.is_in(told["place_no"], places.cast(told["place_no"].type).combine_chunks()))
    names = ("group_no", "window_name", "group_port", "group_class")
    members: dict[tuple[int, str, str | None, str | None], list[int]] = {}
    for place, *named in zip(*(told[name].to_pylist() for name in ("place_no", *names)), strict=True):
        members.setdefault(tuple(named), []).append(place)
    return [_Group(*named, tuple(members[named])) for named in sorted(members, key=lambda named: named[0])]
