"""What teachers decide on people: who is the same, who is a host, who is set aside. Their classes follow at once.

It is the word of a class's teacher, for all her classes. A co-teacher says it for her, and changes nothing by it in
classes that she may not see: where the people concerned are in such a class, she is refused.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import replace
from datetime import datetime
from itertools import combinations

from tracker import audit, auth, storage
from tracker.attendance.counting import NAMELESS, is_of_one_class, key_of, links_between, person_key
from tracker.attendance.stored_form import stays_from_entries
from tracker.attendance.types import Mark, Person, PersonKey
from tracker.audit import Action
from tracker.class_attendance import check_has_names, refresh_all
from tracker.errors import NotAllowed
from tracker.services import Services
from tracker.storage.classes import Class
from tracker.storage.database import Transaction, transaction
from tracker.storage.decisions import Decision
from tracker.storage.members import Member
from tracker.text import text_of


def list_decisions(tx: Transaction, found: Class) -> list[Decision]:
    """What the class's teacher has decided on who is the same person, latest first."""
    return storage.decisions.list_decisions(tx, found.teacher_id)


def list_marks(tx: Transaction, found: Class) -> dict[PersonKey, Mark]:
    """What the class's teacher has decided that people are, latest first."""
    return storage.decisions.list_marks(tx, found.teacher_id)


def list_said(
    tx: Transaction, viewer: Member, found: Class, here: Set[PersonKey]
) -> tuple[list[Decision], dict[PersonKey, Mark]]:
    """Both, for somebody who reads the page of the class, with these people in it.

    A co-teacher is told nothing of anybody else: who is not in this class may be in one that she may not see.
    """
    same, marks = list_decisions(tx, found), list_marks(tx, found)
    if auth.is_in_charge(viewer, found):
        return same, marks
    return (
        [one for one in same if {one.first, one.second} <= here],
        {key: said for key, said in marks.items() if key in here},
    )


def decide(services: Services, acting: Member, found: Class, *said: Decision) -> None:
    """Stores decisions of the class's teacher on who is the same, for all her classes. Raises NotAllowed.

    One replaces an earlier one about the same two. What is shown of her classes follows at once.
    """

    def store(tx: Transaction, now: datetime) -> None:
        for one in said:
            storage.decisions.decide(tx, found.teacher_id, one, now)
        joined = sum(one.same for one in said)
        numbers = {"joined": joined, "parted": len(said) - joined}
        audit.note(tx, acting, Action.PEOPLE_DECIDED, now, class_id=found.id, **numbers)

    _store_and_follow(services, acting, found, {key for one in said for key in (one.first, one.second)}, store)


def join(services: Services, acting: Member, found: Class, people: Sequence[Person]) -> None:
    """Stores that these people are one and the same; an earlier decision that two of them are not is replaced."""
    whose = {key: number for number, person in enumerate(people) for key in person.keys}
    first, *others = (_lasting_key(person) for person in people)
    apart = [one for one in services.read(list_decisions, found) if not one.same]
    contradicted = [one for one in apart if len({whose.get(one.first), whose.get(one.second)} - {None}) == 2]
    joined = [Decision(first, other, True) for other in others]
    decide(services, acting, found, *joined, *(replace(one, same=True) for one in contradicted))


def part(services: Services, acting: Member, found: Class, people: Sequence[Person]) -> None:
    """Stores that these people are not the same: those of whom some were joined are parted, else each two."""
    same = [(one.first, one.second) for one in services.read(list_decisions, found) if one.same]
    pairs: list[tuple[PersonKey, PersonKey]] = []
    for person in people:
        pairs += links_between(person.keys, same)
        if len(person.keys) == 2:
            pairs.append((person.keys[0], person.keys[1]))
    if not pairs:
        pairs = list(combinations(map(_lasting_key, people), 2))
    decide(services, acting, found, *(Decision(one, other, False) for one, other in pairs))


def undo_decision(services: Services, acting: Member, found: Class, decision: Decision) -> None:
    """Forgets a decision of the class's teacher on who is the same."""

    def store(tx: Transaction, now: datetime) -> None:
        storage.decisions.undo_decision(tx, found.teacher_id, decision)
        audit.note(tx, acting, Action.PEOPLE_DECISION_UNDONE, now, class_id=found.id)

    _store_and_follow(services, acting, found, {decision.first, decision.second}, store)


