"""Erasing a person: from every table, and from whatever comes later from Zoom, from a backup, or from another machine.

Her records become those of somebody whom nobody knows, so that every count stays what it was. Who was erased is
remembered by salted digests, in the database and in a file of the data folder.
"""

import logging
import secrets
from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tracker import audit, storage
from tracker.attendance.anonymous import STILL_HIDDEN, Erased, digest_of, keys_in_running_class
from tracker.attendance.counting import leaders, person_key
from tracker.attendance.types import PersonKey, Stay
from tracker.audit import Action
from tracker.auth.digests import digest
from tracker.class_attendance import add_figures
from tracker.errors import InvalidInput, Problem
from tracker.privacy import erased_file
from tracker.privacy.access import Findings, find
from tracker.privacy.copies import copies_set_aside
from tracker.services import Services
from tracker.settings import Settings
from tracker.storage import backup
from tracker.storage.database import Engine, Transaction, compact, make_engine, reading, transaction
from tracker.storage.decisions import Decision
from tracker.storage.members import Member
from tracker.storage.people_data import Words

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Done:
    """What was erased: the number of classes with records of hers, of what was seen of her live, and of rosters.

    `copies` are files beside the database with what was in it before a restore or an upgrade. `compacted`: nothing of
    her is left in the file of the database; else it still may be, because somebody kept reading, and the tracker tries
    again. `noted` tells that the audit entries that name her stay.
    """

    classes: int
    sightings: int
    rosters: int
    copies: tuple[Path, ...]
    compacted: bool
    noted: Problem | None


def erase(services: Services, acting: Member, who: str, *, with_emails: bool = False) -> Done:
    """Erases a person, by e-mail or by name. Raises NotAllowed for whoever is no admin, InvalidInput, NotFound.

    She is remembered first, so that fetches and webhooks of this moment store nothing of her any more, and the tracker
    does what is broken off here.
    """
    data_dir = services.settings.data_dir
    erased_file.read(data_dir)  # nothing is done while it is damaged: it would have to be replaced
    found: Findings = find(services, acting, who, with_emails=with_emails)
    if found.account is not None:
        raise InvalidInput("erase_has_account", email=found.account.email)
    now = services.now()
    with transaction(services.engine) as tx:
        storage.erased.lock(tx)
        known = storage.erased.list_erased(tx).people.values()
        salt = min((salt for salt, _ in known), default="") or secrets.token_hex(16)
        keys = {*found.keys, *_keys_in_running_classes(tx, found.keys, now)}
        erased = Erased({digest_of(key, salt): (salt, now) for key in keys})
        storage.erased.add(tx, erased)
        for _, value in found.keys:
            storage.people_data.forget_attempts(tx, digest(value))
        person = digest_of(found.keys[0], salt)
        audit.note_person(tx, acting, Action.PERSON_ERASED, now, person, classes=len(found.classes))
    _forget_said_by_zoom(services.engine, [value for _, value in found.keys])
    classes, sightings, rosters = _replace(services.engine, erased, now)
    compacted = _finish(services.engine, erased)
    erased_file.write(data_dir, _both(erased, erased_file.read(data_dir)))
    log.info("a person was erased", extra={"by": acting.id or acting.name, "classes": classes})
    return Done(classes, sightings, rosters, copies_set_aside(services), compacted, found.noted)


def keep_erased(services: Services) -> int:
    """Brings database and file in line with each other: who is in one of them is in both, and erased.

    A database may be an older one that was restored, another machine may have erased somebody, and an erasing may have
    been broken off. Returns how many digests were erased again. Raises InvalidInput where the file is damaged.
    """
    data_dir = services.settings.data_dir
    in_file, in_database, unfinished = _known(services)
    todo = _both(unfinished, _without(in_file, in_database))
    if todo.people:
        _erase_again(services.engine, todo, services.now(), broken_off=bool(unfinished.people))
        log.warning("people who were erased were erased again", extra={"digests": len(todo.people)})
    if _without(in_database, in_file).people:
        try:
            erased_file.write(data_dir, _both(in_database, erased_file.read(data_dir)))
        except InvalidInput as error:  # this database is in order all the same
            log.error("who was erased cannot be written down", extra=error.problem.log_fields())
    return len(todo.people)


