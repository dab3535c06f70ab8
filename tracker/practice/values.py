"""The values that the practice Zoom is made of: settings, meetings, their sessions, and who stayed in them."""

import base64
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

Clock = Callable[[], datetime]
RatePlan = Literal["free", "pro", "business"]

SCHOOL_DOMAIN = "@school.example"
OWNER = "owner" + SCHOOL_DOMAIN

# Zoom numbers the joins of a session like this, with steps of this size.
FIRST_USER_ID = 16_778_240
USER_ID_STEP = 1024

# Zoom's types of a personal meeting and of a webinar; neither can be asked for when a meeting is made.
PERSONAL, WEBINAR = 4, 5
# The `approval_type` of meetings that have no registrants.
NO_REGISTRATION = 2

DEFAULT_SETTINGS: Mapping[str, Any] = {
    "host_video": True,
    "participant_video": True,
    "join_before_host": False,
    "jbh_time": 0,
    "waiting_room": False,
    "mute_upon_entry": False,
    "approval_type": NO_REGISTRATION,
    "audio": "voip",
    "auto_recording": "none",
    "alternative_hosts": "",
    "meeting_authentication": False,
    "allow_multiple_devices": False,
    "email_in_attendee_report": False,
    "use_pmi": False,
    "meeting_invitees": [],
}


class Conflict(Exception):
    """What was asked does not fit the present state of a meeting; the text is a sentence for the person."""


@dataclass(frozen=True, kw_only=True)
class PracticeSettings:
    """How the practice Zoom behaves. Lengths of time are in seconds."""

    host: str = "127.0.0.1"
    port: int = 0
    account_id: str
    client_id: str
    client_secret: str = field(repr=False)
    webhook_secret: str = field(repr=False)
    webhook_url: str | None = None
    plan: Literal["pro", "free"] = "pro"
    scopes: tuple[str, ...] = (
        "meeting:read:list_past_participants:admin",
        "meeting:write:meeting:admin",
        "meeting:read:meeting:admin",
        "meeting:read:past_meeting:admin",
        "meeting:read:participant:admin",
        "meeting:read:list_past_instances:admin",
        "meeting:update:meeting:admin",
        "meeting:delete:meeting:admin",
        "user:read:user:admin",
        "meeting:write:registrant:admin",
        "meeting:read:list_registrants:admin",
    )
    token_seconds: int = 3600
    # How long after a session's end its participant list is still incomplete.
    settle_seconds: float = 5.0
    # Each delay is counted from the failed attempt before it.
    retry_delays: tuple[float, ...] = (300.0, 1200.0, 3600.0)
    deliveries_at_once: int = 1
    # The plan whose calls per second are the most that are answered; None: as many as come.
    rate_limits: RatePlan | None = None
    state_file: Path | None = None


@dataclass(frozen=True)
class Stay:
    """One join of one participant until they left; `leave` is None while they are there.

    `seat` is what Zoom calls participant_uuid, and the key of that person's browser tab.
    """

    user_id: str
    name: str
    email: str
    join: datetime
    leave: datetime | None
    seat: str
    in_waiting_room: bool = False
    phone: str = ""
    # In a breakout room: its UUID, and the number of the same person's join in the main room.
    breakout_room: str = ""
    parent_user_id: str = ""
    # Of somebody who has joined by a registrant's link.
    registrant_id: str = ""

    @property
    def internal(self) -> bool:
        """Whether the person belongs to the host's account."""
        return self.email.endswith(SCHOOL_DOMAIN)

    @property
    def zoom_id(self) -> str:
        """The account's user id of a signed-in person, else blank."""
        return user_id_of(self.email) if self.internal else ""


@dataclass(frozen=True)
class Session:
    """One run of a meeting, with a UUID of its own."""

    uuid: str
    start: datetime
    end: datetime | None = None
    stays: tuple[Stay, ...] = ()

    @property
    def present(self) -> tuple[Stay, ...]:
        """The stays in the main room that go on at this moment."""
        there = (stay for stay in self.stays if stay.leave is None)
        return tuple(stay for stay in there if not stay.in_waiting_room and not stay.breakout_room)


@dataclass(frozen=True)
class Occurrence:
    """A date of a recurring meeting. Its id is that of its first time, in milliseconds since 1970."""

    id: str
    start_time: datetime
    duration: int
    deleted: bool = False


