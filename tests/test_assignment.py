"""Which sessions of a meeting are which class, and whose records are whose. Times are minutes from a class's start."""

from dataclasses import replace
from time import process_time

import pytest

from tests.assigned import LONG_AFTER, at, counted, own_time, parts, people, planned, ran, stay
from tracker.attendance.assignment import Choice, Why, life_of
from tracker.attendance.counting import person_key
from tracker.attendance.sharing import share_records
from tracker.attendance.types import ClassStatus, Session

A, B = planned("A", 0, 60), planned("B", 60, 120)


# Which session is whose


def test_a_restart_between_two_classes_in_a_row_is_the_first_ones() -> None:
    sessions = [ran(0, 40), ran(41, 60), ran(61, 120)]
    found = parts([A, B], sessions)
    assert (counted(found["A"]), counted(found["B"])) == (["0", "41"], ["61"])
    stays = [
        *(stay(name, sessions[0], 0, 40) for name in ("Ana", "Ben")),
        *(stay(name, sessions[1], 41, 60) for name in ("Ana", "Ben")),
        *(stay(name, sessions[2], 61, 120) for name in ("Dee", "Eve")),
    ]
    assert people([A, B], sessions, stays) == {"A": ["Ana", "Ben"], "B": ["Dee", "Eve"]}


def test_one_session_over_two_classes_is_both_and_each_has_its_people() -> None:
    session = ran(-2, 122)
    found = parts([A, B], [session])
    assert counted(found["A"]) == counted(found["B"]) == ["-2"]
    assert (own_time(found["A"]), own_time(found["B"])) == ([(0, 60)], [(60, 120)])
    stays = [stay("Ana", session, 0, 60), stay("Ben", session, 0, 60), stay("Dee", session, 61, 120)]
    stays += [stay("Eve", session, 61, 120), stay("Fay", session, 0, 120)]
    assert people([A, B], [session], stays) == {"A": ["Ana", "Ben", "Fay"], "B": ["Dee", "Eve", "Fay"]}


def test_a_session_opened_early_for_the_next_class_is_the_next_classs() -> None:
    first, second = planned("A", 0, 60), planned("B", 180, 240)
    held, early = ran(0, 60), ran(140, 240)
    found = parts([first, second], [held, early])
    assert (counted(found["A"]), counted(found["B"])) == (["0"], ["140"])
    stays = [stay("Ana", held, 0, 60), stay("Dee", early, 178, 240)]
    assert people([first, second], [held, early], stays) == {"A": ["Ana"], "B": ["Dee"]}


def test_a_class_in_the_middle_of_a_long_session_has_its_own_time_of_it() -> None:
    found = parts([planned("A", 120, 150)], [ran(0, 240)])
    assert counted(found["A"]) == ["0"]
    assert own_time(found["A"]) == [(120, 150)]
    assert not found["A"].at_another_time


def test_an_own_meeting_opened_early_and_restarted_counts_with_its_break() -> None:
    found = parts([planned("A", 0, 60, own=True)], [ran(-35, 20), ran(22, 60)])
    assert counted(found["A"]) == ["-35", "22"]
    assert own_time(found["A"]) == [(0, 20), (22, 60)]


@pytest.mark.parametrize("now", [91, LONG_AFTER])
def test_a_link_opened_after_class_changes_nothing_and_is_named(now: float) -> None:
    sessions = [ran(0, 60), ran(90, None if now == 91 else 93)]
    found = parts([A], sessions, now=now)
    assert counted(found["A"]) == ["0"]
    assert [(stray.session.uuid, stray.left_out) for stray in found["A"].strays] == [("90", False)]


def test_a_class_that_was_delayed_offers_the_second_session_and_takes_it_by_choice() -> None:
    sessions = [ran(0, 4), ran(70, 125)]
    found = parts([A], sessions)
    assert counted(found["A"]) == ["0"]
    assert [stray.session.uuid for stray in found["A"].strays] == ["70"]
    chosen = parts([A], sessions, choices=[Choice("A", "70", counts=True)])["A"]
    assert [(one.session.uuid, one.why) for one in chosen.sessions] == [("0", Why.TIME), ("70", Why.CHOSEN)]
    assert chosen.strays == ()
    assert own_time(chosen) == [(0, 4), (70, 125)]


def test_a_class_that_ends_early_has_no_part_in_the_next_one_opened_early() -> None:
    sessions = [ran(-1, 50), ran(55, 120)]
    found = parts([A, B], sessions)
    assert (counted(found["A"]), counted(found["B"])) == (["-1"], ["55"])
    assert own_time(found["A"]) == [(0, 50)]
    stays = [stay("Ana", sessions[0], 0, 50), stay("Dee", sessions[1], 58, 120)]
    assert people([A, B], sessions, stays) == {"A": ["Ana"], "B": ["Dee"]}


