"""Which person of a class is which student of its course's roster. Pure functions.

By the word of a teacher, by e-mail, or by the exact name where it fits one student and one person alone. Whatever else
is likely is only suggested, with the reason: likeness alone never makes a match.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import lru_cache

from anyascii import anyascii
from rapidfuzz import fuzz, process

from tracker.attendance.counting import is_nameless
from tracker.attendance.names import LONGEST_NAME
from tracker.attendance.types import Person, PersonKey
from tracker.rosters.types import Student
from tracker.text import compared_name

# How alike two names have to be to be suggested, in percent; and how many students are suggested for one person.
LEAST_ALIKE, MOST_SUGGESTED = 80, 3


class Why(StrEnum):
    """Why a person is a student. The sentence of each is in `tracker.messages.vocabulary`."""

    CHOICE = "by_choice"
    EMAIL = "by_email"
    NAME = "by_name"


class Likeness(StrEnum):
    """Why a person may be a student, the strongest reason first."""

    SAME_NAME = "same_name_as_others"
    NAME_IS_EMAIL = "name_is_email"
    OTHER_WRITING = "same_name_other_writing"
    PART_OF_NAME = "part_of_name"
    ALIKE = "alike_name"


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A student on a roster, with the id of her row, her place in the list, and further e-mail addresses of hers."""

    id: str
    place: int
    student: Student
    addresses: tuple[str, ...] = ()
    # All addresses that are known to be hers, in lower case, and her name as names are compared: a register asks for
    # them in each class.
    emails: frozenset[str] = field(init=False, repr=False, compare=False)
    name: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        addresses = (one.strip().casefold() for one in (self.student.email, *self.addresses))
        object.__setattr__(self, "emails", frozenset(filter(None, addresses)))
        object.__setattr__(self, "name", compared_name(self.student.name))


@dataclass(frozen=True, slots=True)
class Choice:
    """A teacher's word on whether a person is a student, remembered for the course."""

    person: PersonKey
    student_id: str
    is_her: bool
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class Match:
    """A student that a person is, why, and where somebody has said so, when."""

    student_id: str
    why: Why
    decided_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Suggested:
    """A student that a person may be, why, and how alike their names are, in percent."""

    person: Person
    student: Enrolled
    why: Likeness
    score: int


# The students that each person is, by the person's keys; of who is nobody's, there is none.
Matches = Mapping[tuple[PersonKey, ...], tuple[Match, ...]]


def match(people: Sequence[Person], students: Sequence[Enrolled], choices: Sequence[Choice]) -> Matches:
    """Who of these people is which student; `choices` are the teacher's, the latest first.

    A note-taking robot is nobody until a teacher says otherwise, and neither is a host by her name.
    """
    by_email = _unique(students, lambda one: one.emails)
    by_name = _unique(students, lambda one: (one.name,))
    names_of = {person.keys: _names(person) for person in people}
    bearers = Counter(name for person in people if not person.robot for name in names_of[person.keys])
    matches: dict[tuple[PersonKey, ...], tuple[Match, ...]] = {}
    known = {one.id for one in students}
    owners_of: dict[str, set[str]] = defaultdict(set)
    for one in students:
        for email in one.emails:
            owners_of[email].add(one.id)
    for person in people:
        said = _said(person, choices)
        chosen = [one for one in said.values() if one.is_her and one.student_id in known]
        if chosen:
            matches[person.keys] = tuple(Match(one.student_id, Why.CHOICE, one.decided_at) for one in chosen)
            continue
        if person.robot:
            continue
        emails = _emails(person)
        # An address of another student says that she is not this one, whatever the name; one of nobody says nothing.
        whose = [ids - said.keys() for email in emails if (ids := owners_of.get(email))]
        names = [
            name
            for name in (() if person.is_host else names_of[person.keys])
            if bearers[name] == 1 and name in by_name and all(not of or by_name[name].id in of for of in whose)
        ]
        ways = ((Why.EMAIL, by_email, emails), (Why.NAME, by_name, names))
        for why, owners, keys in ways:
            found = {owner.id for key in keys if (owner := owners.get(key)) and owner.id not in said}
            if len(found) == 1:
                matches[person.keys] = (Match(found.pop(), why),)
                break
            if found:
                break  # she has been joined of two students, and only her teacher knows which she is
    return matches


