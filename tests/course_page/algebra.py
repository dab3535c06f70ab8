"""A course with students and classes, and what its page says."""

import re
from html import unescape

from sqlalchemy import Engine
from streamlit.testing.v1 import AppTest

from tests.makers import counted, lesson, stay
from tests.screens import Screens, raw
from tracker import courses
from tracker.rosters import read_pasted
from tracker.services import Services
from tracker.storage.courses import Course
from tracker.storage.members import Member
from tracker.ui import page

HOSTILE = "<img src=x onerror=alert(1)> **bold** [a](http://evil.example) :streamlit: $x$"


def make(school: Services, teacher: Member, text: str = "", name: str = "Algebra") -> Course:
    course_id = courses.new_course(school, teacher, name, teacher)
    if text:
        courses.import_list(school, teacher, course_id, read_pasted(text))
    return school.read(courses.visible_course, teacher, course_id)


def held(engine: Engine, teacher: Member, days: int, *people: str, course: str | None = "Algebra") -> str:
    """A class of an hour so many days ago, in which these people were all the time."""
    start = -1440 * days
    class_id = lesson(engine, teacher, f"Lesson {days}", start, course=course)
    counted(engine, class_id, *(stay(one, start, start + 60) for one in people), start=start, end=start + 60)
    return class_id


def opened(screens: Screens, course: Course, view: str = "register", **query: str) -> AppTest:
    at = screens.open(page.COURSE, id=course.id, view=view, **query)
    assert not at.exception
    return at


def register_rows(at: AppTest) -> dict[str, str]:
    """Each student's row of the register as one text, by her name; signs and words for screen readers are in it."""
    html = next(text for text in raw(at) if "register-box" in text)
    rows = re.findall(r"<tr><th scope='row'.*?</tr>", html)
    texts = [" ".join(unescape(re.sub(r"<[^>]*>", " ", row)).split()) for row in rows]
    names = [unescape(re.sub(r"<[^>]*>", "", re.findall(r"<bdi>(.*?)</bdi>", row)[0])) for row in rows]
    return dict(zip(names, texts, strict=True))
