"""Dwell of a window by pandas and lifelines, from the same Parquet files: a fit a port, with delayed entry."""

from __future__ import annotations

from importlib import import_module

import numpy as np
import pandas as pd
import pyarrow.compute as pc
import pyarrow.dataset as ds

COLUMNS = ["un_location_code", "arrived_at", "left_at"]
HOUR = 3_600_000_000


def period_by_port(
    files: list[str], first: pd.Timestamp, after: pd.Timestamp, tau_hours: float
) -> pd.DataFrame:
    """The period clock a port: `n`, `n_ended`, `median_hours`, and `rmst_hours` up to tau.

    Args:
        files: Parquet files of stays: port, arrived_at and left_at (naive UTC, null where open).
        first, after: the window's first instant, and the instant after its last.
        tau_hours: cut to the largest age of the port.
    """
    stays = _read(files, first, after)
    exits = stays["left_at"].where(stays["left_at"] < after, after)
    ages = _hours(exits - stays["arrived_at"])
    entries = np.maximum(_hours(first - stays["arrived_at"]), 0.0)
    has_ended = (stays["left_at"] < after).to_numpy()
    rows = [
        _fitted(str(port), ages[places], has_ended[places], entries[places], tau_hours)
        for port, places in stays.groupby("un_location_code", observed=True).indices.items()
    ]
    return pd.DataFrame(rows)


def _read(files: list[str], first: pd.Timestamp, after: pd.Timestamp) -> pd.DataFrame:
    """The stays at risk in the window, read with the filter pushed down to the row groups."""
    left_at = pc.field("left_at")
    at_risk = (pc.field("arrived_at") < pc.scalar(after.to_datetime64())) & (
        left_at.is_null() | (left_at > pc.scalar(first.to_datetime64()))
    )
    return ds.dataset(files).to_table(columns=COLUMNS, filter=at_risk).to_pandas()


def _hours(lengths: pd.Series) -> np.ndarray:
    return lengths.dt.as_unit("us").astype("int64").to_numpy() / HOUR


def _fitted(
    port: str, ages: np.ndarray, has_ended: np.ndarray, entries: np.ndarray, tau_hours: float
) -> dict[str, object]:
    fitter = import_module("lifelines").KaplanMeierFitter().fit(ages, has_ended, entry=entries)
    curve = fitter.survival_function_.iloc[:, 0]
    # Its own median takes a curve that rounding left a hair above one half to be above it.
    has_fallen = (curve <= 0.5 + 1e-12).to_numpy()
    return {
        "un_location_code": port,
        "n": len(ages),
        "n_ended": int(has_ended.sum()),
        "median_hours": float(curve.index[has_fallen.argmax()]) if has_fallen.any() else np.nan,
        "rmst_hours": _area(curve, min(tau_hours, float(ages.max()))),
    }


def _area(curve: pd.Series, tau: float) -> float:
    """The area under a step curve up to tau; the library's own integral takes seconds a port."""
    ages, heights = curve.index.to_numpy(dtype=float), curve.to_numpy(dtype=float)
    return float((heights * np.diff(np.append(ages, np.inf).clip(0, tau))).sum())
