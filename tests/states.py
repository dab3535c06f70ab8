"""A class in every state that a page can show, in a few lines of the database."""

from collections.abc import Callable

from sqlalchemy import Engine

from tests.makers import at, counted, ended, lesson, seen, started, stay, stored, waiting
from tracker import storage
from tracker.attendance.types import ClassStatus, FetchState, Stay
from tracker.errors import Problem
from tracker.storage.database import transaction
from tracker.storage.members import Member
from tracker.zoom.webhook import Delivery

NAMES = ("Bo Okafor", "Cy Lima", "Dee Park")


def classes_in_every_state(
    engine: Engine, teacher: Member, note: Callable[[Delivery], object], now: float = 0
) -> dict[str, str]:
    """Makes a class in each state and returns their ids by it; `now` is in minutes after NOW."""
    zone = "America/New_York"
    made = {
        # The first one gets the meeting that deliveries are about.
        "live": lesson(engine, teacher, "Rhetoric", now - 10, course="Speaking"),
        "planned": lesson(engine, teacher, "Algebra", now + 120, course="Sciences", timezone=zone),
        "late": lesson(engine, teacher, "Poetry", now - 20),
        "not held": lesson(engine, teacher, "Drama", now - 60 * 30),
        "no meeting": lesson(engine, teacher, "Botany", now + 180, zoom_meeting_id=None, zoom_join_url=None),
        "cancelled": lesson(engine, teacher, "Ethics", now + 240),
        "waiting": lesson(engine, teacher, "Optics", now - 70),
        "failed": lesson(engine, teacher, "Latin", now - 300),
        "no list": lesson(engine, teacher, "Greek", now - 360),
        "nobody": lesson(engine, teacher, "Music", now - 420),
        "counted": lesson(engine, teacher, "Astronomy", now - 180, course="Sciences", timezone=zone),
    }
    note(started("uuid-live", now - 10))
    for number, name in enumerate(NAMES[:2], start=1):
        note(seen("joined", str(number), now - 10 + number, name, "uuid-live", now - 10))
    meeting = stored(engine, made["waiting"]).zoom_meeting_id
    note(ended("uuid-waiting", now - 70, now - 5, meeting))
    with transaction(engine) as tx:
        storage.classes.set_life(tx, made["cancelled"], ClassStatus.CANCELLED, None, None)
    for state, start, kind in (("failed", -300, FetchState.FAILED), ("no list", -360, FetchState.NO_DATA)):
        with transaction(engine) as tx:
            storage.classes.set_life(tx, made[state], ClassStatus.ENDED, at(now + start), at(now + start + 60))
            storage.fetches.ask(tx, made[state], at(now + start + 70), at(now + start + 60))
        with transaction(engine) as tx:
            claim = storage.fetches.claim_class(tx, made[state], at(now + start + 100))
            storage.fetches.abandon(tx, claim, Problem("zoom_no_answer"), kind)
    counted(engine, made["nobody"], start=now - 420, end=now - 360, fetched=now - 340)
    counted(engine, made["counted"], *people(teacher, now - 180), start=now - 180, end=now - 115, fetched=now - 100)
    return made


def people(host: Member, start: float) -> tuple[Stay, ...]:
    """Who was in a class from this minute on: the host, somebody twice, late, early, in vain, a robot, a double."""
    bo, cy, dee = NAMES
    return (
        stay(host.name, start, start + 65, host.email),
        stay(bo, start, start + 60, "bo@school.example"),
        stay(cy, start + 20, start + 30),
        stay(cy, start + 35, start + 60),
        stay(dee, start + 1, start + 15),
        stay(f"{dee} (iPhone)", start + 1, start + 60),
        stay("Otter.ai", start, start + 60),
        stay("Eve Early", start - 9, start - 1),
        waiting("Wanda Wait", start + 5, start + 9),
    )
