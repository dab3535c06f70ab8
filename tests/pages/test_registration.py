"""Registration on the page of a class: how many are, who cannot be, what Zoom has against it, and the link."""

import re
from datetime import datetime

import pytest
from sqlalchemy import Engine

from tests.makers import MEETING, NOW, at, lesson, member, settings, shared
from tests.registrations import COURSE, ON, add
from tests.screens import Screens, said
from tracker import courses, storage
from tracker.attendance.meeting_options import MeetingOptions
from tracker.auth import OPERATOR
from tracker.errors import Problem
from tracker.rosters import read_pasted
from tracker.services import Services
from tracker.storage.database import transaction
from tracker.storage.members import Member
from tracker.ui import kept, page

pytestmark = pytest.mark.database("sqlite")

OFF = MeetingOptions(registration="off")
TODO = "Nobody is registered at Zoom yet. It happens by itself, within minutes."
NO_EMAIL = "1 student has no e-mail address and cannot be registered: Di Day."
TO_STUDENTS = "The students of this course"
LINK = "It leads to Zoom's page for registering."


@pytest.fixture
def ana(engine: Engine, school: Services, screens: Screens) -> Member:
    made = member(engine)
    add(school, made)
    screens.sign_in(made)
    return made


def planned(engine: Engine, ana: Member, has: MeetingOptions | None = ON, course: str | None = COURSE) -> str:
    return lesson(engine, ana, start=180, course=course, meeting_asked=ON, meeting_sent=ON, meeting_has=has)


def looked(
    engine: Engine,
    class_id: str,
    counts: tuple[int, int] | None,
    error: Problem | None = None,
    again_at: datetime | None = None,
) -> None:
    """A tracker has compared roster and registrants, and does again at that time."""
    with transaction(engine) as tx:
        storage.registrations.ask_for_class(tx, class_id, NOW)
        claimed = storage.registrations.claim(tx, NOW, NOW)
        assert claimed is not None
        storage.registrations.finish(tx, claimed, NOW, counts, error, again_at)


@pytest.mark.quick
def test_it_says_how_many_are_registered_and_who_has_no_e_mail(screens: Screens, engine: Engine, ana: Member) -> None:
    class_id = planned(engine, ana)
    shown = said(screens.open(page.CLASS, id=class_id))
    assert TODO in shown
    assert NO_EMAIL in shown
    looked(engine, class_id, (3, 2))
    shown = said(screens.open(page.CLASS, id=class_id))
    assert "Registered at Zoom: 2 of 3 students, as of 14 May 2026, 14:00." in shown
    assert NO_EMAIL in shown
    assert TODO not in shown


def test_the_list_where_an_e_mail_is_missing_is_one_click_away_for_its_teacher_alone(
    screens: Screens, engine: Engine, ana: Member
) -> None:
    class_id = planned(engine, ana)
    assert TO_STUDENTS in [one.label for one in screens.open(page.CLASS, id=class_id).get("page_link")]
    ben = member(engine, "ben@school.example")
    shared(engine, class_id, ben)
    screens.sign_in(ben)
    shown = screens.open(page.CLASS, id=class_id)
    assert NO_EMAIL in said(shown)
    assert TO_STUDENTS not in [one.label for one in shown.get("page_link")]


