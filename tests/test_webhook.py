"""Zoom's webhooks: which are let in, and what they say."""

import gzip
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.makers import MEETING, NOW, WEBHOOK_SECRET, at, event_body, zoom_signature
from tracker.attendance.types import Sighting, Where
from tracker.errors import NotConfigured, WebhookRefused
from tracker.zoom.webhook import (
    MeetingEnded,
    MeetingStarted,
    OtherEvent,
    ParticipantSeen,
    UrlValidation,
    parse,
    validation_reply,
    verify,
)

STARTED = event_body("meeting.started")
# A body and its signature under `test-secret`, worked out once with another program.
PLAIN_TOKEN = "qgg8vlvZRS6UYooatFL8Aw"
KNOWN = (
    b'{"event":"endpoint.url_validation","payload":{"plainToken":"qgg8vlvZRS6UYooatFL8Aw"},"event_ts":1654503849680}'
)
KNOWN_AT = datetime.fromtimestamp(1654503849, UTC)
KNOWN_HEADERS = {
    "x-zm-request-timestamp": "1654503849",
    "x-zm-signature": "v0=9cc1b593de7b40d7dfdfc77bae641991ed38e079e943ca71c0caa53911f186b6",
}


def refusal(raw: bytes) -> WebhookRefused:
    with pytest.raises(WebhookRefused) as caught:
        parse(raw)
    return caught.value


def body(name: str, about: dict[str, Any], **envelope: Any) -> bytes:
    return json.dumps({"event": name, "payload": {"object": about}} | envelope).encode()


# Whose delivery it is


def test_a_delivery_of_zooms_is_let_in() -> None:
    verify(KNOWN, KNOWN_HEADERS, "test-secret", KNOWN_AT)
    verify(STARTED, zoom_signature(STARTED), WEBHOOK_SECRET, NOW)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"not JSON",
        b"\xff\x00\xfe",
        '{"topic": "Größe  & Maß 👩‍🏫"}'.encode(),
        b'{"topic":"Gr\\u00f6\\u00dfe"}',
        b' { "a" : 1.0 , "a" : 2 } \r\n',
    ],
)
def test_the_signature_is_over_the_bytes_as_they_came(raw: bytes) -> None:
    verify(raw, zoom_signature(raw), WEBHOOK_SECRET, NOW)
    with pytest.raises(WebhookRefused):
        verify(raw + b" ", zoom_signature(raw), WEBHOOK_SECRET, NOW)


SIGNED = zoom_signature(STARTED)
SIGNATURE = SIGNED["x-zm-signature"]


@pytest.mark.parametrize(
    "changed",
    [
        {"x-zm-signature": ""},
        {"x-zm-signature": SIGNATURE.removeprefix("v0=")},
        {"x-zm-signature": SIGNATURE[:-1]},
        {"x-zm-signature": SIGNATURE.upper()},
        {"x-zm-signature": SIGNATURE.replace("v0=", "v1=")},
        {"x-zm-signature": f" {SIGNATURE}"},
        {"x-zm-signature": "v0=" + "0" * 64},
        {"x-zm-signature": "v0=ä\udcff" + "0" * 62},
        {"x-zm-signature": zoom_signature(STARTED, secret="another")["x-zm-signature"]},
        {"x-zm-signature": zoom_signature(STARTED, secret=WEBHOOK_SECRET + " ")["x-zm-signature"]},
        {"x-zm-request-timestamp": ""},
        {"x-zm-request-timestamp": "now"},
        {"x-zm-request-timestamp": SIGNED["x-zm-request-timestamp"] + "1"},
        {"x-zm-request-timestamp": "+" + SIGNED["x-zm-request-timestamp"]},
        {"x-zm-request-timestamp": " " + SIGNED["x-zm-request-timestamp"]},
        {"x-zm-request-timestamp": SIGNED["x-zm-request-timestamp"] + ".0"},
        {"x-zm-request-timestamp": "-1"},
        {"x-zm-request-timestamp": "²"},
        {"x-zm-request-timestamp": "١٧٧٨٧٥٩٩٩٩"},
        {"x-zm-request-timestamp": "9" * 5000},
    ],
)
def test_a_forged_delivery_is_refused(changed: dict[str, str]) -> None:
    with pytest.raises(WebhookRefused) as caught:
        verify(STARTED, SIGNED | changed, WEBHOOK_SECRET, NOW)
    assert caught.value.status == 401


