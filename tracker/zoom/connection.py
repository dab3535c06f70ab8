"""One call to Zoom: the token, the rate limit, limits of time and size, and every failure turned into a typed error.

It never sleeps and never retries (but for one fresh token); when to ask again is decided by the fetch queue.
Rules are from Zoom's API reference and its "Using Zoom APIs" pages on errors and rate limits.
"""

import json
import math
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Protocol

import requests
from urllib3.exceptions import HTTPError

from tracker import clock
from tracker.errors import (
    NotConfigured,
    ZoomError,
    ZoomMeetingUnknown,
    ZoomMisconfigured,
    ZoomRateLimited,
    ZoomRefused,
    ZoomRefusedForNow,
    ZoomUnreachable,
)
from tracker.settings import Settings
from tracker.zoom.contact import Contact
from tracker.zoom.rate_limit import Category, category_named, stated_rate

CONNECT_SECONDS, READ_SECONDS, TOTAL_SECONDS = 5, 20, 40
LARGEST_REPLY, LONGEST_FIELD = 8 * 1024 * 1024, 8 * 1024
# A token is replaced this long before Zoom would refuse it.
TOKEN_MARGIN_SECONDS = 120
# A token keeps the scopes of the moment it was issued. Where one is missing for good, a fresh token is asked for so
# often and not with each call.
SCOPES_TRIED_AGAIN_SECONDS = 60
# Of Zoom's "OAuth error messages": the app was disabled, its authorisation was revoked.
APP_DEAUTHORISED = (4717, 4741)
# A user who cannot host a meeting beside its host: of another account, or without a licence.
NO_ALTERNATIVE_HOST = (1114, 1115)
SUBSTITUTE_REFUSED = "zoom_substitute_refused"
REGISTRATION_OFF = "zoom_registration_off"
REGISTRANT_USED_UP = "zoom_registrant_used_up"
# Of a 429: the limit of 100 meetings made and changed a day, which is one host's alone, and that of 3 registrations of
# one person a day. Any other is the account's.
_LIMIT_OF_ONE_HOST = re.compile("particular user|create/update", re.IGNORECASE)
_LIMIT_OF_ONE_REGISTRANT = re.compile("registrant API requests", re.IGNORECASE)
USED_UP = "zoom_user_meetings_used_up"


class RateLimiter(Protocol):
    """Who says when a call may be made."""

    def admit(self, category: Category) -> None:
        """Returns when a call may go out. Raises ZoomRateLimited where that is too long to wait for."""

    def pause(self, category: Category, until: datetime) -> None:
        """Zoom wants no more calls of this category until then."""

    def admit_write(self, host: str) -> None:
        """A meeting may be made or changed for this host. Raises ZoomRateLimited where the day's are used up."""

    def stop_writes(self, host: str) -> None:
        """Zoom says that the day's meetings of this host are used up."""


@dataclass(frozen=True, slots=True)
class Token:
    """An access token with the scopes it was given."""

    value: str = field(repr=False)
    scopes: frozenset[str]
    good_until: float


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of Zoom's, read to its end. `headers` is case-insensitive."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300


