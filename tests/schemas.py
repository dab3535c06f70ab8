"""A database of each earlier schema with a row in every table, and what the product finds in the newest one."""

import json
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection, Engine, inspect
from sqlalchemy.types import TypeEngine
from sqlmodel import select

from tests.databases import migrations
from tests.makers import NOW, at, stored_stays
from tracker import storage
from tracker.storage import models
from tracker.storage.database import Transaction
from tracker.storage.models import UtcSeconds
from tracker.storage.schema import revisions


def first_form_of_0003(op: Operations) -> None:
    """What 0003 did when databases first ran it; it was changed afterwards."""
    op.create_table(
        "ZoomRate",
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("nextAt", sa.Float(), nullable=False),
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("pausedUntil", UtcSeconds(), nullable=True),
        sa.PrimaryKeyConstraint("category"),
    )
    op.create_table(
        "WebhookTally",
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("lastAt", UtcSeconds(), nullable=False),
        sa.PrimaryKeyConstraint("day", "outcome"),
    )
    op.create_table(
        "TrackerProcess",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("startedAt", UtcSeconds(), nullable=False),
        sa.Column("seenAt", UtcSeconds(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )


FIRST_FORM_OF_0003 = "0003 in its first form"

SCHEMAS = [*sorted(revisions()), FIRST_FORM_OF_0003]

PARTICIPANTS = {
    "totalRecords": 1,
    "uniqueCount": 1,
    "participants": [
        {
            "name": "Zoë",
            "email": "zoe@school.example",
            "joinTime": "2026-05-14T12:00:00Z",
            "leaveTime": "2026-05-14T13:00:00Z",
            "duration": 3600,
            "sessionUuid": "s1",
        }
    ],
}
# A row for every table, parents first. Of a row an older schema takes the columns that it has.
ROWS: dict[str, dict[str, Any]] = {
    "User": {
        "id": "u1",
        "email": "ana@school.example",
        "name": "Ana",
        "role": "teacher",
        "passwordHash": "hash",
        "zoomUserId": "zoom-ana",
        "apiTokenHash": "token-hash",
        "oidcIssuer": "https://accounts.google.com",
        "oidcSubject": "subject",
        "totpKey": "JBSWY3DPEHPK3PXP",
        "totpLastStep": 59_000_000,
        "language": "es",
        "createdAt": NOW,
    },
    "Course": {"id": "k1", "teacherId": "u1", "name": "Algebra"},
    "SignIn": {
        "tokenHash": "cookie-hash",
        "userId": "u1",
        "createdAt": NOW,
        "expiresAt": at(600),
        "endsAt": at(900),
        "lastUsedAt": at(1),
        "address": "192.0.2.1",
        "userAgent": "Mozilla/5.0",
    },
    "SignInAttempt": {
        "id": 7,
        "emailHash": "email-hash",
        "address": "192.0.2.1",
        "browserHash": "browser-hash",
        "at": NOW,
    },
    "KnownBrowser": {"browserHash": "browser-hash", "userId": "u1", "lastUsedAt": NOW},
    "ApiToken": {
        "tokenHash": "token-hash",
        "userId": "u1",
        "name": "command line",
        "createdAt": NOW,
        "lastUsedAt": at(2),
        "expiresAt": at(600),
    },
    "Invitation": {"tokenHash": "invitation-hash", "userId": "u1", "createdAt": NOW, "expiresAt": at(600)},
    "LiveStream": {
        "id": "c1",
        "title": "Ecuaciones",
        "status": "ended",
        "scheduledStart": NOW,
        "durationMinutes": 60,
        "timezone": "Europe/Madrid",
        "zoomMeetingId": "85011112222",
        "zoomJoinUrl": "https://zoom.us/j/85011112222",
        "zoomMeetingMade": True,
        "startedAt": NOW,
        "endedAt": at(60),
        "participantCount": 1,
        "participantsFetchedAt": at(75),
        "participantsData": json.dumps(PARTICIPANTS),
        "teacherId": "u1",
        "courseId": "k1",
        "createdAt": NOW,
        "seenTo": "no_list",
        "lateShown": 0,
        "cancelledAt": at(90),
        "zoomDeletionDueAt": at(100),
        "seriesId": "se1",
        "zoomOccurrenceId": "1778760000000",
        "zoomMeetingDueAt": at(110),
        "zoomMeetingAskedAt": at(105),
        "meetingAsked": '{"waitingRoom": "on"}',
        "meetingSent": '{"waitingRoom": "on"}',
        "meetingHas": '{"waitingRoom": "off", "substitutes": ["bea@school.example"]}',
    },
    "Series": {
        "id": "se1",
        "oneMeeting": True,
        "leftOut": '["2026-05-21T12:00:00Z"]',
        "createdAt": NOW,
        "zoomDueAt": at(120),
    },
    "MeetingRegistration": {
        "meetingId": "85011112222",
        "dueAt": at(130),
        "lookedAt": at(125),
        "students": 3,
        "registered": 1,
        "error": "zoom_registrants_refused",
        "errorDetails": '{"number": 1, "message": "Validation Failed."}',
    },
    "ZoomWrites": {"host": "ana@school.example", "day": "2026-05-14", "writes": 7},
    "MeetingSession": {
        "uuid": "s1",
        "streamId": "c1",
        "meetingId": "85011112222",
        "startedAt": NOW,
        "endedAt": at(60),
        "zoomsCount": 1,
    },
    "SessionRecords": {
        "sessionUuid": "s1",
        "meetingId": "85011112222",
        "readAt": at(75),
        "complete": True,
        "latestLeave": at(60),
        "data": json.dumps(PARTICIPANTS["participants"]),
    },
    "SessionChoice": {"streamId": "c1", "sessionUuid": "s2", "counts": True, "decidedAt": NOW},
    "WebhookDelivery": {"bodyHash": "body-hash", "event": "meeting.ended", "streamId": "c1", "receivedAt": at(60)},
    "Fetch": {
        "streamId": "c1",
        "state": "waiting",
        "askedAt": at(60),
        "dueAt": at(90),
        "attempts": 2,
        "leasedUntil": at(80),
        "leaseToken": "lease",
    },
    "ParticipantEvent": {
        "sessionUuid": "s1",
        "userId": "16778240",
        "place": "in_meeting",
        "came": True,
        "at": NOW,
        "streamId": "c1",
        "meetingId": "85011112222",
        "name": "Zoë",
        "email": "zoe@school.example",
        "zoomUserId": "",
        "parentUserId": "",
    },
    "Reading": {"streamId": "c1", "at": at(75), "records": 1, "people": 1, "complete": True, "digest": "digest"},
    "SamePerson": {"teacherId": "u1", "first": "email:a", "second": "name:b", "same": True, "decidedAt": NOW},
    "PersonMark": {"teacherId": "u1", "person": "name:otter.ai", "mark": "set aside", "decidedAt": NOW},
    "ZoomRate": {
        "category": "light",
        "nextAt": 1.5,
        "nextHurriedAt": 2.5,
        "day": "2026-05-14",
        "calls": 40,
        "refused": 1,
        "pausedUntil": at(5),
    },
    "WebhookTally": {"day": "2026-05-14", "outcome": "failed", "count": 3, "lastAt": NOW},
    "TrackerProcess": {"name": "one:8787", "version": "0.1.0", "startedAt": NOW, "seenAt": NOW},
    "ClassShare": {"streamId": "c1", "userId": "u1", "sharedAt": NOW},
    "CourseShare": {"courseId": "k1", "userId": "u1", "sharedAt": NOW},
    "AuditEntry": {
        "id": 9,
        "at": NOW,
        "userId": "u1",
        "actor": "ana@school.example",
        "origin": "192.0.2.1",
        "action": "class_seen",
        "streamId": "c1",
        "person": None,
        "details": None,
    },
    "ErasedPerson": {"digest": "digest", "salt": "salt", "done": True, "erasedAt": NOW},
    "Student": {
        "id": "st1",
        "courseId": "k1",
        "place": 0,
        "name": "Zoë Quark",
        "surname": "Quark",
        "email": "zoe@school.example",
        "number": "007",
        "group": "7B",
        "since": date(2026, 1, 8),
        "until": None,
        "createdAt": NOW,
        "updatedAt": NOW,
    },
    "StudentAddress": {"studentId": "st1", "email": "zoe@home.example", "addedAt": NOW},
    "StudentChoice": {
        "courseId": "k1",
        "person": "name:zoe",
        "studentId": "st1",
        "isHer": True,
        "decidedAt": NOW,
    },
    "StudentMark": {
        "streamId": "c1",
        "studentId": "st1",
        "status": "excused",
        "remark": "ill",
        "decidedAt": NOW,
    },
    "Mail": {
        "key": "digest:c1",
        "courseId": None,
        "streamId": "c1",
        "askedAt": NOW,
        "dueAt": NOW,
        "attempts": 2,
        "error": "mail_put_off",
        "errorDetails": '{"answer": "450 later"}',
        "leasedUntil": None,
        "leaseToken": None,
        "sendingAt": None,
        "sentAt": None,
    },
    "StudentLink": {
        "studentId": "st1",
        "tokenHash": "link-hash",
        "createdAt": NOW,
        "expiresAt": at(600),
        "revokedAt": None,
    },
    "StudentRequest": {
        "id": "r1",
        "studentId": "st1",
        "streamId": "c1",
        "text": "I was there.",
        "madeAt": NOW,
        "decidedAt": at(9),
        "accepted": True,
        "answer": "You were.",
    },
}
# What the product finds of each of these rows.
FINDS: dict[str, Callable[[Transaction], object]] = {
    "User": lambda tx: storage.api_tokens.member_with(tx, "token-hash", NOW),
    "Course": lambda tx: storage.classes.get_class(tx, "c1").course,
    "SignIn": lambda tx: storage.sign_ins.member_signed_in(tx, "cookie-hash", NOW),
    "SignInAttempt": lambda tx: (
        storage.sign_in_attempts.count(tx, at(-1), place="192.0.2.1")
        + storage.sign_in_attempts.count(tx, at(-1), browser_hash="browser-hash")
    ),
    "KnownBrowser": lambda tx: storage.sign_in_attempts.knows_browser(tx, "browser-hash", "ana@school.example"),
    "ApiToken": lambda tx: storage.api_tokens.list_of(tx, "u1"),
    "Invitation": lambda tx: storage.invitations.member_invited(tx, "invitation-hash", NOW),
    "LiveStream": lambda tx: stored_stays(tx, "c1"),
    "MeetingSession": lambda tx: storage.sessions.list_sessions(tx, "85011112222"),
    "SessionRecords": lambda tx: storage.session_records.lists_of_sessions(tx, ["s1"]),
    "SessionChoice": lambda tx: storage.sessions.list_choices(tx, ["c1"]),
    "WebhookDelivery": lambda tx: storage.webhook_log.recent(tx, 1),
    "Fetch": lambda tx: storage.fetches.claim_due(tx, at(90)),
    "ParticipantEvent": lambda tx: storage.presence.list_sightings(tx, ["s1"]),
    "Reading": lambda tx: storage.snapshots.list_snapshots(tx, "c1"),
    "SamePerson": lambda tx: storage.decisions.list_decisions(tx, "u1"),
    "PersonMark": lambda tx: storage.decisions.list_marks(tx, "u1"),
    "ZoomRate": lambda tx: storage.rates.is_paused(tx, "light", NOW),
    "WebhookTally": lambda tx: storage.webhook_log.tallies_today(tx, NOW),
    "TrackerProcess": lambda tx: storage.processes.list_trackers(tx),
    "ClassShare": lambda tx: tx.exec(select(models.ClassShare)).all(),
    "StudentAddress": lambda tx: tx.exec(select(models.StudentAddress)).all(),
    "StudentChoice": lambda tx: tx.exec(select(models.StudentChoice)).all(),
    "StudentMark": lambda tx: tx.exec(select(models.StudentMark)).all(),
    "StudentLink": lambda tx: storage.student_links.student_with(tx, "link-hash", NOW),
    "StudentRequest": lambda tx: storage.student_links.requests_of(tx, "st1"),
    "CourseShare": lambda tx: tx.exec(select(models.CourseShare)).all(),
    "AuditEntry": lambda tx: tx.exec(select(models.AuditEntry)).all(),
    "Student": lambda tx: [one.student.since for one in storage.students.list_students(tx, "k1") if one.student.since],
    "Mail": lambda tx: storage.mails.claim_due(tx, at(90)),
    "Series": lambda tx: storage.series.get_series(tx, "se1").left_out,
    "MeetingRegistration": lambda tx: storage.registrations.find(tx, "85011112222"),
    "ZoomWrites": lambda tx: storage.rates.writes_of(tx, "Ana@school.example", NOW),
    "ErasedPerson": lambda tx: tx.exec(select(models.ErasedPerson)).all(),
}


def make_schema(engine: Engine, schema: str) -> None:
    """Brings an empty database to one of SCHEMAS, with a row in every table."""
    with engine.begin() as connection:
        if schema != FIRST_FORM_OF_0003:
            command.upgrade(migrations(connection), schema)
        else:
            command.upgrade(migrations(connection), "0002")
            with Operations.context(MigrationContext.configure(connection)) as op:
                first_form_of_0003(op)
            command.stamp(migrations(connection), "0003")
        tables = set(inspect(connection).get_table_names()) - {"alembic_version"}
        assert tables <= ROWS.keys(), "a table has no row to try its migrations with"
        for table, row in ROWS.items():
            if table in tables:
                insert_row(connection, table, row)


def insert_row(connection: Connection, table: str, row: dict[str, Any]) -> None:
    """Inserts a row, with those of its columns that the table has."""
    there = {column["name"] for column in inspect(connection).get_columns(table)}
    kept = {name: value for name, value in row.items() if name in there}
    kinds: dict[type, Any] = {datetime: UtcSeconds(), date: sa.Date()}
    columns = [sa.column(name, kinds.get(type(value))) for name, value in kept.items()]
    connection.execute(sa.table(table, *columns).insert().values(kept))


def rows_of(engine: Engine) -> dict[str, dict[str, Any]]:
    """The first row of each table that has one."""
    with engine.connect() as connection:
        tables = set(inspect(connection).get_table_names()) - {"alembic_version"}
        found = {table: connection.execute(sa.text(f'SELECT * FROM "{table}"')).mappings().first() for table in tables}
        return {table: dict(row) for table, row in found.items() if row}


def schema_of(engine: Engine) -> dict[str, Any]:
    """The tables with their columns, keys and indexes, wherever in its table a column stands."""
    found = inspect(engine)
    parts = {
        "columns": found.get_multi_columns(),
        "primary key": found.get_multi_pk_constraint(),
        "foreign keys": found.get_multi_foreign_keys(),
        "unique": found.get_multi_unique_constraints(),
        "indexes": found.get_multi_indexes(),
        "checks": found.get_multi_check_constraints(),
    }
    return {part: {table: _in_order(value) for (_, table), value in tables.items()} for part, tables in parts.items()}


def _in_order(value: Any) -> list[str]:
    """What was found of a table, as text: neither types nor the conditions of indexes can be compared."""
    entries = value if isinstance(value, list) else [value]
    return sorted(json.dumps(entry, sort_keys=True, default=_as_text) for entry in entries)


def _as_text(part: object) -> str:
    return repr(part) if isinstance(part, TypeEngine) else str(part)
