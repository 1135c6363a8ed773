"""The room that words take is told before a figure is drawn."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go
from hypothesis import given
from hypothesis import strategies as st

from pages.shared.figures.margins import roomy, text_width
from pages.shared.figures.plot import LIGHT, Drawing, blank


def margins(figure: go.Figure) -> dict[str, Any]:
    return dict(Drawing.finished(figure).to_dict()["layout"]["margin"])


def named(*names: str) -> go.Figure:
    figure = blank(LIGHT, 300)
    figure.add_bar(x=[1] * len(names), y=list(names), orientation="h")
    figure.update_yaxes(type="category")
    return figure


def test_a_longer_name_gets_more_room_at_the_left_alone() -> None:
    short, long = margins(named("Ningbo")), margins(named("Ningbo", "Ningbo-Zhoushan"))
    assert long["l"] - short["l"] == round(text_width("Ningbo-Zhoushan", 13) - text_width("Ningbo", 13))
    assert {**long, "l": 0} == {**short, "l": 0}


def test_a_chinese_letter_is_as_wide_as_high() -> None:
    assert text_width("宁波", 13) == 26
    assert text_width("Wi", 10) == 8.5 + 2.5


def test_titles_lines_and_legends_take_room_where_they_stand() -> None:
    figure = blank(LIGHT, 300)
    figure.add_scatter(x=[1, 2], y=[1, 2], name="a")
    bare = margins(figure)
    figure.update_xaxes(title_text="day", tickformat="%m-%d\n%Y")
    assert margins(figure)["b"] == bare["b"] + 17 + 32
    figure.update_yaxes(title_text="batches")
    assert margins(figure)["l"] == bare["l"] + 16
    figure.update_layout(showlegend=True)
    assert bare["t"] == 8 and margins(figure)["t"] > 38
    figure.update_xaxes(side="top")
    assert margins(figure)["b"] == 8


def test_axes_that_are_not_shown_take_none() -> None:
    figure = blank(LIGHT, 300)
    figure.update_layout(margin={"l": 0, "r": 0, "t": 0, "b": 0})
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False)
    assert margins(figure) == {"l": 0, "r": 0, "t": 0, "b": 0}


@given(st.dictionaries(st.sampled_from("lrtb"), st.integers(0, 300)), st.text(max_size=40))
def test_a_figure_keeps_at_least_the_margins_that_it_has(own: dict[str, int], name: str) -> None:
    layout = {"height": 300, "margin": own, "xaxis": {}, "yaxis": {"ticktext": [name]}, "showlegend": True}
    found = roomy({"data": [], "layout": layout})
    assert all(found[side] >= room for side, room in own.items())
    assert found["l"] >= text_width(name, 13) - 1
