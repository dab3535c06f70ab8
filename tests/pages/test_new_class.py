"""A class is planned on the page New class: made at Zoom and here, once, or refused with a sentence."""

from datetime import UTC, date, datetime, time
from typing import Any

import pytest
from responses import RequestsMock
from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError
from streamlit.runtime.scriptrunner import RerunData, get_script_run_ctx
from streamlit.testing.v1 import AppTest

from tests.fake_zoom import FakeZoom, sent
from tests.makers import AWAY_SENTENCE, CLIENT_SECRET, MEETING, Clock, at, classes_of, lesson, member
from tests.screens import Screens, button, said
from tracker.storage.members import Member
from tracker.ui import page, wiring

pytestmark = pytest.mark.database("sqlite")

JOIN = "https://us05web.zoom.us/j/81418900011?pwd=x.1"
LINK = "Use a meeting that exists"


@pytest.fixture
def ana(engine: Engine, screens: Screens) -> Member:
    made = member(engine)
    screens.sign_in(made)
    return made


def create(form: AppTest) -> AppTest:
    button(form, "Create class").click()
    return form.run()


def refusal(form: AppTest, engine: Engine, who: Member, zoom: FakeZoom) -> str:
    """The sentence that is shown, after making sure that nothing came of it."""
    assert classes_of(engine, who) == []
    assert zoom.meetings == {}
    assert form.title[0].value == "New class"
    assert form.text_input(key="new-title").value is not None
    (error,) = form.error
    return error.value.replace("\\", "")


@pytest.mark.parametrize(
    ("minute", "expected"),
    [
        (0, time(14, 15)),
        (10, time(14, 15)),
        (10.1, time(14, 30)),
        (20, time(14, 30)),
        (25.5, time(14, 45)),
        (55, time(15)),
        (56, time(15, 15)),
    ],
)
def test_the_form_begins_at_a_quarter_of_an_hour_that_does_not_pass_meanwhile(
    screens: Screens, zoom: FakeZoom, ana: Member, wired: Clock, minute: float, expected: time
) -> None:
    wired.time = at(minute)
    assert screens.open(page.NEW_CLASS).time_input[0].value == expected


def test_the_form_begins_at_the_time_of_the_browser(screens: Screens, zoom: FakeZoom, ana: Member) -> None:
    for zone, expected in (
        ("Europe/Berlin", (date(2026, 5, 14), time(14, 15), "Europe/Berlin")),
        ("Asia/Kathmandu", (date(2026, 5, 14), time(18), "Asia/Kathmandu")),
        ("Pacific/Kiritimati", (date(2026, 5, 15), time(2, 15), "Pacific/Kiritimati")),
        ("Mars/Base", (date(2026, 5, 14), time(12, 15), "UTC")),
    ):
        screens.zone = zone
        form = screens.open(page.NEW_CLASS)
        shown = (form.date_input[0].value, form.time_input[0].value, form.selectbox(key="new-zone").value)
        assert shown == expected


@pytest.mark.quick
def test_a_class_is_made_here_and_at_zoom_and_then_shown(
    form: AppTest, zoom: FakeZoom, engine: Engine, ana: Member
) -> None:
    form.text_input(key="new-title").input("  Übung <1>  ")
    form.date_input(key="new-date").set_value(date(2026, 7, 1))
    form.time_input(key="new-time").set_value(time(9, 30))
    form.number_input(key="new-minutes").set_value(45)
    form.selectbox(key="new-zone").set_value("America/Sao_Paulo")
    lesson(engine, ana, "Of before", course="Term 1")
    form.run().selectbox(key="new-course").set_value("Term 1")
    create(form)
    (new,) = [one for one in classes_of(engine, ana) if one.title != "Of before"]
    assert (new.title, new.scheduled_start, new.duration_minutes, new.timezone, new.course) == (
        "Übung <1>",
        datetime(2026, 7, 1, 12, 30, tzinfo=UTC),
        45,
        "America/Sao_Paulo",
        "Term 1",
    )
    assert (new.zoom_meeting_id, new.zoom_join_url, new.zoom_meeting_made) == ("81418900011", JOIN, True)
    assert new.teacher_id == ana.id
    meeting = zoom.meetings["81418900011"]
    assert (meeting["topic"], meeting["start_time"], meeting["duration"], meeting["host_email"]) == (
        "Übung <1>",
        "2026-07-01T12:30:00Z",
        45,
        ana.email,
    )
    assert form.query_params == {"id": new.id}
    assert form.title[0].value == r"Übung \<1\>"
    assert form.code[0].value == JOIN
    assert meeting["start_url"] not in str(form)


