"""Whose class it is: use cases refuse what is not the acting person's, and a link to a meeting is no key to it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Engine

from tests.fake_zoom import FakeZoom
from tests.lives import note
from tests.makers import MEETING, Clock, at, counted, ended, lesson, member, participant, stored
from tracker import class_attendance, classes, decisions, fetching
from tracker.attendance.assignment import Choice
from tracker.attendance.types import FetchState, Mark
from tracker.auth import OPERATOR
from tracker.classes import Plan
from tracker.errors import NotAllowed, NotFound, ZoomRefused
from tracker.services import Services
from tracker.storage.classes import Class
from tracker.storage.decisions import Decision
from tracker.storage.members import Member

PLAN = Plan("Algebra 7B", datetime(2026, 5, 15, 10, 0), 60, "Europe/Berlin")
LINK = f"https://zoom.us/j/{MEETING}"
SAME = Decision(("name", "ana"), ("name", "ben"), True)

# Every use case that changes something of a class, as it is called by somebody.
ACTS: dict[str, Callable[[Services, Member, Class], object]] = {
    "change_class": lambda using, acting, found: classes.change_class(using, acting, found.id, PLAN),
    "cancel_class": lambda using, acting, found: classes.cancel_class(using, acting, found.id),
    "undo_cancelling": lambda using, acting, found: classes.undo_cancelling(using, acting, found.id),
    "fetch_now": lambda using, acting, found: fetching.fetch_now(using, acting, found.id),
    "try_again": lambda using, acting, found: fetching.try_again(using, acting, found.id),
    "choose_session": lambda using, acting, found: class_attendance.choose_session(
        using, acting, found, Choice(found.id, "s", counts=True)
    ),
    "undo_session_choice": lambda using, acting, found: class_attendance.undo_session_choice(using, acting, found, "s"),
    "take_other_list": lambda using, acting, found: class_attendance.take_other_list(using, acting, found, "s"),
    "decide": lambda using, acting, found: decisions.decide(using, acting, found, SAME),
    "undo_decision": lambda using, acting, found: decisions.undo_decision(using, acting, found, SAME),
    "mark": lambda using, acting, found: decisions.mark(using, acting, found, [], Mark.HOST),
    "undo_mark": lambda using, acting, found: decisions.undo_mark(using, acting, found, ("name", "ana")),
}


@pytest.fixture
def eva(engine: Engine) -> Member:
    return member(engine, "eva@school.example")


def hosted_by(zoom: FakeZoom, **who: Any) -> None:
    """Zoom has the meeting of LINK, with what it tells of its host."""
    zoom.meetings[MEETING] = {"id": int(MEETING), "join_url": LINK} | who


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.database("sqlite")
def test_a_colleague_can_do_nothing_with_a_class(
    school: Services, zoom: FakeZoom, ana: Member, eva: Member, act: str
) -> None:
    class_id = lesson(school.engine, ana)
    before = stored(school.engine, class_id)
    with pytest.raises(NotAllowed):
        ACTS[act](school, eva, before)
    assert stored(school.engine, class_id) == before


def test_only_an_admin_tries_everything_again(school: Services, zoom: FakeZoom, eva: Member, engine: Engine) -> None:
    with pytest.raises(NotAllowed):
        fetching.try_all_again(school, eva)
    assert fetching.try_all_again(school, member(engine, "root@school.example", "admin")) == 0


def test_a_class_that_was_handed_over_is_no_more_its_former_teachers(
    school: Services, zoom: FakeZoom, ana: Member, eva: Member
) -> None:
    class_id = lesson(school.engine, ana)
    before = stored(school.engine, class_id)
    counted(school.engine, class_id)
    with pytest.raises(NotAllowed):
        decisions.decide(school, eva, before, SAME)
    decisions.decide(school, ana, before, SAME)


def test_a_teacher_makes_classes_for_herself_alone_and_an_admin_for_anybody(
    school: Services, zoom: FakeZoom, ana: Member, eva: Member, engine: Engine
) -> None:
    with pytest.raises(NotAllowed):
        classes.create_class(school, eva, PLAN, teacher=ana)
    assert zoom.meetings == {}
    admin = member(engine, "root@school.example", "admin")
    found = stored(engine, classes.create_class(school, admin, PLAN, teacher=ana))
    assert found.teacher_id == ana.id


# A link


@pytest.mark.parametrize(
    "who",
    [
        {"host_email": "ANA@school.example"},
        {"host_id": "zoom-ana"},
        {"host_email": "x@x.example", "settings": {"alternative_hosts": "eva@school.example;ana@school.example"}},
    ],
)
@pytest.mark.database("sqlite")
def test_a_teacher_links_a_meeting_that_zoom_says_is_hers(
    school: Services, zoom: FakeZoom, engine: Engine, who: dict[str, Any]
) -> None:
    ana = member(engine, zoom_user="zoom-ana")
    hosted_by(zoom, **who)
    assert stored(engine, classes.create_class(school, ana, PLAN, link=LINK)).zoom_linked_by_teacher


@pytest.mark.parametrize(
    ("who", "code"),
    [
        ({"host_email": "eva@school.example", "host_id": "zoom-eva"}, "meeting_of_somebody_else"),
        ({"host_id": "ZOOM-ANA"}, "meeting_of_somebody_else"),
        ({}, "meeting_host_unknown"),
        (None, "meeting_host_unknown"),
    ],
)
@pytest.mark.database("sqlite")
def test_a_teacher_links_no_meeting_that_is_somebody_elses_or_of_which_zoom_says_nothing(
    school: Services, zoom: FakeZoom, ana: Member, engine: Engine, who: dict[str, Any] | None, code: str
) -> None:
    if who is not None:
        hosted_by(zoom, **who)
    with pytest.raises(NotAllowed) as refused:
        classes.create_class(school, ana, PLAN, link=LINK)
    assert refused.value.code == code
    admin = member(engine, "root@school.example", "admin")
    found = stored(engine, classes.create_class(school, admin, PLAN, teacher=ana, link=LINK))
    assert (found.teacher_id, found.zoom_linked_by_teacher) == (ana.id, False)


def test_a_meeting_that_zoom_has_forgotten_is_hers_who_hosted_what_was_held_in_it(
    school: Services, zoom: FakeZoom, ana: Member, eva: Member
) -> None:
    zoom.hold("uuid-1", participant("Bo", 0, 60), meeting=MEETING)
    zoom.hosts[MEETING] = ana.email
    assert classes.create_class(school, ana, PLAN, link=LINK)
    with pytest.raises(NotAllowed):
        classes.create_class(school, eva, PLAN, link=LINK)


def test_the_meeting_of_a_colleagues_class_is_not_linked_even_by_one_of_its_hosts(
    school: Services, zoom: FakeZoom, ana: Member, eva: Member
) -> None:
    hosted_by(zoom, host_email=ana.email, settings={"alternative_hosts": eva.email})
    classes.create_class(school, ana, PLAN, link=LINK)
    with pytest.raises(NotAllowed) as refused:
        classes.create_class(school, eva, Plan("Mine", PLAN.start.replace(day=16), 60, "UTC"), link=LINK)
    assert refused.value.code == "meeting_of_other_class"


def test_the_start_link_of_a_linked_meeting_is_hers_as_long_as_she_hosts_it(
    school: Services, zoom: FakeZoom, ana: Member, eva: Member
) -> None:
    hosted_by(zoom, host_email=ana.email, start_url="https://zoom.us/s/1?zak=x")
    class_id = classes.create_class(school, ana, PLAN, link=LINK)
    assert classes.host_meeting(school, ana, class_id).start_url == "https://zoom.us/s/1?zak=x"
    with pytest.raises(NotFound):
        classes.host_meeting(school, eva, class_id)
    hosted_by(zoom, host_email=eva.email, start_url="https://zoom.us/s/1?zak=x")
    with pytest.raises(NotAllowed):
        classes.host_meeting(school, ana, class_id)


def test_the_participants_of_a_linked_meeting_are_fetched_as_long_as_she_hosts_it(
    school: Services, zoom: FakeZoom, ana: Member, eva: Member, clock: Clock
) -> None:
    hosted_by(zoom, host_email=ana.email)
    class_id = classes.create_class(school, ana, Plan("Algebra", at(0), 60, "UTC"), link=LINK)
    zoom.hold("uuid-1", participant("Bo", 0, 60), meeting=MEETING)
    note(school, ended())
    hosted_by(zoom, host_email=eva.email)
    clock.time = at(70)
    fetching.fetch_due(school)
    found = stored(school.engine, class_id)
    assert found.participant_count is None
    assert found.fetch is not None
    assert found.fetch.error is not None
    assert (found.fetch.stored_state, found.fetch.error.code) == (FetchState.FAILED, "meeting_of_somebody_else")
    with pytest.raises(ZoomRefused):
        fetching.fetch_now(school, OPERATOR, class_id)
    hosted_by(zoom, host_email=ana.email)
    clock.forward(minutes=1)
    assert fetching.fetch_now(school, ana, class_id).unique_count == 1
