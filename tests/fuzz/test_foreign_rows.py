"""Whatever another program writes into the database: lists and classes are shown, or a sentence says why not."""

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlmodel import col, update

from tests.fuzz.attendances import check_shown
from tests.fuzz.values import any_of, as_json, number, slow, spoilt, values
from tests.makers import HELD, PLANNED, Clock, at, lesson, services, stay, taken
from tracker import class_attendance, listing, reconcile, storage
from tracker.attendance.counting import take_attendance
from tracker.attendance.stored_form import participants_data, stays_from_data
from tracker.errors import UnreadableRecords
from tracker.storage.class_lists import Filter
from tracker.storage.database import reading, transaction
from tracker.storage.members import Member
from tracker.storage.models import LiveStream
from tracker.ui import words

pytestmark = pytest.mark.slow

DATA = participants_data(taken(stay("Ana", 0, 60, "ana@x.example"), stay("Ben", 5, 30)))
stored_texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40) | any_of(["x" * 10_000])
moments = st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC))
rows = st.fixed_dictionaries(
    {},
    optional={
        "title": stored_texts,
        "status": st.sampled_from(["scheduled", "live", "ended", "cancelled"]) | stored_texts,
        "scheduled_start": moments,
        "duration_minutes": st.integers(-(2**31), 2**31 - 1),
        "timezone": stored_texts,
        "zoom_meeting_id": st.none() | stored_texts,
        "zoom_join_url": st.none() | stored_texts,
        "started_at": st.none() | moments,
        "ended_at": st.none() | moments,
        "participant_count": st.none() | st.integers(-(2**31), 2**31 - 1),
        "participants_fetched_at": st.none() | moments,
        "participants_data": st.none()
        | stored_texts
        | (spoilt(DATA, 5) | values).map(lambda data: as_json(data).decode()),
    },
)


@slow
@given(row=rows, minute=st.sampled_from([0, 30, 600]))
def test_any_row_of_another_program_is_shown_or_said_to_make_no_sense(
    engine: Engine, ana: Member, row: dict[str, Any], minute: int
) -> None:
    school = services(engine, Clock(at(minute)))
    class_id = lesson(engine, ana, zoom_meeting_id=number())
    with transaction(engine) as tx:
        tx.exec(update(LiveStream).where(col(LiveStream.id) == class_id).values({"title": "Algebra"} | row))
    for look_after in (reconcile.ask_for_forgotten, reconcile.end_the_endless, reconcile.mend_after_clock):
        look_after(school)
    with reading(engine) as tx:
        assert class_id in [one.id for one in storage.class_lists.list_classes(tx, ana, Filter(), limit=10_000)]
        found = storage.classes.get_class(tx, class_id)
        words.state(found, at(minute))
        words.when(found)
        assert len(words.times_of(found)) < 200
        listing.trouble_of(found, at(minute))
        for which in (Filter(unsolved=True), Filter(text="a"), Filter(text="algebra", course="Term 1")):
            listing.find(tx, ana, which, at(minute), limit=20)
        listing.of_day(tx, ana, at(minute), ZoneInfo("UTC"))
        words.here(class_attendance.people_in_class_now(tx, found, at(minute)), 5)
        found.record()
        with suppress(UnreadableRecords):
            attendance = class_attendance.attendance_of(tx, found, at(10_000))
            if attendance is not None:
                check_shown(found, attendance)


@given(data=spoilt(DATA, 6))
def test_any_stored_list_is_taken_for_the_same_attendance_again(data: Any) -> None:
    if not isinstance(data, dict) or not isinstance(data.get("participants"), list):
        return
    if not all(isinstance(entry, dict) for entry in data["participants"]):
        return
    attendance = take_attendance(stays_from_data(data), HELD, PLANNED)
    again = participants_data(attendance)
    assert take_attendance(stays_from_data(again), HELD, PLANNED, repeats=again["repeats"]) == attendance
