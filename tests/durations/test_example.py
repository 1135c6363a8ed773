"""The example of the methodology: small enough to reckon by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.metrics import example
from pipeline.settings import Settings

DAY = 24


def test_the_mean_of_exits_rises_while_the_port_gets_faster() -> None:
    rows = example.clocks(Settings(Path("nowhere"), threads=1)).set_index(["window", "clock"])
    # Exits of the first ten days: 4 and 6 days. Of the next: 72, 71, 71, 70, 11, 11 and four times 2.
    assert rows.loc[("baseline", "exit"), "mean_hours"] == pytest.approx(5 * DAY)
    assert rows.loc[("window", "exit"), "mean_hours"] == pytest.approx(
        (72 + 71 + 71 + 70 + 22 + 8) / 10 * DAY
    )
    # The curve of the first ten days: 1 for 4 days, 3/4 for 2 (one of four left), 1/2 (one of three) up to 60.
    assert rows.loc[("baseline", "period"), "rmst_hours"] == pytest.approx((4 + 2 * 3 / 4 + 54 / 2) * DAY)
    # Of the next: all four newcomers leave at the age of 2 days, and nobody else is at risk before.
    assert rows.loc[("window", "period"), "rmst_hours"] == pytest.approx(2 * DAY)
    assert rows.loc[("baseline", "period"), "n_open"] == 6
    assert rows.loc[("window", "period"), "n_open"] == 0
