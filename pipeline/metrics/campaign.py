"""Campaigns: what was overdue at the start, what grew overdue, what was cleared, found and fined."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pandas as pd
import pyarrow as pa

from pipeline.engines.relations import frame_of
from pipeline.errors import UserMistake
from pipeline.metrics.campaign_choice import campaign_ports, chosen_campaign, ports_asked
from pipeline.metrics.question import Question, closing
from pipeline.metrics.reduction import reduction
from pipeline.metrics.registry import Compute, Metric, register
from pipeline.statistics.inference import wilson

REPORT_COLUMNS = (
    "scope",
    "day",
    "days",
    "opening_backlog",
    "cleared_opening",
    "cleared_new",
    "cleared_relocated",
    "remaining",
    "target_cleared",
    "inspected_batches",
    "misdeclared_batches",
    "penalty_cases",
    "reduction_pct",
    "reduction_lower_pct",
    "reduction_upper_pct",
    "newly_overdue",
    "exit_mean_reduction_pct",
    "flags",
)
DAY_COLUMNS = ("scope", "date", "day", "remaining", "cleared", "target_line")
CAMPAIGN_COLUMNS = (
    "campaign_id",
    "name",
    "name_zh",
    "kind",
    "starts_on",
    "ends_on",
    "baseline_from",
    "baseline_to",
    "ports",
    "target_cleared",
    "target_reduction_pct",
    "note",
    "note_zh",
)
REDUCTION_OF = {
    "reduction_pct": (("period", "rmst"), "reduction_pct"),
    "reduction_lower_pct": (("period", "rmst"), "lower_pct"),
    "reduction_upper_pct": (("period", "rmst"), "upper_pct"),
    "exit_mean_reduction_pct": (("exit", "mean"), "reduction_pct"),
    "flags": (("period", "rmst"), "flags"),
}
"""Columns of the report, with the clock and statistic of the reduction that they are of, and its column."""
WHOLE_NUMBERS = ("day", "days", "opening_backlog", "remaining", "target_cleared", "newly_overdue")
RATE_COLUMNS = (
    "selection_basis",
    "inspections",
    "inspected_batches",
    "batches_with_finding",
    "misdeclared_batches",
    "misdeclared_share",
    "misdeclared_lower_share",
    "misdeclared_upper_share",
)


def prepare(question: Question) -> dict[str, Any]:
    """Registers the campaign asked for, its ports and its window."""
    campaign = chosen_campaign(question)
    engine = question.engine
    days = (campaign["ends_on"] - campaign["starts_on"]).days + 1
    chosen = {
        "starts_on": pa.array([campaign["starts_on"]], pa.date32()),
        "day_after_end": pa.array([campaign["ends_on"] + dt.timedelta(days=1)], pa.date32()),
        "days": pa.array([days], pa.int64()),
        "target_cleared": pa.array([campaign["target_cleared"]], pa.int64()),
    }
    engine.register_arrow("chosen_campaign", pa.table(chosen))
    ports = pa.array(campaign_ports(question, campaign), pa.string())
    engine.register_arrow("campaign_ports", pa.table({"un_location_code": ports}))
    prepare_consignments(question)
    return campaign


def prepare_consignments(question: Question) -> None:
    """Lead classes of consignments are needed only where classes are asked for; computing them reads every item."""
    engine = question.engine
    if question.classes:
        engine.alias("lead_classes_asked", "lead_classes")
    else:
        empty = {"consignment_id": pa.array([], pa.string()), "lead_class": pa.array([], pa.string())}
        engine.register_arrow("lead_classes_asked", pa.table(empty))


def campaign(question: Question) -> pd.DataFrame:
    """The report `campaign`; with `by=("date",)` its burn-down."""
    by = question.filters.by
    if by == ("date",):
        return campaign_days(question)
    if by:
        raise UserMistake(
            f"--by {','.join(by)}: campaign knows date only", "Give --by date, or leave it out."
        )
    kept = _of_one_port(question)
    if kept is not None:
        return kept
    row = prepare(question)
    frame = question.frame("campaign")[list(REPORT_COLUMNS)]
    frame = frame.astype({name: "Int64" for name in WHOLE_NUMBERS})
    has_begun = bool((frame["day"] > 0).any())
    return _with_reduction(frame, question, row) if has_begun and row["baseline_from"] is not None else frame


def _of_one_port(question: Question) -> pd.DataFrame | None:
    """The campaign at one port, from the kept rows of all; None where they are not kept or more is asked."""
    asked = question.filters
    if question.kept is None or len(question.ports) != 1 or asked.classes or asked.direction:
        return None
    rows = question.kept.table("campaign", replace(asked, ports=()))
    if rows is None:
        return None
    frame = frame_of(rows)
    own = frame[frame["scope"] == question.ports[0]]
    target = frame.loc[frame["scope"] == "all", "target_cleared"]
    if len(own) != 1 or len(target) != 1:
        return None
    whole = own.assign(scope="all", target_cleared=target.to_numpy())
    return pd.concat([whole, own], ignore_index=True).astype(frame.dtypes)


def _with_reduction(frame: pd.DataFrame, question: Question, campaign: dict[str, Any]) -> pd.DataFrame:
    """The headline: the period clock's restricted mean of overall clearance against the campaign's baseline.

    Beside it the mean by exit, and the flags of the headline: `thin`, `clocks_disagree`. Of the same ports as the counts.
    """
    ports = ports_asked(question, campaign) if question.ports else ()
    asked = replace(question.filters, by=(), count="batch", ports=ports)
    found = reduction(replace(question, filters=asked))
    for column, ((clock, statistic), source) in REDUCTION_OF.items():
        own = found[(found["clock"] == clock) & (found["statistic"] == statistic)]
        cells = frame["scope"].map(own.set_index("un_location_code")[source])
        frame[column] = (
            cells.astype("string").fillna("").astype(str) if column == "flags" else cells.astype("Float64")
        )
    return frame


def campaign_days(question: Question) -> pd.DataFrame:
    """The burn-down: a row a scope and local day of the campaign that as_of has seen."""
    prepare(question)
    frame = question.frame("campaign_days").rename(columns={"day_date": "date"})
    return frame[list(DAY_COLUMNS)]


def campaigns(question: Question) -> pd.DataFrame:
    """The campaigns of the reference table."""
    frame: pd.DataFrame = question.reference.table("campaigns").to_pandas()
    return frame[list(CAMPAIGN_COLUMNS)]


def published_figures(question: Question) -> pd.DataFrame:
    """Figures that others published, to print beside one's own."""
    frame: pd.DataFrame = question.reference.table("published_figures").to_pandas()
    return frame


