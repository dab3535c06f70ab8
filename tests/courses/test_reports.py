"""Reports of earlier classes in the database: what comes of them, who may, and that nothing else touches them."""

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, time
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from tests.courses.reports import EMAIL, MINUTES, REPORT, bring, only_id, people
from tests.fake_zoom import FakeZoom
from tests.lives import attendance
from tests.makers import NOW, Clock, ended, entries, lesson, shared, started, stored
from tests.matrix.cast import dump
from tests.reports.files import BERLIN, BLOCK, PLAIN
from tests.reports.test_shapes import SHAPES
from tests.test_house import PROJECT
from tracker import auth, class_attendance, courses, decisions, fetching, listing, reconcile, sessions, storage
from tracker import clock as times
from tracker.attendance.types import ClassStatus, Mark, Source
from tracker.courses import OwnTime
from tracker.errors import InvalidInput, NoMeeting, NotAllowed, NotFound
from tracker.messages import sentence_of
from tracker.reports import read_report
from tracker.services import Services
from tracker.storage.database import reading
from tracker.storage.members import Member

# What comes of a report


def test_a_report_makes_a_class_that_is_over_and_counted(school: Services, ana: Member) -> None:
    made = bring(school)
    found = stored(school.engine, only_id(made))
    assert (made.course, made.new, made.problems) == ("Algebra", 1, ())
    (one,) = made.classes
    assert (one.title, one.scheduled_start, one.duration_minutes, one.participant_count, one.known) == (
        "Algebra 7B",
        datetime(2026, 5, 7, 8, tzinfo=UTC),
        61,
        3,
        False,
    )
    assert (found.title, found.status, found.course, found.timezone) == (
        "Algebra 7B",
        ClassStatus.ENDED,
        "Algebra",
        "Europe/Berlin",
    )
    held = (datetime(2026, 5, 7, 8, tzinfo=UTC), datetime(2026, 5, 7, 9, 0, 30, tzinfo=UTC))
    assert (found.scheduled_start, found.started_at, found.ended_at) == (held[0], *held)
    assert (found.zoom_meeting_id, found.zoom_join_url, found.fetch) == (None, None, None)
    assert (found.participant_count, found.figures, found.late) == (3, (2, 1), 0)
    assert found.participants_fetched_at == NOW
    assert people(school, found.id) == [
        ("Ana", 3630, 100, "present", "host"),
        ("Bo", 3330, 92, "present", "participant"),
        ("Cy", 1440, 40, "partly", "participant"),
    ]
    shown = attendance(school, found.id)
    assert shown is not None
    assert (shown.source, shown.total_records, len(shown.waiting)) == (Source.REPORT, 5, 1)


def test_minutes_alone_are_minutes_and_nobody_is_late(school: Services, ana: Member) -> None:
    made = bring(school, MINUTES)
    assert [problem.code for problem in made.problems] == ["report_without_times"]
    assert people(school, only_id(made)) == [
        ("Bo", 3600, 100, "present", "participant"),
        ("Cy", 1800, 50, "present", "participant"),
    ]
    with reading(school.engine) as tx:
        data = storage.participants.get_participants_data(tx, only_id(made))
    assert data is not None
    assert data["source"] == "report"
    assert [(one["joinTime"], one["leaveTime"], one["duration"]) for one in data["participants"]] == [
        (None, None, 3660),
        (None, None, 1800),
    ]


def test_a_meeting_without_a_title_is_called_like_its_course(school: Services, ana: Member) -> None:
    made = bring(school, PLAIN + "Bo,,2026-05-07 10:00:00,2026-05-07 10:00:00,0,No,No,\n", "  Algebra  ")
    assert [(one.title, one.duration_minutes, one.participant_count) for one in made.classes] == [("Algebra", 1, 1)]
    assert people(school, only_id(made)) == [("Bo", 0, None, "present", "participant")]


def test_what_strangers_wrote_is_cleaned(school: Services, ana: Member) -> None:
    name = "\u202e<b>Bo</b>\u200b" + "x" * 300
    made = bring(
        school,
        f"{BLOCK}812,{'T' * 300}\u202e,2026-05-07 10:00:00,2026-05-07 11:00:00,,60,1\n\n{PLAIN}"
        f'"{name}",,2026-05-07 10:00:00,2026-05-07 11:00:00,60,No,No,\n'
        ",,2026-05-07 10:00:00,2026-05-07 11:00:00,60,No,No,\n,,2026-05-07 10:00:00,2026-05-07 11:00:00,60,No,No,\n",
    )
    assert made.classes[0].title == "T" * 199 + "…"
    found = people(school, only_id(made))
    # Two without a name who came and went together are two.
    assert [name for name, *_ in found] == ["", "", "<b>Bo</b>" + "x" * 110 + "…"]
    assert made.classes[0].participant_count == 3


