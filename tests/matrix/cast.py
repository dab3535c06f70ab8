"""A school for the matrix: who comes to the doors, what classes there are, and what changes meanwhile."""

from dataclasses import dataclass

from sqlalchemy import Engine, text
from sqlmodel import SQLModel

from tests.makers import MEETING, NOW, at, counted, lesson, member, run, seen, shared, started, stay
from tests.matrix.table import WHO
from tracker import auth, courses, sessions, storage
from tracker.attendance.types import ClassStatus, FetchState, Mark
from tracker.errors import Problem
from tracker.rosters import read_pasted
from tracker.services import Services
from tracker.storage.database import transaction
from tracker.storage.members import Member

# In the title of every class of the teacher's, and of no other.
TITLE = "Algebra"
COURSE = f"{TITLE} course"
PASSWORD = "maria plants seven tulips"
HELD_MEETING, LIVE_MEETING, PLANNED_MEETING = "85055556666", MEETING, "85033334444"
Dump = dict[str, list[tuple[object, ...]]]


@dataclass
class Cast:
    """The school, with everybody signed in: `cookies` are the tokens of browsers, `bearers` those of programs."""

    engine: Engine
    members: dict[str, Member]
    cookies: dict[str, str]
    bearers: dict[str, str]
    held: str
    live: str
    planned: str
    course: str
    # Bo, on the roster of the course of these classes, and what he says is not right in the first one.
    student: str

    def end(self, who: str) -> None:
        """What happens meanwhile to somebody of the last four columns."""
        boss, one = self.members["admin"], self.members[who]
        if who == "signed-out":
            auth.sign_out(self.engine, self.cookies[who], NOW)
            auth.revoke_api_tokens(self.engine, one, one.email, NOW, "signed-out")
        elif who == "closed":
            auth.disable(self.engine, boss, one.email, NOW)
        elif who == "demoted":
            auth.change_role(self.engine, boss, one.email, "teacher", NOW)
        else:
            for given in self.shares(one):
                auth.end_share(self.engine, boss, given, NOW)

    def restore(self, who: str) -> None:
        """Undoes it."""
        boss, one = self.members["admin"], self.members[who]
        if who == "unshared":
            self.share_with(one)
        elif who == "demoted":
            auth.change_role(self.engine, boss, one.email, "admin", NOW)
        else:
            auth.enable(self.engine, boss, one.email, NOW)
            self.sign_in(who)

    def share_with(self, one: Member) -> None:
        shared(self.engine, self.held, one)
        shared(self.engine, self.held, one, "course")

    def sign_in(self, who: str) -> None:
        one = self.members[who]
        self.cookies[who] = auth.sign_in(self.engine, one.email, PASSWORD, "192.0.2.1", NOW)
        self.bearers[who] = auth.new_api_token(self.engine, one, one.email, NOW, who)

    def shares(self, one: Member) -> list[storage.shares.Share]:
        with transaction(self.engine) as tx:
            return auth.shares_with(tx, one)

    def dump(self) -> Dump:
        return dump(self.engine)


def dump(engine: Engine) -> Dump:
    """Everything that is stored."""
    with engine.connect() as connection:
        return {
            table.name: sorted(map(tuple, connection.execute(text(f'SELECT * FROM "{table.name}"'))), key=repr)
            for table in SQLModel.metadata.sorted_tables
        }


def make_student(using: Services, teacher: Member, class_id: str) -> str:
    """A student of the class's course, with a link, who says that something is not right; her id."""
    courses.import_roster(using, auth.OPERATOR, teacher.email, COURSE, read_pasted("Bo\nCy"))
    course = using.read(courses.teachers_course, auth.OPERATOR, teacher.email, COURSE)
    student, _other = (one.id for one, _link in using.read(courses.list_links, auth.OPERATOR, course.id))
    token = courses.make_links(using, auth.OPERATOR, course.id, [student], at(60 * 24))[student]
    courses.ask(using, token, class_id, "I was there for longer.")
    return student


def make_cast(using: Services) -> Cast:
    """The school at NOW: a class that was held, one that runs, one that is planned, and a stranger's that fails."""
    engine = using.engine
    ana = member(engine)
    members = {"teacher": ana, "signed-out": ana, "stranger": member(engine, "zoe@school.example")}
    members |= {who: member(engine, f"{who}@school.example") for who in ("co-teacher", "unshared")}
    members |= {who: member(engine, f"{who}@school.example", "admin") for who in ("admin", "closed", "demoted")}
    held = lesson(engine, ana, f"{TITLE} held", -120, course=COURSE, zoom_meeting_id=HELD_MEETING)
    planned = lesson(engine, ana, f"{TITLE} planned", 60, course=COURSE, zoom_meeting_id=PLANNED_MEETING)
    live = lesson(engine, ana, f"{TITLE} live", -10, course=COURSE, zoom_meeting_id=LIVE_MEETING)
    people = ("Bo", "Bo (iPhone)", "Otter.ai", "Cy", "Di")
    counted(engine, held, *(stay(one, -120, -60) for one in people), start=-120, end=-60, fetched=-45)
    for delivery in (started("live", -10), seen("joined", "1", -5, "Bo", "live", -10)):
        sessions.note_delivery(using, delivery)
    failing = lesson(engine, members["stranger"], "Chemistry", -200)
    with transaction(engine) as tx:
        storage.classes.set_life(tx, failing, ClassStatus.ENDED, at(-200), at(-140))
        # A session long after the class, and a word on one of its people.
        storage.sessions.save_session(tx, HELD_MEETING, run("stray", -40, -35))
        storage.decisions.mark(tx, ana.id, ("name", "di"), Mark.HOST, NOW)
        storage.fetches.ask(tx, failing, at(-100), at(-100))
        claim = storage.fetches.claim_class(tx, failing, at(-90))
        storage.fetches.abandon(tx, claim, Problem("zoom_plan_too_small"), FetchState.FAILED)
    student = make_student(using, ana, held)
    with transaction(engine) as tx:
        course_id = storage.courses.get_course(tx, ana.id, COURSE).id
    cast = Cast(engine, members, {}, {}, held, live, planned, course_id, student)
    for who in ("co-teacher", "unshared"):
        cast.share_with(members[who])
    for one in {one.id: one for one in members.values()}.values():
        auth.set_password(engine, auth.OPERATOR, one.email, PASSWORD, NOW)
    for who in WHO[1:]:
        cast.sign_in(who)
    return cast
