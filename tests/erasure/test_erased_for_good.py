"""Whoever was erased stays so, by a backup, in a class that runs, when it is broken off; and what stays is said."""

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlmodel import select

from tests.erasure.zita import MAIL, NAME, erase_both, everything, hold_and_fetch, said_by_zoom, told, traces
from tests.fake_zoom import FakeZoom
from tests.lives import attendance, fetch_all, note
from tests.makers import (
    MEETING,
    Clock,
    at,
    ended,
    entries,
    lesson,
    member,
    participant,
    seen,
    services,
    started,
    stored,
)
from tracker import audit, auth, class_attendance, classes, privacy, storage
from tracker.attendance.anonymous import Erased, digest_of
from tracker.attendance.types import Mark
from tracker.errors import InvalidInput
from tracker.privacy import erased_file, erasure
from tracker.services import Services
from tracker.storage import backup, database
from tracker.storage.backup import back_up
from tracker.storage.database import make_engine, reading, transaction
from tracker.storage.members import Member
from tracker.storage.models import Fetch

KEYS = (("email", MAIL), ("name", "zita quárk"))


def test_what_is_broken_off_of_an_erasing_by_the_file_is_done_the_next_time(
    school: Services, zoom: FakeZoom, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    class_id = hold_and_fetch(school, zoom, clock)
    before = told(school, class_id)
    erased_file.write(school.settings.data_dir, Erased({digest_of(key, "01"): ("01", at(90)) for key in KEYS}))
    with monkeypatch.context() as broken:
        broken.setattr(storage.people_data, "replace_records", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            privacy.keep_erased(school)
    assert privacy.compare_with_file(school) == (2, 2)
    # A file that is in use keeps old pages: this is tried again, too.
    with monkeypatch.context() as busy:
        busy.setattr(erasure, "compact", lambda _: False)
        assert privacy.keep_erased(school) == 2
    assert (traces(everything(school.engine)), told(school, class_id)) == ([], before)
    assert [privacy.keep_erased(school) for _ in range(2)] == [2, 0]
    # Another tracker of this database writes its file alone, and looks through no classes.
    known = erased_file.read(school.settings.data_dir)
    (school.settings.data_dir / erased_file.NAME).unlink()
    monkeypatch.setattr(erasure, "_replace", lambda *_: 1 / 0)
    assert (privacy.keep_erased(school), erased_file.read(school.settings.data_dir)) == (0, known)


@pytest.fixture
def on_file(engine: Engine, database_url: str, clock: Clock, tmp_path: Path) -> Services:
    return services(engine, clock, TRACKER_DATA_DIR=str(tmp_path / "data"), DATABASE_URL=database_url)


def restored(school: Services, file: Path) -> Iterator[Services]:
    school.engine.dispose()
    privacy.restore(school.settings, file, at(200))
    engine = make_engine(school.settings.database_url)
    yield replace(school, engine=engine)
    engine.dispose()


@pytest.mark.database("sqlite")
@pytest.mark.slow
def test_a_backup_that_was_made_while_she_was_erased_is_restored_without_her(
    on_file: Services, zoom: FakeZoom, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold_and_fetch(on_file, zoom, clock)
    file, replaced = tmp_path / "meanwhile.sqlite3", erasure._replace
    with monkeypatch.context() as meanwhile:
        url = on_file.settings.database_url
        meanwhile.setattr(erasure, "_replace", lambda *them: file.exists() or back_up(url, file) or replaced(*them))
        privacy.erase(on_file, auth.OPERATOR, MAIL)
    erase_both(on_file)
    for after in restored(on_file, file):
        assert (traces(everything(after.engine)), privacy.compare_with_file(after)[1]) == ([], 0)


@pytest.mark.database("sqlite")
@pytest.mark.slow
def test_whoever_is_erased_during_a_restore_stays_so_and_that_is_noted(
    on_file: Services, zoom: FakeZoom, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold_and_fetch(on_file, zoom, clock)
    file, keep_audit = tmp_path / "old.sqlite3", backup._keep_audit
    back_up(on_file.settings.database_url, file)

    def keep_and_erase(*files: Path) -> None:
        keep_audit(*files)
        monkeypatch.undo()
        erase_both(on_file)
        on_file.engine.dispose()

    monkeypatch.setattr(backup, "_keep_audit", keep_and_erase)
    for after in restored(on_file, file):
        assert (traces(everything(after.engine)), privacy.compare_with_file(after)[1]) == ([], 0)
        assert len(erased_file.read(on_file.settings.data_dir).people) > 2
        assert len(entries(after.engine, action="person_erased")) == 2


def test_a_class_that_runs_is_kept_clean_when_zoom_tells_her_name_alone(
    school: Services, zoom: FakeZoom, clock: Clock, ana: Member
) -> None:
    class_id = lesson(school.engine, ana)
    hers = {"id": "zoom-of-zita"}
    note(school, started("s1"), seen("joined", "7", 1, NAME, "s1", email=MAIL, **hers))
    note(school, seen("joined", "20", 1, "Bo", "s1"), seen("joined", "21", 1, "Z.", "s1", id="zoom-of-another"))
    clock.time = at(10)
    privacy.erase(school, auth.OPERATOR, MAIL)
    note(school, seen("left", "7", 11, NAME, "s1"), seen("joined", "8", 12, NAME, "s1", **hers))
    assert traces(everything(school.engine)) == []
    here = school.read(class_attendance.people_in_class_now, stored(school.engine, class_id), at(13))
    assert [one.name[:6] for one in here] == ["Bo", "Erased", "Z."]
    # In its list Zoom may do the same.
    there = (participant(NAME, 1, 11, user_id="7"), participant(NAME, 12, 60, user_id="8", **hers))
    zoom.hold("s1", *there, participant("Bo", 1, 60, user_id="20"), meeting=MEETING)
    note(school, ended("s1"))
    fetch_all(school, clock, 80)
    assert (traces(everything(school.engine)), stored(school.engine, class_id).participant_count) == ([], 2)


def test_of_what_zoom_has_said_only_that_goes_in_which_she_is_named(
    school: Services, zoom: FakeZoom, clock: Clock
) -> None:
    class_id = hold_and_fetch(school, zoom, clock)

    def said() -> str | None:
        with reading(school.engine) as tx:
            return tx.exec(select(Fetch.error_details)).one()

    said_by_zoom(school.engine, class_id, "s1", "Sessions of José García, a mess: SESS@x.example!")
    for who in ("ses", "message", "Garc", "josé"):
        privacy.erase(school, auth.OPERATOR, who)
        assert (said() is None) == (who == "josé"), who
    said_by_zoom(school.engine, class_id, "s1", "Sessions of José García, a mess: SESS@x.example!")
    privacy.erase(school, auth.OPERATOR, "sess@x.example")
    assert said() is None


def test_what_names_her_in_the_audit_is_found_and_handed_out_and_said_to_stay(school: Services, ana: Member) -> None:
    boss, zita = member(school.engine, "boss@school.example", "admin"), member(school.engine, MAIL)
    classes.look_at(school, audit.from_where(zita, "192.0.2.7"), lesson(school.engine, zita))
    auth.share(school.engine, boss, lesson(school.engine, ana, "Ánd Zita Quárk!", start=90), boss.email, at(0))
    auth.remove(school.engine, boss, MAIL, boss.email, at(1))
    found = privacy.find(school, auth.OPERATOR, MAIL)
    assert (found.account, found.nothing, found.noted.details["days"]) == (None, False, 365)  # type: ignore[union-attr]
    exported = privacy.export(school, auth.OPERATOR, MAIL)["audit"]
    noted = [one for one in exported if one["action"] != "person_seen"]  # by a digest, and not by her name
    assert {one["action"] for one in noted} >= {"class_seen", "account_removed"}
    assert len(noted) == found.noted.details["entries"]  # type: ignore[union-attr]
    assert privacy.erase(school, auth.OPERATOR, MAIL).noted == found.noted
    assert [one["action"] for one in privacy.export(school, auth.OPERATOR, "zita QUÁRK")["audit"]] == ["shared"]
    assert privacy.find(school, auth.OPERATOR, "Quár").noted is None


def test_a_damaged_file_stops_an_erasing_before_it_begins(school: Services, zoom: FakeZoom, clock: Clock) -> None:
    hold_and_fetch(school, zoom, clock)
    before = everything(school.engine)
    school.settings.data_dir.mkdir()
    file = school.settings.data_dir / erased_file.NAME
    file.write_text("[{}]")
    with pytest.raises(InvalidInput, match="cannot be read"):
        privacy.erase(school, auth.OPERATOR, MAIL)
    assert (everything(school.engine), file.read_text()) == (before, "[{}]")


def test_a_disk_that_is_full_is_not_filled_further(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InvalidInput, match="No space left"):
        erased_file.write(tmp_path, Erased())
    assert list(tmp_path.iterdir()) == []


HOLD_CHECKPOINT = """
import fcntl, sys
with open(sys.argv[1], "r+b") as file:
    fcntl.lockf(file, fcntl.LOCK_EX, 1, 121)  # as SQLite does while it writes pages back: WAL_CKPT_LOCK
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.mark.database("sqlite")
def test_a_file_is_compacted_once_another_process_has_written_its_pages_back(
    engine: Engine, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    member(engine)
    shared = f"{engine.url.database}-shm"
    command = [sys.executable, "-c", HOLD_CHECKPOINT, shared]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        waited: list[float] = []

        def let_it_end(seconds: float) -> None:
            waited.append(seconds)
            other.communicate()

        monkeypatch.setattr(database.time, "sleep", let_it_end)
        assert database.compact(engine)
    assert len(waited) == 1


def test_teachers_are_locked_in_the_order_of_their_ids(school: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    teachers = [member(school.engine, f"teacher{number}@school.example").id for number in range(6)]
    locked: list[str] = []
    with transaction(school.engine) as tx:
        for one in teachers:
            storage.decisions.mark(tx, one, KEYS[1], Mark.SET_ASIDE, at(0))
    lock = storage.members.lock_member
    monkeypatch.setattr(storage.members, "lock_member", lambda tx, one: locked.append(one) or lock(tx, one))
    privacy.erase(school, auth.OPERATOR, NAME)
    assert locked == sorted(teachers)


def test_a_class_that_she_has_hosted_shows_what_it_has_without_her_account(
    school: Services, zoom: FakeZoom, clock: Clock, ana: Member
) -> None:
    class_id, elsewhere = lesson(school.engine, ana, zoom_host_id="zoom-of-zita"), lesson(school.engine, ana, start=90)
    other = stored(school.engine, elsewhere).zoom_meeting_id or ""
    # Somebody else uses her account, and is the host by it.
    zoom.hold("s1", participant("Z.", 0, 60, id="zoom-of-zita"), participant("Bo", 0, 60), meeting=MEETING)
    zoom.hold("s2", participant(NAME, 90, 150, MAIL, id="zoom-of-zita"), meeting=other, start=90, end=150)
    note(school, ended("s1"), ended("s2", 90, 150, meeting=other))
    fetch_all(school, clock, 300)
    found = stored(school.engine, class_id)
    assert (found.people_shown, found.hosts_shown) == (1, 1)
    privacy.erase(school, auth.OPERATOR, MAIL)
    found = stored(school.engine, class_id)
    taken = attendance(school, class_id)
    assert taken is not None
    assert (found.zoom_host_id, found.people_shown, found.hosts_shown) == (None, len(taken.participants), 0)
