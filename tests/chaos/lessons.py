"""What happens in the classes: each kind of class is a generator that yields when a minute passes.

Whose sessions and people are whose is said by hand where it is not plain, after the rules as they are written down.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from tests.practice_school import Host
from tracker.clock import to_zoom

AWKWARD_NAMES = (
    '=HYPERLINK("http://x.example","Click")',
    "+49 170 1234567",
    "@SUM(A1:A9)",
    "-1",
    "Zoë 👩🏽‍🚀🎉",
    "محمد \u202eالعلي\u202c",
    "  Bo \t  Li\u00a0 ",
    "x" * 1_000,
    "Robert'); DROP TABLE LiveStream;--",
    "<b>Ana</b>",
    "nul\0in it",
    "王小明",
)


class Room:
    """One meeting at the practice Zoom, and the planned start of the first class in it."""

    def __init__(self, host: Host, meeting: str, planned: datetime) -> None:
        self._host, self._meeting, self._planned = host, meeting, planned

    def start(self) -> None:
        self._host.start(self._meeting)

    def end(self) -> None:
        self._host.end(self._meeting)

    def join(self, name: str, email: str = "") -> str:
        return self._host.join(self._meeting, name, email)

    def knock(self, name: str, email: str = "") -> str:
        """Somebody comes into the waiting room."""
        given = {"name": name, "email": email, "waiting_room": True}
        return str(self._host.call("POST", f"/meetings/{self._meeting}/join", given)["user_id"])

    def leave(self, user_id: str) -> None:
        self._host.leave(self._meeting, user_id)

    def held(self, start: int, end: int, **people: tuple[int, int]) -> str:
        """A session that is over, in minutes from the planned start, of which Zoom tells only now; returns its UUID."""
        stays = [
            {"name": name, "join": self._at(join), "leave": self._at(leave)} for name, (join, leave) in people.items()
        ]
        given: dict[str, Any] = {"start": self._at(start), "end": self._at(end), "stays": stays}
        return str(self._host.call("POST", f"/meetings/{self._meeting}/sessions", given)["uuid"])

    def refuse(self, uuid: str, kind: str | None) -> None:
        """From now on Zoom refuses to tell of this session, or tells of it again."""
        self._host.call("PUT", "/refusals", {"uuid": uuid, "kind": kind})

    def _at(self, minute: int) -> str:
        return to_zoom(self._planned + timedelta(minutes=minute))


Happening = Callable[[Room], Iterator[None]]


@dataclass(frozen=True)
class Story:
    """What happens in a meeting, and whose it is of its classes A and B, which follow each other.

    `sessions` has the classes of each session in order of time, none for a stray; all are A's where nothing is said.
    `people` has the classes of those in a session of two.
    """

    name: str
    happens: Happening
    sessions: tuple[str, ...] = ()
    people: Mapping[str, str] = field(default_factory=dict)


def ordinary(room: Room) -> Iterator[None]:
    room.start()
    bo = room.join("Bo", "bo@x.example")
    yield
    room.join("Cy")
    yield
    room.leave(bo)
    yield
    room.end()


def rejoining(room: Room) -> Iterator[None]:
    room.start()
    bo, cy = room.join("Bo", "bo@x.example"), room.join("Cy")
    yield
    room.leave(bo)
    room.leave(cy)
    yield
    bo = room.join("Bo (phone)", " BO@X.example ")
    room.join("  cy ")
    yield
    room.leave(bo)
    room.join("Bo", "bo@x.example")
    yield
    room.end()


def two_devices(room: Room) -> Iterator[None]:
    room.start()
    room.join("Bo", "bo@x.example")
    yield
    phone = room.join("iPhone", "Bo@x.example")
    yield
    room.leave(phone)
    yield
    room.end()


def waiting_room(room: Room) -> Iterator[None]:
    room.start()
    bo = room.knock("Bo", "bo@x.example")
    never_let_in = room.knock("Dora")
    yield
    room.leave(bo)
    room.join("Bo", "bo@x.example")
    yield
    room.leave(never_let_in)
    room.join("Cy")
    yield
    room.end()


def restarted(room: Room) -> Iterator[None]:
    """The host drops out and starts again: the class is both sessions."""
    room.start()
    room.join("Bo", "bo@x.example")
    room.join("Cy")
    yield
    room.end()
    yield
    room.start()
    room.join("Bo", "bo@x.example")
    yield
    room.join("Dora")
    yield
    room.end()


def awkward_names(room: Room) -> Iterator[None]:
    room.start()
    for name in AWKWARD_NAMES[::2]:
        room.join(name)
    yield
    for name in AWKWARD_NAMES[1::2]:
        room.join(name, "same@x.example" if name.startswith("<") else "")
    yield
    room.end()


def namesakes(room: Room) -> Iterator[None]:
    room.start()
    room.join("Sam", "sam.one@x.example")
    room.join("Sam", "sam.two@x.example")
    yield
    room.join("Sam")
    room.join("SAM")
    yield
    room.end()


def many(room: Room) -> Iterator[None]:
    """More people than fit on a page of Zoom's list."""
    room.start()
    for number in range(150):
        room.join(f"Student {number}", f"s{number}@x.example" if number % 2 else "")
    yield
    for number in range(160):
        room.join(f"Student {number + 140}")
    yield
    room.end()


