"""All that is stored of one person, in every table: to find it, to hand it out, and to replace it.

Every function runs in the caller's transaction.
"""

import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlmodel import col, delete, func, or_, select, update

from tracker.attendance.counting import person_key
from tracker.attendance.stored_form import stays_from_entries, stored_entries
from tracker.attendance.types import PersonKey, Sighting, Stay
from tracker.storage.database import Transaction
from tracker.storage.decisions import key_in_text
from tracker.storage.models import (
    ApiToken,
    AuditEntry,
    ClassShare,
    Course,
    CourseShare,
    Fetch,
    Invitation,
    KnownBrowser,
    LiveStream,
    MeetingSession,
    ParticipantEvent,
    PersonMark,
    SamePerson,
    SessionRecords,
    SignIn,
    SignInAttempt,
    StudentChoice,
    User,
)
from tracker.storage.presence import sighting_of
from tracker.text import compared_name, text_of

# The columns with records of participants as JSON, each with what it is of.
RECORDS = {
    "class": (LiveStream, col(LiveStream.id), col(LiveStream.zoom_meeting_id), "participants_data"),
    "list": (SessionRecords, col(SessionRecords.session_uuid), col(SessionRecords.meeting_id), "data"),
    "other_list": (SessionRecords, col(SessionRecords.session_uuid), col(SessionRecords.meeting_id), "shorter_data"),
}
# Codes of problems may come with what Zoom said, in which there may be an e-mail address.
SAID_BY_ZOOM: dict[str, tuple[Any, Any]] = {
    "class": (Fetch, col(Fetch.class_id)),
    "session": (SessionRecords, col(SessionRecords.session_uuid)),
}
# What an account has besides its own row, and of these what is no secret.
OF_AN_ACCOUNT: tuple[Any, ...] = (SignIn, KnownBrowser, ApiToken, Invitation, ClassShare, CourseShare)
SECRET = frozenset({"password_hash", "api_token_hash", "totp_key", "totp_last_step", "token_hash", "browser_hash"})

# What a teacher says of somebody and a student.
STUDENT, NO_STUDENT = "a student", "not this student"

Entry = dict[str, Any]
Replacement = Callable[[Stay, str], Stay]


@dataclass(frozen=True, slots=True)
class Records:
    """The records of participants in one column of one row. `kind` is a key of `RECORDS`, `of` the row's id.

    A class without a meeting has the meeting "". `entries` is None where they cannot be read: another program wrote
    them.
    """

    kind: str
    of: str
    meeting_id: str
    text: str

    @property
    def entries(self) -> list[Entry] | None:
        """The records as they are stored."""
        try:
            found = json.loads(self.text)
            entries = found["participants"] if self.kind == "class" else found
            return entries if all(isinstance(entry, dict) for entry in entries) else None
        except (ValueError, RecursionError, LookupError, TypeError):
            return None

    def with_entries(self, entries: list[Entry]) -> str:
        """The text with these records in place of its own."""
        whole = json.loads(self.text) | {"participants": entries} if self.kind == "class" else entries
        return json.dumps(whole, ensure_ascii=False)


def all_records(tx: Transaction, meeting_id: str | None = None) -> Iterator[Records]:
    """The records in every table, or of one meeting."""
    for kind, (table, key, meeting, name) in RECORDS.items():
        column = getattr(table, name)
        rows = select(key, meeting, column).where(column.is_not(None))
        if meeting_id is not None:
            rows = rows.where(meeting == meeting_id if meeting_id else or_(meeting.is_(None), meeting == ""))
        for of, its_meeting, text in tx.exec(rows.execution_options(yield_per=100)):
            yield Records(kind, of, its_meeting or "", text)


def key_of_entry(entry: Entry) -> PersonKey:
    """Whose a stored record is, by e-mail or name."""
    return person_key(text_of(entry.get("name")), text_of(entry.get("email")))


