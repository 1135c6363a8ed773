"""Ports side by side: crude, standardised to the national mix, and with limits that allow for their size."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pandas as pd
import pyarrow as pa

from pipeline.metrics.campaign_choice import campaign_ports, chosen_campaign
from pipeline.metrics.durations import (
    DEFAULT_TAU_DAYS,
    GROUPED_MODELS,
    HOUR_MICROS,
    measure_of,
    prepare_windows,
    register_scopes,
)
from pipeline.metrics.filters import Filters
from pipeline.metrics.question import Question, closing
from pipeline.metrics.registry import Metric, register
from pipeline.statistics.inference import (
    Z_998,
    Interval,
    Standardised,
    log_interval,
    places,
    shared_ranks,
    standardise,
)

POOL_BELOW = 30
"""Strata with fewer batches nationally are pooled into one."""
FEW = 30
"""Ports with fewer batches are shown and not ranked: the normal approximation of their interval does not hold."""
MIN_ENDED = 5
"""Ends that a port's stratum must have to count as one that the port has: the least that is not thin."""
MIN_COVERAGE = 0.5
"""Ports whose strata make up less of the national weights are not ranked: less than half of them is compared."""
TAU_SHARE = 0.9
"""The shared tau is cut to an age to which the curves of ports with this share of the batches are known."""

COMPARE_COLUMNS = (
    "un_location_code",
    "n",
    "n_ended",
    "n_open",
    "n_left_out",
    "crude_hours",
    "crude_se_hours",
    "crude_lower_hours",
    "crude_upper_hours",
    "standardised_hours",
    "standardised_se_hours",
    "standardised_lower_hours",
    "standardised_upper_hours",
    "coverage_share",
    "rmst_tau_hours",
    "rank",
    "place_from",
    "place_to",
    "national_hours",
    "limit_lower_95_hours",
    "limit_upper_95_hours",
    "limit_lower_998_hours",
    "limit_upper_998_hours",
    "funnel",
    "flags",
)
WHOLE_NUMBERS = ("rank", "place_from", "place_to")
Group = dict[str, Any]


def compare(question: Question) -> pd.DataFrame:
    """The report `compare`: a row a port that has any batch in the window, the fastest first."""
    asked = _nationwide(question)
    wanted = _wanted_ports(question)
    with closing(asked):
        _prepare(asked)
        ports, strata, nation, national_strata = _groups(asked)
    rows = [_port_row(port, strata.get(port["un_location_code"], []), national_strata) for port in ports]
    _rank(rows)
    for row in rows:
        _funnel(row, nation, national_strata)
    frame = pd.DataFrame(rows, columns=list(COMPARE_COLUMNS)).astype(dict.fromkeys(WHOLE_NUMBERS, "Int64"))
    frame = frame[frame["un_location_code"].isin(wanted)] if wanted else frame
    return frame.sort_values(["rank", "standardised_hours", "un_location_code"], ignore_index=True)


def _nationwide(question: Question) -> Question:
    """The question of all ports: the mix and the limits are national, whichever ports are shown."""
    filters: Filters = replace(question.filters, ports=(), count="batch")
    if filters.campaign_id is not None:
        row = chosen_campaign(question)
        filters = replace(filters, date_from=row["starts_on"], date_to=row["ends_on"])
    return replace(question, filters=filters)


def _wanted_ports(question: Question) -> tuple[str, ...]:
    if question.ports or question.filters.campaign_id is None:
        return question.ports
    row = chosen_campaign(question)
    return () if row["ports"].strip().lower() == "all" else tuple(campaign_ports(question, row))


def _prepare(question: Question) -> None:
    measure = measure_of(question)
    prepare_windows(question, measure)
    engine = question.engine
    engine.alias("measured_spells", f"{measure}_spells")
    engine.alias("spells", "stratum_spells")
    engine.register_arrow("asked_clocks", pa.table({"clock": ["period"]}))
    engine.register_arrow("told_apart", pa.table({"tells_class": [True]}))