def test_a_course_of_before_can_be_chosen_and_a_colleagues_cannot(
    screens: Screens, engine: Engine, zoom: FakeZoom, ana: Member
) -> None:
    lesson(engine, ana, course="Mine")
    lesson(engine, member(engine, "ben@school.example"), course="His")
    assert screens.open(page.NEW_CLASS).selectbox(key="new-course").options == ["Mine"]


@pytest.mark.parametrize("title", ["", "   ", "\u200b\u202e", "\t"])
def test_a_class_needs_a_title(form: AppTest, zoom: FakeZoom, engine: Engine, ana: Member, title: str) -> None:
    form.text_input(key="new-title").input(title)
    assert refusal(create(form), engine, ana, zoom) == "Give the class a title."


def test_an_hour_that_the_clocks_skip_is_refused(form: AppTest, zoom: FakeZoom, engine: Engine, ana: Member) -> None:
    form.date_input(key="new-date").set_value(date(2027, 3, 28))
    form.time_input(key="new-time").set_value(time(2, 30))
    sentence = refusal(create(form), engine, ana, zoom)
    assert sentence == "02:30 does not exist on 2027-03-28 in Europe/Berlin: the clocks go forward then."
    form.selectbox(key="new-zone").set_value("UTC")
    create(form)
    assert classes_of(engine, ana)[0].scheduled_start == datetime(2027, 3, 28, 2, 30, tzinfo=UTC)


def test_a_time_that_has_passed_is_refused_for_a_new_meeting(
    form: AppTest, zoom: FakeZoom, engine: Engine, ana: Member, wired: Clock
) -> None:
    form.time_input(key="new-time").set_value(time(13, 55))
    sentence = refusal(create(form), engine, ana, zoom)
    assert sentence == "This time has passed. For a class that was held already, paste its Zoom link."
    form.time_input(key="new-time").set_value(time(14, 0))
    create(form)
    assert classes_of(engine, ana)[0].scheduled_start == wired()


def test_a_class_that_was_held_is_taken_by_its_link_and_fetched_at_once(
    form: AppTest, zoom: FakeZoom, engine: Engine, ana: Member
) -> None:
    zoom.meetings[MEETING] = {"id": int(MEETING), "join_url": "https://zoom.us/j/1", "host_email": ana.email}
    form.date_input(key="new-date").set_value(date(2026, 5, 13))
    form.radio(key="new-source").set_value(LINK).run()
    form.text_input(key="new-link").input(" https://zoom.us/j/85011112222?pwd=abc&zak=secret ")
    create(form)
    (new,) = classes_of(engine, ana)
    assert (new.zoom_meeting_id, new.zoom_join_url) == ("85011112222", "https://zoom.us/j/85011112222?pwd=abc")
    assert not new.zoom_meeting_made
    assert new.fetch is not None
    assert new.fetch.due_at == at(0)
    assert zoom.meetings.keys() == {MEETING}
    assert form.query_params == {"id": new.id}


@pytest.mark.parametrize(
    ("link", "sentence"),
    [
        ("", "Paste the link of the Zoom meeting"),
        ("https://zoom.us.evil.example/j/85011112222", "This is not a Zoom address."),
        ("javascript:alert(85011112222)", "There is no Zoom link or meeting ID here."),
        ("https://zoom.us/j/85011112222\0", "This text holds control characters."),
    ],
)
def test_a_link_that_leads_to_no_meeting_is_refused(
    form: AppTest, zoom: FakeZoom, engine: Engine, ana: Member, link: str, sentence: str
) -> None:
    form.radio(key="new-source").set_value(LINK).run()
    form.text_input(key="new-link").input(link)
    assert refusal(create(form), engine, ana, zoom).startswith(sentence)


