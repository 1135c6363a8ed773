"""Where the time goes: the mean of every stage over the same batches, so that they add up."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from pipeline.errors import UserMistake
from pipeline.metrics.question import Question
from pipeline.metrics.registry import Metric, register

STAGE_COLUMNS = ("un_location_code", "stage", "mean_hours", "n", "n_passed", "n_left_out")


def stage_means(question: Question) -> pd.DataFrame:
    """A row a port (or `all`) and stage: hours a batch spent in it, over batches that left in the window.

    Raises `UserMistake` for a grouping other than port or all, and where units are to be counted.
    """
    by = question.filters.by or ("port",)
    if by not in (("port",), ("all",)):
        raise UserMistake(f"--by {','.join(by)}", "One of port or all.")
    if question.filters.count == "unit":
        raise UserMistake("stages are counted per batch", "Leave out --count unit.")
    asked = replace(question, filters=replace(question.filters, by=by))
    try:
        asked.read_within(asked.filters.date_from, asked.filters.date_to)
        return asked.frame("stage_means")[list(STAGE_COLUMNS)]
    finally:
        asked.close()


register(
    Metric(
        key="stage_means",
        title="Means of the stages",
        title_zh="各环节平均用时",
        unit="hours a batch",
        grain="one row a port (or all) and stage",
        definition="Of the batches that left in the window and ended every stage of theirs: the mean time a batch spent "
        "in each stage. A batch that does not pass a stage spends no time in it, so the means are over the same batches "
        "and add up to the mean from arrival to exit.",
        definition_zh="窗口内离港且各环节均已结束的批次：每批在各环节的平均用时。未经过某环节的批次在该环节用时为零，"
        "故各均值出自同一批次，相加等于到港至离港的均值。",
        sql="stage_means",
        family="durations",
        columns=STAGE_COLUMNS,
        compute=stage_means,
        caveats="By exit: in a campaign that clears old stock these means go up. Batches without lodgement or release, "
        "or with milestones that run backwards, are left out and counted.",
        caveats_zh="按离港口径：清理陈货时这些均值会上升。缺申报或放行、或节点倒序的批次剔除并计数。",
        source="WCO Time Release Study",
    ),
)
