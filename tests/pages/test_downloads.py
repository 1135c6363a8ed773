"""Files made for a download, and the ends of other sessions' runs."""

from __future__ import annotations

from streamlit.runtime.media_file_manager import MediaFileManager
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage

from pages.shared.server.downloads import WAIT_SECONDS, wait_for_browsers


class Clock:
    """Seconds as the test says."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def made(files: MediaFileManager) -> str:
    """The name of a file that was made because somebody clicked."""
    asked = files.add_deferred(lambda: b"port,batches\n", "text/csv", "0.0", "stock.csv")
    url = files.execute_deferred(asked)
    return url.rpartition("/")[2]


def is_there(files: MediaFileManager, name: str) -> bool:
    return files.read_file(name.partition(".")[0]) is not None


def manager() -> MediaFileManager:
    return MediaFileManager(MemoryMediaFileStorage("/media"))


def test_left_alone_a_file_is_gone_after_two_runs_of_anybody() -> None:
    files = manager()
    name = made(files)
    files.remove_orphaned_files()
    assert is_there(files, name)
    files.remove_orphaned_files()
    assert not is_there(files, name), "the framework keeps its files now: no need for a wait of ours"


def test_a_file_outlives_the_runs_of_a_crowd_and_is_cleared_away_later() -> None:
    files, clock = manager(), Clock()
    wait_for_browsers(files, clock)
    clock.seconds = WAIT_SECONDS - 1
    name = made(files)
    for _ in range(20):
        files.remove_orphaned_files()
        clock.seconds += 0.5
    assert is_there(files, name)
    clock.seconds += 2 * WAIT_SECONDS
    files.remove_orphaned_files()
    assert not is_there(files, name)
