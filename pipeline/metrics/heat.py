"""Heat and quantity: hot days of a port, and what stands in a facility against what it may hold."""

from __future__ import annotations

import pandas as pd

from pipeline.metrics.question import Question
from pipeline.metrics.registry import Metric, register
from pipeline.metrics.segregation import look_now

HEAT_COLUMNS = (
    "date",
    "un_location_code",
    "max_temp_c",
    "min_temp_c",
    "heat_level",
    "is_missing",
    "degree_days",
    "batches",
    "hot_batches",
    "hot_decomposing_batches",
    "batches_without_limit",
    "smallest_margin_c",
)
QUANTITY_COLUMNS = (
    "un_location_code",
    "facility_code",
    "imo_class",
    "batches",
    "net_kilograms",
    "unknown_batches",
    "net_explosive_kilograms",
    "unknown_explosive_batches",
    "licence_id",
    "licensed_kg",
    "licence_kilograms",
    "licensed_share",
    "licensed_net_explosive_kg",
    "explosive_share",
    "is_at_least",
    "is_illustrative",
)


def _read_window(question: Question) -> None:
    """The days of a port begin with its first arrival, whenever that was; what is counted was there in the window."""
    if question.is_built:
        question.engine.need("daily_heat")
        question.engine.forget("batch_stays")
        question.read_within(question.filters.date_from, question.filters.date_to)


def heat(question: Question) -> pd.DataFrame:
    """The report `heat`: a row a port and local day of the window."""
    _read_window(question)
    frame = question.frame("heat").rename(columns={"day": "date"})
    frame["is_missing"] = frame["is_missing"].astype(bool)
    for name in ("hot_batches", "hot_decomposing_batches"):
        frame[name] = frame[name].astype("Int64")
    return frame[list(HEAT_COLUMNS)]


def quantity(question: Question) -> pd.DataFrame:
    """The report `quantity`: a row a facility and class of items that stand there at as_of."""
    look_now(question)
    question.engine.alias("licensed_places", "class_quantities")
    return question.frame("quantity")[list(QUANTITY_COLUMNS)]


register(
    Metric(
        key="heat",
        title="Hot days",
        title_zh="高温日",
        unit="degrees Celsius, batches",
        grain="one row a port and local day",
        definition="The day's maximum in the shade and the highest level of the table heat_levels that it reached; the "
        "batches in the yard at some instant of the day; those of them whose margin is below 0: control temperature, "
        "else SADT, else flashpoint of their items, minus the maximum and the uplift for the sun. "
        "hot_decomposing_batches are those by control temperature or SADT. A day that was not told is missing, and its "
        "margins are empty.",
        definition_zh="当日最高气温及其达到的 heat_levels 最高等级；当日任一时刻在港的批次；其中温度裕度小于 0 者："
        "货物的控制温度（或自加速分解温度，均无则为闪点）减去最高气温与日晒增量。hot_decomposing_batches 为按控制温度或"
        "自加速分解温度计者。未报之日记为缺测，其裕度为空。",
        sql="heat",
        family="safety",
        columns=HEAT_COLUMNS,
        compute=heat,
        caveats="The uplift for the sun is illustrative. Batches none of whose items tells a temperature are counted in "
        "batches_without_limit and in no margin. A flashpoint below the air's temperature is usual for class 3.",
        caveats_zh="日晒增量仅为示例。货物均未报温度的批次计入 batches_without_limit，不计裕度。第 3 类闪点低于气温属常见。",
        source="IMDG Code 2.4.2.3.4 and 2.5.3.2.4; signals of the China Meteorological Administration",
        is_report=True,
    ),
    Metric(
        key="quantity",
        title="Stock against licence",
        title_zh="存量与许可量",
        unit="kilograms",
        grain="one row a facility and class of items in the yard at as_of",
        definition="Net kilograms and net explosive content of the items of the batches in the yard, by the item's own "
        "class, against the licence that fits best (facility, then port, then the longer class). Classes that share a "
        "licence are summed in licence_kilograms. Batches that do not tell a quantity are counted; a share with any is "
        "at least so much (is_at_least).",
        definition_zh="在港批次各项货物的净重与净爆炸品含量，按货物自身类别，对照最匹配的许可量（场站优先，其次港口，再次较长类别）。"
        "共用一项许可的各类合计为 licence_kilograms。未报数量的批次另计；含此类批次的占比为下限（is_at_least）。",
        sql="quantity",
        family="safety",
        columns=QUANTITY_COLUMNS,
        compute=quantity,
        caveats="Licences that are shipped with the product are illustrative. A batch counts whole until its last unit "
        "has left.",
        caveats_zh="随产品提供的许可量仅为示例。批次在最后一箱离港前按全部数量计。",
        source="reference table licensed_quantities",
        is_report=True,
        unmoved_by=("days",),
    ),
)
