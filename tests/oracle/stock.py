"""Stock and backlog a day and slice, and the campaign; rulings 1, 2, 18, 19, 30, 31 and 49."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from .cells import to_utc
from .tables import Campaign, Tables
from .yard import Stay, Yard

AGE_BUCKETS = (0, 3, 7, 15, 30, 90, 365)
MEASURES = ("stock", "backlog", "arrivals", "exits", "newly_overdue")
COLUMN_OF = {
    "date": "date",
    "port": "un_location_code",
    "facility": "facility_code",
    "class": "lead_class",
    "age_bucket": "age_bucket",
    "direction": "direction",
}


class Days:
    """The local days of ports, none of them longer than `as_of`."""

    def __init__(self, tables: Tables, as_of: datetime) -> None:
        self.tables = tables
        self.as_of = as_of

    def of(self, port: str, instant: datetime) -> date:
        """The local day an instant belongs to; midnight belongs to the day it opens."""
        return instant.astimezone(self.tables.zone(port)).date()

    def last(self, port: str) -> date:
        """as_of's own local day."""
        return self.of(port, self.as_of)

    def start(self, port: str, day: date) -> datetime:
        """00:00 of the day in UTC."""
        return to_utc(datetime.combine(day, time()), self.tables.zone(port))

    def end(self, port: str, day: date) -> Moment:
        """Just before the next midnight; as_of, included, on its own day and for days that have not begun."""
        if day >= self.last(port):
            return Moment(self.as_of, included=True)
        return Moment(self.start(port, day + timedelta(days=1)), included=False)


@dataclass(frozen=True)
class Moment:
    """A moment to count at: just after `at` when it is included, just before it when it is not."""

    at: datetime
    included: bool

    def has_passed(self, instant: datetime) -> bool:
        """Whether something at `instant` has happened by this moment."""
        return instant <= self.at if self.included else instant < self.at

    def has(self, stay: Stay) -> bool:
        """Whether the stay is in the yard."""
        ended = stay.left_at is not None and self.has_passed(stay.left_at)
        return self.has_passed(stay.arrived_at) and not ended

    def has_overdue(self, stay: Stay) -> bool:
        """Whether the stay is in the yard and overdue."""
        return self.has(stay) and self.has_passed(stay.overdue_at)

    def age_bucket(self, stay: Stay) -> int:
        """The lower bound, in days, of the bucket the stay's age has reached."""
        return max(b for b in AGE_BUCKETS if self.has_passed(stay.arrived_at + timedelta(days=b)))


def bucket_of(age: timedelta) -> int:
    """The lower bound, included, of the bucket of an age."""
    return max(b for b in AGE_BUCKETS if age >= timedelta(days=b))


def counted_on(stay: Stay, day: date, days: Days) -> Iterable[tuple[int, str]]:
    """What the stay adds to a day, as (age bucket, measure)."""
    end = days.end(stay.port, day)
    if end.has(stay):
        yield end.age_bucket(stay), "stock"
    if end.has_overdue(stay):
        yield end.age_bucket(stay), "backlog"
    if days.of(stay.port, stay.arrived_at) == day:
        yield 0, "arrivals"
    if stay.left_at is not None and days.of(stay.port, stay.left_at) == day:
        yield bucket_of(stay.left_at - stay.arrived_at), "exits"
    if stay.ever_overdue and days.of(stay.port, stay.overdue_at) == day:
        yield bucket_of(stay.overdue_at - stay.arrived_at), "newly_overdue"


def slice_of(stay: Stay, by: Iterable[str]) -> tuple[str, ...]:
    """The stay's values of the columns asked that do not change from day to day."""
    values = {
        "port": stay.port,
        "facility": stay.facility,
        "class": stay.lead_class,
        "direction": stay.direction,
    }
    return tuple(values.get(name, "") for name in by)


def life(stays: list[Stay], days: Days) -> tuple[date, date]:
    """From the local day of the first arrival to that of the last exit, as_of's while anything is in."""
    first = min(days.of(stay.port, stay.arrived_at) for stay in stays)
    ends = [days.of(s.port, s.left_at) if s.left_at is not None else days.last(s.port) for s in stays]
    return first, max(ends)


def stock(
    stays: list[Stay], by: tuple[str, ...], days: Days, dated: tuple[date | None, date | None] = (None, None)
) -> list[dict[str, str]]:
    """The stock report's rows; `dated` cuts the dates shown. A slice is the columns but date and bucket."""
    slices: dict[tuple[str, ...], list[Stay]] = {}
    for stay in stays:
        slices.setdefault(slice_of(stay, by), []).append(stay)
    result = []
    for name, members in sorted(slices.items()):
        if "date" in by:
            first, last = life(members, days)
            shown = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        else:
            shown = [max(days.last(stay.port) for stay in members)]
        tables = {day: tally(members, day, days, "age_bucket" in by) for day in shown}
        for bucket in AGE_BUCKETS:
            filled = [day for day in shown if any(tables[day].get((bucket, m)) for m in MEASURES)]
            for day in shown:
                whole_life = "date" in by and "age_bucket" not in by and bucket == 0
                inside = bool(filled) and filled[0] <= day <= filled[-1]
                cut = "date" in by and not (dated[0] or day) <= day <= (dated[1] or day)
                if cut or not (whole_life or inside):
                    continue
                here = dict(zip(by, name, strict=True)) | {"date": day.isoformat(), "age_bucket": str(bucket)}
                row = {COLUMN_OF[column]: here[column] for column in by}
                result.append(row | {m: str(tables[day][bucket, m]) for m in MEASURES})
    return result


