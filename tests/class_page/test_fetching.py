"""What the page of a class says of Zoom's list, and the button that asks for it."""

from typing import Any

import pytest
from responses import RequestsMock
from sqlalchemy import Engine

from tests.class_page.steps import fetch, fetch_failed
from tests.fake_zoom import FakeZoom, sent
from tests.makers import MEETING, at, counted, ended, lesson, participant, started, stay, stored, waiting
from tests.screens import Screens, button, figures, metric, note, refused, said, show, tables
from tracker import storage
from tracker.attendance.types import ClassStatus
from tracker.errors import Problem
from tracker.storage.database import transaction
from tracker.storage.members import Member
from tracker.ui import page

pytestmark = pytest.mark.database("sqlite")


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