def test_a_class_that_overruns_by_minutes_takes_no_time_of_the_next_one() -> None:
    sessions = [ran(0, 63), ran(75, 120)]
    found = parts([A, B], sessions)
    assert (counted(found["A"]), counted(found["B"])) == (["0"], ["75"])
    assert own_time(found["B"]) == [(75, 120)]
    assert [(one.session.uuid, one.why) for one in found["B"].sessions] == [
        ("0", Why.PEOPLE_SHARED),
        ("75", Why.TIME),
    ]


def test_the_next_classs_student_in_the_room_before_the_last_ones_have_left_is_the_next_classs() -> None:
    sessions = [ran(0, 63), ran(75, 120)]
    stays = [stay("Ana", sessions[0], 0, 63), stay("Dee", sessions[0], 58, 63), stay("Dee", sessions[1], 75, 120)]
    assert people([A, B], sessions, stays) == {"A": ["Ana"], "B": ["Dee"]}


def test_somebody_back_for_five_minutes_is_still_the_first_classs_alone() -> None:
    session = ran(0, 120)
    stays = [stay("Gil", session, 0, 58), stay("Gil", session, 61, 66), stay("Dee", session, 60, 120)]
    shared = share_records([A, B], parts([A, B], [session]), stays, lambda one: person_key(one.name, one.email))
    assert shared == {"A": (stays[0], stays[1]), "B": (stays[2],)}


def test_a_class_that_was_never_held_has_only_the_trial_to_offer() -> None:
    own = planned("A", 0, 60, own=True)
    trial = ran(-24 * 60, -24 * 60 + 5)
    for now in (-60, 179, 181, LONG_AFTER):
        found = parts([own], [trial], now=now)["A"]
        assert counted(found) == []
        assert [stray.session for stray in found.strays] == [trial]


def test_a_trial_run_today_leaves_tomorrows_class_planned() -> None:
    own = planned("A", 0, 60, own=True)
    for end, now in ((None, -1400), (-1390, -1380)):
        assert counted(parts([own], [ran(-1410, end)], now=now)["A"]) == []


def test_a_class_held_at_another_time_counts_once_its_own_time_is_long_over() -> None:
    own, session = planned("A", 0, 60, own=True), ran(300, 350)
    found = parts([own], [session], now=360)["A"]
    assert [(one.session.uuid, one.why) for one in found.sessions] == [("300", Why.HELD_AT_ANOTHER_TIME)]
    assert found.at_another_time
    assert own_time(found) == [(300, 350)]
    assert counted(parts([replace(own, made_for_it=False)], [session], now=360)["A"]) == []


def test_two_minutes_hours_later_hold_no_class() -> None:
    assert counted(parts([planned("A", 0, 60, own=True)], [ran(300, 302)])["A"]) == []


def test_a_trial_on_the_morning_of_the_class_holds_it_only_where_nothing_came_later() -> None:
    own = planned("A", 0, 60, own=True)
    assert counted(parts([own], [ran(-200, -150)])["A"]) == ["-200"]
    assert counted(parts([own], [ran(-200, -150), ran(300, 350)])["A"]) == ["300"]


def test_what_begins_soon_after_the_planned_end_is_the_class_held_late() -> None:
    found = parts([A], [ran(70, 100), ran(110, 130), ran(150, 160)])["A"]
    assert [(one.session.uuid, one.why) for one in found.sessions] == [
        ("70", Why.HELD_LATE),
        ("110", Why.HELD_LATE),
        ("150", Why.HELD_LATE),
    ]
    assert found.at_another_time


# A room that is opened early


def test_a_room_opened_half_an_hour_early_is_live_at_once_and_planned_again_when_it_is_closed() -> None:
    assert counted(parts([A], [ran(-30, None)], now=-29)["A"]) == ["-30"]
    assert own_time(parts([A], [ran(-30, None)], now=-29)["A"]) == []
    assert counted(parts([A], [ran(-31, None)], now=-29)["A"]) == []
    assert counted(parts([A], [ran(-30, -10)], now=-5)["A"]) == []
    assert counted(parts([A], [ran(-30, -10), ran(0, 60)])["A"]) == ["-30", "0"]


def test_a_session_between_two_classes_goes_to_the_nearer_and_at_a_tie_to_the_later_one() -> None:
    later = planned("B", 80, 140)
    around = [ran(0, 60), ran(80, 140)]
    for start, end, whose in ((62, 65, "A"), (70, 79, "B"), (65, 75, "B")):
        found = parts([A, later], [*around, ran(start, end)])
        assert f"{start}" in counted(found[whose])
        assert f"{start}" not in counted(found["A" if whose == "B" else "B"])


# Sizes of overlap


