"""The clocks against published data sets, a hand-worked table, and a well-known library."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator

import lifelines
import numpy as np
import pytest
from lifelines.datasets import load_rossi

from pipeline.engines.duckdb_engine import Engine

from . import rig
from .clocks import Spell, Window

END = 1000
FOLLOWED = Window(0, END, END)
REMISSION = "6+ 6 6 6 7 9+ 10+ 10 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+"
PLACEBO = "1 1 2 2 3 4 4 5 5 8 8 8 8 11 11 12 12 15 17 22 23"
"""Weeks of remission of 42 children with leukemia, `+` where it still lasted (Freireich and others 1963)."""


def spells(text: str) -> list[Spell]:
    """A spell a word; `+` where it was censored."""
    found = []
    for word in text.split():
        length = int(word.rstrip("+"))
        found.append(Spell(0, None if word.endswith("+") else length, length))
    return found


@pytest.fixture
def engine() -> Iterator[Engine]:
    with rig.new_engine(END) as opened:
        yield opened


def cohort(engine: Engine, members: list[Spell]) -> rig.Row:
    rig.ask(engine, FOLLOWED, END)
    rig.clearances(engine, members)
    return rig.durations(engine)["CNSHG", None, "cohort"]


def period(engine: Engine, members: list[Spell], tau: int) -> rig.Row:
    rig.ask(engine, FOLLOWED, tau)
    rig.clearances(engine, members)
    return rig.durations(engine)["CNSHG", None, "period"]


def steps(engine: Engine, clock: str = "cohort") -> list[rig.Row]:
    rows = engine.to_arrow("survival_report").to_pylist()
    return [row for row in rows if row["clock"] == clock]


@pytest.mark.parametrize(("weeks", "median", "flags"), [(REMISSION, 23, "not_reached_p90"), (PLACEBO, 8, "")])
def test_medians_of_the_remission_trial(engine: Engine, weeks: str, median: int, flags: str) -> None:
    row = cohort(engine, spells(weeks))
    assert (row["n"], row["median_hours"], row["flags"]) == (21, median, flags)


def test_curve_of_the_remission_trial(engine: Engine) -> None:
    """The treated arm's curve as printed in the textbooks, with Greenwood's standard errors in its band."""
    printed = {
        6: (0.857, 0.0764), 7: (0.807, 0.0869), 10: (0.753, 0.0963), 13: (0.690, 0.1068),
        16: (0.627, 0.1141), 22: (0.538, 0.1282), 23: (0.448, 0.1346),
    }  # fmt: skip
    cohort(engine, spells(REMISSION))
    rows = {row["age_hours"]: row for row in steps(engine) if row["ended"]}
    assert rows.keys() == printed.keys()
    for age, (survival, error) in printed.items():
        row = rows[age]
        assert row["survival"] == pytest.approx(survival, abs=6e-4)
        log_log = [math.log(-math.log(row[end])) for end in ("lower", "upper")]
        half = (log_log[0] - log_log[1]) / 2 / 1.959964
        greenwood = half * abs(math.log(row["survival"])) * row["survival"]
        assert greenwood == pytest.approx(error, abs=6e-5)


def test_restricted_means_of_the_remission_trial(engine: Engine) -> None:
    """To 35 weeks, as printed: 23.29 (2.83) and, where nothing is censored, the plain mean 8.67 (1.38)."""
    treated = period(engine, spells(REMISSION), 35)
    assert treated["rmst_hours"] == pytest.approx(23.29, abs=0.005)
    assert treated["rmst_se_hours"] == pytest.approx(2.83, abs=0.005)
    plain = period(engine, spells(PLACEBO), 35)
    assert plain["rmst_tau_hours"] == 23
    assert plain["rmst_hours"] == pytest.approx(8.667, abs=0.0005)
    assert plain["rmst_se_hours"] == pytest.approx(1.38, abs=0.005)


def test_a_median_that_is_not_reached_is_no_number(engine: Engine) -> None:
    """Of 432 released convicts 114 were arrested again within the 52 weeks (Rossi, Berk and Lenihan 1980)."""
    table = load_rossi()
    members = [
        Spell(0, week if arrested else None, week)
        for week, arrested in zip(table["week"].tolist(), table["arrest"].tolist(), strict=True)
    ]
    row = cohort(engine, members)
    assert (row["n"], row["n_ended"], row["median_hours"], row["p90_hours"]) == (432, 114, None, None)
    assert row["flags"] == "not_reached_median;not_reached_p90"
    assert steps(engine)[-1]["survival"] == pytest.approx(318 / 432)


def test_a_restricted_mean_by_hand(engine: Engine) -> None:
    """Ends at 2, 5, 9; censored at 4 and 7; tau 8.

    | age | at risk | ended | curve | area to 8         | d / n(n - d) |
    |-----|---------|-------|-------|-------------------|--------------|
    | 2   | 5       | 1     | 4/5   | 3 x .8 + 3 x 8/15 | 1/20         |
    | 5   | 3       | 1     | 8/15  | 3 x 8/15          | 1/6          |
    """
    row = period(engine, spells("2 4+ 5 7+ 9"), 8)
    assert row["rmst_hours"] == pytest.approx(2 + 3 * 0.8 + 3 * 8 / 15)
    assert row["rmst_se_hours"] == pytest.approx(math.sqrt(4.0**2 / 20 + 1.6**2 / 6))
    assert (row["median_hours"], row["p90_hours"], row["flags"]) == (9, 9, "thin")


def test_curve_and_band_with_delayed_entry_as_in_lifelines(engine: Engine) -> None:
    """Half of the spells began before the window. Ages of entry are odd and of ends even: no ties of the two."""
    draw = random.Random(7)
    members = []
    for number in range(60):
        start = -(2 * draw.randrange(1, 30) - 1) if number % 2 else 2 * draw.randrange(20)
        length = 2 * draw.randrange(1, 60)
        end = start + length
        if end > 0:
            members.append(Spell(start, end if end < 90 else None, min(end, 90)))
    window = Window(0, 90, 90)
    rig.ask(engine, window, END)
    rig.clearances(engine, members)
    ours = [row for row in steps(engine, "period") if row["ended"]]
    fitter = lifelines.KaplanMeierFitter().fit(
        [spell.seen_until - spell.start for spell in members],
        [spell.end is not None for spell in members],
        entry=[max(0, -spell.start) for spell in members],
    )
    ages = [row["age_hours"] for row in ours]
    events = fitter.event_table.loc[ages]
    assert [row["at_risk"] for row in ours] == events["at_risk"].tolist()
    assert [row["ended"] for row in ours] == events["observed"].tolist()
    curve = fitter.survival_function_.loc[ages].to_numpy().ravel()
    band = fitter.confidence_interval_.loc[ages].to_numpy()
    inside = curve > 0
    shown = np.array([[row["survival"], row["lower"] or 0, row["upper"] or 0] for row in ours])
    assert shown[:, 0] == pytest.approx(curve, abs=1e-12)
    assert shown[inside, 1:] == pytest.approx(band[inside], abs=1e-6)
    median = rig.durations(engine)["CNSHG", None, "period"]["median_hours"]
    assert median == fitter.median_survival_time_
