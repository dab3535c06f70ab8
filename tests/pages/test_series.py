"""Classes every week on the pages: planned on New class, and changed and cancelled on the page of one of them."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest
from sqlalchemy import Engine
from streamlit.testing.v1 import AppTest

from tests.fake_zoom import FakeZoom
from tests.makers import NOW, Clock, classes_of, member, shared, stored
from tests.screens import Screens, button, parts, rerun_part, said, said_everywhere, show
from tracker import classes, storage
from tracker.attendance.types import ClassStatus
from tracker.classes import UNDO_FOR, Plan, SeriesPlan
from tracker.storage.database import reading, transaction
from tracker.storage.members import Member
from tracker.ui import join_link, page, wiring

pytestmark = pytest.mark.database("sqlite")

PLAN = Plan("Algebra 7B", datetime(2026, 10, 13, 10, 0), 60, "Europe/Berlin")
SERIES = SeriesPlan(PLAN, frozenset({1, 3}), date(2026, 10, 29), frozenset({date(2026, 10, 22)}))


@pytest.fixture
def ana(engine: Engine, screens: Screens) -> Member:
    made = member(engine)
    screens.sign_in(made)
    return made


@pytest.fixture
def form(form: AppTest) -> AppTest:
    """The same with a first day, for a class every week."""
    form.date_input(key="new-date").set_value(date(2026, 10, 13))
    form.time_input(key="new-time").set_value(time(10))
    form.run()
    form.radio(key="new-often").set_value("Every week").run()
    form.button_group(key="new-weekdays").set_value([1, 3]).run()
    form.date_input(key="new-until").set_value(date(2026, 10, 29)).run()
    return form


def planned(ana: Member, *, one_meeting: bool = True) -> list[str]:
    return classes.create_series(wiring.services(), ana, SERIES, one_meeting=one_meeting)


def text_of(class_id: str, engine: Engine) -> str:
    return stored(engine, class_id).title


# Planned


def test_a_class_is_held_once_unless_somebody_says_otherwise(screens: Screens, zoom: FakeZoom, ana: Member) -> None:
    opened = screens.open(page.NEW_CLASS)
    assert opened.radio(key="new-often").value == "Once"
    assert [one.key for one in opened.radio] == ["new-often", "new-source"]


def test_the_form_says_what_will_be_made(form: AppTest) -> None:
    assert "6 classes, from Tue, 13 Oct 2026 to Thu, 29 Oct 2026, at 10:00." in said(form)
    assert "The clocks change on Sun, 25 Oct 2026; the classes stay at 10:00." in said(form)
    form.multiselect(key="new-without").set_value([date(2026, 10, 13), date(2026, 10, 29)]).run()
    assert "4 classes, from Thu, 15 Oct 2026 to Tue, 27 Oct 2026, at 10:00." in said(form)
    assert button(form, "Create 4 classes").label == "Create 4 classes"


def test_every_week_begins_on_the_day_of_the_date_and_lasts_a_term(
    screens: Screens, zoom: FakeZoom, ana: Member
) -> None:
    opened = screens.open(page.NEW_CLASS)
    opened.radio(key="new-often").set_value("Every week").run()
    assert opened.button_group(key="new-weekdays").value == [NOW.weekday()]
    assert opened.date_input(key="new-until").value == NOW.date() + timedelta(weeks=12)
    assert "13 classes, from Thu, 14 May 2026 to Thu, 6 Aug 2026, at 14:15." in said(opened)


@pytest.mark.quick
def test_a_series_is_made_with_one_link_and_its_first_class_is_shown(
    form: AppTest, zoom: FakeZoom, engine: Engine, ana: Member
) -> None:
    form.multiselect(key="new-without").set_value([date(2026, 10, 22)]).run()
    button(form, "Create 5 classes").click()
    form.run()
    found = classes_of(engine, ana, oldest_first=True)
    ((number, meeting),) = zoom.meetings.items()
    assert (len(found), meeting["type"]) == (5, 8)
    assert {one.zoom_meeting_id for one in found} == {number}
    assert form.query_params == {"id": found[0].id}
    assert "One of 5 classes every Tuesday and Thursday." in said(form)
    assert "it is the same for all of them" in said(form)
    assert form.code[1].value.split("\n") == [
        "Algebra 7B",
        "Every Tuesday and Thursday, 10:00–11:00 (Berlin time), from Tue, 13 Oct 2026 to Thu, 29 Oct 2026",
        "Not on Thu, 22 Oct 2026",
        f"Join with Zoom: {meeting['join_url']}",
    ]


def test_a_series_with_a_link_each_says_when_the_meetings_are_made(
    form: AppTest, zoom: FakeZoom, engine: Engine, ana: Member, screens: Screens, wired: Clock
) -> None:
    form.radio(key="new-links").set_value("A link for each class").run()
    button(form, "Create 6 classes").click()
    form.run()
    assert zoom.meetings == {}
    assert "Its Zoom meeting is being made." in said(form)
    assert "Now send your students" not in said(form)
    found = classes_of(engine, ana, oldest_first=True)
    with transaction(engine) as tx:
        storage.series.ask_for_meeting(tx, found[5].id, NOW + timedelta(hours=12))
    assert "Its Zoom meeting is made by itself on Fri, 15 May 2026 at 02:00." in said(show(screens, found[5].id))
    classes.make_due_meeting(wiring.services())
    shown = show(screens, found[0].id)
    assert shown.code[0].value == stored(engine, found[0].id).zoom_join_url
    assert "Tue, 13 Oct 2026, 10:00–11:00 (Berlin time)" in shown.code[1].value


def test_a_series_is_held_in_a_meeting_that_exists(form: AppTest, zoom: FakeZoom, engine: Engine, ana: Member) -> None:
    zoom.meetings["85011112222"] = {"id": 85011112222, "join_url": "https://zoom.us/j/1", "host_email": ana.email}
    form.radio(key="new-links").set_value("Use a meeting that exists").run()
    button(form, "Create 6 classes").click()
    form.run()
    assert "Paste the link of the Zoom meeting" in form.error[0].value
    form.text_input(key="new-link").input("850 1111 2222")
    button(form, "Create 6 classes").click()
    form.run()
    assert {one.zoom_meeting_id for one in classes_of(engine, ana, oldest_first=True)} == {"85011112222"}
    assert "it is the same for all of them" in said(form)
    assert form.code[1].value.split("\n")[1].startswith("Every Tuesday and Thursday, 10:00–11:00")
    assert "One of 6 classes every Tuesday and Thursday." in said(form)


def test_what_cannot_be_planned_is_said_and_nothing_can_be_created(form: AppTest) -> None:
    form.button_group(key="new-weekdays").set_value([]).run()
    assert "Choose the days of the week on which the class is held." in said(form)
    assert button(form, "Create class").disabled
    form.button_group(key="new-weekdays").set_value([0, 1, 2, 3]).run()
    form.date_input(key="new-until").set_value(date(2027, 2, 1)).run()
    assert "Zoom takes 50 dates for one link, and these are 64." in said(form)
    form.radio(key="new-links").set_value("A link for each class").run()
    assert not button(form, "Create 64 classes").disabled
    form.date_input(key="new-until").set_value(date(2026, 10, 1)).run()
    assert "The last day is before the first one." in said(form)


def test_a_day_without_class_that_is_no_day_of_the_series_any_more_is_forgotten(form: AppTest) -> None:
    form.multiselect(key="new-without").set_value([date(2026, 10, 13), date(2026, 10, 22)]).run()
    form.button_group(key="new-weekdays").set_value([1]).run()
    assert form.multiselect(key="new-without").value == [date(2026, 10, 13)]
    assert "2 classes, from Tue, 20 Oct 2026 to Tue, 27 Oct 2026, at 10:00." in said(form)
    form.radio(key="new-often").set_value("Once").run()
    form.radio(key="new-often").set_value("Every week").run()
    assert form.button_group(key="new-weekdays").value == [1]


def test_a_series_needs_a_title_too(form: AppTest, engine: Engine, ana: Member, zoom: FakeZoom) -> None:
    form.text_input(key="new-title").input("  ")
    button(form, "Create 6 classes").click()
    form.run()
    assert [one.value for one in form.error] == [r"Give the class a title\."]
    assert classes_of(engine, ana, oldest_first=True) == []
    assert zoom.meetings == {}


# Changed and cancelled


def choose_all(shown: AppTest, class_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the dialog that cancels a class: it and all that follow. Only the dialog is drawn again, as in a browser."""
    shown.radio(key=f"cancel-{class_id}-1-which").set_value("This and all that follow")
    rerun_part(shown, parts(shown)[-1], monkeypatch)


