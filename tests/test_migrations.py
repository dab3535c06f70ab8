"""Migrations: none is changed once it is there, each brings the data along, and how a next one is written."""

import ast
import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect
from sqlalchemy.types import TypeEngine
from sqlmodel import select

from tests.databases import migrations, url_of
from tests.makers import NOW, at, stored_stays
from tracker import storage
from tracker.storage import models
from tracker.storage.database import Transaction, make_engine, reading, transaction
from tracker.storage.models import UtcSeconds
from tracker.storage.schema import migrate, revisions

pytestmark = pytest.mark.slow

PROJECT = Path(__file__).resolve().parent.parent
VERSIONS = PROJECT / "tracker" / "storage" / "migrations" / "versions"

# None is changed once it is there

HASHES = {
    "0001_the_first_tables": "216f80aead712c0d",
    "0002_seen_live_and_settling": "78abb01ef4072ba8",
    "0003_zooms_rates_and_signs_of_life": "d40ee836b17b6cfc",
    "0004_repair_zoom_rate": "ffd3af979f1f0b66",
    "0005_codes_not_sentences": "89e04a59b5f6411b",
    "0006_sessions_by_meeting": "65c1ecfa3581fa78",
    "0007_hosts_and_marks": "8def5c9a0dbc1da9",
    "0008_accounts": "40e355e4611ba4b1",
    "0009_shares_audit_erasure": "c1eae96370601f48",
    "0010_who_linked_a_meeting": "e67338a7d01e4b4e",
    "0011_languages_and_what_was_seen_to": "e96d531dc2fa6833",
    "0012_rosters": "f0f0efe2a135fa02",
    "0013_register": "535d220b72dc0f5b",
    "0014_series": "a52a44fa0e287d4e",
    "0015_news": "1a0e55f554304000",
    "0016_students_own_pages": "3aa4a4e5bde95ce0",
    "0017_options_of_meetings": "f90bc92f03645ed8",
    "0018_what_trackers_say_is_wrong": "a813ec91271c49ff",
    "0019_registration_of_rosters": "8a882d57ab017a66",
}
NEVER_CHANGED = """A migration has no line in HASHES, or is not what it was when it got its line.
Databases have run it, and will not run it again: from its first commit on, a mistake gets a new migration.
A new migration gets its line:
"""


def hash_of(source: str) -> str:
    """The hash of what a migration does: of its syntax tree without imports, comments and docstrings."""
    return hashlib.sha256(_written(ast.parse(source)).encode()).hexdigest()[:16]


def _written(part: object) -> str:
    """A syntax tree as text, the same for every version of Python: newer ones have more fields that are empty."""
    if isinstance(part, list):
        return f"[{' '.join(_written(entry) for entry in part if not _says_nothing(entry))}]"
    if not isinstance(part, ast.AST):
        return repr(part)
    fields = (f"{name}={_written(value)}" for name, value in ast.iter_fields(part) if value not in (None, []))
    return f"{type(part).__name__}({' '.join(fields)})"


def _says_nothing(statement: object) -> bool:
    text_alone = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    return text_alone or isinstance(statement, ast.Import | ast.ImportFrom)


def test_no_migration_is_changed_and_each_has_its_hash() -> None:
    found = {path.stem: hash_of(path.read_text("utf-8")) for path in sorted(VERSIONS.glob("*.py"))}
    assert found == HASHES, NEVER_CHANGED + "\n".join(f'    "{name}": "{digest}",' for name, digest in found.items())


def test_the_file_of_a_migration_begins_with_its_number_and_each_follows_the_one_before() -> None:
    [*scripts] = ScriptDirectory.from_config(migrations()).walk_revisions()
    assert [script.revision for script in reversed(scripts)] == sorted(revisions())
    assert {Path(script.path).stem for script in scripts} == HASHES.keys()


MIGRATION = '''"""Rooms."""

import sqlalchemy as sa
from alembic import op

revision = "0009"


def upgrade() -> None:
    op.add_column("Room", sa.Column("seats", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("Room", "seats")
'''


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ("import sqlalchemy as sa\n", "import sqlalchemy as sa\n\nfrom elsewhere import Thing\n"),
        ('"""Rooms."""', '"""Rooms and their seats."""'),
        ("def downgrade() -> None:\n", 'def downgrade() -> None:\n    """Takes the seats away."""\n'),
        ("    op.add", "    # Most rooms have none.\n    op.add"),
        ('sa.Column("seats", ', 'sa.Column(\n        "seats", '),
    ],
)
def test_where_modules_are_and_what_is_said_about_a_migration_may_change(was: str, becomes: str) -> None:
    assert MIGRATION.count(was) == 1
    assert hash_of(MIGRATION.replace(was, becomes)) == hash_of(MIGRATION)


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ("nullable=True", "nullable=False"),
        ("nullable=True", "nullable=True, index=True"),
        ('"Room", sa', '"Place", sa'),
        ('"0009"', '"0010"'),
        ('    op.drop_column("Room", "seats")', "    pass"),
    ],
)
def test_what_a_migration_does_may_not(was: str, becomes: str) -> None:
    assert MIGRATION.count(was) == 1
    assert hash_of(MIGRATION.replace(was, becomes)) != hash_of(MIGRATION)


# A database of each earlier schema


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


@pytest.fixture
def empty(blank_database_url: str) -> Iterator[Engine]:
    """An empty database of either kind."""
    made = make_engine(blank_database_url)
    yield made
    made.dispose()


