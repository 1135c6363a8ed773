"""Visits, stays, stock and backlog: who is in the yard, since when, and how long past the limit."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pandas as pd
import pyarrow as pa

from pipeline.engines.relations import frame_of
from pipeline.errors import UserMistake
from pipeline.metrics.kept import long_stays as kept_long_stays
from pipeline.metrics.kept import stock as kept_stock
from pipeline.metrics.kept import yard as kept_yard
from pipeline.metrics.question import STOCK_COLUMNS, Question, closing
from pipeline.metrics.registry import Metric, register

FLOW_SCHEMA = pa.schema(
    [
        ("flow_day", pa.date32()),
        ("un_location_code", pa.string()),
        ("facility_code", pa.string()),
        ("lead_class", pa.string()),
        ("direction", pa.string()),
        ("age_bucket", pa.int64()),
        ("stock_change", pa.int64()),
        ("backlog_change", pa.int64()),
        ("arrivals", pa.int64()),
        ("exits", pa.int64()),
        ("newly_overdue", pa.int64()),
    ]
)
NO_BLOCKS = pa.table({name: pa.array([], pa.string()) for name in ("batch_id", "un_location_code", "block")})
MEASURES = ("stock", "backlog", "arrivals", "exits", "newly_overdue")
DEFAULT_BY = ("date", "port", "class")
STAY_COLUMNS = (
    "consignment_id",
    "un_location_code",
    "facility_code",
    "direction",
    "lead_class",
    "units",
    "arrived_at",
    "left_at",
    "dwell_hours",
    "age_hours",
    "limit_hours",
    "limit_rule_id",
    "overdue_at",
    "is_overdue",
    "exit_type",
    "limit_is_illustrative",
    "equipment_reference",
)
YARD_COLUMNS = (
    "consignment_id",
    "un_location_code",
    "facility_code",
    "block",
    "direction",
    "lead_class",
    "units",
    "arrived_at",
    "left_at",
    "age_hours",
    "age_bucket",
    "limit_hours",
    "limit_rule_id",
    "limit_is_illustrative",
    "overdue_at",
    "is_overdue",
    "overdue_hours",
    "exit_type",
    "equipment_reference",
)


def stays(question: Question) -> pd.DataFrame:
    """The report `stays`; with `count="unit"` one row a visit, its unit first."""
    frame = question.frame("stays_report")
    frame["is_overdue"] = frame["is_overdue"].astype(bool)
    columns = list(STAY_COLUMNS)
    if question.filters.count == "unit":
        columns.remove("equipment_reference")
        columns.insert(0, "equipment_reference")
    return frame[columns]


def stock(question: Question) -> pd.DataFrame:
    """The report `stock`: the columns of `by` in the order asked, then the five measures."""
    by = question.filters.by or DEFAULT_BY
    unknown = [name for name in by if name not in STOCK_COLUMNS]
    if unknown or len(set(by)) < len(by):
        raise UserMistake(
            f"--by {','.join(by)}: a column is unknown, or comes twice",
            f"A comma list out of {','.join(STOCK_COLUMNS)}.",
        )
    asked = replace(question, filters=replace(question.filters, by=by))
    with closing(asked):
        kept = kept_stock.picked(asked, by)
        if kept is not None:
            frame = frame_of(kept)
        else:
            prepare_flows(asked)
            frame = asked.frame("stock")
    return frame.rename(columns={"day": "date"})[[STOCK_COLUMNS[name] for name in by] + list(MEASURES)]


def stock_by(*by: str) -> object:
    """A metric that is the stock by fixed columns."""

    def compute(question: Question) -> pd.DataFrame:
        return stock(replace(question, filters=replace(question.filters, by=by)))

    return compute


def prepare_flows(question: Question) -> None:
    """Sets up the flows that stock is summed from: kept ones for ended stays where they hold, the rest computed."""
    engine = question.engine
    if question.is_built and question.filters.count == "batch":
        parts = question.lake.parts(question.release, "stays")
        open_files = [part.path for part in parts if part.label == "open"]
        engine.register_files("flowing_stays", open_files, pa.schema([]))
        flow_files = question.lake.files(question.release, "flows")
        engine.register_files("ended_flows", flow_files, FLOW_SCHEMA)
        engine.alias("flow_buckets", "age_buckets")
        return
    engine.alias("flowing_stays", "counted")
    _prepare_computed_flows(question, "age_bucket" in question.filters.by)


def _prepare_computed_flows(question: Question, with_buckets: bool) -> None:
    engine = question.engine
    engine.register_arrow("ended_flows", FLOW_SCHEMA.empty_table())
    if with_buckets:
        engine.alias("flow_buckets", "age_buckets")
    else:
        one = pa.table({"lower_days": pa.array([0], pa.int64()), "upper_days": pa.array([None], pa.int64())})
        engine.register_arrow("flow_buckets", one)


def stock_by_block_day(question: Question) -> pd.DataFrame:
    """Stock and backlog a local day, facility and block of the stay's earliest visit."""
    by = ("date", "port", "facility", "class")
    asked = replace(question, filters=replace(question.filters, by=by))
    try:
        engine = asked.engine
        engine.alias("flowing_stays", "placed_stays")
        _prepare_computed_flows(asked, with_buckets=False)
        engine.alias("wanted_flows", "all_flows")
        frame = asked.frame("stock")
    finally:
        asked.close()
    frame = frame.rename(columns={"day": "date", "lead_class": "block"})
    return frame[["date", "un_location_code", "facility_code", "block", "stock", "backlog"]]


