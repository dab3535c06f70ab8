"""What somebody has seen to, and the figures of a list: by use cases, without a page."""

import pytest
from sqlalchemy import Engine

from tests.makers import Clock, at, counted, entries, lesson, member, services, shared, stay, stored
from tracker import class_attendance, listing, storage
from tracker.errors import NotAllowed
from tracker.storage.class_lists import Filter
from tracker.storage.database import reading, transaction
from tracker.storage.members import Member

pytestmark = pytest.mark.database("sqlite")


def test_seeing_to_a_class_is_for_those_who_may_change_it_and_is_noted_once(
    engine: Engine, ana: Member, clock: Clock
) -> None:
    class_id, eva = lesson(engine, ana), member(engine, "eva@school.example")
    school = services(engine, clock)
    with pytest.raises(NotAllowed):
        listing.see_to(school, eva, class_id, "not_held")
    shared(engine, class_id, eva)
    for _ in range(2):
        listing.see_to(school, eva, class_id, "not_held")
    assert stored(engine, class_id).seen_to == "not_held"
    assert [one.actor for one in entries(engine, action="trouble_seen_to")] == [eva.email]
    for _ in range(2):
        listing.undo_seen_to(school, ana, class_id)
    assert stored(engine, class_id).seen_to is None
    assert len(entries(engine, action="trouble_seen_to_undone")) == 1


def test_a_list_of_what_needs_attention_has_pages_and_leaves_out_what_was_seen_to(
    engine: Engine, ana: Member, clock: Clock
) -> None:
    ids = [lesson(engine, ana, f"{number}", -200 - number) for number in range(5)]
    listing.see_to(services(engine, clock), ana, ids[1], "not_held")
    with reading(engine) as tx:
        found = listing.find(tx, ana, Filter(unsolved=True), at(0), limit=2, offset=2)
    assert (found.total, [one.title for one in found.classes]) == (4, ["3", "4"])


def test_somebody_who_was_there_is_looked_for_in_the_latest_classes_alone_and_a_title_in_all(
    engine: Engine, ana: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage.class_lists, "MOST_SEARCHED_FOR_PEOPLE", 1)
    for number in range(2):
        counted(engine, lesson(engine, ana, f"Lesson {number}", 100 * number), stay("Bo", 100 * number, 60))

    def titles(which: Filter) -> list[str]:
        with reading(engine) as tx:
            return [one.title for one in listing.find(tx, ana, which, at(0), limit=9).classes]

    assert titles(Filter(text="bo")) == ["Lesson 1"]
    assert titles(Filter(text="lesson")) == ["Lesson 1", "Lesson 0"]
    assert titles(Filter(text="bo", until=at(50))) == ["Lesson 0"]


def test_who_came_late_is_stored_and_forgotten_with_the_other_figures(engine: Engine, ana: Member) -> None:
    class_id = lesson(engine, ana)
    counted(engine, class_id, stay("Bo", 0, 60), stay("Cy", 20, 60), stay("Ana", 30, 60, ana.email))
    with transaction(engine) as tx:
        class_attendance.add_figures(tx, class_id, at(80))
    found = stored(engine, class_id)
    assert (found.figures, found.late) == ((2, 1), 1)  # the host is not counted among those who came late
    with transaction(engine) as tx:
        storage.participants.keep_to_rule(tx, class_id)
    assert (stored(engine, class_id).figures, stored(engine, class_id).late) == ((3, 0), None)
    with transaction(engine) as tx:
        storage.participants.forget_attendance(tx, class_id)
    assert stored(engine, class_id).late_shown is None
