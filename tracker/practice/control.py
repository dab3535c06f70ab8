"""The calls under /practice/…, which control the practice Zoom; Zoom itself has nothing like them.

Errors are `{"message": sentence}`: 400 for a wrong body, 404 for an unknown meeting, 409 when it does not
fit the present state.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from tracker.practice import events
from tracker.practice.faults import REFUSALS, Fault, FaultPlan, ListLimit
from tracker.practice.meeting_settings import faults_of_settings
from tracker.practice.school import sample_term
from tracker.practice.state import PracticeState, new_seat
from tracker.practice.users import PERSONAL_ID_USES, STATUSES, TYPES
from tracker.practice.values import DEFAULT_SETTINGS, Conflict, Meeting, Stay, personal_number, time_zone, to_zoom
from tracker.practice.webhooks import DeliveryFaults, check_url
from tracker.practice.wire import Answer, Refusal, Request, Route, json_answer, json_of

LONGEST_TERM_WEEKS = 104
FAULT_KINDS = ("status", "hang", "reset", "cut", "html")


def refusal(status: int, message: str) -> Refusal:
    """An error of these calls."""
    return Refusal(json_answer(status, {"message": message}))


def add_faults(state: PracticeState, request: Request) -> Answer:
    """POST /practice/faults: a list of `Fault`s as JSON; they are used up in this order."""
    given = json_of(request)
    if not isinstance(given, list):
        raise refusal(400, "The body has to be a list of faults.")
    faults = [_fault(each) for each in given]
    state.faults += faults
    return json_answer(201, {"faults": len(state.faults)})


def clear_faults(state: PracticeState, request: Request) -> Answer:
    """DELETE /practice/faults."""
    state.faults.clear()
    return Answer(204)


def set_fault_plan(state: PracticeState, request: Request) -> Answer:
    """POST /practice/fault-plan: a `FaultPlan` as JSON; an empty object ends it."""
    given = _object(json_of(request))
    whole = ("seed", "retry_after_seconds")
    if not all(
        key in FaultPlan.__dataclass_fields__ and _is_number(content) and (key not in whole or type(content) is int)
        for key, content in given.items()
    ):
        raise refusal(400, "A plan has share (0 to 1), seed, hang_seconds and retry_after_seconds.")
    state.random_faults.set_plan(FaultPlan(**given))
    return fault_plan(state, request)


def fault_plan(state: PracticeState, request: Request) -> Answer:
    """GET /practice/fault-plan: the plan, and the calls and faults by kind since the start."""
    random_faults = state.random_faults
    return json_answer(
        200, {"plan": asdict(random_faults.plan), "calls": random_faults.calls, "faults": dict(random_faults.counts)}
    )


def calls(state: PracticeState, request: Request) -> Answer:
    """GET /practice/calls: calls by Zoom's category since the start, and those that the rate limit refused."""
    return json_answer(200, {"calls": dict(state.meter.calls), "refused": dict(state.meter.refused)})


def _fault(given: object) -> Fault:
    row = _object(given)
    match, kind, headers = row.pop("match", None), row.pop("kind", None), row.pop("headers", {})
    if not isinstance(match, str) or kind not in FAULT_KINDS or not isinstance(headers, dict):
        raise refusal(400, f"A fault needs `match` (text) and `kind` (one of {', '.join(FAULT_KINDS)}).")
    named = tuple((str(name), str(text)) for name, text in headers.items())
    times, status = row.pop("times", 1), row.pop("status", 502 if kind == "html" else 500)
    body, seconds = row.pop("body", ""), row.pop("seconds", 0)
    if row or type(times) is not int or type(status) is not int or not _is_number(seconds):
        raise refusal(400, "A fault has match, kind, times, status, body, headers and seconds.")
    return Fault(match, kind, times, status, body, named, float(seconds))


def term(state: PracticeState, request: Request) -> Answer:
    """POST /practice/term: the past classes of a host. The first call makes them, later ones find them."""
    given = _object(json_of(request))
    host = state.users.email_of(str(given.get("host", "")))
    weeks, zone = given.get("weeks", 12), time_zone(given.get("timezone", "Europe/Berlin"))
    if host is None or zone is None or type(weeks) is not int or not 1 <= weeks <= LONGEST_TERM_WEEKS:
        raise refusal(400, "A term needs `host` (a user), `weeks` (1 to 104) and an IANA `timezone`.")
    key = f"{host} {weeks}"
    if key not in state.terms:
        try:
            until = datetime.fromisoformat(given["until"]) if "until" in given else state.now()
        except (TypeError, ValueError) as error:
            raise refusal(400, "`until` has to be an ISO 8601 time.") from error
        until = until if until.tzinfo else until.replace(tzinfo=zone)
        # A class that has not been held yet has no participants to tell of.
        state.add_term(key, sample_term(host, weeks, min(until.astimezone(UTC), state.now()), zone))
    rows = [_class_row(state, course, state.meetings[number]) for course, number in state.terms[key]]
    return json_answer(200, rows)


