"""Every page, part, dialog and download is in the tables. Addresses and commands have tests of their own."""

from tests.matrix import doors
from tests.matrix.table import DIALOGS, OPENERS, PAGES, PARTS, rows


def test_every_page_has_a_line() -> None:
    assert rows(PAGES).keys() == doors.pages()


def test_every_part_that_is_drawn_again_has_a_line() -> None:
    assert rows(PARTS).keys() == doors.parts()


def test_every_dialog_has_a_line() -> None:
    assert rows(DIALOGS).keys() == doors.dialogs() == OPENERS.keys()


def test_files_are_offered_on_the_pages_of_a_class_and_a_course_and_by_pages_for_admins_alone() -> None:
    assert doors.downloads() == [
        "tracker/ui/activity.py",
        *["tracker/ui/downloads.py"] * 2,
        "tracker/ui/join_link.py",
        "tracker/ui/peoples_data.py",
        *["tracker/ui/register_files.py"] * 3,
        "tracker/ui/student_links_panel.py",
    ]