def compare_with_file(services: Services) -> tuple[int, int]:
    """How many digests of erased people there are, and how many of them are not erased to the end in this database.

    Raises InvalidInput where the file is damaged.
    """
    in_file, in_database, unfinished = _known(services)
    return len(_both(in_database, in_file).people), len(_both(unfinished, _without(in_file, in_database)).people)


def _known(services: Services) -> tuple[Erased, Erased, Erased]:
    """Who was erased by the file and by the database, and of these who is not erased to the end."""
    in_file = erased_file.read(services.settings.data_dir)
    with reading(services.engine) as tx:
        return in_file, storage.erased.list_erased(tx), storage.erased.list_unfinished(tx)


def restore(settings: Settings, file: Path, now: datetime) -> Path | None:
    """Replaces the database by a backup, without those who were erased since; as `storage.backup.restore` does.

    Whoever is known as erased to the database that goes, to the file of the data folder or to the backup is erased in
    the copy that takes its place, before anybody can use it; whoever is erased meanwhile, at once afterwards. Raises
    TrackerError, with the database as it was.
    """
    known = _both(erased_file.read(settings.data_dir), backup.erased_in(settings.database_url))

    def without_erased(prepared: Engine) -> None:
        # Also whom the backup knows: it may have been made while she was erased.
        with reading(prepared) as tx:
            everybody = _both(known, storage.erased.list_erased(tx))
        if everybody.people:
            _erase_again(prepared, everybody, now)

    before = backup.restore(settings.database_url, file, now, prepare=without_erased)
    meanwhile = _both(erased_file.read(settings.data_dir), backup.erased_in_file(before) if before else Erased())
    engine = make_engine(settings.database_url)
    try:
        with reading(engine) as tx:
            in_database = storage.erased.list_erased(tx)
        if (lacking := _without(meanwhile, in_database)).people:
            _erase_again(engine, lacking, now)
    finally:
        engine.dispose()
    erased_file.write(settings.data_dir, _both(meanwhile, in_database))
    return before


def _erase_again(engine: Engine, erased: Erased, now: datetime, *, broken_off: bool = False) -> None:
    """Erases whom only digests tell. `broken_off`: something may be left in the file that is in no table any more."""
    with transaction(engine) as tx:
        storage.erased.lock(tx)
        storage.erased.add(tx, erased)
    _forget_said_by_zoom(engine)  # whom it names cannot be told by digests
    if any(_replace(engine, erased, now)) or broken_off:
        _finish(engine, erased)
    else:
        with transaction(engine) as tx:
            storage.erased.finish(tx, erased)


def _forget_said_by_zoom(engine: Engine, names: Collection[str] | None = None) -> None:
    """Forgets what Zoom has said of these people, or all of it; one by one: a fetch locks several, in its own order."""
    with reading(engine) as tx:
        found = storage.people_data.said_by_zoom(tx, names)
    for kind, of in found:
        with transaction(engine) as tx:
            storage.people_data.forget_said_by_zoom(tx, kind, of)


def _finish(engine: Engine, erased: Erased) -> bool:
    """Leaves nothing in the file, either; False where that cannot be done now, and is to be tried again."""
    compacted = compact(engine)
    if compacted:
        with transaction(engine) as tx:
            storage.erased.finish(tx, erased)
    return compacted


def _keys_in_running_classes(tx: Transaction, keys: Collection[PersonKey], now: datetime) -> set[PersonKey]:
    """By what else these people are known in classes that may be running."""
    return {
        key
        for _, seen in storage.people_data.all_sightings(tx, since=now - STILL_HIDDEN)
        if person_key(seen.name, seen.email) in keys
        for key in keys_in_running_class(seen)
    }