def _class_row(state: PracticeState, course: str, meeting: Meeting) -> dict[str, Any]:
    return {
        "id": meeting.number,
        "topic": meeting.topic,
        "course": course,
        "start_time": to_zoom(meeting.start_time),
        "duration": meeting.duration,
        "timezone": meeting.timezone,
        "join_url": state.join_url(meeting),
        "host": meeting.host,
    }


def set_personal_id(state: PracticeState, request: Request, user: str) -> Answer:
    """PUT /practice/users/{id}/personal-id {"use"}: when meetings that the user schedules have her personal id.

    `use` is never, usually (unless `use_pmi` is sent as false) or always (whatever is sent).
    """
    email, use = state.users.email_of(unquote(user)), _object(json_of(request)).get("use")
    if email is None:
        raise refusal(404, "There is no such user.")
    if use not in PERSONAL_ID_USES:
        raise refusal(400, f"`use` has to be one of {', '.join(PERSONAL_ID_USES)}.")
    state.users.set_personal_id(email, use)
    return json_answer(200, {"pmi": personal_number(email)})


def set_account(state: PracticeState, request: Request, user: str) -> Answer:
    """PUT /practice/users/{id}/account {"type"?, "status"?}: 1 is Basic, 2 licensed; active, inactive or pending."""
    email, given = state.users.email_of(unquote(user)), _object(json_of(request))
    if email is None:
        raise refusal(404, "There is no such user.")
    allowed: dict[str, tuple[object, ...]] = {"type": TYPES, "status": STATUSES}
    if not all(given[name] in allowed.get(name, ()) for name in given):
        raise refusal(400, f"`type` is one of {TYPES}, `status` one of {', '.join(STATUSES)}.")
    state.users.set_account(email, given)
    return json_answer(200, given)


def lock_settings(state: PracticeState, request: Request) -> Answer:
    """PUT /practice/locked-settings {setting: value}: what meetings have from now on, whatever is asked for."""
    given = _object(json_of(request))
    if faults := [*faults_of_settings(given), *(name for name in given if name not in DEFAULT_SETTINGS)]:
        raise refusal(400, f"These cannot be locked so: {', '.join(faults)}.")
    state.locked_settings = given
    state.changed.set()
    return Answer(204)


def webinar(state: PracticeState, request: Request) -> Answer:
    """POST /practice/webinars {"host", "topic"?}: a webinar, whose link is all that there is of it."""
    given = _object(json_of(request))
    host, topic = state.users.email_of(str(given.get("host", ""))), given.get("topic", "A webinar")
    if host is None or not isinstance(topic, str):
        raise refusal(400, "A webinar needs `host` (a user), and `topic` has to be text.")
    made = state.create_webinar(host, topic)
    return json_answer(201, {"id": made.number, "join_url": state.join_url(made)})


def replay(state: PracticeState, request: Request) -> Answer:
    """POST /practice/replay: send again what Zoom sent about the ended sessions of these meetings.

    Bodies are the same each time, so a receiver that has seen them can tell.
    """
    numbers = _object(json_of(request)).get("meetings")
    if not isinstance(numbers, list):
        raise refusal(400, "`meetings` has to be a list of meeting ids.")
    meetings = [state.meetings.get(number) for number in numbers if type(number) is int]
    known = [meeting for meeting in meetings if meeting is not None]
    if len(known) != len(numbers):
        raise refusal(404, "There is no such meeting.")
    sent = [
        event
        for meeting in known
        for session in meeting.sessions
        for event in events.of_past_session(state.settings.account_id, meeting, session)
    ]
    sent.sort(key=lambda event: event.moment)
    return json_answer(202, {"queued": state.sender.queue(sent)})


def meeting(state: PracticeState, request: Request, number: str) -> Answer:
    """GET /practice/meetings/{id}: everything that happened in it."""
    rows = [
        {
            "uuid": session.uuid,
            "start": to_zoom(session.start),
            "end": session.end and to_zoom(session.end),
            "stays": [
                asdict(stay) | {"join": to_zoom(stay.join), "leave": stay.leave and to_zoom(stay.leave)}
                for stay in session.stays
            ],
        }
        for session in state.room_of(state.meetings[int(number)]).sessions
    ]
    return json_answer(200, {"id": int(number), "sessions": rows})


