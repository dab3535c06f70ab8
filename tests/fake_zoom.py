"""Zoom as the tracker meets it, behind `responses`: meetings made, sessions held, and what goes wrong."""

import json
import re
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote
from zoneinfo import ZoneInfo

import requests
from responses import RequestsMock

from tests.makers import NOW, at
from tracker.clock import to_zoom

API = "https://api.zoom.us/v2"
OAUTH = "https://zoom.us/oauth/token"
USED_UP = {
    "code": 429,
    "message": "You have exceeded the daily rate limit (100) of Meeting Create/Update API requests permitted for this "
    "particular user. You may resume these requests at GMT 00:00:00.",
}
UNKNOWN = (404, {"code": 3001, "message": "Meeting does not exist: 85011112222."})

Reply = tuple[int, dict[str, str], str]


def grant(http: RequestsMock, *values: str, **more: Any) -> None:
    """Zoom hands out these tokens, the last one again and again."""
    for value in values or ("token-1",):
        http.post(OAUTH, json={"access_token": value, "token_type": "bearer", "expires_in": 3600} | more)


def sent(http: RequestsMock, address: str = API) -> list[requests.PreparedRequest]:
    """The requests to Zoom so far."""
    return [call.request for call in http.calls if str(call.request.url).startswith(address)]


