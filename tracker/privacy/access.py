"""What is kept on a person: found in every table, shown before it is erased, and handed out."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from tracker import audit, auth, storage
from tracker.attendance.anonymous import digest_of
from tracker.attendance.counting import NAMELESS, person_key
from tracker.attendance.names import parts_of
from tracker.attendance.types import PersonKey, Sighting
from tracker.audit import Action
from tracker.clock import to_zoom
from tracker.errors import Problem
from tracker.privacy.whom import in_words, keys_of
from tracker.services import Services
from tracker.storage.classes import Class
from tracker.storage.database import Transaction, reading, transaction
from tracker.storage.members import Member
from tracker.storage.people_data import Entry, Records, Words
from tracker.storage.students import OnRoster
from tracker.text import text_of


@dataclass(frozen=True, slots=True)
class Other:
    """Somebody who may be the same person, and is touched only where she is named herself."""

    key: PersonKey
    why: Problem
    classes: int

    @property
    def problem(self) -> Problem:
        """What is told of her."""
        return Problem("person_not_touched", {"who": in_words(self.key), "why": (self.why,), "classes": self.classes})


@dataclass(frozen=True, slots=True)
class Findings:
    """What is kept on a person, before it is handed out or erased.

    `classes` has the number of her records in each; `lists` and `sightings` are the numbers of her records in Zoom's
    lists of sessions, and of what was seen of her live; `students` is who she is on rosters, `address_of` who else has
    her address as a further one, `words` what teachers have said of her, and `said_by_zoom` the number of Zoom's
    refusals that name her. In the meetings of the classes `substitute_in` she may stand in for their host. `titles` are
    classes and courses with her name in their title. In the records of the classes `unreadable` she seems to be; they
    cannot be read. `noted` tells how many audit entries name her, and how long they stay; None where there is none.
    """

    keys: tuple[PersonKey, ...]
    classes: tuple[tuple[Class, int], ...]
    lists: int
    sightings: int
    students: tuple[OnRoster, ...]
    address_of: tuple[OnRoster, ...]
    words: tuple[Words, ...]
    said_by_zoom: int
    substitute_in: tuple[Class, ...]
    account: Member | None
    others: tuple[Other, ...]
    titles: tuple[str, ...]
    unreadable: tuple[str, ...]
    noted: Problem | None

    @property
    def problem(self) -> Problem:
        """How much is kept."""
        return Problem(
            "person_found",
            {
                "classes": len(self.classes),
                "lists": self.lists,
                "sightings": self.sightings,
                "words": len(self.words),
            },
        )

    @property
    def named_in(self) -> list[Problem]:
        """On which rosters she is, herself or by an address, and in which classes she may stand in."""
        told = [("person_on_roster", self.students), ("person_address_on_roster", self.address_of)]
        rosters = [
            Problem(code, {"course": one.course, "teacher": one.teacher}) for code, students in told for one in students
        ]
        return rosters + [
            Problem("person_substitute_in", {"title": one.title, "teacher": one.teacher_name})
            for one in self.substitute_in
        ]

    @property
    def nothing(self) -> bool:
        """Whether nothing is kept on her."""
        kept = (self.classes, self.lists, self.sightings, self.students, self.address_of, self.words)
        return not any((*kept, self.said_by_zoom, self.substitute_in, self.account, self.noted))


@dataclass(slots=True)
class _Found:
    """Everything of a person, as it is stored."""

    records: list[tuple[Records, list[Entry]]]
    sightings: list[Entry]
    students: list[OnRoster]
    address_of: list[OnRoster]
    words: list[Words]
    substitute_in: list[Class]
    account: Member | None
    # In how many classes everybody is; who has a name that she has, and who a Zoom account.
    classes_of: Mapping[PersonKey, int]
    same_name: set[PersonKey]
    # Who has such a name with a device, pronouns, a number or the like.
    like_name: set[PersonKey]
    same_account: set[PersonKey]
    # Who is the same student, or shares a device with her, by what teachers have said.
    same_student: set[PersonKey]
    unreadable: list[str]


def find(services: Services, acting: Member, who: str, *, with_emails: bool = False) -> Findings:
    """What is kept on a person, by e-mail or by name; that it was looked up is noted.

    Raises NotAllowed for whoever is no admin, InvalidInput.

    Of a name, only records without e-mail are hers; `with_emails`: those with one as well.
    """
    auth.check_is_admin(acting)
    with reading(services.engine) as tx:
        keys = keys_with_emails(tx, who) if with_emails else keys_of(who)
        found = _everything(tx, keys)
        held = [(records.of, len(entries)) for records, entries in found.records if records.kind == "class"]
        classes = [(storage.classes.get_class(tx, class_id), number) for class_id, number in held]
        titles = storage.people_data.named_in_titles(tx, who.strip())
        said_by_zoom = len(storage.people_data.said_by_zoom(tx, [value for _, value in keys]))
        noted = len(storage.people_data.audit_entries(tx, [value for _, value in keys]))
        # As long as nobody was erased there is no salt.
        person = digest_of(keys[0], next(iter(storage.erased.list_erased(tx).salts), ""))
    audit.note_person_look(services.engine, acting, person, services.now(), classes=len(classes))
    return Findings(
        keys=keys,
        classes=tuple(sorted(classes, key=lambda one: (one[0].scheduled_start, one[0].id))),
        lists=sum(len(entries) for records, entries in found.records if records.kind != "class"),
        sightings=len(found.sightings),
        students=tuple(found.students),
        address_of=tuple(found.address_of),
        words=tuple(found.words),
        said_by_zoom=said_by_zoom,
        substitute_in=tuple(found.substitute_in),
        account=found.account,
        others=tuple(_others(keys, found)),
        titles=tuple(title for _, title in titles),
        unreadable=tuple(found.unreadable),
        noted=Problem("person_noted", {"entries": noted, "days": services.settings.audit_days}) if noted else None,
    )


def export(services: Services, acting: Member, who: str, *, with_emails: bool = False) -> dict[str, Any]:
    """Everything that is kept on a person, for her to read: a JSON object. Raises NotAllowed, InvalidInput."""
    auth.check_is_admin(acting)
    now = services.now()
    with reading(services.engine) as tx:
        keys = keys_with_emails(tx, who) if with_emails else keys_of(who)
        found = _everything(tx, keys)
        account = found.account
        salts = {"", *storage.erased.list_erased(tx).salts}
        digests = {digest_of(key, salt) for key in keys for salt in salts}
        names, accounts = [value for _, value in keys], [account.id] if account else []
        noted = storage.people_data.audit_entries(tx, names, accounts, digests)
        of_account = storage.people_data.account_data(tx, account.id) if account else None
        content = {
            "who": who.strip(),
            "identities": [in_words(key) for key in keys],
            "made": now,
            "classes": [_class_entry(tx, records, entries) for records, entries in _of_kind(found, "class")],
            "listsOfSessions": [
                {"session": records.of, "meeting": records.meeting_id, "records": entries}
                for kind in ("list", "other_list")
                for records, entries in _of_kind(found, kind)
            ],
            "seenLive": found.sightings,
            "rosters": [_student_entry(tx, one) for one in found.students],
            "furtherAddressOf": [{"course": one.course, "teacher": one.teacher} for one in found.address_of],
            "substituteIn": [
                {"id": one.id, "title": one.title, "start": one.scheduled_start, "teacher": one.teacher_name}
                for one in found.substitute_in
            ],
            "saidByTeachers": [_words_entry(words, keys) for words in found.words],
            "account": of_account,
            "audit": noted,
        }
    with transaction(services.engine) as tx:
        records = sum(len(entries) for _, entries in found.records)
        audit.note(tx, acting, Action.PERSON_EXPORTED, now, records=records)
    return _plain(content)  # type: ignore[no-any-return]


def keys_with_emails(tx: Transaction, who: str) -> tuple[PersonKey, ...]:
    """The person keys of a name, and of everybody who has it and an e-mail address. Raises InvalidInput."""
    keys = keys_of(who)
    name = keys[-1]
    emails = {
        storage.people_data.key_of_entry(entry)
        for records in storage.people_data.all_records(tx)
        for entry in records.entries or ()
        if _name_of(entry) == name
    }
    emails |= {
        person_key(seen.name, seen.email)
        for _, seen in storage.people_data.all_sightings(tx)
        if person_key(seen.name, "") == name
    }
    students = (one.student for one in storage.students.all_students(tx))
    emails |= {person_key(one.name, one.email) for one in students if person_key(one.name, "") == name}
    return (*keys, *sorted(emails - set(keys)))


def _everything(tx: Transaction, keys: tuple[PersonKey, ...]) -> _Found:
    """All that is stored of the people with these keys."""
    wanted = set(keys)
    classes_of: dict[PersonKey, int] = defaultdict(int)
    of_name: dict[PersonKey, set[PersonKey]] = defaultdict(set)
    of_account: dict[str, set[PersonKey]] = defaultdict(set)
    mine: list[tuple[Records, list[Entry]]] = []
    unreadable: list[str] = []
    for records in storage.people_data.all_records(tx):
        entries = records.entries
        if entries is None:
            if any(value in records.text.casefold() for _, value in keys):
                unreadable.append(records.of)
            continue
        whose = [storage.people_data.key_of_entry(entry) for entry in entries]
        for key in set(whose) if records.kind == "class" else ():
            classes_of[key] += 1
        for entry, key in zip(entries, whose, strict=True):
            of_name[_name_of(entry)].add(key)
            of_account[text_of(entry.get("zoomUserId"))].add(key)
        if not wanted.isdisjoint(whose):
            mine.append((records, [entry for entry, key in zip(entries, whose, strict=True) if key in wanted]))
    students, address_of = [], []
    everybody = list(storage.students.all_students(tx))
    for enrolled in everybody:
        key = _key_of(enrolled)
        of_name[person_key(enrolled.student.name, "")].add(key)
        if key in wanted:
            students.append(enrolled)
        elif not wanted.isdisjoint(person_key("", address) for address in enrolled.addresses):
            address_of.append(enrolled)
    words = storage.people_data.all_words(tx)
    hers = [entry for _, entries in mine for entry in entries]
    names = {_name_of(entry) for entry in hers} | {person_key(enrolled.student.name, "") for enrolled in students}
    names |= {key for key in keys if key[0] == "name"}
    bare = {parts_of(value).bare for _, value in names - {NAMELESS}}
    like = {name for name in of_name if parts_of(name[1]).bare in bare}
    accounts = {text_of(entry.get("zoomUserId")) for entry in hers}
    emails = [value for kind, value in keys if kind == "email"]
    return _Found(
        records=mine,
        sightings=[
            {"meeting": meeting} | _seen_entry(seen)
            for meeting, seen in storage.people_data.all_sightings(tx)
            if person_key(seen.name, seen.email) in wanted
        ],
        students=students,
        address_of=address_of,
        words=[one for one in words if not wanted.isdisjoint(one.people)],
        substitute_in=storage.meeting_options.classes_with_substitute(tx, emails),
        account=next((one for email in emails if (one := storage.members.find_member(tx, email))), None),
        classes_of=classes_of,
        same_name={key for name in names - {NAMELESS} for key in of_name[name]} - wanted - {NAMELESS},
        like_name={key for name in like - {NAMELESS} for key in of_name[name]} - wanted - {NAMELESS},
        same_account={key for account in accounts - {""} for key in of_account[account]} - wanted - {NAMELESS},
        same_student=_same_student(everybody, words, wanted) - wanted,
        unreadable=unreadable,
    )


def _same_student(everybody: Sequence[OnRoster], words: Iterable[Words], wanted: Set[PersonKey]) -> set[PersonKey]:
    """By what else the students are known who are these people by their addresses, or by what teachers have said."""
    known: dict[str, set[PersonKey]] = {
        one.id: {_key_of(one), *(person_key("", address) for address in one.addresses)} for one in everybody
    }
    for one in words:
        if one.student is not None and one.what == storage.people_data.STUDENT and one.student[1] in known:
            known[one.student[1]] |= set(one.people)
    return {key for keys in known.values() if not wanted.isdisjoint(keys) for key in keys}


def _key_of(enrolled: OnRoster) -> PersonKey:
    return person_key(enrolled.student.name, enrolled.student.email)


def _others(keys: tuple[PersonKey, ...], found: _Found) -> list[Other]:
    """Who may be the same person: of the same Zoom account, of the same name or nearly so, and by a teacher's word."""
    joined = {key for one in found.words if one.what == "same person" for key in one.people} - set(keys)
    why = dict.fromkeys(found.like_name, Problem("person_of_a_like_name"))
    why |= dict.fromkeys(found.same_account, Problem("person_of_the_same_account"))
    why |= dict.fromkeys(found.same_name, Problem("person_of_the_same_name"))
    why |= dict.fromkeys(found.same_student, Problem("person_of_the_same_student"))
    why |= dict.fromkeys(joined, Problem("person_joined_by_teacher"))
    return [Other(key, why[key], found.classes_of.get(key, 0)) for key in sorted(why)]


