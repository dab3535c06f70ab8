"""The Zoom client: what we ask of Zoom's REST API, with every failure turned into a typed error.

It never sleeps and never retries (but for one fresh token); when to ask again is decided by the fetch queue.
Rules are from Zoom's API reference and its "Using Zoom APIs" pages on errors and rate limits.
"""

import json
import math
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

import requests
from urllib3.exceptions import HTTPError

from tracker import clock
from tracker.attendance import Session, Stay, number_of, text_of, where_of
from tracker.errors import (
    NotConfigured,
    ZoomError,
    ZoomMeetingUnknown,
    ZoomMisconfigured,
    ZoomRateLimited,
    ZoomRefused,
    ZoomUnreachable,
)
from tracker.settings import Settings

CONNECT_SECONDS, READ_SECONDS, TOTAL_SECONDS = 5, 20, 40
LARGEST_REPLY, LONGEST_FIELD, LONGEST_ID = 8 * 1024 * 1024, 8 * 1024, 255
PAGE_SIZE = 300
MOST_PAGES = 500
# A token is replaced this long before Zoom would refuse it.
TOKEN_MARGIN_SECONDS = 120


@dataclass(frozen=True, slots=True)
class NewMeeting:
    """What we ask for when a class's meeting is made or changed. `start` is an aware time."""

    topic: str
    start: datetime
    minutes: int
    timezone: str

    def body(self) -> dict[str, Any]:
        return {
            "topic": self.topic[:200],
            "type": 2,
            "start_time": clock.to_zoom(self.start),
            "duration": self.minutes,
            "timezone": self.timezone,
        }


@dataclass(frozen=True, slots=True)
class Meeting:
    """A meeting as Zoom has it. `start_url` lets its bearer host the meeting: never store or log it."""

    id: str
    join_url: str
    start_url: str = field(repr=False)
    topic: str
    waiting_room: bool


@dataclass(frozen=True, slots=True)
class Token:
    """An access token with the scopes it was given."""

    value: str = field(repr=False)
    scopes: frozenset[str]
    good_until: float