def _groups(
    question: Question,
) -> tuple[list[Group], dict[str, list[Group]], Group | None, dict[str, Group]]:
    """Ports, their strata, the nation, and its strata (whose batches are the weights), all at one tau."""
    _tell_apart(question, ("class",))
    raw = question.engine.to_arrow("group_ages").to_pylist()
    common = {row["lead_class"] for row in raw if row["n"] >= POOL_BELOW}
    tau_micros = shared_tau(_compared(question, None, ("port",)), _asked_tau_micros(question))
    _pool_all_but(question, common)
    national_strata: dict[str, Group] = {}
    ports, nation = [], None
    strata: dict[str, list[Group]] = {}
    for row in _compared(question, tau_micros, ("class",), ("port", "class"), ("port",), ()):
        port, stratum = row["un_location_code"], row["lead_class"]
        if port is None and stratum is None:
            nation = row
        elif port is None:
            national_strata |= {stratum: row} if row["n"] else {}
        elif stratum is None:
            ports.append(row)
        else:
            strata.setdefault(port, []).append(row)
    return ports, strata, nation, national_strata


def _asked_tau_micros(question: Question) -> int:
    hours = question.filters.tau_hours or DEFAULT_TAU_DAYS[measure_of(question)] * 24
    return round(hours * HOUR_MICROS)


def _compared(question: Question, tau_micros: int | None, *scopes: tuple[str, ...]) -> list[Group]:
    """The groups of several scopes at one tau, in one pass."""
    _tell_apart(question, *scopes)
    engine = question.engine
    asked = {
        "stage": pa.array([question.filters.stage or "overall"]),
        "tau_micros": pa.array([tau_micros or _asked_tau_micros(question)], pa.int64()),
    }
    engine.register_arrow("asked_duration", pa.table(asked))
    engine.alias("group_taus", "shared_taus")
    return engine.to_arrow("compared_groups").to_pylist()


def _tell_apart(question: Question, *scopes: tuple[str, ...]) -> None:
    """Groups the spells anew; they were read once, by their strata."""
    question.engine.forget(*GROUPED_MODELS, "shared_taus")
    register_scopes(question, *scopes)


def _pool_all_but(question: Question, common: set[str]) -> None:
    """Counts spells of all other strata under one, that of the rare."""
    kinds = [kind for (kind,) in question.engine.rows("spell_kinds")]
    told = [kind if kind in common else "pooled" for kind in kinds]
    question.engine.register_arrow(
        "told_kinds", pa.table({"kind": pa.array(kinds, pa.string()), "told_as": pa.array(told, pa.string())})
    )


def shared_tau(ports: list[Group], asked_micros: int) -> int:
    """The largest tau up to the one asked for to which the curves of most batches' ports are known, in microseconds.

    The usual rule, the smallest of all largest ages, would let one small port that never keeps anything long cut off
    the tails of all others. Ports with few batches have no say.
    """
    heard = [port for port in ports if port["n"] >= FEW] or [port for port in ports if port["n"]]
    ages = sorted(
        (
            (asked_micros if port["known_to_micros"] is None else port["known_to_micros"], port["n"])
            for port in heard
        ),
        reverse=True,
    )
    needed = TAU_SHARE * sum(n for _, n in ages)
    for age, n in ages:
        needed -= n
        if needed <= 1e-9:
            return max(1, min(asked_micros, age))
    return asked_micros


def _port_row(port: Group, strata: list[Group], national_strata: dict[str, Group]) -> Group:
    row: Group = dict.fromkeys(COMPARE_COLUMNS)
    row |= {name: port[name] for name in ("un_location_code", "n", "n_ended", "n_open", "n_left_out")}
    row["rmst_tau_hours"] = port["rmst_tau_hours"]
    had = [stratum for stratum in strata if stratum["n_ended"] >= MIN_ENDED]
    found = _standardised({stratum["lead_class"]: stratum for stratum in had}, national_strata)
    _put(row, "crude", port["rmst_hours"], port["rmst_se_hours"])
    if found is not None:
        _put(row, "standardised", found.estimate, found.error)
    row["coverage_share"] = found.coverage if found else 0.0
    row["flags"] = ";".join(_flags(port, had, found))
    return row


