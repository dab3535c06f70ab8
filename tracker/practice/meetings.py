"""Zoom's calls about users and about meetings to come: /v2/users/… and /v2/meetings/…"""

import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from tracker.practice import recurring
from tracker.practice.access import invalid, needs, no_such_meeting, page_of, zoom_error
from tracker.practice.meeting_settings import faults_of_settings, settle
from tracker.practice.recurring import RECURRING
from tracker.practice.state import PracticeState
from tracker.practice.values import (
    DEFAULT_SETTINGS,
    Conflict,
    Meeting,
    Occurrence,
    meeting_number,
    name_of,
    personal_number,
    scheduled_fields,
    time_zone,
    to_zoom,
    user_id_of,
)
from tracker.practice.wire import Answer, Request, Route, json_answer, json_of

# What can be changed of one date of a recurring meeting.
OF_A_DATE = ("start_time", "duration")


def get_user(state: PracticeState, request: Request, user: str) -> Answer:
    """GET /v2/users/{id}, with the few fields that a client may want."""
    email = _host(state, user)
    first, _, last = name_of(email).partition(" ")
    content = {
        "id": user_id_of(email),
        "email": email,
        "first_name": first,
        "last_name": last,
        "display_name": name_of(email),
        "type": 1 if state.settings.plan == "free" else 2,
        "pmi": personal_number(email),
        "use_pmi": state.users.uses_personal_id(email, None),
        "status": "active",
        "account_id": state.settings.account_id,
    }
    return json_answer(200, content | state.users.account_of(email))


def _host(state: PracticeState, user: str) -> str:
    email = state.users.email_of(unquote(user))
    if email is None:
        raise zoom_error(404, 1001, f"User does not exist: {unquote(user)}.")
    return email


def create_meeting(state: PracticeState, request: Request, user: str) -> Answer:
    """POST /v2/users/{id}/meetings."""
    host = _host(state, user)
    given = _json_object(request)
    given.setdefault("topic", None)
    blank = {
        "topic": "",
        "type": 2,
        "start_time": state.now(),
        "duration": 60,
        "timezone": "UTC",
        "agenda": "",
        "password": "",
        "settings": dict(DEFAULT_SETTINGS),
    }
    fields = _with_dates({**blank, **_valid_fields(given, "UTC", DEFAULT_SETTINGS)})
    if not fields["password"] and given.get("default_password", True):
        fields["password"] = secrets.token_hex(3)
    fields["settings"]["use_pmi"] = state.users.uses_personal_id(host, _asked_for_personal_id(given))
    _count_write(state, host)
    fields["settings"] = settle(state, host, fields["type"], fields["settings"])
    return json_answer(201, _meeting_reply(state, state.create(host, fields)))


def get_meeting(state: PracticeState, request: Request, meeting_id: str) -> Answer:
    """GET /v2/meetings/{id}. Of a recurring one with the dates to come, or with all of them where it is asked for."""
    every = request.query.get("show_previous_occurrences") == "true"
    return json_answer(200, _meeting_reply(state, _meeting(state, meeting_id), every_date=every))


def update_meeting(state: PracticeState, request: Request, meeting_id: str) -> Answer:
    """PATCH /v2/meetings/{id}. A start in the past is dropped without a word, as Zoom drops it.

    With `occurrence_id` of one date alone: its time and length. Of a whole recurring meeting the start is changed with
    its rule only.
    """
    meeting = _meeting(state, meeting_id)
    date = _date(meeting, request)
    fields = _valid_fields(_json_object(request), meeting.timezone, meeting.settings)
    if fields.get("start_time", state.now()) < state.now():
        del fields["start_time"]
    if date is not None:
        _count_write(state, meeting.host)
        state.change_date(meeting, replace(date, **{key: fields[key] for key in OF_A_DATE if key in fields}))
        return Answer(204)
    if "recurrence" in fields:
        fields = _with_dates({"type": meeting.type, "start_time": meeting.start_time, **_usual(meeting), **fields})
    elif "start_time" in fields and fields.get("type", meeting.type) == RECURRING:
        raise invalid(["recurrence"])
    if "settings" in fields and not meeting.is_personal:
        asked = fields["settings"]["use_pmi"]
        fields["settings"]["use_pmi"] = state.users.uses_personal_id(meeting.host, asked)
    _count_write(state, meeting.host)
    if "settings" in fields:
        fields["settings"] = settle(state, meeting.host, fields.get("type", meeting.type), fields["settings"])
    state.update(meeting, fields)
    return Answer(204)