@pytest.mark.parametrize(
    ("status", "answer", "sentence"),
    [
        (404, {"code": 1001, "message": "no user"}, "This teacher has no user in the school's Zoom account."),
        (429, {"code": 429, "message": "slow down"}, "Zoom has had too many requests from this account"),
        (503, "<html>down</html>", "Zoom has a fault of its own (HTTP 503)."),
        (400, {"code": 300, "message": "<b>bad</b> *x* [y](//e)"}, "Zoom refuses the request (HTTP 400): <b>bad</b>"),
        (400, {"code": 4711, "message": "Invalid access token, does not contain scopes:[meeting:write:meeting]."},
         "The Zoom app lacks the scope meeting:write:meeting."),
    ],
)  # fmt: skip
def test_what_zoom_refuses_is_said_and_nothing_is_made(
    form: AppTest, zoom: FakeZoom, engine: Engine, ana: Member, status: int, answer: object, sentence: str
) -> None:
    zoom.faults.extend([(status, answer)] * 2)  # a missing scope is asked for once more under a fresh token
    assert refusal(create(form), engine, ana, zoom).startswith(sentence)
    zoom.faults.clear()
    assert "<b>" not in form.error[0].value.replace("\\<", "")
    create(form)
    assert len(classes_of(engine, ana)) == len(zoom.meetings) == 1


