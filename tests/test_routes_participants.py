"""`/api/zoom/participants`: fetches for a person with a token, and for programs with the cron secret."""

import json
from dataclasses import replace
from typing import Any

import pytest
from responses import RequestsMock
from sqlalchemy import Engine

from tests.fake_zoom import FakeZoom
from tests.makers import MEETING, NOW, Clock, at, ended, lesson, member, participant, server_state_on, started, stored
from tests.test_routes import error
from tracker import auth, classes, sessions, storage
from tracker.attendance.types import ClassStatus, FetchState
from tracker.auth import OPERATOR
from tracker.server.routes import Answer, Request, ServerState, answer
from tracker.storage.database import transaction
from tracker.storage.members import Member

pytestmark = pytest.mark.database("sqlite")

CRON = "cron-secret-é"
PATH = "/api/zoom/participants"
DATA = {"participantCount": 2, "totalRecords": 3, "uniqueCount": 2, "fetchedAt": "2026-05-14T13:15:00Z"}


@pytest.fixture
def clock() -> Clock:
    """A quarter of an hour after the end of the class, so that its list is due."""
    return Clock(at(75))


@pytest.fixture
def zoom(http: RequestsMock) -> FakeZoom:
    zoom = FakeZoom(http)
    people = (participant("Ana", 0, 60, "ana@x.example"), participant("Bo", 5, 30), participant("Bo", 35, 60))
    zoom.hold("uuid-1", *people, meeting=MEETING)
    return zoom


@pytest.fixture
def state(engine: Engine, clock: Clock, zoom: FakeZoom) -> ServerState:
    return server_state_on(engine, clock, CRON_SECRET=CRON)


@pytest.fixture
def teacher(engine: Engine) -> Member:
    return member(engine)


@pytest.fixture
def held(state: ServerState, engine: Engine, teacher: Member) -> str:
    """A class whose end Zoom has announced."""
    class_id = lesson(engine, teacher)
    sessions.note_delivery(state.services, ended())
    return class_id


def token_of(engine: Engine, person: Member) -> str:
    return auth.new_api_token(engine, auth.OPERATOR, person.email, NOW)


def ask(state: ServerState, person: Member, query: str) -> Answer:
    """A person asks with a token."""
    token = token_of(state.services.engine, person)
    return answer(state, Request("GET", PATH + query, {"authorization": f"Bearer {token}"}))


