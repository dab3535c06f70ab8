"""What a sentence names in braces: texts, numbers, and other problems that are told by sentences of their own."""

from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol, TypeAlias


class HasCode(Protocol):
    """A problem or an error: it has a code and details."""

    @property
    def code(self) -> str:
        """A key of `tracker.messages.SENTENCES`."""

    @property
    def details(self) -> Mapping[str, "Detail"]:
        """What the sentence names."""


Detail: TypeAlias = str | int | float | tuple[HasCode, ...]


class Plural(NamedTuple):
    """A sentence that is another one for one and for several; `by` is the detail that says how many."""

    by: str
    one: str
    several: str


Template: TypeAlias = str | Plural


class Named(dict[str, "Detail | Shown"]):
    """Details by their names, as a template formats them; "…" for one that is missing."""

    def __init__(self, details: Mapping[str, Detail], tell: Callable[[HasCode], str] | None = None) -> None:
        super().__init__({name: Shown(detail, tell) for name, detail in details.items()})

    def __missing__(self, name: str) -> "Shown":
        return Shown("…", None)


class Shown:
    """A detail as a template formats it: problems as their sentences, joined by a blank or what the template says."""

    def __init__(self, detail: Detail, tell: Callable[[HasCode], str] | None) -> None:
        self._detail, self._tell = detail, tell

    def __format__(self, form: str) -> str:
        if isinstance(self._detail, tuple):
            tell = self._tell or (lambda problem: problem.code)
            return (form or " ").join(tell(problem) for problem in self._detail)
        return format(self._detail, form) if isinstance(self._detail, float) else str(self._detail)
