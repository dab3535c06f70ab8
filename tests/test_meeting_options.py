"""The options of a class's meeting: asked of Zoom by class and by the school's settings, read back, and told apart."""

import json
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from responses import RequestsMock
from sqlalchemy import Engine
from sqlmodel import select

from tests.fake_zoom import FakeZoom, sent
from tests.lives import attendance
from tests.makers import NOW, Clock, at, counted, entries, lesson, services, shared, stay, stored
from tests.makers import member as account
from tracker import classes, privacy, storage
from tracker.attendance.meeting_options import NOTHING_SAID, MeetingOptions, options_from
from tracker.auth import OPERATOR
from tracker.classes import Plan, SeriesPlan
from tracker.errors import InvalidInput, NotAllowed, ZoomRefused
from tracker.services import Services
from tracker.storage.classes import Class
from tracker.storage.database import transaction
from tracker.storage.members import Member
from tracker.storage.models import LiveStream

PLAN = Plan("Algebra 7B", datetime(2026, 5, 15, 10, 0), 60, "Europe/Berlin")
SERIES = SeriesPlan(PLAN, frozenset({1, 4}), date(2026, 5, 26))
BEA, CY = "bea@school.example", "cy@school.example"
ASKED = MeetingOptions("on", "on", "cloud", (BEA,))
AS_ZOOM_HAS_IT = {
    "waiting_room": True,
    "meeting_authentication": True,
    "auto_recording": "cloud",
    "alternative_hosts": BEA,
}


def not_a_host(email: str) -> tuple[int, dict[str, Any]]:
    reason = "because the user cannot be selected at this time."
    return 400, {"code": 1114, "message": f"Unable to assign '{email}' as an alternative host {reason}"}


def settings_sent(http: RequestsMock) -> list[dict[str, Any]]:
    """The settings of each meeting that Zoom was asked to make or change, but for those that all have."""
    always = {"use_pmi", "email_in_attendee_report", "participant_video"}
    bodies = [json.loads(one.body or b"{}") for one in sent(http) if one.method in ("POST", "PATCH")]
    return [{name: body["settings"][name] for name in body["settings"].keys() - always} for body in bodies]


def made(school: Services, ana: Member, options: MeetingOptions = NOTHING_SAID, **more: Any) -> Class:
    return stored(school.engine, classes.create_class(school, ana, PLAN, options=options, **more))


def not_taken(found: Class) -> MeetingOptions:
    """What Zoom did not take."""
    assert found.meeting_sent is not None
    assert found.meeting_has is not None
    return found.meeting_sent.not_in(found.meeting_has)


@pytest.mark.parametrize(
    ("asked", "school", "expected"),
    [
        (MeetingOptions(), MeetingOptions("zoom", "zoom", "zoom"), MeetingOptions()),
        (MeetingOptions(), MeetingOptions("on", "off", "local"), MeetingOptions("on", "off", "local")),
        (MeetingOptions("off"), MeetingOptions("on", "on", "zoom"), MeetingOptions("off", "on")),
        (
            MeetingOptions("zoom", recording="none"),
            MeetingOptions("on", "zoom", "cloud"),
            MeetingOptions(None, None, "none"),
        ),
        (ASKED, MeetingOptions("zoom", "zoom", "zoom"), ASKED),
    ],
)
def test_what_a_class_asks_for_comes_before_what_is_usual_at_the_school(
    asked: MeetingOptions, school: MeetingOptions, expected: MeetingOptions
) -> None:
    assert asked.over(school) == expected


@pytest.mark.parametrize(
    ("has", "missing"),
    [
        (ASKED, MeetingOptions()),
        (NOTHING_SAID, MeetingOptions(substitutes=(BEA,))),
        (replace(ASKED, waiting_room="off"), MeetingOptions(waiting_room="on")),
        (MeetingOptions("on", "off", "none", (CY, BEA)), MeetingOptions(None, "on", "cloud")),
        (replace(ASKED, substitutes=(CY,)), MeetingOptions(substitutes=(BEA,))),
    ],
)
def test_what_zoom_did_not_take_is_told_apart_from_what_it_says_nothing_of(
    has: MeetingOptions, missing: MeetingOptions
) -> None:
    assert ASKED.not_in(has) == missing


