"""What the last classes show of how the school's Zoom is set up. Every function runs in the caller's transaction."""

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_
from sqlmodel import col, select

from tracker.attendance.types import ClassStatus, FetchState
from tracker.storage.database import Transaction
from tracker.storage.models import Fetch, LiveStream, User, WebhookDelivery
from tracker.storage.registrations import is_on

# What came of asking Zoom for a list, in the end.
ASKED_FOR = (FetchState.COLLECTED.value, FetchState.SETTLED.value, FetchState.NO_DATA.value)


@dataclass(frozen=True, slots=True)
class Lists:
    """Of the last classes whose lists were asked for: how many, and of these how many were how.

    `alone`: one person, or nobody, was in the list. `nameless`: it has people, and of none a name or an address.
    `none`: Zoom gave no list.
    """

    classes: int
    alone: int
    nameless: int
    none: int


@dataclass(frozen=True, slots=True)
class Announced:
    """A teacher, and how many of her classes were held, and of these announced by webhooks."""

    teacher: str
    held: int
    announced: int


def last_lists(tx: Transaction, *, no_list: str, limit: int) -> Lists:
    """What Zoom gave of the classes that were held last; `no_list` is the code of a list that it does not have."""
    found = tx.exec(
        select(LiveStream.participant_count, LiveStream.participants_data, Fetch.state, Fetch.error)
        .join(Fetch, col(Fetch.class_id) == LiveStream.id)
        .where(
            LiveStream.status == ClassStatus.ENDED.value,
            col(LiveStream.report_digest).is_(None),
            col(LiveStream.names_removed_at).is_(None),
            col(Fetch.state).in_(ASKED_FOR),
        )
        .order_by(col(LiveStream.scheduled_start).desc(), col(LiveStream.id))
        .limit(limit)
    ).all()
    none = [error for _count, data, state, error in found if error == no_list and state == FetchState.NO_DATA.value]
    given = [(count, data) for count, data, _state, _error in found if count is not None and data]
    alone = sum(count <= 1 for count, _data in given)
    nameless = sum(count > 1 and not _has_names(data) for count, data in given)
    return Lists(len(found), alone, nameless, len(none))


def _has_names(data: str) -> bool:
    """Whether any record of a class's list has a name or an address."""
    try:
        entries = json.loads(data)["participants"]
        return any(str(entry.get("name") or "").strip() or entry.get("email") for entry in entries)
    except (ValueError, KeyError, TypeError, AttributeError):
        return True  # another program's, of which nothing can be said


def announced_by_teacher(tx: Transaction, since: datetime) -> list[Announced]:
    """The teachers whose classes were held after the first webhook since then, by e-mail."""
    first = tx.exec(
        select(func.min(WebhookDelivery.received_at)).where(col(WebhookDelivery.received_at) >= since)
    ).one()
    if first is None:
        return []
    told = select(col(WebhookDelivery.class_id).label("class_id")).distinct().subquery()
    rows = tx.exec(
        select(User.email, func.count(col(LiveStream.id)), func.count(told.c.class_id))
        .select_from(LiveStream)
        .join(User, col(User.id) == LiveStream.teacher_id)
        .outerjoin(told, told.c.class_id == LiveStream.id)
        .where(
            LiveStream.status == ClassStatus.ENDED.value,
            col(LiveStream.report_digest).is_(None),
            col(LiveStream.zoom_meeting_id).is_not(None),
            col(LiveStream.started_at) >= first,
        )
        .group_by(User.email)
        .order_by(User.email)
    )
    return [Announced(email, held, announced) for email, held, announced in rows]


def asks_for_registration(tx: Transaction) -> bool:
    """Whether the participants of any class to come have to register."""
    wanted = select(LiveStream.id).where(
        col(LiveStream.status).in_((ClassStatus.SCHEDULED.value, ClassStatus.LIVE.value)),
        or_(is_on(LiveStream.meeting_asked), is_on(LiveStream.meeting_sent)),
    )
    return tx.exec(wanted.limit(1)).first() is not None


def has_classes(tx: Transaction) -> bool:
    """Whether there is any class, whatever has become of it."""
    return tx.exec(select(LiveStream.id).limit(1)).first() is not None