def post(state: ServerState, body: Any) -> Answer:
    """A program asks."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return answer(state, Request("POST", PATH, {}, content))


def call(state: ServerState, class_id: str) -> Answer:
    """A program asks for this class with the right secret."""
    return post(state, {"streamId": class_id, "cronSecret": CRON})


# -- a person


@pytest.mark.parametrize("role", ["teacher", "admin"])
@pytest.mark.database("sqlite", "postgresql")
def test_the_teacher_and_an_admin_get_the_participants_fetched_now(
    state: ServerState, engine: Engine, teacher: Member, held: str, role: str
) -> None:
    person = teacher if role == "teacher" else member(engine, "root@school.example", "admin")
    given = ask(state, person, f"?streamId={held}")
    assert (given.status, json.loads(given.body)) == (200, {"success": True, "data": DATA})
    found = stored(engine, held)
    assert (found.participant_count, found.participants_fetched_at) == (2, at(75))


def test_fetching_again_after_a_minute_replaces_what_was_known(
    state: ServerState, teacher: Member, held: str, zoom: FakeZoom, clock: Clock
) -> None:
    ask(state, teacher, f"?streamId={held}")
    zoom.records["uuid-1"].append(participant("Cy", 0, 60))
    clock.forward(seconds=59)
    assert json.loads(ask(state, teacher, f"?streamId={held}").body)["data"] == DATA
    clock.forward(seconds=1)
    again = json.loads(ask(state, teacher, f"?streamId={held}").body)
    assert again["data"] == DATA | {
        "participantCount": 3,
        "totalRecords": 4,
        "uniqueCount": 3,
        "fetchedAt": "2026-05-14T13:16:00Z",
    }


@pytest.mark.parametrize(
    "authorization",
    [None, "Bearer wrong", "Basic dXNlcjpwdw==", "Bearer \udce9\0"],
)
def test_without_a_valid_token_nobody_gets_in_and_it_is_logged(
    state: ServerState, held: str, authorization: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    headers = {} if authorization is None else {"authorization": authorization}
    given = answer(state, Request("GET", f"{PATH}?streamId={held}", headers, address="192.0.2.9"))
    assert error(given) == (401, "unauthorized")
    logged = [one for one in caplog.records if one.message == "a call was refused"]
    assert [vars(one)["address"] for one in logged] == ["192.0.2.9"]
    assert stored(state.services.engine, held).participant_count is None


def test_the_token_before_the_last_one_is_worth_nothing(
    state: ServerState, engine: Engine, teacher: Member, held: str
) -> None:
    old = token_of(engine, teacher)
    token_of(engine, teacher)
    given = answer(state, Request("GET", f"{PATH}?streamId={held}", {"authorization": f"Bearer {old}"}))
    assert error(given) == (401, "unauthorized")


def test_another_teacher_is_refused(state: ServerState, engine: Engine, held: str) -> None:
    other = member(engine, "bo@school.example")
    assert error(ask(state, other, f"?streamId={held}")) == (403, "forbidden")
    assert stored(engine, held).participant_count is None


@pytest.mark.parametrize("class_id", ["nobody", "%00", "x" * 5000, "%ff%fe", "'%20OR%201=1", "%ED%A0%80"])
@pytest.mark.database("sqlite", "postgresql")
def test_an_unknown_class_is_answered_404(state: ServerState, teacher: Member, class_id: str) -> None:
    assert error(ask(state, teacher, f"?streamId={class_id}")) == (404, "not_found")


@pytest.mark.parametrize("query", ["", "?", "?streamId=", "?streamid=x", "?streamId"])
def test_a_call_without_a_class_is_answered_400(state: ServerState, teacher: Member, query: str) -> None:
    assert error(ask(state, teacher, query)) == (400, "invalid")


def test_the_class_may_be_named_anywhere_in_the_query(state: ServerState, teacher: Member, held: str) -> None:
    assert ask(state, teacher, f"?a=b&streamId={held}&c").status == 200


def test_a_class_without_a_meeting_is_answered_409(state: ServerState, engine: Engine, teacher: Member) -> None:
    class_id = lesson(engine, teacher, zoom_meeting_id=None)
    assert error(ask(state, teacher, f"?streamId={class_id}")) == (409, "no_zoom_meeting_id")


def test_a_class_that_goes_on_is_answered_409(state: ServerState, engine: Engine, teacher: Member) -> None:
    class_id = lesson(engine, teacher, start=60)
    sessions.note_delivery(state.services, started("uuid-2", start=60))
    assert stored(engine, class_id).status is ClassStatus.LIVE
    assert error(ask(state, teacher, f"?streamId={class_id}")) == (409, "not_ended")


def test_a_class_to_come_is_answered_409(state: ServerState, engine: Engine, teacher: Member) -> None:
    class_id = lesson(engine, teacher, start=600)
    assert error(ask(state, teacher, f"?streamId={class_id}")) == (409, "not_ended")


def test_a_class_whose_list_is_empty_is_answered_409(
    state: ServerState, teacher: Member, held: str, zoom: FakeZoom
) -> None:
    zoom.records["uuid-1"].clear()
    assert error(ask(state, teacher, f"?streamId={held}")) == (409, "no_data_from_zoom")


def test_a_fetch_under_way_is_answered_409(state: ServerState, engine: Engine, teacher: Member, held: str) -> None:
    with transaction(engine) as tx:
        assert storage.fetches.claim_due(tx, at(75))
    assert error(ask(state, teacher, f"?streamId={held}")) == (409, "fetch_under_way")


def test_a_fetch_that_news_of_the_class_overtook_is_answered_409(
    state: ServerState, teacher: Member, held: str, zoom: FakeZoom
) -> None:
    def goes_on(path: str) -> None:
        zoom.meanwhile = lambda path: None
        sessions.note_delivery(state.services, started("uuid-2", start=62))

    zoom.meanwhile = goes_on
    assert error(ask(state, teacher, f"?streamId={held}")) == (409, "lease_lost")
    assert stored(state.services.engine, held).participant_count is None


FAULTS = [
    (500, "<html>oops</html>"),
    (429, {"code": 429, "message": "too many"}),
    (400, {"code": 12702, "message": "Can not access a meeting a year ago."}),
    (200, "not JSON"),
]


@pytest.mark.parametrize("fault", FAULTS)
def test_what_goes_wrong_at_zoom_is_answered_502_and_noted_and_the_planned_fetch_stays(
    state: ServerState, teacher: Member, held: str, zoom: FakeZoom, fault: tuple[int, Any]
) -> None:
    before = stored(state.services.engine, held)
    assert before.fetch is not None
    zoom.list_faults.append(fault)
    assert error(ask(state, teacher, f"?streamId={held}")) == (502, "zoom_api_error")
    after = stored(state.services.engine, held)
    assert after.fetch is not None
    assert after.fetch.error is not None
    assert replace(after, fetch=replace(after.fetch, error=None)) == before


def test_a_network_that_breaks_off_is_answered_502(
    state: ServerState, teacher: Member, held: str, http: RequestsMock
) -> None:
    http.reset()  # from here on every call raises requests.ConnectionError
    assert error(ask(state, teacher, f"?streamId={held}")) == (502, "zoom_api_error")


def test_without_zooms_credentials_the_call_says_that_it_is_not_configured(
    state: ServerState, engine: Engine, clock: Clock, teacher: Member, held: str
) -> None:
    bare = server_state_on(engine, clock, ZOOM_CLIENT_SECRET="", CRON_SECRET=CRON)
    assert error(ask(bare, teacher, f"?streamId={held}")) == (503, "not_configured")
    assert error(call(bare, held)) == (503, "not_configured")


# -- a program


@pytest.mark.database("sqlite", "postgresql")
def test_a_program_gets_the_same_data(state: ServerState, held: str) -> None:
    given = call(state, held)
    assert (given.status, json.loads(given.body)) == (200, {"success": True, "data": DATA})
    assert stored(state.services.engine, held).participant_count == 2


def skipped(given: Answer) -> str:
    """The reason of an answer that skips."""
    body = json.loads(given.body)
    assert body == {"success": True, "skipped": True, "reason": body["reason"]}
    assert given.status == 200
    return str(body["reason"])


def test_a_class_without_a_meeting_is_skipped(state: ServerState, engine: Engine, teacher: Member) -> None:
    assert skipped(call(state, lesson(engine, teacher, zoom_meeting_id=None))) == "no_zoom_meeting_id"


@pytest.mark.parametrize("start", [0, 600])
def test_a_class_whose_end_is_not_known_is_skipped(
    state: ServerState, engine: Engine, teacher: Member, start: float
) -> None:
    assert skipped(call(state, lesson(engine, teacher, start=start))) == "not_ended"


def test_a_cancelled_class_is_skipped(state: ServerState, engine: Engine, teacher: Member) -> None:
    class_id = lesson(engine, teacher, start=600, zoom_meeting_made=False)
    classes.cancel_class(state.services, OPERATOR, class_id)
    assert skipped(call(state, class_id)) == "not_ended"


def test_a_class_whose_participants_are_known_is_skipped(state: ServerState, held: str) -> None:
    assert call(state, held).status == 200
    assert skipped(call(state, held)) == "already_fetched"


def test_a_class_is_skipped_until_the_delay_is_over(state: ServerState, held: str, clock: Clock) -> None:
    for minutes in (61, 69.99):
        clock.time = at(minutes)
        assert skipped(call(state, held)) == "too_soon"
    clock.time = at(70)
    assert "data" in json.loads(call(state, held).body)


def test_a_class_that_somebody_is_fetching_is_skipped_for_now(state: ServerState, engine: Engine, held: str) -> None:
    with transaction(engine) as tx:
        assert storage.fetches.claim_due(tx, at(75))
    assert skipped(call(state, held)) == "too_soon"


def test_a_class_that_goes_on_while_it_is_fetched_is_skipped_for_now(
    state: ServerState, held: str, zoom: FakeZoom
) -> None:
    def goes_on(path: str) -> None:
        zoom.meanwhile = lambda path: None
        sessions.note_delivery(state.services, started("uuid-2", start=62))

    zoom.meanwhile = goes_on
    assert skipped(call(state, held)) == "too_soon"
    assert skipped(call(state, held)) == "not_ended"


@pytest.mark.parametrize("fault", FAULTS)
def test_a_class_that_zoom_fails_to_tell_of_is_skipped(
    state: ServerState, held: str, zoom: FakeZoom, fault: tuple[int, Any]
) -> None:
    zoom.list_faults.append(fault)
    assert skipped(call(state, held)) == "zoom_api_error"
    fetch = stored(state.services.engine, held).fetch
    assert fetch is not None
    assert fetch.state(at(75)) is FetchState.WAITING


def test_a_class_whose_list_is_empty_is_skipped(state: ServerState, held: str, zoom: FakeZoom) -> None:
    zoom.records["uuid-1"].clear()
    assert skipped(call(state, held)) == "no_data_from_zoom"
    assert stored(state.services.engine, held).participant_count is None


@pytest.mark.parametrize("secret", [None, "", "wrong", CRON + " ", 5, ["x"], {"a": 1}, "\ud800", "é"])
def test_a_program_without_the_secret_is_refused(state: ServerState, held: str, secret: object) -> None:
    assert error(post(state, {"streamId": held, "cronSecret": secret})) == (401, "unauthorized")
    assert stored(state.services.engine, held).participant_count is None


def test_the_secret_in_the_address_does_not_count(state: ServerState, held: str) -> None:
    request = Request("POST", f"{PATH}?cronSecret={CRON}", {}, json.dumps({"streamId": held}).encode())
    assert error(answer(state, request)) == (401, "unauthorized")


@pytest.mark.parametrize("class_id", ["nobody", "a\0b", "x" * 5000, "\ud800", "%"])
@pytest.mark.database("sqlite", "postgresql")
def test_a_program_that_names_an_unknown_class_is_answered_404(state: ServerState, class_id: str) -> None:
    assert error(call(state, class_id)) == (404, "not_found")


@pytest.mark.parametrize("class_id", [None, "", 5, ["a"]])
def test_a_program_that_names_no_class_is_answered_400(state: ServerState, class_id: Any) -> None:
    assert error(call(state, class_id)) == (400, "invalid")


@pytest.mark.parametrize("body", [b"", b"\xff", b"[]", b"[" * 10_000, b"streamId=1&cronSecret=2"])
def test_a_program_that_sends_no_json_object_is_answered_400(state: ServerState, body: bytes) -> None:
    assert error(post(state, body)) == (400, "invalid")


def test_without_a_cron_secret_the_door_is_closed_to_everybody(engine: Engine, clock: Clock, zoom: FakeZoom) -> None:
    closed = server_state_on(engine, clock)
    for secret in ("", None, "x"):
        assert error(post(closed, {"streamId": "x", "cronSecret": secret})) == (503, "not_configured")


def test_a_class_that_another_program_wrote_as_ended_is_fetched_by_its_meeting(
    state: ServerState, engine: Engine, teacher: Member
) -> None:
    class_id = lesson(engine, teacher)
    with transaction(engine) as tx:
        storage.classes.set_life(tx, class_id, ClassStatus.ENDED, at(0), at(60))
    assert json.loads(call(state, class_id).body)["data"] == DATA
