"""The risk ranking: what to move first, and why. Every part is shown; the score only orders them."""

from __future__ import annotations

import math

import pandas as pd
import pyarrow as pa

from pipeline.errors import UserMistake
from pipeline.metrics.question import Question
from pipeline.metrics.registry import Metric, register
from pipeline.metrics.segregation import look_now
from pipeline.reference.tables import RISK_PARTS

PART_COLUMNS = tuple(f"{part}_part" for part in RISK_PARTS)
RISK_COLUMNS = (
    "risk_rank",
    "consignment_id",
    "un_location_code",
    "facility_code",
    "block",
    "bay",
    "direction",
    "lead_class",
    "units",
    "score",
    "hazard_rank",
    "arrived_at",
    "age_hours",
    "limit_hours",
    "overdue_at",
    "is_overdue",
    "overdue_ratio",
    "hours_to_limit",
    "heat_limit_c",
    "heat_basis",
    "day_max_temp_c",
    "max_temp_on",
    "heat_margin_c",
    "degree_days",
    "heat_days_missing",
    "net_kilograms",
    "net_explosive_kilograms",
    "items_without_quantity",
    "quantity_ratio",
    "open_findings",
    "segregation_alerts",
    "segregation_code",
    "units_not_compared",
    *PART_COLUMNS,
    "told_share",
    "missing_parts",
    "limit_rule_id",
    "limit_is_illustrative",
    "equipment_reference",
)
PLACE_COLUMNS = (
    "un_location_code",
    "facility_code",
    "block",
    "batches",
    "unidentified_batches",
    "overdue_batches",
    "hot_batches",
    "batches_without_heat_margin",
    "batches_in_segregation_alerts",
    "batches_not_compared",
    "open_findings",
    "net_kilograms",
    "batches_without_quantity",
    "top_score",
    "mean_score",
)
PLAN_COLUMNS = (
    "un_location_code",
    "facility_code",
    "block",
    "bay",
    "row",
    "tier",
    "equipment_reference",
    "consignment_id",
    "lead_class",
    "hazard_rank",
    "score",
    "risk_rank",
    "arrived_at",
    "age_hours",
    "overdue_at",
    "is_overdue",
    "segregation_alerts",
)
PLACES = {"port": (), "facility": ("by_facility",), "block": ("by_facility", "by_block")}


def prepare(question: Question) -> None:
    """Sets up what stands in the yard at as_of, and the weights asked for."""
    look_now(question)
    question.engine.register_arrow("asked_weights", weights_of(question))


def weights_of(question: Question) -> pa.Table:
    """The table `risk_weights`, with the weights asked for in the place of its own.

    Raises `UserMistake` for a part that there is not, or where no weight is above 0.
    """
    asked = dict(_weight(text) for text in question.filters.weights)
    table = question.reference.table("risk_weights")
    weights = [
        asked.get(part, weight)
        for part, weight in zip(table["part"].to_pylist(), table["weight"].to_pylist(), strict=True)
    ]
    if max(weights) <= 0:
        raise UserMistake("the weights of the risk are all 0", "Give one of them a number above 0.")
    place = table.schema.get_field_index("weight")
    return table.set_column(place, "weight", pa.array(weights, pa.float64()))


def _weight(text: str) -> tuple[str, float]:
    """`part=number`. Raises `UserMistake` for a part that there is not, or what is no number from 0 on."""
    part, _, number = text.partition("=")
    if part not in RISK_PARTS:
        raise UserMistake(f"{part}: no such part of the risk", f"The parts are {', '.join(RISK_PARTS)}.")
    try:
        weight = float(number)
    except ValueError:
        weight = -1.0
    if not 0 <= weight < math.inf:
        raise UserMistake(f"the weight {number!r} of {part} is not a number from 0 on", "For example 2.5.")
    return part, weight


def risk(question: Question) -> pd.DataFrame:
    """The report `risk`: a row a batch in the yard at as_of, in the order in which to look at them."""
    prepare(question)
    frame = question.frame("risk")
    for name in ("is_overdue", "limit_is_illustrative"):
        frame[name] = frame[name].astype(bool)
    return frame[list(RISK_COLUMNS)].head(question.filters.limit or len(frame))


def risk_places(question: Question) -> pd.DataFrame:
    """The report `risk_places`: a row a port, facility or block."""
    by = question.filters.by or ("port",)
    if len(by) != 1 or by[0] not in PLACES:
        raise UserMistake(f"--by {','.join(by)}: no such place", f"One of {', '.join(PLACES)}.")
    prepare(question)
    flags = {name: [name in PLACES[by[0]]] for name in ("by_facility", "by_block")}
    question.engine.register_arrow("asked_risk", pa.table(flags))
    return question.frame("risk_places")[list(PLACE_COLUMNS)]


def risk_weights(question: Question) -> pd.DataFrame:
    """The weights that the ranking goes by, those asked for included."""
    frame: pd.DataFrame = weights_of(question).to_pandas()
    return frame