class Connection:
    """Calls to one Zoom account; may be shared by threads."""

    def __init__(
        self,
        settings: Settings,
        limiter: RateLimiter | None,
        now: Callable[[], datetime],
        monotonic: Callable[[], float],
        contact: Contact | None = None,
    ) -> None:
        self._settings, self._limiter, self._now, self._monotonic = settings, limiter, now, monotonic
        self.contact = contact or Contact(now, monotonic)
        self._http = requests.Session()
        self._token: Token | None = None
        self._token_lock = threading.Lock()
        self._scopes_tried_at: float | None = None
        # What Zoom's replies have said that it counts a kind of call by.
        self._categories: dict[tuple[str, ...], Category] = {}
        self._per_second: dict[Category, int] = {}

    def token(self) -> Token:
        """A token that is good for a while yet; the same one for all threads."""
        with self._token_lock:
            if self._token is None or self._monotonic() >= self._token.good_until:
                with self.contact.call(("token",)), self.contact.token():
                    self._token = self._fresh_token()
            return self._token

    def call(
        self,
        category: Category,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        host: str = "",
    ) -> dict[str, Any]:
        """One API call, with one more try under a fresh token where Zoom says that ours is no longer good.

        `category` is what Zoom is believed to count the call by, as long as its replies do not say otherwise. `host` is
        the user whose daily number of meetings the call counts for.
        """
        if host and self._limiter is not None:
            self._limiter.admit_write(host)
        # The second piece of every path is an id.
        kind = (method, *path.split("/")[1:2], *path.split("/")[3:])
        with self.contact.call(kind):
            return self._called(kind, category, method, path, {"params": query, "json": body}, host)

    def _called(
        self, kind: tuple[str, ...], category: Category, method: str, path: str, sent: Mapping[str, Any], host: str
    ) -> dict[str, Any]:
        for last in (False, True):
            token = self.token()
            category = self._categories.get(kind, category)
            reply = self._limited(
                category,
                method,
                self._settings.zoom_api_url + path,
                {"headers": {"Authorization": f"Bearer {token.value}"}, **sent},
            )
            self._categories[kind] = category_named(reply.headers, otherwise=category)
            if (allowed := stated_rate(reply.headers)) is not None:
                self._per_second[self._categories[kind]] = allowed
            if last or not self._forget_refused(token, reply):
                break
        if not reply.ok:
            error = self._api_error(reply, host)
            if error.code == USED_UP and self._limiter is not None:
                self._limiter.stop_writes(host)
            raise error
        return json_object(reply) if reply.status != 204 else {}

    def allowed_per_second(self) -> Mapping[Category, int]:
        """How many calls a second Zoom's replies have said that it takes, by category."""
        return dict(self._per_second)

    def seconds_ahead(self) -> float | None:
        """How many seconds our clock is ahead of Zoom's; None where Zoom does not say.

        Raises ZoomUnreachable where Zoom, or what stands before it, says that it does not work.
        """
        with self.contact.call(("HEAD",)):
            reply = self._send("HEAD", self._settings.zoom_api_url, {})
            if reply.status >= 500 and reply.status != HTTPStatus.NOT_IMPLEMENTED:  # which is about HEAD alone
                raise self._api_error(reply)
        try:
            theirs = parsedate_to_datetime(reply.headers["Date"])
            return (self._now() - theirs.astimezone(UTC)).total_seconds()
        except (KeyError, ValueError, TypeError, OverflowError):
            return None

    def _forget_refused(self, token: Token, reply: Reply) -> bool:
        """Drops the token where a fresh one may be better received; False where that would change nothing."""
        lacks_scope = not reply.ok and _lacks_scope(_error_fields(reply))
        if not lacks_scope and reply.status != 401:
            return False
        with self._token_lock:
            if self._token is not token:
                return True  # somebody else was faster
            now = self._monotonic()
            if lacks_scope:
                tried = self._scopes_tried_at
                if tried is not None and now < tried + SCOPES_TRIED_AGAIN_SECONDS:
                    return False
                self._scopes_tried_at = now
            self._token = None
        return True

    def _fresh_token(self) -> Token:
        settings = self._settings
        if not (settings.zoom_account_id and settings.zoom_client_id and settings.zoom_client_secret):
            raise NotConfigured("zoom_not_connected")
        reply = self._limited(
            Category.TOKEN,
            "POST",
            settings.zoom_oauth_url,
            {
                "auth": (settings.zoom_client_id, settings.zoom_client_secret),
                "data": {"grant_type": "account_credentials", "account_id": settings.zoom_account_id},
            },
        )
        if not reply.ok:
            raise self._token_error(reply)
        fields = json_object(reply)
        life = fields.get("expires_in")
        seconds = life if isinstance(life, int) and 0 < life < 10**6 else 3600
        return Token(
            required(fields, "access_token"),
            frozenset(str(fields.get("scope") or "").split()),
            self._monotonic() + max(seconds - TOKEN_MARGIN_SECONDS, seconds / 2),
        )

    def _limited(self, category: Category, method: str, url: str, options: Mapping[str, Any]) -> Reply:
        """The answer to a call that goes out when its category allows.

        A 429 holds back the category that it names for everybody, or this one where it names none.
        """
        if self._limiter is not None:
            self._limiter.admit(category)
        reply = self._send(method, url, options)
        if self._limiter is not None and reply.status == 429:
            message = str(_error_fields(reply).get("message") or "")
            if not _LIMIT_OF_ONE_HOST.search(message) and not _LIMIT_OF_ONE_REGISTRANT.search(message):
                held_back = category_named(reply.headers, otherwise=category)
                self._limiter.pause(held_back, retry_at(reply.headers, message, self._now()))
        return reply

    def _send(self, method: str, url: str, options: Mapping[str, Any]) -> Reply:
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
                        raise ZoomUnreachable("zoom_answer_too_large")
        except requests.Timeout as error:
            raise ZoomUnreachable("zoom_no_answer") from error
        except (requests.RequestException, HTTPError, OSError, UnicodeError) as error:
            # UnicodeError: Zoom's own token of the next page is sent back to it, and may be half a surrogate pair.
            raise ZoomUnreachable("zoom_unreachable") from error
        self.contact.note_time(response.headers)
        return Reply(response.status_code, response.headers, bytes(content))

    def _token_error(self, reply: Reply) -> ZoomError:
        if reply.status == 429 or not 400 <= reply.status < 500:
            return self._api_error(reply)
        reason = _error_fields(reply).get("reason")
        if isinstance(reason, str) and reason:
            return ZoomMisconfigured("zoom_credentials_refused_with_reason", reason=_short(reason))
        return ZoomMisconfigured("zoom_credentials_refused")

    def _api_error(self, reply: Reply, host: str = "") -> ZoomError:
        """The typed error for a reply that is not a success; the tables of codes are in Zoom's reference.

        Only a code that says so by name is taken for a refusal for good: others have been seen to come and go.
        """
        fields = _error_fields(reply)
        code, message = fields.get("code"), str(fields.get("message") or "")
        status = reply.status
        if status == 429:  # whatever its code, which is 429 or 4001
            until = retry_at(reply.headers, message, self._now())
            if host and _LIMIT_OF_ONE_HOST.search(message):
                return used_up_for(host, until)
            if _LIMIT_OF_ONE_REGISTRANT.search(message):
                return ZoomRateLimited(REGISTRANT_USED_UP, retry_at=until)
            return ZoomRateLimited("zoom_too_many_requests", retry_at=until)
        if status >= 500 or status < 400:
            return ZoomUnreachable(
                "zoom_unavailable",
                retry_at=_stated_retry(reply.headers.get("Retry-After"), self._now()),
                status=status,
            )
        if _lacks_scope(fields):
            return ZoomMisconfigured("zoom_scope_missing", scope=_missing_scope(message))
        if code in APP_DEAUTHORISED:
            return ZoomRefused("zoom_app_deauthorised")
        if status == 401 or code in (124, 4700, 4711):
            return ZoomMisconfigured("zoom_token_refused")
        if code == 200:
            if "paid account" in message:
                return ZoomRefused("zoom_plan_without_reports")
            return ZoomMisconfigured("zoom_not_allowed", message=_short(message))
        if code == 12702:
            return ZoomRefused("zoom_list_too_old")
        if code == 3001:
            return ZoomMeetingUnknown("zoom_meeting_not_over")
        if code in (1001, 1010, 1120):  # 1010 also where the meeting is of another account
            return ZoomRefused("zoom_no_such_user")
        if "egistration has not been enabled" in message:  # with code 300 or 404
            return ZoomRefused(REGISTRATION_OFF)
        if code in NO_ALTERNATIVE_HOST:
            return ZoomRefused(SUBSTITUTE_REFUSED, message=_short(message))
        if code == 2300:
            return ZoomMisconfigured("zoom_api_address_wrong")
        if status == 404:
            return ZoomMeetingUnknown("zoom_nothing_there")
        if "page token" in message:
            # Good for 15 minutes; reading the list again from its beginning gets new ones.
            return ZoomUnreachable("zoom_page_token_expired")
        if code is None:
            # Zoom gives a code with every refusal; a proxy or a firewall on the way does not, and may be mended.
            return ZoomUnreachable("zoom_request_blocked", status=status)
        if told := _with_fields(message, fields):
            return ZoomRefusedForNow("zoom_request_refused", status=status, message=_short(told))
        return ZoomRefusedForNow("zoom_request_refused_without_reason", status=status)


