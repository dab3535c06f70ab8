"""Names that were kept for long enough go, what was counted stays, and nothing brings them back."""

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some
from sqlalchemy import Engine
from sqlmodel import select

from tests.erasure.zita import everything
from tests.fake_zoom import FakeZoom
from tests.lives import attendance, fetch_all, note
from tests.makers import (
    HELD,
    MEETING,
    PLANNED,
    Clock,
    at,
    ended,
    lesson,
    member,
    participant,
    seen,
    services,
    started,
    stay,
    stored,
)
from tracker import auth, class_attendance, decisions, doctor, fetching, privacy, reconcile, storage
from tracker.attendance.anonymous import data_without_names
from tracker.attendance.assignment import Choice
from tracker.attendance.counting import key_of, take_attendance
from tracker.attendance.stored_form import said_in_data, stays_from_data
from tracker.attendance.types import Attendance, ClassStatus, Mark, Said, Stay, Where
from tracker.errors import AlreadyFetched, InvalidInput, LeaseLost, NotFound
from tracker.services import Services
from tracker.storage.database import Transaction, reading, transaction
from tracker.storage.decisions import Decision
from tracker.storage.members import Member
from tracker.storage.models import AuditEntry

DAYS = 30
TRACES = (b"zita", b"x.example", b"zoom-of-", b"reg-", b"notetaker")


@pytest.fixture
def school(engine: Engine, clock: Clock) -> Services:
    return services(engine, clock, RETENTION_DAYS=str(DAYS))


def hold(school: Services, zoom: FakeZoom, clock: Clock, uuid: str, start: int, meeting: str = MEETING) -> None:
    """A session of an hour with the host, two devices of Zita that her teacher has joined, Bo, and a robot."""
    end = start + 60
    zoom.hold(
        uuid,
        participant("Ana", start, end, "ana@school.example", user_id="1", id="zoom-of-ana"),
        participant("Zita", start + 9, end, "zita@x.example", user_id="2", id="zoom-of-zita"),
        participant("Zita (iPad)", start, start + 30, user_id="3", registrant_id="reg-zita"),
        participant("Bo", start, end - 30, "bo@x.example", user_id="4"),
        participant("Bo", start, end - 30, "bo@x.example", user_id="5"),
        participant("Notetaker of Zita", start, end, user_id="6"),
        participant("", start, end, user_id="7", id="zoom-of-somebody"),
        participant("Cy", start, start + 4, user_id="8", status="in_waiting_room"),
        meeting=meeting,
        start=start,
        end=end,
    )
    note(school, started(uuid, start), seen("joined", "2", start + 9, "Zita", uuid, start), ended(uuid, start, end))


def say(school: Services, teacher: Member, class_id: str) -> None:
    """The teacher's words on them, for all her classes."""
    found, robot = stored(school.engine, class_id), ("name", "notetaker of zita")
    decisions.decide(school, teacher, found, Decision(("email", "zita@x.example"), ("name", "zita (ipad)"), True))
    with transaction(school.engine) as tx:
        storage.decisions.mark(tx, teacher.id, robot, Mark.SET_ASIDE, school.now())
        class_attendance.add_figures(tx, class_id, school.now())


def figures(school: Services, class_id: str) -> Any:
    """Everything that is counted of a class."""
    found = attendance(school, class_id)
    assert found is not None
    one = stored(school.engine, class_id)

    def told(people: Any) -> Any:
        return sorted((who.seconds, who.seconds_in_class, who.percent, who.status) for who in people)

    counts = (one.participant_count, one.people_shown, one.hosts_shown, found.unique_count, found.total_records)
    return counts, told(found.participants), told(found.hosts), told(found.set_aside), len(found.waiting), found.repeats


