"""What another program wrote into the database and nobody understands: a sentence, and everything else as usual."""

import csv
import io
import json
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, text
from sqlmodel import col, update

from tests.fake_zoom import FakeZoom
from tests.makers import NOW, Clock, at, ended, lesson, services, stored
from tests.practice_school import CommandLine
from tests.screens import Screens, links, metric, said, tables
from tracker import fetching, sessions
from tracker.attendance.types import ClassStatus, FetchState
from tracker.storage.database import make_engine, transaction
from tracker.storage.members import Member
from tracker.storage.models import LiveStream
from tracker.ui import page

pytestmark = [pytest.mark.slow, pytest.mark.database("sqlite")]

UNREADABLE = "The stored participants of this class cannot be read; fetch them again."
NO_LISTS = ["{", "null", "[]", "7", '"text"', "{}", '{"participants": 3}', '{"participants": [null]}', "[" * 100_000]
FIRST, LAST = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, tzinfo=UTC)
ENDED = {"status": "ended", "started_at": at(0), "ended_at": at(60), "participants_fetched_at": at(70)}


def write(engine: Engine, class_id: str, **values: object) -> None:
    with transaction(engine) as tx:
        tx.exec(update(LiveStream).where(col(LiveStream.id) == class_id).values(**values))


@pytest.mark.parametrize("data", NO_LISTS, ids=lambda data: data[:20])
def test_a_list_that_cannot_be_read_is_a_sentence_and_can_be_fetched_again(
    screens: Screens, engine: Engine, ana: Member, data: str
) -> None:
    class_id = lesson(engine, ana)
    write(engine, class_id, participants_data=data, participant_count=5, **ENDED)
    screens.clock.time = at(80)
    screens.sign_in(ana)
    shown = screens.open(page.CLASS, id=class_id)
    assert not shown.exception
    assert UNREADABLE in said(shown)
    assert [button.disabled for button in shown.button if button.label == "Fetch participants now"] == [False]
    for name in (page.TODAY, page.CLASSES):
        assert links(screens.open(name)) == ["Algebra 7B"]


@pytest.mark.parametrize(
    ("entry", "name", "minutes"),
    [
        ({}, "No name", 0),
        ({"name": None, "email": 7, "joinTime": 3, "leaveTime": "noon", "duration": "long"}, "No name", 0),
        ({"name": "Ana", "duration": 10**400, "joinTime": "9999-12-31T23:59:59Z", "status": "new"}, "Ana", 0),
        ({"name": ["Ana"], "joinTime": "2026-05-14T12:00:00Z", "duration": "600"}, "No name", 10),
        ({"name": "A\0na \ud800", "userId": {}, "sessionUuid": []}, "Ana ?", 0),
    ],
)
def test_an_entry_that_is_odd_is_still_an_entry(
    screens: Screens, engine: Engine, ana: Member, entry: dict[str, object], name: str, minutes: float
) -> None:
    class_id = lesson(engine, ana)
    data = json.dumps({"participants": [entry], "repeats": "many", "source": ["nobody"]})
    write(engine, class_id, participants_data=data, participant_count=1, **ENDED)
    screens.sign_in(ana)
    shown = screens.open(page.CLASS, id=class_id)
    assert not shown.exception
    assert metric(shown, "People") == "1"
    (row,) = csv.DictReader(io.StringIO(screens.download(shown, "CSV of people")[1].decode("utf-8-sig")))
    assert (row["Name"], float(row["Minutes present"])) == (name, minutes)
    assert [one["Name"] for one in tables(shown)["People"]] == [name]


def test_a_list_that_cannot_be_read_does_not_stand_in_the_way_of_what_was_seen(
    engine: Engine, ana: Member, zoom: FakeZoom, clock: Clock
) -> None:
    school = services(engine, clock)
    class_id = lesson(engine, ana)
    sessions.note_delivery(school, ended())
    write(engine, class_id, participants_data="{")
    zoom.list_faults.append((400, {"code": 12702, "message": "too old"}))
    clock.time = at(80)
    assert fetching.fetch_due(school)
    fetch = stored(engine, class_id).fetch
    assert fetch is not None
    assert (fetch.stored_state, fetch.due_at) == (FetchState.FAILED, None)


