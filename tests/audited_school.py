"""A school with something of everything, so that each use case has something to change."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pyotp
from sqlalchemy import Engine

from tests.fake_zoom import FakeZoom
from tests.makers import MEETING, NOW, counted, ended, lesson, member, participant, stay, stored
from tracker import auth, class_attendance, classes, courses, decisions, fetching, listing, sessions, storage
from tracker.attendance.assignment import Choice
from tracker.attendance.types import Mark, Person, Status
from tracker.auth import Browser, Limits
from tracker.auth.school_account import Identity
from tracker.classes import Plan
from tracker.errors import NotFound
from tracker.rosters import Student, read_pasted
from tracker.services import Services
from tracker.storage.classes import Class
from tracker.storage.courses import Course
from tracker.storage.database import transaction
from tracker.storage.decisions import Decision
from tracker.storage.members import Member

ADDRESS, PASSWORD = "192.0.2.7", "maria plants seven tulips"

BROWSER = Browser(ADDRESS)

PLAN = Plan("Algebra 7B", NOW + timedelta(days=1), 60, "UTC")

LIMITS = Limits(timedelta(hours=1), timedelta(days=1))

SAME = Decision(("name", "ana"), ("name", "ben"), True)

NEW = "new@school.example"


@dataclass(frozen=True)
class School:
    """Ana, who teaches and is an admin, and what she works with."""

    using: Services
    ana: Member
    zoom: FakeZoom

    @property
    def engine(self) -> Engine:
        return self.using.engine

    @property
    def now(self) -> datetime:
        return self.using.now()

    def held(self) -> Class:
        """A class that was held, and that Zoom can be asked about."""
        class_id = lesson(self.engine, self.ana)
        self.zoom.hold("uuid-1", participant("Bo", 0, 60), participant("Cy", 0, 50), meeting=MEETING)
        sessions.note_delivery(self.using, ended())
        counted(self.engine, class_id, stay("Bo", 0, 60), stay("Cy", 0, 50))
        return stored(self.engine, class_id)

    def planned(self) -> str:
        return classes.create_class(self.using, auth.OPERATOR, PLAN, teacher=self.ana)

    def cancelled(self) -> str:
        class_id = self.planned()
        classes.cancel_class(self.using, auth.OPERATOR, class_id)
        return class_id

    def people(self) -> tuple[Class, list[Person]]:
        found = self.held()
        shown = self.using.read(class_attendance.attendance_of, found, self.now)
        assert shown is not None
        return found, list(shown.participants)

    def other(self) -> Member:
        return member(self.engine, NEW)

    def closed(self) -> Member:
        return auth.disable(self.engine, auth.OPERATOR, self.other().email, self.now)

    def chosen(self) -> Class:
        found = self.held()
        class_attendance.choose_session(self.using, auth.OPERATOR, found, Choice(found.id, "uuid-1", counts=False))
        return found

    def decided(self) -> Class:
        found, people = self.people()
        decisions.decide(self.using, auth.OPERATOR, found, SAME)
        decisions.mark(self.using, auth.OPERATOR, found, people, Mark.SET_ASIDE)
        return found

    def of_course(self) -> tuple[Class, Course, str]:
        """A class that was held, its course, and a student of it."""
        found = self.held()
        courses.import_roster(self.using, auth.OPERATOR, self.ana.email, "Algebra", read_pasted("Bo\nCy"))
        with transaction(self.engine) as tx:
            storage.courses.set_course(tx, found.id, "Algebra")
            course = storage.courses.get_course(tx, self.ana.id, "Algebra")
            (bo, _cy) = storage.students.list_students(tx, course.id)
        return stored(self.engine, found.id), course, bo.id

    def with_password(self) -> str:
        """Ana has a password; returns the token of a browser of hers."""
        auth.set_password(self.engine, auth.OPERATOR, self.ana.email, PASSWORD, self.now)
        return auth.sign_in(self.engine, self.ana.email, PASSWORD, "198.51.100.1", self.now)


def other_list(school: School) -> None:
    found = school.held()
    with transaction(school.engine) as tx:
        for stays in ((stay("Bo", 0, 60), stay("Cy", 0, 50)), (stay("Bo", 0, 60),)):
            storage.session_records.save_list(tx, MEETING, "uuid-1", stays, complete=True, now=school.now)
    class_attendance.take_other_list(school.using, school.ana, found, "uuid-1")


def marked(school: School) -> None:
    found, _course, bo = school.of_course()
    courses.mark(school.using, school.ana, found.id, [bo], Status.EXCUSED, "ill")


def chosen_student(school: School, *, undo: bool = False) -> None:
    _found, course, bo = school.of_course()
    if undo:
        courses.choose(school.using, auth.OPERATOR, course.id, [("name", "phone")], [bo])
        courses.undo_choice(school.using, school.ana, course.id, [("name", "phone")])
    else:
        courses.choose(school.using, school.ana, course.id, [("name", "phone")], [bo])


def with_address(school: School, *, remove: bool = False) -> None:
    _found, course, bo = school.of_course()
    if remove:
        courses.add_address(school.using, auth.OPERATOR, course.id, bo, "bo@home.example")
        courses.remove_address(school.using, school.ana, course.id, bo, "bo@home.example")
    else:
        courses.add_address(school.using, school.ana, course.id, bo, "bo@home.example")


def changed_student(school: School) -> None:
    _found, course, bo = school.of_course()
    courses.change_student(school.using, school.ana, course.id, bo, Student("Bo Ek"))


def removed_student(school: School) -> None:
    _found, course, bo = school.of_course()
    courses.remove_students(school.using, school.ana, course.id, [bo])


def asked(school: School) -> tuple[Course, str]:
    """A student has a link, and has said that something is not right; the course and the request."""
    found, course, bo = school.of_course()
    until = school.now + timedelta(days=9)
    token = courses.make_links(school.using, auth.OPERATOR, course.id, [bo], until)[bo]
    courses.ask(school.using, token, found.id, "I was there longer.")
    (request,) = school.using.read(courses.open_requests, school.ana)
    return course, request.request.id


def made_links(school: School, *, close: bool = False) -> None:
    _found, course, bo = school.of_course()
    until = school.now + timedelta(days=9)
    courses.make_links(school.using, auth.OPERATOR if close else school.ana, course.id, [bo], until)
    if close:
        courses.close_links(school.using, school.ana, course.id, [bo])


def undone_answer(school: School) -> None:
    _course, request = asked(school)
    courses.decline(school.using, auth.OPERATOR, request)
    courses.undo_answer(school.using, school.ana, request)


def accepted(school: School) -> None:
    token = auth.invite_again(school.engine, auth.OPERATOR, school.ana.email, school.now)
    auth.accept(school.engine, token, PASSWORD, BROWSER, school.now, LIMITS)


def second_factor(school: School, *, off: bool) -> None:
    key = auth.new_second_factor()
    code = pyotp.TOTP(key).at(school.now)
    auth.switch_on_second_factor(school.engine, school.ana, key, code, school.now)
    if off:
        later = school.now + timedelta(minutes=1)
        auth.switch_off_second_factor(school.engine, school.ana, pyotp.TOTP(key).at(later), later)


def end_one(school: School) -> None:
    school.with_password()
    (found,) = school.using.read(auth.list_sign_ins, school.ana, school.now)
    auth.end_sign_in(school.engine, school.ana, found, school.now)


def by_school_account(school: School) -> None:
    who = Identity("https://id.example", "1", school.ana.email, "Ana", {})
    auth.sign_in_with(school.engine, school.using.settings, who, BROWSER, school.now, LIMITS)


def tried_again(school: School) -> None:
    found = school.held()
    with transaction(school.engine) as tx:
        claim = storage.fetches.claim_class(tx, found.id, school.now)
        storage.fetches.postpone(tx, claim, NotFound("no_list_yet").problem, school.now, 3)
    fetching.try_all_again(school.using, school.ana)


def undo_seen_to(school: School) -> None:
    class_id = school.planned()
    listing.see_to(school.using, auth.OPERATOR, class_id, "not_held")
    listing.undo_seen_to(school.using, school.ana, class_id)


def ended_share(school: School) -> None:
    given = auth.share(school.engine, auth.OPERATOR, school.planned(), school.other().email, school.now)
    auth.end_share(school.engine, school.ana, given, school.now)
