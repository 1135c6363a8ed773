"""The means that ports are compared by, at one tau for all, against the same means in plain Python."""

from __future__ import annotations

import pytest
from durations import clocks, rig
from durations.test_clocks import DRAWN, groups, spell_lists, windows
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize("in_memory", [True, False])
@DRAWN
@given(data=st.data())
def test_every_group_is_restricted_to_the_tau_given(in_memory: bool, data: st.DataObject) -> None:
    """Beyond its last age a curve stays as it is; one that came down to 0 is known for good."""
    window = data.draw(windows())
    spells = data.draw(spell_lists(window, with_left_out=True))
    tau = data.draw(st.sampled_from((1, 10, 60)))
    with rig.new_engine(window.as_of, in_memory) as engine:
        rig.ask(engine, window, tau)
        rig.clearances(engine, spells)
        engine.alias("group_taus", "shared_taus")
        actual = {row["un_location_code"]: row for row in engine.to_arrow("compared_groups").to_pylist()}
    expected = {}
    for (port, _), members in groups(spells, ("port",)).items():
        counted = clocks.on_clock("period", members, window)
        risks = [risk for risk in counted if not risk.left_out]
        steps = clocks.curve(risks)
        row: clocks.Cells = {
            "n": len(risks),
            "n_left_out": len(counted) - len(risks),
            "rmst_hours": None,
            "rmst_se_hours": None,
            "known_to_micros": None,
        }
        if risks:
            row["rmst_hours"], row["rmst_se_hours"] = clocks.restricted_mean(steps, tau)
            if not steps or steps[-1].survival > 0:
                row["known_to_micros"] = max(risk.leaves for risk in risks) * rig.HOUR
        if counted:
            expected[port] = row
    assert actual.keys() == expected.keys()
    for name, row in expected.items():
        assert not rig.unlike(actual[str(name)], row), name
