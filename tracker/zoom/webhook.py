"""Zoom's webhooks: checks the signature of a delivery, and parses its event. Pure functions.

Rules from Zoom's "Using webhooks": the signature is HMAC-SHA256 over `v0:{timestamp}:{raw body}` under the
app's secret token; `endpoint.url_validation` is answered with the HMAC of its plain token.
"""

import hashlib
import hmac
import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tracker.attendance.types import Sighting, Where
from tracker.clock import in_this_century, parse_utc
from tracker.errors import NotConfigured, WebhookRefused
from tracker.text import plain_id, text_of

# Zoom names no window; both ways, since its clock has been seen slightly ahead.
TOLERANCE_SECONDS = 300
LONGEST_TEXT = 1000
# Why a signature does not match. The first is all that whoever sent it is told.
OTHER_SIGNATURE, OTHER_SIGNATURE_OF_ACCOUNT, BODY_CHANGED = (
    "wrong_signature",
    "wrong_signature_of_account",
    "body_changed",
)
OTHER_SIGNATURES = (OTHER_SIGNATURE, OTHER_SIGNATURE_OF_ACCOUNT, BODY_CHANGED)
# Zoom's events are small; what is larger is not looked into to find out why its signature is another one.
LARGEST_LOOKED_INTO = 64 * 1024
# What the plain tokens of our own challenges begin with. It is signed, so no stranger can make Zoom's pass for ours.
OWN_CHALLENGE = "tracker-doctor-"
_SIGNATURE = re.compile("v0=[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class UrlValidation:
    """Zoom checks that this address belongs to the app, or `tracker doctor` does in Zoom's stead."""

    plain_token: str

    @property
    def is_own(self) -> bool:
        """Whether it is the doctor's: it says nothing of whether Zoom finds this address."""
        return self.plain_token.startswith(OWN_CHALLENGE)


@dataclass(frozen=True, slots=True)
class MeetingStarted:
    """A session of a meeting began. `host_id` is Zoom's id of its host, "" where it is not told."""

    meeting_id: str
    uuid: str
    at: datetime
    host_id: str = ""


@dataclass(frozen=True, slots=True)
class MeetingEnded:
    """A session of a meeting is over."""

    meeting_id: str
    uuid: str
    started_at: datetime
    at: datetime
    host_id: str = ""


@dataclass(frozen=True, slots=True)
class ParticipantSeen:
    """Somebody came into a session or a part of it, or left; `started_at` is the session's start, if it is told.

    `meeting_id` is "" where Zoom names the session alone, as its schema lets it.
    """

    meeting_id: str
    started_at: datetime | None
    sighting: Sighting
    host_id: str = ""


@dataclass(frozen=True, slots=True)
class OtherEvent:
    """An event that changes nothing here."""


Event = UrlValidation | MeetingStarted | MeetingEnded | ParticipantSeen | OtherEvent

# The events of participants: which part of the meeting they speak of, and whether somebody came into it. Being
# admitted is leaving the waiting room; a breakout room is a part of the meeting.
SIGHTINGS = {
    "meeting.participant_joined": (Where.MEETING, True),
    "meeting.participant_left": (Where.MEETING, False),
    "meeting.participant_joined_breakout_room": (Where.MEETING, True),
    "meeting.participant_left_breakout_room": (Where.MEETING, False),
    "meeting.participant_joined_waiting_room": (Where.WAITING_ROOM, True),
    "meeting.participant_put_in_waiting_room": (Where.WAITING_ROOM, True),
    "meeting.participant_left_waiting_room": (Where.WAITING_ROOM, False),
    "meeting.participant_admitted": (Where.WAITING_ROOM, False),
}


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery. `body_hash` is the same for every repeat of it: Zoom sends the same bytes again."""

    name: str
    body_hash: str
    event: Event


def verify(raw: bytes, headers: Mapping[str, str], secret: str, now: datetime, account: str = "") -> None:
    """Raises WebhookRefused(401) unless `raw` was signed with `secret` within five minutes of `now`.

    `headers` has lower-case names. Where the signature is another one, the code says what can be known of the cause;
    `account` is our Zoom account. Raises NotConfigured where there is no secret: nothing is let in then.
    """
    if not secret:
        raise NotConfigured("webhook_secret_not_set")
    timestamp = headers.get("x-zm-request-timestamp", "")
    # A length limit before int(): digits without end are expensive to convert.
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise WebhookRefused("timestamp_missing", 401)
    expected = signature_of(raw, timestamp, secret).encode()
    given = headers.get("x-zm-signature", "").encode("utf-8", "surrogateescape")
    fresh = abs(now.timestamp() - int(timestamp)) <= TOLERANCE_SECONDS
    if not hmac.compare_digest(expected, given):
        raise WebhookRefused(_why_other(raw, headers, secret, account) if fresh else OTHER_SIGNATURE, 401)
    if not fresh:
        raise WebhookRefused("not_fresh", 401)


def signature_of(raw: bytes, timestamp: str, secret: str) -> str:
    """The value of `x-zm-signature` for a body sent at `timestamp` (seconds since 1970, as the header has it)."""
    return f"v0={_hmac(secret, f'v0:{timestamp}:'.encode() + raw)}"


def parse(raw: bytes) -> Delivery:
    """What the delivery says. Raises WebhookRefused(400) for anything but a Zoom event in JSON."""
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        raise WebhookRefused("not_json", 400) from None
    if not isinstance(body, dict) or not isinstance(body.get("event"), str):
        raise WebhookRefused("not_an_event", 400)
    name = body["event"]
    payload = _dict(body.get("payload"))
    return Delivery(name, hashlib.sha256(raw).hexdigest(), _event(name, payload, body.get("event_ts")))


def _why_other(raw: bytes, headers: Mapping[str, str], secret: str, account: str) -> str:
    """Why the signature of a delivery is another one, as far as that can be known.

    Where it is right for the body unpacked, or for the compact JSON that Zoom sends, the secret is right as well, and
    something on the way has packed the body or written it anew. Nothing else proves that: anybody may send anything.
    """
    signature = headers.get("x-zm-signature", "")
    if len(raw) > LARGEST_LOOKED_INTO or not _SIGNATURE.fullmatch(signature):
        return OTHER_SIGNATURE
    try:
        unpacked = _unpacked(raw)
        body = json.loads(unpacked)
        compact = [json.dumps(body, separators=(",", ":"), ensure_ascii=ascii) for ascii in (False, True)]
    except (ValueError, RecursionError):
        return OTHER_SIGNATURE
    if not isinstance(body, dict) or not isinstance(body.get("event"), str):
        return OTHER_SIGNATURE
    prefix = f"v0:{headers['x-zm-request-timestamp']}:".encode()
    restored = (unpacked, *(text.encode("utf-8", "surrogatepass") for text in compact))
    if any(hmac.compare_digest(f"v0={_hmac(secret, prefix + one)}", signature) for one in restored):
        return BODY_CHANGED
    payload = body.get("payload")
    ours = bool(account) and isinstance(payload, dict) and payload.get("account_id") == account
    return OTHER_SIGNATURE_OF_ACCOUNT if ours else OTHER_SIGNATURE


def _unpacked(raw: bytes) -> bytes:
    """The body, unpacked where something on the way has packed it without saying so. Raises ValueError."""
    if not raw.startswith(b"\x1f\x8b"):
        return raw
    try:
        return zlib.decompressobj(wbits=31).decompress(raw, LARGEST_LOOKED_INTO)
    except zlib.error as error:
        raise ValueError("not gzip") from error


def validation_reply(event: UrlValidation, secret: str) -> dict[str, str]:
    """The answer to `endpoint.url_validation`. Raises NotConfigured where there is no secret."""
    if not secret:
        raise NotConfigured("webhook_secret_not_set")
    return {
        "plainToken": event.plain_token,
        "encryptedToken": _hmac(secret, event.plain_token.encode("utf-8", "surrogatepass")),
    }


def _event(name: str, payload: dict[str, Any], event_ts: object) -> Event:
    if name == "endpoint.url_validation":
        return UrlValidation(_text(payload.get("plainToken"), "plainToken"))
    if name not in ("meeting.started", "meeting.ended", *SIGHTINGS):
        return OtherEvent()
    meeting = _dict(payload.get("object"))
    sent = _sent_at(event_ts)
    if name in SIGHTINGS:
        return _participant_seen(meeting, sent, *SIGHTINGS[name])
    started = parse_utc(meeting.get("start_time"))
    meeting_id, uuid = _text(meeting.get("id"), "id"), _text(meeting.get("uuid"), "uuid")
    if name == "meeting.started":
        return MeetingStarted(meeting_id, uuid, _first(started, sent), plain_id(meeting.get("host_id")))
    ended = _first(parse_utc(meeting.get("end_time")), sent)
    return MeetingEnded(meeting_id, uuid, min(started or ended, ended), ended, plain_id(meeting.get("host_id")))


def _participant_seen(meeting: dict[str, Any], sent: datetime | None, where: Where, came: bool) -> ParticipantSeen:
    """The event of a join or leave. Of the participant all but the `user_id` may be missing, by Zoom's own schema."""
    person = _dict(meeting.get("participant"))
    told = [parse_utc(person.get(name)) for name in ("join_time" if came else "leave_time", "date_time")]
    sighting = Sighting(
        session_uuid=_text(meeting.get("uuid"), "uuid"),
        user_id=_text(person.get("user_id"), "user_id"),
        where=where,
        came=came,
        at=_first(*told, sent),
        name=_brief(person.get("user_name")),
        email=_brief(person.get("email")),
        zoom_user_id=_brief(person.get("participant_user_id") or person.get("id")),
        parent_user_id=_brief(person.get("parent_user_id")),
    )
    meeting_id = "" if meeting.get("id") in (None, "") else _text(meeting["id"], "id")
    return ParticipantSeen(meeting_id, parse_utc(meeting.get("start_time")), sighting, plain_id(meeting.get("host_id")))


def _brief(value: object) -> str:
    """A text that may be missing; each of thousands of announcements is kept, so that none may be long."""
    return text_of(value)[:LONGEST_TEXT].strip()


def _hmac(secret: str, message: bytes) -> str:
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def _dict(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise WebhookRefused("missing_field", 400, field="payload")
    return value


def _text(value: object, name: str) -> str:
    """A text of ordinary length. Zoom writes meeting ids as numbers in some events and as text in others."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10**18:
        value = str(value)
    # Half a surrogate pair cannot be stored as UTF-8, and PostgreSQL stores no NUL.
    if not isinstance(value, str) or not 0 < len(value) <= 255 or not value.isprintable():
        raise WebhookRefused("missing_field", 400, field=name)
    return value


def _sent_at(event_ts: object) -> datetime | None:
    """`event_ts`, which is in milliseconds."""
    if isinstance(event_ts, int) and 0 < event_ts < 10**14:
        moment = datetime.fromtimestamp(event_ts // 1000, UTC)
        return moment if in_this_century(moment) else None
    return None


def _first(*moments: datetime | None) -> datetime:
    for moment in moments:
        if moment is not None:
            return moment
    raise WebhookRefused("missing_field", 400, field="time")
