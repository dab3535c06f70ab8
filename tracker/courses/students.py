"""The students of a course, one by one and by a list that is looked at before it is saved."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from tracker import audit, storage
from tracker.attendance.counting import is_nameless
from tracker.attendance.matching import Enrolled, Why, match
from tracker.attendance.types import Person
from tracker.audit import Action
from tracker.class_attendance import attendance_of
from tracker.courses.matching import LONGEST_ADDRESS, MOST_ADDRESSES
from tracker.courses.roster import CourseRoster, brought_up_to_date, save_list
from tracker.errors import InvalidInput, NotFound
from tracker.permissions import check_may_change_course, check_may_see, may_see
from tracker.rosters import MOST_STUDENTS, Column, LineProblem, Meaning, Roster, Student, Understood
from tracker.rosters.updating import found_again
from tracker.services import Services
from tracker.storage.classes import Class
from tracker.storage.courses import Course
from tracker.storage.database import Transaction, transaction
from tracker.storage.members import Member
from tracker.text import compared_name, plain

LONGEST_TEXT = 120
# So many of a teacher's latest classes are looked through for those whose people may be taken.
MOST_LOOKED_THROUGH, MOST_OFFERED = 200, 12


class Comes(StrEnum):
    """What becomes of a line of a list. The words for it are with the page."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    LEFT_OUT = "left_out"


@dataclass(frozen=True, slots=True)
class Preview:
    """What a list would come to: each of its lines with what becomes of it, and what is to be said of lines.

    `students` is how many the course would have, and `stay` how many of them the list does not have.
    """

    lines: tuple[tuple[Student, Comes], ...]
    problems: tuple[LineProblem, ...]
    students: int
    stay: int

    def count(self, what: Comes) -> int:
        """Of how many lines that becomes."""
        return sum(one is what for _student, one in self.lines)


def roster_of_course(services: Services, acting: Member, course: Course) -> list[Enrolled]:
    """The roster of a course for a page, which notes that somebody looks at it. Raises NotFound, NotAllowed."""
    students = services.read(_roster, acting, course.id)
    now = services.now()
    told = {"course": course.name, "account": course.teacher_email}
    audit.note_course_look(services.engine, acting, Action.ROSTER_SEEN, now, **told)
    return students


def preview_list(tx: Transaction, acting: Member, course_id: str, read: Roster) -> Preview:
    """What the roster of a course would be by a list; nothing is changed.

    Raises NotFound, NotAllowed, and InvalidInput where the course would have too many students.
    """
    known = [one.student for one in _roster(tx, acting, course_id)]
    _enrolled, made = brought_up_to_date(tx, course_id, read)
    merged = {entry.known: entry.student for entry in made.entries if entry.known is not None}
    left_out = {one.line for one in made.problems if one.code == "roster_one_of_several"}
    lines: list[tuple[Student, Comes]] = []
    for line, of in zip(read.students, found_again(known, read.students), strict=True):
        if of is not None:
            student = merged[of]
            lines.append((student, Comes.SAME if student == known[of] else Comes.CHANGED))
        else:
            lines.append((line, Comes.LEFT_OUT if line.line in left_out else Comes.NEW))
    on_list = sum(what is not Comes.LEFT_OUT for _student, what in lines)
    return Preview(tuple(lines), made.problems, len(made.entries), len(made.entries) - on_list)


def import_list(services: Services, acting: Member, course_id: str, read: Roster) -> CourseRoster:
    """Brings the roster of a course up to date by a list; whom the list does not have stays.

    Raises NotFound, NotAllowed, and InvalidInput where it would have too many students; then nothing has changed.
    """
    with transaction(services.engine) as tx:
        found = _locked(tx, acting, course_id)
        return save_list(tx, acting, found, read, services.now())