def mark(services: Services, acting: Member, found: Class, people: Iterable[Person], said: Mark) -> None:
    """Stores what the class's teacher says that these people are, for all her classes."""
    people = list(people)
    keys = {key for person in people for key in person.keys}

    def store(tx: Transaction, now: datetime) -> None:
        for key in keys:
            storage.decisions.mark(tx, found.teacher_id, key, said, now)
        audit.note(tx, acting, Action.PEOPLE_MARKED, now, class_id=found.id, people=len(people), mark=said.value)

    _store_and_follow(services, acting, found, keys, store)


def undo_mark(services: Services, acting: Member, found: Class, *keys: PersonKey) -> None:
    """Forgets what the class's teacher has said that somebody is, who may have several keys."""

    def store(tx: Transaction, now: datetime) -> None:
        for key in keys:
            storage.decisions.undo_mark(tx, found.teacher_id, key)
        audit.note(tx, acting, Action.PEOPLE_MARK_UNDONE, now, class_id=found.id, people=1)

    _store_and_follow(services, acting, found, set(keys), store)


def _store_and_follow(
    services: Services,
    acting: Member,
    found: Class,
    keys: Set[PersonKey],
    store: Callable[[Transaction, datetime], None],
) -> None:
    """Stores a decision on the people with these keys, and brings the classes of the teacher in line with it.

    The decision is stored first, under a lock that fetches under way hold as well: what they store goes by it, or is
    there when the classes are looked through. Then a short transaction for each meeting: a teacher may have thousands
    of classes, and webhooks have to be taken in meanwhile.
    """
    services.read(_check_reach, acting, found, keys)
    with transaction(services.engine) as tx:
        storage.members.lock_member(tx, found.teacher_id)
        present = storage.classes.get_class(tx, found.id)
        auth.check_may_change(acting, present)
        check_has_names(present)
        store(tx, services.now())
    by_meeting: dict[str, list[str]] = defaultdict(list)
    for class_id, meeting_id in services.read(_touched, found.teacher_id, keys):
        by_meeting[meeting_id].append(class_id)
    # The class that is open comes first.
    for meeting_id in sorted(by_meeting, key=lambda one: (one != found.zoom_meeting_id, one)):
        with transaction(services.engine) as tx:
            storage.classes.classes_in_meeting(tx, meeting_id, locked=True)
            refresh_all(tx, meeting_id, by_meeting[meeting_id], services.now())


def _check_reach(tx: Transaction, acting: Member, found: Class, keys: Set[PersonKey]) -> None:
    """Raises NotAllowed for a co-teacher where one of these people is in a class of the teacher that she may not see.

    Looking through the classes may take long, so this is no part of the transaction that stores. What is fetched in
    between is like what comes later: the word that was given before holds for it.
    """
    current = storage.classes.get_class(tx, found.id)
    auth.check_may_change(acting, current)
    if auth.is_in_charge(acting, current):
        return
    for _, _, data in storage.participants.classes_with_people(tx, current.teacher_id, hidden_from=acting):
        if not keys.isdisjoint(keys_in(data)):
            raise NotAllowed("people_of_other_classes", teacher=current.teacher_name)


def _touched(tx: Transaction, teacher_id: str, keys: Set[PersonKey]) -> list[tuple[str, str]]:
    """The classes of a teacher with records of the people with these keys, each with its meeting."""
    return [
        (class_id, meeting_id or "")
        for class_id, meeting_id, data in storage.participants.classes_with_people(tx, teacher_id)
        if not keys.isdisjoint(keys_in(data))
    ]


def _lasting_key(person: Person) -> PersonKey:
    """By which of its keys a person is joined with others: one that other classes may know too, if there is one."""
    return min(person.keys, key=lambda key: (is_of_one_class(key), key))


def keys_in(data: str) -> set[PersonKey]:
    """Whose records are in a stored `participantsData`; nobody's where it cannot be read."""
    try:
        entries = json.loads(data)["participants"]
        names = {(text_of(entry.get("name")), text_of(entry.get("email"))) for entry in entries}
        keys = {person_key(*name) for name in names}
        # To read every record takes long, and a teacher may have hundreds of classes.
        return keys | {key_of(stay) for stay in stays_from_entries(entries)} if NAMELESS in keys else keys
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError):
        return set()
