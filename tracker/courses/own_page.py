"""What a student sees of herself by her link, and what she can say there.

The link is all that she shows, and nothing of anybody else is in what she gets: no name, no address, no number.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from tracker import audit, clock, storage
from tracker.attendance.matching import Enrolled, Match, Why
from tracker.attendance.register import Known, Register, RegisterClass, Row, StudentMark, is_on_roster
from tracker.attendance.types import LATE, Person, PersonKey, Status
from tracker.audit import Action
from tracker.auth.digests import digest
from tracker.courses.register import class_in_register, course_register
from tracker.errors import InvalidInput, NotFound
from tracker.permissions import PROGRAM
from tracker.services import Services
from tracker.storage.courses import Course
from tracker.storage.database import Transaction, transaction
from tracker.storage.members import Member
from tracker.storage.student_links import Request
from tracker.storage.students import OnRoster
from tracker.text import plain

LONGEST_TEXT = 500
# How much one student can say: open requests in all, and requests of one class, those that she took back among them.
MOST_OPEN, MOST_OF_CLASS = 10, 3
NOTHING_TO_SAY = frozenset({Status.NOT_YET_KNOWN, Status.NOT_HELD})


@dataclass(frozen=True, slots=True)
class KnownAs:
    """Somebody of a class who is taken for the student: why, by what name, and where it is by e-mail, by which.

    Of a device that she shares with others there is no name, which may be theirs. Of an address that is not the one on
    the roster, as a guardian's, only the beginning is told.
    """

    why: Why
    name: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class OwnClass:
    """A class with the student's own mark, as she may see it; `request` is the last that she has said of it."""

    of: RegisterClass
    status: Status
    seconds: int | None
    percent: int | None
    by_hand: bool
    known_as: tuple[KnownAs, ...]
    request: Request | None
    may_ask: bool


@dataclass(frozen=True, slots=True)
class OwnAttendance:
    """A student's own attendance in a course, the latest class first. `came` is of the `counted` classes."""

    name: str
    course: str
    teacher: str
    classes: tuple[OwnClass, ...]
    came: int
    counted: int
    rate: int | None
    late: int


def own_attendance(services: Services, token: str) -> OwnAttendance:
    """What the student with this link sees. Raises NotFound where the link is closed, or its time is over."""
    now = services.now()

    def find(tx: Transaction) -> OwnAttendance:
        one = _student_with(tx, token, now)
        course = storage.courses.course_by_id(tx, one.course_id)
        made = course_register(tx, PROGRAM, course, now)
        row = next((row for row in made.rows if row.enrolled.id == one.id), None)
        if row is None:
            raise NotFound("student_link_over")
        return _shown(course, made, row, storage.student_links.requests_of(tx, one.id))

    return services.read(find)


def ask(services: Services, token: str, class_id: str, text: str, address: str = "") -> None:
    """The student with this link says that her mark in a class is not right.

    Raises NotFound where the link is closed, InvalidInput for an empty or endless text, a class that she has no mark
    in, and where she has said enough.
    """
    if len(text) > 4 * LONGEST_TEXT or len(plain(text, 4 * LONGEST_TEXT)) > LONGEST_TEXT:
        raise InvalidInput("request_too_long", most=LONGEST_TEXT)
    words, now = plain(text, LONGEST_TEXT), services.now()
    if not words:
        raise InvalidInput("request_empty")
    services.read(_may_ask, token, class_id, now)  # whoever may not keeps nobody from writing
    with transaction(services.engine) as tx:
        one = _may_ask(tx, token, class_id, now, locked=True)
        storage.student_links.add_request(tx, Request(uuid4().hex, one.id, class_id, words, now, None, None, ""))
        _note(tx, one, Action.STUDENT_ASKED, class_id, address, now)


def withdraw(services: Services, token: str, request_id: str, address: str = "") -> None:
    """The student with this link takes an open request of hers back.

    Raises NotFound where the link is closed, and where she has no such request, or it was answered.
    """
    now = services.now()
    with transaction(services.engine) as tx:
        one = _student_with(tx, token, now, locked=True)
        hers = [request for request in storage.student_links.requests_of(tx, one.id) if request.id == request_id]
        if not hers or not storage.student_links.withdraw(tx, one.id, request_id, now):
            raise NotFound("request_gone")
        _note(tx, one, Action.STUDENT_WITHDREW, hers[0].class_id, address, now)


