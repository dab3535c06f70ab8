"""What is kept on whom, why, for how long and who sees it, in plain words and with the figures of this installation."""

import math
from collections.abc import Collection, Sequence
from datetime import timedelta
from html import escape

from tracker import auth, health
from tracker.attendance.meeting_options import ON
from tracker.auth.guessing import ATTEMPT_WINDOW
from tracker.messages import formats
from tracker.messages.languages import gettext as _
from tracker.messages.languages import ngettext as _n
from tracker.settings import Settings
from tracker.storage.members import Member
from tracker.ui import components, words
from tracker.ui.components import Column, Html

# What is kept, on whom, what for, for how long, and who sees it.
Row = tuple[str, str, str, str, str]


def parts(settings: Settings, own_days: Collection[int]) -> list[tuple[str, list[Row]]]:
    """What is kept, a line for each kind, under its headings; `own_days` are those of courses."""
    return [
        (_("Of people in a class"), _of_classes(retention_in_words(settings, own_days))),
        (_("Of people with an account"), _of_accounts(settings)),
        (_("Of this service"), _of_the_service()),
    ]


def table(caption: str, rows: Sequence[Row]) -> None:
    """Draws such lines."""
    headings = (_("What"), _("On whom"), _("What for"), _("How long"), _("Who sees it"))
    components.table(
        caption,
        [Column(heading, look="fifth") for heading in headings],
        ([Html(escape(cell)) for cell in row] for row in rows),
        look="stacks",
    )


def retention_in_words(settings: Settings, own_days: Collection[int]) -> str:
    """How long the names of participants are kept, to go on after "kept"; `own_days` are those of courses."""
    if not settings.retention_days and not any(own_days):
        return _("without a limit: none is set here")
    days = settings.retention_days
    told = _n("{number} day after a class", "{number} days after a class", days) if days else _("without a limit")
    if own_days:
        # No limit is the longest.
        own = formats.listed(list(map(_days, sorted(own_days, key=lambda days: days or math.inf))))
        told = _("{how_long} (some courses have days of their own: {days})", how_long=told, days=own)
    if settings.retention_action == "records":
        return _("{how_long}; after that only its count is left", how_long=told)
    return _("{how_long}; after that “Person 1, 2, …” is left", how_long=told)


def _days(days: int) -> str:
    return _n("{number} day", "{number} days", days) if days else _("without a limit")


def _teachers() -> str:
    return _("the teacher of the class, colleagues with whom it is shared, and admins")


def _of_course() -> str:
    return _("the teacher of the course, colleagues with whom it is shared, and admins")


def _everybody() -> str:
    return _("everybody with an account")


def _of_classes(how_long: str) -> list[Row]:
    in_class = _("everybody who was in a class")
    return [
        (
            _(
                "Name as given in Zoom, e-mail address where Zoom tells it, times of joining and leaving, waiting room "
                "included, Zoom's ids"
            ),
            in_class,
            _("to know who was there, when and for how long"),
            how_long,
            _teachers(),
        ),
        (
            _("Joins and leaves as they were announced during the class"),
            in_class,
            _("to show who is there now, and what was seen if Zoom gives no list"),
            _("until Zoom's list is final and has everybody; otherwise as the list"),
            _teachers(),
        ),
        (
            _("What a teacher has said of people: who is the same person, who is a host, who is set aside"),
            _("people in her classes"),
            _("to count people and not devices"),
            _("until it is taken back, and no longer than anything else is kept of these people"),
            _teachers(),
        ),
        (
            _("The list of a course: name, e-mail addresses, number, group, first and last day of a student"),
            _("students"),
            _("to know who was missing"),
            _("until the student is taken off the list"),
            _of_course(),
        ),
        (
            _("What was said by hand of a student in a class, with the remark; who of those who join she is"),
            _("students"),
            _("to keep the register right"),
            _("until the names of the class go, or the student is taken off the roster"),
            _of_course(),
        ),
        (
            _("What a student says by a link to her own attendance, and the answer; of the link a hash"),
            _("the student"),
            _("to correct what is not right"),
            _("until the names of the class go, or the student is taken off the roster"),
            _("the student, the teacher of the course, colleagues with whom it is shared, and admins"),
        ),
        *_of_holding(),
    ]


def _of_holding() -> list[Row]:
    return [
        (
            _("Title, time, course and Zoom link of a class"),
            _("its teacher"),
            _("to hold the class and to find it again"),
            _("as long as this service is in use"),
            _teachers(),
        ),
        (
            _("E-mail addresses of the substitutes of a class"),
            _("colleagues"),
            _("to have somebody else hold the class, and to count her as its host"),
            _("until she is taken out, or the names of the class go"),
            _teachers(),
        ),
    ]


