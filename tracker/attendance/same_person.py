"""Suggests who may be the same person under two names; a teacher decides.

Pure functions. Zoom tells people apart by e-mail or by the name they typed, so one student who joins once signed in
and once as a guest, or from a phone with a name of its own, is two.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations
from typing import TypeVar

from anyascii import anyascii
from rapidfuzz.distance import OSA

from tracker.attendance.counting import clip, union
from tracker.attendance.names import NameParts, parts_of
from tracker.attendance.types import Person, PersonKey, Span
from tracker.text import compared_name

# Below this many letters one slip makes another name ("Lea", "Leo").
SHORTEST_NAME_WITH_SLIP = 5
# What is longer than this is no name of anybody's, and would take long to compare.
LONGEST_NAME = 100
# More people than this of one name is no slip of somebody's; to pair them all would help nobody.
LARGEST_GROUP = 40
# Zoom's times are whole seconds, so the two halves of one joining may seem to overlap.
RENAME_SECONDS = 5

Pair = tuple[int, int]
# A session, and Zoom's number of one joining of it: each joining of a session has another.
Joining = tuple[str, str]
Value = TypeVar("Value", str, Joining)


class Reason(StrEnum):
    """Why two people may be one, the strongest first. The sentence of each is in `tracker.messages`."""

    ACCOUNT = "same_account"
    REGISTRATION = "same_registration"
    RENAMED = "renamed_in_meeting"
    NAME_IS_EMAIL = "name_is_email"
    NAME_WITHOUT_EMAIL = "same_name_without_email"
    NAME_WITH_OTHER_EMAIL = "same_name_other_email"
    DEVICE = "same_name_other_device"
    PRONOUNS = "same_name_with_pronouns"
    BRACKET = "same_name_with_bracket"
    SEAT_NUMBER = "same_name_with_seat_number"
    OTHER_WRITING = "same_name_other_writing"
    OTHER_ORDER = "same_name_other_order"
    ONE_LETTER = "one_letter_apart"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Two people of a class who may be one, and why."""

    first: Person
    second: Person
    why: Reason


@dataclass(frozen=True, slots=True)
class _Forms:
    """A name in the forms that are compared; `letters` does not depend on the order of the words."""

    person: Person
    parts: NameParts
    plain: str
    letters: str

    @property
    def alike(self) -> str:
        """What is the same for all people of this name, whatever number or bracket they have beside it."""
        return self.letters or self.parts.bare

    @property
    def in_latin(self) -> bool:
        """Whether the name is written in Latin letters; two others may sound alike and be different names."""
        return all(unicodedata.name(sign, "").startswith("LATIN") for sign in self.parts.bare if sign.isalpha())


def likely_same(people: Sequence[Person]) -> list[Suggestion]:
    """Pairs of people who may be one and the same, each pair once, the strongest reasons first."""
    found: dict[Pair, Reason] = {}
    for pairs in (_by_ids(people), _by_email(people), _by_name(people)):
        for pair, why in pairs:
            found.setdefault(pair, why)
    rank = {why: number for number, why in enumerate(Reason)}
    ordered = sorted(found.items(), key=lambda one: (rank[one[1]], one[0]))
    return [Suggestion(people[first], people[second], why) for (first, second), why in ordered]


def undecided(
    suggestions: Iterable[Suggestion], decided: Iterable[tuple[PersonKey, PersonKey]]
) -> tuple[Suggestion, ...]:
    """The suggestions on which the teacher has not decided yet; `decided` are the pairs of which she has spoken."""
    known = {frozenset(pair) for pair in decided}
    return tuple(
        one
        for one in suggestions
        if not any(frozenset((a, b)) in known for a in one.first.keys for b in one.second.keys)
    )


# By what Zoom knows of them


def _by_ids(people: Sequence[Person]) -> Iterator[tuple[Pair, Reason]]:
    """People who share an account, a registration, or one joining, whose name was changed then."""
    for why, ids in ((Reason.ACCOUNT, _accounts), (Reason.REGISTRATION, _registrations)):
        for pair in _pairs(_holders(people, ids).values()):
            yield pair, why
    for joining, places in _holders(people, _joinings).items():
        for first, second in _pairs([places]):
            if _follow_each_other(_there(people[first], joining), _there(people[second], joining)):
                yield (first, second), Reason.RENAMED


def _accounts(person: Person) -> set[str]:
    return {stay.zoom_user_id for stay in person.stays} - {""}


def _registrations(person: Person) -> set[str]:
    return {stay.registrant_id for stay in person.stays} - {""}


def _joinings(person: Person) -> set[Joining]:
    return {(stay.session_uuid, stay.user_id) for stay in person.stays if stay.session_uuid and stay.user_id}


def _there(person: Person, joining: Joining) -> list[Span]:
    """When somebody was there in this joining."""
    stays = (stay for stay in person.stays if (stay.session_uuid, stay.user_id) == joining)
    return [stay.span for stay in stays if stay.span is not None]