def open_dialog(screens: Screens, class_id: str, label: str) -> AppTest:
    shown = show(screens, class_id)
    button(shown, label).click()
    return shown.run()


def test_all_that_follow_are_changed_in_the_dialog(
    screens: Screens, engine: Engine, zoom: FakeZoom, ana: Member
) -> None:
    ids = planned(ana)
    shown = open_dialog(screens, ids[2], "Change")
    key = f"change-{ids[2]}-1"
    assert "At Zoom all classes with this link have the same title." in said_everywhere(shown)
    shown.radio(key=f"{key}-which").set_value("This and all that follow").run()
    assert "Those that follow move by as many days and by as much on the clock." in said_everywhere(shown)
    shown.text_input(key=f"{key}-title").input("Algebra 8")
    button(shown, "Save").click()
    shown.run()
    assert [text_of(one, engine) for one in ids] == ["Algebra 7B"] * 2 + ["Algebra 8"] * 3


def test_one_class_is_changed_alone(screens: Screens, engine: Engine, zoom: FakeZoom, ana: Member) -> None:
    ids = planned(ana)
    shown = open_dialog(screens, ids[2], "Change")
    shown.text_input(key=f"change-{ids[2]}-1-title").input("Exam")
    button(shown, "Save").click()
    shown.run()
    assert [text_of(one, engine) for one in ids] == ["Algebra 7B"] * 2 + ["Exam"] + ["Algebra 7B"] * 2