def add_past_session(state: PracticeState, request: Request, number: str) -> Answer:
    """POST /practice/meetings/{id}/sessions: a session that was held at another time.

    {"start", "end", "stays": [{"name", "email"?, "join"?, "leave"?, "status"?}], "webhooks"?}: times are ISO 8601, and
    those of a stay are the session's where they are missing. Unless `webhooks` is false, what Zoom would have sent
    about it is sent now.
    """
    given = _object(json_of(request))
    rows, announced = given.get("stays", []), given.get("webhooks", True)
    if not isinstance(rows, list) or not isinstance(announced, bool):
        raise refusal(400, "`stays` has to be a list, and `webhooks` true or false.")
    start, end = _moment(given.get("start")), _moment(given.get("end"))
    stays = [_past_stay(_object(row), start, end) for row in rows]
    session = state.add_past_session(int(number), start, end, stays, announced=announced)
    return json_answer(201, {"uuid": session.uuid})


def _past_stay(row: dict[str, Any], start: datetime, end: datetime) -> Stay:
    name, email, status = row.get("name"), row.get("email", ""), row.get("status", "in_meeting")
    if not isinstance(name, str) or not isinstance(email, str) or status not in ("in_meeting", "in_waiting_room"):
        raise refusal(400, "A stay has `name`, and may have `email`, `join`, `leave` and `status`.")
    join, leave = (_moment(row[key]) if key in row else usual for key, usual in (("join", start), ("leave", end)))
    return Stay("", name, email.strip(), join, leave, new_seat(), in_waiting_room=status == "in_waiting_room")


def set_refusal(state: PracticeState, request: Request) -> Answer:
    """PUT /practice/refusals {"uuid", "kind"}: what is asked about this session is refused, until `kind` is null."""
    given = _object(json_of(request))
    uuid, kind = _session_uuid(state, given), given.get("kind")
    if kind is not None and kind not in REFUSALS:
        raise refusal(400, f"`kind` has to be null or one of {', '.join(REFUSALS)}.")
    state.refusals.pop(uuid, None)
    if kind is not None:
        state.refusals[uuid] = kind
    state.changed.set()
    return Answer(204)


def set_list_limit(state: PracticeState, request: Request) -> Answer:
    """PUT /practice/list-limits {"uuid", "rows"?, "total_records"?}: what the list of this session lacks from now on.

    Only the first `rows` records are given; `total_records` is what Zoom says that there are. Without both, the list is
    whole again.
    """
    given = _object(json_of(request))
    uuid, limit = _session_uuid(state, given), ListLimit(given.get("rows"), given.get("total_records"))
    if not all(figure is None or (type(figure) is int and figure >= 0) for figure in (limit.rows, limit.total_records)):
        raise refusal(400, "`rows` and `total_records` have to be whole numbers.")
    state.list_limits[uuid] = limit
    state.changed.set()
    return Answer(204)


def _session_uuid(state: PracticeState, given: Mapping[str, Any]) -> str:
    uuid = given.get("uuid")
    if not isinstance(uuid, str) or state.find_session(uuid) is None:
        raise refusal(404, "There is no such session.")
    return uuid