def test_names_become_numbers_every_figure_stays_and_nothing_brings_them_back(
    school: Services, zoom: FakeZoom, clock: Clock, ana: Member
) -> None:
    class_id = lesson(school.engine, ana)
    hold(school, zoom, clock, "s1", 0)
    fetch_all(school, clock, 3000)
    say(school, ana, class_id)
    before = figures(school, class_id)
    assert before[0] == (6, 3, 1, 6, 8)
    clock.time = at(60) + timedelta(days=DAYS, seconds=-1)
    assert privacy.remove_due(school) == 0
    clock.forward(seconds=1)
    assert [one.id for one in privacy.preview(school, auth.OPERATOR).due] == [class_id]
    assert (privacy.remove_due(school), privacy.remove_due(school)) == (1, 0)
    assert figures(school, class_id) == before
    found = attendance(school, class_id)
    assert found is not None
    assert {one.name for one in found.people} <= {f"Person {number}" for number in range(1, 8)}
    assert len({one.name for one in (*found.people, *found.set_aside)}) == 5
    rows = everything(school.engine).replace(b"ana@school.example", b"")
    assert [trace for trace in TRACES if trace in rows] == []
    with reading(school.engine) as tx:
        assert storage.decisions.list_decisions(tx, ana.id) == []
    # By hand, again by hand, by a program, out of the queue, by a decision, by another session, by a handing-over.
    one = stored(school.engine, class_id)
    for refused in (
        lambda: fetching.fetch_now(school, ana, class_id),
        lambda: fetching.try_again(school, ana, class_id),
        lambda: fetching.fetch_if_due(school, class_id),
        lambda: decisions.mark(school, ana, one, found.people[:1], Mark.HOST),
        lambda: class_attendance.choose_session(school, ana, one, Choice(class_id, "s1", False)),
        lambda: class_attendance.take_other_list(school, ana, one, "s1"),
    ):
        with pytest.raises(AlreadyFetched):
            refused()
    note(school, started("s2", 61), ended("s2", 61, 62))
    for chore in (reconcile.ask_for_forgotten, reconcile.follow_time, reconcile.mend_after_clock):
        chore(school)
    assert fetching.fetch_due(school) is None
    member(school.engine, "heir@school.example")
    auth.remove(school.engine, auth.OPERATOR, ana.email, "heir@school.example", school.now())
    reconcile.fill_in_figures(school)
    assert figures(school, class_id) == before


def test_records_go_and_their_count_stays(engine: Engine, zoom: FakeZoom, clock: Clock, ana: Member) -> None:
    school = services(engine, clock, RETENTION_DAYS=str(DAYS), RETENTION_ACTION="records")
    class_id = lesson(engine, ana)
    hold(school, zoom, clock, "s1", 0)
    fetch_all(school, clock, 3000)
    before = stored(engine, class_id).figures
    clock.forward(days=DAYS)
    assert privacy.remove_due(school) == 1
    assert (attendance(school, class_id), stored(engine, class_id).figures) == (None, before)
    assert b"person 1" not in everything(engine)
    with pytest.raises(AlreadyFetched):
        fetching.fetch_now(school, ana, class_id)
    with reading(engine) as tx:
        (entry,) = tx.exec(select(AuditEntry)).all()
        assert (entry.actor, entry.action, entry.class_id) == ("schedule", "records_removed", class_id)


def test_a_fetch_that_was_under_way_brings_no_name_back(
    school: Services, zoom: FakeZoom, clock: Clock, ana: Member
) -> None:
    class_id = lesson(school.engine, ana)
    hold(school, zoom, clock, "s1", 0)
    fetch_all(school, clock, 3000)
    before = figures(school, class_id)
    clock.forward(days=DAYS)

    def meanwhile(path: str) -> None:
        if path.endswith("/participants"):
            privacy.remove_due(school)

    zoom.meanwhile = meanwhile
    with pytest.raises(LeaseLost):
        fetching.fetch_now(school, ana, class_id)
    assert (figures(school, class_id), b"zita" in everything(school.engine)) == (before, False)


