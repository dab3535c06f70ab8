"""What happens in the classes: each kind of class is a generator that yields when a minute passes."""

from collections.abc import Callable, Iterator

from tests.practice_school import Host

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
    """One meeting at the practice Zoom."""

    def __init__(self, host: Host, meeting: str) -> None:
        self._host, self._meeting = host, meeting

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


Story = Callable[[Room], Iterator[None]]


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


STORIES: tuple[Story, ...] = (
    ordinary,
    rejoining,
    two_devices,
    waiting_room,
    restarted,
    awkward_names,
    namesakes,
)
