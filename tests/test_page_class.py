"""The page of one class: its state, who was there, and what can be done with it."""

import json
from datetime import time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from responses import RequestsMock
from sqlalchemy import Engine
from streamlit.testing.v1 import AppTest

from tests.fake_zoom import FakeZoom, sent
from tests.makers import (
    MEETING,
    NOW,
    Clock,
    at,
    counted,
    ended,
    lesson,
    member,
    participant,
    shared,
    started,
    stay,
    stored,
    waiting,
)
from tests.screens import (
    Screens,
    button,
    dialog_buttons,
    figures,
    metric,
    parts,
    raw,
    refused,
    rerun_part,
    said,
    show,
    tables,
)
from tracker import auth, class_attendance, classes, listing, report, sessions, storage
from tracker.attendance.types import ClassStatus, FetchState
from tracker.errors import Problem
from tracker.storage.database import reading, transaction
from tracker.storage.members import Member
from tracker.ui import page
from tracker.ui.wiring import services

pytestmark = pytest.mark.database("sqlite")

HOSTILE = [
    '=HYPERLINK("https://evil.example","free")',
    "+1-1",
    "@SUM(A1)",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[win](https://evil.example) **bold** `code` $x$ :red[e]",
    "\u202egnp.exe",
    "\u200f\u2067abc",
    "a\tb\nc\rd",
    "x" * 10_000,
    "💡👩‍👩‍👧",
    "",
    "   ",
    '"; DROP TABLE "User"; --',
]
UNMARKED = ("<script", "<img", "HYPERLINK", "evil.example", "x" * 30, "\u202e", "DROP TABLE")


@pytest.fixture
def ana(engine: Engine, screens: Screens, wired: Clock) -> Member:
    """A teacher, two hours after the start of her class."""
    made = member(engine)
    wired.forward(hours=2)
    screens.sign_in(made)
    return made


def note(delivery: Any) -> None:
    sessions.note_delivery(services(), delivery)


def fetch(shown: AppTest) -> str:
    """Clicks “Fetch participants now”; what is said of it."""
    button(shown, "Fetch participants now").click()
    shown.run()
    assert not shown.exception
    return shown.status[0].label.replace("\\", "")


def fetch_failed(engine: Engine, class_id: str, problem: Problem, again: float | None) -> None:
    """The tracker tried, and tries again at this minute or has given up."""
    with transaction(engine) as tx:
        claim = storage.fetches.claim_class(tx, class_id, at(100))
        if again is None:
            storage.fetches.abandon(tx, claim, problem, FetchState.FAILED)
        else:
            storage.fetches.postpone(tx, claim, problem, at(again), 1)


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


# Changed


def change(screens: Screens, class_id: str) -> AppTest:
    """The page with the dialog opened."""
    shown = show(screens, class_id)
    button(shown, "Change").click()
    return shown.run()


def test_a_class_is_changed_with_its_course(screens: Screens, engine: Engine, ana: Member, zoom: FakeZoom) -> None:
    class_id = lesson(engine, ana, start=180, course="Term 1")
    lesson(engine, ana, "Other", start=600, zoom_meeting_id="85000000001", course="Term 2")
    shown = change(screens, class_id)
    course = next(one for one in shown.selectbox if one.label == "Course (optional)")
    assert (course.value, course.options) == ("Term 1", ["Term 1", "Term 2"])
    course.set_value("Term 2")
    button(shown, "Save").click()
    shown = shown.run().run()
    assert not dialog_buttons(shown)
    assert "Term 2" in said(shown)
    assert stored(engine, class_id).course == "Term 2"


def test_what_was_typed_in_is_forgotten_once_the_dialog_is_closed(
    screens: Screens, engine: Engine, ana: Member
) -> None:
    shown = change(screens, lesson(engine, ana, start=180))
    shown.text_input[0].input("Abandoned")
    shown.run()
    assert shown.text_input[0].value == "Abandoned"  # the page was drawn again meanwhile, and the dialog is still open
    del shown.session_state[page.OPEN]  # as closing it does
    shown.run()
    assert not shown.text_input
    button(shown, "Change").click()
    assert shown.run().text_input[0].value == "Algebra 7B"


def test_a_dialog_stays_the_same_while_the_page_is_drawn_anew_and_is_another_one_when_it_is_opened_again(
    screens: Screens, engine: Engine, ana: Member
) -> None:
    """Streamlit shows what was in a dialog until all of it has come, unless it is another one."""
    shown = show(screens, lesson(engine, ana, start=180))
    seen = []
    for label in ("Change", "Cancel class", "Share", "Share", "Change", "Change"):
        button(shown, label).click().run()
        (first,) = shown._tree[2].children.values()
        (redrawn,) = shown.run()._tree[2].children.values()
        assert redrawn.proto.id == first.proto.id
        assert redrawn.proto.dialog.title.strip() == {"Change": "Change class"}.get(label, label)
        assert [one for one in dialog_buttons(shown) if one.label in ("Save", "Keep it", "Share")]
        seen.append(first.proto.id)
        del shown.session_state[page.OPEN]  # as closing it does
        shown.run()
        assert not dialog_buttons(shown)
    assert all(one != before for before, one in pairwise(seen))


def test_a_dialog_that_was_open_is_not_there_when_somebody_comes_back_to_the_page(
    screens: Screens, engine: Engine, ana: Member
) -> None:
    shown = change(screens, lesson(engine, ana, start=180))
    here = dict(shown.query_params)
    shown.query_params.clear()
    shown.switch_page(page.TODAY).run()
    shown.query_params |= here
    assert not dialog_buttons(shown.switch_page(page.CLASS).run())


def test_who_is_changing_a_class_is_told_when_it_begins_meanwhile(
    screens: Screens, engine: Engine, ana: Member
) -> None:
    class_id = lesson(engine, ana, start=180)
    at_once = change(screens, class_id)
    before = change(screens, class_id)
    part = parts(before)[-1]
    note(started("uuid-1", 180))
    at_once.run()
    assert not dialog_buttons(at_once)
    assert "While you were changing this class, it began or was cancelled. It stays as it was." in said(at_once)
    assert "It stays as it was." in said(at_once.run())
    assert part
    button(before, "Save").click()
    assert "Live" in said(before.run())


def test_a_new_join_link_is_said(screens: Screens, engine: Engine, ana: Member, zoom: FakeZoom) -> None:
    zoom.meetings["81418900011"] = {"id": 81418900011, "join_url": "https://zoom.us/j/81418900011"}
    class_id = lesson(engine, ana, start=180, zoom_meeting_id="5551112222", zoom_api_meeting_id="81418900011")
    shown = change(screens, class_id)
    shown.text_input[0].input("Algebra 7C")
    button(shown, "Save").click()
    shown = shown.run().run()
    assert "The join link of this class is another one now. Send it to your students again." in said(shown)
    assert shown.code[0].value == "https://zoom.us/j/81418900011"


def test_a_co_teacher_changes_the_time_and_not_the_course(
    screens: Screens, engine: Engine, ana: Member, zoom: FakeZoom
) -> None:
    zoom.meetings[MEETING] = {"id": int(MEETING)}
    class_id = lesson(engine, member(engine, "ben@school.example"), start=180, course="Term 1")
    shared(engine, class_id, ana)
    shown = change(screens, class_id)
    assert "Course (optional)" not in [one.label for one in shown.selectbox]
    shown.text_input[0].input("Algebra 7C")
    button(shown, "Save").click()
    shown.run()
    found = stored(engine, class_id)
    assert (found.title, found.course) == ("Algebra 7C", "Term 1")


# Fetched


def test_a_class_without_a_meeting_says_so_where_it_could_be_fetched(
    screens: Screens, engine: Engine, ana: Member
) -> None:
    shown = show(screens, lesson(engine, ana, zoom_meeting_id=None, zoom_join_url=None))
    assert [one.label for one in shown.button] == ["Change", "Cancel class", "Share"]
    assert "This class has no Zoom meeting." in said(shown)
    assert not shown.get("link_button")


@pytest.mark.parametrize("kind", ["planned", "live", "ended", "failed", "given up", "collecting"])
def test_an_unknown_count_is_never_shown_as_a_number(screens: Screens, engine: Engine, ana: Member, kind: str) -> None:
    class_id = lesson(engine, ana, "Algebra", 90 if kind in ("planned", "live") else 0, teacher_id=ana.id)
    if kind == "live":
        note(started("uuid-1", 90))
    elif kind != "planned":
        note(ended())
    if kind in ("failed", "given up"):
        fetch_failed(engine, class_id, Problem("zoom_no_answer"), 130 if kind == "failed" else None)
    if kind == "collecting":
        with transaction(engine) as tx:
            storage.fetches.claim_class(tx, class_id, at(120))
    shown = show(screens, class_id)
    assert not figures(shown)
    assert "People" not in tables(shown)
    for name in (page.TODAY, page.CLASSES):
        listed = screens.open(name)
        assert [one.value for one in listed.subheader if "people" in one.value or "person" in one.value] == []
    for text in (said(shown), said(screens.open(page.CLASSES))):
        assert "0 people" not in text
        assert "None" not in text


def test_a_count_of_zero_is_shown_as_zero(screens: Screens, engine: Engine, ana: Member) -> None:
    class_id = lesson(engine, ana)
    counted(engine, class_id)
    shown = show(screens, class_id)
    assert metric(shown, "People") == "0"
    assert figures(shown) == {"People": "0", "Came late": "0", "Left early": "0", "Average in class": "–"}
    assert "Zoom's list has **0 joins**." in said(shown)
    assert screens.download(shown, "CSV of people")[1].count(b"\r\n") == 1
    assert "0 people" in said(screens.open(page.TODAY))
    assert "0 people" in said(screens.open(page.CLASSES))


def test_people_in_the_waiting_room_alone_are_joins_and_no_people(
    screens: Screens, engine: Engine, ana: Member
) -> None:
    class_id = lesson(engine, ana)
    counted(engine, class_id, waiting("Bo", 0, 5), waiting("Cy", 0, 5))
    shown = show(screens, class_id)
    assert metric(shown, "People") == "0"
    assert "2 are of the waiting room, and do not count." in said(shown)


@pytest.mark.parametrize(
    ("again", "badge", "sentence"),
    [
        (130, "Trying again", "Zoom did not answer in time. Next try at 16:10."),
        (None, "Failed", "Zoom did not answer in time."),
    ],
)
def test_a_failed_fetch_shows_what_was_the_matter(
    screens: Screens, engine: Engine, ana: Member, again: float | None, badge: str, sentence: str
) -> None:
    class_id = lesson(engine, ana)
    note(ended())
    fetch_failed(engine, class_id, Problem("zoom_no_answer"), again)
    for shown in (show(screens, class_id), screens.open(page.TODAY)):
        assert badge in said(shown)
        assert sentence in said(shown)
        assert not shown.error
    assert badge in said(screens.open(page.CLASSES))


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


# Fetch participants now


@pytest.mark.quick
def test_participants_are_fetched_while_one_waits(
    screens: Screens, engine: Engine, ana: Member, zoom: FakeZoom
) -> None:
    class_id = lesson(engine, ana)
    note(ended())
    people = [
        participant("Bo", 0, 60, "bo@x.example"),
        participant("Bo", 1, 2, "BO@x.example"),
        participant("Cy", 10, 50),
    ]
    zoom.hold("uuid-1", *people, meeting=MEETING)
    shown = show(screens, class_id)
    assert fetch(shown) == "Zoom has 3 joins of 2 people."
    shown.run()
    assert shown.status[0].label == "Zoom has 3 joins of 2 people.", "the result went as the page was drawn anew"
    assert "Counted" in said(shown)
    assert "Held 14:00–15:00." in said(shown)
    assert figures(shown) == {
        "People": "2",
        "Came late": "1 (by more than 5 minutes)",
        "Left early": "1 (by more than 5 minutes)",
        "Average in class": "50 min (83% of the class)",
    }
    assert [row["Name"] for row in tables(shown)["People"]] == ["Bo", "Cy"]
    assert [row["Name"] for row in tables(shown)["Every join and leave"]] == ["Bo", "Bo", "Cy"]
    assert stored(engine, class_id).participant_count == 2


def test_a_class_that_no_webhook_told_of_is_found_at_zoom(
    screens: Screens, engine: Engine, ana: Member, zoom: FakeZoom
) -> None:
    class_id = lesson(engine, ana)
    zoom.hold("uuid-9", participant("Bo", 5, 40), meeting=MEETING, start=3, end=45)
    shown = show(screens, class_id)
    assert "Not seen" in said(shown)
    assert fetch(shown) == "Zoom has 1 join of 1 person."
    assert "Held 14:03–14:45." in said(shown)
    assert stored(engine, class_id).status is ClassStatus.ENDED


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ((429, {"code": 429, "message": "wait"}), "Zoom has had too many requests from this account and asks to wait."),
        ((500, ""), "Zoom has a fault of its own (HTTP 500)."),
        ((200, "<html>"), "Zoom's answer cannot be used: an answer that is not JSON."),
        (
            (400, {"code": 12702, "message": "old"}),
            "Zoom keeps participant lists for 15 months, and this class is older.",
        ),
        ((400, {"code": 300, "message": "<b>x</b> [y](z)"}), "Zoom refuses the request (HTTP 400): <b>x</b> [y](z)"),
    ],
)
def test_what_goes_wrong_at_zoom_is_said_and_what_was_known_stays(
    screens: Screens, engine: Engine, ana: Member, zoom: FakeZoom, fault: tuple[int, Any], sentence: str
) -> None:
    class_id = lesson(engine, ana)
    counted(engine, class_id, stay("Bo", 0, 30), stay("Cy", 0, 30))
    before = stored(engine, class_id)
    zoom.hold(f"uuid-{class_id}", participant("Bo", 0, 30), meeting=MEETING)
    shown = show(screens, class_id)
    zoom.meanwhile = lambda path: zoom.faults.append(fault) if path.endswith("/participants") else None
    assert fetch(shown) == sentence
    zoom.meanwhile = lambda path: None
    assert "<b>" not in shown.status[0].label.replace("\\<", "")
    assert shown.status[0].state == "error"
    assert metric(shown, "People") == "2"
    assert stored(engine, class_id).participants_fetched_at == before.participants_fetched_at
    assert fetch(shown) == "Zoom has 1 join of 1 person."