def test_a_school_without_a_zoom_app_reads_what_is_missing(
    screens: Screens, engine: Engine, ana: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ZOOM_CLIENT_ID")
    form = screens.open(page.NEW_CLASS)
    form.text_input(key="new-title").input("Algebra")
    sentence = refusal(create(form), engine, ana, FakeZoom(RequestsMock()))
    assert sentence.startswith("Zoom is not connected: ")
    assert CLIENT_SECRET not in str(form)


def test_a_meeting_whose_class_cannot_be_stored_is_taken_back(
    form: AppTest, zoom: FakeZoom, engine: Engine, ana: Member, http: RequestsMock
) -> None:
    def refuse(connection: object, cursor: object, statement: str, *_: object) -> None:
        if statement.startswith('INSERT INTO "LiveStream"'):
            raise OperationalError(statement, {}, Exception("the disk is full"))

    event.listen(wiring.services().engine, "before_cursor_execute", refuse)
    create(form)
    event.remove(wiring.services().engine, "before_cursor_execute", refuse)
    assert refusal(form, engine, ana, zoom) == AWAY_SENTENCE
    assert [request.method for request in sent(http)] == ["POST", "DELETE"]


def test_a_second_click_while_zoom_is_asked_makes_no_second_meeting(
    form: AppTest, zoom: FakeZoom, engine: Engine, ana: Member, http: RequestsMock
) -> None:
    def click_again(path: str) -> None:
        context = get_script_run_ctx()
        assert context is not None
        if len(sent(http)) < 3:
            assert context.script_requests is not None
            context.script_requests.request_rerun(
                RerunData(widget_states=form._tree.get_widget_states(), page_script_hash=context.page_script_hash)
            )

    zoom.meanwhile = click_again
    create(form)
    assert len(zoom.meetings) == 1
    (new,) = classes_of(engine, ana)
    assert form.query_params == {"id": new.id}


def test_after_a_class_another_one_can_be_made(screens: Screens, zoom: FakeZoom, engine: Engine, ana: Member) -> None:
    form = screens.open(page.NEW_CLASS)
    for title in ("One", "Two"):
        form.switch_page(page.NEW_CLASS).run()
        assert form.title[0].value == "New class"
        form.text_input(key="new-title").input(title)
        create(form)
        assert form.title[0].value == title
    assert {new.title for new in classes_of(engine, ana)} == {"One", "Two"}
    assert len(zoom.meetings) == 2


def test_a_class_is_made_for_whoever_is_signed_in_now(
    form: AppTest, screens: Screens, zoom: FakeZoom, engine: Engine, ana: Member
) -> None:
    screens.cookies = {}
    create(form)
    assert "You are signed out" in said(form)
    assert zoom.meetings == {}
    assert classes_of(engine, ana) == []


# What is filled in already


def test_the_form_begins_at_a_time_that_no_class_of_hers_has(
    screens: Screens, engine: Engine, zoom: FakeZoom, ana: Member
) -> None:
    lesson(engine, ana, start=10)
    lesson(engine, ana, start=75, duration_minutes=50, zoom_meeting_id="85000000001")
    lesson(engine, member(engine, "ben@school.example"), start=130, zoom_meeting_id="85000000002")
    assert screens.open(page.NEW_CLASS).time_input(key="new-time").value == time(16, 15)


def test_an_earlier_class_is_copied_for_the_week_after(
    screens: Screens, engine: Engine, zoom: FakeZoom, ana: Member, wired: Clock
) -> None:
    wired.time = at(17 * 24 * 60)
    screens.sign_in(ana)
    more: dict[str, Any] = {"timezone": "America/Sao_Paulo", "duration_minutes": 45, "course": "Term 1"}
    copied = lesson(engine, ana, "Logic", **more)
    lesson(engine, ana, "Ethics", start=24 * 60, zoom_meeting_id="85000000001")
    lesson(engine, ana, "Ethics", start=8 * 24 * 60, zoom_meeting_id="85000000002")
    form = screens.open(page.NEW_CLASS)
    earlier = form.selectbox(key="new-copied")
    assert [one.partition(" · ")[0] for one in earlier.options] == ["Ethics", "Logic"]
    form.text_input(key="new-title").input("Something else")
    earlier.set_value(copied)
    form.run()
    assert (form.text_input(key="new-title").value, form.selectbox(key="new-course").value) == ("Logic", "Term 1")
    assert (form.date_input(key="new-date").value, form.time_input(key="new-time").value) == (
        date(2026, 6, 4),
        time(9),
    )
    assert (form.number_input(key="new-minutes").value, form.selectbox(key="new-zone").value) == (
        45,
        "America/Sao_Paulo",
    )
    create(form)
    (new,) = [one for one in classes_of(engine, ana) if one.id == form.query_params["id"]]
    assert (new.title, new.scheduled_start) == ("Logic", datetime(2026, 6, 4, 12, tzinfo=UTC))


def test_a_course_brings_its_next_day_and_time_unless_a_time_was_chosen(
    screens: Screens, engine: Engine, zoom: FakeZoom, ana: Member, wired: Clock
) -> None:
    for number, minutes in enumerate((0, 3 * 24 * 60 + 30, 7 * 24 * 60, 10 * 24 * 60 + 30)):
        lesson(engine, ana, f"Part {number}", minutes, course="Term 1", zoom_meeting_id=f"8500000000{number}")
    form = screens.open(page.NEW_CLASS)
    form.text_input(key="new-title").input("Part 5")
    form.selectbox(key="new-course").set_value("Term 1")
    form.run()
    shown = form.date_input(key="new-date").value, form.time_input(key="new-time").value
    assert shown == (date(2026, 5, 28), time(14))
    assert form.text_input(key="new-title").value == "Part 5"
    form.time_input(key="new-time").set_value(time(9))
    form.run()
    form.selectbox(key="new-course").set_value(None)
    form.run()
    form.selectbox(key="new-course").set_value("Term 1")
    form.run()
    assert form.time_input(key="new-time").value == time(9)


def test_a_date_is_typed_as_the_reader_writes_it(screens: Screens, zoom: FakeZoom, ana: Member) -> None:
    assert screens.open(page.NEW_CLASS).date_input(key="new-date").proto.format == "DD/MM/YYYY"
    screens.locale = "en-US"
    assert screens.open(page.NEW_CLASS).date_input(key="new-date").proto.format == "MM/DD/YYYY"


def test_the_time_zone_is_named_and_out_of_the_way(screens: Screens, zoom: FakeZoom, ana: Member) -> None:
    form = screens.open(page.NEW_CLASS)
    (quiet,) = form.get("popover")
    assert quiet.proto.popover.label == "Time zone: Europe/Berlin"
    form.selectbox(key="new-zone").set_value("Asia/Kathmandu")
    assert form.run().get("popover")[0].proto.popover.label == "Time zone: Asia/Kathmandu"


def test_a_class_is_made_like_the_one_that_the_address_names(
    screens: Screens, engine: Engine, zoom: FakeZoom, ana: Member
) -> None:
    like = lesson(engine, ana, "Logic", start=180, course="Term 1", duration_minutes=45)
    form = screens.open(page.NEW_CLASS, like=like)
    button(form, "Create class").click()
    form.run()
    (new,) = [one for one in classes_of(engine, ana) if one.id != like]
    assert (new.title, new.course, new.scheduled_start, new.duration_minutes) == ("Logic", "Term 1", at(180), 45)
    assert new.zoom_meeting_id == "81418900011"


def test_a_class_of_somebody_else_is_no_pattern(screens: Screens, engine: Engine, zoom: FakeZoom, ana: Member) -> None:
    other = lesson(engine, member(engine, "ben@school.example"), "His")
    form = screens.open(page.NEW_CLASS, like=other)
    assert form.text_input(key="new-title").value == ""
