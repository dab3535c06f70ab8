"""One student of a course with her whole history, for her teacher."""

from dataclasses import dataclass

from tracker import audit, storage
from tracker.attendance.anonymous import digest_of
from tracker.attendance.counting import person_key
from tracker.attendance.register import RegisterClass, Row
from tracker.attendance.statuses import Rules
from tracker.audit import Action
from tracker.courses.register import course_register, visible_course
from tracker.errors import NotFound
from tracker.services import Services
from tracker.storage.courses import Course
from tracker.storage.database import Transaction
from tracker.storage.members import Member
from tracker.storage.student_links import Link, Request
from tracker.storage.students import OnRoster


@dataclass(frozen=True, slots=True)
class StudentHistory:
    """A student of a course: `row` has her marks, and `classes` those of them by start.

    `elsewhere` is who she is in other courses of its teacher that the viewer may see, by e-mail or number; `requests`
    are the latest first.
    """

    course: Course
    row: Row
    classes: tuple[RegisterClass, ...]
    elsewhere: tuple[OnRoster, ...]
    link: Link | None
    requests: tuple[Request, ...]

    @property
    def rules(self) -> Rules:
        """The rules of the course."""
        return self.course.rules

    @property
    def held(self) -> tuple[RegisterClass, ...]:
        """The classes in which she has a mark, by start."""
        return tuple(one for one in self.classes if one.id in self.row.marks)


def student_history(services: Services, acting: Member, student_id: str) -> StudentHistory:
    """Everything of a student. That somebody looked is noted. Raises NotFound, NotAllowed."""
    now = services.now()

    def find(tx: Transaction) -> tuple[StudentHistory, str]:
        one = storage.students.get_student(tx, student_id)
        course = visible_course(tx, acting, one.course_id)
        made = course_register(tx, acting, course, now)
        row = next((row for row in made.rows if row.enrolled.id == one.id), None)
        if row is None:
            raise NotFound("student_gone")
        seen = {other.id for other in storage.courses.courses_seen(tx, acting)}
        same = storage.students.of_same_person(tx, one, course.teacher_id)
        history = StudentHistory(
            course,
            row,
            made.classes,
            tuple(other for other in same if other.course_id in seen),
            storage.student_links.links_of(tx, course.id).get(one.id),
            tuple(storage.student_links.requests_of(tx, one.id)),
        )
        # As long as nobody was erased there is no salt.
        salt = next(iter(storage.erased.list_erased(tx).salts), "")
        return history, digest_of(person_key(one.student.name, one.student.email), salt)

    history, person = services.read(find)
    told = {"course": history.course.name, "account": history.course.teacher_email}
    audit.note_person_look(services.engine, acting, person, now, Action.STUDENT_SEEN, **told)
    return history
