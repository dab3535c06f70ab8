"""The calls to Zoom's REST API that the product makes, with their answers as values."""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote

from tracker import clock
from tracker.attendance.meeting_options import CHOICES, NOTHING_SAID, OFF, ON, MeetingOptions
from tracker.attendance.types import Session, Stay, where_of
from tracker.errors import ZoomError, ZoomMeetingUnknown, ZoomRefused, ZoomUnreachable
from tracker.settings import Settings
from tracker.text import number_of, plain_id, text_of
from tracker.zoom.connection import Connection, RateLimiter, Token, required
from tracker.zoom.contact import Contact
from tracker.zoom.rate_limit import Category

LONGEST_ID, LONGEST_NUMBER = 255, 15
LONGEST_TOPIC = 200
PAGE_SIZE = 300
# Of a user's types those that may host for longer than 40 minutes.
LICENSED = (2, 3)
MOST_PAGES = 500
# Of a registrant's first and last name; and of what Zoom calls its kinds of registration: by itself, or none.
LONGEST_NAME = 64
_APPROVED_BY_ITSELF, _NO_REGISTRATION = 0, 2
_SWITCH = {ON: True, OFF: False}


@dataclass(frozen=True, slots=True)
class Recurrence:
    """Every week on these days (0 is Monday), so many times."""

    weekdays: frozenset[int]
    times: int

    def body(self) -> dict[str, Any]:
        # Zoom's week begins with Sunday, which is 1.
        days = sorted((day + 1) % 7 + 1 for day in self.weekdays)
        return {"type": 2, "repeat_interval": 1, "weekly_days": ",".join(map(str, days)), "end_times": self.times}


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A date of a recurring meeting, by the id that it keeps; one that was deleted is not `available`."""

    id: str
    start: datetime
    minutes: int
    available: bool


@dataclass(frozen=True, slots=True)
class NewMeeting:
    """What we ask for when a class's meeting is made or changed. `start` is an aware time.

    Of `options` what is not said is left to Zoom.
    """

    topic: str
    start: datetime
    minutes: int
    timezone: str
    recurrence: Recurrence | None = None
    options: MeetingOptions = NOTHING_SAID

    def body(self) -> dict[str, Any]:
        repeats = {"type": 2} if self.recurrence is None else {"type": 8, "recurrence": self.recurrence.body()}
        return repeats | {
            "topic": self.topic[:LONGEST_TOPIC],
            "start_time": self._start(),
            "duration": self.minutes,
            "timezone": self.timezone,
            # Unless this is said, a host's own setting may put the meeting into her personal room.
            "settings": {"use_pmi": False} | settings_of(self.options),
        }

    def _start(self) -> str:
        """In UTC; as local time where it repeats, so that Zoom keeps to the time of the day when clocks change."""
        if self.recurrence is None:
            return clock.to_zoom(self.start)
        return self.start.astimezone(clock.zone(self.timezone)).strftime("%Y-%m-%dT%H:%M:%S")


@dataclass(frozen=True, slots=True)
class Meeting:
    """A meeting as Zoom has it. `start_url` lets its bearer host the meeting: never store or log it.

    `id` is the number that the API knows it by. `personal_id` is its host's personal meeting id where it is held under
    that, else "". `host_id` is Zoom's id of its host, "" where it was not told. `hosts` are the ids and e-mail
    addresses (lower case) of all who may host it, the alternative hosts among them. `occurrences` are the dates of a
    recurring one, those to come. `options` are what Zoom has made of those that were asked for.
    """

    id: str
    join_url: str
    start_url: str = field(repr=False)
    topic: str
    personal_id: str = ""
    host_id: str = ""
    hosts: frozenset[str] = frozenset()
    occurrences: tuple[Occurrence, ...] = ()
    options: MeetingOptions = NOTHING_SAID

    def is_hosted_by(self, *identities: str) -> bool:
        """Whether Zoom names a user with one of these ids or e-mail addresses as host."""
        return not self.hosts.isdisjoint(map(_identity, identities))

    @property
    def announced_id(self) -> str:
        """The number that webhooks carry: under a personal meeting id it is that, and not the API's."""
        return self.personal_id or self.id


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
        return _meeting(self._connection.call(Category.LIGHT, "POST", path, body=body, host=host))

    def meeting(self, meeting_id: str) -> Meeting:
        """The meeting as it is now, with a fresh start link."""
        try:
            return _meeting(self._connection.call(Category.LIGHT, "GET", f"/meetings/{quote(meeting_id, safe='')}"))
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
        return _identities(plain_id(reply.get("host_id")), reply.get("user_email"))

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