def _of_accounts(settings: Settings) -> list[Row]:
    hours = _n("{number} hour without use", "{number} hours without use", settings.sign_in_idle_hours)
    minutes = _n("{number} minute", "{number} minutes", _minutes(ATTEMPT_WINDOW))
    known = _days(auth.BROWSER_KNOWN_FOR.days)
    return [
        (
            _("Name, e-mail address, role, and a hash of the password"),
            _everybody(),
            _("to sign in"),
            _("until the account is removed"),
            _("the person, and admins"),
        ),
        (
            _("Where somebody is signed in: address, kind of browser, last use"),
            _everybody(),
            _("to end a sign-in that is not one's own"),
            _("{hours}, {days} at most", hours=hours, days=_days(settings.sign_in_days)),
            _("the person"),
        ),
        (
            _("Tries to sign in: address, and a hash of the e-mail address"),
            _("whoever tries"),
            _("to stop guessing"),
            _("{minutes}; that a browser has signed in before, {days}", minutes=minutes, days=known),
            _("nobody"),
        ),
        (
            _(
                "Who has looked at, exported or changed which class or account, when, and from which address; and who "
                "has looked somebody up, handed out her data or erased it"
            ),
            _(
                "everybody with an account; students who write by their link; whoever was looked up, by a digest that "
                "does not tell who"
            ),
            _("to find out what became of people's data"),
            _days(settings.audit_days),
            _("admins; of a class its teacher and those colleagues too, without the addresses"),
        ),
    ]


def _of_the_service() -> list[Row]:
    operator = _("whoever runs this service")
    return [
        (
            _("That Zoom has announced something of a class, without names"),
            _("nobody"),
            _("to take no announcement twice"),
            _days(health.DELIVERIES_KEPT.days),
            _("admins"),
        ),
        (
            _("That a teacher was sent an e-mail on a class or course, and when; not what it said"),
            _("the teacher"),
            _("to send none twice"),
            _("as long as this service is in use"),
            operator,
        ),
        (
            _("The log: sign-ins with their address, and what went wrong; no participant's name"),
            _everybody(),
            _("to run this service"),
            _("as whoever runs this service has set it"),
            operator,
        ),
        (
            _(
                "That somebody was erased, and when: a digest that does not tell who, in the database and in a file "
                "beside it"
            ),
            _("whoever was erased"),
            _("so that nobody who was erased comes back with Zoom's next list or an older backup"),
            _("as long as this service is in use"),
            operator,
        ),
        (
            _("Backups, and the copy that bringing one back leaves: all of the above"),
            _("everybody"),
            _("to bring the data back after a fault"),
            _("until whoever runs this service deletes the copy; what is removed here is in older copies until then"),
            operator,
        ),
    ]


def notice(settings: Settings, teacher: Member, own_days: Collection[int]) -> str:
    """What a teacher may give her students: plain text, in her words. `own_days` are those of her courses."""
    days = settings.audit_days
    paragraphs = (
        _("Attendance in our Zoom classes"),
        _(
            "When you take part in one of my classes on Zoom, a list is kept of who was there: the name that you use "
            "in Zoom, your e-mail address if you are signed in to Zoom with an account of our school, and when you "
            "came and left. It is there so that I know who took part, and for how long. No picture, no sound and no "
            "chat is kept with it."
        ),
        _n(
            "I see this list, and so do colleagues with whom I share the class, and the admins of our attendance "
            "service. Who looks at it, exports it or changes it is written down and kept for {number} day.",
            "I see this list, and so do colleagues with whom I share the class, and the admins of our attendance "
            "service. Who looks at it, exports it or changes it is written down and kept for {number} days.",
            days,
        ),
        _(
            "The list is kept {how_long}. Zoom itself has it too.",
            how_long=retention_in_words(settings, own_days),
        ),
        *_of_registration(settings),
        _("You may ask me what is kept about you, have it corrected, and ask for it to be removed."),
        words.plain(teacher.name, 60),
    )
    return "\n\n".join(paragraphs) + "\n"


def _of_registration(settings: Settings) -> list[str]:
    """What students are told where the school has them registered."""
    if settings.meeting_registration != ON:
        return []
    return [
        _(
            "For my classes you are registered at Zoom with your name and your e-mail address, and Zoom sends you a "
            "link of your own. Zoom keeps that."
        )
    ]


def _minutes(span: timedelta) -> int:
    return int(span.total_seconds() // 60)
