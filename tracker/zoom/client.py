"""The calls to Zoom's REST API that the product makes, with their answers as values."""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from tracker import clock
from tracker.attendance.meeting_options import MeetingOptions
from tracker.attendance.types import Session, Stay, where_of
from tracker.errors import ZoomError, ZoomMeetingUnknown, ZoomRefused, ZoomUnreachable
from tracker.settings import Settings
from tracker.text import number_of, plain_id, text_of
from tracker.zoom.connection import Connection, RateLimiter, Token, required
from tracker.zoom.contact import Contact
from tracker.zoom.meetings import (
    LONGEST_ID,
    LONGEST_TOPIC,
    Meeting,
    NewMeeting,
    identities_of,
    meeting_of,
    settings_of,
)
from tracker.zoom.rate_limit import Category

PAGE_SIZE = 300
# Of a user's types those that may host for longer than 40 minutes.
LICENSED = (2, 3)
MOST_PAGES = 500
# Of a registrant's first and last name.
LONGEST_NAME = 64


@dataclass(frozen=True, slots=True)
class User:
    """A user of the Zoom account. `status` is Zoom's word: active, inactive, or pending for one not yet accepted."""

    id: str
    licensed: bool
    status: str


@dataclass(frozen=True, slots=True)
class ParticipantList:
    """The participant records of one session. `complete`: all that Zoom speaks of are there."""

    stays: tuple[Stay, ...]
    complete: bool