def delete_meeting(state: PracticeState, request: Request, meeting_id: str) -> Answer:
    """DELETE /v2/meetings/{id}; with `occurrence_id` one date alone."""
    meeting = _meeting(state, meeting_id)
    if (date := _date(meeting, request)) is not None:
        state.change_date(meeting, replace(date, deleted=True))
        return Answer(204)
    if meeting.is_personal:
        raise zoom_error(400, 3018, "Not allowed to delete PMI.")
    try:
        state.delete(meeting)
    except Conflict as error:
        raise zoom_error(400, 3002, str(error)) from error
    return Answer(204)


def set_status(state: PracticeState, request: Request, meeting_id: str) -> Answer:
    """PUT /v2/meetings/{id}/status. Ending a meeting that does not run changes nothing."""
    meeting = _meeting(state, meeting_id)
    if _json_object(request).get("action") != "end":
        raise invalid(["action"])
    if state.room_of(meeting).running:
        state.end(meeting.number)
    return Answer(204)


def list_meetings(state: PracticeState, request: Request, user: str) -> Answer:
    """GET /v2/users/{id}/meetings, of the kind that `type` names."""
    host = _host(state, user)
    now = state.now()
    kinds: dict[str, Callable[[Meeting], bool]] = {
        "scheduled": lambda meeting: True,
        "live": lambda meeting: state.room_of(meeting).running is not None,
        "upcoming": lambda meeting: _next_start(meeting, now) >= now,
        "upcoming_meetings": lambda meeting: _next_start(meeting, now) >= now,
        "previous_meetings": lambda meeting: any(session.end for session in meeting.sessions),
    }
    kind = request.query.get("type", "scheduled")
    if kind not in kinds:
        raise invalid(["type"])
    rows = [
        _meeting_summary(state, meeting)
        for meeting in state.meetings.values()
        if meeting.host == host
        and not (meeting.deleted or meeting.is_personal or meeting.is_webinar)
        and kinds[kind](meeting)
    ]
    return json_answer(200, page_of(state, request, f"{host} {kind}", "meetings", rows))


def _usual(meeting: Meeting) -> dict[str, Any]:
    return {"duration": meeting.duration, "timezone": meeting.timezone}


