"""The webhook sender: background threads over a heap of deliveries, each with the time it is due.

Waiting runs on the machine's clock, so that a test with a clock of its own still gets its deliveries. What
is written into requests (the signature's timestamp) is the practice Zoom's time.
"""

import hashlib
import heapq
import hmac
import json
import math
import random
import secrets
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any, Literal
from urllib.parse import urlsplit

from tracker.practice.events import Event, milliseconds
from tracker.practice.values import Clock, PracticeSettings

ANSWER_SECONDS = 3.0
LARGEST_REPLY = 65_536
SHUFFLE_SECONDS = 0.5


@dataclass(frozen=True)
class Delivery:
    """One event on its way. `due` is seconds since 1970; `last_status` is None when nobody answered."""

    request_id: str
    event: str
    body: str
    due: float
    attempts: int = 0
    last_status: int | None = None
    state: Literal["waiting", "delivered", "given up", "lost"] = "waiting"


@dataclass(frozen=True)
class DeliveryFaults:
    """Faults of deliveries on request: shares lost and doubled (0 to 1), and mixed order."""

    lose: float = 0.0
    double: float = 0.0
    shuffle: bool = False
    seed: int = 0


def check_url(url: object) -> str:
    """`url` when webhooks can be sent to it. Raises ValueError with a sentence."""
    parts = urlsplit(url) if isinstance(url, str) else None
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("The webhook address has to be an http:// or https:// URL.")
    # Reading the port is what finds a wrong one.
    if parts.port == 0:
        raise ValueError("Port 0 is not an address.")
    return parts.geturl()


def sign(secret: str, timestamp: str, body: str) -> str:
    """Zoom's signature: HMAC-SHA256 over version, timestamp (seconds) and the raw body."""
    message = f"v0:{timestamp}:{body}".encode()
    return "v0=" + hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def challenge_reply(secret: str, token: str) -> dict[str, str]:
    """What a receiver has to answer to `endpoint.url_validation`."""
    digest = hmac.new(secret.encode(), token.encode(), hashlib.sha256).hexdigest()
    return {"plainToken": token, "encryptedToken": digest}


def post(url: str, headers: Mapping[str, str], body: str) -> tuple[int | None, bytes]:
    """Send and return status and reply; status None when no answer came within three seconds.

    No proxy, no redirect: Zoom follows none, and an environment's proxy must not see practice traffic.
    """
    parts = urlsplit(url)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=ANSWER_SECONDS)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request("POST", target, body.encode(), dict(headers))
        response = connection.getresponse()
        return response.status, response.read(LARGEST_REPLY)
    except (OSError, HTTPException, UnicodeError):
        # UnicodeError: a host name that cannot be written for the look-up, such as one with an empty part.
        return None, b""
    finally:
        connection.close()


