"""Texts on the screen: states, times, lengths, and names of strangers."""

import re
from datetime import datetime, timedelta
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.makers import a_class, at
from tracker import listing
from tracker.attendance.types import ClassStatus, FetchState
from tracker.errors import Problem
from tracker.messages import formats, people_in_words
from tracker.storage.classes import FetchProgress
from tracker.ui import words

CANCELLED, ENDED, LIVE, SCHEDULED = ClassStatus.CANCELLED, ClassStatus.ENDED, ClassStatus.LIVE, ClassStatus.SCHEDULED
BUSY = "Zoom has a fault of its own."
SHOULD = "It should have begun at 14:00. Zoom has not said that it did."
UNSEEN = "It should have begun at 14:00, and Zoom has not said so."
NOT_SEEN = f"{UNSEEN} If it was held, fetch its participants now."
NOT_HELD = "Nobody held this class at its time"
NO_SESSION = "Zoom knows of no session of this class that has ended."
NO_LIST = "Zoom has no participant list for this class yet."
NO_MEETING = "This class has no Zoom meeting."
COLLECTING = "The participants are being fetched from Zoom."


@pytest.fixture(autouse=True)
def browser(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the reader is."""
    reader_in(monkeypatch, "Europe/Berlin")


def reader_in(monkeypatch: pytest.MonkeyPatch, zone: str) -> None:
    monkeypatch.setattr(words, "viewer_zone", lambda: zone)


# A day later, in minutes.
DAY = 24 * 60


def fetch(
    state: str = "waiting", due: float | None = None, error: str | None = None, leased: float | None = None
) -> FetchProgress:
    due_at, leased_until = (None if minute is None else at(minute) for minute in (due, leased))
    problem = Problem("earlier_error", {"text": error}) if error else None
    return FetchProgress(FetchState(state), due_at, 1, problem, leased_until)


def vain(due: float | None, state: str = "waiting") -> FetchProgress:
    """Zoom was asked, and knows of no session."""
    due_at = None if due is None else at(due)
    return FetchProgress(FetchState(state), due_at, 1, Problem("no_session_ended"), None)


def no_list(due: float | None, state: str = "waiting") -> FetchProgress:
    """Zoom has a session, and no list of it."""
    due_at = None if due is None else at(due)
    return FetchProgress(FetchState(state), due_at, 1, Problem("no_list_yet"), None)


def missing(number: int, sessions: int, due: float | None = None) -> FetchProgress:
    """Zoom does not give the lists of so many of the class's sessions."""
    details: dict[str, Any] = {"missing": number, "sessions": sessions, "why": (Problem("zoom_no_answer"),)}
    due_at = None if due is None else at(due)
    return FetchProgress(FetchState.COLLECTED, due_at, 1, Problem("sessions_missing", details), None)


LINKED = {"zoom_meeting_made": False}
ENDS = {"status": ENDED, "started_at": at(0), "ended_at": at(60)}
KNOWN = ENDS | {"participants_fetched_at": at(70), "participant_count": 0}


@pytest.mark.parametrize(
    ("found", "minute", "word", "sentence"),
    [
        ({}, -600, "Planned", ""),
        ({}, 0, "Planned", ""),
        ({}, 1, "Planned", SHOULD),
        ({}, 60, "Planned", SHOULD),
        ({}, 61, "Not seen yet", NOT_SEEN),
        ({"fetch": fetch()}, 61, "Not seen yet", NOT_SEEN),
        ({}, 179, "Not seen yet", NOT_SEEN),
        ({}, 180, "Not held", f"{NOT_HELD}, as far as Zoom has announced."),
        ({}, 181, "Not held", f"{NOT_HELD}, as far as Zoom has announced."),
        ({"fetch": fetch()}, 181, "Not held", f"{NOT_HELD}, as far as Zoom has announced."),
        ({"fetch": vain(100)}, 95, "Not seen yet", f"{UNSEEN} {NO_SESSION} Next try at 15:40."),
        ({"fetch": vain(200)}, 181, "Not held", f"{NOT_HELD}."),
        ({"fetch": vain(None, "no data")}, DAY, "Not held", f"{NOT_HELD}."),
        (LINKED, 181, "Not seen yet", NOT_SEEN),
        # Somebody was alone in it: Zoom knows the session, and has no list of it.
        ({"fetch": no_list(200)}, 181, "Trying again", f"{NO_LIST} Next try at 17:20."),
        ({"fetch": no_list(None, "no data")}, DAY, "No list", NO_LIST),
        (LINKED | {"fetch": vain(200)}, 181, "Not seen yet",
         f"{UNSEEN} {NO_SESSION} Next try at 17:20."),
        (LINKED | {"fetch": vain(None, "no data")}, 181, "Not held", f"{NOT_HELD}."),
        ({"fetch": fetch(due=200, error=BUSY)}, 181, "Trying again", f"{BUSY} Next try at 17:20."),
        ({"zoom_meeting_id": None}, 30, "Planned", NO_MEETING),
        ({"zoom_meeting_id": None}, 181, "No meeting", NO_MEETING),
        (ENDS | {"zoom_meeting_id": None}, 61, "No meeting", NO_MEETING),
        (ENDS | {"fetch": fetch(error=BUSY)}, 61, "Not fetched", BUSY),
        ({"status": CANCELLED}, 30, "Cancelled", ""),
        (KNOWN | {"status": CANCELLED}, 90, "Cancelled", ""),
        ({"status": LIVE, "started_at": at(5)}, 30, "Live", "It began at 14:05."),
        ({"status": LIVE, "started_at": at(5)}, 6, "Live", "It began at 14:05:00."),
        ({"status": LIVE, "started_at": at(5)}, DAY, "Live", "It began on Thu, 14 May 2026 at 14:05."),
        ({"status": LIVE}, 30, "Live", ""),
        (ENDS, 61, "Not fetched", "Nobody has asked Zoom for the participants yet."),
        (ENDS | {"fetch": fetch()}, 61, "Not fetched", "Nobody has asked Zoom for the participants yet."),
        (ENDS | {"fetch": fetch(due=70)}, 61, "Waiting for Zoom", "Zoom's list is due at 15:10."),
        (ENDS | {"fetch": fetch(due=70)}, 69.5, "Waiting for Zoom", "Zoom's list is due at 15:10:00."),
        (ENDS | {"fetch": fetch(due=70)}, 72, "Waiting for Zoom", "Zoom's list is due at 15:10."),
        (ENDS | {"fetch": fetch(due=DAY)}, 61, "Waiting for Zoom", "Zoom's list is due on Fri, 15 May 2026 at 14:00."),
        (
            ENDS | {"fetch": fetch(due=70)},
            72.1,
            "Overdue",
            "Zoom's list was due at 15:10, and nobody has fetched it.",
        ),
        ({"fetch": fetch(due=70)}, 65, "Waiting for Zoom", "Zoom's list is due at 15:10."),
        (ENDS | {"fetch": fetch(due=90, error=BUSY)}, 75, "Trying again", f"{BUSY} Next try at 15:30."),
        (ENDS | {"fetch": fetch(due=90, error=BUSY)}, 89, "Trying again", f"{BUSY} Next try at 15:30:00."),
        (ENDS | {"fetch": fetch("failed", error=BUSY)}, 90, "Failed", BUSY),
        (ENDS | {"fetch": fetch("no data", error="Nothing there.")}, 90, "No list", "Nothing there."),
        (ENDS | {"fetch": fetch("no data")}, 90, "No list", "Zoom gave no list of participants."),
        ({"fetch": fetch("failed", error=BUSY)}, 90, "Failed", BUSY),
        (ENDS | {"fetch": fetch(due=70, leased=72)}, 71, "Collecting", COLLECTING),
        (ENDS | {"fetch": fetch("failed", leased=72)}, 71, "Collecting", COLLECTING),
        (ENDS | {"fetch": fetch(due=70, leased=72)}, 72, "Waiting for Zoom", "Zoom's list is due at 15:10."),
        (KNOWN, 90, "Counted", "Fetched from Zoom at 15:10."),
        (KNOWN, 71, "Counted", "Fetched from Zoom at 15:10."),
        (KNOWN, 9 * DAY, "Counted", "Fetched from Zoom at 15:10."),
        (
            KNOWN | {"participants_fetched_at": at(DAY)},
            9 * DAY,
            "Counted",
            "Fetched from Zoom on Fri, 15 May 2026 at 14:00.",
        ),
        (KNOWN | {"fetch": fetch("collected")}, 90, "Counted", "Fetched from Zoom at 15:10."),
        (KNOWN | {"fetch": fetch("collected", due=80)}, 90, "Counted", "Fetched from Zoom at 15:10."),
        (
            KNOWN | {"fetch": fetch("collected", due=100)},
            90,
            "Counted",
            "Fetched from Zoom at 15:10. It may still change; the list is read again at 15:40.",
        ),
        (KNOWN | {"fetch": fetch("collected", leased=100)}, 90, "Counted", "Fetched from Zoom at 15:10."),
        (KNOWN | {"fetch": fetch("settled", error=BUSY)}, 90, "Counted",
         f"Fetched from Zoom at 15:10. Reading it again failed: {BUSY}"),
        (KNOWN | {"fetch": fetch("collected", due=100, error=BUSY)}, 90, "Counted",
         f"Fetched from Zoom at 15:10. Reading it again failed: {BUSY} Next try at 15:40."),
        (KNOWN | {"fetch": missing(1, 2, due=100)}, 90, "Counted in part",
         "Fetched from Zoom at 15:10. 1 of 2 sessions is missing: Zoom did not answer in time. "
         "Zoom is asked again at 15:40."),
        (KNOWN | {"fetch": missing(2, 3, due=100)}, 90, "Counted in part",
         "Fetched from Zoom at 15:10. 2 of 3 sessions are missing: Zoom did not answer in time. "
         "Zoom is asked again at 15:40."),
        (KNOWN | {"fetch": missing(1, 2)}, 90, "Counted in part",
         "Fetched from Zoom at 15:10. 1 of 2 sessions is missing: Zoom did not answer in time. "
         "Zoom is not asked any more."),
        (KNOWN | {"fetch": fetch("settled")}, 90, "Counted", "Fetched from Zoom at 15:10. It is final."),
    ],
)  # fmt: skip
def test_the_state_of_a_class_is_a_word_and_a_sentence(
    found: dict[str, Any], minute: float, word: str, sentence: str
) -> None:
    state = words.state(a_class(**found), at(minute))
    assert (state.word, state.sentence) == (word, sentence)


def test_every_class_has_a_state_and_an_unknown_count_is_never_counted() -> None:
    fetches = [None, *(fetch(*known) for known in product(FetchState, (None, -10, 10), (None, BUSY)))]
    for status, progress, minute in product(ClassStatus, fetches, (-600, 0, 61, 600, 10 * DAY)):
        state = words.state(a_class(status=status, fetch=progress), at(minute))
        assert state.word != "Counted"
        assert not re.search(r"\b0\b|None", state.sentence)
        assert not state.sentence or state.sentence.endswith(".")
        assert re.fullmatch(r":material/[a-z_]+:", state.icon)


def test_times_of_a_state_are_in_the_readers_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    late = a_class(timezone="Europe/Berlin", **(ENDS | {"fetch": fetch(due=400)}))
    reader_in(monkeypatch, "Asia/Kathmandu")
    assert words.state(late, at(61)).sentence == "Zoom's list is due on Fri, 15 May 2026 at 00:25."


@pytest.mark.parametrize(
    ("number", "expected"), [(None, "–"), (0, "0 people"), (1, "1 person"), (2, "2 people"), (1000, "1,000 people")]
)
def test_people_are_counted_and_an_unknown_number_is_a_dash(number: int | None, expected: str) -> None:
    assert people_in_words(number) == expected


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({}, "–"),
        ({"people_shown": 3, "hosts_shown": 1}, "–"),  # another program has taken the count away
        ({"participant_count": 4}, "4 people"),
        ({"participant_count": 4, "people_shown": 3, "hosts_shown": 1}, "3 people and the host"),
        ({"participant_count": 3, "people_shown": 1, "hosts_shown": 2}, "1 person and 2 hosts"),
        ({"participant_count": 1, "people_shown": 0, "hosts_shown": 1}, "Only the host was there"),
        ({"participant_count": 2, "people_shown": 0, "hosts_shown": 2}, "Only the 2 hosts were there"),
        ({"participant_count": 0, "people_shown": 0, "hosts_shown": 0}, "0 people"),
        ({"participant_count": 1, "people_shown": 0, "hosts_shown": 0}, "0 people"),  # set aside
    ],
)
def test_the_figure_of_a_class_has_the_hosts_apart(known: dict[str, Any], expected: str) -> None:
    found = a_class(figures_of_count=known.get("participant_count"), **known)
    assert people_in_words(*found.figures) == expected


