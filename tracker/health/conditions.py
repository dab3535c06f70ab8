"""What may be wrong, as one list of codes: whoever tells it (`/healthz`, `/metrics`, `tracker doctor`, the page System,
the log) tells these. The sentence of each, and what mends it, are in `tracker.messages`.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from tracker import storage
from tracker.errors import Problem

# A tracker that has just begun and cannot know yet whether it works.
STARTING = "tracker_starting"


class Severity(StrEnum):
    """How bad it is: the tracker works and somebody has to look, or it does not work (`/healthz` answers 503)."""

    ATTENTION = "attention"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that is wrong. It is told like a problem: by its code and details.

    `tracker` is the name of the tracker that has it; "" where it is one of the whole installation.
    """

    problem: Problem
    severity: Severity = Severity.ATTENTION
    tracker: str = ""

    @property
    def code(self) -> str:
        """What is wrong."""
        return self.problem.code

    @property
    def details(self) -> Mapping[str, Any]:
        """What the sentence names."""
        return self.problem.details

    @property
    def cure(self) -> Problem:
        """What mends it, as a sentence of its own."""
        return Problem(f"cure_{self.code}")

    @property
    def is_down(self) -> bool:
        """Whether the tracker does not work because of it."""
        return self.severity is Severity.DOWN


def minute(moment: datetime) -> str:
    """A moment as a condition names it."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def to_json(found: Iterable[Condition]) -> str:
    """These conditions as JSON, to be stored or sent."""
    return json.dumps([fields_of(one) for one in found])


def fields_of(one: Condition) -> dict[str, Any]:
    """A condition as a value of JSON."""
    details = storage.problems.details_of(one.problem)
    return {"code": one.code, "severity": one.severity.value, "details": json.loads(details) if details else {}}


def from_json(text: str, tracker: str = "") -> tuple[Condition, ...]:
    """The conditions in such a text; of what another version or program wrote, as much as makes sense."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return ()
    return conditions_in(found, tracker)


def conditions_in(values: object, tracker: str = "") -> tuple[Condition, ...]:
    """The conditions in a list of values of JSON."""
    read: list[Condition] = []
    for one in values if isinstance(values, list) else []:
        if not isinstance(one, dict) or not isinstance(one.get("code"), str):
            continue
        problem = storage.problems.problem_of(one["code"], json.dumps(one.get("details") or {}))
        if problem is not None:
            severity = Severity.DOWN if one.get("severity") == Severity.DOWN else Severity.ATTENTION
            read.append(Condition(problem, severity, tracker))
    return tuple(read)
