"""Lists of classes as the database gives them: whose, in which order, searched and filtered."""

import json

import pytest
from sqlalchemy import Engine
from sqlmodel import col, update

from tests.makers import at, lesson, member, stay, taken
from tests.storage.rows import hold, titles
from tracker import storage
from tracker.attendance.stored_form import participants_data
from tracker.attendance.types import ClassStatus
from tracker.auth import OPERATOR
from tracker.storage.class_lists import Filter
from tracker.storage.database import reading, transaction
from tracker.storage.members import Member
from tracker.storage.models import LiveStream


def test_a_teacher_sees_her_own_classes_and_an_admin_all(engine: Engine, teacher: Member) -> None:
    other, admin = member(engine, "ben@school.example"), member(engine, "boss@school.example", "admin")
    lesson(engine, teacher, "Hers", start=2)
    lesson(engine, other, "His", start=1)
    assert titles(engine, teacher) == ["Hers"]
    assert titles(engine, other) == ["His"]
    assert titles(engine, admin) == titles(engine, OPERATOR) == ["Hers", "His"]
    assert titles(engine, other, Filter(text="hers")) == []
    with reading(engine) as tx:
        assert [storage.class_lists.count_classes(tx, viewer, Filter()) for viewer in (teacher, other, admin)] == [
            1,
            1,
            2,
        ]


def test_lists_come_in_pages_newest_first(engine: Engine, teacher: Member) -> None:
    for number in range(5):
        lesson(engine, teacher, f"{number}", start=number)
    assert titles(engine, teacher, limit=2) == ["4", "3"]
    assert titles(engine, teacher, limit=2, offset=2) == ["2", "1"]
    assert titles(engine, teacher, limit=2, offset=4) == ["0"]
    assert titles(engine, teacher, limit=2, offset=6) == []
    assert titles(engine, teacher, oldest_first=True) == ["0", "1", "2", "3", "4"]


def test_pages_of_classes_at_the_same_time_do_not_overlap(engine: Engine, teacher: Member) -> None:
    for number in range(6):
        lesson(engine, teacher, f"{number}")
    paged = [title for offset in (0, 2, 4) for title in titles(engine, teacher, limit=2, offset=offset)]
    assert sorted(paged) == ["0", "1", "2", "3", "4", "5"]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("", {"Übung 100%", "uebung_1", "Algebra", "Straße [a-z]", "Ágora \\ x"}),
        ("  ", {"Übung 100%", "uebung_1", "Algebra", "Straße [a-z]", "Ágora \\ x"}),
        ("übung", {"Übung 100%"}),
        ("ÜBUNG", {"Übung 100%"}),
        ("ágora", {"Ágora \\ x"}),
        ("%", {"Übung 100%"}),
        ("_", {"uebung_1"}),
        ("\\", {"Ágora \\ x"}),
        ("[a-z]", {"Straße [a-z]"}),
        (" algebra ", {"Algebra"}),
        ("ölkurs", {"Algebra"}),
        ("gebr", {"Algebra"}),
        ("'; DROP TABLE", set()),
        ("/", set()),
        ("alge\0bra", {"Algebra"}),
    ],
)
def test_a_search_finds_text_in_title_or_course_in_any_case(
    engine: Engine, teacher: Member, wanted: str, found: set[str]
) -> None:
    for title in ("Übung 100%", "uebung_1", "Straße [a-z]", "Ágora \\ x"):
        lesson(engine, teacher, title)
    lesson(engine, teacher, "Algebra", course="Ölkurs")
    assert set(titles(engine, teacher, Filter(text=wanted))) == found
    with reading(engine) as tx:
        assert storage.class_lists.count_classes(tx, teacher, Filter(text=wanted)) == len(found)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("zoë", {"Known"}),
        ("ZOË ÑANDÚ", {"Known"}),
        ("ana", {"Known"}),
        ("@x.example", {"Known"}),
        ('o"neil', {"Known"}),
        ("back\\slash", {"Known"}),
        (".*", set()),
        ("(", set()),
        ("email", set()),
        ("participants", set()),
        ("zoë ana", set()),
        ('","', set()),
        ("nonsense", {"Odd"}),
        ("%", set()),
    ],
)
def test_a_search_finds_who_was_there_by_name_or_email_and_nothing_else_of_a_list(
    engine: Engine, teacher: Member, wanted: str, found: set[str]
) -> None:
    names = ("Zoë Ñandú", 'O"Neil', "back\\slash")
    people = [stay("Ana", 0, 60, "ana@x.example"), *(stay(name, 0, 60) for name in names)]
    for title, data in (
        ("Known", json.dumps(participants_data(taken(*people)), ensure_ascii=False)),
        ("Odd", '{"name":"Nonsense"'),
        ("Text", "%("),
        ("Empty", ""),
        ("Unknown", None),
    ):
        class_id = lesson(engine, teacher, title)
        with transaction(engine) as tx:
            tx.exec(update(LiveStream).where(col(LiveStream.id) == class_id).values(participants_data=data))
    assert set(titles(engine, teacher, Filter(text=wanted))) == found


def test_a_search_finds_the_teacher_of_others_classes_and_the_course_and_teacher_are_filters(engine: Engine) -> None:
    ana, ben = member(engine), member(engine, "ben@school.example")
    boss = member(engine, "boss@school.example", "admin")
    lesson(engine, ana, "Algebra", course="Term 1")
    lesson(engine, ben, "Biology", course="Term 1")
    lesson(engine, boss, "Chemistry")
    assert titles(engine, boss, Filter(text="BEN@")) == ["Biology"]
    assert titles(engine, ben, Filter(text="ben")) == []
    assert titles(engine, boss, Filter(text="boss")) == []
    assert titles(engine, boss, Filter(teacher_email=ana.email)) == ["Algebra"]
    assert titles(engine, ana, Filter(teacher_email=ben.email)) == []
    assert set(titles(engine, boss, Filter(course="Term 1"))) == {"Algebra", "Biology"}
    with reading(engine) as tx:
        assert [storage.class_lists.list_courses_seen(tx, one) for one in (ana, boss)] == [["Term 1"], ["Term 1"]]


@pytest.mark.parametrize(
    ("which", "found"),
    [
        (Filter(statuses=(ClassStatus.ENDED,)), ["0"]),
        (Filter(statuses=(ClassStatus.SCHEDULED, ClassStatus.CANCELLED)), ["2", "1"]),
        (Filter(since=at(1)), ["2", "1"]),
        (Filter(until=at(1)), ["0"]),
        (Filter(since=at(1), until=at(2)), ["1"]),
        (Filter(since=at(1), statuses=(ClassStatus.ENDED,)), []),
    ],
)
def test_a_list_is_narrowed_by_status_and_time(
    engine: Engine, teacher: Member, which: Filter, found: list[str]
) -> None:
    ids = [lesson(engine, teacher, f"{number}", start=number) for number in range(3)]
    hold(engine, ids[0])
    assert titles(engine, teacher, which) == found
