"""What is drawn is what the frame says."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pages.shared.figures import charts, control, curves, funnels, heatmaps, intervals, stacks
from pages.shared.figures.plot import DARK, FONT, LIGHT, Look, Palette
from pages.shared.screens import grids
from pages.shared.text import Words

LOOK = Look(Words("en", "Asia/Shanghai"), LIGHT, "batches")
PORTS = {"CNSHG": "Shanghai CNSHG", "CNNBO": "Ningbo CNNBO"}
STOCK = pd.DataFrame(
    [
        (date(2022, 6, 1), "CNNBO", 9, 1),
        (date(2022, 6, 1), "CNSHG", 20, 5),
        (date(2022, 6, 2), "CNSHG", 21, 0),
        (date(2022, 6, 4), "CNSHG", 25, 7),
    ],
    columns=["date", "un_location_code", "stock", "backlog"],
)


def label(code: str) -> str:
    return PORTS.get(code, code)


def port_days(frame: pd.DataFrame = STOCK, value: str = "backlog", **more: Any) -> go.Figure:
    return heatmaps.heatmap(frame, "date", "un_location_code", value, look=LOOK, label=label, **more)


def test_a_heatmap_holds_every_row_and_leaves_days_without_one_open() -> None:
    grid = port_days().data[0]
    assert list(grid.x) == ["2022-06-01", "2022-06-02", "2022-06-03", "2022-06-04"]
    assert list(grid.y) == ["CNSHG", "CNNBO"]  # most first
    nan = np.nan
    np.testing.assert_array_equal(grid.z, [[5, 0, nan, 7], [1, nan, nan, nan]])
    assert grid.zmin == 0 and grid.zmax == 7


def day(milliseconds: float) -> str:
    return str(np.datetime64(int(milliseconds), "ms").astype("datetime64[D]"))


def test_a_heatmap_has_a_click_target_on_every_row_and_nowhere_else() -> None:
    targets = port_days(value="stock").data[1]
    assert (
        targets.marker.opacity == 0 and targets.marker.maxdisplayed == 1
    )  # nothing to see, something to click
    got = {(day(x), y): count for x, y, count in zip(targets.x, targets.y, targets.customdata, strict=True)}
    assert got == {
        ("2022-06-01", "CNSHG"): 20,
        ("2022-06-02", "CNSHG"): 21,
        ("2022-06-04", "CNSHG"): 25,
        ("2022-06-01", "CNNBO"): 9,
    }
    assert set(targets.hovertext) == set(PORTS.values())


def test_a_heatmap_names_its_axes_its_units_and_fills_the_frame() -> None:
    figure = port_days()
    assert figure.layout.xaxis.title.text == "day (local to the port)"
    assert figure.data[0].colorbar.title.text == "Backlog (batches)"
    assert figure.layout.yaxis.type == "category"
    assert list(figure.layout.yaxis.ticktext) == ["Shanghai CNSHG", "Ningbo CNNBO"]
    assert list(figure.layout.xaxis.range) == ["2022-05-31 12:00:00", "2022-06-04 12:00:00"]


def test_class_codes_stay_categories() -> None:
    ages = pd.DataFrame({"lead_class": ["3", "1.4S", "3"], "age_bucket": [0, 7, 365], "backlog": [1, 2, 3]})
    figure = heatmaps.heatmap(
        ages, "age_bucket", "lead_class", "backlog", look=LOOK, label=str, x_label=lambda code: f"{code} d",
        order=["1.4S", "3"], x_order=["0", "3", "7", "365"],
    )  # fmt: skip
    nan = np.nan
    assert figure.layout.xaxis.type == figure.layout.yaxis.type == "category"
    np.testing.assert_array_equal(figure.data[0].z, [[nan, nan, 2, nan], [1, nan, nan, 3]])
    assert list(figure.layout.xaxis.ticktext) == ["0 d", "3 d", "7 d", "365 d"]
    assert figure.layout.yaxis.range[0] > figure.layout.yaxis.range[1]  # the gravest on top


def test_the_chosen_cell_is_outlined() -> None:
    box = port_days(marked={"x": "2022-06-02", "y": "CNNBO"}).layout.shapes[0]
    assert (box.x0, box.x1) == ("2022-06-01 12:00:00", "2022-06-02 12:00:00")
    assert (box.y0, box.y1) == (0.5, 1.5)
    assert not port_days(marked={"x": "2021-01-01", "y": "CNNBO"}).layout.shapes


def test_a_code_that_nobody_told_is_told_from_every_code() -> None:
    told = {"facility_code": [None, "-", "-", "T1"], "block": ["B|1", "B1", None, "-"]}
    frame = STOCK.assign(**{name: pd.Series(codes, dtype=object) for name, codes in told.items()})
    placed = grids.placed(frame, "facility")
    assert placed["facility_code"].tolist() == ["-", r"\-", r"\-", "T1"]
    assert grids.placed(frame, "block")["place"].tolist() == [r"-|B\|1", r"\-|B1", r"\-|-", r"T1|\-"]
    figure = heatmaps.heatmap(
        placed, "date", "facility_code", "backlog", look=LOOK, label=str, is_clicked=True
    )
    assert set(figure.data[1].y) == {"-", r"\-", "T1"}


def test_no_rows_make_an_empty_grid() -> None:
    figure = port_days(STOCK.iloc[:0])
    assert figure.data[0].z.size == 0


def test_a_year_of_ports_is_sent_small() -> None:
    days = [date(2022, 1, 1) + timedelta(days=day) for day in range(365)]
    ports = [f"P{port:03d}" for port in range(120)]
    frame = pd.DataFrame([(day, port, 1, 1) for port in ports for day in days], columns=list(STOCK.columns))
    figure = port_days(frame)
    sent = figure.to_dict()["data"]
    assert sent[0]["z"] == [[1] * 365] * 120
    assert len(sent[1]["x"]) == 120 * 365 and sent[1].get("hovertext") is None
    assert len(figure.to_json()) < 1_500_000
    assert "%{y}" in figure.data[1].hovertemplate


CELLS = st.dictionaries(
    st.tuples(st.dates(date(2022, 1, 1), date(2022, 3, 1)), st.sampled_from(["A", "B", "1.4S", "3", "-"])),
    st.integers(0, 10_000),
    min_size=1,
    max_size=40,
)


@settings(deadline=None)
@given(CELLS)
def test_the_grid_is_the_frame_whatever_it_holds(cells: dict[tuple[date, str], int]) -> None:
    frame = pd.DataFrame(
        [(day, code, count) for (day, code), count in cells.items()], columns=["date", "code", "backlog"]
    )
    figure = heatmaps.heatmap(frame, "date", "code", "backlog", look=LOOK, label=str)
    grid, targets = figure.data
    assert np.nansum(grid.z) == sum(cells.values())
    assert np.count_nonzero(~np.isnan(grid.z)) == len(cells) == len(targets.customdata)
    for (day, code), count in cells.items():
        row, column = list(grid.y).index(code), list(grid.x).index(day.isoformat())
        assert grid.z[row][column] == count
    days = pd.to_datetime(list(grid.x))
    assert all(later - earlier == pd.Timedelta(days=1) for earlier, later in pairwise(days))


DAYS = pd.DataFrame(
    {
        "scope": "all",
        "date": [date(2022, 6, 15), date(2022, 6, 16)],
        "remaining": [10, 8],
        "cleared": [1, 4],
        "target_line": [24.0, 48.0],
    }
)


def test_the_burn_down_draws_what_is_left_what_is_cleared_and_the_target() -> None:
    figure = charts.burn_down(DAYS, look=LOOK)
    drawn = {trace.name: (list(trace.y), trace.line.dash) for trace in figure.data}
    assert drawn == {
        "Remaining": ([10, 8], "solid"),
        "Cleared so far": ([1, 4], "solid"),
        "Target for cleared": ([24, 48], "dash"),
    }
    assert figure.data[0].line.color == LIGHT.accent
    assert figure.layout.yaxis.title.text == "batches"
    assert figure.layout.yaxis.rangemode == "tozero"


def test_a_burn_down_without_a_target_draws_none() -> None:
    figure = charts.burn_down(DAYS.assign(target_line=None), look=LOOK)
    assert [trace.name for trace in figure.data] == ["Remaining", "Cleared so far"]


def test_daily_totals_add_the_rows_of_a_day() -> None:
    figure = charts.daily_totals(STOCK, look=LOOK)
    assert {trace.name: list(trace.y) for trace in figure.data} == {
        "Backlog": [6, 0, 7],
        "Stock": [29, 21, 25],
    }


def test_bars_show_every_number() -> None:
    kinds = pd.DataFrame({"name": ["Not declared", "Wrong UN number"], "batches": [1200, 7]})
    figure = charts.bars(kinds, "name", "batches", look=LOOK, quiet=1)
    bar = figure.data[0]
    assert list(bar.x) == [1200, 7] and list(bar.y) == ["Not declared", "Wrong UN number"]
    assert list(bar.text) == ["1,200", "7"]
    assert list(bar.marker.color) == [LIGHT.soft, LIGHT.accent]
    assert figure.layout.xaxis.title.text == "batches"


def test_a_story_puts_visits_first_and_events_in_their_lanes() -> None:
    at = pd.Timestamp("2022-06-01 08:00")
    events = pd.DataFrame(
        {"at": [at, at], "lane": ["Moves", "Milestones"], "text": ["Discharged", "Arrived"]}
    )
    spans = pd.DataFrame({"start": [at], "end": [at + pd.Timedelta(days=3)], "text": ["MSKU1234565"]})
    figure = charts.story(events, spans, look=LOOK, lanes=["Visits", "Moves", "Milestones"])
    assert [trace.mode for trace in figure.data] == ["lines", "markers", "markers"]
    assert list(figure.data[0].y) == ["Visits", "Visits"]
    assert [list(trace.text) for trace in figure.data[1:]] == [["Discharged"], ["Arrived"]]
    assert figure.layout.xaxis.title.text == "time (UTC+08:00)"


def lightness(colour: str) -> float:
    """CIE L* of an sRGB colour (IEC 61966-2-1, CIE 15)."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    y = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return 116 * y ** (1 / 3) - 16 if y > 0.008856 else 903.3 * y


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_the_scale_can_be_read_without_seeing_colour(palette: Palette) -> None:
    steps = [lightness(colour) for colour in palette.scale]
    changes = [later - earlier for earlier, later in pairwise(steps)]
    assert all(change < -5 for change in changes) or all(change > 5 for change in changes)


