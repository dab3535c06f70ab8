"""Words that stand alone, on the screen and in files, each by what it is called in files, JSON and the database."""

from collections.abc import Mapping

# Somebody's status in one class.
STATUSES: Mapping[str, str] = {
    "present": "present",
    "late": "late",
    "left early": "left early",
    "late, left early": "late, left early",
    "partly": "partly present",
    "absent": "absent",
    "excused": "excused",
    "outside": "only before or after class",
    "not yet known": "not yet known",
    "not held": "not held",
}
# Why a person of a class is a student of its course.
WHY_STUDENT: Mapping[str, str] = {
    "by_choice": "by your choice",
    "by_email": "by e-mail",
    "by_name": "by name",
}
# Why a person of a class may be a student of its course.
LIKENESS: Mapping[str, str] = {
    "same_name_as_others": "the same name, which somebody else has too",
    "name_is_email": "joined with the e-mail address for a name",
    "same_name_other_writing": "the same name in another writing or order",
    "part_of_name": "a part of the name",
    "alike_name": "a name that is alike",
}
# The same as `STATUSES` in a narrow column of the register.
SHORT_STATUSES: Mapping[str, str] = {
    "present": "pres.",
    "late": "late",
    "left early": "left",
    "late, left early": "late+left",
    "partly": "part",
    "absent": "abs.",
    "excused": "exc.",
    "not yet known": "not yet",
    "not held": "not held",
}
# What a column of a list of students has in it.
MEANINGS: Mapping[str, str] = {
    "name": "name",
    "first_name": "first name",
    "last_name": "surname",
    "email": "e-mail",
    "number": "student number",
    "group": "group",
    "from": "first day",
    "until": "last day",
    "role": "role",
    "seat_number": "seat number, not read",
    "other_person": "somebody else's, not read",
    "nothing": "not read",
}
# What becomes of a line of such a list.
COMES: Mapping[str, str] = {
    "new": "new",
    "changed": "changed",
    "same": "as it is",
    "left_out": "left out",
}
ROLES: Mapping[str, str] = {"teacher": "teacher", "admin": "admin", "host": "host", "participant": "participant"}
# What a teacher said that somebody is.
MARKS: Mapping[str, str] = {
    "set aside": "set aside",
    "person": "a person",
    "host": "host",
    "participant": "participant",
}
# What is shared.
KINDS: Mapping[str, str] = {"class": "class", "course": "course"}
# What is in a file of a class.
CONTENTS: Mapping[str, str] = {
    "people": "people",
    "stays": "joins and leaves",
    "people and stays": "people, joins and leaves",
    "everything": "everything",
    "wide": "a row each student",
    "long": "a row each student and class",
    "wide and long": "students, and students and classes",
    "marks": "marks",
    "points": "points",
}
# For how long a course keeps names, where it is no number of days.
LENGTHS_KEPT: Mapping[str, str] = {"as_set": "as the setting says", "without_limit": "without limit"}
# Where somebody was.
PLACES: Mapping[str, str] = {"meeting": "in the meeting", "waiting room": "in the waiting room"}
# The heading of a column. Files for programs have what stands on the left.
HEADINGS: Mapping[str, str] = {
    "Name": "Name",
    "Email": "E-mail",
    "First join": "First join",
    "Last leave": "Last leave",
    "Minutes present": "Minutes present",
    "Percent": "Percent",
    "Stays": "Joins",
    "Status": "Status",
    "Role": "Role",
    "Minutes in class": "Minutes in class",
    "Join": "Join",
    "Leave": "Leave",
    "Seconds": "Seconds",
    "Session": "Session",
    "Where": "Where",
    "Number": "Student number",
    "Class": "Class",
    "Start": "Starts",
    "Minutes": "Minutes",
    "By": "Given by",
    "Remark": "Remark",
}
# The sheets of a workbook.
SHEETS: Mapping[str, str] = {
    "People": "People",
    "Joins and leaves": "Joins and leaves",
    "Register": "Register",
    "Details": "Details",
    "Students": "Students",
}
# By what a student's status in a class was given.
GIVEN_BY: Mapping[str, str] = {"rule": "the rule", "hand": "a person"}
NO_NAME = "No name"
EVERY: tuple[Mapping[str, str], ...] = (
    STATUSES,
    SHORT_STATUSES,
    MEANINGS,
    COMES,
    WHY_STUDENT,
    LIKENESS,
    ROLES,
    MARKS,
    KINDS,
    CONTENTS,
    LENGTHS_KEPT,
    PLACES,
    GIVEN_BY,
    HEADINGS,
    SHEETS,
    {"": NO_NAME},
)
