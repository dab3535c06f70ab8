"""Records without who they are of: of people who were erased, and of classes whose names were kept for long enough.

Pure functions. Whoever is one person by the counting rule stays one person, and nobody becomes one with somebody else,
so that every figure stays what it was.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from tracker.attendance.counting import JOINING, NAMELESS, key_of, person_key
from tracker.attendance.stored_form import participants_data, stored_entries
from tracker.attendance.types import Attendance, Mark, Person, PersonKey, Sighting, Stay

# What she is called in place of her name, with a number.
ERASED, UNNAMED = "Erased person", "Person"
# A class may be running while somebody is erased; who comes back later than this has come by her own will.
STILL_HIDDEN = timedelta(days=1)


def keys_in_running_class(one: Stay | Sighting) -> list[PersonKey]:
    """By what else somebody is known while a class runs: Zoom may tell her e-mail once, and then her name alone.

    Her one joining, whatever its name, and this name on her account of Zoom's; others may use that account.
    """
    joining = [(JOINING, f"{one.session_uuid}:{one.user_id}")] if one.session_uuid and one.user_id else []
    account = [("account", f"{one.zoom_user_id}:{person_key(one.name, '')[1]}")] if one.zoom_user_id else []
    return joining + account


def digest_of(key: PersonKey, salt: str) -> str:
    """What is remembered of somebody who was erased."""
    return hashlib.sha256(f"{salt}:{':'.join(key)}".encode("utf-8", "replace")).hexdigest()


def name_of_erased(key: PersonKey, salt: str, meeting_id: str) -> str:
    """What she is called in the records of a meeting: the same in all of its sessions, however often they are read."""
    digest = hashlib.sha256(f"{salt}:{meeting_id}:{':'.join(key)}".encode("utf-8", "replace")).hexdigest()
    return f"{ERASED} {int(digest[:15], 16) % 10**6:06}"


@dataclass(frozen=True, slots=True)
class Erased:
    """People who were erased: by digest, the salt that it was made with, and when they were."""

    people: Mapping[str, tuple[str, datetime]] = field(default_factory=dict)
    salts: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "salts", tuple(sorted({salt for salt, _ in self.people.values()})))

    def salt_of(self, key: PersonKey, at: datetime | None) -> str | None:
        """The salt by which somebody is known as erased; None where she is not, or this was long afterwards."""
        for salt in self.salts:
            found = self.people.get(digest_of(key, salt))
            if found is not None and (at is None or at < found[1] + STILL_HIDDEN):
                return salt
        return None

    def has_since(self, key: PersonKey, at: datetime) -> bool:
        """Whether somebody was erased at this moment or later: what a person has said of her afterwards is new."""
        return any(
            found is not None and at <= found[1]
            for found in (self.people.get(digest_of(key, salt)) for salt in self.salts)
        )

    def hide(self, stay: Stay, meeting_id: str) -> Stay:
        """The record without who it is of, where she was erased; else as it is.

        Zoom's number of the one joining stays: it tells two devices of one moment apart, and names nobody.
        """
        key, span = key_of(stay), stay.span
        start = span.start if span else None
        salt = self.salt_of(key, start)
        if salt is None:
            salt = self._salt_in_running_class(stay, start)
        if salt is None:
            return stay
        return replace(stay, name=name_of_erased(key, salt, meeting_id), email="", zoom_user_id="", registrant_id="")

    def hide_seen(self, seen: Sighting, meeting_id: str) -> Sighting:
        """The same for what was seen live."""
        key = person_key(seen.name, seen.email)
        salt = self.salt_of(key, seen.at)
        if salt is None:
            salt = self._salt_in_running_class(seen, seen.at)
        if salt is None:
            return seen
        name = seen.name if key == NAMELESS else name_of_erased(key, salt, meeting_id)
        new = replace(seen, name=name, email="", zoom_user_id="")
        return seen if new == seen else new

    def _salt_in_running_class(self, one: Stay | Sighting, at: datetime | None) -> str | None:
        """The same as `salt_of` by what else she is known in the days about her erasing, where Zoom tells no e-mail."""
        if at is None or one.email.strip() or one.name.startswith(f"{ERASED} "):
            return None
        for key in keys_in_running_class(one):
            salt = self.salt_of(key, at)
            if salt is not None and at > self.people[digest_of(key, salt)][1] - STILL_HIDDEN:
                return salt
        return None


def data_without_names(attendance: Attendance, unique_count: int) -> dict[str, Any]:
    """The stored form of an attendance with "Person 1 … n" in place of names, e-mails and Zoom's ids.

    What the teacher has said of people goes along, by these names: her words on others do not apply here any more.
    """
    number: dict[PersonKey, str] = {}
    for stay in attendance.stays:
        number.setdefault(key_of(stay), f"{UNNAMED} {len(number) + 1}")
    stays = [
        replace(stay, name=number[key_of(stay)], email="", user_id=str(place), zoom_user_id="", registrant_id="")
        for place, stay in enumerate(attendance.stays, start=1)
    ]
    said = {
        "same": [list(pair) for person in _everybody(attendance) for pair in pairwise(number[k] for k in person.keys)],
        "marks": {number[person.keys[0]]: Mark.HOST.value for person in attendance.hosts}
        | {number[person.keys[0]]: Mark.SET_ASIDE.value for person in attendance.set_aside},
    }
    data = participants_data(attendance)
    return data | {"uniqueCount": unique_count, "participants": stored_entries(stays), "said": said}


def _everybody(attendance: Attendance) -> Iterable[Person]:
    return (*attendance.people, *attendance.set_aside)
