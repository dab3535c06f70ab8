"""Rows for a screen and bytes for a file. Pure functions.

table.py        what a table is, and how it becomes CSV and Excel
class_files.py  the people of one class, and their joins and leaves
class_students.py  the students of a course in one class
register.py     students and classes of a course, as a table of either shape, a workbook, or JSON
hand_off.py     the register as Moodle, Canvas and Google Sheets take it
"""

from tracker.report.class_files import (
    FORMATS,
    SHAPES,
    Format,
    Shape,
    json_bytes,
    people_table,
    stays_table,
    tables,
    workbook,
    xlsx_bytes,
)
from tracker.report.class_students import students_table
from tracker.report.hand_off import HAND_OFFS, REGISTER_FORMATS, HandOff, RegisterFormat, contents, register_file
from tracker.report.register import (
    REGISTER_SHAPES,
    RegisterShape,
    register_csv,
    register_json,
    register_table,
    register_workbook,
)
from tracker.report.table import FORMULA_STARTS, Table, csv_bytes, file_name, in_words, minutes

__all__ = [
    "FORMATS",
    "FORMULA_STARTS",
    "HAND_OFFS",
    "REGISTER_FORMATS",
    "REGISTER_SHAPES",
    "SHAPES",
    "Format",
    "HandOff",
    "RegisterFormat",
    "RegisterShape",
    "Shape",
    "Table",
    "contents",
    "csv_bytes",
    "file_name",
    "in_words",
    "json_bytes",
    "minutes",
    "people_table",
    "register_csv",
    "register_file",
    "register_json",
    "register_table",
    "register_workbook",
    "stays_table",
    "students_table",
    "tables",
    "workbook",
    "xlsx_bytes",
]
