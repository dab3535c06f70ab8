"""A class is changed in a dialog of its page."""

from itertools import pairwise

import pytest
from sqlalchemy import Engine
from streamlit.testing.v1 import AppTest

from tests.fake_zoom import FakeZoom
from tests.makers import MEETING, lesson, member, shared, started, stored
from tests.screens import Screens, button, dialog_buttons, note, parts, said, show
from tracker.storage.members import Member
from tracker.ui import page

pytestmark = pytest.mark.database("sqlite")


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
