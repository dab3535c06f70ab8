"""Reads a list of students, as a file of any sensible shape or as pasted text. Pure functions: no database, no page.

The way of a file: bytes -> a table (`workbook` for Excel; `decoding` and `text_table` for text) -> which column is what
(`columns`, by its heading or, where there is none, by what stands in it) -> students, and what is to be said of single
lines (`reading`).
"""

from tracker.errors import InvalidInput
from tracker.rosters.reading import roster_of
from tracker.rosters.table import MOST_STUDENTS as MOST_STUDENTS
from tracker.rosters.text_table import table_of_text
from tracker.rosters.types import Column as Column
from tracker.rosters.types import Meaning as Meaning
from tracker.rosters.types import Roster as Roster
from tracker.rosters.types import Student as Student
from tracker.rosters.types import Understood as Understood
from tracker.rosters.workbook import is_workbook, table_of_workbook
from tracker.tables.decoding import decoded
from tracker.tables.problems import LineProblem as LineProblem

# Of a file, in bytes; 2,000 students with twenty columns are a tenth of it.
LARGEST_FILE = 5_000_000


def read_roster(content: bytes, name: str) -> Roster:
    """The students in a file: a workbook (.xlsx), or text with separated columns or a line for each student.

    What the file is called decides nothing but what is said of it; its content does. Raises `InvalidInput` for a file
    that is too large or of another kind, that has no column of names or addresses, no student, or too many.
    """
    if len(content) > LARGEST_FILE:
        raise InvalidInput("roster_too_large")
    if not content.strip(b"\0 \t\r\n"):
        raise InvalidInput("roster_empty")
    if is_workbook(content, name):
        return roster_of(table_of_workbook(content))
    text, encoding = decoded(content, "roster_no_table")
    return roster_of(table_of_text(text, encoding))


def read_pasted(text: str) -> Roster:
    """The students in a text that was pasted: cells of a spreadsheet, `Name <mail>` or a name on each line.

    Raises `InvalidInput` as `read_roster` does.
    """
    if len(text) > LARGEST_FILE:
        raise InvalidInput("roster_too_large")
    return roster_of(table_of_text(text, ""))