@pytest.fixture
def newest_schema(empty: Engine, request: pytest.FixtureRequest) -> dict[str, Any]:
    """The schema of a database of the same kind that was made new."""
    of_sqlite = empty.dialect.name == "sqlite"
    url = (
        url_of(request.getfixturevalue("migrated_file")) if of_sqlite else request.getfixturevalue("migrated_postgres")
    )
    engine = make_engine(url)
    found = schema_of(engine)
    engine.dispose()
    return found


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


@pytest.mark.database("sqlite", "postgresql", "pgbouncer")
@pytest.mark.parametrize("schema", SCHEMAS)
def test_a_database_of_each_earlier_schema_comes_up_whole(
    empty: Engine, newest_schema: dict[str, Any], schema: str
) -> None:
    make_schema(empty, schema)
    before = rows_of(empty)
    migrate(empty)
    assert schema_of(empty) == newest_schema
    after = rows_of(empty)
    kept = {
        table: {name: after[table].get(name, value) for name, value in row.items()} for table, row in before.items()
    }
    assert kept == before
    with transaction(empty) as tx:
        assert [table for table in before if not FINDS[table](tx)] == []
    if empty.dialect.name == "sqlite":
        with empty.connect() as connection:
            assert connection.execute(sa.text("PRAGMA foreign_key_check")).all() == []


def test_who_linked_a_meeting_is_known_under_its_present_name(empty: Engine) -> None:
    make_schema(empty, "0009")
    with empty.begin() as connection:
        connection.execute(sa.text('UPDATE "LiveStream" SET "zoomLinkChecked" = true'))
    migrate(empty)
    with transaction(empty) as tx:
        assert storage.classes.get_class(tx, "c1").zoom_linked_by_teacher is True


def test_a_category_of_calls_that_had_no_turns_for_people_may_call_at_once(empty: Engine) -> None:
    make_schema(empty, FIRST_FORM_OF_0003)
    migrate(empty)
    with transaction(empty) as tx:
        usage = storage.rates.lock_usage(tx, "light")
        assert (usage.next_at, usage.next_interactive_at, usage.calls) == (1.5, 0.0, 40)
        storage.rates.save_usage(tx, usage)


def test_a_database_that_somebody_has_half_repaired_comes_up_whole(
    empty: Engine, newest_schema: dict[str, Any]
) -> None:
    make_schema(empty, FIRST_FORM_OF_0003)
    with empty.begin() as connection:
        connection.execute(sa.text('CREATE INDEX "Fetch_state_dueAt" ON "Fetch" (state, "dueAt")'))
    migrate(empty)
    assert schema_of(empty) == newest_schema


def test_two_trackers_that_start_at_once_repair_a_database_once(empty: Engine, newest_schema: dict[str, Any]) -> None:
    make_schema(empty, FIRST_FORM_OF_0003)
    engines = [make_engine(empty.url.render_as_string(hide_password=False)) for _ in range(2)]
    start, faults = threading.Barrier(2), []

    def work(engine: Engine) -> None:
        try:
            start.wait(timeout=60)
            migrate(engine)
        except Exception as error:
            faults.append(error)
        finally:
            engine.dispose()

    threads = [threading.Thread(target=work, args=[engine]) for engine in engines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert faults == []
    assert schema_of(empty) == newest_schema
    with reading(empty) as tx:
        assert [usage.calls for usage in storage.rates.list_usages(tx)] == [40]


def test_a_repaired_database_can_be_taken_back(empty: Engine) -> None:
    make_schema(empty, FIRST_FORM_OF_0003)
    migrate(empty)
    with empty.begin() as connection:
        command.downgrade(migrations(connection), "base")
    assert inspect(empty).get_table_names() == ["alembic_version"]


# A next migration


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what the command `alembic` needs, in which it may write."""
    shutil.copy(PROJECT / "pyproject.toml", tmp_path)
    shutil.copytree(PROJECT / "tracker", tmp_path / "tracker", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def alembic(checkout: Path, *arguments: str, **environment: str) -> str:
    """What the command `alembic` says in this folder."""
    usual = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    done = subprocess.run(
        [Path(sys.executable).with_name("alembic"), *arguments],
        cwd=checkout,
        env=usual | {"PYTHONDONTWRITEBYTECODE": "1"} | environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def files_in(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file()}


def test_a_migration_is_written_by_one_command_and_then_runs(checkout: Path) -> None:
    with (checkout / "tracker" / "storage" / "models.py").open("a", encoding="utf-8") as file:
        file.write("    colour: str | None = None\n")  # of the last table there
    before = files_in(checkout)
    alembic(checkout, "revision", "--autogenerate", "-m", "Colours of trackers")
    number = f"{int(max(revisions())) + 1:04}"
    [made] = files_in(checkout) - before
    assert made == checkout / VERSIONS.relative_to(PROJECT) / f"{number}_colours_of_trackers.py"
    assert "add_column(sa.Column('colour', AutoString(), nullable=True))" in made.read_text("utf-8")
    url = url_of(checkout / "tried.sqlite3")
    alembic(checkout, "upgrade", "head", DATABASE_URL=url)
    assert alembic(checkout, "current", DATABASE_URL=url) == f"{number} (head)\n"
    assert alembic(checkout, "check") == "No new upgrade operations detected.\n"
    engine = make_engine(url)
    found = {column["name"] for column in inspect(engine).get_columns("TrackerProcess")}
    engine.dispose()
    assert "colour" in found
