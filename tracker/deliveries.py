"""The webhooks about our classes that were taken in. Every function runs in the caller's transaction."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, col, delete, select

from tracker import statements
from tracker.models import LiveStream, WebhookDelivery


@dataclass(frozen=True, slots=True)
class NotedDelivery:
    """A webhook about one of our classes, as it was written down."""

    received_at: datetime
    event: str
    class_id: str
    title: str


def note(tx: Session, body_hash: str, event: str, class_id: str, now: datetime) -> bool:
    """Remembers a webhook; False where it was there already."""
    noted = statements.run(
        tx, statements.NOTE_DELIVERY, bodyHash=body_hash, event=event, streamId=class_id, receivedAt=now
    )
    return noted.first() is not None


def recent(tx: Session, limit: int) -> list[NotedDelivery]:
    """The latest webhooks about our classes, latest first."""
    statement = select(WebhookDelivery, LiveStream.title).join(LiveStream)
    order = (col(WebhookDelivery.received_at).desc(), col(WebhookDelivery.body_hash))
    rows = tx.exec(statement.order_by(*order).limit(limit))
    return [NotedDelivery(row.received_at, row.event, row.class_id, title) for row, title in rows]


def last(tx: Session) -> datetime | None:
    """When the last webhook about one of our classes came."""
    return tx.exec(select(func.max(WebhookDelivery.received_at))).one()


def forget(tx: Session, before: datetime) -> None:
    """Drops what only serves to recognise repeats, once Zoom can no longer repeat it."""
    tx.exec(delete(WebhookDelivery).where(col(WebhookDelivery.received_at) < before))
