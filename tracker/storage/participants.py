"""What is known of the participants of classes, as it is stored. Every function runs in the caller's transaction."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, cast

from sqlmodel import col, func, not_, select, update

from tracker.attendance.remembered import Stored, stored_in
from tracker.attendance.stored_form import participants_data as attendance_data
from tracker.attendance.types import Attendance
from tracker.errors import UnreadableRecords
from tracker.storage.classes import class_row
from tracker.storage.database import Transaction
from tracker.storage.members import Member
from tracker.storage.models import WITHOUT_FIGURES, LiveStream
from tracker.storage.visibility import visible_to


def save_attendance(tx: Transaction, class_id: str, attendance: Attendance, now: datetime) -> None:
    """Replaces the participants of a class as a whole."""
    row = class_row(tx, class_id)
    row.participant_count = attendance.unique_count
    _show(row, attendance)
    row.participants_data = json.dumps(attendance_data(attendance), ensure_ascii=False)
    row.participants_fetched_at = now
    tx.add(row)


def save_figures(tx: Transaction, class_id: str, attendance: Attendance) -> None:
    """Stores the figures that are shown of an attendance beside the present count."""
    row = class_row(tx, class_id)
    _show(row, attendance)
    tx.add(row)


def _show(row: LiveStream, attendance: Attendance) -> None:
    """People without the hosts, hosts, and how many of the people came late."""
    row.people_shown, row.hosts_shown = len(attendance.participants), len(attendance.hosts)
    late = sum(person.late for person in attendance.participants)
    row.late_shown = None if attendance.without_times else late
    row.figures_of_count = row.participant_count


def keep_to_rule(tx: Transaction, class_id: str) -> None:
    """The figures that are shown are the count by the rule; of a class that is gone nothing is changed."""
    count = col(LiveStream.participant_count)
    figures = {"people_shown": count, "hosts_shown": 0, "late_shown": None, "figures_of_count": count}
    tx.exec(update(LiveStream).where(col(LiveStream.id) == class_id).values(figures))


def classes_with_people(
    tx: Transaction, teacher_id: str, hidden_from: Member | None = None
) -> Iterator[tuple[str, str | None, str]]:
    """Id, meeting and `participantsData` of each class of a teacher whose participants are known; a few at a time.

    Only those that somebody may not see, where they are asked for as `hidden_from` her.
    """
    conditions = [col(LiveStream.teacher_id) == teacher_id, col(LiveStream.participants_data).is_not(None)]
    if hidden_from is not None:
        conditions.append(not_(visible_to(tx, hidden_from)))
    rows = select(LiveStream.id, LiveStream.zoom_meeting_id, LiveStream.participants_data).where(*conditions)
    for class_id, meeting_id, text in tx.exec(rows.execution_options(yield_per=50)):
        yield class_id, meeting_id, text or ""


def without_figures(tx: Transaction, limit: int) -> list[str]:
    """The ids of classes whose participants are known, and no figures to show for their count, newest first."""
    known = select(LiveStream.id).where(WITHOUT_FIGURES)
    return list(tx.exec(known.order_by(col(LiveStream.scheduled_start).desc()).limit(limit)))


def latest_counted(tx: Transaction, teacher_id: str, course_id: str, before: datetime) -> str | None:
    """The id of the latest class of a course, planned before a moment, whose people are known by name."""
    known = (
        col(LiveStream.teacher_id) == teacher_id,
        col(LiveStream.course_id) == course_id,
        col(LiveStream.scheduled_start) < before,
        col(LiveStream.participants_data).is_not(None),
        col(LiveStream.names_removed_at).is_(None),
    )
    latest_first = select(LiveStream.id).where(*known).order_by(col(LiveStream.scheduled_start).desc())
    return tx.exec(latest_first.limit(1)).first()


def forget_attendance(tx: Transaction, class_id: str) -> None:
    """The participants of a class are not known any more: a person has said that its sessions are not its own."""
    row = class_row(tx, class_id)
    row.participant_count = row.participants_fetched_at = row.participants_data = None
    row.people_shown = row.hosts_shown = row.late_shown = row.figures_of_count = None
    tx.add(row)


def size_of_data(tx: Transaction, class_id: str) -> int | None:
    """How long `participantsData` of a class is, in characters; None where nothing is known."""
    return tx.exec(select(func.length(LiveStream.participants_data)).where(LiveStream.id == class_id)).first()


def get_stored(tx: Transaction, class_id: str) -> Stored | None:
    """What is stored of the class's participants; None while they are not known.

    Raises UnreadableRecords where another program wrote something else.
    """
    return stored_of(tx.exec(select(LiveStream.participants_data).where(LiveStream.id == class_id)).first())


def texts_of(tx: Transaction, class_ids: Iterable[str]) -> dict[str, str]:
    """`participantsData` of those of these classes whose participants are known, by class."""
    data = select(LiveStream.id, LiveStream.participants_data).where(col(LiveStream.id).in_(list(class_ids)))
    return {class_id: text for class_id, text in tx.exec(data) if text}


def stored_of(text: str | None) -> Stored | None:
    """What `participantsData` says of a class's participants. Raises UnreadableRecords as `get_stored` does."""
    try:
        return stored_in(text) if text else None
    except ValueError:
        raise UnreadableRecords() from None


def get_participants_data(tx: Transaction, class_id: str) -> dict[str, Any] | None:
    """The stored form of the class's attendance; None while it is not known.

    Raises UnreadableRecords where another program wrote something else.
    """
    text = tx.exec(select(LiveStream.participants_data).where(LiveStream.id == class_id)).first()
    if not text:
        return None
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        data = None
    entries = data.get("participants") if isinstance(data, dict) else None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise UnreadableRecords()
    return cast(dict[str, Any], data)
