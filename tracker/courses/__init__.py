"""What teachers keep of their courses.

roster.py    the students of a course: shown, and brought up to date by a list
register.py  students and classes, and what each student is in each class
marking.py   statuses by hand, and the rules for the others
matching.py  who of those who join is which student
history.py   one student with all of her classes
student_links.py  the links by which students see their own attendance
own_page.py  what a student sees by her link, and says there
requests.py  what students say is not right, for their teachers to answer
"""

from tracker.courses.history import StudentHistory, student_history
from tracker.courses.marking import mark, restore, set_rules, student_of_class
from tracker.courses.matching import add_address, choose, remove_address, undo_choice
from tracker.courses.own_page import OwnAttendance, OwnClass, ask, own_attendance, withdraw
from tracker.courses.register import (
    course_register,
    find_student,
    register_of,
    students_of_class,
    suggested_students,
    teachers_course,
    visible_course,
)
from tracker.courses.requests import accept, decline, open_requests, undo_answer
from tracker.courses.roster import CourseRoster, import_roster, show_roster
from tracker.courses.student_links import close_links, list_links, make_links

__all__ = [
    "CourseRoster",
    "OwnAttendance",
    "OwnClass",
    "StudentHistory",
    "accept",
    "add_address",
    "ask",
    "choose",
    "close_links",
    "course_register",
    "decline",
    "find_student",
    "import_roster",
    "list_links",
    "make_links",
    "mark",
    "open_requests",
    "own_attendance",
    "register_of",
    "remove_address",
    "restore",
    "set_rules",
    "show_roster",
    "student_history",
    "student_of_class",
    "students_of_class",
    "suggested_students",
    "teachers_course",
    "undo_answer",
    "undo_choice",
    "visible_course",
    "withdraw",
]
