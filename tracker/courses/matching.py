"""Who of those who join is which student of a course: what a teacher says of it, and further addresses of a student."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from tracker import audit, storage
from tracker.attendance.counting import is_of_one_class
from tracker.attendance.matching import Choice
from tracker.attendance.types import PersonKey
from tracker.audit import Action
from tracker.errors import InvalidInput, NotFound
from tracker.permissions import check_may_change_course
from tracker.services import Services
from tracker.storage.database import Transaction, transaction
from tracker.storage.members import Member
from tracker.text import plain

LONGEST_ADDRESS, MOST_ADDRESSES = 254, 5


def choose(
    services: Services,
    acting: Member,
    course_id: str,
    keys: Iterable[PersonKey],
    student_ids: Sequence[str],
    *,
    refused: Sequence[str] = (),
) -> None:
    """A person with these keys is these students, several where they share a device, and none of the `refused` ones.

    It is remembered for all classes of the course, and replaces what was said of this person before. Raises NotFound,
    NotAllowed.
    """
    lasting = [key for key in keys if not is_of_one_class(key)] or list(keys)

    def store(tx: Transaction, now: datetime) -> None:
        known = {one.id for one in storage.students.list_students(tx, course_id)}
        if not known.issuperset((*student_ids, *refused)):
            raise NotFound("student_gone")
        _forget(tx, course_id, lasting)
        for key in lasting:
            for student_id in (*student_ids, *refused):
                choice = Choice(key, student_id, student_id in student_ids, now)
                storage.said_of_students.set_choice(tx, course_id, choice)

    _change(services, acting, course_id, Action.STUDENTS_MATCHED, store)


def undo_choice(services: Services, acting: Member, course_id: str, keys: Iterable[PersonKey]) -> None:
    """Forgets what was said of a person with these keys: the rule holds for her again. Raises NotFound, NotAllowed."""
    theirs = list(keys)
    _change(services, acting, course_id, Action.STUDENTS_MATCHED, lambda tx, now: _forget(tx, course_id, theirs))


def add_address(services: Services, acting: Member, course_id: str, student_id: str, email: str) -> None:
    """Adds a further address to a student, as of a guardian whose account she joins with.

    Raises NotFound, NotAllowed, and InvalidInput for what is no address, and where she has too many.
    """
    address = plain(email, LONGEST_ADDRESS + 1).casefold()
    before, at, after = address.rpartition("@")
    if not (before and at and "." in after) or " " in address or len(address) > LONGEST_ADDRESS:
        raise InvalidInput("address_unusable")

    def store(tx: Transaction, now: datetime) -> None:
        found = next((one for one in storage.students.list_students(tx, course_id) if one.id == student_id), None)
        if found is None:
            raise NotFound("student_gone")
        if len(found.addresses) >= MOST_ADDRESSES:
            raise InvalidInput("too_many_addresses", most=MOST_ADDRESSES)
        storage.said_of_students.add_address(tx, student_id, address, now)

    _change(services, acting, course_id, Action.STUDENT_CHANGED, store)


def remove_address(services: Services, acting: Member, course_id: str, student_id: str, email: str) -> None:
    """Takes a further address from a student. Raises NotFound, NotAllowed."""

    def store(tx: Transaction, _now: datetime) -> None:
        if student_id not in {one.id for one in storage.students.list_students(tx, course_id)}:
            raise NotFound("student_gone")
        storage.said_of_students.remove_address(tx, student_id, email)

    _change(services, acting, course_id, Action.STUDENT_CHANGED, store)


def _forget(tx: Transaction, course_id: str, keys: Iterable[PersonKey]) -> None:
    theirs = set(keys)
    for choice in storage.said_of_students.list_choices(tx, course_id):
        if choice.person in theirs:
            storage.said_of_students.clear_choice(tx, course_id, choice.person, choice.student_id)


def _change(
    services: Services,
    acting: Member,
    course_id: str,
    action: Action,
    store: Callable[[Transaction, datetime], None],
) -> None:
    """Changes something of a course's students, under its lock, and notes it."""
    now = services.now()
    with transaction(services.engine) as tx:
        storage.courses.lock_course(tx, course_id)
        found = storage.courses.course_by_id(tx, course_id)
        check_may_change_course(acting, found)
        store(tx, now)
        audit.note(tx, acting, action, now, course=found.name, account=found.teacher_email)