def test_a_list_that_zoom_does_not_have_yet_is_not_a_count_of_zero(
    screens: Screens, engine: Engine, ana: Member, zoom: FakeZoom
) -> None:
    class_id = lesson(engine, ana)
    note(ended())
    zoom.hold("uuid-1", meeting=MEETING)
    shown = show(screens, class_id)
    assert fetch(shown) == "Zoom has no participant list for this class yet."
    assert not figures(shown)
    assert stored(engine, class_id).participant_count is None


def test_a_fetch_that_another_process_does_is_not_done_twice(
    screens: Screens, engine: Engine, ana: Member, zoom: FakeZoom, http: RequestsMock
) -> None:
    class_id = lesson(engine, ana)
    note(ended())
    with transaction(engine) as tx:
        storage.fetches.claim_class(tx, class_id, at(120))
    shown = show(screens, class_id)
    assert "The participants are being fetched from Zoom." in said(shown)
    assert fetch(shown) == "The participants of this class are being fetched right now."
    assert sent(http) == []


def test_a_class_that_is_deleted_while_it_is_looked_at_is_gone(
    screens: Screens, engine: Engine, ana: Member, zoom: FakeZoom
) -> None:
    class_id = lesson(engine, ana)
    shown = show(screens, class_id)
    with engine.begin() as connection:
        connection.exec_driver_sql('DELETE FROM "LiveStream"')
    button(shown, "Fetch participants now").click()
    shown.run()
    assert not shown.exception
    assert refused(shown) == "There is no such class."


