"""Registration on the page of a class: how many are, who cannot be, what Zoom has against it, and the link."""

import pytest
from sqlalchemy import Engine

from tests.makers import MEETING, NOW, lesson, member, settings
from tests.registrations import COURSE, ON, add
from tests.screens import Screens, said
from tracker import storage
from tracker.attendance.meeting_options import MeetingOptions
from tracker.errors import Problem
from tracker.services import Services
from tracker.storage.database import transaction
from tracker.storage.members import Member
from tracker.ui import kept, page

pytestmark = pytest.mark.database("sqlite")

OFF = MeetingOptions(registration="off")
TODO = "Students register: nobody is registered yet. The tracker does it by itself, within minutes."
LINK = "It leads to Zoom's page for registering."


@pytest.fixture
def ana(engine: Engine, school: Services, screens: Screens) -> Member:
    made = member(engine)
    add(school, made)
    screens.sign_in(made)
    return made


def planned(engine: Engine, ana: Member, has: MeetingOptions | None = ON, course: str | None = COURSE) -> str:
    return lesson(engine, ana, start=180, course=course, meeting_asked=ON, meeting_sent=ON, meeting_has=has)


def looked(engine: Engine, class_id: str, counts: tuple[int, int], error: Problem | None = None) -> None:
    """A tracker has compared roster and registrants."""
    with transaction(engine) as tx:
        storage.registrations.ask_for_class(tx, class_id, NOW)
        claimed = storage.registrations.claim(tx, NOW, NOW)
        assert claimed is not None
        storage.registrations.finish(tx, claimed, NOW, counts, error, None)


@pytest.mark.quick
def test_it_says_how_many_are_registered_and_who_has_no_e_mail(screens: Screens, engine: Engine, ana: Member) -> None:
    class_id = planned(engine, ana)
    shown = said(screens.open(page.CLASS, id=class_id))
    assert TODO in shown
    assert "Without e-mail: Di Day." in shown
    looked(engine, class_id, (3, 2))
    shown = said(screens.open(page.CLASS, id=class_id))
    assert "Students register: 2 of 3 are registered, as of 14 May 2026, 14:00. Without e-mail: Di Day." in shown
    assert TODO not in shown


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
    assert "Zoom did not take: Students register." in warning.value.replace("\\", "")
    assert "For registration Zoom needs a paid plan, and a licence for the host." in said(shown)
    assert LINK not in said(shown)
    assert TODO not in said(shown)


def test_a_class_in_no_course_has_nobody_to_register(screens: Screens, engine: Engine, ana: Member) -> None:
    shown = said(screens.open(page.CLASS, id=planned(engine, ana, course=None)))
    assert "the class is in no course with students, so that nobody is registered." in shown


@pytest.mark.parametrize(("usual", "told"), [("on", True), ("off", False), ("zoom", False)])
def test_the_text_for_students_says_that_they_are_registered_where_the_school_has_it_so(
    ana: Member, usual: str, told: bool
) -> None:
    text = kept.notice(settings(MEETING_REGISTRATION=usual), ana, [])
    assert ("you are registered at Zoom" in text) is told
