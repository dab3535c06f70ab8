"""The first tables: people, classes, sessions of meetings, webhooks and fetches."""

import sqlalchemy as sa
from alembic import op

from tracker.storage.models import UtcSeconds

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    there_is_work = sa.text('"dueAt" IS NOT NULL')
    op.create_table(
        "SignInAttempt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("emailHash", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("at", UtcSeconds(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("SignInAttempt_at", "SignInAttempt", ["at"], unique=False)
    op.create_index("SignInAttempt_emailHash_at", "SignInAttempt", ["emailHash", "at"], unique=False)

    op.create_table(
        "User",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("passwordHash", sa.String(), nullable=True),
        sa.Column("zoomUserId", sa.String(), nullable=True),
        sa.Column("apiTokenHash", sa.String(), nullable=True),
        sa.Column("createdAt", UtcSeconds(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("apiTokenHash"),
        sa.UniqueConstraint("email"),
    )
    op.create_table(
        "Course",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("teacherId", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["teacherId"],
            ["User.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("teacherId", "name"),
    )
    op.create_table(
        "SignIn",
        sa.Column("tokenHash", sa.String(), nullable=False),
        sa.Column("userId", sa.String(), nullable=False),
        sa.Column("createdAt", UtcSeconds(), nullable=False),
        sa.Column("expiresAt", UtcSeconds(), nullable=False),
        sa.ForeignKeyConstraint(
            ["userId"],
            ["User.id"],
        ),
        sa.PrimaryKeyConstraint("tokenHash"),
    )
    op.create_index(op.f("ix_SignIn_userId"), "SignIn", ["userId"], unique=False)

    op.create_table(
        "LiveStream",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("scheduledStart", UtcSeconds(), nullable=False),
        sa.Column("durationMinutes", sa.Integer(), nullable=False),
        sa.Column("timezone", sa.String(), nullable=False),
        sa.Column("zoomMeetingId", sa.String(), nullable=True),
        sa.Column("zoomJoinUrl", sa.String(), nullable=True),
        sa.Column("zoomMeetingMade", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("startedAt", UtcSeconds(), nullable=True),
        sa.Column("endedAt", UtcSeconds(), nullable=True),
        sa.Column("participantCount", sa.Integer(), nullable=True),
        sa.Column("participantsFetchedAt", UtcSeconds(), nullable=True),
        sa.Column("participantsData", sa.Text(), nullable=True),
        sa.Column("teacherId", sa.String(), nullable=False),
        sa.Column("courseId", sa.String(), nullable=True),
        sa.Column("createdAt", UtcSeconds(), nullable=False),
        sa.ForeignKeyConstraint(
            ["courseId"],
            ["Course.id"],
        ),
        sa.ForeignKeyConstraint(
            ["teacherId"],
            ["User.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("LiveStream_scheduledStart", "LiveStream", ["scheduledStart"], unique=False)
    op.create_index("LiveStream_teacherId_scheduledStart", "LiveStream", ["teacherId", "scheduledStart"], unique=False)
    op.create_index("LiveStream_zoomMeetingId", "LiveStream", ["zoomMeetingId"], unique=False)

    op.create_table(
        "Fetch",
        sa.Column("streamId", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("askedAt", UtcSeconds(), nullable=False),
        sa.Column("dueAt", UtcSeconds(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("leasedUntil", UtcSeconds(), nullable=True),
        sa.Column("leaseToken", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["streamId"],
            ["LiveStream.id"],
        ),
        sa.PrimaryKeyConstraint("streamId"),
    )
    op.create_index(
        "Fetch_open", "Fetch", ["dueAt"], unique=False, sqlite_where=there_is_work, postgresql_where=there_is_work
    )

    op.create_table(
        "MeetingSession",
        sa.Column("uuid", sa.String(), nullable=False),
        sa.Column("streamId", sa.String(), nullable=False),
        sa.Column("startedAt", UtcSeconds(), nullable=False),
        sa.Column("endedAt", UtcSeconds(), nullable=True),
        sa.ForeignKeyConstraint(
            ["streamId"],
            ["LiveStream.id"],
        ),
        sa.PrimaryKeyConstraint("uuid"),
    )
    op.create_index(op.f("ix_MeetingSession_streamId"), "MeetingSession", ["streamId"], unique=False)

    op.create_table(
        "WebhookDelivery",
        sa.Column("bodyHash", sa.String(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("streamId", sa.String(), nullable=False),
        sa.Column("receivedAt", UtcSeconds(), nullable=False),
        sa.ForeignKeyConstraint(
            ["streamId"],
            ["LiveStream.id"],
        ),
        sa.PrimaryKeyConstraint("bodyHash"),
    )
    op.create_index(op.f("ix_WebhookDelivery_receivedAt"), "WebhookDelivery", ["receivedAt"], unique=False)


def downgrade() -> None:
    children_first = ("WebhookDelivery", "MeetingSession", "Fetch", "LiveStream", "SignIn", "Course", "User")
    for table in (*children_first, "SignInAttempt"):
        op.drop_table(table)
