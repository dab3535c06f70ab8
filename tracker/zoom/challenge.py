"""Asking an address as Zoom does before it sends webhooks there, to see whether the way to the tracker is whole."""

import json
import secrets
import time
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3.exceptions import HTTPError

from tracker.errors import NotConfigured, TrackerError, WebhookRefused
from tracker.zoom import webhook
from tracker.zoom.unreachable import Cause, cause_of

# Zoom waits for three seconds; who takes longer is told how long it was.
ZOOM_WAITS_SECONDS, TIMEOUT_SECONDS = 3.0, 15
LARGEST_ANSWER = 64 * 1024
PATH = "/api/webhooks/zoom"
# What a web server says of a server behind it that does not answer.
BEHIND_IS_AWAY = (502, 503, 504)
# A page of the dashboard that anybody may see, and what it answers to whoever comes by a name that is none of its own.
SIGN_IN, MISDIRECTED = "/login", 421


class Finding(StrEnum):
    """What came of asking, by the codes of the sentences."""

    REACHED = "public_reached"
    SLOW = "public_slow"
    UNREACHABLE = "unreachable"
    REDIRECTED = "public_redirected"
    NOT_PASSED_ON = "public_not_passed_on"
    DASHBOARD = "public_dashboard"
    OTHER_PATH = "public_other_path"
    TRACKER_AWAY = "public_tracker_away"
    NO_SECRET = "public_no_secret"  # noqa: S105 - no secret
    HEADERS_LOST = "public_headers_lost"
    BODY_CHANGED = "public_body_changed"
    CLOCK_OFF = "public_clock_off"
    OTHER_SECRET = "public_other_secret"  # noqa: S105 - no secret
    OTHER_TOKEN = "public_other_token"  # noqa: S105 - no secret
    OTHER_ANSWER = "public_other_answer"
    BLOCKED = "public_blocked"


@dataclass(frozen=True, slots=True)
class Found:
    """What came of asking an address: the status and the seconds of the answer, and what else there is to name."""

    what: Finding
    url: str
    status: int = 0
    seconds: float = 0.0
    where_to: str = ""
    cause: Cause | None = None


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    content: bytes
    where_to: str
    seconds: float

    @property
    def fields(self) -> dict[str, Any]:
        """The JSON object that it is; an empty one where it is anything else."""
        try:
            found = json.loads(self.content)
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    @property
    def error(self) -> str:
        """The code of an error in the form of the tracker's; "" where somebody else answers."""
        error = self.fields.get("error")
        return str(error.get("code") or "") if isinstance(error, dict) else ""

    @property
    def sentence(self) -> str:
        """What a tracker says of an error; "" where somebody else answers."""
        error = self.fields.get("error")
        return str(error.get("message") or "") if isinstance(error, dict) else ""


def endpoint_of(url: str) -> str:
    """The address that Zoom is given: of a web site alone it is the tracker's path there."""
    return url if urlsplit(url).path.strip("/") else url.partition("?")[0].rstrip("/") + PATH


def ask(url: str, secret: str, now: datetime) -> Found:
    """Sends Zoom's `endpoint.url_validation` to this address, signed with `secret`, and says what came of it.

    The tracker stores nothing of it. Where it refuses the signature, an empty body is sent as well: nothing on the way
    can change that one, so that it tells a changed body from another secret.
    """
    url = endpoint_of(url)
    token = webhook.OWN_CHALLENGE + secrets.token_hex(16)
    body = {
        "event": "endpoint.url_validation",
        "payload": {"plainToken": token},
        "event_ts": int(now.timestamp() * 1000),
    }
    try:
        answer = _post(url, json.dumps(body, separators=(",", ":")).encode(), secret, now)
        if answer.error == WebhookRefused.kind and answer.status == 401:
            return Found(_why_refused(url, answer, secret, now), url, answer.status)
    except (requests.RequestException, HTTPError, OSError, ValueError) as error:
        return Found(Finding.UNREACHABLE, url, cause=cause_of(error))
    what = _what(answer, webhook.validation_reply(webhook.UrlValidation(token), secret))
    return Found(what, url, answer.status, answer.seconds, answer.where_to)


def is_refused_by_name(url: str) -> bool:
    """Whether the dashboard at this web site refuses browsers, since the site's name is none of its own.

    That something else answers there, or nobody, is no such sign: the dashboard may have another name.
    """
    try:
        with requests.get(
            urljoin(url, SIGN_IN),
            timeout=TIMEOUT_SECONDS,
            allow_redirects=False,
            stream=True,
            verify=DEFAULT_CA_BUNDLE_PATH,
        ) as response:
            return response.status_code == MISDIRECTED
    except (requests.RequestException, HTTPError, OSError, ValueError):
        return False


def _what(answer: _Answer, expected: dict[str, str]) -> Finding:
    """What an answer means that is no refusal of the signature."""
    if 300 <= answer.status < 400:
        return Finding.REDIRECTED
    if answer.error == NotConfigured.kind:
        return Finding.NO_SECRET
    if answer.error in ("not_found", "method_not_allowed"):
        return Finding.OTHER_PATH
    if answer.status in BEHIND_IS_AWAY:
        return Finding.TRACKER_AWAY
    if answer.status in (404, 405):
        return Finding.NOT_PASSED_ON
    if answer.status == 401 and answer.content.decode(errors="replace") == str(TrackerError("sign_in_needed")):
        return Finding.DASHBOARD
    if answer.status in (401, 403, 407, 411, 413, 429):
        return Finding.BLOCKED
    if answer.status != 200:
        return Finding.OTHER_ANSWER
    if answer.fields.get("plainToken") != expected["plainToken"]:
        return Finding.OTHER_ANSWER
    if answer.fields.get("encryptedToken") != expected["encryptedToken"]:
        return Finding.OTHER_TOKEN
    return Finding.REACHED if answer.seconds <= ZOOM_WAITS_SECONDS else Finding.SLOW


def _why_refused(url: str, answer: _Answer, secret: str, now: datetime) -> Finding:
    """Why the tracker does not take our signature, as far as it tells that to anybody.

    The code in its answer is one for all reasons, so that only its sentence tells them apart.
    """
    if answer.sentence == str(WebhookRefused("timestamp_missing", 401)):
        return Finding.HEADERS_LOST
    if answer.sentence == str(WebhookRefused("not_fresh", 401)):
        return Finding.CLOCK_OFF
    empty = _post(url, b"", secret, now)
    return Finding.BODY_CHANGED if empty.status == 400 else Finding.OTHER_SECRET


def _post(url: str, body: bytes, secret: str, now: datetime) -> _Answer:
    """The answer to this body with Zoom's headers. Redirects are not followed: Zoom follows none.

    Certificates are looked at as strangers do, whatever this machine trusts besides.
    """
    timestamp = str(int(now.timestamp()))
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "x-zm-request-timestamp": timestamp,
        "x-zm-signature": webhook.signature_of(body, timestamp, secret),
    }
    began = time.monotonic()
    with requests.post(
        url,
        body,
        headers=headers,
        timeout=TIMEOUT_SECONDS,
        allow_redirects=False,
        stream=True,
        verify=DEFAULT_CA_BUNDLE_PATH,
    ) as response:
        content = response.raw.read(LARGEST_ANSWER, decode_content=True)
        seconds = time.monotonic() - began
        return _Answer(response.status_code, content, response.headers.get("Location", ""), seconds)
