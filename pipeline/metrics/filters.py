"""What can be asked of a metric."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True)
class Filters:
    """The one set of filters of reports and pages. Hashable; what is not set does not filter.

    Args:
        as_of, known_at: instants (UTC, naive); see metrics.
        date_from, date_to: local days, both included.
        ports: codes or aliases. classes: `2`, `2.1`, `unidentified`. direction: `import`, `export`, `transhipment`.
        count: `batch` or `unit`.
        by: the columns of `stock --by` or `campaign --by`.
        last_file: number of the last loaded file whose rows count: what a lake held when a figure was written.
        campaign_id, consignment_id, file: what a report is about.
        stage, measure, tau_hours: what a duration is of (`overall` ... ; `clearance` or `dwell`) and its restriction.
        part: which rows behind a change (`arrival`, `exit`, `late` ...).
        baseline_from, baseline_to: the window that a reduction is against.
        weights: `part=number`, in the place of those of the table `risk_weights`.
        facility, block, age_bucket, date, overdue_only, limit: the drill-down of a page; `''` for facility or block
            is "none named".
    """

    as_of: dt.datetime | None = None
    known_at: dt.datetime | None = None
    last_file: int | None = None
    date_from: dt.date | None = None
    date_to: dt.date | None = None
    ports: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    direction: str | None = None
    count: str = "batch"
    by: tuple[str, ...] = ()
    campaign_id: str | None = None
    consignment_id: str | None = None
    file: str | None = None
    stage: str | None = None
    measure: str | None = None
    tau_hours: float | None = None
    part: str | None = None
    baseline_from: dt.date | None = None
    baseline_to: dt.date | None = None
    facility: str | None = None
    block: str | None = None
    age_bucket: int | None = None
    date: dt.date | None = None
    overdue_only: bool = False
    limit: int | None = None
    weights: tuple[str, ...] = ()
