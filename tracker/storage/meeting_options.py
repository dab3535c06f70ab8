"""The options of the meetings of classes. Every function runs in the caller's transaction."""

from collections.abc import Callable, Iterable
from datetime import datetime

from sqlalchemy import Text, cast
from sqlmodel import col, or_, select

from tracker.attendance.counting import person_key
from tracker.attendance.meeting_options import NOTHING_SAID, MeetingOptions
from tracker.storage import erased
from tracker.storage.classes import Class, class_row, get_class
from tracker.storage.database import Transaction
from tracker.storage.models import LiveStream

_COLUMNS = ("meeting_asked", "meeting_sent", "meeting_has")


def set_asked(tx: Transaction, class_id: str, asked: MeetingOptions) -> None:
    """What the class's meeting is to be like. The caller has locked the class."""
    row = class_row(tx, class_id)
    row.meeting_asked = None if asked == NOTHING_SAID else asked
    tx.add(row)


def set_told(tx: Transaction, class_id: str, sent: MeetingOptions, has: MeetingOptions | None) -> None:
    """What Zoom was asked for, and what it says that the meeting has then; None where it did not say it.

    Where nothing was asked for, what it had stays. The caller has locked the class.
    """
    row = class_row(tx, class_id)
    row.meeting_sent = _without_erased(tx, row, sent)
    if has is not None or sent != NOTHING_SAID:
        row.meeting_has = _without_erased(tx, row, has)
    tx.add(row)


def set_has(tx: Transaction, class_id: str, has: MeetingOptions) -> None:
    """What Zoom says that the class's meeting has. The caller has locked the class."""
    row = class_row(tx, class_id)
    row.meeting_has = _without_erased(tx, row, has)
    tx.add(row)


def _without_erased(tx: Transaction, row: LiveStream, has: MeetingOptions | None) -> MeetingOptions | None:
    """The same without those who were erased, or whose names were kept for long enough."""
    if has is None or not has.substitutes:
        return has
    if row.names_removed_at is not None:
        return has.without(*has.substitutes)
    known = erased.list_erased(tx)
    gone = [one for one in has.substitutes if known.has_since(person_key("", one), row.created_at)]
    return has.without(*gone) if gone else has


# Substitutes who are to be found, or erased


def classes_with_substitute(tx: Transaction, emails: Iterable[str]) -> list[Class]:
    """The classes in whose meeting somebody with one of these addresses (lower case) is a substitute, or was to be."""
    wanted = set(emails)
    named = [row for row in _with_substitutes(tx, locked=False) if not wanted.isdisjoint(_named_in(row))]
    found = [get_class(tx, row.id) for row in named]
    return sorted(found, key=lambda one: (one.scheduled_start, one.id))


def forget_substitutes(tx: Transaction, is_gone: Callable[[str, datetime], bool]) -> set[str]:
    """Takes out the substitutes of whom `is_gone` is told by address and by when their class was made; the ids."""
    changed = set()
    for row in _with_substitutes(tx, locked=True):
        gone = {one for one in _named_in(row) if is_gone(one, row.created_at)}
        if gone:
            _take_out(row, gone)
            tx.add(row)
            changed.add(row.id)
    return changed


def forget_all_substitutes(tx: Transaction, class_id: str) -> None:
    """Takes the substitutes of a class out. The caller has locked the class."""
    row = class_row(tx, class_id)
    _take_out(row, _named_in(row))
    tx.add(row)


def _take_out(row: LiveStream, people: set[str]) -> None:
    for name in _COLUMNS if people else ():
        options = getattr(row, name)
        setattr(row, name, options and options.without(*people))


def _with_substitutes(tx: Transaction, *, locked: bool) -> list[LiveStream]:
    """The rows of classes that name substitutes, in the order of their ids."""
    named = or_(*(cast(col(getattr(LiveStream, name)), Text).contains("@") for name in _COLUMNS))
    rows = select(LiveStream).where(named).order_by(LiveStream.id)
    return list(tx.exec(rows.with_for_update() if locked else rows).all())


def _named_in(row: LiveStream) -> set[str]:
    options = (getattr(row, name) for name in _COLUMNS)
    return {one for each in options if each is not None for one in each.substitutes or ()}
