"""A person is found in every table, handed out, erased, and stays erased; every count stays what it was."""

import json
import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some
from sqlalchemy import Engine
from sqlmodel import update

from tests.erasure.zita import (
    MAIL,
    NAME,
    TRACES,
    enroll,
    enrolled,
    erase_both,
    everything,
    files,
    hold_and_fetch,
    told,
    traces,
)
from tests.fake_zoom import FakeZoom
from tests.lives import attendance, fetch_all, note
from tests.makers import MEETING, NOW, Clock, at, ended, lesson, participant, seen, services, stay, stored, taken
from tests.slow_storing import hold_back
from tests.tracker_process import wait_until
from tracker import auth, decisions, fetching, privacy, storage
from tracker.attendance.anonymous import Erased, digest_of
from tracker.attendance.counting import key_of
from tracker.attendance.types import Mark, Stay
from tracker.errors import InvalidInput, NotAllowed
from tracker.privacy import erased_file
from tracker.services import Services
from tracker.storage.backup import back_up
from tracker.storage.database import make_engine, reading, transaction
from tracker.storage.decisions import Decision
from tracker.storage.members import Member
from tracker.storage.models import ErasedPerson

HOUR = 60


def test_she_is_found_in_every_table_and_nothing_of_her_is_left_in_any_nor_in_a_file(
    school: Services, zoom: FakeZoom, clock: Clock, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    class_id = hold_and_fetch(school, zoom, clock)
    found, teacher = stored(school.engine, class_id), school.read(auth.get_member, "ana@school.example")
    by_mail, guest, bo = ("email", MAIL), ("name", "zita quárk"), ("email", "bo@x.example")
    decisions.decide(school, teacher, found, Decision(by_mail, guest, True), Decision(guest, bo, False))
    with transaction(school.engine) as tx:
        storage.decisions.mark(tx, teacher.id, guest, Mark.SET_ASIDE, clock())
        storage.sign_in_attempts.note(tx, "hash", "192.0.2.1", None, clock())
    shown = privacy.find(school, auth.OPERATOR, MAIL)
    assert [(one.id, number) for one, number in shown.classes] == [(class_id, 4)]
    assert (shown.lists, shown.sightings, len(shown.words)) == (4, 2, 1)
    assert [(one.course, one.student.number) for one in shown.students] == [("Physics", "007")]
    assert [(other.key, other.why.code, other.classes) for other in shown.others] == [
        (guest, "person_joined_by_teacher", 1)
    ]
    before = told(school, class_id)
    assert traces(everything(school.engine)) == list(TRACES)

    erase_both(school)

    assert traces(everything(school.engine)) == []
    assert traces(files(tmp_path)) == []
    assert traces(caplog.text.lower().encode()) == []
    # The teacher had joined the two, and set them aside: her words went with her, and the count by the rule stays.
    assert (told(school, class_id)[:2], before[0]) == (before[:2], 3)
    assert enrolled(school) == ["bo@x.example"]
    assert privacy.find(school, auth.OPERATOR, MAIL).nothing


def test_every_figure_stays_and_zoom_brings_nothing_of_her_back(school: Services, zoom: FakeZoom, clock: Clock) -> None:
    class_id = hold_and_fetch(school, zoom, clock)
    before = told(school, class_id)
    erase_both(school)
    assert told(school, class_id) == before
    names = {one.name for one in attendance(school, class_id).people}  # type: ignore[union-attr]
    clock.time = at(95)
    fetching.fetch_now(school, auth.OPERATOR, class_id)
    fetch_all(school, clock, 3000)
    note(school, seen("joined", "70", 81, NAME, "s2", 30, id="zoom-of-zita", email=MAIL))
    assert traces(everything(school.engine)) == []
    # By the same numbers as before: two readings of Zoom's list that agree are one that is settled.
    assert (told(school, class_id), stored(school.engine, class_id).fetch.stored_state) == (before, "settled")  # type: ignore[union-attr]
    assert {one.name for one in attendance(school, class_id).people} == names  # type: ignore[union-attr]


def test_a_fetch_that_was_under_way_stores_nothing_of_her(school: Services, zoom: FakeZoom, clock: Clock) -> None:
    class_id = hold_and_fetch(school, zoom, clock)
    before = told(school, class_id)

    def erase_once(path: str) -> None:
        if path.endswith("/participants"):
            zoom.meanwhile = lambda path: None
            erase_both(school)

    zoom.meanwhile = erase_once
    clock.time = at(95)
    fetching.fetch_now(school, auth.OPERATOR, class_id)
    assert (traces(everything(school.engine)), told(school, class_id)) == ([], before)


@pytest.mark.database("postgresql")
def test_an_erasing_waits_for_what_is_being_stored_by_the_list_of_before(
    school: Services, zoom: FakeZoom, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold_and_fetch(school, zoom, clock)
    other = lesson(school.engine, school.read(auth.get_member, "ana@school.example"), start=2 * HOUR)
    meeting = stored(school.engine, other).zoom_meeting_id or ""
    zoom.hold("s9", participant(NAME, 120, 170, MAIL, user_id="1"), meeting=meeting, start=120, end=180)
    clock.time = at(200)
    save = storage.session_records.save_list
    inside = Event()
    with ThreadPoolExecutor(2) as threads:

        def slow(*arguments: Any, **more: Any) -> None:
            save(*arguments, **more)
            inside.set()
            wait_until(lambda: erasing.done() or somebody_waits(school.engine), "an erasing that waits")

        monkeypatch.setattr(storage.session_records, "save_list", slow)
        fetching_her = threads.submit(fetching.fetch_now, school, auth.OPERATOR, other)
        erasing = threads.submit(lambda: inside.wait(60) and erase_both(school))
        fetching_her.result()
        erasing.result()
    assert attendance(school, other) is not None
    assert traces(everything(school.engine)) == []


def somebody_waits(engine: Engine) -> bool:
    """Whether a transaction waits for another one's lock, in PostgreSQL."""
    with engine.connect() as connection:
        return bool(connection.exec_driver_sql("SELECT count(*) FROM pg_locks WHERE NOT granted").scalar())


def test_who_comes_again_long_afterwards_is_somebody_new(school: Services, zoom: FakeZoom, clock: Clock) -> None:
    class_id = hold_and_fetch(school, zoom, clock)
    privacy.erase(school, auth.OPERATOR, NAME)
    later = lesson(school.engine, school.read(auth.get_member, "ana@school.example"), start=3000)
    meeting = stored(school.engine, later).zoom_meeting_id or ""
    zoom.hold("s9", participant(NAME, 3000, 3060, user_id="1"), meeting=meeting, start=3000, end=3060)
    clock.time = at(3075)
    fetching.fetch_now(school, auth.OPERATOR, later)
    assert [one.name for one in attendance(school, later).people] == [NAME]  # type: ignore[union-attr]
    assert NAME not in [one.name for one in attendance(school, class_id).people if not one.email]  # type: ignore[union-attr]


def test_a_name_means_records_without_an_address_unless_more_is_asked_for(
    school: Services, zoom: FakeZoom, clock: Clock
) -> None:
    class_id = hold_and_fetch(school, zoom, clock)
    shown = privacy.find(school, auth.OPERATOR, NAME)
    assert [(one.id, number) for one, number in shown.classes] == [(class_id, 2)]
    assert [(other.key, other.why.code) for other in shown.others] == [(("email", MAIL), "person_of_the_same_name")]
    both = privacy.find(school, auth.OPERATOR, NAME, with_emails=True)
    assert (both.keys, both.classes[0][1]) == ((("name", "zita quárk"), ("email", MAIL)), 6)
    # Live, Zoom told her name alone of a joining that has her address in its list.
    privacy.erase(school, auth.OPERATOR, NAME)
    assert [number for _, number in privacy.find(school, auth.OPERATOR, MAIL).classes] == [4]
    privacy.erase(school, auth.OPERATOR, NAME, with_emails=True)
    assert traces(everything(school.engine)) == []


def test_who_has_the_same_zoom_account_is_named(school: Services, zoom: FakeZoom, clock: Clock, ana: Member) -> None:
    class_id = lesson(school.engine, ana)
    account = {"id": "zoom-of-zita", "user_id": "1"}
    people = (participant(NAME, 0, 30, MAIL, **account), participant("Z.", 31, 60, **account))
    zoom.hold("s1", *people, meeting=MEETING)
    note(school, ended("s1"))
    fetch_all(school, clock, 80)
    (other,) = privacy.find(school, auth.OPERATOR, MAIL).others
    assert (other.key, other.why.code) == (("name", "z."), "person_of_the_same_account")
    content = privacy.export(school, auth.OPERATOR, "z.")
    assert ([one["id"] for one in content["classes"]], MAIL in json.dumps(content)) == ([class_id], False)


def test_only_an_admin_may_and_an_account_goes_first(school: Services, ana: Member) -> None:
    for use_case in (privacy.find, privacy.export, privacy.erase):
        with pytest.raises(NotAllowed):
            use_case(school, ana, NAME)
    with pytest.raises(NotAllowed):
        privacy.preview(school, ana)
    with pytest.raises(InvalidInput, match="tracker user remove"):
        privacy.erase(school, auth.OPERATOR, ana.email)
    with pytest.raises(InvalidInput, match="Say whom"):
        privacy.erase(school, auth.OPERATOR, " \u200b ")


def test_all_that_is_kept_on_her_is_handed_out_and_nothing_of_others(
    school: Services, zoom: FakeZoom, clock: Clock
) -> None:
    class_id = hold_and_fetch(school, zoom, clock)
    content = json.loads(json.dumps(privacy.export(school, auth.OPERATOR, MAIL)))
    (one,) = content["classes"]
    assert (one["id"], len(one["records"]), one["records"][0]["email"]) == (class_id, 4, MAIL)
    assert [len(one["records"]) for one in content["listsOfSessions"]] == [2, 2]
    assert {one["zoomUserId"] for one in content["seenLive"]} == {"zoom-of-zita"}
    assert content["account"] is None
    (student,) = content["rosters"]
    assert (student["course"], student["number"], student["email"]) == ("Physics", "007", MAIL.title())
    assert "bo@x.example" not in json.dumps(content)
    teacher = json.loads(json.dumps(privacy.export(school, auth.OPERATOR, "ana@school.example")))
    assert teacher["account"]["User"][0]["email"] == "ana@school.example"
    assert "passwordHash" not in teacher["account"]["User"][0]
    assert [held["id"] for held in teacher["account"]["LiveStream"]] == [class_id]


def test_who_is_only_on_rosters_is_found_handed_out_and_erased(school: Services, ana: Member, clock: Clock) -> None:
    for course in ("Algebra", "Physics"):
        enroll(school, course)
    shown = privacy.find(school, auth.OPERATOR, NAME)
    assert ([one.course for one in shown.students], shown.nothing) == (["Algebra", "Physics"], False)
    assert [(other.key, other.why.code) for other in shown.others] == [(("email", MAIL), "person_of_the_same_name")]
    done = privacy.erase(school, auth.OPERATOR, NAME)
    assert (done.classes, done.sightings, done.rosters) == (0, 0, 2)
    assert enrolled(school) == enrolled(school, "Algebra") == [MAIL.title(), "bo@x.example"]
    enroll(school)
    privacy.erase(school, auth.OPERATOR, NAME, with_emails=True)
    assert enrolled(school) == ["bo@x.example"]
    assert traces(everything(school.engine)) == []


def test_what_a_teacher_imports_after_an_erasing_is_new_and_stays(school: Services, ana: Member, clock: Clock) -> None:
    """A list that a teacher brings afterwards is data of its own, however soon: she has a reason to keep it."""
    enroll(school)
    clock.forward(minutes=1)
    erase_both(school)
    clock.forward(minutes=1)
    enroll(school)
    with transaction(school.engine) as tx:  # as if it had been broken off
        tx.exec(update(ErasedPerson).values(done=False))
    assert privacy.keep_erased(school) > 0
    assert enrolled(school) == [MAIL.title(), NAME, "bo@x.example"]
    # It can be erased like what was there before.
    clock.forward(minutes=1)
    erase_both(school)
    assert enrolled(school) == ["bo@x.example"]


def test_an_import_under_way_is_stored_before_she_is_taken_off(
    school: Services, ana: Member, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    enroll(school)
    inside = hold_back(monkeypatch, storage.students, "save")
    with ThreadPoolExecutor(1) as threads:
        importing = threads.submit(enroll, school)
        assert inside.wait(20)
        erase_both(school)
        importing.result()
    assert enrolled(school) == ["bo@x.example"]


def test_an_older_database_is_put_right_when_the_tracker_starts(school: Services, zoom: FakeZoom, clock: Clock) -> None:
    class_id = hold_and_fetch(school, zoom, clock)
    before = told(school, class_id)
    salt = "0123"
    erased_file.write(
        school.settings.data_dir,
        Erased({digest_of(key, salt): (salt, at(90)) for key in (("email", MAIL), ("name", "zita quárk"))}),
    )
    file = school.settings.data_dir / erased_file.NAME
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert privacy.compare_with_file(school) == (2, 2)
    assert privacy.keep_erased(school) == 2
    assert (traces(everything(school.engine)), told(school, class_id)) == ([], before)
    assert (privacy.keep_erased(school), privacy.compare_with_file(school)) == (0, (2, 0))
    # What another machine has erased is in this one's file afterwards; several salts are fine.
    with transaction(school.engine) as tx:
        storage.erased.add(tx, Erased({digest_of(("name", "bo"), "45"): ("45", at(91))}))
    assert (privacy.keep_erased(school), len(erased_file.read(school.settings.data_dir).people)) == (1, 3)
    file.write_text("[{}]")
    with pytest.raises(InvalidInput, match="cannot be read"):
        privacy.keep_erased(school)


def test_an_erasing_that_is_broken_off_is_done_by_the_tracker(
    school: Services, zoom: FakeZoom, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    class_id = hold_and_fetch(school, zoom, clock)
    before = told(school, class_id)
    privacy.erase(school, auth.OPERATOR, NAME)
    with monkeypatch.context() as broken:
        broken.setattr(storage.people_data, "replace_records", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            privacy.erase(school, auth.OPERATOR, MAIL)
    assert traces(everything(school.engine)) != []
    left = privacy.compare_with_file(school)[1]
    assert left > 0
    assert privacy.keep_erased(school) == left
    assert (traces(everything(school.engine)), told(school, class_id)) == ([], before)
    assert privacy.keep_erased(school) == 0


@pytest.mark.database("sqlite")
def test_a_backup_of_before_is_restored_without_her_and_later_ones_have_nothing_of_her(
    engine: Engine, database_url: str, zoom: FakeZoom, clock: Clock, tmp_path: Path
) -> None:
    folder = tmp_path / "data"
    school = services(engine, clock, TRACKER_DATA_DIR=str(folder), DATABASE_URL=database_url)
    class_id = hold_and_fetch(school, zoom, clock)
    before, old = told(school, class_id), tmp_path.parent / f"{tmp_path.name}-old.sqlite3"
    back_up(database_url, old)
    erase_both(school)
    later = tmp_path / "later.sqlite3"
    back_up(database_url, later)
    assert traces(files(tmp_path)) == []
    engine.dispose()
    privacy.restore(school.settings, old, at(200))
    again = make_engine(database_url)
    restored = replace(school, engine=again)
    assert (traces(everything(again)), told(restored, class_id)) == ([], before)
    assert privacy.compare_with_file(restored)[1] == 0
    again.dispose()
    assert traces(files(tmp_path)) == []


def test_who_was_joined_with_others_only_by_way_of_her_stays_joined(school: Services, ana: Member) -> None:
    first, second, third = ("name", "zita quárk"), ("name", "bo"), ("name", "cy")
    with transaction(school.engine) as tx:
        for one in (Decision(first, second, True), Decision(first, third, True)):
            storage.decisions.decide(tx, ana.id, one, NOW)
    privacy.erase(school, auth.OPERATOR, NAME)
    with reading(school.engine) as tx:
        assert storage.decisions.list_decisions(tx, ana.id) == [Decision(second, third, True)]


PEOPLE = some.builds(
    stay,
    some.sampled_from(["Ana", "ana ", "Bo", "", "Erased person 1"]),
    some.integers(0, 30),
    some.integers(31, 60),
    some.sampled_from(["", "a@x.example", "A@x.example ", "b@x.example"]),
    zoom_user_id=some.sampled_from(["", "z1"]),
    session_uuid=some.just("s1"),
)


@given(some.lists(PEOPLE, max_size=12), some.sets(some.integers(0, 11), max_size=4))
def test_whoever_is_erased_the_figures_stay(stays: list[Stay], chosen: set[int]) -> None:
    stays = [replace(one, user_id=str(place)) for place, one in enumerate(stays)]  # as Zoom numbers them
    keys = {key_of(stays[place]) for place in chosen if place < len(stays)}
    erased = Erased({digest_of(key, "salt"): ("salt", at(61)) for key in keys if key[0] in ("email", "name")})
    hidden = [erased.hide(one, MEETING) for one in stays]

    def figures(given: list[Stay]) -> Any:
        found = taken(*given)
        return found.unique_count, found.total_records, sorted((one.seconds, one.status) for one in found.people)

    assert figures(hidden) == figures(stays)
    assert not keys & {key_of(one) for one in hidden if key_of(one)[0] in ("email", "name")}
