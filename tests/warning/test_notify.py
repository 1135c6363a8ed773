"""Telling others of new alerts: files, a real web server that fails and recovers, one that never answers."""

from __future__ import annotations

import io
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from durations.lakes import SmallLake

from pipeline import notify
from pipeline.cli import main
from pipeline.errors import UserMistake

from .worlds import LIMITS, rules_csv

MOVES = "event_id,un_location_code,equipment_reference,event_type,event_at"
LIES = [MOVES, "a,CNSHG,UNIT1,DISC,2022-03-01T08:00", "b,CNSHG,UNIT1,INSP,2022-04-12T08:00"]
HOT = ["un_location_code,date,max_temp_c", "CNSHG,2022-04-11,36"]
LATER = [MOVES, "c,CNSHG,UNIT1,INSP,2022-05-20T08:00"]
ALERT = "alert-CNSHG-2022-04-11"


@dataclass
class Receiver:
    """A web server that answers as told, one status a request, and keeps what was posted."""

    statuses: list[int]
    posted: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    tries: int = 0


@contextmanager
def receiving(receiver: Receiver) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = receiver.statuses[min(receiver.tries, len(receiver.statuses) - 1)]
            receiver.tries += 1
            if status == 200:
                receiver.posted.append(json.loads(body))
                receiver.headers.append(dict(self.headers))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/alerts?token=secret"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def lake(tmp_path: Path) -> SmallLake:
    return SmallLake(tmp_path, {"alert_rules.csv": rules_csv(), "limit_rules.csv": LIMITS})


