"""The demo's term as the product counts it, and its registers: what is untidy in them is where it belongs."""

import os
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.practice_school import TEACHER, CommandLine, Host
from tracker import auth, courses, storage
from tracker.attendance.matching import Why
from tracker.attendance.register import Register
from tracker.attendance.types import CAME, Status
from tracker.practice.school import sample_rosters
from tracker.practice.students import PHONE
from tracker.sample_term import make_term
from tracker.services import Services, open_services

# What a status is that a class gives to all of its students.
OF_CLASSES = {Status.NOT_YET_KNOWN, Status.NOT_HELD}


def made_and_fetched(tracker: CommandLine, row: dict[str, Any]) -> dict[str, Any]:
    """The class of a meeting of the term, once its participants are fetched."""
    options = ("--link", str(row["id"]), "--minutes", str(row["duration"]))
    class_id = tracker.create(*options, start=row["start_time"])["id"]
    tracker.done("fetch", class_id)
    shown: dict[str, Any] = tracker.done("class", "show", class_id, "--json").json
    return shown


def names_in(*sessions: dict[str, Any]) -> set[str]:
    return {stay["name"] for session in sessions for stay in session["stays"] if not stay["in_waiting_room"]}


def test_a_session_hours_after_a_class_of_the_term_is_no_part_of_it_and_a_restart_is(
    host: Host, tracker: CommandLine
) -> None:
    tracker.add_teacher()
    rows = host.call("POST", "/term", {"host": TEACHER, "weeks": 2})
    held = {row["id"]: host.call("GET", f"/meetings/{row['id']}")["sessions"] for row in rows}

    def pause(sessions: list[dict[str, Any]]) -> timedelta:
        first, second = (datetime.fromisoformat(one) for one in (sessions[-2]["end"], sessions[-1]["start"]))
        return second - first

    several = {row["id"]: pause(held[row["id"]]) for row in rows if len(held[row["id"]]) > 1}
    (opened_again,) = [number for number, length in several.items() if length > timedelta(hours=2)]
    row = next(row for row in rows if row["id"] == opened_again)
    *lesson, stray = held[opened_again]
    assert len(lesson) == 2
    shown = made_and_fetched(tracker, row)
    records = shown["participantsData"]["participants"]
    assert {record["sessionUuid"] for record in records} == {session["uuid"] for session in lesson}
    assert {record["name"] for record in records if record["status"] == "in_meeting"} == names_in(*lesson)
    assert len(stray["stays"]) == 2
    assert shown["endedAt"] == lesson[-1]["end"]


def test_a_note_taking_robot_and_the_host_are_in_the_classes_of_the_term(host: Host, tracker: CommandLine) -> None:
    tracker.add_teacher()
    rows = host.call("POST", "/term", {"host": TEACHER, "weeks": 4})
    held = {row["id"]: host.call("GET", f"/meetings/{row['id']}")["sessions"] for row in rows}
    row = next(row for row in rows if "Otter.ai" in names_in(*held[row["id"]]))
    shown = made_and_fetched(tracker, row)
    records = shown["participantsData"]["participants"]
    assert "Otter.ai" in {record["name"] for record in records}
    assert {record["email"] for record in records if record["name"] == "Ana"} == {TEACHER}


@pytest.fixture
def services(tracker: CommandLine) -> Iterator[Services]:
    tracker.add_teacher()
    with open_services(os.environ) as services:
        yield services


def registers(services: Services) -> list[Register]:
    """Those of the courses of the teacher, by name."""
    names = services.read(storage.courses.list_courses, services.read(auth.get_member, TEACHER).id)
    return [courses.register_of(services, auth.OPERATOR, TEACHER, name) for name in names]


@pytest.mark.slow
@pytest.mark.database("sqlite")
def test_the_courses_of_a_term_have_registers_with_all_that_a_register_can_show(
    services: Services, tracker: CommandLine
) -> None:
    said: list[str] = []
    make_term(services, services.read(auth.get_member, TEACHER), 12, said.append)
    assert len(said) == 1
    tracker("fetch", "--all-due")
    found = registers(services)
    rosters = sample_rosters(TEACHER, 12)
    assert {one.course: len(one.rows) for one in found} == {name: len(roster) for name, roster in rosters.items()}
    marks = [mark for one in found for row in one.rows for mark in row.marks.values()]
    statuses = Counter(mark.status for mark in marks)
    assert statuses.keys() == set(Status) - {Status.OUTSIDE}
    came = sum(statuses[status] for status in CAME)
    assert 0.85 < came / (came + statuses[Status.ABSENT]) < 0.97
    assert statuses[Status.PRESENT] > came / 2
    assert {mark.remark for mark in marks if mark.by_hand} == {"Away with the school orchestra"}
    assert {match.why for mark in marks for _, match in mark.people} == set(Why)
    for one in found:
        assert 1 <= len(one.at_risk) <= len(one.rows) / 4
        assert one.at_risk[0].absences_in_a_row >= 2
        since = [row for row in one.rows if row.enrolled.student.since]
        until = [row for row in one.rows if row.enrolled.student.until]
        assert (len(since), len(until)) == (1, 1)
        assert all(0 < len(row.marks) < len(one.classes) and row.rate for row in since + until)
        assert any(guest.name.endswith(f"({PHONE})") for guest in one.guests)
    guests = {guest.name for one in found for guest in one.guests}
    assert {"Otter.ai", "iPad von Mama"} <= guests
    assert PHONE not in guests


def test_every_course_has_students_as_schools_have_them() -> None:
    for roster in sample_rosters(TEACHER, 12).values():
        names = Counter(one.listed_name for one in roster)
        assert sorted(names.values())[-2:] == [1, 2]
        assert sum(not name.isascii() for name in names) > len(names) / 4
        addresses = [one.listed_email for one in roster if one.listed_email]
        numbers = [one.number for one in roster if one.number]
        assert 0 < len(set(addresses)) == len(addresses) < len(roster)
        assert 0 < len(set(numbers)) == len(numbers) < len(roster)
        assert [one.name for one in roster].count(PHONE) == 1
        assert [one.email for one in roster if one.further_email] == [
            one.further_email for one in roster if one.further_email
        ]
        assert sum(bool(one.further_email) for one in roster) == 1
        assert sum(not one.email and not one.known_as for one in roster) <= 1
