"""Computes what is asked most of a release and keeps it: the windows of campaigns and of the last days, and the stock.

The dashboard does so behind its first pages. Until an answer is kept it is computed for whoever asks; both are equal.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from zoneinfo import ZoneInfo

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from filelock import FileLock, Timeout

from pipeline.engines.relations import frame_of
from pipeline.metrics.durations import (
    durations_key,
    measure_of,
    outline_key,
    pair_key,
    prepare_windows,
    register_scopes,
    register_windows,
)
from pipeline.metrics.filters import Filters
from pipeline.metrics.kept import durations, long_stays, stock, yard
from pipeline.metrics.question import closing
from pipeline.metrics.reader import Reader, frame_key
from pipeline.metrics.spells import compute_here
from pipeline.metrics.yard import prepare_flows, prepare_yard

LAST_DAYS = (90, 30, 365)
"""The ready windows of the screens, in days up to the local day of as-of."""
MEASURES = ("clearance", "dwell")
OF_CAMPAIGNS = (
    "campaign",
    "campaign_days",
    "campaign_forecast",
    "misdeclared_by_code",
    "cases_by_status",
    "hit_rates",
)
OF_ALL = ("stock_forecast", "stock_forecast_test", "limit_horizons")
BUSY_FILE = ".busy"

logger = logging.getLogger(__name__)


def keep_in_background(reader: Reader, after_seconds: float = 0.0) -> threading.Thread | None:
    """Keeps the standing answers of a release in a thread of its own, after a while; None on an empty lake.

    Of several processes one does it, the others find what it has kept. It stops where another release comes.
    """
    if reader.answers is None:
        return None
    thread = threading.Timer(after_seconds, _keep_quietly, (reader,))
    thread.name, thread.daemon = "standing answers", True
    thread.start()
    return thread


def _keep_quietly(reader: Reader) -> None:
    try:
        keep(reader)
    except Exception:
        # Nobody waits for this thread: what it could not keep is computed, and fails, where it is asked.
        logger.exception("standing answers could not be kept")


def keep(reader: Reader) -> None:
    """Keeps the standing answers that are not kept yet, the most wanted first."""
    answers = reader.answers
    if answers is None or not _is_writable(reader):
        return
    try:
        with FileLock(answers.folder / BUSY_FILE, timeout=0):
            answers.sweep()
            for keep_some in _steps(reader):
                if not reader.is_current():
                    return
                keep_some()
    except Timeout:
        return


def _is_writable(reader: Reader) -> bool:
    assert reader.answers is not None
    try:
        reader.answers.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        logger.warning("%s: answers cannot be kept: %s", reader.answers.folder, error)
        return False
    return True


def _steps(reader: Reader) -> Iterator[Callable[[], None]]:
    for by in stock.STANDING:
        yield partial(_keep_stock, reader, by)
    yield partial(_keep_yard, reader)
    yield partial(_keep_long_stays, reader)
    for asked in standing_windows(reader):
        for measure in MEASURES:
            yield partial(_keep_durations, reader, replace(asked, measure=measure))
    for row in reader.reference.table("campaigns").to_pylist():
        for key in OF_CAMPAIGNS:
            yield partial(_keep_frame, reader, key, Filters(campaign_id=row["campaign_id"]))
    for key in OF_ALL:
        yield partial(_keep_frame, reader, key, Filters())
    for asked in standing_windows(reader):
        alone = replace(asked, baseline_from=None, baseline_to=None)
        yield partial(_keep_frame, reader, "stage_means", alone)
        yield partial(_keep_frame, reader, "stage_means", replace(alone, by=("all",)))
        for measure in MEASURES:
            yield partial(_keep_frame, reader, "compare", replace(alone, measure=measure))


def standing_windows(reader: Reader) -> list[Filters]:
    """The windows with their baselines that are asked for most: campaigns of all ports, and the last days."""
    found = [
        Filters(
            date_from=row["starts_on"],
            date_to=row["ends_on"],
            baseline_from=row["baseline_from"],
            baseline_to=row["baseline_to"],
        )
        for row in reader.reference.table("campaigns").to_pylist()
        if row["baseline_from"] is not None and row["baseline_to"] is not None
    ]
    as_of = reader.release.as_of if reader.release else None
    if as_of is not None:
        zone = ZoneInfo(reader.settings.default_zone)
        last = as_of.replace(tzinfo=dt.UTC).astimezone(zone).date()
        found += [_last(last, days) for days in LAST_DAYS]
    return list(dict.fromkeys(found))


def _last(last: dt.date, days: int) -> Filters:
    first = last - dt.timedelta(days=days - 1)
    before = first - dt.timedelta(days=1)
    return Filters(date_from=first, date_to=last, baseline_from=before - (last - first), baseline_to=before)


def _keep_stock(reader: Reader, by: tuple[str, ...]) -> None:
    key = stock.key(by)
    assert reader.answers is not None
    if reader.answers.holds(*key):
        return
    with closing(reader.question(Filters(by=by))) as question:
        prepare_flows(question)
        rows = question.engine.to_arrow("stock")
    if set(by) == set(stock.BY_CLASS_FIRST):
        rows = rows.sort_by([(column, "ascending") for column in ("lead_class", "day", "un_location_code")])
    reader.answers.keep(rows, *key, rows_a_group=stock.ROWS_A_GROUP)


def _keep_yard(reader: Reader) -> None:
    answers = reader.answers
    assert answers is not None
    if answers.holds(*yard.KEY):
        return
    with closing(reader.question(Filters())) as question:
        prepare_yard(question)
        answers.keep(question.engine.to_arrow("oldest_open"), *yard.OLDEST_KEY)
        whole = question.engine.to_arrow("batches_in_yard")
        answers.keep(whole, *yard.KEY, rows_a_group=yard.ROWS_A_GROUP)


def _keep_long_stays(reader: Reader) -> None:
    answers = reader.answers
    assert answers is not None
    lacking = {key: model for key, model in long_stays.MODELS.items() if not answers.holds(*key)}
    if not lacking:
        return
    with closing(reader.question(Filters())) as question:
        long_stays.register_length(question.engine)
        for key, model in lacking.items():
            blocks = question.engine.blocks(model)
            answers.keep_blocks(blocks, *key, rows_a_group=long_stays.ROWS_A_GROUP)


def _keep_durations(reader: Reader, asked: Filters) -> None:
    """Both windows in one reading: of each its own figures and outlines, and those of the pair at one tau."""
    answers = reader.answers
    assert answers is not None
    baseline = replace(asked, date_from=asked.baseline_from, date_to=asked.baseline_to)
    windows = {"window": asked, "baseline": baseline}
    if answers.holds(*pair_key(asked)):
        return
    with closing(reader.question(asked)) as question:
        engine = question.engine
        prepare_windows(question, measure_of(question))
        compute_here(engine, with_outlines=True)
        register_windows(question, {name: (one.date_from, one.date_to) for name, one in windows.items()})
        register_scopes(question, *durations.SCOPES)
        pair = engine.to_arrow("durations")
        engine.alias("group_taus", "own_taus")
        engine.forget("restricted_means")
        own = engine.to_arrow("durations")
        engine.alias("reported_steps", "outlined_steps")
        outlines = engine.to_arrow("survival_report")
    for name, one in windows.items():
        answers.keep(_of_window(own, name), *durations_key(one))
        own_outlines = _of_window(outlines, name)
        of_port = own_outlines[durations.PORT].is_valid()
        of_class = own_outlines[durations.CLASS].is_valid()
        # Outlines are not taken of a class at a port.
        ports = own_outlines.filter(pc.and_not(of_port, of_class))
        answers.keep(ports, *outline_key(one, by_port=True))
        answers.keep(own_outlines.filter(pc.invert(of_port)), *outline_key(one, by_port=False))
    answers.keep(pair, *pair_key(asked))


def _of_window(rows: pa.Table, name: str) -> pa.Table:
    window = pa.array(["window"] * rows.num_rows, rows.schema.field("window_name").type)
    return rows.set_column(0, "window_name", window).filter(pc.equal(rows["window_name"], name))


def _keep_frame(reader: Reader, key: str, asked: Filters) -> None:
    """Keeps the rows of a metric where they come back from a file as they are."""
    answers = reader.answers
    assert answers is not None
    if answers.holds(*frame_key(key, asked)):
        return
    frame = reader.query(key, asked)
    table = pa.Table.from_pandas(frame, preserve_index=False)
    back = frame_of(table)
    if back.dtypes.equals(frame.dtypes) and _are_equal(back, frame):
        answers.keep(table, *frame_key(key, asked))


def _are_equal(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    try:
        pd.testing.assert_frame_equal(one, other, check_exact=True)
    except AssertionError:
        return False
    return True
