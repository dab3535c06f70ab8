"""Classes and courses that are shared with colleagues: who sees them then, who shares them, and how that ends."""

from contextlib import suppress
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, event

from tests.fake_zoom import FakeZoom
from tests.makers import MEETING, Clock, at, counted, lesson, member, participant, shared, stay, stored
from tests.practice_school import TEACHER, CommandLine
from tests.test_authority import ACTS, LINK, PLAN, hosted_by
from tracker import auth, class_attendance, classes, decisions, fetching, listing, storage
from tracker.attendance.types import Attendance, Mark
from tracker.classes import Plan
from tracker.errors import InvalidInput, NotAllowed, NotFound
from tracker.services import Services
from tracker.storage.class_lists import Filter
from tracker.storage.classes import Class
from tracker.storage.database import reading, transaction
from tracker.storage.decisions import Decision
from tracker.storage.members import Member
from tracker.storage.shares import Kind


@pytest.fixture
def eva(engine: Engine) -> Member:
    """A colleague."""
    return member(engine, "eva@school.example")


@pytest.fixture
def boss(engine: Engine) -> Member:
    return member(engine, "boss@school.example", "admin")


def listed(engine: Engine, who: Member, **which: str) -> list[str]:
    """The titles of the classes that somebody finds."""
    with reading(engine) as tx:
        found = classes.list_classes(tx, who, Filter(**which), limit=100)
        assert classes.count_classes(tx, who, Filter(**which)) == len(found)
    return sorted(one.title for one in found)


def sees(engine: Engine, who: Member, class_id: str) -> bool:
    try:
        with reading(engine) as tx:
            return bool(classes.visible_class(tx, who, class_id))
    except NotAllowed:
        return False


def with_whom(engine: Engine, class_id: str) -> set[tuple[Kind, str]]:
    with reading(engine) as tx:
        return {(one.kind, one.colleague.email) for one in auth.shares_of(tx, auth.OPERATOR, stored(engine, class_id))}


# Who sees what


def test_a_class_that_is_shared_is_seen_listed_and_found_and_no_other(engine: Engine, ana: Member, eva: Member) -> None:
    ours = lesson(engine, ana, "Algebra", course="Term 1")
    lesson(engine, ana, "Biology", course="Term 1")
    lesson(engine, eva, "Her own")
    assert listed(engine, eva) == ["Her own"]
    shared(engine, ours, eva)
    shared(engine, ours, eva)
    assert stored(engine, ours).shared_with == {eva.id}
    assert listed(engine, eva) == ["Algebra", "Her own"]
    assert listed(engine, eva, text="term 1") == ["Algebra"]
    assert sees(engine, eva, ours)
    with reading(engine) as tx:
        assert "Algebra" in [one.title for one in listing.of_day(tx, eva, at(0), ZoneInfo("UTC")).every]
        # A class of her own is of her own courses.
        assert classes.list_courses(tx, eva) == []
    assert listed(engine, ana) == ["Algebra", "Biology"]


def test_a_course_that_is_shared_is_shared_with_all_its_classes_those_of_later_too(
    engine: Engine, ana: Member, eva: Member, boss: Member
) -> None:
    ben = member(engine, "ben@school.example")
    first = lesson(engine, ana, "First", course="Algebra")
    lesson(engine, ana, "Other", course="Biology")
    lesson(engine, ben, "A namesake's", course="Algebra")
    shared(engine, first, eva, "course")
    shared(engine, first, boss)
    later = lesson(engine, ana, "Later", course="Algebra")
    assert listed(engine, eva) == ["First", "Later"]
    assert stored(engine, first).shared_with == {eva.id, boss.id}
    assert stored(engine, later).shared_with == {eva.id}
    assert with_whom(engine, first) == {("course", eva.email), ("class", boss.email)}


@pytest.mark.database("sqlite")
def test_a_list_asks_as_many_questions_whatever_is_shared(engine: Engine, ana: Member, eva: Member) -> None:
    asked: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    numbers = set()
    for number in range(4):
        shared(engine, lesson(engine, ana, course=f"Course {number}"), eva, "course" if number % 2 else "class")
        asked.clear()
        with reading(engine) as tx:
            assert len(classes.list_classes(tx, eva, Filter(), limit=100)) == number + 1
        numbers.add(len([one for one in asked if one.startswith("SELECT")]))
    assert numbers == {3}


