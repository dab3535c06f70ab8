"""What teachers keep of their courses.

roster.py  the students of a course: shown, and brought up to date by a list
"""

from tracker.courses.roster import CourseRoster, import_roster, show_roster

__all__ = ["CourseRoster", "import_roster", "show_roster"]
