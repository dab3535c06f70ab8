"""Zoom's calls about who is registered for a meeting: /v2/meetings/…/registrants"""

import re
from dataclasses import replace
from typing import Any

from tracker.practice.access import invalid, needs, no_such_meeting, page_of, zoom_error
from tracker.practice.state import PracticeState
from tracker.practice.values import NO_REGISTRATION, Meeting, Registrant, meeting_number, to_zoom, user_id_of
from tracker.practice.wire import Answer, Refusal, Request, Route, json_answer, json_of, short_mac

SCHEDULED = 2
STATUSES = ("pending", "approved", "denied")
REGISTRATIONS_A_DAY, MOST_AT_ONCE, LONGEST_NAME = 3, 30, 64


def list_registrants(state: PracticeState, request: Request, meeting_id: str) -> Answer:
    """GET /v2/meetings/{id}/registrants, with one status: the approved ones where none is asked for."""
    meeting = _with_registration(state, meeting_id)
    status = request.query.get("status", "approved")
    if status not in STATUSES:
        raise invalid(["status"])
    rows = [_row(state, meeting, one) for one in meeting.registrants if one.status == status]
    return json_answer(200, page_of(state, request, f"{meeting.number} {status}", "registrants", rows))


def add_registrant(state: PracticeState, request: Request, meeting_id: str) -> Answer:
    """POST /v2/meetings/{id}/registrants. Whoever is registered already stays the same registrant."""
    meeting, one = register(state, _with_registration(state, meeting_id), json_of(request))
    content = {
        "id": meeting.number,
        "registrant_id": one.id,
        "topic": meeting.topic,
        "start_time": to_zoom(meeting.start_time),
        "join_url": join_url(state, meeting, one),
    }
    return json_answer(201, content)


def add_batch(state: PracticeState, request: Request, meeting_id: str) -> Answer:
    """POST /v2/meetings/{id}/batch_registrants: up to 30 at once, for a scheduled meeting only."""
    meeting = _with_registration(state, meeting_id)
    given = json_of(request)
    people = given.get("registrants") if isinstance(given, dict) else None
    if not isinstance(people, list) or not 1 <= len(people) <= MOST_AT_ONCE:
        raise invalid(["registrants"])
    if meeting.type != SCHEDULED:
        raise zoom_error(400, 300, "This API is for scheduled meetings only.")
    rows = []
    for each in people:
        meeting, one = register(state, meeting, each)
        rows.append({"email": one.email, "registrant_id": one.id, "join_url": join_url(state, meeting, one)})
    return json_answer(201, {"registrants": rows})


def set_status(state: PracticeState, request: Request, meeting_id: str) -> Answer:
    """PUT /v2/meetings/{id}/registrants/status {"action": approve, cancel or deny, "registrants": [{"email"}]}."""
    meeting, given = _with_registration(state, meeting_id), json_of(request)
    given = given if isinstance(given, dict) else {}
    status = {"approve": "approved", "cancel": "denied", "deny": "denied"}.get(str(given.get("action")))
    people = given.get("registrants")
    if status is None or not isinstance(people, list) or not all(isinstance(one, dict) for one in people):
        raise invalid(["action", "registrants"])
    emails = {str(one.get("email")).casefold() for one in people}
    changed = tuple(replace(one, status=status) if one.email in emails else one for one in meeting.registrants)
    state.set_registrants(meeting, changed)
    return Answer(204)


def register(state: PracticeState, meeting: Meeting, given: object) -> tuple[Meeting, Registrant]:
    """The meeting with a person registered for it, and her; raises what is wrong with what is `given` of her."""
    fields = given if isinstance(given, dict) else {}
    email, first, last = (fields.get(name, "") for name in ("email", "first_name", "last_name"))
    faults = [] if isinstance(email, str) and re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", email) else ["email"]
    faults += [] if isinstance(first, str) and 1 <= len(first) <= LONGEST_NAME else ["first_name"]
    faults += [] if isinstance(last, str) and len(last) <= LONGEST_NAME else ["last_name"]
    if faults:
        raise invalid(faults)
    email = email.casefold()
    if email == meeting.host:
        raise zoom_error(400, 3027, "Host cannot register.")
    known = next((one for one in meeting.registrants if one.email == email), None)
    today = state.now().date().isoformat()
    one = known or Registrant(user_id_of(f"{meeting.number} {email}"), email, first, last, "approved", state.now())
    days = tuple(day for day in one.registrations if day == today)
    if len(days) >= REGISTRATIONS_A_DAY:
        raise _too_often(email)
    by_hand = meeting.settings["approval_type"] == 1
    status = one.status if known else ("pending" if by_hand else "approved")
    one = replace(one, first_name=first, last_name=last, status=status, registrations=(*days, today))
    others = tuple(each for each in meeting.registrants if each.email != email)
    return state.set_registrants(meeting, (*others, one)), one


def join_url(state: PracticeState, meeting: Meeting, one: Registrant) -> str:
    """The registrant's own link, which Zoom mails her."""
    passcode = f"&pwd={state.link_passcode(meeting)}" if meeting.password else ""
    return f"{state.base_url}/w/{meeting.number}?tk={registrant_key(state, meeting, one)}{passcode}"


def registrant_key(state: PracticeState, meeting: Meeting, one: Registrant) -> str:
    """The `tk` of her link."""
    return short_mac(state.settings.client_secret, "tk", f"{meeting.number} {one.email}")


def _too_often(email: str) -> Refusal:
    limit = f"daily rate limit of ({REGISTRATIONS_A_DAY}) for Add meeting registrant API requests"
    return zoom_error(
        429,
        429,
        f"You have exceeded the {limit} for the registrant ({email}). You can resume these requests at GMT 00:00:00.",
    )


def _row(state: PracticeState, meeting: Meeting, one: Registrant) -> dict[str, Any]:
    return {
        "id": one.id,
        "email": one.email,
        "first_name": one.first_name,
        "last_name": one.last_name,
        "status": one.status,
        "create_time": to_zoom(one.created_at),
        "join_url": join_url(state, meeting, one),
    }


def _with_registration(state: PracticeState, meeting_id: str) -> Meeting:
    number = meeting_number(meeting_id)
    meeting = None if number is None else state.open_meeting(number)
    if meeting is None or meeting.is_webinar:
        raise no_such_meeting(meeting_id)
    if state.settings.plan == "free":
        raise zoom_error(400, 200, f"Only available for paid account: {state.settings.account_id}.")
    if meeting.settings["approval_type"] == NO_REGISTRATION:
        raise zoom_error(404, 404, f"Registration has not been enabled for this meeting: {meeting.number}.")
    return meeting


_PATH = r"/v2/meetings/([^/]+)/"
ROUTES: tuple[Route, ...] = (
    ("GET", _PATH + "registrants", needs("meeting:read:list_registrants:admin", list_registrants)),
    ("POST", _PATH + "registrants", needs("meeting:write:registrant:admin", add_registrant)),
    ("POST", _PATH + "batch_registrants", needs("meeting:write:batch_registrants:admin", add_batch)),
    ("PUT", _PATH + "registrants/status", needs("meeting:update:registrant_status:admin", set_status)),
)
