"""What the page of a class says of its figures: who is there now, why the number is what it is, who is the same."""

import json
from typing import Any

import pytest
import streamlit as st
from sqlalchemy import Engine

from tests.class_page.steps import fetch
from tests.fake_zoom import FakeZoom
from tests.makers import (
    MEETING,
    Clock,
    at,
    counted,
    event_body,
    lesson,
    member,
    run,
    shared,
    started,
    stay,
    stored,
    waiting,
)
from tests.screens import Screens, button, figures, metric, note, raw, said, show, tables
from tracker import class_attendance, health, report, storage
from tracker.attendance.counting import take_attendance
from tracker.attendance.types import ClassStatus
from tracker.clock import to_zoom, zone
from tracker.messages.languages import best, speaking
from tracker.storage.database import reading, transaction
from tracker.storage.members import Member
from tracker.ui import page
from tracker.zoom.webhook import Delivery, parse

pytestmark = pytest.mark.database("sqlite")


@pytest.fixture
def ana(engine: Engine, screens: Screens, wired: Clock) -> Member:
    """A teacher, half an hour after the start of her class."""
    made = member(engine)
    wired.forward(minutes=30)
    screens.sign_in(made)
    return made


def seen(what: str, name: str, user_id: str, minute: float, email: str = "") -> Delivery:
    """A webhook that tells of somebody who came (`joined`) or went (`left`)."""
    moment = "join_time" if what == "joined" else "leave_time"
    return parse(event_body(f"meeting.participant_{what}", participant=person(name, user_id, minute, email, moment)))


def person(name: str, user_id: str, minute: float, email: str = "", moment: str = "join_time") -> dict[str, str]:
    """Somebody as a webhook names them."""
    return {"user_id": user_id, "user_name": name, "email": email, "id": "", moment: to_zoom(at(minute))}


@pytest.mark.quick
def test_who_is_in_class_now_is_on_its_page_and_in_the_lists(screens: Screens, engine: Engine, ana: Member) -> None:
    class_id = lesson(engine, ana)
    note(started())
    for delivery in (
        seen("joined", "Bo", "1", 1),
        seen("joined", "Cy <b>", "2", 2),
        seen("left", "Bo", "1", 9),
        seen("joined", "Bo", "3", 12),
        seen("joined", "Di", "4", 3),
        seen("left", "Di", "4", 4),
    ):
        note(delivery)
    shown = show(screens, class_id)
    assert figures(shown)["In class now"] == "2"
    assert figures(shown)["People so far"] == "3"
    assert tables(shown)["In class now"] == [{"Name": "Bo", "Since": "14:12"}, {"Name": "Cy <b>", "Since": "14:02"}]
    assert tables(shown)["Have left"] == [{"Name": "Di", "At": "14:04"}]
    assert [row["Minutes in class"] for row in tables(shown)["People"]] == ["26", "28", "1"]
    for name in (page.TODAY, page.CLASSES):
        assert "2 in class now" in said(screens.open(name))