class Zoom:
    """A client for one Zoom account; may be shared by threads."""

    def __init__(
        self,
        settings: Settings,
        now: Callable[[], datetime] = clock.now,
        monotonic: Callable[[], float] = time.monotonic,
        limiter: RateLimiter | None = None,
        contact: Contact | None = None,
    ) -> None:
        self._connection = Connection(settings, limiter, now, monotonic, contact)

    @property
    def contact(self) -> Contact:
        """How the calls go; another client of this process may share it."""
        return self._connection.contact

    def create_meeting(self, host: str, meeting: NewMeeting) -> Meeting:
        """Makes a scheduled meeting for the Zoom user `host` (id or e-mail), with a passcode."""
        # E-mail in the report is what lets people be counted by e-mail instead of by display name. Nobody is seen who
        # has not switched the camera on.
        more = {"email_in_attendee_report": True, "participant_video": False}
        body = meeting.body()
        body |= {"default_password": True, "settings": body["settings"] | more}
        path = f"/users/{quote(host, safe='@')}/meetings"
        return meeting_of(self._connection.call(Category.LIGHT, "POST", path, body=body, host=host))

    def meeting(self, meeting_id: str) -> Meeting:
        """The meeting as it is now, with a fresh start link."""
        try:
            return meeting_of(self._connection.call(Category.LIGHT, "GET", f"/meetings/{quote(meeting_id, safe='')}"))
        except ZoomMeetingUnknown as error:
            raise ZoomMeetingUnknown("zoom_meeting_gone") from error

    def change_meeting(self, meeting_id: str, meeting: NewMeeting, host: str = "") -> None:
        """Changes title, time and length. `host` is named where that user's changes of the day are used up."""
        path = f"/meetings/{quote(meeting_id, safe='')}"
        self._connection.call(Category.LIGHT, "PATCH", path, body=meeting.body(), host=host)

    def rename_meeting(self, meeting_id: str, topic: str, host: str) -> None:
        """Changes the title alone, with that of all dates of a recurring meeting: they have none of their own."""
        path = f"/meetings/{quote(meeting_id, safe='')}"
        self._connection.call(Category.LIGHT, "PATCH", path, body={"topic": topic[:LONGEST_TOPIC]}, host=host)

    def set_options(self, meeting_id: str, options: MeetingOptions, host: str) -> None:
        """Changes the options alone, of all dates of a recurring meeting: they have none of their own."""
        path = f"/meetings/{quote(meeting_id, safe='')}"
        self._connection.call(Category.LIGHT, "PATCH", path, body={"settings": settings_of(options)}, host=host)

    def change_occurrence(self, meeting_id: str, occurrence_id: str, meeting: NewMeeting, host: str) -> None:
        """Changes time and length of one date of a recurring meeting."""
        path, query = f"/meetings/{quote(meeting_id, safe='')}", {"occurrence_id": occurrence_id}
        body = {"start_time": clock.to_zoom(meeting.start), "duration": meeting.minutes}
        self._connection.call(Category.LIGHT, "PATCH", path, query=query, body=body, host=host)

    def delete_occurrence(self, meeting_id: str, occurrence_id: str) -> None:
        """Deletes one date of a recurring meeting; one that is gone already is as good as deleted."""
        path, query = f"/meetings/{quote(meeting_id, safe='')}", {"occurrence_id": occurrence_id}
        try:
            self._connection.call(Category.LIGHT, "DELETE", path, query=query)
        except ZoomMeetingUnknown:
            return

    def find_meeting(self, host: str, meeting: NewMeeting, made_after: datetime) -> list[str]:
        """The ids of the host's meetings to come that are just like this one, and were made after that moment.

        Raises ZoomMisconfigured where the app may not ask for the list of a host's meetings.
        """
        path = f"/users/{quote(host, safe='@')}/meetings"
        query = {"type": "upcoming", "page_size": str(PAGE_SIZE)}
        like = (meeting.topic[:LONGEST_TOPIC], meeting.start, meeting.minutes)
        found: list[str] = []
        for _ in range(MOST_PAGES):
            reply = self._connection.call(Category.MEDIUM, "GET", path, query=query)
            for entry in _list(reply, "meetings"):
                told = entry.get("topic"), clock.parse_utc(entry.get("start_time")), entry.get("duration")
                made = clock.parse_utc(entry.get("created_at"))
                if told == like and made is not None and made >= made_after:
                    found.append(required(entry, "id", LONGEST_ID))
            token = text_of(reply.get("next_page_token"))
            if not token or token == query.get("next_page_token"):
                return found
            query["next_page_token"] = token
        return found

    def delete_meeting(self, meeting_id: str) -> None:
        """Deletes the meeting; one that is gone already is as good as deleted."""
        try:
            self._connection.call(Category.LIGHT, "DELETE", f"/meetings/{quote(meeting_id, safe='')}")
        except ZoomMeetingUnknown:
            return

    def registrants(self, meeting_id: str, status: str) -> set[str]:
        """The e-mail addresses (lower case) of a meeting's registrants with this status: approved, pending or denied.

        Those who were cancelled are among the denied. Their own join links, which the answers have, are let go of here.
        Raises ZoomRefused (`zoom_registration_off`, `zoom_registration_needs_plan`). Source: Zoom's Meetings API,
        GET /meetings/{meetingId}/registrants: scope `meeting:read:list_registrants:admin`, label Medium, licensed
        hosts only.
        """
        path = f"/meetings/{quote(meeting_id, safe='')}/registrants"
        query = {"status": status, "page_size": str(PAGE_SIZE)}
        found: set[str] = set()
        for _ in range(MOST_PAGES):
            with _of_registration():
                reply = self._connection.call(Category.MEDIUM, "GET", path, query=query)
            found |= {text_of(entry.get("email")).strip().casefold() for entry in _list(reply, "registrants")}
            token = text_of(reply.get("next_page_token"))
            if not token:
                return found
            if token == query.get("next_page_token"):
                raise ZoomUnreachable("zoom_page_token_repeated")
            query["next_page_token"] = token
        raise ZoomUnreachable("zoom_pages_endless")

    def register(self, meeting_id: str, email: str, first_name: str, last_name: str) -> None:
        """Registers a person for a meeting and all its dates; Zoom mails her a join link of her own.

        Whoever is registered already stays the same registrant. One at a time: up to 30 at once
        (`/batch_registrants`) Zoom takes for scheduled meetings only, and not for recurring ones. Nothing of the answer
        is kept: it has the person's join link. Raises ZoomRefused, and ZoomRateLimited (`zoom_registrant_used_up`)
        where she was registered 3 times on a day. Source: Zoom's Meetings API, POST
        /meetings/{meetingId}/registrants: scope `meeting:write:registrant:admin`, label Light, meetings of type 2 and
        8 of licensed hosts; `first_name` is needed. It is not one of the 100 calls a day that make and change a host's
        meetings.
        """
        names = {"first_name": first_name[:LONGEST_NAME], "last_name": last_name[:LONGEST_NAME]}
        body = {"email": email, **{name: value for name, value in names.items() if value}}
        with _of_registration():
            self._connection.call(
                Category.LIGHT, "POST", f"/meetings/{quote(meeting_id, safe='')}/registrants", body=body
            )

    def instances(self, meeting_id: str) -> list[tuple[str, datetime]]:
        """UUID and start of every ended session of the meeting (of the last 15 months), by start."""
        reply = self._connection.call(Category.MEDIUM, "GET", f"/past_meetings/{quote(meeting_id, safe='')}/instances")
        found = []
        for entry in _list(reply, "meetings"):
            start = clock.parse_utc(entry.get("start_time"))
            if start is not None:
                found.append((required(entry, "uuid", LONGEST_ID), start))
        return sorted(found, key=lambda instance: instance[1])

    def past_meeting(self, meeting: str) -> Session:
        """The ended session with this UUID; for a meeting id, its latest one."""
        reply = self._connection.call(Category.LIGHT, "GET", f"/past_meetings/{_path_id(meeting)}")
        start, end = clock.parse_utc(reply.get("start_time")), clock.parse_utc(reply.get("end_time"))
        if start is None:
            raise ZoomUnreachable("zoom_answer_without_start")
        count = reply.get("participants_count")
        usable = isinstance(count, int) and not isinstance(count, bool) and 0 <= count < 10**6
        uuid, host_id = required(reply, "uuid", LONGEST_ID), plain_id(reply.get("host_id"))
        return Session(uuid, start, end, count if usable else None, host_id)

    def past_hosts(self, meeting: str) -> frozenset[str]:
        """Id and e-mail address (lower case) of who hosted the meeting with this id, as far as Zoom tells."""
        reply = self._connection.call(Category.LIGHT, "GET", f"/past_meetings/{_path_id(meeting)}")
        return identities_of(plain_id(reply.get("host_id")), reply.get("user_email"))

    def past_participants(
        self, meeting: str, progress: Callable[[int], None] = lambda records: None
    ) -> ParticipantList:
        """Every participant record of the session with this UUID (for a meeting id: of the latest one).

        `progress` is told the number of records after each page. Raises ZoomUnreachable where the pages do
        not come to an end: half a list must never pass for the whole one.
        """
        path = f"/past_meetings/{_path_id(meeting)}/participants"
        stays: list[Stay] = []
        page_token, seen = "", set[str]()
        for _ in range(MOST_PAGES):
            query = {"page_size": str(PAGE_SIZE)} | ({"next_page_token": page_token} if page_token else {})
            reply = self._connection.call(Category.MEDIUM, "GET", path, query=query)
            stays += (_stay(entry, meeting) for entry in _list(reply, "participants"))
            progress(len(stays))
            page_token = reply.get("next_page_token") or ""
            if not page_token:
                told = reply.get("total_records")
                return ParticipantList(tuple(stays), not isinstance(told, int) or told <= len(stays))
            if not isinstance(page_token, str) or page_token in seen:
                raise ZoomUnreachable("zoom_page_token_repeated")
            seen.add(page_token)
        raise ZoomUnreachable("zoom_pages_endless")

    def user(self, user: str) -> User:
        """The user with this id or e-mail address; it needs the scope `user:read:user:admin`."""
        reply = self._connection.call(Category.LIGHT, "GET", f"/users/{quote(user, safe='@')}")
        # Zoom's types: 1 is Basic, 2 licensed, 3 on premises, 99 nothing at all. A blank status is that of everybody.
        return User(
            required(reply, "id", LONGEST_ID), reply.get("type") in LICENSED, text_of(reply.get("status")) or "active"
        )

    def allowed_per_second(self) -> Mapping[Category, int]:
        """How many calls a second Zoom has said that it takes, as far as its replies have told that."""
        return self._connection.allowed_per_second()

    def token(self) -> Token:
        """The access token in use, with its scopes."""
        return self._connection.token()

    def clock_offset(self) -> float | None:
        """How many seconds our clock is ahead of Zoom's; None where Zoom does not say."""
        return self._connection.seconds_ahead()


@contextmanager
def _of_registration() -> Iterator[None]:
    """Refusals of calls about registrants in words that fit, without the addresses that Zoom's messages may have."""
    try:
        yield
    except ZoomError as error:
        if error.code == "zoom_plan_without_reports":
            raise ZoomRefused("zoom_registration_needs_plan") from None
        if "message" in error.details:
            message = re.sub(r"\S+@\S+", "…", str(error.details["message"]))
            details: dict[str, Any] = {**error.details, "message": message}
            raise type(error)(error.code, **details) from None
        raise


def _path_id(meeting: str) -> str:
    """A meeting id or UUID as a piece of a path.

    Zoom wants a UUID that begins with `/` or contains `//` percent-encoded twice.
    """
    once = quote(meeting, safe="")
    return quote(once, safe="") if meeting.startswith("/") or "//" in meeting else once


def _list(fields: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    entries = fields.get(name)
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ZoomUnreachable("zoom_answer_without_list", field=name)
    return entries


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
