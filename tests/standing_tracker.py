"""The tracker, but that a job of its loop waits while a file is there, and another fails while a second one is."""

import os
import sys
import time
from pathlib import Path

from tracker import cli, reconcile
from tracker.services import Services

# The folder with those files.
FOLDER = "STANDING_TRACKER"
STANDS, FAILS = "stands", "fails"


def follow_time(_services: Services) -> None:
    """A job of every ten seconds."""
    folder = Path(os.environ[FOLDER])
    while (folder / STANDS).exists():
        time.sleep(0.1)
    if (folder / FAILS).exists():
        raise RuntimeError("a fault of the program")


if __name__ == "__main__":
    reconcile.follow_time = follow_time
    sys.exit(cli.main())