@dataclass(slots=True)
class Replaced:
    """What was replaced: in which classes.

    `joinings` has the new names of the joinings (session, Zoom's number) whose records were all replaced by those of
    one person.
    """

    classes: set[str] = field(default_factory=set)
    joinings: dict[tuple[str, str], str] = field(default_factory=dict)


def replace_records(tx: Transaction, meeting_id: str, change: Replacement) -> Replaced:
    """Replaces records of one meeting, whose classes the caller has locked, by what `change` makes of each."""
    replaced = Replaced()
    names: dict[tuple[str, str], set[str | None]] = {}
    for records in list(all_records(tx, meeting_id)):
        entries, any_changed = records.entries or [], False
        for place, stay in enumerate(stays_from_entries(entries)):
            new = change(stay, meeting_id)
            if stay.user_id and stay.session_uuid:
                joining = (stay.session_uuid, stay.user_id)
                names.setdefault(joining, set()).add(new.name if new is not stay else None)
            if new is not stay:
                entries[place], any_changed = stored_entries([new])[0], True
        if any_changed:
            table, key, _, column = RECORDS[records.kind]
            tx.exec(update(table).where(key == records.of).values({column: records.with_entries(entries)}))
            replaced.classes |= {records.of} if records.kind == "class" else set()
    for joining, found in names.items():
        if len(found) == 1 and (name := next(iter(found))) is not None:
            replaced.joinings[joining] = name
    return replaced


def all_sightings(
    tx: Transaction, meeting_id: str | None = None, since: datetime | None = None
) -> Iterator[tuple[str, Sighting]]:
    """What was seen live, or of one meeting, or later than a moment, each with its meeting."""
    rows = select(ParticipantEvent)
    if meeting_id is not None:
        rows = rows.where(ParticipantEvent.meeting_id == meeting_id)
    if since is not None:
        rows = rows.where(col(ParticipantEvent.at) > since)
    for row in tx.exec(rows.execution_options(yield_per=500)):
        yield row.meeting_id, sighting_of(row)


def replace_sightings(
    tx: Transaction,
    meeting_id: str,
    change: Callable[[Sighting, str], Sighting],
    joinings: dict[tuple[str, str], str],
) -> int:
    """Replaces what was seen live in a meeting; how many there were.

    Of joinings with a name of their own in `joinings` all is replaced: Zoom tells less of somebody live than in its
    list. Where one sighting of a joining is replaced, those that say no name lose their account as well.
    """
    seen = [sighting for _, sighting in all_sightings(tx, meeting_id)]
    replaced = {one: change(one, meeting_id) for one in seen}
    theirs = {(one.session_uuid, one.user_id) for one, new in replaced.items() if new is not one}
    number = 0
    for one, changed in replaced.items():
        new, joining = changed, (one.session_uuid, one.user_id)
        if new is one and joining in joinings and one.name != joinings[joining]:
            new = replace(one, name=joinings[joining], email="", zoom_user_id="")
        elif new is one and joining in theirs and not one.name and not one.email:
            new = replace(one, zoom_user_id="")
        if new != one:
            tx.exec(
                update(ParticipantEvent)
                .where(
                    col(ParticipantEvent.session_uuid) == one.session_uuid,
                    col(ParticipantEvent.user_id) == one.user_id,
                    col(ParticipantEvent.place) == one.where.value,
                    col(ParticipantEvent.came) == one.came,
                    col(ParticipantEvent.at) == one.at,
                )
                .values(name=new.name, email=new.email, zoom_user_id=new.zoom_user_id)
            )
            number += 1
    return number


# Teachers' words on people


@dataclass(frozen=True, slots=True)
class Words:
    """What a teacher has said of people: that two are the same, or not, or what one of them is (`what`).

    `student` is whom of which course somebody was said to be, or not to be, by the ids of course and student.
    """

    teacher_id: str
    people: tuple[PersonKey, ...]
    what: str
    said_at: Any
    student: tuple[str, str] | None = None


