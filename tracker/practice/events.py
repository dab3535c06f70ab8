"""Webhook events as Zoom words them.

`object.id` is a number in meeting.created, updated and deleted, and a string in all the others. That is
how Zoom does it, and receivers have to cope.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tracker.practice.values import Meeting, Session, Stay, scheduled_fields, to_zoom, user_id_of


@dataclass(frozen=True)
class Event:
    """One thing that happened, at `moment`."""

    name: str
    moment: datetime
    payload: dict[str, Any]

    @property
    def body(self) -> str:
        """Compact JSON: what is sent, and what is signed."""
        content = {"event": self.name, "event_ts": milliseconds(self.moment), "payload": self.payload}
        return json.dumps(content, separators=(",", ":"), ensure_ascii=False)


def milliseconds(moment: datetime) -> int:
    """`event_ts` is in milliseconds, unlike the seconds of the signature's header."""
    return int(moment.timestamp() * 1000)


def created(account: str, meeting: Meeting, join_url: str, moment: datetime) -> Event:
    """`meeting.created`."""
    settings = {
        key: meeting.settings[key]
        for key in ("use_pmi", "alternative_hosts", "join_before_host", "jbh_time", "meeting_invitees")
    }
    details = {**scheduled_fields(meeting), "join_url": join_url, "password": meeting.password, "settings": settings}
    return Event("meeting.created", moment, _by_host(account, meeting, operation="single", object=details))


def updated(account: str, before: Meeting, after: Meeting, moment: datetime) -> Event:
    """`meeting.updated`, whose objects hold the id and only those fields that changed."""
    old, fresh = _changeable(before), _changeable(after)
    changed = [key for key in fresh if fresh[key] != old[key]]
    payload = _by_host(
        account,
        after,
        scope="single",
        time_stamp=milliseconds(moment),
        object={"id": after.number} | {key: fresh[key] for key in changed},
        old_object={"id": after.number} | {key: old[key] for key in changed},
    )
    return Event("meeting.updated", moment, payload)


def date_deleted(account: str, meeting: Meeting, dates: list[dict[str, Any]], moment: datetime) -> Event:
    """`meeting.deleted` of these dates of a recurring meeting."""
    details = scheduled_fields(meeting) | {"occurrences": dates}
    return Event("meeting.deleted", moment, _by_host(account, meeting, operation="single", object=details))


def date_updated(account: str, meeting: Meeting, dates: list[dict[str, Any]], moment: datetime) -> Event:
    """`meeting.updated` of these dates of a recurring meeting."""
    details = {"id": meeting.number, "occurrences": dates}
    payload = _by_host(
        account,
        meeting,
        scope="single",
        time_stamp=milliseconds(moment),
        object=details,
        old_object={"id": meeting.number},
    )
    return Event("meeting.updated", moment, payload)


def deleted(account: str, meeting: Meeting, moment: datetime) -> Event:
    """`meeting.deleted`."""
    payload = _by_host(account, meeting, operation="single", object=scheduled_fields(meeting))
    return Event("meeting.deleted", moment, payload)


def started(account: str, meeting: Meeting, session: Session) -> Event:
    """`meeting.started`."""
    return _of_session("meeting.started", account, meeting, session, session.start, {})


def ended(account: str, meeting: Meeting, session: Session, end: datetime) -> Event:
    """`meeting.ended`."""
    return _of_session("meeting.ended", account, meeting, session, end, {"end_time": to_zoom(end)})


def joined(account: str, meeting: Meeting, session: Session, stay: Stay) -> Event:
    """`meeting.participant_joined`, or the event of the part of the meeting that somebody came into."""
    if stay.in_waiting_room:
        return _waiting("joined_waiting_room", account, meeting, session, stay, stay.join)
    times = {"join_time": to_zoom(stay.join)}
    return _of_participant("joined" + _room(stay), account, meeting, session, stay, stay.join, times)


