"""The counting rule and the arithmetic of presence, as tables."""

import json
from datetime import timedelta
from itertools import pairwise

import pytest

from tests.makers import HELD, NOW, PLANNED, at, run, span, stay, taken, waiting
from tracker.attendance.class_times import planned_time
from tracker.attendance.counting import clip, person_key, take_attendance, tidy, union
from tracker.attendance.stored_form import participants_data, stays_from_data
from tracker.attendance.types import Person, PersonKey, Said, Session, Source, Span, Stay, Where
from tracker.text import fold_name


def only(*stays: Stay, sessions: tuple[Session, ...] = HELD, planned: Span = PLANNED) -> Person:
    (person,) = taken(*stays, sessions=sessions, planned=planned).people
    return person


# Who is the same person


@pytest.mark.parametrize(
    ("records", "people"),
    [
        ([], 0),
        ([("Ana", "ana@x.example")], 1),
        ([("Ana", "ana@x.example"), ("Ana Lima", "ANA@X.example")], 1),
        ([("Ana", " ana@x.example\t"), ("Ana", "ana@x.example")], 1),
        ([("Ana", "ana@x.example"), ("Ana", "ana@y.example")], 2),
        ([("Ana Lima", ""), ("ana  LIMA ", "")], 1),
        ([("Ana\u00a0Lima", ""), ("Ana Lima", "")], 1),
        ([("Straße", ""), ("STRASSE", "")], 1),
        ([("Ana Lima", ""), ("AnaLima", "")], 2),
        ([("Ana", ""), ("Ana", "ana@x.example")], 2),
        ([("Ana", "  "), ("Ana", "")], 1),
        ([("", ""), (" ", "")], 2),
        ([("", ""), ("\u200b", "")], 2),
        ([("Ana\u200e Lima", ""), ("\u202aAna Lima\u202c", "")], 1),
        ([("Ａｎａ", ""), ("Ana", "")], 1),
        ([("", ""), ("", "ana@x.example")], 2),
        ([("Ana", ""), ("Äna", "")], 2),
        ([("iPhone", "ana@x.example"), ("iPhone", "ben@x.example"), ("iPhone", "")], 3),
    ],
)
def test_people_are_the_same_by_email_or_by_name_where_there_is_none(
    records: list[tuple[str, str]], people: int
) -> None:
    stays = [stay(name, number, 30 + number, email) for number, (name, email) in enumerate(records)]
    attendance = taken(*stays)
    assert attendance.unique_count == len(attendance.people) == people
    assert attendance.total_records == len(records)


def test_the_key_of_a_person_says_what_it_rests_on() -> None:
    assert person_key("Ana  Lima", " ANA@x.Example") == ("email", "ana@x.example")
    assert person_key(" Ana \t Lima", " ") == ("name", "ana lima")
    assert fold_name("  Ana \n Lima ") == "Ana Lima"


def test_nobody_in_the_meeting_is_a_count_of_zero() -> None:
    attendance = taken()
    assert (attendance.unique_count, attendance.total_records, attendance.people) == (0, 0, ())


def test_the_waiting_room_is_kept_and_never_counted() -> None:
    attendance = taken(waiting("Ana", -5, 0), stay("Ana", 0, 60), waiting("Stranger", 1, 40))
    assert [person.name for person in attendance.people] == ["Ana"]
    assert attendance.people[0].seconds == 3600
    assert attendance.total_records == 3
    assert [record.name for record in attendance.waiting] == ["Ana", "Stranger"]


def test_a_person_goes_by_the_last_name_and_the_first_email_they_used() -> None:
    person = only(
        stay("iPhone", 0, 10, "ANA@x.example"),
        stay("Ana  Lima ", 10, 20, "ana@x.example"),
        stay("", 20, 30, "ana@x.example"),
    )
    assert (person.name, person.email) == ("Ana Lima", "ANA@x.example")


def test_people_are_ordered_by_name_in_any_case() -> None:
    attendance = taken(stay("carla", 0, 9), stay("Ben", 1, 9), stay("ana", 2, 9))
    assert [person.name for person in attendance.people] == ["ana", "Ben", "carla"]


# Unions and clips


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        ([], []),
        ([(0, 10)], [(0, 10)]),
        ([(0, 10), (10, 20)], [(0, 20)]),
        ([(0, 10), (11, 20)], [(0, 10), (11, 20)]),
        ([(5, 20), (0, 10)], [(0, 20)]),
        ([(0, 60), (10, 20), (30, 40)], [(0, 60)]),
        ([(0, 10), (0, 10)], [(0, 10)]),
        ([(5, 5)], [(5, 5)]),
        ([(0, 10), (5, 5), (10, 10)], [(0, 10)]),
    ],
)
def test_a_union_joins_what_overlaps_or_touches(spans: list[tuple[int, int]], expected: list[tuple[int, int]]) -> None:
    assert union(span(*pair) for pair in spans) == tuple(span(*pair) for pair in expected)


