"""The webhooks about our classes that were taken in, and the number of all webhooks by outcome.

Every function runs in the caller's transaction.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func
from sqlmodel import col, delete, select

from tracker.storage.database import Transaction, insert, run
from tracker.storage.models import LiveStream, WebhookDelivery, WebhookTally

_NOTE = insert(WebhookDelivery, lambda row: row.on_conflict_do_nothing().returning(WebhookDelivery.body_hash))
_ADD_TO_TALLY = insert(
    WebhookTally,
    lambda row: row.on_conflict_do_update(
        index_elements=[WebhookTally.day, WebhookTally.outcome],
        set_={"count": WebhookTally.count + row.excluded.count, "lastAt": row.excluded.lastAt},
    ),
)
# Every outcome of a webhook that was refused begins so; the code of the reason follows.
REFUSED = "refused:"
# The outcome of those that nothing here needs, such as that a meeting was made.
OF_NO_CONCERN = "nothing_to_note"


@dataclass(frozen=True, slots=True)
class LoggedWebhook:
    """A webhook about one of our classes, as it was written down."""

    received_at: datetime
    event: str
    class_id: str
    title: str


@dataclass(frozen=True, slots=True)
class Tally:
    """How many webhooks of a UTC day had this outcome, and when the last one came."""

    outcome: str
    count: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class ClassToldOf:
    """A class that webhooks have told of: when it began, and whether anybody was in it as far as is known."""

    began: datetime
    had_people: bool


def note(tx: Transaction, body_hash: str, event: str, class_id: str, now: datetime) -> bool:
    """Remembers a webhook; False where it was there already."""
    noted = run(tx, _NOTE, bodyHash=body_hash, event=event, streamId=class_id, receivedAt=now)
    return noted.first() is not None


def recent(tx: Transaction, limit: int) -> list[LoggedWebhook]:
    """The latest webhooks about our classes, latest first."""
    statement = select(WebhookDelivery, LiveStream.title).join(LiveStream)
    order = (col(WebhookDelivery.received_at).desc(), col(WebhookDelivery.body_hash))
    rows = tx.exec(statement.order_by(*order).limit(limit))
    return [LoggedWebhook(row.received_at, row.event, row.class_id, title) for row, title in rows]


def last(tx: Transaction) -> datetime | None:
    """When the last webhook about one of our classes came."""
    return tx.exec(select(func.max(WebhookDelivery.received_at))).one()


def forget(tx: Transaction, before: datetime) -> None:
    """Drops what only serves to recognise repeats, once Zoom can no longer repeat it."""
    tx.exec(delete(WebhookDelivery).where(col(WebhookDelivery.received_at) < before))


def add_to_tallies(tx: Transaction, counts: Mapping[str, int], now: datetime) -> None:
    """Adds webhooks by their outcome to those of the present UTC day."""
    for outcome, count in sorted(counts.items()):
        run(tx, _ADD_TO_TALLY, day=_day(now), outcome=outcome, count=count, lastAt=now)


def tallies_today(tx: Transaction, now: datetime) -> tuple[Tally, ...]:
    """The webhooks of the present UTC day by outcome, the most frequent first."""
    today = select(WebhookTally).where(WebhookTally.day == _day(now))
    rows = tx.exec(today.order_by(col(WebhookTally.count).desc(), WebhookTally.outcome))
    return tuple(Tally(row.outcome, row.count, row.last_at) for row in rows)


def last_of_outcomes(tx: Transaction, *outcomes: str) -> Tally | None:
    """The tally of the last webhook that came to one of these."""
    found = select(WebhookTally).where(col(WebhookTally.outcome).in_(outcomes))
    row = tx.exec(found.order_by(col(WebhookTally.last_at).desc(), WebhookTally.outcome).limit(1)).first()
    return Tally(row.outcome, row.count, row.last_at) if row else None


def last_not_refused(tx: Transaction, *but: str) -> datetime | None:
    """When the last webhook came that was Zoom's, whatever its outcome `but` these."""
    zooms = ~col(WebhookTally.outcome).startswith(REFUSED)
    return tx.exec(select(func.max(WebhookTally.last_at)).where(zooms, col(WebhookTally.outcome).not_in(but))).one()


def last_class_told_of(tx: Transaction, ended_before: datetime) -> ClassToldOf | None:
    """The class that webhooks have told of last, of those that had ended by then; None where there is none."""
    latest = (
        select(LiveStream.started_at, LiveStream.participant_count)
        .join(WebhookDelivery)
        .where(
            col(WebhookDelivery.received_at) < ended_before,
            col(LiveStream.ended_at) < ended_before,
            col(LiveStream.started_at).is_not(None),
        )
        .order_by(col(WebhookDelivery.received_at).desc())
        .limit(1)
    )
    found = tx.exec(latest).first()
    return None if found is None or found[0] is None else ClassToldOf(found[0], bool(found[1]))


def has_come(tx: Transaction, event: str, since: datetime) -> bool:
    """Whether this event of one of our classes has come since then."""
    came = select(WebhookDelivery.body_hash).where(
        col(WebhookDelivery.received_at) >= since, WebhookDelivery.event == event
    )
    return tx.exec(came.limit(1)).first() is not None


def forget_tallies(tx: Transaction, before: datetime) -> None:
    """Drops tallies that were last added to before that moment."""
    tx.exec(delete(WebhookTally).where(col(WebhookTally.last_at) < before))


def _day(moment: datetime) -> str:
    return moment.astimezone(UTC).date().isoformat()
