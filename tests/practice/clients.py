"""A client of the practice Zoom, and a receiver of its webhooks."""

import json
import queue
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Self
from urllib.parse import quote

import requests

from tracker.practice import PracticeSettings

HOST = "teacher@school.example"
ALL_SCOPES = (
    *PracticeSettings(account_id="", client_id="", client_secret="", webhook_secret="").scopes,
    "meeting:update:status:admin",
    "meeting:read:list_meetings:admin",
    "user:read:user:admin",
)
SETTINGS = PracticeSettings(
    account_id="acc", client_id="client", client_secret="s3cret", webhook_secret="hook", scopes=ALL_SCOPES
)


class Clock:
    """A time that passes only when it is told to."""

    def __init__(self) -> None:
        self.time = datetime(2026, 5, 14, 10, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def forward(self, **span: float) -> None:
        self.time += timedelta(**span)


class Client:
    """Asks one practice Zoom with a token for everything."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = requests.Session()
        self.session.trust_env = False
        self.new_token()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.session.close()

    def new_token(self) -> None:
        fields = {"grant_type": "account_credentials", "account_id": "acc"}
        answer = self.session.post(f"{self.url}/oauth/token", data=fields, auth=("client", "s3cret"), timeout=5)
        self.session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def call(self, method: str, path: str, **rest: Any) -> requests.Response:
        return self.session.request(method, self.url + path, timeout=5, **rest)

    def get(self, path: str, **query: Any) -> requests.Response:
        return self.call("GET", "/v2" + path, params=query)

    def error(self, path: str, **query: Any) -> tuple[int, int, str]:
        answer = self.get(path, **query)
        return answer.status_code, answer.json()["code"], answer.json()["message"]

    def create(self, **fields: Any) -> Any:
        answer = self.call("POST", f"/v2/users/{HOST}/meetings", json={"topic": "Algebra 7B", **fields})
        assert answer.status_code == 201
        return answer.json()

    def practice(self, path: str, content: Any = None, method: str = "POST") -> Any:
        answer = self.call(method, "/practice" + path, json=content if content is not None else {})
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    def hold(self, clock: Clock, names: tuple[str, ...], meeting: int | None = None) -> tuple[int, str]:
        """A meeting of one hour in which each person comes ten minutes after the one before."""
        number = meeting or self.create()["id"]
        uuid = self.practice(f"/meetings/{number}/start")["uuid"]
        for name in names:
            clock.forward(minutes=10)
            self.practice(f"/meetings/{number}/join", {"name": name})
        clock.forward(minutes=60 - 10 * len(names))
        self.practice(f"/meetings/{number}/end")
        self.new_token()
        return number, uuid

    def participants(self, meeting: object, **query: Any) -> Any:
        return self.get(f"/past_meetings/{quote(quote(str(meeting), safe=''), safe='')}/participants", **query)


@dataclass
class Receiver:
    """A receiver of webhooks. It answers with the statuses in `answers`, then with 200."""

    url: str
    got: queue.Queue[tuple[dict[str, str], bytes]]
    answers: list[int]
    secret: str = "hook"

    def next(self) -> tuple[dict[str, str], bytes]:
        return self.got.get(timeout=5)

    def events(self, count: int) -> list[dict[str, Any]]:
        return [json.loads(self.next()[1]) for _ in range(count)]


Open = Callable[..., Client]


def wait_until(fact: Callable[[], bool]) -> None:
    """Wait for the background sender to note what the receiver has already seen."""
    deadline = time.monotonic() + 5
    while not fact():
        assert time.monotonic() < deadline
        time.sleep(0.005)