# People


def test_hostile_names_leave_the_page_whole_and_are_nowhere_read_as_markup(
    screens: Screens, engine: Engine, ana: Member, zoom: FakeZoom
) -> None:
    class_id = lesson(engine, ana)
    note(ended())
    records = [participant(name, number, 50, f"{number}@x.example") for number, name in enumerate(HOSTILE)]
    records += [participant("\ud800\0half", 20, 50, "<b>@x.example"), participant("Bo", 21, 50, HOSTILE[3])]
    zoom.hold("uuid-1", *records, meeting=MEETING)
    shown = show(screens, class_id)
    assert fetch(shown) == f"Zoom has {len(records)} joins of {len(records)} people."
    shown = show(screens, class_id)
    assert metric(shown, "People") == str(len(records))
    assert len(tables(shown)["People"]) == len(tables(shown)["Every join and leave"]) == len(records)
    assert shown.get("plotly_chart")
    for text in raw(shown):
        assert [sign for sign in UNMARKED if sign in text and "<table" not in text] == []
        assert [sign for sign in ("<script", "<img", "\u202e") if sign in text] == []


def test_the_files_are_those_of_the_report_to_the_byte(
    screens: Screens, engine: Engine, ana: Member, wired: Clock
) -> None:
    class_id = lesson(engine, ana, "Übung: 1/2 <b>", timezone="Asia/Kathmandu")
    stays = [stay(name, number, 50) for number, name in enumerate(HOSTILE)]
    counted(engine, class_id, *stays, waiting("Wy", 0, 3))
    shown = show(screens, class_id)
    with reading(engine) as tx:
        attendance = class_attendance.attendance_of(tx, storage.classes.get_class(tx, class_id), at(10_000))
    assert attendance is not None
    zone = ZoneInfo("Asia/Kathmandu")
    assert screens.download(shown, "CSV of people") == (
        "Ubung-1-2-b-2026-05-14-people.csv",
        report.csv_bytes(report.people_table(attendance, zone)),
    )
    assert screens.download(shown, "CSV of joins and leaves") == (
        "Ubung-1-2-b-2026-05-14-stays.csv",
        report.csv_bytes(report.stays_table(attendance, zone)),
    )
    assert screens.download(shown, "Excel") == (
        "Ubung-1-2-b-2026-05-14-attendance.xlsx",
        report.workbook(attendance, zone),
    )


