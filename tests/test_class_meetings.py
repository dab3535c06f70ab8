"""The Zoom meeting of a class: under its host's personal meeting id, and taken from a link."""

from datetime import datetime
from typing import Any

import pytest
from responses import RequestsMock
from sqlalchemy import Engine

from tests.fake_zoom import FakeZoom
from tests.lives import due
from tests.makers import MEETING, NOW, Clock, at, classes_of, ended, lesson, services, stored
from tracker import classes, sessions
from tracker.attendance.types import ClassStatus
from tracker.auth import OPERATOR
from tracker.classes import Plan
from tracker.errors import InvalidInput
from tracker.services import Services
from tracker.storage.members import Member

START = datetime(2026, 5, 15, 10, 0)
PLAN = Plan("Algebra 7B", START, 60, "Europe/Berlin")
FAULT = (500, {"code": 500, "message": "Internal error"})


# Under the host's personal meeting id

PERSONAL = "5551112222"
API_ID = "81418900011"


def test_a_meeting_under_a_personal_id_is_found_by_that_and_changed_by_its_own_number(
    school: Services, zoom: FakeZoom, ana: Member, clock: Clock
) -> None:
    zoom.personal_id = PERSONAL
    class_id = classes.create_class(school, ana, PLAN)
    found = stored(school.engine, class_id)
    assert (found.zoom_meeting_id, found.zoom_api_meeting_id, found.zoom_meeting_made) == (PERSONAL, API_ID, True)
    classes.change_class(school, OPERATOR, class_id, Plan("Algebra 7C", START, 60, "UTC"))
    assert zoom.meetings[API_ID]["topic"] == "Algebra 7C"
    assert classes.host_meeting(school, ana, class_id).start_url == f"https://zoom.us/s/{API_ID}"
    classes.cancel_class(school, OPERATOR, class_id)
    clock.forward(minutes=10)
    assert classes.delete_due_meeting(school)
    assert zoom.meetings == {}


def test_a_meeting_that_a_change_takes_from_the_personal_id_is_found_by_its_own_number(
    school: Services, zoom: FakeZoom, ana: Member
) -> None:
    zoom.personal_id = PERSONAL
    class_id = classes.create_class(school, ana, PLAN)
    assert not stored(school.engine, class_id).own_meeting
    classes.change_class(school, OPERATOR, class_id, PLAN)  # the change asks again not to use it, and Zoom does so now
    found = stored(school.engine, class_id)
    assert (found.zoom_meeting_id, found.zoom_api_meeting_id, found.own_meeting) == (API_ID, None, True)
    assert found.zoom_join_url == zoom.meetings[API_ID]["join_url"]


def test_a_session_hours_later_under_the_personal_id_holds_no_class(
    school: Services, zoom: FakeZoom, ana: Member, clock: Clock
) -> None:
    own = classes.create_class(school, ana, Plan("Own", at(0), 60, "UTC"))
    zoom.personal_id = PERSONAL
    personal = classes.create_class(school, ana, Plan("Personal", at(0), 60, "UTC"))
    clock.time = at(400)
    for uuid, meeting in (("u1", API_ID), ("u2", PERSONAL)):
        sessions.note_delivery(school, ended(uuid, 300, 350, meeting))
    lives = [stored(school.engine, class_id).status for class_id in (own, personal)]
    assert lives == [ClassStatus.ENDED, ClassStatus.SCHEDULED]


def test_a_meeting_under_a_personal_id_whose_class_cannot_be_stored_is_taken_back(
    school: Services, zoom: FakeZoom, ana: Member
) -> None:
    zoom.personal_id = PERSONAL
    classes.create_class(school, ana, PLAN)
    with pytest.raises(InvalidInput, match="already"):
        classes.create_class(school, ana, PLAN)
    assert list(zoom.meetings) == [API_ID]