@dataclass(frozen=True, slots=True)
class _Reply:
    """An answer of Zoom's, read to its end. `headers` is case-insensitive."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300


class Zoom:
    """A client for one Zoom account; may be shared by threads."""

    def __init__(
        self,
        settings: Settings,
        now: Callable[[], datetime] = clock.now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings, self._now, self._monotonic = settings, now, monotonic
        self._http = requests.Session()
        self._token: Token | None = None
        self._token_lock = threading.Lock()

    def create_meeting(self, host: str, meeting: NewMeeting) -> Meeting:
        """Makes a scheduled meeting for the Zoom user `host` (id or e-mail), with a passcode."""
        # E-mail in the report is what lets people be counted by e-mail instead of by display name.
        settings = {"email_in_attendee_report": True, "participant_video": True, "mute_upon_entry": True}
        body = meeting.body() | {"default_password": True, "settings": settings}
        return _meeting(self._call("POST", f"/users/{quote(host, safe='@')}/meetings", body=body))

    def meeting(self, meeting_id: str) -> Meeting:
        """The meeting as it is now, with a fresh start link."""
        try:
            return _meeting(self._call("GET", f"/meetings/{quote(meeting_id, safe='')}"))
        except ZoomMeetingUnknown as error:
            raise ZoomMeetingUnknown("Zoom has no such meeting, or no longer.") from error

    def change_meeting(self, meeting_id: str, meeting: NewMeeting) -> None:
        """Changes title, time and length."""
        self._call("PATCH", f"/meetings/{quote(meeting_id, safe='')}", body=meeting.body())

    def delete_meeting(self, meeting_id: str) -> None:
        """Deletes the meeting; one that is gone already is as good as deleted."""
        try:
            self._call("DELETE", f"/meetings/{quote(meeting_id, safe='')}")
        except ZoomMeetingUnknown:
            return

    def instances(self, meeting_id: str) -> list[tuple[str, datetime]]:
        """UUID and start of every ended session of the meeting (of the last 15 months), by start."""
        reply = self._call("GET", f"/past_meetings/{quote(meeting_id, safe='')}/instances")
        found = []
        for entry in _list(reply, "meetings"):
            start = clock.parse_utc(entry.get("start_time"))
            if start is not None:
                found.append((_required(entry, "uuid", LONGEST_ID), start))
        return sorted(found, key=lambda instance: instance[1])

    def past_meeting(self, meeting: str) -> Session:
        """The ended session with this UUID; for a meeting id, its latest one."""
        reply = self._call("GET", f"/past_meetings/{_path_id(meeting)}")
        start, end = clock.parse_utc(reply.get("start_time")), clock.parse_utc(reply.get("end_time"))
        if start is None:
            raise _unreadable("a past meeting without a start")
        count = reply.get("participants_count")
        usable = isinstance(count, int) and not isinstance(count, bool) and 0 <= count < 10**6
        zooms_count = count if usable else None
        return Session(_required(reply, "uuid", LONGEST_ID), start, end, zooms_count)

    def past_participants(self, meeting: str, progress: Callable[[int], None] = lambda records: None) -> list[Stay]:
        """Every participant record of the session with this UUID (for a meeting id: of the latest one).

        `progress` is told the number of records after each page. Raises ZoomUnreachable where the pages do
        not come to an end: half a list must never pass for the whole one.
        """
        path = f"/past_meetings/{_path_id(meeting)}/participants"
        stays: list[Stay] = []
        page_token, seen = "", set[str]()
        for _ in range(MOST_PAGES):
            query = {"page_size": str(PAGE_SIZE)} | ({"next_page_token": page_token} if page_token else {})
            reply = self._call("GET", path, query=query)
            stays += (_stay(entry, meeting) for entry in _list(reply, "participants"))
            progress(len(stays))
            page_token = reply.get("next_page_token") or ""
            if not page_token:
                return stays
            if not isinstance(page_token, str) or page_token in seen:
                raise _unreadable("a page token that repeats")
            seen.add(page_token)
        raise _unreadable("pages without end")

    def token(self) -> Token:
        """A token that is good for a while yet; the same one for all threads."""
        with self._token_lock:
            if self._token is None or self._monotonic() >= self._token.good_until:
                self._token = self._fresh_token()
            return self._token

    def clock_offset(self) -> float | None:
        """How many seconds our clock is ahead of Zoom's; None where Zoom does not say."""
        reply = self._send("HEAD", self._settings.zoom_api_url, {})
        try:
            theirs = parsedate_to_datetime(reply.headers["Date"])
            return (self._now() - theirs.astimezone(UTC)).total_seconds()
        except (KeyError, ValueError, TypeError, OverflowError):
            return None

    def _forget(self, token: Token) -> None:
        with self._token_lock:
            if self._token is token:
                self._token = None

    def _fresh_token(self) -> Token:
        settings = self._settings
        if not (settings.zoom_account_id and settings.zoom_client_id and settings.zoom_client_secret):
            raise NotConfigured(
                "Zoom is not connected: ZOOM_ACCOUNT_ID, ZOOM_CLIENT_ID and ZOOM_CLIENT_SECRET are needed."
            )
        reply = self._send(
            "POST",
            settings.zoom_oauth_url,
            {
                "auth": (settings.zoom_client_id, settings.zoom_client_secret),
                "data": {"grant_type": "account_credentials", "account_id": settings.zoom_account_id},
            },
        )
        if not reply.ok:
            raise self._token_error(reply)
        fields = _json_object(reply)
        life = fields.get("expires_in")
        seconds = life if isinstance(life, int) and 0 < life < 10**6 else 3600
        return Token(
            _required(fields, "access_token"),
            frozenset(str(fields.get("scope") or "").split()),
            self._monotonic() + max(seconds - TOKEN_MARGIN_SECONDS, seconds / 2),
        )

    def _call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """One API call, with one more try under a fresh token where Zoom says that ours is no longer good."""
        for last in (False, True):
            token = self.token()
            reply = self._send(
                method,
                self._settings.zoom_api_url + path,
                {"headers": {"Authorization": f"Bearer {token.value}"}, "params": query, "json": body},
            )
            if reply.status != 401 or last:
                break
            self._forget(token)
        if not reply.ok:
            raise self._api_error(reply)
        return _json_object(reply) if reply.status != 204 else {}

    def _send(self, method: str, url: str, options: Mapping[str, Any]) -> _Reply:
        """The answer, read to its end within limits of time and size.

        Redirects are not followed: the token belongs to this address and to no other.
        """
        until = self._monotonic() + TOTAL_SECONDS
        try:
            response = self._http.request(
                method,
                url,
                timeout=(CONNECT_SECONDS, READ_SECONDS),
                allow_redirects=False,
                stream=True,
                **options,
            )
            with response:
                content = bytearray()
                while chunk := response.raw.read1(65536, decode_content=True):
                    content += chunk
                    if len(content) > LARGEST_REPLY or self._monotonic() > until:
                        raise ZoomUnreachable("Zoom's answer came too slowly or was too large.")
        except requests.Timeout as error:
            raise ZoomUnreachable("Zoom did not answer in time.") from error
        except (requests.RequestException, HTTPError, OSError, UnicodeError) as error:
            # UnicodeError: Zoom's own token of the next page is sent back to it, and may be half a surrogate pair.
            raise ZoomUnreachable("Zoom could not be reached, or its answer broke off.") from error
        return _Reply(response.status_code, response.headers, bytes(content))

    def _token_error(self, reply: _Reply) -> ZoomError:
        if reply.status == 429 or not 400 <= reply.status < 500:
            return self._api_error(reply)
        reason = _error_fields(reply).get("reason")
        said = f" Zoom says: {_short(reason)}." if isinstance(reason, str) and reason else ""
        return ZoomMisconfigured(
            "Zoom does not accept the app's credentials; check account id, client id and client secret, and that "
            f"the app is activated.{said}"
        )

    def _api_error(self, reply: _Reply) -> ZoomError:
        """The typed error for a reply that is not a success; the tables of codes are in Zoom's reference."""
        fields = _error_fields(reply)
        code, message = fields.get("code"), str(fields.get("message") or "")
        status = reply.status
        if status == 429:
            return ZoomRateLimited(
                "Zoom has had too many requests from this account and asks to wait.",
                retry_at=retry_at(reply.headers, message, self._now()),
            )
        if status >= 500 or status < 400:
            return ZoomUnreachable(
                f"Zoom has a fault of its own (HTTP {status}).",
                retry_at=_stated_retry(reply.headers.get("Retry-After"), self._now()),
            )
        if "does not contain scopes" in message:
            return ZoomMisconfigured(f"The Zoom app lacks the scope {_missing_scope(message)}.")
        if status == 401 or code in (124, 4700, 4711):
            return ZoomMisconfigured("Zoom refuses the app's access token; check that the app is activated.")
        if code == 200:
            if "paid account" in message:
                return ZoomRefused("This Zoom plan has no participant reports; they need Zoom Pro or higher.")
            return ZoomMisconfigured(f"Zoom does not allow this for the app: {_short(message)}")
        if code == 12702:
            return ZoomRefused("Zoom keeps participant lists for one year, and this class is older.")
        if code == 3001:
            return ZoomMeetingUnknown("Zoom knows no such meeting, or it is not over yet.")
        if code in (1001, 1010, 1120):
            return ZoomRefused("This teacher has no user in the school's Zoom account.")
        if status == 404:
            return ZoomMeetingUnknown("Zoom does not have what was asked for (HTTP 404).")
        if "page token" in message:
            # Good for 15 minutes; reading the list again from its beginning gets new ones.
            return ZoomUnreachable("Zoom's page token ran out before the list was read to its end.")
        if code is None:
            # Zoom gives a code with every refusal; a proxy or a firewall on the way does not, and may be mended.
            return ZoomUnreachable(f"Not Zoom but something on the way there refuses the request (HTTP {status}).")
        return ZoomRefused(f"Zoom refuses the request (HTTP {status}): {_short(_with_fields(message, fields))}")


