"""A course of which its teacher hears by e-mail, and what was sent."""

import threading
import time
from collections.abc import Callable
from typing import Any

from sqlmodel import select

from tests.fake_zoom import FakeZoom
from tests.lives import progress
from tests.mail_server import Mailbox
from tests.makers import MEETING, Clock, counted, ended, lesson, participant, stay
from tracker import courses, fetching, news, sessions, storage
from tracker.attendance.types import FetchState, Status
from tracker.auth import OPERATOR
from tracker.rosters import read_pasted
from tracker.services import Services
from tracker.storage.database import reading, transaction
from tracker.storage.members import Member
from tracker.storage.models import Mail

ROSTER = "Ana Lima\nBen Roth\nCy Young\nDi Fox\nEva Sol"

FROM = "news@school.example"


def course_of(school: Services, teacher: Member, **on: bool) -> str:
    """The id of the teacher's course Algebra, which has a roster and these e-mails."""
    courses.import_roster(school, OPERATOR, teacher.email, "Algebra", read_pasted(ROSTER))
    course = school.read(storage.courses.get_course, teacher.id, "Algebra")
    return news.switch(school, teacher, course.id, **on).id


def held(school: Services, zoom: FakeZoom, teacher: Member, *people: dict[str, Any]) -> str:
    """A class of that course that is over at minute 60, with these people; Di is excused."""
    class_id = lesson(school.engine, teacher, course="Algebra")
    usual = (participant("Ana Lima", 0, 60), participant("Ben Roth", 20, 60), participant("Cy Young", 0, 30))
    zoom.hold("uuid-1", *(people or usual), participant("Zoë Guest", 0, 60), meeting=MEETING)
    sessions.note_delivery(school, ended())
    student = school.read(courses.student_of_class, teacher, class_id, "Di Fox")
    courses.mark(school, teacher, class_id, [student], Status.EXCUSED, "ill")
    return class_id


def make_final(school: Services, clock: Clock, class_id: str) -> None:
    """Reads Zoom's list until it is final."""
    while (due := progress(school, class_id).due_at) is not None:
        clock.time = max(due, clock.time)
        assert fetching.fetch_due(school)
    assert progress(school, class_id).stored_state is FetchState.SETTLED


def rows(school: Services) -> list[Mail]:
    with reading(school.engine) as tx:
        return [Mail(**row.model_dump()) for row in tx.exec(select(Mail).order_by(Mail.key))]


def texts(box: Mailbox) -> list[tuple[str, str]]:
    return [(one["Subject"], one.get_content()) for one in box.letters]


def send_all(school: Services) -> int:
    sent = 0
    while news.send_due(school):
        sent += 1
    return sent


def asked_again(school: Services, teacher: Member) -> str:
    """The key of one more of those."""
    class_id = lesson(school.engine, teacher, course="Algebra")
    counted(school.engine, class_id, stay("Ana Lima", 0, 60))
    with transaction(school.engine) as tx:
        storage.mails.ask_digest(tx, class_id, school.now())
    return f"digest:{class_id}"


def asked(school: Services, teacher: Member, number: int = 1) -> list[str]:
    """The keys of e-mails that are due: the digests of classes that were counted."""
    course_of(school, teacher, digest=True)
    return [asked_again(school, teacher) for _ in range(number)]


def wait_until(fact: Callable[[], object]) -> None:
    """Until another thread, or another process, has done it, or a minute has gone."""
    until = time.monotonic() + 60
    while not fact():
        assert time.monotonic() < until, "it did not happen"
        threading.Event().wait(0.005)
