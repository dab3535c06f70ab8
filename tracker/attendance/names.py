"""What the names that people join with tell: a device, a seat number, pronouns, a note-taking robot. Pure functions."""

import re
from dataclasses import dataclass

from tracker.text import compared_name, fold_name

DEVICES = (
    r"i-?phone|i-?pad|ipod|mac-?book\w*|mac|android|galaxy\w*|samsung|huawei|xiaomi|pixel|tablet|laptop|pc|phone"
    r"|mobile|handy|celular"
)
_MODEL = r"(?:\s+\d{1,2})?(?:\s+(?:pro|max|plus|mini|ultra))*"
_DEVICE = re.compile(
    rf"\((?:[^()]*\b)?(?:{DEVICES})\b[^()]*\)"  # Ana Lima (iPhone)
    rf"|(?:'s|’s|s')?[\s_-]+(?:{DEVICES}){_MODEL}\s*$"  # Ana Lima's iPhone 14, Ana Lima - phone
    rf"|^(?:{DEVICES}){_MODEL}\s+(?:von|de|di|of)\s+",  # iPhone von Ana Lima
    re.IGNORECASE,
)
_ONLY_DEVICE = re.compile(rf"(?:{DEVICES}){_MODEL}", re.IGNORECASE)

# In English, Spanish, Portuguese, German and French.
PRONOUNS = (
    r"she|hers?|he|him|his|they|them|theirs?|ze|zir|xe|xem|ellas?|él|el|elles?|ela|dela|ele|dele|elu|delu"
    r"|sie|ihre?|er|ihm|ihn|sein|dey|deren|denen|il|lui|iel"
)
_PRONOUN = f"(?:{PRONOUNS})"
_PRONOUNS = re.compile(
    rf"[(\[{{<]\s*{_PRONOUN}(?:[\s/,&|-]+{_PRONOUN})*\s*[)\]}}>]"  # Ana Lima (she/her), Ana Lima (ella)
    rf"|(?<!\w){_PRONOUN}(?:\s*/\s*{_PRONOUN})+(?!\w)"  # Ana Lima she/her
)
_BRACKETS = re.compile(r"[(\[{<]([^()\[\]{}<>]*)[)\]}>]")

# A number in a list of a class, and the group before it, as compared names have them: 14, 07, 7b, 2º a.
_NUMBER = r"\d{1,3}(?:[o°]\s?(?:[a-z](?!\w))?|[a-z])?(?!\w)"
_NUMBER_SIGN = r"(?:n(?:[or°]|ro|um)?\.?[o°]?\s?|#\s?)"
_NUMBERS = rf"{_NUMBER_SIGN}?{_NUMBER}(?:[\s._/-]+{_NUMBER})*"
_NUMBER_FIRST = re.compile(rf"^({_NUMBERS})[\s._:),-]+(?=[^\W\d_])")
_NUMBER_LAST = re.compile(rf"(?<=\w)[\s._:,-]+({_NUMBERS})$")
_ONLY_NUMBERS = re.compile(_NUMBERS)
_AT_THE_ENDS = " -_,.|·:"

# What services that join meetings to take notes are called there. A word that people are called too ("Jamie",
# "Read", "Chorus", "Nyota") is here only with what no name of a person has.
ROBOTS = (
    "ai assistant",
    "ai companion",
    "ai notes",
    "airgram",
    "avoma assistant",
    "bluedot.ai",
    "chorus.ai",
    "circleback",
    "copilot",
    "fathom ai",
    "fathom.ai",
    "fathom.video",
    "fathom's note",
    "fellow.ai",
    "fellow.app",
    "fireflies ai",
    "fireflies.ai",
    "gong.io",
    "grain.co",
    "grain.com",
    "granola.ai",
    "jamie.ai",
    "krisp.ai",
    "laxis ai",
    "meeting assistant",
    "meeting bot",
    "meeting notes",
    "meeting recorder",
    "meetgeek",
    "meetjamie",
    "note taker",
    "note takers",
    "note taking",
    "noty.ai",
    "nyota ai",
    "nyota.ai",
    "otter ai",
    "otter.ai",
    "otter pilot",
    "read.ai",
    "recall.ai",
    "sembly agent",
    "sembly ai",
    "sembly.ai",
    "spinach.ai",
    "spinach.io",
    "supernormal",
    "tactiq",
    "tl;dv",
    "tldv",
)
_ROBOT = re.compile(r"(?<!\w)(?:" + "|".join(re.escape(name).replace(r"\ ", "[ _-]?") for name in ROBOTS) + r")(?!\w)")


@dataclass(frozen=True, slots=True)
class NameParts:
    """A name in the form in which names are compared, with one thing after another taken away.

    `bare` has neither device nor pronouns, brackets, nor number. `numbers` are those of a seat or a group that stood
    beside the name, `brackets` is what stood in brackets.
    """

    folded: str
    without_device: str
    without_pronouns: str
    bare: str
    numbers: frozenset[str]
    brackets: frozenset[str]

    @property
    def labels(self) -> frozenset[str]:
        """What tells apart two people of the same name: "Ana Lima (7B)" and "Ana Lima (7C)"."""
        return self.numbers | self.brackets


def parts_of(name: str) -> NameParts:
    """The name taken apart; as it is where nothing but a number or a device would be left."""
    folded = compared_name(name)
    device = without_device(folded) if _DEVICE.search(folded) else folded
    pronouns = (_tidy(_PRONOUNS.sub(" ", device)) or device) if _PRONOUNS.search(device) else device
    numbers: set[str] = set()
    brackets: set[str] = set()
    for content in map(fold_name, _BRACKETS.findall(pronouns)):
        brackets |= _numbers(content) if _ONLY_NUMBERS.fullmatch(content) else {content} - {""}
    bare = _tidy(_BRACKETS.sub(" ", pronouns))
    for pattern in (_NUMBER_FIRST, _NUMBER_LAST):
        if found := pattern.search(bare):
            numbers |= _numbers(found[1])
            bare = _tidy(pattern.sub("", bare))
    if not any(sign.isalpha() for sign in bare) or names_nobody(bare):
        return NameParts(folded, device, pronouns, pronouns, frozenset(), frozenset())
    return NameParts(folded, device, pronouns, bare, frozenset(numbers), frozenset(brackets))


def without_device(name: str) -> str:
    """The name without the device that it names: `Ana Lima (iPhone)` is `Ana Lima`; as it is where nothing is left."""
    return fold_name(_DEVICE.sub(" ", name)).strip(" -_,") or name


def names_device(name: str) -> bool:
    """Whether the name names a device beside somebody, or nobody but a device."""
    plain = fold_name(name)
    return without_device(plain) != plain or names_nobody(plain)


def names_nobody(name: str) -> bool:
    """Whether the name is of a device alone, as `iPhone` is: several people may have it."""
    return _ONLY_DEVICE.fullmatch(fold_name(name)) is not None


def looks_like_robot(name: str) -> bool:
    """Whether this is how a note-taking robot names itself."""
    return _ROBOT.search(compared_name(name)) is not None


def _numbers(text: str) -> set[str]:
    """The numbers in a text, without leading zeros: `7b-014` is 7b and 14."""
    return {re.sub(r"[o°\s]", "", number).lstrip("0") or "0" for number in re.findall(_NUMBER, text)}


def _tidy(name: str) -> str:
    return fold_name(name).strip(_AT_THE_ENDS)