def add_student(
    services: Services, acting: Member, course_id: str, student: Student, addresses: Sequence[str] = ()
) -> None:
    """Adds a student, with further e-mail addresses of hers, behind the others.

    Raises NotFound, NotAllowed, and InvalidInput for one that is there already, for what makes no sense, and where
    there are too many.
    """
    checked, others = _checked(student), _addresses(addresses)
    now = services.now()
    with transaction(services.engine) as tx:
        found = _locked(tx, acting, course_id)
        known = storage.students.list_students(tx, course_id)
        if len(known) >= MOST_STUDENTS:
            raise InvalidInput("roster_full", most=MOST_STUDENTS, number=len(known) + 1)
        _check_is_new([one.student for one in known], checked)
        storage.students.save(tx, course_id, [*((one, one.student) for one in known), (None, checked)], now)
        added = storage.students.list_students(tx, course_id)[-1]
        _set_addresses(tx, added, others, now)
        audit.note(tx, acting, Action.STUDENT_ADDED, now, course=found.name, account=found.teacher_email)


def change_student(
    services: Services,
    acting: Member,
    course_id: str,
    student_id: str,
    student: Student,
    addresses: Sequence[str] = (),
) -> None:
    """Changes what is known of a student, and her further addresses; what was said of her stays.

    Raises as `add_student` does.
    """
    checked, others = _checked(student), _addresses(addresses)
    now = services.now()
    with transaction(services.engine) as tx:
        found = _locked(tx, acting, course_id)
        known = storage.students.list_students(tx, course_id)
        hers = next((one for one in known if one.id == student_id), None)
        if hers is None:
            raise NotFound("no_such_student", who="")
        _check_is_new([one.student for one in known if one is not hers], checked)
        changed = _with_surname(hers.student, checked)
        storage.students.save(tx, course_id, [(one, changed if one is hers else one.student) for one in known], now)
        _set_addresses(tx, hers, others, now)
        audit.note(tx, acting, Action.STUDENT_CHANGED, now, course=found.name, account=found.teacher_email)


def remove_students(services: Services, acting: Member, course_id: str, student_ids: Collection[str]) -> None:
    """Takes students off a roster, with all that was said of them by hand. Raises NotFound, NotAllowed."""
    gone = set(student_ids)
    with transaction(services.engine) as tx:
        found = _locked(tx, acting, course_id)
        if not gone <= {one.id for one in storage.students.list_students(tx, course_id)}:
            raise NotFound("no_such_student", who="")
        storage.students.remove(tx, gone)
        told: dict[str, Any] = {"account": found.teacher_email, "students": len(gone)}
        audit.note(tx, acting, Action.STUDENTS_REMOVED, services.now(), course=found.name, **told)


def classes_to_take_from(tx: Transaction, acting: Member, course: Course) -> list[Class]:
    """The counted classes of a course's teacher whose people can be taken: the course's own first, the latest first.

    Raises NotAllowed.
    """
    check_may_change_course(acting, course)
    known = [
        found
        for found in storage.classes.latest_of(tx, course.teacher_id, MOST_LOOKED_THROUGH)
        if found.participant_count and found.names_removed_at is None and may_see(acting, found)
    ]
    others = [found for found in known if found.course_id is None]
    return [*(found for found in known if found.course_id == course.id), *others][:MOST_OFFERED]


def people_of_class(tx: Transaction, acting: Member, course_id: str, class_id: str, now: datetime) -> Roster:
    """The people of a class as a list of students: no hosts, no robots, nobody without a name, nobody set aside.

    Nor whoever is a student of the course under another name or address, by a teacher's word or a further address.
    Raises NotFound, NotAllowed, UnreadableRecords, and InvalidInput where there is nobody.
    """
    found = storage.classes.get_class(tx, class_id)
    check_may_see(acting, found)
    attendance = attendance_of(tx, found, now)
    students = _roster(tx, acting, course_id)
    choices = storage.said_of_students.list_choices(tx, course_id)
    known = match(attendance.people, students, choices) if attendance else {}
    own = {one.id: one.student.email.strip().casefold() for one in students}

    def is_known_otherwise(person: Person) -> bool:
        emails = {stay.email.strip().casefold() for stay in person.stays}
        return any(
            one.why is Why.CHOICE or (one.why is Why.EMAIL and own[one.student_id] not in emails)
            for one in known.get(person.keys, ())
        )

    came = attendance.participants if attendance else ()
    people = [one for one in came if _is_student(one) and not is_known_otherwise(one)]
    if not people:
        raise InvalidInput("roster_without_students")
    on_list = tuple(
        Student(plain(one.name, LONGEST_TEXT) or one.email, one.email.strip().casefold()[:LONGEST_ADDRESS], line=line)
        for line, one in enumerate(people, start=1)
    )
    columns = (Column(0, "", Meaning.NAME), Column(1, "", Meaning.EMAIL))
    return Roster(on_list[:MOST_STUDENTS], (), (), Understood(columns))


