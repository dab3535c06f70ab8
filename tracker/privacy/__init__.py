"""What becomes of people's data: how long names are kept, what is kept on one person, and erasing her.

whom.py       whom an e-mail or a name means
access.py     what is kept on a person, and handing it out
erasure.py    erasing her, and keeping her erased
erased_file.py  who was erased, in a file of the data folder
copies.py     copies of the database that a restore or an upgrade has left
retention.py  names that were kept for long enough
"""

from tracker.privacy.access import Findings, Other, export, find
from tracker.privacy.copies import COPIES_KEPT, copies_set_aside, forget_copies
from tracker.privacy.erasure import (
    Done,
    compare_with_file,
    erase,
    keep_erased,
    restore,
)
from tracker.privacy.retention import (
    MOST_DAYS,
    Preview,
    forget_unneeded,
    own_days,
    preview,
    remove_due,
    set_course_days,
)

__all__ = [
    "COPIES_KEPT",
    "MOST_DAYS",
    "Done",
    "Findings",
    "Other",
    "Preview",
    "compare_with_file",
    "copies_set_aside",
    "erase",
    "export",
    "find",
    "forget_copies",
    "forget_unneeded",
    "keep_erased",
    "own_days",
    "preview",
    "remove_due",
    "restore",
    "set_course_days",
]
