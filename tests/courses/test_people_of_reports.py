"""People's data in reports of earlier classes: who was erased is in none, and names go in time."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from tests.courses.reports import MINUTES, REPORT, bring, only_id, people
from tests.erasure.zita import everything
from tests.makers import Clock, member, services, stored
from tests.slow_storing import hold_back
from tracker import auth, listing, privacy, storage
from tracker.services import Services
from tracker.storage.members import Member


def test_who_was_erased_is_in_no_report_before_or_after(engine: Engine, clock: Clock, tmp_path: Path) -> None:
    school = services(engine, clock, TRACKER_DATA_DIR=str(tmp_path / "data"))
    member(engine)
    zita = REPORT.replace("Bo,", "Zita Quark,").replace("bo@x.org", "zita@x.org").replace("BO@x.org", "ZITA@x.org")
    alone = MINUTES.replace("Cy,", "Zita Quark,")
    ids = [only_id(bring(school, zita)), only_id(bring(school, alone))]
    before = [people(school, class_id) for class_id in ids]
    assert len(privacy.find(school, auth.OPERATOR, "zita@x.org").classes) == 1
    for who in ("zita@x.org", "Zita Quark"):
        assert privacy.erase(school, auth.OPERATOR, who).classes == 1
    assert b"zita" not in everything(engine).lower()
    assert b"quark" not in everything(engine).lower()
    for class_id, was in zip(ids, before, strict=True):
        assert sorted(one[1:] for one in people(school, class_id)) == sorted(one[1:] for one in was)
    # The same report changes nothing, and another one does not bring her back.
    assert bring(school, zita).new == bring(school, alone).new == 0
    later = [only_id(bring(school, text.replace("2026-05-0", "2026-04-0"))) for text in (zita, alone)]
    assert b"zita" not in everything(engine).lower()
    for class_id, was in zip(later, before, strict=True):
        assert len(people(school, class_id)) == len(was)


def test_an_import_under_way_is_stored_before_she_is_erased_from_it(
    engine: Engine, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    school = services(engine, clock, TRACKER_DATA_DIR=str(tmp_path / "data"))
    member(engine)
    zita = REPORT.replace("Bo,", "Zita,").replace("bo@x.org", "zita@x.org").replace("BO@x.org", "ZITA@x.org")
    bring(school, zita)
    inside = hold_back(monkeypatch, storage.participants, "save_attendance")
    with ThreadPoolExecutor(1) as threads:
        importing = threads.submit(bring, school, zita.replace("2026-05-07", "2026-05-06"))
        assert inside.wait(20)
        privacy.erase(school, auth.OPERATOR, "zita@x.org")
        importing.result()
    assert b"zita" not in everything(engine).lower()


def test_names_go_after_the_days_that_are_set_and_figures_stay(engine: Engine, clock: Clock) -> None:
    school = services(engine, clock, RETENTION_DAYS="30")
    member(engine)
    ids = [only_id(bring(school)), only_id(bring(school, MINUTES))]
    before = [(stored(engine, class_id).figures, [one[1:] for one in people(school, class_id)]) for class_id in ids]
    clock.forward(days=30)
    assert privacy.remove_due(school) == 2
    for class_id, (figures, was) in zip(ids, before, strict=True):
        found = stored(engine, class_id)
        assert (found.figures, found.names_removed_at) == (figures, clock())
        now = people(school, class_id)
        assert sorted(one[1:] for one in now) == sorted(was)
        assert {one[0] for one in now} <= {f"Person {number}" for number in range(1, 9)}
    assert b"bo@x.org" not in everything(engine).lower()
    assert listing.state_of(stored(engine, ids[0]), clock()) == "counted"
    assert bring(school).new == 0
    assert b"bo@x.org" not in everything(engine).lower()


def test_it_is_found_by_the_words_that_other_programs_use(school: Services, ana: Member) -> None:
    bring(school)
    with school.engine.connect() as connection:
        rows = connection.execute(
            text(
                'SELECT "status", "participantCount", "participantsData", "zoomMeetingId" FROM "LiveStream" '
                'WHERE "participantsFetchedAt" IS NOT NULL'
            )
        ).all()
    ((status, count, data, meeting),) = rows
    assert (status, count, meeting) == ("ended", 3, None)
    assert '"uniqueCount": 3' in data