NAMES = some.sampled_from(["Ana", "ana ", "Bo", "", "Otter.ai", "Person 1"])
STAYS = some.builds(
    stay,
    NAMES,
    some.integers(-10, 30),
    some.integers(31, 70),
    some.sampled_from(["", "a@x.example", "A@x.example ", "b@x.example"]),
    where=some.sampled_from(Where),
    zoom_user_id=some.sampled_from(["", "z1"]),
    session_uuid=some.just("s1"),
)
KEYS = some.sampled_from([("name", "ana"), ("name", "bo"), ("email", "a@x.example"), ("email", "b@x.example")])


@given(
    some.lists(STAYS, max_size=10),
    some.lists(some.tuples(KEYS, KEYS), max_size=3),
    some.dictionaries(KEYS, some.sampled_from(Mark), max_size=3),
)
def test_whatever_a_teacher_has_said_every_figure_stays_without_names(
    stays: list[Stay], same: list[Any], marks: dict[Any, Mark]
) -> None:
    before = take_attendance(stays, HELD, PLANNED, said=Said(tuple(same), marks), hosts={"b@x.example"})
    data = json.loads(json.dumps(data_without_names(before, before.unique_count)))
    after = take_attendance(stays_from_data(data), HELD, PLANNED, said=said_in_data(data) or Said())

    def told(found: Attendance) -> Any:
        groups = (found.participants, found.hosts, found.set_aside)
        people = [sorted((one.seconds, one.percent, one.status) for one in group) for group in groups]
        return found.unique_count, found.total_records, len(found.waiting), people

    assert told(after) == told(before)
    assert not {"a@x.example", "b@x.example", "Ana", "Bo", "z1"} & set(re.findall(r'"([^"]*)"', json.dumps(data)))


@pytest.mark.database("sqlite")
def test_nothing_of_the_names_is_left_in_the_file_after_a_while(
    school: Services, zoom: FakeZoom, clock: Clock, ana: Member, tmp_path: Path
) -> None:
    lesson(school.engine, ana)
    hold(school, zoom, clock, "s1", 0)
    fetch_all(school, clock, 3000)
    clock.forward(days=DAYS)
    assert privacy.remove_due(school) == 1
    school.engine.dispose()  # the newest pages go into the file as the last connection closes
    (file,) = tmp_path.glob("*.sqlite3*")
    assert b"zita" not in file.read_bytes().lower()


def test_a_session_that_another_class_still_needs_keeps_its_list(
    school: Services, zoom: FakeZoom, clock: Clock, ana: Member
) -> None:
    first = lesson(school.engine, ana, course="Short", zoom_meeting_made=False)
    second = lesson(school.engine, ana, start=60, zoom_meeting_made=False)
    privacy.set_course_days(school, auth.OPERATOR, ana.email, "Short", 7)
    hold(school, zoom, clock, "s1", 0)
    zoom.records["s1"].append(participant("Desdemona", 55, 118, user_id="9"))
    zoom.sessions["s1"] = (MEETING, 0, 120)
    note(school, ended("s1", 0, 120))
    fetch_all(school, clock, 3000)
    before = figures(school, first), figures(school, second)
    clock.time = at(120) + timedelta(days=8)
    assert privacy.remove_due(school) == 1
    assert (figures(school, first), figures(school, second)) == before
    assert "Desdemona" in {one.name for one in attendance(school, second).people}  # type: ignore[union-attr]
    # The other one is read again, and the list of the session with it.
    fetching.fetch_now(school, ana, second)
    assert (figures(school, first), figures(school, second)) == before
    assert "Desdemona" not in {one.name for one in attendance(school, first).people}  # type: ignore[union-attr]
    clock.time = at(120) + timedelta(days=DAYS)
    assert privacy.remove_due(school) == 1
    assert (figures(school, first), figures(school, second)) == before
    assert b"desdemona" not in everything(school.engine)


