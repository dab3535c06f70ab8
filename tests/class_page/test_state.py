"""How a class stands on its page: its state, its links, and who may see it and do what with it."""

from datetime import time

import pytest
from sqlalchemy import Engine
from streamlit.testing.v1 import AppTest

from tests.fake_zoom import FakeZoom
from tests.makers import MEETING, NOW, Clock, at, counted, ended, lesson, member, shared, started, stay, stored
from tests.screens import Screens, button, dialog_buttons, figures, note, parts, refused, rerun_part, said, show, tables
from tracker import auth, classes, listing
from tracker.attendance.types import ClassStatus
from tracker.storage.members import Member
from tracker.ui import page
from tracker.ui.wiring import services

pytestmark = pytest.mark.database("sqlite")


# How it stands


@pytest.mark.quick
def test_a_planned_class_shows_its_join_link_and_can_be_started(
    screens: Screens, engine: Engine, ana: Member, wired: Clock
) -> None:
    class_id = lesson(engine, ana, start=180, course="Term 1")
    shown = show(screens, class_id)
    assert shown.title[0].value == "Algebra 7B"
    assert "Thu, 14 May 2026, 17:00–18:00 · Term 1" in said(shown)
    assert shown.code[0].value == f"https://zoom.us/j/{MEETING}"
    (start,) = shown.get("link_button")
    assert (start.value, start.proto.url) == ("Start class", f"/host?id={class_id}")
    assert button(shown, "Change")
    assert button(shown, "Cancel class")
    assert [one.label for one in shown.button] == ["Change", "Cancel class", "Share"]
    assert not figures(shown)


def test_the_time_is_the_classs_own_and_named_where_the_reader_is_elsewhere(
    screens: Screens, engine: Engine, ana: Member
) -> None:
    class_id = lesson(engine, ana)
    screens.zone = "America/Sao_Paulo"
    assert "Thu, 14 May 2026, 09:00–10:00 (14:00–15:00 in Berlin)" in said(show(screens, class_id))


def test_a_live_class_can_be_gone_to_and_not_be_changed(screens: Screens, engine: Engine, ana: Member) -> None:
    class_id = lesson(engine, ana, start=90)
    note(started("uuid-1", 90))
    shown = show(screens, class_id)
    assert "15:30." in said(shown)
    assert [one.value for one in shown.get("link_button")] == ["Go to class"]
    assert [one.label for one in shown.button] == ["Share"]


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        (0, "Its Zoom meeting is deleted ten minutes later, and its join link stops working."),
        (1, "Its Zoom meeting and the join link stay as they are, because 1 other class is held there."),
        (2, "Its Zoom meeting and the join link stay as they are, because 2 other classes are held there."),
    ],
)
def test_who_cancels_a_class_is_told_what_becomes_of_its_meeting(
    screens: Screens, engine: Engine, ana: Member, others: int, expected: str
) -> None:
    class_id = lesson(engine, ana)
    for week in range(others):
        lesson(engine, ana, start=(week + 1) * 7 * 24 * 60, zoom_meeting_made=False)
    shown = button(show(screens, class_id), "Cancel class").click().run()
    assert expected in [one.value for one in shown.markdown]
    assert [one.label for one in dialog_buttons(shown)] == ["Cancel this class", "Keep it"]


def cancel(screens: Screens, class_id: str, monkeypatch: pytest.MonkeyPatch, answer: str) -> AppTest:
    """The page of a class after this was clicked in the dialog that cancels it."""
    shown = show(screens, class_id)
    before = set(parts(shown))
    button(shown, "Cancel class").click().run()
    (part,) = set(parts(shown)) - before
    button(shown, answer).click()
    rerun_part(shown, part, monkeypatch)
    return shown.run()


