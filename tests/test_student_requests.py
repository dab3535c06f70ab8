"""Links of students, what they say by them is not right, and what their teacher makes of it."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, text

from tests.course_of_students import WEEK, School, make_school
from tests.makers import Clock, at, counted, entries, lesson, member, stay
from tracker import audit, auth, courses, privacy, storage
from tracker.attendance.matching import Why
from tracker.attendance.types import Status
from tracker.courses.own_page import MOST_OF_CLASS, MOST_OPEN, KnownAs
from tracker.errors import InvalidInput, NotAllowed, NotFound
from tracker.rosters import read_pasted
from tracker.services import Services
from tracker.storage.database import transaction
from tracker.storage.members import Member
from tracker.storage.student_links import Request


@pytest.fixture
def here(school: Services, ana: Member, clock: Clock) -> School:
    return make_school(school, ana, clock)


def requests(here: School, name: str = "Bo Ek") -> list[Request]:
    with transaction(here.using.engine) as tx:
        return storage.student_links.requests_of(tx, here.ids[name])


def open_one(here: School) -> str:
    (found,) = here.using.read(courses.open_requests, here.ana)
    return found.request.id


# What a student sees


def test_a_student_sees_her_own_attendance_the_latest_class_first(here: School) -> None:
    shown = courses.own_attendance(here.using, here.link())
    assert (shown.name, shown.course, shown.teacher) == ("Bo Ek", "Algebra", "Ana")
    assert (shown.came, shown.counted, shown.rate, shown.late) == (2, 3, 67, 1)
    assert [one.status for one in shown.classes] == [Status.ABSENT, Status.LATE, Status.PRESENT]
    by_email = KnownAs(Why.EMAIL, "Bo on the phone", "bo@x.example")
    assert [one.known_as for one in shown.classes] == [(), (by_email,), (by_email,)]


def test_a_mark_by_hand_is_shown_without_its_remark_which_may_name_others(here: School) -> None:
    courses.mark(here.using, here.ana, here.classes[2], [here.ids["Bo Ek"]], Status.EXCUSED, "says Cy's mother")
    shown = courses.own_attendance(here.using, here.link())
    assert (shown.classes[0].status, shown.classes[0].by_hand) == (Status.EXCUSED, True)
    assert "mother" not in repr(shown)


def test_nothing_of_others_is_in_what_a_student_gets(here: School) -> None:
    courses.choose(here.using, here.ana, here.course.id, [("email", "cy@x.example")], [here.ids["Bo Ek"]])
    everything = repr(courses.own_attendance(here.using, here.link()))
    assert "Secret Sauce" in everything  # his, by the teacher's word
    both = [here.ids["Bo Ek"], here.ids["Cy Fox"]]
    courses.choose(here.using, here.ana, here.course.id, [("email", "cy@x.example")], both)
    shown = courses.own_attendance(here.using, here.link())
    everything = repr(shown)
    assert [secret for secret in ("Secret Sauce", "Cy Fox", "cy@x", "Di Day") if secret in everything] == []
    assert KnownAs(Why.CHOICE, "") in shown.classes[0].known_as


def test_of_an_address_that_is_not_on_the_roster_only_the_beginning_is_told(here: School) -> None:
    courses.add_address(here.using, here.ana, here.course.id, here.ids["Di Day"], "mother@home.example")
    start = 3 * WEEK
    class_id = lesson(here.using.engine, here.ana, "Algebra 4", start, course="Algebra")
    counted(
        here.using.engine, class_id, stay("Di", start, start + 60, "mother@home.example"), start=start, end=start + 60
    )
    (known,) = courses.own_attendance(here.using, here.link("Di Day")).classes[0].known_as
    assert known == KnownAs(Why.EMAIL, "Di", "m…@…")


# Links


def test_a_link_is_stored_as_a_hash_alone_and_a_new_one_closes_the_one_before(here: School, engine: Engine) -> None:
    first = here.link()
    with engine.connect() as connection:
        rows = [str(tuple(row)) for row in connection.execute(text('SELECT * FROM "StudentLink"'))]
    assert len(rows) == 1
    assert first not in rows[0]
    second = here.link()
    with pytest.raises(NotFound) as refused:
        courses.own_attendance(here.using, first)
    assert refused.value.code == "student_link_over"
    assert courses.own_attendance(here.using, second).name == "Bo Ek"


def test_a_link_ends_when_its_time_is_over_and_when_it_is_closed(here: School, clock: Clock) -> None:
    token, other = here.link(days=2), here.link("Cy Fox")
    clock.forward(days=2)
    with pytest.raises(NotFound):
        courses.own_attendance(here.using, token)
    courses.close_links(here.using, here.ana, here.course.id, [here.ids["Cy Fox"], here.ids["Di Day"]])
    for does in (
        lambda: courses.own_attendance(here.using, other),
        lambda: courses.ask(here.using, other, here.classes[0], "no"),
        lambda: courses.withdraw(here.using, other, "x"),
    ):
        with pytest.raises(NotFound, match="closed, or its time is over"):
            does()


def test_the_time_of_a_link_is_no_longer_than_can_be_seen_to(here: School) -> None:
    for days in (0, -1, 402):
        with pytest.raises(InvalidInput, match="400 days at most"):
            here.link(days=days)


def test_a_link_whose_time_was_over_a_month_ago_is_forgotten(here: School, clock: Clock, engine: Engine) -> None:
    here.link(days=2)
    clock.forward(days=2 + 31)
    with transaction(engine) as tx:
        auth.forget_old(tx, clock())
        assert storage.student_links.links_of(tx, here.course.id) == {}


def test_only_whoever_may_change_the_course_makes_and_closes_links_and_sees_requests(
    here: School, engine: Engine
) -> None:
    eva, ids, until = member(engine, "eva@school.example"), [here.ids["Bo Ek"]], at(WEEK * 5)
    courses.ask(here.using, here.link(), here.classes[2], "I was there.")
    request = open_one(here)
    for does in (
        lambda: courses.make_links(here.using, eva, here.course.id, ids, until),
        lambda: courses.close_links(here.using, eva, here.course.id, ids),
        lambda: here.using.read(courses.list_links, eva, here.course.id),
        lambda: here.using.read(courses.open_requests, eva, here.course.id),
        lambda: courses.accept(here.using, eva, request, Status.PRESENT),
        lambda: courses.decline(here.using, eva, request),
        lambda: courses.undo_answer(here.using, eva, request),
        lambda: courses.student_history(here.using, eva, here.ids["Bo Ek"]),
    ):
        with pytest.raises(NotAllowed):
            does()
    assert here.using.read(courses.open_requests, eva) == []
    with pytest.raises(NotFound):
        courses.make_links(here.using, here.ana, here.course.id, ["nobody"], until)


def test_links_for_those_without_one_leave_the_links_that_are_open(here: School) -> None:
    kept, until = here.link(), at(WEEK * 5)
    closed = here.link("Cy Fox")
    courses.close_links(here.using, here.ana, here.course.id, [here.ids["Cy Fox"]])
    ids = list(here.ids.values())
    made = courses.make_links(here.using, here.ana, here.course.id, ids, until, only_without=True)
    assert made.keys() == {here.ids["Cy Fox"], here.ids["Di Day"]}
    assert courses.own_attendance(here.using, kept).name == "Bo Ek"
    with pytest.raises(NotFound):
        courses.own_attendance(here.using, closed)
    noted = entries(here.using.engine, action="student_links_made")
    assert courses.make_links(here.using, here.ana, here.course.id, ids, until, only_without=True) == {}
    assert entries(here.using.engine, action="student_links_made") == noted


# Requests


def test_what_a_student_says_is_accepted_with_a_status_and_an_answer(here: School) -> None:
    token = here.link()
    courses.ask(here.using, token, here.classes[2], " I was there,\non my brother's phone. ")
    (asked,) = here.using.read(courses.open_requests, here.ana, here.course.id)
    assert (asked.student, asked.title, asked.course) == ("Bo Ek", "Algebra 3", "Algebra")
    assert asked.request.text == "I was there, on my brother's phone."
    marked = courses.accept(here.using, here.ana, asked.request.id, Status.PRESENT, "So you were.")
    assert marked.before == {here.ids["Bo Ek"]: None}
    mark = here.row().marks[here.classes[2]]
    assert (mark.status, mark.by_rule, mark.remark) == (Status.PRESENT, Status.ABSENT, "So you were.")
    own = courses.own_attendance(here.using, token).classes[0]
    assert own.request is not None
    assert (own.status, own.request.accepted, own.request.answer) == (Status.PRESENT, True, "So you were.")
    assert here.using.read(courses.open_requests, here.ana) == []


def test_one_that_is_declined_leaves_the_mark_and_tells_her_why(here: School) -> None:
    token = here.link()
    courses.ask(here.using, token, here.classes[2], "I was there.")
    courses.decline(here.using, here.ana, open_one(here), "Nobody saw you.")
    own = courses.own_attendance(here.using, token).classes[0]
    assert own.request is not None
    assert (own.status, own.request.accepted, own.request.answer) == (Status.ABSENT, False, "Nobody saw you.")
    assert own.may_ask


def test_an_answer_is_taken_back_with_the_mark_that_it_gave(here: School) -> None:
    courses.ask(here.using, here.link(), here.classes[2], "I was there.")
    courses.mark(here.using, here.ana, here.classes[2], [here.ids["Bo Ek"]], Status.EXCUSED, "ill")
    request = open_one(here)
    marked = courses.accept(here.using, here.ana, request, Status.PRESENT)
    assert not courses.undo_answer(here.using, here.ana, request, marked)
    assert open_one(here) == request
    mark = here.row().marks[here.classes[2]]
    assert (mark.status, mark.remark) == (Status.EXCUSED, "ill")


def test_an_answer_that_is_taken_back_leaves_what_somebody_else_has_said_since(here: School) -> None:
    courses.ask(here.using, here.link(), here.classes[2], "I was there.")
    bo, request = here.ids["Bo Ek"], open_one(here)
    marked = courses.accept(here.using, here.ana, request, Status.PRESENT)
    courses.mark(here.using, auth.OPERATOR, here.classes[2], [bo], Status.EXCUSED, "note from home")
    assert courses.undo_answer(here.using, here.ana, request, marked) == [bo]
    assert open_one(here) == request
    mark = here.row().marks[here.classes[2]]
    assert (mark.status, mark.remark) == (Status.EXCUSED, "note from home")


def test_one_that_is_withdrawn_is_nobodys_to_answer_and_its_words_are_gone(here: School, engine: Engine) -> None:
    token = here.link()
    courses.ask(here.using, token, here.classes[2], "Something that I regret.")
    request = open_one(here)
    courses.withdraw(here.using, token, request)
    for does in (
        lambda: courses.accept(here.using, here.ana, request, Status.PRESENT),
        lambda: courses.decline(here.using, here.ana, request),
        lambda: courses.undo_answer(here.using, here.ana, request),
    ):
        with pytest.raises(InvalidInput, match="answered or withdrawn"):
            does()
    assert here.row().marks[here.classes[2]].by_hand is None
    with engine.connect() as connection:
        assert connection.execute(text('SELECT text FROM "StudentRequest"')).scalars().all() == [""]


def test_two_teachers_who_answer_at_once_answer_once(here: School) -> None:
    courses.ask(here.using, here.link(), here.classes[2], "I was there.")
    request = open_one(here)
    courses.decline(here.using, here.ana, request)
    with pytest.raises(InvalidInput, match="answered or withdrawn"):
        courses.accept(here.using, auth.OPERATOR, request, Status.PRESENT)
    assert here.row().marks[here.classes[2]].by_hand is None


def test_a_student_withdraws_nothing_of_anybody_else(here: School) -> None:
    courses.ask(here.using, here.link(), here.classes[2], "I was there.")
    with pytest.raises(NotFound, match="not there any more"):
        courses.withdraw(here.using, here.link("Cy Fox"), open_one(here))
    assert requests(here)[0].is_open


def test_nothing_can_be_said_of_a_class_that_is_not_hers(here: School, engine: Engine) -> None:
    token = here.link()
    other = lesson(engine, here.ana, "Physics", 0, course="Physics")
    to_come = lesson(engine, here.ana, "Algebra 9", 9 * WEEK, course="Algebra")
    nameless = here.classes[0]
    with transaction(engine) as tx:
        storage.retention.remove_names(tx, nameless, None, at(0))
    for class_id in (other, to_come, nameless, "nothing", ""):
        with pytest.raises(InvalidInput, match="Nothing can be said of this class"):
            courses.ask(here.using, token, class_id, "I was there.")
    assert requests(here) == []


def test_of_one_class_and_in_all_there_is_so_much_to_say(here: School, engine: Engine) -> None:
    token = here.link()
    for _ in range(MOST_OF_CLASS):
        courses.ask(here.using, token, here.classes[0], "again")
        with pytest.raises(InvalidInput, match="said something of this class already"):
            courses.ask(here.using, token, here.classes[0], "and again")
        courses.withdraw(here.using, token, requests(here)[0].id)
    with pytest.raises(InvalidInput, match="as there is room for"):
        courses.ask(here.using, token, here.classes[0], "again")
    more = [lesson(engine, here.ana, f"More {n}", n, course="Algebra") for n in range(MOST_OPEN + 1)]
    for n, class_id in enumerate(more):
        counted(engine, class_id, stay("Di", n, n + 60), start=n, end=n + 60)
    for class_id in more[:MOST_OPEN]:
        courses.ask(here.using, token, class_id, "no")
    with pytest.raises(InvalidInput, match="You have 10 open requests"):
        courses.ask(here.using, token, more[-1], "no")
    assert not any(one.may_ask for one in courses.own_attendance(here.using, token).classes)


@pytest.mark.parametrize("words", ["", "  \n\t ", "\u200b\u202e"])
def test_nothing_is_no_request(here: School, words: str) -> None:
    with pytest.raises(InvalidInput, match="Say in a few words"):
        courses.ask(here.using, here.link(), here.classes[2], words)


@pytest.mark.slow
@pytest.mark.database("sqlite")
def test_a_thousand_requests_leave_a_few(here: School, engine: Engine) -> None:
    token, refused = here.link(), 0
    for number in range(1000):
        try:
            courses.ask(here.using, token, here.classes[number % 3], f"request {number}")
        except InvalidInput:
            refused += 1
    assert (refused, len(requests(here))) == (997, 3)
    assert len(entries(engine, action="student_asked")) == 3


# What is noted, kept and forgotten


def test_what_a_student_does_is_noted_without_naming_her(here: School, engine: Engine) -> None:
    token = here.link()
    courses.ask(here.using, token, here.classes[2], "It is me, Bo Ek", "192.0.2.9")
    courses.withdraw(here.using, token, open_one(here), "192.0.2.9")
    noted = [one for one in entries(engine) if one.actor == "student"]
    assert [(one.action, one.origin, one.user_id) for one in noted] == [
        ("student_withdrew", "192.0.2.9", None),
        ("student_asked", "192.0.2.9", None),
    ]
    told = [audit.in_words(one) for one in noted]
    assert told[1].startswith("said, as a student of the course “Algebra” of ana@school.example")
    everything = str([audit.record(one) for one in entries(engine)])
    assert "Bo Ek" not in everything
    assert token not in everything


def test_that_a_teacher_looks_at_a_student_is_noted_once_in_ten_minutes(here: School, clock: Clock) -> None:
    for minutes in (0, 5, 4):
        clock.forward(minutes=minutes)
        courses.student_history(here.using, here.ana, here.ids["Bo Ek"])
    courses.student_history(here.using, here.ana, here.ids["Cy Fox"])
    noted = entries(here.using.engine, action="student_seen")
    assert len(noted) == 2
    clock.forward(minutes=1)
    courses.student_history(here.using, here.ana, here.ids["Bo Ek"])
    again = entries(here.using.engine, action="student_seen")
    assert len(again) == 3
    assert again[0].person == noted[1].person != noted[0].person


def test_whoever_is_erased_or_taken_off_a_roster_takes_link_and_requests_along(here: School, engine: Engine) -> None:
    token = here.link()
    courses.ask(here.using, token, here.classes[2], "I was there.")
    content = privacy.export(here.using, auth.OPERATOR, "bo@x.example")
    (on_roster,) = content["rosters"]
    assert [one["text"] for one in on_roster["requests"]] == ["I was there."]
    privacy.erase(here.using, auth.OPERATOR, "bo@x.example")
    with pytest.raises(NotFound):
        courses.own_attendance(here.using, token)
    with engine.connect() as connection:
        for table in ("StudentLink", "StudentRequest"):
            assert connection.execute(text(f'SELECT count(*) FROM "{table}"')).scalar() == 0


def test_when_the_names_of_a_class_go_what_was_said_of_it_goes_too(here: School, engine: Engine) -> None:
    for class_id in here.classes[:2]:
        courses.ask(here.using, here.link(), class_id, "I was there.")
    with transaction(engine) as tx:
        storage.retention.remove_names(tx, here.classes[0], None, at(0))
    assert [one.class_id for one in requests(here)] == [here.classes[1]]


def test_when_a_course_is_handed_over_links_and_requests_go_along(here: School, engine: Engine) -> None:
    """Eva has a course of the same name with Bo on it, who has no link there, and Cy, who has one."""
    eva = member(engine, "eva@school.example")
    with transaction(engine) as tx:
        theirs = storage.courses.course_id(tx, eva.id, "Algebra")
        on_ours = {one.id: one.student for one in storage.students.list_students(tx, here.course.id)}
        both = [on_ours[here.ids[name]] for name in ("Bo Ek", "Cy Fox")]
        storage.students.save(tx, theirs, [(None, student) for student in both], at(0))
        bo, cy = (one.id for one in storage.students.list_students(tx, theirs))
    until = here.using.now() + timedelta(days=9)
    of_cy = courses.make_links(here.using, eva, theirs, [cy], until)[cy]
    token, of_di, other_of_cy = here.link(), here.link("Di Day"), here.link("Cy Fox")
    courses.ask(here.using, token, here.classes[2], "I was there.")
    auth.hand_over(engine, auth.OPERATOR, here.ana.email, eva.email, here.using.now())
    assert courses.own_attendance(here.using, token).teacher == "Eva"
    assert courses.own_attendance(here.using, of_di).name == "Di Day"
    assert courses.own_attendance(here.using, of_cy).name == "Cy Fox"
    with pytest.raises(NotFound):
        courses.own_attendance(here.using, other_of_cy)
    (asked,) = here.using.read(courses.open_requests, eva)
    assert asked.request.student_id == bo


def test_a_student_of_several_courses_of_a_teacher_is_told_to_whom_may_see_them(here: School, engine: Engine) -> None:
    for course, name in (("Physics", "B. Ek\tBO@x.example\t"), ("Latin", "Ek\t\t007"), ("Art", "Bo Ek\t\t")):
        read = read_pasted(f"Name\tEmail\tNumber\n{name}")
        courses.import_roster(here.using, auth.OPERATOR, here.ana.email, course, read)
    eva = member(engine, "eva@school.example")
    courses.import_roster(
        here.using, auth.OPERATOR, eva.email, "Music", read_pasted("Name\tEmail\nBo Ek\tbo@x.example")
    )
    shown = courses.student_history(here.using, here.ana, here.ids["Bo Ek"])
    assert [one.course for one in shown.elsewhere] == ["Latin", "Physics"]
    auth.share(engine, here.ana, here.classes[0], eva.email, here.using.now(), "course")
    assert courses.student_history(here.using, eva, here.ids["Bo Ek"]).elsewhere == ()