def _of_kind(found: _Found, kind: str) -> list[tuple[Records, list[Entry]]]:
    return [one for one in found.records if one[0].kind == kind]


def _class_entry(tx: Transaction, records: Records, entries: list[Entry]) -> Entry:
    of = storage.classes.get_class(tx, records.of)
    return {"id": of.id, "title": of.title, "start": of.scheduled_start, "teacher": of.teacher_name, "records": entries}


def _words_entry(words: Words, keys: tuple[PersonKey, ...]) -> Entry:
    """What a teacher has said; who is not the same person is somebody else, and not named."""
    told = [key for key in words.people if key in keys or words.what == "same person"]
    return {"people": [in_words(key) for key in told], "what": words.what, "at": words.said_at}


def _student_entry(tx: Transaction, one: OnRoster) -> Entry:
    student = one.student
    marks = storage.said_of_students.marks_of(tx, one.id)
    asked = storage.student_links.requests_of(tx, one.id)
    return {
        "course": one.course,
        "teacher": one.teacher,
        "name": student.name,
        "surname": student.surname,
        "email": student.email,
        "number": student.number,
        "group": student.group,
        "from": student.since,
        "until": student.until,
        "furtherAddresses": list(one.addresses),
        "saidByHand": [
            {
                "class": mark.title,
                "start": mark.start,
                "status": mark.status,
                "remark": mark.remark,
                "at": mark.decided_at,
            }
            for mark in marks
        ],
        "createdAt": one.created_at,
        "updatedAt": one.updated_at,
        "requests": [
            {"class": request.class_id, "text": request.text, "madeAt": request.made_at, "answer": request.answer}
            for request in asked
        ],
    }


def _seen_entry(seen: Sighting) -> Entry:
    return {
        "session": seen.session_uuid,
        "userId": seen.user_id,
        "where": seen.where.value,
        "came": seen.came,
        "at": seen.at,
        "name": seen.name,
        "email": seen.email,
        "zoomUserId": seen.zoom_user_id,
    }


def _name_of(entry: Entry) -> PersonKey:
    """The person key of the name of a record alone."""
    return person_key(text_of(entry.get("name")), "")


def _plain(value: Any) -> Any:
    """The same with times as Zoom writes them, and days, for JSON."""
    if isinstance(value, datetime):
        return to_zoom(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list) else value