@pytest.mark.parametrize(("palette", "paper"), [(LIGHT, "#FFFFFF"), (DARK, "#10161C")])
def test_text_and_accent_stand_out_from_the_paper(palette: Palette, paper: str) -> None:
    def luminance(colour: str) -> float:
        light = lightness(colour)
        return ((light + 16) / 116) ** 3 if light > 8 else light / 903.3

    def contrast(one: str, other: str) -> float:
        """WCAG 2.2 contrast ratio."""
        high, low = sorted((luminance(one), luminance(other)), reverse=True)
        return (high + 0.05) / (low + 0.05)

    assert contrast(palette.ink, paper) > 7
    assert contrast(palette.muted, paper) > 4.5
    assert contrast(palette.accent, paper) > 4.5


def test_every_figure_has_the_fonts_of_both_languages() -> None:
    events = pd.DataFrame({"at": [pd.Timestamp("2022-06-01")], "lane": ["Moves"], "text": ["x"]})
    spans = pd.DataFrame({"start": [], "end": [], "text": []})
    drawn = [
        port_days(),
        charts.burn_down(DAYS, look=LOOK),
        charts.bars(pd.DataFrame({"name": ["a"], "rows": [1]}), "name", "rows", look=LOOK),
        charts.story(events, spans, look=LOOK, lanes=["Visits", "Moves"]),
    ]
    assert all(figure.layout.font.family == FONT for figure in drawn)
    assert "Noto Sans CJK SC" in FONT


