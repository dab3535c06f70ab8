"""What a class of 30 people takes in the database, on SQLite and PostgreSQL: bytes a class, by table, indexes included.

    .venv/bin/python -m tests.bench.size_of_classes

Everybody has a name and an e-mail address, and six of them drop out once and come again. Webhooks tell of the classes,
and they are fetched until Zoom's list is final. `webhooks` are kept for 30 days, and `seen live` until that list is
final.
"""

import sqlite3
import tempfile
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

import psycopg
from responses import RequestsMock

from tests.fake_zoom import FakeZoom
from tests.lives import note
from tests.makers import Clock, at, ended, event_body, lesson, member, participant, services, started
from tests.postgres import postgres_server
from tracker import fetching, privacy
from tracker.clock import to_zoom
from tracker.services import Services
from tracker.storage.database import make_engine
from tracker.storage.members import Member
from tracker.storage.schema import migrate
from tracker.zoom.webhook import parse

CLASSES, PEOPLE, COME_AGAIN = 100, 30, 6
NAMES = {"WebhookDelivery": "webhooks", "ParticipantEvent": "seen live"}


def hold(school: Services, teacher: Member, zoom: FakeZoom, number: int) -> None:
    """A class of an hour: everybody comes and goes, and some come again."""
    meeting, uuid = str(85_000_000_000 + number), f"{number:022}=="
    lesson(school.engine, teacher, f"Algebra 7B, lesson {number}", zoom_meeting_id=meeting)
    stays = [(person, 1.0, 58.0) for person in range(COME_AGAIN, PEOPLE)]
    stays += [(person, *times) for person in range(COME_AGAIN) for times in ((1.0, 30.0), (31.0, 58.0))]
    records = []
    for joining, (person, start, end) in enumerate(stays):
        name, mail = f"Firstname Lastname {person}", f"firstname.lastname{person}@students.school.example"
        ids = {"user_id": str(16_778_240 + joining), "id": f"zoom-user-of-{person:09}"}
        for what, moment, minute in (("joined", "join_time", start), ("left", "leave_time", end)):
            told = ids | {"user_name": name, "email": mail, moment: to_zoom(at(minute))}
            note(school, parse(event_body(f"meeting.participant_{what}", meeting, uuid, participant=told)))
        records.append(participant(name, start, end, mail, **ids))
    note(school, started(uuid, 0, meeting), ended(uuid, 0, 60, meeting))
    zoom.hold(uuid, *records, meeting=meeting)


def sizes_on_sqlite(path: Path) -> dict[str, int]:
    """Bytes of each table and index, under the table's name."""
    with closing(sqlite3.connect(path)) as connection:
        pages = connection.execute(
            "SELECT m.tbl_name, SUM(s.pgsize) FROM dbstat s JOIN sqlite_master m ON m.name = s.name GROUP BY m.tbl_name"
        )
        return dict(pages)


def sizes_on_postgresql(url: str) -> dict[str, int]:
    """The same, with what is kept beside a table because it is long."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM")
        rows = connection.execute("SELECT relname, pg_total_relation_size(relid) FROM pg_stat_user_tables").fetchall()
        return dict(rows)


def measure(kind: str, url: str, sizes: Callable[[], dict[str, int]]) -> None:
    """Holds the classes, and prints what they take before and after the list is final."""
    engine, clock = make_engine(url), Clock()
    migrate(engine)
    school = services(engine, clock)
    teacher = member(engine)
    empty = sizes()
    with RequestsMock(assert_all_requests_are_fired=False) as http:
        zoom = FakeZoom(http)
        for number in range(CLASSES):
            hold(school, teacher, zoom, number)
        show(f"{kind}, when the classes are over", sizes(), empty)
        for minute in (75, 125):  # Zoom's list is read ten minutes and an hour after the end, and is final then
            clock.time = at(minute)
            while fetching.fetch_due(school):
                pass
    after = privacy.forget_unneeded(school)
    while after:
        after = privacy.forget_unneeded(school, after)
    show(f"{kind}, when Zoom's lists are final", sizes(), empty)
    engine.dispose()


def show(when: str, found: Mapping[str, int], empty: Mapping[str, int]) -> None:
    """Bytes a class, the largest first."""
    each = {name: (size - empty.get(name, 0)) / CLASSES for name, size in found.items()}
    print(f"{when}: {sum(each.values()):,.0f} bytes a class")
    for name, size in sorted(each.items(), key=lambda one: -one[1]):
        if size >= 1:
            print(f"    {NAMES.get(name, name):<24} {size:9,.0f}")


def main() -> None:
    with tempfile.TemporaryDirectory() as name, postgres_server() as postgres_url:
        path = Path(name) / "size.sqlite3"
        measure("SQLite", f"sqlite:///{path}", lambda: sizes_on_sqlite(path))
        measure("PostgreSQL", postgres_url, lambda: sizes_on_postgresql(postgres_url))


if __name__ == "__main__":
    main()