def retry_at(headers: Mapping[str, str], message: str, now: datetime) -> datetime:
    """When to come back after a 429 (aware UTC).

    `Retry-After` has been seen as seconds, as an ISO date and as an HTTP date, and is missing on the limit per
    second. Zoom's days end at 00:00 UTC; the limit of meetings made per host and day says so only in its text.
    """
    stated = _stated_retry(headers.get("Retry-After"), now)
    if stated is not None:
        return stated
    if "daily" in headers.get("X-RateLimit-Type", "").lower() or "daily" in message.lower():
        tomorrow = (now + timedelta(days=1)).date()
        return datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=UTC)
    return now + timedelta(seconds=2)


def _stated_retry(value: str | None, now: datetime) -> datetime | None:
    """`Retry-After` in any of its forms, never in the past and never more than a day and a bit away."""
    if not value:
        return None
    text = value.strip()
    moment: datetime | None
    if text.isascii() and text.replace(".", "", 1).isdigit() and len(text) < 10:
        moment = now + timedelta(seconds=math.ceil(float(text)))
    else:
        moment = clock.parse_utc(text)
        if moment is None:
            try:
                moment = parsedate_to_datetime(text).astimezone(UTC)
            except (ValueError, TypeError, OverflowError):
                return None
    return min(max(moment, now), now + timedelta(hours=25))


