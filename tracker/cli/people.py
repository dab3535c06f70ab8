"""The commands on who was in a class: as a file, as JSON, and in words."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tracker import auth, class_attendance, classes, clock, courses, report
from tracker.attendance.assignment import ClassSession
from tracker.attendance.matching import Enrolled, Match
from tracker.attendance.types import ClassStatus, Person, PersonKey
from tracker.class_attendance import Overview
from tracker.cli.call import Call, class_named, class_seen, print_json, say, write_out
from tracker.errors import ClassNotReady, NamesRemoved
from tracker.messages import languages, people_in_words, sentence, sentence_of
from tracker.messages.vocabulary import NO_NAME
from tracker.storage.schema import check_schema
from tracker.text import plain

# Which students each person of a class is, by her keys.
Students = Mapping[tuple[PersonKey, ...], Sequence[tuple[Enrolled, Match]]]
# What is in a file that is of no single shape.
SHAPES = {"xlsx": "people and stays", "json": "everything"}


def export(call: Call) -> None:
    """Writes the attendance of one class as a file, or to stdout."""
    options = call.options
    with call.services(check_schema) as services:
        found = class_named(services, options.id)
        ended = found.status is ClassStatus.ENDED
        known = class_attendance.attendance_shown if ended else class_attendance.attendance_of
        attendance = services.read(known, found, services.now())
        if attendance is None:
            raise NamesRemoved() if found.names_removed_at else ClassNotReady("participants_unknown")
        students = services.read(courses.with_students, auth.OPERATOR, found, attendance, services.now())
        shape = SHAPES.get(options.format, options.shape)
        classes.note_export(services, auth.OPERATOR, found.id, options.format, shape)
    zone = clock.zone(found.timezone)
    told = options.language != languages.ENGLISH
    with languages.speaking(languages.best(options.language)):
        if options.format == "json":
            content = report.json_bytes(attendance, zone, found.record())
        elif options.format == "xlsx":
            sheet = report.students_table(students.with_marks, told=told) if students else None
            content = report.workbook(attendance, zone, options.shape, sheet, told=told)
        else:
            content = report.csv_bytes(report.tables(attendance, zone, told=told)[options.shape])
    write_out(content, options.format, options.out)


def show(call: Call) -> None:
    """Who was in one class, as far as it is known, and what is left to decide."""
    with call.services(check_schema) as services:
        found = class_seen(services, call.options.id)
        overview = services.read(class_attendance.overview, found, services.now())
        students = services.read(courses.students_by_person, auth.OPERATOR, found, services.now())
    if call.options.json:
        print_json(_record(overview, students))
    else:
        for line in _lines(overview):
            say(line)


def _record(overview: Overview, students: Students) -> dict[str, Any]:
    attendance = overview.attendance
    people = [] if attendance is None else [_person(one, students, set_aside=False) for one in attendance.people]
    set_aside = [] if attendance is None else [_person(one, students, set_aside=True) for one in attendance.set_aside]
    return {
        "people": people + set_aside,
        "suggestions": [
            {"first": _who(one.first), "second": _who(one.second), "why": one.why.value} for one in overview.suggestions
        ],
        "sessions": [_session(one) for one in overview.part.sessions],
        "missing": [{"uuid": uuid, "reason": sentence_of(problem)} for uuid, problem in overview.missing.items()],
    }


def _who(person: Person) -> dict[str, str]:
    return {"name": person.name, "email": person.email}


def _person(person: Person, students: Students, *, set_aside: bool) -> dict[str, Any]:
    found = next(iter(students.get(person.keys, ())), None)
    return _who(person) | {
        "role": person.role.value,
        "secondsInClass": person.seconds_in_class,
        "secondsPresent": person.seconds,
        # Before the class's own time has begun there is nothing to have a part of.
        "percent": person.percent or 0,
        "status": person.status,
        "robot": person.robot,
        "setAside": set_aside,
        # Of several who share a device the first on the roster.
        "student": None if found is None else _student(*found),
    }


def _student(enrolled: Enrolled, match: Match) -> dict[str, str]:
    student = enrolled.student
    return {"name": student.name, "email": student.email, "number": student.number, "why": match.why.value}


def _session(one: ClassSession) -> dict[str, Any]:
    return {
        "uuid": one.session.uuid,
        "start": clock.to_zoom(one.span.start),
        "end": None if one.runs else clock.to_zoom(one.span.end),
        "counted": one.counted,
        "why": one.why.value,
    }


def _lines(overview: Overview) -> Iterator[str]:
    attendance = overview.attendance
    if attendance is None:
        yield sentence("participants_unknown")
    else:
        yield people_in_words(len(attendance.participants), len(attendance.hosts))
        for person in attendance.people:
            role = ", host" if person.is_host else ", looks like a note-taking robot" if person.robot else ""
            minutes, percent = report.minutes(person.seconds_in_class), person.percent or 0
            yield f"{_name(person)}{role}: {minutes:.1f} min in class ({percent} %), {person.status}"
        for person in attendance.set_aside:
            yield f"{_name(person)}: set aside"
    for one in overview.suggestions:
        yield f"The same person? {_name(one.first)} and {_name(one.second)}: {sentence(one.why)}"
    starts = {one.session.uuid: clock.to_zoom(one.span.start) for one in overview.part.sessions}
    for uuid, problem in overview.missing.items():
        yield f"The list of the session of {starts[uuid]} is missing: {sentence_of(problem)}"


def _name(person: Person) -> str:
    name = plain(person.name) or NO_NAME
    return f"{name} ({plain(person.email)})" if person.email else name
