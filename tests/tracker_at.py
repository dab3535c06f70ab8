"""The tracker at a time that is given: `TRACKER_TIME=2026-05-14T13:25:00+00:00 python -m tests.tracker_at serve`."""

import os
import sys
import time
from datetime import datetime, timedelta

from tracker import clock


def run() -> int:
    """Runs the command line, for which the time that is given is the present one, and goes on from there."""
    given, begun = datetime.fromisoformat(os.environ["TRACKER_TIME"]), time.monotonic()
    clock.now = lambda: given + timedelta(seconds=time.monotonic() - begun)
    from tracker import cli  # what is imported now takes this clock along

    return cli.main()


if __name__ == "__main__":
    sys.exit(run())