def test_of_many_without_an_e_mail_some_are_named(
    screens: Screens, engine: Engine, school: Services, ana: Member
) -> None:
    many = "Name\n" + "\n".join(f"Student {number:04}" for number in range(1, 1202))
    courses.import_roster(school, OPERATOR, ana.email, "Lecture", read_pasted(many))
    shown = said(screens.open(page.CLASS, id=planned(engine, ana, course="Lecture")))
    told = re.search("1,201 students have no e-mail address and cannot be registered: (.*)", shown)
    assert told is not None
    assert told[1].count("Student") == 10
    assert told[1].endswith("and 1,191 more.")


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (
            Problem("zoom_scope_missing", {"scope": "meeting:write:registrant:admin"}),
            "The Zoom app lacks the scope meeting:write:registrant:admin.",
        ),
        (Problem("zoom_registration_needs_plan"), "This Zoom plan has no registration"),
        (
            Problem("zoom_registrants_refused", {"number": 2, "message": "Not valid."}),
            "Zoom does not take 2 students: “Not valid.”",
        ),
    ],
)
def test_what_zoom_has_against_it_is_said_in_a_sentence(
    screens: Screens, engine: Engine, ana: Member, error: Problem, sentence: str
) -> None:
    class_id = planned(engine, ana)
    looked(engine, class_id, (3, 0), error)
    (warning,) = screens.open(page.CLASS, id=class_id).warning
    told = warning.value.replace("\\", "")
    assert told.startswith("Not all students could be registered: ")
    assert sentence in told
    assert ("An admin can mend this." in told) is (error.code != "zoom_registrants_refused")


def test_where_zoom_could_not_be_asked_it_is_said_when_it_is_tried_again_and_not_that_it_takes_minutes(
    screens: Screens, engine: Engine, ana: Member
) -> None:
    class_id = planned(engine, ana)
    looked(engine, class_id, None, Problem("zoom_no_answer"), at(20))
    shown = screens.open(page.CLASS, id=class_id)
    (warning,) = shown.warning
    assert warning.value.replace("\\", "").endswith("Zoom did not answer in time. Next try at 14:20.")
    assert TODO not in said(shown)


def test_the_link_and_the_invitation_say_that_zoom_asks_to_register(
    screens: Screens, engine: Engine, ana: Member
) -> None:
    shown = screens.open(page.CLASS, id=planned(engine, ana))
    assert LINK in said(shown)
    invitation = next(one.value for one in shown.code if "Join with Zoom" in one.value)
    assert f"/j/{MEETING}" in invitation
    assert invitation.endswith("If Zoom has sent you a link of your own by e-mail, use that one.")


def test_a_class_without_registration_says_nothing_of_it(screens: Screens, engine: Engine, ana: Member) -> None:
    class_id = lesson(engine, ana, start=180, course=COURSE)
    shown = said(screens.open(page.CLASS, id=class_id))
    assert "egister" not in shown.replace("Register of the course", "")


def test_what_zoom_did_not_take_is_said_once_with_what_it_needs(screens: Screens, engine: Engine, ana: Member) -> None:
    shown = screens.open(page.CLASS, id=planned(engine, ana, OFF))
    (warning,) = shown.warning
    told = warning.value.replace("\\", "")
    assert "Zoom did not take: Students register." in told
    assert "For registration Zoom needs a paid plan, and a licence for the host." in told
    assert LINK not in said(shown)
    assert TODO not in said(shown)


def test_a_class_in_no_course_has_nobody_to_register(screens: Screens, engine: Engine, ana: Member) -> None:
    shown = said(screens.open(page.CLASS, id=planned(engine, ana, course=None)))
    assert "Nobody is registered at Zoom: the class is in no course. Choose one under Change." in shown
    shown = said(screens.open(page.CLASS, id=planned(engine, ana, course="Without students")))
    assert "Nobody is registered at Zoom: the course has no students yet." in shown


def test_a_class_without_a_meeting_has_asked_zoom_for_nothing(screens: Screens, engine: Engine, ana: Member) -> None:
    class_id = lesson(engine, ana, start=180, meeting_asked=ON, zoom_meeting_id=None, zoom_join_url=None)
    assert "Asked of Zoom" not in said(screens.open(page.CLASS, id=class_id))


@pytest.mark.parametrize(("usual", "told"), [("on", True), ("off", False), ("zoom", False)])
def test_the_text_for_students_says_that_they_are_registered_where_the_school_has_it_so(
    ana: Member, usual: str, told: bool
) -> None:
    text = kept.notice(settings(MEETING_REGISTRATION=usual), ana, [])
    assert ("you are registered at Zoom" in text) is told