def tally(stays: list[Stay], day: date, days: Days, in_buckets: bool) -> Counter[tuple[int, str]]:
    """The measures of a day, by bucket; all under bucket 0 where buckets are not asked."""
    return Counter(
        (bucket if in_buckets else 0, measure)
        for stay in stays
        for bucket, measure in counted_on(stay, day, days)
    )


# ----------------------------------------------------------------------------------------- campaigns


class Window:
    """A campaign in one port's time: [start, end), seen up to as_of."""

    def __init__(self, campaign: Campaign, port: str, days: Days) -> None:
        self.start = days.start(port, campaign.starts_on)
        self.end = days.start(port, campaign.ends_on + timedelta(days=1))
        self.as_of = days.as_of
        self.has_begun = self.as_of >= self.start
        until_end = Moment(self.end, included=False)
        self.last = until_end if self.as_of >= self.end else Moment(self.as_of, included=True)

    def has(self, instant: datetime) -> bool:
        return self.start <= instant < self.end and instant <= self.as_of


def outcome(stay: Stay, window: Window, until: Moment) -> str:
    """What a batch is to the campaign by `until`: `opening_` or `new_` and what became of it; else empty."""
    before = Moment(window.start, included=False)
    opening = before.has_overdue(stay)
    new = stay.ever_overdue and window.has(stay.overdue_at) and until.has_passed(stay.overdue_at)
    if not (opening or new):
        return ""
    if stay.left_at is None or not until.has_passed(stay.left_at):
        end = "remaining"
    else:
        end = "relocated" if stay.exit_type == "transferred" else "cleared"
    return ("opening_" if opening else "new_") + end


def scopes(yard: Yard, campaign: Campaign) -> list[str]:
    """The campaign's ports with any batch: a stay, or a live consignment."""
    ports = {visit.port for visit in yard.visits}
    ports |= {row["un_location_code"] for row in yard.known.consignments.values()}
    return sorted(port for port in ports if not campaign.ports or port in campaign.ports)


def totals(
    yard: Yard, campaign: Campaign, port: str, days: Days, until: Moment | None = None
) -> Counter[str]:
    """The counts of one port, of its stays and of what was found in its batches."""
    window = Window(campaign, port, days)
    until = until or window.last
    counts: Counter[str] = Counter()
    for stay in yard.stays:
        if stay.port != port:
            continue
        if not window.has_begun:
            overdue = Moment(days.as_of, included=True).has_overdue(stay)
            counts.update({"opening_backlog": overdue, "remaining": overdue})
            continue
        what = outcome(stay, window, until)
        counts["opening_backlog"] += what.startswith("opening_")
        counts["cleared_opening"] += what == "opening_cleared"
        counts["cleared_new"] += what == "new_cleared"
        counts["cleared_relocated"] += what.endswith("_relocated")
        counts["remaining"] += what.endswith("_remaining")
    batches = {b for b, row in yard.known.consignments.items() if row["un_location_code"] == port}
    found = [
        row
        for row in yard.known.live["inspection_findings"]
        if row["consignment_id"] in batches and window.has(row["inspected_at"])
    ]
    misdeclared = [row for row in found if row["finding_code"] in yard.tables.misdeclarations]
    counts["inspected_batches"] = len({row["consignment_id"] for row in found})
    counts["misdeclared_batches"] = len({row["consignment_id"] for row in misdeclared})
    counts["penalty_cases"] = sum(
        row["consignment_id"] in batches and window.has(row["filed_at"])
        for row in yard.known.live["penalty_cases"]
    )
    return counts


CAMPAIGN_COUNTS = (
    "opening_backlog",
    "cleared_opening",
    "cleared_new",
    "cleared_relocated",
    "remaining",
    "inspected_batches",
    "misdeclared_batches",
    "penalty_cases",
)


def campaign_rows(yard: Yard, campaign: Campaign) -> list[dict[str, str]]:
    """The campaign report without its reduction columns: `all`, then each port."""
    assert yard.as_of is not None
    days = Days(yard.tables, yard.as_of)
    ports = scopes(yard, campaign)
    by_port = {port: totals(yard, campaign, port, days) for port in ports}
    result = []
    for scope, members in [("all", ports), *((port, [port]) for port in ports)]:
        today = max((days.last(port) for port in members), default=yard.as_of.astimezone(UTC).date())
        day = min(max((today - campaign.starts_on).days + 1, 0), campaign.days)
        row = {"scope": scope, "day": str(day), "days": str(campaign.days)}
        row |= {name: str(sum(by_port[port][name] for port in members)) for name in CAMPAIGN_COUNTS}
        target = campaign.target_cleared if scope == "all" else None
        result.append(row | {"target_cleared": "" if target is None else str(target)})
    return result


def burn_down(yard: Yard, campaign: Campaign) -> list[dict[str, str]]:
    """A row a scope and day: backlog left, cleared so far (relocated ones apart), the line to the target."""
    assert yard.as_of is not None
    days = Days(yard.tables, yard.as_of)
    ports = scopes(yard, campaign)
    result = []
    for scope, members in [("all", ports), *((port, [port]) for port in ports)] if ports else []:
        last = min(campaign.ends_on, max(days.last(port) for port in members))
        for n in range((last - campaign.starts_on).days + 1):
            date_ = campaign.starts_on + timedelta(days=n)
            counts: Counter[str] = Counter()
            for port in members:
                counts += totals(yard, campaign, port, days, days.end(port, date_))
            target = campaign.target_cleared if scope == "all" else None
            line = "" if target is None else str(float(target) * (n + 1) / campaign.days)
            cleared = counts["cleared_opening"] + counts["cleared_new"]
            row = {"scope": scope, "date": date_.isoformat(), "day": str(n + 1)}
            row |= {"remaining": str(counts["remaining"]), "cleared": str(cleared), "target_line": line}
            result.append(row)
    return result