def yard_plan(question: Question) -> pd.DataFrame:
    """The report `yard_plan`: a row a unit that stands in the yard, where it was last told to stand."""
    prepare(question)
    frame = question.frame("yard_plan")
    frame["is_overdue"] = frame["is_overdue"].astype(bool)
    return frame[list(PLAN_COLUMNS)]


_CAVEAT = (
    "Weights, set values and reference quantities that are shipped with the product are illustrative. The score orders "
    "batches; it is no probability. What nobody told is empty, is named in missing_parts, and weighs nothing."
)
_CAVEAT_ZH = (
    "随产品提供的权重、设定值与参考数量仅为示例。分值只用于排序，不是概率。"
    "未报的项为空，列于 missing_parts，不参与加权。"
)

register(
    Metric(
        key="risk",
        title="Risk ranking",
        title_zh="风险排序",
        unit="score 0 to 100",
        grain="one row a batch in the yard at as_of",
        definition="What nobody can identify first, then by score: the weighted mean of the parts that are told, each "
        "from 0 to 1 between zero_at and full_at of the table risk_weights. Hazard: rank of the lead class. Overdue: age "
        "/ limit. Heat margin: control temperature, else SADT, of its items, else the lowest flashpoint (which counts "
        "less), minus the day's maximum and the uplift for the sun; where the day is not told yet, the last day told "
        "(max_temp_on). Degree-days: above 30 C over the days of the stay, missing days counted. Quantity: sum of each "
        "item's kilograms / the reference quantity of its class. Findings: of inspections, with no release since. "
        "Segregation: the strictest code among units of its own and others in their blocks. Weights: --weights "
        "PART=NUMBER,... or a CSV file of part,weight.",
        definition_zh="首先为无法识别者，其后按分值：已报各项按权重平均，每项在 risk_weights 表的 zero_at 与 full_at 之间"
        "折算为 0 至 1。危险性：主要类别的级别。超期：在港时间/时限。温度裕度：货物的控制温度（或自加速分解温度，"
        "均无则为最低闪点，计权较小）减去当日最高气温与日晒增量；当日未报时用最近一日（max_temp_on）。"
        "积温：停留期间高于 30℃ 的度日，缺测日另计。数量：各项货物千克数/该类参考数量之和。查验异常：其后尚未放行者。"
        "隔离：本批箱与同箱区他箱之间最严的代码。权重：--weights 项=数值,… 或 part,weight 的 CSV 文件。",
        sql="risk",
        family="safety",
        columns=RISK_COLUMNS,
        compute=risk,
        caveats=_CAVEAT,
        caveats_zh=_CAVEAT_ZH,
        source="IMDG Code part 2, 2.4 and 2.5.3 (temperatures), 7.2.4; quantities summed as in GB 18218",
        is_report=True,
        options=("weights",),
        unmoved_by=("days",),
    ),
    Metric(
        key="risk_places",
        title="Risk by place",
        title_zh="各地点风险",
        unit="batches, score 0 to 100",
        grain="one row a port, facility or block with any batch in the yard at as_of",
        definition="The ranking summed up by port (default), facility or block: batches with each sign of risk, the "
        "highest and the mean score. A batch stands where its earliest unit of those still there stands.",
        definition_zh="按港口（默认）、场站或箱区汇总：具有各种风险迹象的批次数、最高分与平均分。"
        "批次的位置取其仍在港的最早一箱的位置。",
        sql="risk_places",
        family="safety",
        columns=PLACE_COLUMNS,
        compute=risk_places,
        caveats=_CAVEAT,
        caveats_zh=_CAVEAT_ZH,
        source="dgwatch definitions",
        is_report=True,
        options=("by", "weights"),
        unmoved_by=("days",),
    ),
    Metric(
        key="risk_weights",
        title="Weights of the risk ranking",
        title_zh="风险排序权重",
        unit="weight",
        grain="one row a part of the risk",
        definition="How much each part counts, and from where (zero_at) to where (full_at): the reference table, with "
        "the weights asked for in the place of its own.",
        definition_zh="各项的权重及其起点（zero_at）与满点（full_at）：取自参考表，所给权重替换其中数值。",
        sql="weights_set",
        family="safety",
        columns=(
            "part",
            "weight",
            "zero_at",
            "full_at",
            "unit",
            "label",
            "label_zh",
            "source",
            "is_illustrative",
        ),
        compute=risk_weights,
        source="reference table risk_weights",
    ),
    Metric(
        key="yard_plan",
        title="Yard plan",
        title_zh="堆场平面",
        unit="units",
        grain="one row a unit that stands in the yard at as_of",
        definition="Where each unit was last told to stand, with its class, age, alerts, and the gravest rank and score "
        "of its batches. A unit whose moves told no block has none here.",
        definition_zh="每箱最近报告的位置，及其类别、在港时间、预警与所载批次的最高风险。作业未报箱区者为空。",
        sql="yard_plan",
        family="safety",
        columns=PLAN_COLUMNS,
        compute=yard_plan,
        caveats=_CAVEAT,
        caveats_zh=_CAVEAT_ZH,
        source="yard moves",
        is_report=True,
        options=("weights",),
        unmoved_by=("days",),
    ),
)
