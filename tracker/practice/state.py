"""The state of the practice Zoom: meetings and faults, what may happen to them, and the file that keeps them."""

import contextlib
import hashlib
import json
import os
import secrets
import threading
import uuid
from collections.abc import Iterable
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from tracker.practice import events, recurring
from tracker.practice.events import Event
from tracker.practice.faults import Fault, ListLimit, RandomFaults, is_zooms_call
from tracker.practice.limits import Meter, category_of
from tracker.practice.users import Users
from tracker.practice.values import (
    DEFAULT_SETTINGS,
    FIRST_USER_ID,
    PERSONAL,
    USER_ID_STEP,
    WEBINAR,
    Clock,
    Conflict,
    Meeting,
    Occurrence,
    PracticeSettings,
    Registrant,
    Session,
    Stay,
    meeting_from_row,
    meeting_number,
    meeting_to_row,
    name_of,
    personal_number,
    session_uuid,
)
from tracker.practice.webhooks import Sender
from tracker.practice.wire import short_mac

NOT_STARTED = "The host has not started this meeting yet."
NOT_REGISTERED = "Only who is registered can join this meeting."


class PracticeState:
    """Meetings and faults. Hold `lock` round every use; the sender has a lock of its own."""

    def __init__(self, settings: PracticeSettings, now: Clock) -> None:
        self.settings = settings
        self.lock = threading.Lock()
        self.changed = threading.Event()
        self.sender = Sender(settings, now, self.changed.set)
        self.base_url = ""
        self.meetings: dict[int, Meeting] = {}
        self.terms: dict[str, list[tuple[str, int]]] = {}
        self.faults: list[Fault] = []
        # By UUID: how what is asked about a session is refused, and what its list lacks.
        self.refusals: dict[str, str] = {}
        self.list_limits: dict[str, ListLimit] = {}
        # What the account has locked of the settings of meetings, whatever is asked for.
        self.locked_settings: dict[str, Any] = {}
        self.users = Users(self.changed.set)
        self.random_faults = RandomFaults()
        self.meter = Meter(settings.rate_limits, settings.rate_limits or settings.plan)
        self._now = now
        self._meeting_of_session: dict[str, int] = {}

    def now(self) -> datetime:
        """The practice Zoom's time in whole seconds, as Zoom writes all times."""
        return self._now().replace(microsecond=0)

    # -- links

    def join_url(self, meeting: Meeting) -> str:
        """The link for participants; with a passcode, an encrypted form of it is part of the link."""
        if meeting.is_webinar:
            return f"{self.base_url}/w/{meeting.number}?tk={self.host_key(meeting)}"
        room = self.room_of(meeting)
        link = f"{self.base_url}/j/{room.number}"
        return f"{link}?pwd={self.link_passcode(room)}" if room.password else link

    def link_passcode(self, meeting: Meeting) -> str:
        """The `pwd` of the join link; blank for a meeting without a passcode."""
        if not meeting.password:
            return ""
        text = f"{meeting.number}:{meeting.password}"
        return short_mac(self.settings.client_secret, "pwd", text) + ".1"

    def start_url(self, meeting: Meeting) -> str:
        """The link for the host. It holds a secret: whoever has it can start and end the meeting."""
        room = self.room_of(meeting)
        return f"{self.base_url}/s/{room.number}?zak={self.host_key(room)}"

    def host_key(self, meeting: Meeting) -> str:
        """The `zak` of the start link."""
        return short_mac(self.settings.client_secret, "zak", str(meeting.number))

    # -- meetings

    def open_meeting(self, number: int) -> Meeting | None:
        """The meeting of that number, unless it is deleted."""
        meeting = self.meetings.get(number)
        return None if meeting is None or meeting.deleted else meeting

    def room_of(self, meeting: Meeting) -> Meeting:
        """The meeting in which this one is held: its host's personal one where it uses her personal id."""
        return self.meetings[personal_number(meeting.host)] if meeting.settings["use_pmi"] else meeting

    def find_session(self, session_id: str) -> tuple[Meeting, Session] | None:
        """The session with that UUID, or the latest one of the meeting with that number."""
        number = meeting_number(session_id)
        if number is not None:
            latest = self.meetings.get(number)
            return (latest, latest.sessions[-1]) if latest and latest.sessions else None
        meeting = self.meetings.get(self._meeting_of_session.get(session_id, 0))
        found = [session for session in meeting.sessions if session.uuid == session_id] if meeting else []
        return (meeting, found[0]) if meeting and found else None

    def create(self, host: str, fields: dict[str, Any]) -> Meeting:
        """Note a new meeting, made of validated fields, under a number that nobody has.

        One that uses the personal id of its host has a number of its own nevertheless; only what happens in it, and its
        links, are under the personal one.
        """
        number = secrets.randbelow(9_000_000_000) + 81_000_000_000
        while number in self.meetings:
            number += 1
        meeting = Meeting(
            number=number,
            uuid=session_uuid(secrets.token_bytes(16)),
            host=host,
            created_at=self.now(),
            **fields,
        )
        self._open_personal_room(meeting)
        self._keep(meeting, events.created(self._account, meeting, self.join_url(meeting), self.now()))
        return meeting

    def create_webinar(self, host: str, topic: str) -> Meeting:
        """Note a new webinar; nothing is sent about it."""
        number = secrets.randbelow(9_000_000_000) + 90_000_000_000
        self._remember(self._blank_meeting(number, host, topic, WEBINAR))
        self.changed.set()
        return self.meetings[number]

    def update(self, meeting: Meeting, fields: dict[str, Any]) -> None:
        """Change validated fields of a meeting."""
        after = replace(meeting, **fields)
        self._open_personal_room(after)
        if after != meeting:
            self._keep(after, events.updated(self._account, meeting, after, self.now()))

    def set_registrants(self, meeting: Meeting, registrants: tuple[Registrant, ...]) -> Meeting:
        """Who is registered for a meeting; nothing is sent about it."""
        self._remember(replace(meeting, registrants=registrants))
        self.changed.set()
        return self.meetings[meeting.number]

    def delete(self, meeting: Meeting) -> None:
        """Delete a meeting; what happened in it stays on record. Raises Conflict while it runs."""
        if meeting.running:
            raise Conflict("A meeting that is in progress cannot be deleted.")
        self._keep(replace(meeting, deleted=True), events.deleted(self._account, meeting, self.now()))

    def change_date(self, meeting: Meeting, date: Occurrence) -> None:
        """One date of a recurring meeting is changed, or deleted."""
        event = events.date_deleted if date.deleted else events.date_updated
        told = recurring.dates_in_reply([date])
        after = recurring.with_date(meeting, date)
        self._keep(after, event(self._account, after, told, self.now()))

    def add_term(self, key: str, classes: Iterable[tuple[str, Meeting]]) -> None:
        """Note the meetings of a sample term under `key`; nothing is sent about them."""
        rows = []
        for course, meeting in classes:
            self._remember(meeting)
            rows.append((course, meeting.number))
        self.terms[key] = rows
        self.changed.set()

    # -- what happens in a meeting

    def start(self, number: int) -> Session:
        """The host starts the meeting, or comes in where it runs already; a second start changes nothing."""
        meeting = self._existing(number)
        session = meeting.running or self._open_session(meeting).sessions[-1]
        if all(stay.email != meeting.host for stay in session.present):
            self.join(number, name_of(meeting.host), meeting.host)
        return self.meetings[meeting.number].sessions[-1]

    def join(
        self, number: int, name: str, email: str = "", *, in_waiting_room: bool = False, seat: str | None = None
    ) -> Stay:
        """Somebody comes in. Raises Conflict before the start, unless the meeting opens without its host."""
        meeting = self._existing(number)
        if meeting.running is None and meeting.opens_without_host:
            meeting = self._open_session(meeting)
        session = meeting.running
        if session is None:
            raise Conflict(NOT_STARTED)
        stay = replace(self._next_stay(session, name, email), in_waiting_room=in_waiting_room)
        stay = replace(stay, registrant_id=meeting.registrant_id_of(email))
        if not (stay.registrant_id or stay.internal or meeting.is_open):
            raise Conflict(NOT_REGISTERED)
        stay = replace(stay, seat=seat or stay.seat)
        session = replace(session, stays=(*session.stays, stay))
        self._keep(_with_session(meeting, session), events.joined(self._account, meeting, session, stay))
        return stay

    def leave(self, number: int, user_id: str) -> None:
        """That stay ends, in breakout rooms too. Raises Conflict when there is no such stay, or it is over."""
        meeting, session, stay = self._present(number, user_id)
        inner = [one for one in session.stays if one.parent_user_id == user_id and one.leave is None]
        self._close(meeting, session, [*inner, stay])

    def admit(self, number: int, user_id: str) -> Stay:
        """The host lets somebody in who waits, which is another join. Raises Conflict where nobody of that id waits."""
        meeting, session, stay = self._present(number, user_id)
        if not stay.in_waiting_room:
            raise Conflict("Nobody of that id waits.")
        session = _left(session, [stay], self.now())
        self._keep(_with_session(meeting, session), events.admitted(self._account, meeting, session, stay, self.now()))
        return self.join(number, stay.name, stay.email)

    def put_in_waiting_room(self, number: int, user_id: str) -> Stay:
        """The host sends somebody out. Raises Conflict where nobody of that id is in the meeting."""
        meeting, session, stay = self._present(number, user_id)
        if stay.in_waiting_room or stay.breakout_room:
            raise Conflict("Nobody of that id is in the main room.")
        self.leave(number, user_id)
        meeting, session = self.meetings[meeting.number], self.meetings[meeting.number].sessions[-1]
        waiting = replace(self._next_stay(session, stay.name, stay.email), in_waiting_room=True)
        session = replace(session, stays=(*session.stays, waiting))
        self._keep(
            _with_session(meeting, session), events.put_in_waiting_room(self._account, meeting, session, waiting)
        )
        return waiting

    def join_breakout_room(self, number: int, user_id: str, room: str) -> Stay:
        """Somebody goes into a breakout room, as a further join beside the one in the main room. Raises Conflict."""
        meeting, session, stay = self._present(number, user_id)
        if stay.in_waiting_room or stay.breakout_room:
            raise Conflict("Nobody of that id is in the main room.")
        uuid_bytes = hashlib.sha256(f"{session.uuid} {room}".encode()).digest()[:16]
        inside = replace(
            self._next_stay(session, stay.name, stay.email),
            breakout_room=session_uuid(uuid_bytes),
            parent_user_id=user_id,
        )
        session = replace(session, stays=(*session.stays, inside))
        self._keep(_with_session(meeting, session), events.joined(self._account, meeting, session, inside))
        return inside

    def add_past_session(
        self, number: int, start: datetime, end: datetime, stays: Iterable[Stay], *, announced: bool
    ) -> Session:
        """A session that was held at a time that is over, with these stays; `announced` sends what Zoom would have.

        Raises Conflict where another session of the meeting was held at that time: there is one at a time.
        """
        meeting = self._existing(number)
        if not start < end <= self.now():
            raise Conflict("A past session ends after its start, and not in the future.")
        if any(start < (one.end or self.now()) and one.start < end for one in meeting.sessions):
            raise Conflict("The meeting has another session at that time.")
        ordered = sorted(stays, key=lambda stay: stay.join)
        if any(not start <= stay.join <= (stay.leave or end) <= end for stay in ordered):
            raise Conflict("Somebody is there outside of the session.")
        numbered = tuple(replace(stay, user_id=_user_id(place)) for place, stay in enumerate(ordered))
        session = Session(session_uuid(secrets.token_bytes(16)), start, end, numbered)
        sessions = tuple(sorted((*meeting.sessions, session), key=lambda one: one.start))
        meeting = replace(meeting, sessions=sessions)
        self._keep(meeting, *(events.of_past_session(self._account, meeting, session) if announced else ()))
        return session

    def end(self, number: int) -> None:
        """The meeting ends for everybody. Raises Conflict when it is not running."""
        meeting = self._existing(number)
        session = meeting.running
        if session is None:
            raise Conflict("The meeting is not running.")
        here = [stay for stay in session.stays if stay.leave is None]
        here.sort(key=lambda stay: not stay.breakout_room)
        moment = self.now()
        ended = events.ended(self._account, meeting, session, moment)
        self._close(meeting, replace(session, end=moment), here, ended)

    def find_seat(self, meeting: Meeting, seat: str) -> tuple[Session, Stay] | None:
        """The stay that belongs to a browser tab, and its session."""
        for session in meeting.sessions:
            for stay in session.stays:
                if stay.seat == seat:
                    return session, stay
        return None

    # -- faults

    def take_fault(self, method: str, target: str) -> Fault | None:
        """What goes wrong with a call of this method, path and query, if anything.

        The first planned fault that matches, which is used up by one; else the rate limit, else a random fault.
        """
        path = target.partition("?")[0]
        limited = self.meter.count(category_of(method, path), self.now()) if is_zooms_call(path) else None
        for place, fault in enumerate(self.faults):
            if fault.match in target:
                self.faults[place : place + 1] = [replace(fault, times=fault.times - 1)] if fault.times > 1 else []
                return fault
        return limited or (self.random_faults.draw(target, self.now()) if is_zooms_call(path) else None)

    # -- the file

    def save(self, path: Path) -> None:
        """Write everything that outlives a restart; the file is whole at every moment."""
        with self.lock:
            content = {
                **self.users.saved(),
                "terms": {key: list(rows) for key, rows in self.terms.items()},
                "refusals": dict(self.refusals),
                "locked_settings": dict(self.locked_settings),
                "list_limits": {uuid: asdict(limit) for uuid, limit in self.list_limits.items()},
            }
            # Meetings are values: once listed, they can be written without holding anybody up.
            meetings = list(self.meetings.values())
            told = self.sender.known()
        content["meetings"] = [meeting_to_row(meeting) for meeting in meetings]
        content["webhooks"] = self.sender.waiting()
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(path.name + ".tmp")
        with draft.open("w", encoding="utf-8") as file:
            json.dump(content, file, ensure_ascii=False, default=datetime.isoformat)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        self.sender.release(told)

    def load(self, path: Path) -> None:
        """Read what `save` wrote, if the file exists. Raises ValueError when it is not such a file."""
        with contextlib.suppress(FileNotFoundError):
            text = path.read_text(encoding="utf-8")
            try:
                content = json.loads(text)
                self.users.restore(content)
                self.terms = {key: [(c, n) for c, n in rows] for key, rows in content["terms"].items()}
                for row in content["meetings"]:
                    self._remember(meeting_from_row(row))
                self.refusals = dict(content.get("refusals", {}))
                self.locked_settings = dict(content.get("locked_settings", {}))
                limits = content.get("list_limits", {})
                self.list_limits = {uuid: ListLimit(**limit) for uuid, limit in limits.items()}
                self.sender.restore(content["webhooks"])
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise ValueError(f"{path} is no state of a practice Zoom; move it away to start anew") from error

    # -- helpers

    @property
    def _account(self) -> str:
        return self.settings.account_id

    def _existing(self, number: int) -> Meeting:
        meeting = self.open_meeting(number)
        if meeting is None:
            raise Conflict("There is no such meeting.")
        if meeting.is_webinar:
            raise Conflict("A webinar is no meeting, and nothing happens in it here.")
        return self.room_of(meeting)

    def _present(self, number: int, user_id: str) -> tuple[Meeting, Session, Stay]:
        """Meeting, session and stay of somebody who is there. Raises Conflict."""
        meeting = self._existing(number)
        session = meeting.running
        found = [stay for stay in session.stays if stay.user_id == user_id] if session else []
        if session is None or not found or found[0].leave is not None:
            raise Conflict("Nobody of that id is in the meeting.")
        return meeting, session, found[0]

    def _next_stay(self, session: Session, name: str, email: str) -> Stay:
        return Stay(_user_id(len(session.stays)), name, email, self.now(), None, new_seat())

    def _open_personal_room(self, meeting: Meeting) -> None:
        """The host's personal room is there from the first meeting that uses it."""
        number = personal_number(meeting.host)
        if meeting.settings["use_pmi"] and number not in self.meetings:
            topic = f"{name_of(meeting.host)}'s Personal Meeting Room"
            self._remember(self._blank_meeting(number, meeting.host, topic, PERSONAL))

    def _blank_meeting(self, number: int, host: str, topic: str, kind: int) -> Meeting:
        return Meeting(
            number=number,
            uuid=session_uuid(secrets.token_bytes(16)),
            host=host,
            topic=topic,
            type=kind,
            start_time=self.now(),
            duration=60,
            timezone="UTC",
            agenda="",
            password=secrets.token_hex(3),
            settings={**DEFAULT_SETTINGS, "use_pmi": kind == PERSONAL},
            created_at=self.now(),
        )

    def _open_session(self, meeting: Meeting) -> Meeting:
        session = Session(session_uuid(secrets.token_bytes(16)), self.now())
        running = replace(meeting, sessions=(*meeting.sessions, session))
        self._keep(running, events.started(self._account, meeting, session))
        return running

    def _close(self, meeting: Meeting, session: Session, gone: list[Stay], *after: Event) -> None:
        """End the stays `gone` now, and send `after` once everybody's leaving is queued."""
        moment = self.now()
        sent = [events.left(self._account, meeting, session, stay, moment) for stay in gone]
        self._keep(_with_session(meeting, _left(session, gone, moment)), *sent, *after)

    def _remember(self, meeting: Meeting) -> None:
        self.meetings[meeting.number] = meeting
        self._meeting_of_session |= {session.uuid: meeting.number for session in meeting.sessions}

    def _keep(self, meeting: Meeting, *sent: Event) -> None:
        self._remember(meeting)
        self.sender.queue(sent)
        self.changed.set()


def new_seat() -> str:
    """A fresh participant_uuid, in capitals as Zoom writes it."""
    return str(uuid.uuid4()).upper()


def _user_id(place: int) -> str:
    """Zoom's number for a join: they are numbered within a session."""
    return str(FIRST_USER_ID + USER_ID_STEP * place)


def _left(session: Session, gone: list[Stay], moment: datetime) -> Session:
    """The session once these stays have ended."""
    stays = tuple(replace(stay, leave=moment) if stay in gone else stay for stay in session.stays)
    return replace(session, stays=stays)


def _with_session(meeting: Meeting, session: Session) -> Meeting:
    """The meeting with its latest session replaced."""
    return replace(meeting, sessions=(*meeting.sessions[:-1], session))
