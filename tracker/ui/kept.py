"""What is kept on whom, why, for how long and who sees it, in plain words and with the figures of this installation."""

import math
from collections.abc import Collection
from datetime import timedelta

from tracker import auth, health
from tracker.auth.guessing import ATTEMPT_WINDOW
from tracker.settings import Settings
from tracker.storage.members import Member

Row = tuple[str, str, str, str, str]
COLUMNS: Row = ("What", "On whom", "What for", "How long", "Who sees it")
TEACHERS = "the teacher of the class, colleagues with whom it is shared, and admins"
OF_THE_SERVICE: tuple[Row, ...] = (
    (
        "That Zoom has announced something of a class, without names",
        "nobody",
        "to take no announcement twice",
        f"{health.DELIVERIES_KEPT.days} days",
        "admins",
    ),
    (
        "The log: sign-ins with their address, and what went wrong; no participant's name",
        "everybody with an account",
        "to run this service",
        "as whoever runs this service has set it",
        "whoever runs this service",
    ),
    (
        "That somebody was erased, and when: a digest that does not tell who, in the database and in a file beside it",
        "whoever was erased",
        "so that nobody who was erased comes back with Zoom's next list or an older backup",
        "as long as this service is in use",
        "whoever runs this service",
    ),
    (
        "Backups, and the copy that bringing one back leaves: all of the above",
        "everybody",
        "to bring the data back after a fault",
        "until whoever runs this service deletes the copy; what is removed here is in older copies until then",
        "whoever runs this service",
    ),
)


def retention_in_words(settings: Settings, own_days: Collection[int]) -> str:
    """How long the names of participants are kept, to go on after "kept"; `own_days` are those of courses."""
    if not settings.retention_days and not any(own_days):
        return "without a limit: none is set here"
    usual = f"{_days(settings.retention_days)} after a class" if settings.retention_days else _days(0)
    # No limit is the longest.
    own = ", ".join(map(_days, sorted(own_days, key=lambda days: days or math.inf)))
    some = f" (some courses have days of their own: {own})" if own else ""
    left = "only its count" if settings.retention_action == "records" else "“Person 1, 2, …”"
    return f"{usual}{some}; after that {left} is left"


def _days(days: int) -> str:
    return f"{days} {'day' if days == 1 else 'days'}" if days else "without a limit"


def rows(settings: Settings, own_days: Collection[int]) -> list[Row]:
    """What is kept, a line for each kind, in the order of COLUMNS."""
    return [*_of_classes(retention_in_words(settings, own_days)), *_of_accounts(settings), *OF_THE_SERVICE]


def _of_classes(records: str) -> list[Row]:
    return [
        (
            "Name as given in Zoom, e-mail address where Zoom tells it, times of joining and leaving, waiting room "
            "included, Zoom's ids",
            "everybody who was in a class",
            "to know who was there, when and for how long",
            records,
            TEACHERS,
        ),
        (
            "Joins and leaves as they were announced during the class",
            "everybody who was in a class",
            "to show who is there now, and what was seen if Zoom gives no list",
            "until Zoom's list is final and has everybody; otherwise as the list",
            TEACHERS,
        ),
        (
            "What a teacher has said of people: who is the same person, who is a host, who is set aside",
            "people in her classes",
            "to count people and not devices",
            "until it is taken back, and no longer than anything else is kept of these people",
            TEACHERS,
        ),
        (
            "Title, time, course and Zoom link of a class",
            "its teacher",
            "to hold the class and to find it again",
            "as long as this service is in use",
            TEACHERS,
        ),
    ]


def _of_accounts(settings: Settings) -> list[Row]:
    return [
        (
            "Name, e-mail address, role, and a hash of the password",
            "everybody with an account",
            "to sign in",
            "until the account is removed",
            "the person, and admins",
        ),
        (
            "Where somebody is signed in: address, kind of browser, last use",
            "everybody with an account",
            "to end a sign-in that is not one's own",
            f"{settings.sign_in_idle_hours} hours without use, {settings.sign_in_days} days at most",
            "the person",
        ),
        (
            "Tries to sign in: address, and a hash of the e-mail address",
            "whoever tries",
            "to stop guessing",
            f"{_minutes(ATTEMPT_WINDOW)} minutes; that a browser has signed in before, {auth.BROWSER_KNOWN_FOR.days} "
            "days",
            "nobody",
        ),
        (
            "Who has looked at, exported or changed which class or account, when, and from which address; and who has "
            "looked somebody up, handed out her data or erased it",
            "everybody with an account; whoever was looked up, by a digest that does not tell who",
            "to find out what became of people's data",
            f"{settings.audit_days} days",
            "admins; of a class its teacher and those colleagues too, without the addresses",
        ),
    ]


def notice(settings: Settings, teacher: Member, own_days: Collection[int]) -> str:
    """What a teacher may give her students: plain text, in her words. `own_days` are those of her courses."""
    return f"""Attendance in our Zoom classes

When you take part in one of my classes on Zoom, a list is kept of who was there: the name that you use in Zoom, \
your e-mail address if you are signed in to Zoom with an account of our school, and when you came and left. \
It is there so that I know who took part, and for how long. No picture, no sound and no chat is kept with it.

I see this list, and so do colleagues with whom I share the class, and the admins of our attendance service. \
Who looks at it, exports it or changes it is written down and kept for {settings.audit_days} days.

The list is kept {retention_in_words(settings, own_days)}. Zoom itself has it too.

You may ask me what is kept about you, have it corrected, and ask for it to be removed.

{teacher.name}
"""


def _minutes(span: timedelta) -> int:
    return int(span.total_seconds() // 60)