class FakeZoom:
    """Change its state and the tracker sees it.

    `faults` are the statuses and bodies of the next answers, `list_faults` of the next answers with participants.
    """

    def __init__(self, http: RequestsMock) -> None:
        self.meetings: dict[str, dict[str, Any]] = {}
        self.sessions: dict[str, tuple[str, float, float]] = {}
        self.records: dict[str, list[dict[str, Any]]] = {}
        # Zoom's own number of participants, of the sessions that it tells it of.
        self.counts: dict[str, int] = {}
        # The personal meeting id that Zoom makes its meetings under, whatever is asked of it; "" for none.
        self.personal_id = ""
        # Settings that its account has locked: meetings that it makes or changes have these, whatever is asked of it.
        self.locked: dict[str, Any] = {}
        # Who hosted what was held in a meeting, by e-mail, where it tells.
        self.hosts: dict[str, str] = {}
        # Who is registered for a meeting, by e-mail, with the status; and whom it does not take.
        self.registrants: dict[str, dict[str, str]] = {}
        self.not_taken: set[str] = set()
        # How many records it says that a session has, of those of which it gives fewer.
        self.totals: dict[str, int] = {}
        self.page_size = 300
        # How many more meetings it makes and changes before a host's day is over; None: as many as come.
        self.writes_left: int | None = None
        self.faults: deque[tuple[int, Any]] = deque()
        self.list_faults: deque[tuple[int, Any]] = deque()
        # Called with each path before it is answered: what happens elsewhere meanwhile.
        self.meanwhile: Callable[[str], None] = lambda path: None
        # Whether it tells the dates of a recurring meeting.
        self.tells_dates = True
        self.now: Callable[[], datetime] = lambda: NOW
        grant(http)
        for method in ("GET", "POST", "PATCH", "DELETE"):
            http.add_callback(method, re.compile(re.escape(API) + "/.*"), self._answer)

    def hold(self, uuid: str, *records: dict[str, Any], meeting: str, start: float = 0, end: float = 60) -> None:
        """A session of a meeting that is over, in minutes after NOW."""
        self.sessions[uuid] = (meeting, start, end)
        self.records[uuid] = list(records)

    def _answer(self, request: requests.PreparedRequest) -> Reply:
        path, _, query = str(request.url).removeprefix(API).partition("?")
        self.meanwhile(path)
        if planned := self.faults or (self.list_faults if path.endswith("/participants") else None):
            status, body = planned.popleft()
            return status, {}, body if isinstance(body, str) else json.dumps(body)
        pieces = [unquote(unquote(piece)) for piece in path.strip("/").split("/")]
        fields = json.loads(request.body) if request.body else {}
        if request.method in ("POST", "PATCH") and self.writes_left is not None:
            if not self.writes_left:
                return 429, {}, json.dumps(USED_UP)
            self.writes_left -= 1
        if self.locked and "settings" in fields:
            fields = fields | {"settings": fields["settings"] | self.locked}
        occurrence = re.fullmatch(r"occurrence_id=(\d+)", query)
        if occurrence:
            status, found = self._route_of_date(str(request.method), pieces[1], occurrence[1], fields)
        else:
            status, found = self._route(str(request.method), pieces, fields, query)
            if not self.tells_dates and isinstance(found, dict):
                found = {name: value for name, value in found.items() if name != "occurrences"}
        return status, {}, json.dumps(found) if status != 204 else ""

    def _route(self, method: str, pieces: list[str], fields: dict[str, Any], query: str) -> tuple[int, Any]:
        match method, pieces:
            case "POST", ["users", host, "meetings"]:
                number = 81418900011 + len(self.meetings)
                made = fields | {"id": number, "join_url": f"https://us05web.zoom.us/j/{number}?pwd=x.1"}
                if self.personal_id:
                    made |= {"pmi": int(self.personal_id), "settings": fields["settings"] | {"use_pmi": True}}
                made |= {"created_at": to_zoom(self.now())} | _dates(fields)
                self.meetings[str(number)] = made | {"host_email": host, "start_url": f"https://zoom.us/s/{number}"}
                return 201, self.meetings[str(number)]
            case "GET", ["users", host, "meetings"]:
                return 200, {"meetings": [one for one in self.meetings.values() if one["host_email"] == host]}
            case _, ["meetings", number] if number not in self.meetings:
                return UNKNOWN
            case "GET", ["meetings", number]:
                return 200, self.meetings[number]
            case _, ["meetings", number, "registrants"]:
                return self._registrants(number, method, fields, query)
            case "PATCH", ["meetings", number]:
                self.meetings[number] |= fields
                return 204, None
            case "DELETE", ["meetings", number]:
                del self.meetings[number]
                return 204, None
            case "GET", ["past_meetings", meeting, "instances"]:
                held = [(uuid, start) for uuid, (number, start, _) in self.sessions.items() if number == meeting]
                entries = [{"uuid": uuid, "start_time": to_zoom(at(start))} for uuid, start in held]
                return (200, {"meetings": entries}) if entries else UNKNOWN
            case "GET", ["past_meetings", meeting, *rest]:
                uuid = self._latest(meeting)
                if uuid not in self.sessions:
                    return UNKNOWN
                return 200, self._page(uuid, query) if rest else self._summary(uuid)
        return 404, {"code": 404, "message": "no such path"}

    def _registrants(self, number: str, method: str, fields: dict[str, Any], query: str) -> tuple[int, Any]:
        if self.meetings[number].get("settings", {}).get("approval_type", 2) == 2:
            return 404, {"code": 404, "message": f"Registration has not been enabled for this meeting: {number}."}
        there = self.registrants.setdefault(number, {})
        if method == "POST":
            if fields["email"] in self.not_taken:
                return 400, {"code": 300, "message": f"Registrant {fields['email']} is not valid."}
            there.setdefault(fields["email"], "approved")
            return 201, {"registrant_id": "r", "join_url": f"https://zoom.us/w/{number}?tk=a-secret-of-hers"}
        asked = dict(one.split("=") for one in query.split("&"))
        first = int(asked.get("next_page_token", 0))
        rows = [{"email": email.upper()} for email, status in there.items() if status == asked["status"]]
        last = first + self.page_size
        token = str(last) if last < len(rows) else ""
        return 200, {"registrants": rows[first:last], "next_page_token": token}

    def _route_of_date(self, method: str, number: str, date: str, fields: dict[str, Any]) -> tuple[int, Any]:
        dates = self.meetings.get(number, {}).get("occurrences", [])
        (found,) = [one for one in dates if one["occurrence_id"] == date] or [None]
        if found is None:
            return UNKNOWN
        found |= fields if method == "PATCH" else {"status": "deleted"}
        return 204, None

    def dates(self, number: str) -> list[str]:
        """The dates of a recurring meeting that were not deleted."""
        given = self.meetings[number]["occurrences"]
        return sorted(one["start_time"] for one in given if one["status"] != "deleted")

    def _latest(self, meeting: str) -> str:
        held = [(start, uuid) for uuid, (number, start, _) in self.sessions.items() if number == meeting]
        return max(held)[1] if held else meeting

    def _summary(self, uuid: str) -> dict[str, Any]:
        meeting, start, end = self.sessions[uuid]
        times = {"start_time": to_zoom(at(start)), "end_time": to_zoom(at(end))}
        count = {"participants_count": self.counts[uuid]} if uuid in self.counts else {}
        host = {"user_email": self.hosts[meeting]} if meeting in self.hosts else {}
        return {"uuid": uuid, "id": int(meeting)} | times | count | host

    def _page(self, uuid: str, query: str) -> dict[str, Any]:
        found = re.search(r"next_page_token=(\d+)", query)
        first = int(found[1]) if found else 0
        last = first + self.page_size
        more = last < len(self.records[uuid])
        total = {"total_records": self.totals.get(uuid, len(self.records[uuid]))}
        return {"participants": self.records[uuid][first:last], "next_page_token": str(last) if more else ""} | total


def _dates(fields: dict[str, Any]) -> dict[str, Any]:
    """What Zoom adds to a recurring meeting: its dates, at one local time."""
    if fields.get("type") != 8:
        return {}
    rule, zone = fields["recurrence"], ZoneInfo(fields["timezone"])
    days, local = {int(day) for day in rule["weekly_days"].split(",")}, datetime.fromisoformat(fields["start_time"])
    starts: list[datetime] = []
    while len(starts) < rule["end_times"]:
        if local.isoweekday() % 7 + 1 in days:
            starts.append(local.replace(tzinfo=zone).astimezone(UTC))
        local += timedelta(days=1)
    return {
        "occurrences": [
            {
                "occurrence_id": str(int(start.timestamp() * 1000)),
                "start_time": to_zoom(start),
                "duration": fields["duration"],
                "status": "available",
            }
            for start in starts
        ]
    }
