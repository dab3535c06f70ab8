"""Texts and numbers that others have written, made fit to be stored and compared. Pure functions."""

import re
import unicodedata

# What is longer is cut: anybody may send an endless name. The seconds are some months.
LONGEST_TEXT, MOST_SECONDS = 20_000, 10**7
# Controls, invisible formats (marks that turn the writing round are among them), halves of surrogate pairs.
UNSEEN = frozenset({"Cc", "Cf", "Cs"})
_NUMBER, LONGEST_NUMBER = re.compile("[0-9]+"), 12
# A format too, but it holds the parts of an emoji together.
EMOJI_JOINER = "\u200d"


def fold_name(name: str) -> str:
    """The name without blanks at its ends and with single blanks inside; for people to read."""
    return " ".join(name.split())


def plain(text: str, limit: int = 120) -> str:
    """A text that others have written, fit for one line: no control characters, no direction marks, not endless."""
    text = text[: limit * 4]
    if not (text.isascii() and text.isprintable()):  # else there is nothing to do, and much quicker
        text = "".join(
            sign for sign in text if sign.isspace() or sign == EMOJI_JOINER or unicodedata.category(sign) not in UNSEEN
        )
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def visible(text: str) -> str:
    """The text with everything escaped that would end a line, steer a terminal, turn the writing round or not be seen.

    For terminals and logs.
    """
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)


def compared_name(name: str) -> str:
    """The name in the form in which names are compared: one form for characters that look the same (Unicode NFKC),
    without invisible marks (category Cf, those that turn the direction of writing among them), in any case."""
    if name.isascii():  # nothing to do, and much quicker
        return fold_name(name).casefold()
    return fold_name(without_marks(unicodedata.normalize("NFKC", name))).casefold()


def order_of(name: str) -> str:
    """By what names are put in order for people: "Élodie" beside "Eva", in any case, "Person 2" before "Person 10"."""
    if not name.isascii():
        name = "".join(sign for sign in unicodedata.normalize("NFKD", name) if not unicodedata.combining(sign))
    return _NUMBER.sub(lambda digits: digits[0].zfill(LONGEST_NUMBER), name.casefold())


def without_marks(text: str) -> str:
    """The text without invisible marks (category Cf): what is copied from a page may have some."""
    return "".join(sign for sign in text if unicodedata.category(sign) != "Cf")


def text_of(value: object) -> str:
    """A text that others have written, without what a database cannot store, and not endless; "" for no text."""
    text = str(value)[:LONGEST_TEXT] if isinstance(value, str | int | float) else ""
    # PostgreSQL stores no NUL.
    return comparable(text.replace("\0", ""))


def comparable(text: str) -> str:
    """The text as a database takes it even in a comparison: no NUL, and no half of a surrogate pair."""
    return text.encode("utf-8", "replace").decode().replace("\0", "?")


def number_of(value: object) -> int:
    """A number of seconds that others have written, maybe as text; 0 where it is none."""
    try:
        return max(0, min(int(float(text_of(value))), MOST_SECONDS))
    except (ValueError, OverflowError):
        return 0


def plain_id(value: object, longest: int = 255) -> str:
    """An id of another system, which is short and plain; "" for what is none."""
    usable = isinstance(value, str) and len(value) <= longest and value.isascii() and value.isprintable()
    return str(value) if usable else ""
