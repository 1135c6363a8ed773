"""Telling others of new alerts after a load: JSON lines appended to a file, or a JSON document posted to a webhook.

What was delivered to whom is kept in a log of the lake. An alert is told to a target once; what could not be
delivered is told after the next load. Should the machine stop between a delivery and its entry in the log, the alert
is told twice: whoever receives them knows an alert by its `alert_id`. Addresses may hold secrets, so the log knows a
webhook by a digest of its address, and messages show its host alone.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import urllib3
from urllib3.exceptions import HTTPError, LocationParseError
from urllib3.util import Retry, Timeout, make_headers, parse_url

from pipeline import __version__
from pipeline.address import Root
from pipeline.errors import UserMistake
from pipeline.lake.append_log import AppendLog
from pipeline.metrics import Filters, Reader
from pipeline.settings import Settings

CONNECT_SECONDS, READ_SECONDS = 3.0, 5.0
RETRIES = Retry(
    total=3,
    read=1,
    status_forcelist=(408, 425, 429, 500, 502, 503, 504),
    allowed_methods=None,
    backoff_factor=0.5,
    respect_retry_after_header=False,
    raise_on_status=False,
)
"""A refused connection or a busy server is tried three times more, one that does not answer once more: so the whole
takes less than half a minute, whatever the server says."""

SCHEMA = pa.schema(
    [
        ("alert_id", pa.string()),
        ("target", pa.string()),
        ("is_delivered", pa.bool_()),
        ("tried_at", pa.timestamp("us")),
        ("build_id", pa.string()),
    ]
)
TOLD_FIELDS = (
    "alert_id",
    "level",
    "un_location_code",
    "started_on",
    "ended_on",
    "is_on",
    "ended_how",
    "days_on",
    "groups",
    "points",
)


@dataclass(frozen=True)
class Target:
    """Where alerts are told: a file, or the address of a webhook."""

    given: str
    is_webhook: bool

    @property
    def key(self) -> str:
        """What the log knows it by."""
        if not self.is_webhook:
            return f"file:{Path(self.given).expanduser().absolute()}"
        return f"webhook:{hashlib.sha256(self.given.encode()).hexdigest()}"

    @property
    def shown(self) -> str:
        """What a message may show of it."""
        if not self.is_webhook:
            return self.given
        address = parse_url(self.given)
        return f"{address.scheme}://{address.netloc}"


@dataclass(frozen=True)
class Outcome:
    """What became of telling one target: how many alerts there were to tell, and why they were not delivered."""

    target: Target
    alerts: int
    error: str | None = None


def target_of(given: str) -> Target:
    """The target that an argument names. Raises `UserMistake` for an address that nothing can be posted to."""
    if "://" not in given:
        return Target(given, is_webhook=False)
    try:
        address = parse_url(given)
    except LocationParseError:
        address = urllib3.util.Url()
    if address.scheme not in ("http", "https") or not address.host:
        raise UserMistake(
            "--notify: not an address of a webhook", "Give http://... or https://..., or the name of a file."
        )
    return Target(given, is_webhook=True)


def log_of(lake: Root) -> AppendLog:
    """The log of what was delivered to whom."""
    return AppendLog(lake, "notifications", SCHEMA)


def after_load(settings: Settings, before: dt.datetime | None, targets: Sequence[Target]) -> list[Outcome]:
    """Tells every target the alerts that it has not been told: those that are on, those that came and went since
    `before` (as_of of the release before the load, naive UTC), and those that could not be delivered earlier.
    """
    reader = Reader(settings)
    if reader.release is None:
        return [Outcome(target, 0) for target in targets]
    alerts = _alerts(reader)
    log = log_of(settings.lake)
    outcomes = []
    for target in dict.fromkeys(targets):
        due = _due(alerts, before, _states(log, target))
        error = _tell(target, due, reader) if due else None
        log.append([_entry(alert, target, error is None, reader) for alert in due])
        outcomes.append(Outcome(target, len(due), error))
    return outcomes


def _alerts(reader: Reader) -> list[dict[str, Any]]:
    frame = reader.query("alerts", Filters())
    rows = frame.loc[frame["level"] == "alert", list(TOLD_FIELDS)].astype(object)
    return [
        {name: None if pd.isna(cell) else cell for name, cell in zip(TOLD_FIELDS, row, strict=True)}
        for row in rows.itertuples(index=False)
    ]


def _states(log: AppendLog, target: Target) -> dict[str, bool]:
    """By alert that the target was tried with: whether it was ever delivered."""
    states: dict[str, bool] = {}
    for row in log.read().to_pylist():
        if row["target"] == target.key:
            states[row["alert_id"]] = states.get(row["alert_id"], False) or row["is_delivered"]
    return states


def _due(
    alerts: list[dict[str, Any]], before: dt.datetime | None, states: dict[str, bool]
) -> list[dict[str, Any]]:
    def is_new(alert: dict[str, Any]) -> bool:
        if alert["alert_id"] in states:
            return not states[alert["alert_id"]]
        return bool(alert["is_on"] or (before is not None and alert["ended_on"] >= before.date()))

    return [alert for alert in alerts if is_new(alert)]


def _entry(alert: dict[str, Any], target: Target, is_delivered: bool, reader: Reader) -> dict[str, Any]:
    return {
        "alert_id": alert["alert_id"],
        "target": target.key,
        "is_delivered": is_delivered,
        "tried_at": dt.datetime.now(dt.UTC).replace(tzinfo=None),
        "build_id": reader.release.build_id if reader.release else None,
    }


def _tell(target: Target, alerts: list[dict[str, Any]], reader: Reader) -> str | None:
    """Delivers the alerts; the reason where that failed."""
    release = reader.release
    about = {
        "product": f"dgwatch {__version__}",
        "build": release.build_id if release else None,
        "as_of": f"{release.as_of.isoformat()}Z" if release and release.as_of else None,
        "is_sample": bool(release and release.is_sample),
    }
    try:
        if target.is_webhook:
            return _post(target, alerts, about)
        _append(target, alerts, about)
        return None
    except OSError as error:
        return error.strerror or str(error)


def _append(target: Target, alerts: list[dict[str, Any]], about: dict[str, Any]) -> None:
    lines = [json.dumps({**about, **alert}, ensure_ascii=False, default=str) for alert in alerts]
    with Path(target.given).expanduser().open("a", encoding="utf-8", newline="\n") as file:
        file.write("".join(f"{line}\n" for line in lines))
        file.flush()
        os.fsync(file.fileno())


def _post(target: Target, alerts: list[dict[str, Any]], about: dict[str, Any]) -> str | None:
    body = json.dumps({**about, "alerts": alerts}, ensure_ascii=False, default=str).encode()
    names = " ".join(sorted(alert["alert_id"] for alert in alerts))
    headers = {
        "Content-Type": "application/json",
        "User-Agent": f"dgwatch/{__version__}",
        "Idempotency-Key": hashlib.sha256(names.encode()).hexdigest(),
    }
    auth = parse_url(target.given).auth
    if auth:
        headers |= make_headers(basic_auth=auth)
    with urllib3.PoolManager(retries=RETRIES, timeout=Timeout(CONNECT_SECONDS, READ_SECONDS)) as pool:
        try:
            # Only the status counts: an answer without an end is not read.
            answer = pool.request(
                "POST", target.given, body=body, headers=headers, redirect=False, preload_content=False
            )
            answer.close()
        except HTTPError as error:
            return _reason(error)
    return None if 200 <= answer.status < 300 else f"the answer was HTTP {answer.status}"


def _reason(error: HTTPError) -> str:
    """What went wrong, without the address, which may hold a secret."""
    cause = getattr(error, "reason", None) or error
    return {
        "NewConnectionError": "nothing listens there",
        "NameResolutionError": "its name is not known",
        "ConnectTimeoutError": "no connection in time",
        "ReadTimeoutError": f"no answer within {READ_SECONDS:g} s",
        "SSLError": "its certificate is not trusted",
    }.get(type(cause).__name__, type(cause).__name__)