def test_another_meeting_under_the_same_personal_id_does_not_keep_a_meeting(
    school: Services, zoom: FakeZoom, ana: Member, clock: Clock
) -> None:
    zoom.personal_id = PERSONAL
    class_id = classes.create_class(school, ana, PLAN)
    lesson(school.engine, ana, start=7 * 24 * 60, zoom_meeting_id=PERSONAL, zoom_meeting_made=False)
    classes.cancel_class(school, OPERATOR, class_id)
    clock.forward(minutes=10)
    assert classes.delete_due_meeting(school)
    assert zoom.meetings == {}


# A link instead


def test_of_a_linked_meeting_zoom_tells_the_host_and_the_personal_id(
    school: Services, zoom: FakeZoom, ana: Member
) -> None:
    told = {"id": int(MEETING), "join_url": "https://zoom.us/j/1", "host_id": "host-7"}
    zoom.meetings[MEETING] = told | {"pmi": int(PERSONAL), "settings": {"use_pmi": True}}
    link = "https://zoom.us/j/85011112222?pwd=a"
    found = stored(school.engine, classes.create_class(school, OPERATOR, PLAN, teacher=ana, link=link))
    assert (found.zoom_meeting_id, found.zoom_api_meeting_id, found.zoom_host_id) == (PERSONAL, MEETING, "host-7")
    assert (found.zoom_join_url, found.zoom_meeting_made) == (link, False)


def test_a_page_for_the_host_gets_its_join_link_from_zoom(school: Services, zoom: FakeZoom, ana: Member) -> None:
    zoom.meetings[MEETING] = {"id": int(MEETING), "join_url": "https://us05web.zoom.us/j/85011112222?pwd=x.1"}
    link = "https://zoom.us/meeting/85011112222"
    found = stored(school.engine, classes.create_class(school, OPERATOR, PLAN, teacher=ana, link=link))
    assert found.zoom_join_url == "https://us05web.zoom.us/j/85011112222?pwd=x.1"


@pytest.mark.parametrize("fault", [FAULT, (429, {}), (400, {"code": 300, "message": "odd"})])
@pytest.mark.database("sqlite")
def test_a_link_is_enough_where_zoom_tells_nothing(
    school: Services, zoom: FakeZoom, ana: Member, fault: tuple[int, Any]
) -> None:
    zoom.faults.append(fault)
    link = "https://zoom.us/j/85011112222?pwd=a"
    found = stored(school.engine, classes.create_class(school, OPERATOR, PLAN, teacher=ana, link=link))
    assert (found.zoom_meeting_id, found.zoom_join_url, found.zoom_host_id) == (MEETING, link, None)


def test_a_link_brings_its_own_meeting(school: Services, ana: Member) -> None:
    link = "Join: https://us02web.zoom.us/j/85011112222?pwd=abc.1#success"
    found = stored(school.engine, classes.create_class(school, OPERATOR, PLAN, teacher=ana, link=link))
    assert (found.zoom_meeting_id, found.zoom_meeting_made) == (MEETING, False)
    assert found.zoom_join_url == "https://us02web.zoom.us/j/85011112222?pwd=abc.1"


def test_a_bare_number_gets_its_link_from_zoom(school: Services, zoom: FakeZoom, ana: Member) -> None:
    zoom.meetings[MEETING] = {"id": int(MEETING), "join_url": "https://us05web.zoom.us/j/85011112222?pwd=x.1"}
    found = stored(school.engine, classes.create_class(school, OPERATOR, PLAN, teacher=ana, link="850 1111 2222"))
    assert found.zoom_join_url == "https://us05web.zoom.us/j/85011112222?pwd=x.1"


def test_a_number_that_zoom_has_forgotten_can_still_be_fetched(school: Services, zoom: FakeZoom, ana: Member) -> None:
    found = stored(school.engine, classes.create_class(school, OPERATOR, PLAN, teacher=ana, link="850-1111-2222"))
    assert (found.zoom_meeting_id, found.zoom_join_url) == (MEETING, "https://zoom.us/j/85011112222")