def _replace(engine: Engine, erased: Erased, now: datetime) -> tuple[int, int, int]:
    """Replaces all of these people, in a short transaction for each meeting, and takes them off rosters.

    In how many classes, and sightings, and off how many rosters.
    """

    def hidden(stay: Stay, meeting_id: str) -> bool:
        return erased.hide(stay, meeting_id) is not stay

    with transaction(engine) as tx:
        rosters = _take_off_rosters(tx, erased)
    with reading(engine) as tx:
        meetings, accounts = storage.people_data.meetings_with(tx, hidden)
        for meeting_id, seen in storage.people_data.all_sightings(tx):
            if erased.hide_seen(seen, meeting_id) is not seen:
                meetings.add(meeting_id)
                accounts.add(seen.zoom_user_id)
        hosted = storage.people_data.hosted_meetings(tx, accounts)
    with transaction(engine) as tx:
        _forget_words(tx, erased, now)
    with transaction(engine) as tx:
        changed = storage.meeting_options.forget_substitutes(
            tx, lambda email, made: erased.has_since(person_key("", email), made)
        )
        for class_id in sorted(changed):
            add_figures(tx, class_id, now)
    # Before the records, which tell the accounts to whoever goes on with an erasing that is broken off here.
    for meeting_id in sorted(hosted):
        with transaction(engine) as tx:
            classes = storage.classes.classes_in_meeting(tx, meeting_id, locked=True)
            storage.people_data.forget_hosts(tx, meeting_id, accounts)
            for one in classes:
                add_figures(tx, one.id, now)
    number: Counter[str] = Counter()
    for meeting_id in sorted(meetings):
        with transaction(engine) as tx:
            # Under the lock of its classes nobody stores records of the meeting.
            storage.classes.classes_in_meeting(tx, meeting_id, locked=True)
            replaced = storage.people_data.replace_records(tx, meeting_id, erased.hide)
            sightings = storage.people_data.replace_sightings(tx, meeting_id, erased.hide_seen, replaced.joinings)
            for class_id in sorted(replaced.classes):
                add_figures(tx, class_id, now)
        number.update(classes=len(replaced.classes), sightings=sightings)
    return number["classes"], number["sightings"], rosters


def _take_off_rosters(tx: Transaction, erased: Erased) -> int:
    """Takes them off the rosters that they are on until now, with all that was said of them there; off how many.

    An address of theirs that somebody else has as a further one is taken from her. What a teacher brings later is new.
    """
    # A list, or a report, that is imported at this moment is stored first.
    storage.courses.lock_courses(tx)
    everybody = list(storage.students.all_students(tx))
    theirs = [
        one for one in everybody if erased.has_since(person_key(one.student.name, one.student.email), one.updated_at)
    ]
    course_of = {one.id: one.course_id for one in everybody}
    addresses = [
        one
        for one in storage.said_of_students.all_addresses(tx)
        if erased.has_since(person_key("", one.email), one.added_at)
    ]
    for one in addresses:
        storage.said_of_students.remove_address(tx, one.student_id, one.email)
    words = [one for one in storage.people_data.all_words(tx) if one.student is not None]
    gone = [one for one in words if any(erased.salt_of(key, one.said_at) is not None for key in one.people)]
    storage.people_data.forget_words(tx, gone)
    tx.flush()
    storage.students.remove(tx, [one.id for one in theirs])
    return len({one.course_id for one in theirs} | {course_of[one.student_id] for one in addresses})


def _forget_words(tx: Transaction, erased: Erased, now: datetime) -> None:
    """Forgets what teachers have said of them. Who was joined with others only by way of them stays joined."""

    def is_erased(key: PersonKey, words: Words) -> bool:
        return erased.salt_of(key, words.said_at) is not None

    # Who is which student goes with the rosters.
    said = [one for one in storage.people_data.all_words(tx) if one.student is None]
    theirs = [one for one in said if any(is_erased(key, one) for key in one.people)]
    for teacher_id in sorted({one.teacher_id for one in theirs}):
        storage.members.lock_member(tx, teacher_id)
        same = [(one.first, one.second) for one in storage.decisions.list_decisions(tx, teacher_id) if one.same]
        gone = {key for one in theirs if one.teacher_id == teacher_id for key in one.people if is_erased(key, one)}
        groups: dict[PersonKey, list[PersonKey]] = defaultdict(list)
        for key, leader in sorted(leaders({key for pair in same for key in pair}, same).items()):
            groups[leader].append(key)
        for group in groups.values():
            staying = [key for key in group if key not in gone]
            for other in staying[1:] if len(staying) < len(group) else ():
                storage.decisions.decide(tx, teacher_id, Decision(staying[0], other, True), now)
    storage.people_data.forget_words(tx, theirs)


def _both(one: Erased, other: Erased) -> Erased:
    """Everybody who is in one of them, with the later time."""
    people = dict(one.people)
    for person, (salt, at) in other.people.items():
        people[person] = (salt, max(at, people[person][1]) if person in people else at)
    return Erased(people)


def _without(erased: Erased, known: Erased) -> Erased:
    """Those who are not known, or were erased again later than is known."""
    return Erased(
        {
            person: (salt, at)
            for person, (salt, at) in erased.people.items()
            if person not in known.people or known.people[person][1] < at
        }
    )
