"""The page of a class of 1,000 people, and of one of 300 students, against one that nobody came to. Runs on SQLite.

In a browser the page is to be there within one and a half times the time of the empty one, and a second.
"""

import tempfile
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path

import pytest

from tests.asgi import HOST
from tests.bench import seconds, show
from tests.makers import NOW, Clock, counted, environment, lesson, member, services, stay
from tests.screens import Screens, figures
from tracker import courses, health
from tracker.rosters import read_pasted
from tracker.storage.database import make_engine
from tracker.storage.schema import migrate
from tracker.ui import page, wiring

PEOPLE, STUDENTS = 1000, 300


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        engine, clock = make_engine(f"sqlite:///{Path(folder) / 'bench.sqlite3'}"), Clock()
        migrate(engine)
        clock.forward(days=1)
        for name, value in environment(TRACKER_DATA_DIR=folder, ALLOWED_HOSTS=HOST).items():
            patch.setenv(name, value)
        patch.setattr(wiring, "open_services", lambda environment: nullcontext(services(engine, clock)))
        health.note_alive(engine, "one:8787", NOW, NOW + timedelta(days=10))
        screens, ana = Screens(engine, clock, patch), member(engine)
        screens.sign_in(ana)
        empty, full = lesson(engine, ana), lesson(engine, ana)
        counted(engine, empty)
        counted(engine, full, *(stay(f"Ana Brandt {number}", number % 9, 30 + number % 30) for number in range(PEOPLE)))

        def opened(class_id: str) -> None:
            assert figures(screens.open(page.CLASS, id=class_id))

        base = seconds(lambda: opened(empty), rounds=5)
        show(f"the page of {PEOPLE} people", seconds(lambda: opened(full), rounds=5), base, "an empty page")
        taught = lesson(engine, ana, course="Course")
        roster = "\n".join(f"Ana Brandt {number},s{number}@x.example" for number in range(STUDENTS))
        courses.import_roster(services(engine, clock), ana, ana.email, "Course", read_pasted(f"Name,Email\n{roster}"))
        # A few have other names, and some are not there.
        counted(
            engine,
            taught,
            *(stay(f"Ana Brandt {number}", number % 9, 50, f"s{number}@x.example") for number in range(20, STUDENTS)),
            *(stay(f"Brandt A. {number}", 0, 50) for number in range(10)),
        )
        show(f"the page of {STUDENTS} students", seconds(lambda: opened(taught), rounds=5), base, "an empty page")


if __name__ == "__main__":
    main()
