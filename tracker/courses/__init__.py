"""What teachers keep of their courses.

roster.py    the students of a course: shown, and brought up to date by a list
register.py  students and classes, and what each student is in each class
marking.py   statuses by hand, and the rules for the others
matching.py  who of those who join is which student
"""

from tracker.courses.marking import mark, restore, set_rules, student_of_class
from tracker.courses.matching import add_address, choose, remove_address, undo_choice
from tracker.courses.register import (
    course_register,
    find_student,
    note_register_export,
    register_of,
    students_by_person,
    students_of_class,
    suggested_students,
    teachers_course,
    visible_course,
)
from tracker.courses.roster import CourseRoster, import_roster, show_roster

__all__ = [
    "CourseRoster",
    "add_address",
    "choose",
    "course_register",
    "find_student",
    "import_roster",
    "mark",
    "note_register_export",
    "register_of",
    "remove_address",
    "restore",
    "set_rules",
    "show_roster",
    "student_of_class",
    "students_by_person",
    "students_of_class",
    "suggested_students",
    "teachers_course",
    "undo_choice",
    "visible_course",
]