def hit_rates(question: Question) -> pd.DataFrame:
    """Misdeclared among inspected batches by basis of selection, with the Wilson interval of the share."""
    frame = question.frame("hit_rates")
    batches = zip(frame["misdeclared_batches"], frame["inspected_batches"], strict=True)
    found = [wilson(int(misdeclared), int(inspected)) for misdeclared, inspected in batches]
    for end in ("lower", "upper"):
        ends = [None if one is None else getattr(one, end) for one in found]
        frame[f"misdeclared_{end}_share"] = pd.Series(ends, frame.index, dtype="float64")
    return frame[list(RATE_COLUMNS)]


def cases_by_status(question: Question) -> pd.DataFrame:
    """Cases by status, in the order in which a case passes them, as the vocabulary lists them."""
    rows = question.reference.table("code_lists").to_pylist()
    order = [row["canonical"] for row in rows if row["list"] == "case_status"]
    frame = question.frame("cases_by_status")
    return frame.sort_values("status", key=lambda codes: codes.map(order.index), ignore_index=True)


def _in_window(answer: Compute) -> Compute:
    """A metric over the window asked for: the campaign's where one is named, else from and to."""

    def compute(question: Question) -> pd.DataFrame:
        asked = question.filters
        if asked.campaign_id is None:
            return _prepared(question)
        row = chosen_campaign(question)
        window = replace(
            asked,
            campaign_id=None,
            date_from=row["starts_on"],
            date_to=row["ends_on"],
            ports=ports_asked(question, row),
        )
        with closing(replace(question, filters=window)) as narrowed:
            return _prepared(narrowed)

    def _prepared(question: Question) -> pd.DataFrame:
        prepare_consignments(question)
        return answer(question)

    return compute


_SOURCE = "State Council Information Office press conference of 20 March 2023; definitions by dgwatch"

