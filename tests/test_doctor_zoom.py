"""What the doctor learns of Zoom: the plan, the teachers' users, the lists and whose webhooks come."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from responses import RequestsMock
from sqlalchemy import Engine, text

from tests.examined import ALL_SCOPES, USERS, Shown, answering, at_practice, found, services_on
from tests.makers import Clock, at, counted, lesson, member, stay
from tests.practice_school import PRACTICE, Host, practice_zoom
from tracker import auth, classes, health, storage
from tracker.attendance.types import FetchState
from tracker.doctor.zoom import MOST_TEACHERS, SCOPES_OF_REGISTRATION, USERS_SCOPE
from tracker.storage.database import transaction
from tracker.storage.members import Member

pytestmark = pytest.mark.database("sqlite")


@pytest.fixture
def host(clock: Clock) -> Iterator[Host]:
    with practice_zoom(clock) as made:
        yield made


# The plan


@pytest.mark.parametrize(
    ("plan", "at_zoom", "ok", "told"),
    [
        ("pro", {}, True, "Zoom's answers show the plan pro"),
        ("free", {"plan": "free"}, True, "Zoom's plan is free, as ZOOM_PLAN says"),
        ("pro", {"plan": "free"}, False, "or set ZOOM_PLAN to free"),
        ("business", {}, False, "set ZOOM_PLAN to pro, or Zoom refuses some"),
        ("pro", {"rate_limits": "business"}, True, "so it could be set to that"),
    ],
)
def test_the_plan_of_the_settings_is_compared_with_what_zoom_shows(
    engine: Engine, clock: Clock, tmp_path: Path, plan: str, at_zoom: dict[str, Any], ok: bool, told: str
) -> None:
    with practice_zoom(clock, **at_zoom) as zoom:
        check = found(at_practice(engine, clock, zoom.url, tmp_path, ZOOM_PLAN=plan))["Zoom plan"]
    assert (check.ok, told in check.sentence) == (ok, True)


def test_a_zoom_that_does_not_show_its_plan_is_no_fault(engine: Engine, clock: Clock, http: RequestsMock) -> None:
    answering(http)
    check = found(services_on(engine, clock))["Zoom plan"]
    assert check == Shown("Zoom plan", True, "ZOOM_PLAN is pro; Zoom's answers do not show which plan it is.")


# The scopes that not every school needs


def test_scopes_that_nothing_asks_for_are_named_and_no_fault(
    engine: Engine, clock: Clock, host: Host, tmp_path: Path, http: RequestsMock
) -> None:
    http.add_passthru(host.url)
    checks = found(at_practice(engine, clock, host.url, tmp_path))
    assert checks["optional scopes"] == Shown(
        "optional scopes",
        True,
        "Not granted, and not needed now: meeting:read:list_meetings:admin (never making a meeting twice where an "
        "answer of Zoom's is lost).",
    )
    answering(http)
    checks = found(services_on(engine, clock))
    assert checks["optional scopes"].ok
    assert all(scope in checks["optional scopes"].sentence for scope in SCOPES_OF_REGISTRATION)
    assert not any(scope in name for name in checks for scope in SCOPES_OF_REGISTRATION)


@pytest.mark.parametrize("missing", SCOPES_OF_REGISTRATION)
@pytest.mark.parametrize("asked_for_by", ["school", "class", "class that was asked for only"])
@pytest.mark.database("sqlite", "postgresql")
def test_the_scopes_of_registration_are_needed_where_it_is_asked_for(
    engine: Engine, clock: Clock, http: RequestsMock, missing: str, asked_for_by: str
) -> None:
    answering(http, " ".join([ALL_SCOPES, *(one for one in SCOPES_OF_REGISTRATION if one != missing)]))
    setting = {"MEETING_REGISTRATION": "on"} if asked_for_by == "school" else {}
    class_id = lesson(engine, member(engine))
    health.note_alive(engine, "one:8787", clock(), clock())
    services = services_on(engine, clock, **setting)
    if asked_for_by != "school":
        assert found(services)["optional scopes"].ok
        column = "meetingSent" if asked_for_by == "class" else "meetingAsked"
        with transaction(engine) as tx:
            statement = text(f'UPDATE "LiveStream" SET "{column}" = :options')
            tx.connection().execute(statement, {"options": '{"registration": "on"}'})
    checks = found(services)
    assert [name for name, check in checks.items() if not check.ok] == [f"scope {missing}"]
    assert "missing, needed for " in checks[f"scope {missing}"].sentence
    if asked_for_by != "school":
        classes.cancel_class(services, auth.OPERATOR, class_id)
        assert all(check.ok for check in found(services).values())


# The teachers


def teachers(engine: Engine, clock: Clock, host: Host, tmp_path: Path) -> Shown:
    return found(at_practice(engine, clock, host.url, tmp_path))["teachers at Zoom"]


def test_a_teacher_whom_zoom_knows_is_in_order(engine: Engine, clock: Clock, host: Host, tmp_path: Path) -> None:
    assert teachers(engine, clock, host, tmp_path).sentence == "There is no teacher yet."
    member(engine, "ana@school.example")
    check = teachers(engine, clock, host, tmp_path)
    assert (check.ok, check.sentence) == (True, "Zoom has an active user for each that was asked for (1 of 1).")


def test_a_teacher_whom_zoom_does_not_know_is_named(engine: Engine, clock: Clock, host: Host, tmp_path: Path) -> None:
    member(engine, "ana@school.example")
    member(engine, "eva@elsewhere.example")
    check = teachers(engine, clock, host, tmp_path)
    assert not check.ok
    assert check.sentence.startswith("Zoom has no user eva@elsewhere.example, so eva@elsewhere.example can hold no")
    assert "--zoom-user" in check.sentence
    assert "ana@school.example" not in check.sentence


@pytest.mark.parametrize(
    ("account", "told"),
    [
        ({"status": "inactive"}, "is deactivated: activate it in Zoom's User Management."),
        ({"status": "pending"}, "has not accepted the invitation in Zoom's e-mail yet."),
        ({"type": 1}, "has no licence, so Zoom ends meetings after 40 minutes"),
    ],
)
def test_a_user_who_cannot_hold_classes_is_named(
    engine: Engine, clock: Clock, host: Host, tmp_path: Path, account: dict[str, Any], told: str
) -> None:
    member(engine, "ana@school.example")
    host.call("PUT", "/users/ana@school.example/account", account)
    check = teachers(engine, clock, host, tmp_path)
    assert not check.ok
    assert f"The Zoom user ana@school.example of ana@school.example {told}" in check.sentence


def test_teachers_whose_account_is_closed_and_admins_are_not_asked_for(
    engine: Engine, clock: Clock, host: Host, tmp_path: Path
) -> None:
    member(engine, "boss@elsewhere.example", role="admin")
    closed = member(engine, "eva@elsewhere.example")
    auth.disable(engine, auth.OPERATOR, closed.email, clock())
    assert teachers(engine, clock, host, tmp_path).sentence == "There is no teacher yet."


def test_no_more_than_so_many_teachers_are_asked_for(engine: Engine, clock: Clock, http: RequestsMock) -> None:
    answering(http)
    for number in range(MOST_TEACHERS + 1):
        member(engine, f"t{number}@school.example")
    check = found(services_on(engine, clock))["teachers at Zoom"]
    assert f"({MOST_TEACHERS} of {MOST_TEACHERS + 1})" in check.sentence
    assert sum("/users/" in str(call.request.url) for call in http.calls) == MOST_TEACHERS


def test_without_the_scope_it_is_said_that_teachers_could_not_be_checked(
    engine: Engine, clock: Clock, tmp_path: Path
) -> None:
    member(engine, "ana@school.example")
    scopes = tuple(scope for scope in PRACTICE.scopes if scope != USERS_SCOPE)
    with practice_zoom(clock, scopes=scopes) as host:
        check = teachers(engine, clock, host, tmp_path)
    assert not check.ok
    assert check.sentence == (
        f"It could not be checked. The app lacks the scope {USERS_SCOPE}, which is for this alone: add it on the app's "
        "page Scopes."
    )


def test_a_call_that_zoom_puts_off_leaves_the_check_unmade(engine: Engine, clock: Clock, http: RequestsMock) -> None:
    answering(http)
    member(engine, "ana@school.example")
    http.replace("GET", USERS, status=429, json={"code": 429, "message": "Try again later."})
    check = found(services_on(engine, clock))["teachers at Zoom"]
    assert (check.ok, check.sentence.startswith("It could not be checked. Zoom")) == (False, True)


# What the last classes show


def classes_with(engine: Engine, count: int, *names: str, state: FetchState = FetchState.SETTLED) -> None:
    """So many classes in whose lists these people are."""
    teacher = member(engine)
    for number in range(count):
        start = number * 120
        class_id = lesson(engine, teacher, start=start)
        counted(engine, class_id, *(stay(name, start, start + 60) for name in names), start=start, end=start + 60)
        set_fetch(engine, class_id, state)


def set_fetch(engine: Engine, class_id: str, state: FetchState, error: str | None = None) -> None:
    with engine.begin() as connection:
        connection.execute(text('DELETE FROM "Fetch" WHERE "streamId" = :id'), {"id": class_id})
        connection.execute(
            text(
                'INSERT INTO "Fetch" ("streamId", state, "askedAt", attempts, error) VALUES (:id, :state, :at, 1, :e)'
            ),
            {"id": class_id, "state": state.value, "at": "2026-05-14 12:00:00", "e": error},
        )


def lists(engine: Engine, http: RequestsMock) -> Shown:
    answering(http)
    return found(services_on(engine, Clock(at(60 * 24))))["Zoom's lists"]


@pytest.mark.slow
def test_lists_of_people_with_names_are_in_order(engine: Engine, http: RequestsMock) -> None:
    assert lists(engine, http).sentence == "Too few classes to say anything: 0."
    classes_with(engine, 5, "Ana", "Bo")
    assert lists(engine, http).sentence == "The lists of the last classes have people and names (5 classes)."


def test_lists_with_one_person_again_and_again_are_told(engine: Engine, http: RequestsMock) -> None:
    classes_with(engine, 5, "Ana")
    check = lists(engine, http)
    assert not check.ok
    assert check.sentence.startswith("In 5 of the last 5 classes the list has one person at most")


def test_lists_without_names_are_told(engine: Engine, http: RequestsMock) -> None:
    classes_with(engine, 5, "Ana", "Bo")
    with engine.begin() as connection:
        rows = connection.execute(text('SELECT id, "participantsData" FROM "LiveStream"')).all()
        for class_id, data in rows:
            blank = json.loads(data)
            for entry in blank["participants"]:
                entry["name"] = entry["email"] = ""
            connection.execute(
                text('UPDATE "LiveStream" SET "participantsData" = :data WHERE id = :id'),
                {"data": json.dumps(blank), "id": class_id},
            )
    check = lists(engine, http)
    assert not check.ok
    assert "nobody in the list has a name: accounts with a HIPAA agreement withhold names" in check.sentence


def test_lists_that_zoom_does_not_have_are_told_with_the_setting_for_them(engine: Engine, http: RequestsMock) -> None:
    teacher = member(engine)
    for number in range(5):
        class_id = lesson(engine, teacher, start=number * 120)
        counted(engine, class_id, start=number * 120, end=number * 120 + 60)
        set_fetch(engine, class_id, FetchState.NO_DATA, "no_list_yet")
    check = lists(engine, http)
    assert not check.ok
    assert '"Show one person meetings" is on' in check.sentence


def held(engine: Engine, teacher: Member, start: float, *, announced: bool) -> None:
    """A class of this teacher was held; a webhook of Zoom's told of it, or it was found later."""
    class_id = lesson(engine, teacher, start=start)
    counted(engine, class_id, stay("Bo", start, start + 60), start=start, end=start + 60)
    if announced:
        with transaction(engine) as tx:
            storage.webhook_log.note(tx, class_id, "meeting.ended", class_id, at(start))


