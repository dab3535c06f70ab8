"""Whatever Zoom delivers: it is answered, the database stays whole, and what was stored can be shown."""

import json
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from tests.fuzz.values import as_json, number, scalars, slow, spoilt, texts, values
from tests.makers import Clock, at, event_body, lesson, server_state_on, zoom_signature
from tracker import class_attendance, report, storage
from tracker import clock as clocks
from tracker.attendance.curve import presence_curve
from tracker.attendance.types import Attendance
from tracker.server.routes import Answer, Request, ServerState, answer
from tracker.storage.classes import Class
from tracker.storage.database import reading
from tracker.storage.members import Member
from tracker.ui import words
from tracker.zoom.webhook import SIGHTINGS

pytestmark = pytest.mark.slow

EVENTS = ("meeting.started", "meeting.ended", *SIGHTINGS)
PERSON = {
    "user_id": "16778240",
    "user_name": "Ana",
    "email": "ana@x.example",
    "id": "z",
    "participant_user_id": "",
    "join_time": "2026-05-14T12:05:00Z",
    "leave_time": "2026-05-14T12:55:00Z",
    "date_time": "2026-05-14T12:01:00Z",
    "parent_user_id": "",
}


@pytest.fixture
def state(engine: Engine, clock: Clock) -> ServerState:
    return server_state_on(engine, clock)


def deliver(state: ServerState, body: bytes) -> Answer:
    headers = zoom_signature(body, state.services.now())
    return answer(state, Request("POST", "/api/webhooks/zoom", headers, body))


def event(name: str, meeting: str) -> dict[str, Any]:
    """A good event about somebody in this meeting."""
    found: dict[str, Any] = json.loads(event_body(name, meeting, f"{meeting}-0"))
    if name in SIGHTINGS:
        found["payload"]["object"]["participant"] = PERSON
    return found


def shown(state: ServerState, class_id: str) -> tuple[Class, Attendance | None]:
    """What a page makes of the class; all of it has to work, whatever was stored."""
    now = state.services.now()
    with reading(state.services.engine) as tx:
        found = storage.classes.get_class(tx, class_id)
        seen = class_attendance.attendance_seen(tx, found, now)
        here = class_attendance.people_in_class_now(tx, found, now)
    words.state(found, now)
    words.here(here, 5)
    json.dumps(found.record())
    if seen is not None:
        zone = clocks.zone(found.timezone)
        presence_curve(seen.people, seen.lesson)
        for table in (report.people_table, report.stays_table):
            report.csv_bytes(table(seen, zone))
        report.json_bytes(seen, zone, found.record())
    return found, seen


@slow
@given(body=st.binary(max_size=200) | values.map(as_json) | st.dictionaries(texts, values, max_size=4).map(as_json))
def test_any_signed_body_is_answered_and_told_apart(state: ServerState, body: bytes) -> None:
    assert deliver(state, body).status in (200, 400)


@slow
@given(data=st.data())
def test_an_event_with_something_wrong_in_it_leaves_a_class_that_can_be_shown(
    state: ServerState, ana: Member, data: st.DataObject
) -> None:
    meeting = number()
    class_id = lesson(state.services.engine, ana, zoom_meeting_id=meeting)
    names = data.draw(st.lists(st.sampled_from(EVENTS), min_size=1, max_size=3))
    for name in names:
        body = as_json(data.draw(spoilt(event(name, meeting))))
        if data.draw(st.booleans()):
            twice = as_json({data.draw(st.sampled_from(["id", "uuid", "start_time"])): data.draw(scalars)})
            body = body.replace(b'"object": {', b'"object": {' + twice[1:-1] + b", ", 1)
        assert deliver(state, body).status in (200, 400)
        shown(state, class_id)


# The same deliveries, in any order

TOLD_OF_PEOPLE = st.tuples(
    st.sampled_from(sorted(SIGHTINGS)),
    st.sampled_from(["1", "2", "3"]),
    st.integers(0, 59),
    st.sampled_from(["", "Ana", "Ben", "iPhone"]),
    st.sampled_from(["", "ana@x.example"]),
    st.sampled_from(["", "", "1"]),
    st.booleans(),
)


@st.composite
def meetings(draw: st.DrawFn) -> list[tuple[str, int, dict[str, Any]]]:
    """Deliveries about one to three sessions of a meeting: event, session and what it says; any may be lost."""
    told: list[tuple[str, int, dict[str, Any]]] = []
    begins = -20
    for run in range(draw(st.integers(1, 3))):
        begins += draw(st.integers(0, 40))
        ends = begins + draw(st.integers(1, 30))
        start, end = clocks.to_zoom(at(begins)), clocks.to_zoom(at(ends))
        if draw(st.booleans()):
            told.append(("meeting.started", run, {"start_time": start}))
        if draw(st.booleans()):
            told.append(("meeting.ended", run, {"start_time": start, "end_time": end}))
        for name, user, second, who, email, parent, with_start in draw(st.lists(TOLD_OF_PEOPLE, max_size=5)):
            # Within a few seconds, so that some of it happens at once.
            moment = clocks.to_zoom(at(begins) + timedelta(seconds=second % 4))
            person = {"user_id": user, "user_name": who, "email": email, "parent_user_id": parent, "date_time": moment}
            start_time = {"start_time": start} if with_start else {}
            told.append((name, run, start_time | {"participant": person}))
        begins = ends + 1
    return told


def outcome(state: ServerState, class_id: str) -> tuple[object, ...]:
    """What became of the class, without what tells it from another class with the same deliveries."""
    found, seen = shown(state, class_id)
    with reading(state.services.engine) as tx:
        known = storage.sessions.list_sessions(tx, found.zoom_meeting_id or "")
        sessions = [replace(one, uuid=one.uuid[-1]) for one in known]
        here = [
            (person.name, person.email, person.first_join)
            for person in class_attendance.people_in_class_now(tx, found, state.services.now())
        ]
    stays = [replace(stay, session_uuid=stay.session_uuid[-1]) for stay in seen.stays] if seen else None
    people = [(one.name, one.email, one.seconds, one.percent, one.status) for one in seen.people] if seen else None
    due = found.fetch.due_at if found.fetch else None
    return found.status, found.started_at, found.ended_at, due, sessions, stays, people, here


def deliver_all(state: ServerState, class_id: str, meeting: str, told: list[tuple[str, int, dict[str, Any]]]) -> None:
    for name, run, about in told:
        about = {"start_time": None} | about
        assert deliver(state, event_body(name, meeting, f"{meeting}-{run}", **about)).status == 200


@slow
@given(told=meetings(), made=st.booleans(), random=st.randoms(use_true_random=False), late=st.integers(0, 300))
def test_the_same_deliveries_in_any_order_doubled_and_late_end_in_the_same_state(
    engine: Engine,
    ana: Member,
    told: list[tuple[str, int, dict[str, Any]]],
    made: bool,
    random: Random,
    late: int,
) -> None:
    clock = Clock()
    state = server_state_on(engine, clock)
    ends: list[tuple[object, ...]] = []
    shuffled = [*told, *(random.choice(told) for _ in range(3) if told)]
    random.shuffle(shuffled)
    for order in (told, shuffled):
        meeting = number()
        class_id = lesson(engine, ana, zoom_meeting_id=meeting, zoom_meeting_made=made)
        clock.time = at(0)
        deliver_all(state, class_id, meeting, order[: len(order) // 2])
        clock.time = at(late)
        deliver_all(state, class_id, meeting, order[len(order) // 2 :])
        clock.time = at(600)
        ends.append(outcome(state, class_id))
    assert ends[0] == ends[1]
