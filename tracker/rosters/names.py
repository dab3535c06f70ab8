"""The names and addresses in a cell: surname first, `Name <mail>`."""

import re
from typing import NamedTuple

from tracker.rosters.guess import without_list_number
from tracker.tables.cells import ADDRESS

# What follows a comma without being a first name.
_AFTER_NAMES = frozenset(["jr", "sr", "ii", "iii", "iv", "v", "phd", "md", "msc", "bsc", "ma", "ba", "dr", "esq"])
_AROUND_ADDRESS = " \t,;:<>()[]\"'“”„«»-–|"
_MAILTO = re.compile(r"mailto:", re.IGNORECASE)


class Named(NamedTuple):
    """A whole name, first names first, and the surname in it where it can be told."""

    name: str
    surname: str = ""


def name_of(cell: str, *, surname_first: bool = False) -> Named:
    """The name in a cell; `Lima, Ana` is `Ana Lima`. `surname_first`: so the heading says of names without comma."""
    last, comma, first = (part.strip() for part in cell.partition(","))
    if comma and last and first:
        following, _comma, more = (part.strip() for part in first.partition(","))
        if _plain(following) in _AFTER_NAMES:
            return Named(f"{more} {last} {following}", last) if more else Named(cell)
        return Named(f"{' '.join(first.replace(',', ' ').split())} {last}", last)
    name = cell.strip(" ,")
    if not surname_first:
        return Named(name)
    words = name.split()
    capitals = next((count for count, word in enumerate(words) if not word.isupper()), 0)
    # "DUPONT MARTIN Jeanne"; of two words the first is the surname; of more nobody can tell.
    of_surname = capitals or (1 if len(words) == 2 else 0)
    if not 0 < of_surname < len(words):
        return Named(name)
    surname = " ".join(words[:of_surname])
    return Named(f"{' '.join(words[of_surname:])} {surname}", surname)


def addresses_in(cell: str) -> list[str]:
    """The e-mail addresses in a cell, each once; that of a link and of its text are often the same."""
    found = [address.removeprefix("'") for address in ADDRESS.findall(_MAILTO.sub(" ", cell))]
    return list({address.casefold(): address for address in reversed(found)}.values())[::-1]


def name_beside_address(cell: str) -> str:
    """What stands beside the address in a cell: of `Ana Lima <ana@x.org>` the name; the whole cell without address."""
    if "@" not in cell:
        name = without_list_number(cell).strip(" ;|")
        return name[1:-1].strip() if len(name) > 1 and name[0] in '"“„«' and name[-1] in '"”“»' else name
    rest = ADDRESS.sub(" ", _MAILTO.sub(" ", cell))
    return without_list_number(" ".join(rest.split()).strip(_AROUND_ADDRESS)).strip()


def _plain(word: str) -> str:
    return word.casefold().replace(".", "")
