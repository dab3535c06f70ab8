"""What teachers keep of their courses.

keeping.py   courses themselves: listed, made, named, archived, handed over, deleted
roster.py    the students of a course: shown, and brought up to date by a list
students.py  the same on a page: one by one, and by a list that is looked at first
register.py  students and classes, and what each student is in each class
marking.py   statuses by hand, and the rules for the others
matching.py  who of those who join is which student
of_class.py  all that the page of a class shows of the students of its course
history.py   one student with all of her classes
registration.py  students registered at Zoom for the meetings of classes to come
reports.py   earlier classes of a course, from reports that somebody has kept
own_page.py  what a student sees by her link, and says there
requests.py  what students say is not right, for their teachers to answer

student_links.py has the links by which students see their own attendance.
"""

from tracker.courses.history import StudentHistory, student_history
from tracker.courses.keeping import (
    CourseVersion,
    ListedCourse,
    add_class,
    archive,
    classes_of,
    classes_without_course,
    delete,
    figures_of,
    hand_over,
    list_seen,
    new_course,
    rename,
    take_out,
    version,
)
from tracker.courses.marking import Marked, mark, restore, set_rules, student_of_class
from tracker.courses.matching import add_address, choose, remove_address, undo_choice
from tracker.courses.of_class import StudentsOfClass, version_of_students, with_students
from tracker.courses.own_page import OwnAttendance, OwnClass, ask, own_attendance, withdraw
from tracker.courses.register import (
    class_in_register,
    course_register,
    find_student,
    note_register_export,
    register_of,
    roster_of,
    students_by_person,
    students_of_class,
    suggested_students,
    teachers_course,
    visible_course,
)
from tracker.courses.registration import (
    RegistrationOfClass,
    is_registration_due,
    register_due_students,
    registers_roster,
    registration_of,
)
from tracker.courses.reports import CourseReport, ImportedClass, OwnTime, import_report, teacher_of
from tracker.courses.requests import accept, decline, open_requests, undo_answer
from tracker.courses.roster import CourseRoster, import_roster, show_roster
from tracker.courses.student_links import close_links, list_links, make_links
from tracker.courses.students import (
    Comes,
    Preview,
    add_student,
    change_student,
    classes_to_take_from,
    import_list,
    people_of_class,
    preview_list,
    remove_students,
    roster_of_course,
)

__all__ = [
    "Comes",
    "CourseReport",
    "CourseRoster",
    "CourseVersion",
    "ImportedClass",
    "ListedCourse",
    "Marked",
    "OwnAttendance",
    "OwnClass",
    "OwnTime",
    "Preview",
    "RegistrationOfClass",
    "StudentHistory",
    "StudentsOfClass",
    "accept",
    "add_address",
    "add_class",
    "add_student",
    "archive",
    "ask",
    "change_student",
    "choose",
    "class_in_register",
    "classes_of",
    "classes_to_take_from",
    "classes_without_course",
    "close_links",
    "course_register",
    "decline",
    "delete",
    "figures_of",
    "find_student",
    "hand_over",
    "import_list",
    "import_report",
    "import_roster",
    "is_registration_due",
    "list_links",
    "list_seen",
    "make_links",
    "mark",
    "new_course",
    "note_register_export",
    "open_requests",
    "own_attendance",
    "people_of_class",
    "preview_list",
    "register_due_students",
    "register_of",
    "registers_roster",
    "registration_of",
    "remove_address",
    "remove_students",
    "rename",
    "restore",
    "roster_of",
    "roster_of_course",
    "set_rules",
    "show_roster",
    "student_history",
    "student_of_class",
    "students_by_person",
    "students_of_class",
    "suggested_students",
    "take_out",
    "teacher_of",
    "teachers_course",
    "undo_answer",
    "undo_choice",
    "version",
    "version_of_students",
    "visible_course",
    "with_students",
    "withdraw",
]
