"""Which session is whose, through the real doors: signed webhooks and Zoom's lists in, commands and pages out.

Times are in minutes from the first class's planned start, which is 14:00 in the school; classes last an hour.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest
from sqlalchemy import Engine

from tests.fake_zoom import FakeZoom
from tests.makers import MEETING, Clock, at, event_body, lesson, participant, server_state_on, stored, zoom_signature
from tests.practice_school import CommandLine
from tests.screens import Screens, button, said
from tracker import fetching, reconcile
from tracker.cli import call
from tracker.clock import to_zoom
from tracker.server.routes import Request, ServerState, answer
from tracker.services import Services, open_services
from tracker.storage.members import Member
from tracker.storage.schema import migrate

pytestmark = pytest.mark.slow

DAY = 24 * 60
HOST_ID = "fake-host-id-0000000001"
# Minutes in class and status of people by their names.
People = dict[str, tuple[int, str]]
PRESENT = "present"


@dataclass
class School:
    """A teacher's classes, the doors of the product, and Zoom on their other side."""

    engine: Engine
    teacher: Member
    clock: Clock
    zoom: FakeZoom
    state: ServerState
    command: CommandLine

    def lesson(self, start: float = 0, *, own: bool = False, minutes: int = 60) -> str:
        """A class in a meeting that others are linked to as well, or in its own."""
        return lesson(
            self.engine, self.teacher, start=start, duration_minutes=minutes, zoom_meeting_made=own, title=f"At {start}"
        )

    def tell(self, name: str, minute: float, uuid: str, start: float, **more: Any) -> None:
        """Zoom sends a webhook about a session at that minute; it has to be acknowledged."""
        self.clock.time = max(self.clock.time, at(minute))
        body = event_body(name, MEETING, uuid, start_time=to_zoom(at(start)), host_id=HOST_ID, **more)
        request = Request("POST", "/api/webhooks/zoom", zoom_signature(body, self.clock()), body)
        assert answer(self.state, request).status == 200

    def begin(self, uuid: str, start: float, **people: tuple[float, float]) -> None:
        """A session begins, and these people come in, each at the first of their minutes."""
        self.tell("meeting.started", start, uuid, start)
        for number, (name, (join, _)) in enumerate(people.items()):
            person = {"user_id": str(number), "user_name": name, "email": "", "join_time": to_zoom(at(join))}
            self.tell("meeting.participant_joined", join, uuid, start, participant=person)

    def end(self, uuid: str, start: float, end: float, **people: tuple[float, float]) -> None:
        """A session is over; from then on Zoom has the list of these people, two of one name with a digit after it."""
        there = [participant(name.rstrip("0123456789"), *times) for name, times in people.items()]
        self.zoom.hold(uuid, *there, meeting=MEETING, start=start, end=end)
        self.tell("meeting.ended", end, uuid, start, end_time=to_zoom(at(end)))

    def hold(self, uuid: str, start: float, end: float, **people: tuple[float, float]) -> None:
        """A whole session as Zoom tells of it."""
        self.begin(uuid, start)
        self.end(uuid, start, end, **people)

    def work(self, minute: float) -> None:
        """The tracker's loop at that minute."""
        self.clock.time = max(self.clock.time, at(minute))
        services = self.state.services
        for job in (reconcile.follow_time, reconcile.ask_for_forgotten):
            job(services)
        while fetching.fetch_due(services):
            pass

    def said(self, class_id: str) -> str:
        """`tracker class show ID`, in words."""
        return self.command.done("class", "show", class_id).text

    def shown(self, class_id: str) -> Any:
        """`tracker class show ID --json`."""
        return self.command.done("class", "show", class_id, "--json").json

    def overview(self, class_id: str) -> Any:
        """`tracker people ID --json`."""
        return self.command.done("people", class_id, "--json").json

    def people(self, class_id: str) -> People:
        """Who was there, by minutes in class and status; the count and the records of the class agree with it."""
        told, found = self.overview(class_id)["people"], self.shown(class_id)
        assert found["participantCount"] == found["participantsData"]["uniqueCount"] == len(told)
        assert found["participantsData"]["totalRecords"] == len(found["participantsData"]["participants"])
        return {one["name"]: (one["secondsInClass"] // 60, one["status"]) for one in told}

    def sessions(self, class_id: str) -> dict[str, bool]:
        """The sessions of a class by UUID, and whether their time is its own."""
        return {one["uuid"]: one["counted"] for one in self.overview(class_id)["sessions"]}

    def life(self, class_id: str) -> tuple[str, str | None, str | None]:
        """Status, start and end, as the command tells them."""
        told = self.shown(class_id)
        return told["status"], told["startedAt"], told["endedAt"]


@pytest.fixture
def command(wired: Clock, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]) -> CommandLine:
    """The command line, at the time of the test."""

    @contextmanager
    def at_that_time(
        environment: Mapping[str, str], prepare: Callable[[Engine], object] | None = migrate
    ) -> Iterator[Services]:
        with open_services(environment, prepare) as found:
            yield replace(found, now=wired)

    monkeypatch.setattr(call, "open_services", at_that_time)
    return CommandLine(capsysbinary)


@pytest.fixture
def school(engine: Engine, ana: Member, wired: Clock, zoom: FakeZoom, command: CommandLine) -> School:
    return School(engine, ana, wired, zoom, server_state_on(engine, wired), command)


@pytest.fixture
def in_a_row(school: School) -> tuple[str, str]:
    """Two classes linked to one meeting, the second right after the first."""
    return school.lesson(0), school.lesson(60)


def ended(start: float, end: float) -> tuple[str, str | None, str | None]:
    return "ended", to_zoom(at(start)), to_zoom(at(end))


PLANNED: tuple[str, str | None, str | None] = ("scheduled", None, None)


def test_a_restart_between_two_classes_in_a_row_is_the_first_ones(school: School, in_a_row: tuple[str, str]) -> None:
    first, second = in_a_row
    school.hold("u1", 0, 40, Ana=(0, 40), Ben=(0, 40))
    school.hold("u2", 41, 60, Ana=(41, 60), Ben=(41, 60))
    school.hold("u3", 61, 120, Dee=(61, 120), Eve=(61, 120))
    school.work(130)
    assert school.people(first) == {"Ana": (59, PRESENT), "Ben": (59, PRESENT)}
    assert school.people(second) == {"Dee": (59, PRESENT), "Eve": (59, PRESENT)}
    assert (school.life(first), school.life(second)) == (ended(0, 60), ended(61, 120))
    assert (school.sessions(first), school.sessions(second)) == ({"u1": True, "u2": True}, {"u3": True})


def test_of_one_session_over_two_classes_each_has_its_people_and_zoom_is_asked_once(
    school: School, in_a_row: tuple[str, str]
) -> None:
    first, second = in_a_row
    asked: list[str] = []
    school.zoom.meanwhile = asked.append
    school.hold(
        "u1", -2, 122,
        Ana=(0, 60), Ben=(0, 60), Dee=(61, 120), Eve=(61, 120), Fay=(0, 120),
    )  # fmt: skip
    school.work(132)
    assert school.people(first) == {"Ana": (60, PRESENT), "Ben": (60, PRESENT), "Fay": (60, PRESENT)}
    assert school.people(second) == {"Dee": (59, PRESENT), "Eve": (59, PRESENT), "Fay": (60, PRESENT)}
    assert len([path for path in asked if path.endswith("/participants")]) == 1
    assert school.sessions(first) == school.sessions(second) == {"u1": True}


def test_a_session_opened_early_for_the_next_class_is_the_next_classs(school: School) -> None:
    first, second = school.lesson(0), school.lesson(180)
    school.hold("u1", 0, 60, Ana=(0, 60), Ben=(0, 60))
    school.work(71)
    school.work(121)
    before = school.shown(first)
    school.begin("u2", 140, Dee=(178, 240), Eve=(178, 240))
    for minute in (150, 170, 179):
        school.work(minute)
        assert (school.shown(first), school.life(second)) == (before, PLANNED)
    school.work(181)
    assert school.life(second) == ("live", ended(140, 0)[1], None)
    school.end("u2", 140, 240, Dee=(178, 240), Eve=(178, 240))
    school.work(250)
    assert school.people(second) == {"Dee": (60, PRESENT), "Eve": (60, PRESENT)}
    assert school.shown(first) == before
    assert (school.life(first), school.people(first)) == (ended(0, 60), {"Ana": (60, PRESENT), "Ben": (60, PRESENT)})


def test_a_class_in_the_middle_of_a_long_session_has_the_minutes_of_its_own_time(school: School) -> None:
    class_id = school.lesson(120, minutes=30)
    school.hold("u1", 0, 240, Ana=(0, 240), Ben=(120, 135), Cy=(10, 60), Dee=(130, 150))
    school.work(250)
    assert school.people(class_id) == {
        "Ana": (30, PRESENT),
        "Ben": (15, "left early"),
        "Cy": (0, "outside"),
        "Dee": (20, "late"),
    }


def test_an_own_meeting_opened_early_dropped_and_restarted_counts_with_its_break(school: School) -> None:
    class_id = school.lesson(0, own=True)
    school.hold("u1", -35, 20, Ana=(-5, 20), Ben=(0, 20))
    school.hold("u2", 22, 60, Ana=(22, 60), Ben=(22, 60), Cy=(30, 60))
    school.work(70)
    assert school.people(class_id) == {"Ana": (58, PRESENT), "Ben": (58, PRESENT), "Cy": (30, "late")}
    assert school.life(class_id) == ended(-35, 60)


def test_a_link_opened_after_class_changes_nothing_and_is_offered(
    school: School, screens: Screens, ana: Member
) -> None:
    class_id = school.lesson(0, own=True)
    school.hold("u1", 0, 60, Ana=(0, 60), Ben=(0, 60), Cy=(0, 60))
    school.work(71)

    def known() -> tuple[Any, ...]:
        commands = (("class", "list", "--json"), ("class", "show", class_id, "--json"), ("export", class_id))
        return tuple(school.command.done(*words).stdout for words in commands)

    before = known()
    screens.sign_in(ana)
    school.begin("u2", 90, X=(90, 93))
    school.work(91)
    assert known() == before
    assert "Another session of this meeting" in said(screens.open("pages/class.py", id=class_id))
    school.end("u2", 90, 93, X=(90, 93), Y=(91, 93))
    school.work(94)
    assert known() == before
    page = screens.open("pages/class.py", id=class_id)
    assert "Another session of this meeting: 15:30–15:33." in said(page)
    button(page, "Count it").click().run()
    school.work(104)
    assert school.people(class_id).keys() == {"Ana", "Ben", "Cy", "X", "Y"}


@pytest.mark.parametrize("alone", [{"Ana": (0, 4)}, {}], ids=["with a list", "without a list"])
def test_a_delayed_class_offers_the_second_session_with_the_reason_and_takes_it_by_one_click(
    school: School, screens: Screens, ana: Member, alone: dict[str, tuple[float, float]]
) -> None:
    """Of the teacher who is alone at first Zoom has a list only where the account is set so."""
    class_id = school.lesson(0)
    school.hold("u1", 0, 4, **alone)
    school.hold("u2", 70, 125, Ana=(70, 125), Bo=(71, 125), Cy=(70, 110))
    school.work(136)
    assert school.shown(class_id)["participantCount"] == (1 if alone else None)
    screens.sign_in(ana)
    page = screens.open("pages/class.py", id=class_id)
    assert "It is not counted: it began 10 min after the planned end." in said(page)
    button(page, "Count it").click().run()
    school.work(137)
    minutes = {name: there for name, (there, _) in school.people(class_id).items()}
    assert minutes == {"Ana": 59 if alone else 55, "Bo": 54, "Cy": 40}
    assert school.life(class_id) == ended(0, 125)


def test_a_class_that_ends_early_has_no_part_in_the_next_one_opened_early(
    school: School, in_a_row: tuple[str, str]
) -> None:
    first, second = in_a_row
    school.hold("u1", -1, 50, Ana=(0, 50), Ben=(0, 50))
    school.hold("u2", 55, 120, Dee=(58, 120), Eve=(60, 120))
    school.work(130)
    assert school.people(first) == {"Ana": (50, PRESENT), "Ben": (50, PRESENT)}
    assert school.people(second) == {"Dee": (60, PRESENT), "Eve": (60, PRESENT)}
    assert (school.life(first), school.life(second)) == (ended(-1, 50), ended(55, 120))
    # The second session reaches into the first class's planned time, so that its people are shared, and nothing else.
    assert (school.sessions(first), school.sessions(second)) == ({"u1": True, "u2": False}, {"u2": True})


def test_after_an_overrun_of_minutes_nobody_of_the_next_class_is_late(
    school: School, in_a_row: tuple[str, str]
) -> None:
    first, second = in_a_row
    school.hold("u1", 0, 63, Ana=(0, 63), Dee=(58, 63))
    school.hold("u2", 75, 120, Dee=(75, 120), Eve=(76, 120))
    school.work(130)
    assert school.people(first) == {"Ana": (60, PRESENT)}
    assert school.people(second) == {"Dee": (45, PRESENT), "Eve": (44, PRESENT)}
    assert (school.life(first), school.life(second)) == (ended(0, 63), ended(75, 120))
    # Of the first class's session only the people are shared with the second one.
    assert (school.sessions(first), school.sessions(second)) == ({"u1": True}, {"u1": False, "u2": True})


def test_somebody_back_for_five_minutes_is_the_first_classs_alone(school: School, in_a_row: tuple[str, str]) -> None:
    first, second = in_a_row
    school.hold("u1", 0, 120, Gil1=(0, 58), Gil2=(61, 66), Dee=(60, 120), Eve=(61, 120))
    school.work(130)
    assert school.people(first) == {"Gil": (58, PRESENT)}
    assert school.shown(first)["participantsData"]["totalRecords"] == 2
    assert school.people(second) == {"Dee": (60, PRESENT), "Eve": (59, PRESENT)}


def test_a_class_that_was_never_held_says_so_and_offers_its_trial(
    school: School, screens: Screens, ana: Member
) -> None:
    class_id = school.lesson(0, own=True)
    school.hold("trial", -DAY, 5 - DAY, Ana=(-DAY, 5 - DAY))
    school.work(181)
    assert (school.life(class_id), school.shown(class_id)["participantCount"]) == (PLANNED, None)
    screens.sign_in(ana)
    page = screens.open("pages/class.py", id=class_id)
    assert "A session of this meeting: Wed 13 May, 14:00–14:05. It is not counted:" in said(page)
    assert "Not held" in said(page)


def test_a_trial_run_leaves_tomorrows_class_planned_and_changeable(
    school: School, screens: Screens, ana: Member
) -> None:
    class_id = school.lesson(DAY, own=True)
    screens.sign_in(ana)
    school.begin("u1", 0, Ana=(0, 30))
    school.work(1)
    assert school.life(class_id) == PLANNED
    school.end("u1", 0, 30, Ana=(0, 30), Ben=(0, 30))
    school.work(45)
    assert (school.life(class_id), school.shown(class_id)["participantCount"]) == (PLANNED, None)
    labels = [one.label for one in screens.open("pages/class.py", id=class_id).button]
    assert {"Change", "Cancel class", "Count it"} <= set(labels)


def test_a_class_held_at_another_time_is_counted_and_says_when(school: School, screens: Screens, ana: Member) -> None:
    class_id = school.lesson(0, own=True)
    school.work(185)
    assert school.life(class_id) == PLANNED
    school.hold("u1", 300, 350, Ana=(300, 350), Ben=(300, 340))
    school.work(361)
    assert school.people(class_id) == {"Ana": (50, PRESENT), "Ben": (40, "left early")}
    assert school.life(class_id) == ended(300, 350)
    screens.sign_in(ana)
    assert "Planned 14:00, held 19:00–19:50." in said(screens.open("pages/class.py", id=class_id))


def test_a_session_that_ended_under_a_uuid_that_nobody_knows_is_named_as_missing_and_then_dropped(
    school: School,
) -> None:
    class_id = school.lesson(0, own=True)
    school.hold("u1", 0, 60, Ana=(0, 60), Ben=(0, 60))
    school.tell("meeting.ended", 61, "nobody-knows", 0, end_time=to_zoom(at(61)))
    school.work(72)
    both = {"Ana": (60, PRESENT), "Ben": (60, PRESENT)}
    assert school.people(class_id) == both
    assert "1 of 2 sessions is missing" in school.said(class_id)
    assert [one["uuid"] for one in school.overview(class_id)["missing"]] == ["nobody-knows"]
    fetch = stored(school.engine, class_id).fetch
    while fetch and fetch.due_at:
        school.work((fetch.due_at - at(0)).total_seconds() / 60 + 1)
        fetch = stored(school.engine, class_id).fetch
    assert (school.people(class_id), school.life(class_id)) == (both, ended(0, 60))
    assert "missing" not in school.said(class_id)
    assert (school.overview(class_id)["missing"], school.sessions(class_id)) == ([], {"u1": True})