def suggest(
    people: Iterable[Person], students: Sequence[Enrolled], matches: Matches, choices: Sequence[Choice]
) -> tuple[Suggested, ...]:
    """Who of the people that are no students may be one, the most alike first; for each a few, the best of them."""
    roster = _Roster(students)
    found: list[Suggested] = []
    for person in people:
        if person.keys in matches or person.is_host or person.robot or all(map(is_nameless, person.keys)):
            continue
        refused = _said(person, choices)
        alike = roster.alike({stay.name for stay in person.stays})
        likely = [Suggested(person, one, *why) for one, why in alike if one.id not in refused]
        found += sorted(likely, key=lambda one: (-one.score, one.student.place))[:MOST_SUGGESTED]
    return tuple(sorted(found, key=lambda one: (-one.score, one.student.place)))


def _unique(students: Iterable[Enrolled], keys_of: Callable[[Enrolled], Iterable[str]]) -> dict[str, Enrolled]:
    """The students by what only one of them has."""
    owners: dict[str, Enrolled | None] = {"": None}
    for one in students:
        for key in keys_of(one):
            owners[key] = None if key in owners else one
    return {key: owner for key, owner in owners.items() if owner is not None}


def _said(person: Person, choices: Sequence[Choice]) -> dict[str, Choice]:
    """The latest word on this person and each student."""
    said: dict[str, Choice] = {}
    for choice in choices:
        if choice.person in person.keys:
            said.setdefault(choice.student_id, choice)
    return said


# Who comes once comes to the next class too.
_compared = lru_cache(maxsize=20_000)(compared_name)


def _names(person: Person) -> set[str]:
    return {name for stay in person.stays if (name := _compared(stay.name))}


def _emails(person: Person) -> set[str]:
    return {value for kind, value in person.keys if kind == "email"}


def _words(name: str) -> str:
    """The words of a name in Latin letters, in order of the alphabet."""
    latin = anyascii(_compared(name)[:LONGEST_NAME]).casefold()
    return " ".join(sorted("".join(sign if sign.isalnum() else " " for sign in latin).split()))


class _Roster:
    """Students by the forms of their names that are compared."""

    def __init__(self, students: Sequence[Enrolled]) -> None:
        self._students = [one for one in students if one.name]
        self._words = [_words(one.student.name) for one in self._students]

    def alike(self, names: Iterable[str]) -> list[tuple[Enrolled, tuple[Likeness, int]]]:
        """Who of the students somebody of these names may be, why, and how alike they are."""
        best: dict[int, tuple[Likeness, int]] = {}
        for name in sorted(filter(None, map(_compared, names))):
            for place, why in self._alike(name):
                if place not in best or why[1] > best[place][1]:
                    best[place] = why
        return [(self._students[place], why) for place, why in best.items()]

    def _alike(self, name: str) -> Iterator[tuple[int, tuple[Likeness, int]]]:
        words = _words(name)
        for place, one in enumerate(self._students):
            if name == one.name:
                yield place, (Likeness.SAME_NAME, 100)
            elif name in one.emails:
                yield place, (Likeness.NAME_IS_EMAIL, 100)
            elif words and words == self._words[place]:
                yield place, (Likeness.OTHER_WRITING, 99)
        if not words:
            return
        ours = set(words.split())
        likely = process.extract(words, self._words, scorer=fuzz.token_set_ratio, score_cutoff=LEAST_ALIKE, limit=None)
        for theirs, score, place in likely:
            is_part = ours <= set(theirs.split()) or set(theirs.split()) <= ours
            yield place, ((Likeness.PART_OF_NAME, 90) if is_part else (Likeness.ALIKE, min(round(score), 95)))
