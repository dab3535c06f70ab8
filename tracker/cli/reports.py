"""The command on reports of earlier classes."""

import argparse
from datetime import datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tracker import auth, clock, courses, reports
from tracker.cli.call import Call, command, group, print_json, say
from tracker.courses import CourseReport, ImportedClass, OwnTime
from tracker.errors import InvalidInput
from tracker.messages import sentence_of
from tracker.reports import DateOrder
from tracker.storage.schema import check_schema, migrate


def import_file(call: Call) -> None:
    """Makes past classes of a course from a report of participants of Zoom's or Teams', as CSV."""
    options = call.options
    try:
        zone = clock.zone(options.timezone)
    except ValueError:
        raise InvalidInput("time_zone_unknown", zone=options.timezone) from None
    with Path(options.file).open("rb") as file:
        content = file.read(reports.LARGEST_FILE + 1)
    with call.services(check_schema if options.dry_run else migrate) as services:
        dates = DateOrder(options.dates) if options.dates else None
        read = reports.read_report(content, zone, services.now(), dates=dates, held=_local(options.start, zone))
        own = OwnTime(_time(options.begins), options.minutes)
        made = courses.import_report(
            services, auth.OPERATOR, options.teacher, options.course, read, own=own, dry_run=options.dry_run
        )
    if options.json:
        print_json(_record(made))
        return
    for one in made.classes:
        say(_line(one))
    for problem in made.problems:
        say(f"line {problem.line}: {sentence_of(problem.problem)}")
    say(f"{_classes(len(made.classes))}: {made.new} new, {len(made.classes) - made.new} known already")


def _local(text: str | None, zone: ZoneInfo) -> datetime | None:
    """A local time; None where none is given. Raises InvalidInput."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInput("time_unreadable", text=text) from None
    if not clock.in_this_century(moment):
        raise InvalidInput("start_not_in_century")
    return (moment.astimezone(zone) if moment.tzinfo else moment).replace(tzinfo=None)


def _time(text: str | None) -> time | None:
    """A time of the day; None where none is given. Raises InvalidInput."""
    try:
        return time.fromisoformat(text).replace(tzinfo=None) if text else None
    except ValueError:
        raise InvalidInput("time_of_day_unreadable", text=text or "") from None


def _record(made: CourseReport) -> dict[str, Any]:
    return {
        "course": made.course,
        "classes": [
            {
                "id": one.id,
                "title": one.title,
                "scheduledStart": clock.to_zoom(one.scheduled_start),
                "durationMinutes": one.duration_minutes,
                "participantCount": one.participant_count,
                "known": one.known,
            }
            for one in made.classes
        ],
        "problems": [{"line": one.line, "what": sentence_of(one.problem)} for one in made.problems],
    }


def _line(one: ImportedClass) -> str:
    people = "1 person" if one.participant_count == 1 else f"{one.participant_count} people"
    known = "  (known already)" if one.known else ""
    start = clock.to_zoom(one.scheduled_start)
    return f"{one.id or '–'}  {start}  {one.duration_minutes} min  {people:<11}  {one.title}{known}"


def _classes(number: int) -> str:
    return f"{number} class" if number == 1 else f"{number} classes"


def report_commands(commands: object) -> None:
    """The command on reports, with its options."""
    below = group(commands, "report", "Earlier classes, from reports that somebody has kept.")
    added = command(
        below,
        "import",
        import_file,
        as_json=True,
        course="the course, by its name; it is made where there is none",
        file="the report: CSV as Zoom or Teams gave it out",
    )
    _options(added)


def _options(added: argparse.ArgumentParser) -> None:
    added.add_argument("--teacher", required=True, help="the e-mail of the account that holds it")
    added.add_argument(
        "--timezone", default="UTC", help="of the times in the report, like Europe/Berlin (default: %(default)s)"
    )
    added.add_argument(
        "--dates", choices=[one.value for one in DateOrder], help="what comes first in 03/05/2026, where both fit"
    )
    added.add_argument(
        "--start", metavar="ISO", help="when the meeting began, where the report does not say: local time"
    )
    added.add_argument(
        "--begins", metavar="HH:MM", help="when the classes began, where the meetings were opened earlier"
    )
    added.add_argument("--minutes", type=int, help="how long the classes were, where the meetings went on")
    added.add_argument("--dry-run", action="store_true", help="say what it would come to, and change nothing")
