"""A file that was made for a download waits for its browser.

Streamlit clears such a file away at the second end of any session's run after it was made, whether the browser has come
for it or not. In a crowd, or while the server goes through its own screens (`ahead.py`), that can be a few hundredths
of a second, and the browser saves an error instead of the file.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from streamlit.runtime.media_file_manager import MediaFileManager

WAIT_SECONDS = 15.0
"""How long a file waits at least: a browser comes at once, on a busy machine or a slow line after some seconds."""


def wait_for_browsers(files: MediaFileManager, now: Callable[[], float] = time.monotonic) -> None:
    """From now on `files` are cleared away at most every `WAIT_SECONDS`; a file outlives the first time in any case."""
    clear, turn = files.remove_orphaned_files, threading.Lock()
    last = now()

    def clear_rarely() -> None:
        nonlocal last
        with turn:
            if now() - last < WAIT_SECONDS:
                return
            last = now()
        clear()

    files.remove_orphaned_files = clear_rarely  # type: ignore[method-assign]
