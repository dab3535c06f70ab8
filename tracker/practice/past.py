"""Zoom's calls about meetings that have been held: /v2/past_meetings/…"""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote

from tracker.practice.access import needs, no_such_meeting, page_of, zoom_error
from tracker.practice.faults import REFUSALS, ListLimit, fault_answer
from tracker.practice.state import PracticeState
from tracker.practice.values import Meeting, Session, Stay, meeting_number, name_of, to_zoom, user_id_of
from tracker.practice.wire import Answer, Refusal, Request, Route, json_answer

# For this share of the settling time the participant list is empty; after it, it has gaps.
EMPTY_SHARE = 0.4
# How long Zoom keeps lists and instances: fifteen months.
KEPT = timedelta(days=456)


def past_meeting(state: PracticeState, request: Request, meeting_id: str) -> Answer:
    """GET /v2/past_meetings/{id or uuid}; `duration` and `total_minutes` are minutes."""
    meeting, session, end = _ended_session(state, meeting_id)
    rows = [stay for stay in session.stays if not stay.in_waiting_room and not stay.breakout_room]
    seconds = sum(((stay.leave or end) - stay.join).total_seconds() for stay in rows)
    content = {
        "uuid": session.uuid,
        "id": meeting.number,
        "host_id": user_id_of(meeting.host),
        "type": meeting.type,
        "topic": meeting.topic,
        "user_name": name_of(meeting.host),
        "user_email": meeting.host,
        "start_time": to_zoom(session.start),
        "end_time": to_zoom(end),
        "duration": _minutes((end - session.start).total_seconds()),
        "total_minutes": _minutes(seconds),
        "participants_count": len(rows),
        "dept": "",
        "source": "Zoom",
    }
    return json_answer(200, content)


def past_instances(state: PracticeState, request: Request, meeting_id: str) -> Answer:
    """GET /v2/past_meetings/{id}/instances: ended sessions. Zoom promises no order; here, latest first."""
    number = meeting_number(meeting_id)
    meeting = None if number is None else state.meetings.get(number)
    if meeting is None:
        raise no_such_meeting(unquote(meeting_id))
    _refuse_webinar(meeting)
    rows = [
        {"uuid": session.uuid, "start_time": to_zoom(session.start)}
        for session in reversed(meeting.sessions)
        if session.end is not None and state.now() - session.end <= KEPT
    ]
    return json_answer(200, {"meetings": rows})


def past_participants(state: PracticeState, request: Request, meeting_id: str) -> Answer:
    """GET /v2/past_meetings/{id or uuid}/participants."""
    _, session, end = _ended_session(state, meeting_id)
    age = (state.now() - end).total_seconds()
    rows = participant_rows(session, end, age, state.settings.settle_seconds)
    limit = state.list_limits.get(session.uuid, ListLimit())
    content = page_of(state, request, session.uuid, "participants", rows[: limit.rows])
    if limit.total_records is not None:
        content["total_records"] = limit.total_records
    return json_answer(200, content)


def participant_rows(session: Session, end: datetime, age: float, settle: float) -> list[dict[str, Any]]:
    """What Zoom tells about a session that ended `age` seconds ago and is complete after `settle`.

    Before that the list is empty at first; then it holds only those who came in the first half, and every
    other one of them with duration 0. A session of one person has no list at all.
    """
    people = {stay.email or stay.name for stay in session.stays if not stay.in_waiting_room}
    settled = age >= settle
    if len(people) < 2 or (not settled and age < EMPTY_SHARE * settle):
        return []
    middle = session.start + (end - session.start) / 2
    shown = session.stays if settled else [stay for stay in session.stays if stay.join <= middle]
    rows = [_participant_row(stay, end) for stay in shown]
    return rows if settled else [row | {"duration": 0} if n % 2 else row for n, row in enumerate(rows)]


def _participant_row(stay: Stay, end: datetime) -> dict[str, Any]:
    leave = stay.leave or end
    return {
        "id": stay.zoom_id,
        "user_id": stay.user_id,
        "name": stay.name,
        "user_email": stay.email,
        "join_time": to_zoom(stay.join),
        "leave_time": to_zoom(leave),
        "duration": int((leave - stay.join).total_seconds()),
        "registrant_id": stay.registrant_id,
        "failover": False,
        "status": "in_waiting_room" if stay.in_waiting_room else "in_meeting",
        "internal_user": stay.internal,
    }


def _ended_session(state: PracticeState, encoded: str) -> tuple[Meeting, Session, datetime]:
    """The ended session that a past-meeting path names, and its end."""
    if state.settings.plan == "free":
        raise zoom_error(400, 200, f"Only available for paid account: {state.settings.account_id}.")
    once = unquote(encoded)
    meeting_id = once
    while (shorter := unquote(meeting_id)) != meeting_id:
        meeting_id = shorter
    # Zoom's gateway takes one layer of encoding off and then reads slashes as path separators.
    torn = once.startswith("/") or "//" in once
    if (number := meeting_number(meeting_id)) in state.meetings:
        _refuse_webinar(state.meetings[number])
    found = None if torn else state.find_session(meeting_id)
    refusal = found and state.refusals.get(found[1].uuid)
    if refusal and (answer := fault_answer(REFUSALS[refusal](meeting_id))):
        raise Refusal(answer)
    if found is None or found[1].end is None:
        raise no_such_meeting(meeting_id)
    meeting, session = found
    if state.now() - found[1].end > KEPT:
        raise zoom_error(400, 12702, "Can not access a meeting a year ago.")
    return meeting, session, found[1].end


def _refuse_webinar(meeting: Meeting) -> None:
    """Zoom has other calls for what was a webinar."""
    if meeting.is_webinar:
        raise zoom_error(400, 300, "Cannot access webinar info.")


def _minutes(seconds: float) -> int:
    return -(-int(seconds) // 60)


# The longer paths come first: a raw UUID may hold slashes of its own.
ROUTES: tuple[Route, ...] = (
    (
        "GET",
        r"/v2/past_meetings/(.+)/participants",
        needs("meeting:read:list_past_participants:admin", past_participants),
    ),
    (
        "GET",
        r"/v2/past_meetings/(.+)/instances",
        needs("meeting:read:list_past_instances:admin", past_instances),
    ),
    ("GET", r"/v2/past_meetings/(.+)", needs("meeting:read:past_meeting:admin", past_meeting)),
)
