"""The values of the fuzz tests: odd values, JSON of any shape, and good documents with something wrong in them."""

import copy
import itertools
import json
import math
import re
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from hypothesis import settings
from hypothesis import strategies as st

T = TypeVar("T")
# For tests whose every example goes through a database.
slow = settings(max_examples=settings().max_examples // 4)

# Every run of an example is about a class of its own, so that nothing is left over from the one before.
_numbers = itertools.count(85_000_000_000)

FIRST, LAST = "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"
ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2**31, 2**63, 10**18, 10**400, -(10**30), 0.5, -0.0),
    *(math.nan, math.inf, -math.inf, 1e308),
    *("", " ", "0", "null", "\0", "a\0b", "\ud800", "\udfff x", "\uffff", "\u202eanA", "\u2066\u200b", "é" * 300),
    *("x" * 10_000, "=1+1", "@SUM(A1)", "\t=1", "<b>x</b>", "[x](http://e.example)", ":red[x] $y$", "\r\n", "\u2028"),
    *(FIRST, LAST, "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-05-14", "2026-05-14T12:00:00"),
    *("1970-01-01T00:00:00Z", "2100-01-01T00:00:00Z", "noon", "in_waiting_room", "%00", "//", "/a/../b", "?a=b#c"),
    *([], {}, [[]], {"": None}, [{}], ["x"], {"a": {"b": []}}),
)


def any_of(options: Sequence[T]) -> st.SearchStrategy[T]:
    """One of these. By its place, since Hypothesis refuses to describe a strategy that holds much."""
    return st.integers(0, len(options) - 1).map(lambda place: options[place])


texts = st.text(st.characters(), max_size=60) | any_of([value for value in ODD if isinstance(value, str)])
# Copies, since whoever spoils a document may change what is in it.
scalars = any_of(ODD).map(copy.deepcopy) | texts | st.integers() | st.floats()
# As deep as the parser of JSON goes, and a little less: whoever walks the value after it has less room.
nested = st.integers(1, 1100).map(lambda depth: f"@nested {depth}@")
values = (
    scalars
    | nested
    | st.recursive(
        scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3), max_leaves=6
    )
)


def number() -> str:
    """A meeting's number that no example has had before."""
    return str(next(_numbers))


def as_json(document: Any) -> bytes:
    """The document in JSON, with its markers of depth made deep."""
    text = json.dumps(document)
    return re.sub(r'"@nested (\d+)@"', lambda found: "[" * int(found[1]) + "]" * int(found[1]), text).encode()


@st.composite
def spoilt(draw: st.DrawFn, document: Any, most: int = 3) -> Any:
    """The document with up to `most` of its pieces removed, replaced, repeated or added."""
    spoilt = copy.deepcopy(document)
    for _ in range(draw(st.integers(0, most))):
        holder, key = draw(st.sampled_from(list(_places({"": spoilt}))))
        if key == "":
            continue
        match draw(st.sampled_from(["remove", "replace", "replace", "wrap", "add"])):
            case "remove":
                del holder[key]
            case "replace":
                holder[key] = draw(values)
            case "wrap":
                holder[key] = draw(st.sampled_from([[holder[key]], {"x": holder[key]}, str(holder[key])]))
            case "add" if isinstance(holder, dict):
                holder[draw(texts)] = draw(values)
            case _:
                holder.append(draw(values))
    return spoilt


def _places(document: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in the document: what holds it, and its key there."""
    keys = document if isinstance(document, dict) else range(len(document)) if isinstance(document, list) else ()
    for key in keys:
        yield document, key
        yield from _places(document[key])