def test_figures_of_another_count_than_the_present_one_are_not_shown() -> None:
    stale = {"people_shown": 3, "hosts_shown": 1, "figures_of_count": 4}
    assert a_class(participant_count=9, **stale).figures == (9, 0)
    assert a_class(participant_count=0, **stale).figures == (0, 0)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ([], ""),
        (["Ana"], "Ana"),
        (["Ana", ""], "Ana and No name"),
        (["Ana", "*Ben*", "Cy"], r"Ana, \*Ben\* and Cy"),
        (["Ana", "Ben", "Cy", "Di"], "Ana, Ben, Cy and 1 more"),
    ],
)
def test_names_are_listed_and_the_rest_of_many_is_a_number(names: list[str], expected: str) -> None:
    assert words.listed(names, most=3) == expected


@pytest.mark.parametrize(
    ("start", "minutes", "zone", "viewer", "expected"),
    [
        (0, 60, "Europe/Berlin", "Europe/Berlin", "Thu, 14 May 2026, 14:00–15:00"),
        (0, 60, "Europe/Berlin", "UTC", "Thu, 14 May 2026, 12:00–13:00 (14:00–15:00 in Berlin)"),
        (0, 60, "Europe/Paris", "Europe/Berlin", "Thu, 14 May 2026, 14:00–15:00"),
        (0, 60, "America/New_York", "Europe/Berlin", "Thu, 14 May 2026, 14:00–15:00 (08:00–09:00 in New York)"),
        (-10_080, 90, "Pacific/Kiritimati", "UTC", "Thu, 7 May 2026, 12:00–13:30 (02:00–03:30 in Kiritimati)"),
        (570, 60, "Europe/Berlin", "Europe/Berlin", "Thu, 14 May 2026, 23:30–00:30"),
    ],
)
def test_the_planned_time_names_its_zone_only_to_those_elsewhere(
    monkeypatch: pytest.MonkeyPatch, start: float, minutes: int, zone: str, viewer: str, expected: str
) -> None:
    found = a_class(scheduled_start=at(start), duration_minutes=minutes, timezone=zone)
    reader_in(monkeypatch, viewer)
    assert words.when(found) == expected