@pytest.mark.database("sqlite")
@pytest.mark.parametrize("act", ACTS)
def test_a_co_teacher_does_with_a_class_what_its_teacher_does(
    school: Services, zoom: FakeZoom, ana: Member, eva: Member, clock: Clock, act: str
) -> None:
    class_id = lesson(school.engine, ana)
    shared(school.engine, class_id, eva)
    before = stored(school.engine, class_id)

    def outcome(who: Member) -> object:
        """What comes of it: nothing, or the same refusal of another kind."""
        try:
            return ACTS[act](school, who, before)
        except NotAllowed:
            raise
        except Exception as error:
            return repr(error)

    hosted_by(zoom, host_email=ana.email)
    said = outcome(eva)
    if act == "cancel_class":
        assert stored(school.engine, class_id).status == "cancelled"
    else:
        assert said == outcome(ana)


@pytest.mark.database("sqlite")
@pytest.mark.parametrize("act", ["change_class", "choose_session", "undo_session_choice", "take_other_list"])
def test_a_co_teacher_reaches_into_no_class_of_the_meeting_that_she_may_not_see(
    school: Services, zoom: FakeZoom, ana: Member, eva: Member, act: str
) -> None:
    linked = {"zoom_meeting_id": MEETING, "zoom_meeting_made": False}
    shared_class = lesson(school.engine, ana, **linked)
    hidden = lesson(school.engine, ana, "Secret tutoring", -10_000, **linked)
    shared(school.engine, shared_class, eva)
    counted(school.engine, hidden, stay("Zita", -10_000, -9_940), start=-10_000, end=-9_940)
    before = stored(school.engine, shared_class), stored(school.engine, hidden)
    with pytest.raises(NotAllowed) as refused:
        ACTS[act](school, eva, before[0])
    assert refused.value.code == "meeting_of_hidden_class"
    assert (stored(school.engine, shared_class), stored(school.engine, hidden)) == before
    assert zoom.meetings == {}
    plan = Plan("Another title", before[0].scheduled_start, before[0].duration_minutes, before[0].timezone)
    classes.change_class(school, eva, shared_class, plan)
    shared(school.engine, hidden, eva)
    with suppress(NotFound):
        ACTS[act](school, eva, stored(school.engine, shared_class))


def test_a_co_teacher_fetches(school: Services, zoom: FakeZoom, ana: Member, eva: Member, clock: Clock) -> None:
    class_id = lesson(school.engine, ana)
    shared(school.engine, class_id, eva)
    zoom.hold("uuid-1", participant("Bo", 0, 60), meeting=MEETING)
    clock.time = at(75)
    assert fetching.fetch_now(school, eva, class_id).unique_count == 1


def test_the_start_link_stays_the_teachers_also_where_the_co_teacher_may_host(
    school: Services, zoom: FakeZoom, ana: Member, eva: Member
) -> None:
    hosted_by(
        zoom, host_email=ana.email, start_url="https://zoom.us/s/1?zak=x", settings={"alternative_hosts": eva.email}
    )
    class_id = classes.create_class(school, ana, PLAN, link=LINK)
    shared(school.engine, class_id, eva)
    with pytest.raises(NotFound):
        classes.host_meeting(school, eva, class_id)
    assert classes.host_meeting(school, ana, class_id)


def test_what_is_shared_makes_a_colleagues_meeting_no_ones_own(
    school: Services, zoom: FakeZoom, ana: Member, eva: Member
) -> None:
    hosted_by(zoom, host_email=ana.email)
    class_id = classes.create_class(school, ana, PLAN, link=LINK, course="Algebra")
    shared(school.engine, class_id, eva, "course")
    with pytest.raises(NotAllowed):
        classes.create_class(school, eva, classes.Plan("Mine", datetime(2026, 5, 16, 10), 60, "UTC"), link=LINK)


# What is said of people


def attendance(school: Services, found: Class) -> Attendance:
    known = school.read(class_attendance.attendance_of, found, school.now())
    assert known is not None
    return known