def _with_dates(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields of a meeting with the dates that come of its rule; the first of them is its start."""
    if fields["type"] != RECURRING:
        return {name: value for name, value in fields.items() if name != "recurrence"}
    rule = fields.get("recurrence")
    if rule is None:
        raise invalid(["recurrence"])
    zone = time_zone(fields["timezone"]) or ZoneInfo("UTC")
    dates = recurring.occurrences(fields["start_time"], fields["duration"], zone, rule)
    if not dates:
        raise invalid(["recurrence.end_date_time"])
    return fields | {"occurrences": dates, "start_time": dates[0].start_time}


def _date(meeting: Meeting, request: Request) -> Occurrence | None:
    """The date that a call is about; None where it is about the whole meeting."""
    wanted = request.query.get("occurrence_id")
    if wanted is None:
        return None
    found = recurring.find(meeting, wanted)
    if found is None:
        raise no_such_meeting(f"{meeting.number}, occurrence {wanted}")
    return found


def _next_start(meeting: Meeting, now: datetime) -> datetime:
    """When it is held next, or was held last."""
    starts = [one.start_time for one in meeting.occurrences if not one.deleted]
    return min((start for start in starts if start >= now), default=meeting.start_time)


def _asked_for_personal_id(given: Mapping[str, Any]) -> bool | None:
    """What was sent as `settings.use_pmi`, whose default is the user's own setting."""
    asked: bool | None = given.get("settings", {}).get("use_pmi")
    return asked


def _json_object(request: Request) -> dict[str, Any]:
    content = json_of(request)
    if not isinstance(content, dict):
        raise zoom_error(400, 300, "Request Body should be a valid JSON object.")
    return content


def _valid_fields(given: Mapping[str, Any], zone_name: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a meeting that are given, in the types of `Meeting`; all faults are told at once.

    `zone_name` and `settings` hold for what is not given.
    """
    zone = time_zone(given.get("timezone", zone_name))
    readers: dict[str, Callable[[Any], Any]] = {
        "topic": lambda text: _text(text, 1, 200),
        "type": lambda number: number if type(number) is int and number in (1, 2, 3, 8, 10) else None,
        "start_time": lambda text: _start_time(text, zone or ZoneInfo("UTC")),
        "duration": lambda minutes: minutes if type(minutes) is int and 1 <= minutes <= 1440 else None,
        "timezone": lambda name: name if zone else None,
        "agenda": lambda text: _text(text, 0, 2000),
        "password": lambda text: _text(text, 0, 10),
    }
    fields = {name: readers[name](given[name]) for name in readers if name in given}
    faults = [name for name, content in fields.items() if content is None]
    if "settings" in given:
        faults += faults_of_settings(given["settings"])
    if "recurrence" in given:
        faults += recurring.faults_of(given["recurrence"])
        fields["recurrence"] = given["recurrence"]
    if faults:
        raise invalid(faults)
    if "settings" in given:
        fields["settings"] = {**settings, **given["settings"]}
    return fields


def _text(text: object, shortest: int, longest: int) -> str | None:
    return text if isinstance(text, str) and shortest <= len(text.strip()) and len(text) <= longest else None


def _start_time(text: object, zone: ZoneInfo) -> datetime | None:
    """`yyyy-MM-ddTHH:mm:ssZ` is UTC; without the Z it is the local time of the meeting's zone."""
    if not isinstance(text, str) or not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ?", text):
        return None
    try:
        moment = datetime.fromisoformat(text.removesuffix("Z"))
        return moment.replace(tzinfo=UTC if text.endswith("Z") else zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _count_write(state: PracticeState, host: str) -> None:
    if not state.users.count_write(host, state.now().date().isoformat()):
        raise zoom_error(
            429,
            429,
            "You have exceeded the daily rate limit (100) of Meeting Create/Update API requests permitted "
            "for this particular user. You may resume these requests at GMT 00:00:00.",
            # Zoom sends these with plenty left, and neither a type nor Retry-After.
            X_RateLimit_Category="Light",
            X_RateLimit_Limit="6000",
            X_RateLimit_Remaining="5893",
        )


def _meeting(state: PracticeState, meeting_id: str) -> Meeting:
    number = meeting_number(meeting_id)
    meeting = None if number is None else state.open_meeting(number)
    if meeting is None:
        raise no_such_meeting(unquote(meeting_id))
    if meeting.is_webinar:
        raise zoom_error(400, 3000, "Cannot access webinar info.")
    return meeting


def _meeting_summary(state: PracticeState, meeting: Meeting) -> dict[str, Any]:
    return scheduled_fields(meeting) | {
        "created_at": to_zoom(meeting.created_at),
        "join_url": state.join_url(meeting),
    }


def _meeting_reply(state: PracticeState, meeting: Meeting, *, every_date: bool = False) -> dict[str, Any]:
    room = state.room_of(meeting)
    reply = {
        **_meeting_summary(state, meeting),
        "host_email": meeting.host,
        # Zoom knows no "ended" here.
        "status": "started" if room.running else "waiting",
        "agenda": meeting.agenda,
        "start_url": state.start_url(meeting),
        "chat_join_url": f"{state.base_url}/launch/jc/{room.number}",
        "settings": dict(meeting.settings),
        "creation_source": "open_api",
        "pre_schedule": False,
    }
    if room is not meeting:
        reply["pmi"] = str(room.number)
    if meeting.recurrence is not None:
        dates = [one for one in meeting.occurrences if every_date or one.start_time >= state.now()]
        reply |= {"recurrence": dict(meeting.recurrence), "occurrences": recurring.dates_in_reply(dates)}
    if room.password:
        phone = f"{room.number % 1_000_000:06}"
        reply |= {
            "password": room.password,
            "h323_password": phone,
            "pstn_password": phone,
            "encrypted_password": state.link_passcode(room),
        }
    return reply


ROUTES: tuple[Route, ...] = (
    ("GET", r"/v2/users/([^/]+)", needs("user:read:user:admin", get_user)),
    ("GET", r"/v2/users/([^/]+)/meetings", needs("meeting:read:list_meetings:admin", list_meetings)),
    ("POST", r"/v2/users/([^/]+)/meetings", needs("meeting:write:meeting:admin", create_meeting)),
    ("GET", r"/v2/meetings/([^/]+)", needs("meeting:read:meeting:admin", get_meeting)),
    ("PATCH", r"/v2/meetings/([^/]+)", needs("meeting:update:meeting:admin", update_meeting)),
    ("DELETE", r"/v2/meetings/([^/]+)", needs("meeting:delete:meeting:admin", delete_meeting)),
    ("PUT", r"/v2/meetings/([^/]+)/status", needs("meeting:update:status:admin", set_status)),
)