@pytest.mark.parametrize("options", [NOTHING_SAID, ASKED, MeetingOptions("off", substitutes=())])
def test_options_are_written_down_and_read_again(options: MeetingOptions) -> None:
    assert options_from(json.loads(json.dumps(options.record()))) == options


@pytest.mark.parametrize(
    "record", [None, [], "on", {"waitingRoom": "maybe", "substitutes": 7}, {"recording": ["cloud"]}]
)
def test_what_nobody_can_read_says_nothing(record: object) -> None:
    assert options_from(record) == NOTHING_SAID


def test_without_any_option_zoom_is_asked_for_nothing_and_no_more_often(
    school: Services, http: RequestsMock, zoom: FakeZoom, ana: Member
) -> None:
    found = made(school, ana)
    classes.change_class(school, ana, found.id, replace(PLAN, title="Algebra 7C"))
    assert settings_sent(http) == [{}, {}]
    assert [one.method for one in sent(http)] == ["POST", "PATCH"]
    found = stored(school.engine, found.id)
    assert (found.meeting_asked, found.meeting_sent, found.meeting_has) == (NOTHING_SAID, NOTHING_SAID, None)


def test_the_schools_settings_hold_for_a_class_that_says_nothing_else(
    engine: Engine, clock: Clock, http: RequestsMock, zoom: FakeZoom, ana: Member
) -> None:
    usual = {"MEETING_WAITING_ROOM": "on", "MEETING_SIGN_IN": "on", "MEETING_RECORDING": "Cloud"}
    school = services(engine, clock, **usual)
    made(school, ana)
    found = made(school, ana, MeetingOptions("off", "zoom"))
    assert settings_sent(http) == [
        {"waiting_room": True, "meeting_authentication": True, "auto_recording": "cloud"},
        {"waiting_room": False, "auto_recording": "cloud"},
    ]
    assert (found.meeting_asked, found.meeting_sent) == (
        MeetingOptions("off", "zoom"),
        MeetingOptions("off", None, "cloud"),
    )
    assert found.meeting_has == found.meeting_sent


def test_what_zoom_has_locked_is_kept_beside_what_was_asked_for(school: Services, zoom: FakeZoom, ana: Member) -> None:
    zoom.locked = {"waiting_room": False, "auto_recording": "none"}
    found = made(school, ana, MeetingOptions("on", "on", "cloud"))
    assert not_taken(found) == MeetingOptions("on", None, "cloud")


def test_a_change_is_read_back_and_stays_as_it_was_where_nothing_is_said_of_options(
    school: Services, http: RequestsMock, zoom: FakeZoom, ana: Member
) -> None:
    class_id = made(school, ana).id
    classes.change_class(school, ana, class_id, PLAN, options=ASKED)
    assert settings_sent(http)[-1] == AS_ZOOM_HAS_IT
    found = stored(school.engine, class_id)
    assert (found.meeting_asked, found.meeting_sent, found.meeting_has) == (ASKED, ASKED, ASKED)
    zoom.locked = {"waiting_room": False}
    classes.change_class(school, ana, class_id, replace(PLAN, minutes=45))
    found = stored(school.engine, class_id)
    assert (found.meeting_asked, found.meeting_has) == (ASKED, replace(ASKED, waiting_room="off"))
    classes.change_class(school, ana, class_id, replace(PLAN, minutes=45), options=MeetingOptions(substitutes=()))
    assert settings_sent(http)[-1] == {"alternative_hosts": ""}
    assert next(what for what in entries(school.engine) if what.action == "meeting_options_set").details == {
        "waiting_room": "school",
        "sign_in": "school",
        "recording": "school",
        "registration": "school",
        "substitutes": 0,
    }


