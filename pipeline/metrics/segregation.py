"""Segregation alerts: units in one block at one time whose hazards the segregation table keeps apart."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa

from pipeline.errors import UserMistake
from pipeline.metrics.question import Question
from pipeline.metrics.registry import Metric, register

MAX_COMPARISONS = 40_000_000
"""Comparisons of two units that one report makes: a second or so. Beyond, the oldest weeks are left out, and told."""
MAX_LISTED = 100_000
"""Pairs that one report lists."""
PARTS = ("now", "adjacent", "now,adjacent")
PAIR_COLUMNS = (
    "un_location_code",
    "facility_code",
    "block",
    "code",
    "stand_now",
    "since_at",
    "until_at",
    "hours",
    "is_adjacent",
    "equipment_reference_a",
    "hazard_a",
    "bay_a",
    "consignment_id_a",
    "lead_class_a",
    "equipment_reference_b",
    "hazard_b",
    "bay_b",
    "consignment_id_b",
    "lead_class_b",
    "hazards_a",
    "hazards_b",
    "amendment",
    "pairs_found",
    "complete_from",
)
BLOCK_COLUMNS = (
    "un_location_code",
    "facility_code",
    "block",
    "code",
    "hazard_a",
    "hazard_b",
    "hazards_a",
    "hazards_b",
    "units_a_now",
    "units_b_now",
    "pairs_now",
    "first_since_at",
    "last_until_at",
    "amendment",
)
SUMMARY_COLUMNS = (
    "pairs_now",
    "pairs_now_near",
    "units",
    "units_in_alerts",
    "units_without_place",
    "units_without_hazards",
    "amendment",
)


def look_now(question: Question) -> None:
    """Lets the models see what stands in the yard at as_of, and only landed rows about that."""
    _look(question, "now_windows")


def look_over(question: Question) -> None:
    """Lets the models see what stood in the yard in the window asked for."""
    asked = question.filters
    is_open = asked.date_from is None and asked.date_to is None
    _look(question, "asked_windows", narrowed=not is_open)


def _look(question: Question, windows: str, narrowed: bool = True) -> None:
    engine = question.engine
    engine.alias("span_windows", windows)
    place = {
        "facility_code": pa.array([question.filters.facility], pa.string()),
        "block": pa.array([question.filters.block], pa.string()),
    }
    engine.register_arrow("asked_place", pa.table(place))
    odd_names, most = engine.rows("odd_batch_names")[0]
    numbers = pa.table({"number": pa.array(range(1, int(most) + 1), pa.int64())})
    engine.register_arrow("list_numbers", numbers)
    if narrowed:
        question.narrow_by("met_unit_names", "met_batch_names")
    engine.provide(
        "unit_batches",
        lambda: engine.alias("unit_batches", "unit_batches_linked" if odd_names else "unit_batches_told"),
    )


def segregation(question: Question) -> pd.DataFrame:
    """The report `segregation`: a row a pair; those that stand now first, then the newest."""
    parts = _parts(question)
    (look_now if "now" in parts else look_over)(question)
    _ask_pairs(question, "adjacent" in parts)
    complete_from = _choose_weeks(question)
    found = question.frame("segregation_found").iloc[0]
    frame = question.frame("segregation_listed", listed=question.filters.limit or MAX_LISTED)
    frame["pairs_found"] = int(found["pairs_found"])
    frame["complete_from"] = pd.Series([complete_from] * len(frame), dtype="datetime64[us]")
    frame["stand_now"] = frame["stand_now"].astype(bool)
    return frame[list(PAIR_COLUMNS)]


def _parts(question: Question) -> list[str]:
    part = question.filters.part
    if part is None:
        return []
    if part not in PARTS:
        raise UserMistake(f"--part {part}: no such part", f"One of {'; '.join(PARTS)}.")
    return part.split(",")


def _ask_pairs(question: Question, adjacent_only: bool) -> None:
    question.engine.register_arrow("asked_pairs", pa.table({"adjacent_only": [adjacent_only]}))


def _choose_weeks(question: Question) -> pd.Timestamp | None:
    """The weeks in which pairs are sought, the newest first; from when on all are, where that is not always."""
    rows = sorted(question.engine.to_arrow("pair_weeks").to_pylist(), key=lambda row: row["comparisons_to"])
    chosen = [row["week"] for row in rows if row["comparisons_to"] <= MAX_COMPARISONS]
    chosen = chosen or [row["week"] for row in rows[:1]]
    question.engine.register_arrow("asked_weeks", pa.table({"week": pa.array(chosen, pa.int64())}))
    if len(chosen) == len(rows):
        return None
    weeks = [week for week in chosen if week >= 0]
    left_out = max(row["week"] for row in rows if row["week"] not in chosen)
    return pd.Timestamp(7 * (min(weeks) if weeks else left_out + 1), unit="D")


def segregation_blocks(question: Question) -> pd.DataFrame:
    """A row a block and pair of hazard sets that conflicted there in the window: complete, however many pairs."""
    look_over(question)
    return question.frame("segregation_blocks")[list(BLOCK_COLUMNS)]


def segregation_summary(question: Question) -> pd.DataFrame:
    """One row: the alerts that stand now, and the units that could not be compared."""
    look_now(question)
    _ask_pairs(question, adjacent_only=False)
    _choose_weeks(question)
    return question.frame("segregation_summary")[list(SUMMARY_COLUMNS)]


_SOURCE = "IMDG Code 7.2.4 and 7.2.7.1.4, as in the tables segregation and segregation_class_one"
_CAVEAT = (
    "An alert, not a violation: the table is of ships, and distances in a yard are local law. Goods of one class may "
    "be stowed together in spite of their subsidiary risks where they do not react; the alert still tells of it. "
    "Units without a told block or without told hazards are not compared: segregation_summary counts them."
)
_CAVEAT_ZH = (
    "此为预警，不是违规结论：隔离表适用于船舶，堆场间距依当地法规。同类货物如不会发生危险反应，可不计次要危险混放，"
    "此处仍予提示。未报箱区或未报危险性的箱无法比较，其数量见 segregation_summary。"
)

register(
    Metric(
        key="segregation",
        title="Segregation alerts",
        title_zh="隔离预警",
        unit="pairs of units",
        grain="one row a pair of units while both stood in one block",
        definition="Two units that stood in one block at one time, of which any hazard of one and any of the other have "
        "a code of 1 or more in the segregation table. Hazards of a unit are the classes and subsidiary risks of the "
        "items in it (those of its batches that name it or no unit; where they all name other units, those whose unit was "
        "not met with the batch); the strictest pair counts, a class without "
        "division as its strictest. Two of class 1 go by compatibility group: * where the groups may not be together "
        "or one is not told. a is the one that came later; since_at is when both stood where they do, hours until one "
        "moved or to as_of. is_adjacent: bay numbers differ by no more than the set value; empty where a bay is no "
        "number. pairs_found is their number however many rows are listed; complete_from is filled where older pairs "
        "were not sought.",
        definition_zh="同一时间位于同一箱区的两个箱，一箱的任一危险性与另一箱的任一危险性在隔离表中的代码不小于 1。"
        "箱的危险性为箱内货物（批次中注明该箱或未注明箱号者；均注明他箱时，取所注箱未随该批次出现者）的类别与次要危险，取最严者；未分项的类别按其最严的项。"
        "第 1 类之间按配装类：不得同放或有一方未报配装类时为 *。a 为后到者；since_at 为两箱同在现位置之始，"
        "hours 至其一移走或 as_of 为止。is_adjacent：贝位号之差不超过设定值，贝位非数字时为空。"
        "pairs_found 为全部对数（不受列出行数限制）；未检索更早的对时填写 complete_from。",
        sql="segregation_listed",
        family="safety",
        columns=PAIR_COLUMNS,
        compute=segregation,
        caveats=_CAVEAT,
        caveats_zh=_CAVEAT_ZH,
        source=_SOURCE,
        is_report=True,
        options=("part",),
    ),
    Metric(
        key="segregation_blocks",
        title="Segregation by block",
        title_zh="各箱区隔离预警",
        unit="pairs of units",
        grain="one row a block and pair of hazard sets that conflicted there",
        definition="Which hazards stood in one block at one time although the table keeps them apart, since when first, "
        "until when last (empty: they do now), and how many pairs of units that makes now. Complete however many pairs.",
        definition_zh="哪些危险性曾在同一时间位于同一箱区而依隔离表应隔离：首次起始、最近结束（为空表示仍在），"
        "以及目前的箱对数。不论对数多少，均完整。",
        sql="segregation_blocks",
        family="safety",
        columns=BLOCK_COLUMNS,
        compute=segregation_blocks,
        caveats=_CAVEAT,
        caveats_zh=_CAVEAT_ZH,
        source=_SOURCE,
        is_report=True,
        unmoved_by=("classes", "direction"),
    ),
    Metric(
        key="segregation_summary",
        title="Segregation now",
        title_zh="当前隔离预警",
        unit="pairs of units, units",
        grain="one row",
        definition="The alerts that stand at as_of, those of them in adjacent bays or with a bay that is not told, the "
        "units in any, and the units that could not be compared.",
        definition_zh="as_of 时刻的预警对数、其中贝位相邻或贝位未报者、涉及的箱数，以及无法比较的箱数。",
        sql="segregation_summary",
        family="safety",
        columns=SUMMARY_COLUMNS,
        compute=segregation_summary,
        caveats=_CAVEAT,
        caveats_zh=_CAVEAT_ZH,
        source=_SOURCE,
    ),
)