def link_opened_after_class(room: Room) -> Iterator[None]:
    """The class was held as planned; then somebody opens its link again."""
    room.held(0, 60, Host=(0, 60), Bo=(1, 60), Cy=(2, 50))
    yield
    room.start()
    room.join("A stranger")
    yield
    room.join("Cy")
    yield
    room.end()


def one_session_refused(room: Room, kind: str) -> Iterator[None]:
    """Of a class that was restarted, Zoom refuses to tell of one session for a while."""
    room.held(0, 29, Host=(0, 29), Bo=(0, 29), Cy=(5, 29))
    second = room.held(31, 60, Host=(31, 60), Bo=(31, 60), Dora=(32, 55))
    room.refuse(second, kind)
    for _ in range(3):
        yield
    room.refuse(second, None)


def one_session_over_two_classes(room: Room) -> Iterator[None]:
    # Gil comes back for five minutes and is the first class's alone.
    room.held(
        -2, 122, Host=(-2, 122), Ana=(0, 60), Ben=(0, 60), Gil=(0, 58), Dee=(61, 120), Eve=(61, 120), Fay=(0, 120)
    )
    yield


def restart_between_two_classes(room: Room) -> Iterator[None]:
    room.held(0, 40, Host=(0, 40), Ana=(0, 40), Ben=(0, 40))
    yield
    room.held(61, 120, Host=(61, 120), Dee=(61, 120), Eve=(61, 120))
    yield
    room.held(41, 60, Host=(41, 60), Ana=(41, 60), Ben=(41, 60))


ORDINARY, REJOINING, MANY = (Story(one.__name__, one) for one in (ordinary, rejoining, many))
STORIES = (
    ORDINARY,
    REJOINING,
    *(Story(one.__name__, one) for one in (two_devices, waiting_room, restarted, awkward_names, namesakes)),
    Story("link opened after class", link_opened_after_class, ("A", "")),
    *(
        Story(f"one session refused: {kind}", partial(one_session_refused, kind=kind))
        for kind in ("unknown", "blocked", "invalid")
    ),
)
# Of two classes in a row that share a meeting.
SHARED = (
    Story(
        "one session over two classes",
        one_session_over_two_classes,
        ("AB",),
        {"Host": "AB", "Ana": "A", "Ben": "A", "Gil": "A", "Dee": "B", "Eve": "B", "Fay": "AB"},
    ),
    Story("restart between two classes", restart_between_two_classes, ("A", "A", "B")),
)
