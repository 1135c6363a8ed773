"""Data trust: what was loaded, what was refused and why, and how fresh every port's rows are."""

from __future__ import annotations

from pages.shared import components, data, frame
from pages.shared.figures import charts
from pages.shared.filters import sidebar
from pages.shared.screens import trusted

frame.guard(__file__)

words = frame.words()
chosen = sidebar("ports")
components.heading(words("trust.title"), chosen)
components.need_data()
with components.user_errors():
    frames = {key: data.metric(key, chosen) for key in trusted.METRICS}
components.cards(trusted.cards(frames))

components.section("trust.freshness")
components.table(frames["freshness"], "freshness", chosen)

components.section("trust.rejects")
by_reason = frames["rejects_by_reason"]
if not by_reason.empty:
    figure = charts.bars(trusted.by_reason(by_reason), "name", "rows", look=frame.look("rows"))
    components.chart(figure, "rejects", words("alt.rejects"))
components.table(by_reason, "rejects_by_reason", chosen, columns=("source", "reason", "rows"))
components.section("trust.rejected_rows")
components.table(frames["rejects"], "rejects", chosen, most=components.FIRST_ROWS)

components.section("trust.warnings")
components.table(frames["warnings"], "warnings", chosen, columns=("source", "warning", "rows"))

components.table(frames["warned_rows"], "warned_rows", chosen, most=components.FIRST_ROWS)

components.section("trust.loads")
components.table(frames["loads"], "loads", chosen)
components.section("trust.files")
components.table(frames["files"], "files", chosen, most=components.FIRST_ROWS)

components.section("trust.orphans")
components.table(frames["orphan_outs"], "orphan_outs", chosen, most=components.FIRST_ROWS)
components.section("trust.ghosts")
components.table(frames["ghosts"], "ghosts", chosen, most=components.FIRST_ROWS)
components.section("trust.impossible")
components.table(frames["impossible_orders"], "impossible_orders", chosen, most=components.FIRST_ROWS)
components.section("trust.checks")
components.table(frames["trust"], "trust", chosen)
components.definitions(*trusted.METRICS)
