"""Spark Connect servers of this machine for a test or a benchmark: on a free port of loopback, always stopped."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

START_SECONDS = 120.0
STOP_SECONDS = 20.0


@dataclass(frozen=True)
class Server:
    """A server that runs: where it answers, and its process."""

    address: str
    process: int


def cpu_seconds(process: int) -> float:
    """Processor seconds that a running process has spent; 0 where the system does not tell."""
    try:
        spent = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[11:13]
    except OSError:
        return 0.0
    return sum(map(int, spent)) / os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def sail(folder: Path, keeps: bool = True) -> Iterator[Server]:
    """Sail, of the extra `cluster`. `folder` takes its log and, if it `keeps` any, tables in between."""
    port = free_port()
    command = [shutil.which("sail", path=str(Path(sys.executable).parent)) or "sail", "spark", "server"]
    kept = {"SAIL_EXECUTION__CHECKPOINT__PATH": folder.as_uri()} if keeps else {}
    with _running([*command, "--ip", "127.0.0.1", "--port", str(port)], kept, port, folder) as server:
        yield server


@contextmanager
def apache_spark(home: Path, folder: Path) -> Iterator[Server]:
    """Apache Spark 4 from its folder, on two cores of this machine. `folder` takes its log."""
    port = free_port()
    settings = {
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.connect.grpc.binding.port": str(port),
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": "2",
        "spark.local.dir": str(folder),
    }
    given = [word for name, value in settings.items() for word in ("--conf", f"{name}={value}")]
    class_ = "org.apache.spark.sql.connect.service.SparkConnectServer"
    # What its start-connect-server.sh runs; the package of PyPI comes without that script.
    command = [str(home / "bin" / "spark-submit"), "--class", class_, "--master", "local[2]", *given]
    surroundings = {"SPARK_HOME": str(home), "SPARK_LOCAL_IP": "127.0.0.1"}
    with _running(command, surroundings, port, folder) as server:
        yield server


@contextmanager
def _running(
    command: Sequence[str], surroundings: Mapping[str, str], port: int, folder: Path
) -> Iterator[Server]:
    log = folder / "server.log"
    with log.open("wb") as told:
        child = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **surroundings},
            stdout=told,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait(child, port, log)
        yield Server(f"sc://127.0.0.1:{port}", child.pid)
    finally:
        child.terminate()
        try:
            child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait(STOP_SECONDS)


def _wait(child: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if child.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"the server did not start:\n{log.read_text(errors='replace')[-3000:]}")
