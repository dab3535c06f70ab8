"""Classes are held and fetched, and what became of them is read from the database."""

from datetime import datetime

from tests.fake_zoom import FakeZoom
from tests.makers import MEETING, Clock, at, ended, participant, started, stored
from tracker import class_attendance, fetching, storage
from tracker.attendance.types import Attendance, ClassStatus, Session
from tracker.services import Services
from tracker.sessions import note_delivery, part_of
from tracker.storage.classes import FetchProgress
from tracker.storage.database import reading
from tracker.zoom.webhook import Delivery

Life = tuple[ClassStatus, datetime | None, datetime | None]


def hold(school: Services, zoom: FakeZoom, uuid: str, start: float, end: float, **people: tuple[float, float]) -> None:
    """A session with these people, announced by its end."""
    there = [participant(name, *times) for name, times in people.items()]
    zoom.hold(uuid, *there, meeting=MEETING, start=start, end=end)
    note(school, started(uuid, start), ended(uuid, start, end))


def fetch_all(school: Services, clock: Clock, minute: float) -> None:
    """Everything that is due by this minute is fetched."""
    clock.time = at(minute)
    while fetching.fetch_due(school):
        pass


def note(school: Services, *deliveries: Delivery) -> list[str]:
    """Takes these webhooks in; what became of each."""
    return [note_delivery(school, delivery) for delivery in deliveries]


def life(school: Services, class_id: str) -> Life:
    """Status, start and end of the class."""
    found = stored(school.engine, class_id)
    return found.status, found.started_at, found.ended_at


def due(school: Services, class_id: str) -> datetime | None:
    """When its participants are fetched; None while nothing is planned."""
    fetch = stored(school.engine, class_id).fetch
    return fetch.due_at if fetch else None


def progress(school: Services, class_id: str) -> FetchProgress:
    """How far the fetch of its participants is."""
    found = stored(school.engine, class_id).fetch
    assert found is not None
    return found


def sessions(school: Services, class_id: str) -> list[Session]:
    """The sessions that are the class."""
    with reading(school.engine) as tx:
        part = part_of(tx, storage.classes.get_class(tx, class_id), at(10_000))
        return [one.session for one in part.counted]


def attendance(school: Services, class_id: str) -> Attendance | None:
    """Its attendance from what is stored."""
    with reading(school.engine) as tx:
        return class_attendance.attendance_of(tx, storage.classes.get_class(tx, class_id), at(10_000))


def try_until_given_up(school: Services, clock: Clock, class_id: str) -> None:
    """Works on the class's fetch whenever it is due, until nothing is planned any more."""
    while (again := due(school, class_id)) is not None:
        clock.time = max(again, clock.time)
        assert fetching.fetch_due(school)