def left(account: str, meeting: Meeting, session: Session, stay: Stay, leave: datetime) -> Event:
    """`meeting.participant_left`, or the event of the part that somebody left; its reason holds HTML, as in Zoom's."""
    if stay.in_waiting_room:
        return _waiting("left_waiting_room", account, meeting, session, stay, leave)
    reason = f"{stay.name} left the meeting."
    if leave == session.end:
        reason += "<br>Reason: Host ended the meeting."
    told = {"leave_time": to_zoom(leave), "leave_reason": reason}
    return _of_participant("left" + _room(stay), account, meeting, session, stay, leave, told)


def admitted(account: str, meeting: Meeting, session: Session, stay: Stay, moment: datetime) -> Event:
    """`meeting.participant_admitted`: the host lets somebody in who waits."""
    return _waiting("admitted", account, meeting, session, stay, moment)


def put_in_waiting_room(account: str, meeting: Meeting, session: Session, stay: Stay) -> Event:
    """`meeting.participant_put_in_waiting_room`: the host sends somebody out; `stay` is the one that begins there."""
    return _waiting("put_in_waiting_room", account, meeting, session, stay, stay.join)


def of_past_session(account: str, meeting: Meeting, session: Session) -> list[Event]:
    """Everything Zoom sent about a session that has ended, in the order in which it happened."""
    if session.end is None:
        return []
    inside = [
        event
        for stay in session.stays
        if stay.leave is not None
        for event in (
            joined(account, meeting, session, stay),
            left(account, meeting, session, stay, stay.leave),
        )
    ]
    inside.sort(key=lambda event: event.moment)
    return [started(account, meeting, session), *inside, ended(account, meeting, session, session.end)]


def _changeable(meeting: Meeting) -> dict[str, Any]:
    return {
        "topic": meeting.topic,
        "start_time": to_zoom(meeting.start_time),
        "duration": meeting.duration,
        "timezone": meeting.timezone,
        "agenda": meeting.agenda,
        "password": meeting.password,
        "settings": dict(meeting.settings),
    }


def _by_host(account: str, meeting: Meeting, **rest: Any) -> dict[str, Any]:
    return {
        "account_id": account,
        "operator": meeting.host,
        "operator_id": user_id_of(meeting.host),
        **rest,
    }


def _of_session(
    name: str, account: str, meeting: Meeting, session: Session, moment: datetime, rest: dict[str, Any]
) -> Event:
    details = {
        "id": str(meeting.number),
        "uuid": session.uuid,
        "host_id": user_id_of(meeting.host),
        "topic": meeting.topic,
        "type": meeting.type,
        "start_time": to_zoom(session.start),
        "timezone": meeting.timezone,
        "duration": meeting.duration,
        **rest,
    }
    return Event(name, moment, {"account_id": account, "object": details})


def _room(stay: Stay) -> str:
    return "_breakout_room" if stay.breakout_room else ""


def _waiting(what: str, account: str, meeting: Meeting, session: Session, stay: Stay, moment: datetime) -> Event:
    """An event of the waiting room, which has `date_time` and no join or leave."""
    return _of_participant(what, account, meeting, session, stay, moment, {"date_time": to_zoom(moment)})


def _of_participant(
    what: str, account: str, meeting: Meeting, session: Session, stay: Stay, moment: datetime, told: dict[str, Any]
) -> Event:
    person = {**_participant(stay), **told}
    rest: dict[str, Any] = {"participant": person}
    if stay.breakout_room:
        person["parent_user_id"] = stay.parent_user_id
        rest["breakout_room_uuid"] = stay.breakout_room
    return _of_session(f"meeting.participant_{what}", account, meeting, session, moment, rest)


def _participant(stay: Stay) -> dict[str, Any]:
    return {
        "user_id": stay.user_id,
        "user_name": stay.name,
        "id": stay.zoom_id,
        "participant_user_id": stay.zoom_id,
        "participant_uuid": stay.seat,
        "email": stay.email,
        "registrant_id": stay.registrant_id,
        "customer_key": "",
        "phone_number": stay.phone,
    }