STEPS = pd.DataFrame(
    {
        "series": "period",
        "age_hours": [0.0, 24.0, 48.0, 96.0],
        "at_risk": [4, 4, 3, 1],
        "survival": [1.0, 0.75, 0.25, 0.0],
        "lower": [1.0, 0.3, 0.1, None],
        "upper": [1.0, 0.9, 0.6, None],
    }
)


def test_a_survival_curve_is_a_staircase_within_its_band() -> None:
    figure = curves.survival(STEPS, look=LOOK, until_hours=120, first="period")
    upper, lower, line = figure.data
    assert line.line.shape == upper.line.shape == "hv"
    assert list(line.x)[:4] == [0, 1, 2, 4] and list(line.y)[:4] == [1, 0.75, 0.25, 0]
    assert list(line.x)[-1] == 5 and list(line.y)[-1] == 0  # held to the end
    assert lower.fill == "tonexty" and (lower.y <= line.y).all() and (line.y <= upper.y).all()
    assert figure.layout.xaxis.title.text == "age (days)"


def test_a_long_curve_is_sent_small_and_keeps_its_shape() -> None:
    count = 20_000
    share = 1 - np.arange(count) / count
    frame = pd.DataFrame({"series": "a", "age_hours": np.arange(count, dtype=float), "at_risk": 9})
    frame = frame.assign(survival=share, lower=share, upper=share)
    line = curves.survival(frame, look=LOOK, until_hours=count, first="a").data[2]
    assert len(line.x) < 2_100
    drawn = np.interp(frame["age_hours"] / 24, line.x, line.y)
    assert np.abs(drawn - share).max() < 0.002


