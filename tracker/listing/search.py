"""The classes of the page Classes, a page at a time."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tracker import storage
from tracker.listing.states import needs_attention
from tracker.storage.class_lists import Filter
from tracker.storage.classes import Class
from tracker.storage.database import Transaction
from tracker.storage.members import Member

# Of classes that may need attention, the latest so many are looked at.
MOST_LOOKED_AT = 2_000
# What is planned for later than this is no trouble yet.
SOON = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Found:
    """A page of the classes that were looked for, and how many there are in all."""

    total: int
    classes: tuple[Class, ...]


def find(tx: Transaction, viewer: Member, which: Filter, now: datetime, *, limit: int, offset: int = 0) -> Found:
    """The classes that `viewer` may see and `which` lets through, by planned start, newest first.

    Where `which.unsolved`, those that need somebody's attention at `now`.
    """
    if which.unsolved:
        until = min(which.until or now + SOON, now + SOON)
        some = storage.class_lists.list_classes(tx, viewer, replace(which, until=until), limit=MOST_LOOKED_AT)
        troubled = [found for found in some if needs_attention(found, now)]
        return Found(len(troubled), tuple(troubled[offset : offset + limit]))
    if which.text:
        ids = storage.class_lists.list_ids(tx, viewer, which)
        return Found(len(ids), tuple(storage.class_lists.list_by_id(tx, viewer, ids[offset : offset + limit])))
    total = storage.class_lists.count_classes(tx, viewer, which)
    return Found(total, tuple(storage.class_lists.list_classes(tx, viewer, which, limit=limit, offset=offset)))


def list_again(tx: Transaction, viewer: Member, class_ids: Collection[str]) -> list[Class]:
    """Those of these classes that are there, and that `viewer` may still see."""
    return storage.class_lists.list_by_id(tx, viewer, class_ids)


def list_courses(tx: Transaction, viewer: Member) -> list[str]:
    """The names of the courses of which `viewer` may see classes, in order."""
    return storage.class_lists.list_courses_seen(tx, viewer)