def _is_student(person: Person) -> bool:
    has_name = any(sign.isalpha() for sign in person.name)  # a telephone number is nobody's
    return has_name and not person.robot and not all(map(is_nameless, person.keys))


def _roster(tx: Transaction, acting: Member, course_id: str) -> list[Enrolled]:
    check_may_change_course(acting, storage.courses.course_by_id(tx, course_id))
    return storage.students.list_students(tx, course_id)


def _locked(tx: Transaction, acting: Member, course_id: str) -> Course:
    """The course, locked, for who may change it. Raises NotFound, NotAllowed."""
    storage.courses.course_by_id(tx, course_id)
    storage.courses.lock_course(tx, course_id)
    found = storage.courses.course_by_id(tx, course_id)
    check_may_change_course(acting, found)
    return found


def _checked(given: Student) -> Student:
    """What was typed of a student, in one line each. Raises InvalidInput for what makes no sense."""
    name, number, group = (" ".join(text.split()) for text in (given.name, given.number, given.group))
    if not name:
        raise InvalidInput("student_unnamed")
    if max(map(len, (name, number, group))) > LONGEST_TEXT:
        raise InvalidInput("student_text_too_long", most=LONGEST_TEXT)
    email = _address(given.email) if given.email.strip() else ""
    if given.since and given.until and given.until < given.since:
        raise InvalidInput("student_dates_reversed")
    name, email, number, group = (plain(text, LONGEST_ADDRESS) for text in (name, email, number, group))
    return replace(given, name=name, email=email, number=number, group=group, line=0)


def _address(given: str) -> str:
    """An e-mail address in lower case. Raises InvalidInput for what is none."""
    address = plain(given, LONGEST_ADDRESS + 1).strip().casefold()
    before, at, after = address.rpartition("@")
    if not (before and at and "." in after) or len(address.split()) > 1 or len(address) > LONGEST_ADDRESS:
        raise InvalidInput("address_unusable")
    return address


def _addresses(given: Sequence[str]) -> list[str]:
    found = list(dict.fromkeys(_address(one) for one in given))
    if len(found) > MOST_ADDRESSES:
        raise InvalidInput("too_many_addresses", most=MOST_ADDRESSES)
    return found


def _set_addresses(tx: Transaction, one: Enrolled, addresses: Sequence[str], now: datetime) -> None:
    """Has a student these further addresses, and no others."""
    for address in set(one.addresses) - set(addresses):
        storage.said_of_students.remove_address(tx, one.id, address)
    for address in set(addresses) - set(one.addresses):
        storage.said_of_students.add_address(tx, one.id, address, now)


def _check_is_new(others: Collection[Student], one: Student) -> None:
    """Raises InvalidInput where nothing would tell the student from one who is on the roster."""
    for other in others:
        same_name = compared_name(other.name) == compared_name(one.name)
        if (other.number and other.number == one.number) or (
            same_name and other.email == one.email and other.number == one.number
        ):
            raise InvalidInput("student_on_roster", name=other.name)


def _with_surname(known: Student, given: Student) -> Student:
    """A student with her surname, which a list has told, as long as she is called the same."""
    same = compared_name(known.name) == compared_name(given.name)
    return replace(given, surname=known.surname if same else given.surname)
