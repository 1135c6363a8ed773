"""Reductions: a window against a baseline on every clock, with their uncertainty."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pandas as pd

from pipeline.errors import UserMistake
from pipeline.metrics.campaign_choice import campaign_ports, chosen_campaign
from pipeline.metrics.durations import (
    DURATION_SOURCE,
    measure_of,
    pair_key,
    prepare_windows,
    register_scopes,
    register_windows,
)
from pipeline.metrics.kept.durations import picked
from pipeline.metrics.question import Question, closing
from pipeline.metrics.registry import Metric, register
from pipeline.statistics.inference import log_ratio_reduction

REDUCTION_COLUMNS = (
    "un_location_code",
    "clock",
    "statistic",
    "baseline_hours",
    "window_hours",
    "reduction_pct",
    "lower_pct",
    "upper_pct",
    "n_baseline",
    "n_window",
    "verdict",
    "flags",
)
STATISTICS = (
    ("exit", "mean"),
    ("exit", "median"),
    ("cohort", "median"),
    ("period", "median"),
    ("period", "rmst"),
)


def reduction(question: Question) -> pd.DataFrame:
    """The report `reduction`: five statistics a port and for all, window against baseline."""
    asked = replace(question, filters=replace(windows_of(question), by=()))
    tables = _statistics(asked)
    scopes = sorted(
        tables["baseline"].keys() | tables["window"].keys(), key=lambda scope: (scope != "all", scope)
    )
    rows = [
        row
        for scope in scopes
        for row in _compare(scope, tables["baseline"].get(scope, {}), tables["window"].get(scope, {}))
    ]
    return pd.DataFrame(rows, columns=list(REDUCTION_COLUMNS))


def windows_of(question: Question) -> Any:
    """The filters with the window and the baseline, from the campaign where one is named."""
    asked = question.filters
    if asked.campaign_id is not None:
        row = chosen_campaign(question)
        if row["baseline_from"] is None or row["baseline_to"] is None:
            raise UserMistake(
                f"{asked.campaign_id} names no baseline", "Give --from --to --baseline-from --baseline-to."
            )
        ports = asked.ports or (() if row["ports"] == "all" else tuple(campaign_ports(question, row)))
        return replace(
            asked,
            date_from=row["starts_on"],
            date_to=row["ends_on"],
            baseline_from=row["baseline_from"],
            baseline_to=row["baseline_to"],
            ports=ports,
        )
    if asked.baseline_from is None and asked.baseline_to is None:
        raise UserMistake(
            "a reduction needs a baseline", "Give --campaign, or --from --to --baseline-from --baseline-to."
        )
    return asked


def _statistics(question: Question) -> dict[str, dict[str, dict[str, Any]]]:
    """The rows of `durations` by window, scope and clock: both windows, all ports and each in one pass.

    Both windows are restricted to the smaller of their largest ages.
    """
    asked = question.filters
    measure_of(question)
    kept = picked(question, pair_key(asked), ("port",), ())
    if kept is not None:
        return _by_window(kept.to_pylist())
    with closing(question):
        prepare_windows(question, measure_of(question))
        baseline, window = (asked.baseline_from, asked.baseline_to), (asked.date_from, asked.date_to)
        register_windows(question, {"baseline": baseline, "window": window})
        register_scopes(question, ("port",), ())
        return _by_window(question.engine.to_arrow("durations").to_pylist())


def _by_window(rows: list[dict[str, Any]]) -> dict[str, dict[str, dict[str, Any]]]:
    found: dict[str, dict[str, dict[str, Any]]] = {"baseline": {}, "window": {}}
    for row in rows:
        of_window = found[row["window_name"]]
        of_window.setdefault(row["un_location_code"] or "all", {})[row["clock"]] = row
    return found


def _compare(scope: str, baseline: dict[str, Any], window: dict[str, Any]) -> list[dict[str, Any]]:
    rows = [
        _compared(scope, clock, statistic, baseline.get(clock), window.get(clock))
        for clock, statistic in STATISTICS
    ]
    mean, rmst = rows[0]["reduction_pct"], rows[-1]["reduction_pct"]
    if mean is not None and rmst is not None and mean * rmst < 0:
        for row in (rows[0], rows[-1]):
            row["flags"] = ";".join(filter(None, (row["flags"], "clocks_disagree")))
    return rows


def _compared(
    scope: str, clock: str, statistic: str, baseline: dict[str, Any] | None, window: dict[str, Any] | None
) -> dict[str, Any]:
    before, now = _value(baseline, statistic), _value(window, statistic)
    row: dict[str, Any] = {
        "un_location_code": scope,
        "clock": clock,
        "statistic": statistic,
        "baseline_hours": before,
        "window_hours": now,
        "reduction_pct": None,
        "lower_pct": None,
        "upper_pct": None,
        "n_baseline": int(baseline["n"]) if baseline else 0,
        "n_window": int(window["n"]) if window else 0,
        "verdict": "undefined",
        "flags": _flags(statistic, baseline, window),
    }
    if not before or not now:
        return row
    row["reduction_pct"] = 100 * (1 - now / before)
    if statistic == "median":
        return row | {"verdict": None}
    errors = _standard_error(baseline, statistic), _standard_error(window, statistic)
    if None in errors:
        return row
    return row | _interval(before, now, *errors)  # type: ignore[arg-type]


def _interval(before: float, now: float, before_se: float, now_se: float) -> dict[str, Any]:
    """Ends of the reduction's interval, and the verdict that follows from them."""
    found = log_ratio_reduction(before, now, before_se, now_se)
    verdict = "faster" if found.lower > 0 else "slower" if found.upper < 0 else "not distinguishable"
    return {"lower_pct": found.lower, "upper_pct": found.upper, "verdict": verdict}


def _value(row: dict[str, Any] | None, statistic: str) -> float | None:
    value = row[f"{statistic}_hours"] if row else None
    return None if value is None else float(value)


def _standard_error(row: dict[str, Any] | None, statistic: str) -> float | None:
    if row is None:
        return None
    if statistic == "rmst":
        return float(row["rmst_se_hours"])
    deviation = row["sd_hours"]
    if deviation is None:
        return None
    return float(deviation) / math.sqrt(row["n"])


def _flags(statistic: str, *rows: dict[str, Any] | None) -> str:
    wanted = {"median": "not_reached_median", "rmst": "thin"}.get(statistic)
    given = {flag for row in rows if row for flag in (row["flags"] or "").split(";")}
    return wanted if wanted in given and wanted else ""


register(
    Metric(
        key="reduction",
        title="Reduction",
        title_zh="压缩率",
        unit="percent",
        grain="one row a port (and all), clock and statistic",
        definition="1 less the statistic in the window over that in the baseline, with a 95% interval by the delta method "
        "on the log ratio, and a verdict. Both windows are restricted to the same tau.",
        definition_zh="1 减去窗口统计量与基准统计量之比，附对数比的 delta 法 95% 区间与判断。两窗口使用同一 tau。",
        sql="durations",
        family="durations",
        columns=REDUCTION_COLUMNS,
        compute=reduction,
        caveats="Where the mean by exit and the restricted mean have opposite signs the clocks disagree: trust the latter.",
        caveats_zh="按离港均值与限制均值方向相反时标注“口径不一致”：以后者为准。",
        source=DURATION_SOURCE,
        is_report=True,
        options=("campaign", "stage", "measure", "tau_days", "baseline_from", "baseline_to"),
    ),
)
