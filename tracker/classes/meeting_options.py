"""The options of a class's meeting: what Zoom is asked for, and what it has made of that.

What a class says of its own comes before the school's settings. Zoom takes a substitute only where she is a licensed
user of the same account, and refuses the whole call otherwise, so that it is made again without her. What its account
has locked it changes without a word: what a meeting has is read back, and kept beside what was asked for.

Sources: Zoom's "Meeting API Security Enhancements" (values that are overwritten; the reply has to be read), its support
article KB0082130 (who can be an alternative host; for the whole of a recurring meeting only), and public clients of the
API for the refusal of an alternative host: code 1114 or 1115, with her address in the message.
"""

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from tracker import audit, storage
from tracker.attendance.meeting_options import CHOICES, NOTHING_SAID, MeetingOptions
from tracker.audit import Action
from tracker.errors import InvalidInput, ZoomError, ZoomRefused
from tracker.services import Services
from tracker.storage.classes import Class
from tracker.storage.database import AWAY, Transaction, reading, transaction
from tracker.storage.members import Member, stored_email
from tracker.zoom import SUBSTITUTE_REFUSED, Meeting, NewMeeting

MOST_SUBSTITUTES = 10
LONGEST_ADDRESS = 254
# An e-mail address in a sentence of Zoom's.
ADDRESS = re.compile(r"[^\s,;:<>()'\"]+@[^\s,;:<>()'\"]*[^\s,;:<>()'\".]")
Answer = TypeVar("Answer")


def school_options(services: Services) -> MeetingOptions:
    """What holds for classes that say nothing else, by the school's settings."""
    settings = services.settings
    return MeetingOptions(
        settings.meeting_waiting_room,
        settings.meeting_sign_in,
        settings.meeting_recording,
        registration=settings.meeting_registration,
    )


def checked(options: MeetingOptions, teacher: str) -> MeetingOptions:
    """The options fit to be stored, for a class of the teacher with this e-mail. Raises InvalidInput."""
    if options.substitutes is None:
        return options
    people = tuple(dict.fromkeys(stored_email(one) for one in options.substitutes if one.strip()))
    for one in people:
        name, _, domain = one.partition("@")
        if not (name and domain) or len(one) > LONGEST_ADDRESS or any(sign in one for sign in " ;,") or "@" in domain:
            raise InvalidInput("email_unusable", email=one[:LONGEST_ADDRESS])
    if teacher in people:
        raise InvalidInput("substitute_is_teacher")
    if len(people) > MOST_SUBSTITUTES:
        raise InvalidInput("too_many_substitutes", most=MOST_SUBSTITUTES)
    return replace(options, substitutes=people)


def check_none(options: MeetingOptions) -> None:
    """Raises InvalidInput where something is asked of a meeting that was made elsewhere."""
    if options != NOTHING_SAID:
        raise InvalidInput("options_of_linked_meeting")


def wanted(services: Services, asked: MeetingOptions) -> MeetingOptions:
    """What to ask Zoom for where a class has asked for this: with the addresses of Zoom's users."""
    options = asked.over(school_options(services))
    if not options.substitutes:
        return options
    with reading(services.engine) as tx:
        return replace(options, substitutes=tuple(_zoom_address(tx, one) for one in options.substitutes))


def _zoom_address(tx: Transaction, email: str) -> str:
    """The e-mail of somebody's user at Zoom, who may have another one in the dashboard."""
    member = storage.members.find_member(tx, email)
    return member.zoom_user.lower() if member is not None and "@" in member.zoom_user else email


def make(services: Services, host: str, new: NewMeeting, asked: MeetingOptions) -> tuple[Meeting, MeetingOptions]:
    """Has Zoom make a meeting; it, and what was asked for. Raises ZoomError."""
    sent = wanted(services, asked)
    meeting = _without_refused(sent, lambda options: services.zoom.create_meeting(host, replace(new, options=options)))
    return meeting, sent


def change(services: Services, found: Class, new: NewMeeting) -> tuple[Meeting | None, MeetingOptions]:
    """Has Zoom change the meeting of a class; how it is then, as `read_back` gives it, and what was asked for.

    Raises ZoomError.
    """
    meeting_id, sent = found.api_meeting_id or "", wanted(services, found.meeting_asked)
    _without_refused(
        sent,
        lambda options: services.zoom.change_meeting(
            meeting_id, replace(new, options=options), found.teacher_zoom_user
        ),
    )
    return read_back(services, found, sent), sent


def set_of_all_dates(services: Services, found: Class, sent: MeetingOptions) -> Meeting | None:
    """Has Zoom change the options of the recurring meeting in which a class is held; how it is then.

    Raises ZoomError.
    """
    meeting_id = found.api_meeting_id or ""
    _without_refused(sent, lambda options: services.zoom.set_options(meeting_id, options, found.teacher_zoom_user))
    return read_back(services, found, sent)


def read_back(services: Services, found: Class, sent: MeetingOptions) -> Meeting | None:
    """The meeting of a class after a change; None where nothing hangs on it, or Zoom does not say it now.

    Under a personal meeting id both its numbers may be others after each change.
    """
    if sent != NOTHING_SAID or found.zoom_api_meeting_id is not None:
        with suppress(ZoomError):
            return services.zoom.meeting(found.api_meeting_id or "")
    return None


def _without_refused(options: MeetingOptions, call: Callable[[MeetingOptions], Answer]) -> Answer:
    """What the call answers with these options, or without the substitutes whom Zoom refuses. Raises ZoomError."""
    while True:
        try:
            return call(options)
        except ZoomRefused as error:
            if error.code != SUBSTITUTE_REFUSED or not options.substitutes:
                raise
            said = ADDRESS.findall(str(error.details.get("message", "")).casefold())
            named = [one for one in options.substitutes if one in said]
            options = options.without(*(named or options.substitutes))


def has_of(meeting: Meeting | None) -> MeetingOptions | None:
    """What Zoom says that a meeting has; None where it says nothing of it."""
    return None if meeting is None or meeting.options == NOTHING_SAID else meeting.options


def not_taken(found: Class) -> MeetingOptions:
    """What Zoom did not take of what was asked for the meeting of a class, as far as is known."""
    has, sent = found.meeting_has, found.meeting_sent
    return NOTHING_SAID if has is None or sent is None else sent.not_in(has)


def note_has(services: Services, found: Class, meeting: Meeting) -> None:
    """Keeps what a meeting has that was just read for a class; a database that can only be read stays as it is."""
    has = has_of(meeting)
    if has is None or has == found.meeting_has:
        return
    with suppress(*AWAY), transaction(services.engine) as tx:
        storage.classes.lock_class(tx, found.id)
        storage.meeting_options.set_has(tx, found.id, has)


def note_asked(
    tx: Transaction,
    acting: Member,
    class_id: str,
    asked: MeetingOptions,
    now: datetime,
    was: MeetingOptions = NOTHING_SAID,
) -> None:
    """Notes who has asked for other options of a class than it had.

    Substitutes are counted, and not named: they need not have an account.
    """
    if asked != was:
        said = {name: getattr(asked, name) or "school" for name in CHOICES}
        number = len(asked.substitutes or ())
        audit.note(tx, acting, Action.MEETING_OPTIONS_SET, now, class_id=class_id, substitutes=number, **said)
