"""The state of the practice Zoom: meetings, users and faults, what may happen to them, and the file that keeps them."""

import contextlib
import json
import os
import secrets
import threading
import uuid
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from tracker.practice import events
from tracker.practice.events import Event
from tracker.practice.faults import Fault, RandomFaults, is_zooms_call
from tracker.practice.limits import Meter
from tracker.practice.values import (
    FIRST_USER_ID,
    OWNER,
    SCHOOL_DOMAIN,
    USER_ID_STEP,
    Clock,
    Conflict,
    Meeting,
    PracticeSettings,
    Session,
    Stay,
    meeting_from_row,
    meeting_number,
    meeting_to_row,
    name_of,
    session_uuid,
    user_id_of,
)
from tracker.practice.webhooks import Sender
from tracker.practice.wire import short_mac

DAILY_WRITES = 100
NOT_STARTED = "The host has not started this meeting yet."


class PracticeState:
    """Meetings, users and faults. Hold `lock` round every use; the sender has a lock of its own."""

    def __init__(self, settings: PracticeSettings, now: Clock) -> None:
        self.settings = settings
        self.lock = threading.Lock()
        self.changed = threading.Event()
        self.sender = Sender(settings, now, self.changed.set)
        self.base_url = ""
        self.meetings: dict[int, Meeting] = {}
        self.terms: dict[str, list[tuple[str, int]]] = {}
        self.faults: list[Fault] = []
        self.random_faults = RandomFaults()
        self.meter = Meter(settings.rate_limits)
        self._now = now
        self._meeting_of_session: dict[str, int] = {}
        self._users: dict[str, str] = {user_id_of(OWNER): OWNER}
        # Create and update calls of the present UTC day, by host.
        self._writes: dict[str, int] = {}
        self._writes_day = ""

    def now(self) -> datetime:
        """The practice Zoom's time in whole seconds, as Zoom writes all times."""
        return self._now().replace(microsecond=0)

    # -- users

    def user_email(self, user: str) -> str | None:
        """The e-mail of a user given by e-mail, id or `me`; None where there is no such user."""
        if user == "me":
            return OWNER
        email = user.strip().lower()
        if not email.endswith(SCHOOL_DOMAIN) or email == SCHOOL_DOMAIN:
            return self._users.get(user)
        if user_id_of(email) not in self._users:
            self._users[user_id_of(email)] = email
            self.changed.set()
        return email

    def count_write(self, host: str) -> bool:
        """Count a create or update call of the host; False when the day's calls are used up."""
        day = self.now().date().isoformat()
        if day != self._writes_day:
            self._writes_day, self._writes = day, {}
        if self._writes.get(host, 0) >= DAILY_WRITES:
            return False
        self._writes[host] = self._writes.get(host, 0) + 1
        self.changed.set()
        return True

    # -- links

    def join_url(self, meeting: Meeting) -> str:
        """The link for participants; with a passcode, an encrypted form of it is part of the link."""
        link = f"{self.base_url}/j/{meeting.number}"
        return f"{link}?pwd={self.link_passcode(meeting)}" if meeting.password else link

    def link_passcode(self, meeting: Meeting) -> str:
        """The `pwd` of the join link; blank for a meeting without a passcode."""
        if not meeting.password:
            return ""
        text = f"{meeting.number}:{meeting.password}"
        return short_mac(self.settings.client_secret, "pwd", text) + ".1"

    def start_url(self, meeting: Meeting) -> str:
        """The link for the host. It holds a secret: whoever has it can start and end the meeting."""
        return f"{self.base_url}/s/{meeting.number}?zak={self.host_key(meeting)}"

    def host_key(self, meeting: Meeting) -> str:
        """The `zak` of the start link."""
        return short_mac(self.settings.client_secret, "zak", str(meeting.number))

    # -- meetings

    def open_meeting(self, number: int) -> Meeting | None:
        """The meeting of that number, unless it is deleted."""
        meeting = self.meetings.get(number)
        return None if meeting is None or meeting.deleted else meeting

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
        """Note a new meeting, made of validated fields, under a number that nobody has."""
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
        self._keep(meeting, events.created(self._account, meeting, self.join_url(meeting), self.now()))
        return meeting

    def update(self, meeting: Meeting, fields: dict[str, Any]) -> None:
        """Change validated fields of a meeting."""
        after = replace(meeting, **fields)
        if after != meeting:
            self._keep(after, events.updated(self._account, meeting, after, self.now()))

    def delete(self, meeting: Meeting) -> None:
        """Delete a meeting; what happened in it stays on record. Raises Conflict while it runs."""
        if meeting.running:
            raise Conflict("A meeting that is in progress cannot be deleted.")
        self._keep(replace(meeting, deleted=True), events.deleted(self._account, meeting, self.now()))

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
        return self.meetings[number].sessions[-1]

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
        stay = Stay(
            user_id=str(FIRST_USER_ID + USER_ID_STEP * len(session.stays)),
            name=name,
            email=email,
            join=self.now(),
            leave=None,
            seat=seat or new_seat(),
            in_waiting_room=in_waiting_room,
        )
        session = replace(session, stays=(*session.stays, stay))
        sent = [] if in_waiting_room else [events.joined(self._account, meeting, session, stay)]
        self._keep(_with_session(meeting, session), *sent)
        return stay

    def leave(self, number: int, user_id: str) -> None:
        """That stay ends. Raises Conflict when there is no such stay, or it is over."""
        meeting = self._existing(number)
        session = meeting.running
        gone = [stay for stay in session.stays if stay.user_id == user_id] if session else []
        if session is None or not gone or gone[0].leave is not None:
            raise Conflict("Nobody of that id is in the meeting.")
        self._close(meeting, session, gone)

    def end(self, number: int) -> None:
        """The meeting ends for everybody. Raises Conflict when it is not running."""
        meeting = self._existing(number)
        session = meeting.running
        if session is None:
            raise Conflict("The meeting is not running.")
        here = [stay for stay in session.stays if stay.leave is None]
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

    def take_fault(self, target: str) -> Fault | None:
        """What goes wrong with a call of this path and query, if anything.

        The first planned fault that matches, which is used up by one; else the rate limit, else a random fault.
        """
        path = target.partition("?")[0]
        limited = self.meter.count(path, self.now()) if is_zooms_call(path) else None
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
                "users": dict(self._users),
                "writes": dict(self._writes),
                "writes_day": self._writes_day,
                "terms": {key: list(rows) for key, rows in self.terms.items()},
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
                self._users = dict(content["users"])
                self._writes = dict(content["writes"])
                self._writes_day = content["writes_day"]
                self.terms = {key: [(c, n) for c, n in rows] for key, rows in content["terms"].items()}
                for row in content["meetings"]:
                    self._remember(meeting_from_row(row))
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
        return meeting

    def _open_session(self, meeting: Meeting) -> Meeting:
        session = Session(session_uuid(secrets.token_bytes(16)), self.now())
        running = replace(meeting, sessions=(*meeting.sessions, session))
        self._keep(running, events.started(self._account, meeting, session))
        return running

    def _close(self, meeting: Meeting, session: Session, gone: list[Stay], *after: Event) -> None:
        """End the stays `gone` now, and send `after` once everybody's leaving is queued."""
        moment = self.now()
        stays = tuple(replace(stay, leave=moment) if stay in gone else stay for stay in session.stays)
        sent = [events.left(self._account, meeting, session, stay, moment) for stay in gone if not stay.in_waiting_room]
        self._keep(_with_session(meeting, replace(session, stays=stays)), *sent, *after)

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


def _with_session(meeting: Meeting, session: Session) -> Meeting:
    """The meeting with its latest session replaced."""
    return replace(meeting, sessions=(*meeting.sessions[:-1], session))
