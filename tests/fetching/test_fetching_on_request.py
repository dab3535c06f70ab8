"""The participants of a class are fetched at once: for a person who waits, and for a program that asks."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Engine, text

from tests.fake_zoom import FakeZoom
from tests.fetching.cases import ANA, BEN, FAULT, ODD, REFUSED, SCOPE, names
from tests.lives import progress
from tests.makers import (
    NOW,
    Clock,
    at,
    member,
    participant,
    services,
    stored,
)
from tracker import fetching, storage
from tracker.attendance.types import Attendance, ClassStatus
from tracker.auth import OPERATOR
from tracker.errors import (
    AlreadyFetched,
    FetchUnderWay,
    NoDataFromZoom,
    NoMeeting,
    NotAllowed,
    NotConfigured,
    NotEnded,
    NotFound,
    Problem,
    TooSoon,
    TrackerError,
    ZoomMisconfigured,
    ZoomRateLimited,
    ZoomRefused,
    ZoomRefusedForNow,
    ZoomUnreachable,
)
from tracker.services import Services
from tracker.storage.database import transaction
from tracker.storage.members import Member

# A person who waits


def test_a_person_gets_the_participants_at_once(school: Services, held: str) -> None:
    told: list[int] = []
    attendance = fetching.fetch_now(school, OPERATOR, held, told.append)
    assert (attendance.unique_count, attendance.total_records) == (2, 2)
    assert told == [2]
    assert names(school, held) == ["Ana", "Ben"]


def test_a_person_who_asks_early_leaves_the_planned_fetch_standing(
    school: Services, zoom: FakeZoom, held: str, clock: Clock
) -> None:
    clock.time = at(61)
    zoom.records["uuid-1"] = [ANA]
    assert fetching.fetch_now(school, OPERATOR, held).unique_count == 1
    assert progress(school, held).due_at == at(70)
    zoom.records["uuid-1"] = [ANA, BEN]
    clock.time = at(70)
    assert fetching.fetch_due(school)
    assert stored(school.engine, held).participant_count == 2


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (FAULT, ZoomUnreachable),
        (REFUSED, ZoomRefused),
        (ODD, ZoomRefusedForNow),
        (SCOPE, ZoomMisconfigured),
        ((429, {}), ZoomRateLimited),
        ((200, {"participants": []}), NoDataFromZoom),
    ],
)
@pytest.mark.database("sqlite")
def test_a_persons_fetch_that_fails_notes_why_and_changes_nothing_else(
    school: Services, zoom: FakeZoom, held: str, fault: tuple[int, Any], kind: type[Exception]
) -> None:
    before = stored(school.engine, held)
    assert before.fetch is not None
    zoom.list_faults.extend([fault, fault])
    with pytest.raises(kind) as raised:
        fetching.fetch_now(school, OPERATOR, held)
    assert isinstance(raised.value, TrackerError)
    assert stored(school.engine, held) == replace(before, fetch=replace(before.fetch, error=raised.value.problem))


def test_whoever_asks_within_a_minute_gets_what_the_first_one_got(
    school: Services, zoom: FakeZoom, held: str, clock: Clock, ana: Member
) -> None:
    first = fetching.fetch_now(school, OPERATOR, held)
    zoom.records["uuid-1"] = [ANA, BEN, participant("Cy", 0, 60)]
    clock.forward(seconds=59)
    assert fetching.fetch_now(school, ana, held) == first
    clock.forward(seconds=1)
    assert fetching.fetch_now(school, ana, held).unique_count == 3


def test_whoever_asks_anew_or_after_a_failure_need_not_wait(school: Services, zoom: FakeZoom, held: str) -> None:
    zoom.list_faults.append(FAULT)
    with pytest.raises(ZoomUnreachable):
        fetching.fetch_now(school, OPERATOR, held)
    assert fetching.fetch_now(school, OPERATOR, held).unique_count == 2
    zoom.records["uuid-1"] = [ANA, BEN, participant("Cy", 0, 60)]
    assert fetching.fetch_now(school, OPERATOR, held).unique_count == 2
    assert fetching.fetch_now(school, OPERATOR, held, anew=True).unique_count == 3


def test_who_may_not_see_a_class_does_not_get_what_others_fetched(school: Services, engine: Engine, held: str) -> None:
    fetching.fetch_now(school, OPERATOR, held)
    with pytest.raises(NotAllowed):
        fetching.fetch_now(school, member(engine, "eva@x.example"), held)


def test_two_people_do_not_fetch_one_class_at_once(school: Services, zoom: FakeZoom, held: str) -> None:
    def second(path: str) -> None:
        with pytest.raises(FetchUnderWay):
            fetching.fetch_now(school, OPERATOR, held)
        assert not fetching.fetch_due(school)

    zoom.meanwhile = second
    assert fetching.fetch_now(school, OPERATOR, held).unique_count == 2


def test_without_credentials_nothing_is_fetched_and_the_reason_is_told(engine: Engine, held: str) -> None:
    closed = services(engine, Clock(at(70)), ZOOM_CLIENT_ID="")
    with pytest.raises(NotConfigured):
        fetching.fetch_now(closed, OPERATOR, held)
    assert progress(closed, held).leased_until is None
    assert fetching.fetch_due(closed) == "put_off"
    assert progress(closed, held).error == Problem("zoom_not_connected")


# A program that asks


def life(school: Services, class_id: str, status: ClassStatus) -> None:
    over = status is ClassStatus.ENDED
    with transaction(school.engine) as tx:
        storage.classes.set_life(tx, class_id, status, NOW if over else None, at(60) if over else None)


def meetingless(school: Services, class_id: str) -> None:
    with transaction(school.engine) as tx:
        tx.connection().execute(text('UPDATE "LiveStream" SET "zoomMeetingId" = NULL'))


@pytest.mark.parametrize(
    ("prepare", "now", "kind", "code"),
    [
        (meetingless, at(70), NoMeeting, "no_zoom_meeting_id"),
        (lambda school, one: life(school, one, ClassStatus.SCHEDULED), at(70), NotEnded, "not_ended"),
        (lambda school, one: life(school, one, ClassStatus.LIVE), at(70), NotEnded, "not_ended"),
        (lambda school, one: life(school, one, ClassStatus.CANCELLED), at(70), NotEnded, "not_ended"),
        (lambda school, one: fetching.fetch_now(school, OPERATOR, one), at(70), AlreadyFetched, "already_fetched"),
        (lambda school, one: None, at(69.9), TooSoon, "too_soon"),
    ],
)
@pytest.mark.database("sqlite")
def test_a_program_is_told_why_nothing_is_fetched(
    school: Services,
    held: str,
    clock: Clock,
    prepare: Callable[[Services, str], Attendance | None],
    now: datetime,
    kind: type[TrackerError],
    code: str,
) -> None:
    prepare(school, held)
    clock.time = now
    before = stored(school.engine, held)
    with pytest.raises(kind) as caught:
        fetching.fetch_if_due(school, held)
    assert caught.value.kind == code
    assert stored(school.engine, held) == before


def test_a_program_fetches_what_is_due(school: Services, held: str) -> None:
    assert fetching.fetch_if_due(school, held).unique_count == 2
    assert names(school, held) == ["Ana", "Ben"]


@pytest.mark.parametrize(
    "call", [lambda school, class_id: fetching.fetch_now(school, OPERATOR, class_id), fetching.fetch_if_due]
)
def test_a_class_that_does_not_exist_is_not_found(school: Services, call: Callable[[Services, str], object]) -> None:
    with pytest.raises(NotFound):
        call(school, "nothing")
