"""Names of participants that were kept for long enough: which are due, what becomes of them, and when.

Off until it is set. The names of a class become "Person 1 … n", or its records go; what was counted stays. What was
seen live goes as soon as Zoom's list is final, whatever is set.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from tracker import audit, auth, storage
from tracker.attendance import live
from tracker.attendance.anonymous import data_without_names
from tracker.attendance.counting import key_of
from tracker.attendance.types import ClassStatus, FetchState, Where
from tracker.audit import Action
from tracker.class_attendance import attendance_of, attendance_seen
from tracker.decisions import keys_in
from tracker.errors import InvalidInput, UnreadableRecords
from tracker.services import Services
from tracker.sessions import Meeting, meeting_of
from tracker.storage.audit import Removed
from tracker.storage.classes import Class
from tracker.storage.database import Transaction, reading, transaction
from tracker.storage.members import Member
from tracker.storage.people_data import Words
from tracker.storage.retention import CourseDays

log = logging.getLogger(__name__)

# How many classes lose their names in one go, and how many meetings are looked at for what was seen live.
MOST_CLASSES, MOST_MEETINGS = 100, 50
MOST_SHOWN, MOST_DONE_SHOWN = 200, 20
# The longest that can be set: a hundred years.
MOST_DAYS = 36_500
# What is noted of each action of the setting.
ACTIONS = {"names": Action.NAMES_REMOVED, "records": Action.RECORDS_REMOVED}


@dataclass(frozen=True, slots=True)
class Preview:
    """What retention is about to do: the classes whose names are due, and the first one after them, with its day.

    `days` and `action` are the settings; of `courses` some have days of their own. `more`: more are due than shown.
    `done` are the last classes that were done, the latest first.
    """

    days: int
    action: str
    courses: tuple[CourseDays, ...]
    due: tuple[Class, ...]
    more: bool
    next_class: Class | None
    next_at: datetime | None
    done: tuple[Removed, ...]

    @property
    def is_on(self) -> bool:
        """Whether names go at all."""
        return bool(self.days or any(course.days for course in self.courses))


def preview(services: Services, acting: Member, days: int | None = None) -> Preview:
    """What retention is about to do, or would do with other `days` than are set.

    Raises NotAllowed for whoever is no admin, InvalidInput for days that cannot be set.
    """
    auth.check_is_admin(acting)
    settings, now = services.settings, services.now()
    usual = settings.retention_days if days is None else days
    if not 0 <= usual <= MOST_DAYS:
        raise InvalidInput("retention_days_unusable", most=MOST_DAYS)
    with reading(services.engine) as tx:
        due = _due(tx, usual, now, MOST_SHOWN + 1)
        later = storage.retention.classes_begun(tx, usual, now, limit=MOST_SHOWN, due=False)
        dated = [(_kept_until(tx, found, usual), found) for found in later]
        courses = tuple(storage.retention.list_course_days(tx))
        done = tuple(storage.audit.removed_lately(tx, list(ACTIONS.values()), MOST_DONE_SHOWN))
    next_at, next_class = min(dated, key=lambda one: one[0], default=(None, None))
    return Preview(
        days=usual,
        action=settings.retention_action,
        courses=courses,
        due=tuple(due[:MOST_SHOWN]),
        more=len(due) > MOST_SHOWN,
        next_class=next_class,
        next_at=next_at,
        done=done,
    )


def own_days(tx: Transaction, teacher: Member | None = None) -> set[int]:
    """For how many days courses keep names that have days of their own: those of a teacher, or all; 0 for no limit."""
    return storage.retention.own_days(tx, teacher.id if teacher else None)


def set_course_days(services: Services, acting: Member, teacher: str, course: str, days: int | None) -> None:
    """Sets for how many days a course of this teacher keeps names; None: as the setting says, 0: without limit.

    Raises NotAllowed for whoever is no admin, NotFound, InvalidInput.
    """
    auth.check_is_admin(acting)
    if days is not None and not 0 <= days <= MOST_DAYS:
        raise InvalidInput("retention_days_unusable", most=MOST_DAYS)
    with transaction(services.engine) as tx:
        holder = storage.members.get_member(tx, teacher)
        storage.retention.set_course_days(tx, holder.id, course, days)
        told = "as_set" if days is None else days or "without_limit"
        audit.note(tx, acting, Action.RETENTION_SET, services.now(), course=course, account=holder.email, days=told)


def remove_due(services: Services) -> int:
    """Removes the names of classes that are due, or their records; a few in one go, and returns how many.

    A short transaction for each meeting. Of two trackers that do this at once, the second finds nothing left to do.
    """
    days, now = services.settings.retention_days, services.now()
    with reading(services.engine) as tx:
        due = _due(tx, days, now, MOST_CLASSES)
    by_meeting: dict[str, list[Class]] = defaultdict(list)
    for found in due:
        by_meeting[found.zoom_meeting_id or f"none:{found.id}"].append(found)
    number = 0
    for meeting in by_meeting.values():
        with transaction(services.engine) as tx:
            number += _remove_in_meeting(tx, services, meeting, now)
    for teacher_id in sorted({found.teacher_id for found in due}):
        _forget_words(services, teacher_id)
    if number:
        log.info("names of participants were removed", extra={"classes": number})
    return number


def forget_unneeded(services: Services, after: str = "") -> str:
    """Drops what was seen live in sessions of which Zoom's list is final and has everybody; a few meetings in one go.

    And after the days that are set, both that and Zoom's lists of sessions that are no class's with names. It begins
    with the first meeting behind `after`, and returns the last one that it looked at, "" at the end.
    """
    now, days = services.now(), services.settings.retention_days
    before = now - timedelta(days=days) if days else None
    with reading(services.engine) as tx:
        meetings = storage.retention.meetings_with_more(tx, after, before, MOST_MEETINGS)
        able = [one for one in meetings if any(_not_needed(tx, meeting_of(tx, one, now), before))]
    teachers: set[str] = set()
    for meeting_id in able:
        with transaction(services.engine) as tx:
            meeting = meeting_of(tx, meeting_id, now, locked=True)
            seen, listed = _not_needed(tx, meeting, before)
            storage.retention.forget_seen(tx, seen)
            storage.retention.forget_lists(tx, listed)
            teachers |= {one.teacher_id for one in meeting.classes if listed}
    for teacher_id in sorted(teachers):
        _forget_words(services, teacher_id)
    return meetings[-1] if len(meetings) == MOST_MEETINGS else ""


def _due(tx: Transaction, usual_days: int, now: datetime, limit: int) -> list[Class]:
    begun = storage.retention.classes_begun(tx, usual_days, now, limit=4 * limit)
    return [found for found in begun if _kept_until(tx, found, usual_days) <= now][:limit]


def _kept_until(tx: Transaction, found: Class, usual_days: int) -> datetime:
    """Until when the names of a class are kept."""
    days = timedelta(days=storage.retention.days_of(tx, found, usual_days))
    return max(found.ended_at or found.planned.end, found.planned.end) + days


def _remove_in_meeting(tx: Transaction, services: Services, due: Iterable[Class], now: datetime) -> int:
    """Removes the names of these classes of a meeting, and what they alone have of its sessions; how many they were."""
    removed: list[Class] = []
    storage.classes.classes_in_meeting(tx, next(iter(due)).zoom_meeting_id or "", locked=True)
    for one in due:
        found = storage.classes.lock_class(tx, one.id)
        still_due = _kept_until(tx, found, services.settings.retention_days) <= now
        if found.names_removed_at is None and found.status is not ClassStatus.LIVE and still_due:
            _remove_names(tx, services, found, now)
            removed.append(found)
    if removed and (meeting_id := removed[0].zoom_meeting_id):
        meeting = meeting_of(tx, meeting_id, now)
        before = max(found.ended_at or found.planned.end for found in removed)
        storage.retention.forget_records(tx, meeting_id, _with_names(meeting), before)
    return len(removed)


def _remove_names(tx: Transaction, services: Services, found: Class, now: datetime) -> None:
    action, people = services.settings.retention_action, found.participant_count
    try:
        attendance = attendance_of(tx, found, now)
        if attendance is None and found.status is ClassStatus.ENDED:
            attendance = attendance_seen(tx, found, now)
            if attendance is not None:  # of a class that Zoom never gave a list of, this is all that is known
                storage.participants.save_attendance(tx, found.id, attendance, now)
    except UnreadableRecords:
        attendance = None
    data = None
    if attendance is not None:
        people = attendance.unique_count if people is None else people
        data = data_without_names(attendance, people) if action == "names" else None
    storage.retention.remove_names(tx, found.id, data, now)
    if people is not None:
        audit.note(tx, audit.SCHEDULE, ACTIONS[action], now, class_id=found.id, people=people)


def _forget_words(services: Services, teacher_id: str) -> None:
    """Forgets what a teacher has said of people of whom she has no record any more."""
    # To look through all her classes takes long, and is done once, where nobody waits for it.
    gone = services.read(_words_on_nobody, teacher_id)
    if not gone:
        return
    with transaction(services.engine) as tx:
        storage.members.lock_member(tx, teacher_id)
        # What she has said anew meanwhile is of somebody whom she sees.
        said = set(storage.people_data.all_words(tx))
        storage.people_data.forget_words(tx, [words for words in gone if words in said])


def _words_on_nobody(tx: Transaction, teacher_id: str) -> list[Words]:
    """What a teacher has said of people of whom she has no record; that two are not the same, also of one of them."""
    said = [words for words in storage.people_data.all_words(tx) if words.teacher_id == teacher_id]
    if not said:
        return []
    # Of a class that runs, or whose count waits, people are known by what was seen, or by the list of a session.
    known = {key_of(stay) for stay in live.stays_seen(storage.retention.seen_of_teacher(tx, teacher_id), {})}
    known |= {key_of(stay) for stay in storage.retention.listed_of_teacher(tx, teacher_id)}
    for _, _, data in storage.participants.classes_with_people(tx, teacher_id):
        known |= keys_in(data)
    missing = {words: [key for key in words.people if key not in known] for words in said}
    return [
        words
        for words, people in missing.items()
        if len(people) == len(words.people) or (people and words.what == "not the same")
    ]


def _with_names(meeting: Meeting) -> set[str]:
    """The sessions of a meeting that a class with names has."""
    return {uuid for one in meeting.classes if not one.names_removed for uuid in meeting.uuids_of(one.id)}


def _not_needed(tx: Transaction, meeting: Meeting, before: datetime | None) -> tuple[set[str], set[str]]:
    """The sessions of a meeting of which nothing rests on what was seen live, and those of which nothing on the list.

    `before`: what is of a session that was over by then, and no class with names has it, is too old.
    """
    seen = storage.retention.latest_seen(tx, meeting.id)
    final = _final(tx, meeting) & seen.keys()
    if before is None:
        return final, set()
    needed = _with_names(meeting)
    old = {uuid for uuid, at in seen.items() if at <= before}
    return final | (old - needed), storage.retention.lists_before(tx, meeting.id, before) - needed


def _final(tx: Transaction, meeting: Meeting) -> set[str]:
    """The sessions of a meeting of which Zoom's list is final for all classes that have them, and has everybody.

    Where more people were seen than Zoom lists, what was seen is kept.
    """
    having: dict[str, set[str]] = defaultdict(set)
    for one in meeting.classes:
        for uuid in meeting.uuids_of(one.id):
            having[uuid].add(one.id)
    fetches = {one.id: storage.classes.get_class(tx, one.id).fetch for one in meeting.classes}
    settled = {
        class_id
        for class_id, fetch in fetches.items()
        if fetch is not None and fetch.stored_state is FetchState.SETTLED and fetch.due_at is None
    }
    lists = storage.session_records.lists_of_sessions(tx, having)
    final = set()
    for uuid, class_ids in having.items():
        known = lists.get(uuid)
        if known is None or known.stays is None or not known.complete or not class_ids <= settled:
            continue
        if known.missing is None and known.shorter is None:
            seen = live.stays_seen(storage.presence.list_sightings(tx, [uuid]), {})
            people = {key_of(stay) for stay in seen if stay.where is Where.MEETING}
            listed = {key_of(stay) for stay in known.stays if stay.where is Where.MEETING}
            if len(people) <= len(listed):
                final.add(uuid)
    return final