def _standardised(had: dict[str, Group], national_strata: dict[str, Group]) -> Standardised | None:
    """Over the strata that the port has; those that it lacks stand to the nation's as all that it has together do.

    Without that a port would be held against a nation of other goods than its own.
    """
    weights = {name: float(group["n"]) for name, group in national_strata.items()}
    found = standardise(weights, {name: tail_corrected(group) for name, group in had.items()})
    national = {name: tail_corrected(group) for name, group in national_strata.items()}
    of_all, of_same = (
        standardise(weights, means)
        for means in (national, {name: mean for name, mean in national.items() if name in had})
    )
    if found is None or of_all is None or of_same is None or not of_same.estimate:
        return found
    factor = of_all.estimate / of_same.estimate
    return Standardised(found.estimate * factor, found.error * factor, found.coverage)


def tail_corrected(group: Group) -> tuple[float, float]:
    """Restricted mean and its standard error (hours) of a group whose curve may end above 0 before tau.

    Such a curve is not held at its last value to tau, which would punish small strata whose longest stay is still
    open, but goes on as the exponential through its last value (Brown, Hollander and Korwar 1974).
    """
    hours, error = group["rmst_hours"], group["rmst_se_hours"]
    if not _is_held(group) or not 0 < group["last_survival"] < 1 or not hours:
        return hours, error
    known = group["known_to_micros"] / HOUR_MICROS
    beyond, rate = group["rmst_tau_hours"] - known, -math.log(group["last_survival"]) / known
    excess = group["last_survival"] * (beyond + math.expm1(-rate * beyond) / rate)
    return hours - excess, error * (hours - excess) / hours


def _put(row: Group, name: str, estimate: float | None, error: float | None) -> None:
    row[f"{name}_hours"], row[f"{name}_se_hours"] = estimate, error
    interval = log_interval(estimate, error) if estimate is not None and error is not None else None
    if interval is not None:
        row[f"{name}_lower_hours"], row[f"{name}_upper_hours"] = interval.lower, interval.upper


def _flags(port: Group, had: list[Group], found: Standardised | None) -> list[str]:
    flags = {
        "few": port["n"] < FEW,
        "thin": port["is_thin"],
        "held": _is_held(port),
        "strata_held": any(_is_held(stratum) for stratum in had),
        "low_coverage": found is None or found.coverage < MIN_COVERAGE,
    }
    return [name for name, is_set in flags.items() if is_set]


def _is_held(group: Group) -> bool:
    """Whether the curve ends above 0 before tau, and its last value is held."""
    known, tau = group["known_to_micros"], group["rmst_tau_hours"]
    return known is not None and tau is not None and known < round(tau * HOUR_MICROS)


def _rank(rows: list[Group]) -> None:
    intervals = {
        row["un_location_code"]: Interval(
            row["standardised_hours"], row["standardised_lower_hours"], row["standardised_upper_hours"]
        )
        for row in rows
        if row["standardised_lower_hours"] is not None
        and not {"few", "low_coverage"} & set(row["flags"].split(";"))
    }
    ranks, between = shared_ranks(intervals), places(intervals)
    for row in rows:
        if row["un_location_code"] in ranks:
            row["rank"] = ranks[row["un_location_code"]]
            row["place_from"], row["place_to"] = between[row["un_location_code"]]


def _funnel(row: Group, nation: Group | None, national_strata: dict[str, Group]) -> None:
    """The limits within which a port of this size would lie by chance if it were as the nation is."""
    of_all = _standardised(national_strata, national_strata)
    if nation is None or of_all is None or not row["n"]:
        return
    row["national_hours"] = of_all.estimate
    error = nation["rmst_se_hours"] * (nation["n"] / row["n"]) ** 0.5
    inner, outer = (
        log_interval(of_all.estimate, error),
        log_interval(of_all.estimate, error, Z_998),
    )
    if inner is None or outer is None:
        return
    row["limit_lower_95_hours"], row["limit_upper_95_hours"] = inner.lower, inner.upper
    row["limit_lower_998_hours"], row["limit_upper_998_hours"] = outer.lower, outer.upper
    value = row["standardised_hours"]
    if value is not None:
        row["funnel"] = _place_in_funnel(value, inner, outer)