def test_the_hour_that_the_clocks_repeat_is_said_by_the_clock_on_the_wall() -> None:
    found = a_class(scheduled_start=datetime(2026, 10, 25, 0, 30, tzinfo=ZoneInfo("UTC")), duration_minutes=60)
    assert words.when(found) == "Sun, 25 Oct 2026, 02:30–02:30"


@pytest.mark.parametrize(
    ("when", "now", "expected"),
    [
        (70, 0, "at 15:10"),
        (70, 69, "at 15:10:00"),
        (70, 71.9, "at 15:10:00"),
        (70, 72, "at 15:10"),
        (0, 10 * 60 - 1, "at 14:00"),
        (0, 10 * 60, "on Thu, 14 May 2026 at 14:00"),
        (10 * 60, 10 * 60 - 1, "on Fri, 15 May 2026 at 00:00"),
        (0, 365 * DAY, "on Thu, 14 May 2026 at 14:00"),
    ],
)
def test_a_moment_has_seconds_when_it_is_near_and_a_day_when_that_is_another(
    when: float, now: float, expected: str
) -> None:
    assert words.moment(at(when), at(now)) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (89, "1 min"),
        (90, "2 min"),
        (3569, "59 min"),
        (3570, "1 h"),
        (3899, "1 h 5 min"),
        (86_400, "24 h"),
    ],
)
def test_a_length_of_time_is_rounded_once(seconds: int, expected: str) -> None:
    assert formats.length(seconds) == expected