def _follow_each_other(one: Sequence[Span], other: Sequence[Span]) -> bool:
    """Whether two are never there at once: one joining is one presence."""
    return sum(span.seconds for span in clip(union(one), union(other))) <= RENAME_SECONDS


def _by_email(people: Sequence[Person]) -> Iterator[tuple[Pair, Reason]]:
    """People whose name is the e-mail address of somebody else."""
    owners = _holders(people, lambda person: {stay.email.strip().casefold() for stay in person.stays} - {""})
    names = _holders(people, lambda person: {compared_name(stay.name) for stay in person.stays if "@" in stay.name})
    for address, places in names.items():
        for owner in owners.get(address, ()):
            for place in places:
                if place != owner:
                    yield (min(owner, place), max(owner, place)), Reason.NAME_IS_EMAIL


def _holders(people: Sequence[Person], values: Callable[[Person], Iterable[Value]]) -> dict[Value, list[int]]:
    """The places of the people who have each value."""
    found: dict[Value, list[int]] = defaultdict(list)
    for place, person in enumerate(people):
        for value in values(person):
            found[value].append(place)
    return found


def _pairs(groups: Iterable[Iterable[int]]) -> list[Pair]:
    """All pairs within groups that are small enough, each once."""
    distinct = (sorted(set(places)) for places in groups)
    return sorted({pair for places in distinct if len(places) <= LARGEST_GROUP for pair in combinations(places, 2)})


# By their names


def _by_name(people: Sequence[Person]) -> Iterator[tuple[Pair, Reason]]:
    forms = {place: _forms(person) for place, person in enumerate(people) if 0 < len(person.name) <= LONGEST_NAME}
    buckets: dict[tuple[str, str], list[int]] = defaultdict(list)
    for place, form in forms.items():
        for variant in _variants(form):
            buckets[variant].append(place)
    pairs = _pairs(buckets.values())
    unclear = _with_several_labels(forms.values())
    for first, second in pairs:
        one, other = forms[first], forms[second]
        if one.parts.labels != other.parts.labels and not unclear.isdisjoint((one.alike, other.alike)):
            continue  # "Ana" may be "Ana 1" or "Ana 2"
        if why := _why(one, other):
            yield (first, second), why


def _forms(person: Person) -> _Forms:
    parts = parts_of(person.name)
    plain = " ".join(re.findall(r"[a-z0-9]+", anyascii(parts.bare).lower()))
    return _Forms(person, parts, plain, "".join(sorted(plain.split())))


def _variants(form: _Forms) -> Iterable[tuple[str, str]]:
    """What two names that are alike have in common: their letters, or all of them but one.

    Names one slip apart share a form with one letter left out, so no name has to be compared with all others.
    """
    letters = form.letters
    yield ("raw", form.parts.bare) if not letters else ("letters", letters)
    if len(letters) >= SHORTEST_NAME_WITH_SLIP:
        yield from (("slip", letters[:place] + letters[place + 1 :]) for place in range(len(letters)))
        yield ("slip", letters)


def _with_several_labels(forms: Iterable[_Forms]) -> set[str]:
    """The names that several people have, by numbers or brackets that tell them apart."""
    labels: dict[str, set[frozenset[str]]] = defaultdict(set)
    for form in forms:
        labels[form.alike].add(form.parts.labels)
    return {
        alike
        for alike, found in labels.items()
        if len(found) > LARGEST_GROUP or not all(_may_be_one(one, other) for one, other in combinations(found, 2))
    }


def _may_be_one(labels: frozenset[str], others: frozenset[str]) -> bool:
    """Whether one may have said more than the other, and nothing else: 14, and 7B-14."""
    return labels <= others or others <= labels


def _why(one: _Forms, other: _Forms) -> Reason | None:
    mine, others = one.parts, other.parts
    if one.person.robot != other.person.robot or not _may_be_one(mine.labels, others.labels):
        return None
    if mine.folded == others.folded:
        both = one.person.email and other.person.email
        return Reason.NAME_WITH_OTHER_EMAIL if both else Reason.NAME_WITHOUT_EMAIL
    if mine.without_device == others.without_device:
        return Reason.DEVICE
    if mine.without_pronouns == others.without_pronouns:
        return Reason.PRONOUNS
    if mine.bare == others.bare and (mine.labels or others.labels):
        only_brackets = mine.numbers == others.numbers and (mine.brackets or others.brackets)
        return Reason.BRACKET if only_brackets else Reason.SEAT_NUMBER
    return _why_alike(one, other)


def _why_alike(one: _Forms, other: _Forms) -> Reason | None:
    """Why two bare names that are not the same may mean the same person."""
    if not one.letters or not (one.in_latin or other.in_latin):
        return None
    if one.plain.replace(" ", "") == other.plain.replace(" ", ""):
        return Reason.OTHER_WRITING
    if one.letters == other.letters:
        return Reason.OTHER_ORDER
    digits = [re.findall(r"\d+", form.plain) for form in (one, other)]
    if digits[0] == digits[1] and OSA.distance(one.letters, other.letters, score_cutoff=1) == 1:
        return Reason.ONE_LETTER
    return None