def stock_headline(question: Question) -> pd.DataFrame:
    """One row: the yard at as_of and the flows of its day."""
    asked = replace(question, filters=replace(question.filters, by=("port",)))
    with closing(asked):
        kept = kept_stock.picked(asked, ("port",))
        if kept is not None:
            asked.engine.register_arrow("stock", kept)
        else:
            prepare_flows(asked)
        oldest = kept_yard.oldest(asked)
        if oldest is not None:
            asked.engine.register_arrow("oldest_open", oldest)
        asked.read_open()
        return asked.frame("stock_headline")


def batches_in_yard(question: Question) -> pd.DataFrame:
    """Who is in the yard at the end of `filters.date` (else at as_of), oldest first, cut to `filters.limit`."""
    asked = question.filters
    kept = kept_yard.picked(question)
    if kept is not None:
        return frame_of(kept)
    prepare_yard(question)
    found = kept_long_stays.oldest_of_day(question, asked.limit) if asked.limit else None
    if found is not None:
        return frame_of(found)
    if asked.limit:
        return frame_of(question.engine.first_rows("batches_in_yard", asked.limit))
    return question.frame("batches_in_yard")


def prepare_yard(question: Question) -> None:
    """Sets up who was in the yard at the end of the day asked for, or is at as_of, and the cell looked at."""
    asked = question.filters
    engine = question.engine
    if asked.date is None and asked.block is None:
        question.read_open()
    else:
        question.read_within(asked.date)
    day_after = asked.date + dt.timedelta(days=1) if asked.date else None
    cell = {
        "day_after_date": pa.array([day_after], pa.date32()),
        "facility_code": pa.array([asked.facility], pa.string()),
        "block": pa.array([asked.block], pa.string()),
        "age_bucket": pa.array([asked.age_bucket], pa.int64()),
        "overdue_only": pa.array([asked.overdue_only]),
    }
    engine.register_arrow("asked_cell", pa.table(cell))
    if asked.block is None:
        # Each is shown at the block that it was last told at, which its own row holds.
        engine.register_arrow("blocks_then", NO_BLOCKS)
    else:
        engine.alias("blocks_then", "blocks_then_told")


_METRICS_SOURCE = "dgwatch definitions; events as in DCSA, time release as in the WCO Time Release Study"
STAY_CAVEAT = "Limits that are shipped with the product are illustrative, not law."
STAY_CAVEAT_ZH = "随产品提供的时限仅为示例，并非法规。"