def test_where_zoom_does_not_say_what_it_has_nobody_says_it_did_not_take_it(
    school: Services, zoom: FakeZoom, ana: Member
) -> None:
    class_id = made(school, ana, ASKED).id
    zoom.meanwhile = _fails_after_the_first(zoom)
    classes.change_class(school, ana, class_id, PLAN, options=replace(ASKED, waiting_room="off"))
    found = stored(school.engine, class_id)
    assert (found.meeting_sent, found.meeting_has) == (replace(ASKED, waiting_room="off"), None)
    zoom.meanwhile = lambda path: None
    classes.host_meeting(school, ana, class_id)
    assert stored(school.engine, class_id).meeting_has == replace(ASKED, waiting_room="off")


def _fails_after_the_first(zoom: FakeZoom) -> Any:
    calls = []

    def meanwhile(path: str) -> None:
        calls.append(path)
        if len(calls) > 1:
            zoom.faults.append((500, {"code": 500, "message": "Internal error"}))

    return meanwhile


def test_a_class_is_made_without_the_substitutes_whom_zoom_refuses(
    school: Services, http: RequestsMock, zoom: FakeZoom, ana: Member
) -> None:
    zoom.faults.append(not_a_host(CY))
    found = made(school, ana, MeetingOptions(substitutes=(BEA, CY)))
    assert [one["alternative_hosts"] for one in settings_sent(http)] == [f"{BEA};{CY}", BEA]
    assert not_taken(found) == MeetingOptions(substitutes=(CY,))
    assert (found.may_host, len(zoom.meetings)) == ((BEA,), 1)


def test_where_zoom_does_not_name_whom_it_refuses_none_is_asked_for(
    school: Services, http: RequestsMock, zoom: FakeZoom, ana: Member
) -> None:
    zoom.faults.append((400, {"code": 1115, "message": "No."}))
    made(school, ana, MeetingOptions(substitutes=(BEA, CY)))
    assert [one["alternative_hosts"] for one in settings_sent(http)] == [f"{BEA};{CY}", ""]


def test_a_refusal_of_nobody_is_an_error_and_no_endless_loop(school: Services, zoom: FakeZoom, ana: Member) -> None:
    zoom.faults.append(not_a_host(BEA))
    with pytest.raises(ZoomRefused, match="does not take a substitute"):
        made(school, ana)


def test_a_colleague_is_a_substitute_by_her_address_at_zoom(
    school: Services, http: RequestsMock, zoom: FakeZoom, ana: Member
) -> None:
    with transaction(school.engine) as tx:
        storage.members.add_member(tx, BEA, "Bea", "teacher", "Bea.Zoom@school.example", NOW)
        storage.members.add_member(tx, CY, "Cy", "teacher", "an-id-of-zoom", NOW)
    found = made(school, ana, MeetingOptions(substitutes=(f" {BEA.upper()} ", CY, BEA)))
    assert found.meeting_asked.substitutes == (BEA, CY)
    assert settings_sent(http)[0]["alternative_hosts"] == f"bea.zoom@school.example;{CY}"


