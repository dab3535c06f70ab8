"""The students of a course in one class, as a table. Pure functions."""

from collections.abc import Iterable

from tracker.attendance.matching import Enrolled
from tracker.attendance.register import StudentMark
from tracker.report.register import OF_STUDENT, by
from tracker.report.table import Table, in_words, minutes


def students_table(students: Iterable[tuple[Enrolled, StudentMark]], *, told: bool = False) -> Table:
    """One row a student, in this order; where it is `told`, in the language that is spoken."""
    columns = (*OF_STUDENT, "Status", "Minutes", "Percent", "By", "Remark")
    rows = (
        (
            one.student.name,
            one.student.email,
            one.student.number,
            mark.status.value,
            None if mark.seconds is None else minutes(mark.seconds),
            mark.percent,
            by(mark),
            mark.remark,
        )
        for one, mark in students
    )
    made = Table(columns, tuple(rows), fixed=1)
    return in_words(made) if told else made
