"""HTML to PDF by the Chromium or Chrome of the machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from pipeline.errors import UserMistake

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
SECONDS = 120


def finds_browser() -> bool:
    """Whether this machine can make a PDF."""
    return any(map(shutil.which, BROWSERS))


def as_pdf(html: str) -> bytes:
    """The printed page. Raises `UserMistake` where no browser is on the path, or it prints nothing."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise UserMistake(
            "no Chromium or Chrome to make a PDF with is on the path",
            "Take --format html and print it from any browser: it is set for A4.",
        )
    with tempfile.TemporaryDirectory(prefix="dgwatch-") as name:
        folder = Path(name)
        source, target = folder / "briefing.html", folder / "briefing.pdf"
        source.write_text(html, encoding="utf-8")
        _print(browser, folder, source, target)
        if not target.is_file():
            raise UserMistake(
                f"{browser} made no PDF",
                "Take --format html and print it from any browser: it is set for A4.",
            )
        return target.read_bytes()


def _print(browser: str, folder: Path, source: Path, target: Path) -> None:
    # Chromium refuses its sandbox to root alone; the page is ours and fetches nothing.
    sandbox = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    command = [
        browser,
        "--headless",
        "--disable-gpu",
        "--disable-background-networking",
        "--no-first-run",
        "--no-pdf-header-footer",
        *sandbox,
        f"--user-data-dir={folder / 'profile'}",
        f"--print-to-pdf={target}",
        source.as_uri(),
    ]
    try:
        subprocess.run(command, capture_output=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired as late:
        raise UserMistake(
            f"{browser} did not end within {SECONDS} s", "Take --format html and print it from any browser."
        ) from late
