"""Erasing a person: from every table, and from whatever comes later from Zoom, from a backup, or from another machine.

Her records become those of somebody whom nobody knows, so that every count stays what it was. Who was erased is
remembered by salted digests, in the database and in a file of the data folder.
"""

import logging
import secrets
from collections import Counter, defaultdict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tracker import audit, storage
from tracker.attendance.anonymous import Erased, digest_of
from tracker.attendance.counting import leaders
from tracker.attendance.types import PersonKey, Stay
from tracker.audit import Action
from tracker.auth.digests import digest
from tracker.class_attendance import add_figures
from tracker.errors import InvalidInput
from tracker.privacy import erased_file
from tracker.privacy.access import Findings, find
from tracker.services import Services
from tracker.settings import Settings
from tracker.storage import backup
from tracker.storage.database import Engine, Transaction, compact, file_of, reading, transaction
from tracker.storage.decisions import Decision
from tracker.storage.members import Member
from tracker.storage.people_data import Words

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Done:
    """What was erased: the number of classes with records of hers, and of what was seen of her live.

    `copies` are files beside the database with what was in it before a restore. `compacted`: nothing of her is left in
    the file of the database; else it still may be, because somebody kept reading.
    """

    classes: int
    sightings: int
    copies: tuple[Path, ...]
    compacted: bool


def erase(services: Services, acting: Member, who: str, *, with_emails: bool = False) -> Done:
    """Erases a person, by e-mail or by name. Raises NotAllowed for whoever is no admin, InvalidInput, NotFound.

    She is remembered first, so that fetches and webhooks of this moment store nothing of her any more.
    """
    found: Findings = find(services, acting, who, with_emails=with_emails)
    if found.account is not None:
        raise InvalidInput("erase_has_account", email=found.account.email)
    now = services.now()
    with transaction(services.engine) as tx:
        known = storage.erased.list_erased(tx).people.values()
        salt = min((salt for salt, _ in known), default="") or secrets.token_hex(16)
        erased = Erased({digest_of(key, salt): (salt, now) for key in found.keys})
        storage.erased.add(tx, erased)
        person = digest_of(found.keys[0], salt)
        audit.note_person(tx, acting, Action.PERSON_ERASED, now, person, classes=len(found.classes))
    classes, sightings = _replace(services.engine, erased, now, found.keys)
    compacted = compact(services.engine)
    # Whoever is in the file has been erased to the end: what is broken off here is done by the tracker.
    data_dir = services.settings.data_dir
    erased_file.write(data_dir, _both(erased, _file_or_nobody(data_dir)))
    log.info("a person was erased", extra={"by": acting.id or acting.name, "classes": classes})
    return Done(classes, sightings, _copies(services), compacted)


def keep_erased(services: Services) -> int:
    """Brings database and file in line with each other: who is in one of them is in both, and erased.

    A database may be an older one that was restored, another machine may have erased somebody, and an erasing may have
    been broken off. Returns how many were erased again. Raises InvalidInput where the file is damaged.
    """
    data_dir = services.settings.data_dir
    in_file, in_database = erased_file.read(data_dir), services.read(storage.erased.list_erased)
    both = _both(in_database, in_file)
    differing = _both(_without(both, in_database), _without(both, in_file))
    if differing.people:
        _erase_again(services.engine, differing, services.now())
        log.warning("people who were erased were erased again", extra={"people": len(differing.people)})
        try:
            erased_file.write(data_dir, both)
        except InvalidInput as error:  # this database is in order all the same
            log.error("who was erased cannot be written down", extra=error.problem.log_fields())
    return len(differing.people)


def compare_with_file(services: Services) -> tuple[int, int]:
    """How many were erased, and how many of them only the file knows. Raises InvalidInput where it is damaged."""
    in_file, in_database = erased_file.read(services.settings.data_dir), services.read(storage.erased.list_erased)
    return len(_both(in_database, in_file).people), len(_without(in_file, in_database).people)


def restore(settings: Settings, file: Path, now: datetime) -> Path | None:
    """Replaces the database by a backup, without those who were erased since; as `storage.backup.restore` does.

    Whoever is known as erased to the database that goes, to the file of the data folder or to the backup is erased in
    the copy that takes its place, before anybody can use it. Raises TrackerError, with the database as it was.
    """
    known = _both(erased_file.read(settings.data_dir), backup.erased_in(settings.database_url))

    def without_erased(prepared: Engine) -> None:
        with reading(prepared) as tx:
            lacking = _without(known, storage.erased.list_erased(tx))
        if lacking.people:
            _erase_again(prepared, lacking, now)

    before = backup.restore(settings.database_url, file, now, prepare=without_erased)
    erased_file.write(settings.data_dir, _both(known, backup.erased_in(settings.database_url)))
    return before


def _erase_again(engine: Engine, erased: Erased, now: datetime) -> None:
    with transaction(engine) as tx:
        storage.erased.add(tx, erased)
    if any(_replace(engine, erased, now)):
        compact(engine)


def _replace(engine: Engine, erased: Erased, now: datetime, keys: Iterable[PersonKey] = ()) -> tuple[int, int]:
    """Replaces all records of these people, in a short transaction for each meeting; how many classes, and sightings.

    `keys` are their person keys where they are known.
    """

    def hidden(stay: Stay, meeting_id: str) -> bool:
        return erased.hide(stay, meeting_id) is not stay

    with reading(engine) as tx:
        meetings = storage.people_data.meetings_with(tx, hidden)
        meetings |= {
            meeting
            for meeting, seen in storage.people_data.all_sightings(tx)
            if erased.hide_seen(seen, meeting) != seen
        }
    with transaction(engine) as tx:
        _forget_words(tx, erased, now)
        storage.people_data.forget_said_by_zoom(tx, [value for _, value in keys])
        for _, value in keys:
            storage.people_data.forget_attempts(tx, digest(value))
    number: Counter[str] = Counter()
    accounts: set[str] = set()
    for meeting_id in sorted(meetings):
        with transaction(engine) as tx:
            # Under the lock of its classes nobody stores records of the meeting.
            storage.classes.classes_in_meeting(tx, meeting_id, locked=True)
            replaced = storage.people_data.replace_records(tx, meeting_id, erased.hide)
            sightings = storage.people_data.replace_sightings(tx, meeting_id, erased.hide_seen, replaced.joinings)
            for class_id in sorted(replaced.classes):
                add_figures(tx, class_id, now)
        number.update(classes=len(replaced.classes), sightings=sightings)
        accounts |= replaced.accounts
    with transaction(engine) as tx:
        storage.people_data.forget_hosts(tx, accounts)
    return number["classes"], number["sightings"]


def _forget_words(tx: Transaction, erased: Erased, now: datetime) -> None:
    """Forgets what teachers have said of them. Who was joined with others only by way of them stays joined."""

    def is_erased(key: PersonKey, words: Words) -> bool:
        return erased.salt_of(key, words.said_at) is not None

    theirs = [one for one in storage.people_data.all_words(tx) if any(is_erased(key, one) for key in one.people)]
    for teacher_id in {one.teacher_id for one in theirs}:
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


def _file_or_nobody(data_dir: Path) -> Erased:
    with suppress(InvalidInput):
        return erased_file.read(data_dir)
    return Erased()


def _copies(services: Services) -> tuple[Path, ...]:
    """The copies of earlier databases that `tracker restore` has left beside the present one."""
    file = file_of(services.engine)
    return tuple(sorted(file.parent.glob(f"{file.stem}.before-restore-*"))) if file else ()