def _place_in_funnel(value: float, inner: Interval, outer: Interval) -> str:
    if outer.lower <= value <= outer.upper:
        within = inner.lower <= value <= inner.upper
        return "inside" if within else "below_95" if value < inner.lower else "above_95"
    return "below_998" if value < outer.lower else "above_998"


register(
    Metric(
        key="compare",
        title="Comparing ports",
        title_zh="口岸比较",
        unit="hours",
        grain="one row a port with any batch in the window",
        definition="The period clock's restricted mean of overall clearance (or of the stage or measure asked for), "
        "crude and directly standardised to the national mix of lead class x direction, each with standard error and "
        "95% interval. Strata with fewer than 30 batches nationally are pooled into one. A port has a stratum where at "
        "least 5 of its batches ended in it; it is standardised over those, and the coverage tells their share of the "
        "national weights; the strata that it lacks are taken to stand to the nation's as all that it has together do. A "
        "stratum's curve that ends above 0 goes on as the exponential through its last value. "
        "All ports share one tau: the largest up to the one asked for to which the curves of ports "
        "with 90% of the batches are known. Ports whose standardised intervals overlap share a rank; the places tell "
        "which ranks are possible. Funnel: the national value with the limits (95% and 99.8%) within which a port of "
        "the same number of batches would lie by chance.",
        definition_zh="按时段口径的整体通关时间（或所选阶段、指标）限制均值：原始值，"
        "以及按全国“主要类别 × 方向”构成直接标准化的值，均附标准误与 95% 区间。全国不足 30 批的层合并为一层。"
        "港口在某层至少有 5 批结束方视为具有该层；仅在具有的层上标准化，覆盖率为这些层占全国权重的比例；"
        "所缺各层按其已有各层与全国之比推定。某层曲线末值大于 0 时按过末值的指数曲线延续。"
        "各港使用同一 tau：不超过所设值、且占 90% 批次的港口曲线均已知的最大时长。"
        "标准化区间重叠的港口并列名次；位次给出可能的名次范围。"
        "漏斗界限：全国值及同等批次数的港口因偶然所处的 95% 与 99.8% 界限。",
        sql="compared_groups",
        family="comparison",
        columns=COMPARE_COLUMNS,
        compute=compare,
        caveats="few: fewer than 30 batches, shown and not ranked, so that small ports are not punished for chance. "
        "low_coverage: its strata are less than half of the national weights, not ranked. thin: at some age below tau "
        "fewer than 5 were at risk. held: the crude curve ends above 0 before tau and is held at its last value: "
        "the mean is an upper bound. strata_held: so does that of a stratum, which is continued instead. "
        "Limits rest on a spread like the nation's, and they warn: a port "
        "outside may differ in what the strata do not hold.",
        caveats_zh="few：不足 30 批，列出但不排名，以免小港因偶然受罚。"
        "low_coverage：所具有的层不足全国权重的一半，不排名。thin：tau 以内某时长的风险集少于 5。"
        "held：原始曲线在 tau 前未降至 0，按末值延续，均值为上界。strata_held：某层曲线亦如此，改按指数曲线延续。"
        "界限以全国离散度为准，仅作提示：界限外的港口可能在分层未涵盖的方面不同。",
        source="Kaplan and Meier 1958; Brown, Hollander and Korwar 1974 on tails; "
        "Royston and Parmar 2013; Spiegelhalter 2005 on funnel plots; Goldstein and Healy "
        "1995 on overlapping intervals",
        is_report=True,
        options=("campaign", "measure", "stage", "tau_days"),
    ),
)