@pytest.mark.parametrize("missing", ["x-zm-signature", "x-zm-request-timestamp"])
def test_a_delivery_without_its_headers_is_refused(missing: str) -> None:
    headers = {name: value for name, value in SIGNED.items() if name != missing}
    with pytest.raises(WebhookRefused) as caught:
        verify(STARTED, headers, WEBHOOK_SECRET, NOW)
    assert caught.value.status == 401


@pytest.mark.parametrize("seconds", [-300, -299, 0, 299, 300])
def test_a_delivery_of_the_last_or_the_next_five_minutes_is_let_in(seconds: int) -> None:
    verify(STARTED, zoom_signature(STARTED, NOW + timedelta(seconds=seconds)), WEBHOOK_SECRET, NOW)


@pytest.mark.parametrize("seconds", [-86_400, -301, 301, 86_400])
def test_an_older_or_a_newer_delivery_is_refused(seconds: int) -> None:
    with pytest.raises(WebhookRefused, match="five minutes") as caught:
        verify(STARTED, zoom_signature(STARTED, NOW + timedelta(seconds=seconds)), WEBHOOK_SECRET, NOW)
    assert caught.value.status == 401


def test_without_a_secret_nothing_is_let_in() -> None:
    with pytest.raises(NotConfigured, match="ZOOM_WEBHOOK_SECRET is not set"):
        verify(STARTED, zoom_signature(STARTED, secret=""), "", NOW)


# Why a signature is another one

NAMED = {
    "event": "meeting.started",
    "event_ts": 1_778_760_000_000,
    "payload": {"account_id": "a", "object": {"topic": "Maß"}},
}
COMPACT = json.dumps(NAMED, separators=(",", ":"), ensure_ascii=False).encode()
ESCAPED = json.dumps(NAMED, separators=(",", ":")).encode()