def all_words(tx: Transaction) -> list[Words]:
    """What teachers have said of people."""
    pairs = [
        Words(one.teacher_id, (key_in_text(one.first), key_in_text(one.second)), _same(one.same), one.decided_at)
        for one in tx.exec(select(SamePerson))
    ]
    marks = [
        Words(one.teacher_id, (key_in_text(one.person),), one.mark, one.decided_at)
        for one in tx.exec(select(PersonMark))
    ]
    of_courses = select(StudentChoice, Course.teacher_id).join(Course, col(Course.id) == col(StudentChoice.course_id))
    choices = [
        Words(
            teacher_id,
            (key_in_text(one.person),),
            STUDENT if one.is_her else NO_STUDENT,
            one.decided_at,
            (one.course_id, one.student_id),
        )
        for one, teacher_id in tx.exec(of_courses)
    ]
    return pairs + marks + choices


def _same(same: bool) -> str:
    return "same person" if same else "not the same"


def forget_words(tx: Transaction, gone: Iterable[Words]) -> None:
    """Deletes these words."""
    for words in gone:
        keys = [":".join(key) for key in words.people]
        if words.student is not None:
            course_id, student_id = words.student
            row: Any = tx.get(StudentChoice, (course_id, *keys, student_id))
        else:
            table: Any = SamePerson if len(keys) == 2 else PersonMark
            row = tx.get(table, (words.teacher_id, *keys))
        if row is not None:
            tx.delete(row)


# What is of an account, and what names people elsewhere


def account_data(tx: Transaction, user_id: str) -> dict[str, list[Entry]]:
    """The rows of an account by table, without what is secret, and the classes and courses that it holds."""
    found = {"User": [_row(row) for row in tx.exec(select(User).where(User.id == user_id))]}
    for table in OF_AN_ACCOUNT:
        found[table.__tablename__] = [_row(row) for row in tx.exec(select(table).where(table.user_id == user_id))]
    held = select(LiveStream.id, LiveStream.title, LiveStream.scheduled_start).where(LiveStream.teacher_id == user_id)
    found["LiveStream"] = [{"id": one, "title": title, "scheduledStart": at} for one, title, at in tx.exec(held)]
    courses = tx.exec(select(Course).where(Course.teacher_id == user_id))
    found["Course"] = [_row(row) for row in courses]
    return found


def audit_entries(
    tx: Transaction, names: Collection[str], user_ids: Collection[str] = (), digests: Collection[str] = ()
) -> list[Entry]:
    """What was noted that names one of these, of these accounts, and about the people with these digests.

    An account that is gone is still named by its entries, and so is whoever was in the title of a class.
    """
    # A sieve that a database can do, which knows no words; JSON escapes other letters than those of ASCII.
    forms = sorted({form for name in names for form in (name, name.upper(), name.title())})
    sieve: list[Any] = [col(AuditEntry.user_id).in_(user_ids), col(AuditEntry.person).in_(digests)]
    for form in forms:
        sieve.append(func.lower(AuditEntry.actor).contains(form.lower(), autoescape=True))
        sieve.append(func.lower(AuditEntry.details).contains(json.dumps(form)[1:-1].lower(), autoescape=True))
    rows = tx.exec(select(AuditEntry).where(or_(*sieve)).order_by(col(AuditEntry.at), col(AuditEntry.id)))
    return [
        _row(row)
        for row in rows
        if row.user_id in user_ids
        or row.person in digests
        or any(_is_named(text, names) for text in (row.actor, *_texts(row.details)))
    ]


def _is_named(text: str, names: Collection[str]) -> bool:
    """Whether one of these names and addresses, in the form in which they are compared, is in a text as words."""
    compared = compared_name(text)
    return any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", compared) for name in names)


