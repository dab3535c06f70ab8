"""The commands on the rosters of courses."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tracker import auth, courses, rosters
from tracker.cli.call import Call, command, group, print_json, say
from tracker.courses import CourseRoster
from tracker.messages import sentence_of
from tracker.rosters import Student
from tracker.storage.schema import check_schema, migrate


def show(call: Call) -> None:
    """The students of a course."""
    options = call.options
    with call.services(check_schema) as services:
        found = courses.show_roster(services, auth.OPERATOR, options.teacher, options.course)
    _print(found, as_json=options.json)
    if not options.json:
        say(_students(len(found.students)))


def import_file(call: Call) -> None:
    """Brings the roster of a course up to date by a list: Excel, or CSV and other text."""
    options = call.options
    with Path(options.file).open("rb") as file:
        content = file.read(rosters.LARGEST_FILE + 1)
    read = rosters.read_roster(content, Path(options.file).name)
    with call.services(check_schema if options.dry_run else migrate) as services:
        made = courses.import_roster(
            services, auth.OPERATOR, options.teacher, options.course, read, dry_run=options.dry_run
        )
    _print(made, as_json=options.json)
    if not options.json:
        say(f"{_students(len(made.students))}: {made.new} new, {made.changed} changed")


def _print(found: CourseRoster, *, as_json: bool) -> None:
    if as_json:
        print_json(_record(found))
        return
    for student in found.students:
        say("  ".join(_parts(student)))
    for one in found.problems:
        say(f"line {one.line}: {sentence_of(one.problem)}")


def _record(found: CourseRoster) -> dict[str, Any]:
    return {
        "course": found.course,
        "students": [
            {
                "name": one.name,
                "email": one.email,
                "number": one.number,
                "group": one.group,
                "from": one.since.isoformat() if one.since else None,
                "until": one.until.isoformat() if one.until else None,
            }
            for one in found.students
        ],
        "problems": [{"line": one.line, "what": sentence_of(one.problem)} for one in found.problems],
    }


def _parts(student: Student) -> Iterator[str]:
    yield student.name
    if student.email:
        yield f"<{student.email}>"
    if student.number:
        yield f"number {student.number}"
    if student.group:
        yield f"group {student.group}"
    if student.since:
        yield f"from {student.since.isoformat()}"
    if student.until:
        yield f"until {student.until.isoformat()}"


def _students(number: int) -> str:
    return f"{number} student" if number == 1 else f"{number} students"


def roster_commands(commands: object) -> None:
    """The commands on rosters, with their options."""
    below = group(commands, "roster", "The students of courses.")
    shown = command(below, "show", show, as_json=True, course="the course, by its name")
    made = command(
        below,
        "import",
        import_file,
        as_json=True,
        course="the course, by its name; it is made where there is none",
        file="the list: .xlsx, .csv or other text, as schools have it",
    )
    for added in (shown, made):
        added.add_argument("--teacher", required=True, help="the e-mail of the account that holds it")
    made.add_argument("--dry-run", action="store_true", help="say what it would come to, and change nothing")
