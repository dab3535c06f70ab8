"""One storm by hand: `python -m tests.chaos --classes 5000 --database postgresql --seed 1`."""

import argparse
import math
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from tests.chaos.storm import Storm, run
from tests.pgbouncer import pgbouncer
from tests.postgres import postgres_server
from tracker.settings import PLANS


@contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    """The address of an empty database of that kind, which is gone after the block."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'chaos.sqlite3'}"
    else:
        with postgres_server() as url, pgbouncer(url) if kind == "pgbouncer" else nullcontext() as bouncer:
            yield bouncer.in_front_of(url) if bouncer else url


def main() -> int:
    """0 when every class is exact."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--classes", type=int, default=200)
    parser.add_argument("--database", choices=("sqlite", "postgresql", "pgbouncer"), default="sqlite")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--failing", type=float, default=0.3, help="the share of Zoom's calls that fail (0 to 1)")
    parser.add_argument("--plan", choices=PLANS, help="the Zoom plan whose rate limits hold; without it, none does")
    parser.add_argument("--calm-after", type=float, default=math.inf, help="seconds from the last end to fair weather")
    parser.add_argument("--patience", type=float, default=3600, help="seconds from the last end until all are exact")
    parser.add_argument("--quiet", type=float, default=30, help="seconds in which nothing may change at the end")
    parser.add_argument("--logs", type=Path, help="a folder for the trackers' logs, which are dropped otherwise")
    given = parser.parse_args()
    # A polite kill ends the trackers and the database as well.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with tempfile.TemporaryDirectory(prefix="chaos") as temporary:
        folder = given.logs or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        storm = Storm(
            given.classes,
            given.seed,
            given.failing,
            plan=given.plan,
            calm_after_seconds=given.calm_after,
            patience_seconds=given.patience,
            quiet_seconds=given.quiet,
        )
        with database(given.database, Path(temporary)) as url:
            report = run(storm, url, folder, lambda line: print(line, flush=True))
    print(report.text())
    return 1 if report.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
