"""Reports of earlier classes that are brought into a course."""

from typing import Any

from tests.lives import attendance
from tests.reports.files import BERLIN, BLOCK, PLAIN
from tracker import auth, courses
from tracker.courses import CourseReport
from tracker.reports import read_report
from tracker.services import Services
from tracker.storage.members import Member

EMAIL = "ana@school.example"
# The number of a class's meeting is in it, which is no reason to look for that at Zoom.
REPORT = (
    f"{BLOCK}85011112222,Algebra 7B,2026-05-07 10:00:00,2026-05-07 11:00:30,{EMAIL},61,5\n\n{PLAIN}"
    f"Ana,{EMAIL},2026-05-07 10:00:00,2026-05-07 11:00:30,61,No,No,\n"
    "Bo,bo@x.org,2026-05-07 10:00:00,2026-05-07 10:20:00,20,No,No,\n"
    "Bo,BO@x.org,2026-05-07 10:25:00,2026-05-07 11:00:30,36,No,No,\n"
    "Cy,,2026-05-07 10:06:00,2026-05-07 10:30:00,24,Yes,No,\n"
    "Di,,2026-05-07 10:01:00,2026-05-07 10:02:00,1,Yes,Yes,\n"
)

MINUTES = (
    f"{BLOCK}812,Latin,2026-05-08 10:00:00,2026-05-08 11:00:00,{EMAIL},60,2\n\n"
    "Name (Original Name),User Email,Total Duration (Minutes),Guest\nBo,bo@x.org,61,No\nCy,,30,Yes\n"
)


def bring(
    school: Services,
    content: str = REPORT,
    course: str = "Algebra",
    *,
    acting: Member = auth.OPERATOR,
    teacher: str = EMAIL,
    dry_run: bool = False,
) -> CourseReport:
    """A report is imported; today is the 14th of May 2026."""
    read = read_report(content.encode(), BERLIN, school.now())
    return courses.import_report(school, acting, teacher, course, read, dry_run=dry_run)


def only_id(made: CourseReport) -> str:
    (one,) = made.classes
    assert one.id is not None
    return one.id


def people(school: Services, class_id: str) -> list[tuple[Any, ...]]:
    """Of each person name, seconds in class, percent, status and role."""
    found = attendance(school, class_id)
    assert found is not None
    return [(one.name, one.seconds_in_class, one.percent, one.status, one.role.value) for one in found.people]
