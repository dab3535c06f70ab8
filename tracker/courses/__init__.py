"""What teachers keep of their courses.

roster.py   the students of a course: shown, and brought up to date by a list
reports.py  earlier classes of a course, from reports that somebody has kept
"""

from tracker.courses.reports import CourseReport, ImportedClass, OwnTime, import_report, teacher_of
from tracker.courses.roster import CourseRoster, import_roster, show_roster

__all__ = [
    "CourseReport",
    "CourseRoster",
    "ImportedClass",
    "OwnTime",
    "import_report",
    "import_roster",
    "show_roster",
    "teacher_of",
]
