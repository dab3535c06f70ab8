"""Zoom's lists of participants, by session. Every function runs in the caller's transaction."""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select

from tracker.attendance.stored_form import stays_from_entries, stored_entries
from tracker.attendance.types import Stay
from tracker.errors import Problem
from tracker.storage.database import Transaction
from tracker.storage.models import SessionRecords
from tracker.storage.problems import details_of, problem_of


@dataclass(frozen=True, slots=True)
class SessionList:
    """Zoom's list of one session: its records, None while it was never given; when it was read last.

    `shorter` has the number of records of a shorter list that was read later. `missing` is why Zoom does not give it.
    """

    session_uuid: str
    stays: tuple[Stay, ...] | None
    read_at: datetime | None
    complete: bool
    latest_leave: datetime | None
    shorter: int | None
    missing: Problem | None


def lists_of_sessions(tx: Transaction, uuids: Iterable[str]) -> dict[str, SessionList]:
    """What Zoom has given of each of these sessions, by UUID."""
    rows = tx.exec(select(SessionRecords).where(col(SessionRecords.session_uuid).in_(list(uuids))))
    return {row.session_uuid: _list(row) for row in rows}


def latest_leaves(tx: Transaction, meeting_id: str) -> dict[str, datetime]:
    """The latest leave in each session's list, by UUID."""
    leaves = select(SessionRecords.session_uuid, SessionRecords.latest_leave).where(
        SessionRecords.meeting_id == meeting_id, col(SessionRecords.latest_leave).is_not(None)
    )
    return {uuid: leave for uuid, leave in tx.exec(leaves) if leave is not None}


def missing_lists(tx: Transaction, uuids: Collection[str]) -> dict[str, Problem]:
    """Why Zoom does not give the lists of these sessions, of those whose list it never gave, by UUID."""
    rows = tx.exec(
        select(SessionRecords.session_uuid, SessionRecords.error, SessionRecords.error_details).where(
            col(SessionRecords.session_uuid).in_(uuids), col(SessionRecords.data).is_(None)
        )
    )
    problems = ((uuid, problem_of(error, details)) for uuid, error, details in rows)
    return {uuid: problem for uuid, problem in problems if problem is not None}


def save_list(
    tx: Transaction, meeting_id: str, uuid: str, stays: Sequence[Stay], *, complete: bool, now: datetime
) -> None:
    """Stores the list of a session as it was read now. A shorter one than is known is only kept beside it."""
    row = tx.get(SessionRecords, uuid) or SessionRecords(session_uuid=uuid, meeting_id=meeting_id)
    entries = stored_entries(stays)
    text = json.dumps(entries, ensure_ascii=False)
    known = json.loads(row.data) if row.data else []
    row.read_at, row.error, row.error_details = now, None, None
    if len(entries) < len(known):
        row.shorter_data = text
    else:
        row.data, row.shorter_data, row.complete = text, None, complete
        row.latest_leave = max((stay.span.end for stay in stays if stay.span is not None), default=None)
    tx.add(row)


def take_shorter(tx: Transaction, uuid: str) -> None:
    """The shorter list takes the place of the longer one, because a person says so."""
    row = tx.get(SessionRecords, uuid)
    if row is not None and row.shorter_data is not None:
        stays = stays_from_entries(json.loads(row.shorter_data))
        row.data, row.shorter_data = row.shorter_data, None
        row.latest_leave = max((stay.span.end for stay in stays if stay.span is not None), default=None)
        tx.add(row)


def note_missing(tx: Transaction, meeting_id: str, uuid: str, problem: Problem) -> None:
    """Zoom does not give the list of a session now; what it gave before is kept."""
    row = tx.get(SessionRecords, uuid) or SessionRecords(session_uuid=uuid, meeting_id=meeting_id)
    row.error, row.error_details = problem.code, details_of(problem)
    tx.add(row)


def _list(row: SessionRecords) -> SessionList:
    return SessionList(
        row.session_uuid,
        stays_from_entries(json.loads(row.data)) if row.data is not None else None,
        row.read_at,
        row.complete,
        row.latest_leave,
        len(json.loads(row.shorter_data)) if row.shorter_data is not None else None,
        problem_of(row.error, row.error_details),
    )
