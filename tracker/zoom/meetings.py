"""Meetings as Zoom's API has them: what is asked for, and what its answers say."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tracker import clock
from tracker.attendance.meeting_options import CHOICES, NOTHING_SAID, OFF, ON, MeetingOptions
from tracker.text import number_of, plain_id, text_of
from tracker.zoom.connection import required

LONGEST_ID, LONGEST_NUMBER = 255, 15
LONGEST_TOPIC = 200
# Numbers of Zoom's: kinds of meetings, of recurrence, and of registration.
_AT_ONE_TIME, _AT_SEVERAL_TIMES = 2, 8
_WEEKLY = 2
_APPROVED_BY_ITSELF, _APPROVED_BY_HAND, _NO_REGISTRATION = 0, 1, 2
_SWITCH = {ON: True, OFF: False}


@dataclass(frozen=True, slots=True)
class Recurrence:
    """Every week on these days (0 is Monday), so many times."""

    weekdays: frozenset[int]
    times: int

    def body(self) -> dict[str, Any]:
        """The same as Zoom's `recurrence`."""
        # Zoom's week begins with Sunday, which is 1.
        days = sorted((day + 1) % 7 + 1 for day in self.weekdays)
        weekly = {"type": _WEEKLY, "repeat_interval": 1}
        return weekly | {"weekly_days": ",".join(map(str, days)), "end_times": self.times}


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
        """The body of the call that makes or changes it."""
        times: dict[str, Any] = {"type": _AT_ONE_TIME}
        if self.recurrence is not None:
            times = {"type": _AT_SEVERAL_TIMES, "recurrence": self.recurrence.body()}
        return times | {
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


def meeting_of(reply: Mapping[str, Any]) -> Meeting:
    """The meeting in an answer. Raises ZoomUnreachable where its id or link is missing."""
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
        hosts=identities_of(
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
    approval = settings.get("approval_type")
    # Whether somebody approves the registrants by hand is set in Zoom.
    registrations = {_APPROVED_BY_ITSELF: ON, _APPROVED_BY_HAND: ON, _NO_REGISTRATION: OFF}
    substitutes: tuple[str, ...] | None = None
    if isinstance(settings.get("alternative_hosts"), str):
        substitutes = tuple(dict.fromkeys(filter(None, map(_identity, _alternative_hosts(settings)))))
    return MeetingOptions(
        waiting_room=switches[waiting_room] if isinstance(waiting_room, bool) else None,
        sign_in=switches[sign_in] if isinstance(sign_in, bool) else None,
        recording=recording if recording in CHOICES["recording"] else None,
        substitutes=substitutes,
        registration=registrations.get(approval) if type(approval) is int else None,
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


def identities_of(*given: object) -> frozenset[str]:
    """Ids and e-mail addresses as they are compared, without what is blank."""
    return frozenset(identity for one in given if (identity := _identity(text_of(one))))


def _meeting_number(value: object) -> str:
    """A meeting's number, which Zoom writes as a number or as text; "" for anything else."""
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return text if text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER else ""
