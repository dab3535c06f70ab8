"""What a class's Zoom meeting is to be like, and is: waiting room, sign-in, recording, registration, substitutes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

# Of a switch; ZOOM leaves it to the Zoom account.
ON, OFF, ZOOM = "on", "off", "zoom"
# Where a meeting is recorded by itself.
NONE, LOCAL, CLOUD = "none", "local", "cloud"
# What each option but the substitutes may be.
CHOICES: Mapping[str, tuple[str, ...]] = {
    "waiting_room": (ON, OFF, ZOOM),
    "sign_in": (ON, OFF, ZOOM),
    "recording": (NONE, LOCAL, CLOUD, ZOOM),
    "registration": (ON, OFF, ZOOM),
}
# Their names in JSON.
_KEYS = {
    "waiting_room": "waitingRoom",
    "sign_in": "signIn",
    "recording": "recording",
    "registration": "registration",
}


@dataclass(frozen=True, slots=True)
class MeetingOptions:
    """Options of a meeting by their codes, as in `CHOICES`; None where nothing is said of one.

    `substitutes` are the e-mail addresses (lower case) of those who may host it beside its host: Zoom's alternative
    hosts. An empty tuple says that there are none.
    """

    waiting_room: str | None = None
    sign_in: str | None = None
    recording: str | None = None
    substitutes: tuple[str, ...] | None = None
    registration: str | None = None

    def over(self, usual: "MeetingOptions") -> "MeetingOptions":
        """What is to be asked of Zoom: these, and the `usual` ones where nothing is said; nothing of what is ZOOM's."""
        said = {name: getattr(self, name) or getattr(usual, name) for name in CHOICES}
        asked = {name: None if value == ZOOM else value for name, value in said.items()}
        return MeetingOptions(**asked, substitutes=self.substitutes)

    def not_in(self, found: "MeetingOptions") -> "MeetingOptions":
        """Those of these that are otherwise in `found`; of the substitutes, who is missing there."""
        differ = {
            name: getattr(self, name) if getattr(found, name) not in (None, getattr(self, name)) else None
            for name in CHOICES
        }
        missing = tuple(one for one in self.substitutes or () if one not in (found.substitutes or ()))
        return MeetingOptions(**differ, substitutes=missing or None)

    def without(self, *people: str) -> "MeetingOptions":
        """The same without these substitutes."""
        staying = tuple(one for one in self.substitutes or () if one not in people)
        substitutes = None if self.substitutes is None else staying
        return replace(self, substitutes=substitutes)

    def record(self) -> dict[str, Any]:
        """What is said, as a JSON object."""
        said = {key: value for name, key in _KEYS.items() if (value := getattr(self, name)) is not None}
        return said | ({} if self.substitutes is None else {"substitutes": list(self.substitutes)})


NOTHING_SAID = MeetingOptions()


def options_from(record: object) -> MeetingOptions:
    """The options that `MeetingOptions.record` has written down; what is none of them is left out."""
    if not isinstance(record, dict):
        return NOTHING_SAID
    said = {name: value for name, key in _KEYS.items() if (value := record.get(key)) in CHOICES[name]}
    people = record.get("substitutes")
    known = tuple(one for one in people if isinstance(one, str)) if isinstance(people, list) else None
    return MeetingOptions(**said, substitutes=known)
