"""Difference in differences on a panel of ports and weeks, with inference for a handful of ports."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, islice
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.statistics.inference import Interval

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

PERMUTATIONS = 999
SEED = 2023


@dataclass(frozen=True)
class Panel:
    """One value a port and week, cells may be missing. Week 0 is the first of the treatment.

    `port`: the port's number, 0 on. `treated_ports`: whether each port is treated, by its number.
    """

    port: Ints
    week: Ints
    value: Floats
    treated_ports: Bools

    @property
    def ports(self) -> int:
        """How many ports there are."""
        return len(self.treated_ports)

    def where(self, chosen: Bools) -> Panel:
        """Some of the cells."""
        return Panel(self.port[chosen], self.week[chosen], self.value[chosen], self.treated_ports)

    def shifted(self, weeks: int) -> Panel:
        """The same cells as though the treatment had begun `weeks` earlier."""
        return Panel(self.port, self.week + weeks, self.value, self.treated_ports)


def two_sided(panel: Panel) -> Panel:
    """The panel of ports that have cells both before and after; others tell nothing of a change."""
    before = np.bincount(panel.port[panel.week < 0], minlength=panel.ports) > 0
    after = np.bincount(panel.port[panel.week >= 0], minlength=panel.ports) > 0
    kept = before & after
    cells = kept[panel.port]
    number = np.cumsum(kept) - 1
    return Panel(number[panel.port[cells]], panel.week[cells], panel.value[cells], panel.treated_ports[kept])


@dataclass(frozen=True)
class Coefficient:
    """A coefficient with its standard error clustered by port and its interval by Student's t of (ports - 1)."""

    interval: Interval
    error: float
    p_value: float


def _fit(panel: Panel, regressors: Floats) -> list[Coefficient]:
    """Coefficients of the regressors' columns beside fixed effects of port and week."""
    # The model alone: the package whole takes seconds more.
    from statsmodels.regression.linear_model import OLS

    dummies = _fixed_effects(panel)
    design = np.column_stack([regressors, dummies])
    fitted: Any = OLS(panel.value, design).fit(
        cov_type="cluster", cov_kwds={"groups": panel.port, "df_correction": True}, use_t=True
    )
    ends = fitted.conf_int(0.05)
    return [
        Coefficient(
            Interval(float(fitted.params[k]), float(ends[k][0]), float(ends[k][1])),
            float(fitted.bse[k]),
            float(fitted.pvalues[k]),
        )
        for k in range(regressors.shape[1])
    ]


def _fixed_effects(panel: Panel) -> Floats:
    """A column a port, and one a week but the first."""
    weeks, place = np.unique(panel.week, return_inverse=True)
    by_port = np.eye(panel.ports)[panel.port]
    by_week = np.eye(len(weeks))[place][:, 1:]
    return np.column_stack([by_port, by_week])


def effect(panel: Panel) -> Coefficient:
    """The effect of the treatment: port and week fixed effects, errors clustered by port."""
    return _fit(panel, _treatment(panel, panel.treated_ports)[:, None])[0]


def _treatment(panel: Panel, treated_ports: Bools) -> Floats:
    return (treated_ports[panel.port] & (panel.week >= 0)).astype(np.float64)


def _trend(panel: Panel, treated_ports: Bools) -> Floats:
    return treated_ports[panel.port].astype(np.float64) * panel.week


def trend_before(panel: Panel) -> Coefficient:
    """How much more a week the treated ports moved than the others before the treatment (should be near 0)."""
    before = panel.where(panel.week < 0)
    return _fit(before, _trend(before, before.treated_ports)[:, None])[0]


def placebo(panel: Panel, weeks_earlier: int) -> Panel:
    """The panel before the treatment, as though it had begun `weeks_earlier` weeks before it did."""
    return panel.where(panel.week < 0).shifted(weeks_earlier)


def event_study(panel: Panel) -> dict[int, Coefficient]:
    """The difference of treated and other ports in each week against that of the week before the treatment.

    Weeks in which one of the two sides has no cell are left out; so is everything where week -1 is such a week.
    """
    treated = panel.treated_ports[panel.port]
    both = set(panel.week[treated].tolist()) & set(panel.week[~treated].tolist())
    if -1 not in both:
        return {}
    cells = panel.where(np.isin(panel.week, sorted(both)))
    weeks = [week for week in sorted(both) if week != -1]
    treated = cells.treated_ports[cells.port]
    columns = np.column_stack([treated & (cells.week == week) for week in weeks]).astype(np.float64)
    return dict(zip(weeks, _fit(cells, columns), strict=True))


@dataclass(frozen=True)
class Permuted:
    """A p-value by permuting which ports are treated; `is_exact`: every choice of ports was gone through."""

    p_value: float
    permutations: int
    is_exact: bool


def permuted_effect(panel: Panel, permutations: int = PERMUTATIONS, seed: int = SEED) -> Permuted:
    """The p-value of the effect: the share of choices of as many ports whose effect is as large or larger."""
    return _permuted(panel, _treatment, permutations, seed)


def permuted_trend(panel: Panel, permutations: int = PERMUTATIONS, seed: int = SEED) -> Permuted:
    """The p-value of the trend before the treatment."""
    return _permuted(panel.where(panel.week < 0), _trend, permutations, seed)


def _permuted(panel: Panel, regressor: Any, permutations: int, seed: int) -> Permuted:
    """The same regression for other choices of ports (Frisch, Waugh and Lovell: all residuals at once)."""
    basis, _ = np.linalg.qr(_independent(_fixed_effects(panel)))
    residual = panel.value - basis @ (basis.T @ panel.value)
    choices, is_exact = _choices(panel.treated_ports, permutations, seed)
    columns = np.column_stack([regressor(panel, choice) for choice in [panel.treated_ports, *choices]])
    columns = columns - basis @ (basis.T @ columns)
    spread = np.einsum("ij,ij->j", columns, columns)
    found = np.divide(columns.T @ residual, spread, out=np.zeros_like(spread), where=spread > 1e-9)
    extreme = int((np.abs(found[1:]) >= abs(found[0]) * (1 - 1e-9)).sum())
    if is_exact:
        return Permuted(extreme / len(choices), len(choices), True)
    return Permuted((1 + extreme) / (1 + len(choices)), len(choices), False)


def _independent(columns: Floats) -> Floats:
    """An orthonormal basis's worth of columns: those that a missing cell made redundant are dropped."""
    left, sizes, _ = np.linalg.svd(columns, full_matrices=False)
    return np.asarray(left[:, sizes > sizes[0] * 1e-10], dtype=np.float64)


def _choices(treated_ports: Bools, permutations: int, seed: int) -> tuple[list[Bools], bool]:
    """All choices of as many ports where there are not more than asked for, else so many drawn at random."""
    ports, treated = len(treated_ports), int(treated_ports.sum())
    if math.comb(ports, treated) <= permutations:
        every = combinations(range(ports), treated)
        return [_chosen(ports, choice) for choice in islice(every, permutations)], True
    random = np.random.default_rng(seed)
    return [random.permutation(treated_ports) for _ in range(permutations)], False


def _chosen(ports: int, choice: Sequence[int]) -> Bools:
    chosen = np.zeros(ports, dtype=np.bool_)
    chosen[list(choice)] = True
    return chosen
