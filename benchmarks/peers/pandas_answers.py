"""The stock series with pandas, and survival curves with lifelines, from a frame of stays."""

from __future__ import annotations

from importlib import import_module

import pandas as pd


def stock_by_port_day(stays: pd.DataFrame, zones: dict[str, str], as_of: pd.Timestamp) -> pd.DataFrame:
    """Stock and backlog a port and local day by +1 and -1 at the days of events, and a running sum.

    Args:
        stays: `un_location_code`, `arrived_at`, `left_at` and `overdue_at` in naive UTC.
        zones: the time zone of every port.
    """
    overdue = (stays["overdue_at"] <= as_of) & ~(stays["left_at"] <= stays["overdue_at"])
    arrivals = _local_days(stays, "arrived_at", zones)
    exits = _local_days(stays[stays["left_at"].notna()], "left_at", zones)
    newly_overdue = _local_days(stays[overdue], "overdue_at", zones)
    overdue_exits = _local_days(stays[overdue & stays["left_at"].notna()], "left_at", zones)
    counts = pd.DataFrame(
        {
            "arrivals": arrivals.value_counts(),
            "exits": exits.value_counts(),
            "newly_overdue": newly_overdue.value_counts(),
            "overdue_exits": overdue_exits.value_counts(),
        }
    ).fillna(0)
    series = []
    for port, found in counts.groupby(level="un_location_code"):
        days = found.droplevel("un_location_code").sort_index()
        last = as_of.tz_localize("UTC").tz_convert(zones[str(port)]).tz_localize(None).normalize()
        is_over = days["arrivals"].sum() == days["exits"].sum()
        span = pd.date_range(days.index[0], days.index[-1] if is_over else last, name="date")
        series.append(days.reindex(span, fill_value=0).assign(un_location_code=str(port)).reset_index())
    table = pd.concat(series, ignore_index=True)
    by_port = table.groupby("un_location_code")
    table["stock"] = by_port["arrivals"].cumsum() - by_port["exits"].cumsum()
    table["backlog"] = by_port["newly_overdue"].cumsum() - by_port["overdue_exits"].cumsum()
    columns = ["stock", "backlog", "arrivals", "exits", "newly_overdue"]
    table[columns] = table[columns].astype("int64")
    ordered = table.sort_values(["date", "un_location_code"], ignore_index=True)
    return ordered[["date", "un_location_code", *columns]]


def _local_days(stays: pd.DataFrame, column: str, zones: dict[str, str]) -> pd.DataFrame:
    """Port and local day of an instant, a row a stay."""
    days = [
        instants.dt.tz_localize("UTC").dt.tz_convert(zones[str(port)]).dt.tz_localize(None).dt.normalize()
        for port, instants in stays.groupby("un_location_code")[column]
    ]
    return pd.DataFrame({"un_location_code": stays["un_location_code"], "date": pd.concat(days)})


def has_lifelines() -> bool:
    """Whether lifelines is installed; the product does not ask for it."""
    try:
        import_module("lifelines")
    except ImportError:
        return False
    return True


def survival_by_port(stays: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    """Kaplan-Meier by lifelines, a fit a port with its 95% band: `age_hours` and `survival` where a stay ended."""
    fitter = import_module("lifelines").KaplanMeierFitter()
    curves = []
    ages = (stays["left_at"].fillna(as_of) - stays["arrived_at"]).dt.as_unit("us").astype(
        "int64"
    ) / 3_600_000_000
    for port, rows in stays.groupby("un_location_code"):
        fitter.fit(ages[rows.index], rows["left_at"].notna())
        events = fitter.event_table
        curve = fitter.survival_function_.iloc[:, 0].rename("survival")
        band = fitter.confidence_interval_survival_function_
        curve = curve[(events["observed"] > 0).reindex(curve.index, fill_value=False)]
        bounds = {
            "lower": band.iloc[:, 0].reindex(curve.index),
            "upper": band.iloc[:, 1].reindex(curve.index),
        }
        frame = pd.DataFrame({"survival": curve, **bounds}).rename_axis("age_hours").reset_index()
        curves.append(frame.assign(un_location_code=port))
    return pd.concat(curves, ignore_index=True)
