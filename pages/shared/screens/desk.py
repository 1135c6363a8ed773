"""The safety desk: its views, the weights asked for, and its figures in words."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pandas as pd
import streamlit as st

from pages.shared import data, filters, frame, labels, url
from pipeline.metrics import Filters

LISTED_FIRST = 200
CHARTED_FIRST = 12
LARGEST_WEIGHT = 10.0
PAST_DAYS = 28
UNIDENTIFIED = "unidentified"
DEFINED = {
    "first": ("safety_headline", "risk", "risk_points", "risk_places", "risk_weights"),
    "plan": ("yard_plan", "yard_cells"),
    "clock": ("limit_clock", "limit_horizons", "dated_rules", "stock_forecast", "stock_forecast_test"),
    "apart": ("segregation", "segregation_summary", "segregation_blocks"),
    "heat": ("heat", "quantity"),
}
FIRST = (
    "risk_rank",
    "consignment_id",
    "equipment_reference",
    "un_location_code",
    "lead_class",
    "score",
    "hazard_part",
    "overdue_part",
    "heat_margin_part",
    "degree_days_part",
    "quantity_part",
    "findings_part",
    "segregation_part",
    "hours_to_limit",
    "overdue_ratio",
    "heat_margin_c",
    "heat_basis",
    "max_temp_on",
    "degree_days",
    "heat_days_missing",
    "net_kilograms",
    "net_explosive_kilograms",
    "items_without_quantity",
    "open_findings",
    "segregation_alerts",
    "segregation_code",
    "missing_parts",
    "facility_code",
    "block",
    "bay",
    "units",
    "arrived_at",
    "limit_hours",
    "limit_rule_id",
    "limit_is_illustrative",
)
CLOCK = (
    "consignment_id",
    "equipment_reference",
    "un_location_code",
    "lead_class",
    "hours_to_limit",
    "within_hours",
    "leaves_before_share",
    "lower_share",
    "upper_share",
    "pool",
    "n_at_risk",
    "age_hours",
    "limit_hours",
    "overdue_at",
    "limit_rule_id",
    "rule_valid_to",
    "limit_is_illustrative",
    "facility_code",
    "direction",
    "units",
)
APART = (
    "code",
    "un_location_code",
    "facility_code",
    "block",
    "equipment_reference_a",
    "hazard_a",
    "bay_a",
    "equipment_reference_b",
    "hazard_b",
    "bay_b",
    "is_adjacent",
    "hours",
    "since_at",
    "consignment_id_a",
    "consignment_id_b",
    "hazards_a",
    "hazards_b",
)


def view(names: list[str]) -> str:
    """Draw the switch between the views of the page."""
    words = frame.words()
    return filters.switch("desk", names, lambda code: words(f"safety.view.{code}"))


def first(asked: Filters, limit: int) -> Filters:
    """The question about the first batches of the ranking."""
    return replace(asked, limit=limit)


def is_empty(row: pd.Series) -> bool:
    """Whether nothing is in the yard."""
    return not row["batches"]


@frame.in_words
def cards(row: pd.Series) -> list[tuple[str, str, str]]:
    """The signs of risk, each with what could not be told."""
    words = frame.words()
    told = {name: words.count(value) for name, value in row.items()}
    of = words("safety.of_batches", batches=words.counted("batch", row["batches"]))
    expected = row["expected_in_day"]
    ahead = words("safety.expected_overdue", batches=words.number(expected, 1)) if pd.notna(expected) else ""
    return [
        (words("safety.unidentified"), told["unidentified_batches"], of),
        (words("safety.overdue"), told["overdue_batches"], of),
        (words("safety.limits_in_day"), told["limits_in_day"], ahead),
        (
            words("safety.hot"),
            told["hot_batches"],
            words(
                "safety.hot.told",
                gravest=told["hot_decomposing_batches"],
                unknown=told["batches_without_heat_margin"],
            ),
        ),
        (
            words("safety.apart"),
            told["batches_in_segregation_alerts"],
            words("safety.apart.told", unknown=told["batches_not_compared"]),
        ),
        (words("safety.findings"), told["batches_with_open_findings"], of),
    ]


def weights(chosen: Filters) -> Filters:
    """Draw a slider a part; the question with the weights that differ from the table's."""
    words = frame.words()
    table = data.table("risk_weights")
    asked, most = _asked_weights(), _largest_weight()
    with st.expander(words("safety.weights"), expanded=bool(asked)):
        st.caption(words("safety.weights.note"))
        columns = st.columns(4)
        for place, (part, weight) in enumerate(data.tuples(table, "part", "weight")):
            key = url.key(f"weight_{part}")
            if key not in st.session_state:
                st.session_state[key] = asked.get(part, float(weight))
            with columns[place % 4]:
                st.slider(parts()[part], 0.0, most, step=0.5, key=key, on_change=_weigh)
        st.button(words("safety.weights.back"), on_click=_forget_weights, disabled=not asked)
    asked = _asked_weights()
    return replace(chosen, weights=tuple(f"{part}={weight:g}" for part, weight in sorted(asked.items())))


def _asked_weights() -> dict[str, float]:
    """Weights that the address asks for; what nobody can read in it is named and left aside."""
    known, most = set(data.table("risk_weights")["part"]), _largest_weight()
    found = {}
    for text in url.values("weights"):
        part, _, weight = text.partition(":")
        try:
            value = float(weight)
        except ValueError:
            value = -1.0
        if part in known and 0 <= value <= most:
            found[part] = value
        else:
            filters.not_understood("weights", [text])
    return found


def _largest_weight() -> float:
    """Where the sliders end: a user's own table may weigh a part more."""
    return max(LARGEST_WEIGHT, float(data.table("risk_weights")["weight"].max()))