def test_stages_are_stacked_and_their_sum_stands_at_the_end() -> None:
    frame = pd.DataFrame({"name": "All", "stage": ["a", "b"], "mean_hours": [24.0, 36.0]})
    figure = stacks.stacked(frame, {"a": "First", "b": "Second", "c": "Third"}, look=LOOK)
    assert [(bar.name, list(bar.x)) for bar in figure.data] == [
        ("First", [1.0]), ("Second", [1.5]), ("Third", [0.0])
    ]  # fmt: skip
    assert figure.layout.barmode == "stack"
    assert [note.text for note in figure.layout.annotations] == ["2.5"]
    shades = [lightness(bar.marker.color) for bar in figure.data]
    assert all(abs(later - earlier) > 10 for earlier, later in pairwise(shades))


def test_dots_reach_to_the_ends_of_their_intervals() -> None:
    frame = pd.DataFrame(
        {
            "name": ["All", "X"],
            "series": "rmst",
            "value": [50.0, -5.0],
            "lower": [40.0, -9.0],
            "upper": [55.0, None],
        }
    )
    figure = intervals.dots(frame, ("value", "lower", "upper"), look=LOOK, axis="%", first="rmst")
    dot = figure.data[0]
    assert list(dot.x) == [50, -5]
    assert list(dot.error_x.array) == [5, 0] and list(dot.error_x.arrayminus) == [10, 4]
    assert list(figure.layout.yaxis.ticktext) == ["All", "X"]
    assert figure.layout.yaxis.range[0] > figure.layout.yaxis.range[1]  # the first on top


def weeks_of(port: str, cusum: list[float | None]) -> pd.DataFrame:
    first = date(2022, 10, 1)
    return pd.DataFrame(
        {
            "un_location_code": port,
            "week_starts_on": [first + timedelta(weeks=week) for week in range(len(cusum))],
            "newly_overdue": range(len(cusum)),
            "cusum": cusum,
            "threshold": 5.0,
            "is_signal": [value is not None and 5 < value < 9 for value in cusum],
        }
    )


