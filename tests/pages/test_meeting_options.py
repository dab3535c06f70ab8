"""Meeting options on the pages: chosen on New class and under Change, and told on the page of the class."""

import pytest
from sqlalchemy import Engine
from streamlit.testing.v1 import AppTest

from tests.fake_zoom import FakeZoom
from tests.makers import MEETING, classes_of, entries, lesson, member, shared, stored
from tests.screens import Screens, button, said
from tracker.attendance.meeting_options import CHOICES, MeetingOptions
from tracker.storage.members import Member
from tracker.ui import page

pytestmark = pytest.mark.database("sqlite")

BEA, EVE = "bea@school.example", "eve@elsewhere.example"
ASKED = MeetingOptions("on", "on", "cloud", (BEA,))
LINE = "Waiting room on · Sign-in required · Recorded to the cloud · Substitute: Bea"
AS_ZOOM_HAS_IT = {
    "waiting_room": True,
    "meeting_authentication": True,
    "auto_recording": "cloud",
    "alternative_hosts": BEA,
}


@pytest.fixture
def ana(engine: Engine, screens: Screens) -> Member:
    made = member(engine)
    member(engine, BEA, name="Bea")
    screens.sign_in(made)
    return made


def choose(shown: AppTest, key: str, asked: MeetingOptions) -> None:
    for name in CHOICES:
        shown.selectbox(key=f"{key}-{name}").set_value(getattr(asked, name) or "usual")
    if not (substitutes := shown.text_input(key=f"{key}-substitutes")).disabled:
        substitutes.input(", ".join(asked.substitutes or ()))


def change(screens: Screens, class_id: str) -> AppTest:
    """The page of a class with the dialog for changing it."""
    shown = screens.open(page.CLASS, id=class_id)
    button(shown, "Change").click()
    return shown.run()


def test_options_that_nobody_touches_ask_zoom_for_nothing(
    form: AppTest, engine: Engine, ana: Member, zoom: FakeZoom
) -> None:
    chosen = [form.selectbox(key=f"new-{name}") for name in CHOICES]
    assert [one.options[0] for one in chosen] == ["As the Zoom account has it"] * 4
    assert chosen[2].options[1:] == ["None", "On the host's computer", "To the cloud"]
    assert chosen[3].options[1:] == ["By the course's list", "None"]
    button(form, "Create class").click()
    form.run()
    (found,) = classes_of(engine, ana)
    assert (found.meeting_asked, found.meeting_sent) == (MeetingOptions(), MeetingOptions())
    assert zoom.meetings[str(found.zoom_meeting_id)]["settings"].keys().isdisjoint(AS_ZOOM_HAS_IT)