class Sender:
    """Delivers events with Zoom's signature and retries. All methods may be called from any thread."""

    def __init__(self, settings: PracticeSettings, now: Clock, changed: Callable[[], None]) -> None:
        self._settings = settings
        self._now = now
        self._changed = changed
        self._url = None if settings.webhook_url is None else check_url(settings.webhook_url)
        self._wake = threading.Condition()
        self._deliveries: list[Delivery] = []
        self._heap: list[tuple[float, int]] = []
        self._delivery_faults = DeliveryFaults()
        self._random = random.Random(0)  # noqa: S311 - chance for tests, no secret
        self._stopping = False
        # Of the deliveries so many may be made: what the file does not tell of yet may never have happened.
        self._released = math.inf if settings.state_file is None else 0
        self._threads = [
            threading.Thread(target=self._run, name="practice-webhooks", daemon=True)
            for _ in range(settings.deliveries_at_once)
        ]

    def start(self) -> None:
        """Begin to deliver."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Stop delivering; what is not delivered is in `waiting()`.

        Attempts under way are given half a second. A receiver that hangs longer gets the event again after
        the next start, as it would from Zoom.
        """
        with self._wake:
            self._stopping = True
            self._wake.notify_all()
        until = time.monotonic() + 0.5
        for thread in self._threads:
            thread.join(timeout=max(0.0, until - time.monotonic()))

    def set_url(self, url: str | None) -> None:
        """Send to `url` from now on; with None, events are no longer taken and waiting ones stay waiting."""
        with self._wake:
            self._url = url
            self._wake.notify_all()

    def set_delivery_faults(self, faults: DeliveryFaults) -> None:
        """Lose, double or shuffle the events that are queued from now on."""
        with self._wake:
            self._delivery_faults = faults
            self._random = random.Random(faults.seed)  # noqa: S311 - chance for tests, no secret

    def queue(self, events: Iterable[Event]) -> int:
        """Queue events for delivery now, and return how many deliveries that makes."""
        with self._wake:
            if self._url is None:
                return 0
            deliveries = [delivery for event in events for delivery in self._deliveries_of(event)]
            for delivery in deliveries:
                self._add(delivery)
            self._wake.notify_all()
        self._changed()
        return sum(delivery.state == "waiting" for delivery in deliveries)

    def known(self) -> int:
        """How many deliveries there are so far."""
        with self._wake:
            return len(self._deliveries)

    def release(self, number: int) -> None:
        """The first so many deliveries are written down with what they tell of, and may be made."""
        with self._wake:
            self._released = max(self._released, number)
            self._wake.notify_all()

    def log(self) -> dict[str, Any]:
        """Every delivery since the start, in the order of queueing, and how many are in which state."""
        with self._wake:
            deliveries = list(self._deliveries)
        rows = [
            {
                "event": each.event,
                "request_id": each.request_id,
                "body_sha256": hashlib.sha256(each.body.encode()).hexdigest(),
                "attempts": each.attempts,
                "last_status": each.last_status,
                "state": each.state,
            }
            for each in deliveries
        ]
        return {"counts": dict(Counter(each.state for each in deliveries)), "deliveries": rows}

    def waiting(self) -> list[dict[str, Any]]:
        """The deliveries still to be made, as JSON can hold them."""
        with self._wake:
            deliveries = list(self._deliveries)
        return [asdict(each) for each in deliveries if each.state == "waiting"]

    def restore(self, rows: Iterable[dict[str, Any]]) -> None:
        """Take up deliveries that `waiting()` gave before a restart."""
        with self._wake:
            for row in rows:
                self._add(Delivery(**row))
            self._released = max(self._released, len(self._deliveries))

    def challenge(self) -> dict[str, Any]:
        """Ask the receiver to prove that it knows the secret, as Zoom does every 72 hours."""
        url = self._url
        if url is None:
            return {"ok": False, "status": None, "reason": "No webhook address is set."}
        token = secrets.token_urlsafe(16)
        content = {
            "event": "endpoint.url_validation",
            "payload": {"plainToken": token},
            "event_ts": milliseconds(self._now()),
        }
        body = json.dumps(content, separators=(",", ":"))
        status, reply = post(url, self._headers(str(uuid.uuid4()), body), body)
        reason = _challenge_fault(status, reply, challenge_reply(self._settings.webhook_secret, token))
        return {"ok": not reason, "status": status, "reason": reason}

    def _deliveries_of(self, event: Event) -> list[Delivery]:
        plan, chance = self._delivery_faults, self._random
        late = chance.uniform(0, SHUFFLE_SECONDS) if plan.shuffle else 0.0
        delivery = Delivery(str(uuid.uuid4()), event.name, event.body, time.time() + late)
        if chance.random() < plan.lose:
            return [replace(delivery, state="lost")]
        return [delivery, delivery] if chance.random() < plan.double else [delivery]

    def _add(self, delivery: Delivery) -> None:
        if delivery.state == "waiting":
            heapq.heappush(self._heap, (delivery.due, len(self._deliveries)))
        self._deliveries.append(delivery)

    def _run(self) -> None:
        while (found := self._next_due()) is not None:
            index, url, delivery = found
            status, _ = post(url, self._headers(delivery.request_id, delivery.body), delivery.body)
            self._note(index, status)

    def _next_due(self) -> tuple[int, str, Delivery] | None:
        """Wait for the next delivery that is due; None when it is time to stop."""
        with self._wake:
            while not self._stopping:
                seconds = None
                if self._heap and self._url is not None and self._heap[0][1] < self._released:
                    seconds = self._heap[0][0] - time.time()
                    if seconds <= 0:
                        index = heapq.heappop(self._heap)[1]
                        return index, self._url, self._deliveries[index]
                self._wake.wait(seconds)
        return None

    def _note(self, index: int, status: int | None) -> None:
        delays = self._settings.retry_delays
        with self._wake:
            tried = replace(self._deliveries[index], attempts=self._deliveries[index].attempts + 1, last_status=status)
            if status in (200, 204):
                tried = replace(tried, state="delivered")
            elif tried.attempts > len(delays):
                tried = replace(tried, state="given up")
            else:
                tried = replace(tried, due=time.time() + delays[tried.attempts - 1])
                heapq.heappush(self._heap, (tried.due, index))
                self._wake.notify()
            self._deliveries[index] = tried
        self._changed()

    def _headers(self, request_id: str, body: str) -> dict[str, str]:
        timestamp = str(int(self._now().timestamp()))
        return {
            "content-type": "application/json; charset=utf-8",
            "user-agent": "Zoom Marketplace/1.0a",
            "clientid": self._settings.client_id,
            "x-zm-request-timestamp": timestamp,
            "x-zm-signature": sign(self._settings.webhook_secret, timestamp, body),
            "x-zm-request-id": request_id,
        }


def _challenge_fault(status: int | None, reply: bytes, expected: dict[str, str]) -> str:
    """What is wrong with the answer to a challenge, as a sentence; blank when nothing is."""
    if status is None:
        return "Nobody answered within three seconds."
    if status != 200:
        return f"The answer has status {status}, not 200."
    try:
        content = json.loads(reply)
    except ValueError:
        return "The answer is not JSON."
    if not isinstance(content, dict) or any(content.get(key) != text for key, text in expected.items()):
        return "The answer does not prove that the receiver knows the secret."
    return ""