def test_a_co_teacher_says_who_is_who_for_the_teacher_where_she_may_see_all_of_it(
    school: Services, ana: Member, eva: Member
) -> None:
    first = lesson(school.engine, ana, course="Algebra")
    second = lesson(school.engine, ana, course="Algebra", start=200)
    for class_id in (first, second):
        counted(school.engine, class_id, stay("Bo", 0, 60), stay("Bo (iPhone)", 0, 60), stay("Cy", 0, 60))
    shared(school.engine, first, eva)
    found = stored(school.engine, first)
    people = attendance(school, found).people
    with pytest.raises(NotAllowed) as refused:
        decisions.join(school, eva, found, people[:2])
    assert refused.value.code == "people_of_other_classes"
    with pytest.raises(NotAllowed):
        decisions.mark(school, eva, found, people[:1], Mark.SET_ASIDE)
    assert [stored(school.engine, one).figures for one in (first, second)] == [(3, 0), (3, 0)]
    shared(school.engine, first, eva, "course")
    decisions.join(school, eva, found, people[:2])
    assert [stored(school.engine, one).figures for one in (first, second)] == [(2, 0), (2, 0)]
    # It is the teacher's own word from then on: she reads it, and undoes it.
    (said,) = school.read(decisions.list_decisions, found)
    decisions.undo_decision(school, ana, found, said)
    assert stored(school.engine, first).figures == (3, 0)


def test_a_class_without_a_course_is_hidden_from_whom_a_course_is_shared_with(
    school: Services, ana: Member, eva: Member
) -> None:
    ours, other = lesson(school.engine, ana, course="Algebra"), lesson(school.engine, ana, start=200)
    for class_id in (ours, other):
        counted(school.engine, class_id, stay("Bo", 0, 60))
    shared(school.engine, ours, eva, "course")
    found = stored(school.engine, ours)
    with pytest.raises(NotAllowed):
        decisions.mark(school, eva, found, attendance(school, found).people, Mark.SET_ASIDE)
    assert stored(school.engine, other).figures == (1, 0)


def test_a_co_teacher_undoes_nothing_that_concerns_a_class_that_she_may_not_see(
    school: Services, ana: Member, eva: Member
) -> None:
    ours, other = lesson(school.engine, ana), lesson(school.engine, ana, start=200)
    counted(school.engine, ours, stay("Bo", 0, 60), stay("Cy", 0, 60))
    counted(school.engine, other, stay("Bo", 0, 60))
    shared(school.engine, ours, eva)
    found = stored(school.engine, ours)
    bo, cy = attendance(school, found).people
    for one in (bo, cy):
        decisions.mark(school, ana, found, [one], Mark.SET_ASIDE)
    with pytest.raises(NotAllowed):
        decisions.undo_mark(school, eva, found, *bo.keys)
    decisions.undo_mark(school, eva, found, *cy.keys)
    assert [stored(school.engine, one).figures for one in (ours, other)] == [(1, 0), (0, 0)]


def test_a_co_teacher_reads_what_was_said_of_people_of_this_class_alone(
    school: Services, ana: Member, eva: Member
) -> None:
    class_id = lesson(school.engine, ana)
    shared(school.engine, class_id, eva)
    found = stored(school.engine, class_id)
    bo, cy, elsewhere = ("name", "bo"), ("name", "cy"), ("email", "secret@x.example")
    decisions.decide(school, ana, found, Decision(bo, cy, True), Decision(cy, elsewhere, True))
    with transaction(school.engine) as tx:
        for key in (bo, elsewhere):
            storage.decisions.mark(tx, ana.id, key, Mark.HOST, at(0))
    same, marks = school.read(decisions.list_said, eva, found, {bo, cy})
    assert (same, marks) == ([Decision(bo, cy, True)], {bo: Mark.HOST})
    same, marks = school.read(decisions.list_said, ana, found, {bo, cy})
    assert (len(same), len(marks)) == (2, 2)


# Sharing, and its end


