"""A teacher's decisions on people: who is the same, and what somebody is.

Every function runs in the caller's transaction.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select

from tracker.attendance.types import Mark, PersonKey
from tracker.storage.database import Transaction
from tracker.storage.models import PersonMark, SamePerson


@dataclass(frozen=True, slots=True)
class Decision:
    """A teacher's decision whether two people are the same."""

    first: PersonKey
    second: PersonKey
    same: bool


def list_decisions(tx: Transaction, teacher_id: str) -> list[Decision]:
    """A teacher's decisions on who is the same person, latest first."""
    rows = tx.exec(
        select(SamePerson)
        .where(SamePerson.teacher_id == teacher_id)
        .order_by(col(SamePerson.decided_at).desc(), SamePerson.first, SamePerson.second)
    )
    return [Decision(key_in_text(row.first), key_in_text(row.second), row.same) for row in rows]


def decide(tx: Transaction, teacher_id: str, decision: Decision, now: datetime) -> None:
    """Stores a teacher's decision for all her classes; it replaces an earlier one about the same two."""
    first, second = sorted((key_text(decision.first), key_text(decision.second)))
    tx.merge(SamePerson(teacher_id=teacher_id, first=first, second=second, same=decision.same, decided_at=now))


def undo_decision(tx: Transaction, teacher_id: str, decision: Decision) -> None:
    """Deletes a teacher's decision."""
    first, second = sorted((key_text(decision.first), key_text(decision.second)))
    row = tx.get(SamePerson, (teacher_id, first, second))
    if row is not None:
        tx.delete(row)


def list_marks(tx: Transaction, teacher_id: str) -> dict[PersonKey, Mark]:
    """What a teacher has said that people are, latest first; a mark that nobody knows says nothing."""
    rows = tx.exec(
        select(PersonMark)
        .where(PersonMark.teacher_id == teacher_id)
        .order_by(col(PersonMark.decided_at).desc(), PersonMark.person)
    )
    return {key_in_text(row.person): Mark(row.mark) for row in rows if row.mark in list(Mark)}


def mark(tx: Transaction, teacher_id: str, person: PersonKey, said: Mark, now: datetime) -> None:
    """Stores what a teacher says that somebody is, for all her classes; it replaces an earlier word."""
    tx.merge(PersonMark(teacher_id=teacher_id, person=key_text(person), mark=said.value, decided_at=now))


def undo_mark(tx: Transaction, teacher_id: str, person: PersonKey) -> None:
    """Forgets what a teacher has said that somebody is."""
    row = tx.get(PersonMark, (teacher_id, key_text(person)))
    if row is not None:
        tx.delete(row)


def key_text(key: PersonKey) -> str:
    """The text as which a person key is stored."""
    return ":".join(key)


def key_in_text(text: str) -> PersonKey:
    """The person key that is stored as this text."""
    kind, _, value = text.partition(":")
    return kind, value