def test_several_meetings_become_several_classes(school: Services, ana: Member) -> None:
    made = bring(school, SHAPES["several meetings, one below the other"][0].replace("-05-21", "-05-13"))
    assert [(one.title, f"{one.scheduled_start:%m-%d %H:%M}") for one in made.classes] == [
        ("Second", "05-13 08:00"),
        ("First", "05-14 08:00"),
    ]
    assert len({one.id for one in made.classes}) == 2


def test_what_is_shown_before_is_what_comes_of_it_and_nothing_is_changed(school: Services, ana: Member) -> None:
    for content in (REPORT, MINUTES, SHAPES["odd lines"][0], REPORT):
        before = dump(school.engine)
        shown = bring(school, content, dry_run=True)
        assert dump(school.engine) == before
        made = bring(school, content)
        assert [one.known for one in shown.classes] == [one.known for one in made.classes]
        assert [(one.title, one.scheduled_start, one.participant_count) for one in shown.classes] == [
            (one.title, one.scheduled_start, one.participant_count) for one in made.classes
        ]
        assert all((one.id is not None) is one.known for one in shown.classes)
        assert shown.problems == made.problems


# The same again


def test_the_same_report_twice_changes_nothing_however_it_is_written(school: Services, ana: Member) -> None:
    first = only_id(bring(school))
    before = dump(school.engine)
    for content in (REPORT, REPORT.replace("\n", "\r\n"), REPORT.replace(",", ";"), "\ufeff" + REPORT):
        again = bring(school, content)
        assert ([(one.id, one.known) for one in again.classes], again.new) == ([(first, True)], 0)
    read = read_report(REPORT.encode("utf-16"), times.zone("America/New_York"), NOW)
    assert only_id(courses.import_report(school, auth.OPERATOR, EMAIL, "Algebra", read)) == first
    assert dump(school.engine) == before


def test_another_course_and_another_teacher_have_it_of_their_own(school: Services, ana: Member, eva: Member) -> None:
    made = [bring(school), bring(school, course="Latin"), bring(school, teacher=eva.email)]
    assert len({only_id(one) for one in made}) == 3
    assert [one.new for one in made] == [1, 1, 1]


def test_a_file_with_one_that_is_known_and_one_that_is_new_adds_the_new_one(school: Services, ana: Member) -> None:
    first = only_id(bring(school))
    made = bring(school, f"{REPORT}\n{MINUTES}")
    assert [(one.title, one.known) for one in made.classes] == [("Algebra 7B", True), ("Latin", False)]
    assert (made.classes[0].id, made.new) == (first, 1)


def test_a_class_that_the_course_has_at_this_time_already_is_named(school: Services, ana: Member) -> None:
    lesson(school.engine, ana, "The one of Zoom", -7 * 24 * 60 - 200, course="Algebra")
    lesson(school.engine, ana, "Of another course", -7 * 24 * 60 - 200, course="Latin")
    for dry_run in (True, False):
        made = bring(school, dry_run=dry_run)
        assert [(one.line, sentence_of(one.problem)) for one in made.problems] == [
            (5, "At this time the course has the class “The one of Zoom” already. Both are kept.")
        ]
    assert bring(school).problems == ()


def test_two_imports_at_once_double_nothing(school: Services, ana: Member) -> None:
    start = Barrier(4)

    def work(_number: int) -> int:
        start.wait(timeout=60)
        return bring(school).new

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(work, range(4))) == [0, 0, 0, 1]


# All or nothing


def test_a_class_that_is_still_to_come_is_refused_and_nothing_has_changed(school: Services, ana: Member) -> None:
    before = dump(school.engine)
    for dry_run in (True, False):
        with pytest.raises(InvalidInput, match="still to come"):
            bring(school, f"{REPORT}\n{REPORT.replace('2026-05-07', '2026-05-15')}", dry_run=dry_run)
    assert dump(school.engine) == before