def test_all_that_follow_are_cancelled_and_put_back(
    screens: Screens, engine: Engine, zoom: FakeZoom, ana: Member, wired: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = planned(ana)
    shown = open_dialog(screens, ids[1], "Cancel class")
    assert "The join link stays: 4 other classes are held there." in said_everywhere(shown)
    choose_all(shown, ids[1], monkeypatch)
    assert "“Algebra 7B” and the 3 classes that follow will not take place." in said_everywhere(shown)
    assert "The join link stays: 1 other class is held there." in said_everywhere(shown)
    button(shown, "Cancel 4 classes").click()
    rerun_part(shown, parts(shown)[-1], monkeypatch)
    assert [stored(engine, one).status for one in ids] == [ClassStatus.SCHEDULED] + [ClassStatus.CANCELLED] * 4
    shown = show(screens, ids[1])
    assert "Its date is taken out of the Zoom meeting at 14:10." in said(shown)
    button(shown, "Undo for all 4 classes").click()
    shown.run()
    assert {stored(engine, one).status for one in ids} == {ClassStatus.SCHEDULED}


def test_where_all_are_cancelled_the_page_says_that_the_meeting_goes(
    screens: Screens, engine: Engine, zoom: FakeZoom, ana: Member, wired: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = planned(ana)
    shown = open_dialog(screens, ids[0], "Cancel class")
    choose_all(shown, ids[0], monkeypatch)
    assert "Its Zoom meeting is deleted ten minutes later, and its join link stops working." in said_everywhere(shown)
    button(shown, "Cancel 5 classes").click()
    rerun_part(shown, parts(shown)[-1], monkeypatch)
    for one in (ids[0], ids[4]):
        assert "Its Zoom meeting is deleted at 14:10." in said(show(screens, one))
    wired.time += UNDO_FOR
    assert "Make it again" in said(show(screens, ids[0]))


def test_with_a_meeting_each_the_dialog_speaks_of_their_meetings(
    screens: Screens, engine: Engine, zoom: FakeZoom, ana: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = planned(ana, one_meeting=False)
    classes.make_due_meeting(wiring.services())
    shown = open_dialog(screens, ids[0], "Cancel class")
    choose_all(shown, ids[0], monkeypatch)
    assert "Their Zoom meetings are deleted ten minutes later" in said_everywhere(shown)
    # The second one has no meeting yet.
    shown = open_dialog(screens, ids[1], "Cancel class")
    assert "Zoom meeting" not in said_everywhere(shown).partition("will not take place")[2]
    button(shown, "Cancel this class").click()
    rerun_part(shown, parts(shown)[-1], monkeypatch)
    shown = show(screens, ids[1])
    assert "It does not take place." in said(shown)
    assert "Zoom meeting" not in said(shown)


def test_a_co_teacher_of_one_class_is_not_offered_the_others(
    screens: Screens, engine: Engine, zoom: FakeZoom, ana: Member
) -> None:
    ids = planned(ana)
    eva = member(engine, "eva@school.example")
    shared(engine, ids[0], eva)
    screens.sign_in(eva)
    for label in ("Change", "Cancel class"):
        assert [one for one in open_dialog(screens, ids[0], label).radio if "which" in str(one.key)] == []
    with reading(engine) as tx:
        found = storage.classes.get_class(tx, ids[0])
        assert join_link._with_one_link(tx, eva, found) == [found]
        assert len(join_link._with_one_link(tx, ana, found)) == 5


def test_the_calendar_file_has_every_class_with_this_link(
    screens: Screens, engine: Engine, zoom: FakeZoom, ana: Member
) -> None:
    ids = planned(ana)
    name, content = screens.download(show(screens, ids[1]), "Calendar entry (.ics)")
    assert name.endswith(".ics")
    starts = [line for line in content.decode().splitlines() if line.startswith("DTSTART")]
    assert starts == [
        "DTSTART:20261015T080000Z",
        "DTSTART:20261020T080000Z",
        "DTSTART:20261027T090000Z",
        "DTSTART:20261029T090000Z",
    ]


def test_a_class_that_stands_alone_is_told_of_no_series(
    screens: Screens, engine: Engine, zoom: FakeZoom, ana: Member
) -> None:
    (alone,) = classes.create_series(
        wiring.services(), ana, replace(SERIES, until=date(2026, 10, 13)), one_meeting=True
    )
    shown = show(screens, alone)
    assert "One of" not in said(shown)
    assert "Tue, 13 Oct 2026, 10:00–11:00 (Berlin time)" in shown.code[1].value
