"""What the practice Zoom knows of each class, and what the database has of it.

Both are put in the same words by different ways: the truth follows the counting rule as it is written down, and
uses nothing of the product.
"""

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine
from sqlmodel import col, select

from tests.chaos.school import Lesson, PracticeHost
from tracker.clock import to_zoom
from tracker.storage.database import reading
from tracker.storage.models import LiveStream, MeetingSession

# A story lasts less than this; two stories in one meeting are a day apart.
STORY = timedelta(hours=12)
# Name, e-mail, join, leave, seconds, part of the meeting, number of the join, session.
Record = tuple[str, str, str, str, int, str, str, str]


@dataclass(frozen=True)
class Outcome:
    """What became of a class. Times are as Zoom writes them; `sessions` are UUID, start and end of its meeting's."""

    status: str
    started_at: str | None
    ended_at: str | None
    sessions: tuple[tuple[str, str, str | None], ...]
    count: int | None
    said_count: int | None
    said_records: int | None
    source: str | None
    records: tuple[Record, ...]
    in_order: bool = True


def truths(host: PracticeHost, lessons: Iterable[Lesson]) -> dict[str, Outcome]:
    """What really happened, by class."""
    return {lesson.class_id: _truth(_sessions_of(host, lesson), lesson) for lesson in lessons}


def strays(host: PracticeHost, lessons: Iterable[Lesson]) -> set[str]:
    """The UUIDs of the sessions that are no class's: whether anybody hears of them does not matter."""
    return {
        session["uuid"]
        for lesson in lessons
        for session, of in zip(_sessions_of(host, lesson), lesson.story.sessions, strict=False)
        if not of
    }


def _sessions_of(host: PracticeHost, lesson: Lesson) -> list[Any]:
    """The sessions of the lesson's meeting that its story tells of, in order of time."""
    sessions = host.call("GET", f"/meetings/{lesson.meeting}")["sessions"]
    return [one for one in sessions if abs(_moment(one["start"]) - lesson.planned) < STORY]


def _truth(held: list[Any], lesson: Lesson) -> Outcome:
    of = lesson.story.sessions or ("A",) * len(held)
    assert len(of) == len(held), f"the story {lesson.story.name} has another number of sessions"
    theirs = [one for one, classes in zip(held, of, strict=True) if classes]
    sessions = [one for one, classes in zip(held, of, strict=True) if lesson.letter in classes]
    records = [
        _true_record(stay, session["uuid"])
        for session in sessions
        for stay in session["stays"]
        if lesson.letter in lesson.story.people.get(stay["name"], lesson.letter)
    ]
    people = {_person(name, email) for name, email, *_, where, _, _ in records if where == "in_meeting"}
    return Outcome(
        status="ended",
        started_at=min(session["start"] for session in sessions),
        ended_at=max(session["end"] for session in sessions),
        sessions=tuple(sorted((session["uuid"], session["start"], session["end"]) for session in theirs)),
        count=len(people),
        said_count=len(people),
        said_records=len(records),
        source="Zoom's list",
        records=tuple(sorted(records)),
    )


def _true_record(stay: Any, uuid: str) -> Record:
    seconds = int((_moment(stay["leave"]) - _moment(stay["join"])).total_seconds())
    where = "in_waiting_room" if stay["in_waiting_room"] else "in_meeting"
    # The product stores no NUL, since PostgreSQL cannot.
    name = stay["name"].replace("\0", "")
    return name, stay["email"], stay["join"], stay["leave"], seconds, where, stay["user_id"], uuid


def _person(name: str, email: str) -> tuple[str, str]:
    """E-mail trimmed in any case, else the name with blanks folded in any case."""
    return ("email", email.strip().lower()) if email.strip() else ("name", " ".join(name.split()).lower())


def stored(engine: Engine, ignored: Collection[str]) -> dict[str, Outcome]:
    """What the database has, by class, and of sessions that are not `ignored`."""
    sessions: dict[str, list[MeetingSession]] = {}
    with reading(engine) as tx:
        for row in tx.exec(select(MeetingSession).where(col(MeetingSession.uuid).not_in(ignored))):
            sessions.setdefault(row.meeting_id, []).append(row)
        return {
            row.id: _stored(row, sessions.get(row.zoom_meeting_id or "", [])) for row in tx.exec(select(LiveStream))
        }


def _stored(row: LiveStream, of_meeting: Iterable[MeetingSession]) -> Outcome:
    # A session belongs to its meeting; the classes of another story are a day apart.
    sessions = [
        (one.uuid, to_zoom(one.started_at), one.ended_at and to_zoom(one.ended_at))
        for one in of_meeting
        if abs(one.started_at - row.scheduled_start) < STORY
    ]
    data = json.loads(row.participants_data or "{}")
    joins = [entry["joinTime"] for entry in data.get("participants", [])]
    return Outcome(
        status=row.status,
        started_at=row.started_at and to_zoom(row.started_at),
        ended_at=row.ended_at and to_zoom(row.ended_at),
        sessions=tuple(sorted(sessions)),
        count=row.participant_count,
        said_count=data.get("uniqueCount"),
        said_records=data.get("totalRecords"),
        source=data.get("source"),
        records=tuple(sorted(_stored_record(entry) for entry in data.get("participants", []))),
        in_order=joins == sorted(joins),
    )


def _stored_record(entry: Any) -> Record:
    keys = ("name", "email", "joinTime", "leaveTime", "duration", "status", "userId", "sessionUuid")
    return tuple(entry[key] for key in keys)  # type: ignore[return-value]


def differences(truth: Outcome, found: Outcome | None) -> Iterator[str]:
    """What is not as it should be, in words."""
    if found is None:
        yield "it is not in the database"
        return
    for name in (field.name for field in fields(Outcome) if field.name != "records"):
        expected, actual = getattr(truth, name), getattr(found, name)
        if expected != actual:
            yield f"{name} is {actual!r}, not {expected!r}"
    missing, extra = list(truth.records), []
    for record in found.records:
        if record in missing:
            missing.remove(record)
        else:
            extra.append(record)
    if missing or extra:
        yield f"{len(missing)} records are missing, {len(extra)} too many, such as {(missing + extra)[0]!r}"


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