@pytest.mark.parametrize(
    ("raw", "signed", "secret", "more", "code"),
    [
        (json.dumps(NAMED).encode(), COMPACT, WEBHOOK_SECRET, {}, "body_changed"),
        (json.dumps(NAMED, indent=2).encode(), COMPACT, WEBHOOK_SECRET, {}, "body_changed"),
        (ESCAPED, COMPACT, WEBHOOK_SECRET, {}, "body_changed"),
        (COMPACT, ESCAPED, WEBHOOK_SECRET, {}, "body_changed"),
        (COMPACT + b"\n", COMPACT, WEBHOOK_SECRET, {}, "body_changed"),
        (gzip.compress(COMPACT, mtime=0), COMPACT, WEBHOOK_SECRET, {}, "body_changed"),
        (gzip.compress(COMPACT, mtime=0), COMPACT, "another", {"content-encoding": "gzip"}, "body_changed"),
        (json.dumps(NAMED, indent=2).encode(), COMPACT, "another", {}, "body_changed"),
        (COMPACT, COMPACT, "another", {"content-encoding": "identity"}, "wrong_signature_of_account"),
        (json.dumps(NAMED).encode(), COMPACT, "another", {}, "wrong_signature_of_account"),
        (COMPACT.replace(b'"a"', b'"b"'), COMPACT, "another", {}, "wrong_signature"),
        (COMPACT[:-1], COMPACT, WEBHOOK_SECRET, {}, "wrong_signature"),
        (gzip.compress(COMPACT, mtime=0)[:20], COMPACT, WEBHOOK_SECRET, {}, "wrong_signature"),
        (gzip.compress(b" " * 10**7, mtime=0), COMPACT, WEBHOOK_SECRET, {}, "wrong_signature"),
        (b'{"event": 7}', COMPACT, WEBHOOK_SECRET, {}, "wrong_signature"),
        (b"[" * 60_000, COMPACT, WEBHOOK_SECRET, {}, "wrong_signature"),
        (COMPACT + b" " * 70_000, COMPACT, WEBHOOK_SECRET, {}, "wrong_signature"),
        (COMPACT, COMPACT, "another", {"x-zm-signature": "guessed"}, "wrong_signature"),
        (b'{"event":"\\ud800"}', COMPACT, WEBHOOK_SECRET, {}, "wrong_signature"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_what_can_be_known_of_another_signature_is_told(
    raw: bytes, signed: bytes, secret: str, more: dict[str, str], code: str
) -> None:
    headers = zoom_signature(signed, secret=secret) | more
    with pytest.raises(WebhookRefused) as caught:
        verify(raw, headers, WEBHOOK_SECRET, NOW, "a")
    assert (caught.value.status, caught.value.code) == (401, code)


def test_an_old_delivery_is_not_looked_into() -> None:
    with pytest.raises(WebhookRefused) as caught:
        verify(json.dumps(NAMED).encode(), zoom_signature(COMPACT), WEBHOOK_SECRET, at(6), "a")
    assert caught.value.code == "wrong_signature"


def test_without_a_known_account_an_event_is_of_none() -> None:
    raw = json.dumps(NAMED | {"payload": {"account_id": ""}}).encode()
    with pytest.raises(WebhookRefused) as caught:
        verify(raw, zoom_signature(raw, secret="another"), WEBHOOK_SECRET, NOW)
    assert caught.value.code == "wrong_signature"


# What it says


@pytest.mark.parametrize("meeting", [MEETING, int(MEETING)])
def test_a_meeting_that_started_is_told_with_its_real_start(meeting: object) -> None:
    found = parse(event_body("meeting.started", meeting, "8/1CfakekGvH8gZ+3Fvgg=="))
    assert found.name == "meeting.started"
    assert found.event == MeetingStarted(MEETING, "8/1CfakekGvH8gZ+3Fvgg==", NOW)


def test_a_meeting_that_ended_is_told_with_start_and_end() -> None:
    assert parse(event_body("meeting.ended")).event == MeetingEnded(MEETING, "uuid-1", at(0), at(60))


SENT = NOW.timestamp() * 1000


@pytest.mark.parametrize(
    ("name", "about", "expected"),
    [
        ("meeting.started", {}, MeetingStarted("81", "u", NOW)),
        ("meeting.started", {"start_time": ""}, MeetingStarted("81", "u", NOW)),
        ("meeting.started", {"start_time": 5}, MeetingStarted("81", "u", NOW)),
        ("meeting.ended", {}, MeetingEnded("81", "u", NOW, NOW)),
        ("meeting.ended", {"start_time": "2026-05-14T11:00:00Z"}, MeetingEnded("81", "u", at(-60), NOW)),
        ("meeting.ended", {"end_time": "2026-05-14T11:00:00Z"}, MeetingEnded("81", "u", at(-60), at(-60))),
        (
            "meeting.ended",
            {"start_time": "2026-05-14T12:00:00Z", "end_time": "2026-05-14T11:00:00Z"},
            MeetingEnded("81", "u", at(-60), at(-60)),
        ),
    ],
)
def test_where_a_time_is_missing_the_event_has_the_time_it_was_sent(
    name: str, about: dict[str, Any], expected: object
) -> None:
    assert parse(body(name, {"id": 81, "uuid": "u"} | about, event_ts=int(SENT) + 999)).event == expected


@pytest.mark.parametrize(
    "event_ts",
    [None, "1778760000000", 1.778e12, 0, -1, 10**11, 10**14 - 1, 10**14, 10**400, [], {}],
    ids=lambda value: str(value)[:20],
)
def test_an_event_without_any_time_is_refused(event_ts: object) -> None:
    found = refusal(body("meeting.started", {"id": 81, "uuid": "u"}, event_ts=event_ts))
    assert (found.status, str(found)) == (400, "The event lacks its time.")


@pytest.mark.parametrize(
    "name", ["meeting.participant_role_changed", "meeting.created", "app_deauthorized", "", "später"]
)
def test_other_events_change_nothing(name: str) -> None:
    found = parse(json.dumps({"event": name, "payload": {"anything": []}}).encode())
    assert (found.name, found.event) == (name, OtherEvent())


@pytest.mark.parametrize(
    ("about", "missing"),
    [
        ({"uuid": "u"}, "id"),
        ({"id": None, "uuid": "u"}, "id"),
        ({"id": "", "uuid": "u"}, "id"),
        ({"id": 0, "uuid": "u"}, "id"),
        ({"id": -81, "uuid": "u"}, "id"),
        ({"id": 81.5, "uuid": "u"}, "id"),
        ({"id": True, "uuid": "u"}, "id"),
        ({"id": 10**18, "uuid": "u"}, "id"),
        ({"id": [81], "uuid": "u"}, "id"),
        ({"id": "8" * 256, "uuid": "u"}, "id"),
        ({"id": "8\0001", "uuid": "u"}, "id"),
        ({"id": "\ud800", "uuid": "u"}, "id"),
        ({"id": 81}, "uuid"),
        ({"id": 81, "uuid": ""}, "uuid"),
        ({"id": 81, "uuid": {}}, "uuid"),
        ({"id": 81, "uuid": "u\0"}, "uuid"),
        ({"id": 81, "uuid": "u\udfff"}, "uuid"),
        ({"id": 81, "uuid": "u" * 256}, "uuid"),
    ],
)
def test_a_meeting_without_its_number_or_uuid_is_refused(about: dict[str, Any], missing: str) -> None:
    for name in ("meeting.started", "meeting.ended"):
        found = refusal(body(name, about, event_ts=int(SENT)))
        assert (found.status, str(found)) == (400, f"The event lacks its {missing}.")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"null",
        b"[]",
        b'[{"event": "meeting.started"}]',
        b'"meeting.started"',
        b"{}",
        b'{"event": null, "payload": {}}',
        b'{"event": 7, "payload": {}}',
        b'{"event": ["meeting.started"], "payload": {}}',
        b'{"event": "meeting.started"}',
        b'{"event": "meeting.started", "payload": null}',
        b'{"event": "meeting.started", "payload": []}',
        b'{"event": "meeting.started", "payload": {}}',
        b'{"event": "meeting.started", "payload": {"object": "u"}}',
        b'{"event": "meeting.started", "payload": {"object": [1]}}',
        b'{"event": "endpoint.url_validation", "payload": {}}',
        b'{"event": "endpoint.url_validation", "payload": {"plainToken": {}}}',
        b'{"event": "meeting.started"',
        b"event=meeting.started",
        b"\xff\xfe\xfa",
        b'{"event": "\xe9"}',
        b"[" * 100_000,
        b'{"event": "x", "payload": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b'{"event": ' + b"9" * 5_000 + b"}",
    ],
    ids=lambda raw: repr(raw[:40]),
)
def test_what_is_no_event_of_zooms_is_refused(raw: bytes) -> None:
    assert refusal(raw).status == 400


@given(st.binary(max_size=60) | st.text(alphabet='{}[]":,0e-.\\u meeting', max_size=60).map(str.encode))
def test_any_bytes_are_understood_or_refused(raw: bytes) -> None:
    refused = None
    try:
        parse(raw)
    except WebhookRefused as error:
        refused = error.status
    assert refused in (None, 400)


def test_a_repeat_has_the_same_hash_and_another_body_another() -> None:
    assert parse(STARTED).body_hash == parse(bytes(bytearray(STARTED))).body_hash
    assert parse(STARTED).body_hash != parse(STARTED + b" ").body_hash
    assert len(parse(STARTED).body_hash) == 64


# Who came and who left


def somebody(name: str, person: object, **about: Any) -> bytes:
    return event_body(f"meeting.participant_{name}", participant=person, **about)


@pytest.mark.parametrize(
    ("name", "where", "came"),
    [
        ("joined", Where.MEETING, True),
        ("left", Where.MEETING, False),
        ("joined_breakout_room", Where.MEETING, True),
        ("left_breakout_room", Where.MEETING, False),
        ("joined_waiting_room", Where.WAITING_ROOM, True),
        ("put_in_waiting_room", Where.WAITING_ROOM, True),
        ("left_waiting_room", Where.WAITING_ROOM, False),
        ("admitted", Where.WAITING_ROOM, False),
    ],
)
def test_somebody_who_comes_or_leaves_is_told_with_the_part_of_the_meeting(name: str, where: Where, came: bool) -> None:
    person = {
        "user_id": "16778240",
        "user_name": "Ana",
        "email": "ana@x.example",
        "participant_user_id": "z1",
        "join_time": "2026-05-14T12:05:00Z",
        "leave_time": "2026-05-14T12:05:00Z",
        "date_time": "2026-05-14T12:05:00Z",
        "parent_user_id": "16778000",
    }
    sighting = Sighting("uuid-1", "16778240", where, came, at(5), "Ana", "ana@x.example", "z1", "16778000")
    assert parse(somebody(name, person)).event == ParticipantSeen(MEETING, NOW, sighting)


@pytest.mark.parametrize(
    ("name", "person", "expected"),
    [
        ("joined", {}, {}),
        ("joined", {"user_id": 7}, {}),
        ("joined", {"user_name": None, "email": None, "id": None}, {}),
        ("joined", {"user_name": "  Ana\0 "}, {"name": "Ana"}),
        ("joined", {"user_name": "\ud800"}, {"name": "?"}),
        ("joined", {"user_name": "x" * 5000}, {"name": "x" * 1000}),
        ("joined", {"user_name": 12, "parent_user_id": 34}, {"name": "12", "parent_user_id": "34"}),
        ("joined", {"id": "z2"}, {"zoom_user_id": "z2"}),
        ("joined", {"id": "z2", "participant_user_id": "z1"}, {"zoom_user_id": "z1"}),
        ("joined", {"join_time": "2026-05-14T14:05:00.9+02:00"}, {"at": at(5)}),
        ("joined", {"join_time": "", "date_time": "2026-05-14T12:06:00Z"}, {"at": at(6)}),
        ("joined", {"leave_time": "2026-05-14T12:06:00Z"}, {}),
        ("left", {"join_time": "2026-05-14T12:05:00Z", "leave_time": "2026-05-14T12:06:00Z"}, {"at": at(6)}),
        ("left", {"join_time": "2026-05-14T12:05:00Z"}, {}),
        ("left", {"leave_time": None, "join_time": 5}, {}),
    ],
)
def test_of_a_participant_everything_but_the_number_may_be_missing(
    name: str, person: dict[str, Any], expected: dict[str, Any]
) -> None:
    # `event_ts` is the moment of an event that states none.
    usual = Sighting("uuid-1", "7", Where.MEETING, name == "joined", NOW)
    event = parse(somebody(name, {"user_id": "7"} | person)).event
    assert event == ParticipantSeen(MEETING, NOW, replace(usual, **expected))


@pytest.mark.parametrize("about", [{"meeting_id": None}, {"meeting_id": ""}])
def test_of_a_participants_meeting_the_number_may_be_missing(about: dict[str, Any]) -> None:
    event = parse(somebody("joined", {"user_id": "7"}, **about)).event
    assert isinstance(event, ParticipantSeen)
    assert (event.meeting_id, event.sighting.session_uuid) == ("", "uuid-1")


@pytest.mark.parametrize("meeting_id", [0, -81, True, [81], "8\0001"])
def test_a_participants_meeting_with_a_number_that_is_none_is_refused(meeting_id: object) -> None:
    assert str(refusal(somebody("joined", {"user_id": "7"}, meeting_id=meeting_id))) == "The event lacks its id."


@pytest.mark.parametrize("name", ["meeting.started", "meeting.ended", "meeting.participant_joined"])
@pytest.mark.parametrize(("told", "host_id"), [("host-7", "host-7"), (None, ""), (7, ""), ("h\0", ""), ("ü", "")])
def test_the_host_is_told_where_zoom_names_one(name: str, told: object, host_id: str) -> None:
    event = parse(event_body(name, host_id=told, participant={"user_id": "7"})).event
    assert isinstance(event, MeetingStarted | MeetingEnded | ParticipantSeen)
    assert event.host_id == host_id


def test_the_start_of_the_session_may_be_missing() -> None:
    event = parse(somebody("joined", {"user_id": "7"}, start_time=None)).event
    assert isinstance(event, ParticipantSeen)
    assert event.started_at is None


@pytest.mark.parametrize(
    ("person", "sentence"),
    [
        (None, "The event lacks its payload."),
        ([], "The event lacks its payload."),
        ({}, "The event lacks its user_id."),
        ({"user_id": ""}, "The event lacks its user_id."),
        ({"user_id": None}, "The event lacks its user_id."),
        ({"user_id": [7]}, "The event lacks its user_id."),
        ({"user_id": "7\0"}, "The event lacks its user_id."),
        ({"user_id": "7" * 256}, "The event lacks its user_id."),
    ],
)
def test_an_event_of_nobody_is_refused(person: object, sentence: str) -> None:
    found = refusal(somebody("joined", person))
    assert (found.status, str(found)) == (400, sentence)


@pytest.mark.parametrize("about", [{"uuid": ""}, {"uuid": None}, {"id": None}])
def test_somebody_in_no_meeting_is_refused(about: dict[str, Any]) -> None:
    assert refusal(body("meeting.participant_joined", {"id": 81, "uuid": "u", "participant": {"user_id": 1}} | about))


# Zoom's question whether the address is ours


def test_zooms_question_is_answered_with_its_token_signed() -> None:
    event = parse(KNOWN).event
    assert event == UrlValidation(PLAIN_TOKEN)
    assert isinstance(event, UrlValidation)
    assert validation_reply(event, "test-secret") == {
        "plainToken": PLAIN_TOKEN,
        "encryptedToken": "82079ed66225fed153e0854735aa9702e1d67137a69c96a00957941f942b8de7",
    }


def test_without_a_secret_zooms_question_stays_open() -> None:
    with pytest.raises(NotConfigured, match="ZOOM_WEBHOOK_SECRET is not set"):
        validation_reply(UrlValidation("token"), "")
