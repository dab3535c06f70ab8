"""A roster that is brought up to date by a list: who on the list is on the roster already, and what is new of her.

Pure functions. A second list never doubles anybody, and whoever it does not have stays.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace

from tracker.errors import InvalidInput, Problem
from tracker.rosters.table import MOST_STUDENTS
from tracker.rosters.types import Roster, Student
from tracker.tables.problems import LineProblem
from tracker.text import compared_name


@dataclass(frozen=True, slots=True)
class Entry:
    """A student of the roster as it is to be. `known` is her place in the roster as it was; None where she is new."""

    student: Student
    known: int | None


@dataclass(frozen=True, slots=True)
class Updated:
    """The whole roster as it is to be, in the order of the list, and what is to be said of the list's lines.

    Whom the list does not have stands behind who stood before her. `new` and `changed` are numbers of students.
    """

    entries: tuple[Entry, ...]
    problems: tuple[LineProblem, ...]
    new: int
    changed: int

    @property
    def students(self) -> tuple[Student, ...]:
        """The students alone."""
        return tuple(entry.student for entry in self.entries)


def updated(known: Sequence[Student], read: Roster) -> Updated:
    """The roster of these students, brought up to date by a list. Raises InvalidInput where it would have too many.

    A line without anything but a name that several students have, of whom the list has no more than the roster, is one
    of them, and nobody can tell which: it is left out, and named among the problems.
    """
    lines = read.students
    found = found_again(known, lines)
    on_list = set(found)
    problems = list(read.problems)
    entries: list[Entry] = []
    number_of = Counter(map(_name, lines))
    renamed = {of for place, of in enumerate(found) if of is not None and _name(lines[place]) != _name(known[of])}
    known_of = Counter(_name(one) for place, one in enumerate(known) if place not in renamed)
    stays = [one for place, one in enumerate(known) if place not in on_list]
    names = {_name(one) for one in stays}
    told = {of for line, of in zip(lines, found, strict=True) if line.email}
    names_by_email = {_email(one): one.name for place, one in enumerate(known) if one.email and place not in told}
    for line, of in zip(lines, found, strict=True):
        if of is not None:
            entries.append(Entry(_merged(known[of], line), of))
            problems += _of_one_address(line, names_by_email)
        elif _is_bare(line) and known_of[_name(line)] >= number_of[_name(line)]:
            problems.append(LineProblem(line.line, Problem("roster_one_of_several", {"name": line.name})))
        else:
            entries.append(Entry(replace(line, line=0), None))
            problems += _alike(line, names, names_by_email)
    whole = list(_in_order(entries, known))
    new = sum(entry.known is None for entry in whole)
    if new and len(whole) > MOST_STUDENTS:
        raise InvalidInput("roster_full", most=MOST_STUDENTS, number=len(whole))
    changed = sum(entry.known is not None and entry.student != known[entry.known] for entry in whole)
    return Updated(tuple(whole), tuple(sorted(problems, key=lambda one: one.line)), new, changed)


def found_again(known: Sequence[Student], lines: Sequence[Student]) -> list[int | None]:
    """For each line the place of the student who is meant: by number, else by e-mail, else by a name of one alone.

    Several of one number or e-mail are told apart by what else they have. Nobody is found by her e-mail who has both
    another number and another name, nor by her name who has another number or e-mail: these are two students.
    """
    found: dict[int, int] = {}
    for ways in _ways(known, lines):
        before = -1
        # Who is found leaves one alone of whom there were several.
        while len(found) > before:
            before = len(found)
            for way in ways:
                found |= dict(_find(way, known, lines, found))
    return [found.get(place) for place in range(len(lines))]


@dataclass(frozen=True, slots=True)
class _Way:
    """A way to find a student: by what she and her line have to have in common, all of it.

    `in_order`: several who have that in common are taken one after the other, since nothing tells them apart.
    """

    key: Callable[[Student], tuple[str, ...]]
    in_order: bool = False
    fits: Callable[[Student, Student], bool] = lambda _known, _line: True


def _ways(known: Sequence[Student], lines: Sequence[Student]) -> Iterator[tuple[_Way, ...]]:
    """The ways from the surest on. What several have leads to none of them alone."""
    numbers, emails, names = (_shared(known, what) | _shared(lines, what) for what in (_number, _email, _name))
    yield (
        _Way(lambda one: (repr(replace(one, line=0)),), in_order=True),
        _Way(lambda one: (_number(one), _email(one), _name(one)), in_order=True),
    )
    yield (
        _Way(lambda one: (_number(one), _name(one))),
        _Way(lambda one: (_number(one), _email(one))),
        _Way(lambda one: (_alone(_number(one), numbers),)),
        _Way(lambda one: (_email(one), _name(one))),
        _Way(
            lambda one: (_alone(_email(one), emails),),
            fits=lambda one, line: not _differ(_number(one), _number(line)),
        ),
    )
    yield (
        _Way(lambda one: (_number(one), _name(one)), in_order=True),
        _Way(lambda one: (_email(one), _name(one)), in_order=True),
        _Way(lambda one: (_name(one) if _is_bare(one) else "",), in_order=True),
        _Way(
            lambda one: (_alone(_name(one), names),),
            fits=lambda one, line: not (_differ(_number(one), _number(line)) or _differ(_email(one), _email(line))),
        ),
    )


def _find(
    way: _Way, known: Sequence[Student], lines: Sequence[Student], found: dict[int, int]
) -> Iterator[tuple[int, int]]:
    """The places of lines and students who are found in this way beside those who are found already."""
    there = _by_key(way, known, set(found.values()))
    for key, places in _by_key(way, lines, found.keys()).items():
        candidates = there.get(key, [])
        if way.in_order or len(places) == len(candidates) == 1:
            for place, of in zip(places, candidates, strict=False):
                if way.fits(known[of], lines[place]):
                    yield place, of


def _by_key(way: _Way, students: Sequence[Student], done: Set[int]) -> dict[tuple[str, ...], list[int]]:
    """The places of the students who are not done yet and have what is asked for, by that."""
    places: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
    for place, student in enumerate(students):
        if place not in done and all(key := way.key(student)):
            places[key].append(place)
    return places


def _shared(students: Sequence[Student], what: Callable[[Student], str]) -> set[str]:
    return {text for text, number in Counter(map(what, students)).items() if number > 1}


def _alone(text: str, shared: Set[str]) -> str:
    return "" if text in shared else text


def _differ(one: str, other: str) -> bool:
    return bool(one and other and one != other)


def _name(student: Student) -> str:
    return compared_name(student.name)


def _email(student: Student) -> str:
    return compared_name(student.email)


def _number(student: Student) -> str:
    return compared_name(student.number)


def _is_bare(student: Student) -> bool:
    """Whether nothing but her name tells who she is."""
    return not (student.email or student.number)


def _merged(known: Student, line: Student) -> Student:
    """What is known of a student, with what a line says of her in its place; what it does not say stays."""
    name = known.name if line.name == line.email else line.name  # without a name she is called by her address
    same_name = compared_name(name) == _name(known)
    since, until = line.since or known.since, line.until or known.until
    if since and until and until < since:
        since, until = line.since, line.until
    return Student(
        name=name,
        email=line.email or known.email,
        number=line.number or known.number,
        group=line.group or known.group,
        since=since,
        until=until,
        surname=line.surname or (known.surname if same_name else ""),
    )


def _alike(line: Student, names: Set[str], names_by_email: Mapping[str, str]) -> Iterator[LineProblem]:
    """What a new student has in common with one whom the list does not have, so that somebody should look."""
    if same := tuple(_of_one_address(line, names_by_email)):
        yield from same
    elif _name(line) in names:
        yield LineProblem(line.line, Problem("roster_name_known", {"name": line.name}))


def _of_one_address(line: Student, names_by_email: Mapping[str, str]) -> Iterator[LineProblem]:
    """That another student, of whom the list says no address, keeps the one that it gives to this one."""
    if name := names_by_email.get(_email(line)):
        yield LineProblem(line.line, Problem("roster_email_known", {"email": line.email, "name": name}))


def _in_order(entries: Sequence[Entry], known: Sequence[Student]) -> Iterator[Entry]:
    """The entries of the list in its order, and behind each those who stood behind her and are not on it."""
    on_list = {entry.known for entry in entries}
    behind: defaultdict[int | None, list[Entry]] = defaultdict(list)
    before: int | None = None
    for place, student in enumerate(known):
        if place in on_list:
            before = place
        else:
            behind[before].append(Entry(student, place))
    yield from behind[None]
    for entry in entries:
        yield entry
        yield from behind[entry.known] if entry.known is not None else ()