@pytest.mark.parametrize(
    ("times", "status"),
    [
        ({}, ClassStatus.SCHEDULED),
        ({"started_at": NOW}, ClassStatus.LIVE),
        ({"started_at": NOW, "ended_at": at(60)}, ClassStatus.ENDED),
    ],
)
def test_a_status_that_nobody_knows_is_what_the_times_say(
    engine: Engine, ana: Member, times: dict[str, object], status: ClassStatus
) -> None:
    class_id = lesson(engine, ana)
    write(engine, class_id, status="Archived", **times)
    assert stored(engine, class_id).status is status


@pytest.mark.parametrize(
    "values",
    [
        {"duration_minutes": 2**31 - 1, "scheduled_start": NOW.replace(year=9000)},
        {"duration_minutes": -5},
        {"scheduled_start": FIRST, "timezone": "America/New_York"},
        {"scheduled_start": LAST, "started_at": FIRST, "timezone": "Asia/Tokyo"},
        {"status": "ended", "started_at": FIRST, "ended_at": LAST, "participants_fetched_at": LAST},
        {"title": "x" * 10_000, "timezone": "", "zoom_meeting_id": None, "zoom_join_url": "", "participant_count": -1},
        {"status": "ended", "ended_at": None, "participants_fetched_at": None},
        {"status": "live", "started_at": None, "ended_at": at(60)},
    ],
    ids=str,
)
def test_numbers_and_times_that_make_no_sense_break_no_page(
    screens: Screens, engine: Engine, ana: Member, values: dict[str, object]
) -> None:
    class_id = lesson(engine, ana)
    write(engine, class_id, **values)
    screens.sign_in(ana)
    screens.zone = "America/New_York"
    lists: tuple[tuple[str, dict[str, str]], ...] = (
        (page.TODAY, {}),
        (page.CLASSES, {}),
        (page.CLASSES, {"attention": "true"}),
        (page.CLASSES, {"q": "a"}),
    )
    for name, query in (*lists, (page.CLASS, {"id": class_id})):
        assert not screens.open(name, **query).exception


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("title", b"\0\xff"),
        ("durationMinutes", "an hour"),
        ("durationMinutes", 10**18),
        ("peopleShown", "many"),
        ("lateShown", "many"),
    ],
)
def test_a_row_of_nonsense_takes_no_list_down(
    screens: Screens, engine: Engine, ana: Member, column: str, value: object
) -> None:
    odd, _other = lesson(engine, ana), lesson(engine, ana, "Biology")
    write(engine, odd, participant_count=3, people_shown=3, figures_of_count=3, late_shown=1, **ENDED)
    with transaction(engine) as tx:
        tx.connection().execute(
            text(f'UPDATE "LiveStream" SET "{column}" = :value WHERE id = :id'), {"value": value, "id": odd}
        )
    screens.sign_in(ana)
    for name, query in ((page.TODAY, {}), (page.CLASSES, {}), (page.CLASSES, {"attention": "true"})):
        shown = screens.open(name, **query)
        assert not shown.exception
        if not query:
            assert "Biology" in links(shown)
        assert len(shown.warning) <= 1


def test_a_webhook_finds_its_class_beside_one_that_makes_no_sense(engine: Engine, ana: Member, clock: Clock) -> None:
    class_id = lesson(engine, ana)
    other = lesson(engine, ana, "Biology", start=7 * 24 * 60)
    write(engine, other, status="Archived", duration_minutes=2**31 - 1, scheduled_start=LAST)
    assert sessions.note_delivery(services(engine, clock), ended()) == "noted"
    assert stored(engine, class_id).status is ClassStatus.ENDED


@pytest.mark.database("sqlite", "postgresql")
def test_the_commands_say_so_too(tracker: CommandLine, database_url: str) -> None:
    tracker.add_teacher()
    class_id = tracker.create()["id"]
    engine = make_engine(database_url)
    write(engine, class_id, participants_data="{", status="Archived", duration_minutes=2**31 - 1)
    engine.dispose()
    assert tracker.refused("export", class_id) == UNREADABLE
    assert tracker.refused("class", "show", class_id) == UNREADABLE
    assert [one["id"] for one in tracker.done("class", "list", "--json").json] == [class_id]
