"""Suggests who may be the same person under two names; a teacher decides.

Pure functions. Zoom tells people apart by e-mail or by the name they typed, so one student who joins once signed in
and once as a guest, or from a phone with a name of its own, is two.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from anyascii import anyascii
from rapidfuzz.distance import OSA

from tracker.attendance.names import without_device
from tracker.attendance.types import Person
from tracker.text import fold_name

# Below this many letters one slip makes another name ("Lea", "Leo").
SHORTEST_NAME_WITH_SLIP = 5
# What is longer than this is no name of anybody's, and would take long to compare.
LONGEST_NAME = 100
# More people than this of one name is no slip of somebody's; to pair them all would help nobody.
LARGEST_GROUP = 40


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Two people of a class who may be one, and why."""

    first: Person
    second: Person
    why: str


@dataclass(frozen=True, slots=True)
class _Forms:
    """A name in the forms that are compared, from the most to the least alike."""

    person: Person
    folded: str
    without_device: str
    plain: str

    @property
    def letters(self) -> str:
        """The letters of the words, in an order of the words that does not depend on how they were typed."""
        return "".join(sorted(self.plain.split()))

    @property
    def in_latin(self) -> bool:
        """Whether the name is written in Latin letters; two others may sound alike and be different names."""
        return all(unicodedata.name(sign, "").startswith("LATIN") for sign in self.without_device if sign.isalpha())


def likely_same(people: Sequence[Person]) -> list[Suggestion]:
    """Pairs of people who may be one and the same, each pair once, with the strongest reason."""
    forms = [_forms(person) for person in people if 0 < len(person.name) <= LONGEST_NAME]
    buckets: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for place, form in enumerate(forms):
        for variant in _variants(form):
            buckets[variant].append(place)
    groups = (sorted(set(places)) for places in buckets.values())
    pairs = sorted({pair for places in groups if len(places) <= LARGEST_GROUP for pair in combinations(places, 2)})
    suggestions = ((forms[one], forms[other], _why(forms[one], forms[other])) for one, other in pairs)
    return [Suggestion(one.person, other.person, why) for one, other, why in suggestions if why]


def _forms(person: Person) -> _Forms:
    folded = fold_name(person.name).casefold()
    bare = without_device(folded)
    plain = " ".join(re.findall(r"[a-z0-9]+", anyascii(bare).lower()))
    return _Forms(person, folded, bare, plain)


def _variants(form: _Forms) -> Iterable[tuple[str, ...]]:
    """What two names that are alike have in common: their letters, or all of them but one.

    Names one slip apart share a form with one letter left out, so no name has to be compared with all others.
    """
    letters = form.letters
    yield ("raw", form.without_device) if not letters else ("letters", letters)
    if len(letters) >= SHORTEST_NAME_WITH_SLIP:
        yield from (("slip", letters[:place] + letters[place + 1 :]) for place in range(len(letters)))
        yield ("slip", letters)


def _why(one: _Forms, other: _Forms) -> str | None:
    if one.folded == other.folded:
        signed_in = bool(one.person.email) + bool(other.person.email)
        return "the same name, with two e-mail addresses" if signed_in == 2 else "the same name, once without e-mail"
    if one.without_device == other.without_device:
        return "the same name on another device"
    if not one.letters or not (one.in_latin or other.in_latin):
        return None
    if one.plain.replace(" ", "") == other.plain.replace(" ", ""):
        return "the same name, written another way"
    if one.letters == other.letters:
        return "the same name in another order"
    digits = [re.findall(r"\d+", form.plain) for form in (one, other)]
    if digits[0] == digits[1] and OSA.distance(one.letters, other.letters, score_cutoff=1) == 1:
        return "one letter apart"
    return None