# Strangers' text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ana", "Ana"),
        ("  Ana \t\r\n Lu  ", "Ana Lu"),
        ("a\0b\x1b[31mc", "ab[31mc"),
        ("\u202egnp.exe", "gnp.exe"),
        ("\u200f\u2067\u200eabc\ufeff", "abc"),
        ("\ud800x\udfff", "x"),
        ("👩‍👩‍👧", "👩‍👩‍👧"),
        ("Zoë Ñandú 王芳", "Zoë Ñandú 王芳"),
        ("<b>x</b>", "<b>x</b>"),
        ("", ""),
        ("\u200b \u200b", ""),
        ("\u2028a\u2029b", "a b"),
    ],
)
def test_a_strangers_text_becomes_one_line_of_visible_signs(text: str, expected: str) -> None:
    assert words.plain(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("x" * 9, "x" * 9), ("x" * 10, "x" * 10), ("x" * 11, "x" * 9 + "…"), ("x" * 100_000, "x" * 9 + "…"),
     ("word word word", "word word…"), ("12345678 abc", "12345678…")],
)  # fmt: skip
def test_a_long_text_is_cut_with_a_mark(text: str, expected: str) -> None:
    assert words.plain(text, 10) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ana Lu", "Ana Lu"),
        ("**b** _i_", r"\*\*b\*\* \_i\_"),
        ("[x](https://e.example)", "\\[x\\]\\(https\\:\\/\\/\u2060e\\.example\\)"),
        ("WWW.e.example", "WWW\u2060\\.e\\.example"),
        ("a@e.example", "a\\@\u2060e\\.example"),
        ("<img src=x>", r"\<img src\=x\>"),
        (":red[x] $y$ `z` ~s~", r"\:red\[x\] \$y\$ \`z\` \~s\~"),
        ("# 1. - >", r"\# 1\. \- \>"),
        (":streamlit:", "\\:\u2060streamlit\\:"),
        ("<-> --", "\\<\u2060\\-\u2060\\> \\-\u2060\\-"),
        (">= <= ~=", "\\>\u2060\\= \\<\u2060\\= \\~\u2060\\="),
        ("\\*", r"\\\*"),
        ("a|b&amp;", r"a\|b\&amp\;"),
        ("Übung", "Übung"),
    ],
)
def test_every_sign_that_markdown_might_read_is_escaped(text: str, expected: str) -> None:
    assert words.markdown(text) == expected