@dataclass(frozen=True)
class Registrant:
    """Somebody who is registered for a meeting, by e-mail (lower case). `status` is approved, pending or denied.

    `registrations` are the days (ISO, UTC) on which she was registered, once for each time.
    """

    id: str
    email: str
    first_name: str
    last_name: str
    status: str
    created_at: datetime
    registrations: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What she is called in the meeting."""
        return f"{self.first_name} {self.last_name}".strip()


@dataclass(frozen=True)
class Meeting:
    """A scheduled meeting. `uuid` is the one of its creation; each session gets another.

    A recurring one has a rule (`recurrence`), and the dates that came of it.
    """

    number: int
    uuid: str
    host: str
    topic: str
    type: int
    start_time: datetime
    duration: int
    timezone: str
    agenda: str
    password: str
    settings: Mapping[str, Any]
    created_at: datetime
    sessions: tuple[Session, ...] = ()
    deleted: bool = False
    recurrence: Mapping[str, Any] | None = None
    occurrences: tuple[Occurrence, ...] = ()
    registrants: tuple[Registrant, ...] = ()

    @property
    def is_personal(self) -> bool:
        """Whether it is the room that belongs to its host's personal meeting id."""
        return self.type == PERSONAL

    @property
    def is_webinar(self) -> bool:
        """Whether it is a webinar, of which the calls about meetings tell nothing."""
        return self.type == WEBINAR

    @property
    def is_open(self) -> bool:
        """Whether everybody can join, and not only who is registered."""
        return bool(self.settings["approval_type"] == NO_REGISTRATION)

    def registrant_id_of(self, email: str) -> str:
        """The id of the approved registrant with this e-mail; blank where there is none."""
        approved = (one for one in self.registrants if one.status == "approved")
        return next((one.id for one in approved if one.email == email.casefold()), "")

    @property
    def running(self) -> Session | None:
        """The session that goes on at this moment."""
        return self.sessions[-1] if self.sessions and self.sessions[-1].end is None else None

    @property
    def opens_without_host(self) -> bool:
        """Zoom ignores `join_before_host` while the waiting room is on."""
        return bool(self.settings["join_before_host"]) and not self.settings["waiting_room"]


def user_id_of(email: str) -> str:
    """The account's id of the user with that e-mail: 22 characters, always the same for one e-mail."""
    return base64.urlsafe_b64encode(hashlib.sha256(email.encode()).digest())[:22].decode()


def personal_number(email: str) -> int:
    """The personal meeting id (PMI) of the user with that e-mail: ten digits, the first of them 2 to 9."""
    digest = hashlib.sha256(f"personal meeting of {email}".encode()).digest()
    return 2_000_000_000 + int.from_bytes(digest[:8]) % 8_000_000_000


def session_uuid(random_bytes: bytes) -> str:
    """A UUID in Zoom's writing: 16 bytes as base64, so `/` and `+` may occur anywhere in it."""
    return base64.b64encode(random_bytes).decode()


def name_of(email: str) -> str:
    """A display name for a user of the account: `maria.silva@…` is Maria Silva."""
    return email.partition("@")[0].replace(".", " ").title()


def meeting_number(text: str) -> int | None:
    """The number that a meeting id is, or None for anything else."""
    return int(text) if re.fullmatch(r"[0-9]{1,11}", text) else None


def to_zoom(moment: datetime) -> str:
    """`moment` as Zoom writes times: UTC, whole seconds, `Z` at the end."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def scheduled_fields(meeting: Meeting) -> dict[str, Any]:
    """What Zoom writes of a scheduled meeting, in answers and in webhook events alike."""
    return {
        "uuid": meeting.uuid,
        "id": meeting.number,
        "host_id": user_id_of(meeting.host),
        "topic": meeting.topic,
        "type": meeting.type,
        "start_time": to_zoom(meeting.start_time),
        "duration": meeting.duration,
        "timezone": meeting.timezone,
    }


def time_zone(name: object) -> ZoneInfo | None:
    """The IANA time zone of that name, or None."""
    if not isinstance(name, str) or not name:
        return None
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


def meeting_to_row(meeting: Meeting) -> dict[str, Any]:
    """A meeting as JSON can hold it, but for its times: write those with `default=datetime.isoformat`."""
    return asdict(meeting)


def meeting_from_row(row: dict[str, Any]) -> Meeting:
    """The meeting that `meeting_to_row` wrote, back from JSON. Raises KeyError, TypeError or ValueError."""
    times = {key: datetime.fromisoformat(row[key]) for key in ("start_time", "created_at")}
    dates = tuple(
        Occurrence(**{**each, "start_time": datetime.fromisoformat(each["start_time"])})
        for each in row.get("occurrences", ())
    )
    sessions = tuple(_session_from_row(each) for each in row["sessions"])
    registrants = tuple(
        Registrant(**{**each, "created_at": datetime.fromisoformat(each["created_at"])} | _days(each))
        for each in row.get("registrants", ())
    )
    return Meeting(**{**row, **times, "sessions": sessions, "occurrences": dates, "registrants": registrants})


def _days(registrant: dict[str, Any]) -> dict[str, Any]:
    return {"registrations": tuple(registrant["registrations"])}


def _session_from_row(row: dict[str, Any]) -> Session:
    stays = tuple(
        Stay(**{**each, "join": datetime.fromisoformat(each["join"]), "leave": _moment(each["leave"])})
        for each in row["stays"]
    )
    return Session(row["uuid"], datetime.fromisoformat(row["start"]), _moment(row["end"]), stays)


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