register(
    Metric(
        key="stays",
        title="Stays",
        title_zh="在港停留",
        unit="batches",
        grain="one row a batch at a port",
        definition="One batch at one port: it arrives with the earliest of its visits and leaves with the latest, "
        "and is open while any visit is. It is overdue once it has stayed for its limit: the smallest limit of its "
        "items. A visit that no batch claims is a batch of its own, of class unidentified.",
        definition_zh="一批货物在一个港口的停留：自其最早一次在港开始，至最晚一次离港结束；任一箱未离港则仍在港。"
        "停留达到时限（各项货物时限中的最小值）即为超期。无任何批次认领的在港箱自成一批，类别为“未识别”。",
        sql="stays_report",
        family="yard",
        columns=STAY_COLUMNS,
        compute=stays,
        caveats=STAY_CAVEAT,
        caveats_zh=STAY_CAVEAT_ZH,
        source=_METRICS_SOURCE,
        is_report=True,
        options=("count_unit",),
    ),
    Metric(
        key="stock",
        title="Stock and backlog",
        title_zh="在港量与积压量",
        unit="batches",
        grain="one row a local day and slice",
        definition="Stock: batches in the yard at the end of the local day (as_of itself on its own day). Backlog: "
        "those of them that have stayed for their limit or longer. For every day and slice the stock is that of the "
        "day before plus arrivals less exits. A stay of zero length is one arrival and one exit and in no stock.",
        definition_zh="在港量：当地日结束时（as_of 当日则为 as_of 时刻）在港的批次。积压量：其中停留已达时限的批次。"
        "任一日、任一分组：当日在港量 = 前一日在港量 + 到达 − 离港。零时长停留计一次到达和一次离港，不计入在港量。",
        sql="stock",
        family="yard",
        columns=("date", "un_location_code", "lead_class", *MEASURES),
        compute=stock,
        caveats=STAY_CAVEAT,
        caveats_zh=STAY_CAVEAT_ZH,
        source=_METRICS_SOURCE,
        is_report=True,
        options=("by", "count_unit"),
    ),
    Metric(
        key="stock_by_port_day",
        title="Backlog by port and day",
        title_zh="各港每日积压",
        unit="batches",
        grain="one row a port and local day",
        definition="Stock and backlog of each port at the end of each of its local days.",
        definition_zh="各港每个当地日结束时的在港量与积压量。",
        sql="stock",
        family="yard",
        columns=("date", "un_location_code", *MEASURES),
        compute=stock_by("date", "port"),  # type: ignore[arg-type]
        source=_METRICS_SOURCE,
    ),
    Metric(
        key="stock_by_facility_day",
        title="Backlog by facility and day",
        title_zh="各场站每日积压",
        unit="batches",
        grain="one row a facility and local day",
        definition="A stay's facility is that of the first move of its earliest visit that names one.",
        definition_zh="停留所属场站取其最早一次在港中首个注明场站的作业。",
        sql="stock",
        family="yard",
        columns=("date", "un_location_code", "facility_code", *MEASURES),
        compute=stock_by("date", "port", "facility"),  # type: ignore[arg-type]
        source=_METRICS_SOURCE,
    ),
    Metric(
        key="stock_by_class_day",
        title="Backlog by class and day",
        title_zh="各类别每日积压",
        unit="batches",
        grain="one row a lead class and local day",
        definition="The lead class of a batch is that of its item with the gravest hazard; subsidiary risks count "
        "for the rank, never for the label. Each batch is counted once.",
        definition_zh="批次的主要类别取危险性最高的货物类别；次要危险只影响排序，不影响标签。每批只计一次。",
        sql="stock",
        family="yard",
        columns=("date", "lead_class", *MEASURES),
        compute=stock_by("date", "class"),  # type: ignore[arg-type]
        source="IMDG Code, part 2",
    ),
    Metric(
        key="stock_by_class_age",
        title="Stock by class and age",
        title_zh="按类别与在港天数",
        unit="batches",
        grain="one row a lead class and age bucket at as_of",
        definition="Age is the time since arrival of what is still in the yard; buckets hold their lower bound. "
        "Age belongs to open stays, dwell to ended ones: they share no average.",
        definition_zh="在港天数为仍在港批次自到达以来的时间；分组含下限。在港时间用于未结束的停留，停留时间用于已结束的停留，两者不合并平均。",
        sql="stock",
        family="yard",
        columns=("lead_class", "age_bucket", *MEASURES),
        compute=stock_by("class", "age_bucket"),  # type: ignore[arg-type]
        source=_METRICS_SOURCE,
    ),
    Metric(
        key="stock_by_block_day",
        title="Backlog by block and day",
        title_zh="各箱区每日积压",
        unit="batches",
        grain="one row a block and local day",
        definition="The block where the unit of the stay's earliest visit stood; empty before a move told it.",
        definition_zh="停留最早一次在港的箱所在箱区；尚无作业注明时为空。",
        sql="stock",
        family="yard",
        columns=("date", "un_location_code", "facility_code", "block", "stock", "backlog"),
        compute=stock_by_block_day,
        source=_METRICS_SOURCE,
    ),
    Metric(
        key="stock_headline",
        title="The yard now",
        title_zh="当前在港",
        unit="batches, hours",
        grain="one row",
        definition="Stock, backlog, the oldest, and the flows of as_of's local day.",
        definition_zh="as_of 时刻的在港量、积压量、最久者，以及当地当日的进出量。",
        sql="stock_headline",
        family="yard",
        columns=(
            "stock",
            "backlog",
            "oldest_overdue_hours",
            "oldest_age_hours",
            "arrivals_last_day",
            "exits_last_day",
            "newly_overdue_last_day",
            "as_of",
        ),
        compute=stock_headline,
        source=_METRICS_SOURCE,
    ),
    Metric(
        key="batches_in_yard",
        title="Batches in the yard",
        title_zh="在港批次",
        unit="batches",
        grain="one row a batch in the yard, oldest first",
        definition="The batches behind a cell: in the yard at the end of its day, with their limit and the hours past it.",
        definition_zh="单元格背后的批次：当日结束时在港，附时限与超期小时数。",
        sql="batches_in_yard",
        family="yard",
        columns=YARD_COLUMNS,
        compute=batches_in_yard,
        caveats=STAY_CAVEAT,
        caveats_zh=STAY_CAVEAT_ZH,
        source=_METRICS_SOURCE,
    ),
)
