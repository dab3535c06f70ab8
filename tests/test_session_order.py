"""The order in which webhooks, lists and fetches come has no effect on what is known of classes in the end."""

from collections.abc import Sequence
from datetime import datetime
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fake_zoom import FakeZoom
from tests.lives import Life, life
from tests.makers import Clock, at, ended, event_body, lesson, participant, started, stored
from tracker import class_attendance, fetching, reconcile, sessions, storage
from tracker.clock import to_zoom
from tracker.services import Services
from tracker.storage.database import reading, transaction
from tracker.storage.members import Member
from tracker.zoom.webhook import Delivery, parse

pytestmark = [pytest.mark.slow, pytest.mark.database("sqlite")]

DAY, LONG_AFTER = 24 * 60, 2000
Held = tuple[str, int, int, list[tuple[str, int, int]]]


@st.composite
def held(draw: st.DrawFn) -> tuple[list[int], list[Held]]:
    """The planned starts of classes of one meeting, and its sessions one after the other, each with its people."""
    starts = draw(st.lists(st.sampled_from([0, 60, 75, 180, 400]), min_size=1, max_size=3, unique=True))
    found: list[Held] = []
    moment = draw(st.integers(-60, 30))
    for number in range(draw(st.integers(1, 4))):
        end = moment + draw(st.integers(2, 130))
        people = []
        for name in draw(st.lists(st.sampled_from("abcd"), min_size=1, max_size=4, unique=True)):
            join = draw(st.integers(moment, end - 1))
            people.append((name, join, draw(st.integers(join + 1, end))))
        found.append((f"s{number}", moment, end, people))
        moment = end + draw(st.integers(1, 100))
    return starts, found


def told(meeting: str, happened: Sequence[Held]) -> list[Delivery]:
    """Every webhook about these sessions, in order."""
    found = []
    for uuid, start, end, people in happened:
        found.append(started(f"{meeting}-{uuid}", start, meeting))
        for number, (name, join, leave) in enumerate(people):
            for what, key, minute in (("joined", "join_time", join), ("left", "leave_time", leave)):
                person = {"user_id": str(number), "user_name": name, "email": "", key: to_zoom(at(minute))}
                more = {"start_time": to_zoom(at(start)), "participant": person}
                found.append(parse(event_body(f"meeting.participant_{what}", meeting, f"{meeting}-{uuid}", **more)))
        found.append(ended(f"{meeting}-{uuid}", start, end, meeting))
    return found


class Case:
    """The classes of a meeting of their own, and its sessions at Zoom."""

    numbers = iter(range(85_000_000_000, 86_000_000_000))

    def __init__(
        self, school: Services, zoom: FakeZoom, clock: Clock, teacher: Member, starts: list[int], happened: list[Held]
    ) -> None:
        self.school, self.clock, self.meeting = school, clock, str(next(self.numbers))
        self.deliveries = told(self.meeting, happened)
        clock.time = at(-DAY)
        more = {"zoom_meeting_id": self.meeting, "zoom_meeting_made": len(starts) == 1}
        self.classes = [lesson(school.engine, teacher, start=start, **more) for start in starts]
        for uuid, start, end, people in happened:
            records = [participant(name, join, leave, user_id=str(n)) for n, (name, join, leave) in enumerate(people)]
            zoom.hold(f"{self.meeting}-{uuid}", *records, meeting=self.meeting, start=start, end=end)
        clock.time = at(LONG_AFTER)

    def lives(self) -> list[Life]:
        """Status, start and end of the classes, as far as Zoom has told by itself."""
        return [life(self.school, class_id) for class_id in self.classes]

    def settle(self) -> list[Any]:
        """What is known of the classes once all that is to be fetched soon is fetched; then no more is."""
        reconcile.follow_time(self.school)
        reconcile.ask_for_forgotten(self.school)
        while (due := [moment for moment in map(self._due, self.classes) if moment]) and min(due) < at(LONG_AFTER + 30):
            self.clock.time = max(self.clock.time, min(due))
            fetching.fetch_due(self.school)
        with transaction(self.school.engine) as tx:
            for class_id in self.classes:
                storage.fetches.withdraw(tx, class_id)
        return [self._known(class_id) for class_id in self.classes]

    def _due(self, class_id: str) -> datetime | None:
        fetch = stored(self.school.engine, class_id).fetch
        return fetch.due_at if fetch else None

    def _known(self, class_id: str) -> tuple[Any, ...]:
        found = stored(self.school.engine, class_id)
        with reading(self.school.engine) as tx:
            attendance = class_attendance.attendance_of(tx, found, at(LONG_AFTER))
        records = [
            (stay.name, stay.join, stay.leave, stay.session_uuid.removeprefix(self.meeting))
            for stay in (attendance.stays if attendance else ())
        ]
        source = attendance and attendance.source
        return found.status, found.started_at, found.ended_at, found.participant_count, source, records


@settings(max_examples=10)
@given(held(), st.randoms())
def test_webhooks_and_fetches_in_any_order_end_as_one_after_another(
    school: Services, zoom: FakeZoom, clock: Clock, ana: Member, meeting: tuple[list[int], list[Held]], random: Random
) -> None:
    starts, happened = meeting
    orderly = Case(school, zoom, clock, ana, starts, happened)
    for delivery in orderly.deliveries:
        sessions.note_delivery(school, delivery)
    lives, expected = orderly.lives(), orderly.settle()

    mixed = Case(school, zoom, clock, ana, starts, happened)
    deliveries = [one for one in mixed.deliveries for _ in range(random.choice((1, 1, 2)))]
    random.shuffle(deliveries)
    for delivery in deliveries:
        sessions.note_delivery(school, delivery)
        if random.random() < 0.3:
            fetching.fetch_due(school)
    assert mixed.lives() == lives
    assert mixed.settle() == expected