def test_while_a_class_runs_its_minutes_and_curve_move_with_the_time(
    screens: Screens, engine: Engine, ana: Member, wired: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    class_id = lesson(engine, ana)
    for delivery in (started(), seen("joined", "Bo", "1", 1), seen("joined", "Cy", "2", 2), seen("left", "Cy", "2", 9)):
        note(delivery)
    drawn_anew: list[float] = []
    fragment = st.fragment

    def noted(function: Any = None, *, run_every: float) -> Any:
        drawn_anew.append(run_every)
        return fragment(function, run_every=run_every)

    monkeypatch.setattr(st, "fragment", noted)
    shown = show(screens, class_id)
    moving = set(drawn_anew) - {page.SECONDS_BETWEEN_CHECKS, page.SECONDS_BETWEEN_SIGN_INS}
    assert moving == {page.SECONDS_BETWEEN_MOVES}
    assert page.SECONDS_BETWEEN_MOVES <= 15
    assert [row["Left"] for row in tables(shown)["People"]] == ["still here", "14:09"]
    for seconds, minutes in ((0, "29"), (15, "29"), (60, "30")):
        wired.forward(seconds=seconds)
        shown.run()
        assert [row["Minutes in class"] for row in tables(shown)["People"]] == [minutes, "7"]
        (curve,) = json.loads(shown.get("plotly_chart")[1].proto.spec)["data"]
        assert curve["x"][-1] == f"{wired.time.astimezone(zone('Europe/Berlin')):%Y-%m-%dT%H:%M:%S}"
        assert curve["y"][-1] == 1
    drawn_anew.clear()
    note(parse(event_body("meeting.ended", end_time=to_zoom(at(32)))))
    ended_class = show(screens, class_id)
    assert set(drawn_anew) == {page.SECONDS_BETWEEN_CHECKS, page.SECONDS_BETWEEN_SIGN_INS}
    assert "still here" not in said(ended_class)


def test_a_class_that_runs_again_is_listed_with_who_is_there_and_not_with_its_count(
    screens: Screens, engine: Engine, ana: Member, wired: Clock
) -> None:
    class_id = lesson(engine, ana)
    counted(engine, class_id, stay("Al", 0, 10), stay("Bo", 0, 10), end=10, fetched=20)
    assert "2 people" in said(screens.open(page.CLASSES))
    again = {"uuid": "uuid-2", "start_time": to_zoom(at(20))}
    note(parse(event_body("meeting.started", **again)))
    note(parse(event_body("meeting.participant_joined", **again, participant=person("Cy", "9", 21))))
    for name in (page.TODAY, page.CLASSES):
        text = said(screens.open(name))
        assert "1 in class now" in text
        assert "2 people" not in text


@pytest.mark.parametrize("name", [page.TODAY, page.CLASSES, page.CLASS])
def test_where_no_tracker_runs_the_class_and_every_list_say_so(
    screens: Screens, engine: Engine, ana: Member, name: str
) -> None:
    class_id = lesson(engine, ana)
    assert "Counting is paused" not in said(screens.open(name, id=class_id))
    health.note_gone(engine, "one:8787")
    shown = screens.open(name, id=class_id) if name == page.CLASS else screens.open(name)
    assert "Counting is paused. Nothing is lost" in said(shown)


def test_a_live_class_of_which_no_joins_are_announced_says_no_number(
    screens: Screens, engine: Engine, ana: Member
) -> None:
    class_id = lesson(engine, ana)
    note(started())
    assert not figures(show(screens, class_id))
    assert "in class now" not in said(screens.open(page.TODAY))


def test_while_zooms_list_is_awaited_the_figures_are_those_seen_live_and_say_so(
    screens: Screens, engine: Engine, ana: Member, wired: Clock, zoom: FakeZoom
) -> None:
    class_id = lesson(engine, ana)
    note(started())
    note(seen("joined", "Bo", "1", 0))
    note(parse(event_body("meeting.ended", end_time=to_zoom(at(60)))))
    wired.time = at(65)
    live = "These figures are of what was seen live, not of Zoom's own list."
    shown = show(screens, class_id)
    assert live in said(shown)
    assert metric(shown, "People") == "1"
    assert stored(engine, class_id).participant_count is None
    zoom.hold("uuid-1", meeting=stored(engine, class_id).zoom_meeting_id or "")
    assert fetch(shown) == "Zoom has no participant list for this class yet."
    assert live in said(shown)


def test_a_class_held_at_another_time_says_so(screens: Screens, engine: Engine, ana: Member) -> None:
    class_id = lesson(engine, ana, start=-600)
    held = run("u", -300, -270)
    with transaction(engine) as tx:
        storage.sessions.save_session(tx, stored(engine, class_id).zoom_meeting_id or "", held)
        storage.classes.set_life(tx, class_id, ClassStatus.ENDED, held.start, held.end)
        taken = take_attendance([stay("Bo", -300, -290)], [held], stored(engine, class_id).planned)
        storage.participants.save_attendance(tx, class_id, taken, at(25))
    assert "Planned 04:00, held 09:00–09:30." in said(show(screens, class_id))


@pytest.mark.quick
def test_the_page_says_why_the_number_is_what_it_is(screens: Screens, engine: Engine, ana: Member) -> None:
    class_id = lesson(engine, ana)
    twice = stay("Bo", 0, 30, "bo@x.example")
    counted(engine, class_id, twice, twice, stay("Bo", 20, 60, "BO@x.example"), stay("Cy", 0, 60), waiting("Cy", -5, 0))
    text = said(show(screens, class_id)).replace("**", "")
    assert "1. Zoom's list has 5 joins." in text
    assert "2. 1 is in the list twice, and counts once." in text
    assert "3. 1 is of the waiting room, and does not count." in text
    assert "4. That leaves 3 joins in the meeting, of 2 people. 1 is known by e-mail. 1 is known by name alone." in text
    assert "5. The class lasted 1 h: the planned time, as far as the meeting ran in it." in text
    assert "10 minutes on two devices were counted once." in text


def test_each_person_is_opened_down_to_the_rows(screens: Screens, engine: Engine, ana: Member) -> None:
    class_id = lesson(engine, ana)
    counted(engine, class_id, stay("Bo", 0, 30), stay("Bo", 20, 60), stay("Cy", 0, 60))
    shown = show(screens, class_id)
    (person,) = [box for box in shown.selectbox if box.label == "Every join and leave of one person"]
    person.select_index(0).run()
    assert "2 joins, 1 h in all. Added up they would be 1 h 10 min." in said(shown)
    assert [row["How long"] for row in tables(shown)["Every join and leave"]] == ["30 min", "40 min"]


def test_a_likely_double_is_joined_by_a_click_remembered_for_later_classes_and_undone(
    screens: Screens, engine: Engine, ana: Member
) -> None:
    first, later = lesson(engine, ana), lesson(engine, ana, start=-1440)
    for class_id in (first, later):
        counted(engine, class_id, stay("Bo Li", 0, 30), stay("Bo Li (iPhone)", 20, 60), stay("Cy", 0, 60))
    shown = show(screens, first)
    assert metric(shown, "People") == "3"
    assert "Bo Li and Bo Li (iPhone): the same name on another device." in said(shown).replace("**", "")
    button(shown, "The same person").click().run()
    for class_id in (first, later):
        shown = show(screens, class_id)
        assert metric(shown, "People") == "2"
        assert "3 people by Zoom's list. You said that 1 is the same person as another." in said(shown)
        assert [row["Minutes in class"] for row in tables(shown)["People"]] == ["60", "60"]
        assert stored(engine, class_id).participant_count == 3
        assert "Bo Li and Bo Li (iPhone): the same person" in said(shown)
    button(shown, "Undo").click().run()
    assert metric(show(screens, first), "People") == "3"


def test_two_people_who_are_kept_apart_are_not_suggested_again(screens: Screens, engine: Engine, ana: Member) -> None:
    class_id = lesson(engine, ana)
    counted(engine, class_id, stay("Bo Li", 0, 30), stay("Bo Li", 20, 60, "bo@x.example"))
    button(show(screens, class_id), "Two people").click().run()
    shown = show(screens, class_id)
    assert metric(shown, "People") == "2"
    assert "The same person" not in [one.label for one in shown.button]
    assert "two people" in said(shown)


def test_a_file_has_what_is_known_when_it_is_made_and_the_page_follows(
    screens: Screens, engine: Engine, ana: Member
) -> None:
    class_id = lesson(engine, ana)
    counted(engine, class_id, stay("Zita Quark", 0, 30))
    shown = show(screens, class_id)
    drawn = page.read(class_attendance.size_of_records, stored(engine, class_id))
    counted(engine, class_id, stay("Erased person 7", 0, 30))
    _, content = screens.download(shown, "CSV of people")
    assert b"Zita" not in content
    assert b"Erased person 7" in content
    assert page.read(class_attendance.size_of_records, stored(engine, class_id)) != drawn


def test_who_came_to_the_last_class_of_the_course_and_is_not_here_yet_is_named(
    screens: Screens, engine: Engine, ana: Member
) -> None:
    before = lesson(engine, ana, start=-1440, course="Term 1")
    there = [stay(name, -1440, -1380, email) for name, email in (("Bo", ""), ("Cy", "cy@x.example"), ("Di", ""))]
    counted(engine, before, *there, stay("Erased person 7", -1440, -1380), start=-1440, end=-1380)
    other = lesson(engine, ana, start=-1300, course="Term 2")
    counted(engine, other, stay("Ed", -1300, -1240), start=-1300, end=-1240)
    class_id = lesson(engine, ana, course="Term 1", zoom_meeting_id=MEETING)
    note(started())
    note(seen("joined", "bo", "1", 1))
    assert [list(row.values()) for row in tables(show(screens, class_id))["Not here yet"]] == [["Cy"], ["Di"]]
    note(seen("joined", "Cyrus", "2", 2, "CY@x.example"))
    note(seen("joined", "Di", "3", 3))
    assert "Not here yet" not in tables(show(screens, class_id))


def test_who_may_see_one_class_of_a_course_is_not_told_who_came_to_another(
    screens: Screens, engine: Engine, ana: Member
) -> None:
    before = lesson(engine, ana, start=-1440, course="Term 1")
    counted(engine, before, stay("Cy", -1440, -1380), start=-1440, end=-1380)
    class_id = lesson(engine, ana, course="Term 1", zoom_meeting_id=MEETING)
    note(started())
    note(seen("joined", "Bo", "1", 1))
    colleague = member(engine, "ben@school.example")
    shared(engine, class_id, colleague)
    screens.sign_in(colleague)
    shown = show(screens, class_id)
    assert tables(shown)["In class now"]
    assert "Not here yet" not in tables(shown)


def test_a_long_list_is_in_a_box_with_a_field_to_find_a_name(screens: Screens, engine: Engine, ana: Member) -> None:
    few, many = lesson(engine, ana), lesson(engine, ana, start=-1440)
    counted(engine, few, *(stay(f"P{number:02}", 0, 60) for number in range(60)))
    counted(
        engine,
        many,
        *(stay(f"P{number:02}", -1440, -1380) for number in range(60)),
        stay("José Álvarez", -1440, -1380, "jose@x.example"),
        start=-1440,
        end=-1380,
    )
    shown = show(screens, few)
    assert "class='box'" not in "".join(raw(shown))
    assert "Find a name" not in [one.label for one in shown.text_input]
    shown = show(screens, many)
    assert "class='box'" in "".join(raw(shown))
    assert len(tables(shown)["People"]) == 61
    (field,) = [one for one in shown.text_input if one.label == "Find a name"]
    field.set_value("ÁLVA").run()
    assert [row["Name"] for row in tables(shown)["People"]] == ["José Álvarez"]
    assert "1 person found" in said(shown)


def test_the_list_of_people_is_put_in_another_order(screens: Screens, engine: Engine, ana: Member) -> None:
    class_id = lesson(engine, ana)
    counted(engine, class_id, stay("Al", 8, 60), stay("Bo", 5, 60), stay("Cy", 6, 30))
    shown = show(screens, class_id)
    (order,) = [one for one in shown.segmented_control if one.label == "Sort by"]
    for chosen, expected in (("arrival", ["Bo", "Cy", "Al"]), ("minutes", ["Bo", "Al", "Cy"])):
        order.set_value(chosen).run()
        assert [row["Name"] for row in tables(shown)["People"]] == expected


def test_times_are_the_readers_and_the_page_says_so_where_the_class_is_elsewhere(
    screens: Screens, engine: Engine, ana: Member
) -> None:
    class_id = lesson(engine, ana)
    counted(engine, class_id, stay("Bo", 0, 30))
    assert "Times on this page" not in said(show(screens, class_id))
    screens.zone = "America/Sao_Paulo"
    shown = show(screens, class_id)
    assert tables(shown)["People"][0]["Came"] == "09:00"
    assert "Held 09:00–10:00." in said(shown)
    assert "Times on this page are those of São Paulo, in the files those of Berlin." in said(shown)
    assert b"14:00:00+02:00" in screens.download(shown, "CSV of people")[1]


def test_files_have_headings_in_the_readers_language_only_where_that_is_asked_for(
    screens: Screens, engine: Engine, ana: Member
) -> None:
    class_id = lesson(engine, ana)
    counted(engine, class_id, stay("Bo", 0, 60))
    assert "headings" not in [one.key for one in show(screens, class_id).segmented_control]
    screens.locale = "es-MX"
    shown = show(screens, class_id)

    def people() -> bytes:
        return screens.download(shown, shown.get("download_button")[1].proto.label)[1]

    with reading(engine) as tx:
        attendance = class_attendance.attendance_of(tx, storage.classes.get_class(tx, class_id), at(10_000))
    assert attendance is not None
    table = report.people_table(attendance, zone("Europe/Berlin"))
    assert people() == report.csv_bytes(table)
    (headings,) = [one for one in shown.segmented_control if one.key == "headings"]
    assert headings.options[1] == "Español"
    headings.set_value("es").run()
    with speaking(best("es-MX")):
        assert people() == report.csv_bytes(report.in_words(table)) != report.csv_bytes(table)