def test_a_cancelled_class_can_be_put_back_and_else_only_be_looked_at_and_shared(
    screens: Screens, engine: Engine, ana: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    class_id = lesson(engine, ana, start=180)
    shown = cancel(screens, class_id, monkeypatch, "Cancel this class")
    assert "Cancelled" in said(shown)
    assert "It does not take place. Its Zoom meeting is deleted at 16:10." in said(shown)
    assert [one.label for one in shown.button] == ["Undo", "Share"]
    assert not shown.get("link_button")
    assert not shown.code
    button(shown, "Undo").click()
    shown.run()
    assert "Planned" in said(shown)
    assert shown.code[0].value == f"https://zoom.us/j/{MEETING}"
    assert stored(engine, class_id).cancelled_at is None


def test_somebody_who_may_not_see_a_class_any_more_takes_no_cancelling_back(
    screens: Screens, engine: Engine, ana: Member
) -> None:
    eva = member(engine, "eva@school.example")
    class_id = lesson(engine, ana, start=180)
    given = shared(engine, class_id, eva)
    classes.cancel_class(services(), ana, class_id)
    screens.sign_in(eva)
    shown = screens.open(page.CLASS, id=class_id)
    auth.end_share(engine, auth.OPERATOR, given, NOW)
    button(shown, "Undo").click().run()
    assert not shown.exception
    assert refused(shown) == "This class belongs to somebody else."
    assert stored(engine, class_id).status is ClassStatus.CANCELLED


def test_who_keeps_a_class_has_changed_nothing(
    screens: Screens, engine: Engine, ana: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    class_id = lesson(engine, ana, start=180)
    assert not dialog_buttons(cancel(screens, class_id, monkeypatch, "Keep it"))
    assert stored(engine, class_id).status is ClassStatus.SCHEDULED


def test_a_class_that_was_cancelled_for_good_can_be_made_again(
    screens: Screens, engine: Engine, ana: Member, zoom: FakeZoom, wired: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    class_id = lesson(engine, ana, "Übung <1>", start=180, course="Term 1", duration_minutes=45)
    shown = cancel(screens, class_id, monkeypatch, "Cancel this class")
    wired.forward(minutes=10)
    while classes.delete_due_meeting(services()):
        pass
    button(shown.run(), "Make it again").click()
    form = shown.run()
    assert form.title[0].value == "New class"
    assert form.text_input(key="new-title").value == "Übung <1>"
    assert form.selectbox(key="new-course").value == "Term 1"
    assert (form.time_input(key="new-time").value, form.number_input(key="new-minutes").value) == (time(17), 45)


# Its links


def test_a_planned_class_has_an_invitation_to_send(screens: Screens, engine: Engine, ana: Member) -> None:
    screens.zone = "America/Sao_Paulo"
    shown = show(screens, lesson(engine, ana, start=180))
    assert [one.value for one in shown.code] == [
        f"https://zoom.us/j/{MEETING}",
        f"Algebra 7B\nThu, 14 May 2026, 17:00–18:00 (Berlin time)\nJoin with Zoom: https://zoom.us/j/{MEETING}",
    ]


def test_a_class_is_taken_into_a_calendar(screens: Screens, engine: Engine, ana: Member) -> None:
    title = "Übung; Teil 1, \\ " + "数" * 40
    class_id = lesson(engine, ana, title, start=180)
    name, content = screens.download(show(screens, class_id), "Calendar entry (.ics)")
    assert name == "Ubung-Teil-1-2026-05-14-class.ics"
    assert content.endswith(b"END:VCALENDAR\r\n")
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert max(len(line) for line in content.split(b"\r\n")) <= 75
    lines = content.decode().replace("\r\n ", "").split("\r\n")
    assert lines[3:] == [
        "BEGIN:VEVENT",
        f"UID:{class_id}",
        "DTSTAMP:20260514T140000Z",
        "DTSTART:20260514T150000Z",
        "DTEND:20260514T160000Z",
        "SUMMARY:Übung\\; Teil 1\\, \\\\ " + "数" * 40,
        f"DESCRIPTION:Join with Zoom: https://zoom.us/j/{MEETING}",
        f"LOCATION:https://zoom.us/j/{MEETING}",
        f"URL:https://zoom.us/j/{MEETING}",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]


def test_starting_again_is_out_of_the_way_once_the_class_is_counted(
    screens: Screens, engine: Engine, ana: Member
) -> None:
    class_id = lesson(engine, ana)
    note(ended())
    (start,) = show(screens, class_id).get("link_button")
    assert (start.value, start.proto.type) == ("Start again", "secondary")
    counted(engine, class_id, stay("Bo", 0, 60))
    shown = show(screens, class_id)
    (menu,) = [one for one in shown.get("popover") if one.proto.popover.label == "More"]
    assert len(menu.get("link_button")) == 1
    assert len(shown.get("link_button")) == 1


# Who may see it


@pytest.mark.parametrize("class_id", ["", "\0", "<b>x</b>"])
def test_a_class_that_does_not_exist_is_a_sentence(
    screens: Screens, engine: Engine, ana: Member, class_id: str
) -> None:
    lesson(engine, ana)
    shown = show(screens, class_id)
    assert refused(shown) == "There is no such class."
    assert refused(screens.open(page.CLASS)) == "There is no such class."


@pytest.mark.quick
def test_a_colleagues_class_shows_nothing_of_itself(screens: Screens, engine: Engine, ana: Member) -> None:
    class_id = lesson(engine, member(engine, "ben@school.example"), "Biology", course="Term 1")
    counted(engine, class_id, stay("Bo", 0, 30))
    shown = show(screens, class_id)
    assert refused(shown) == "This class belongs to somebody else."
    assert not tables(shown)
    assert not shown.get("download_button")


def test_an_admin_sees_a_teachers_class_and_cannot_host_it(screens: Screens, engine: Engine, ana: Member) -> None:
    class_id = lesson(engine, ana, start=180)
    screens.sign_in(member(engine, "boss@school.example", "admin"))
    shown = show(screens, class_id)
    assert "Thu, 14 May 2026, 17:00–18:00 · Ana" in said(shown)
    assert not shown.get("link_button")


# Seen to


def test_what_was_seen_to_is_said_on_the_classs_page_and_can_be_named_again(
    screens: Screens, engine: Engine, ana: Member, wired: Clock
) -> None:
    class_id = lesson(engine, ana)
    wired.time = at(70)
    told = "Somebody has seen to this: Today does not name it any more."
    assert told not in said(show(screens, class_id))
    trouble = listing.trouble_of(stored(engine, class_id), at(70))
    assert trouble is not None
    listing.see_to(services(), ana, class_id, trouble)
    shown = show(screens, class_id)
    assert told in said(shown)
    button(shown, "Name it again").click()
    shown.run()
    assert told not in said(shown)
    assert stored(engine, class_id).seen_to is None
