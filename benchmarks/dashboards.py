"""A dashboard to be measured: the very server of `dgwatch serve`, without the command around it."""

from __future__ import annotations

import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.runs import ROOT, RunFailed
from pipeline.cli.dashboard import dashboard_command

START_SECONDS = 60
AHEAD_SECONDS = 900
REST_SECONDS = 10.0
"""A server that takes less than `RESTING_SHARE` of a core for so long has nothing to do."""
RESTING_SHARE = 0.05


@dataclass(frozen=True)
class Dashboard:
    """A running server: its address without a slash at the end, and its process."""

    address: str
    pid: int

    def memory_bytes(self) -> int:
        """What the process holds in memory now (Linux)."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def cpu_seconds(self) -> float:
        """The processor time that the process took so far (Linux)."""
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def rest(self) -> float:
        """Wait until it has made all that it makes ahead of its visitors; seconds. Raises `RunFailed`."""
        began = time.monotonic()
        while time.monotonic() < began + AHEAD_SECONDS:
            before = self.cpu_seconds()
            time.sleep(REST_SECONDS)
            if self.cpu_seconds() - before < RESTING_SHARE * REST_SECONDS:
                return time.monotonic() - began
        raise RunFailed(f"the dashboard was still at work after {AHEAD_SECONDS} s")


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def dashboard(lake: Path) -> Iterator[Dashboard]:
    """A server on a lake, on a free port of this machine; stopped in any case. Raises `RunFailed`."""
    port = free_port()
    child = subprocess.Popen(
        dashboard_command(port),
        cwd=ROOT,
        env={**os.environ, "DGWATCH_LAKE": str(lake)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        address = f"http://127.0.0.1:{port}"
        _wait(child, address)
        yield Dashboard(address, child.pid)
    finally:
        child.terminate()
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _wait(child: subprocess.Popen[bytes], address: str) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if child.poll() is not None:
            raise RunFailed(f"the dashboard ended with {child.returncode}")
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise RunFailed(f"the dashboard did not answer within {START_SECONDS} s")
