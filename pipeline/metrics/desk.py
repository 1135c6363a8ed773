"""What the safety desk opens with: signs of risk in one row, what makes a score, the yard by block and bay."""

from __future__ import annotations

import pandas as pd

from pipeline.metrics.question import Question
from pipeline.metrics.registry import Metric, register
from pipeline.metrics.risk import prepare

HEADLINE_COLUMNS = (
    "batches",
    "unidentified_batches",
    "overdue_batches",
    "hot_batches",
    "hot_decomposing_batches",
    "batches_without_heat_margin",
    "batches_in_segregation_alerts",
    "batches_not_compared",
    "batches_with_open_findings",
    "limits_in_day",
    "expected_in_day",
    "without_chance_in_day",
)
POINT_COLUMNS = (
    "risk_rank",
    "consignment_id",
    "equipment_reference",
    "un_location_code",
    "lead_class",
    "score",
    "part",
    "score_points",
)
CELL_COLUMNS = (
    "un_location_code",
    "facility_code",
    "block",
    "bay",
    "units",
    "top_score",
    "oldest_age_hours",
    "hazard_rank",
    "lead_class",
    "overdue_units",
    "units_in_alerts",
)


def safety_headline(question: Question) -> pd.DataFrame:
    """One row of counts."""
    prepare(question)
    return question.frame("safety_headline")[list(HEADLINE_COLUMNS)]


def risk_points(question: Question) -> pd.DataFrame:
    """The points that every told part makes of a batch's score, the first `filters.limit` batches."""
    prepare(question)
    frame = question.frame("risk_points")[list(POINT_COLUMNS)]
    limit = question.filters.limit
    return frame if limit is None else frame[frame["risk_rank"] <= limit].reset_index(drop=True)


def yard_cells(question: Question) -> pd.DataFrame:
    """A row a block and bay."""
    prepare(question)
    return question.frame("yard_cells")[list(CELL_COLUMNS)]


register(
    Metric(
        key="safety_headline",
        title="The desk at a glance",
        title_zh="安全值班概览",
        unit="batches",
        grain="one row",
        definition="The batches in the yard at as_of, and those of them that nobody can identify, that are overdue, whose "
        "heat margin is below 0, that stand beside what should stand apart, that have an open finding, and that pass "
        "their limit within 24 hours. What could not be told is counted beside each.",
        definition_zh="as_of 时刻在港批次，及其中：无法识别者、已超期者、温度裕度小于 0 者、与应隔离货物同箱区者、"
        "有未了结查验异常者、24 小时内将达到时限者；各项无法判断的数量并列给出。",
        sql="safety_headline",
        family="safety",
        columns=HEADLINE_COLUMNS,
        compute=safety_headline,
        source="dgwatch definitions",
    ),
    Metric(
        key="risk_points",
        title="What makes the score",
        title_zh="分值构成",
        unit="points of 100",
        grain="one row a batch in the yard and part of its risk that is told",
        definition="The points of a batch's score that each told part makes: its value from 0 to 1 by its weight among "
        "the weights of the told parts. They add up to the score.",
        definition_zh="各已报项在分值中所占分数：0 至 1 的取值乘以其在已报各项权重中的占比，合计即为分值。",
        sql="risk_points",
        family="safety",
        columns=POINT_COLUMNS,
        compute=risk_points,
        source="dgwatch definitions",
        options=("weights",),
    ),
    Metric(
        key="yard_cells",
        title="Yard by block and bay",
        title_zh="箱区贝位一览",
        unit="units",
        grain="one row a block and bay where any unit stands at as_of",
        definition="The units that were last told to stand in a block and bay: how many, their highest score, the longest "
        "time in the yard, the gravest class, how many overdue and how many in segregation alerts.",
        definition_zh="最近报告位于该箱区贝位的箱：数量、最高分值、最长在港时间、最严重类别、超期数与涉及隔离预警数。",
        sql="yard_cells",
        family="safety",
        columns=CELL_COLUMNS,
        compute=yard_cells,
        source="yard moves",
        options=("weights",),
    ),
)