@pytest.mark.parametrize(("course", "code"), [(" \u200b ", "course_unnamed"), ("x" * 201, "course_name_too_long")])
def test_a_course_needs_a_name(school: Services, ana: Member, course: str, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        bring(school, course=course)
    assert refused.value.problem.code == code


def test_an_import_that_breaks_off_leaves_nothing(
    school: Services, ana: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    save, before = storage.participants.save_attendance, dump(school.engine)

    def broken(*arguments: Any) -> None:
        save(*arguments)
        if arguments[2].unique_count == 2:  # the second class
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(storage.participants, "save_attendance", broken)
        with pytest.raises(KeyboardInterrupt):
            bring(school, f"{REPORT}\n{MINUTES}")
    assert dump(school.engine) == before
    assert bring(school, f"{REPORT}\n{MINUTES}").new == 2


KILLED = """
import os, signal, sys
from tracker import cli, storage

save, saved = storage.participants.save_attendance, []
def killed(*arguments):
    save(*arguments)
    saved.append(1)
    if len(saved) == 2:
        os.kill(os.getpid(), signal.SIGKILL)

storage.participants.save_attendance = killed
cli.main(["report", "import", "Algebra", sys.argv[1], "--teacher", "ana@school.example"])
"""


@pytest.mark.slow
def test_a_process_that_is_killed_in_the_middle_leaves_nothing(
    school: Services, ana: Member, database_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "report.csv"
    file.write_text(f"{REPORT}\n{MINUTES}")
    before = dump(school.engine)
    environment = {"DATABASE_URL": database_url, "TRACKER_DATA_DIR": str(tmp_path), "PYTHONPATH": str(PROJECT)}
    ran = subprocess.run([sys.executable, "-c", KILLED, file], env=environment, cwd=tmp_path, timeout=60)
    assert ran.returncode == -signal.SIGKILL
    assert dump(school.engine) == before
    assert bring(school, f"{REPORT}\n{MINUTES}").new == 2


# Who may


def test_it_is_for_the_teacher_of_the_course_and_whomever_it_is_shared_with(
    school: Services, ana: Member, eva: Member
) -> None:
    class_id = lesson(school.engine, ana, course="Algebra")

    def refused() -> None:
        before = dump(school.engine)
        for course in ("Algebra", "New"):
            for dry_run in (True, False):
                with pytest.raises(NotAllowed):
                    bring(school, course=course, acting=eva, dry_run=dry_run)
        assert dump(school.engine) == before

    refused()
    shared(school.engine, class_id, eva)
    refused()  # a class is not its course
    shared(school.engine, class_id, eva, "course")
    found = stored(school.engine, only_id(bring(school, acting=eva)))
    assert (found.teacher_id, eva.id in found.shared_with) == (ana.id, True)
    assert bring(school, acting=ana).new == 0
    with pytest.raises(NotFound, match="nobody@"):
        bring(school, teacher="nobody@school.example")


def test_each_class_is_noted_without_a_participant(school: Services, ana: Member) -> None:
    class_id = only_id(bring(school, acting=ana))
    bring(school, acting=ana)
    (noted,) = entries(school.engine)
    assert (noted.action, noted.class_id, noted.actor) == ("class_from_report", class_id, EMAIL)
    assert dict(noted.details) == {
        "title": "Algebra 7B",
        "start": "2026-05-07T08:00:00Z",
        "minutes": 61,
        "teacher": EMAIL,
        "course": "Algebra",
    }


# Nothing else touches it


def test_it_is_never_fetched_reconciled_or_in_trouble(
    school: Services, ana: Member, zoom: FakeZoom, clock: Clock
) -> None:
    class_id = only_id(bring(school))
    before = stored(school.engine, class_id)
    assert (listing.state_of(before, clock()), listing.needs_attention(before, clock())) == ("counted", False)
    # A run of the meeting whose number is in the report, at its time.
    lesson(school.engine, ana, start=-7 * 24 * 60 - 240)
    for delivery in (started("uuid-9", -7 * 24 * 60 - 240), ended("uuid-9", -7 * 24 * 60 - 240, -7 * 24 * 60 - 180)):
        sessions.note_delivery(school, delivery)
    for _ in range(3):
        clock.forward(days=1)
        for work in (
            reconcile.ask_for_forgotten,
            reconcile.follow_time,
            reconcile.end_the_endless,
            reconcile.mend_after_clock,
            reconcile.fill_in_figures,
            reconcile.tidy_up,
        ):
            work(school)
    assert stored(school.engine, class_id) == before
    with pytest.raises(NoMeeting):
        fetching.fetch_now(school, auth.OPERATOR, class_id)
    with pytest.raises(NoMeeting):
        fetching.try_again(school, auth.OPERATOR, class_id)
    with pytest.raises(NoMeeting):
        fetching.fetch_if_due(school, class_id)
    overview = school.read(class_attendance.overview, before, clock())
    assert (overview.part.sessions, overview.part.strays, overview.missing) == ((), (), {})
    assert stored(school.engine, class_id) == before
    assert not school.read(class_attendance.has_zooms_list, before)


def test_what_its_teacher_says_of_people_holds_for_it_too(school: Services, ana: Member) -> None:
    class_id = only_id(bring(school))
    found = stored(school.engine, class_id)
    shown = attendance(school, class_id)
    assert shown is not None
    bo, cy = (one for one in shown.participants)
    decisions.join(school, ana, found, [bo, cy])
    assert stored(school.engine, class_id).figures == (1, 1)
    decisions.mark(school, ana, found, [cy], Mark.SET_ASIDE)
    later = REPORT.replace("2026-05-07", "2026-05-06")
    assert stored(school.engine, only_id(bring(school, later))).figures == stored(school.engine, class_id).figures


def test_it_goes_with_its_course_to_somebody_else(school: Services, ana: Member, eva: Member) -> None:
    class_id = only_id(bring(school))
    auth.hand_over(school.engine, auth.OPERATOR, EMAIL, eva.email, NOW)
    assert (stored(school.engine, class_id).teacher_id, stored(school.engine, class_id).course) == (eva.id, "Algebra")
    again = bring(school, teacher=eva.email)
    assert (only_id(again), again.new) == (class_id, 0)


# The class's own time


@pytest.mark.parametrize(
    ("own", "planned", "told"),
    [
        # The meeting ran from 10:00 to 11:00:30.
        (OwnTime(), ("08:00", 61), [("Bo", 3330, "present"), ("Cy", 1440, "partly")]),
        (OwnTime(time(10, 5)), ("08:05", 56), [("Bo", 3030, "present"), ("Cy", 1440, "partly")]),
        (OwnTime(minutes=30), ("08:00", 30), [("Bo", 1500, "present"), ("Cy", 1440, "late")]),
        (OwnTime(time(9, 50), 40), ("07:50", 40), [("Bo", 1500, "present"), ("Cy", 1440, "late")]),
        # Not the time of this meeting.
        (OwnTime(time(14, 0)), ("08:00", 61), [("Bo", 3330, "present"), ("Cy", 1440, "partly")]),
        (OwnTime(time(9, 0), 30), ("08:00", 61), [("Bo", 3330, "present"), ("Cy", 1440, "partly")]),
    ],
)
def test_who_came_late_is_told_by_when_the_class_began(
    school: Services, ana: Member, own: OwnTime, planned: tuple[str, int], told: list[tuple[str, int, str]]
) -> None:
    read = read_report(REPORT.encode(), BERLIN, school.now())
    shown = courses.import_report(school, ana, EMAIL, "Algebra", read, own=own, dry_run=True)
    made = courses.import_report(school, ana, EMAIL, "Algebra", read, own=own)
    found = stored(school.engine, only_id(made))
    for one in (shown.classes[0], made.classes[0], found):
        assert (f"{one.scheduled_start:%H:%M}", one.duration_minutes) == planned
    assert (f"{found.started_at:%H:%M:%S}", f"{found.ended_at:%H:%M:%S}") == ("08:00:00", "09:00:30")
    assert [(name, seconds, status) for name, seconds, _percent, status, _role in people(school, found.id)][1:] == told
    # It is known whatever is said of its time now, and stays as it is.
    (again,) = courses.import_report(school, ana, EMAIL, "Algebra", read).classes
    assert (again.known, f"{again.scheduled_start:%H:%M}", again.duration_minutes) == (True, *planned)
    assert stored(school.engine, found.id) == found


def test_a_class_round_midnight_begins_on_the_day_that_is_nearer(school: Services, ana: Member) -> None:
    text = PLAIN + "Bo,,2026-05-07 23:50:00,2026-05-08 00:50:00,60,No,No,\n"
    read = read_report(text.encode(), BERLIN, school.now())
    (one,) = courses.import_report(school, ana, EMAIL, "Stars", read, own=OwnTime(time(0, 0), 45)).classes
    assert (f"{one.scheduled_start:%Y-%m-%d %H:%M}", one.duration_minutes) == ("2026-05-07 22:00", 45)


@pytest.mark.parametrize("minutes", [0, -5, 1441])
def test_a_length_that_is_none_is_refused(school: Services, ana: Member, minutes: int) -> None:
    read = read_report(REPORT.encode(), BERLIN, school.now())
    for dry_run in (True, False):
        with pytest.raises(InvalidInput) as refused:
            courses.import_report(school, ana, EMAIL, "Algebra", read, own=OwnTime(None, minutes), dry_run=dry_run)
        assert refused.value.code == "class_length_unusable"
