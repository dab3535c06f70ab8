"""Zoom's lists of participants, by session. Every function runs in the caller's transaction."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_
from sqlmodel import col, select

from tracker.attendance.stored_form import stays_from_entries, stored_entries
from tracker.attendance.types import Stay
from tracker.errors import Problem
from tracker.storage import erased
from tracker.storage.database import Transaction
from tracker.storage.models import SessionRecords
from tracker.storage.problems import details_of, problem_of


@dataclass(frozen=True, slots=True)
class SessionList:
    """Zoom's list of one session: its records, None while it was never given; when it was read last.

    `shorter` has the number of records of a shorter list that was read later; `longer` that of the one that was known
    before a person took the shorter one. `missing` is why Zoom does not give it.
    """

    session_uuid: str
    stays: tuple[Stay, ...] | None
    read_at: datetime | None
    complete: bool
    latest_leave: datetime | None
    shorter: int | None
    missing: Problem | None
    longer: int | None = None


def lists_of_sessions(tx: Transaction, uuids: Iterable[str]) -> dict[str, SessionList]:
    """What Zoom has given of each of these sessions, by UUID."""
    rows = tx.exec(select(SessionRecords).where(col(SessionRecords.session_uuid).in_(list(uuids))))
    return {row.session_uuid: _list(row) for row in rows}


def listed(tx: Transaction, uuids: Iterable[str]) -> set[str]:
    """Which of these sessions Zoom has given a list of, by UUID."""
    given = select(SessionRecords.session_uuid).where(
        col(SessionRecords.session_uuid).in_(list(uuids)), col(SessionRecords.data).is_not(None)
    )
    return set(tx.exec(given))


def latest_leaves(tx: Transaction, *meeting_ids: str) -> dict[str, datetime]:
    """The latest leave in the list of each session of these meetings, by UUID."""
    leaves = select(SessionRecords.session_uuid, SessionRecords.latest_leave).where(
        col(SessionRecords.meeting_id).in_(meeting_ids), col(SessionRecords.latest_leave).is_not(None)
    )
    return {uuid: leave for uuid, leave in tx.exec(leaves) if leave is not None}


def save_list(
    tx: Transaction, meeting_id: str, uuid: str, stays: Sequence[Stay], *, complete: bool, now: datetime
) -> None:
    """Stores the list of a session as it was read now, without who was erased. A shorter one than is known is only kept
    beside it.

    Where a person has taken a shorter one, the longer one stays beside that until Zoom gives as much again.
    """
    row = tx.get(SessionRecords, uuid) or SessionRecords(session_uuid=uuid, meeting_id=meeting_id)
    stays = erased.hide(tx, stays, meeting_id)
    entries = stored_entries(stays)
    text = json.dumps(entries, ensure_ascii=False)
    known, beside = _number(row.data) or 0, _number(row.shorter_data) or 0
    row.read_at, row.error, row.error_details = now, None, None
    if len(entries) < known:
        if beside <= known:
            row.shorter_data = text
    else:
        row.data, row.complete = text, complete
        if beside <= len(entries):
            row.shorter_data = None
        row.latest_leave = max((stay.span.end for stay in stays if stay.span is not None), default=None)
    tx.add(row)


def take_beside(tx: Transaction, uuid: str) -> None:
    """The list that is kept beside the one that counts changes places with it, because a person says so."""
    row = tx.get(SessionRecords, uuid)
    if row is not None and row.shorter_data is not None:
        stays = stays_from_entries(json.loads(row.shorter_data))
        row.data, row.shorter_data = row.shorter_data, row.data
        row.latest_leave = max((stay.span.end for stay in stays if stay.span is not None), default=None)
        tx.add(row)


def to_look_at(tx: Transaction, uuids: Iterable[str]) -> dict[str, SessionList]:
    """Those of these sessions' lists that Zoom does not give, and those with another one kept beside them, by UUID."""
    rows = tx.exec(
        select(SessionRecords).where(
            col(SessionRecords.session_uuid).in_(list(uuids)),
            or_(col(SessionRecords.error).is_not(None), col(SessionRecords.shorter_data).is_not(None)),
        )
    )
    return {row.session_uuid: _list(row) for row in rows}


def note_missing(tx: Transaction, meeting_id: str, uuid: str, problem: Problem) -> None:
    """Zoom does not give the list of a session now; what it gave before is kept."""
    row = tx.get(SessionRecords, uuid) or SessionRecords(session_uuid=uuid, meeting_id=meeting_id)
    row.error, row.error_details = problem.code, details_of(problem)
    tx.add(row)


def _list(row: SessionRecords) -> SessionList:
    known, beside = _number(row.data) or 0, _number(row.shorter_data)
    return SessionList(
        row.session_uuid,
        stays_from_entries(json.loads(row.data)) if row.data is not None else None,
        row.read_at,
        row.complete,
        row.latest_leave,
        beside if beside is not None and beside <= known else None,
        problem_of(row.error, row.error_details),
        beside if beside is not None and beside > known else None,
    )


def _number(data: str | None) -> int | None:
    """How many records a stored list has."""
    return len(json.loads(data)) if data is not None else None
