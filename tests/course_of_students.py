"""A course with students and classes that were counted, for the tests of what students and their teachers see."""

from dataclasses import dataclass

from tests.makers import Clock, at, counted, lesson, stay
from tracker import auth, courses
from tracker.attendance.register import Register, Row
from tracker.rosters import read_pasted
from tracker.services import Services
from tracker.storage.courses import Course
from tracker.storage.members import Member

# Minutes from the start of one class to that of the next.
WEEK = 7 * 24 * 60
COURSE = "Algebra"
ROSTER = "Name\tEmail\tNumber\tGroup\nBo Ek\tbo@x.example\t007\t7B\nCy Fox\tcy@x.example\t\t\nDi Day\t\t\t"


@dataclass(frozen=True)
class School:
    """Ana's course with Bo, Cy and Di, and its classes that were held, by start.

    In the first Bo is there, in the second he comes eight minutes late, in the third he is absent. Cy is always there,
    under the name Secret Sauce; Di never is.
    """

    using: Services
    ana: Member
    course: Course
    classes: tuple[str, ...]
    ids: dict[str, str]

    @property
    def register(self) -> Register:
        return self.using.read(courses.course_register, self.ana, self.course, self.using.now())

    def row(self, name: str = "Bo Ek") -> Row:
        return next(row for row in self.register.rows if row.enrolled.id == self.ids[name])

    def link(self, name: str = "Bo Ek", days: float = 9) -> str:
        """The token of a new link of a student."""
        until = self.using.now() + (at(days * 24 * 60) - at(0))
        return courses.make_links(self.using, self.ana, self.course.id, [self.ids[name]], until)[self.ids[name]]


def make_school(using: Services, ana: Member, clock: Clock) -> School:
    """That school, after its third class."""
    courses.import_roster(using, auth.OPERATOR, ana.email, COURSE, read_pasted(ROSTER))
    classes = []
    for number, bo in enumerate(((0, 60), (8, 60), None)):
        start = number * WEEK
        class_id = lesson(using.engine, ana, f"Algebra {number + 1}", start, course=COURSE)
        stays = [stay("Secret Sauce", start, start + 60, "cy@x.example")]
        if bo is not None:
            stays.append(stay("Bo on the phone", start + bo[0], start + bo[1], "bo@x.example"))
        counted(using.engine, class_id, *stays, start=start, end=start + 60, fetched=start + 75)
        classes.append(class_id)
    clock.time = at(2 * WEEK + 90)
    course = using.read(courses.teachers_course, ana, ana.email, COURSE)
    ids = {one.student.name: one.id for one, _link in using.read(courses.list_links, ana, course.id)}
    return School(using, ana, course, tuple(classes), ids)
