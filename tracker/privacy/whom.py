"""Whom an e-mail address or a name means, in the forms of the counting rule."""

from tracker.attendance.counting import NAMELESS, person_key
from tracker.attendance.types import PersonKey
from tracker.errors import InvalidInput


def keys_of(who: str) -> tuple[PersonKey, ...]:
    """The person keys of an e-mail address, or of a name as Zoom gives it. Raises InvalidInput for neither.

    A guest may have typed her address as her name.
    """
    name = person_key(who, "")
    if name == NAMELESS:
        raise InvalidInput("person_unnamed")
    return (person_key("", who), name) if "@" in who else (name,)


def in_words(key: PersonKey) -> str:
    """A person key for people to read."""
    kind, value = key
    return value if kind == "email" else f"{value} (no e-mail)"