def _weigh() -> None:
    table = data.table("risk_weights")
    asked = {part: st.session_state[url.key(f"weight_{part}")] for part in table["part"]}
    own = dict(data.tuples(table, "part", "weight"))
    url.put("weights", [f"{part}:{value:g}" for part, value in asked.items() if value != own[part]])


def _forget_weights() -> None:
    url.put("weights", None)
    for part in data.table("risk_weights")["part"]:
        st.session_state.pop(url.key(f"weight_{part}"), None)


@frame.in_words
def parts() -> dict[str, str]:
    """What the parts of the risk are called, in order."""
    pick = frame.words().pick
    rows = data.tuples(data.table("risk_weights"), "part", "label", "label_zh")
    return {part: pick(label, label_zh) for part, label, label_zh in rows}


@frame.in_words
def named(points: pd.DataFrame) -> pd.DataFrame:
    """The points with what each batch is called."""
    who = points["consignment_id"].fillna(points["equipment_reference"])
    kind = points["lead_class"].replace(UNIDENTIFIED, labels.labeller("class")(UNIDENTIFIED))
    name = points["risk_rank"].astype(str) + "  " + who + " · " + kind
    return points.assign(name=name)


def places(chosen: Filters) -> Filters:
    """Draw the switch of what risk is summed up by."""
    words = frame.words()
    return replace(
        chosen, by=(filters.switch("places", list(data.places()), lambda code: words(f"rows.{code}")),)
    )


@frame.in_words
def horizon_cards(rows: pd.DataFrame) -> list[tuple[str, str, str]]:
    """Batches that pass their limit, a card a horizon."""
    words = frame.words()
    found = []
    for hours, batches, unknown, expected in data.tuples(
        rows, "within_hours", "batches", "batches_without_chance", "expected_overdue_batches"
    ):
        still = words.number(expected, 1) if pd.notna(expected) else words("none")
        told = words("safety.horizon.told", still=still, unknown=words.count(unknown))
        found.append((words("safety.horizon", hours=hours), words.count(batches), told))
    return found


def scope(forecast: pd.DataFrame) -> str:
    """Draw the choice of the port that the forecast is shown of."""
    codes = list(dict.fromkeys(forecast["un_location_code"]))
    return filters.pick("scope", codes, labels.labeller("un_location_code"))


@frame.in_words
def of(rows: pd.DataFrame, code: str) -> pd.DataFrame:
    """The rows of one port, or of all together."""
    return rows[rows["un_location_code"] == code]


@frame.in_words
def newest(rows: pd.DataFrame) -> pd.DataFrame:
    """Days, the newest first."""
    return rows.sort_values("date", ascending=False, kind="stable")


def past(chosen: Filters) -> Filters:
    """The question about the stock of the last weeks."""
    instant = data.as_of(chosen)
    if instant is None:
        return chosen
    last = filters.to_wall(instant).date()
    return replace(chosen, date_from=last - timedelta(days=PAST_DAYS), date_to=last)


@frame.in_words
def past_stock(days: pd.DataFrame, code: str) -> pd.DataFrame:
    """The stock a day of one port, or of all together."""
    rows = days if code == "all" else of(days, code)
    summed: pd.DataFrame = rows.groupby("date")["stock"].sum().reset_index()
    return summed


def coverage(row: pd.Series) -> str:
    """How past forecasts did, in a sentence."""
    words = frame.words()
    if not row["days_tested"]:
        return words("safety.untested")
    return words("safety.coverage", share=words.share(row["days_inside"], row["days_tested"]))


@frame.in_words
def apart_cards(row: pd.Series) -> list[tuple[str, str, str]]:
    """The alerts that stand now, and what was not compared."""
    words = frame.words()
    told = {name: words.count(row[name]) for name in row.index if name != "amendment"}
    return [
        (words("safety.pairs"), told["pairs_now"], words("safety.pairs.near", pairs=told["pairs_now_near"])),
        (
            words("safety.units_in_alerts"),
            told["units_in_alerts"],
            words("safety.of_units", units=words.counted("unit", row["units"])),
        ),
        (
            words("safety.not_compared"),
            words.count(row["units_without_place"] + row["units_without_hazards"]),
            words(
                "safety.not_compared.told",
                place=told["units_without_place"],
                hazards=told["units_without_hazards"],
            ),
        ),
    ]


def near(chosen: Filters) -> Filters:
    """Draw the switch between whole blocks and adjacent bays."""
    words = frame.words()
    picked = filters.switch("near", ["block", "adjacent"], lambda code: words(f"safety.near.{code}"))
    return replace(chosen, part="now,adjacent" if picked == "adjacent" else "now")


@frame.in_words
def heat_ports(rows: pd.DataFrame) -> list[str]:
    """Ports of the heat rows, those with most batches below their margin first."""
    order = rows.groupby("un_location_code")["hot_batches"].sum().sort_values(ascending=False, kind="stable")
    return list(order.index)


@frame.in_words
def heat_levels() -> pd.DataFrame:
    """Levels of heat that hold at every port, with their names."""
    rows = data.table("heat_levels")
    rows = rows[rows["un_location_code"].isna()]
    pick = frame.words().pick
    named = [pick(label, label_zh) for label, label_zh in data.tuples(rows, "label", "label_zh")]
    return rows.assign(name=named)


@frame.in_words
def told_days(rows: pd.DataFrame) -> pd.DataFrame:
    """Days whose margins are known, as counts."""
    rows = rows[~rows["is_missing"]]
    return rows.assign(hot_batches=rows["hot_batches"].astype(int))


@frame.in_words
def missing(rows: pd.DataFrame) -> str:
    """How many days nobody told, in a sentence."""
    words = frame.words()
    return words("safety.missing", days=words.share(int(rows["is_missing"].sum()), len(rows)))