@pytest.mark.parametrize(
    ("spans", "within", "expected"),
    [
        ([(0, 10)], [(0, 60)], [(0, 10)]),
        ([(-10, 10)], [(0, 60)], [(0, 10)]),
        ([(50, 70)], [(0, 60)], [(50, 60)]),
        ([(-10, 0)], [(0, 60)], []),
        ([(60, 70)], [(0, 60)], []),
        ([(-10, 70)], [(0, 20), (40, 60)], [(0, 20), (40, 60)]),
        ([(0, 10), (5, 30)], [(0, 20)], [(0, 20)]),
        ([(5, 5)], [(0, 60)], []),
        ([(0, 10)], [], []),
    ],
)
def test_a_clip_keeps_what_lies_inside(
    spans: list[tuple[int, int]], within: list[tuple[int, int]], expected: list[tuple[int, int]]
) -> None:
    clipped = clip([span(*pair) for pair in spans], [span(*pair) for pair in within])
    assert clipped == tuple(span(*pair) for pair in expected)


def test_two_devices_and_reconnects_add_no_time() -> None:
    person = only(stay("Ana", 0, 30), stay("Ana", 10, 40, user_id="phone"), stay("Ana", 50, 60))
    assert person.seconds == 50 * 60
    assert person.present == (span(0, 40), span(50, 60))
    assert (person.first_join, person.last_leave) == (at(0), at(60))
    assert len(person.stays) == 3


# Percent, late, left early


@pytest.mark.parametrize(
    ("start", "end", "percent"),
    [(0, 60, 100), (-30, 90, 100), (0, 30, 50), (30, 90, 50), (0, 0.3, 1), (0, 0.29, 0), (60, 90, 0), (0, 59.69, 99)],
)
def test_percent_is_of_the_lesson_and_rounded_half_up(start: float, end: float, percent: int) -> None:
    assert only(stay("Ana", start, end)).percent == percent


def test_a_half_percent_is_rounded_up() -> None:
    assert only(stay("Ana", 0, 1), sessions=(run("s1", 0, 200),), planned=span(0, 200)).percent == 1


@pytest.mark.parametrize(
    ("minutes", "planned"), [(60, 60), (0, 0), (-5, 0), (10_080, 10_080), (10_081, 10_080), (10**12, 10_080)]
)
def test_a_plan_of_any_number_of_minutes_ends_within_a_week(minutes: int, planned: int) -> None:
    assert planned_time(NOW, minutes) == Span(NOW, NOW + timedelta(minutes=planned))


@pytest.mark.parametrize(
    ("sessions", "lesson"),
    [
        ([(0, 60)], [(0, 60)]),
        ([(-10, 70)], [(0, 60)]),
        ([(10, 50)], [(10, 50)]),
        ([(-10, 20), (40, 80)], [(0, 20), (40, 60)]),
        ([(600, 660)], [(600, 660)]),
        ([(600, 630), (620, 660)], [(600, 660)]),
        ([], []),
    ],
)
def test_the_lesson_is_the_planned_time_as_far_as_the_meeting_ran(
    sessions: list[tuple[int, int]], lesson: list[tuple[int, int]]
) -> None:
    held = tuple(run(f"s{number}", *times) for number, times in enumerate(sessions))
    assert taken(sessions=held).lesson == tuple(span(*times) for times in lesson)


def test_a_session_without_an_end_lasts_until_the_last_person_left() -> None:
    open_session = (run("s1", 0, None),)
    attendance = taken(
        stay("Ana", 0, 40, session_uuid="s1"), stay("Ben", 0, 20, session_uuid="s1"), sessions=open_session
    )
    assert attendance.lesson == (span(0, 40),)
    assert [person.percent for person in attendance.people] == [100, 50]


def test_a_session_without_an_end_and_without_people_makes_no_lesson() -> None:
    attendance = taken(stay("Ana", 0, 40, session_uuid="other"), sessions=(run("s1", 0, None),))
    assert attendance.people[0].percent is None