def _texts(stored: str | None) -> list[str]:
    """The texts in details that are stored as JSON, without the codes of problems; of what is no JSON the whole."""
    found: list[str] = []

    def walk(value: object) -> None:
        if isinstance(value, str):
            found.append(value)
        elif isinstance(value, list | dict):
            for one in value if isinstance(value, list) else [value[name] for name in value if name != "code"]:
                walk(one)

    try:
        walk(json.loads(stored or "null"))
    except (ValueError, RecursionError):
        return [stored or ""]
    return found


def named_in_titles(tx: Transaction, text: str) -> list[tuple[str, str]]:
    """Id and title of the classes, and id and name of the courses, in which this text is."""
    found: list[tuple[str, str]] = []
    for of, title in ((LiveStream.id, LiveStream.title), (Course.id, Course.name)):
        found += tx.exec(select(of, title).where(func.lower(title).contains(text.lower(), autoescape=True)).limit(100))
    return found


def forget_attempts(tx: Transaction, email_hash: str) -> None:
    """Forgets who tried the password of this e-mail."""
    tx.exec(delete(SignInAttempt).where(col(SignInAttempt.email_hash) == email_hash))


def hosted_meetings(tx: Transaction, accounts: Collection[str]) -> set[str]:
    """The meetings of which it is kept that one of these accounts of Zoom's hosts them."""
    theirs = set(accounts) - {""}
    found = {*tx.exec(select(LiveStream.zoom_meeting_id).where(col(LiveStream.zoom_host_id).in_(theirs)))}
    found |= {*tx.exec(select(MeetingSession.meeting_id).where(col(MeetingSession.host_id).in_(theirs)))}
    return {meeting_id or "" for meeting_id in found}


def forget_hosts(tx: Transaction, meeting_id: str, accounts: Collection[str]) -> None:
    """Forgets that these accounts of Zoom's have hosted a meeting, whose classes the caller has locked."""
    theirs = set(accounts) - {""}
    hosted = col(LiveStream.zoom_host_id).in_(theirs), func.coalesce(LiveStream.zoom_meeting_id, "") == meeting_id
    tx.exec(update(LiveStream).where(*hosted).values(zoom_host_id=None))
    run_by = col(MeetingSession.host_id).in_(theirs), col(MeetingSession.meeting_id) == meeting_id
    tx.exec(select(MeetingSession.uuid).where(*run_by).order_by(MeetingSession.uuid).with_for_update()).all()
    tx.exec(update(MeetingSession).where(*run_by).values(host_id=None))


def said_by_zoom(tx: Transaction, names: Collection[str] | None = None) -> list[tuple[str, str]]:
    """Where Zoom is kept to have said something that names one of these, or anything: keys of `SAID_BY_ZOOM`, and ids.

    `names` and addresses are in the form in which they are compared.
    """
    return [
        (kind, of)
        for kind, (table, key) in SAID_BY_ZOOM.items()
        for of, stored in tx.exec(select(key, table.error_details).where(col(table.error_details).is_not(None)))
        if any(names is None or _is_named(text, names) for text in _texts(stored))
    ]


def forget_said_by_zoom(tx: Transaction, kind: str, of: str) -> None:
    """Forgets what Zoom has said there; the code of the problem stays."""
    table, key = SAID_BY_ZOOM[kind]
    tx.exec(update(table).where(key == of).values(error_details=None))


def meetings_with(tx: Transaction, theirs: Callable[[Stay, str], bool]) -> tuple[set[str], set[str]]:
    """The meetings in which there are such records, and the ids of Zoom's accounts in them."""
    meetings: set[str] = set()
    accounts: set[str] = set()
    for records in all_records(tx):
        for stay in stays_from_entries(records.entries or []):
            if theirs(stay, records.meeting_id):
                meetings.add(records.meeting_id)
                accounts.add(stay.zoom_user_id)
    return meetings, accounts


def _row(row: Any) -> Entry:
    """A row by the names of its columns."""
    columns = row.__table__.columns
    names = {column.key: attribute for attribute, column in row.__mapper__.columns.items()}
    return {column.name: getattr(row, names[column.key]) for column in columns if names[column.key] not in SECRET}
