"""What is to be said of a line of a file."""

from collections.abc import Mapping
from dataclasses import dataclass

from tracker.errors import Problem
from tracker.messages import Detail


@dataclass(frozen=True, slots=True)
class LineProblem:
    """What is to be said of a line; `tracker.messages.sentence_of` has the sentence, without the line."""

    line: int
    problem: Problem

    @property
    def code(self) -> str:
        """A key of `tracker.messages.SENTENCES`."""
        return self.problem.code

    @property
    def details(self) -> Mapping[str, Detail]:
        """What the sentence names."""
        return self.problem.details
