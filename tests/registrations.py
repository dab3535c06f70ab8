"""A course whose students are registered at Zoom for the meetings of its classes, and how far that is."""

from tests.makers import stored
from tracker import courses, storage
from tracker.attendance.meeting_options import MeetingOptions
from tracker.auth import OPERATOR
from tracker.rosters import read_pasted
from tracker.services import Services
from tracker.storage.members import Member
from tracker.storage.registrations import Registration

COURSE = "Algebra"
# Of three students one has no e-mail.
ROSTER = "Name\tEmail\nBo Ek\tBo@x.example\nCy Fox\tcy@x.example\nDi Day\t"
ON = MeetingOptions(registration="on")


class Killed(BaseException):
    """The process is gone."""


def add(school: Services, ana: Member, roster: str = ROSTER) -> str:
    """Brings the roster of the course up to date; the course's id."""
    courses.import_roster(school, OPERATOR, ana.email, COURSE, read_pasted(roster))
    return school.read(courses.teachers_course, ana, ana.email, COURSE).id


def work(school: Services) -> int:
    """What a tracker does at this moment; how often it looked."""
    turns = 0
    while courses.register_due_students(school):
        turns += 1
    return turns


def found(school: Services, class_id: str) -> Registration:
    """How the registration for the class's meeting stands."""
    told = school.read(storage.registrations.find, stored(school.engine, class_id).api_meeting_id or "")
    assert told is not None
    return told


def counts(school: Services, class_id: str) -> tuple[int, int]:
    """How many students there are, and how many of them are registered."""
    told = found(school, class_id)
    return told.students, told.registered
