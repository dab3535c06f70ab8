"""Restores that are killed: `python -m tests.killed_restores lines|moments LIVE SAVED`, prints how many left which.

Each one is a process of its own, on a copy of LIVE; it fails where one leaves anything but the old or the new data.
"""

import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from tests.databases import contents, url_of
from tests.makers import NOW
from tracker.storage import backup, copies

PIECES = 25


def die_after(lines: int) -> Callable[[FrameType, str, Any], Any]:
    """A trace function that kills this process when it has run so many lines of `backup` and `copies`."""

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal lines
        if frame.f_code.co_filename not in (backup.__file__, copies.__file__):
            return None
        lines -= event == "line"
        if lines < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return trace

    return trace


class Scene:
    """A restore in a process of its own, and what it leaves."""

    def __init__(self, live: Path, saved: Path) -> None:
        self.live, self.saved = live, saved
        self.old, self.new = contents(live), contents(saved)
        self.left = {"old": 0, "new": 0}

    def restore(self, lines: int | None = None, seconds: float | None = None) -> bool:
        """Whether it came to its end; it is killed after so many lines or seconds."""
        folder = self.live.parent.parent / "scene"
        folder.mkdir()
        path = folder / "live.sqlite3"
        shutil.copy(self.live, path)
        child = os.fork()
        if not child:
            if lines is not None:
                sys.settrace(die_after(lines))
            backup.restore(url_of(path), self.saved, NOW)
            os._exit(0)
        if seconds is not None:
            time.sleep(seconds)
            os.kill(child, signal.SIGKILL)
        ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        found, kept = contents(path), [contents(copy) for copy in folder.glob("*before*")]
        assert found in (self.old, self.new)
        assert all(copy == self.old for copy in kept)
        assert kept or found == self.old
        self.left["old" if found == self.old else "new"] += 1
        shutil.rmtree(folder)
        return ended


def main() -> None:
    """Kills restores after each line that they run, or after each fraction of the time that one takes."""
    how, live, saved = sys.argv[1:]
    scene = Scene(Path(live), Path(saved))
    if how == "lines":
        lines = 0
        while not scene.restore(lines=lines):
            lines += 1
    else:
        begun = time.monotonic()
        scene.restore()
        took = time.monotonic() - begun
        for piece in range(PIECES):
            scene.restore(seconds=took * piece / PIECES)
    print(*scene.left.values())


if __name__ == "__main__":
    main()
