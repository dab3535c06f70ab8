"""The register of a course, and the students of one class, from what is stored."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

from tracker import audit, clock, storage
from tracker.attendance.matching import Choice, Enrolled, Match, Suggested, suggest
from tracker.attendance.register import ClassStudents, Known, Register, RegisterClass, register, students_in
from tracker.attendance.types import Attendance, ClassStatus, PersonKey, Said
from tracker.audit import Action
from tracker.class_attendance import attendance_of, attendance_shown, said_by
from tracker.classes import was_not_held
from tracker.classes.plan import one_line
from tracker.errors import NotFound, UnreadableRecords
from tracker.permissions import check_may_change_course, check_may_see
from tracker.services import Services
from tracker.sessions import ReadAhead, read_ahead
from tracker.storage.classes import Class
from tracker.storage.courses import Course
from tracker.storage.database import Transaction
from tracker.storage.members import Member
from tracker.text import compared_name


def teachers_course(tx: Transaction, acting: Member, teacher: str, course: str) -> Course:
    """The course of that name of the teacher, who is named by her e-mail. Raises NotFound, NotAllowed."""
    holder = storage.members.get_member(tx, teacher)
    found = storage.courses.get_course(tx, holder.id, one_line(course, "course_name_too_long"))
    check_may_change_course(acting, found)
    return found


def visible_course(tx: Transaction, acting: Member, course_id: str) -> Course:
    """The course, for somebody who may see it. Raises NotFound, NotAllowed."""
    found = storage.courses.course_by_id(tx, course_id)
    check_may_change_course(acting, found)
    return found


def course_register(tx: Transaction, acting: Member, course: Course, now: datetime) -> Register:
    """The register of a course: all its classes that have begun, and those to come of which something is said by hand.

    Raises NotAllowed.
    """
    check_may_change_course(acting, course)
    students = storage.students.list_students(tx, course.id)
    choices = storage.said_of_students.list_choices(tx, course.id)
    marked = storage.said_of_students.marked_classes(tx, course.id)
    classes = [
        found
        for found in storage.classes.classes_of_course(tx, course.id)
        if found.scheduled_start <= now or found.status is not ClassStatus.SCHEDULED or found.id in marked
    ]
    by_hand = storage.said_of_students.list_marks(tx, [found.id for found in classes])
    told = [class_in_register(found, now) for found in classes]
    said = {teacher_id: said_by(tx, teacher_id) for teacher_id in {found.teacher_id for found in classes}}
    held = [found for found, one in zip(classes, told, strict=True) if one.known is Known.COUNTED]
    ahead = read_ahead(tx, held, now)
    attendances = [
        _counted(tx, found, one.known, now, said[found.teacher_id], ahead)
        for found, one in zip(classes, told, strict=True)
    ]
    of_class = {
        one.id: students_in(attendance, one.known, one.day, students, choices, by_hand[one.id], course.rules)
        for one, attendance in zip(told, attendances, strict=True)
    }
    return register(course.id, course.name, course.rules, told, students, of_class)


def register_of(
    services: Services, acting: Member, teacher: str, course: str, form: str = "", shape: str = ""
) -> Register:
    """The register of the teacher's course of that name; that it was seen, or taken away as a file of this `form` and
    `shape`, is noted. Raises NotFound, NotAllowed."""
    found = services.read(teachers_course, acting, teacher, course)
    made = services.read(course_register, acting, found, services.now())
    if form:
        note_register_export(services, acting, found, form, shape)
    else:
        _note(services, acting, Action.REGISTER_SEEN, found)
    return made


def note_register_export(services: Services, acting: Member, course: Course, form: str, shape: str) -> None:
    """Notes that somebody takes the register of a course, which she may see, away as a file."""
    _note(services, acting, Action.REGISTER_EXPORTED, course, format=form, shape=shape)


def _note(services: Services, acting: Member, action: Action, course: Course, **details: str) -> None:
    now, account = services.now(), course.teacher_email
    audit.note_read(services.engine, acting, action, now, course=course.name, account=account, **details)


def students_of_class(tx: Transaction, viewer: Member, found: Class, now: datetime) -> ClassStudents | None:
    """The students of a class's course in this class; None where it is in no course, or the course has no students.

    While it runs, or waits for Zoom's list, the people of the marks are those who were seen, and nobody is absent.
    Raises NotAllowed, UnreadableRecords.
    """
    check_may_see(viewer, found)
    if found.course_id is None:
        return None
    students, choices = roster_of(tx, found)
    if not students:
        return None
    one = class_in_register(found, now)
    by_hand = storage.said_of_students.list_marks(tx, [found.id])
    attendance = None if one.known is Known.NAMES_REMOVED else attendance_shown(tx, found, now)
    return students_in(attendance, one.known, one.day, students, choices, by_hand[found.id], found.rules)


def roster_of(tx: Transaction, found: Class) -> tuple[list[Enrolled], list[Choice]]:
    """The students of a class's course, and the words of its teachers on who they are; none where it is in none."""
    if found.course_id is None:
        return [], []
    return (
        storage.students.list_students(tx, found.course_id),
        storage.said_of_students.list_choices(tx, found.course_id),
    )


def students_by_person(
    tx: Transaction, viewer: Member, found: Class, now: datetime
) -> dict[tuple[PersonKey, ...], list[tuple[Enrolled, Match]]]:
    """Which students each person of a class is, by her keys and in the order of the roster, with why.

    Raises NotAllowed, UnreadableRecords.
    """
    known = students_of_class(tx, viewer, found, now)
    if known is None:
        return {}
    of_roster = {one.id: one for one in roster_of(tx, found)[0]}
    return {
        keys: sorted(((of_roster[one.student_id], one) for one in matches), key=lambda pair: pair[0].place)
        for keys, matches in known.matches.items()
    }


def suggested_students(tx: Transaction, found: Class, known: ClassStudents) -> tuple[Suggested, ...]:
    """Who of the people that are no students of a class may be one, and why."""
    students, choices = roster_of(tx, found)
    return suggest(known.guests, students, known.matches, choices)


def find_student(students: Sequence[Enrolled], who: str) -> Enrolled:
    """The student with this e-mail, number or name. Raises NotFound where there is none, or more than one."""
    wanted = compared_name(who)
    for keys in (
        lambda one: one.emails,
        lambda one: {compared_name(one.student.number)},
        lambda one: {compared_name(one.student.name)},
    ):
        found = [one for one in students if wanted and wanted in keys(one)]
        if len(found) == 1:
            return found[0]
        if found:
            raise NotFound("student_is_several", who=who.strip(), number=len(found))
    raise NotFound("no_such_student", who=who.strip())


def _counted(
    tx: Transaction, found: Class, known: Known, now: datetime, said: Said, ahead: ReadAhead
) -> Attendance | None:
    """The attendance of a class that was counted; None of another one, and where it cannot be read."""
    if known is not Known.COUNTED:
        return None
    with suppress(UnreadableRecords):
        return attendance_of(tx, found, now, said, ahead)
    return None


def class_in_register(found: Class, now: datetime) -> RegisterClass:
    """A class as the register has it: on which day, and what is known of it."""
    known = Known.NOT_YET
    if found.names_removed_at is not None:
        known = Known.NAMES_REMOVED
    elif found.status is ClassStatus.ENDED and found.participant_count is not None:
        known = Known.COUNTED
    elif was_not_held(found, now):
        known = Known.NOT_HELD
    day = found.scheduled_start.astimezone(clock.zone(found.timezone)).date()
    return RegisterClass(
        found.id, found.title, found.scheduled_start, found.duration_minutes, found.timezone, day, known
    )