def whose(engine: Engine, http: RequestsMock) -> Shown:
    answering(http)
    return found(services_on(engine, Clock(at(60 * 24))))["whose webhooks"]


@pytest.mark.slow
def test_webhooks_of_one_teachers_classes_alone_are_told(engine: Engine, http: RequestsMock) -> None:
    ana, eva = member(engine), member(engine, "eva@school.example")
    held(engine, ana, 0, announced=True)
    assert whose(engine, http).ok
    for start in (100, 200):
        assert whose(engine, http).ok
        held(engine, eva, start, announced=False)
    check = whose(engine, http)
    assert not check.ok
    assert check.sentence == (
        "Webhooks came for classes of ana@school.example and for none of eva@school.example: in the Zoom app's event "
        "subscription choose the events of all users of the account."
    )


def test_webhooks_of_several_teachers_classes_are_in_order(engine: Engine, http: RequestsMock) -> None:
    for number, email in enumerate(("ana@school.example", "eva@school.example")):
        held(engine, member(engine, email), number * 100, announced=True)
    assert whose(engine, http).sentence == "Webhooks came for classes of 2 teachers."


def test_classes_from_before_the_first_webhook_say_nothing(engine: Engine, http: RequestsMock) -> None:
    ana, eva = member(engine), member(engine, "eva@school.example")
    held(engine, eva, -300, announced=False)
    held(engine, eva, -200, announced=False)
    held(engine, ana, 0, announced=True)
    check = whose(engine, http)
    assert (check.ok, "shows when classes of several were held" in check.sentence) == (True, True)