register(
    Metric(
        key="campaign",
        title="Campaign",
        title_zh="专项行动",
        unit="batches",
        grain="one row the whole campaign, then one row a port of it",
        definition="Opening: batches overdue when the campaign starts. Cleared: batches overdue at some instant of it "
        "that left during it, those of the opening backlog and those newly overdue apart; a box moved to another depot "
        "is relocated, not cleared. Opening plus newly overdue equals cleared plus relocated plus remaining. "
        "Misdeclared: distinct batches with a finding in the window whose code is a misdeclaration. Cases: filed in it.",
        definition_zh="期初：行动开始时已超期的批次。已清理：行动期间某时刻超期且在期间离港的批次，分期初与新增；"
        "移至其他场站的箱为转移，不算清理。期初 + 新增超期 = 已清理 + 转移 + 剩余。"
        "申报不实：期间查验发现属申报不实的批次（去重）。案件：期间立案。",
        sql="campaign",
        family="campaign",
        columns=REPORT_COLUMNS,
        compute=campaign,
        caveats="The published figures are lower bounds of another population; never divide one by another. "
        "The reduction is that of the period clock's restricted mean of overall clearance, with its 95% interval; "
        "beside it that of the mean by exit, which in a campaign that clears old stock can point the other way "
        "(flag clocks_disagree).",
        caveats_zh="公布数字为另一总体的下限，不可与本表相除。压缩率为按时段口径整体通关时间限制均值的压缩，附 95% 区间；"
        "旁列按离港均值的压缩率，清理陈货时其方向可能相反（标记 clocks_disagree）。",
        source=_SOURCE,
        is_report=True,
        options=("by", "campaign"),
    ),
    Metric(
        key="campaign_days",
        title="Burn-down",
        title_zh="清理进度",
        unit="batches",
        grain="one row a scope and local day of the campaign",
        definition="Remaining: overdue at the end of the day. Cleared: since the start, relocated ones left out. "
        "The target line rises evenly to the campaign's target on its last day.",
        definition_zh="剩余：当日结束时超期的批次。已清理：自行动开始累计，不含转移。目标线按日均匀升至末日目标。",
        sql="campaign_days",
        family="campaign",
        columns=DAY_COLUMNS,
        compute=campaign_days,
        source=_SOURCE,
        options=("campaign",),
    ),
    Metric(
        key="campaigns",
        title="Campaigns",
        title_zh="行动列表",
        unit="",
        grain="one row a campaign",
        definition="Name, kind, days, baseline window, ports and targets of each campaign.",
        definition_zh="各行动的名称、类型、起止日、基准期、港口与目标。",
        sql="",
        family="campaign",
        columns=CAMPAIGN_COLUMNS,
        compute=campaigns,
        source="data/reference/campaigns.csv",
    ),
    Metric(
        key="published_figures",
        title="Published figures",
        title_zh="公布数字",
        unit="as named in each row",
        grain="one row a figure",
        definition="What others published of their own campaigns and yards.",
        definition_zh="其他来源公布的数字。",
        sql="",
        family="campaign",
        columns=("topic", "figure", "value", "unit", "source", "note", "label", "label_zh"),
        compute=published_figures,
        caveats="Lower bounds of different populations: for comparison by eye only.",
        caveats_zh="不同总体的下限，仅供参照。",
        source="named in each row",
    ),
    Metric(
        key="misdeclared_by_code",
        title="Misdeclared batches by kind",
        title_zh="申报不实批次（按类型）",
        unit="batches",
        grain="one row a finding code that is a misdeclaration",
        definition="Distinct batches with such a finding in the window. A batch can have several kinds: the rows do not "
        "add up to the number of misdeclared batches.",
        definition_zh="期间有该类发现的批次（去重）。一批可有多类，各行之和不等于申报不实批次数。",
        sql="misdeclared_by_code",
        family="campaign",
        columns=("finding_code", "label", "label_zh", "batches"),
        compute=_in_window(lambda question: question.frame("misdeclared_by_code")),
        source=_SOURCE,
        is_report=True,
        options=("campaign",),
    ),
    Metric(
        key="hit_rates",
        title="Hit rates",
        title_zh="查验发现率",
        unit="batches, share",
        grain="one row a selection basis",
        definition="Misdeclared batches over inspected batches, by why they were selected, each with the 95% score "
        "interval of a share (Wilson 1927). A targeted hit rate is not a prevalence.",
        definition_zh="按布控方式：申报不实批次 / 查验批次，附 95% 比例得分区间（Wilson 1927）。"
        "布控查验的发现率不是总体发生率。",
        sql="hit_rates",
        family="campaign",
        columns=RATE_COLUMNS,
        caveats="Only a random selection says how common misdeclaration is, and then among what it was drawn from; all "
        "other rates say how well the selection hits. A batch selected on two grounds stands under both.",
        caveats_zh="仅随机布控能反映申报不实的普遍程度，且限于其抽取范围；其余各率只反映布控命中程度。一批两种布控者分列两行。",
        compute=_in_window(hit_rates),
        source=_SOURCE,
        is_report=True,
        options=("campaign",),
    ),
    Metric(
        key="cases_by_status",
        title="Penalty cases by status",
        title_zh="处罚案件（按状态）",
        unit="cases",
        grain="one row a status",
        definition="Administrative cases filed in the window, by their status now.",
        definition_zh="期间立案的行政处罚案件，按当前状态。",
        sql="cases_by_status",
        family="campaign",
        columns=("status", "cases", "cases_with_fine"),
        compute=_in_window(cases_by_status),
        source=_SOURCE,
        is_report=True,
        options=("campaign",),
    ),
)