def test_a_cusum_is_drawn_against_its_threshold_with_its_signal() -> None:
    figure = control.cusum(weeks_of("A", [None, 0, 6, 90]), "2022-10-08", look=LOOK)
    bars, path, threshold, signal = figure.data
    assert list(bars.y) == [0, 1, 2, 3] and list(path.y)[1:] == [0, 6, 90]
    assert threshold.line.dash == "dash" and set(threshold.y) == {5}
    assert list(signal.x) == ["2022-10-15"] and list(signal.y) == [6]
    assert list(figure.layout.yaxis2.range) == [0, 20]  # four thresholds


def test_quiet_ports_share_one_scale() -> None:
    weeks = pd.concat([weeks_of("A", [0, 1]), weeks_of("B", [2, 2.5])])
    paths, thresholds, names = control.multiples(weeks, ["A", "B"], look=LOOK, label=str).data
    assert list(paths.y) == [0, 0.2, None, 0.4, 0.5, None]
    assert [text[-3:] for text in paths.hovertext] == [" 0%", "20%", "", "40%", "50%", ""]
    assert set(thresholds.y) == {1, None} and list(names.text) == ["A", "B"]


def test_small_charts_stand_side_by_side_and_then_below() -> None:
    ports = ["A", "B", "C", "D", "E"]
    weeks = pd.concat([weeks_of(port, [1, 2, 3]) for port in ports])
    figure = control.multiples(weeks, ports, look=LOOK, label=str)
    paths, thresholds, names = figure.data
    begins = [paths.x[place] for place in range(0, len(paths.x), 4)]
    assert begins[0] == begins[4] == 0 and begins[:4] == sorted(begins[:4])
    ends = [paths.x[place + 2] for place in range(0, len(paths.x), 4)]
    assert all(ends[place] < begins[place + 1] for place in range(3))
    first, *_, last = (y for y in thresholds.y if y is not None)
    assert first == 1 and last < 0  # the fifth has a row of its own
    assert list(figure.layout.yaxis.ticktext) == ["0%", "100%"] * 2
    assert names.y[4] < thresholds.y[0]


def test_a_funnel_marks_who_is_outside() -> None:
    ports = pd.DataFrame(
        {
            "un_location_code": ["A", "B"],
            "n": [100, 40],
            "standardised_hours": [70.0, 120.0],
            "national_hours": 68.0,
            "limit_lower_95_hours": [60.0, 55.0],
            "limit_upper_95_hours": [76.0, 80.0],
            "limit_lower_998_hours": [56.0, 50.0],
            "limit_upper_998_hours": [82.0, 95.0],
            "funnel": ["inside", "above_998"],
        }
    )
    figure = funnels.funnel(ports, look=LOOK, label=label, y="h")
    inside, outside = figure.data[-2:]
    assert (list(inside.x), list(inside.y)) == ([100], [70])
    assert (list(outside.x), list(outside.y), list(outside.text)) == ([40], [120], ["B"])
    assert list(figure.data[0].x) == [40, 100]  # limits by size


def test_an_event_study_parts_before_from_after() -> None:
    weeks = pd.DataFrame(
        {
            "week_starts_on": [date(2023, 4, 24), date(2023, 5, 1)],
            "difference_pct": [0.0, -25.0],
            "lower_pct": [None, -30.0],
            "upper_pct": [None, -19.0],
            "is_before": [True, False],
        }
    )
    before, after = funnels.event_study(weeks, "2023-05-01", look=LOOK).data
    assert (list(before.y), list(after.y)) == ([0], [-25])
    assert list(after.error_y.array) == [6] and list(after.error_y.arrayminus) == [5]
    assert before.marker.symbol != after.marker.symbol
