"""The stock of the next 14 days a port, with a band whose coverage on past days is told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa

from pipeline.arrow_tables import is_null, one_array, values_of
from pipeline.metrics.question import Question
from pipeline.metrics.registry import Metric, register
from pipeline.settings import usable_cores
from pipeline.statistics.stock_outlook import Days, Hours, Outlook, Stays, outlook, relative_error, widened

HORIZON_DAYS = 14
LEARNT_FROM = 6
"""Past forecasts, weekly, whose errors widen a band."""
LARGE = 15_000
"""From so many stays on ports are looked at side by side."""
EPOCH = dt.datetime(1970, 1, 1)
HOUR_MICROS = 3_600_000_000
DAY = dt.timedelta(days=1)
FORECAST_COLUMNS = (
    "date",
    "un_location_code",
    "expected_stock",
    "lower_stock",
    "upper_stock",
    "stock_now",
    "days_inside",
    "days_tested",
    "inside_share",
)
TEST_COLUMNS = (
    "un_location_code",
    "origins",
    "days_inside",
    "days_tested",
    "inside_share",
    "mean_absolute_error",
    "mean_stock",
)


@lru_cache(maxsize=10_000)
def _midnight(zone: ZoneInfo, day: dt.date) -> float:
    wall = dt.datetime.combine(day, dt.time(), zone)
    return (wall.astimezone(dt.UTC).replace(tzinfo=None) - EPOCH) / dt.timedelta(hours=1)


@lru_cache(maxsize=1_000)
def _days(zone: ZoneInfo, today: dt.date, window: int, ahead: int) -> Days:
    """The calendar round an origin in `today`: whole days before it, and so many from it on."""
    past = [today - DAY * back for back in range(window, 0, -1)]
    coming = [today + DAY * step for step in range(ahead)]
    return Days(
        np.array([_midnight(zone, day) for day in past]),
        np.array([day.weekday() for day in past]),
        np.array([_midnight(zone, day + DAY) for day in coming]),
        np.array([day.weekday() for day in coming]),
    )


@dataclass(frozen=True)
class _Port:
    """A port's stays, and its calendar."""

    code: str
    zone: ZoneInfo
    stays: Stays

    @property
    def size(self) -> int:
        return len(self.stays.arrived)

    def midnight(self, day: dt.date) -> float:
        """The start of a local day, in hours UTC."""
        return _midnight(self.zone, day)

    def days(self, today: dt.date, window: int, ahead: int) -> Days:
        """The calendar round an origin in `today`; that of a zone is the same for all its ports."""
        return _days(self.zone, today, window, ahead)


@dataclass(frozen=True)
class _Test:
    """A past forecast of one port and what came: the days inside the band, and how far off the others were."""

    port: str
    origin: dt.date
    outlook: Outlook
    actual: Hours

    @property
    def inside(self) -> int:
        band = (self.actual >= np.floor(self.outlook.lower)) & (self.actual <= np.ceil(self.outlook.upper))
        return int(band.sum())

    @property
    def error(self) -> float:
        return float(np.abs(self.actual - self.outlook.expected).sum())