def load(lake: SmallLake, name: str, lines: list[str], *targets: str) -> str:
    """Loads one file and tells the targets; what was said on standard error."""
    folder = lake.folder / f"in-{time.monotonic_ns()}"
    folder.mkdir()
    (folder / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    argv = [
        "load",
        str(folder),
        "--lake",
        str(lake.folder / "lake"),
        "--reference",
        str(lake.folder / "reference"),
    ]
    said = io.StringIO()
    with redirect_stderr(said), redirect_stdout(io.StringIO()) as out:
        code = main([*argv, *(word for target in targets for word in ("--notify", target))])
    assert code == 0, said.getvalue()
    assert "total of 1" in out.getvalue()
    return said.getvalue()


def lines_of(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def test_a_file_is_told_each_alert_once(lake: SmallLake) -> None:
    file = lake.folder / "alerts.jsonl"
    assert "told 0 new alerts" in load(lake, "yard_moves", LIES, str(file))
    assert not file.exists()
    assert "told 1 new alert\n" in load(lake, "daily_weather", HOT, str(file))
    (alert,) = lines_of(file)
    assert (alert["alert_id"], alert["level"], alert["is_on"]) == (ALERT, "alert", True)
    assert alert["points"] == "heat 2022-04-11; oldest_age 2022-04-10 to 2022-04-12"
    assert (alert["started_on"], alert["ended_on"], alert["as_of"]) == (
        "2022-04-11",
        None,
        "2022-04-12T00:00:00Z",
    )
    assert alert["is_sample"] is False and alert["build"]
    assert "told 0" in load(lake, "yard_moves", LATER, str(file))
    assert len(lines_of(file)) == 1


def test_a_new_target_is_told_what_is_on_and_what_ended_since_the_load_before(lake: SmallLake) -> None:
    load(lake, "yard_moves", LIES)
    load(lake, "daily_weather", HOT)
    file = lake.folder / "late.jsonl"
    load(lake, "yard_moves", LATER, str(file))  # the alert ended on the way to 20 May
    assert [(alert["alert_id"], alert["is_on"]) for alert in lines_of(file)] == [(ALERT, False)]
    even_later = lake.folder / "later.jsonl"
    load(lake, "yard_moves", [MOVES, "d,CNSHG,UNIT1,INSP,2022-05-21T08:00"], str(even_later))
    assert not even_later.exists()


def test_a_server_that_fails_twice_is_told_at_the_third_try(lake: SmallLake) -> None:
    receiver = Receiver([503, 503, 200])
    with receiving(receiver) as address:
        load(lake, "yard_moves", LIES, address)
        assert receiver.tries == 0
        said = load(lake, "daily_weather", HOT, address)
    assert receiver.tries == 3
    assert [alert["alert_id"] for alert in receiver.posted[0]["alerts"]] == [ALERT]
    assert receiver.headers[0]["Content-Type"] == "application/json"
    assert "told 1 new alert" in said
    assert "secret" not in said


def test_what_was_not_delivered_is_tried_again_after_the_next_load(lake: SmallLake) -> None:
    receiver = Receiver([500])
    file = lake.folder / "alerts.jsonl"
    with receiving(receiver) as address:
        load(lake, "yard_moves", LIES, address, str(file))
        said = load(lake, "daily_weather", HOT, address, str(file))
        assert "not delivered: the answer was HTTP 500" in said and "The load itself is done" in said
        assert next(row["alert_id"] for row in lake.report("alerts")) == ALERT
        assert len(lines_of(file)) == 1  # the other target was told all the same
        tries = receiver.tries
        receiver.statuses = [200]
        assert "told 1 new alert" in load(lake, "yard_moves", LATER, address, str(file))
        assert receiver.tries == tries + 1
        (alert,) = receiver.posted[0]["alerts"]
        assert (alert["alert_id"], alert["is_on"]) == (ALERT, False)
        assert "told 0" in load(lake, "yard_moves", [MOVES, "e,CNSHG,UNIT1,INSP,2022-05-22T08:00"], address)
    assert len(receiver.posted) == 1
    assert len(lines_of(file)) == 1


def test_a_file_loaded_before_tries_again_too(lake: SmallLake) -> None:
    receiver = Receiver([500])
    with receiving(receiver) as address:
        load(lake, "yard_moves", LIES, address)
        load(lake, "daily_weather", HOT, address)
        receiver.statuses = [200]
        load(lake, "daily_weather", HOT, address)
    assert len(receiver.posted) == 1


def test_a_server_that_never_answers_is_given_up_in_time(
    lake: SmallLake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notify, "READ_SECONDS", 0.5)
    load(lake, "yard_moves", LIES)
    with socket.create_server(("127.0.0.1", 0)) as listener:  # takes connections, and says nothing
        started = time.monotonic()
        said = load(lake, "daily_weather", HOT, f"http://127.0.0.1:{listener.getsockname()[1]}/")
        assert time.monotonic() - started < 15
    assert "not delivered: no answer within 0.5 s" in said
    assert next(row["alert_id"] for row in lake.report("alerts")) == ALERT


def test_a_server_that_is_not_there(lake: SmallLake) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    load(lake, "yard_moves", LIES)
    said = load(lake, "daily_weather", HOT, f"http://user:pass@127.0.0.1:{port}/x?token=secret")
    assert f"http://127.0.0.1:{port}: 1 new alert not delivered: nothing listens there" in said
    assert "secret" not in said and "pass" not in said


def test_a_redirect_is_not_followed(lake: SmallLake) -> None:
    receiver = Receiver([302])
    with receiving(receiver) as address:
        load(lake, "yard_moves", LIES)
        assert "HTTP 302" in load(lake, "daily_weather", HOT, address)
    assert receiver.tries == 1


def test_a_file_that_cannot_be_written_loses_no_load(lake: SmallLake) -> None:
    load(lake, "yard_moves", LIES)
    said = load(lake, "daily_weather", HOT, str(lake.folder / "no" / "such" / "folder.jsonl"))
    assert "1 new alert not delivered: No such file or directory" in said
    assert next(row["alert_id"] for row in lake.report("alerts")) == ALERT


@pytest.mark.parametrize("given", ["ftp://host/x", "http://", "https:///x", "htp://host", "http://[x"])
def test_an_address_that_cannot_be_is_refused_before_the_load(lake: SmallLake, given: str) -> None:
    with pytest.raises(UserMistake, match="not an address"):
        notify.target_of(given)
    said = io.StringIO()
    with redirect_stderr(said):
        assert main(["load", str(lake.folder), "--notify", given, "--lake", str(lake.folder / "lake")]) == 2
    assert not (lake.folder / "lake").exists()


def test_the_lake_keeps_no_secret_of_an_address(lake: SmallLake) -> None:
    receiver = Receiver([200])
    with receiving(receiver) as address:
        load(lake, "yard_moves", LIES)
        load(lake, "daily_weather", HOT, address)
    log = notify.log_of(lake.folder / "lake").read().to_pylist()
    assert [(row["alert_id"], row["is_delivered"]) for row in log] == [(ALERT, True)]
    assert not any("secret" in str(value) for row in log for value in row.values())