def test_only_the_teacher_and_admins_share(engine: Engine, ana: Member, eva: Member, boss: Member) -> None:
    ben = member(engine, "ben@school.example")
    class_id = lesson(engine, ana, course="Algebra")
    for who in (eva, ben):
        with pytest.raises(NotAllowed):
            auth.share(engine, who, class_id, ben.email, at(0))
    auth.share(engine, ana, class_id, eva.email.upper(), at(0))
    with pytest.raises(NotAllowed) as refused:
        auth.share(engine, eva, class_id, ben.email, at(0))
    assert refused.value.code == "share_of_somebody_else"
    auth.share(engine, boss, class_id, ben.email, at(0), "course")
    assert with_whom(engine, class_id) == {("class", eva.email), ("course", ben.email)}
    stranger = member(engine, "cy@school.example")
    with reading(engine) as tx, pytest.raises(NotAllowed):
        auth.shares_of(tx, stranger, stored(engine, class_id))


def test_what_cannot_be_shared_is_refused(engine: Engine, ana: Member, eva: Member, boss: Member) -> None:
    class_id = lesson(engine, ana)
    auth.disable(engine, boss, eva.email, at(0))
    for email, kind, code in (
        ("nobody@school.example", "class", "no_such_account"),
        (ana.email, "class", "share_with_teacher"),
        (eva.email, "class", "share_with_closed"),
        (boss.email, "course", "class_without_course"),
    ):
        with pytest.raises((NotFound, InvalidInput)) as refused:
            auth.share(engine, ana, class_id, email, at(0), kind)  # type: ignore[arg-type]
        assert refused.value.code == code
    assert with_whom(engine, class_id) == set()


def test_a_share_is_taken_back_by_the_teacher_or_an_admin_and_given_up_by_the_colleague(
    engine: Engine, ana: Member, eva: Member, boss: Member
) -> None:
    ben = member(engine, "ben@school.example")
    class_id = lesson(engine, ana, course="Algebra")
    for kind in ("class", "course"):
        for ends in (ana, boss, eva):
            bens = auth.share(engine, ana, class_id, ben.email, at(0), kind)  # type: ignore[arg-type]
            hers = auth.share(engine, ana, class_id, eva.email, at(0), kind)  # type: ignore[arg-type]
            with pytest.raises(NotAllowed):
                auth.end_share(engine, eva, bens, at(0))
            auth.end_share(engine, ends, hers, at(0))
            with pytest.raises(NotFound):
                auth.end_share(engine, ends, hers, at(0))
            assert with_whom(engine, class_id) == {(kind, ben.email)}
            assert not sees(engine, eva, class_id)
            auth.end_share(engine, ana, bens, at(0))


def test_everything_that_somebody_shares_and_that_is_shared_with_her_is_listed(
    engine: Engine, ana: Member, eva: Member
) -> None:
    given = [
        shared(engine, lesson(engine, ana, "First", course="Latin"), eva, "course"),
        shared(engine, lesson(engine, ana, "Algebra"), eva),
    ]
    taken = [shared(engine, lesson(engine, eva, "Hers"), ana)]
    with reading(engine) as tx:
        assert (auth.shares_by(tx, ana), auth.shares_with(tx, ana)) == (given, taken)
        assert (auth.shares_by(tx, eva), auth.shares_with(tx, eva)) == (taken, given)
    assert [(one.kind, one.title, one.teacher, one.colleague) for one in given] == [
        ("course", "Latin", ana, eva),
        ("class", "Algebra", ana, eva),
    ]


def test_what_is_shared_with_an_account_ends_when_it_is_closed_or_removed_and_stays_with_others(
    engine: Engine, ana: Member, eva: Member, boss: Member
) -> None:
    ben = member(engine, "ben@school.example")
    class_id, evas = lesson(engine, ana, course="Algebra"), lesson(engine, eva)
    for who in (eva, ben):
        shared(engine, class_id, who)
        shared(engine, class_id, who, "course")
    shared(engine, evas, ben)
    auth.disable(engine, boss, eva.email, at(0))
    auth.enable(engine, boss, eva.email, at(0))
    assert not sees(engine, eva, class_id)
    assert with_whom(engine, evas) == {("class", ben.email)}
    auth.remove(engine, boss, ben.email, None, at(0))
    assert [with_whom(engine, one) for one in (class_id, evas)] == [set(), set()]