def _student_with(tx: Transaction, token: str, now: datetime, *, locked: bool = False) -> OnRoster:
    found = storage.student_links.student_with(tx, digest(token), now, locked=locked)
    if found is None:
        raise NotFound("student_link_over")
    return storage.students.get_student(tx, found)


def _may_ask(tx: Transaction, token: str, class_id: str, now: datetime, *, locked: bool = False) -> OnRoster:
    """The student with this link, where she may say something of a class."""
    one = _student_with(tx, token, now, locked=locked)
    _check_class(tx, one, class_id, now)
    asked = storage.student_links.requests_of(tx, one.id)
    of_class = [request for request in asked if request.class_id == class_id]
    if any(request.is_open for request in of_class):
        raise InvalidInput("request_open")
    if len(of_class) >= MOST_OF_CLASS:
        raise InvalidInput("request_too_often")
    if sum(request.is_open for request in asked) >= MOST_OPEN:
        raise InvalidInput("too_many_requests", most=MOST_OPEN)
    return one


def _check_class(tx: Transaction, one: OnRoster, class_id: str, now: datetime) -> None:
    """Raises InvalidInput unless it is a class of her course that was counted, while she was on the roster."""
    try:
        found = storage.classes.get_class(tx, class_id)
    except NotFound as error:
        raise InvalidInput("request_not_for_class") from error
    day = found.scheduled_start.astimezone(clock.zone(found.timezone)).date()
    fits = found.course_id == one.course_id and class_in_register(found, now).known is Known.COUNTED
    if not fits or not is_on_roster(Enrolled(one.id, 0, one.student), day):
        raise InvalidInput("request_not_for_class")


def _note(tx: Transaction, one: OnRoster, action: Action, class_id: str, address: str, now: datetime) -> None:
    course = storage.courses.course_by_id(tx, one.course_id)
    student = Member(id="", email="", name="student", role="", zoom_user="")
    told = {"course": course.name, "account": course.teacher_email}
    audit.note(tx, audit.from_where(student, address), action, now, class_id=class_id, **told)


def _shown(course: Course, made: Register, row: Row, requests: list[Request]) -> OwnAttendance:
    """Her own row, and nothing else of the register."""
    open_ones = sum(request.is_open for request in requests)
    classes = []
    for held in reversed(made.classes):
        mark = row.marks.get(held.id)
        if mark is None:
            continue
        of_class = [request for request in requests if request.class_id == held.id]
        silent = mark.status in NOTHING_TO_SAY or open_ones >= MOST_OPEN or len(of_class) >= MOST_OF_CLASS
        classes.append(
            OwnClass(
                held,
                mark.status,
                mark.seconds,
                mark.percent,
                mark.by_hand is not None,
                _known_as(row.enrolled, mark, _of_others(made, row, held.id)),
                next(iter(of_class), None),
                may_ask=not silent and not any(request.is_open for request in of_class),
            )
        )
    counted = row.counted
    return OwnAttendance(
        row.enrolled.student.name,
        course.name,
        course.teacher_name,
        tuple(classes),
        came=sum(mark.status is not Status.ABSENT for mark in counted),
        counted=len(counted),
        rate=row.rate,
        late=sum(mark.status in LATE for mark in counted),
    )


def _of_others(made: Register, row: Row, class_id: str) -> set[PersonKey]:
    """Who in a class is taken for other students."""
    marks = (other.marks.get(class_id) for other in made.rows if other is not row)
    return {key for mark in marks if mark for person, _match in mark.people for key in person.keys}


def _known_as(enrolled: Enrolled, mark: StudentMark, of_others: Collection[PersonKey]) -> tuple[KnownAs, ...]:
    return tuple(_one_known_as(enrolled, person, match, of_others) for person, match in mark.people)


def _one_known_as(enrolled: Enrolled, person: Person, match: Match, of_others: Collection[PersonKey]) -> KnownAs:
    if not set(of_others).isdisjoint(person.keys):
        return KnownAs(match.why, "")
    if match.why is not Why.EMAIL:
        return KnownAs(match.why, person.name)
    theirs = {stay.email.strip().casefold() for stay in person.stays} & enrolled.emails
    on_roster = enrolled.student.email.strip().casefold()
    told = on_roster if on_roster in theirs else _beginning(min(theirs, default=""))
    return KnownAs(match.why, person.name, told)


def _beginning(address: str) -> str:
    name, at, _domain = address.partition("@")
    return f"{name[:1]}…{at}…" if address else ""
