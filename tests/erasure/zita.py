"""Somebody of whom there is something in every table, and what is left of her."""

from pathlib import Path

from sqlalchemy import Engine
from sqlmodel import SQLModel, col, update

from tests.fake_zoom import FakeZoom
from tests.lives import attendance, fetch_all, note
from tests.makers import MEETING, Clock, at, ended, lesson, member, participant, seen, started, stored
from tracker import auth, classes, courses, privacy
from tracker.classes import Plan
from tracker.errors import Problem
from tracker.rosters import read_pasted
from tracker.services import Services
from tracker.storage.database import transaction
from tracker.storage.models import Fetch, SessionRecords
from tracker.storage.problems import details_of

MAIL = "zita.quark@pupils.example"

NAME = "Zita Quárk"
# Whatever of it is left anywhere tells who she is.
TRACES = (b"zita", b"quark", "quárk".encode(), b"qu\\\\u00e1rk", b"zoom-of-zita")


def hold_and_fetch(school: Services, zoom: FakeZoom, clock: Clock) -> str:
    """A class in two sessions with Zita by e-mail, a guest of her name, Bo and the host; seen live before.

    She is on the roster of its course, and somebody of her name without an address. Her name was in the title at first,
    and Zoom has said it and her address of what it refused.
    """
    teacher = member(school.engine)
    class_id = lesson(school.engine, teacher, f"For {NAME}", course="Physics", zoom_meeting_made=False)
    enroll(school)
    clock.time = at(-1)
    classes.change_class(school, teacher, class_id, Plan("For all", at(0), 60, "Europe/Berlin"))
    for uuid, minute in (("s1", 0), ("s2", 30)):
        note(
            school,
            started(uuid, minute),
            seen("joined", "7", minute, NAME, uuid, minute, id="zoom-of-zita", email=MAIL.upper()),
            seen("left", "7", minute + 20, "", uuid, minute, id="zoom-of-zita"),
            # Live, Zoom tells no e-mail of her second joining.
            seen("joined", "8", minute + 21, NAME, uuid, minute),
            ended(uuid, minute, minute + 25),
        )
        zoom.hold(
            uuid,
            participant(NAME, minute, minute + 20, MAIL, user_id="7", id="zoom-of-zita"),
            participant("ＺＩＴＡ  quárk", minute + 21, minute + 25, f" {MAIL.title()} ", user_id="8"),
            participant(f" {NAME.lower()} ", minute, minute + 9, user_id="9", registrant_id="reg-zita"),
            participant("Bo", minute, minute + 25, "bo@x.example", user_id="10"),
            meeting=MEETING,
            start=minute,
            end=minute + 25,
        )
    fetch_all(school, clock, 80)
    said_by_zoom(school.engine, class_id, "s1", f"{MAIL} ({NAME}) does not exist.")
    return class_id


ROSTER = f"Name\tSurname\tEmail\tNumber\nZita\tQuárk\t{MAIL.title()}\t007\n{NAME}\t\t\t\nBo\t\tbo@x.example\t008"


def enroll(school: Services, course: str = "Physics") -> None:
    """The teacher imports a list with her on it by e-mail, somebody of her name alone, and Bo."""
    courses.import_roster(school, auth.OPERATOR, "ana@school.example", course, read_pasted(ROSTER))


def enrolled(school: Services, course: str = "Physics") -> list[str]:
    """Who is on the roster."""
    found = courses.show_roster(school, auth.OPERATOR, "ana@school.example", course)
    return [one.email or one.name for one in found.students]


def said_by_zoom(engine: Engine, class_id: str, uuid: str, message: str) -> None:
    """Zoom has said this when it was asked for the class and for the session."""
    error = {
        "error": "zoom_not_allowed",
        "error_details": details_of(Problem("zoom_not_allowed", {"message": message})),
    }
    with transaction(engine) as tx:
        tx.exec(update(Fetch).where(col(Fetch.class_id) == class_id).values(error))
        tx.exec(update(SessionRecords).where(col(SessionRecords.session_uuid) == uuid).values(error))


def told(school: Services, class_id: str) -> tuple[int | None, int, list[tuple[int, int, str]]]:
    """The figures of a class: count, records, and of each person seconds, percent and status."""
    found = attendance(school, class_id)
    assert found is not None
    people = sorted((one.seconds, one.percent or 0, one.status) for one in (*found.people, *found.set_aside))
    return stored(school.engine, class_id).participant_count, found.total_records, people


def everything(engine: Engine) -> bytes:
    """Every value of every table."""
    with engine.connect() as connection:
        rows = [tuple(row) for table in SQLModel.metadata.sorted_tables for row in connection.execute(table.select())]
    return repr(rows).lower().encode()


def files(folder: Path) -> bytes:
    return b"".join(file.read_bytes().lower() for file in folder.rglob("*") if file.is_file())


def traces(text: bytes) -> list[bytes]:
    return [trace for trace in TRACES if trace in text]


def erase_both(school: Services) -> None:
    privacy.erase(school, auth.OPERATOR, f"  {MAIL.upper()} ")
    privacy.erase(school, auth.OPERATOR, "zita  QUÁRK")