def _meeting(reply: Mapping[str, Any]) -> Meeting:
    settings = reply.get("settings")
    settings = settings if isinstance(settings, dict) else {}
    # The personal id of the host is told of every meeting; whether this one is held under it is another matter.
    personal = settings.get("use_pmi") is True
    return Meeting(
        id=required(reply, "id", LONGEST_ID),
        join_url=required(reply, "join_url"),
        start_url=str(reply.get("start_url") or ""),
        topic=str(reply.get("topic") or ""),
        personal_id=_meeting_number(reply.get("pmi")) if personal else "",
        host_id=plain_id(reply.get("host_id")),
        hosts=_identities(
            plain_id(reply.get("host_id")),
            reply.get("host_email"),
            *_alternative_hosts(settings),
        ),
        occurrences=tuple(_occurrences(reply.get("occurrences"))),
        options=_options(settings),
    )


def settings_of(options: MeetingOptions) -> dict[str, Any]:
    """Options as Zoom's `settings` of a meeting have them, those of which something is said.

    Where sign-in is asked for without `authentication_option`, the account's own default for it holds.
    Registration is one for all dates of a recurring meeting, approved by itself, with the registrant's own link by
    e-mail.
    Sources: Zoom's Meetings API, POST /users/{userId}/meetings and PATCH /meetings/{meetingId}, `settings`.
    """
    registration: dict[str, Any] = {}
    if options.registration == ON:
        mails = {"registrants_email_notification": True, "registrants_confirmation_email": True}
        registration = {"approval_type": _APPROVED_BY_ITSELF, "registration_type": 1, **mails}
    elif options.registration == OFF:
        registration = {"approval_type": _NO_REGISTRATION}
    asked: dict[str, Any] = {
        "waiting_room": _SWITCH.get(options.waiting_room or ""),
        "meeting_authentication": _SWITCH.get(options.sign_in or ""),
        "auto_recording": options.recording,
        "alternative_hosts": None if options.substitutes is None else ";".join(options.substitutes),
    }
    return {name: value for name, value in asked.items() if value is not None} | registration


def _options(settings: Mapping[str, Any]) -> MeetingOptions:
    """The same read back from an answer; whatever is odd is left out."""
    switches = {value: name for name, value in _SWITCH.items()}
    waiting_room, sign_in = (settings.get(name) for name in ("waiting_room", "meeting_authentication"))
    recording = settings.get("auto_recording")
    told, approval = isinstance(settings.get("alternative_hosts"), str), settings.get("approval_type")
    # Also where somebody approves the registrants by hand, which is set in Zoom.
    registration = {0: ON, 1: ON, 2: OFF}.get(approval) if type(approval) is int else None
    return MeetingOptions(
        waiting_room=switches[waiting_room] if isinstance(waiting_room, bool) else None,
        sign_in=switches[sign_in] if isinstance(sign_in, bool) else None,
        recording=recording if recording in CHOICES["recording"] else None,
        substitutes=tuple(dict.fromkeys(filter(None, map(_identity, _alternative_hosts(settings))))) if told else None,
        registration=registration,
    )


def _alternative_hosts(settings: Mapping[str, Any]) -> list[str]:
    """Their ids or e-mail addresses; Zoom writes them with either sign between."""
    return re.split("[;,]", text_of(settings.get("alternative_hosts")))


def _occurrences(given: object) -> Iterator[Occurrence]:
    """The dates of a recurring meeting as Zoom tells them; what lacks an id or a time is none."""
    for entry in given if isinstance(given, list) else ():
        if not isinstance(entry, dict):
            continue
        occurrence_id = plain_id(str(entry.get("occurrence_id") or ""))
        start, minutes = clock.parse_utc(entry.get("start_time")), number_of(entry.get("duration"))
        if occurrence_id and start is not None:
            yield Occurrence(occurrence_id, start, minutes, entry.get("status") != "deleted")


def _identity(text: str) -> str:
    """An id or an e-mail address as it is compared: an id by its letters as they are."""
    plain = text.strip()
    return plain.casefold() if "@" in plain else plain


def _identities(*given: object) -> frozenset[str]:
    return frozenset(identity for one in given if (identity := _identity(text_of(one))))


def _meeting_number(value: object) -> str:
    """A meeting's number, which Zoom writes as a number or as text; "" for anything else."""
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return text if text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER else ""


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