def test_who_was_only_seen_live_is_kept_without_a_name(
    school: Services, zoom: FakeZoom, clock: Clock, ana: Member
) -> None:
    class_id = lesson(school.engine, ana)
    note(school, started("s1"), seen("joined", "2", 9, "Zita", "s1"), ended("s1", 0, 60))
    clock.time = at(60) + timedelta(days=DAYS)
    assert privacy.remove_due(school) == 1
    found = attendance(school, class_id)
    assert found is not None
    assert [(one.name, one.seconds) for one in found.people] == [("Person 1", 51 * 60)]
    assert (stored(school.engine, class_id).participant_count, b"zita" in everything(school.engine)) == (1, False)


def test_a_class_that_nobody_held_can_still_be_moved_and_who_was_seen_in_no_class_goes(
    school: Services, zoom: FakeZoom, clock: Clock, ana: Member
) -> None:
    class_id = lesson(school.engine, ana)
    note(school, started("s1", -600), seen("joined", "2", -600, "Zita", "s1", -600), ended("s1", -600, -590))
    clock.time = at(60) + timedelta(days=DAYS)
    assert (privacy.remove_due(school), stored(school.engine, class_id).names_removed_at) == (0, None)
    privacy.forget_unneeded(services(school.engine, clock))
    assert seen_live(school, class_id) == 1
    privacy.forget_unneeded(school)
    assert seen_live(school, class_id) == 0


def test_the_list_of_a_session_that_no_class_has_goes_after_the_days_and_what_was_said_of_its_people(
    school: Services, zoom: FakeZoom, clock: Clock, ana: Member
) -> None:
    class_id = lesson(school.engine, ana)
    hold(school, zoom, clock, "s1", -6000)
    class_attendance.choose_session(school, ana, stored(school.engine, class_id), Choice(class_id, "s1", counts=True))
    fetch_all(school, clock, 3000)
    say(school, ana, class_id)
    class_attendance.undo_session_choice(school, ana, stored(school.engine, class_id), "s1")
    assert stored(school.engine, class_id).participant_count is None
    clock.time = at(-5940) + timedelta(days=DAYS, seconds=-1)
    privacy.forget_unneeded(school)
    assert b"zita" in everything(school.engine)
    clock.forward(days=1)
    privacy.remove_due(school)
    privacy.forget_unneeded(services(school.engine, clock))
    assert b"zita" in everything(school.engine)
    privacy.forget_unneeded(school)
    rows = everything(school.engine).replace(b"ana@school.example", b"")
    assert [trace for trace in TRACES if trace in rows] == []


