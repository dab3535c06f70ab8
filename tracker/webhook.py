"""Zoom's webhooks: is this delivery Zoom's, and what does it say? Pure functions.

Rules from Zoom's "Using webhooks": the signature is HMAC-SHA256 over `v0:{timestamp}:{raw body}` under the
app's secret token; `endpoint.url_validation` is answered with the HMAC of its plain token.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tracker.clock import parse_utc
from tracker.errors import NotConfigured, WebhookRefused

# Zoom names no window; both ways, since its clock has been seen slightly ahead.
TOLERANCE_SECONDS = 300


@dataclass(frozen=True, slots=True)
class UrlValidation:
    """Zoom asks whether this address is ours."""

    plain_token: str


@dataclass(frozen=True, slots=True)
class MeetingStarted:
    """A session of a meeting began."""

    meeting_id: str
    uuid: str
    at: datetime


@dataclass(frozen=True, slots=True)
class MeetingEnded:
    """A session of a meeting is over."""

    meeting_id: str
    uuid: str
    started_at: datetime
    at: datetime


@dataclass(frozen=True, slots=True)
class OtherEvent:
    """An event that changes nothing here."""


Event = UrlValidation | MeetingStarted | MeetingEnded | OtherEvent


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery. `body_hash` is the same for every repeat of it: Zoom sends the same bytes again."""

    name: str
    body_hash: str
    event: Event


def verify(raw: bytes, headers: Mapping[str, str], secret: str, now: datetime) -> None:
    """Raises WebhookRefused(401) unless `raw` was signed with `secret` within five minutes of `now`.

    `headers` has lower-case names. Raises NotConfigured where there is no secret: nothing is let in then.
    """
    if not secret:
        raise NotConfigured("ZOOM_WEBHOOK_SECRET is not set, so webhooks cannot be checked.")
    timestamp = headers.get("x-zm-request-timestamp", "")
    # A length limit before int(): digits without end are expensive to convert.
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise WebhookRefused("The timestamp of the delivery is missing.", 401)
    expected = b"v0=" + _hmac(secret, b"v0:" + timestamp.encode() + b":" + raw).encode()
    given = headers.get("x-zm-signature", "").encode("utf-8", "surrogateescape")
    if not hmac.compare_digest(expected, given):
        raise WebhookRefused("The signature does not match.", 401)
    if abs(now.timestamp() - int(timestamp)) > TOLERANCE_SECONDS:
        raise WebhookRefused("The delivery is older or newer than five minutes.", 401)


def parse(raw: bytes) -> Delivery:
    """What the delivery says. Raises WebhookRefused(400) for anything but a Zoom event in JSON."""
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        raise WebhookRefused("The body is not JSON.", 400) from None
    if not isinstance(body, dict) or not isinstance(body.get("event"), str):
        raise WebhookRefused("The body is not a Zoom event.", 400)
    name = body["event"]
    payload = _dict(body.get("payload"))
    return Delivery(name, hashlib.sha256(raw).hexdigest(), _event(name, payload, body.get("event_ts")))


def validation_reply(event: UrlValidation, secret: str) -> dict[str, str]:
    """The answer to `endpoint.url_validation`. Raises NotConfigured where there is no secret."""
    if not secret:
        raise NotConfigured("ZOOM_WEBHOOK_SECRET is not set, so Zoom's question cannot be answered.")
    return {
        "plainToken": event.plain_token,
        "encryptedToken": _hmac(secret, event.plain_token.encode("utf-8", "surrogatepass")),
    }


def _event(name: str, payload: dict[str, Any], event_ts: object) -> Event:
    if name == "endpoint.url_validation":
        return UrlValidation(_text(payload.get("plainToken"), "plainToken"))
    if name not in ("meeting.started", "meeting.ended"):
        return OtherEvent()
    meeting = _dict(payload.get("object"))
    sent = _sent_at(event_ts)
    started = parse_utc(meeting.get("start_time"))
    meeting_id, uuid = _text(meeting.get("id"), "id"), _text(meeting.get("uuid"), "uuid")
    if name == "meeting.started":
        return MeetingStarted(meeting_id, uuid, _first(started, sent))
    ended = _first(parse_utc(meeting.get("end_time")), sent)
    return MeetingEnded(meeting_id, uuid, min(started or ended, ended), ended)


def _hmac(secret: str, message: bytes) -> str:
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def _dict(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise WebhookRefused("The event lacks its payload.", 400)
    return value


def _text(value: object, name: str) -> str:
    """A text of ordinary length. Zoom writes meeting ids as numbers in some events and as text in others."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10**18:
        value = str(value)
    # Half a surrogate pair cannot be stored as UTF-8, and PostgreSQL stores no NUL.
    if not isinstance(value, str) or not 0 < len(value) <= 255 or not value.isprintable():
        raise WebhookRefused(f"The event lacks its {name}.", 400)
    return value


def _sent_at(event_ts: object) -> datetime | None:
    """`event_ts`, which is in milliseconds."""
    if isinstance(event_ts, int) and 0 < event_ts < 10**14:
        return datetime.fromtimestamp(event_ts // 1000, UTC)
    return None


def _first(*moments: datetime | None) -> datetime:
    for moment in moments:
        if moment is not None:
            return moment
    raise WebhookRefused("The event lacks its time.", 400)
