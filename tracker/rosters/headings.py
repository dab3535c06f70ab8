"""What the heading of a column says that it has, in English, Spanish, Portuguese, German and French.

Headings are compared without accents, case, punctuation and articles; "Nombre del alumno/a" is `nombre alumno`.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from tracker.rosters import heading_words as words
from tracker.rosters.types import Meaning

# What is longer is no heading, but a title or a line of text.
LONGEST_HEADING = 80


_ABBREVIATIONS = ((r"\be\W?mail", "email"), (r"\bn\W?o\b", "no"), (r"\br\W?a\b", "ra"), (r"\be\W?e\b", "ee"))
# Before the words of other people are looked for: "Family name" is nobody else's.
_EXACT = (
    (Meaning.FIRST_NAME, words.FIRST, frozenset[str]()),
    (Meaning.LAST_NAME, words.LAST, frozenset[str]()),
    (Meaning.NAME, words.NAME, frozenset[str]()),
    (Meaning.GROUP, words.GROUP, words.LESS_LIKELY_GROUP),
)
_AFTER = (
    (Meaning.SEAT_NUMBER, words.SEAT, frozenset[str]()),
    (Meaning.NUMBER, words.NUMBER, words.LESS_LIKELY_NUMBER),
    (Meaning.FROM, words.FROM, frozenset[str]()),
    (Meaning.UNTIL, words.UNTIL, frozenset[str]()),
    (Meaning.ROLE, words.ROLE, frozenset[str]()),
)


@dataclass(frozen=True, slots=True)
class Heading:
    """What a heading means; of two columns that mean the same, the one of the lower rank is taken."""

    meaning: Meaning
    rank: int
    words: str


@lru_cache(maxsize=4096)
def heading_of(text: str) -> Heading:
    """What a heading means, `Meaning.NOTHING` for what is none that is known."""
    if not text or len(text) > LONGEST_HEADING or "@" in text:
        return Heading(Meaning.NOTHING, 0, "")
    found = _meaning(_words_of(text))
    if found.meaning is Meaning.NOTHING and "(" in text:
        return _meaning(_words_of(re.sub(r"\([^)]*\)?", " ", text)))
    return found


def _meaning(said: tuple[str, ...]) -> Heading:
    own = tuple(word for word in said if word not in words.STUDENT)
    whole, phrase = " ".join(said), " ".join(own)
    if own and len(own) < len(said) and set(own) <= words.NUMBER_WORDS:
        return Heading(Meaning.NUMBER, 1, phrase)
    # "Contact 1" of a school's list is a mother or a father.
    of_contact = not words.CONTACT.isdisjoint(said) and any(word.isdigit() for word in said)
    of_others = of_contact or not (words.OF_GUARDIANS | words.OF_TEACHERS).isdisjoint(said)
    if "sis" in said and not of_others:
        # Canvas has an ID of its own beside that of the school's system, and the login there.
        is_number = words.SIGNING_IN.isdisjoint(said) and not words.NUMBER_WORDS.isdisjoint(said)
        return Heading(Meaning.NUMBER if is_number else Meaning.NOTHING, 0, whole)
    for meaning, phrases, less_likely in _EXACT if of_others else (*_EXACT, *_AFTER):
        if one := next((one for one in (whole, phrase) if one in phrases), None):
            return Heading(meaning, 2 if one in less_likely else 1, one)
    # "Name / Nombre", "Klasse/Kurs": the same in two languages, or in two words.
    if len(own) > 1 and len(each := {_meaning((word,)).meaning for word in own}) == 1 and Meaning.NOTHING not in each:
        return Heading(each.pop(), 1, whole)
    if of_others:
        return Heading(Meaning.OTHER_PERSON, 0, whole)
    if not words.EMAIL_WORDS.isdisjoint(said):
        return Heading(Meaning.EMAIL, 0 if words.SECOND_EMAIL.isdisjoint(said) else 1, whole)
    if said and not own and not words.LOGINS.issuperset(said):
        return Heading(Meaning.NAME, 0, whole)
    return Heading(Meaning.NOTHING, 0, whole)


def _words_of(text: str) -> tuple[str, ...]:
    """The words of a heading that say something: `firstName`, "E-Mail:", "N.º", "#" are first name, email, n, n."""
    apart = re.sub(r"(?<=[a-zà-ÿ])(?=[A-ZÀ-Þ])", " ", text).replace("#", " n ")
    plain = unicodedata.normalize("NFKD", apart.casefold())
    plain = "".join(sign for sign in plain if not unicodedata.combining(sign)).replace("°", " ")
    for parts, whole in _ABBREVIATIONS:
        plain = re.sub(parts, whole, plain)
    return tuple(word for word in re.findall(r"[a-z0-9]+", plain) if word not in words.LEFT_OUT)
