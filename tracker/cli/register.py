"""The commands on the register of a course: as a file, its rules, and statuses by hand."""

from typing import Any

from tracker import auth, courses, report
from tracker.attendance.register import ByHand, only_class
from tracker.attendance.statuses import Rules
from tracker.attendance.types import BY_HAND, Status
from tracker.cli.call import CLASS_ID, Call, add_file_options, class_named, command, group, print_json, say, write_out
from tracker.errors import InvalidInput, NotFound
from tracker.messages import languages
from tracker.report import RegisterFormat
from tracker.storage.schema import check_schema


def write(call: Call) -> None:
    """Writes the register of a course as a file, or to stdout: its students, its classes, and who was there."""
    options = call.options
    form: RegisterFormat = options.format
    with call.services(check_schema) as services:
        made = courses.register_of(
            services, auth.OPERATOR, options.teacher, options.course, form, report.contents(form, options.shape)
        )
    if options.only is not None:
        if options.only not in {held.id for held in made.classes}:
            raise NotFound("no_such_class")
        made = only_class(made, options.only)
    with languages.speaking(languages.best(options.language)):
        told = options.language != languages.ENGLISH
        write_out(report.register_file(made, form, options.shape, told=told), form, options.out)


def rules(call: Call) -> None:
    """The rules by which a course gives statuses, or changes those that are given; the whole past follows."""
    options = call.options
    given = {
        "late_after": options.late_after,
        "present_from": options.present_from,
        "at_risk_below": options.at_risk_below,
    }
    changes = any(value is not None for value in given.values())
    with call.services() if changes else call.services(check_schema) as services:
        course = services.read(courses.teachers_course, auth.OPERATOR, options.teacher, options.course)
        known = courses.set_rules(services, auth.OPERATOR, course, **given) if changes else course.rules
    if options.json:
        print_json({"course": course.name} | _record(known))
        return
    say(f"late: from more than {known.late_after} minutes after the class began")
    say(f"partly there: for less than {known.present_from} % of the class")
    say(f"at risk: who comes to less than {known.at_risk_below} % of the classes")


def _record(known: Rules) -> dict[str, Any]:
    return {
        "lateAfterMinutes": known.late_after,
        "presentFromPercent": known.present_from,
        "atRiskBelowPercent": known.at_risk_below,
    }


def mark(call: Call) -> None:
    """Says what a student was in a class, whatever the rule says; --clear takes it back."""
    options = call.options
    status = None if options.clear else Status(options.status)
    if options.clear and options.remark is not None:
        raise InvalidInput("remark_without_status")
    with call.services() as services:
        student = services.read(courses.student_of_class, auth.OPERATOR, options.id, options.student)
        courses.mark(services, auth.OPERATOR, options.id, [student], status, options.remark or "")
        found = class_named(services, options.id)
        known = services.read(courses.students_of_class, auth.OPERATOR, found, services.now())
    said = known.marks.get(student) if known is not None else None
    if said is None:
        say("That day is outside of the student's dates, so the class is not in the register for this student.")
    else:
        say(f"{said.status.value} ({_by(said.by_hand)})")


def _by(said: ByHand | None) -> str:
    return "by the rule" if said is None else f"by hand: {said.remark}" if said.remark else "by hand"


def register_commands(commands: Any) -> None:
    """The commands on registers, with their options."""
    _register_command(commands)
    below = group(commands, "course", "Courses.")
    added = command(below, "rules", rules, as_json=True, course="the course, by its name")
    added.add_argument("--teacher", required=True, help="the e-mail of the account that holds it")
    added.add_argument("--late-after", type=int, metavar="MIN", help="who comes more minutes after the start is late")
    added.add_argument(
        "--present-from", type=int, metavar="PERCENT", help="who is there for less of the class is there partly"
    )
    added.add_argument(
        "--at-risk-below", type=int, metavar="PERCENT", help="who comes to less of the classes is at risk"
    )
    added = command(
        commands, "mark", mark, id=CLASS_ID, student="the student, by e-mail, number, or a name that only one has"
    )
    either = added.add_mutually_exclusive_group(required=True)
    either.add_argument("--status", choices=[one.value for one in BY_HAND], help="what the student was in this class")
    either.add_argument("--clear", action="store_true", help="take back what was said: the rule holds again")
    added.add_argument("--remark", help="why, for the register; with --status")


def _register_command(commands: Any) -> None:
    added = command(commands, "register", write, course="the course, by its name")
    added.add_argument("--teacher", required=True, help="the e-mail of the account that holds it")
    added.add_argument(
        "--format",
        choices=report.REGISTER_FORMATS,
        default="csv",
        help="kind of file; xlsx has both shapes, on a sheet each; moodle, canvas and sheets (Google) are CSV as these "
        "take it (default: %(default)s)",
    )
    added.add_argument(
        "--shape",
        choices=report.REGISTER_SHAPES,
        default="wide",
        help="of csv and sheets: one row a student, or one a student and class; of xlsx the sheet that comes first "
        "(default: %(default)s)",
    )
    added.add_argument("--class", dest="only", metavar="ID", help="one class of the course alone")
    add_file_options(added)
