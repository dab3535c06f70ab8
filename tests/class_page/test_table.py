"""The people of a class as its page and its files list them, whatever they are called and however many they are."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine

from tests.class_page.steps import fetch, ticks
from tests.fake_zoom import FakeZoom
from tests.makers import MEETING, Clock, at, counted, ended, lesson, participant, stay, waiting
from tests.screens import Screens, metric, note, raw, said, show, tables
from tracker import class_attendance, report, storage
from tracker.storage.database import reading
from tracker.storage.members import Member

pytestmark = pytest.mark.database("sqlite")

HOSTILE = [
    '=HYPERLINK("https://evil.example","free")',
    "+1-1",
    "@SUM(A1)",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[win](https://evil.example) **bold** `code` $x$ :red[e]",
    "\u202egnp.exe",
    "\u200f\u2067abc",
    "a\tb\nc\rd",
    "x" * 10_000,
    "💡👩‍👩‍👧",
    "",
    "   ",
    '"; DROP TABLE "User"; --',
]

UNMARKED = ("<script", "<img", "HYPERLINK", "evil.example", "x" * 30, "\u202e", "DROP TABLE")


def test_hostile_names_leave_the_page_whole_and_are_nowhere_read_as_markup(
    screens: Screens, engine: Engine, ana: Member, zoom: FakeZoom
) -> None:
    class_id = lesson(engine, ana)
    note(ended())
    records = [participant(name, number, 50, f"{number}@x.example") for number, name in enumerate(HOSTILE)]
    records += [participant("\ud800\0half", 20, 50, "<b>@x.example"), participant("Bo", 21, 50, HOSTILE[3])]
    zoom.hold("uuid-1", *records, meeting=MEETING)
    shown = show(screens, class_id)
    assert fetch(shown) == f"Zoom has {len(records)} joins of {len(records)} people."
    shown = show(screens, class_id)
    assert metric(shown, "People") == str(len(records))
    assert len(tables(shown)["People"]) == len(tables(shown)["Every join and leave"]) == len(records)
    assert shown.get("plotly_chart")
    for text in raw(shown):
        assert [sign for sign in UNMARKED if sign in text and "<table" not in text] == []
        assert [sign for sign in ("<script", "<img", "\u202e") if sign in text] == []


def test_the_files_are_those_of_the_report_to_the_byte(
    screens: Screens, engine: Engine, ana: Member, wired: Clock
) -> None:
    class_id = lesson(engine, ana, "Übung: 1/2 <b>", timezone="Asia/Kathmandu")
    stays = [stay(name, number, 50) for number, name in enumerate(HOSTILE)]
    counted(engine, class_id, *stays, waiting("Wy", 0, 3))
    shown = show(screens, class_id)
    with reading(engine) as tx:
        attendance = class_attendance.attendance_of(tx, storage.classes.get_class(tx, class_id), at(10_000))
    assert attendance is not None
    zone = ZoneInfo("Asia/Kathmandu")
    assert screens.download(shown, "CSV of people") == (
        "Ubung-1-2-b-2026-05-14-people.csv",
        report.csv_bytes(report.people_table(attendance, zone)),
    )
    assert screens.download(shown, "CSV of joins and leaves") == (
        "Ubung-1-2-b-2026-05-14-stays.csv",
        report.csv_bytes(report.stays_table(attendance, zone)),
    )
    assert screens.download(shown, "Excel") == (
        "Ubung-1-2-b-2026-05-14-attendance.xlsx",
        report.workbook(attendance, zone),
    )


def test_excel_comes_first_and_is_made_only_when_somebody_asks_for_it(
    screens: Screens, engine: Engine, ana: Member, wired: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[bytes] = []
    monkeypatch.setattr(report, "workbook", lambda *_, **_more: made.append(b"x") or made[0])
    class_id = lesson(engine, ana)
    counted(engine, class_id, stay("Bo", 0, 60))
    shown = show(screens, class_id)
    buttons = [one.proto for one in shown.get("download_button")]
    assert [(one.label, one.type) for one in buttons] == [
        ("Excel", "primary"),
        ("CSV of people", "secondary"),
        ("CSV of joins and leaves", "secondary"),
    ]
    assert made == []
    assert screens.download(shown, "Excel")[1] == b"x"


def test_a_class_held_in_two_parts_says_so(screens: Screens, engine: Engine, ana: Member) -> None:
    class_id = lesson(engine, ana)
    note(ended("uuid-1", 0, 20))
    counted(engine, class_id, stay("Bo", 0, 10), start=30, end=60)
    assert "Held 14:00–14:20 and 14:30–15:00. Restarted once at 14:30." in said(show(screens, class_id))


def test_a_thousand_people_are_drawn_a_page_at_a_time(
    screens: Screens, engine: Engine, ana: Member, wired: Clock
) -> None:
    wired.time += timedelta(days=1)
    class_id = lesson(engine, ana)
    counted(engine, class_id, *(stay(f"P{number:04}", 0, 30) for number in range(1000)))
    shown = show(screens, class_id)
    assert metric(shown, "People") == "1,000"
    assert shown.pagination[0].proto.num_pages == 17
    assert ticks(shown)[0] == "P0000"
    assert len(ticks(shown)) == 60
    shown.pagination[0].set_value(17).run()
    assert ticks(shown) == [f"P{number:04}" for number in range(960, 1000)]


def test_a_class_under_a_personal_meeting_id_says_so_and_what_to_switch_off(
    screens: Screens, engine: Engine, ana: Member
) -> None:
    own, personal = (lesson(engine, ana, zoom_api_meeting_id=number) for number in (None, "81418900011"))
    assert "personal meeting ID" not in said(show(screens, own))
    assert "switch off “Use Personal Meeting ID (PMI) when scheduling" in said(show(screens, personal))
