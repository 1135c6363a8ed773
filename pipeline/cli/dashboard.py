"""`serve`: the dashboard as a child process that never outlives its command."""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from types import FrameType

import urllib3

from pipeline.cli import messages
from pipeline.errors import UserMistake
from pipeline.settings import ROOT, Settings

HOST = "127.0.0.1"
START_SECONDS = 60.0
STOP_SECONDS = 10.0


def serve(chosen: argparse.Namespace) -> int:
    """The dashboard on a lake, until Ctrl-C or SIGTERM."""
    refuse_taken_port(chosen.port)
    return run_dashboard(chosen.settings, chosen.port, browser=False)


def run_dashboard(settings: Settings, port: int, browser: bool) -> int:
    """Start the dashboard, say where it is, and stay until it ends; 0 when it was stopped on purpose."""
    with _signals_interrupt():
        child = subprocess.Popen(
            dashboard_command(port),
            cwd=ROOT,
            env=_environment(settings),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            _wait_until_it_answers(child, port)
            address = f"http://{HOST}:{port}"
            messages.put(f"Dashboard: {address}   (lake {settings.lake}; Ctrl-C stops it)")
            if browser:
                threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
            code = child.wait()
        except KeyboardInterrupt:
            messages.note("Stopped.")
            return 0
        finally:
            _stop(child)
    raise RuntimeError(f"the dashboard ended by itself with code {code}")


def dashboard_command(port: int) -> list[str]:
    """The Streamlit server on the frame of the dashboard, for this machine alone."""
    options = {
        "server.port": str(port),
        "server.address": HOST,
        "server.headless": "true",
        "browser.gatherUsageStats": "false",
        "logger.level": "warning",
    }
    flags = [part for name, value in options.items() for part in (f"--{name}", value)]
    return [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py"), *flags]


def refuse_taken_port(port: int) -> None:
    """Raise `UserMistake` for a port that something else listens on, with the next free one."""
    if _is_free(port):
        return
    free = next((other for other in range(port + 1, min(port + 200, 65536)) if _is_free(other)), None)
    raise UserMistake(
        f"port {port} is taken (perhaps a dashboard is open already at http://{HOST}:{port})",
        f"Take another: --port {free}" if free else "Take another with --port.",
    )


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        if os.name == "posix":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _environment(settings: Settings) -> dict[str, str]:
    environment = {**os.environ, "DGWATCH_LAKE": str(settings.lake)}
    environment.pop("DGWATCH_REFERENCE", None)
    if settings.reference:
        environment["DGWATCH_REFERENCE"] = str(settings.reference)
    return environment


def _wait_until_it_answers(child: subprocess.Popen[bytes], port: int) -> None:
    # This machine is asked itself, whatever proxy the environment names.
    asking = urllib3.PoolManager(retries=False, timeout=2)
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if child.poll() is not None:
            raise RuntimeError(
                f"the dashboard did not start (code {child.returncode}); see its messages above"
            )
        try:
            if asking.request("GET", f"http://{HOST}:{port}/_stcore/health").status == HTTPStatus.OK:
                return
        except urllib3.exceptions.HTTPError:
            pass
        time.sleep(0.1)
    raise RuntimeError(f"the dashboard did not answer on port {port} within {START_SECONDS:.0f} s")


def _stop(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        child.terminate()
    try:
        child.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


@contextmanager
def _signals_interrupt() -> Iterator[None]:
    """SIGTERM and SIGHUP end the command as Ctrl-C does, so that the child goes first."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    names = [name for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {name: signal.signal(getattr(signal, name), interrupt) for name in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(getattr(signal, name), handler)
