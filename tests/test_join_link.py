"""The join link and what is made of it, where another program has written what stands in it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from tests.makers import NOW, lesson, stored
from tracker.storage.classes import Class
from tracker.storage.members import Member
from tracker.ui import join_link

pytestmark = pytest.mark.database("sqlite")
HOSTILE = "a;b,c\\n\r\nX-EVIL:1\nEND:VCALENDAR\x00\x1b[2J \u202eevil\u2066 <b>"
LINK = "https://zoom.us/j/1?pwd=x\r\nX-EVIL:1\u202e\x00\x1b\u200b"


@pytest.fixture
def found(engine: Engine, ana: Member) -> Class:
    return replace(stored(engine, lesson(engine, ana, HOSTILE, zoom_join_url=LINK)), id="1\r\nX-EVIL:1")


def test_a_calendar_entry_has_the_lines_that_it_should_whatever_a_class_is_called(found: Class) -> None:
    lines = join_link.calendar_file([found], NOW).decode().replace("\r\n ", "").split("\r\n")
    assert [line.partition(":")[0].partition(";")[0] for line in lines] == [
        *("BEGIN", "VERSION", "PRODID", "BEGIN", "UID", "DTSTAMP", "DTSTART", "DTEND"),
        *("SUMMARY", "DESCRIPTION", "LOCATION", "URL", "END", "END", ""),
    ]
    assert all(line.isprintable() for line in lines)
    assert lines[8].startswith(r"SUMMARY:a\;b\,c\\n X-EVIL:1 END:VCALENDAR")
    assert f"DTEND:{NOW + timedelta(hours=1):%Y%m%dT%H%M%SZ}" in lines


def test_nothing_that_is_not_seen_is_sent_with_an_invitation(found: Class) -> None:
    assert join_link.address(found) == "https://zoom.us/j/1?pwd=xX-EVIL:1"
    assert all(line.isprintable() for line in join_link.invitation(found).split("\n"))
    assert len(join_link.invitation(found).split("\n")) == 3
