"""How often the rebound watch signals at a port that stays as it was: simulated ports, none of which relapses.

The number of newly overdue batches of a week is drawn from a Poisson distribution whose mean never changes. Eight
weeks tell that mean only roughly, so some of these ports signal. Drawn with a seed: the same each time.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd

from pipeline.statistics.inference import first_signals, wilson

BASELINE_WEEKS = 8
PORTS = 2000
SEED = 1954
MEANS = (1, 3, 8, 30)
WEEKS = (10, 26, 52)
COLUMNS = (
    "newly_overdue_a_week",
    "weeks_watched",
    "simulated_ports",
    "false_alarms",
    "false_alarm_share",
    "lower_share",
    "upper_share",
)


@lru_cache(maxsize=4096)
def false_alarms(mean: float, weeks: int) -> int:
    """Of `PORTS` simulated ports of `mean` newly overdue batches a week: those that signal within `weeks` weeks."""
    drawn = np.random.default_rng(SEED).poisson(mean, (PORTS, BASELINE_WEEKS + weeks))
    return int((first_signals(drawn.astype(float), BASELINE_WEEKS) >= 0).sum())


def false_alarm_share(mean: float, weeks: int) -> float:
    """The share of ports of such a level that signal by chance within so many weeks after the baseline."""
    return false_alarms(round(mean, 3), weeks) / PORTS


def table() -> pd.DataFrame:
    """A row a level and length of the watch, with the Wilson interval of the share."""
    rows = []
    for mean in MEANS:
        for weeks in WEEKS:
            alarms = false_alarms(float(mean), weeks)
            found = wilson(alarms, PORTS)
            assert found is not None
            rows.append((mean, weeks, PORTS, alarms, found.estimate, found.lower, found.upper))
    return pd.DataFrame(rows, columns=list(COLUMNS))
