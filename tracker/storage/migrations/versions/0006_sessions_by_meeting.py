"""Sessions and what was seen live belong to the meeting; Zoom's lists by session; teachers' choices of sessions."""

import json
from collections import defaultdict
from typing import Any

import sqlalchemy as sa
from alembic import op

from tracker.storage.models import UtcSeconds

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "SessionRecords",
        sa.Column("sessionUuid", sa.String(), nullable=False),
        sa.Column("meetingId", sa.String(), nullable=False),
        sa.Column("readAt", UtcSeconds(), nullable=True),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("latestLeave", UtcSeconds(), nullable=True),
        sa.Column("data", sa.Text(), nullable=True),
        sa.Column("shorterData", sa.Text(), nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("errorDetails", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("sessionUuid"),
    )
    op.create_index("ix_SessionRecords_meetingId", "SessionRecords", ["meetingId"], unique=False)
    op.create_table(
        "SessionChoice",
        sa.Column("streamId", sa.String(), nullable=False),
        sa.Column("sessionUuid", sa.String(), nullable=False),
        sa.Column("counts", sa.Boolean(), nullable=False),
        sa.Column("decidedAt", UtcSeconds(), nullable=False),
        sa.ForeignKeyConstraint(["streamId"], ["LiveStream.id"]),
        sa.PrimaryKeyConstraint("streamId", "sessionUuid"),
    )
    for table in ("MeetingSession", "ParticipantEvent"):
        _give_to_meeting(table)
    _keep_lists()


def downgrade() -> None:
    for table in ("MeetingSession", "ParticipantEvent"):
        _give_to_class(table)
    op.drop_table("SessionChoice")
    op.drop_table("SessionRecords")


def _give_to_meeting(table: str) -> None:
    """Rows that belonged to a class belong to its meeting."""
    op.add_column(table, sa.Column("meetingId", sa.String(), nullable=True))
    op.execute(
        f'UPDATE "{table}" SET "meetingId" = COALESCE('  # noqa: S608 - our own table names
        f'(SELECT "zoomMeetingId" FROM "LiveStream" WHERE "LiveStream"."id" = "{table}"."streamId"), \'\')'
    )
    op.drop_index(f"ix_{table}_streamId", table)
    with op.batch_alter_table(table) as batch:
        batch.drop_column("streamId")  # and its foreign key with it
        batch.alter_column("meetingId", existing_type=sa.String(), nullable=False)
    op.create_index(f"ix_{table}_meetingId", table, ["meetingId"], unique=False)


def _give_to_class(table: str) -> None:
    """Rows of a meeting belong to its first class again; those of a meeting without a class go."""
    op.add_column(table, sa.Column("streamId", sa.String(), nullable=True))
    op.execute(
        f'UPDATE "{table}" SET "streamId" = (SELECT MIN("id") FROM "LiveStream" '  # noqa: S608 - our own table names
        f'WHERE "LiveStream"."zoomMeetingId" = "{table}"."meetingId")'
    )
    op.execute(f'DELETE FROM "{table}" WHERE "streamId" IS NULL')  # noqa: S608 - our own table names
    op.drop_index(f"ix_{table}_meetingId", table)
    with op.batch_alter_table(table) as batch:
        batch.drop_column("meetingId")
        batch.alter_column("streamId", existing_type=sa.String(), nullable=False)
        batch.create_foreign_key(f"{table}_streamId_fkey", "LiveStream", ["streamId"], ["id"])
    op.create_index(f"ix_{table}_streamId", table, ["streamId"], unique=False)


def _keep_lists() -> None:
    """The records that classes have from Zoom's lists are kept by session as well, so that they can be shared anew."""
    connection = op.get_bind()
    classes = sa.table(
        "LiveStream",
        sa.column("zoomMeetingId", sa.String()),
        sa.column("participantsData", sa.Text()),
        sa.column("participantsFetchedAt", UtcSeconds()),
    )
    records = sa.table(
        "SessionRecords",
        sa.column("sessionUuid", sa.String()),
        sa.column("meetingId", sa.String()),
        sa.column("readAt", UtcSeconds()),
        sa.column("complete", sa.Boolean()),
        sa.column("data", sa.Text()),
    )
    sessions = sa.table("MeetingSession", sa.column("uuid", sa.String()))
    known = set(connection.execute(sa.select(sessions.c.uuid)).scalars())
    fetched = sa.select(classes).where(classes.c.participantsData.is_not(None), classes.c.zoomMeetingId.is_not(None))
    for row in connection.execute(fetched).all():
        for uuid, entries in _by_session(row.participantsData).items():
            if uuid in known:
                known.discard(uuid)  # a session's records are in one class
                connection.execute(
                    sa.insert(records).values(
                        sessionUuid=uuid,
                        meetingId=row.zoomMeetingId,
                        readAt=row.participantsFetchedAt,
                        complete=True,
                        data=json.dumps(entries, ensure_ascii=False),
                    )
                )


def _by_session(text: str) -> dict[str, list[dict[str, Any]]]:
    """The entries of a stored list of Zoom's by session; none where another program wrote something else."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    entries = data.get("participants") if isinstance(data, dict) and data.get("source") != "seen live" else None
    by_session: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and isinstance(entry.get("sessionUuid"), str):
            by_session[entry["sessionUuid"]].append(entry)
    return dict(by_session)