def test_a_link_of_the_practice_zoom_on_this_machine_is_taken_where_it_is_zoom_and_nowhere_else(
    engine: Engine, clock: Clock, ana: Member, http: RequestsMock
) -> None:
    link = "http://127.0.0.1:8622/j/85011112222?pwd=abc.1"
    for api, taken in (
        ("http://127.0.0.1:8622/v2", True),
        ("http://127.0.0.1:9999/v2", False),
        ("https://api.zoom.us/v2", False),
        ("https://proxy.school.example/v2", False),
    ):
        using = services(engine, clock, ZOOM_API_URL=api, ZOOM_CLIENT_ID="")  # it is not asked what it knows
        if taken:
            found = stored(engine, classes.create_class(using, OPERATOR, PLAN, teacher=ana, link=f"Join: {link}"))
            assert (found.zoom_meeting_id, found.zoom_join_url) == (MEETING, link)
        else:
            with pytest.raises(InvalidInput):
                classes.create_class(using, OPERATOR, PLAN, teacher=ana, link=link)
    far = services(engine, clock, ZOOM_API_URL="https://proxy.school.example/v2", ZOOM_CLIENT_ID="")
    with pytest.raises(InvalidInput):
        classes.create_class(far, OPERATOR, PLAN, teacher=ana, link="https://proxy.school.example/j/85011112222")


@pytest.mark.parametrize("link", ["https://zoom.us.evil.example/j/85011112222", "https://zoom.us/my/ana", "hello"])
@pytest.mark.database("sqlite")
def test_a_link_without_a_meeting_is_refused(school: Services, zoom: FakeZoom, ana: Member, link: str) -> None:
    with pytest.raises(InvalidInput):
        classes.create_class(school, OPERATOR, PLAN, teacher=ana, link=link)
    assert (zoom.meetings, classes_of(school.engine)) == ({}, [])


@pytest.mark.parametrize(("course", "expected"), [("  Term\0 \n1 ", "Term 1"), ("\0", None), ("", None), (None, None)])
@pytest.mark.database("sqlite")
def test_a_course_is_one_line(school: Services, zoom: FakeZoom, ana: Member, course: str | None, expected: str) -> None:
    class_id = classes.create_class(school, ana, PLAN, course=course)
    assert stored(school.engine, class_id).course == expected


def test_a_course_with_an_endless_name_is_refused_before_zoom_makes_a_meeting(
    school: Services, zoom: FakeZoom, ana: Member
) -> None:
    with pytest.raises(InvalidInput, match="course's name is longer"):
        classes.create_class(school, ana, PLAN, course="x" * 201)
    assert zoom.meetings == {}


def test_two_classes_in_one_meeting_at_one_time_are_refused(school: Services, ana: Member) -> None:
    link = "https://zoom.us/j/85011112222"
    classes.create_class(school, OPERATOR, PLAN, teacher=ana, link=link)
    with pytest.raises(InvalidInput, match="already"):
        classes.create_class(school, OPERATOR, PLAN, teacher=ana, link=link)


def test_a_blank_link_is_no_link(school: Services, zoom: FakeZoom, ana: Member) -> None:
    found = stored(school.engine, classes.create_class(school, OPERATOR, PLAN, teacher=ana, link="  "))
    assert found.zoom_meeting_made
    assert len(zoom.meetings) == 1


@pytest.mark.parametrize(("minutes_ago", "asked"), [(61, True), (59, False), (-60, False)])
@pytest.mark.database("sqlite")
def test_a_class_held_already_is_fetched_at_once(
    school: Services, ana: Member, minutes_ago: float, asked: bool
) -> None:
    plan = Plan("Algebra", at(-minutes_ago), 60, "UTC")
    class_id = classes.create_class(school, OPERATOR, plan, teacher=ana, link="https://zoom.us/j/85011112222")
    assert due(school, class_id) == (NOW if asked else None)