@pytest.mark.parametrize(
    ("start", "end", "status"),
    [
        (0, 60, "present"),
        (5, 55, "present"),
        (5.02, 60, "late"),
        (0, 54.98, "left early"),
        (10, 45, "late, left early"),
        (20, 30, "partly"),
        (30, 60, "late"),
        (30.02, 60, "partly"),
        (-20, 80, "present"),
        (61, 70, "outside"),
        (-20, -10, "outside"),
    ],
)
def test_late_and_left_early_have_five_minutes_of_grace(start: float, end: float, status: str) -> None:
    assert only(stay("Ana", start, end)).status == status


def test_late_is_measured_at_the_real_start_of_a_class_that_began_late() -> None:
    assert only(stay("Ana", 20, 60), sessions=(run("s1", 18, 60),)).status == "present"


def test_nobody_is_late_where_no_session_is_known() -> None:
    person = only(stay("Ana", 30, 40), sessions=())
    assert (person.status, person.percent) == ("present", None)


# People whom a teacher has joined


ANA, GUEST, PHONE = ("email", "ana@x.example"), ("name", "ana lima"), ("name", "iphone")


@pytest.mark.parametrize(
    ("same", "people"),
    [
        ([], [{ANA}, {GUEST}, {PHONE}, {("name", "ben")}]),
        ([(ANA, GUEST)], [{ANA, GUEST}, {PHONE}, {("name", "ben")}]),
        ([(GUEST, ANA)], [{ANA, GUEST}, {PHONE}, {("name", "ben")}]),
        ([(ANA, GUEST), (GUEST, ANA), (ANA, ANA)], [{ANA, GUEST}, {PHONE}, {("name", "ben")}]),
        ([(ANA, GUEST), (GUEST, PHONE)], [{ANA, GUEST, PHONE}, {("name", "ben")}]),
        ([(GUEST, PHONE), (ANA, GUEST)], [{ANA, GUEST, PHONE}, {("name", "ben")}]),
        ([(ANA, ("name", "not here"))], [{ANA}, {GUEST}, {PHONE}, {("name", "ben")}]),
        ([(ANA, ("name", "not here")), (("name", "not here"), PHONE)], [{ANA, PHONE}, {GUEST}, {("name", "ben")}]),
    ],
)
def test_who_is_the_same_by_a_teachers_word_is_one_person_and_the_count_stays(
    same: list[tuple[PersonKey, PersonKey]], people: list[set[PersonKey]]
) -> None:
    stays = [stay("Ana", 0, 20, "ana@x.example"), stay("Ana Lima", 10, 40), stay("iPhone", 50, 60), stay("Ben", 0, 60)]
    attendance = take_attendance(stays, HELD, PLANNED, said=Said(tuple(same)))
    assert sorted(person.keys for person in attendance.people) == sorted(tuple(sorted(keys)) for keys in people)
    assert (attendance.unique_count, attendance.total_records) == (4, 4)


def test_joined_people_have_the_time_of_all_their_stays_once() -> None:
    stays = [stay("Ana", 0, 20, "ana@x.example"), stay("Ana Lima", 10, 40), stay("iPhone", 50, 60)]
    (person,) = take_attendance(stays, HELD, PLANNED, said=Said(((ANA, GUEST), (GUEST, PHONE)))).people
    assert (person.seconds, person.added_up) == (50 * 60, 60 * 60)
    assert (person.present, person.status, person.percent) == ((span(0, 40), span(50, 60)), "present", 83)


@pytest.mark.parametrize(
    ("records", "name", "email"),
    [
        ([("Ana", "ana@x.example"), ("Ana Lima", "")], "Ana", "ana@x.example"),
        ([("Ana Lima", ""), ("Ana", "ana@x.example"), ("iPhone", "")], "Ana", "ana@x.example"),
        ([("Ana Lima (iPhone)", ""), ("Ana Lima", "")], "Ana Lima", ""),
        ([("Ana Lima", ""), ("Ana Lima (iPhone)", "")], "Ana Lima", ""),
        ([("", "ana@x.example"), ("Ana Lima", "")], "Ana Lima", "ana@x.example"),
    ],
)
def test_joined_people_go_by_the_name_of_the_signed_in_one_or_else_the_plainest(
    records: list[tuple[str, str]], name: str, email: str
) -> None:
    stays = [stay(record[0], number, 60, record[1]) for number, record in enumerate(records)]
    keys = [person_key(*record) for record in records]
    (person,) = take_attendance(stays, HELD, PLANNED, said=Said(tuple(pairwise(keys)))).people
    assert (person.name, person.email) == (name, email)


def test_a_class_held_at_another_time_says_so() -> None:
    assert taken(stay("Ana", 0, 60)).at_another_time is False
    assert taken(stay("Ana", 600, 660), sessions=(run("s1", 600, 660),)).at_another_time is True
    assert taken(sessions=()).at_another_time is False


