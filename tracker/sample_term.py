"""The demo's term: the classes that were held at the practice Zoom, their courses' rosters, and what a teacher of them
has said of her students.

The rosters come as a school's list does, and what is said is said as on the pages.
"""

import csv
import io
import json
import urllib.request
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tracker import auth, classes, clock, courses, decisions, rosters, storage
from tracker.attendance.counting import person_key
from tracker.attendance.types import Status
from tracker.classes import Plan
from tracker.practice.school import sample_rosters
from tracker.practice.students import Student
from tracker.services import Services
from tracker.storage.decisions import Decision
from tracker.storage.members import Member
from tracker.text import order_of

TIME_ZONE = "Europe/Berlin"
FRIDAY = 4
HEADINGS = ("Name", "E-mail", "Student ID", "Group", "From", "Until")


@dataclass(frozen=True, slots=True)
class Held:
    """A class that was held at the practice Zoom; `progress` is the share of the term that had passed, from 0 to 1."""

    meeting: str
    title: str
    course: str
    start: datetime
    minutes: int
    timezone: str
    progress: float

    @property
    def local(self) -> datetime:
        """Its start by the clock on the wall."""
        return self.start.astimezone(clock.zone(self.timezone))


def make_term(services: Services, teacher: Member, weeks: int, say: Callable[[str], None]) -> None:
    """Makes what is missing of a teacher's term: the classes held, the rosters, and the next class of each course."""
    held = _held(services.settings.zoom_api_url, teacher.email, weeks)
    missing = [one for one in held if not services.read(classes.classes_of_meeting, one.meeting)]
    if not missing:
        return
    say(f"Preparing {len(held)} sample classes for {teacher.name} ...")
    lessons: dict[str, list[Held]] = defaultdict(list)
    for one in held:
        lessons[one.course].append(one)
    ids = {
        course: _roster(services, teacher, course, students, lessons[course])
        for course, students in sample_rosters(teacher.email, weeks).items()
    }
    for one in missing:
        plan = Plan(one.title, one.start, one.minutes, one.timezone)
        class_id = classes.create_class(
            services, auth.OPERATOR, plan, teacher=teacher, link=one.meeting, course=one.course
        )
        for student, student_id in ids[one.course]:
            if student.is_away(one.progress):
                courses.mark(services, auth.OPERATOR, class_id, [student_id], Status.EXCUSED, student.remark)
    _tell_namesakes_apart(services, class_id, ids)
    for course in {one.course: one for one in missing}:
        last = lessons[course][-1]
        title = f"{course} – lesson {len(lessons[course]) + 1}"
        _plan(services, teacher, last, title, timedelta(weeks=1))
    # To which nobody came, not even its teacher.
    middle = lessons[held[0].course][len(lessons[held[0].course]) // 2]
    days = -1 if middle.local.weekday() == FRIDAY else 1
    _plan(services, teacher, middle, f"{middle.course} – questions before the test", timedelta(days=days))


def _tell_namesakes_apart(
    services: Services, class_id: str, of_courses: Mapping[str, Sequence[tuple[Student, str]]]
) -> None:
    """The teacher has said of two students of one name that they are two people, which goes for all her classes."""
    found = services.read(storage.classes.get_class, class_id)
    for students in of_courses.values():
        names = Counter(one.listed_name for one, _ in students)
        first, second = (person_key(one.name, one.email) for one, _ in students if names[one.listed_name] > 1)
        decisions.decide(services, auth.OPERATOR, found, Decision(first, second, same=False))


def _plan(services: Services, teacher: Member, like: Held, title: str, later: timedelta) -> None:
    """A class with a meeting of its own, so much later than another one by the clock on the wall."""
    # Also where the clocks change in between.
    plan = Plan(title, like.local.replace(tzinfo=None) + later, like.minutes, like.timezone)
    classes.create_class(services, auth.OPERATOR, plan, teacher=teacher, course=like.course)


def _held(zoom: str, host: str, weeks: int) -> list[Held]:
    """The classes of a term, as the practice Zoom at this address has held them."""
    body = json.dumps({"host": host, "weeks": weeks, "timezone": TIME_ZONE}).encode()
    url = f"{zoom.removesuffix('/v2')}/practice/term"
    call = urllib.request.Request(url, body, {"Content-Type": "application/json"})  # noqa: S310 - our own address
    with urllib.request.urlopen(call, timeout=30) as reply:  # noqa: S310 - our own address
        rows: list[dict[str, Any]] = json.load(reply)
    return [
        Held(
            str(row["id"]),
            row["topic"],
            row["course"],
            datetime.fromisoformat(row["start_time"]),
            row["duration"],
            row["timezone"],
            place / len(rows),
        )
        for place, row in enumerate(rows)
    ]


def _roster(
    services: Services, teacher: Member, course: str, students: Iterable[Student], lessons: Sequence[Held]
) -> list[tuple[Student, str]]:
    """The students of a course with the ids of their rows, and who of those who join they are, as a teacher has told.

    They come in alphabetical order, as such lists do.
    """
    listed = sorted(students, key=lambda one: order_of(one.listed_name.split()[-1]))
    read = rosters.read_roster(_list(listed, lessons), "class list.csv")
    courses.import_roster(services, auth.OPERATOR, teacher.email, course, read)
    course_id = services.read(courses.teachers_course, auth.OPERATOR, teacher.email, course).id
    rows = services.read(storage.students.list_students, course_id)
    found = [(one, row.id) for one, row in zip(listed, rows, strict=True)]
    for one, student_id in found:
        for name in one.known_as:
            courses.choose(services, auth.OPERATOR, course_id, [person_key(name, "")], [student_id])
        if one.further_email:
            courses.add_address(services, auth.OPERATOR, course_id, student_id, one.further_email)
    return found


def _list(students: Iterable[Student], lessons: Sequence[Held]) -> bytes:
    """The list of a course as a file."""
    text = io.StringIO()
    lines = csv.writer(text)
    lines.writerow(HEADINGS)
    for one in students:
        enrolled = [lesson.local.date().isoformat() for lesson in lessons if one.is_enrolled(lesson.progress)]
        since = enrolled[0] if one.since and enrolled else ""
        until = enrolled[-1] if one.until < 1 and enrolled else ""
        lines.writerow((one.listed_name, one.listed_email, one.number, one.group, since, until))
    return text.getvalue().encode()