def used_up_for(host: str, until: datetime) -> ZoomRateLimited:
    """The error for a host whose meetings of the day, made and changed, are used up."""
    return ZoomRateLimited(USED_UP, retry_at=until, host=host, until=f"{until:%Y-%m-%d %H:%M} UTC")


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


def json_object(reply: Reply) -> dict[str, Any]:
    try:
        fields = json.loads(reply.content)
    except (ValueError, RecursionError):
        raise ZoomUnreachable("zoom_answer_not_json") from None
    if not isinstance(fields, dict):
        raise ZoomUnreachable("zoom_answer_misshapen")
    return fields


def _error_fields(reply: Reply) -> dict[str, Any]:
    try:
        return json_object(reply)
    except ZoomUnreachable:
        return {}


def required(fields: Mapping[str, Any], name: str, longest: int = LONGEST_FIELD) -> str:
    value = fields.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    # Zoom's ids, addresses and tokens are plain; anything else could neither be stored nor sent.
    if not isinstance(value, str) or not (0 < len(value) <= longest and value.isascii() and value.isprintable()):
        raise ZoomUnreachable("zoom_answer_without_field", field=name)
    return value


def _lacks_scope(fields: Mapping[str, Any]) -> bool:
    """Whether a refusal is about a scope: code 4711, or 4700 for apps with the scopes of old."""
    return "does not contain scopes" in str(fields.get("message") or "")


def _missing_scope(message: str) -> str:
    """The scope to ask for, from `…does not contain scopes:[a, a:admin].`: the admin one if it is there."""
    scopes = [scope.strip() for scope in message.partition("[")[2].partition("]")[0].split(",")]
    return next((scope for scope in scopes if scope.endswith(":admin")), scopes[0])


def _with_fields(message: str, fields: Mapping[str, Any]) -> str:
    """Zoom's reason, with what it says of single fields; "" where it gives none."""
    errors = fields.get("errors")
    names = [
        f"{error.get('field')}: {error.get('message')}"
        for error in (errors if isinstance(errors, list) else [])
        if isinstance(error, dict)
    ]
    return " ".join([message, *names]).strip()


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 200 else line[:199] + "…"