@pytest.mark.parametrize(
    ("people", "code"),
    [
        (("bea",), "email_unusable"),
        (("a@b@c",), "email_unusable"),
        (("a b@x.example",), "email_unusable"),
        (("ana@school.example",), "substitute_is_teacher"),
        (tuple(f"p{number}@x.example" for number in range(11)), "too_many_substitutes"),
    ],
)
def test_who_cannot_be_a_substitute_is_said_before_zoom_is_asked(
    school: Services, http: RequestsMock, zoom: FakeZoom, ana: Member, people: tuple[str, ...], code: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        made(school, ana, MeetingOptions(substitutes=people))
    assert (refused.value.code, sent(http)) == (code, [])


def test_a_linked_meeting_says_what_it_has_and_is_never_changed(
    school: Services, http: RequestsMock, zoom: FakeZoom, ana: Member
) -> None:
    zoom.meetings["85011112222"] = {
        "id": 85011112222,
        "topic": "Made elsewhere",
        "join_url": "https://us05web.zoom.us/j/85011112222",
        "host_email": ana.email,
        "settings": AS_ZOOM_HAS_IT,
    }
    with pytest.raises(InvalidInput, match="made elsewhere"):
        made(school, ana, MeetingOptions("off"), link="85011112222")
    found = made(school, ana, link="85011112222")
    assert (found.meeting_sent, found.meeting_has) == (None, ASKED)
    with pytest.raises(InvalidInput, match="made elsewhere"):
        classes.change_class(school, ana, found.id, PLAN, options=ASKED)
    classes.change_class(school, ana, found.id, replace(PLAN, title="Algebra 7C"), options=NOTHING_SAID)
    assert settings_sent(http) == []


def test_the_options_of_one_recurring_meeting_are_those_of_all_its_dates(
    school: Services, http: RequestsMock, zoom: FakeZoom, ana: Member
) -> None:
    ids = classes.create_series(school, ana, SERIES, one_meeting=True, options=MeetingOptions("on"))
    first, *_rest = (stored(school.engine, one) for one in ids)
    assert (len(ids), first.meeting_asked, first.meeting_has) == (4, MeetingOptions("on"), MeetingOptions("on"))
    classes.change_class(school, ana, ids[2], _plan_of(school, ids[2]), options=ASKED)
    _work(school)
    assert settings_sent(http)[-1] == AS_ZOOM_HAS_IT
    for class_id in ids:
        found = stored(school.engine, class_id)
        assert (found.meeting_asked, found.meeting_sent, found.meeting_has) == (ASKED, ASKED, ASKED)
    noted = [one.class_id for one in entries(school.engine) if one.action == "meeting_options_set"]
    assert sorted(noted) == sorted([*ids, *ids])
    before = len(sent(http))
    classes.change_class(school, ana, ids[1], _plan_of(school, ids[1]))
    _work(school)
    assert [one.method for one in sent(http)[before:]] == ["GET"]


def test_a_co_teacher_of_one_date_does_not_set_the_options_of_those_that_she_cannot_see(
    school: Services, zoom: FakeZoom, ana: Member
) -> None:
    ids = classes.create_series(school, ana, SERIES, one_meeting=True)
    bea = account(school.engine, BEA)
    shared(school.engine, ids[0], bea)
    with pytest.raises(NotAllowed):
        classes.change_class(school, bea, ids[0], PLAN, options=MeetingOptions("on"))
    assert {stored(school.engine, one).meeting_asked for one in ids} == {NOTHING_SAID}


def test_a_co_teacher_does_not_say_who_may_start_the_class(school: Services, zoom: FakeZoom, ana: Member) -> None:
    class_id = classes.create_class(school, ana, PLAN, options=MeetingOptions(substitutes=(BEA,)))
    cy = account(school.engine, "cy@school.example")
    shared(school.engine, class_id, cy)
    for substitutes in ((BEA, cy.email), (cy.email,), ()):
        with pytest.raises(NotAllowed, match="starts"):
            classes.change_class(school, cy, class_id, PLAN, options=MeetingOptions(substitutes=substitutes))
    classes.change_class(school, cy, class_id, PLAN, options=MeetingOptions("on", substitutes=(BEA,)))
    assert stored(school.engine, class_id).meeting_asked == MeetingOptions("on", substitutes=(BEA,))


def test_meetings_that_a_tracker_makes_have_the_options_of_their_classes(
    school: Services, http: RequestsMock, zoom: FakeZoom, ana: Member
) -> None:
    ids = classes.create_series(school, ana, SERIES, one_meeting=False, options=ASKED)
    assert stored(school.engine, ids[0]).meeting_sent is None
    _work(school)
    assert settings_sent(http) == [AS_ZOOM_HAS_IT] * 4
    off = replace(ASKED, waiting_room="off")
    classes.change_class(school, ana, ids[1], _plan_of(school, ids[1]), with_following=True, options=off)
    _work(school)
    had = [stored(school.engine, one).meeting_has for one in ids]
    assert had == [ASKED, off, off, off]


@pytest.mark.parametrize("one_meeting", [True, False])
def test_what_zoom_did_not_take_is_asked_for_again_when_a_class_of_a_series_is_saved(
    school: Services, zoom: FakeZoom, ana: Member, one_meeting: bool
) -> None:
    zoom.locked = {"waiting_room": False}
    ids = classes.create_series(school, ana, SERIES, one_meeting=one_meeting, options=ASKED)
    _work(school)
    assert {stored(school.engine, one).meeting_has for one in ids} == {replace(ASKED, waiting_room="off")}
    zoom.locked = {}
    classes.change_class(school, ana, ids[0], _plan_of(school, ids[0]), with_following=True)
    _work(school)
    assert {stored(school.engine, one).meeting_has for one in ids} == {ASKED}


def _work(school: Services) -> None:
    while classes.make_due_meeting(school) or classes.bring_due_dates_in_line(school):
        pass


def _plan_of(school: Services, class_id: str) -> Plan:
    found = stored(school.engine, class_id)
    return Plan(found.title, found.scheduled_start, found.duration_minutes, found.timezone)


def test_a_substitute_whom_zoom_names_is_a_host_of_the_class(engine: Engine, school: Services, ana: Member) -> None:
    class_id = lesson(engine, ana, meeting_has=MeetingOptions(substitutes=(BEA,)))
    other_id = lesson(engine, ana, meeting_sent=MeetingOptions(substitutes=(BEA,)))
    for one in (class_id, other_id):
        counted(engine, one, stay("Bea", 0, 60, BEA.upper()), stay("Bo", 0, 60))
    assert [person.name for person in attendance(school, class_id).hosts] == ["Bea"]
    assert [person.name for person in attendance(school, other_id).hosts] == []


def test_a_substitute_is_found_handed_out_erased_and_stays_so(
    engine: Engine, clock: Clock, tmp_path: Path, zoom: FakeZoom, ana: Member
) -> None:
    school = services(engine, clock, TRACKER_DATA_DIR=str(tmp_path / "data"))
    found = made(school, ana, MeetingOptions("on", substitutes=(BEA, CY)))
    told = privacy.find(school, OPERATOR, BEA.upper())
    assert (told.nothing, [one.code for one in told.named_in]) == (False, ["person_substitute_in"])
    assert [one["id"] for one in privacy.export(school, OPERATOR, BEA)["substituteIn"]] == [found.id]
    clock.time = at(1)
    privacy.erase(school, OPERATOR, BEA)
    with transaction(engine) as tx:
        (row,) = tx.exec(select(LiveStream))
        assert [row.meeting_asked, row.meeting_sent, row.meeting_has] == [MeetingOptions("on", substitutes=(CY,))] * 3
    # Zoom goes on naming her until the meeting is changed there.
    classes.host_meeting(school, ana, found.id)
    assert stored(engine, found.id).may_host == (CY,)
    assert privacy.find(school, OPERATOR, BEA).nothing


def test_a_substitutes_address_goes_with_the_names_of_the_class(
    engine: Engine, clock: Clock, tmp_path: Path, zoom: FakeZoom, ana: Member
) -> None:
    school = services(engine, clock, TRACKER_DATA_DIR=str(tmp_path / "data"), RETENTION_DAYS="30")
    class_id = lesson(engine, ana, meeting_asked=ASKED, meeting_sent=ASKED, meeting_has=ASKED)
    counted(engine, class_id, stay("Bea", 0, 60, BEA), stay("Bo", 0, 60))
    clock.forward(days=31)
    privacy.remove_due(school)
    found = stored(engine, class_id)
    assert found.names_removed_at is not None
    nobody = replace(ASKED, substitutes=())
    assert [found.meeting_asked, found.meeting_sent, found.meeting_has] == [nobody] * 3
    assert [person.name.partition(" ")[0] for person in attendance(school, class_id).hosts] == ["Person"]
    with transaction(engine) as tx:
        storage.meeting_options.set_has(tx, class_id, ASKED)
    assert stored(engine, class_id).may_host == ()