@pytest.mark.quick
def test_the_schools_choice_stands_first_and_can_be_left(
    screens: Screens, engine: Engine, ana: Member, zoom: FakeZoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = MeetingOptions("on", "zoom", "zoom", registration="zoom")
    monkeypatch.setattr("tracker.classes.school_options", lambda services: usual)
    monkeypatch.setattr("tracker.classes.meeting_options.school_options", lambda services: usual)
    form = screens.open(page.NEW_CLASS)
    waiting_room = form.selectbox(key="new-waiting_room")
    assert waiting_room.options == ["As the school has it: On", "On", "Off", "As the Zoom account has it"]
    form.text_input(key="new-title").input("Algebra 7B")
    waiting_room.set_value("zoom")
    button(form, "Create class").click()
    form.run()
    (found,) = classes_of(engine, ana)
    assert (found.meeting_asked, found.meeting_sent) == (MeetingOptions("zoom"), MeetingOptions())


def test_a_class_with_options_says_what_it_has_and_is_shared_with_its_substitute(
    form: AppTest, engine: Engine, screens: Screens, ana: Member
) -> None:
    choose(form, "new", ASKED)
    form.checkbox(key="new-share").check()
    button(form, "Create class").click()
    form.run()
    (found,) = classes_of(engine, ana)
    assert (found.meeting_asked, found.meeting_has) == (ASKED, ASKED)
    shown = said(screens.open(page.CLASS, id=found.id))
    assert LINE in shown
    assert "Shared with Bea" in shown
    assert "did not take" not in shown


def test_a_substitute_without_an_account_is_named_and_the_class_is_there(
    form: AppTest, engine: Engine, ana: Member
) -> None:
    choose(form, "new", MeetingOptions(substitutes=(BEA, EVE)))
    form.checkbox(key="new-share").check()
    button(form, "Create class").click()
    form.run()
    (found,) = classes_of(engine, ana)
    shown = said(form)
    assert f"Not shared with {EVE}: there is no account here with this e-mail." in shown
    assert len(stored(engine, found.id).shared_with) == 1


def test_a_series_has_the_options_too(form: AppTest, engine: Engine, ana: Member) -> None:
    form.radio(key="new-often").set_value("Every week").run()
    choose(form, "new", ASKED)
    form.checkbox(key="new-share").check()
    next(one for one in form.button if one.label.startswith("Create ")).click()
    form.run()
    found = classes_of(engine, ana)
    assert len(found) > 10
    assert {(one.meeting_asked, one.meeting_has, len(one.shared_with)) for one in found} == {(ASKED, ASKED, 1)}


def test_a_meeting_that_exists_has_no_options_to_choose(form: AppTest) -> None:
    form.radio(key="new-source").set_value("Use a meeting that exists").run()
    assert "Waiting room" not in [one.label for one in form.selectbox]


def test_a_fault_in_a_substitute_is_said_and_nothing_is_made(form: AppTest, engine: Engine, ana: Member) -> None:
    choose(form, "new", MeetingOptions(substitutes=("bea",)))
    button(form, "Create class").click()
    form.run()
    assert [error.value.replace("\\", "") for error in form.error] == ["“bea” is not an e-mail address."]
    assert classes_of(engine, ana) == []


def test_options_are_changed_in_the_dialog_and_taken_back(
    screens: Screens, engine: Engine, ana: Member, zoom: FakeZoom
) -> None:
    zoom.meetings[MEETING] = {"id": int(MEETING), "join_url": f"https://zoom.us/j/{MEETING}", "settings": {}}
    class_id = lesson(engine, ana, start=180)
    shown = change(screens, class_id)
    choose(shown, f"change-{class_id}-1", ASKED)
    button(shown, "Save").click()
    shown = shown.run().run()
    assert LINE in said(shown)
    shown = change(screens, class_id)
    key = f"change-{class_id}-1"
    assert [shown.selectbox(key=f"{key}-{name}").value for name in ("waiting_room", "sign_in")] == ["on", "on"]
    choose(shown, key, MeetingOptions())
    button(shown, "Save").click()
    shown.run()
    found = stored(engine, class_id)
    assert (found.meeting_asked, found.meeting_sent) == (MeetingOptions(substitutes=()), MeetingOptions(substitutes=()))
    assert zoom.meetings[MEETING]["settings"]["alternative_hosts"] == ""
    assert [one.action for one in entries(engine)].count("meeting_options_set") == 2


def test_a_co_teacher_sets_options_and_shares_with_nobody(
    screens: Screens, engine: Engine, ana: Member, zoom: FakeZoom
) -> None:
    zoom.meetings[MEETING] = {"id": int(MEETING), "join_url": f"https://zoom.us/j/{MEETING}", "settings": {}}
    class_id = lesson(engine, member(engine, "ben@school.example"), start=180)
    shared(engine, class_id, ana)
    shown = change(screens, class_id)
    assert list(shown.checkbox) == []
    assert shown.text_input(f"change-{class_id}-1-substitutes").disabled
    choose(shown, f"change-{class_id}-1", MeetingOptions("on"))
    button(shown, "Save").click()
    shown.run()
    assert stored(engine, class_id).meeting_asked == MeetingOptions("on")


@pytest.mark.parametrize(
    ("has", "expected"),
    [
        (MeetingOptions("off", "on", "none", (BEA,)), ["Zoom did not take: Waiting room on · Recorded to the cloud."]),
        (MeetingOptions("on", "on", "cloud", ()), ["Zoom did not take as substitute: Bea."]),
        (
            MeetingOptions("on", "off", "cloud", ()),
            ["Zoom did not take: Sign-in required.", "Zoom did not take as substitute: Bea."],
        ),
    ],
)
def test_what_zoom_did_not_take_is_said_with_what_to_do(
    screens: Screens, engine: Engine, ana: Member, has: MeetingOptions, expected: list[str]
) -> None:
    class_id = lesson(engine, ana, start=180, meeting_asked=ASKED, meeting_sent=ASKED, meeting_has=has)
    told = [one.value.replace("\\", "") for one in screens.open(page.CLASS, id=class_id).warning]
    assert len(told) == len(expected)
    for text, begins in zip(told, expected, strict=True):
        assert text.startswith(begins)
        assert "press Change and Save" in text


@pytest.mark.parametrize(
    ("more", "line"),
    [
        ({"meeting_has": MeetingOptions("off", "off", "none", ())}, ""),
        ({"meeting_has": MeetingOptions("on", "off", "none", ())}, "Waiting room on"),
        (
            {"meeting_sent": MeetingOptions("off"), "meeting_has": MeetingOptions("off", "off", "none", ())},
            "No waiting room",
        ),
        (
            {"zoom_meeting_made": False, "meeting_has": MeetingOptions("off", "off", "none", ())},
            "No waiting room · No sign-in required · Not recorded",
        ),
        ({"meeting_asked": MeetingOptions("on")}, "Asked of Zoom: Waiting room on"),
        ({"zoom_meeting_made": False}, ""),
    ],
)
def test_only_what_is_worth_a_word_is_said(
    screens: Screens, engine: Engine, ana: Member, more: dict[str, object], line: str
) -> None:
    class_id = lesson(engine, ana, start=180, **more)
    captions = [one.value.replace("\\", "") for one in screens.open(page.CLASS, id=class_id).caption]
    about = ("aiting room", "ign-in", "ecorded")
    assert [one for one in captions if any(word in one for word in about)] == ([line] if line else [])