def _values(question: Question) -> tuple[int, int]:
    table = question.reference.table("safety_values")
    values = dict(zip(table["name"].to_pylist(), table["value"].to_pylist(), strict=True))
    window = max(7, 7 * int(values["forecast_window_days"] // 7))
    return window, int(values["forecast_origins"])


def _ports(question: Question, window: int, origins: int) -> Iterator[_Port]:
    days = window + 7 * (origins + LEARNT_FROM) + HORIZON_DAYS + 14
    question.read_last(days)
    look_back = dt.timedelta(days=days) // dt.timedelta(microseconds=1)
    asked = pa.table({"look_back_micros": pa.array([look_back], pa.int64())})
    question.engine.register_arrow("asked_forecast", asked)
    rows = question.engine.to_arrow("forecast_stays")
    ports = one_array(rows["un_location_code"]).dictionary_encode()
    at = values_of(ports.indices)
    # Short numbers are put in order several times as fast.
    order = np.argsort(at.astype(np.uint16), kind="stable")
    arrived, left = (_hours(rows[name])[order] for name in ("arrived_micros", "left_micros"))
    ends = np.cumsum(np.bincount(at, minlength=len(ports.dictionary)))
    found = zip(ports.dictionary.to_pylist(), ends, np.diff(ends, prepend=0), strict=True)
    for code, end, count in sorted(found):
        zone = ZoneInfo(rows["time_zone"][int(order[end - 1])].as_py())
        yield _Port(code, zone, Stays(arrived[end - count : end], left[end - count : end]))


def _hours(micros: pa.ChunkedArray) -> Hours:
    """Instants in hours; one that is not told never comes."""
    column = one_array(micros)
    hours: Hours = values_of(column) / HOUR_MICROS
    hours[is_null(column)] = np.inf
    return hours


def _tests(port: _Port, today: dt.date, window: int, origins: int) -> list[_Test]:
    """Weekly origins up to the last whose days have all passed, the newest first; each with its window full of data.

    Their bands are as they would have been published: widened by the errors known at the origin.
    """
    bare: list[_Test] = []
    began = float(port.stays.arrived.min()) if len(port.stays.arrived) else np.inf
    for back in range(origins + LEARNT_FROM + 1):
        first = today - DAY * (HORIZON_DAYS + 7 * back)
        days = port.days(first, window, HORIZON_DAYS)
        if days.past[0] < began:
            break
        # The instant before the day opens: an event at 00:00 belongs to the day it opens.
        found = outlook(port.stays, np.nextafter(port.midnight(first), -np.inf), days)
        bare.append(_Test(port.code, first, found, port.stays.stock(days.ends).astype(float)))
    return bare


def _widened(bare: list[_Test], origin: dt.date, ahead: Outlook) -> Outlook:
    """The forecast from an origin with its band widened by the errors of the forecasts whose days had passed."""
    known = [test for test in bare if test.origin + DAY * HORIZON_DAYS <= origin][:LEARNT_FROM]
    nothing = [np.zeros(0)]
    errors = np.concatenate([test.actual - test.outlook.expected for test in known] or nothing)
    expected = np.concatenate([test.outlook.expected for test in known] or nothing)
    days = np.resize(np.arange(1.0, HORIZON_DAYS + 1), len(errors))
    return widened(ahead, relative_error(errors, expected, days))


def _judged(bare: list[_Test], origins: int) -> list[_Test]:
    """The newest forecasts with the bands that they would have had."""
    return [replace(test, outlook=_widened(bare, test.origin, test.outlook)) for test in bare[:origins]]


@dataclass(frozen=True)
class _Scope:
    """A port, or all together: its forecast from now, what it stands on, and its past forecasts, the newest first."""

    code: str
    dates: list[dt.date]
    ahead: Outlook
    stock_now: int
    bare: list[_Test]
    origins: int

    @property
    def tests(self) -> list[_Test]:
        return _judged(self.bare, self.origins)


def _scope(port: _Port, as_of: dt.datetime, window: int, origins: int) -> _Scope | None:
    """The forecast of one port; None where it has not a window full of data behind it."""
    today = as_of.replace(tzinfo=dt.UTC).astimezone(port.zone).date()
    days = port.days(today, window, HORIZON_DAYS + 1)
    if days.past[0] < port.stays.arrived.min():
        return None
    origin = (as_of - EPOCH) / dt.timedelta(hours=1)
    found = outlook(port.stays, origin, days)
    ahead = Outlook(found.expected[1:], found.reach[1:])
    bare = _tests(port, today, window, origins)
    dates = [today + DAY * step for step in range(1, HORIZON_DAYS + 1)]
    now = len(port.stays.standing(origin))
    return _Scope(port.code, dates, _widened(bare, today, ahead), now, bare, origins)


def _scopes(question: Question) -> list[_Scope]:
    """All ports together where there are several, then each port."""
    as_of = question.as_of
    if as_of is None:
        return []
    window, origins = _values(question)
    asked = list(_ports(question, window, origins))
    large = sorted((port for port in asked if port.size >= LARGE), key=lambda port: -port.size)
    with ThreadPoolExecutor(usable_cores()) as pool:
        scopes = pool.map(lambda port: _scope(port, as_of, window, origins), large)
        found = dict(zip((port.code for port in large), scopes, strict=True))
    # A thread that does many small things would keep the others waiting for the interpreter.
    found |= {p.code: _scope(p, as_of, window, origins) for p in asked if p.code not in found}
    ports = [scope for port in asked if (scope := found[port.code]) is not None]
    return [_together(ports), *ports] if len(ports) > 1 else ports


def _added(outlooks: list[Outlook]) -> Outlook:
    """Several forecasts as one, taken to be independent."""
    reach = np.sqrt(np.sum([ahead.reach**2 for ahead in outlooks], axis=0))
    return Outlook(np.sum([ahead.expected for ahead in outlooks], axis=0), reach)


def _together(ports: list[_Scope]) -> _Scope:
    by_origin: dict[dt.date, list[_Test]] = {}
    for scope in ports:
        for test in scope.bare:
            by_origin.setdefault(test.origin, []).append(test)
    bare = [
        _Test("all", day, _added([test.outlook for test in tests]), np.sum([t.actual for t in tests], axis=0))
        for day, tests in sorted(by_origin.items(), reverse=True)
        if len(tests) == len(ports)
    ]
    first = ports[0]
    origin = first.dates[0] - DAY
    ahead = _widened(bare, origin, _added([scope.ahead for scope in ports]))
    return _Scope("all", first.dates, ahead, sum(scope.stock_now for scope in ports), bare, first.origins)


def stock_forecast(question: Question) -> pd.DataFrame:
    """The report `stock_forecast`: a row a scope and day ahead."""
    frames = [_rows(scope) for scope in _scopes(question)]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=list(FORECAST_COLUMNS))


def _rows(scope: _Scope) -> pd.DataFrame:
    tests = scope.tests
    tested = HORIZON_DAYS * len(tests)
    inside = sum(test.inside for test in tests)
    rows = {
        "date": scope.dates,
        "un_location_code": scope.code,
        "expected_stock": scope.ahead.expected,
        "lower_stock": np.floor(scope.ahead.lower),
        "upper_stock": np.ceil(scope.ahead.upper),
        "stock_now": scope.stock_now,
        "days_inside": inside,
        "days_tested": tested,
        "inside_share": inside / tested if tested else np.nan,
    }
    return pd.DataFrame(rows)[list(FORECAST_COLUMNS)]


def stock_forecast_test(question: Question) -> pd.DataFrame:
    """The report `stock_forecast_test`: a row a scope: how its past forecasts did."""
    rows = [_tested(scope.code, scope.tests) for scope in _scopes(question) if scope.bare]
    return pd.DataFrame(rows, columns=list(TEST_COLUMNS))


def _tested(code: str, tests: list[_Test]) -> tuple[object, ...]:
    days = HORIZON_DAYS * len(tests)
    inside = sum(test.inside for test in tests)
    error = sum(test.error for test in tests) / days
    stock = sum(float(test.actual.sum()) for test in tests) / days
    return (code, len(tests), inside, days, inside / days, error, stock)


_METHOD = (
    "Those in the yard stay on by the survival of the port (Nelson-Aalen with delayed entry); those to come are the mean of "
    "their weekday; both over the last 56 days. The band is 80 %: binomial leaving, and arrivals as variable as they "
    "were (at least Poisson); and it reaches at least as far as the relative error that four of five days of the last six "
    "past forecasts kept to."
)
_METHOD_ZH = (
    "在港批次按本港生存曲线（延迟进入 Nelson-Aalen）递减，新到批次取同星期几均值，均取自最近 56 天。"
    "区间为 80%：离港按二项分布，到达按实际离散程度（不小于泊松），且至少放宽至最近六次历史预测中五分之四日数的相对误差。"
)
_CAVEAT = (
    "Nothing that has not happened before is in it: a campaign, a closed berth, a holiday. inside_share is of forecasts "
    "from past weekly origins, each with the band it would have had; a share far below 0.8 says that times have changed."
)
_CAVEAT_ZH = (
    "不含此前未发生过的情况：专项行动、泊位关闭、节假日。inside_share 来自过去每周起点的预测及其当时的区间；"
    "远低于 0.8 说明情况已变。"
)

register(
    Metric(
        key="stock_forecast",
        title="Stock of the next 14 days",
        title_zh="未来14天在港量",
        unit="batches",
        grain="one row a scope (all, then each port) and local day ahead",
        definition=f"The batches in the yard at the end of each of the next 14 local days. {_METHOD} days_inside of "
        "days_tested: how many days of the last twelve weekly forecasts fell inside their band. A port without 56 days "
        "of history has no row, and is not in all.",
        definition_zh=f"未来 14 个当地日结束时的在港批次。{_METHOD_ZH}"
        "days_inside/days_tested：最近十二次每周预测中落入区间的日数。"
        "不足 56 天历史的港口不列，也不计入合计。",
        sql="forecast_stays",
        family="safety",
        columns=FORECAST_COLUMNS,
        compute=stock_forecast,
        caveats=_CAVEAT,
        caveats_zh=_CAVEAT_ZH,
        source="Nelson-Aalen estimator; rolling-origin evaluation (Tashman 2000); bands widened as in conformal prediction",
        is_report=True,
        unmoved_by=("days",),
    ),
    Metric(
        key="stock_forecast_test",
        title="How the forecasts did",
        title_zh="预测检验",
        unit="days, batches",
        grain="one row a scope: all, then each port",
        definition="Forecasts from the last twelve weekly origins whose 14 days have all passed, each with what was "
        "known at its origin alone: how many days fell inside the 80 % band, the mean absolute error and the mean stock.",
        definition_zh="最近十二个每周起点、其 14 天均已过去的预测，各仅用起点时已知的数据："
        "落入 80% 区间的日数、平均绝对误差与平均在港量。",
        sql="forecast_stays",
        family="safety",
        columns=TEST_COLUMNS,
        compute=stock_forecast_test,
        caveats=_CAVEAT,
        caveats_zh=_CAVEAT_ZH,
        source="rolling-origin evaluation (Tashman 2000)",
        is_report=True,
        unmoved_by=("days",),
    ),
)