@pytest.mark.parametrize(("length", "least"), [(60, 10), (20, 10), (19, 9.5), (10, 5), (1, 0.5)])
def test_a_class_has_a_part_in_what_overlaps_it_by_ten_minutes_or_half_of_a_short_one(
    length: float, least: float
) -> None:
    first, other = planned("A", -600, -540), planned("B", 0, length)
    held = ran(-600, -540)
    enough, too_little = ran(-30, least), ran(-30, least - 0.1)
    assert counted(parts([first, other], [held, enough])["B"]) == ["-30"]
    # It overlaps no other class, so that even a minute makes it its own.
    assert counted(parts([first, other], [held, too_little])["B"]) == ["-30"]
    neighbour = planned("C", -40, 0)
    assert counted(parts([neighbour, other], [too_little])["B"]) == []


def test_an_own_time_of_less_than_the_least_overlap_goes_on_after_the_planned_end() -> None:
    found = parts([A, planned("B", 120, 180)], [ran(55, 125)])
    assert own_time(found["A"]) == [(55, 120)]
    assert not found["A"].at_another_time


def test_two_sessions_without_an_end_end_where_the_next_one_begins_or_the_last_person_left() -> None:
    sessions = [replace(ran(0, None), end=None), ran(50, 60)]
    assert own_time(parts([A], sessions)["A"]) == [(0, 60)]
    assert own_time(parts([A], sessions, latest_leave={"0": at(30)})["A"]) == [(0, 30), (50, 60)]
    assert own_time(parts([A], sessions, latest_leave={"0": at(55)})["A"]) == [(0, 60)]


# Status and times


@pytest.mark.parametrize(
    ("sessions", "status", "start", "end"),
    [
        ([], ClassStatus.SCHEDULED, None, None),
        ([(0, None)], ClassStatus.LIVE, 0, None),
        ([(0, 60)], ClassStatus.ENDED, 0, 60),
        ([(0, 20), (30, None)], ClassStatus.LIVE, 0, None),
        ([(0, 20), (30, 60)], ClassStatus.ENDED, 0, 60),
        ([(0, None), (30, 60)], ClassStatus.ENDED, 0, 60),
        ([(0, 90), (30, 60)], ClassStatus.ENDED, 0, 90),
    ],
)
def test_the_life_of_a_class_follows_its_sessions(
    sessions: list[tuple[int, int | None]], status: ClassStatus, start: int | None, end: int | None
) -> None:
    held = [
        Session(f"s{number}", at(start), None if end is None else at(end))
        for number, (start, end) in enumerate(sessions)
    ]
    expected = (status, None if start is None else at(start), None if end is None else at(end))
    assert life_of(parts([A], held, now=90)["A"]) == expected


# Choices


def test_a_session_left_out_is_named_and_gives_the_class_no_time() -> None:
    found = parts([A], [ran(0, 60)], choices=[Choice("A", "0", counts=False)])["A"]
    assert (found.sessions, found.own_time) == ((), ())
    assert [(stray.session.uuid, stray.left_out) for stray in found.strays] == [("0", True)]


def test_a_choice_about_what_is_not_there_changes_nothing() -> None:
    plain = parts([A], [ran(0, 60)])
    odd = [Choice("A", "unknown", counts=True), Choice("other", "0", counts=True), Choice("other", "0", counts=False)]
    assert parts([A], [ran(0, 60)], choices=odd) == plain


def test_a_class_is_held_at_another_time_from_the_very_minute_at_which_its_own_time_is_two_hours_over() -> None:
    own, session = planned("A", 0, 5, own=True), ran(-13, -4)
    assert counted(parts([own], [session], now=124)["A"]) == []
    assert counted(parts([own], [session], now=125)["A"]) == [session.uuid]


def test_a_class_at_the_same_start_does_not_end_the_time_in_which_a_class_may_be_held() -> None:
    own, linked = planned("A", 0, 60, own=True), planned("B", 0, 60)
    assert counted(parts([own, linked], [ran(300, 350)])["A"]) == ["300"]


def test_a_session_of_no_length_has_no_part_in_the_own_time() -> None:
    own = planned("A", 0, 30)
    sessions = [ran(43, None), ran(53, 69)]
    assert own_time(parts([own], sessions, latest_leave={"43": at(43)})["A"]) == [(53, 69)]


@pytest.mark.parametrize("held", [True, False])
def test_the_time_it_takes_grows_with_the_number_of_classes_and_of_stray_sessions(held: bool) -> None:
    def least_time(days: int) -> float:
        starts = [day * 24 * 60 for day in range(days)]
        classes = [planned(f"{start}", start, start + 60) for start in starts]
        sessions = [ran(start + minute, start + minute + 10) for start in starts for minute in (600, 900)]
        sessions += [ran(start, start + 60) for start in starts if held]
        times = []
        for _ in range(3):
            began = process_time()
            found = parts(classes, sessions, now=10**6)
            times.append(process_time() - began)
        assert len(found["1440"].strays) == 4
        return min(times)

    assert least_time(480) < 25 * least_time(60)