def test_what_a_teacher_has_said_of_people_of_today_stays_and_her_classes_are_looked_through_once(
    school: Services, zoom: FakeZoom, clock: Clock, ana: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    class_id, day = lesson(school.engine, ana, zoom_meeting_made=False), DAYS * 24 * 60
    hold(school, zoom, clock, "s1", 0)
    fetch_all(school, clock, 3000)
    say(school, ana, class_id)
    for start in (day, day + 120):
        lesson(school.engine, ana, start=start, zoom_meeting_made=False)
    clock.time = at(day + 130)
    note(school, started("s2", day), ended("s2", day, day + 60), started("s3", day + 120))
    note(school, seen("joined", "2", day + 121, "Robot", "s3", day + 120))
    with transaction(school.engine) as tx:
        listed = (stay("Listed", day, day + 60), stay("", day, day + 60, zoom_user_id="z1"))
        storage.session_records.save_list(tx, MEETING, "s2", listed, complete=True, now=school.now())
        of_today = {("name", "robot"), ("name", "listed"), key_of(listed[1])}
        for key in of_today:
            storage.decisions.mark(tx, ana.id, key, Mark.SET_ASIDE, school.now())
    looked, look = list[str](), storage.participants.classes_with_people

    def through(tx: Transaction, teacher_id: str) -> Any:
        looked.append(teacher_id)
        return look(tx, teacher_id)

    monkeypatch.setattr(storage.participants, "classes_with_people", through)
    assert privacy.remove_due(school) == 1
    with reading(school.engine) as tx:
        assert storage.decisions.list_marks(tx, ana.id).keys() == of_today
        assert storage.decisions.list_decisions(tx, ana.id) == []
    assert looked == [ana.id]


def test_days_are_set_by_the_setting_and_by_the_course(
    engine: Engine, school: Services, clock: Clock, ana: Member
) -> None:
    for course in ("", "Short", "Kept"):
        held = lesson(engine, ana, title=course or "Usual", **({"course": course} if course else {}))
        with transaction(engine) as tx:
            storage.classes.set_life(tx, held, ClassStatus.ENDED, at(0), at(60))
    for course, days in (("Short", 3), ("Kept", 0)):
        privacy.set_course_days(school, auth.OPERATOR, ana.email, course, days)
    off = services(engine, clock)
    clock.time = at(60) + timedelta(days=2)
    shown = privacy.preview(school, auth.OPERATOR)
    assert shown.next_class is not None
    assert (shown.due, shown.next_class.title, shown.next_at) == ((), "Short", at(60) + timedelta(days=3))
    clock.time = at(60) + timedelta(days=10_000)
    assert [one.title for one in privacy.preview(off, auth.OPERATOR).due] == ["Short"]
    assert sorted(one.title for one in privacy.preview(school, auth.OPERATOR).due) == ["Short", "Usual"]
    privacy.set_course_days(school, auth.OPERATOR, ana.email, "Short", None)
    assert (privacy.remove_due(off), privacy.preview(off, auth.OPERATOR).is_on) == (0, False)
    (check,) = [one for one in doctor.examine(off) if one.code == "retention"]
    assert (check.ok, check.problem.code) == (True, "retention_off")
    with pytest.raises(InvalidInput):
        privacy.set_course_days(school, auth.OPERATOR, ana.email, "Short", 40_000)
    with pytest.raises(NotFound):
        privacy.set_course_days(school, auth.OPERATOR, ana.email, "None", 1)


@pytest.mark.parametrize(
    ("hers", "his", "left"),
    [
        (30, 365, 30),
        (365, 30, 30),
        (30, None, 30),
        (None, 30, 30),
        (0, 30, 30),
        (30, 0, 30),
        (0, None, None),
        (0, 0, 0),
    ],
)
@pytest.mark.database("sqlite")
def test_a_course_that_takes_another_one_in_keeps_names_for_the_fewer_days_of_both(
    engine: Engine, ana: Member, hers: int | None, his: int | None, left: int | None
) -> None:
    ben = member(engine, "ben@school.example")
    for teacher, days in ((ana, hers), (ben, his)):
        lesson(engine, teacher, course="Latin")
        with transaction(engine) as tx:
            storage.retention.set_course_days(tx, teacher.id, "Latin", days)
    auth.hand_over(engine, auth.OPERATOR, ana.email, ben.email, at(0))
    with reading(engine) as tx:
        assert [course.days for course in storage.retention.list_course_days(tx)] == [left]


def seen_live(school: Services, class_id: str) -> int:
    with reading(school.engine) as tx:
        return class_attendance.count_sightings(tx, storage.classes.get_class(tx, class_id))


@pytest.mark.parametrize(
    ("more_seen", "shorter", "left"), [(False, False, 0), (True, False, 10), (False, True, 1)], ids=str
)
def test_what_was_seen_live_goes_once_the_list_is_final_and_has_everybody(
    engine: Engine, zoom: FakeZoom, clock: Clock, ana: Member, more_seen: bool, shorter: bool, left: int
) -> None:
    school = services(engine, clock)
    class_id = lesson(engine, ana)
    hold(school, zoom, clock, "s1", 0)
    for number in range(9 if more_seen else 0):
        note(school, seen("joined", f"1{number}", 5, f"Guest {number}", "s1", 0))
    fetch_all(school, clock, 80)
    privacy.forget_unneeded(school)
    assert seen_live(school, class_id) > 0  # the list is not final yet
    if shorter:
        zoom.records["s1"] = zoom.records["s1"][:3]
    fetch_all(school, clock, 3000)
    before = figures(school, class_id)
    assert privacy.forget_unneeded(school) == ""
    assert (seen_live(school, class_id), figures(school, class_id)) == (left, before)