def _moment(given: object) -> datetime:
    try:
        moment = datetime.fromisoformat(given) if isinstance(given, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise refusal(400, "Times have to be in ISO 8601, with a time zone.")
    return moment.astimezone(UTC).replace(microsecond=0)


def start(state: PracticeState, request: Request, number: str) -> Answer:
    """POST /practice/meetings/{id}/start."""
    return json_answer(200, {"uuid": state.start(int(number)).uuid})


def join(state: PracticeState, request: Request, number: str) -> Answer:
    """POST /practice/meetings/{id}/join {"name", "email"?, "waiting_room"?}."""
    given = _object(json_of(request))
    name, email = given.get("name"), given.get("email", "")
    if not isinstance(name, str) or not isinstance(email, str):
        raise refusal(400, "`name` and `email` have to be text.")
    waits = given.get("waiting_room") is True
    stay = state.join(int(number), name, email.strip(), in_waiting_room=waits)
    return json_answer(200, {"user_id": stay.user_id})


def leave(state: PracticeState, request: Request, number: str) -> Answer:
    """POST /practice/meetings/{id}/leave {"user_id"}."""
    state.leave(int(number), str(_object(json_of(request)).get("user_id")))
    return Answer(204)


def admit(state: PracticeState, request: Request, number: str) -> Answer:
    """POST /practice/meetings/{id}/admit {"user_id"}: out of the waiting room; the join inside has another number."""
    return _moved(state.admit(int(number), str(_object(json_of(request)).get("user_id"))))


def put_in_waiting_room(state: PracticeState, request: Request, number: str) -> Answer:
    """POST /practice/meetings/{id}/waiting-room {"user_id"}: back into it, under another number."""
    return _moved(state.put_in_waiting_room(int(number), str(_object(json_of(request)).get("user_id"))))


def join_breakout_room(state: PracticeState, request: Request, number: str) -> Answer:
    """POST /practice/meetings/{id}/breakout-room {"user_id", "room"?}: a further join, which ends by leaving."""
    given = _object(json_of(request))
    return _moved(state.join_breakout_room(int(number), str(given.get("user_id")), str(given.get("room", "Room 1"))))


def _moved(stay: Stay) -> Answer:
    return json_answer(200, {"user_id": stay.user_id})


def end(state: PracticeState, request: Request, number: str) -> Answer:
    """POST /practice/meetings/{id}/end."""
    state.end(int(number))
    return Answer(204)


def webhook_log(state: PracticeState, request: Request) -> Answer:
    """GET /practice/webhooks: each delivery since the start, and how many are in which state."""
    return json_answer(200, state.sender.log())


def set_webhook_url(state: PracticeState, request: Request) -> Answer:
    """PUT /practice/webhook-url {"url"}; null switches webhooks off."""
    url = _object(json_of(request)).get("url")
    try:
        state.sender.set_url(None if url is None else check_url(url))
    except ValueError as error:
        raise refusal(400, str(error)) from error
    return Answer(204)


def set_webhook_plan(state: PracticeState, request: Request) -> Answer:
    """POST /practice/webhook-plan: a `DeliveryFaults` as JSON; an empty object ends it."""
    given = _object(json_of(request))
    fits: Mapping[str, Callable[[object], bool]] = {
        "lose": _is_number,
        "double": _is_number,
        "shuffle": lambda switch: isinstance(switch, bool),
        "seed": lambda seed: type(seed) is int,
    }
    if not all(key in fits and fits[key](content) for key, content in given.items()):
        raise refusal(400, "A plan has lose and double (0 to 1), shuffle (true or false) and seed (integer).")
    plan = DeliveryFaults(**given)
    state.sender.set_delivery_faults(plan)
    return json_answer(200, asdict(plan))


def guarded(handler: Callable[..., Answer]) -> Callable[..., Answer]:
    """`handler`, with what does not fit a meeting's state told as 404 or 409."""

    def checked(state: PracticeState, request: Request, number: str) -> Answer:
        if state.open_meeting(int(number)) is None:
            raise refusal(404, "There is no such meeting.")
        try:
            return handler(state, request, number)
        except Conflict as error:
            raise refusal(409, str(error)) from error

    return checked


def _object(given: object) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise refusal(400, "A JSON object is needed here.")
    return dict(given)


def _is_number(given: object) -> bool:
    return isinstance(given, int | float) and not isinstance(given, bool)


ROUTES: tuple[Route, ...] = (
    ("POST", r"/practice/faults", add_faults),
    ("DELETE", r"/practice/faults", clear_faults),
    ("POST", r"/practice/fault-plan", set_fault_plan),
    ("GET", r"/practice/fault-plan", fault_plan),
    ("GET", r"/practice/calls", calls),
    ("POST", r"/practice/term", term),
    ("PUT", r"/practice/users/([^/]+)/personal-id", set_personal_id),
    ("PUT", r"/practice/users/([^/]+)/account", set_account),
    ("PUT", r"/practice/locked-settings", lock_settings),
    ("POST", r"/practice/webinars", webinar),
    ("PUT", r"/practice/refusals", set_refusal),
    ("PUT", r"/practice/list-limits", set_list_limit),
    ("POST", r"/practice/replay", replay),
    ("GET", r"/practice/webhooks", webhook_log),
    ("PUT", r"/practice/webhook-url", set_webhook_url),
    ("POST", r"/practice/webhook-plan", set_webhook_plan),
    ("GET", r"/practice/meetings/([0-9]{1,11})", guarded(meeting)),
    ("POST", r"/practice/meetings/([0-9]{1,11})/sessions", guarded(add_past_session)),
    ("POST", r"/practice/meetings/([0-9]{1,11})/start", guarded(start)),
    ("POST", r"/practice/meetings/([0-9]{1,11})/join", guarded(join)),
    ("POST", r"/practice/meetings/([0-9]{1,11})/leave", guarded(leave)),
    ("POST", r"/practice/meetings/([0-9]{1,11})/admit", guarded(admit)),
    ("POST", r"/practice/meetings/([0-9]{1,11})/waiting-room", guarded(put_in_waiting_room)),
    ("POST", r"/practice/meetings/([0-9]{1,11})/breakout-room", guarded(join_breakout_room)),
    ("POST", r"/practice/meetings/([0-9]{1,11})/end", guarded(end)),
)