def _path_id(meeting: str) -> str:
    """A meeting id or UUID as a piece of a path.

    Zoom wants a UUID that begins with `/` or contains `//` percent-encoded twice.
    """
    once = quote(meeting, safe="")
    return quote(once, safe="") if meeting.startswith("/") or "//" in meeting else once


def _json_object(reply: _Reply) -> dict[str, Any]:
    try:
        fields = json.loads(reply.content)
    except (ValueError, RecursionError):
        raise _unreadable("an answer that is not JSON") from None
    if not isinstance(fields, dict):
        raise _unreadable("an answer of another shape")
    return fields


def _error_fields(reply: _Reply) -> dict[str, Any]:
    try:
        return _json_object(reply)
    except ZoomUnreachable:
        return {}


def _list(fields: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    entries = fields.get(name)
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise _unreadable(f"an answer without its list of {name}")
    return entries


def _required(fields: Mapping[str, Any], name: str, longest: int = LONGEST_FIELD) -> str:
    value = fields.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    # Zoom's ids, addresses and tokens are plain; anything else could neither be stored nor sent.
    if not isinstance(value, str) or not (0 < len(value) <= longest and value.isascii() and value.isprintable()):
        raise _unreadable(f"an answer without {name}")
    return value


def _unreadable(what: str) -> ZoomUnreachable:
    return ZoomUnreachable(f"Zoom's answer cannot be used: {what}.")


def _meeting(reply: Mapping[str, Any]) -> Meeting:
    settings = reply.get("settings")
    return Meeting(
        id=_required(reply, "id", LONGEST_ID),
        join_url=_required(reply, "join_url"),
        start_url=str(reply.get("start_url") or ""),
        topic=str(reply.get("topic") or ""),
        waiting_room=isinstance(settings, dict) and settings.get("waiting_room") is True,
    )


def _stay(entry: Mapping[str, Any], session_uuid: str) -> Stay:
    """A participant record; missing pieces stay blank, since a row that is odd is still a row."""
    return Stay(
        name=text_of(entry.get("name")),
        email=text_of(entry.get("user_email")).strip(),
        join=clock.parse_utc(entry.get("join_time")),
        leave=clock.parse_utc(entry.get("leave_time")),
        seconds=number_of(entry.get("duration")),
        where=where_of(entry.get("status")),
        user_id=text_of(entry.get("user_id")),
        zoom_user_id=text_of(entry.get("id")),
        registrant_id=text_of(entry.get("registrant_id")),
        session_uuid=session_uuid,
    )


def _missing_scope(message: str) -> str:
    """The scope to ask for, from `…does not contain scopes:[a, a:admin].`: the admin one if it is there."""
    scopes = [scope.strip() for scope in message.partition("[")[2].partition("]")[0].split(",")]
    return next((scope for scope in scopes if scope.endswith(":admin")), scopes[0])


def _with_fields(message: str, fields: Mapping[str, Any]) -> str:
    errors = fields.get("errors")
    names = [
        f"{error.get('field')}: {error.get('message')}"
        for error in (errors if isinstance(errors, list) else [])
        if isinstance(error, dict)
    ]
    return " ".join([message or "no reason given", *names])


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 200 else line[:199] + "…"