@pytest.mark.parametrize("removed", [True, False])
def test_classes_that_are_handed_over_stay_shared_and_not_with_their_new_teacher(
    engine: Engine, ana: Member, eva: Member, boss: Member, removed: bool
) -> None:
    ben, cy = member(engine, "ben@school.example"), member(engine, "cy@school.example")
    merged, alone = lesson(engine, ana, course="Latin"), lesson(engine, ana, "Alone", course="Greek")
    bens = lesson(engine, ben, "Ben's", course="Latin")
    for who in (eva, ben):
        for class_id in (merged, alone):
            shared(engine, class_id, who)
            shared(engine, class_id, who, "course")
    for who in (cy, eva):
        shared(engine, bens, who, "course")
    shared(engine, bens, ana)
    if removed:
        auth.remove(engine, boss, ana.email, ben.email, at(0))
    else:
        auth.hand_over(engine, boss, ana.email, ben.email, at(0))
        assert sees(engine, ana, bens)
        assert not sees(engine, ana, alone)
    assert stored(engine, merged).course_id == stored(engine, bens).course_id
    assert with_whom(engine, alone) == {("class", eva.email), ("course", eva.email)}
    assert with_whom(engine, merged) == {("class", eva.email), ("course", eva.email), ("course", cy.email)}
    with reading(engine) as tx:
        assert auth.shares_with(tx, ben) == []
    assert listed(engine, ben) == sorted(["Algebra 7B", "Alone", "Ben's"])


def test_only_an_admin_hands_classes_over_and_only_to_an_open_account(
    engine: Engine, ana: Member, eva: Member, boss: Member
) -> None:
    class_id = lesson(engine, ana)
    with pytest.raises(NotAllowed):
        auth.hand_over(engine, ana, ana.email, eva.email, at(0))
    with pytest.raises(InvalidInput):
        auth.hand_over(engine, boss, ana.email, ana.email, at(0))
    auth.disable(engine, boss, eva.email, at(0))
    with pytest.raises(InvalidInput):
        auth.hand_over(engine, boss, ana.email, eva.email, at(0))
    assert stored(engine, class_id).teacher_id == ana.id
    # The last admin may hand over: the account stays.
    auth.hand_over(engine, boss, boss.email, ana.email, at(0))


# The commands


@pytest.mark.database("sqlite")
def test_a_class_is_shared_and_handed_over_by_command(tracker: CommandLine) -> None:
    tracker.add_teacher()
    tracker.add_teacher(email="eva@school.example")
    class_id = tracker.create("--course", "Algebra")["id"]
    said = tracker.done("class", "share", class_id, "eva@school.example").text
    assert said == "The class Algebra 7B is shared with eva@school.example.\n"
    said = tracker.done("class", "share", class_id, "EVA@school.example", "--course").text
    assert said == "The course Algebra is shared with eva@school.example.\n"
    found = tracker.done("class", "show", class_id, "--json").json
    eva = {"email": "eva@school.example", "name": "eva"}
    assert found["sharedWith"] == [eva | {"of": "course"}, eva | {"of": "class"}]
    assert "shared with: eva@school.example (the whole course)" in tracker.done("class", "show", class_id).text
    said = tracker.done("class", "share", class_id, "eva@school.example", "--undo").text
    assert said == "The class Algebra 7B is not shared with eva@school.example any more.\n"
    assert tracker.done("class", "show", class_id, "--json").json["sharedWith"] == [eva | {"of": "course"}]
    again = tracker.done("class", "share", class_id, "eva@school.example", "--course", "--json").json
    assert (again["id"], again["sharedWith"]) == (class_id, [eva | {"of": "course"}])
    said = tracker.refused("class", "share", class_id, "eva@school.example", "--undo")
    assert said == "It is not shared with eva@school.example."
    assert tracker.refused("class", "share", "x", "eva@school.example") == "There is no such class."
    said = tracker.done("user", "hand-over", TEACHER, "--to", "eva@school.example").text
    assert said == f"eva@school.example has the classes of {TEACHER} now.\n"
    after = tracker.done("class", "show", class_id, "--json").json
    assert (after["teacherId"] != found["teacherId"], after["sharedWith"]) == (True, [])
    assert len(tracker.done("user", "list", "--json").json) == 2