def test_excel_comes_first_and_is_made_only_when_somebody_asks_for_it(
    screens: Screens, engine: Engine, ana: Member, wired: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[bytes] = []
    monkeypatch.setattr(report, "workbook", lambda *_, **_more: made.append(b"x") or made[0])
    class_id = lesson(engine, ana)
    counted(engine, class_id, stay("Bo", 0, 60))
    shown = show(screens, class_id)
    buttons = [one.proto for one in shown.get("download_button")]
    assert [(one.label, one.type) for one in buttons] == [
        ("Excel", "primary"),
        ("CSV of people", "secondary"),
        ("CSV of joins and leaves", "secondary"),
    ]
    assert made == []
    assert screens.download(shown, "Excel")[1] == b"x"


def test_a_class_held_in_two_parts_says_so(screens: Screens, engine: Engine, ana: Member) -> None:
    class_id = lesson(engine, ana)
    note(ended("uuid-1", 0, 20))
    counted(engine, class_id, stay("Bo", 0, 10), start=30, end=60)
    assert "Held 14:00–14:20 and 14:30–15:00. Restarted once at 14:30." in said(show(screens, class_id))


def test_a_thousand_people_are_drawn_a_page_at_a_time(
    screens: Screens, engine: Engine, ana: Member, wired: Clock
) -> None:
    wired.time += timedelta(days=1)
    class_id = lesson(engine, ana)
    counted(engine, class_id, *(stay(f"P{number:04}", 0, 30) for number in range(1000)))
    shown = show(screens, class_id)
    assert metric(shown, "People") == "1,000"
    assert shown.pagination[0].proto.num_pages == 17
    assert ticks(shown)[0] == "P0000"
    assert len(ticks(shown)) == 60
    shown.pagination[0].set_value(17).run()
    assert ticks(shown) == [f"P{number:04}" for number in range(960, 1000)]


def ticks(shown: AppTest) -> list[str]:
    """The names down the side of the timeline."""
    chart, _curve = shown.get("plotly_chart")
    return list(json.loads(chart.proto.spec)["layout"]["yaxis"]["ticktext"])


def test_a_class_under_a_personal_meeting_id_says_so_and_what_to_switch_off(
    screens: Screens, engine: Engine, ana: Member
) -> None:
    own, personal = (lesson(engine, ana, zoom_api_meeting_id=number) for number in (None, "81418900011"))
    assert "personal meeting ID" not in said(show(screens, own))
    assert "switch off “Use Personal Meeting ID (PMI) when scheduling" in said(show(screens, personal))