# Awkward records


@pytest.mark.parametrize(
    ("join", "leave", "seconds", "expected"),
    [
        (0, 10, 600, (0, 10)),
        (0, 10, 0, (0, 10)),
        (0, None, 300, (0, 5)),
        (None, 10, 300, (5, 10)),
        (10, 0, 300, (10, 15)),
        (0, 0, 0, (0, 0)),
        (None, None, 300, None),
    ],
)
def test_a_duration_fills_the_gap_of_a_missing_or_reversed_time(
    join: int | None, leave: int | None, seconds: int, expected: tuple[int, int] | None
) -> None:
    record = Stay("Ana", "", None if join is None else at(join), None if leave is None else at(leave), seconds)
    assert record.span == (span(*expected) if expected else None)


def test_a_person_without_any_time_is_still_counted() -> None:
    person = only(Stay("Ana", "", None, None, 0))
    assert (person.seconds, person.first_join, person.last_leave, person.percent) == (0, None, None, 0)
    assert person.status == "outside"


def test_records_without_a_time_come_last() -> None:
    timeless, timed = Stay("Ana", "", None, None, 0), stay("Zoe", 0, 9)
    assert tidy([timeless, timed]) == (timed, timeless)


def test_exact_repeats_drop_and_near_repeats_stay() -> None:
    first = stay("Ana", 0, 9, user_id="1")
    attendance = taken(first, first, stay("Ana", 0, 9, user_id="2"), stay("Ana", 0, 9, user_id="1", registrant_id="r"))
    assert (attendance.total_records, attendance.repeats) == (3, 1)
    assert attendance.unique_count == 1


# Sessions of a class


# The stored form


def test_the_stored_form_is_exactly_this() -> None:
    attendance = taken(
        stay("Ana", 0, 60, "ana@x.example", user_id="7", zoom_user_id="z", registrant_id="r", session_uuid="s1"),
        Stay("", "", None, None, 5, Where.WAITING_ROOM),
    )
    assert json.dumps(participants_data(attendance)) == json.dumps(
        {
            "totalRecords": 2,
            "uniqueCount": 1,
            "participants": [
                {
                    "name": "Ana",
                    "email": "ana@x.example",
                    "joinTime": "2026-05-14T12:00:00Z",
                    "leaveTime": "2026-05-14T13:00:00Z",
                    "duration": 3600,
                    "status": "in_meeting",
                    "userId": "7",
                    "zoomUserId": "z",
                    "registrantId": "r",
                    "sessionUuid": "s1",
                },
                {
                    "name": "",
                    "email": "",
                    "joinTime": None,
                    "leaveTime": None,
                    "duration": 5,
                    "status": "in_waiting_room",
                    "userId": "",
                    "zoomUserId": "",
                    "registrantId": "",
                    "sessionUuid": "",
                },
            ],
            "repeats": 0,
            "source": "Zoom's list",
        }
    )


def test_the_stored_form_says_how_many_repeats_were_dropped_and_where_the_records_come_from() -> None:
    twice = stay("Ana", 0, 60)
    seen = take_attendance([twice, twice], HELD, PLANNED, repeats=2, source=Source.SEEN)
    data = participants_data(seen)
    assert (data["totalRecords"], data["repeats"], data["source"]) == (1, 3, "seen live")


def test_entries_of_an_older_writer_are_read_with_five_keys() -> None:
    entry = {
        "name": "John Doe",
        "email": "john@example.com",
        "joinTime": "2026-01-01T10:00:00Z",
        "leaveTime": "2026-01-01T11:30:00Z",
        "duration": 5400,
    }
    (record,) = stays_from_data({"totalRecords": 1, "uniqueCount": 1, "participants": [entry]})
    assert (record.name, record.email, record.seconds, record.where) == (
        "John Doe",
        "john@example.com",
        5400,
        Where.MEETING,
    )
    assert record.span is not None
    assert record.span.seconds == 5400


def test_who_was_there_for_all_of_the_own_time_has_all_of_it_also_beyond_the_share_of_the_class() -> None:
    ana = stay("Ana", 52, 98, session_uuid="s1")
    found = take_attendance(
        [ana],
        [run("s1", 52, 98)],
        PLANNED,
        own_time=[span(52, 90)],
        shares={"s1": span(-1000, 75)},
    )
    (person,) = found.people
    assert (person.seconds_in_class, person.percent, person.left_early) == (38 * 60, 100, False)
    assert person.seconds >= person.seconds_in_class