@given(st.text(max_size=300))
def test_what_is_escaped_is_one_line_that_says_the_same(text: str) -> None:
    escaped = words.markdown(text, 100)
    assert re.fullmatch(r"(?:\\[!-/:-@\[-`{-~]|[^!-/:-@\[-`{-~\n\r])*", escaped)
    assert re.sub(r"\\(.)", r"\1", escaped).replace(words.WORD_JOINER, "") == words.plain(text, 100)
    assert len(words.plain(text, 100)) <= 100
    assert words.plain(words.plain(text, 100), 100) == words.plain(text, 100)


@pytest.mark.parametrize(
    ("found", "minute", "trouble"),
    [
        ({}, 30, None),
        ({}, 61, "not_seen"),
        ({}, 181, "not_held"),
        ({"zoom_meeting_id": None}, -30, "no_meeting"),
        (ENDS | {"zoom_meeting_id": None}, 61, "no_meeting"),
        ({"status": CANCELLED, "zoom_meeting_id": None}, 30, None),
        ({"status": LIVE}, 30, None),
        (ENDS, 61, "not_fetched"),
        (ENDS | {"fetch": fetch(due=70)}, 71, None),
        (ENDS | {"fetch": fetch(due=70)}, 73, "overdue"),
        (ENDS | {"fetch": fetch(due=90, error=BUSY)}, 75, None),
        (ENDS | {"fetch": fetch("failed", error=BUSY)}, 90, "failed earlier_error"),
        (ENDS | {"fetch": no_list(None, "no data")}, 90, "no_list no_list_yet"),
        (KNOWN, 90, None),
    ],
)
def test_a_trouble_is_a_code_with_that_of_its_reason(found: dict[str, Any], minute: float, trouble: str | None) -> None:
    one = a_class(**found)
    assert listing.trouble_of(one, at(minute)) == trouble
    assert listing.needs_attention(one, at(minute)) == (trouble is not None)
    assert not listing.needs_attention(a_class(**found, seen_to=trouble), at(minute))
    assert listing.needs_attention(a_class(**found, seen_to="another"), at(minute)) == (trouble is not None)


def test_the_bound_between_waiting_and_overdue_is_where_it_is_said_to_be() -> None:
    found = a_class(**(ENDS | {"fetch": fetch(due=70)}))
    assert words.state(found, at(70) + listing.OVERDUE).word == "Waiting for Zoom"
    assert words.state(found, at(70) + listing.OVERDUE + timedelta(seconds=1)).word == "Overdue"
