"""The writer's lock of a lake in an object store: a lease that is kept alive, and ends with whoever holds it.

The lease keeps two loads from doing the same work side by side. It is not what keeps the lake whole: a writer that was
suspended for longer than a lease wakes up believing that it holds it. That is the affair of the release, which is only
ever swapped for the very one that a load was built on.
"""

from __future__ import annotations

import json
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import suppress

from pipeline.errors import UserMistake
from pipeline.lake.object_store import Objects

LEASE_FILE = "writer.json"
LEASE_SECONDS = 30.0
"""A lease that did not change for so long, by the clock of whoever waits, is nobody's: clocks are not compared."""

BEAT_SECONDS = 5.0
POLL_SECONDS = 1.0
WAIT_SECONDS = 3600.0


class Lease:
    """The right to write a lake. `holder` names whoever asks; what the same holder left behind is taken at once."""

    def __init__(self, objects: Objects, holder: str) -> None:
        self._objects = objects
        self._holder = holder
        self._tag = ""
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="lease", daemon=True)

    def acquire(self, waiting: Callable[[str], None]) -> None:
        """Waits until the lease is free or its holder is gone, and keeps it alive from then on.

        Raises `UserMistake` where the other load does not end within an hour, or the store ignores conditions.
        """
        until = time.monotonic() + WAIT_SECONDS
        seen, since, told = "", time.monotonic(), False
        while not self._taken_free() and not self._taken_over(seen, since):
            found = self._objects.read(LEASE_FILE)
            if found is not None and found[1] != seen:
                seen, since = found[1], time.monotonic()
                if _holder_of(found[0]) == self._holder:
                    since -= LEASE_SECONDS
                    continue
            if time.monotonic() > until:
                raise UserMistake(
                    "Another load has been writing to this lake for an hour.",
                    "Wait for it, or end it, and give the same command again.",
                )
            if found is not None and not told:
                waiting("Another load is writing to this lake; waiting until it is done.")
                told = True
            time.sleep(POLL_SECONDS)
        self._refuse_blind_store()
        self._thread.start()

    def release(self) -> None:
        """Gives the lease back, unless another took it over meanwhile."""
        self._ended.set()
        if self._thread.ident is not None:
            self._thread.join()
        with suppress(UserMistake):  # then it ends by itself
            found = self._objects.read(LEASE_FILE)
            if found is not None and found[1] == self._tag:
                self._objects.delete([LEASE_FILE])

    def _taken_free(self) -> bool:
        self._tag = self._objects.create(LEASE_FILE, self._text()) or ""
        return bool(self._tag)

    def _taken_over(self, seen: str, since: float) -> bool:
        if not seen or time.monotonic() - since < LEASE_SECONDS:
            return False
        self._tag = self._objects.replace(LEASE_FILE, self._text(), seen) or ""
        return bool(self._tag)

    def _refuse_blind_store(self) -> None:
        """A store that overwrites where it should refuse would let two loads swap the release."""
        if self._objects.create(LEASE_FILE, self._text()) or self._objects.replace(
            LEASE_FILE, self._text(), f'"{uuid.uuid4().hex}"'
        ):
            self._objects.delete([LEASE_FILE])
            raise UserMistake(
                f"{self._objects.address}: the object store ignores conditions (If-None-Match, If-Match)",
                "A lake needs a store that writes by condition.",
            )

    def _beat(self) -> None:
        while not self._ended.wait(BEAT_SECONDS):
            try:
                tag = self._objects.replace(LEASE_FILE, self._text(), self._tag)
            except UserMistake:
                continue  # the store does not answer: it may again, and the release guards itself
            if tag is None:
                return
            self._tag = tag

    def _text(self) -> str:
        told = {"holder": self._holder, "host": socket.gethostname(), "process": os.getpid()}
        # Never twice the same: the tag is a digest of the text.
        return json.dumps({**told, "beat": uuid.uuid4().hex})


def _holder_of(text: str) -> str | None:
    try:
        holder: str | None = json.loads(text).get("holder")
        return holder
    except (ValueError, AttributeError):
        return None
