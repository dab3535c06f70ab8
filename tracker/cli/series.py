"""The command that plans a class every week."""

from argparse import Namespace
from datetime import date, datetime
from typing import Any

from tracker import auth, classes
from tracker.attendance.meeting_options import CHOICES, MeetingOptions
from tracker.classes import Plan, SeriesPlan
from tracker.cli.call import Call, class_named, command, complain, print_json, say
from tracker.errors import InvalidInput
from tracker.messages import sentence
from tracker.storage.classes import Class

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LONG_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def create(call: Call) -> None:
    """Makes a class every week, with one recurring Zoom meeting or a meeting each."""
    options = call.options
    plan = SeriesPlan(
        Plan(options.title, moment(options.start), options.minutes, options.timezone),
        frozenset(map(_weekday, _parts(options.weekdays))),
        _day(options.until),
        frozenset(map(_day, _parts(options.without))),
    )
    with call.services() as services:
        teacher = services.read(auth.get_member, options.teacher)
        ids = classes.create_series(
            services,
            auth.OPERATOR,
            plan,
            one_meeting=options.meeting == "one",
            teacher=teacher,
            course=options.course,
            link=options.link,
            options=meeting_options(options),
        )
        found = [class_named(services, class_id) for class_id in ids]
    tell_not_taken(found[0])  # of one meeting; those of a meeting each are made by the tracker
    if options.json:
        print_json({"seriesId": found[0].series_id, "classes": [one.record() for one in found]})
        return
    for one in found:
        link = f"join at {one.zoom_join_url}" if one.zoom_join_url else "its meeting is made by the tracker"
        say(f"{one.id}  {one.scheduled_start:%Y-%m-%d %H:%M} UTC  {one.title}: {link}")


def moment(text: str) -> datetime:
    """A time as it is typed on the command line. Raises InvalidInput."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInput("time_unreadable", text=text) from None


def meeting_options(options: Namespace) -> MeetingOptions:
    """The options of the meetings as they are typed on the command line."""
    substitutes = tuple(options.substitute) or None
    return MeetingOptions(**{name: getattr(options, name) for name in CHOICES}, substitutes=substitutes)


def tell_not_taken(found: Class) -> None:
    """One line on stderr with what Zoom did not take of the options of a class's meeting, as they are typed here."""
    missing = classes.not_taken(found)
    typed = [f"{_option(name)} {value}" for name in CHOICES if (value := getattr(missing, name)) is not None]
    typed += [f"--substitute {one}" for one in missing.substitutes or ()]
    if typed:
        complain(sentence("options_not_taken", {"options": ", ".join(typed)}))


def option_arguments(added: Any) -> None:
    """Adds the options of meetings to a command that makes some."""
    for name, choices in CHOICES.items():
        what = "what its meeting is like; zoom leaves it to the Zoom account (default: as the school's settings say)"
        added.add_argument(_option(name), choices=choices, help=what)
    added.add_argument(
        "--substitute",
        metavar="EMAIL",
        action="append",
        default=[],
        help="a colleague who may start it; may be repeated",
    )


def series_command(lessons: Any) -> None:
    """Adds the command below `class`."""
    added = command(lessons, "series", create, as_json=True)
    added.add_argument("--title", required=True, help="what the classes are called")
    added.add_argument("--teacher", required=True, help="the e-mail of the account that holds them")
    added.add_argument("--start", required=True, help="first day and local time, like 2026-05-12T10:00")
    added.add_argument("--minutes", type=int, required=True, help="planned length")
    added.add_argument("--weekdays", required=True, help="like tue,thu")
    added.add_argument("--until", required=True, help="last day, like 2026-06-30")
    added.add_argument("--without", default="", help="days without class, like 2026-05-14,2026-05-21")
    added.add_argument("--timezone", default="UTC", help="like Europe/Berlin (default: %(default)s)")
    added.add_argument("--course", help="the course they belong to")
    added.add_argument(
        "--link", help="a Zoom link or meeting id, instead of new meetings; the start may be in the past"
    )
    added.add_argument(
        "--meeting",
        choices=("one", "each"),
        default="one",
        help="one recurring Zoom meeting with one link, or a meeting each, which the tracker makes "
        "(default: %(default)s)",
    )
    option_arguments(added)


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _weekday(text: str) -> int:
    name = text.lower()
    if name not in (*DAYS, *LONG_DAYS):
        raise InvalidInput("weekday_unreadable", text=text)
    return DAYS.index(name[:3])


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInput("day_unreadable", text=text) from None
